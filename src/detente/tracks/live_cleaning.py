"""The cleaning of rows that come in pushes: the archive's own rules and compiled code, without waiting for the rest."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from detente.tracks.cleaning import LIMITS, Limits
from detente.tracks.reasons import Tally

__all__ = ["MOVERS_MAX", "LiveCleaner"]

MOVERS_MAX = 200_000
"""Movers remembered; the longest unseen go first, and are new when they come back."""


@dataclass(slots=True)
class LiveCleaner:
    """Cleans rows as they come.

    Every row is given as soon as it is decided: nearly all at once, but the first row of a mover (and one that leaps)
    only with the mover's next row, or when the window of the rule has passed (ships 600 s, others 60 s). Over the
    whole stream exactly the archive's rows are given, under the same names, and the same ones are rejected, however
    the stream is cut into pushes. Rows of one mover come in their order of time; a late first row of one mover may
    come after later rows of others.

    A row that is older than its mover's newest is rejected as ``old``: in an archive, whose rows are in order of time,
    there is none.
    """

    limits: Limits = LIMITS
    movers_max: int = MOVERS_MAX

    def push(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Take rows of detente.tracks.SCHEMA; return those that are decided now and kept, some from earlier pushes."""
        raise NotImplementedError(frame)

    def close(self) -> pl.DataFrame:
        """Decide what is still undecided, because nothing more comes, and return the rows that are kept."""
        raise NotImplementedError

    @property
    def undecided(self) -> pl.DataFrame:
        """Return the rows that wait: a mover's only one so far, or one that leaps. For a picture to show as possible."""
        raise NotImplementedError

    @property
    def tally(self) -> Tally:
        """Return the account so far: rows taken, rejected by reason, noted; kept includes what is undecided."""
        raise NotImplementedError
