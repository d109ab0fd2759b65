"""A home: the folder in which one member's node keeps everything, and beside it the head file.

    HOME/home.json                       format, member, the home's id, whether it was restored
    HOME/acts/000000.json ...            the member's own root acts, whole envelopes
    HOME/keys/operational.json           operational keys, encrypted
    HOME/lines/<line>/record.sqlite3     one record for each line, unless home.json names another store
    HOME.head/head.sqlite3               the signer's own record: outside the home, outside every backup
    HOME.head/lock                       one process with the keys at a time
    HOME.head/node.lock, signer.sock     of a running node, whose signer is a process of its own

A writer holds the lock, the keys and the signer; readers need none of them and work beside it. A running node writes
with a signer that is another process: that one holds the lock and the keys, the node another lock.
"""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Self

import msgspec

from detente import words
from detente.line import merkle
from detente.line.checkpoint import Head, Origin
from detente.line.effects import HeadFile, Part, Role
from detente.line.envelope import Envelope, PayloadType
from detente.line.errors import OutOfPlace
from detente.line.rootact import Keyring
from detente.line.statement import Statement
from detente.node.home_folder import (
    FORMAT,
    LOCK,
    NODE_LOCK,
    HomeCard,
    described,
    head_folder,
    home_mistake,
    keys_file,
    on_disk,
    own_acts,
    own_ring,
    take_lock,
    write_small,
)
from detente.node.keyfile import Cost, Keys, write_keys
from detente.node.machine_id import machine_identity
from detente.node.officers import Officers
from detente.node.signing.keeping import Keeping, Machine
from detente.node.signing.remote import RemoteSigner
from detente.node.signing.surface import KeeperLike, SignerLike
from detente.node.store_opening import opened
from detente.node.store_place import DEFAULT
from detente.store.errors import OlderRecord, StoreFailure
from detente.store.headfile import HeadRecord
from detente.store.interface import Record
from detente.store.whole import whole_folder

__all__ = ["FORMAT", "Home", "HomeCard", "found", "head_folder", "open_reading", "open_serving", "open_writing"]

say = words.speaker("node")

_ADOPT_AT_ONCE = 1000
_STATEMENT = PayloadType.STATEMENT
_ROLES = {"log": Role.COSIGN_LOG, "held": Role.COSIGN_HELD}


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
        raise home_mistake(say("a card with these keys"), say("a card with other keys"), path)
    for place in (path, head_folder(path)):
        if place.exists() and (not place.is_dir() or any(place.iterdir())):
            raise home_mistake(say("a new or empty folder"), say("something that exists already"), place)
    card_of_home = HomeCard(format=1, id=secrets.token_hex(16), member=ring.member, restored=False)
    with on_disk(path), whole_folder(path) as part:
        (part / DEFAULT.place).mkdir()
        (part / "acts").mkdir()
        (part / "keys").mkdir(mode=0o700)
        write_small(part / "home.json", card_of_home.encoded())
        write_small(part / "acts" / "000000.json", card)
        write_keys(keys_file(part), {0: keys}, passphrase, cost=cost)
        head = head_folder(path)
        head.mkdir(mode=0o700, exist_ok=True)
        record = HeadRecord(head / "head.sqlite3", create=True, vfs=vfs)
        try:
            record.put_acts(1, ring.card)
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
        keeping = Keeping(path, about, passphrase, vfs=vfs, machine=machine)
        home._attach(keeping.signer, keeping)  # noqa: SLF001 - makes a writer
    except BaseException:
        home.close()
        raise
    return home


def open_serving(path: Path, signer: RemoteSigner, *, vfs: str | None = None) -> Home:
    """Open for writing beside the process that holds the keys, the head file and their lock; for a running node.

    Closing it ends the session with the signer, too. Raises HomeMistake (no home, already served, the signer of
    another home), SignerLocked while the signer waits for its passphrase, SignerGone when it does not answer,
    StoreFailure.
    """
    about = described(path)
    head = head_folder(path)
    with on_disk(head):
        head.mkdir(mode=0o700, exist_ok=True)
    home = Home(path, about, vfs=vfs, lock=take_lock(path, head, NODE_LOCK))
    try:
        home._attach(signer, signer)  # noqa: SLF001 - makes a writer
        _check_signer(about, signer, path)
    except BaseException:
        home.close()
        raise
    return home


def open_reading(path: Path, *, vfs: str | None = None) -> Home:
    """Open for reading, beside a running writer or alone: no lock, no keys. Raises HomeMistake, StoreFailure."""
    return Home(path, described(path), vfs=vfs, lock=None)


class Home:
    """An open home; made by ``open_writing``, ``open_serving`` and ``open_reading`` only."""

    def __init__(self, path: Path, about: HomeCard, *, vfs: str | None, lock: int | None) -> None:
        self.path = path
        self._described = about
        self._vfs = vfs
        self._store = opened(path, about.store, vfs=vfs)
        self._lock = lock
        self._records: dict[str, Record] = {}
        self._signer: SignerLike | None = None
        self._keeper: KeeperLike | None = None

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
            if self._keeper is not None:
                closing.callback(self._keeper.close)
                self._keeper = None
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
    def machine_changed(self) -> bool:
        """Whether the head file was last confirmed on another machine; a reader does not know."""
        return self._keeper is not None and self._keeper.machine_changed

    @property
    def keys(self) -> dict[int, Keys]:
        """The private keys by generation; of a reader, and of a running node, none are here."""
        return self._keeper.keys if isinstance(self._keeper, Keeping) else {}

    @property
    def officers(self) -> Officers | None:
        """The officers named by the keepers; a running node knows only whether there are any: see ``signer``."""
        return self._keeper.officers if isinstance(self._keeper, Keeping) else None

    @property
    def signer(self) -> SignerLike:
        """The signer; raises HomeMistake when the home is open for reading only."""
        if self._signer is None:
            raise home_mistake(say("a home open for writing"), say("one open for reading"), self.path)
        return self._signer

    def acts(self) -> list[bytes]:
        """Return the member's own root acts in order, whole envelopes. Raises StoreFailure."""
        return own_acts(self.path)

    def ring(self) -> Keyring:
        """Return the member's keyring from its own root acts. Raises StoreFailure when they are damaged."""
        return own_ring(self.path)

    def add_act(self, envelope: bytes) -> None:
        """Add the next own root act, durably; raises Refused for any other, HomeMistake for a reader.

        The head file counts it after it is on the disk, never before: who dies in between is brought up at the next
        start, and a home that holds fewer than its head file counts is a copy of an old one.
        """
        self._writer()
        ring = self.ring()
        index = len(ring.acts)
        if ring.take(envelope):
            self._check_recorded(index, ring.hashes[-1])
            with on_disk(self.path):
                write_small(self.path / "acts" / f"{index:06d}.json", envelope)
            assert self._keeper is not None  # it writes
            self._keeper.note_acts()

    # ---- lines ----------------------------------------------------------------------------------------------

    def lines(self) -> list[str]:
        """Return the ids of the lines that this home joined, sorted."""
        with on_disk(self.path):
            return self._store.lines()

    def record(self, line: str) -> Record:
        """Return the record of a line, opened once. Raises HomeMistake for a line that was never joined."""
        if line not in self._records:
            if line not in self.lines():
                raise home_mistake(say("a line that this home has joined"), line, self.path)
            self._records[line] = self._opened(line)
        return self._records[line]

    def _opened(self, line: str) -> Record:
        """Open a record; a reader of one that an older version left brings it up to date first, as a writer would."""
        if self._lock is not None:
            return self._store.open(line, read_only=False)
        try:
            return self._store.open(line, read_only=True)
        except OlderRecord:
            self._bring_up_to_date(line)
        return self._store.open(line, read_only=True)

    def _bring_up_to_date(self, line: str) -> None:
        """Open a record for writing once, while nobody else writes. Raises HomeMistake while an older node runs."""
        head = head_folder(self.path)
        with on_disk(head), contextlib.ExitStack() as closing:
            head.mkdir(mode=0o700, exist_ok=True)
            for name in (LOCK, NODE_LOCK):
                closing.callback(os.close, take_lock(self.path, head, name))
            self._store.open(line, read_only=False).close()

    def drop_record(self, line: str) -> None:
        """Close the record of a line after its disk failed, or to see a newer state; ``record`` opens it anew."""
        record = self._records.pop(line, None)
        if record is not None:
            with contextlib.suppress(StoreFailure):  # a disk that failed may fail at this, too
                record.close()

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
        if not own:
            return  # the signer has nothing to record: a batch of others' words costs no question
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
        signer, keeper = self.signer, self._keeper
        assert keeper is not None  # whoever has a signer has this
        if signer.has_head_file:
            keeper.confirm_machine()
            return None
        keeper.found_head()
        for line in self.lines():
            self._found_heads(signer, self.record(line))
        keeper.founded()
        return signer.head_file()

    def challenged(self) -> None:
        """Note that the mirrors were asked after a restore: the home is as good as any from now on."""
        self._writer()
        if self.restored:
            self._describe(msgspec.structs.replace(self._described, restored=False))
        assert self._keeper is not None  # it writes
        self._keeper.confirm_machine()

    # ---- keys -----------------------------------------------------------------------------------------------

    def store_keys(self, generations: Mapping[int, Keys], passphrase: bytes, *, cost: Cost | None = None) -> None:
        """Replace the operational keys' file: new generations and sealing keys in, destroyed ones out.

        Raises HomeMistake in a running node, which has no keys: there a verb writes the file and asks the signer to
        read it again.
        """
        keeping = self._keeping()
        write_keys(keys_file(self.path), generations, passphrase, cost=cost, officers=keeping.officers)
        keeping.take(dict(generations), keeping.officers)

    def store_officers(self, officers: Officers | None, passphrase: bytes, *, cost: Cost | None = None) -> None:
        """Keep the officers whom the keepers name, for the signer; None: nobody need release anything."""
        keeping = self._keeping()
        write_keys(keys_file(self.path), keeping.keys, passphrase, cost=cost, officers=officers)
        keeping.take(keeping.keys, officers)

    def use_generation(self, generation: int) -> None:
        """Sign with the keys of this generation from now on, after its root act was committed."""
        self.signer.use_generation(generation)

    def open_seal(self, info: bytes, sealed: bytes) -> bytes:
        """Return the content key of a sealed bundle, from its header's bytes and its sealed key; raises Refused."""
        self._writer()
        assert self._keeper is not None  # it writes
        return self._keeper.open_seal(info, sealed)

    # ---- inside ---------------------------------------------------------------------------------------------

    def _writer(self) -> None:
        if self._lock is None:
            raise home_mistake(say("a home open for writing"), say("one open for reading"), self.path)

    def _check_recorded(self, index: int, identity: str) -> None:
        """Refuse another root act than the one that the head file names in its place."""
        head_file = self.head_file()
        recorded = head_file.acts if head_file is not None else None
        if recorded is not None and index == recorded.count - 1 and identity != recorded.newest:
            raise OutOfPlace(
                expected=say("the root act that this home held before: its head file names it"),
                came=say("another one at index {index}", index=index),
                remedy=say(
                    "bring the act that was committed first; if nobody has it, move the head file away, then let a "
                    "keeper confirm: detente line confirm"
                ),
            )

    def _keeping(self) -> Keeping:
        if not isinstance(self._keeper, Keeping):
            raise home_mistake(
                say("a home open for writing, with its keys"), say("one open for reading or served"), self.path
            )
        return self._keeper

    def _attach(self, signer: SignerLike, keeper: KeeperLike) -> None:
        self._signer, self._keeper = signer, keeper

    def _adopt(self, signer: SignerLike, record: Record, origin: Origin, size: int) -> None:
        start = signer.recorded(origin)

        def leaves() -> Iterator[bytes]:
            for first in range(start, size, _ADOPT_AT_ONCE):
                yield from record.entries(origin, first, min(_ADOPT_AT_ONCE, size - first))

        signer.adopt(origin, _edge(record, origin, start), leaves())

    def _found_heads(self, signer: SignerLike, record: Record) -> None:
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


def _check_signer(about: HomeCard, signer: RemoteSigner, path: Path) -> None:
    if signer.home != about.id:
        raise home_mistake(say("the signer of this home"), say("the signer of another home"), path)


def _edge(record: Record, origin: Origin, size: int) -> tuple[bytes, ...]:
    return merkle.Frontier.load(size, lambda level, index: record.node(origin, level, index)).edge()
