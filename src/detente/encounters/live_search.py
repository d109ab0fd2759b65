"""The archive's exact search over a stream: what detente.encounters.searching finds, as soon as it is certain."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import polars as pl

from detente.encounters.pairing import SidesOfMovers

__all__ = ["FIXES_MAX", "LiveSearch"]

FIXES_MAX = 3_000_000
"""Fixes held at a time; what would be more is left out, counted as ``overload``."""


class LiveSearch:
    """Rows in, nearly in time order; finished encounters out. Their union is the archive's table of the same rows."""

    def __init__(
        self,
        *,
        within_m: float = 500.0,
        vertical_m: float = 304.8,
        max_gap_s: float = 180.0,
        between: str = "all",
        sides: SidesOfMovers | None = None,
        keep_moored: bool = False,
        late_s: float = 30.0,
        every_s: float = 60.0,
        fixes_max: int = FIXES_MAX,
    ) -> None:
        """Begin; limits as detente.encounters.searching.search.

        late_s: a row may come so long after a later one and still be put in its place; every_s: so much time is
        searched at once.
        """
        raise NotImplementedError

    def push(self, frame: pl.DataFrame, *, at: datetime | None = None) -> pl.DataFrame:
        """Take rows of detente.tracks.SCHEMA; returns the encounters that are finished now, as ENCOUNTERS.

        at: the present; rows ahead of it are left out by name. Without it the rows' own times lead.
        """
        raise NotImplementedError

    def close(self) -> pl.DataFrame:
        """Return all other encounters: nothing follows."""
        raise NotImplementedError

    def refreshed(self, encounters: pl.DataFrame) -> pl.DataFrame:
        """Return rows that came before with name, kind and side of both as they are known by now."""
        raise NotImplementedError

    @property
    def counts(self) -> Mapping[str, int]:
        """Return how many rows were taken, and by name how many were left out or put off."""
        raise NotImplementedError
