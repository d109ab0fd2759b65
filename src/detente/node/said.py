"""The notices of a line's record as the rooms that judge them know them: said between which clocks, come how far.

What is no notice, or cannot be read, stays in the record and is named here: it is judged by nobody.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from typing import Literal, cast

import msgspec

from detente.line.checkpoint import cosigner_name
from detente.line.moments import Bound, interval_of
from detente.node.book import ANSWERS, Book, Entry
from detente.node.readable import in_order
from detente.notices.codec import decode
from detente.notices.errors import NoticeRefused
from detente.notices.filed import Delivery, Filed, Told
from detente.notices.line_types import NOTICE_MEDIA_TYPE
from detente.rules.transparency_document import Availability

__all__ = ["Said", "availability_of", "said"]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_HOUR_MS = 3_600_000.0


@dataclass(frozen=True, slots=True)
class Said:
    """The notices of a record in its order, and the entries that were meant as one and cannot be read."""

    notices: tuple[Filed, ...]
    unreadable: tuple[str, ...]


def said(book: Book) -> Said:
    """Return every notice of a line's record; ``book.index`` must have run."""
    found: list[Filed] = []
    unreadable: list[str] = []
    for entry in in_order(book):
        body = entry.statement.body
        if body.media_type != NOTICE_MEDIA_TYPE:
            continue
        name = book.name(entry.origin, entry.seq)
        held = book.content(entry, body)
        if held is None:
            unreadable.append(name)
            continue
        try:
            notice = decode(held[1]).notice
        except NoticeRefused:
            unreadable.append(name)
            continue
        found.append(
            Filed(
                notice=notice,
                ref=name,
                told=_told(book, entry),
                deliveries=_deliveries(book, entry),
                from_line=True,
            )
        )
    return Said(tuple(found), tuple(unreadable))


def _told(book: Book, entry: Entry) -> Told:
    """Return when an entry was said: after its author's own clock, before the first confirmation by anybody else."""
    author = entry.origin.member
    clock = _moment(entry.statement.clock_ms)
    opening = book.state.openings.get(book.state.logs[entry.origin].opening)
    interval = interval_of(book.record, opening, entry.origin, entry.seq) if opening is not None else None
    after = Bound(entry.statement.clock_ms, author, "statement")
    before = min((one for one in interval.before if one.owner != author), default=None) if interval else None
    return Told(
        not_before=_moment(after.at_ms),
        not_before_clock=after.owner,
        # the second that a confirmation names had up to 999 ms to run: the bound is its end
        not_after=None if before is None else _moment(before.at_ms + 999),
        not_after_clock="" if before is None else before.owner,
        author_clock=clock,
    )


def _deliveries(book: Book, entry: Entry) -> tuple[Delivery, ...]:
    """Return how far an entry came with each recipient, by the clock of that recipient."""
    found: list[Delivery] = []
    for party in book.recipients(entry.origin):
        name = cosigner_name(entry.origin.line, entry.origin.epoch, party, "held")
        given = book.record.first_cosignature(entry.origin, entry.seq, name)
        if given is not None:
            found.append(
                Delivery(party=party, state="delivered", at=_moment(given[1].clock_s * 1000), clock=party)
            )
    for reply in book.replies.get((entry.origin, entry.seq), ()):
        word = "answered" if reply.word in ANSWERS else "read"
        at = _moment(book.entry(*reply.at).statement.clock_ms)
        state = cast("Literal['read', 'answered']", word)
        found.append(Delivery(party=reply.member, state=state, at=at, clock=reply.member))
    return tuple(found)


def _moment(clock_ms: int) -> datetime:
    """Return a clock's milliseconds as UTC; beyond the calendar the last moment that it has."""
    try:
        return datetime.fromtimestamp(clock_ms / 1000, tz=UTC)
    except (OverflowError, ValueError, OSError):
        return datetime.max.replace(tzinfo=UTC)


def availability_of(book: Book, line: str, now_ms: int) -> tuple[Availability, ...]:
    """Return how long each direction of a line was in which state, by this node's own history of it."""
    changes: dict[str, list[tuple[int, str]]] = {}
    for one in book.record.history():
        if one.what == "direction":
            state = str(msgspec.json.decode(one.detail)["state"])
            changes.setdefault(one.member, []).append((one.at_ms, state))
    found = []
    for party, rows in sorted(changes.items()):
        rows.sort()
        hours: dict[str, float] = {}
        for (since, state), (until, _) in pairwise([*rows, (now_ms, "")]):
            hours[state] = hours.get(state, 0.0) + max(until - since, 0) / _HOUR_MS
        found.append(Availability(line=line, party=party, hours=hours, total_h=sum(hours.values())))
    return tuple(found)
