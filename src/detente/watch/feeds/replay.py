"""A recorded archive played as if it were live: ``replay:FILE``, ``replay:FILE@10x``, ``replay:FILE@max``.

Any file that ``detente tracks`` reads. Rows come in their order of time, on a clock of the replay's own that begins at
the first row and runs at the given speed; every row is judged as in the archive, none against the receiver's clock.
``@max`` does not wait: it steps as fast as the loop takes it.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
from collections import Counter
from collections.abc import AsyncIterator, Generator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal

import polars as pl

from detente import words
from detente.tracks.live_decoding import Decoded
from detente.tracks.readers import Options
from detente.tracks.reading import stream
from detente.tracks.reasons import Reason, Tally
from detente.tracks.schema import SCHEMA
from detente.watch.batches import Batch
from detente.watch.feeds.address import Address
from detente.watch.feeds.batching import batch_of

__all__ = ["OPTIONS", "ReplayFeed", "open_feed"]

say = words.speaker("watch")

OPTIONS = frozenset({"start"})
"""start: the time of the first record, for formats that carry no date."""
_TICK_S = 0.25
_STEP_AT_MAX_S = 5.0
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def open_feed(address: Address) -> ReplayFeed:
    """Return the feed; a fault when there is no such file."""
    path = Path(address.path)
    if address.path and not path.is_file():
        address.faults.append(say("there is no file {file}", file=repr(address.path[:200])))
    start = None
    written = address.options.get("start")
    if written is not None:
        try:
            start = datetime.fromisoformat(written)
        except ValueError:
            start = None
        if start is None or start.tzinfo is None:
            address.faults.append(
                say("start is {written}, and must be a time such as {example}", written=repr(written[:40]),
                    example="2018-04-04T00:00:00Z")
            )  # fmt: skip
    return ReplayFeed(address.name, path, address.speed, address.stale_after_s(math.inf), start)


@dataclass(slots=True)
class ReplayFeed:
    """One archive, played once. speed: times real time, infinite: as fast as the loop takes it."""

    name: str
    path: Path
    speed: float
    stale_after_s: float = math.inf
    start: datetime | None = None
    finite: Literal[True] = True

    async def batches(self) -> AsyncIterator[Batch]:
        """Yield the rows by their own times; received_at is the replay's clock. Raises TrackMistake.

        Each batch holds the rows up to its time; there is one for every tick of the clock, with or without rows, but
        at full speed none without.
        """
        tally = Tally()
        frames = _Frames(stream([self.path], Options(start=self.start), tally, clean=False), tally)
        step_s = _STEP_AT_MAX_S if math.isinf(self.speed) else _TICK_S * self.speed
        loop = asyncio.get_running_loop()
        begun_s = loop.time()
        first_us: int | None = None
        tick = 0
        try:
            while True:
                if first_us is None:
                    if not await asyncio.to_thread(frames.more):
                        break
                    first_us = frames.next_us()
                tick += 1
                if math.isinf(self.speed):
                    tick = max(tick, math.ceil((frames.next_us() - first_us) / (step_s * 1e6)))
                else:
                    await asyncio.sleep(begun_s + tick * _TICK_S - loop.time())
                until_us = first_us + round(tick * step_s * 1e6)
                decoded = await asyncio.to_thread(frames.until, until_us)
                yield batch_of(self.name, _EPOCH + timedelta(microseconds=until_us), decoded)
                if not frames.waiting.height and not await asyncio.to_thread(frames.more):
                    break
            rest = frames.counted(0)
            if rest.rows:
                yield batch_of(self.name, self._now(first_us, tick * step_s), Decoded(frames.waiting, rest))
        finally:
            await asyncio.to_thread(frames.close)

    def _now(self, first_us: int | None, seconds: float) -> datetime:
        start = _EPOCH if first_us is None else _EPOCH + timedelta(microseconds=first_us)
        return start + timedelta(seconds=seconds)


@dataclass(slots=True)
class _Frames:
    """An archive's rows in order of time, cut where asked, and the account of what was read for them."""

    frames: Generator[pl.DataFrame, None, None]
    tally: Tally
    waiting: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=SCHEMA))
    _rejected: Counter[Reason] = field(default_factory=Counter)

    def more(self) -> bool:
        """Read on until a row waits; False when there is none any more."""
        while not self.waiting.height:
            frame = next(self.frames, None)
            if frame is None:
                return False
            self.waiting = frame
        return True

    def next_us(self) -> int:
        """Return the time of the row that waits."""
        return int(self.waiting["time"].to_physical()[0])

    def until(self, until_us: int) -> Decoded:
        """Return the rows up to this time, this time included."""
        pieces = [self.waiting.clear()]
        while self.waiting.height:
            cut = int(self.waiting["time"].to_physical().search_sorted(until_us, side="right"))
            pieces.append(self.waiting[:cut])
            self.waiting = self.waiting[cut:]
            if self.waiting.height or not self.more():
                break
        rows = pl.concat(pieces)
        return Decoded(rows, self.counted(rows.height))

    def counted(self, given: int) -> Tally:
        """Return the account of so many rows given, and of what was rejected since the last one."""
        rejected = self.tally.rejected - self._rejected
        self._rejected = self.tally.rejected.copy()
        return Tally(given + rejected.total(), rejected)

    def close(self) -> None:
        """Close the archive; one that is being read in this moment is closed when that is done."""
        with contextlib.suppress(ValueError):
            self.frames.close()
