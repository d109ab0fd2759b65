"""A home: the folder in which one member's node keeps everything, and beside it the head file.

    HOME/home.json                       format, member, the home's id, whether it was restored
    HOME/acts/000000.json ...            the member's own root acts, whole envelopes
    HOME/keys/operational.json           operational keys, encrypted
    HOME/lines/<line>/record.sqlite3     one record for each line, unless home.json names another store
    HOME.head/head.sqlite3               the signer's own record: outside the home, outside every backup
    HOME.head/lock                       one writer at a time

A writer holds the lock, the keys and the signer; readers need none of them and work beside it.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Self

import msgspec
from msgspec import Meta

from detente import words
from detente.door.files import writing
from detente.line import canonical, merkle
from detente.line.checkpoint import Head, Origin
from detente.line.effects import HeadFile, Part, Role
from detente.line.envelope import Envelope, PayloadType
from detente.line.errors import Refused
from detente.line.rootact import Keyring
from detente.line.statement import Statement
from detente.node.keyfile import Cost, Keys, open_keys, write_keys
from detente.node.machine_id import machine_identity
from detente.node.officers import Officers
from detente.node.signer import Signer
from detente.node.store_place import DEFAULT, StorePlace, opened
from detente.store.disk import translated
from detente.store.errors import HomeMistake, StoreFailure
from detente.store.folder import sync_folder, whole_folder
from detente.store.headfile import HeadRecord
from detente.store.interface import Record

__all__ = ["FORMAT", "Home", "HomeCard", "found", "head_folder", "open_reading", "open_writing"]

say = words.speaker("node")

FORMAT = 2
"""2: a home whose records are not, or not only, in SQLite files under HOME/lines; else 1."""
Machine = Callable[[Path], str]
"""Returns this machine's identity for a head folder; tests give their own."""

_SMALL_MAX = 1024 * 1024
_ADOPT_AT_ONCE = 1000
_STATEMENT = PayloadType.STATEMENT
_ROLES = {"log": Role.COSIGN_LOG, "held": Role.COSIGN_HELD}


class HomeCard(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """``home.json``. id: drawn when the home was founded, the same in the head file.

    store: where the records are; before: where they were moved from and still are.
    """

    format: Annotated[int, Meta(ge=1)]
    id: Annotated[str, Meta(pattern=r"\A[0-9a-f]{32}\Z")]
    member: Annotated[str, Meta(pattern=r"\A[a-z][a-z0-9-]{0,30}\Z")]
    restored: bool
    store: StorePlace = DEFAULT
    before: StorePlace | None = None

    def encoded(self) -> bytes:
        """Return the file's bytes; a home in plain SQLite files stays of format 1."""
        plain = self.store == DEFAULT and self.before is None
        return canonical.encode(msgspec.to_builtins(msgspec.structs.replace(self, format=1 if plain else FORMAT)))


def head_folder(path: Path) -> Path:
    """Return the folder beside a home in which its head file and its lock lie."""
    whole = path.absolute()
    return whole.with_name(whole.name + ".head")


def found(
    path: Path,
    keys: Keys,
    card: bytes,
    passphrase: bytes,
    *,
    cost: Cost | None = None,
    vfs: str | None = None,
    machine: Machine = machine_identity,
) -> None:
    """Found a home with its generation 0; it appears whole or not at all.

    card: the member's root act 0, whole envelope, naming these keys. Raises HomeMistake when something is there
    already, Refused for a card that is none or names other keys, StoreFailure when the disk refuses.
    """
    ring = Keyring()
    ring.take(card)
    if ring.keys_of(0) != keys.public():
        raise _mistake(say("a card with these keys"), say("a card with other keys"), path)
    for place in (path, head_folder(path)):
        if place.exists() and (not place.is_dir() or any(place.iterdir())):
            raise _mistake(say("a new or empty folder"), say("something that exists already"), place)
    card_of_home = HomeCard(format=1, id=secrets.token_hex(16), member=ring.member, restored=False)
    with on_disk(path), whole_folder(path) as part:
        (part / DEFAULT.place).mkdir()
        (part / "acts").mkdir()
        (part / "keys").mkdir(mode=0o700)
        write_small(part / "home.json", card_of_home.encoded())
        write_small(part / "acts" / "000000.json", card)
        write_keys(part / "keys" / "operational.json", {0: keys}, passphrase, cost=cost)
        head = head_folder(path)
        head.mkdir(mode=0o700, exist_ok=True)
        record = HeadRecord(head / "head.sqlite3", create=True, vfs=vfs)
        try:
            record.put_facts({"home": card_of_home.id, "machine": machine(head)})
        finally:
            record.close()


def open_writing(
    path: Path, passphrase: bytes, *, vfs: str | None = None, machine: Machine = machine_identity
) -> Home:
    """Open for writing: takes the lock, reads the keys, starts the signer. Close it, or use it in ``with``.

    Raises HomeMistake (no home, in use by another process, of a newer version, beside another home's head file),
    KeyMistake (wrong passphrase), StoreFailure.
    """
    about = described(path)
    head = head_folder(path)
    with on_disk(head):
        head.mkdir(mode=0o700, exist_ok=True)
    home = Home(path, about, vfs=vfs, lock=take_lock(path, head))
    try:
        home._start(passphrase, machine)  # noqa: SLF001 - the one place that makes a writer
    except BaseException:
        home.close()
        raise
    return home


def open_reading(path: Path, *, vfs: str | None = None) -> Home:
    """Open for reading, beside a running writer or alone: no lock, no keys. Raises HomeMistake, StoreFailure."""
    return Home(path, described(path), vfs=vfs, lock=None)


class Home:
    """An open home; made by ``open_writing`` and ``open_reading`` only."""

    def __init__(self, path: Path, about: HomeCard, *, vfs: str | None, lock: int | None) -> None:
        self.path = path
        self.machine_changed = False
        self.keys: dict[int, Keys] = {}
        self.officers: Officers | None = None
        self._described = about
        self._vfs = vfs
        self._store = opened(path, about.store, vfs=vfs)
        self._lock = lock
        self._records: dict[str, Record] = {}
        self._signer: Signer | None = None
        self._head: HeadRecord | None = None
        self._machine = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close everything and give the lock back, whatever fails on the way; safe to call twice."""
        with contextlib.ExitStack() as closing:
            if self._lock is not None:
                closing.callback(os.close, self._lock)
                self._lock = None
            if self._head is not None:
                closing.callback(self._head.close)
                self._head = None
            for record in self._records.values():
                closing.callback(record.close)
            self._records.clear()
            self._signer = None

    # ---- what it is -----------------------------------------------------------------------------------------

    @property
    def member(self) -> str:
        """The member whose home this is."""
        return self._described.member

    @property
    def id(self) -> str:
        """The home's id, hexadecimal; the same in its head file."""
        return self._described.id

    @property
    def restored(self) -> bool:
        """Whether it came out of a backup and the mirrors have not been asked yet."""
        return self._described.restored

    @property
    def signer(self) -> Signer:
        """The signer; raises HomeMistake when the home is open for reading only."""
        if self._signer is None:
            raise _mistake(say("a home open for writing"), say("one open for reading"), self.path)
        return self._signer

    def acts(self) -> list[bytes]:
        """Return the member's own root acts in order, whole envelopes. Raises StoreFailure."""
        with on_disk(self.path):
            return [found.read_bytes() for found in sorted((self.path / "acts").glob("[0-9]*.json"))]

    def ring(self) -> Keyring:
        """Return the member's keyring from its own root acts. Raises StoreFailure when they are damaged."""
        ring = Keyring()
        try:
            for octets in self.acts():
                ring.take(octets)
        except Refused as fault:
            raise _damaged(self.path / "acts", str(fault)) from fault
        return ring

    def add_act(self, envelope: bytes) -> None:
        """Add the next own root act, durably; raises Refused for any other, HomeMistake for a reader."""
        self._writer()
        ring = self.ring()
        index = len(ring.acts)
        if ring.take(envelope):
            with on_disk(self.path):
                write_small(self.path / "acts" / f"{index:06d}.json", envelope)

    # ---- lines ----------------------------------------------------------------------------------------------

    def lines(self) -> list[str]:
        """Return the ids of the lines that this home joined, sorted."""
        with on_disk(self.path):
            return self._store.lines()

    def record(self, line: str) -> Record:
        """Return the record of a line, opened once. Raises HomeMistake for a line that was never joined."""
        if line not in self._records:
            if line not in self.lines():
                raise _mistake(say("a line that this home has joined"), line, self.path)
            self._records[line] = self._store.open(line, read_only=self._lock is None)
        return self._records[line]

    def join(self, line: str, parts: tuple[Part, ...]) -> Record:
        """Found the record of a line with these parts in it (see ``load.join_parts``), whole or not at all.

        Raises HomeMistake when the line was joined before.
        """
        self._writer()
        with on_disk(self.path), self._store.founding(line) as record:
            record.apply(parts)
        return self.record(line)

    # ---- the head file --------------------------------------------------------------------------------------

    def head_file(self) -> HeadFile | None:
        """Return what the head file says, None when there is none; a reader sees the last state on the disk."""
        if self._signer is not None:
            return self._signer.head_file()
        head = head_folder(self.path) / "head.sqlite3"
        if not head.exists():
            return None
        record = HeadRecord(head, read_only=True, vfs=self._vfs)
        try:
            return record.head_file()
        finally:
            record.close()

    def recorded_id(self) -> str:
        """Return the id of the home for which the head file was founded, "" when there is none."""
        head = head_folder(self.path) / "head.sqlite3"
        if not head.exists():
            return ""
        record = HeadRecord(head, read_only=True, vfs=self._vfs)
        try:
            return record.fact("home")
        finally:
            record.close()

    def audit_head_file(self) -> list[str]:
        """Return what is wrong with the head file as a file, in words. Raises StoreFailure when it is damaged."""
        head = head_folder(self.path) / "head.sqlite3"
        if not head.exists():
            return []
        record = HeadRecord(head, read_only=True, vfs=self._vfs)
        try:
            return record.audit()
        finally:
            record.close()

    def settle(self, line: str, own: Sequence[tuple[Origin, int, bytes]]) -> None:
        """Carry out ``Append.own`` after its parts are on the disk and before Durable is answered.

        Heads that the signer signed in this run are recorded. Others (the run before died between database and
        head file, or mirrors gave statements back) are taken from the record, each statement under our own
        signature.
        Raises SignerFailure when they do not follow from what is recorded.
        """
        signer, record = self.signer, self.record(line)
        for origin, size, root in own:
            if not signer.knows(origin, size, root):
                self._adopt(signer, record, origin, size)
        signer.durable(own)

    def confirm(self) -> HeadFile | None:
        """Take a keeper's word after a halt: this machine is the right one.

        A missing head file is founded anew from our own signed heads and cosignatures in the records. Returns the
        head file when it was founded so, for Confirmed; else None.
        """
        signer = self.signer
        head = head_folder(self.path)
        if signer.has_head_file:
            assert self._head is not None
            self._head.put_facts({"machine": self._machine})
            self.machine_changed = False
            return None
        self._head = HeadRecord(head / "head.sqlite3", create=True, vfs=self._vfs)
        signer.found(self._head)
        for line in self.lines():
            self._found_heads(signer, self.record(line))
        self._head.put_facts({"home": self.id, "machine": self._machine})
        return signer.head_file()

    def challenged(self) -> None:
        """Note that the mirrors were asked after a restore: the home is as good as any from now on."""
        self._writer()
        if self.restored:
            self._describe(msgspec.structs.replace(self._described, restored=False))
        if self._head is not None and self.machine_changed:
            self._head.put_facts({"machine": self._machine})
            self.machine_changed = False

    # ---- keys -----------------------------------------------------------------------------------------------

    def store_keys(self, generations: Mapping[int, Keys], passphrase: bytes, *, cost: Cost | None = None) -> None:
        """Replace the operational keys' file: new generations and sealing keys in, destroyed ones out."""
        self._writer()
        path = self.path / "keys" / "operational.json"
        write_keys(path, generations, passphrase, cost=cost, officers=self.officers)
        self.keys = dict(generations)
        self.signer.change_generation(self.signer.generation, self.keys)

    def store_officers(self, officers: Officers | None, passphrase: bytes, *, cost: Cost | None = None) -> None:
        """Keep the officers whom the keepers name, for the signer; None: nobody need release anything."""
        self._writer()
        path = self.path / "keys" / "operational.json"
        write_keys(path, self.keys, passphrase, cost=cost, officers=officers)
        self.officers = officers
        self.signer.change_officers(officers)

    def use_generation(self, generation: int) -> None:
        """Sign with the keys of this generation from now on, after its root act was committed."""
        self.signer.change_generation(generation, self.keys)

    # ---- inside ---------------------------------------------------------------------------------------------

    def _writer(self) -> None:
        if self._lock is None:
            raise _mistake(say("a home open for writing"), say("one open for reading"), self.path)

    def _start(self, passphrase: bytes, machine: Machine) -> None:
        """Read the keys and the head file, and start the signer."""
        self.keys, self.officers = open_keys(self.path / "keys" / "operational.json", passphrase)
        head = head_folder(self.path)
        with on_disk(head):
            self._machine = machine(head)
        if (head / "head.sqlite3").exists():
            self._head = HeadRecord(head / "head.sqlite3", vfs=self._vfs)
            if not self._head.fact("home"):  # founded after a keeper's word, and died before it was whole
                self._head.close()
                self._head = None
                (head / "head.sqlite3").unlink()
            elif self._head.fact("home") != self.id:
                raise _mistake(say("the head file of this home"), say("another home's head file"), head)
            else:
                self.machine_changed = self._head.fact("machine") != self._machine
        self._signer = Signer(
            self.member, self.keys, generation=self.ring().generation, head=self._head, officers=self.officers
        )

    def _adopt(self, signer: Signer, record: Record, origin: Origin, size: int) -> None:
        start = signer.recorded(origin)

        def leaves() -> Iterator[bytes]:
            for first in range(start, size, _ADOPT_AT_ONCE):
                yield from record.entries(origin, first, min(_ADOPT_AT_ONCE, size - first))

        signer.adopt(origin, _edge(record, origin, start), leaves())

    def _found_heads(self, signer: Signer, record: Record) -> None:
        for origin in record.origins():
            if origin.member == self.member:
                checkpoint = record.checkpoint(origin)
                if checkpoint is not None:  # statements above it, or without one, are adopted when the run opens
                    size, released = checkpoint.head.size, []
                    for first in range(0, size, _ADOPT_AT_ONCE):
                        leaves = record.entries(origin, first, min(_ADOPT_AT_ONCE, size - first))
                        statements = [
                            Statement.decode(Envelope.decode(leaf, _STATEMENT).payload)[0] for leaf in leaves
                        ]
                        released += [one.submission for one in statements if one.release is not None]
                    last = record.node(origin, 0, size - 1)
                    signer.found_own(checkpoint, _edge(record, origin, size), last, released)
            for size, root, one in record.newest_cosignatures(origin):
                _, _, _, by, role = one.name.split("/")
                if by == self.member:
                    signer.found_cosigned(Head(origin, size, root), one, _ROLES[role])

    def _describe(self, about: HomeCard) -> None:
        with on_disk(self.path):
            write_small(self.path / "home.json", about.encoded())
        self._described = about


# ---- files
# ------------------------------------------------------------------------------------------------------


def _edge(record: Record, origin: Origin, size: int) -> tuple[bytes, ...]:
    return merkle.Frontier.load(size, lambda level, index: record.node(origin, level, index)).edge()


def described(path: Path) -> HomeCard:
    """Return home.json; raises HomeMistake for a folder that is no home or of a newer version."""
    try:
        octets = (path / "home.json").read_bytes()
    except FileNotFoundError:
        raise _mistake(say("a home"), say("no home.json in it"), path) from None
    except OSError as failure:
        raise _failing(path, failure) from failure
    try:
        document = canonical.decode(octets, size_max=_SMALL_MAX, what="home.json")
        newer = document.get("format")
        if isinstance(newer, int) and newer > FORMAT:
            raise HomeMistake(
                expected=say("a home of format {format} or older", format=FORMAT),
                came=say("format {format}, made by a newer détente", format=newer),
                where=str(path),
                remedy=say("use the newer version; nothing was changed"),
            )
        return msgspec.convert(document, HomeCard)
    except (Refused, msgspec.ValidationError) as fault:
        raise _damaged(path / "home.json", str(fault)) from fault


def take_lock(path: Path, head: Path) -> int:
    """Take the one lock of a home; raises HomeMistake that names the process which holds it."""
    with on_disk(head):
        file = os.open(head / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        holder = os.pread(file, 64, 0).decode(errors="replace").strip()
        os.close(file)
        raise _mistake(
            say("a home that nobody else writes"), say("in use by process {process}", process=holder or "?"), path
        ) from None
    except BaseException:
        os.close(file)
        raise
    with contextlib.suppress(OSError):  # the number only serves the message above
        os.ftruncate(file, 0)
        os.pwrite(file, str(os.getpid()).encode(), 0)
    return file


def write_small(path: Path, octets: bytes) -> None:
    """Write a small file whole and durably, or not at all."""
    with writing(path) as part:
        part.write_bytes(octets)
    sync_folder(path.parent)


@contextlib.contextmanager
def on_disk(path: Path) -> Iterator[None]:
    """Turn the operating system's errors into ours."""
    try:
        with translated(path):
            yield
    except OSError as failure:
        raise _failing(path, failure) from failure


def _failing(path: Path, failure: OSError) -> StoreFailure:
    return StoreFailure(
        expected=say("a disk that takes and gives back what is written"),
        came=failure.strerror or str(failure),
        where=str(path),
        remedy=say("free space or mend the disk, then try again; nothing acknowledged was lost"),
    )


def _damaged(path: Path, came: str) -> StoreFailure:
    return StoreFailure(
        expected=say("an undamaged home"), came=came, where=str(path), remedy=say("restore a backup")
    )


def _mistake(expected: str, came: str, path: Path) -> HomeMistake:
    return HomeMistake(
        expected=expected, came=came, where=str(path), remedy=say("name the right folder; nothing was changed")
    )
