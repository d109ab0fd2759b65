"""What leaves for a third party: the evidence of one entry, and the whole record as an export."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path

from detente import words
from detente.door.files import writing
from detente.line import evidence, merkle
from detente.line.bundle import EXPORT_MAGIC, Kind, Record, write
from detente.line.checkpoint import Checkpoint, Cosignature, Origin, cosigner_name
from detente.line.errors import LineMistake
from detente.line.opening import Opening
from detente.line.statement import RELEASE_SIZE, promised
from detente.node.book import Book, Entry

__all__ = ["evidence_of", "export_records", "write_export"]

say = words.speaker("node")


def evidence_of(
    book: Book, entry: Entry, *, without_body: bool, upto: Callable[[Origin], int] | None = None
) -> bytes:
    """Return the evidence of one entry: every mirror's first cosignature over it, what is shown of its bodies.

    upto: how many statements of a log may leave; None: all that are held. ``book.index`` must have run, so that what
    was revealed later is found. Raises LineMistake when no signed head is held that covers it yet, and may leave.
    """
    most = book.size(entry.origin) if upto is None else upto(entry.origin)
    proofs = [
        evidence.Proof(one, _path(book, entry.origin, entry.seq, one.head.size))
        for one in _heads(book, entry)
        if one.head.size <= most
    ]
    if not proofs:
        raise LineMistake(
            expected=say("a signed head over the entry"),
            came=say("none held yet"),
            remedy=say("let the node run for a moment, or pack a bundle: its head file must know the entry first")
            if entry.origin.member == book.state.me
            else say("take its author's next bundle first"),
        )
    first = None
    if entry.seq:
        leaf = book.record.entry(entry.origin, 0)
        assert leaf is not None  # below the size
        first = (leaf, _path(book, entry.origin, 0, proofs[0].checkpoint.head.size))
    released = (
        None if without_body or entry.statement.release is None else book.record.body(entry.statement.release)
    )
    return evidence.make(
        leaf=entry.leaf,
        proofs=proofs,
        openings=[one.encode() for one in _openings(book)],
        rings=book.state.rings.values(),
        bodies=[] if without_body else _bodies(book, entry),
        first=first,
        release=None if released is None else released[1],
    )


def export_records(
    book: Book, *, without_bodies: bool, upto: Callable[[Origin], int] | None = None
) -> Iterator[Record]:
    """Yield the whole record, in the order that an export has. upto: how many statements of a log may leave."""
    state, record = book.state, book.record
    most = book.size if upto is None else upto
    yield from (Record(Kind.OPENING, one.encode()) for one in _openings(book))
    for name in sorted(state.rings):
        yield from (Record(Kind.ROOT_ACT, octets) for octets in state.rings[name].envelopes)
    given: set[str] = set()
    for origin in book.origins():
        for entry in islice(book.entries(origin), most(origin)):
            yield Record(Kind.ENTRY, entry.leaf)
            # what its author did not reveal yet stays at home, in an export as well
            for digest, size in () if without_bodies else promised(entry.statement):
                held = record.body(digest) if digest not in given else None
                if held is not None and (len(held[1]) if held[0] else RELEASE_SIZE) == size:
                    given.add(digest)
                    yield Record(Kind.BODY if held[0] else Kind.RELEASE, held[0] + held[1])
        yield from (Record(Kind.CHECKPOINT, one.encode()) for one in _all_heads(book, origin, most(origin)))
    for name in sorted(state.rings):
        yield from (Record(Kind.ANSWER, octets) for octets in record.answers(name))
    yield from (Record(Kind.FORK, octets) for octets in record.forks())


def write_export(
    book: Book, out: Path, *, without_bodies: bool, upto: Callable[[Origin], int] | None = None
) -> int:
    """Write the export whole or not at all; returns its size in bytes. upto: how many statements of a log may leave."""
    size = 0
    with writing(out) as part, part.open("wb") as file:
        for piece in write(export_records(book, without_bodies=without_bodies, upto=upto), magic=EXPORT_MAGIC):
            size += file.write(piece)
    return size


def _openings(book: Book) -> list[Opening]:
    return sorted(book.state.openings.values(), key=lambda one: (one.epoch, one.hash()))


def _heads(book: Book, entry: Entry) -> list[Checkpoint]:
    """Return the heads under which each mirror first cosigned the entry; the newest head when nobody did."""
    by_size: dict[int, dict[tuple[str, bytes], Cosignature]] = {}
    for member in book.state.rings:
        for role in ("log", "held"):
            name = cosigner_name(entry.origin.line, entry.origin.epoch, member, role)
            found = book.record.first_cosignature(entry.origin, entry.seq, name)
            if found is not None:
                by_size.setdefault(found[0], {})[found[1].name, found[1].hint] = found[1]
    heads = []
    for size, given in sorted(by_size.items()):
        checkpoint = book.record.checkpoint_at(entry.origin, size)
        if checkpoint is not None:
            heads.append(replace(checkpoint, cosignatures=tuple(given[key] for key in sorted(given))))
    newest = book.record.checkpoint(entry.origin)
    if not heads and newest is not None and newest.head.size > entry.seq:
        heads.append(newest)
    return heads


def _all_heads(book: Book, origin: Origin, most: int) -> list[Checkpoint]:
    """Return every head of at most so many statements with every cosignature held over it, ascending."""
    by_size: dict[int, list[Cosignature]] = {}
    for size, _, one, _ in book.record.cosignatures(origin):
        by_size.setdefault(size, []).append(one)
    return [
        replace(checkpoint, cosignatures=tuple(by_size.get(checkpoint.head.size, ())))
        for checkpoint in book.record.checkpoints(origin)
        if checkpoint.head.size <= most
    ]


def _path(book: Book, origin: Origin, seq: int, size: int) -> tuple[bytes, ...]:
    return tuple(merkle.inclusion_proof(seq, size, lambda level, index: book.record.node(origin, level, index)))


def _bodies(book: Book, entry: Entry) -> list[tuple[bytes, bytes]]:
    """Return what may be shown: what travelled with the entry, and of the rest what was revealed later."""
    revealed = book.reveals.get((entry.origin, entry.seq))
    found = []
    for one in (entry.statement.body, *entry.statement.attachments):
        shown = revealed.contents.get(one.hash) if revealed else None
        if shown is None and one.reveal == "now":
            shown = book.record.body(one.hash)
        if shown is not None and len(shown[1]) == one.size:  # its author may promise another's content falsely
            found.append(shown)
    return found
