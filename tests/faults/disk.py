"""A disk that loses power, fails or fills up: an APSW VFS over real files, one for record and head file alike.

What was written since the last sync of a file lies in a drive's cache: at a power cut each 512-byte sector of it
is kept, lost or torn, each for itself, in any order. Synced bytes stay. Files that were never synced may be gone.
"""

from __future__ import annotations

import contextlib
import gc
import random
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import apsw

SECTOR = 512


class IOFaultError(apsw.IOError):
    """An operation that the drive reports as failed."""

    extendedresult = apsw.SQLITE_IOERR


class DiskFullError(apsw.FullError):
    """An operation for which the drive has no room."""


class PowerCutError(apsw.IOError):
    """The power is gone: nothing is written or read any more. To SQLite it is an I/O error."""

    extendedresult = apsw.SQLITE_IOERR


@dataclass
class Image:
    """One file: what is surely on the platter, and what was written since, in order."""

    durable: bytearray = field(default_factory=bytearray)
    pending: list[tuple[str, int, bytes]] = field(default_factory=list)
    created_durably: bool = False

    def settle(self) -> None:
        for kind, at, octets in self.pending:
            apply(self.durable, kind, at, octets)
        self.pending.clear()
        self.created_durably = True

    def after_cut(self, chance: random.Random) -> bytes | None:
        """What the next start finds; None: the file is not there."""
        if not self.created_durably and chance.random() < 0.3:
            return None
        found = bytearray(self.durable)
        keep = chance.choice((0.0, 0.2, 0.5, 0.8, 1.0))
        for kind, at, octets in self.pending:
            if kind == "truncate":
                if chance.random() < keep:
                    apply(found, kind, at, octets)
                continue
            for start, piece in sectors(at, octets):
                if chance.random() < keep:
                    whole = len(piece) if chance.random() < 0.9 else chance.randrange(len(piece) + 1)
                    apply(found, "write", start, piece[:whole])
        return bytes(found)


def apply(octets: bytearray, kind: str, at: int, piece: bytes) -> None:
    if kind == "truncate":
        del octets[at:]
        octets.extend(bytes(at - len(octets)))
        return
    if not piece:
        return
    if len(octets) < at:
        octets.extend(bytes(at - len(octets)))
    octets[at : at + len(piece)] = piece


def sectors(at: int, octets: bytes) -> Iterator[tuple[int, bytes]]:
    position = 0
    while position < len(octets):
        size = SECTOR - (at + position) % SECTOR
        yield at + position, octets[position : position + size]
        position += size


class Disk(apsw.VFS):
    """One machine's disk. ``fail_at``: the number of the operation that fails; ``how``: see ``_fail``."""

    def __init__(self, name: str) -> None:
        super().__init__(name, "")
        self.name = name
        self.images: dict[str, Image] = {}
        self.reset()

    def reset(self) -> None:
        self.operations = 0
        self.syncs: list[str] = []
        self.fail_at: int | None = None
        self.how = "cut"
        self.lasting = False
        self.failed = 0
        self.reads_count = False
        self.dead = False

    def xOpen(self, name: Any, flags: list[int]) -> DiskFile:  # noqa: N802 - SQLite's name
        return DiskFile(self, name, flags)

    def xDelete(self, name: str, sync: bool) -> None:  # noqa: N802
        self.step("delete", name, None)
        super().xDelete(name, sync)
        self.images.pop(name, None)

    def step(self, what: str, name: str, image: Image | None) -> bool:
        """Count an operation; at the chosen one, the power goes or True comes back: it fails."""
        if self.dead:
            raise PowerCutError(what)
        self.operations += 1
        if self.fail_at is None or self.operations < self.fail_at:
            return False
        if self.operations > self.fail_at and not self.lasting:
            return False
        self.failed += 1
        if self.how == "cut":
            self.dead = True
            raise PowerCutError(what)
        return True

    def raise_fault(self, what: str) -> None:
        if "full" in self.how and what == "write":
            raise DiskFullError(self.how)
        kinds = {
            "write": apsw.SQLITE_IOERR_WRITE,
            "sync": apsw.SQLITE_IOERR_FSYNC,
            "truncate": apsw.SQLITE_IOERR_TRUNCATE,
            "read": apsw.SQLITE_IOERR_READ,
        }
        fault = IOFaultError(self.how)
        fault.extendedresult = kinds.get(what, apsw.SQLITE_IOERR)
        raise fault

    def cut(self, chance: random.Random) -> None:
        """Leave on the real disk what a power cut leaves; every connection is closed by now."""
        for name, image in list(self.images.items()):
            left = image.after_cut(chance)
            path = Path(name)
            if left is None:
                path.unlink(missing_ok=True)
                del self.images[name]
            else:
                path.write_bytes(left)
                self.images[name] = Image(bytearray(left), [], created_durably=True)
            path.with_name(path.name + "-shm").unlink(missing_ok=True)
        self.reset()


class DiskFile(apsw.VFSFile):
    """One open file, whose writes are noted before they are carried out."""

    def __init__(self, disk: Disk, name: Any, flags: list[int]) -> None:
        self.disk = disk
        self.path = name.filename() if isinstance(name, apsw.URIFilename) else str(name)
        if disk.dead:
            raise PowerCutError("open")
        existed = Path(self.path).exists()
        super().__init__("", name, flags)
        self.image = disk.images.setdefault(self.path, Image())
        if existed and not self.image.created_durably and not self.image.pending:
            self.image.durable = bytearray(Path(self.path).read_bytes())
            self.image.created_durably = True

    def xRead(self, amount: int, offset: int) -> bytes:  # noqa: N802
        if self.disk.dead:
            raise PowerCutError("read")
        if self.disk.reads_count and self.disk.step("read", self.path, self.image):
            self.disk.raise_fault("read")
        return super().xRead(amount, offset)

    def xWrite(self, data: bytes, offset: int) -> None:  # noqa: N802
        octets = bytes(data)
        self._do("write", ("write", offset, octets), lambda: super(DiskFile, self).xWrite(octets, offset))

    def xTruncate(self, newsize: int) -> None:  # noqa: N802
        self._do("truncate", ("truncate", newsize, b""), lambda: super(DiskFile, self).xTruncate(newsize))

    def xSync(self, flags: int) -> None:  # noqa: N802
        failing = self.disk.step("sync", self.path, self.image)
        if failing and "persisted" not in self.disk.how:
            self.disk.raise_fault("sync")
        self.image.settle()
        self.disk.syncs.append(self.path)
        if failing:
            self.disk.raise_fault("sync")

    def _do(self, what: str, noted: tuple[str, int, bytes], work: Any) -> None:
        failing = self.disk.step(what, self.path, self.image)
        if failing and "persisted" not in self.disk.how:
            self.disk.raise_fault(what)
        self.image.pending.append(noted)
        work()
        if failing:
            self.disk.raise_fault(what)


@contextlib.contextmanager
def mounted(name: str) -> Iterator[Disk]:
    """Give a disk by this name to SQLite; what was left open on it is closed in the end."""
    disk = Disk(name)
    with planned_faults_unheard():
        try:
            yield disk
        finally:
            disk.dead = False
            gc.collect()
            disk.unregister()


@contextlib.contextmanager
def planned_faults_unheard() -> Iterator[None]:
    """Let nobody hear of a fault of ours that nobody can be told of; any other is heard as ever.

    A world that ends badly leaves connections open. Whenever Python collects one, SQLite closes it: it reads, syncs
    and deletes, on a disk that by then may be dead on purpose. Nobody waits for that error, so it goes to
    ``sys.unraisablehook``, and there fails whichever test happens to run.
    """
    before = sys.unraisablehook

    def hear(unraisable: sys.UnraisableHookArgs) -> None:
        if not issubclass(unraisable.exc_type, IOFaultError | DiskFullError | PowerCutError):
            before(unraisable)

    sys.unraisablehook = hear
    try:
        yield
    finally:
        sys.unraisablehook = before
