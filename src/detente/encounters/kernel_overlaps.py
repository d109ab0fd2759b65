"""Encounters of candidates: one quadratic for each two legs, solved whole.

On the overlap of two legs the relative position is linear in time; its square is a quadratic, and the instants at
which it crosses the limit are its roots. Every overlap is solved whole and cut to slots and windows only then:
no result depends on where they begin or end.

The limit is the chord of the distance on the sphere of the Earth's mean radius: distance = 2 E asin(chord / 2 E).
Within 100 NM the difference to the ellipsoid's geodesic is below 0.1 m.

``intervals`` finds when both limits hold; most of what it finds lies in harbours and is only counted. What is
wanted is walked once more by ``describe``.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from detente.encounters.compiled import (
    BYTES,
    FLOATS,
    INTEGERS,
    SINGLES,
    TABLE,
    WHOLE,
    WHOLES,
    inlined,
    kernel,
)

__all__ = ["FIELDS", "FLAGS", "NUMBERS", "describe", "intervals", "sort_candidates"]

Floats = npt.NDArray[np.float64]
Singles = npt.NDArray[np.float32]
Integers = npt.NDArray[np.int64]
Bytes = npt.NDArray[np.uint8]

FIELDS = 32
"""Floats of a piece: 0 least distance squared, 1 severity, 2 closing speed on entering (m/us);
3-5 position of a, 6-8 of b, 9-11 velocity of a (m/us), 12-14 of b on entering; 15-26 the same at the closest;
27 and 28 heights of a and b at the closest; 29 least and 30 greatest distance before the first swing,
31 where the distance turned last, or has come to since."""
NUMBERS = 9
"""Integers of a piece: 0 a, 1 b, 2 entered, 3 left, 4 closest at (us), 5 flags, 6 swings of the distance,
7 sense of the first and 8 of the last (-1 nearer, 1 away, 0 no swing)."""


class FLAGS:
    """Bits of a piece."""

    CROSSED = 1
    CERTAIN = 2
    A_MOVED = 4
    B_MOVED = 8
    A_RESTS_AT_CLOSEST = 16
    B_RESTS_AT_CLOSEST = 32
    A_RESTS_ON_ENTERING = 64
    B_RESTS_ON_ENTERING = 128


FOLLOWED, AT_REST = 1, 2
STATUS_BITS, SEA = 1, 4
# limits
RANGE, VERTICAL, START, END, FIX_M, VERTICAL_M, GEOID_M, PRESSURE_M, SWING_M = range(9)


@inlined
def _held(
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


@inlined
def _severity(
    c: float,
    b: float,
    a: float,
    begin: float,
    end: float,
    nearest: float,
    within: float,
    h: float,
    rise: float,
    vertical: float,
) -> float:
    """Return the least over [begin, end] of the larger of distance / within and vertical / limit.

    Both are convex, so the least lies at one's own least, where they are equal, or at an end.
    """
    if h != h:  # noqa: PLR0124 - a NaN
        return math.sqrt(max(c + nearest * (2.0 * b + a * nearest), 0.0)) / within
    least = math.inf
    level = -h / rise if rise != 0.0 else begin
    # equal where c + 2 b s + a s^2 = (within / vertical)^2 (h + rise s)^2
    ratio = (within / vertical) ** 2
    a2, b2, c2 = a - ratio * rise * rise, b - ratio * h * rise, c - ratio * h * h
    equal1 = equal2 = begin
    root = b2 * b2 - a2 * c2
    if root >= 0.0:
        root = math.sqrt(root)
        big = -b2 - root if b2 > 0.0 else -b2 + root
        if a2 != 0.0:
            equal1 = big / a2
        if big != 0.0:
            equal2 = c2 / big
    for s in (begin, end, nearest, level, equal1, equal2):
        t = min(max(s, begin), end)
        far = math.sqrt(max(c + t * (2.0 * b + a * t), 0.0)) / within
        least = min(least, max(far, abs(h + rise * t) / vertical))
    return least


@inlined
def _doubt(
    i: int,
    begin: float,
    s: float,
    speed: float,
    turn: float,
    rcs: Singles,
    ages: Singles,
    leg_begin: Floats,
    leg_end: Floats,
    fix_m: float,
) -> float:
    """Return how far the mover may be from where the leg has it: the formula of detente.encounters.quality."""
    fix, age = fix_m, 0.0
    # a NaN is not greater than anything
    if rcs.size:
        if rcs[i] >= 0.0:
            fix = rcs[i]
        if rcs[i + 1] >= 0.0 and (rcs[i + 1] > fix or not rcs[i] >= 0.0):
            fix = rcs[i + 1]
    if ages.size:
        if ages[i] > 0.0:
            age = float(ages[i])
        if ages[i + 1] > age:
            age = float(ages[i + 1])
    before, after = (begin - leg_begin[i]) + s, (leg_end[i] - begin) - s
    swerve = min(0.5 * speed * turn * before * after, speed * min(before, after))
    return float(fix + age * 1e6 * speed + max(swerve, 0.0))


@inlined
def _vertical_doubt(one: int, other: int, limits: Floats) -> float:
    """Return the doubt of a vertical distance from what both heights are measured from."""
    if one == other:
        return 0.0 if one == SEA else float(limits[VERTICAL_M])
    return float(limits[PRESSURE_M]) if one <= 1 or other <= 1 else float(limits[GEOID_M])


@inlined
def _relative(
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


@inlined
def _inside(ia: int, ib: int, low: float, high: float, moves: Floats, limits: Floats) -> tuple[float, float]:
    """Return from when to when two legs are within the limits between low and high; nothing where not before."""
    begin, end = max(moves[ia, 0], moves[ib, 0], limits[START]), min(moves[ia, 1], moves[ib, 1], limits[END])
    if begin >= end:
        return 0.0, 0.0
    x, y, z, vx, vy, vz, h, rise = _relative(ia, ib, begin, moves)
    c = x * x + y * y + z * z
    b = x * vx + y * vy + z * vz
    a = vx * vx + vy * vy + vz * vz
    hit, s0, s1, _ = _held(c, b, a, end - begin, limits[RANGE], h, rise, limits[VERTICAL])
    if not hit:
        return 0.0, 0.0
    return max(begin + np.rint(s0), low), min(begin + np.rint(s1), high)


@inlined
def _longer(found: Integers) -> Integers:
    more = np.empty((2 * found.shape[0], found.shape[1]), np.int64)
    more[: found.shape[0]] = found
    return more


@inlined
def _leg_at(first: Integers, m: int, t: float, moves: Floats) -> int:
    """Return the mover's last leg that begins not after t."""
    low, high = int(first[m]), int(first[m + 1]) - 1
    while high - low > 1:
        middle = (low + high) // 2
        if moves[middle, 0] <= t:
            low = middle
        else:
            high = middle
    return low


@inlined
def _state(
    ia: int, ib: int, begin: float, s: float, moves: Floats, fields: Floats, row: int, column: int
) -> None:
    """Fill in positions of a and b and velocities of a and b a time s after a begin (12 floats from a column on).

    The begin is a whole microsecond and s is not: kept apart, nothing is lost to how far from the base it is.
    """
    u, w = (begin - moves[ia, 0]) + s, (begin - moves[ib, 0]) + s
    for axis in range(3):
        fields[row, column + axis] = moves[ia, 2 + axis] + u * moves[ia, 6 + axis]
        fields[row, column + 3 + axis] = moves[ib, 2 + axis] + w * moves[ib, 6 + axis]
        fields[row, column + 6 + axis] = moves[ia, 6 + axis]
        fields[row, column + 9 + axis] = moves[ib, 6 + axis]


@inlined
def _begin(
    row: int,
    ia: int,
    ib: int,
    begin: float,
    entered: float,
    inside: bool,  # noqa: FBT001 - compiled
    moves: Floats,
    leg: Bytes,
    limits: Floats,
    fields: Floats,
    numbers: Integers,
) -> None:
    """Begin an encounter: how it was entered, and nothing yet of how it goes on.

    inside: whether the limits hold at the begin of the overlap.
    """
    # coverage begins: of the period, of a or of b
    covered = begin == limits[START]
    covered = covered or (begin == moves[ia, 0] and (ia == 0 or not leg[ia - 1] & FOLLOWED))
    covered = covered or (begin == moves[ib, 0] and (ib == 0 or not leg[ib - 1] & FOLLOWED))
    flags = 0 if inside and covered else 1
    flags |= 64 if leg[ia] & AT_REST else 0
    flags |= 128 if leg[ib] & AT_REST else 0
    numbers[row, 5] = flags
    x, y, z, vx, vy, vz, _, _ = _relative(ia, ib, entered, moves)
    far = math.sqrt(x * x + y * y + z * z)
    fields[row, 2] = -(x * vx + y * vy + z * vz) / far if far > 0.0 else 0.0
    _state(ia, ib, entered, 0.0, moves, fields, row, 3)


@inlined
def _nearer(square: float, at: int, least: float, least_at: int) -> bool:
    """Tell which point is the closest: the earliest of the least distance, in whole micrometres.

    Where two legs meet, rounding alone would choose between them otherwise.
    """
    # neither rounds to less than what is there
    if square > least * (1.0 + 1e-6) + 1e-6 or (square >= least and at >= least_at):
        return False
    one, other = np.rint(math.sqrt(square) * 1e6), np.rint(math.sqrt(least) * 1e6)
    return one < other or (one == other and at < least_at)


@inlined
def _near(
    row: int,
    ia: int,
    ib: int,
    begin: float,
    s: float,
    moves: Floats,
    leg: Bytes,
    fields: Floats,
    numbers: Integers,
) -> None:
    """Keep the state of both at the nearest point so far."""
    numbers[row, 5] &= ~np.int64(48)
    numbers[row, 5] |= (16 if leg[ia] & AT_REST else 0) | (32 if leg[ib] & AT_REST else 0)
    _state(ia, ib, begin, s, moves, fields, row, 15)
    fields[row, 27] = moves[ia, 5] + ((begin - moves[ia, 0]) + s) * moves[ia, 9]
    fields[row, 28] = moves[ib, 5] + ((begin - moves[ib, 0]) + s) * moves[ib, 9]


@inlined
def _swing(far: float, least: float, f: Floats, n: Integers) -> None:
    """Let the distance come to ``far``: a swing when that is ``least`` or more from where it turned last.

    Swings alternate in sense; smaller ones are passed over.
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
def _square(c: float, b: float, a: float, s: float) -> float:
    """Return the square of the distance at a time."""
    return max(c + s * (2.0 * b + a * s), 0.0)


@inlined
def _far(c: float, b: float, a: float, s: float) -> float:
    return math.sqrt(_square(c, b, a, s))


@inlined
def _speed(i: int, moves: Floats) -> float:
    return math.sqrt(moves[i, 6] * moves[i, 6] + moves[i, 7] * moves[i, 7] + moves[i, 8] * moves[i, 8])


@inlined
def _certain(
    ia: int,
    ib: int,
    begin: float,
    s: float,
    square: float,
    apart: float,
    turn_a: float,
    turn_b: float,
    moves: Floats,
    rcs: Singles,
    ages: Singles,
    marks: Bytes,
    leg_begin: Floats,
    leg_end: Floats,
    limits: Floats,
) -> bool:
    """Tell whether both limits hold whatever the doubt."""
    fix = limits[FIX_M]
    doubt_a = _doubt(ia, begin, s, _speed(ia, moves), turn_a, rcs, ages, leg_begin, leg_end, fix)
    doubt_b = _doubt(ib, begin, s, _speed(ib, moves), turn_b, rcs, ages, leg_begin, leg_end, fix)
    doubt = math.sqrt(doubt_a * doubt_a + doubt_b * doubt_b)
    upwards = _vertical_doubt(marks[ia] >> STATUS_BITS, marks[ib] >> STATUS_BITS, limits)
    return bool(math.sqrt(square) + doubt < limits[RANGE] and apart + upwards < limits[VERTICAL])


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
            sorted_now[free[m]] = records[i]
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


@inlined
def _add(found: Integers, count: int, pair: int, entered: int, left: int, flags: int) -> int:
    """Let the last interval go on, or add one; returns how many there are. There is room for one."""
    last = count - 1
    if count > 0 and found[last, 0] == pair and entered <= found[last, 2]:
        found[last, 2] = max(found[last, 2], left)
        found[last, 3] |= flags
        return count
    found[count, 0], found[count, 1], found[count, 2], found[count, 3] = pair, entered, left, flags
    return count + 1


@kernel(WHOLES, INTEGERS, TABLE, BYTES, FLOATS)
def intervals(
    records: Integers,
    legs: Integers,
    moves: Floats,
    leg: Bytes,
    limits: Floats,
) -> Integers:
    """Return when sorted candidates are within the limits: rows of a << 32 | b, entered, left, flags.

    Of the flags, 4 and 8 say that a or b moved. Rows are sorted by a, b, entered; those of one pair never touch.
    """
    found = np.empty((1024, 4), np.int64)
    count = 0
    for j in range(records.shape[0]):
        pair, low, high, packed = records[j, 0], records[j, 1], records[j, 2], records[j, 3]
        if count + 2 > found.shape[0]:
            found = _longer(found)
        if packed & 1:
            count = _add(found, count, pair, low, high, packed & 12)
            continue
        ia, ib = legs[packed >> 34], legs[(packed >> 4) & 0x3FFFFFFF]
        while moves[ia, 1] <= low:
            ia += 1
        while moves[ib, 1] <= low:
            ib += 1
        while True:
            entered, left = _inside(ia, ib, low, high, moves, limits)
            if entered < left:
                if count + 1 > found.shape[0]:
                    found = _longer(found)
                flags = (0 if leg[ia] & AT_REST else 4) | (0 if leg[ib] & AT_REST else 8)
                count = _add(found, count, pair, int(entered), int(left), flags)
            until = min(moves[ia, 1], moves[ib, 1])
            if until >= high:
                break
            ia += moves[ia, 1] == until
            ib += moves[ib, 1] == until
    return found[:count].copy()


@kernel(
    *(WHOLES, INTEGERS, TABLE, BYTES, SINGLES, SINGLES, BYTES, FLOATS, FLOATS, FLOATS, FLOATS),
    *(WHOLE, TABLE, WHOLES),
)
def describe(  # noqa: C901, PLR0912, PLR0915 - one loop, its state in locals: leaves would cost a third of the search
    rows: Integers,
    first: Integers,
    moves: Floats,
    leg: Bytes,
    rcs: Singles,
    ages: Singles,
    marks: Bytes,
    leg_begin: Floats,
    leg_end: Floats,
    turn: Floats,
    limits: Floats,
    base: int,
    fields: Floats,
    numbers: Integers,
) -> None:
    """Fill in fields and numbers (FIELDS, NUMBERS) of intervals: rows as ``intervals`` returns them.

    rcs, ages: of each fix, or empty; leg_begin, leg_end: of the whole leg that a leg is a part of;
    turn: rate of turn of each mover (rad / us); base: of the times of rows and moves, those of numbers have none.
    """
    within, vertical = limits[RANGE], limits[VERTICAL]
    for row in range(rows.shape[0]):
        a, b = rows[row, 0] >> 32, rows[row, 0] & 0xFFFFFFFF
        entered, left = float(rows[row, 1]), float(rows[row, 2])
        numbers[row, 0], numbers[row, 1] = a, b
        numbers[row, 2], numbers[row, 3] = base + rows[row, 1], base + rows[row, 2]
        ia, ib = _leg_at(first, a, entered, moves), _leg_at(first, b, entered, moves)
        begun, certain, least, least_at, worst = False, False, math.inf, 0, math.inf
        sense, gone_to = np.int64(0), 0.0  # a swing is looked for only where the distance turns
        numbers[row, 6:9] = 0
        fields[row, 29], fields[row, 30], fields[row, 31] = math.inf, -math.inf, 0.0
        while True:
            begin = max(moves[ia, 0], moves[ib, 0], limits[START])
            until = min(moves[ia, 1], moves[ib, 1])
            x, y, z, vx, vy, vz, h, rise = _relative(ia, ib, begin, moves)
            c, bb, aa = x * x + y * y + z * z, x * vx + y * vy + z * vz, vx * vx + vy * vy + vz * vz
            hit, s0, s1, inside = _held(c, bb, aa, min(until, limits[END]) - begin, within, h, rise, vertical)
            cut0, cut1 = max(begin + np.rint(s0), entered), min(begin + np.rint(s1), left)
            if hit and cut0 < cut1:
                if not begun:
                    _begin(row, ia, ib, begin, cut0, inside, moves, leg, limits, fields, numbers)
                    _swing(_far(c, bb, aa, cut0 - begin), limits[SWING_M], fields[row], numbers[row])
                    begun = True
                s = s0
                if aa > 0.0:
                    turning = -bb / aa
                    nearing, leaving = cut0 - begin < turning, turning < cut1 - begin
                    if sense != 0 and (sense > 0) == nearing:
                        _swing(math.sqrt(gone_to), limits[SWING_M], fields[row], numbers[row])
                    if nearing and leaving:
                        _swing(_far(c, bb, aa, turning), limits[SWING_M], fields[row], numbers[row])
                    sense = 2 * np.int64(leaving) - np.int64(1)
                    gone_to = _square(c, bb, aa, cut1 - begin)
                    s = min(max(turning, s0), s1)
                x, y, z = x + s * vx, y + s * vy, z + s * vz
                square = x * x + y * y + z * z
                level = h == 0.0 and rise == 0.0
                if not level:
                    worst = min(worst, _severity(c, bb, aa, s0, s1, s, within, h, rise, vertical))
                elif square < worst * worst * within * within:
                    worst = math.sqrt(square) / within
                if square <= least * (1.0 + 1e-6) + 1e-6:
                    rounded = int(begin) + int(np.rint(s))
                    if _nearer(square, rounded, least, least_at):
                        least, least_at = square, rounded
                        _near(row, ia, ib, begin, s, moves, leg, fields, numbers)
                if not certain and h == h:  # noqa: PLR0124 - not a NaN
                    certain = _certain(
                        ia, ib, begin, s, square, abs(h + rise * s), turn[a], turn[b],
                        moves, rcs, ages, marks, leg_begin, leg_end, limits,
                    )  # fmt: skip
            if until >= left:
                break
            ia += moves[ia, 1] == until
            ib += moves[ib, 1] == until
        if sense != 0:
            _swing(math.sqrt(gone_to), limits[SWING_M], fields[row], numbers[row])
        fields[row, 0], fields[row, 1] = least, worst
        numbers[row, 4] = base + least_at
        numbers[row, 5] |= rows[row, 3] | (2 if certain else 0)
