"""Which notices wait for somebody: read from the record as it grows, beside the writer, each entry once.

Three kinds wait: a notice that came in and that nobody here said to have read; an answer that this member owes; an
answer that another member owes. What settles one stands in the record: a reply in the own log, or theirs. Of a
notice nothing is kept here but where it stands, its precedence and its times.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Literal

import msgspec

from detente.line.checkpoint import Origin
from detente.line.statement import Statement
from detente.line.watching import ANSWERS, CONTROL_TYPES
from detente.node.book import REPLIES, read_entry
from detente.node.settings.structs import EscalationSettings
from detente.notices.line_types import NOTICE_MEDIA_TYPE
from detente.store.interface import Record

__all__ = ["PRECEDENCES", "Unanswered", "Waits"]

PRECEDENCES = ("flash", "immediate", "priority", "routine")
"""How urgent a notice is, the most urgent first."""
_AT_ONCE = 500
_OWN_WORDS = CONTROL_TYPES | {"reveal"}
Place = tuple[Origin, int]


class _Head(msgspec.Struct, frozen=True):
    """What of a notice's text is looked at; everything else in it is left alone."""

    precedence: Literal["flash", "immediate", "priority", "routine"] = "routine"


@dataclass(frozen=True, slots=True)
class Waits:
    """One thing that waits. name: "unread" or "answer-overdue"; by: who must do something about it; body: its hash.

    entry: where the notice stands, ref: the same in short; since_ms: from when on people are asked, own clock.
    """

    name: str
    line: str
    entry: str
    ref: str
    author: str
    by: str
    precedence: str
    since_ms: int
    body: str


@dataclass(slots=True)
class _Asks:
    """One entry that may still wait for somebody. due_ms: by when an answer is owed, own clock; None: no answer is."""

    author: str
    received_ms: int
    due_ms: int | None
    body: str
    precedence: str | None
    owing: set[str]
    unread: bool


@dataclass(slots=True)
class Unanswered:
    """What waits on one line. read is given the record anew each time; it reads only what is new in it."""

    line: str
    me: str
    _seen: dict[Origin, int] = field(default_factory=dict)
    _asks: dict[Place, _Asks] = field(default_factory=dict)

    def read(self, record: Record, others: frozenset[str], pause: Callable[[], None] = lambda: None) -> None:
        """Read what is new. Raises StoreFailure.

        others: the line's other members. pause: called between pieces, so that a long record starves nobody.
        """
        said: list[tuple[str, str, Place]] = []
        for origin in sorted(record.origins(), key=lambda one: (one.epoch, one.member, one.generation)):
            end = record.size(origin)
            for first in range(self._seen.get(origin, 0), end, _AT_ONCE):
                for seq, leaf in enumerate(record.entries(origin, first, min(_AT_ONCE, end - first)), first):
                    entry = read_entry(origin, seq, leaf)
                    self._take(record, others, origin, seq, entry.statement)
                    said += self._says(origin, entry.statement)
                pause()
            self._seen[origin] = end
        for member, kind, place in said:  # a reply may stand in a log that is read before the one that it answers
            self._settle(member, kind, place)
        for asks in self._asks.values():
            if asks.precedence is None:
                asks.precedence = _precedence(record, asks.body)

    def waiting(self, now_ms: int, limits: EscalationSettings) -> Iterator[Waits]:
        """Yield what waits longer than its precedence allows; a notice whose text is not here yet waits as routine."""
        for (origin, seq), asks in self._asks.items():
            precedence = asks.precedence or "routine"
            limit_ms: int = getattr(limits, f"{precedence}_s") * 1000
            entry, ref = f"{origin}/{seq}", f"{origin.member}/{seq}"
            read_by_ms = asks.received_ms + limit_ms
            if asks.unread and now_ms >= read_by_ms:
                yield Waits(
                    "unread", self.line, entry, ref, asks.author, self.me, precedence, read_by_ms, asks.body
                )
            if asks.due_ms is not None and now_ms >= asks.due_ms:
                for by in sorted(asks.owing):
                    yield Waits(
                        "answer-overdue",
                        self.line,
                        entry,
                        ref,
                        asks.author,
                        by,
                        precedence,
                        asks.due_ms,
                        asks.body,
                    )

    def _take(
        self, record: Record, others: frozenset[str], origin: Origin, seq: int, statement: Statement
    ) -> None:
        kind, mine = statement.type, origin.member == self.me
        if kind in _OWN_WORDS or kind.startswith("reply."):
            return
        owes = statement.answer_by_ms is not None
        if mine and not owes:
            return
        received_ms = record.received_ms(origin, seq) or 0
        due_ms = statement.answer_by_ms
        if (
            due_ms is not None and not mine
        ):  # a period from its receipt here, never the reading of another's clock
            due_ms = received_ms + max(0, due_ms - statement.clock_ms)
        owing = set(others) if mine else {self.me}
        self._asks[origin, seq] = _Asks(
            origin.member,
            received_ms,
            due_ms,
            statement.body.hash,
            None if statement.body.media_type == NOTICE_MEDIA_TYPE else "routine",
            owing if owes else set(),
            unread=not mine,
        )

    def _says(self, origin: Origin, statement: Statement) -> Iterator[tuple[str, str, Place]]:
        """Yield who says which word about which entry."""
        target, kind = statement.in_reply_to, statement.type
        is_word = kind.removeprefix("reply.") in REPLIES if kind.startswith("reply.") else kind == "notice.reply"
        if target is not None and is_word:
            place = Origin(origin.line, target.epoch, target.member, target.generation), target.seq
            yield origin.member, kind, place

    def _settle(self, member: str, kind: str, place: Place) -> None:
        asks = self._asks.get(place)
        if asks is None:
            return
        if member == self.me:
            asks.unread = False
        if kind in ANSWERS:
            asks.owing.discard(member)
        if not asks.unread and not asks.owing:
            del self._asks[place]


def _precedence(record: Record, digest: str) -> str | None:
    """Return the precedence that a notice's text gives; None while its text is not here; routine when it gives none."""
    held = record.body(digest)
    if held is None:
        return None
    try:
        return msgspec.json.decode(held[1], type=_Head).precedence
    except (msgspec.DecodeError, RecursionError):  # ValidationError is one: another's text may say anything
        return "routine"
