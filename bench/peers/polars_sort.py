"""The yardstick: read the archive with Polars and sort it, no search: less than reading cannot be had."""

from __future__ import annotations

import sys

import polars as pl
from stopwatch import Stopwatch, arguments


def main() -> int:
    """Read all columns; sort by mover and time, which a search needs; and, apart, by time alone."""
    parser = arguments("read and sort, without any search")
    given = parser.parse_args()
    watch = Stopwatch()
    pl.read_parquet(given.data, n_rows=1000).sort("mover", "time")
    with watch.phase("read"):
        frame = pl.read_parquet(given.data)
    with watch.phase("sort_mover_time"):
        frame.sort("mover", "time")
    # the file is in order of time: shuffle first, so that the sort has work to do
    shuffled = frame.sample(fraction=1.0, shuffle=True, seed=1)
    with watch.phase("sort_time"):
        shuffled.sort("time")
    watch.report(name="polars", version=pl.__version__, fixes=frame.height, pairs=0)
    return 0


if __name__ == "__main__":
    sys.exit(main())
