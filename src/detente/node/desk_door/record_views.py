"""Views of single entries: rows of lists, one entry in full, the bytes of a body or attachment."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator
from typing import Any

from detente import words
from detente.line.errors import LineMistake
from detente.line.standing import Standing, standing
from detente.node.desk_door.line_index import Known, LineIndex, Place, SortKey
from detente.node.desk_door.reading import in_language
from detente.node.desk_door.record_questions import (
    ContentAsked,
    ContentDocument,
    EntriesAsked,
    EntriesDocument,
    EntryAsked,
    EntryDocument,
    EntryRow,
)
from detente.node.notice_entries import entry_types
from detente.node.readable import entry_document
from detente.node.standing import answers_owed
from detente.notices.codec import Checked, check_document
from detente.notices.errors import ExportRefused
from detente.notices.geojson import features_of
from detente.notices.kinds import line_type
from detente.notices.text import lines_of

__all__ = ["content_of", "entries_of", "entry_of", "geojson_of", "row_of", "texts_of"]

say = words.speaker("node")

_ROWS_MAX = 500
_RELATED_MAX = 100
_STANDINGS = {Standing.DISPUTED: "disputed", Standing.AFTER_CLOSE: "after close"}


def row_of(index: LineIndex, known: Known) -> EntryRow:
    """Return an entry as lists show it, with its states as they are now."""
    held = index.rows.get(known.place)
    if held is None:
        held = index.rows[known.place] = _row(index, known)
    return held


def _row(index: LineIndex, known: Known) -> EntryRow:
    book, statement = index.opened, known.statement
    origin, seq = known.place
    is_own = origin.member == book.state.me
    states = {name: book.word_at(known.place, name) for name in book.recipients(origin)} if is_own else {}
    changes = index.changes.get(known.place, [])
    flags = list(known.flags)
    judged = standing(book.state, origin, seq)
    flags += [_STANDINGS[judged]] if judged in _STANDINGS else []
    flags += ["body missing"] if seq in book.state.logs[origin].wanted else []
    return EntryRow(
        line=index.line,
        ref=index.name(known.place),
        member=origin.member,
        is_own=is_own,
        type=statement.type,
        kind=known.kind,
        title=known.title,
        precedence=known.precedence,
        activity=known.activity,
        clock_ms=statement.clock_ms,
        received_ms=known.received_ms,
        answer_by_ms=statement.answer_by_ms,
        in_reply_to=_target(index, known),
        states=states,
        replies=len(index.referring.get(known.place, ())) - len(changes),
        standing=changes[-1][1] if changes else "said",
        changed_by=tuple(index.name(place) for place, _ in changes),
        flags=tuple(flags),
    )


def _target(index: LineIndex, known: Known) -> str | None:
    target = known.statement.in_reply_to
    if target is None:
        return None
    origin = known.place[0]
    return index.name((type(origin)(origin.line, target.epoch, target.member, target.generation), target.seq))


# ---- lists ------------------------------------------------------------------------------------------------------


def entries_of(indexes: list[LineIndex], asked: EntriesAsked) -> EntriesDocument:
    """Return a page of entries of these lines. Raises LineMistake for a ``before`` that was never given."""
    limit = max(1, min(asked.limit, _ROWS_MAX))
    before = _decoded(asked.before) if asked.before else None
    wanted = asked.text.casefold().split()
    owing = {index.line: _owing(index) for index in indexes} if asked.has_open_answer else {}
    rows: list[EntryRow] = []
    last: tuple[SortKey, str] | None = None
    for key, index, known in _merged(indexes, before):
        if asked.from_ms is not None and known.at_ms < asked.from_ms:
            break
        if not _fits(index, known, asked, wanted) or (owing and known.place not in owing[index.line]):
            continue
        if asked.has_open_answer and not owing:
            continue
        if len(rows) == limit:
            assert last is not None  # there are rows
            return EntriesDocument(rows=tuple(rows), next=_encoded(last))
        rows.append(row_of(index, known))
        last = (key, index.line)
    return EntriesDocument(rows=tuple(rows))


def _merged(
    indexes: Iterable[LineIndex], before: tuple[SortKey, str] | None
) -> Iterator[tuple[SortKey, LineIndex, Known]]:
    """Yield the entries of several lines, newest first; two of one key stand by their lines."""

    def of(index: LineIndex) -> Iterator[tuple[SortKey, str, Known, LineIndex]]:
        start = None if before is None else before[0]
        if before is not None and index.line < before[1]:
            start = (
                *before[0][:4],
                before[0][4] + 1,
            )  # its entry of the same key comes after that of the other line
        for known in index.newest_first(start):
            yield known.key, index.line, known, index

    streams = [of(index) for index in indexes]
    for key, _, known, index in heapq.merge(*streams, key=lambda one: one[:2], reverse=True):
        yield key, index, known


def _fits(index: LineIndex, known: Known, asked: EntriesAsked, wanted: list[str]) -> bool:
    if known.is_control and not asked.with_control:
        return False
    if asked.member and known.place[0].member != asked.member:
        return False
    if asked.kind and asked.kind not in {known.kind, known.statement.type}:
        return False
    if asked.activity and known.activity != asked.activity:
        return False
    if asked.until_ms is not None and known.at_ms >= asked.until_ms:
        return False
    return not wanted or _says(index, known, wanted)


def _says(index: LineIndex, known: Known, wanted: list[str]) -> bool:
    """Tell whether title, text or reference hold every one of these words."""
    text = index.text_of(known)
    left = [one for one in wanted if one not in text]
    return not left or all(one in known.statement.type or one in index.name(known.place) for one in left)


def _owing(index: LineIndex) -> set[Place]:
    """Return the entries to which somebody owes an answer."""
    refs = {one["ref"] for one in answers_owed(index.opened, 0)}
    return {
        (entry.origin, entry.seq) for entry in index.opened.asked if index.name((entry.origin, entry.seq)) in refs
    }


def _encoded(last: tuple[SortKey, str]) -> str:
    (at_ms, epoch, member, generation, seq), line = last
    return f"{at_ms}~{epoch}~{member}~{generation}~{seq}~{line}"


def _decoded(text: str) -> tuple[SortKey, str]:
    try:
        at_ms, epoch, member, generation, seq, line = text.split("~")
        return (int(at_ms), int(epoch), member, int(generation), int(seq)), line
    except ValueError:
        raise LineMistake(
            expected=say("the place at which an earlier page ended"),
            came=text[:100],
            where="before",
            remedy=say("begin with the first page"),
        ) from None


# ---- one entry --------------------------------------------------------------------------------------------------


def entry_of(index: LineIndex, asked: EntryAsked) -> EntryDocument:
    """Return one entry in full; raises LineMistake for none."""
    known = index.find(asked.ref)
    entry = index.entry(known)
    document = entry_document(index.opened, entry)
    row = row_of(index, known)
    checked, faults, notice = None, [], None
    content = document["body"].get("content")
    if row.kind and isinstance(content, dict):
        checked, found = check_document(content)
        faults = [str(one) for one in found]
    if checked is not None:
        notice = content
        if entry.statement.type not in entry_types(checked.notice):
            faults.append(say("its type says otherwise than its content: {type}", type=line_type(checked.notice)))
        if checked.notice.author.id != row.member:
            faults.append(
                say(
                    "its author names itself {author}: the entry is of {member}",
                    author=checked.notice.author.id,
                    member=row.member,
                )
            )
    return EntryDocument(
        row=row,
        entry=document,
        notice=notice,
        faults=tuple(faults),
        warnings=() if checked is None else tuple(str(one) for one in checked.warnings),
        texts={} if checked is None else texts_of(checked, row.ref),
        geojson=None if checked is None else geojson_of(checked),
        related=tuple(row_of(index, one) for one in _related(index, known)),
    )


def _related(index: LineIndex, known: Known) -> list[Known]:
    """Return what an entry refers to, what refers to it, what changed it, and its activity; oldest first."""
    places: set[Place] = {*index.referring.get(known.place, ())}
    places |= {place for place, _ in index.changes.get(index.root_of(known.place), ())}
    places |= set(index.activities.get(known.activity, ())) if known.activity else set()
    places.add(index.root_of(known.place))
    target = known.statement.in_reply_to
    if target is not None:
        origin = known.place[0]
        places.add((type(origin)(origin.line, target.epoch, target.member, target.generation), target.seq))
    places.discard(known.place)
    found = sorted((index.known[place] for place in places if place in index.known), key=lambda one: one.key)
    return found[-_RELATED_MAX:]


def texts_of(checked: Checked, ref: str = "") -> dict[str, str]:
    """Return a notice as text in each language."""
    return {
        code: in_language(code, lambda: "\n".join(lines_of(checked, ref=ref)) + "\n") for code in words.LANGUAGES
    }


def geojson_of(checked: Checked) -> dict[str, Any] | None:
    """Return a notice's places for a map; None when it has none, or appears on no map."""
    try:
        found = features_of(checked)
    except ExportRefused:
        return None
    return found if found["features"] else None


def content_of(index: LineIndex, asked: ContentAsked) -> ContentDocument:
    """Return the bytes of a body or attachment; raises LineMistake for what is not there or not held here."""
    known = index.find(asked.ref)
    promised = (known.statement.body, *known.statement.attachments)
    if not 0 <= asked.index < len(promised):
        raise LineMistake(
            expected=say("0 for the body, or up to {count} for an attachment", count=len(promised) - 1),
            came=str(asked.index),
            where=asked.ref,
            remedy=say("see: detente line log"),
        )
    one = promised[asked.index]
    held = index.opened.content(index.entry(known), one)
    if held is None:
        raise LineMistake(
            expected=say("a content that is held here"),
            came=say("one that is not here, or not shown yet"),
            where=asked.ref,
            remedy=say("see: detente line log"),
        )
    return ContentDocument(media_type=one.media_type, octets=held[1])
