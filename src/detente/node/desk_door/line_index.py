"""The record of one line, read once and kept ready for lists: it only grows, so each entry is read when it comes.

Nothing here is decided: titles, kinds and texts are what the bodies say, states are what the record holds.
"""

from __future__ import annotations

import bisect
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from detente import words
from detente.line.checkpoint import Origin
from detente.line.load import load
from detente.line.state import Settings
from detente.line.statement import Statement
from detente.node.book import Book, Entry
from detente.node.desk_door.record_questions import EntryRow
from detente.node.officers import UNRELEASED
from detente.node.readable import clock_flags, readable
from detente.notices.codec import Checked, check_document
from detente.notices.line_types import LINE_TYPES, NOTICE_MEDIA_TYPE
from detente.store.interface import Record

__all__ = ["TITLE_MAX", "Known", "LineIndex", "Place", "SortKey"]

say = words.speaker("node")

Place = tuple[Origin, int]
SortKey = tuple[int, int, str, int, int]
"""When it came here, then epoch, member, generation, index: the order of lists."""
_TEXT_MAX = 4_096
"""So much of each entry's text is kept for searching; longer ones are read again when somebody searches."""
TITLE_MAX = 200
"""Characters of a title in lists."""
_CHANGES = {"notice.correction": "corrected", "notice.cancellation": "cancelled"}
_AT_ONCE = 200
_PRECEDENCES = ("flash", "immediate", "priority", "routine")


@dataclass(slots=True)
class Known:
    """One entry, read once. at_ms: when it came here, own clock. text: for searching, None when it is too long.

    kind: what its type says, so that a list costs no check. is_control: nobody said it, the node did.
    """

    place: Place
    hash: str
    statement: Statement
    at_ms: int
    received_ms: int | None
    flags: tuple[str, ...]
    is_control: bool
    kind: str = ""
    title: str = ""
    precedence: str = "routine"
    activity: str = ""
    text: str | None = ""

    @property
    def key(self) -> SortKey:
        """Its place in lists."""
        origin, seq = self.place
        return self.at_ms, origin.epoch, origin.member, origin.generation, seq


@dataclass(slots=True)
class LineIndex:
    """Everything known of one line; asked and refreshed by one thread at a time.

    order: the keys of lists, oldest first. referring: entry -> entries that refer to it. changes: first notice -> its
    corrections and cancellations, oldest first.
    """

    line: str
    member: str
    limits: Settings
    book: Book | None = None
    known: dict[Place, Known] = field(default_factory=dict)
    order: list[tuple[SortKey, Place]] = field(default_factory=list)
    referring: dict[Place, list[Place]] = field(default_factory=lambda: defaultdict(list))
    changes: dict[Place, list[tuple[Place, str]]] = field(default_factory=lambda: defaultdict(list))
    activities: dict[str, list[Place]] = field(default_factory=lambda: defaultdict(list))
    revision: int = 0
    rows: dict[Place, EntryRow] = field(default_factory=dict)
    """Rows of lists made since the last refresh: many ask for the same page."""
    _checked: dict[Place, Checked | None] = field(default_factory=dict)
    _names: dict[Origin, str] = field(default_factory=dict)
    _roots: dict[Place, Place] = field(default_factory=dict)
    _seen: dict[Origin, int] = field(default_factory=dict)
    _unlinked: list[Entry] = field(default_factory=list)
    _bodiless: dict[Place, Known] = field(default_factory=dict)

    # ---- reading --------------------------------------------------------------------------------------------

    def refresh(self, record: Record, pause: Callable[[], None] = lambda: None) -> None:
        """Read what is new. record: open for reading. pause: called between pieces. Raises StoreFailure."""
        if self.book is None:
            self.book = Book.open(self.member, record, self.limits)
        else:
            self.book.record = record
            self.book.state = load(self.member, record, self.limits)
        book = self.book
        unlinked, self._unlinked = self._unlinked, []
        for entry in unlinked:
            self._link(entry, again=True)
        for origin in book.origins():
            for number, entry in enumerate(book.entries(origin, self._seen.get(origin, 0)), 1):
                self._take(book, entry)
                self._seen[origin] = entry.seq + 1
                if number % _AT_ONCE == 0:
                    pause()
        self._find_bodies(book)
        self._names = {origin: book.name(origin, 0).removesuffix("0") for origin in book.state.logs}
        self.rows.clear()
        self.revision += 1

    def _take(self, book: Book, entry: Entry) -> None:
        origin, statement = entry.origin, entry.statement
        received_ms = book.record.received_ms(origin, entry.seq)
        before = self.known.get((origin, entry.seq - 1))
        known = Known(
            place=(origin, entry.seq),
            hash=entry.hash,
            statement=statement,
            at_ms=statement.clock_ms if received_ms is None else received_ms,
            received_ms=received_ms,
            flags=tuple(
                clock_flags(
                    statement.clock_ms, received_ms, None if before is None else before.statement.clock_ms
                )
            ),
            is_control=statement.type in UNRELEASED,
        )
        self.known[known.place] = known
        bisect.insort(self.order, (known.key, known.place))
        self._read(book, entry, known)
        self._link(entry)

    def _read(self, book: Book, entry: Entry, known: Known) -> None:
        """Take from the body what lists show and search."""
        statement = entry.statement
        held = None if known.is_control else book.content(entry, statement.body)
        if statement.type in LINE_TYPES:
            known.kind = statement.type.removeprefix("notice.").replace("-", "_")
        if held is None:
            log = book.state.logs[entry.origin]
            if entry.seq in log.wanted:
                self._bodiless[known.place] = known
            return
        document = readable(statement.body.media_type, held[1])
        if statement.body.media_type == NOTICE_MEDIA_TYPE and isinstance(document, dict):
            self._read_notice(known, document)
        elif isinstance(document, str):
            known.title = document.strip().partition("\n")[0][:TITLE_MAX]
        text = "\n".join(_leaves(document)).casefold()
        known.text = text if len(text) <= _TEXT_MAX else None

    def _read_notice(self, known: Known, document: dict[str, Any]) -> None:
        title, activity = document.get("title"), document.get("activity")
        known.kind = known.kind or ("reply" if known.statement.type.startswith("reply.") else "")
        known.title = title[:TITLE_MAX] if isinstance(title, str) else ""
        known.precedence = next((one for one in _PRECEDENCES if one == document.get("precedence")), "routine")
        if isinstance(activity, str) and activity:
            known.activity = activity[:TITLE_MAX]
            self.activities[known.activity].append(known.place)

    def _link(self, entry: Entry, *, again: bool = False) -> None:
        """Note what an entry says about another, once that one is held here, too. again: it was tried before."""
        book = self.opened
        target = entry.statement.in_reply_to
        is_linked = book.note(entry)
        if again and entry.statement.answer_by_ms is not None:
            book.asked.pop()  # it stands there since the first time
        if not is_linked:
            self._unlinked.append(entry)
            return
        if target is None:
            return
        origin, place = entry.origin, (entry.origin, entry.seq)
        at = (Origin(origin.line, target.epoch, target.member, target.generation), target.seq)
        self.referring[at].append(place)
        change = _CHANGES.get(entry.statement.type)
        if change is not None and target.member == origin.member:
            root = self._roots.get(at, at)
            self._roots[place] = root
            self.changes[root].append((place, change))
        if entry.statement.type == "reveal" and at in self.known and at in book.reveals:
            self._read(book, book.entry(*at), self.known[at])

    def _find_bodies(self, book: Book) -> None:
        """Read the bodies that came after their entries."""
        for place, known in list(self._bodiless.items()):
            origin, seq = place
            if seq not in book.state.logs[origin].wanted:
                del self._bodiless[place]
                self._read(book, book.entry(origin, seq), known)

    # ---- asking ---------------------------------------------------------------------------------------------

    @property
    def opened(self) -> Book:
        """The book; it was read before."""
        assert self.book is not None  # ``refresh`` ran
        return self.book

    def name(self, place: Place) -> str:
        """Return what an entry is called: ``Book.name``."""
        origin, seq = place
        prefix = self._names.get(origin)
        return self.opened.name(origin, seq) if prefix is None else f"{prefix}{seq}"

    def newest_first(self, before: SortKey | None = None) -> Iterator[Known]:
        """Yield entries from the newest on, or from below a key."""
        end = (
            len(self.order) if before is None else bisect.bisect_left(self.order, before, key=lambda one: one[0])
        )
        for index in range(end - 1, -1, -1):
            yield self.known[self.order[index][1]]

    def between(self, from_ms: int, until_ms: int) -> Iterator[Known]:
        """Yield entries that came here from one moment up to, not with, another, oldest first."""
        start = bisect.bisect_left(self.order, from_ms, key=lambda one: one[0][0])
        for index in range(start, len(self.order)):
            known = self.known[self.order[index][1]]
            if known.at_ms >= until_ms:
                return
            yield known

    def checked(self, known: Known) -> Checked | None:
        """Return an entry's notice, None when it holds none that this version understands. Raises StoreFailure."""
        if known.place not in self._checked:
            held = self.opened.content(self.entry(known), known.statement.body) if known.kind else None
            if held is None:
                return None  # it may come yet
            document = readable(NOTICE_MEDIA_TYPE, held[1])
            self._checked[known.place] = check_document(document)[0]
        return self._checked[known.place]

    def text_of(self, known: Known) -> str:
        """Return what is searched of an entry, read again where it is too long to be kept. Raises StoreFailure."""
        if known.text is not None:
            return known.text
        body = known.statement.body
        held = self.opened.content(self.entry(known), body)
        document = None if held is None else readable(body.media_type, held[1])
        return "\n".join(_leaves(document)).casefold()

    def entry(self, known: Known) -> Entry:
        """Return the entry as the book has it. Raises StoreFailure."""
        return self.opened.entry(*known.place)

    def find(self, ref: str) -> Known:
        """Return the entry that a reference names; raises LineMistake for none."""
        if not any(letter in ref for letter in "/:.") and len(ref) >= 6:
            named = [one for one in self.known.values() if one.hash.startswith(ref)]
            if len(named) == 1:
                return named[0]
        entry = self.opened.resolve(ref)
        return self.known[entry.origin, entry.seq]

    def root_of(self, place: Place) -> Place:
        """Return the first notice that a correction or cancellation changes; the place itself for another entry."""
        return self._roots.get(place, place)


def _leaves(document: Any) -> Iterator[str]:
    """Yield every text within a plain value."""
    waiting = [document]
    while waiting:
        value = waiting.pop()
        if isinstance(value, str):
            yield value
        elif isinstance(value, dict):
            waiting.extend(reversed(list(value.values())))
        elif isinstance(value, list):
            waiting.extend(reversed(value))
