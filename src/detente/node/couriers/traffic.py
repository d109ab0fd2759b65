"""What is going on between this node and one party on one line, whichever couriers carry it."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field

from detente.node.couriers.carried_lines import CarriedLines, Seals
from detente.node.couriers.carrying import Outgoing, Taken, Taking, gather
from detente.node.couriers.states import CourierStates
from detente.notices.line_types import is_humanitarian_line

__all__ = ["Traffic"]

_YIELD_S = 0.1
_YIELD_S_MAX = 0.5


@dataclass(slots=True)
class Traffic:
    """One line and party. called: set when the party reached us; direct: our own calls reach it at present.

    inbound: the courier under which calls of the party are counted, "" for none.
    last: the newest bundle that was given. lacking: marks of statements that the party has not confirmed, by the newest
    look. by_folder_at_s: when a bundle of the party last came through a folder. taking: how many are taken in just now.
    """

    lines: CarriedLines
    seals: Seals
    line: str
    party: str
    states: CourierStates
    inbound: str = ""
    called: asyncio.Event = field(default_factory=asyncio.Event)
    direct: bool = False
    last: Outgoing | None = None
    taking: int = 0
    quiet: asyncio.Event = field(default_factory=asyncio.Event)
    comes: asyncio.Event = field(default_factory=asyncio.Event)
    answered_at_s: float = -1_000.0
    answered_every_s: float = 1_000.0
    lacking: frozenset[bytes] = frozenset()
    by_folder_at_s: float = -1_000.0
    _giving: asyncio.Lock = field(default_factory=asyncio.Lock)

    def __post_init__(self) -> None:
        self.quiet.set()

    @property
    def news(self) -> asyncio.Event:
        """Set when something durable may be lacking at the party."""
        return self.lines.news(self.line, self.party)

    async def give(self, size_max: int, *, sealed: bool, unless_told: bool = False) -> Outgoing | None:
        """Return the bundle for the party; None when this node cannot speak or, ``unless_told``, has nothing new.

        Takes the news: they are set again when something of it did not fit. One is gathered at a time: the line
        remembers where the last one ended.
        """
        must_seal = sealed or is_humanitarian_line(self.line)
        async with self._giving:
            self.news.clear()
            seals = self.seals if must_seal else None
            made = await gather(self.lines, self.line, self.party, size_max, seals=seals)
            if made is not None:
                self.lacking = made.said
            if made is None or (unless_told and made.says_nothing_after(self.last)):
                return None
            self.last = made
            if made.more:
                self.news.set()
            return made

    def lost(self) -> None:
        """Note that the last bundle may not have come through."""
        self.last = None
        self.news.set()

    def take(self) -> Taking:
        """Begin to take a bundle of the party; it must be on this line and by this party."""
        return Taking(self.lines, self.seals, self._may_speak)

    @property
    def yields_s(self) -> float:
        """How long the party's next call may still be waited for: its receipts for our last answer are on their way.

        When both can call, one of the two waits for the other, or each round would be made twice. While the party calls
        again and again, it is waited for as long as two of its rounds take: a round is slow where much is said.
        """
        if self.lines.member < self.party:
            return 0.0
        again = self.answered_every_s < _YIELD_S_MAX
        patience_s = min(_YIELD_S_MAX, max(_YIELD_S, 2 * self.answered_every_s)) if again else _YIELD_S
        return max(0.0, self.answered_at_s + patience_s - time.monotonic())

    def taking_begins(self) -> None:
        """Note that a bundle is coming in: what it brings will be answered, so a call of our own may wait."""
        self.taking += 1
        self.quiet.clear()
        self.comes.set()

    def taking_ends(self) -> None:
        """Note its end."""
        self.taking -= 1
        if not self.taking:
            self.quiet.set()
            self.comes.clear()

    def came(self, size: int, taken: Taken) -> None:
        """Note what a call of the party brought."""
        if self.inbound:
            place = (self.line, self.party, self.inbound)
            self.states.heard(*place, bytes_in=size)
            if sentence := taken.sentence():
                self.states.noted(*place, sentence)

    def went(self, size: int) -> None:
        """Note what the answer to a call of the party carried."""
        now_s = time.monotonic()
        self.answered_every_s, self.answered_at_s = now_s - self.answered_at_s, now_s
        if self.inbound:
            self.states.heard(self.line, self.party, self.inbound, bytes_out=size)

    def _may_speak(self, line: str, author: str) -> str | None:
        if (line, author) == (self.line, self.party):
            return None
        return f"{author} / {line}"
