"""The pieces of tracks around each closest moment, taken from tracks of any length in bounded memory."""

from __future__ import annotations

from datetime import timedelta
from functools import reduce
from operator import or_

import polars as pl

__all__ = ["FIXES_MAX", "track_pieces"]

FIXES_MAX = 2_000
"""Fixes kept of one mover around one encounter; more are thinned evenly (the first and last stay)."""

_COLUMNS = ("mover", "time", "lon", "lat", "altitude_m")


def track_pieces(
    tracks: pl.LazyFrame, encounters: pl.DataFrame, *, around_s: float = 600.0
) -> list[dict[str, pl.DataFrame]]:
    """Return for each encounter the fixes of "a" and of "b" from closest_at - around_s to + around_s, by time.

    tracks: detente.tracks.SCHEMA (mover, time, lon, lat, altitude_m are read). Only rows within one of the
    windows leave the scan, which streams: memory is the windows' fixes, whatever the tracks' length. A mover
    without fixes in the window has an empty frame. Columns of each frame: time, lon, lat, altitude_m.
    """
    if encounters.is_empty():
        return []
    around = timedelta(seconds=around_s)
    windows = list(encounters.select("a", "b", "closest_at").iter_rows())
    wanted = reduce(
        or_,
        (
            pl.col("mover").is_in([a, b]) & pl.col("time").is_between(closest - around, closest + around)
            for a, b, closest in windows
        ),
    )
    found = tracks.select(_COLUMNS).filter(wanted).collect(engine="streaming").sort("time")
    return [
        {
            which: _evenly(
                found.filter(
                    (pl.col("mover") == mover) & pl.col("time").is_between(closest - around, closest + around)
                ).drop("mover")
            )
            for which, mover in (("a", a), ("b", b))
        }
        for a, b, closest in windows
    ]


def _evenly(fixes: pl.DataFrame) -> pl.DataFrame:
    if fixes.height <= FIXES_MAX:
        return fixes
    last = fixes.height - 1
    return fixes[[number * last // (FIXES_MAX - 1) for number in range(FIXES_MAX)]]
