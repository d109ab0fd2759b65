"""Tiles as a folder, for readers without a link: written piece by piece, the head last, and continued the next time.

    OUT/LINE/EPOCH/MEMBER/GENERATION/checkpoint
    OUT/LINE/EPOCH/MEMBER/GENERATION/tile/...

Until the new head lies there, the old one does, and everything that it needs.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from detente import words
from detente.door.errors import ArgumentMistake, OutputFailure
from detente.door.files import writing
from detente.line.checkpoint import NOTE_MAX, Checkpoint, Origin
from detente.line.errors import Malformed
from detente.line.tiles import CHECKPOINT, WIDTH, Tile, tiles_of
from detente.node.tiles.log_tiles import LogTiles

__all__ = ["Written", "folder_of", "write_tiles"]

say = words.speaker("node")


@dataclass(frozen=True, slots=True)
class Written:
    """What was done for one log: its statements before and now, how many files were written."""

    folder: Path
    before: int
    size: int
    files: int


def folder_of(out: Path, origin: Origin) -> Path:
    """Return where a log lies below OUT."""
    return out / origin.line / str(origin.epoch) / origin.member / str(origin.generation)


def write_tiles(tiles: LogTiles, out: Path) -> Written:
    """Write what is new of a log since the folder was last written.

    Raises ArgumentMistake when the folder holds another history or a longer one, OutputFailure, StoreFailure.
    """
    folder = folder_of(out, tiles.origin)
    before = _size_before(folder, tiles)
    files, folders = 0, {folder}
    with _failing(folder):
        folder.mkdir(parents=True, exist_ok=True)
    for tile in tiles_of(tiles.size):
        if tile.within(before) and _lies(folder, tile):
            continue
        path, octets = _content(folder, tiles, tile)
        with _failing(path):
            path.parent.mkdir(parents=True, exist_ok=True)
        _write(path, octets)
        folders.add(path.parent)
        files += 1
    note = tiles.note()
    if _octets(folder / CHECKPOINT) != note:
        _sync(folders)
        _write(folder / CHECKPOINT, note)
        _sync({folder})
        files += 1
    for tile in tiles_of(before):
        if tile.width < WIDTH and tile.full().within(tiles.size):
            _drop(folder, tile)
    return Written(folder, before, tiles.size, files)


def _size_before(folder: Path, tiles: LogTiles) -> int:
    """Return the size of the head that lies in the folder, after checking that the log goes on from it; 0 for none."""
    octets = _octets(folder / CHECKPOINT)
    if octets is None:
        return 0
    try:
        head = Checkpoint.decode(octets).head
    except Malformed as fault:
        raise _mistake(folder, fault.came) from None
    if head.origin != tiles.origin:
        raise _mistake(folder, say("a head of {origin}", origin=head.origin))
    if head.size > tiles.size:
        raise _mistake(
            folder, say("{there} statements, and this home has {here}", there=head.size, here=tiles.size)
        )
    if tiles.root_at(head.size) != head.root:
        raise _mistake(folder, say("a head over other statements than this home's"))
    return head.size


def _content(folder: Path, tiles: LogTiles, tile: Tile) -> tuple[Path, bytes]:
    """Return where a tile belongs, and its bytes; a bundle with a long entry has a name of its own."""
    octets = tiles.read(tile)
    if octets is None:
        tile = replace(tile, kind="long-entries")
        octets = tiles.read(tile)
        assert octets is not None  # one of the two names always has it
    return folder / tile.path(), octets


def _lies(folder: Path, tile: Tile) -> bool:
    """Tell whether a tile lies there already; a file of hashes must have its length."""
    if tile.kind == "hashes":
        with contextlib.suppress(OSError):
            return (folder / tile.path()).stat().st_size == 32 * tile.width
        return False
    return any((folder / one.path()).is_file() for one in (tile, replace(tile, kind="long-entries")))


def _drop(folder: Path, partial: Tile) -> None:
    """Remove partial tiles that a full one has replaced, as C2SP tlog-tiles allows; what is not ours stays."""
    for one in (partial, replace(partial, kind="long-entries")) if partial.kind == "entries" else (partial,):
        place = (folder / one.path()).parent
        for width in range(1, WIDTH):
            (place / str(width)).unlink(missing_ok=True)
        with contextlib.suppress(OSError):  # not there, or something of somebody else's is in it
            place.rmdir()


def _octets(path: Path) -> bytes | None:
    """Return the head that lies there; None when there is none."""
    try:
        with path.open("rb") as file:
            return file.read(NOTE_MAX + 1)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as failure:
        raise _mistake(path, failure.strerror or str(failure)) from None


def _write(path: Path, octets: bytes) -> None:
    with writing(path) as part:
        part.write_bytes(octets)


def _sync(folders: set[Path]) -> None:
    """Make new names durable before the head that needs them."""
    for folder in sorted(folders):
        with _failing(folder):
            opened = os.open(folder, os.O_RDONLY)
            try:
                os.fsync(opened)
            finally:
                os.close(opened)


@contextlib.contextmanager
def _failing(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as failure:
        raise OutputFailure(
            expected=say("a folder that can be written"),
            came=failure.strerror or str(failure),
            where=str(path),
            remedy=say("free space or choose another place; what lies there still holds together"),
        ) from failure


def _mistake(where: Path, came: str) -> ArgumentMistake:
    return ArgumentMistake(
        expected=say("a new folder, or one that this verb wrote of the same log"),
        came=came,
        where=str(where),
        remedy=say("choose another folder; nothing in this one was changed"),
    )
