"""Feeds kept running: one task each, tried again when lost, what comes held in bounded queues.

async with Feeds(feeds) as running:
    while not running.ended:
        await running.wait(0.25)
        for batch in running.take():
            ...
        standings = running.standings()
"""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections import Counter, deque
from collections.abc import Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from datetime import datetime
from types import TracebackType
from typing import Literal, Protocol, Self, runtime_checkable

import polars as pl

from detente import words
from detente.errors import DetenteError
from detente.tracks.reasons import Reason
from detente.tracks.schema import SCHEMA
from detente.watch.batches import Batch, Feed, FeedStanding
from detente.watch.errors import FeedLost
from detente.watch.feeds.clocks import receiver_clock

__all__ = ["MOVERS_COUNTED_MAX", "QUEUE_ELEMENTS_MAX", "Feeds", "Finite", "Retry", "receiver_clock"]

say = words.speaker("watch")

QUEUE_ELEMENTS_MAX = 200_000
"""Elements of one feed that wait for the loop; the oldest beyond are dropped and counted as "overload"."""
MOVERS_COUNTED_MAX = 100_000
"""Movers of one feed that are told apart when they are counted; the longest unheard are forgotten first."""
_MOVER_S = 600.0
"""For how long a mover counts as one of a feed's."""
_RATE_S = 30.0


@dataclass(frozen=True, slots=True)
class Retry:
    """How a lost feed is tried again: after first_s, then twice as long each time, at most most_s.

    Each wait is drawn from the upper half of its length, so that a hundred watches do not come back as one. A feed
    that gave something usable for steady_s starts again at first_s. A source that says how long to stay away is
    obeyed.
    """

    first_s: float = 1.0
    most_s: float = 120.0
    steady_s: float = 60.0

    def wait_s(self, failures: int) -> float:
        """Return how long to wait after so many failures in a row, at least one."""
        longest = min(self.first_s * 2.0 ** min(failures - 1, 30), self.most_s)
        return longest * random.uniform(0.5, 1.0)  # noqa: S311 - spreads load, guards nothing


@runtime_checkable
class Finite(Protocol):
    """A feed that comes to an end (a replay): it is not begun anew, and waits for the loop instead of dropping."""

    @property
    def finite(self) -> Literal[True]:
        """Say so."""


@dataclass(slots=True)
class _Running:
    """One feed, its queue and its account."""

    feed: Feed
    retry: Retry
    queue_elements_max: int
    clock: Callable[[], datetime]
    came: asyncio.Event
    queue: deque[Batch] = field(default_factory=deque)
    waiting: int = 0
    dropped: Batch | None = None
    taken: asyncio.Event = field(default_factory=asyncio.Event)
    down: bool = True
    ended: bool = False
    why: str = ""
    attempts: int = 0
    failures: int = 0
    last_at: datetime | None = None
    steady_since: datetime | None = None
    received: int = 0
    used: int = 0
    rejected: Counter[str] = field(default_factory=Counter)
    recent: deque[tuple[datetime, int]] = field(default_factory=deque)
    movers: dict[str, datetime] = field(default_factory=dict)

    @property
    def finite(self) -> bool:
        """Whether the feed comes to an end."""
        return isinstance(self.feed, Finite)

    async def keep(self) -> None:
        """Read the feed until it has ended; for ever, unless it is finite."""
        while True:
            self.attempts += 1
            self.steady_since = None
            retry_after_s = await self._read()
            self.down = True
            if self.finite:
                self.ended = True
                self.came.set()
                return
            self.failures += 1
            await asyncio.sleep(max(self.retry.wait_s(self.failures), retry_after_s))

    async def _read(self) -> float:
        """Read until the feed ends or is lost; return how long its source asked us to stay away."""
        try:
            async with aclosing(self.feed.batches()) as batches:  # type: ignore[type-var]
                async for batch in batches:
                    await self._put(batch)
        except FeedLost as lost:
            self.why = str(lost)
            return lost.retry_after_s or 0.0
        except DetenteError as error:
            self.why = str(error)
        except (asyncio.CancelledError, GeneratorExit, KeyboardInterrupt, SystemExit):
            raise
        except BaseException as error:  # noqa: BLE001 - not even a panic of a library that decodes may end the watch
            self.why = say("an unforeseen fault: {fault}", fault=f"{type(error).__name__}: {error}"[:200])
        else:
            self.why = "" if self.finite else say("the source ended the connection")
        return 0.0

    async def _put(self, batch: Batch) -> None:
        self._account(batch)
        self.queue.append(batch)
        self.waiting += batch.received
        if self.finite:
            while self.waiting > self.queue_elements_max // 2:
                self.came.set()
                self.taken.clear()
                await self.taken.wait()
        while self.waiting > self.queue_elements_max and len(self.queue) > 1:
            self._drop(self.queue.popleft())
        self.came.set()

    def _account(self, batch: Batch) -> None:
        now = self.clock()
        self.down = False
        self.received += batch.received
        self.used += batch.used
        self.rejected.update(batch.rejected)
        if not batch.used:
            return
        self.why = ""
        self.last_at = now
        self.steady_since = self.steady_since or now
        if (now - self.steady_since).total_seconds() >= self.retry.steady_s:
            self.failures = 0
        self.recent.append((now, batch.used))
        for mover in batch.rows["mover"].unique().to_list():
            self.movers.pop(mover, None)
            self.movers[mover] = now
        while len(self.movers) > MOVERS_COUNTED_MAX:
            del self.movers[next(iter(self.movers))]

    def _drop(self, batch: Batch) -> None:
        """Throw a batch away; keep its account, as one of elements that were too many."""
        self.waiting -= batch.received
        self.used -= batch.used
        self.rejected[Reason.OVERLOAD.value] += batch.used
        rejected = Counter(batch.rejected)
        rejected[Reason.OVERLOAD.value] += batch.used
        received = batch.received
        if self.dropped is not None:
            rejected.update(self.dropped.rejected)
            received += self.dropped.received
        self.dropped = replace(
            batch, rows=_NO_ROWS, received=received, used=0, rejected=dict(+rejected), raw=None
        )

    def take(self) -> list[Batch]:
        """Return what waits, the account of what was dropped first."""
        batches = [*([self.dropped] if self.dropped is not None else []), *self.queue]
        self.queue.clear()
        self.dropped, self.waiting = None, 0
        self.taken.set()
        return batches

    def standing(self) -> FeedStanding:
        """Return how the feed stands now."""
        now = self.clock()
        while self.recent and (now - self.recent[0][0]).total_seconds() > _RATE_S:
            self.recent.popleft()
        while self.movers:
            longest = next(iter(self.movers))
            if (now - self.movers[longest]).total_seconds() <= _MOVER_S:
                break
            del self.movers[longest]
        silent = self.last_at is None or (now - self.last_at).total_seconds() > self.feed.stale_after_s
        return FeedStanding(
            name=self.feed.name,
            state="down" if self.down else "stale" if silent else "good",
            last_at=self.last_at,
            rate_per_s=sum(used for _, used in self.recent) / _RATE_S,
            movers=len(self.movers),
            received=self.received,
            used=self.used,
            rejected={name: count for name, count in sorted(self.rejected.items()) if count},
            dropped=self.rejected[Reason.OVERLOAD.value],
            attempts=self.attempts,
            why=self.why,
        )


_NO_ROWS = pl.DataFrame(schema=SCHEMA)


class Feeds:
    """The feeds of a watch, each in a task of its own while the block lasts.

    clock: what the time is, for staleness and rates; feeds stamp their batches themselves.
    """

    def __init__(
        self,
        feeds: Sequence[Feed],
        *,
        retry: Retry | None = None,
        queue_elements_max: int = QUEUE_ELEMENTS_MAX,
        clock: Callable[[], datetime] = receiver_clock,
    ) -> None:
        self._came = asyncio.Event()
        self._running = [
            _Running(feed, retry or Retry(), queue_elements_max, clock, self._came) for feed in feeds
        ]
        self._tasks: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Self:
        """Start every feed's task."""
        self._tasks = [asyncio.create_task(one.keep(), name=f"feed {one.feed.name}") for one in self._running]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, failure: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End every task and close what it held open."""
        for task in self._tasks:
            task.cancel()
        for task in self._tasks:
            with contextlib.suppress(asyncio.CancelledError):
                await task

    async def wait(self, timeout_s: float) -> bool:
        """Return True as soon as a batch waits or all feeds have ended, False when timeout_s has passed."""
        if self.ended:
            return True
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                await self._came.wait()
        return self._came.is_set()

    def take(self) -> list[Batch]:
        """Return all batches that wait, feed by feed in the order in which they came; never blocks.

        Where batches were dropped, one without rows stands for them: received and rejected as they were, what they
        would have given rejected as "overload". So the sums over all batches are those of the standings.
        """
        self._came.clear()
        return [batch for one in self._running for batch in one.take()]

    def standings(self) -> list[FeedStanding]:
        """Return how each feed stands now, in the order in which they were given."""
        return [one.standing() for one in self._running]

    @property
    def ended(self) -> bool:
        """Whether every feed has come to its end (only replays have one) and nothing waits."""
        return all(one.ended and not one.queue for one in self._running)
