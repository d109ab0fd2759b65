"""Backup and restore of a home: one file, whole and consistent, made beside a running writer.

The file is a tar archive (POSIX, uncompressed): ``manifest.json`` first, then the home's files under their names
in the home, the records, the drafts and the alarms as single files. It holds the encrypted operational keys, and never
the head file or a root key: a restored home knows that it was restored, refills from its mirrors and signs nothing
before it is whole.
"""

from __future__ import annotations

import hashlib
import io
import os
import re
import secrets
import shutil
import tarfile
from contextlib import closing
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from detente import words
from detente.door.files import writing
from detente.errors import DetenteError
from detente.line import canonical
from detente.line.errors import Refused
from detente.node.alarms.kept import alarms_file
from detente.node.home import open_reading
from detente.node.home_folder import HomeCard, described, head_folder, on_disk, take_lock
from detente.node.store_place import DEFAULT
from detente.store.alarms import AlarmFile
from detente.store.desk_shelf import DeskShelf
from detente.store.drafts import Drafts
from detente.store.errors import HomeMistake, OlderRecord, StoreFailure
from detente.store.folder import Folder
from detente.store.people import PeopleFile
from detente.store.small_file import SmallFile
from detente.store.trail import TrailFile
from detente.store.whole import whole_folder

__all__ = ["backup", "restore"]

say = words.speaker("node")

_NAME = re.compile(
    r"home\.json|settings\.toml|acts/[0-9]{6}\.json|keys/operational\.json|lines/[a-z][a-z0-9-]{0,62}/record\.sqlite3"
    r"|(drafts|shelf|alarms|people|trail)\.sqlite3",
    re.ASCII,
)
_SMALL: dict[str, type[SmallFile]] = {
    "drafts.sqlite3": Drafts,
    "shelf.sqlite3": DeskShelf,
    "people.sqlite3": PeopleFile,
    "trail.sqlite3": TrailFile,
}
"""Small files of a home that go into its backup."""
_MANIFEST = "manifest.json"
_MANIFEST_MAX = 16 * 1024 * 1024
_PIECE = 1024 * 1024


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    name: str
    sha256: Annotated[str, Meta(pattern=r"\A[0-9a-f]{64}\Z")]
    size: Annotated[int, Meta(ge=0)]


class _Manifest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    files: tuple[_File, ...]
    format: Literal[1]
    home: str
    member: str


def backup(path: Path, target: Path, *, vfs: str | None = None) -> DetenteError | None:
    """Write the home at ``path`` to one new file, beside a running writer; it appears whole or not at all.

    Returns why the alarms are not in it, where their file cannot be read: the record matters more. Raises HomeMistake,
    StoreFailure, OutputFailure.
    """
    left_out: DetenteError | None = None
    room = target.with_name(f".{target.name}.{secrets.token_hex(4)}.part")
    with writing(target) as part, on_disk(target), open_reading(path, vfs=vfs) as home:
        room.mkdir(mode=0o700)
        try:
            for line in home.lines():
                copy = room / "lines" / line / "record.sqlite3"
                copy.parent.mkdir(parents=True)
                home.record(line).backup(copy)
            settings = ["settings.toml"] if (path / "settings.toml").is_file() else []
            for name in ["keys/operational.json", *settings, *_acts(path)]:
                (room / name).parent.mkdir(exist_ok=True)
                shutil.copyfile(path / name, room / name)
            for name, kind in _SMALL.items():
                if (path / name).exists():
                    _copy(kind, path / name, room / name, vfs)
            left_out = _copy_alarms(path, room, vfs)
            # a restored home keeps its records in files, wherever these came from: no two homes share a server's
            plain = msgspec.structs.replace(described(path), store=DEFAULT, before=None)
            (room / "home.json").write_bytes(plain.encoded())
            names = sorted(str(one.relative_to(room)) for one in room.rglob("*") if one.is_file())
            manifest = _Manifest(tuple(_described_file(room, name) for name in names), 1, home.id, home.member)
            with (
                os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file,
                tarfile.open(fileobj=file, mode="w", format=tarfile.PAX_FORMAT) as archive,
            ):
                octets = canonical.encode(msgspec.to_builtins(manifest))
                _add(archive, _MANIFEST, len(octets), io.BytesIO(octets))
                for one in manifest.files:
                    with (room / one.name).open("rb") as content:
                        _add(archive, one.name, one.size, content)
        finally:
            shutil.rmtree(room, ignore_errors=True)
    return left_out


def _copy_alarms(path: Path, room: Path, vfs: str | None) -> DetenteError | None:
    """Copy the alarms, so that what a person acknowledged stays so; returns why they could not be read."""
    if not alarms_file(path).exists():
        return None
    copy = room / alarms_file(path).name
    try:
        with closing(AlarmFile(alarms_file(path), read_only=True, vfs=vfs)) as alarms:
            alarms.kept()  # a file that is damaged is not carried on
        _copy(AlarmFile, alarms_file(path), copy, vfs)
    except (HomeMistake, StoreFailure) as failure:
        copy.unlink(missing_ok=True)
        return failure
    return None


def restore(source: Path, path: Path, *, vfs: str | None = None) -> None:
    """Found the home at ``path`` from a backup; it appears whole or not at all, and says that it was restored.

    ``path`` must not exist; a head file beside it stays and must be this home's. Raises HomeMistake for a file
    that is no backup, was cut or changed, or is of a newer version; StoreFailure when the disk refuses.
    """
    if path.exists():
        raise _mistake(say("a name where nothing is yet"), say("something that exists already"), path)
    with on_disk(path):
        head = head_folder(path)
        lock = take_lock(path, head) if head.exists() else None
        try:
            with whole_folder(path) as part:
                _unpack(source, part)
                card = described(part)
                (part / "home.json").write_bytes(msgspec.structs.replace(card, restored=True).encoded())
                _check(part, card, vfs)
        finally:
            if lock is not None:
                os.close(lock)


def _copy(kind: type[SmallFile], source: Path, target: Path, vfs: str | None) -> None:
    """Copy a small file whole, beside a running writer."""
    try:
        file = kind(source, read_only=True, vfs=vfs)
    except OlderRecord:  # as a verb that writes would, bring up to date what an older version left
        file = kind(source, vfs=vfs)
    try:
        file.backup(target)
    finally:
        file.close()


def _acts(path: Path) -> list[str]:
    return [f"acts/{one.name}" for one in sorted((path / "acts").glob("[0-9]*.json"))]


def _described_file(room: Path, name: str) -> _File:
    with (room / name).open("rb") as content:
        digest = hashlib.file_digest(content, "sha256").hexdigest()
    return _File(name, digest, (room / name).stat().st_size)


def _add(archive: tarfile.TarFile, name: str, size: int, content: object) -> None:
    """Add a file without its owner, mode or time: two backups of one state are the same bytes."""
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode = size, 0o600
    archive.addfile(entry, content)  # type: ignore[arg-type]  # any binary file


def _unpack(source: Path, part: Path) -> None:
    """Write the archive's files under ``part``: exactly those that the manifest names, each with its hash."""
    try:
        with source.open("rb") as file, tarfile.open(fileobj=file, mode="r:") as archive:
            manifest = _read_manifest(archive, source)
            for one in manifest.files:
                _unpack_file(archive, one, part, source)
            if archive.next() is not None:
                raise _no_backup(source, say("a file that it does not name"))
    except (FileNotFoundError, IsADirectoryError, PermissionError) as failure:
        if failure.filename != str(source):
            raise
        raise _no_backup(source, failure.strerror or str(failure)) from failure
    except (tarfile.TarError, EOFError) as fault:
        raise _no_backup(source, say("bytes that are no backup, or cut short")) from fault


def _read_manifest(archive: tarfile.TarFile, source: Path) -> _Manifest:
    first = archive.next()
    content = archive.extractfile(first) if first is not None and first.name == _MANIFEST else None
    if first is None or content is None or first.size > _MANIFEST_MAX:
        raise _no_backup(source, say("no manifest"))
    try:
        document = canonical.decode(content.read(), size_max=_MANIFEST_MAX, what=_MANIFEST)
        newer = document.get("format")
        if isinstance(newer, int) and newer > 1:
            raise _no_backup(source, say("format {format}, made by a newer détente", format=newer))
        manifest = msgspec.convert(document, _Manifest)
    except (Refused, msgspec.ValidationError) as fault:
        raise _no_backup(source, say("a manifest that does not hold")) from fault
    names = [one.name for one in manifest.files]
    if len(set(names)) != len(names) or not all(_NAME.fullmatch(name) for name in names):
        raise _no_backup(source, say("a manifest that does not hold"))
    return manifest


def _unpack_file(archive: tarfile.TarFile, one: _File, part: Path, source: Path) -> None:
    entry = archive.next()
    content = archive.extractfile(entry) if entry is not None and entry.isreg() else None
    if entry is None or content is None or (entry.name, entry.size) != (one.name, one.size):
        raise _no_backup(source, say("another file than it names: {name}", name=one.name))
    target = part / one.name
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    digest = hashlib.sha256()
    with os.fdopen(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        while piece := content.read(_PIECE):
            digest.update(piece)
            file.write(piece)
        file.flush()
        os.fsync(file.fileno())
    if digest.hexdigest() != one.sha256:
        raise _no_backup(source, say("a file that was changed: {name}", name=one.name))


def _check(part: Path, card: HomeCard, vfs: str | None) -> None:
    """Open what was unpacked once: a version that is too new, or damage, shows before the home appears."""
    if card.store != DEFAULT or card.before is not None:
        raise _mistake(say("a home of files alone"), say("one that names a server"), part)
    store = Folder(part / DEFAULT.place, vfs=vfs)
    store.prepare()
    if open_reading(part).ring().member != card.member:
        raise _mistake(say("the member's own root acts"), say("those of another"), part)
    for line in store.lines():
        store.open(line, read_only=False).close()
    small = {**_SMALL, alarms_file(part).name: AlarmFile}
    for name, kind in small.items():
        if (part / name).exists():
            kind(part / name, vfs=vfs).close()


def _no_backup(source: Path, came: str) -> HomeMistake:
    return _mistake(say("a backup of a home"), came, source)


def _mistake(expected: str, came: str, path: Path) -> HomeMistake:
    return HomeMistake(
        expected=expected, came=came, where=str(path), remedy=say("name the right file; nothing was changed")
    )
