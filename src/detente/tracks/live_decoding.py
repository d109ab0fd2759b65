"""What every decoder of a live source gives: rows, and an account of everything that came.

A decoder is fed by pushes and keeps what reaches over their borders (half lines, parts of messages, names). It
judges with the readers' own code, so that a recording of the same bytes, read as an archive, gives the same rows.
"""

from __future__ import annotations

from typing import NamedTuple

import polars as pl

from detente.tracks.reasons import Tally

__all__ = ["Decoded", "taken"]


class Decoded(NamedTuple):
    """What one push gave.

    rows: in the form of detente.tracks.SCHEMA, in the order in which they came, judged but not cleaned; tally: of
    this push alone, rows read = rows given + rows rejected by reason.
    """

    rows: pl.DataFrame
    tally: Tally


def taken(tally: Tally) -> Tally:
    """Return what the tally counted since it was last taken, and empty it."""
    counted = Tally(tally.rows, tally.rejected.copy(), tally.notes.copy(), tally.formats.copy())
    tally.rows = 0
    tally.rejected.clear()
    tally.notes.clear()
    tally.formats.clear()
    return counted
