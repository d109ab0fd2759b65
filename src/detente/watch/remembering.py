"""What a draft may need: the rows and bytes of the last while, of movers that belong to a side, in bounded memory.

Nothing here is written to the disk: a draft takes what is of its two movers, and the rest is forgotten.
"""

from __future__ import annotations

import hashlib
from collections import Counter, deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import polars as pl

from detente.encounters.sides import Sides
from detente.tracks.cleaning import clean
from detente.tracks.ordering import in_time_order
from detente.tracks.reasons import Tally
from detente.tracks.schema import SCHEMA
from detente.watch.batches import Batch
from detente.watch.evidence.structs import InputUsed, Record

__all__ = ["RECORD_BYTES_MAX", "REMEMBERED_S", "ROWS_MAX", "Memory"]

REMEMBERED_S = 2 * 3_600.0
"""Rows older than this, before the newest, are forgotten."""
ROWS_MAX = 1_500_000
"""Rows that are remembered; about 150 bytes each. The oldest are forgotten first, counted."""
RECORD_BYTES_MAX = 64_000_000
"""Bytes of what feeds gave that are remembered as they came."""
_PAIRS_MAX = 5_000
_EARLIER_MAX = 5
_SIDES_MAX = 500_000


@dataclass(slots=True)
class _Source:
    """What a feed gave since the watch began."""

    digest: Any = field(default_factory=hashlib.sha256)
    size: int = 0
    has_bytes: bool = False
    received: int = 0
    used: int = 0
    rejected: Counter[str] = field(default_factory=Counter)
    first_at: datetime | None = None
    last_at: datetime | None = None


class Memory:
    """Takes batches; gives what a draft about two movers needs. forgotten: rows that gave way before their time."""

    def __init__(self, sides: Sides) -> None:
        self._sides = sides
        self._side_of: dict[tuple[str, bool | None, str | None], bool] = {}
        self._frames: deque[tuple[datetime, pl.DataFrame]] = deque()
        self._rows = 0
        self._records: deque[Record] = deque()
        self._bytes = 0
        self._sources: dict[str, _Source] = {}
        self._earlier: dict[tuple[str, str], deque[dict[str, Any]]] = {}
        self.forgotten = 0

    def take(self, batch: Batch) -> None:
        """Remember a batch: its rows where they are of a side, its bytes as they came."""
        self._account(batch)
        rows = self._of_sides(batch.rows)
        if rows.height:
            self._frames.append((batch.received_at, rows))
            self._rows += rows.height
        before = batch.received_at - timedelta(seconds=REMEMBERED_S)
        while self._frames and (self._frames[0][0] < before or self._rows > ROWS_MAX):
            at, gone = self._frames.popleft()
            self._rows -= gone.height
            self.forgotten += 0 if at < before else gone.height

    def rows_of(self, a: str, b: str) -> tuple[pl.DataFrame, dict[str, int]]:
        """Return the cleaned rows of two movers in order of time, and what cleaning took from them, by reason.

        a, b: as in the table of encounters; a second mover under one identity ends in "~2".
        """
        names = {one.partition("~")[0] for one in (a, b)}
        found = [frame.filter(pl.col("mover").is_in(names)) for _, frame in self._frames]
        tally = Tally()
        rows = [frame for frame in found if frame.height]
        if not rows:
            return pl.DataFrame(schema=SCHEMA), {}
        tally.read(sum(frame.height for frame in rows))
        kept = list(clean(in_time_order(iter(rows), tally), tally))
        whole = pl.concat(kept) if kept else pl.DataFrame(schema=SCHEMA)
        return whole, {reason.value: count for reason, count in tally.rejected.items() if count}

    def records(self) -> tuple[Record, ...]:
        """Return what the feeds gave, as it came."""
        return tuple(self._records)

    def inputs(self) -> tuple[InputUsed, ...]:
        """Return every feed with the hash of all that it gave."""
        return tuple(
            InputUsed(
                kind="feed",
                name=name,
                sha256=one.digest.hexdigest() if one.has_bytes else "",
                size_bytes=one.size,
                received=one.received,
                used=one.used,
                rejected=dict(one.rejected),
                first_at=one.first_at,
                last_at=one.last_at,
            )
            for name, one in sorted(self._sources.items())
        )

    def met(self, row: Mapping[str, Any]) -> tuple[dict[str, Any], ...]:
        """Return earlier encounters of the same two, and remember this one."""
        pair = (row["a"], row["b"])
        held = self._earlier.pop(pair, None) or deque(maxlen=_EARLIER_MAX)
        before = tuple(held)
        held.append(dict(row))
        self._earlier[pair] = held
        if len(self._earlier) > _PAIRS_MAX:
            del self._earlier[next(iter(self._earlier))]
        return before

    def _account(self, batch: Batch) -> None:
        source = self._sources.setdefault(batch.feed, _Source())
        source.received += batch.received
        source.used += batch.used
        source.rejected.update(batch.rejected)
        source.first_at = source.first_at or batch.received_at
        source.last_at = batch.received_at
        if batch.raw is None:
            return
        source.has_bytes = True
        source.digest.update(batch.raw)
        source.size += len(batch.raw)
        self._records.append(Record(batch.feed, batch.received_at, batch.raw))
        self._bytes += len(batch.raw)
        while self._bytes > RECORD_BYTES_MAX and self._records:
            self._bytes -= len(self._records.popleft().octets)

    def _of_sides(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Return the rows of movers that a side claims."""
        if rows.is_empty():
            return rows
        keys = rows.select("mover", "military", "kind").unique()
        fresh = [key for key in keys.iter_rows() if key not in self._side_of]
        if len(self._side_of) + len(fresh) > _SIDES_MAX:
            self._side_of.clear()
            fresh = list(keys.iter_rows())
        if fresh:
            asked = pl.DataFrame(fresh, schema=keys.schema, orient="row")
            for key, side in zip(fresh, self._sides.assign(asked), strict=True):
                self._side_of[key] = bool(side)
        claimed = {key[0] for key in keys.iter_rows() if self._side_of[key]}
        return rows.filter(pl.col("mover").is_in(claimed)) if claimed else rows.clear()
