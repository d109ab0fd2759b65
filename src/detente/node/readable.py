"""The record as people and programs read it: one document an entry, and the order in which entries are told.

Times: every moment lies between two bounds, each with whose clock it is (there is no referee): *after* the
newest statement under the heads that the entry names, *before* the first cosignature over it. The author's own
clock stands beside them as given. Order: an entry comes after everything that it names; where nothing is named,
in the order in which this node received it.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from detente import words
from detente.line.checkpoint import Origin, cosigner_name
from detente.line.errors import Refused
from detente.line.moments import interval_of, rule
from detente.line.release import judge
from detente.line.standing import Standing, standing
from detente.line.statement import Commitment
from detente.node.book import ANSWERS, Book, Entry, Reply
from detente.node.neutral import neutrals_of
from detente.node.revocations import held_then
from detente.notices.line_types import NOTICE_MEDIA_TYPE

__all__ = ["clock_flags", "entry_document", "in_order", "moment", "readable"]

say = words.speaker("node")

_AHEAD_MS = 5 * 60_000
_BEHIND_MS = 30 * 86_400_000


def in_order(book: Book, start: dict[Origin, int] | None = None) -> Iterator[Entry]:
    """Yield all entries so that each comes after what it names; ties by the time of receipt here, then by log."""
    start = start or {}
    streams = {origin: book.entries(origin, start.get(origin, 0)) for origin in book.origins()}
    told = {origin: start.get(origin, 0) for origin in streams}
    waiting: dict[Origin, Entry] = {}
    queue: list[tuple[int, Origin]] = []

    def load(origin: Origin) -> None:
        entry = next(streams[origin], None)
        if entry is not None:
            waiting[origin] = entry
            heapq.heappush(queue, (book.record.received_ms(origin, entry.seq) or 0, origin))

    for origin in streams:
        load(origin)
    while queue:
        held_back = []
        chosen = None
        while queue:
            received, origin = heapq.heappop(queue)
            if chosen is None and _all_told(book, waiting[origin], told):
                chosen = origin
                break
            held_back.append((received, origin))
        if chosen is None:  # heads that nobody can have seen yet: their author lied, and is told in turn
            chosen = held_back.pop(0)[1]
        for one in held_back:
            heapq.heappush(queue, one)
        yield waiting.pop(chosen)
        told[chosen] += 1
        load(chosen)


def _all_told(book: Book, entry: Entry, told: dict[Origin, int]) -> bool:
    for head in entry.statement.heads:
        origin = Origin(entry.origin.line, entry.origin.epoch, head.member, head.generation)
        if told.get(origin, 0) < min(head.size, book.size(origin)):
            return False
    return True


def entry_document(book: Book, entry: Entry) -> dict[str, Any]:
    """Return one entry as ``log --json`` gives it.

    ``book.index`` must have run. Texts are as their author wrote them.
    """
    statement = entry.statement
    revealed = book.reveals.get((entry.origin, entry.seq))
    author = entry.origin.member
    document: dict[str, Any] = {
        "ref": book.name(entry.origin, entry.seq),
        "hash": entry.hash,
        "member": author,
        "epoch": entry.origin.epoch,
        "generation": entry.origin.generation,
        "seq": entry.seq,
        "type": statement.type,
        "understood": entry.understood,
        "neutrals": _neutrals(book, entry),
        "author_clock_ms": statement.clock_ms,
        "received_ms": book.record.received_ms(entry.origin, entry.seq),
        "after": _after(book, entry),
        "before": _before(book, entry),
        "answer_by_ms": statement.answer_by_ms,
        "in_reply_to": _target(book, entry),
        "body": _content(book, entry, statement.body),
        "attachments": [_content(book, entry, one) for one in statement.attachments],
        "revealed_by": book.name(*revealed.at) if revealed else None,
        "release": _release(book, entry),
        "states": {name: book.word(entry, name) for name in book.recipients(entry.origin)}
        if author == book.state.me
        else {},
        "replies": [
            {
                "member": one.member,
                "word": one.word,
                "ref": book.name(*one.at),
                "in_time": _in_time(book, entry, one),
            }
            for one in book.replies.get((entry.origin, entry.seq), ())
        ],
        "standing": _standing(book, entry),
        "neutral_words": held_then(book, entry),
        "flags": _flags(book, entry),
    }
    if not entry.understood:
        document["unknown_fields"] = entry.unknown
    return document


def _neutrals(book: Book, entry: Entry) -> list[str]:
    """Return who is neutral for the author by the opening under which it wrote this."""
    opening = book.state.openings.get(book.state.logs[entry.origin].opening)
    return list(neutrals_of(opening, entry.origin.member)) if opening is not None else []


def moment(clock_ms: int) -> str:
    """Return a clock's milliseconds as UTC text, to the second; a year beyond 9999 as the bare figure."""
    try:
        return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=clock_ms)).strftime(
            "%Y-%m-%d %H:%M:%SZ"
        )
    except OverflowError:
        return f"{clock_ms} ms"


def _after(book: Book, entry: Entry) -> dict[str, Any] | None:
    """Return the latest statement that the author had seen, by its own author's clock."""
    found: dict[str, Any] | None = None
    for head in entry.statement.heads:
        origin = Origin(entry.origin.line, entry.origin.epoch, head.member, head.generation)
        if not 0 < head.size <= book.size(origin) or book.state.root_at(origin, head.size).hex() != head.root:
            continue  # without the statements under it a named head proves nothing
        seen = book.entry(origin, head.size - 1)
        if found is None or seen.statement.clock_ms > found["clock_ms"]:
            found = {
                "clock_ms": seen.statement.clock_ms,
                "clock_of": origin.member,
                "ref": book.name(origin, seen.seq),
            }
    return found


def _before(book: Book, entry: Entry) -> dict[str, Any] | None:
    """Return the earliest cosignature over the entry, by its mirror's clock."""
    found: dict[str, Any] | None = None
    for member in book.state.rings:
        for role in ("log", "held"):
            name = cosigner_name(entry.origin.line, entry.origin.epoch, member, role)
            given = book.record.first_cosignature(entry.origin, entry.seq, name)
            if given is not None and (found is None or given[1].clock_s * 1000 < found["clock_ms"]):
                found = {"clock_ms": given[1].clock_s * 1000, "clock_of": member, "role": role}
    return found


def _in_time(book: Book, entry: Entry, reply: Reply) -> str | None:
    """Return met, late or undecidable for an answer to an entry that asked for one by a time; None for others."""
    deadline_ms = entry.statement.answer_by_ms
    opening = book.state.openings.get(book.state.logs[reply.at[0]].opening)
    if deadline_ms is None or reply.word not in ANSWERS or opening is None or reply.member == entry.origin.member:
        return None
    interval = interval_of(book.record, opening, *reply.at)
    between = {entry.origin.member, reply.member}
    neutrals = [seat.member for seat in opening.seats if between <= set(seat.neutral_for)]
    if interval is None:
        return None
    return rule(
        interval, deadline_ms, author=reply.member, addressee=entry.origin.member, neutrals=neutrals
    ).ruling.value


def _target(book: Book, entry: Entry) -> str | None:
    target = entry.statement.in_reply_to
    if target is None:
        return None
    return book.name(Origin(entry.origin.line, target.epoch, target.member, target.generation), target.seq)


def _content(book: Book, entry: Entry, one: Commitment) -> dict[str, Any]:
    """Return what is known of a body or attachment: shown, revealed, to be revealed later, or missing."""
    revealed = book.reveals.get((entry.origin, entry.seq))
    held = book.content(entry, one)
    if revealed is not None and one.hash in revealed.contents:
        state = "revealed"
    elif one.reveal == "later":
        state = "later"
    elif held is not None:
        state = "shown"
    else:
        state = "missing" if book.state.writes else "not for observers"
    document: dict[str, Any] = {"media_type": one.media_type, "size": one.size, "hash": one.hash, "state": state}
    if held is not None:
        document["content"] = readable(one.media_type, held[1])
    return document


def _release(book: Book, entry: Entry) -> dict[str, Any] | None:
    """Return what is known of the officers' release of an entry: by which keys, at which sites, for whom."""
    if entry.statement.release is None:
        return None
    document: dict[str, Any] = {"hash": entry.statement.release, "state": "missing", "for": [], "by": []}
    held = book.record.body(entry.statement.release)
    if held is None:
        return document | {"state": "missing" if book.state.writes else "not for observers"}
    try:
        release, touches = judge(held[0] + held[1], entry.statement)
    except Refused:
        return document | {"state": "does not hold"}
    holds = list(release.addressees) == sorted(book.recipients(entry.origin)) and all(
        one.present and one.verified for one in touches
    )
    return document | {
        "state": "holds" if holds else "does not hold",
        "for": list(release.addressees),
        "by": [{"key": one.key, "site": one.origin} for one in touches],
    }


def readable(media_type: str, content: bytes) -> Any:
    """Return text and JSON as such; None for bytes that are neither."""
    try:
        if media_type in {"application/json", NOTICE_MEDIA_TYPE}:
            return msgspec.json.decode(content)
        if media_type.startswith("text/"):
            return content.decode()
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None  # its author named it otherwise than it is: the bytes stay, and can be proven
    return None


def _standing(book: Book, entry: Entry) -> str:
    """Return "" for an entry that nobody set aside; "disputed" by its author's root keys, or "after close"."""
    found = standing(book.state, entry.origin, entry.seq)
    return {Standing.PLAIN: "", Standing.DISPUTED: "disputed", Standing.AFTER_CLOSE: "after close"}[found]


def _flags(book: Book, entry: Entry) -> list[str]:
    """Return what about the author's clock a reader should know."""
    before = book.entry(entry.origin, entry.seq - 1).statement.clock_ms if entry.seq else None
    return clock_flags(entry.statement.clock_ms, book.record.received_ms(entry.origin, entry.seq), before)


def clock_flags(clock_ms: int, received_ms: int | None, before_ms: int | None) -> list[str]:
    """Return what about an author's clock a reader should know: ahead, behind, back.

    received_ms: when the entry came here, own clock. before_ms: what the author's clock said in the entry before it.
    """
    flags = []
    if received_ms is not None and clock_ms - received_ms > _AHEAD_MS:
        flags.append("clock ahead")
    if received_ms is not None and received_ms - clock_ms > _BEHIND_MS:
        flags.append("old or clock behind")
    if before_ms is not None and before_ms > clock_ms:
        flags.append("clock stepped back")
    return flags
