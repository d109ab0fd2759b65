"""The audit of one line: everything that is held, read back and checked again, on all cores when there is much.

A log is checked in aligned pieces of 4,096 leaves: each piece checks its statements (spelling, signature,
place, link to the one before), their bodies, and every tree node inside it, and gives back its own root; the
parent joins the roots, checks the upper nodes, and then every head and confirmation against the tree.
"""

from __future__ import annotations

import hashlib
import multiprocessing
import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from detente import words
from detente.errors import DetenteError
from detente.line import canonical, merkle
from detente.line.checkpoint import COSIGNATURE_TYPE, Cosignature, Head, Origin, note_hint, verify_cosignature
from detente.line.envelope import Envelope, PayloadType
from detente.line.errors import Refused
from detente.line.opening import Opening
from detente.line.proof import judge
from detente.line.rootact import Keyring
from detente.line.session import Have, decode_session
from detente.line.statement import Statement, commit
from detente.node.book import Book
from detente.node.home import Home
from detente.node.keyfile import check_key_file
from detente.store.record import Record

__all__ = ["Audit", "audit_line"]

say = words.speaker("node")

_PIECE_LEVEL = 12
_PIECE = 1 << _PIECE_LEVEL
_SMALL_MAX = 1 << 20
_DAMAGE = (DetenteError, ValueError, AssertionError, LookupError, TypeError, AttributeError, OverflowError)
"""What reading damaged values may raise anywhere below: each is a fault that was found."""
_ALONE_MAX = 4 * _PIECE
"""Entries up to which one process is faster than starting others."""


@dataclass(slots=True)
class Audit:
    """What an audit checked, and each thing that does not hold, in words."""

    line: str
    counts: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)

    def document(self) -> dict[str, Any]:
        """Return the audit as ``--json`` gives it."""
        return {"line": self.line, "checked": dict(sorted(self.counts.items())), "faults": self.faults}

    def counted_words(self) -> list[tuple[str, int]]:
        """Return kind in words and count of everything checked."""
        names = {
            "statements": say("statements"),
            "bodies": say("bodies"),
            "nodes": say("tree nodes"),
            "heads": say("heads"),
            "cosignatures": say("confirmations"),
            "root acts": say("root acts"),
            "openings": say("openings"),
            "fork proofs": say("fork proofs"),
        }
        return [(name, self.counts[kind]) for kind, name in names.items() if self.counts[kind]]


@dataclass(frozen=True, slots=True)
class _Piece:
    """A piece of a log for one process: everything that it needs to know, and nothing that holds a connection."""

    record: Path
    origin: Origin
    start: int
    end: int
    public: str
    base: str
    bodies: bool
    wanted: frozenset[str]


@dataclass(frozen=True, slots=True)
class _Checked:
    statements: int
    bodies: int
    nodes: int
    root: bytes | None
    faults: tuple[str, ...]


def audit_line(home: Home, line: str, done: Callable[[float], None] = lambda _: None) -> Audit:
    """Check everything held of one line.

    ``done`` is told how many statements were checked. Never raises for damage.
    """
    audit = Audit(line)
    try:
        record = home.record(line)
        audit.faults += [say("database: {fault}", fault=one) for one in record.audit()]
        _acts_and_openings(record, audit)
        book = Book.open(home.member, record)
    except _DAMAGE as fault:
        audit.faults.append(str(fault) or type(fault).__name__)
        return audit
    for origin in book.origins():
        try:
            _log(book, origin, audit, done)
        except _DAMAGE as fault:
            audit.faults.append(f"{origin}: {fault}")
    for look in (_home, _head_file, _rest):
        try:
            look(home, book, audit)
        except _DAMAGE as fault:
            audit.faults.append(str(fault) or type(fault).__name__)
    return audit


def _acts_and_openings(record: Record, audit: Audit) -> None:
    openings = [Opening.decode(octets) for octets, _ in record.openings()]
    hashes = {one.hash() for one in openings}
    for one in openings:
        if one.previous is not None and one.previous not in hashes:
            audit.faults.append(say("an opening of epoch {epoch} whose predecessor is not held", epoch=one.epoch))
    audit.counts["openings"] = len(openings)
    for name in sorted({seat.member for one in openings for seat in one.seats}):
        ring = Keyring()
        for octets in record.acts(name):
            try:
                ring.take(octets)
                audit.counts["root acts"] += 1
            except Refused as fault:
                audit.faults.append(say("a root act of {member}: {fault}", member=name, fault=fault))


def _log(book: Book, origin: Origin, audit: Audit, done: Callable[[float], None]) -> None:
    """Check one log from its leaves to its heads."""
    size = book.size(origin)
    own = book.state.rings[origin.member].keys_of(origin.generation)
    if own is None:
        audit.faults.append(say("{origin}: a log without keys", origin=origin))
        return
    pieces = list(_pieces(book, origin, size, own.sign))
    roots: list[bytes] = []
    for piece, checked in zip(pieces, _check_all(pieces), strict=True):
        audit.counts.update(statements=checked.statements, bodies=checked.bodies, nodes=checked.nodes)
        audit.faults += checked.faults
        if checked.root is not None:
            roots.append(checked.root)
        done(piece.end - piece.start)
    _upper_nodes(book.record, origin, roots, audit)
    _heads(book, origin, size, audit)


def _pieces(book: Book, origin: Origin, size: int, public: str) -> Iterator[_Piece]:
    state = book.state
    wanted = frozenset(one for missing in state.logs[origin].wanted.values() for one in missing)
    for start in range(0, size, _PIECE):
        base = book.record.node(origin, 0, start - 1).hex() if start else _base(book, origin)
        yield _Piece(
            book.record.path, origin, start, min(start + _PIECE, size), public, base, state.writes, wanted
        )


def _base(book: Book, origin: Origin) -> str:
    """Return what the first statement names; the machine has checked before which opening that is."""
    first = book.entry(origin, 0).statement.previous
    known = {one.hash() for one in book.state.openings.values()}
    if origin.generation == 0 and first not in known:
        raise ValueError(say("a first statement that names no opening held here"))
    return first


def _check_all(pieces: list[_Piece]) -> Iterator[_Checked]:
    if sum(piece.end - piece.start for piece in pieces) <= _ALONE_MAX:
        yield from map(_check, pieces)
        return
    # started anew, not forked: a database connection must not be carried into another process
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(os.cpu_count(), mp_context=context) as pool:
        yield from pool.map(_check, pieces)


def _check(piece: _Piece) -> _Checked:
    """Check one piece of a log; returns its root when it is whole."""
    record = Record(piece.record, read_only=True)
    try:
        return _check_piece(record, piece)
    except DetenteError as fault:
        return _Checked(0, 0, 0, None, (f"{piece.origin}: {fault}",))
    finally:
        record.close()


def _check_piece(record: Record, piece: _Piece) -> _Checked:
    faults: list[str] = []
    public, previous, bodies, nodes = bytes.fromhex(piece.public), piece.base, 0, 0
    frontier = merkle.Frontier()
    leaves = record.entries(piece.origin, piece.start, piece.end - piece.start)
    if len(leaves) != piece.end - piece.start:
        faults.append(say("{origin}: entries are missing after {seq}", origin=piece.origin, seq=piece.start))
    for seq, leaf in enumerate(leaves, piece.start):
        digest = merkle.leaf_hash(leaf)
        try:
            statement = _statement(piece, seq, leaf, public, previous)
            bodies += _bodies(record, piece, statement)
        except (Refused, ValueError) as fault:
            faults.append(f"{piece.origin} {seq}: {fault}")
        for level, index, value in frontier.append(digest):
            nodes += 1
            if record.node(piece.origin, level, (piece.start >> level) + index) != value:
                faults.append(say("{origin} {seq}: a tree node that does not fit", origin=piece.origin, seq=seq))
        previous = digest.hex()
    whole = piece.end - piece.start == _PIECE == len(leaves)
    return _Checked(len(leaves), bodies, nodes, frontier.root() if whole else None, tuple(faults))


def _statement(piece: _Piece, seq: int, leaf: bytes, public: bytes, previous: str) -> Statement:
    envelope = Envelope.decode(leaf, PayloadType.STATEMENT)
    statement, _ = Statement.decode(envelope.payload)
    envelope.verify_one(public)
    place = (statement.line, statement.epoch, statement.author, statement.generation)
    origin = piece.origin
    if place != (origin.line, origin.epoch, origin.member, origin.generation) or statement.seq != seq:
        raise ValueError(say("a statement that belongs elsewhere"))
    if statement.previous != previous:
        raise ValueError(say("a statement that names another one before it"))
    return statement


def _bodies(record: Record, piece: _Piece, statement: Statement) -> int:
    found = 0
    for one in (statement.body, *statement.attachments):
        held = record.body(one.hash)
        if held is not None and len(held[1]) != one.size and one.hash in piece.wanted:
            continue  # another's content, which this author promised with a false size
        if held is None:
            if piece.bodies and one.reveal == "now" and one.hash not in piece.wanted:
                raise ValueError(say("a body that is held no more"))
            continue
        if commit(*held) != one.hash or len(held[1]) != one.size:
            raise ValueError(say("a body that is not what was promised"))
        found += 1
    released = None if statement.release is None else record.body(statement.release)
    if released is not None:
        if hashlib.sha256(b"".join(released)).hexdigest() != statement.release:
            raise ValueError(say("a release that is not the one named"))
        found += 1
    elif statement.release is not None and piece.bodies and statement.release not in piece.wanted:
        raise ValueError(say("a release that is held no more"))
    return found


def _upper_nodes(record: Record, origin: Origin, roots: list[bytes], audit: Audit) -> None:
    """Check the nodes above the pieces; the pieces checked those inside."""
    frontier = merkle.Frontier()
    for root in roots:
        for level, index, value in frontier.append(root):
            if level and record.node(origin, level + _PIECE_LEVEL, index) != value:
                audit.faults.append(say("{origin}: an upper tree node that does not fit", origin=origin))
            audit.counts["nodes"] += bool(level)


def _heads(book: Book, origin: Origin, size: int, audit: Audit) -> None:
    """Check every head and every confirmation of a log against its tree."""
    own = book.state.rings[origin.member].keys_of(origin.generation)
    assert own is not None  # asked before
    roots: dict[int, bytes] = {}

    def root_at(at: int) -> bytes:
        if at not in roots:
            roots[at] = merkle.Frontier.load(
                at, lambda level, index: book.record.node(origin, level, index)
            ).root()
        return roots[at]

    for checkpoint in book.record.checkpoints(origin):
        head = checkpoint.head
        audit.counts["heads"] += 1
        try:
            checkpoint.verify(bytes.fromhex(own.sign))
            _same(
                head.size > size or root_at(head.size) == head.root,
                say("a head that does not fit its statements"),
            )
        except (Refused, ValueError) as fault:
            audit.faults.append(f"{origin} {head.size}: {fault}")
    for at, root, one, _ in book.record.cosignatures(origin):
        audit.counts["cosignatures"] += 1
        try:
            verify_cosignature(Head(origin, at, root), one, _cosigner(book, one))
            _same(at > size or root_at(at) == root, say("a confirmation of another log than the one held"))
        except (Refused, ValueError) as fault:
            audit.faults.append(f"{origin} {at}: {fault}")


def _same(holds: bool, problem: str) -> None:  # noqa: FBT001 - a condition and its sentence
    if not holds:
        raise ValueError(problem)


def _cosigner(book: Book, one: Cosignature) -> bytes:
    pieces = one.name.split("/")
    ring = book.state.rings.get(pieces[3]) if len(pieces) == 5 else None
    for own in ring.generations if ring else ():
        if own is not None:
            public = bytes.fromhex(own.cosign_log if pieces[4] == "log" else own.cosign_held)
            if one.hint == note_hint(one.name, COSIGNATURE_TYPE, public):
                return public
    raise ValueError(say("a confirmation by {name}, who is not on this line", name=one.name))


def _home(home: Home, book: Book, audit: Audit) -> None:
    """Check the small files of the home: what it says of itself, its own root acts, the envelope of its keys."""
    ring = home.ring()
    check_key_file(home.path / "keys" / "operational.json")
    recorded = home.recorded_id()
    if recorded not in {"", home.id}:
        audit.faults.append(say("the head file is another home's"))
    known = book.state.rings[home.member].hashes
    if ring.hashes[: len(known)] != known[: len(ring.hashes)]:
        audit.faults.append(say("the root acts of this home are not those that its line knows"))


def _head_file(home: Home, book: Book, audit: Audit) -> None:
    """Check the head file itself, and that the own logs reach what it says was signed."""
    audit.faults += [say("head file: {fault}", fault=one) for one in home.audit_head_file()]
    head_file = home.head_file()
    if head_file is None:
        audit.faults.append(say("the head file is missing"))
        return
    for origin, (size, root) in head_file.own.items():
        if origin.line != audit.line:
            continue
        if book.size(origin) < size:
            audit.faults.append(say("{origin}: fewer statements than the head file says", origin=origin))
        elif book.state.root_at(origin, size) != root:
            audit.faults.append(say("{origin}: another log than the head file says", origin=origin))


def _rest(_home: Home, book: Book, audit: Audit) -> None:
    """Check fork proofs, the others' last have-vectors and the history beside the logs."""
    record = book.record
    audit.counts["fork proofs"] = len(record.forks())
    _each(audit, record.forks(), judge)
    peers = [stored for name in book.state.parties if (stored := record.peer(name)) is not None]
    _each(audit, peers, lambda octets: decode_session(octets, Have))
    details = [one.detail for one in record.history()]
    _each(audit, details, lambda octets: canonical.decode(octets, size_max=_SMALL_MAX, what=say("history")))


def _each(audit: Audit, held: Iterable[bytes], check: Callable[[bytes], object]) -> None:
    for octets in held:
        try:
            check(octets)
        except Refused as fault:
            audit.faults.append(str(fault))
