"""Text in blocks of whole lines, with a ceiling on the length of a line."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from detente.tracks.readers import Source
from detente.tracks.reasons import Reason, Tally
from detente.tracks.unpack import Unpacked

__all__ = ["BLOCK_BYTES", "LINE_BYTES_MAX", "Block", "LineCutter", "blocks"]

BLOCK_BYTES = 8 << 20
"""Large enough that a parser's fixed costs vanish, small enough to stay in a processor's cache."""
LINE_BYTES_MAX = 1 << 20
"""No format has lines beyond some KiB; what is longer is one unreadable row and is never held whole."""


@dataclass(frozen=True, slots=True)
class Block:
    """Whole lines, each with its line end.

    data: the bytes; too_long: lines left out because they are longer than LINE_BYTES_MAX;
    incomplete: 1 when the input was cut short in a line, which is left out, else 0.
    """

    data: bytes
    too_long: int = 0
    incomplete: int = 0

    def count(self, tally: Tally) -> None:
        """Count the lines that were left out as read and rejected."""
        tally.read(self.too_long + self.incomplete)
        tally.reject(Reason.UNREADABLE, self.too_long)
        tally.reject(Reason.INCOMPLETE, self.incomplete)


@dataclass(slots=True)
class LineCutter:
    """Cuts what comes in pieces into blocks of whole lines; holds less than one line of at most bytes_max bytes."""

    bytes_max: int = LINE_BYTES_MAX
    _begun: bytes = b""
    _skipping: bool = False  # inside a line that is too long

    def feed(self, piece: bytes) -> Block:
        """Return the whole lines so far; a line that is too long is counted when its end has come."""
        too_long = 0
        if self._skipping:
            end = piece.find(b"\n") + 1
            if not end:
                return Block(b"")
            piece, self._skipping, too_long = piece[end:], False, 1
        data = self._begun + piece if self._begun else piece
        cut = data.rfind(b"\n") + 1
        self._begun, data = data[cut:], data[:cut] if cut < len(data) else data
        if len(self._begun) > self.bytes_max:
            self._begun, self._skipping = b"", True
        data, dropped = _without_long_lines(data, self.bytes_max)
        return Block(data, too_long=too_long + dropped)

    def end(self, *, cut_short: bool) -> Block:
        """Return what is left when nothing more comes: a last line without its end, left out when it was cut short."""
        begun, skipping = self._begun, self._skipping
        self._begun, self._skipping = b"", False
        if skipping:
            return Block(b"", too_long=1)
        if begun and cut_short:
            return Block(b"", incomplete=1)
        return Block(begun + b"\n" if begun else b"")


def blocks(stream: BinaryIO, source: Source) -> Iterator[Block]:
    """Yield the rest of the stream in blocks of about BLOCK_BYTES; a last line without its end gets one."""
    cutter = LineCutter()
    while piece := stream.read(BLOCK_BYTES):
        block = cutter.feed(piece)
        if block.data or block.too_long:
            yield block
    last = cutter.end(cut_short=isinstance(source, Unpacked) and source.cut_short)
    if last.data or last.too_long or last.incomplete:
        yield last


def _without_long_lines(data: bytes, bytes_max: int) -> tuple[bytes, int]:
    """Return the lines that are short enough and how many were not.

    A line longer than the ceiling covers one of the windows of half the ceiling wholly, so that looking for a
    line end in each window finds every such line at almost no cost.
    """
    window = bytes_max // 2
    if all(data.find(b"\n", at, at + window) >= 0 for at in range(0, len(data), window)):
        return data, 0
    lines = data.split(b"\n")[:-1]
    kept = [line for line in lines if len(line) <= bytes_max]
    return b"".join(line + b"\n" for line in kept), len(lines) - len(kept)
