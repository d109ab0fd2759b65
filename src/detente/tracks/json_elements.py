"""One long JSON array cut into runs of whole elements, with bounded memory whatever the bytes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["PIECE_BYTES", "ElementCutter"]

PIECE_BYTES = 4 << 20
"""How much is read at a time: large enough that array operations win, small enough to forget about."""


@dataclass(slots=True)
class ElementCutter:
    """Cuts the text of one JSON array into runs of whole elements, without parsing them.

    Feed pieces in order. Depth counts brackets and braces outside strings; the array itself is depth 1, so an
    element ends where depth returns to 1. An element longer than ``cap`` bytes is left out and counted.
    """

    cap: int
    _rest: bytes = b""
    _skipping: bool = False
    _depth: int = 0
    _in_string: bool = False
    _escaped: bool = False

    def feed(self, piece: bytes) -> tuple[bytes, int]:
        """Return (whole elements as a JSON array's inside, elements left out as too long) found so far."""
        ends = self._element_ends(piece)
        left_out = 0
        if self._skipping:
            if not len(ends):
                return b"", 0
            piece, ends = piece[ends[0] + 1 :], ends[1:] - ends[0] - 1
            self._skipping, left_out = False, 0
        if not len(ends):
            self._rest += piece
            whole = b""
        else:
            whole = self._rest + piece[: ends[-1] + 1]
            self._rest = piece[ends[-1] + 1 :]
        if len(self._rest) > self.cap:
            self._rest, self._skipping = b"", True
            left_out += 1
        return whole, left_out

    @property
    def rest(self) -> bytes:
        """What follows the last whole element: the closing bracket, or a half element."""
        return self._rest

    @property
    def closed(self) -> bool:
        """Whether the array's own bracket was closed."""
        return self._depth <= 0

    def _element_ends(self, piece: bytes) -> NDArray[np.int64]:
        octets = np.frombuffer(piece, dtype=np.uint8)
        outside = self._outside_strings(octets)
        step = np.zeros(len(octets), dtype=np.int32)
        step[outside & ((octets == 123) | (octets == 91))] = 1
        closing = outside & ((octets == 125) | (octets == 93))
        step[closing] = -1
        depth = np.cumsum(step) + self._depth
        if len(depth):
            self._depth = int(depth[-1])
        return np.flatnonzero(closing & (depth == 1))

    def _outside_strings(self, octets: NDArray[np.uint8]) -> NDArray[np.bool_]:
        quotes = octets == 34
        if self._escaped and len(octets):
            quotes[0] = False
        slashes = np.flatnonzero(octets == 92)
        if len(slashes):
            self._escaped = _unquote_escaped(quotes, slashes, len(octets), first_is_escaped=self._escaped)
        elif len(octets):
            self._escaped = False
        inside = (np.cumsum(quotes, dtype=np.int64) + self._in_string) % 2 == 1
        if len(octets):
            self._in_string = bool(inside[-1])
        outside: NDArray[np.bool_] = ~inside
        return outside


def _unquote_escaped(
    quotes: NDArray[np.bool_], slashes: NDArray[np.int64], length: int, *, first_is_escaped: bool
) -> bool:
    """Clear quotes that an odd run of backslashes escapes; returns whether the next piece's first is escaped."""
    free = 1 if first_is_escaped else 0
    for at in slashes.tolist():
        if at < free:
            continue
        if at + 1 >= length:
            return True
        quotes[at + 1] = False
        free = at + 2
    return False
