"""The courier of files: a bundle into a file or folder, and every bundle of a file or folder taken in.

The carrier is not trusted. What is taken in streams through in pieces; a bundle cut short is used as far as it
goes. Which line a bundle is for stands in its have-vector; one for a line that this home never joined is
refused whole.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from detente import words
from detente.door.files import writing
from detente.line.bundle import BUNDLE_MAGIC, EXPORT_MAGIC, Kind, Parser, Record, write
from detente.line.effects import Arrived, CourierReady
from detente.line.envelope import Envelope, PayloadType
from detente.line.errors import LineMistake, Malformed, OutOfPlace, Refused
from detente.line.session import Have, decode_session
from detente.node.host import Host
from detente.node.sealing import SEALED_MAGIC, OpenSeal, Unsealer, seal

__all__ = ["SIZE_DEFAULT", "Packed", "TakenFile", "bundles_in", "pack", "take_file"]

say = words.speaker("node")

SIZE_DEFAULT = 1_000_000_000
"""Bytes of one bundle; what does not fit waits for the next."""
_READ_BYTES = 1 << 20
_PIECE_BYTES = 16 << 20
_AT_ONCE_BYTES = 8 << 20
_AT_ONCE_RECORDS = 4000
ENDING = ".bundle"


@dataclass(frozen=True, slots=True)
class Packed:
    """What a bundle holds; ``more`` says that it was full and something still waits."""

    file: Path
    size: int
    counts: dict[str, int]
    more: bool


@dataclass(slots=True)
class TakenFile:
    """What one file brought.

    refused: (reason, sentence) -> how often, of the first in each piece; reasons: reason -> how often, of all.
    fault: why reading stopped, or "".
    """

    file: Path
    line: str = ""
    author: str = ""
    new: Counter[str] = field(default_factory=Counter)
    refused: Counter[tuple[str, str]] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    not_understood: int = 0
    complete: bool = False
    fault: str = ""


def pack(host: Host, to: str, out: Path, *, sealed: bool, size_max: int = SIZE_DEFAULT) -> Packed:
    """Write the bundle for a party into ``out``, a file or a folder (then named by line, parties and time).

    Raises LineMistake when the party is not on the line or this node has no keys, OutputFailure when the disk
    refuses.
    """
    state = host.state
    if to not in state.parties:
        raise LineMistake(
            expected=say("another party of the line: {names}", names=", ".join(sorted(state.parties))),
            came=to,
            where="--to",
            remedy=say("name one of them"),
        )
    opening = state.opening
    if out.is_dir():
        out = out / f"{opening.line}-{state.me}-to-{to}-{host.clock()}{ENDING}"
    counts: Counter[str] = Counter()
    more = [False]
    pieces: Iterable[bytes] = write(_records(host, to, size_max, counts, more))
    if sealed:
        public = state.rings[to].sealing[-1]
        pieces = seal(pieces, public, line=opening.line, epoch=opening.epoch, from_=state.me, to=to)
    size = 0
    with writing(out) as part, part.open("wb") as file:
        for piece in pieces:
            size += file.write(piece)
    return Packed(out, size, dict(counts), more[0])


def _records(host: Host, to: str, size_max: int, counts: Counter[str], more: list[bool]) -> Iterator[Record]:
    """Yield a bundle's records, asked from the machine piece by piece, so that memory stays bounded."""
    room, go_on = size_max, False
    while room > 0:
        host.sent.clear()
        host.give(CourierReady(to, min(room, _PIECE_BYTES), go_on=go_on))
        if not host.sent:
            raise LineMistake(
                expected=say("operational keys to sign the bundle with"),
                came=say("revoked keys without successors"),
                remedy=say("let the root keys give new ones: detente line key propose"),
            )
        transmit = host.sent.pop()
        counts.update(_NAMES[record.kind] for record in transmit.records if record.kind in _NAMES)
        room -= sum(len(record.content) + 5 for record in transmit.records)
        more[0] = transmit.more
        yield from transmit.records
        if not transmit.more or not transmit.records:
            return
        go_on = True


def bundles_in(source: Path) -> list[Path]:
    """Return the file, or the bundles of a folder by name; raises LineMistake when there is none."""
    found = [source]
    if source.is_dir():
        found = sorted(one for one in source.iterdir() if one.is_file() and one.name.endswith(ENDING))
    if not found or not source.exists():
        raise LineMistake(
            expected=say("a bundle, or a folder with files whose names end in {ending}", ending=ENDING),
            came=say("none") if source.exists() else say("no such file or folder"),
            where=str(source),
            remedy=say("name the bundle itself"),
        )
    return found


def take_file(file: Path, hosts: Callable[[str], Host | None], open_seal: OpenSeal, *, me: str) -> TakenFile:
    """Take one bundle in; never raises for a stranger's bytes: what was refused stands in the result.

    hosts: returns the running host of a line id, None when this home never joined it. open_seal: gives the content
    key of a sealed bundle (``Home.open_seal``).
    """
    taken = TakenFile(file)
    try:
        host: Host | None = None
        for records in _batches(_pieces(file, open_seal, me), taken):
            if host is None:
                host = _addressed(records, hosts, taken)
            host.took.clear()
            host.give(Arrived(records, last=False))
            for took in host.took:
                taken.new.update(dict(took.new))
                taken.refused.update(took.refused)
                taken.reasons.update(dict(took.reasons))
                taken.not_understood += took.not_understood
    except Refused as refusal:
        taken.fault = str(refusal)
        taken.refused[type(refusal).__name__, str(refusal)] += 1
        taken.reasons[type(refusal).__name__] += 1
    return taken


def _addressed(records: tuple[Record, ...], hosts: Callable[[str], Host | None], taken: TakenFile) -> Host:
    """Return the host that the bundle's have-vector names; raises Refused."""
    if not records or records[0].kind is not Kind.HAVE:
        raise Malformed(
            expected=say("a bundle that begins with its sender's have-vector"),
            came=say("one without"),
            where=str(taken.file),
            remedy=say("nothing of it was used; ask the sender"),
        )
    have = decode_session(Envelope.decode(records[0].content, PayloadType.HAVE).payload, Have)
    taken.line, taken.author = have.line, have.author
    host = hosts(have.line)
    if host is None:
        raise OutOfPlace(
            expected=say("a bundle for a line that this home has joined"),
            came=have.line,
            where=str(taken.file),
            remedy=say("nothing of it was used; take it into the home that it is for, or join the line"),
        )
    return host


def _batches(pieces: Iterator[bytes], taken: TakenFile) -> Iterator[tuple[Record, ...]]:
    """Yield the records of a bundle, many at once; whole ones of a bundle that is cut short or breaks, too."""
    parser = Parser()
    waiting: list[Record] = []
    size = 0
    fault: Refused | None = None
    try:
        for piece in pieces:
            for record in parser.feed(piece):
                waiting.append(record)
                size += len(record.content)
                if size >= _AT_ONCE_BYTES or len(waiting) >= _AT_ONCE_RECORDS:
                    yield tuple(waiting)
                    waiting, size = [], 0
    except Refused as refusal:
        fault = refusal
    if waiting:
        yield tuple(waiting)
    taken.complete = parser.complete and fault is None
    if fault is not None:
        raise fault
    if not parser.complete:
        taken.fault = say("the bundle is cut short")


def _pieces(file: Path, open_seal: OpenSeal, me: str) -> Iterator[bytes]:
    """Yield the plain bytes of a bundle, unsealed where it is sealed.

    Raises Malformed for another kind of file.
    """
    with file.open("rb") as source:
        start = source.read(len(SEALED_MAGIC))
        if start == EXPORT_MAGIC:
            raise _no_bundle(file, say("an export, which is for the verifier"))
        whole = len(start) >= len(BUNDLE_MAGIC)
        if (
            whole
            and start.startswith(_KINDS)
            and start[: len(BUNDLE_MAGIC)] != BUNDLE_MAGIC
            and start != SEALED_MAGIC
        ):
            raise Malformed(
                expected=say("a bundle of this program"),
                came=say("a bundle of a later form, made by a newer détente"),
                where=str(file),
                remedy=say("keep it; take it with the newer version, or ask the sender for one of this form"),
            )
        if not BUNDLE_MAGIC.startswith(start[: len(BUNDLE_MAGIC)]) and start != SEALED_MAGIC:
            raise _no_bundle(file, say("another kind of file"))
        unsealer = Unsealer(open_seal, me=me) if start == SEALED_MAGIC else None
        piece = start
        while piece:
            plain = unsealer.feed(piece) if unsealer is not None else piece
            if plain:
                yield plain
            piece = source.read(_READ_BYTES)


def _no_bundle(file: Path, came: str) -> Malformed:
    return Malformed(
        expected=say("a bundle of this program"), came=came, where=str(file), remedy=say("name the right file")
    )


_KINDS = tuple(magic[: magic.index(b"/") + 1] for magic in (BUNDLE_MAGIC, SEALED_MAGIC))
_NAMES = {
    Kind.ENTRY: "statements",
    Kind.BODY: "bodies",
    Kind.RELEASE: "releases",
    Kind.CHECKPOINT: "heads",
    Kind.ROOT_ACT: "root acts",
    Kind.FORK: "fork proofs",
}
