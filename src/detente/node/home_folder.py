"""What lies in a home's folder and beside it, but for the records: enough for the process that holds the keys.

Files are written whole or not at all, and their new names survive a power cut as well as the bytes under them.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta

from detente import words
from detente.door.files import writing
from detente.line import canonical
from detente.line.errors import Refused
from detente.line.rootact import Keyring
from detente.node.store_place import DEFAULT, StorePlace
from detente.store.disk import translated
from detente.store.errors import HomeMistake, StoreFailure
from detente.store.whole import sync_folder

__all__ = [
    "FORMAT",
    "LOCK",
    "NODE_LOCK",
    "HomeCard",
    "described",
    "head_folder",
    "home_mistake",
    "keys_file",
    "on_disk",
    "own_acts",
    "own_ring",
    "take_lock",
    "write_small",
]

say = words.speaker("node")

FORMAT = 2
"""2: a home whose records are not, or not only, in SQLite files under HOME/lines; else 1."""
LOCK = "lock"
"""Held by whoever holds the keys and the head file: a verb, or the signer of a running node."""
NODE_LOCK = "node.lock"
"""Held by a running node, whose signer holds the other."""

_SMALL_MAX = 1024 * 1024


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


def keys_file(path: Path) -> Path:
    """Return where the operational keys of a home lie, encrypted."""
    return path / "keys" / "operational.json"


def own_acts(path: Path) -> list[bytes]:
    """Return the member's own root acts in order, whole envelopes. Raises StoreFailure."""
    with on_disk(path):
        return [found.read_bytes() for found in sorted((path / "acts").glob("[0-9]*.json"))]


def own_ring(path: Path) -> Keyring:
    """Return the member's keyring from its own root acts. Raises StoreFailure when they are damaged."""
    ring = Keyring()
    try:
        for octets in own_acts(path):
            ring.take(octets)
    except Refused as fault:
        raise _damaged(path / "acts", str(fault)) from fault
    return ring


def described(path: Path) -> HomeCard:
    """Return home.json; raises HomeMistake for a folder that is no home or of a newer version."""
    try:
        octets = (path / "home.json").read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        raise home_mistake(say("a home"), say("no home.json in it"), path) from None
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


def take_lock(path: Path, head: Path, name: str = LOCK) -> int:
    """Take a lock of a home; raises HomeMistake that names the process which holds it."""
    with on_disk(head):
        file = os.open(head / name, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        holder = os.pread(file, 64, 0).decode(errors="replace").strip()
        os.close(file)
        raise home_mistake(
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
    """Write a small file, whole or not at all, durably."""
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


def home_mistake(expected: str, came: str, path: Path) -> HomeMistake:
    """Return the error that says what is wrong with the folder that was named."""
    return HomeMistake(
        expected=expected, came=came, where=str(path), remedy=say("name the right folder; nothing was changed")
    )
