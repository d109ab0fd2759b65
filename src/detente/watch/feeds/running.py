"""Feeds kept running: one task each, tried again when lost, what comes held in bounded queues.

    async with Feeds(feeds) as running:
        while not running.ended:
            await running.wait(0.25)
            for batch in running.take():
                ...
            standings = running.standings()
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from types import TracebackType
from typing import Self

from detente.watch.batches import Batch, Feed, FeedStanding

__all__ = ["QUEUE_ELEMENTS_MAX", "Feeds", "Retry", "receiver_clock"]

QUEUE_ELEMENTS_MAX = 200_000
"""Elements of one feed that wait for the loop; the oldest beyond are dropped and counted as "overload"."""


def receiver_clock() -> datetime:
    """Return the time by this machine's clock, aware UTC."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Retry:
    """How a lost feed is tried again: after first_s, then twice as long each time, at most most_s.

    Each wait is drawn from the upper half of its length, so that a hundred watches do not come back as one. A feed
    that gave something usable for steady_s starts again at first_s.
    """

    first_s: float = 1.0
    most_s: float = 120.0
    steady_s: float = 60.0


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
        raise NotImplementedError(feeds, retry, queue_elements_max, clock)

    async def __aenter__(self) -> Self:
        """Start every feed's task."""
        raise NotImplementedError

    async def __aexit__(
        self, kind: type[BaseException] | None, failure: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End every task and close what it held open."""
        raise NotImplementedError

    async def wait(self, timeout_s: float) -> bool:
        """Return True as soon as a batch waits or all feeds have ended, False when timeout_s has passed."""
        raise NotImplementedError(timeout_s)

    def take(self) -> list[Batch]:
        """Return all batches that wait, in the order in which they came; never blocks.

        Where batches were dropped, one without rows stands for them: received and rejected as they were, what they
        would have given rejected as "overload". So the sums over all batches are those of the standings.
        """
        raise NotImplementedError

    def standings(self) -> list[FeedStanding]:
        """Return how each feed stands now, in the order in which they were given."""
        raise NotImplementedError

    @property
    def ended(self) -> bool:
        """Whether every feed has come to its end (only replays have one) and nothing waits."""
        raise NotImplementedError
