"""The notices of a line's record, as those who judge them read them: what was said, when by whose clock, how far.

A notice counts when its entry's type is a notice's, its body is held and decodes, and its author speaks for itself;
what does not is named with its reason, never dropped in silence.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Literal

from detente import words
from detente.line.checkpoint import cosigner_name
from detente.line.moments import interval_of
from detente.line.opening import Opening
from detente.node.book import ANSWERS, Book, Entry
from detente.node.readable import in_order
from detente.notices.codec import decode
from detente.notices.errors import NoticeRefused
from detente.notices.filed import Delivery, Filed, Told
from detente.notices.line_types import LINE_TYPES, NOTICE_MEDIA_TYPE

__all__ = ["deliveries_of", "filed_of", "is_notice", "told_of"]

say = words.speaker("node")


def filed_of(book: Book) -> tuple[list[Filed], list[tuple[str, str]]]:
    """Return the notices of a line in the record's order, and (entry, reason) of those that cannot be read.

    ``book.index`` must have run.
    """
    found: list[Filed] = []
    unread: list[tuple[str, str]] = []
    for entry in in_order(book):
        if not is_notice(entry):
            continue
        ref = book.name(entry.origin, entry.seq)
        held = book.content(entry, entry.statement.body)
        if held is None:
            unread.append((ref, say("its content is not held here")))
            continue
        try:
            checked = decode(held[1])
        except NoticeRefused as refusal:
            unread.append((ref, str(refusal)))
            continue
        if checked.notice.author.id != entry.origin.member:
            unread.append((ref, say("its author names itself {author}", author=checked.notice.author.id)))
            continue
        filed = Filed(
            notice=checked.notice,
            ref=ref,
            told=told_of(book, entry, checked.notice.addressees),
            deliveries=deliveries_of(book, entry),
            from_line=True,
        )
        found.append(filed)
    return found, unread


def is_notice(entry: Entry) -> bool:
    """Tell whether an entry carries a notice by its type; a word of the line may carry its reply as one."""
    statement = entry.statement
    is_reply = statement.type.startswith("reply.") and statement.body.media_type == NOTICE_MEDIA_TYPE
    return is_reply or statement.type in LINE_TYPES


def told_of(book: Book, entry: Entry, addressees: tuple[str, ...]) -> Told:
    """Return when it was said: not before by its author's or a neutral's clock, not after by another's.

    A bound is kept only where it can decide something: nobody's own word helps it, and a bystander's clock stands only
    where neither an addressee nor a neutral has cosigned.
    """
    author = entry.origin.member
    clock = _time(entry.statement.clock_ms)
    opening = book.state.openings.get(book.state.logs[entry.origin].opening)
    interval = None if opening is None else interval_of(book.record, opening, entry.origin, entry.seq)
    if interval is None or opening is None:
        return Told(author_clock=clock)
    neutrals = _neutrals(opening, author, addressees)
    after = [one for one in interval.after if one.owner == author or one.owner in neutrals]
    before = [one for one in interval.before if one.owner != author]
    deciding = [one for one in before if not addressees or one.owner in {*addressees, *neutrals}]
    before = deciding or before
    return Told(
        not_before=_time(max(after).at_ms) if after else None,
        not_before_clock=max(after).owner if after else "",
        not_after=_time(min(before).at_ms) if before else None,
        not_after_clock=min(before).owner if before else "",
        author_clock=clock,
        neutrals=neutrals,
    )


def _neutrals(opening: Opening, author: str, addressees: tuple[str, ...]) -> tuple[str, ...]:
    """Return who is neutral between an author and all whom it addresses, as the line's opening names them."""
    named = [seat for seat in opening.seats if seat.neutral_for]
    others = {seat.member for seat in opening.seats if seat.role == "member"} - {one.member for one in named}
    between = {author, *(addressees or others)}
    return tuple(seat.member for seat in named if between <= {*seat.neutral_for})


def deliveries_of(book: Book, entry: Entry) -> tuple[Delivery, ...]:
    """Return each state that the entry reached with each recipient, with that recipient's own clock."""
    found: list[Delivery] = []
    for party in book.recipients(entry.origin):
        name = cosigner_name(entry.origin.line, entry.origin.epoch, party, "held")
        first = book.record.first_cosignature(entry.origin, entry.seq, name)
        if first is None:
            found.append(Delivery(party=party, state="held"))
        else:
            at = _time(first[1].clock_s * 1000 + 999)  # the second that it names had that long to run
            found.append(Delivery(party=party, state="delivered", at=at, clock=party))
        for reply in book.replies.get((entry.origin, entry.seq), ()):
            if reply.member == party:
                at = _time(book.entry(*reply.at).statement.clock_ms)
                state: Literal["read", "answered"] = "answered" if reply.word in ANSWERS else "read"
                found.append(Delivery(party=party, state=state, at=at, clock=party))
    return tuple(found)


def _time(clock_ms: int) -> datetime:
    """Return a clock's milliseconds as aware UTC; one beyond the year 9999 as the last moment there is."""
    try:
        return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=clock_ms)
    except OverflowError:
        return datetime.max.replace(tzinfo=UTC)
