"""What is odd about the two movers of an encounter: named only with the encounter that it explains, with evidence.

Nothing here watches anybody: rows are kept in memory for a bounded time, and looked at when an encounter asks.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import polars as pl

from detente.watch.batches import FeedStanding

__all__ = ["Anomalies", "Anomaly", "Fix"]

Kind = Literal[
    "teleport", "spoofed_circle", "shared_identity", "silent_after_report", "low_pass", "repeated_passes"
]


@dataclass(frozen=True, slots=True)
class Fix:
    """One fix that an anomaly rests on."""

    mover: str
    time: datetime
    lon_deg: float
    lat_deg: float
    altitude_m: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Anomaly:
    """Something odd in an encounter.

    mover: whose it is, "" for both; first_at, last_at: aware UTC; figures: numbers by name, each with its unit in the
    name; fixes: on which it rests, at most FIXES_TOLD_MAX, the first ones of more; is_certain: False where ages,
    heights or the datum leave it open.
    """

    kind: Kind
    mover: str
    first_at: datetime
    last_at: datetime
    figures: Mapping[str, float]
    fixes: tuple[Fix, ...]
    is_certain: bool = True

    def sentence(self) -> str:
        """Return it in the reader's language, in one sentence with its figures, without judgement."""
        raise NotImplementedError


class Anomalies:
    """Keeps what came in bounded memory, and explains encounters."""

    def push(self, rows: pl.DataFrame, *, feed: str, received_at: datetime) -> None:
        """Take rows of detente.tracks.SCHEMA as they came from a feed, before cleaning."""
        raise NotImplementedError

    def stand(self, feeds: Iterable[FeedStanding], *, now: datetime) -> None:
        """Take how the feeds stand: silence counts only where its feed was good."""
        raise NotImplementedError

    def explain(self, row: Mapping[str, Any], *, now: datetime) -> tuple[Anomaly, ...]:
        """Return what is odd about the two of an ENCOUNTERS row, and remember that they met."""
        raise NotImplementedError
