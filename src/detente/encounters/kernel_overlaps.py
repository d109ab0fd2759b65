"""Encounters of candidates: one quadratic for each two legs, solved whole.

On the overlap of two legs the relative position is linear in time; its square is a quadratic, and the instants at
which it crosses the limit are its roots. Every overlap is solved whole and cut to slots and windows only then:
no result depends on where they begin or end.

The limit is the chord of the distance on the sphere of the Earth's mean radius: distance = 2 E asin(chord / 2 E).
Within 100 NM the difference to the ellipsoid's geodesic is below 0.1 m.

``intervals`` finds when both limits hold; most of what it finds lies in harbours and is only counted. What is
wanted is walked once more by ``describe`` (detente.encounters.kernel_describe).

Most overlaps are plainly inside or outside. So they are laid out in blocks, where the sums of many are done at once
in the lanes of the processor, within rounding; an overlap is solved only where rounding might decide.
The leaves that kernel_describe compiles with its own stand here too: a change of them takes deleting its cache.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from detente.encounters.compiled import (
    BYTES,
    FLOATS,
    INTEGERS,
    TABLE,
    WHOLE,
    WHOLES,
    inlined,
    kernel,
    lean,
)
from detente.encounters.kernel_legs import AT_REST, HEIGHT_VARIES

__all__ = [
    "BLOCK",
    "END",
    "FIX_M",
    "GEOID_M",
    "PRESSURE_M",
    "RANGE",
    "START",
    "SWING_M",
    "VERTICAL",
    "VERTICAL_M",
    "Block",
    "held",
    "intervals",
    "lay_out",
    "measure",
    "new_block",
    "relative",
    "sort_candidates",
]

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Bytes = npt.NDArray[np.uint8]
Block = tuple[Floats, Floats, Floats, Floats, Floats, Floats, Integers, Integers]
"""A block of overlaps: x, y, z and height of b against a, and the square of the distance, where the first begins and
where each ends; then of each the least square, its leg of a and its leg of b."""

BLOCK = 64
"""How many overlaps are looked at together."""
# limits
RANGE, VERTICAL, START, END, FIX_M, VERTICAL_M, GEOID_M, PRESSURE_M, SWING_M = range(9)


@lean
def held(
    c: float, b: float, a: float, last: float, within: float, h: float, rise: float, vertical: float
) -> tuple[bool, float, float, bool]:
    """Return whether both limits hold somewhere on an overlap, from when to when, and whether at its start.

    Distance squared c + 2 b s + a s^2 for s in [0, last]; vertical distance |h + rise s|, NaN where unknown.
    The limits are open: touching one is not within it.
    """
    square = within * within
    begin, end = 0.0, last
    at_start = c < square
    if not at_start and b >= 0.0:
        return False, 0.0, 0.0, False
    inside_at_end = c + last * (2.0 * b + a * last) < square
    if not (at_start and inside_at_end):
        root = b * b - a * (c - square)
        if root <= 0.0:
            return False, 0.0, 0.0, False
        root = math.sqrt(root)
        if not at_start:
            begin = (c - square) / (root - b)
        if not inside_at_end:
            end = (root - b) / a if b <= 0.0 else (square - c) / (root + b)
    if h == h:  # noqa: PLR0124 - not a NaN
        at_start = at_start and abs(h) < vertical
        if rise == 0.0:
            if abs(h) >= vertical:
                return False, 0.0, 0.0, False
        else:
            first, second = (-vertical - h) / rise, (vertical - h) / rise
            begin = max(begin, min(first, second))
            end = min(end, max(first, second))
    end = min(end, last)
    return begin < end, begin, end, at_start


@lean
def relative(
    ia: int, ib: int, at: float, moves: Floats
) -> tuple[float, float, float, float, float, float, float, float]:
    """Return where b is against a at a time, and how it moves: x, y, z, vx, vy, vz, height and rise."""
    u, w = at - moves[ia, 0], at - moves[ib, 0]
    return (
        moves[ib, 2] - moves[ia, 2] + (w * moves[ib, 6] - u * moves[ia, 6]),
        moves[ib, 3] - moves[ia, 3] + (w * moves[ib, 7] - u * moves[ia, 7]),
        moves[ib, 4] - moves[ia, 4] + (w * moves[ib, 8] - u * moves[ia, 8]),
        moves[ib, 6] - moves[ia, 6],
        moves[ib, 7] - moves[ia, 7],
        moves[ib, 8] - moves[ia, 8],
        moves[ib, 5] - moves[ia, 5] + (w * moves[ib, 9] - u * moves[ia, 9]),
        moves[ib, 9] - moves[ia, 9],
    )


@lean
def _inside(ia: int, ib: int, low: float, high: float, moves: Floats, limits: Floats) -> tuple[float, float]:
    """Return from when to when two legs are within the limits between low and high; nothing where not before."""
    begin, end = max(moves[ia, 0], moves[ib, 0], limits[START]), min(moves[ia, 1], moves[ib, 1], limits[END])
    if begin >= end:
        return 0.0, 0.0
    x, y, z, vx, vy, vz, h, rise = relative(ia, ib, begin, moves)
    c = x * x + y * y + z * z
    b = x * vx + y * vy + z * vz
    a = vx * vx + vy * vy + vz * vz
    hit, s0, s1, _ = held(c, b, a, end - begin, limits[RANGE], h, rise, limits[VERTICAL])
    if not hit:
        return 0.0, 0.0
    return max(begin + np.rint(s0), low), min(begin + np.rint(s1), high)


@inlined
def _longer(found: Integers) -> Integers:
    more = np.empty((2 * found.shape[0], found.shape[1]), np.int64)
    more[: found.shape[0]] = found
    return more


@lean
def _apart(ia: int, ib: int, at: float, moves: Floats) -> tuple[float, float, float]:
    """Return where b is against a at a time, within 1e-8 m."""
    u, w = at - moves[ia, 0], at - moves[ib, 0]
    return (
        (moves[ib, 2] + w * moves[ib, 6]) - (moves[ia, 2] + u * moves[ia, 6]),
        (moves[ib, 3] + w * moves[ib, 7]) - (moves[ia, 3] + u * moves[ia, 7]),
        (moves[ib, 4] + w * moves[ib, 8]) - (moves[ia, 4] + u * moves[ia, 8]),
    )


@lean
def _above(ia: int, ib: int, at: float, moves: Floats) -> float:
    """Return how much higher b is than a at a time, within 1e-8 m."""
    return float(
        (moves[ib, 5] + (at - moves[ib, 0]) * moves[ib, 9]) - (moves[ia, 5] + (at - moves[ia, 0]) * moves[ia, 9])
    )


@inlined
def new_block() -> Block:
    """Return room for a block of overlaps."""
    return (
        np.empty(BLOCK + 1),
        np.empty(BLOCK + 1),
        np.empty(BLOCK + 1),
        np.empty(BLOCK + 1),
        np.empty(BLOCK + 1),
        np.empty(BLOCK + 1),
        np.empty(BLOCK, np.int64),
        np.empty(BLOCK, np.int64),
    )


@lean
def lay_out(
    ia: int,
    ib: int,
    left: float,
    tall: bool,  # noqa: FBT001 - compiled
    moves: Floats,
    ends: Floats,
    block: Block,
) -> tuple[int, int, int, bool]:
    """Fill in where b is against a at the beginning and the end of each whole overlap until left, at most BLOCK.

    tall: heights too. Returns how many there are, the legs of the overlap that follows, and whether none does.
    """
    x, y, z, up, _, _, legs_a, legs_b = block
    begin, until = max(moves[ia, 0], moves[ib, 0]), min(ends[ia], ends[ib])
    x[0], y[0], z[0] = _apart(ia, ib, begin, moves)
    if tall:
        up[0] = _above(ia, ib, begin, moves)
    count, done = 0, False
    while until <= left and count < BLOCK and not done:
        legs_a[count], legs_b[count] = ia, ib
        count += 1
        x[count], y[count], z[count] = _apart(ia, ib, until, moves)
        if tall:
            up[count] = _above(ia, ib, until, moves)
        done = until >= left
        if not done:
            end_a, end_b = ends[ia], ends[ib]
            ia += end_a <= end_b
            ib += end_b <= end_a
            until = min(ends[ia], ends[ib])
    return count, ia, ib, done


@lean
def measure(count: int, block: Block) -> None:
    """Fill in the square of the distance where overlaps begin and end, and its least on each; in lanes."""
    x, y, z, _, square, nearest, _, _ = block
    for k in range(count + 1):
        square[k] = x[k] * x[k] + y[k] * y[k] + z[k] * z[k]
    for k in range(count):
        vx, vy, vz = x[k + 1] - x[k], y[k + 1] - y[k], z[k + 1] - z[k]
        a, b = vx * vx + vy * vy + vz * vz, x[k] * vx + y[k] * vy + z[k] * vz
        s = -b / (a + 1e-300)
        s = max(0.0, s)
        s = min(1.0, s)
        nearest[k] = square[k] + s * (2.0 * b + a * s)


@kernel(WHOLES, WHOLE)
def sort_candidates(records: Integers, movers: int) -> Integers:
    """Return candidates (detente.encounters.kernel_candidates) sorted by a, b and beginning."""
    shift = 0
    for _ in range(2):
        free = np.zeros(movers + 1, np.int64)
        for i in range(records.shape[0]):
            free[((records[i, 0] >> shift) & 0xFFFFFFFF) + 1] += 1
        for m in range(movers):
            free[m + 1] += free[m]
        sorted_now = np.empty_like(records)
        for i in range(records.shape[0]):
            m = (records[i, 0] >> shift) & 0xFFFFFFFF
            for column in range(4):
                sorted_now[free[m], column] = records[i, column]
            free[m] += 1
        records = sorted_now
        shift = 32
    # slots come in order of time; several stretches of one slot may not
    for i in range(1, records.shape[0]):
        k = i
        while k > 0 and records[k - 1, 0] == records[k, 0] and records[k - 1, 1] > records[k, 1]:
            for column in range(4):
                kept = records[k, column]
                records[k, column] = records[k - 1, column]
                records[k - 1, column] = kept
            k -= 1
    return records


@lean
def _add(found: Integers, count: int, pair: int, entered: int, left: int, flags: int, ia: int, ib: int) -> int:
    """Let the last interval go on, or add one; returns how many there are. There is room for one."""
    last = count - 1
    if count > 0 and found[last, 0] == pair and entered <= found[last, 2]:
        found[last, 2] = max(found[last, 2], left)
        found[last, 3] |= flags
        return count
    found[count, 0], found[count, 1], found[count, 2], found[count, 3] = pair, entered, left, flags
    found[count, 4], found[count, 5] = ia, ib
    return count + 1


@lean
def _add_inside(
    ia: int,
    ib: int,
    low: float,
    high: float,
    pair: int,
    moves: Floats,
    leg: Bytes,
    limits: Floats,
    found: Integers,
    count: int,
) -> int:
    """Add when two legs are within the limits between low and high; returns how many intervals there are."""
    entered, left = _inside(ia, ib, low, high, moves, limits)
    if entered < left:
        flags = (0 if leg[ia] & AT_REST else 4) | (0 if leg[ib] & AT_REST else 8)
        count = _add(found, count, pair, int(entered), int(left), flags, ia, ib)
    return count


@lean
def _add_block(
    n: int,
    tall: bool,  # noqa: FBT001 - compiled
    low: int,
    high: int,
    pair: int,
    moves: Floats,
    ends: Floats,
    leg: Bytes,
    limits: Floats,
    block: Block,
    found: Integers,
    count: int,
) -> int:
    """Add when the legs of a block are within the limits between low and high; returns how many intervals there are.

    tall: heights may count, so that no overlap is inside by its distance alone.
    """
    _, _, _, _, squares, nearests, legs_a, legs_b = block
    # inside or outside whatever the rounding
    safe, beyond = (limits[RANGE] - 1e-7) ** 2, (limits[RANGE] + 1e-7) ** 2 * (1.0 + 1e-12)
    k = 0
    while k < n:
        if nearests[k] > beyond:
            k += 1
        elif tall or squares[k] >= safe or squares[k + 1] >= safe:
            count = _add_inside(legs_a[k], legs_b[k], low, high, pair, moves, leg, limits, found, count)
            k += 1
        else:
            ia, ib, flags = legs_a[k], legs_b[k], 0
            entered = max(moves[ia, 0], moves[ib, 0], float(low))
            while k < n and squares[k + 1] < safe:
                flags |= (0 if leg[legs_a[k]] & AT_REST else 4) | (0 if leg[legs_b[k]] & AT_REST else 8)
                k += 1
            left = min(ends[legs_a[k - 1]], ends[legs_b[k - 1]])
            count = _add(found, count, pair, int(entered), int(left), flags, ia, ib)
    return count


@kernel(WHOLES, INTEGERS, BYTES, TABLE, FLOATS, BYTES, FLOATS)
def intervals(
    records: Integers,
    legs: Integers,
    height: Bytes,
    moves: Floats,
    ends: Floats,
    leg: Bytes,
    limits: Floats,
) -> Integers:
    """Return when sorted candidates are within the limits: rows of a << 32 | b, entered, left, flags, two legs.

    height: of each mover, see detente.encounters.kernel_legs. Of the flags, 4 and 8 say that a or b moved; the legs,
    of a and of b, begin not after it is entered. Rows are sorted by a, b, entered; those of one pair never touch.
    """
    block = new_block()
    found = np.empty((1024, 6), np.int64)
    count = 0
    for j in range(records.shape[0]):
        pair, low, high, packed = records[j, 0], records[j, 1], records[j, 2], records[j, 3]
        ia, ib = legs[packed >> 34], legs[(packed >> 4) & 0x3FFFFFFF]
        if count + BLOCK + 2 > found.shape[0]:
            found = _longer(found)
        if packed & 1:
            count = _add(found, count, pair, low, high, packed & 12, ia, ib)
            continue
        while moves[ia, 1] <= low:
            ia += 1
        while moves[ib, 1] <= low:
            ib += 1
        tall = height[pair >> 32] == HEIGHT_VARIES or height[pair & 0xFFFFFFFF] == HEIGHT_VARIES
        while True:
            n, next_a, next_b, done = lay_out(ia, ib, float(high), False, moves, ends, block)
            measure(n, block)
            if count + BLOCK + 2 > found.shape[0]:
                found = _longer(found)
            count = _add_block(n, tall, low, high, pair, moves, ends, leg, limits, block, found, count)
            if done:
                break
            # one that ends later, or one more
            ia, ib = next_a, next_b
            count = _add_inside(ia, ib, low, high, pair, moves, leg, limits, found, count)
            until = min(ends[ia], ends[ib])
            if until >= high:
                break
            end_a, end_b = ends[ia], ends[ib]
            ia += end_a <= end_b
            ib += end_b <= end_a
    return found[:count].copy()
