"""Telling other systems: one gate before all of them, a task for each, and how each stands."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Literal, Protocol

from detente import words
from detente.encounters.announced import Announced
from detente.watch.errors import FeedLost, OutputLost
from detente.watch.events import Event
from detente.watch.outputs.leaving import Gate, Leaving, Mover

__all__ = ["Output", "OutputStanding", "Outputs", "Standing", "kept_up"]

say = words.speaker("watch")

RETRY_S_MIN = 1.0
RETRY_S_MAX = 60.0
"""The most seconds between two tries to reach a system that is told of alarms."""
STEADY_AFTER_S = 30.0
"""A connection that held so long was good: the next failure is tried again at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OutputStanding:
    """How an output stands. sent: messages so far; dropped: those given up unsent, by reason; why: "" when good."""

    name: str
    state: Literal["good", "down"]
    sent: int
    waiting: int
    attempts: int
    dropped: dict[str, int]
    last_at: datetime | None
    why: str


@dataclass(slots=True)
class Standing:
    """What an output counts about itself."""

    name: str
    is_up: bool = False
    sent: int = 0
    waiting: int = 0
    attempts: int = 0
    dropped: dict[str, int] = field(default_factory=dict)
    last_at: datetime | None = None
    why: str = ""

    def told(self, messages: int = 1) -> None:
        """Count messages that were handed over."""
        self.sent += messages
        self.last_at = datetime.now(UTC)

    def drop(self, reason: str, messages: int = 1) -> None:
        """Count messages that were given up."""
        if messages:
            self.dropped[reason] = self.dropped.get(reason, 0) + messages

    def frozen(self) -> OutputStanding:
        """Return how it stands now."""
        return OutputStanding(
            name=self.name,
            state="good" if self.is_up else "down",
            sent=self.sent,
            waiting=self.waiting,
            attempts=self.attempts,
            dropped=dict(self.dropped),
            last_at=self.last_at,
            why="" if self.is_up else self.why,
        )


class Output(Protocol):
    """One system that is told. Whoever keeps watch runs ``run`` as a task and calls ``tell`` as often as it likes."""

    @property
    def name(self) -> str:
        """Return the name under which people see it: the address without secrets."""

    @property
    def standing(self) -> OutputStanding:
        """Return how it stands."""

    async def tell(self, leaving: Leaving) -> None:
        """Take what is to be told; returns at once, whether or not the system can be reached."""

    async def run(self) -> None:
        """Reach the system, tell it, and try again when it is lost, until this task is cancelled."""


class Outputs:
    """All outputs of a watch behind one gate: what ``tell`` is given may hold every mover and event of the picture.

    own_side: the name of our side in the file of sides. Raises WatchMistake for "".
    """

    def __init__(self, own_side: str, outputs: Sequence[Output]) -> None:
        self._gate = Gate(own_side)
        self._outputs = tuple(outputs)

    async def tell(
        self, events: Iterable[Event], areas: Sequence[Announced], movers: Iterable[Mover], now: datetime
    ) -> None:
        """Tell every system what may leave; see ``Gate.admit`` for what is wanted. Returns at once."""
        leaving = self._gate.admit(events, areas, movers, now)
        for output in self._outputs:
            await output.tell(leaving)

    async def run(self) -> None:
        """Run all outputs until this task is cancelled."""
        async with asyncio.TaskGroup() as tasks:
            for output in self._outputs:
                tasks.create_task(output.run(), name=output.name)

    @property
    def standings(self) -> tuple[OutputStanding, ...]:
        """Return how each output stands."""
        return tuple(output.standing for output in self._outputs)

    @property
    def kept_back(self) -> dict[str, int]:
        """Return what the gate kept back so far, by reason."""
        return dict(self._gate.refused)


async def kept_up(
    connected: Callable[[], Awaitable[None]],
    standing: Standing,
    *,
    pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> None:
    """Run ``connected`` again and again: at once after a connection that held, later and later after failures.

    Each wait is drawn between half of its length and all of it, so that many stations do not come back together.
    """
    clock = asyncio.get_running_loop().time
    wait_s = RETRY_S_MIN
    while True:
        began_s = clock()
        standing.attempts += 1
        try:
            await connected()
            standing.why = say("the other side ended the connection")
        except (FeedLost, OutputLost) as failure:
            standing.why = str(failure)
        finally:
            standing.is_up = False
        if clock() - began_s >= STEADY_AFTER_S:
            wait_s = RETRY_S_MIN
        await pause(wait_s * random.uniform(0.5, 1.0))  # noqa: S311 - nobody gains by guessing it
        wait_s = min(2 * wait_s, RETRY_S_MAX)
