"""From what a decoder gave to the batch that the loop gets."""

from __future__ import annotations

from datetime import datetime

import polars as pl

from detente.tracks.live_decoding import Decoded
from detente.tracks.reasons import Reason
from detente.tracks.schema import SCHEMA
from detente.watch.batches import Batch

__all__ = ["batch_of", "connected", "overloaded"]


def batch_of(name: str, received_at: datetime, decoded: Decoded, *, raw: bytes | None = None) -> Batch:
    """Return the batch of one push.

    What carries no position by nature (a ship's name, another sentence) is used, not rejected: names go into the rows
    that follow.
    """
    rows, tally = decoded
    rejected = {
        reason.value: count
        for reason, count in sorted(tally.rejected.items())
        if count and reason is not Reason.NO_POSITION
    }
    return Batch(
        feed=name,
        received_at=received_at,
        rows=rows,
        received=tally.rows,
        used=tally.rows - sum(rejected.values()),
        rejected=rejected,
        raw=raw,
    )


def connected(name: str, at: datetime) -> Batch:
    """Return a batch of nothing: it says that the source was reached, and that silence now is its own."""
    return Batch(feed=name, received_at=at, rows=pl.DataFrame(schema=SCHEMA), received=0, used=0)


def overloaded(name: str, at: datetime, elements: int) -> Batch:
    """Return the account of elements that came faster than they could be used, and were thrown away unread."""
    return Batch(
        feed=name,
        received_at=at,
        rows=pl.DataFrame(schema=SCHEMA),
        received=elements,
        used=0,
        rejected={Reason.OVERLOAD.value: elements},
    )
