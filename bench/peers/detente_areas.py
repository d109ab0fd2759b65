"""détente's search for visits of areas, on the same file as the pair search: reading included in both."""

from __future__ import annotations

import random
import sys
import time
from datetime import datetime, timedelta

import polars as pl
from stopwatch import Stopwatch, arguments, peak_mib

from detente import __version__
from detente.encounters.announced import Announced
from detente.notices.shapes import Circle, Polygon, Position

SEED = 1972


def main() -> int:
    """Compile or load kernels and warm up on a few fixes; then look through all areas once."""
    parser = arguments("détente: detente.encounters.visiting.find_visits")
    parser.add_argument("--areas", type=int, default=500)
    parser.add_argument("--coverage", action="store_true", help="tell also where somebody was seen near")
    given = parser.parse_args()
    watch = Stopwatch()
    begun = time.perf_counter()
    from detente.encounters.visiting import find_visits  # noqa: PLC0415 - what importing costs is measured

    archive = pl.scan_parquet(given.data)
    areas = areas_in(archive, given.areas)
    find_visits(archive.head(2000), areas, max_gap_s=given.max_gap_s)
    watch.facts["warm_up_s"] = time.perf_counter() - begun
    with watch.phase("search"):
        found = find_visits(archive, areas, max_gap_s=given.max_gap_s, coverage=given.coverage)
    if given.pairs:
        found.visits.write_parquet(given.pairs)
    watch.report(
        name="detente",
        version=__version__,
        fixes=found.fixes,
        legs=found.legs,
        areas=len(areas),
        active_hours=sum((end - start) / timedelta(hours=1) for one in areas for start, end in one.windows),
        visits=found.visits.height,
        pairs=found.visits.height,
        examined=found.examined,
        peak_mib=peak_mib(),
    )
    return 0


def areas_in(archive: pl.LazyFrame, count: int) -> list[Announced]:
    """Return areas of 2 to 15 km about the places of fixes drawn by lot, each active for 2 to 6 hours of the day.

    Every other one is a circle, the others are quadrangles; the number is the radius of the circle, and of the
    circle around the quadrangle.
    """
    chance = random.Random(SEED)
    rows = archive.select(pl.len()).collect().item()
    drawn = sorted(chance.sample(range(rows), count))
    places = archive.select("lon", "lat").with_row_index().filter(pl.col("index").is_in(drawn)).collect()
    first = archive.select(pl.col("time").min()).collect().item()
    return [_area(number, lon, lat, first, chance) for number, (_, lon, lat) in enumerate(places.iter_rows())]


def _area(number: int, lon: float, lat: float, first: datetime, chance: random.Random) -> Announced:
    from pyproj import Geod  # noqa: PLC0415

    reach_m = chance.uniform(2_000.0, 15_000.0)
    lasts = timedelta(seconds=round(chance.uniform(2.0, 6.0) * 3600))
    start = first + timedelta(seconds=round(chance.uniform(0.0, 24 * 3600 - lasts.total_seconds())))
    shape: Circle | Polygon
    if number % 2:
        shape = Circle(centre=_position(lon, lat), radius_m=f"{reach_m:.0f}")
    else:
        geod, turn = Geod(ellps="WGS84"), chance.uniform(0.0, 90.0)
        corners = [geod.fwd(lon, lat, turn + 90.0 * side, reach_m)[:2] for side in range(4)]
        shape = Polygon(ring=tuple(_position(*corner) for corner in corners))
    return Announced(
        id=f"D{number}",
        name="",
        activity="firing",
        shape=shape,
        windows=((start, start + lasts),),
        author_state="SE",
    )


def _position(lon: float, lat: float) -> Position:
    return Position(lat_e7=round(lat * 1e7), lon_e7=round(lon * 1e7))


if __name__ == "__main__":
    sys.exit(main())
