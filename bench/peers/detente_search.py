"""détente itself: the public call on the file, reading included; and reading alone, apart."""

from __future__ import annotations

import dataclasses
import sys
import time

import numpy as np
import polars as pl
from stopwatch import Stopwatch, arguments, peak_mib

from detente import __version__


def main() -> int:
    """Compile or load kernels and warm up on a few fixes; then search the archive once."""
    parser = arguments("détente: detente.encounters.search")
    parser.add_argument("--search-only", action="store_true", help="do not measure its parts apart")
    given = parser.parse_args()
    watch = Stopwatch()
    begun = time.perf_counter()
    from detente.encounters import search  # noqa: PLC0415 - what importing costs is measured

    limits = {"within_m": given.within_m, "max_gap_s": given.max_gap_s, "keep_moored": True}
    archive = pl.scan_parquet(given.data)
    search(archive.head(2000), **limits)
    watch.facts["warm_up_s"] = time.perf_counter() - begun
    with watch.phase("search"):
        found = search(archive, **limits)
    pairs = (
        found.encounters.lazy()
        .select(pl.col("a").cast(pl.String), pl.col("b").cast(pl.String), "distance_m")
        .group_by("a", "b")
        .agg(pl.col("distance_m").min())
        .collect()
    )
    if given.pairs:
        pairs.write_parquet(given.pairs)
    peak = peak_mib()
    if not given.search_only:
        with watch.phase("read"):
            _read(archive)
        _in_memory(archive, given.within_m, given.max_gap_s, found.encounters.height, watch)
    watch.report(
        name="detente",
        version=__version__,
        fixes=found.fixes,
        pairs=pairs.height,
        encounters=found.encounters.height,
        pairs_tested=found.pairs_tested,
        pairs_examined=found.pairs_examined,
        peak_mib=peak,
    )
    return 0


def _read(archive: pl.LazyFrame) -> None:
    """Take the fixes in as the search does, and do nothing with them."""
    from detente.encounters import intake  # noqa: PLC0415

    for _ in intake.read(archive, intake.Movers(), start_us=None, end_us=None):
        pass


def _in_memory(
    archive: pl.LazyFrame, within_m: float, max_gap_s: float, encounters: int, watch: Stopwatch
) -> None:
    """Search fixes that were read before, as the peers do: encounters as numbers, no table of them."""
    from detente.encounters import intake, pairing, windows  # noqa: PLC0415

    movers = intake.Movers()
    # reading uses its memory again for the next slice, so what is to be kept is copied
    slices = [
        dataclasses.replace(
            fixes, **{name: np.array(getattr(fixes, name)) for name in ("code", "time_us", "points")}
        )
        for fixes in intake.read(archive, movers, start_us=None, end_us=None)
    ]
    limits = windows.Limits(within_m, 304.8, round(max_gap_s * 1e6), None, None, moored=True)
    related = pairing.Pairing(between="all", sides=None)
    count = 0
    with watch.phase("in_memory"):
        for finished in windows.encounters_of(slices, movers, limits, related, windows.Counts()):
            count += len(finished.numbers)
    if count != encounters:
        raise SystemExit(f"{count} encounters from memory, {encounters} from the file: this is no measurement")


if __name__ == "__main__":
    sys.exit(main())
