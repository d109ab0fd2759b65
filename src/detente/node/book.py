"""The book of one line: its whole record, read entry by entry, beside a running writer and without any key.

Everything here is looked up in what is durable; nothing is decided. Entries are named so that a person can say
them:

    west/12          member and index, when no other log of that member has this index
    2:west.1/12      epoch, member, generation, index
    3f9a02c1...      a beginning of the leaf hash, at least six hexadecimal digits
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import msgspec

from detente import words
from detente.line.checkpoint import Origin
from detente.line.effects import Role
from detente.line.envelope import Envelope, PayloadType
from detente.line.errors import LineMistake
from detente.line.load import load
from detente.line.merkle import leaf_hash
from detente.line.state import Settings, State
from detente.line.statement import Commitment, Reference, Statement, commit
from detente.line.watching import CONTROL_TYPES
from detente.node.officers import TRAIL_TYPE
from detente.notices.line_types import LINE_TYPES
from detente.store.interface import Record

__all__ = ["ANSWERS", "KNOWN_TYPES", "REPLIES", "Book", "Entry", "Reply", "Reveal", "entry_name"]

say = words.speaker("node")

REPLIES = ("read", "understood", "accepted", "refused", "question", "answer")
ANSWERS = frozenset({"accepted", "refused", "question", "answer"})
KNOWN_TYPES = (
    CONTROL_TYPES
    | LINE_TYPES
    | {
        "contact",
        "danger-area",
        "exercise",
        "incident",
        "launch",
        "message",
        TRAIL_TYPE,
        "movement",
        "notice",
        "readout",
        "reveal",
        *(f"reply.{word}" for word in REPLIES),
    }
)
"""Types that this version can explain; any other is shown as not understood, with its text."""

_REFERENCE = re.compile(r"(?:([1-9]\d{0,8}):)?([a-z][a-z0-9-]{0,30})(?:\.(\d{1,9}))?/(\d{1,16})", re.ASCII)
_HASH = re.compile(r"[0-9a-f]{6,64}", re.ASCII)
_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry as it stands: the statement, the fields that this version does not know, its leaf hash."""

    origin: Origin
    seq: int
    leaf: bytes
    hash: str
    statement: Statement
    unknown: dict[str, Any]

    @property
    def understood(self) -> bool:
        """Whether this version can explain it."""
        return not self.statement.not_understood(self.unknown, KNOWN_TYPES)

    @property
    def reference(self) -> Reference:
        """The reference that a reply carries."""
        return Reference(self.origin.epoch, self.origin.generation, self.hash, self.origin.member, self.seq)


@dataclass(frozen=True, slots=True)
class Reply:
    """A member's word about an entry, and where it stands."""

    member: str
    word: str
    at: tuple[Origin, int]


@dataclass(frozen=True, slots=True)
class Reveal:
    """A later statement that shows what an entry promised: commitment -> (salt, content), as far as it holds."""

    at: tuple[Origin, int]
    contents: dict[str, tuple[bytes, bytes]]


@dataclass(slots=True)
class Book:
    """A line's record for reading. ``index`` must run once before replies, reveals, entries asked are looked at."""

    record: Record
    state: State
    replies: dict[tuple[Origin, int], list[Reply]] = field(default_factory=lambda: defaultdict(list))
    reveals: dict[tuple[Origin, int], Reveal] = field(default_factory=dict)
    asked: list[Entry] = field(default_factory=list)

    @classmethod
    def open(cls, member: str, record: Record, limits: Settings | None = None) -> Book:
        """Open the book of a line that this home joined; raises LineMistake when it did not."""
        return cls(record, load(member, record, limits or Settings()))

    # ---- entries --------------------------------------------------------------------------------------------

    def origins(self) -> list[Origin]:
        """Return the logs that hold something, by epoch, member, generation."""
        return sorted(self.record.origins(), key=lambda one: (one.epoch, one.member, one.generation))

    def size(self, origin: Origin) -> int:
        """Return how many entries of a log were held when the book was opened; later ones do not show."""
        log = self.state.logs.get(origin)
        return log.durable if log is not None else 0

    def entry(self, origin: Origin, seq: int) -> Entry:
        """Return one entry; raises LineMistake when it is not held."""
        leaf = self.record.entry(origin, seq) if seq < self.size(origin) else None
        if leaf is None:
            raise _unknown(f"{origin.member}/{seq}")
        return read_entry(origin, seq, leaf)

    def entries(self, origin: Origin, start: int = 0) -> Iterator[Entry]:
        """Yield a log's entries from an index on."""
        end = self.size(origin)
        for first in range(start, end, _AT_ONCE):
            leaves = self.record.entries(origin, first, min(_AT_ONCE, end - first))
            for seq, leaf in enumerate(leaves, first):
                yield read_entry(origin, seq, leaf)

    def index(self) -> None:
        """Read the whole record once and note who replied to what, and what was revealed."""
        for origin in self.origins():
            for entry in self.entries(origin):
                self.note(entry)

    def note(self, entry: Entry) -> bool:
        """Note what one entry says about another; False while that other one is not held here. Each entry once."""
        origin = entry.origin
        if entry.statement.answer_by_ms is not None:
            self.asked.append(entry)
        target = entry.statement.in_reply_to
        if target is None:
            return True
        at = (Origin(origin.line, target.epoch, target.member, target.generation), target.seq)
        if at[0] not in self.state.logs or self._hash(at) != target.leaf:
            return False  # a reply to something that is not held here, or to another branch of a fork
        kind = entry.statement.type
        if kind.startswith("reply.") and kind.removeprefix("reply.") in REPLIES:
            self.replies[at].append(Reply(origin.member, kind.removeprefix("reply."), (origin, entry.seq)))
        elif kind == "reveal" and target.member == origin.member:
            revealed = self._revealed(entry, self.entry(*at))
            if revealed.contents:
                self.reveals[at] = revealed
        return True

    # ---- names ----------------------------------------------------------------------------------------------

    def name(self, origin: Origin, seq: int) -> str:
        """Return the shortest name of an entry: with epoch and generation when there was a second."""
        return entry_name(self.state, origin, seq)

    def resolve(self, text: str) -> Entry:
        """Return the entry that a person named; raises LineMistake when there is none, or more than one."""
        named = _REFERENCE.fullmatch(text)
        if named is not None:
            epoch, member, generation, seq = named.groups()
            found = [
                (origin, int(seq))
                for origin in self.origins()
                if origin.member == member
                and int(seq) < self.size(origin)
                and (epoch is None or origin.epoch == int(epoch))
                and (generation is None or origin.generation == int(generation))
            ]
        elif _HASH.fullmatch(text):
            found = [
                (origin, entry.seq)
                for origin in self.origins()
                for entry in self.entries(origin)
                if entry.hash.startswith(text)
            ]
        else:
            raise _unknown(text)
        if len(found) > 1:
            raise LineMistake(
                expected=say("one entry"),
                came=", ".join(f"{one.epoch}:{one.member}.{one.generation}/{seq}" for one, seq in found[:4]),
                where=text,
                remedy=say("name it in full, as above"),
            )
        if not found:
            raise _unknown(text)
        return self.entry(*found[0])

    # ---- what became of an entry ----------------------------------------------------------------------------

    def recipients(self, origin: Origin) -> list[str]:
        """Return the other members of the opening on which a log stands: to them its entries are said."""
        opening = self.state.openings.get(self.state.logs[origin].opening, self.state.opening)
        return [name for name in opening.members if name != origin.member]

    def word(self, entry: Entry, member: str) -> str:
        """Return held, delivered, read or answered: how far this entry of an author is with this recipient."""
        return self.word_at((entry.origin, entry.seq), member)

    def word_at(self, place: tuple[Origin, int], member: str) -> str:
        """Return ``word`` for the entry at a place."""
        origin, seq = place
        said = {one.word for one in self.replies.get(place, ()) if one.member == member}
        if said & ANSWERS:
            return "answered"
        if said:
            return "read"
        log = self.state.logs[origin]
        delivered = log.delivered.get((member, Role.COSIGN_HELD), 0) > seq
        return "delivered" if delivered else "held"

    def content(self, entry: Entry, one: Commitment) -> tuple[bytes, bytes] | None:
        """Return salt and content of a body or attachment, its own or as revealed later; None when not held."""
        revealed = self.reveals.get((entry.origin, entry.seq))
        if revealed is not None and one.hash in revealed.contents:
            return revealed.contents[one.hash]
        held = self.record.body(one.hash)
        return held if held is not None and len(held[1]) == one.size else None

    # ---- inside ---------------------------------------------------------------------------------------------

    def _hash(self, at: tuple[Origin, int]) -> str | None:
        origin, seq = at
        return self.record.node(origin, 0, seq).hex() if seq < self.size(origin) else None

    def _revealed(self, entry: Entry, target: Entry) -> Reveal:
        """Return what a reveal shows, each content checked against what the entry had promised."""
        promised = {(one.hash, one.size) for one in (target.statement.body, *target.statement.attachments)}
        body = self.record.body(entry.statement.body.hash)
        shown: dict[str, tuple[bytes, bytes]] = {}
        try:
            listed = msgspec.json.decode(body[1])["contents"] if body else []
            pairs = zip(listed, entry.statement.attachments, strict=True)
            for one, attachment in pairs:
                content = self.record.body(attachment.hash)
                salt = bytes.fromhex(one["salt"])
                if (
                    content
                    and (one["hash"], len(content[1])) in promised
                    and commit(salt, content[1]) == one["hash"]
                ):
                    shown[one["hash"]] = (salt, content[1])
        except (msgspec.DecodeError, KeyError, TypeError, ValueError, RecursionError):
            return Reveal((entry.origin, entry.seq), {})  # its author's words do not fit: nothing is revealed
        before = self.reveals.get((target.origin, target.seq))
        return Reveal((entry.origin, entry.seq), {**(before.contents if before else {}), **shown})


def entry_name(state: State, origin: Origin, seq: int) -> str:
    """Return the shortest name of an entry: with epoch and generation when there was a second."""
    logs = [one for one in state.logs if one.member == origin.member]
    epoch = f"{origin.epoch}:" if len(state.openings) > 1 else ""
    generation = f".{origin.generation}" if any(one.generation for one in logs) else ""
    return f"{epoch}{origin.member}{generation}/{seq}"


def read_entry(origin: Origin, seq: int, leaf: bytes) -> Entry:
    """Return a stored leaf as an entry; it was checked when it was taken in."""
    statement, unknown = Statement.decode(Envelope.decode(leaf, PayloadType.STATEMENT).payload)
    return Entry(origin, seq, leaf, leaf_hash(leaf).hex(), statement, unknown)


def _unknown(text: str) -> LineMistake:
    return LineMistake(
        expected=say("an entry that is held here: MEMBER/INDEX, or a beginning of its hash"),
        came=text,
        remedy=say("see: detente line log"),
    )
