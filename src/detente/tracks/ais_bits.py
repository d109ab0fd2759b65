"""AIS payloads read as bit fields, thousands at a time (ITU-R M.1371-5, annex 8; armour of IEC 61162-1).

A payload is a row of six-bit characters. ``sextets`` lays payloads out as one array, ``unsigned`` and ``signed``
cut the same field from all of them, ``text`` reads six-bit names. pyais reads the same payloads one by one; the
tests hold this module against it.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["INVALID", "SEXTET", "sextets", "signed", "text", "unsigned"]

INVALID = 255
"""What ``sextets`` holds for a character that is not of the armour's alphabet."""

SEXTET = np.full(256, INVALID, dtype=np.uint8)
for _code in [*range(48, 88), *range(96, 120)]:
    SEXTET[_code] = _code - 48 if _code < 88 else _code - 56
"""The value of each of the 256 octets as a character of the armour, INVALID for the others."""

_LETTERS = np.frombuffer(b"@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_ !\"#$%&'()*+,-./0123456789:;<=>?", dtype=np.uint8)


def sextets(
    octets: NDArray[np.uint8], start: NDArray[np.int64], end: NDArray[np.int64], width: int
) -> NDArray[np.uint8]:
    """Return shape (width, payloads): the first ``width`` characters of each payload, 0 behind its end."""
    columns = np.arange(width, dtype=np.int64)[:, None] + start[None, :]
    inside = columns < end[None, :]
    values: NDArray[np.uint8] = SEXTET[octets[np.minimum(columns, len(octets) - 1)]]
    values[~inside] = 0
    return values


def unsigned(characters: NDArray[np.uint8], first_bit: int, bits: int) -> NDArray[np.int64]:
    """Return the unsigned field of up to 57 bits that begins at ``first_bit`` of every payload."""
    first, last = first_bit // 6, (first_bit + bits - 1) // 6
    value = characters[first].astype(np.int64)
    for character in range(first + 1, last + 1):
        value = (value << 6) | characters[character]
    cut: NDArray[np.int64] = (value >> ((last + 1) * 6 - first_bit - bits)) & ((1 << bits) - 1)
    return cut


def signed(characters: NDArray[np.uint8], first_bit: int, bits: int) -> NDArray[np.int64]:
    """Return the two's complement field of up to 57 bits that begins at ``first_bit`` of every payload."""
    value = unsigned(characters, first_bit, bits)
    half = np.int64(1 << (bits - 1))
    folded: NDArray[np.int64] = (value ^ half) - half
    return folded


def text(characters: NDArray[np.uint8], first_bit: int, letters: int) -> list[str]:
    """Return six-bit ASCII of every payload: cut at the first "@" (the standard's end mark), blanks trimmed."""
    if not characters.shape[1]:
        return []
    rows = np.stack([_LETTERS[unsigned(characters, first_bit + 6 * k, 6)] for k in range(letters)], axis=1)
    joined = np.ascontiguousarray(rows).tobytes().decode("ascii")
    return [joined[at : at + letters].split("@", 1)[0].strip() for at in range(0, len(joined), letters)]
