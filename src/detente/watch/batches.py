"""What passes from a feed to the loop: rows of tracks with an account of everything that came, kept or not."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, Protocol

import polars as pl

__all__ = ["Batch", "Feed", "FeedStanding"]


@dataclass(frozen=True, slots=True)
class Batch:
    """What came from a feed in one go.

    feed: the feed's name; received_at: by this machine's clock, aware UTC (of a replay: the replay's own clock);
    rows: in the form of detente.tracks.SCHEMA, in the order in which they came; received: how many elements came
    (sentences, states, positions); used: how many of them went into ``rows`` or carry no position by nature (a part
    of a longer message, a ship's name), so that received = used + the sum of ``rejected``, which is by reason.
    raw: what came, byte by byte, where the feed keeps it for evidence; None where it does not.
    """

    feed: str
    received_at: datetime
    rows: pl.DataFrame
    received: int
    used: int
    rejected: Mapping[str, int] = field(default_factory=dict)
    raw: bytes | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedStanding:
    """How a feed stands. state: "good", "stale" (connected, but nothing usable came for a while) or "down".

    last_at: when something usable came last, None when never; why: what went wrong last, in words, "" when nothing;
    dropped: elements that came faster than they could be used (reason "overload"), also among the rejected.
    """

    name: str
    state: Literal["good", "stale", "down"]
    last_at: datetime | None
    rate_per_s: float
    movers: int
    received: int
    used: int
    rejected: Mapping[str, int]
    dropped: int = 0
    attempts: int = 0
    why: str = ""


class Feed(Protocol):
    """One source of positions. Whoever runs it calls ``batches`` again after it ended or raised FeedLost."""

    @property
    def name(self) -> str:
        """Return the name under which people see it: the address without secrets."""

    @property
    def stale_after_s(self) -> float:
        """Return after how much silence the feed is called stale."""

    def batches(self) -> AsyncIterator[Batch]:
        """Connect, and yield what comes until the source ends; raises FeedLost."""
