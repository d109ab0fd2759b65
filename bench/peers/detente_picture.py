"""détente's prediction from one picture of aircraft: entry, closest, exit of every pair within the limits."""

from __future__ import annotations

import sys
import time

import polars as pl
from stopwatch import Stopwatch, arguments

from detente import __version__


def main() -> int:
    """Load states.csv, predict once after a small warm-up."""
    parser = arguments("détente: detente.encounters.predict")
    parser.add_argument("--horizon-s", type=float, default=300.0)
    parser.add_argument("--vertical-ft", type=float, default=1000.0)
    given = parser.parse_args()
    watch = Stopwatch()
    begun = time.perf_counter()
    from detente.encounters.prediction import predict  # noqa: PLC0415 - what importing costs is measured

    states = pl.read_csv(given.data)
    limits = {
        "horizon_s": given.horizon_s,
        "within_m": given.within_m,
        "vertical_m": given.vertical_ft * 0.3048,
    }
    predict(states.head(50), **limits)
    watch.facts["warm_up_s"] = time.perf_counter() - begun
    with watch.phase("search"):
        found = predict(states, **limits)
    pairs = found.select("a", "b").unique().sort("a", "b")
    if given.pairs:
        pairs.write_parquet(given.pairs)
    watch.report(name="detente", version=__version__, fixes=states.height, pairs=pairs.height)
    return 0


if __name__ == "__main__":
    sys.exit(main())
