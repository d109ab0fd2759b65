"""Pieces of one pair that touch become one encounter."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from detente.encounters.compiled import INTEGERS, TABLE, WHOLE, WHOLES, inlined, kernel

__all__ = ["join"]

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

LASTING = 1 | 64 | 128
"""Flags that the earlier piece decides: crossed, a and b at rest on entering."""
GATHERED = 2 | 4 | 8
"""Flags that either piece may set: certain, a and b moved."""
CLOSEST = 16 | 32
"""Flags that belong to the closest point."""


@inlined
def _append(here: int, there: int, fields: Floats, numbers: Integers) -> None:
    """Let the piece ``here`` go on with the piece ``there``."""
    f, g = fields[here], fields[there]
    n, m = numbers[here], numbers[there]
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
    if g[0] < f[0] or (g[0] == f[0] and m[4] < n[4]):
        f[0] = g[0]
        f[15:] = g[15:]
        n[4] = m[4]
        flags = (flags & ~CLOSEST) | (m[5] & CLOSEST)
    n[5] = flags


@kernel(INTEGERS, TABLE, WHOLES, WHOLE)
def join(order: Integers, fields: Floats, numbers: Integers, until: int) -> tuple[Integers, Integers]:
    """Join pieces that touch, in place; returns the places of finished encounters and of those still open.

    order: places sorted by pair and time of entering. An encounter is open when it lasts until ``until``, where
    the motion known so far ends.
    """
    finished = np.empty(order.size, np.int64)
    going_on = np.empty(order.size, np.int64)
    done = still = 0
    i = 0
    while i < order.size:
        here = order[i]
        i += 1
        while i < order.size:
            there = order[i]
            if (
                numbers[there, 0] != numbers[here, 0]
                or numbers[there, 1] != numbers[here, 1]
                or numbers[there, 2] > numbers[here, 3]
            ):
                break
            _append(here, there, fields, numbers)
            i += 1
        if numbers[here, 3] >= until:
            going_on[still] = here
            still += 1
        else:
            finished[done] = here
            done += 1
    return finished[:done], going_on[:still]
