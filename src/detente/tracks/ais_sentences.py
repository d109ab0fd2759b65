"""NMEA 0183 lines taken apart, a block of lines at a time: where each field lies, and which lines are wrong.

Sources: IEC 61162-1 (sentences), NMEA 0183 v4.10 section 7 (tag blocks). What a payload says is not known here.
Every line gets exactly one ``Fault`` (or none); lines are judged by array operations, not one by one.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

__all__ = ["Fault", "Lines", "split_lines"]

Octets = NDArray[np.uint8]
Positions = NDArray[np.int64]
Flags = NDArray[np.bool_]

_PADDING = b"\0" * 64


class Fault(IntEnum):
    """Why a line is not an AIS sentence to decode; NONE when it is one."""

    NONE = 0
    NO_RECORD = 1  # blank, or a comment beginning with "#"
    OTHER_SENTENCE = 2  # a sound NMEA sentence that is not AIS ($GPRMC, $PSHI, !AITXT)
    UNREADABLE = 3
    BAD_CHECKSUM = 4
    INCOMPLETE = 5  # an AIS sentence without its end


@dataclass(frozen=True, slots=True)
class Lines:
    """The lines of one block; every array has one element a line. Positions count octets from the block's start.

    fields hold only where fault is NONE: start (of the line), bang ("!"), payload_start and payload_end, after
    (the first octet behind the checksum), end (of the line), fill (padding bits), parts and part (1 of 2),
    lost (AIS sentences on the same line before this one, cut off by a lost line end).
    """

    octets: Octets
    fault: NDArray[np.int8]
    start: Positions
    bang: Positions
    payload_start: Positions
    payload_end: Positions
    after: Positions
    end: Positions
    fill: NDArray[np.int8]
    parts: NDArray[np.int8]
    part: NDArray[np.int8]
    lost: NDArray[np.int64]


def split_lines(block: bytes) -> Lines:
    """Take a block of whole lines apart."""
    start, end = _line_bounds(block)
    octets = np.frombuffer(block + _PADDING, dtype=np.uint8)
    end = np.where((end > start) & (octets[end - 1] == 13), end - 1, end)
    folded = np.bitwise_xor.accumulate(octets)

    bang, lost, is_ais = _sentence_starts(octets, start, end)
    star = _next(octets, ord("*"), bang, end)
    sound, has_sum = _checksums(octets, folded, bang, star, end)
    tag_sound = _tag_blocks(octets, folded, start, bang)
    commas = np.append(np.flatnonzero(octets == 44), [len(octets)] * 6)
    first = np.searchsorted(commas, bang)
    payload_start = commas[first + 4] + 1
    payload_end = commas[first + 5]
    fill, parts, part, shaped = _small_fields(octets, commas, first, star)

    fault = np.full(len(start), Fault.NONE, dtype=np.int8)
    fault[~shaped] = Fault.UNREADABLE
    fault[~tag_sound | (has_sum & ~sound)] = Fault.BAD_CHECKSUM
    fault[~has_sum] = Fault.INCOMPLETE
    leading = octets[start]
    fault[~is_ais] = Fault.UNREADABLE
    opened = (leading == 33) | (leading == 36) | (leading == 92)
    fault[~is_ais & opened & has_sum] = Fault.BAD_CHECKSUM
    fault[~is_ais & opened & has_sum & sound] = Fault.OTHER_SENTENCE
    fault[(end == start) | (leading == 35)] = Fault.NO_RECORD
    return Lines(
        octets=octets,
        fault=fault,
        start=start,
        bang=bang,
        payload_start=payload_start,
        payload_end=payload_end,
        after=star + 3,
        end=end,
        fill=fill,
        parts=parts,
        part=part,
        lost=lost,
    )


def _sentence_starts(octets: Octets, start: Positions, end: Positions) -> tuple[Positions, Positions, Flags]:
    """Return per line where its last AIS sentence begins, how many stand before it, and whether it has one.

    A line without an AIS sentence gets the position of its first "$" or "!", else its start.
    """
    marks = np.flatnonzero((octets == 33) | (octets == 36))
    at = marks[marks < len(octets) - len(_PADDING)]
    ais = (
        (octets[at] == 33)
        & (octets[at + 3] == ord("V"))
        & (octets[at + 4] == ord("D"))
        & ((octets[at + 5] == ord("M")) | (octets[at + 5] == ord("O")))
        & (octets[at + 6] == 44)
    )
    starts_ais = np.append(at[ais], len(octets))
    low, high = np.searchsorted(starts_ais, start), np.searchsorted(starts_ais, end)
    is_ais = high > low
    marks = np.append(at, len(octets))
    other = marks[np.searchsorted(marks, start)]
    bang = np.where(is_ais, starts_ais[np.maximum(high - 1, 0)], np.where(other < end, other, start))
    return bang, np.where(is_ais, high - low - 1, 0), is_ais


def _next(octets: Octets, octet: int, after: Positions, end: Positions) -> Positions:
    """Return the first position of the octet at or behind ``after`` and before ``end``, else ``end``."""
    found = np.append(np.flatnonzero(octets == octet), len(octets))
    nearest: Positions = np.minimum(found[np.searchsorted(found, after)], end)
    return nearest


_HEX = np.full(256, 255, dtype=np.uint8)
for _digit in range(16):
    _HEX[ord(f"{_digit:X}")] = _HEX[ord(f"{_digit:x}")] = _digit


def _checksums(
    octets: Octets, folded: Octets, bang: Positions, star: Positions, end: Positions
) -> tuple[Flags, Flags]:
    """Return (checksum agrees, there is a whole one): the exclusive or of all between "!" and "*"."""
    high, low = _HEX[octets[star + 1]], _HEX[octets[star + 2]]
    has_sum = (star + 3 <= end) & (high < 16) & (low < 16)
    computed = folded[np.maximum(star - 1, 0)] ^ folded[bang]
    return computed == (high << 4 | low & 15), has_sum


def _tag_blocks(octets: Octets, folded: Octets, start: Positions, bang: Positions) -> Flags:
    r"""Return where the tag block before the sentence (``\c:1,s:x*hh\``), if any, has a right checksum."""
    opening = _next(octets, ord("\\"), start, bang)
    star = _next(octets, ord("*"), opening, bang)
    sound, has_sum = _checksums(octets, folded, opening, star, bang)
    return (opening >= bang) | (sound & has_sum)


def _small_fields(
    octets: Octets, commas: Positions, first: Positions, star: Positions
) -> tuple[NDArray[np.int8], NDArray[np.int8], NDArray[np.int8], Flags]:
    """Return fill bits, number of parts, this part, and whether the sentence has AIS's shape."""
    total_at, part_at, fill_at = commas[first] + 1, commas[first + 1] + 1, commas[first + 5] + 1
    shaped = (fill_at == star - 1) & (commas[first + 1] == total_at + 1) & (commas[first + 2] == part_at + 1)

    def digit(at: Positions) -> NDArray[np.int8]:
        return (octets[np.where(shaped, at, 0)].astype(np.int16) - 48).clip(-1, 100).astype(np.int8)

    fill, parts, part = digit(fill_at), digit(total_at), digit(part_at)
    shaped &= (fill >= 0) & (fill <= 5) & (parts >= 1) & (parts <= 9) & (part >= 1) & (part <= parts)
    return fill, parts, part, shaped


def _line_bounds(block: bytes) -> tuple[Positions, Positions]:
    """Return where each line starts and ends (its line feed excluded, a carriage return included)."""
    octets = np.frombuffer(block, dtype=np.uint8)
    feeds = np.flatnonzero(octets == 10)
    if len(octets) and octets[-1] != 10:
        feeds = np.append(feeds, len(octets))
    starts = np.empty(len(feeds), dtype=np.int64)
    if len(feeds):
        starts[0] = 0
        starts[1:] = feeds[:-1] + 1
    return starts, feeds.astype(np.int64)
