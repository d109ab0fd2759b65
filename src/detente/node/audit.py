"""The audit of one line: everything that is held, read back and checked again, on all cores when there is much.

A log is checked in aligned pieces of 4,096 leaves: each piece checks its statements (spelling, signature,
place, link to the one before), that their bodies are held, and every tree node inside it, and gives back its own
root; the parent joins the roots, checks the upper nodes, and then every head and confirmation against the tree.
The other tables are looked through in pieces as well, bodies against their hashes among them.
"""

from __future__ import annotations

import multiprocessing
import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from detente import words
from detente.errors import DetenteError
from detente.line import canonical, merkle
from detente.line.checkpoint import (
    COSIGNATURE_TYPE,
    Head,
    Origin,
    cosigner_name,
    note_hint,
    verify_cosignature,
)
from detente.line.envelope import Envelope, PayloadType
from detente.line.errors import Refused
from detente.line.opening import Opening
from detente.line.proof import judge
from detente.line.rootact import Keyring
from detente.line.session import Have, decode_session
from detente.line.standing import closed_at
from detente.line.statement import RELEASE_SIZE, Statement
from detente.node.audit_trail import check_trail
from detente.node.book import Book
from detente.node.home import Home
from detente.node.keyfile import check_key_file
from detente.node.officers import TRAIL_TYPE
from detente.store.audit import Portion
from detente.store.interface import Reader, Record
from detente.store.schema import ENTRIES_MAX

__all__ = ["Audit", "audit_line"]

say = words.speaker("node")

_PIECE_LEVEL = 12
_PIECE = 1 << _PIECE_LEVEL
_HEADS_SPAN = 50_000
_SMALL_MAX = 1 << 20
Run = Callable[..., Callable[[], Any]]
"""Starts a piece of work, a function of this module with its arguments; what it returns gives the result."""
_DAMAGE = (DetenteError, ValueError, AssertionError, LookupError, TypeError, AttributeError, OverflowError)
"""What reading damaged values may raise anywhere below: each is a fault that was found."""
_ALONE_MAX = 4 * _PIECE
"""Entries up to which one process is faster than starting others."""


@dataclass(slots=True)
class Audit:
    """What an audit checked, and in words each thing that does not hold.

    history: what is not there any more, and is no fault: the member's root keys said so in the record.
    """

    line: str
    counts: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)
    history: list[str] = field(default_factory=list)
    trails: list[tuple[Origin, int, str]] = field(default_factory=list)
    """Statements about a trail of acts, with the hash of each one's body."""

    def document(self) -> dict[str, Any]:
        """Return the audit as ``--json`` gives it."""
        return {
            "line": self.line,
            "checked": dict(sorted(self.counts.items())),
            "faults": self.faults,
            "history": self.history,
        }

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
            "acts": say("acts in the trail"),
        }
        return [(name, self.counts[kind]) for kind, name in names.items() if self.counts[kind]]


@dataclass(frozen=True, slots=True)
class _Piece:
    """A piece of a log for one process: everything that it needs to know, and nothing that holds a connection."""

    record: Reader
    origin: Origin
    start: int
    end: int
    public: str
    base: str
    bodies: bool
    wanted: frozenset[str]


@dataclass(frozen=True, slots=True)
class _Named:
    """What a statement names by its hash; size: RELEASE_SIZE of a release. travels: it is shown from the first."""

    seq: int
    digest: str
    size: int
    travels: bool


@dataclass(frozen=True, slots=True)
class _HeadPiece:
    """Heads and confirmations of a log from one size up to another; cosigners: name and hint -> public key."""

    record: Reader
    origin: Origin
    first: int
    end: int
    size: int
    public: str
    cosigners: dict[tuple[str, bytes], str]


@dataclass(frozen=True, slots=True)
class _Checked:
    statements: int
    bodies: int
    nodes: int
    root: bytes | None
    faults: tuple[str, ...]
    trails: tuple[tuple[int, str], ...] = ()
    """Statements about their author's trail of acts: index, and hash of the body."""


def audit_line(home: Home, line: str, done: Callable[[float], None] = lambda _: None) -> Audit:
    """Check everything held of one line.

    ``done`` is told how many statements were checked. Never raises for damage.
    """
    audit = Audit(line)
    book: Book | None = None
    looked: list[Callable[[], list[str]]] = []
    with ExitStack() as at_the_end:
        try:
            record = home.record(line)
            run = _runner(record, at_the_end)
            looked += [run(_look_through, record.reader, portion) for portion in record.portions()]
            _acts_and_openings(record, audit)
            book = Book.open(home.member, record)
            _logs(book, audit, run, done)
        except _DAMAGE as fault:
            audit.faults.append(_said(fault))
        audit.faults += [say("database: {fault}", fault=fault) for one in looked for fault in one()]
    if book is None:
        return audit
    for look in (_home, _head_file, _rest, _trail):
        try:
            look(home, book, audit)
        except _DAMAGE as fault:
            audit.faults.append(_said(fault))
    return audit


def _said(fault: Exception) -> str:
    return str(fault) or type(fault).__name__


def _logs(book: Book, audit: Audit, run: Run, done: Callable[[float], None]) -> None:
    for origin in book.origins():
        try:
            _log(book, origin, audit, run, done)
        except _DAMAGE as fault:
            audit.faults.append(f"{origin}: {_said(fault)}")


def _runner(record: Record, at_the_end: ExitStack) -> Run:
    """Return what runs a piece of work: in other processes when there is much, else here and at once."""
    if sum(record.size(origin) for origin in record.origins()) <= _ALONE_MAX:
        return partial
    # started anew, not forked: a database connection must not be carried into another process
    context = multiprocessing.get_context("spawn")
    pool: Executor = at_the_end.enter_context(ProcessPoolExecutor(os.cpu_count(), mp_context=context))
    at_the_end.callback(pool.shutdown, cancel_futures=True)

    def run(work: Callable[..., Any], *given: Any) -> Callable[[], Any]:
        future: Future[Any] = pool.submit(work, *given)
        return future.result

    return run


def _look_through(reader: Reader, portion: Portion) -> list[str]:
    try:
        with closing(reader.open()) as record:
            return record.audit_portion(portion)
    except _DAMAGE as fault:
        return [_said(fault)]


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


def _log(book: Book, origin: Origin, audit: Audit, run: Run, done: Callable[[float], None]) -> None:
    """Check one log from its leaves to its heads."""
    size = book.size(origin)
    own = book.state.rings[origin.member].keys_of(origin.generation)
    if own is None:
        audit.faults.append(say("{origin}: a log without keys", origin=origin))
        return
    pieces = list(_pieces(book, origin, size, own.sign))
    heads = [run(_check_heads, one) for one in _head_pieces(book, origin, size, own.sign)]
    roots: list[bytes] = []
    for piece, one in [(piece, run(_check, piece)) for piece in pieces]:
        checked: _Checked = one()
        audit.counts.update(statements=checked.statements, bodies=checked.bodies, nodes=checked.nodes)
        audit.faults += checked.faults
        audit.trails += [(origin, *one) for one in checked.trails]
        if checked.root is not None:
            roots.append(checked.root)
        done(piece.end - piece.start)
    _upper_nodes(book.record, origin, roots, audit)
    for head_piece in heads:
        counts, faults = head_piece()
        audit.counts.update(counts)
        audit.faults += faults


def _pieces(book: Book, origin: Origin, size: int, public: str) -> Iterator[_Piece]:
    state = book.state
    wanted = frozenset(one for missing in state.logs[origin].wanted.values() for one in missing)
    for start in range(0, size, _PIECE):
        base = book.record.node(origin, 0, start - 1).hex() if start else _base(book, origin)
        yield _Piece(
            book.record.reader, origin, start, min(start + _PIECE, size), public, base, state.writes, wanted
        )


def _base(book: Book, origin: Origin) -> str:
    """Return what the first statement names; the machine has checked before which opening that is."""
    first = book.entry(origin, 0).statement.previous
    known = {one.hash() for one in book.state.openings.values()}
    if origin.generation == 0 and first not in known:
        raise ValueError(say("a first statement that names no opening held here"))
    return first


def _check(piece: _Piece) -> _Checked:
    """Check one piece of a log; returns its root when it is whole."""
    try:
        with closing(piece.record.open()) as record:
            return _check_piece(record, piece)
    except _DAMAGE as fault:
        return _Checked(0, 0, 0, None, (f"{piece.origin}: {_said(fault)}",))


def _check_piece(record: Record, piece: _Piece) -> _Checked:
    public, previous = bytes.fromhex(piece.public), piece.base
    hashes: list[bytes] = []
    named: list[_Named] = []
    trails: list[tuple[int, str]] = []
    leaves, rows = record.audit_entries(piece.origin, piece.start, piece.end - piece.start)
    faults = [say("database: {fault}", fault=fault) for fault in rows]
    if len(leaves) != piece.end - piece.start:
        faults.append(say("{origin}: entries are missing after {seq}", origin=piece.origin, seq=piece.start))
    for seq, (leaf, digest) in enumerate(leaves, piece.start):
        try:
            statement = _statement(piece, seq, leaf, public, previous)
            named += _named(seq, statement)
            if statement.type == TRAIL_TYPE:
                trails.append((seq, statement.body.hash))
        except (Refused, ValueError) as fault:
            faults.append(f"{piece.origin} {seq}: {fault}")
        hashes.append(digest)
        previous = digest.hex()
    bodies = _bodies(record, piece, named, faults)
    nodes, root = _lower_nodes(record, piece, hashes, faults)
    whole = piece.end - piece.start == _PIECE == len(leaves)
    return _Checked(len(leaves), bodies, nodes, root if whole else None, tuple(faults), tuple(trails))


def _lower_nodes(
    record: Record, piece: _Piece, hashes: list[bytes], faults: list[str]
) -> tuple[int, bytes | None]:
    """Check the tree nodes inside a piece level by level; returns how many, leaves among them, and the top one."""
    count, level = len(hashes), 0
    while len(hashes) > 1:
        level += 1
        hashes = [merkle.node_hash(left, right) for left, right in zip(hashes[::2], hashes[1::2], strict=False)]
        first = piece.start >> level
        stored = record.nodes(piece.origin, level, first, first + len(hashes))
        count += len(hashes)
        if stored != hashes:
            at = next((at for at, two in enumerate(zip(hashes, stored, strict=False)) if two[0] != two[1]), 0)
            seq = ((first + at + 1) << level) - 1
            faults.append(say("{origin} {seq}: a tree node that does not fit", origin=piece.origin, seq=seq))
    return count, hashes[0] if hashes else None


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


def _named(seq: int, statement: Statement) -> list[_Named]:
    found = [
        _Named(seq, one.hash, one.size, one.reveal == "now") for one in (statement.body, *statement.attachments)
    ]
    if statement.release is not None:
        found.append(_Named(seq, statement.release, RELEASE_SIZE, travels=True))
    return found


def _bodies(record: Record, piece: _Piece, named: list[_Named], faults: list[str]) -> int:
    """Check that what was promised is held, in its size; whether it fits its hash is asked of each body once."""
    held = record.body_sizes([one.digest for one in named])
    for one in named:
        size, problem = held.get(one.digest), ""
        if one.digest in piece.wanted:
            continue  # not here yet; or another's content, which this author promised with a false size
        if size is None and piece.bodies and one.travels:
            released = one.size == RELEASE_SIZE
            problem = say("a release that is held no more") if released else say("a body that is held no more")
        elif size is not None and one.size not in {size, RELEASE_SIZE}:
            problem = say("a body that is not what was promised")
        if problem:
            faults.append(f"{piece.origin} {one.seq}: {problem}")
    return sum(one.digest in held for one in named)


def _upper_nodes(record: Record, origin: Origin, roots: list[bytes], audit: Audit) -> None:
    """Check the nodes above the pieces; the pieces checked those inside."""
    frontier = merkle.Frontier()
    for root in roots:
        for level, index, value in frontier.append(root):
            if level and record.node(origin, level + _PIECE_LEVEL, index) != value:
                audit.faults.append(say("{origin}: an upper tree node that does not fit", origin=origin))
            audit.counts["nodes"] += bool(level)


def _head_pieces(book: Book, origin: Origin, size: int, public: str) -> Iterator[_HeadPiece]:
    """Return the heads of a log in pieces; those above what is held come last, without an end."""
    cosigners = {}
    for member, ring in book.state.rings.items():
        for own in ring.generations:
            for word, key in (("log", own.cosign_log), ("held", own.cosign_held)) if own is not None else ():
                name = cosigner_name(origin.line, origin.epoch, member, word)
                cosigners[name, note_hint(name, COSIGNATURE_TYPE, bytes.fromhex(key))] = key
    for first in range(0, size + 1, _HEADS_SPAN):
        end = first + _HEADS_SPAN if first + _HEADS_SPAN <= size else ENTRIES_MAX + 1
        yield _HeadPiece(book.record.reader, origin, first, end, size, public, cosigners)


def _check_heads(piece: _HeadPiece) -> tuple[Counter[str], list[str]]:
    """Check every head and every confirmation of a piece against the log's tree."""
    try:
        with closing(piece.record.open()) as record:
            return _heads(record, piece)
    except _DAMAGE as fault:
        return Counter(), [f"{piece.origin}: {_said(fault)}"]


def _heads(record: Record, piece: _HeadPiece) -> tuple[Counter[str], list[str]]:
    origin, size = piece.origin, piece.size
    counts: Counter[str] = Counter()
    faults: list[str] = []
    roots: dict[int, bytes] = {}

    def root_at(at: int) -> bytes:
        if at not in roots:
            roots[at] = merkle.Frontier.load(at, lambda level, index: record.node(origin, level, index)).root()
        return roots[at]

    for checkpoint in record.checkpoints(origin, piece.first, piece.end):
        head = checkpoint.head
        counts["heads"] += 1
        try:
            checkpoint.verify(bytes.fromhex(piece.public))
            _same(
                head.size > size or root_at(head.size) == head.root,
                say("a head that does not fit its statements"),
            )
        except (Refused, ValueError) as fault:
            faults.append(f"{origin} {head.size}: {fault}")
    for at, root, one, _ in record.cosignatures(origin, piece.first, piece.end):
        counts["cosignatures"] += 1
        try:
            public = piece.cosigners.get((one.name, one.hint))
            _same(public is not None, say("a confirmation by {name}, who is not on this line", name=one.name))
            verify_cosignature(Head(origin, at, root), one, bytes.fromhex(public or ""))
            _same(at > size or root_at(at) == root, say("a confirmation of another log than the one held"))
        except (Refused, ValueError) as fault:
            faults.append(f"{origin} {at}: {fault}")
    return counts, faults


def _same(holds: bool, problem: str) -> None:  # noqa: FBT001 - a condition and its sentence
    if not holds:
        raise ValueError(problem)


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
    recorded, hashes = head_file.acts, home.ring().hashes
    if recorded is not None and len(hashes) < recorded.count:
        audit.faults.append(say("fewer root acts of this home than the head file says"))
    elif recorded is not None and hashes[recorded.count - 1] != recorded.newest:
        audit.faults.append(say("other root acts of this home than the head file says"))
    for origin, (size, root) in head_file.own.items():
        if origin.line != audit.line:
            continue
        held, closed = book.size(origin), closed_at(book.state.rings.get(home.member), origin)
        if held < size and closed is not None and closed[0].size <= held:
            audit.history.append(
                say(
                    "{origin}: the head file knows {signed} statements, {held} are held; "
                    "the root keys closed this log at {size}",
                    origin=origin,
                    signed=size,
                    held=held,
                    size=closed[0].size,
                )
            )
        elif held < size:
            audit.faults.append(say("{origin}: fewer statements than the head file says", origin=origin))
        elif book.state.root_at(origin, size) != root:
            audit.faults.append(say("{origin}: another log than the head file says", origin=origin))


def _trail(home: Home, book: Book, audit: Audit) -> None:
    """Check the trail of acts, and that it holds every head of it that the own logs say."""
    own = [
        (book.name(origin, seq), held[1])
        for origin, seq, digest in audit.trails
        if origin.member == home.member and (held := book.record.body(digest)) is not None
    ]
    acts, faults = check_trail(home.path, own)
    audit.counts.update({"acts": acts} if acts else {})
    audit.faults += faults


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
