"""Encounters that go on from one window to the next."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from detente.encounters.compiled import INTEGERS, INTEGERS_APART, NUMBER, TABLE, WHOLES, inlined, kernel

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
def _swing(far: float, least: float, f: Floats, n: Integers) -> None:
    """Let the distance come to ``far``: a swing when that is ``least`` or more from where it turned last.

    Swings alternate in sense; smaller ones are passed over. As in detente.encounters.kernel_describe.
    """
    sense = 0
    if n[6] == 0:
        if far - f[29] >= least:
            sense = 1
        elif f[30] - far >= least:
            sense = -1
        else:
            f[29], f[30] = min(f[29], far), max(f[30], far)
            return
        n[7] = sense
    elif n[8] * (f[31] - far) >= least:
        sense = -n[8]
    if sense != 0:
        n[6] += 1
        n[8] = sense
        f[31] = far
    elif n[8] > 0:
        f[31] = max(f[31], far)
    else:
        f[31] = min(f[31], far)


@inlined
def _swing_on(f: Floats, n: Integers, g: Floats, m: Integers, least: float) -> None:
    """Let the swings of the distance in f, n go on with those in g, m, as if it had never been cut."""
    if m[6] == 0:
        # both lie within less than a swing, so their order changes nothing
        _swing(g[29], least, f, n)
        _swing(g[30], least, f, n)
        return
    _swing(g[29] if m[7] > 0 else g[30], least, f, n)
    # what follows swings from there; in the sense of the swing before, that one only goes on
    if n[6] == 0:
        n[7] = m[7]
    n[6] += m[6] - (1 if n[6] > 0 and n[8] == m[7] else 0)
    n[8], f[31] = m[8], g[31]


@inlined
def _append(f: Floats, n: Integers, g: Floats, m: Integers, least: float) -> None:
    """Let the piece f, n go on with the piece g, m."""
    _swing_on(f, n, g, m, least)
    n[3] = max(n[3], m[3])
    flags = n[5] | (m[5] & GATHERED)
    f[1] = min(f[1], g[1])
    if _nearer(g[0], m[4], f[0], n[4]):
        f[0] = g[0]
        f[15:29] = g[15:29]
        n[4] = m[4]
        flags = (flags & ~CLOSEST) | (m[5] & CLOSEST)
    n[5] = flags


@kernel(TABLE, WHOLES, INTEGERS, INTEGERS, TABLE, WHOLES, INTEGERS_APART, NUMBER)
def go_on(
    open_fields: Floats,
    open_numbers: Integers,
    open_pairs: Integers,
    order: Integers,
    fields: Floats,
    numbers: Integers,
    pairs: Integers,
    swing_m: float,
) -> Integers:
    """Let pieces take up open encounters that they touch, in place; returns the places of those not taken up.

    open_pairs, pairs: a number for each pair, the same for both. order: the places of the open ones to look at, by
    that number; the pieces are sorted by it, and by time.
    """
    alone = np.empty(order.size, np.int64)
    count = 0
    j = 0
    for i in order:
        key = open_pairs[i]
        while j < pairs.size and pairs[j] < key:
            j += 1
        if not (j < pairs.size and pairs[j] == key and numbers[j, 2] <= open_numbers[i, 3]):
            alone[count] = i
            count += 1
            continue
        _append(open_fields[i], open_numbers[i], fields[j], numbers[j], swing_m)
        for column in range(fields.shape[1]):
            fields[j, column] = open_fields[i, column]
        for column in range(numbers.shape[1]):
            numbers[j, column] = open_numbers[i, column]
    return alone[:count].copy()
