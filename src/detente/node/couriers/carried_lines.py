"""What a courier asks of the running lines, and of whoever can seal for a party and open what was sealed for us."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from detente.line.bundle import Record
from detente.line.effects import Took, Transmit
from detente.node.book import Book
from detente.node.home import open_reading
from detente.node.sealing import Unsealer

__all__ = ["CarriedLines", "SealTo", "Seals"]


class CarriedLines(Protocol):
    """The running lines of a home, from an asyncio loop."""

    member: str

    def line_ids(self) -> list[str]:
        """Return the ids of the lines."""

    async def arrived(self, line: str, records: tuple[Record, ...], last: bool) -> Took:  # noqa: FBT001 - agreed
        """Take in one piece of a bundle; what it brought is durable when this returns."""

    async def ready(self, line: str, to: str, size_max: int, go_on: bool = False) -> Transmit | None:  # noqa: FBT001, FBT002
        """Return what a party lacks, up to about ``size_max`` bytes; None when this node cannot speak to it."""

    def news(self, line: str, party: str) -> asyncio.Event:
        """Return the event that is set whenever something durable may be lacking at that party."""

    async def parties(self, line: str) -> tuple[str, ...]:
        """Return the other parties of a line."""


@dataclass(frozen=True, slots=True)
class SealTo:
    """For whom a bundle is sealed: the party's newest public sealing key, and what the seal is bound to."""

    public: str
    line: str
    epoch: int
    from_: str
    to: str


@dataclass(frozen=True, slots=True)
class Seals:
    """Seals with what is public in the home's record; opens with what ``unsealer`` reaches (the signer has the keys).

    unsealer: gives a fresh Unsealer of this home, None: sealed bundles cannot be taken here.
    """

    home: Path
    unsealer: Callable[[], Unsealer] | None = None

    async def to(self, line: str, party: str) -> SealTo:
        """Return how to seal for a party. Raises HomeMistake, StoreFailure."""
        return await asyncio.to_thread(self._to, line, party)

    def _to(self, line: str, party: str) -> SealTo:
        with open_reading(self.home) as home:
            state = Book.open(home.member, home.record(line)).state
            public = state.rings[party].sealing[-1]
            return SealTo(public, line, state.opening.epoch, home.member, party)
