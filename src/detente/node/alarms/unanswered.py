"""Which notices wait for somebody: read from the record as it grows, beside the writer, each entry once.

Three kinds wait: a notice that came in and that nobody here said to have read; an answer that this member owes; an
answer that another member owes. What settles one stands in the record: a reply in the own log, or theirs. Of a
notice nothing is kept here but where it stands, its precedence and its times.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

import msgspec

from detente.line.checkpoint import Origin
from detente.line.envelope import payload_of
from detente.line.statement import Reference
from detente.line.watching import ANSWERS, CONTROL_TYPES
from detente.node.book import REPLIES
from detente.node.officers import TRAIL_TYPE
from detente.node.settings.structs import EscalationSettings
from detente.notices.line_types import NOTICE_MEDIA_TYPE
from detente.store.interface import Record

__all__ = ["ASKS_MAX", "PRECEDENCES", "Unanswered", "Waits"]

PRECEDENCES = ("flash", "immediate", "priority", "routine")
"""How urgent a notice is, the most urgent first."""
ASKS_MAX = 1_000
"""How many of each precedence are watched at once, the oldest; the others follow when half of these are settled."""
_AT_ONCE = 500
_OWN_WORDS = CONTROL_TYPES | {"reveal", TRAIL_TYPE}
Place = tuple[Origin, int]
_Group = tuple[str | None, bool]
"""Precedence, None while it is not known, and whether an answer is owed: a flood of one hides none of another."""


class _Head(msgspec.Struct, frozen=True):
    """What of a notice's text is looked at; everything else in it is left alone."""

    precedence: Literal["flash", "immediate", "priority", "routine"] = "routine"


class _Body(msgspec.Struct, frozen=True):
    hash: str
    media_type: str


class _Said(msgspec.Struct, frozen=True):
    """The few fields of a stored statement that say who waits for whom; it was checked when it was taken in."""

    answer_by_ms: int | None
    body: _Body
    clock_ms: int
    in_reply_to: Reference | None
    type: str


_said = msgspec.json.Decoder(_Said)


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
    owing: frozenset[str]
    unread: bool

    @property
    def group(self) -> _Group:
        """What it shares its room with."""
        return self.precedence, self.due_ms is not None


@dataclass(slots=True)
class Unanswered:
    """What waits on one line. read is given the record anew each time; it reads only what is new in it."""

    line: str
    me: str
    _seen: dict[Origin, int] = field(default_factory=dict)
    _asks: dict[Place, _Asks] = field(default_factory=dict)
    _put_off: set[_Group] = field(default_factory=set)

    def read(self, record: Record, others: frozenset[str], pause: Callable[[], None] = lambda: None) -> None:
        """Read what is new. Raises StoreFailure.

        others: the line's other members. pause: called between pieces, so that a long record starves nobody.
        """
        self._begin_anew_where_there_is_room()
        ends = {origin: record.size(origin) for origin in record.origins()}
        said: dict[Place, list[tuple[str, str]]] = {}  # first: what is settled takes nobody's room
        for origin, _, statement in self._new(record, ends, pause):
            for member, kind, place in self._says(origin, statement):
                said.setdefault(place, []).append((member, kind))
        for place, all_said in said.items():
            self._settle(place, all_said)
        for number, (origin, seq, statement) in enumerate(self._new(record, ends, pause), 1):
            self._take(record, others, origin, seq, statement)
            self._settle((origin, seq), said.get((origin, seq), ()))
            if number % _AT_ONCE == 0:
                self._bound(record)
        self._seen = ends
        self._bound(record)

    def _new(
        self, record: Record, ends: Mapping[Origin, int], pause: Callable[[], None]
    ) -> Iterator[tuple[Origin, int, _Said]]:
        """Yield the entries that were not read yet, log by log."""
        for origin in sorted(ends, key=lambda one: (one.epoch, one.member, one.generation)):
            end = ends[origin]
            for first in range(self._seen.get(origin, 0), end, _AT_ONCE):
                for seq, leaf in enumerate(record.entries(origin, first, min(_AT_ONCE, end - first)), first):
                    yield origin, seq, _said.decode(payload_of(leaf))
                pause()

    def _bound(self, record: Record) -> None:
        """Learn what precedence a notice has where its text is here by now, and put off what is too much."""
        groups: dict[_Group, list[Place]] = {}
        for place, asks in self._asks.items():
            if asks.precedence is None:
                asks.precedence = _precedence(record, asks.body)
            groups.setdefault(asks.group, []).append(place)
        for group, places in groups.items():
            if len(places) > ASKS_MAX:
                self._put_off.add(group)
                places.sort(key=lambda place: self._asks[place].received_ms)
                for place in places[ASKS_MAX:]:
                    del self._asks[place]

    def _begin_anew_where_there_is_room(self) -> None:
        """Read the record from its beginning when half of what was watched in place of others is settled."""
        held = Counter(asks.group for asks in self._asks.values())
        if any(held[group] <= ASKS_MAX // 2 for group in self._put_off):
            self._seen, self._asks, self._put_off = {}, {}, set()

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

    def _take(self, record: Record, others: frozenset[str], origin: Origin, seq: int, statement: _Said) -> None:
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
        owing = others if mine else frozenset({self.me})
        self._asks[origin, seq] = _Asks(
            origin.member,
            received_ms,
            due_ms,
            statement.body.hash,
            None if statement.body.media_type == NOTICE_MEDIA_TYPE else "routine",
            owing if owes else frozenset(),
            unread=not mine,
        )

    def _says(self, origin: Origin, statement: _Said) -> Iterator[tuple[str, str, Place]]:
        """Yield who says which word about which entry."""
        target, kind = statement.in_reply_to, statement.type
        is_word = kind.removeprefix("reply.") in REPLIES if kind.startswith("reply.") else kind == "notice.reply"
        if target is not None and is_word:
            place = Origin(origin.line, target.epoch, target.member, target.generation), target.seq
            yield origin.member, kind, place

    def _settle(self, place: Place, said: Iterable[tuple[str, str]]) -> None:
        asks = self._asks.get(place)
        if asks is None:
            return
        for member, kind in said:
            asks.unread = asks.unread and member != self.me
            if kind in ANSWERS:
                asks.owing -= {member}
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
