"""Encounters that go on from one window to the next."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from detente.encounters.compiled import TABLE, WHOLES, inlined, kernel

__all__ = ["go_on"]

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

GATHERED = 2 | 4 | 8
"""Flags that either piece may set: certain, a and b moved."""
CLOSEST = 16 | 32
"""Flags that belong to the closest point."""


@inlined
def _nearer(square: float, at: int, least: float, least_at: int) -> bool:
    """Tell which point is the closest: the earliest of the least distance, in whole micrometres.

    Where two legs meet, rounding alone would choose between them otherwise.
    """
    if square > least * (1.0 + 1e-6) + 1e-6:
        return False
    one, other = np.rint(math.sqrt(square) * 1e6), np.rint(math.sqrt(least) * 1e6)
    return one < other or (one == other and at < least_at)


@inlined
def _append(f: Floats, n: Integers, g: Floats, m: Integers) -> None:
    """Let the piece f, n go on with the piece g, m."""
    n[3] = max(n[3], m[3])
    n[6] += m[6]
    if n[8] == -1 and m[7] == 1:
        n[6] += 1
    if n[7] == 0:
        n[7] = m[7]
    if m[8] != 0:
        n[8] = m[8]
    flags = n[5] | (m[5] & GATHERED)
    f[1] = min(f[1], g[1])
    if _nearer(g[0], m[4], f[0], n[4]):
        f[0] = g[0]
        f[15:] = g[15:]
        n[4] = m[4]
        flags = (flags & ~CLOSEST) | (m[5] & CLOSEST)
    n[5] = flags


@kernel(TABLE, WHOLES, TABLE, WHOLES)
def go_on(open_fields: Floats, open_numbers: Integers, fields: Floats, numbers: Integers) -> Integers:
    """Let pieces take up open encounters that they touch, in place; returns the places of those not taken up.

    Both are sorted by pair, in the same numbering of movers, and time.
    """
    alone = np.empty(open_numbers.shape[0], np.int64)
    count = 0
    j = 0
    for i in range(open_numbers.shape[0]):
        key = open_numbers[i, 0] << 32 | open_numbers[i, 1]
        while j < numbers.shape[0] and (numbers[j, 0] << 32 | numbers[j, 1]) < key:
            j += 1
        touches = (
            j < numbers.shape[0]
            and (numbers[j, 0] << 32 | numbers[j, 1]) == key
            and numbers[j, 2] <= open_numbers[i, 3]
        )
        if not touches:
            alone[count] = i
            count += 1
            continue
        _append(open_fields[i], open_numbers[i], fields[j], numbers[j])
        for column in range(fields.shape[1]):
            fields[j, column] = open_fields[i, column]
        for column in range(numbers.shape[1]):
            numbers[j, column] = open_numbers[i, column]
    return alone[:count]
