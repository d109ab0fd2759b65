r"""Bundles: the one form in which everything travels, over any courier: a folder, a stick, mail, HTTPS.

    "detente-bundle/1\\n"
    records: kind (1 byte), length (4 bytes, big endian), content

The first record is the signed have-vector (it names line, epoch, author and addressee). The last is the SHA-256
of everything before it; a bundle cut short is used as far as it goes, and says that it was cut. Couriers are
not trusted: every record is checked by its own signature or hash, and may come twice or late.
An export of a whole record has the same form with the first line "detente-export/1\\n" and no have-vector.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from enum import Enum

import msgspec

from detente import words
from detente.line.checkpoint import NOTE_MAX
from detente.line.envelope import ENVELOPE_MAX
from detente.line.errors import Malformed
from detente.line.opening import OPENING_MAX
from detente.line.statement import ATTACHMENTS_TOTAL_MAX, SALT_BYTES

__all__ = ["BUNDLE_MAGIC", "EXPORT_MAGIC", "Kind", "Parser", "Record", "Writer", "write"]

say = words.speaker("line")

BUNDLE_MAGIC = b"detente-bundle/1\n"
EXPORT_MAGIC = b"detente-export/1\n"
PROOF_MAX = 4 * 1024 * 1024


class Kind(Enum):
    """What a record holds, by its first byte.

    A kind that is not here is skipped and counted as not understood.
    """

    HAVE = b"H"  # envelope of a have-vector: first, exactly once
    OPENING = b"O"  # canonical opening
    ROOT_ACT = b"R"  # envelope of a root act
    ENTRY = b"E"  # envelope of a statement: the exact leaf
    BODY = b"B"  # 32 bytes of salt, then the content of a body or attachment
    CHECKPOINT = b"C"  # signed note
    LINE_TEST = b"T"  # envelope of a line test
    ANSWER = b"A"  # envelope of a challenge answer
    RELEASE = b"L"  # canonical JSON of officers' assertions; its SHA-256 is in the statement
    FORK = b"F"  # canonical JSON of a fork proof
    END = b"Z"  # SHA-256 of everything before this record


CAPS = {
    Kind.HAVE: ENVELOPE_MAX * 4,
    Kind.OPENING: OPENING_MAX,
    Kind.ROOT_ACT: ENVELOPE_MAX,
    Kind.ENTRY: ENVELOPE_MAX,
    Kind.BODY: SALT_BYTES + ATTACHMENTS_TOTAL_MAX,
    Kind.CHECKPOINT: NOTE_MAX,
    Kind.LINE_TEST: ENVELOPE_MAX,
    Kind.ANSWER: ENVELOPE_MAX,
    Kind.RELEASE: ENVELOPE_MAX,
    Kind.FORK: PROOF_MAX,
    Kind.END: 32,
}
_KINDS = {kind.value[0]: (kind, CAPS[kind]) for kind in Kind}


class Record(msgspec.Struct, frozen=True, gc=False):
    """One record; ``kind`` is None when this version does not know it (its content is then empty)."""

    kind: Kind | None
    content: bytes


class Writer:
    """Makes a bundle piece by piece: ``start``, ``record`` for each record, ``end``; joined they are the bundle."""

    __slots__ = ("_digest", "_magic")

    def __init__(self, *, magic: bytes = BUNDLE_MAGIC) -> None:
        self._magic = magic
        self._digest = hashlib.sha256(magic)

    def start(self) -> bytes:
        """Return the first line."""
        return self._magic

    def record(self, record: Record) -> bytes:
        """Return the bytes of the next record, whose kind must be known."""
        assert record.kind is not None
        piece = record.kind.value + len(record.content).to_bytes(4, "big") + record.content
        self._digest.update(piece)
        return piece

    def end(self) -> bytes:
        """Return the closing record."""
        return Kind.END.value + (32).to_bytes(4, "big") + self._digest.digest()


def write(records: Iterable[Record], *, magic: bytes = BUNDLE_MAGIC) -> Iterator[bytes]:
    """Yield the bytes of a bundle piece by piece, the closing record included."""
    writer = Writer(magic=magic)
    yield writer.start()
    for record in records:
        yield writer.record(record)
    yield writer.end()


class Parser:
    """Takes bytes as they come and gives back whole records; never holds more than one record.

    Raises Malformed for a wrong first line, a record over its cap, a false closing hash, or bytes after the
    end; what was given back before that stands.
    """

    __slots__ = ("_buffer", "_digest", "_magic", "_started", "complete", "unknown")

    def __init__(self, *, magic: bytes = BUNDLE_MAGIC) -> None:
        self._buffer = bytearray()
        self._digest = hashlib.sha256()
        self._magic = magic
        self._started = False
        self.complete = False
        self.unknown = 0

    def feed(self, piece: bytes) -> list[Record]:
        """Return the records that became whole with these bytes."""
        self._buffer += piece
        records: list[Record] = []
        if not self._started and not self._begin():
            return records
        with memoryview(self._buffer) as view:
            position = self._whole(view, records)
        del self._buffer[:position]
        if self.complete and self._buffer:
            raise _malformed(say("bytes after the end"))
        return records

    def _whole(self, view: memoryview, records: list[Record]) -> int:
        """Add the whole records of the buffer; returns where they end."""
        position = hashed = 0
        while len(view) - position >= 5:
            if self.complete:
                raise _malformed(say("bytes after the end"))
            kind, size_max = _KINDS.get(view[position], (None, ENVELOPE_MAX))
            length = int.from_bytes(view[position + 1 : position + 5], "big")
            if length > size_max:
                raise _malformed(say("a record of {size} bytes", size=length))
            end = position + 5 + length
            if end > len(self._buffer):
                break
            content = view[position + 5 : end].tobytes()
            if kind is Kind.END:
                self._digest.update(view[hashed:position])
                hashed = end
                self._end(content)
            else:
                records.append(Record(kind, content if kind else b""))
                self.unknown += kind is None
            position = end
        self._digest.update(view[hashed:position])
        return position

    def _begin(self) -> bool:
        start = bytes(self._buffer[: len(self._magic)])
        if not self._magic.startswith(start):
            raise _malformed(repr(start))
        if len(start) < len(self._magic):
            return False
        self._digest.update(start)
        del self._buffer[: len(start)]
        self._started = True
        return True

    def _end(self, content: bytes) -> None:
        if content != self._digest.digest():
            raise _malformed(say("a closing hash that does not hold"))
        self.complete = True


def _malformed(came: str) -> Malformed:
    return Malformed(
        expected=say("a bundle of records, each within its cap"),
        came=came,
        remedy=say("what came before was used; ask the sender for the rest"),
    )
