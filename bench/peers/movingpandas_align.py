"""movingpandas has no closest approach: its trajectories are aligned on a 10 s grid, then a KD-tree looks.

Only for a small archive. It stops after --timeout-s and says how far it came.
"""

from __future__ import annotations

import sys
import time
import warnings

import geopandas
import numpy as np
import polars as pl
from scipy.spatial import cKDTree
from stopwatch import Stopwatch, arguments

warnings.simplefilter("ignore")
import movingpandas  # noqa: E402 - its import warns about an optional part


def main() -> int:
    """Align trajectory by trajectory."""
    parser = arguments("movingpandas: alignment on a grid")
    parser.add_argument("--timeout-s", type=float, default=120.0)
    given = parser.parse_args()
    watch = Stopwatch()
    frame = pl.read_parquet(given.data).to_pandas()
    frame["time"] = frame["time"].dt.tz_localize(None)
    with watch.phase("read"):
        points = geopandas.points_from_xy(frame["lon"], frame["lat"])
        table = geopandas.GeoDataFrame(frame[["mover", "time"]], geometry=points, crs="EPSG:4326")
        whole = movingpandas.TrajectoryCollection(table, traj_id_col="mover", t="time", min_length=0)
        parts = movingpandas.ObservationGapSplitter(whole).split(
            gap=np.timedelta64(int(given.max_gap_s), "s").astype("timedelta64[us]").item()
        )
    done, aligned = 0, {}
    with watch.phase("search"):
        begun = time.perf_counter()
        for part in parts:
            if time.perf_counter() - begun > given.timeout_s:
                break
            steps = part.df.index[0].ceil("10s"), part.df.index[-1].floor("10s")
            for at in _grid(*steps):
                place = part.interpolate_position_at(at)
                aligned.setdefault(at, []).append((str(part.df["mover"].iloc[0]), place.x, place.y))
            done += len(part.df)
        least = _nearest(aligned, given.within_m)
    rows = [(a, b, distance) for (a, b), distance in sorted(least.items())]
    if given.pairs:
        pl.DataFrame(rows, schema=["a", "b", "distance_m"], orient="row").write_parquet(given.pairs)
    watch.report(
        name="movingpandas",
        version=movingpandas.__version__,
        fixes=len(frame),
        fixes_done=done,
        pairs=len(rows),
    )
    return 0


def _grid(first, last) -> list:  # noqa: ANN001 - pandas' own time stamps
    count = int((last - first).total_seconds() // 10) + 1 if last >= first else 0
    return [first + np.timedelta64(10 * number, "s") for number in range(count)]


def _nearest(aligned: dict, within_m: float) -> dict[tuple[str, str], float]:
    least: dict[tuple[str, str], float] = {}
    for there in aligned.values():
        names = [name for name, _, _ in there]
        lon, lat = np.radians([x for _, x, _ in there]), np.radians([y for _, _, y in there])
        normal = 6378137.0 / np.sqrt(1 - 0.0066943799901413165 * np.sin(lat) ** 2)
        ring = normal * np.cos(lat)
        points = np.column_stack(
            [ring * np.cos(lon), ring * np.sin(lon), normal * (1 - 0.0066943799901413165) * np.sin(lat)]
        )
        for i, j in cKDTree(points).query_pairs(within_m):
            pair = (min(names[i], names[j]), max(names[i], names[j]))
            distance = float(np.linalg.norm(points[i] - points[j]))
            least[pair] = min(distance, least.get(pair, np.inf))
    return least


if __name__ == "__main__":
    sys.exit(main())
