"""Beast binary taken apart into frames: 0x1a, a type, 48-bit time, signal level, message; 0x1a inside is doubled.

Types: "1" Mode A/C (2 octets), "2" short Mode S (7), "3" long Mode S (14), "4" status of a Radarcape (14), "5"
its position (14). A receiver's id, as readsb writes before a frame (0xe3 and 8 octets), is part of no record.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum
from typing import NamedTuple

__all__ = ["Broken", "Frame", "Framer"]

_OCTET = rb"(?:[^\x1a]|\x1a\x1a)"
_FRAME = re.compile(
    rb"\x1a(?:(1)(%(o)s{9})|(2)(%(o)s{14})|([345])(%(o)s{21})|\xe3%(o)s{8})" % {b"o": _OCTET}, re.DOTALL
)
_AHEAD = 4096
"""Octets looked ahead, many times the longest frame (44), so that cutting does not depend on the pieces."""


class Broken(IntEnum):
    """What stood between two frames: a frame's beginning, or other octets."""

    INCOMPLETE = 1
    UNREADABLE = 2


class Frame(NamedTuple):
    """One frame. kind is b"1" to b"5"; ticks its 48-bit time as sent; message the octets behind the signal."""

    kind: bytes
    ticks: int
    message: bytes


@dataclass(slots=True)
class Framer:
    """Cuts a stream into frames; at most a block and a frame are held."""

    _rest: bytes = b""
    _broken: bool = False

    def feed(self, piece: bytes, *, last: bool = False) -> Iterator[Frame | Broken]:
        """Yield the frames in the stream so far, and one Broken for each run of octets between frames."""
        octets = self._rest + piece
        at = 0
        while True:
            found = _FRAME.match(octets, at)  # a whole frame stays one, whatever follows
            if found is None:
                if not last and len(octets) - at < _AHEAD:
                    break  # a frame may be cut off here; judge it when the rest is known
                found = _FRAME.search(octets, at)
            if found is None:
                break
            if found.start() > at or self._broken:
                yield self._between(octets, at)
            at = found.end()
            number = found.lastindex
            if number is not None:
                content = found.group(number).replace(b"\x1a\x1a", b"\x1a")
                yield Frame(found.group(number - 1), int.from_bytes(content[:6], "big"), content[7:])
        rest = octets[at:]
        if last:
            if rest or self._broken:
                yield self._between(rest, 0)
            self._rest = b""
            return
        if len(rest) > _AHEAD:
            self._broken = True
            rest = rest[-_AHEAD:]
        self._rest = rest

    def _between(self, octets: bytes, at: int) -> Broken:
        begun = not self._broken and octets[at : at + 1] == b"\x1a" and octets[at + 1 : at + 2] in b"12345"
        self._broken = False
        return Broken.INCOMPLETE if begun else Broken.UNREADABLE
