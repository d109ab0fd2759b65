"""Signs the trail's head into the node's own record: no act stays unsigned for longer than about a day.

Whoever takes the machine can write its trail anew, but not what the other members hold of it.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable
from typing import Any, Protocol

from detente import words
from detente.errors import DetenteError
from detente.line import canonical
from detente.line.effects import Draft
from detente.line.statement import Reference
from detente.node.book import entry_name
from detente.node.desk_door.people_trail import Trail
from detente.node.host import Host
from detente.node.officers import TRAIL_TYPE
from detente.node.serving.log import Log
from detente.notices.line_types import is_humanitarian_line
from detente.store.errors import StoreFailure
from detente.store.trail import SignedHead

__all__ = ["TrailSigning", "trail_draft"]

say = words.speaker("node")

_DAY_MS = 86_400_000
_LOOK_S = 600.0


class _Lines(Protocol):
    """The running lines."""

    def line_ids(self) -> list[str]: ...
    def submit(self, line: str, drafts: tuple[Draft, ...]) -> Awaitable[list[Reference]]: ...
    def attempt(self, line: str, work: Callable[[Host], Any]) -> Awaitable[Any]: ...


class _HasTrail(Protocol):
    """Who keeps the trail; safe from every thread."""

    def with_trail(self, work: Callable[[Trail], Any]) -> Any: ...


class TrailSigning:
    """Says the trail's head on every line of a node that is not humanitarian. clock: milliseconds since 1970 UTC."""

    def __init__(self, lines: _Lines, people: _HasTrail, log: Log, clock: Callable[[], int]) -> None:
        self._lines = lines
        self._people = people
        self._log = log
        self._clock = clock

    async def run(self) -> None:
        """Sign whatever waits for a day, until cancelled."""
        while True:
            await self.sign(waited_ms=_DAY_MS)
            await asyncio.sleep(_LOOK_S)

    async def sign(self, *, waited_ms: int = 0) -> None:
        """Sign the head on each line whose newest one lacks acts, the oldest of them at least ``waited_ms`` old.

        A line that cannot speak now is left for the next time.
        """
        for line in self._lines.line_ids():
            if is_humanitarian_line(line):
                continue
            try:
                await self._sign(line, waited_ms)
            except DetenteError as failure:
                self._log.info("trail.unsigned", line=line, reason=str(failure))

    async def _sign(self, line: str, waited_ms: int) -> None:
        head = await asyncio.to_thread(self._people.with_trail, lambda trail: self._due(trail, line, waited_ms))
        if head is None:
            return
        (reference,) = await self._lines.submit(line, (trail_draft(line, *head),))
        ref = await self._lines.attempt(line, lambda host: _name(host, reference))
        signed = SignedHead(number=head[0], hash=head[1], line=line, ref=ref)
        await asyncio.to_thread(self._people.with_trail, lambda trail: trail.note_signed(signed))
        self._log.info("trail.signed", line=line, acts=str(head[0]), entry=ref)

    def _due(self, trail: Trail, line: str, waited_ms: int) -> tuple[int, str] | None:
        oldest_ms = trail.since(trail.signed_number(line))
        if oldest_ms is None or 0 <= self._clock() - oldest_ms < waited_ms:
            return None
        return trail.head()


def trail_draft(line: str, number: int, digest: str) -> Draft:
    """Return the statement of a head; the same head on the same line is the same submission."""
    body = {"acts": number, "format": 1, "hash": digest, "kind": "trail"}
    name = hashlib.sha256(f"{TRAIL_TYPE} {line} {number} {digest}".encode()).hexdigest()[:32]
    return Draft(TRAIL_TYPE, "application/json", canonical.encode(body), name)


def _name(host: Host, reference: Reference) -> str:
    place = (reference.epoch, reference.member, reference.generation)
    for origin in host.state.logs:
        if (origin.epoch, origin.member, origin.generation) == place:
            return entry_name(host.state, origin, reference.seq)
    raise StoreFailure(expected=say("a log of this line"), came=str(place), where=host.line_id)
