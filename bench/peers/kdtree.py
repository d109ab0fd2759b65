"""The analyst's way: resample every mover to a 10 s grid, then a KD-tree at each instant. It loses pairs."""

from __future__ import annotations

import sys

import numpy as np
import polars as pl
import scipy
from scipy.spatial import cKDTree
from stopwatch import Stopwatch, arguments


def main() -> int:
    """Run on one archive, an hour at a time so that the grid fits into memory."""
    parser = arguments("resampling and a KD-tree")
    parser.add_argument("--step-s", type=float, default=10.0)
    given = parser.parse_args()
    watch = Stopwatch()
    cKDTree(np.random.default_rng(0).random((100, 3))).query_pairs(0.1)
    with watch.phase("read"):
        frame = pl.read_parquet(given.data, columns=["mover", "time", "lon", "lat"])
        frame = frame.with_columns(mover=pl.col("mover").rank("dense") - 1, name="mover").sort("mover", "time")
    with watch.phase("search"):
        keys, distances = _search(frame, given.within_m, given.max_gap_s, given.step_s)
    names = frame.select("mover", "name").unique("mover").sort("mover")["name"]
    first, second = keys >> 32, keys & 0xFFFFFFFF
    if given.pairs:
        pl.DataFrame(
            {"a": names.gather(first), "b": names.gather(second), "distance_m": distances}
        ).write_parquet(given.pairs)
    watch.report(name="kdtree", version=scipy.__version__, fixes=frame.height, pairs=len(keys))
    return 0


def _earth_centred(lon_deg: np.ndarray, lat_deg: np.ndarray) -> np.ndarray:
    lon, lat = np.radians(lon_deg), np.radians(lat_deg)
    flat = 0.0066943799901413165
    normal = 6378137.0 / np.sqrt(1 - flat * np.sin(lat) ** 2)
    return np.column_stack(
        [
            normal * np.cos(lat) * np.cos(lon),
            normal * np.cos(lat) * np.sin(lon),
            normal * (1 - flat) * np.sin(lat),
        ]
    )


def _search(frame: pl.DataFrame, within_m: float, gap_s: float, step_s: float) -> tuple[np.ndarray, np.ndarray]:
    mover = frame["mover"].to_numpy().astype(np.int64)
    at_s = frame["time"].dt.epoch("us").to_numpy() / 1e6
    place = _earth_centred(frame["lon"].to_numpy(), frame["lat"].to_numpy())
    leg = np.flatnonzero((mover[1:] == mover[:-1]) & (np.diff(at_s) <= gap_s) & (np.diff(at_s) > 0))
    first_step = np.ceil(at_s[leg] / step_s).astype(np.int64)
    beyond = np.ceil(at_s[leg + 1] / step_s).astype(np.int64)
    best: dict[str, np.ndarray] = {"key": np.empty(0, np.int64), "d": np.empty(0)}
    chunk = int(3600 / step_s)
    for start in range(first_step.min(), beyond.max() + 1, chunk):
        low, high = np.maximum(first_step, start), np.minimum(beyond, start + chunk)
        inside = np.flatnonzero(high > low)
        count = (high - low)[inside]
        which = np.repeat(leg[inside], count)
        ordinal = np.arange(len(which)) - np.repeat(np.cumsum(count) - count, count)
        step = np.repeat(low[inside], count) + ordinal
        share = ((step * step_s - at_s[which]) / (at_s[which + 1] - at_s[which]))[:, None]
        points = place[which] + share * (place[which + 1] - place[which])
        best = _merge(best, _instants(step, mover[which], points, within_m))
    return best["key"], best["d"]


def _instants(step: np.ndarray, mover: np.ndarray, points: np.ndarray, within_m: float) -> list[tuple]:
    order = np.argsort(step, kind="stable")
    edges = np.flatnonzero(np.diff(step[order])) + 1
    found = []
    for rows in np.split(order, edges):
        pairs = cKDTree(points[rows]).query_pairs(within_m, output_type="ndarray")
        a, b = rows[pairs[:, 0]], rows[pairs[:, 1]]
        low, high = np.minimum(mover[a], mover[b]), np.maximum(mover[a], mover[b])
        found.append(((low << 32) | high, np.linalg.norm(points[a] - points[b], axis=1)))
    return found


def _merge(best: dict[str, np.ndarray], found: list[tuple]) -> dict[str, np.ndarray]:
    keys = np.concatenate([best["key"], *(key for key, _ in found)])
    distances = np.concatenate([best["d"], *(distance for _, distance in found)])
    least = pl.DataFrame({"key": keys, "d": distances}).group_by("key").agg(pl.col("d").min())
    return {"key": least["key"].to_numpy(), "d": least["d"].to_numpy()}


if __name__ == "__main__":
    sys.exit(main())
