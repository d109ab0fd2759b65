"""Text in blocks of whole lines, with a ceiling on the length of a line."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from detente.tracks.readers import Source
from detente.tracks.reasons import Reason, Tally
from detente.tracks.unpack import Unpacked

__all__ = ["BLOCK_BYTES", "LINE_BYTES_MAX", "Block", "blocks"]

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


def blocks(stream: BinaryIO, source: Source) -> Iterator[Block]:
    """Yield the rest of the stream in blocks of about BLOCK_BYTES; a last line without its end gets one."""
    begun = b""
    skipping = False  # inside a line that is too long
    while piece := stream.read(BLOCK_BYTES):
        too_long = 0
        if skipping:
            end = piece.find(b"\n") + 1
            if not end:
                continue
            piece, skipping, too_long = piece[end:], False, 1
        data = begun + piece if begun else piece
        cut = data.rfind(b"\n") + 1
        begun, data = data[cut:], data[:cut] if cut < len(data) else data
        if len(begun) > LINE_BYTES_MAX:
            begun, skipping = b"", True
        data, dropped = _without_long_lines(data)
        if data or too_long or dropped:
            yield Block(data, too_long=too_long + dropped)
    if skipping:
        yield Block(b"", too_long=1)
    elif begun and isinstance(source, Unpacked) and source.cut_short:
        yield Block(b"", incomplete=1)
    elif begun:
        yield Block(begun + b"\n")


def _without_long_lines(data: bytes) -> tuple[bytes, int]:
    """Return the lines that are short enough and how many were not.

    A line longer than the ceiling covers one of the windows of half the ceiling wholly, so that looking for a
    line end in each window finds every such line at almost no cost.
    """
    window = LINE_BYTES_MAX // 2
    if all(data.find(b"\n", at, at + window) >= 0 for at in range(0, len(data), window)):
        return data, 0
    lines = data.split(b"\n")[:-1]
    kept = [line for line in lines if len(line) <= LINE_BYTES_MAX]
    return b"".join(line + b"\n" for line in kept), len(lines) - len(kept)
