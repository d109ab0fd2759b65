"""``traffic`` has a closest point of approach of flights: give it ships at height 0, a small archive only."""

from __future__ import annotations

import logging
import sys
import warnings

import polars as pl
import pyproj
from stopwatch import Stopwatch, arguments

warnings.simplefilter("ignore")
logging.disable(logging.WARNING)
from importlib.metadata import version  # noqa: E402

from traffic.core import Traffic  # noqa: E402 - its import warns


def main() -> int:
    """Run its own detector, an hour to a chunk, one worker to a core."""
    parser = arguments("traffic: closest_point_of_approach")
    given = parser.parse_args()
    watch = Stopwatch()
    frame = pl.read_parquet(given.data)
    lon, lat = float(frame["lon"].median()), float(frame["lat"].median())
    near = pyproj.Proj(proj="lcc", lon_0=lon, lat_0=lat, lat_1=lat - 1, lat_2=lat + 1)
    with watch.phase("read"):
        flights = Traffic(
            frame.select(
                icao24="mover",
                callsign="mover",
                flight_id="mover",
                timestamp=pl.col("time").dt.truncate("1s"),
                longitude="lon",
                latitude="lat",
                altitude=pl.lit(0.0),
                groundspeed="speed_kn",
                track="course_deg",
                vertical_rate=pl.lit(0.0),
            ).to_pandas()
        )
    with watch.phase("search"):
        # it compares flights where their time stamps agree, so it asks for tracks resampled to a second
        resampled = flights.resample("1s").eval()
        found = resampled.closest_point_of_approach(
            lateral_separation=given.within_m,
            vertical_separation=1000,
            projection=near,
            round_t="h",
            max_workers=2,
        )
    rows = (
        pl.from_pandas(found.data)
        .select(
            a=pl.min_horizontal("icao24_x", "icao24_y"),
            b=pl.max_horizontal("icao24_x", "icao24_y"),
            distance_m=pl.col("lateral") * 1852,
        )
        .group_by("a", "b")
        .agg(pl.col("distance_m").min())
        .filter(pl.col("distance_m") < given.within_m)
    )
    if given.pairs:
        rows.write_parquet(given.pairs)
    watch.report(name="traffic", version=version("traffic"), fixes=frame.height, pairs=rows.height)
    return 0


if __name__ == "__main__":
    sys.exit(main())
