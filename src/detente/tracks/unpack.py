"""Inputs, plain or packed, as streams of unpacked bytes: files, members of archives, standard input.

What something is packed with is told by its first bytes. Everything streams: at any time at most a few MiB of
unpacked bytes are in memory, whatever the archive claims. One layer of packing is undone, no more.
"""

from __future__ import annotations

import io
import os
import shutil
import sys
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Generator, Iterator, Sequence
from pathlib import Path
from typing import IO, BinaryIO, cast

import zstandard

from detente import words
from detente.tracks.errors import ReadingMistake, TrackMistake
from detente.tracks.readers import HEAD_BYTES

__all__ = ["Unpacked", "sources", "total_bytes"]

say = words.speaker("tracks")

CHUNK_BYTES = 1 << 20
STREAM_BUFFER_BYTES = 1 << 18
ZSTD_WINDOW_BYTES_MAX = 1 << 27
"""What ``zstd --long`` makes by default; a larger window would let the file choose our memory."""
ZSTD_SLICE_BYTES = 1 << 10
"""One block of 128 KiB can hide in 4 bytes: 1 KiB unpacks to 32 MiB at worst."""
BOMB_BYTES = 1 << 30
BOMB_RATIO = 1000
"""More than 1 GiB from less than a thousandth of that is no archive of tracks (they shrink 3 to 30 times)."""
MEMBERS_MAX = 10_000

_ZSTD_SKIPPABLE = tuple(bytes([low, 0x2A, 0x4D, 0x18]) for low in range(0x50, 0x60))
_REFUSED = (
    (0, b"BZh", "bzip2"),
    (0, b"\xfd7zXZ\x00", "xz"),
    (0, b"7z\xbc\xaf\x27\x1c", "7z"),
    (0, b"Rar!", "rar"),
    (0, b"\x1f\x9d", "compress"),
    (0, b"\x04\x22\x4d\x18", "lz4"),
    (257, b"ustar", "tar"),
)

Pull = Generator[bytes, None, None]


class _CutShort(Exception):  # noqa: N818 - a signal inside this module, never seen outside
    """The packed bytes end in the middle or are damaged from here on."""


class Unpacked:
    """One input, unpacked: detente.tracks.readers.Source, to be closed when it has been read.

    cut_short: True once reading has met the premature end of a packed input; what came before it is good.
    progress: called with the number of (packed) bytes each time some have been read.
    """

    def __init__(
        self,
        name: str,
        stream: Callable[[Unpacked], io.RawIOBase],
        *,
        file: Path | None = None,
        once: bool = False,
    ) -> None:
        """Open for a look at the head.

        stream: opens the unpacked bytes; file: where they lie already unpacked; once: it can be opened only once.
        """
        self.name = name
        self.cut_short = False
        self.progress: Callable[[float], None] | None = None
        self._stream = stream
        self._file = file
        self._spilled: Path | None = None
        self._waiting: BinaryIO | None = None
        opened = cast("BinaryIO", io.BufferedReader(stream(self), STREAM_BUFFER_BYTES))
        self.head = opened.read(HEAD_BYTES)
        if once:
            self._waiting = opened
        else:
            opened.close()
        _refuse_packed(self.name, self.head)

    def open(self) -> BinaryIO:
        """Open for reading from the first byte, unpacked; standard input can be opened once."""
        if self._spilled is not None:
            return self._spilled.open("rb")
        if self._waiting is not None:
            rest, self._waiting = self._waiting, None
            return io.BufferedReader(_Rejoined(self.head, rest), STREAM_BUFFER_BYTES)
        return io.BufferedReader(self._stream(self), STREAM_BUFFER_BYTES)

    def path(self) -> Path:
        """Return a seekable file with the unpacked bytes; a temporary one lives until ``close``."""
        if self._file is not None:
            return self._file
        if self._spilled is None:
            handle, name = tempfile.mkstemp(prefix="detente-", suffix=".unpacked")
            spilled = Path(name)
            try:
                with os.fdopen(handle, "wb") as target, self.open() as unpacked:
                    shutil.copyfileobj(unpacked, target, CHUNK_BYTES)
            except BaseException:
                spilled.unlink(missing_ok=True)
                raise
            self._spilled = spilled
        return self._spilled

    def close(self) -> None:
        """Remove the temporary file, if there is one."""
        if self._waiting is not None:
            self._waiting.close()
            self._waiting = None
        if self._spilled is not None:
            self._spilled.unlink(missing_ok=True)
            self._spilled = None


def sources(
    paths: Sequence[str | Path], *, progress: Callable[[float], None] | None = None
) -> Generator[Unpacked, None, None]:
    """Yield every input in the order given, each member of a zip archive by itself; "-" is standard input.

    Each is closed when the next one is asked for. Raises ReadingMistake for a path that is not a file and
    TrackMistake for an archive that cannot be opened here: encrypted, nested, or of another kind.
    """
    for given in paths:
        for source in _standard_input(progress) if str(given) == "-" else _of_file(Path(given), progress):
            source.progress = progress
            try:
                yield source
            finally:
                source.close()


def total_bytes(paths: Sequence[str | Path]) -> int | None:
    """Return how many bytes ``progress`` will be told in all, None when standard input is among them."""
    try:
        return None if "-" in map(str, paths) else sum(Path(given).stat().st_size for given in paths)
    except OSError:
        return None


def _of_file(path: Path, progress: Callable[[float], None] | None) -> Iterator[Unpacked]:
    if not path.exists():
        raise ReadingMistake(
            expected=say("a file that exists"),
            came=say("there is no such file"),
            where=str(path),
            remedy=say("check the name"),
        )
    if path.is_dir():
        raise ReadingMistake(
            expected=say("a file"),
            came=say("a folder"),
            where=str(path),
            remedy=say("name the files, for example {example}", example=f"{path}/*"),
        )
    with path.open("rb") as raw:
        magic = raw.read(4)
    if magic[:2] == b"PK" and magic[2:] in {b"\x03\x04", b"\x05\x06"}:
        yield from _members(path, path.name, progress)
        return
    unpack = _unpacking(magic)
    yield Unpacked(
        path.name,
        lambda source: _Chunks(source, _counted(path.open("rb"), source), unpack),
        file=path if unpack is _plain else None,
    )


def _standard_input(progress: Callable[[float], None] | None) -> Iterator[Unpacked]:
    raw = io.BufferedReader(_Rejoined(b"", sys.stdin.buffer, keep_open=True))
    magic = raw.peek(4)[:4]
    if magic[:2] == b"PK" and magic[2:] in {b"\x03\x04", b"\x05\x06"}:
        handle, name = tempfile.mkstemp(prefix="detente-", suffix=".zip")  # a zip's list stands at its end
        try:
            with os.fdopen(handle, "wb") as target:
                shutil.copyfileobj(raw, target, CHUNK_BYTES)
            yield from _members(Path(name), "-", progress)
        finally:
            Path(name).unlink(missing_ok=True)
        return
    unpack = _unpacking(magic)
    yield Unpacked("-", lambda source: _Chunks(source, _counted(raw, source), unpack), once=True)


def _members(path: Path, name: str, progress: Callable[[float], None] | None) -> Iterator[Unpacked]:
    try:
        archive = zipfile.ZipFile(path)
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, UnicodeError) as fault:
        raise TrackMistake(
            expected=say("a whole zip archive"),
            came=say("its list of contents cannot be read"),
            where=name,
            remedy=say("fetch the archive again"),
        ) from fault
    with archive:
        members = [member for member in archive.infolist() if not member.is_dir()]
        # what macOS adds to every archive is about files, not a file
        members = [member for member in members if not member.filename.startswith("__MACOSX/")]
        if len(members) > MEMBERS_MAX:
            raise TrackMistake(
                expected=say("an archive of at most {count} files", count=MEMBERS_MAX),
                came=str(len(members)),
                where=name,
                remedy=say("unpack it and name the files"),
            )
        if not members:
            raise TrackMistake(
                expected=say("an archive with files in it"),
                came=say("an empty archive"),
                where=name,
                remedy=say("fetch the archive again"),
            )
        for member in members:
            yield _member(archive, member, name, progress)


def _member(
    archive: zipfile.ZipFile, member: zipfile.ZipInfo, name: str, progress: Callable[[float], None] | None
) -> Unpacked:
    where = f"{name}:{member.filename}"
    if member.flag_bits & 0x1:
        raise TrackMistake(
            expected=say("a file that is not encrypted"),
            came=say("an encrypted file in an archive"),
            where=where,
            remedy=say("unpack it with its password and name the file"),
        )
    if member.compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
        raise TrackMistake(
            expected=say("a zip archive packed by deflate"),
            came=say("another way of packing"),
            where=where,
            remedy=say("unpack it and name the files"),
        )

    def stream(source: Unpacked) -> io.RawIOBase:
        try:
            opened = archive.open(member)
        except (zipfile.BadZipFile, OSError, NotImplementedError, ValueError, UnicodeError) as fault:
            raise TrackMistake(
                expected=say("a whole zip archive"),
                came=say("a file in it cannot be opened"),
                where=where,
                remedy=say("fetch the archive again"),
            ) from fault
        # the archive itself is not read through _Counted: the member's packed size stands in its list
        if source.progress is not None:
            source.progress(member.compress_size)
        return _Chunks(source, _Counted(opened, None), _member_bytes, packed_bytes=member.compress_size)

    source = Unpacked(where, stream)
    source.progress = progress
    return source


def _unpacking(magic: bytes) -> Callable[[_Counted], Pull]:
    if magic[:2] == b"\x1f\x8b":
        return _gunzip
    if magic == b"\x28\xb5\x2f\xfd" or magic in _ZSTD_SKIPPABLE:
        return _unzstd
    return _plain


def _refuse_packed(name: str, head: bytes) -> None:
    kind = next((kind for at, magic, kind in _REFUSED if head[at : at + len(magic)] == magic), None)
    if kind is None and (_unpacking(head[:4]) is not _plain or head[:4] == b"PK\x03\x04"):
        kind = say("an archive within an archive")
    if kind is not None:
        raise TrackMistake(
            expected=say("a plain file or one packed once by gzip, zstd or zip"),
            came=kind,
            where=name,
            remedy=say("unpack it first"),
        )


def _plain(raw: _Counted) -> Pull:
    while chunk := raw.read(CHUNK_BYTES):
        yield chunk


def _gunzip(raw: _Counted) -> Pull:
    unpacker = zlib.decompressobj(wbits=31)
    packed = raw.read(STREAM_BUFFER_BYTES)
    begun = True
    while packed:
        try:
            chunk = unpacker.decompress(packed, CHUNK_BYTES)
        except zlib.error as fault:
            raise _CutShort from fault
        if chunk:
            yield chunk
        packed = unpacker.unconsumed_tail
        if unpacker.eof:  # gzip files may be strung together
            packed = (unpacker.unused_data or raw.read(STREAM_BUFFER_BYTES)).lstrip(b"\0")
            unpacker, begun = zlib.decompressobj(wbits=31), bool(packed)
        elif not packed:
            packed = raw.read(STREAM_BUFFER_BYTES)
    if begun:
        raise _CutShort


def _unzstd(raw: _Counted) -> Pull:
    unpacker = zstandard.ZstdDecompressor(max_window_size=ZSTD_WINDOW_BYTES_MAX)
    frame = unpacker.decompressobj()
    begun = True
    while packed := raw.read(STREAM_BUFFER_BYTES):
        at = 0
        while at < len(packed):
            piece = packed[at : at + ZSTD_SLICE_BYTES]
            try:
                chunk = frame.decompress(piece)
            except zstandard.ZstdError as fault:
                raise _CutShort from fault
            at += len(piece)
            begun = True
            if chunk:
                yield chunk
            if frame.eof:
                at -= len(frame.unused_data)
                frame, begun = unpacker.decompressobj(), False
    if begun:
        raise _CutShort


def _member_bytes(raw: _Counted) -> Pull:
    while True:
        try:
            chunk = raw.read(CHUNK_BYTES)
        except (zipfile.BadZipFile, zlib.error, EOFError, OSError) as fault:
            raise _CutShort from fault
        if not chunk:
            return
        yield chunk


class _Counted:
    """Packed bytes and how many of them have been read."""

    __slots__ = ("_raw", "_source", "bytes_read")

    def __init__(self, raw: IO[bytes], source: Unpacked | None) -> None:
        self._raw = raw
        self._source = source
        self.bytes_read = 0

    def read(self, size: int) -> bytes:
        chunk = self._raw.read(size)
        self.bytes_read += len(chunk)
        if self._source is not None and self._source.progress is not None and chunk:
            self._source.progress(len(chunk))
        return chunk

    def close(self) -> None:
        self._raw.close()


def _counted(raw: IO[bytes], source: Unpacked) -> _Counted:
    return _Counted(raw, source)


class _Chunks(io.RawIOBase):
    """A readable stream over what a generator of chunks yields; the end of a damaged input is marked."""

    def __init__(
        self,
        source: Unpacked,
        raw: _Counted,
        unpack: Callable[[_Counted], Pull],
        *,
        packed_bytes: int | None = None,
    ) -> None:
        super().__init__()
        self._source = source
        self._raw = raw
        self._chunks = unpack(raw)
        self._packed = unpack is not _plain
        self._packed_bytes = packed_bytes
        self._left = memoryview(b"")
        self._given = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: object, /) -> int:
        target = memoryview(cast("bytearray", buffer)).cast("B")
        if not self._left:
            try:
                self._left = memoryview(next(self._chunks, b""))
            except _CutShort:
                self._source.cut_short = True
            self._given += len(self._left)
            self._guard()
        size = min(len(target), len(self._left))
        target[:size] = self._left[:size]
        self._left = self._left[size:]
        return size

    def _guard(self) -> None:
        packed = self._raw.bytes_read if self._packed_bytes is None else self._packed_bytes
        if self._packed and self._given > BOMB_BYTES and self._given > BOMB_RATIO * max(packed, 1):
            raise TrackMistake(
                expected=say("an archive that grows at most {ratio} times", ratio=BOMB_RATIO),
                came=say("more than {size} GiB from {packed} bytes", size=BOMB_BYTES >> 30, packed=packed),
                where=self._source.name,
                remedy=say("do not trust this file; unpack it yourself if you know where it comes from"),
            )

    def close(self) -> None:
        if not self.closed:
            self._chunks.close()
            self._raw.close()
        super().close()


class _Rejoined(io.RawIOBase):
    """A stream whose first bytes were already taken, put together again."""

    def __init__(self, head: bytes, rest: IO[bytes], *, keep_open: bool = False) -> None:
        super().__init__()
        self._head = memoryview(head)
        self._rest = rest
        self._keep_open = keep_open

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: object, /) -> int:
        target = memoryview(cast("bytearray", buffer)).cast("B")
        taken = self._head[: len(target)] if self._head else memoryview(self._rest.read(len(target)))
        if self._head:
            self._head = self._head[len(taken) :]
        target[: len(taken)] = taken
        return len(taken)

    def close(self) -> None:
        if not self.closed and not self._keep_open:
            self._rest.close()
        super().close()
