"""What is told of each encounter: when it was nearest and how near, how it was entered, how often it swung.

Overlaps (detente.encounters.kernel_overlaps) are laid out in blocks and measured in lanes, within rounding. Only
those are looked at one by one on which something may have to be told: where an encounter begins, turns, comes nearer
than before or to the limit. What is told is computed there, whole.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from detente.encounters.compiled import BYTES, FLOATS, INTEGERS, SINGLES, TABLE, WHOLE, WHOLES, kernel, lean
from detente.encounters.kernel_legs import AT_REST, FOLLOWED, HEIGHT_UNKNOWN, HEIGHT_VARIES
from detente.encounters.kernel_overlaps import (
    END,
    FIX_M,
    GEOID_M,
    PRESSURE_M,
    RANGE,
    START,
    SWING_M,
    VERTICAL,
    VERTICAL_M,
    Block,
    held,
    lay_out,
    measure,
    new_block,
    relative,
)

__all__ = ["FIELDS", "FLAGS", "NUMBERS", "describe"]

Floats = npt.NDArray[np.float64]
Singles = npt.NDArray[np.float32]
Integers = npt.NDArray[np.int64]
Bytes = npt.NDArray[np.uint8]
Near = tuple[float, int, int, int, float, float, float]
"""The nearest point so far: square of the distance, when, legs, begin of their overlap and time since; severity."""
Swings = tuple[float, float, float, float]
"""The least and the greatest square since a swing was looked for last, and the band in which none need be."""

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


STATUS_BITS, SEA = 1, 4
DECEIT_M2 = 2e-6
"""Squares measured in lanes and those told differ by less, and by 1e-13 of the limit's."""


@lean
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


@lean
def _fix(i: int, rcs: Singles, fix: float) -> float:
    """Return the worse of what the fixes at both ends of a leg say of themselves; where neither does, ``fix``."""
    # a NaN is not greater than anything
    if rcs[i] >= 0.0:
        fix = rcs[i]
    if rcs[i + 1] >= 0.0 and (rcs[i + 1] > fix or not rcs[i] >= 0.0):
        fix = rcs[i + 1]
    return float(fix)


@lean
def _age(i: int, ages: Singles) -> float:
    """Return the greater age of the fixes at both ends of a leg, 0 where unknown."""
    age = 0.0
    if ages[i] > 0.0:
        age = float(ages[i])
    if ages[i + 1] > age:
        age = float(ages[i + 1])
    return age


@lean
def _doubt(fix: float, age: float, speed: float, turn: float, before: float, after: float) -> float:
    """Return how far the mover may be from where the leg has it: the formula of detente.encounters.quality.

    before, after: how long it has been under way from the fix before, and will be to the one behind.
    """
    swerve = min(0.5 * speed * turn * before * after, speed * min(before, after))
    return float(fix + age * 1e6 * speed + max(swerve, 0.0))


@lean
def _vertical_doubt(one: int, other: int, same: float, geoid: float, pressure: float) -> float:
    """Return the doubt of a vertical distance from what both heights are measured from."""
    if one == other:
        return 0.0 if one == SEA else same
    return pressure if one <= 1 or other <= 1 else geoid


@lean
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


@lean
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
    x, y, z, vx, vy, vz, _, _ = relative(ia, ib, entered, moves)
    far = math.sqrt(x * x + y * y + z * z)
    fields[row, 2] = -(x * vx + y * vy + z * vz) / far if far > 0.0 else 0.0
    _state(ia, ib, entered, 0.0, moves, fields, row, 3)


@lean
def _nearer(square: float, at: int, least: float, least_at: int) -> bool:
    """Tell which point is the closest: the earliest of the least distance, in whole micrometres.

    Where two legs meet, rounding alone would choose between them otherwise.
    """
    # neither rounds to less than what is there
    if square > least * (1.0 + 1e-6) + 1e-6 or (square >= least and at >= least_at):
        return False
    one, other = np.rint(math.sqrt(square) * 1e6), np.rint(math.sqrt(least) * 1e6)
    return one < other or (one == other and at < least_at)


@lean
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
    """Fill in the state of both at the nearest point."""
    numbers[row, 5] |= (16 if leg[ia] & AT_REST else 0) | (32 if leg[ib] & AT_REST else 0)
    _state(ia, ib, begin, s, moves, fields, row, 15)
    fields[row, 27] = moves[ia, 5] + ((begin - moves[ia, 0]) + s) * moves[ia, 9]
    fields[row, 28] = moves[ib, 5] + ((begin - moves[ib, 0]) + s) * moves[ib, 9]


@lean
def _swing(far: float, least: float, row: int, f: Floats, n: Integers) -> None:
    """Let the distance come to ``far``: a swing when that is ``least`` or more from where it turned last.

    Swings alternate in sense; smaller ones are passed over.
    """
    sense = 0
    if n[row, 6] == 0:
        if far - f[row, 29] >= least:
            sense = 1
        elif f[row, 30] - far >= least:
            sense = -1
        if sense != 0:
            n[row, 7] = sense
    elif n[row, 8] * (f[row, 31] - far) >= least:
        sense = -n[row, 8]
    if sense != 0:
        n[row, 6] += 1
        n[row, 8] = sense
        f[row, 31] = far
    elif n[row, 6] == 0:
        f[row, 29], f[row, 30] = min(f[row, 29], far), max(f[row, 30], far)
    elif n[row, 8] > 0:
        f[row, 31] = max(f[row, 31], far)
    else:
        f[row, 31] = min(f[row, 31], far)


@lean
def _swung(low: float, high: float, row: int, f: Floats, n: Integers) -> None:
    """Take in squares of distances that are too near each other for a swing, by the least and the greatest."""
    if low <= high:
        if n[row, 6] == 0:
            f[row, 29], f[row, 30] = min(f[row, 29], math.sqrt(low)), max(f[row, 30], math.sqrt(high))
        elif n[row, 8] > 0:
            f[row, 31] = max(f[row, 31], math.sqrt(high))
        else:
            f[row, 31] = min(f[row, 31], math.sqrt(low))


@lean
def _band(least: float, row: int, f: Floats, n: Integers) -> tuple[float, float]:
    """Return squares between which no distance is a swing, nor any two of them together."""
    middle = 0.5 * (f[row, 29] + f[row, 30]) if n[row, 6] == 0 else f[row, 31]
    low, high = middle - 0.499 * least, middle + 0.499 * least
    return (low * low if low > 0.0 else -1.0), high * high


@lean
def _square(c: float, b: float, a: float, s: float) -> float:
    """Return the square of the distance at a time."""
    return max(c + s * (2.0 * b + a * s), 0.0)


@lean
def _speed(i: int, moves: Floats) -> float:
    return math.sqrt(moves[i, 6] * moves[i, 6] + moves[i, 7] * moves[i, 7] + moves[i, 8] * moves[i, 8])


@lean
def _passed(value: float, swings: Swings, least: float, row: int, f: Floats, n: Integers) -> Swings:
    """Let the square of the distance come to a value; a swing is looked for only outside the band (``_band``)."""
    low, high, lower, upper = swings
    if lower < value < upper:
        return min(low, value), max(high, value), lower, upper
    _swung(low, high, row, f, n)
    _swing(math.sqrt(value), least, row, f, n)
    lower, upper = _band(least, row, f, n)
    return math.inf, -1.0, lower, upper


@lean
def _examined(
    ia: int,
    ib: int,
    within: float,
    tall: bool,  # noqa: FBT001 - compiled
    moves: Floats,
    near: Near,
) -> Near:
    """Look for a nearer point on a whole overlap inside the limits.

    Where heights count (``tall``), the severity is no matter of nearness alone, and stays.
    """
    least, least_at, near_a, near_b, near_begin, near_s, worst = near
    begin, until = max(moves[ia, 0], moves[ib, 0]), min(moves[ia, 1], moves[ib, 1])
    x, y, z, vx, vy, vz, h, _ = relative(ia, ib, begin, moves)
    c, b, a = x * x + y * y + z * z, x * vx + y * vy + z * vz, vx * vx + vy * vy + vz * vz
    s = min(max(-b / a, 0.0), until - begin) if a > 0.0 else 0.0
    x, y, z = x + s * vx, y + s * vy, z + s * vz
    square = x * x + y * y + z * z
    if h != h:  # noqa: PLR0124 - a NaN
        worst = min(worst, math.sqrt(_square(c, b, a, s)) / within)
    elif not tall and square < worst * worst * within * within:
        worst = math.sqrt(square) / within
    if square <= least * (1.0 + 1e-6) + 1e-6:
        rounded = int(begin) + int(np.rint(s))
        if _nearer(square, rounded, least, least_at):
            least, least_at, near_a, near_b, near_begin, near_s = square, rounded, ia, ib, begin, s
    return least, least_at, near_a, near_b, near_begin, near_s, worst


@lean
def _certain(
    ia: int,
    ib: int,
    begin: float,
    s: float,
    moves: Floats,
    rcs: Singles,
    ages: Singles,
    leg_begin: Floats,
    leg_end: Floats,
    turn_a: float,
    turn_b: float,
    fix: float,
) -> float:
    """Return the doubt of where two movers are against each other."""
    fix_a = fix_b = fix
    age_a = age_b = 0.0
    if rcs.size:
        fix_a, fix_b = _fix(ia, rcs, fix), _fix(ib, rcs, fix)
    if ages.size:
        age_a, age_b = _age(ia, ages), _age(ib, ages)
    since_a, since_b = (begin - leg_begin[ia]) + s, (begin - leg_begin[ib]) + s
    until_a, until_b = (leg_end[ia] - begin) - s, (leg_end[ib] - begin) - s
    doubt_a = _doubt(fix_a, age_a, _speed(ia, moves), turn_a, since_a, until_a)
    doubt_b = _doubt(fix_b, age_b, _speed(ib, moves), turn_b, since_b, until_b)
    return math.sqrt(doubt_a * doubt_a + doubt_b * doubt_b)


@lean
def _looked_at(
    row: int, ia: int, ib: int, entered: float, left: float,
    begun: bool, certain: bool,  # noqa: FBT001 - compiled
    near: Near, swings: Swings, moves: Floats, leg: Bytes, rcs: Singles, ages: Singles, marks: Bytes,
    leg_begin: Floats, leg_end: Floats, turn_a: float, turn_b: float, limits: Floats, fields: Floats,
    numbers: Integers,
) -> tuple[float, bool, bool, Near, Swings]:  # fmt: skip
    """Tell what there is to be told of one overlap, of the part from entered to left.

    Returns when it ends, whether the encounter has begun and is certain, and what is nearest and how it swings.
    """
    within, vertical, swing = limits[RANGE], limits[VERTICAL], limits[SWING_M]
    least, least_at, near_a, near_b, near_begin, near_s, worst = near
    begin, until = max(moves[ia, 0], moves[ib, 0], limits[START]), min(moves[ia, 1], moves[ib, 1])
    x, y, z, vx, vy, vz, h, rise = relative(ia, ib, begin, moves)
    c, bb, aa = x * x + y * y + z * z, x * vx + y * vy + z * vz, vx * vx + vy * vy + vz * vz
    hit, s0, s1, inside = held(c, bb, aa, min(until, limits[END]) - begin, within, h, rise, vertical)
    cut0, cut1 = max(begin + np.rint(s0), entered), min(begin + np.rint(s1), left)
    if not (hit and cut0 < cut1):
        return until, begun, certain, near, swings
    if not begun:
        _begin(row, ia, ib, begin, cut0, inside, moves, leg, limits, fields, numbers)
        _swing(math.sqrt(_square(c, bb, aa, cut0 - begin)), swing, row, fields, numbers)
        lower, upper = _band(swing, row, fields, numbers)
        swings = (math.inf, -1.0, lower, upper)
    s = s0
    if aa > 0.0:
        turning = -bb / aa
        s = min(max(turning, s0), s1)
        if cut0 - begin < turning < cut1 - begin:
            swings = _passed(_square(c, bb, aa, turning), swings, swing, row, fields, numbers)
    swings = _passed(_square(c, bb, aa, cut1 - begin), swings, swing, row, fields, numbers)
    x, y, z = x + s * vx, y + s * vy, z + s * vz
    square = x * x + y * y + z * z
    if not (h == 0.0 and rise == 0.0):
        worst = min(worst, _severity(c, bb, aa, s0, s1, s, within, h, rise, vertical))
    elif square < worst * worst * within * within:
        worst = math.sqrt(square) / within
    if square <= least * (1.0 + 1e-6) + 1e-6:
        rounded = int(begin) + int(np.rint(s))
        if _nearer(square, rounded, least, least_at):
            least, least_at, near_a, near_b, near_begin, near_s = square, rounded, ia, ib, begin, s
    if not certain and h == h:  # noqa: PLR0124 - not a NaN
        doubt = _certain(ia, ib, begin, s, moves, rcs, ages, leg_begin, leg_end, turn_a, turn_b, limits[FIX_M])
        one, other = marks[ia] >> STATUS_BITS, marks[ib] >> STATUS_BITS
        upwards = _vertical_doubt(one, other, limits[VERTICAL_M], limits[GEOID_M], limits[PRESSURE_M])
        certain = math.sqrt(square) + doubt < within and abs(h + rise * s) + upwards < vertical
    return until, True, certain, (least, least_at, near_a, near_b, near_begin, near_s, worst), swings


@lean
def _gone_through(
    at: int,
    count: int,
    floor: float,
    tall: bool,  # noqa: FBT001 - compiled
    near: Near,
    swings: Swings,
    limits: Floats,
    moves: Floats,
    block: Block,
) -> tuple[int, Near, Swings]:
    """Go through a block from a place on, as far as nothing is to be told but what is nearest.

    The square of the distance must stay above the floor and in the band of swings, and both limits must hold
    whatever the rounding; where heights count (``tall``), it or the vertical distance must stay above the worst so
    far. Returns the place of the overlap that must be looked at, or ``count``.
    """
    _, _, _, up, squares, nearests, legs_a, legs_b = block
    low, high, lower, upper = swings
    within, vertical = limits[RANGE], limits[VERTICAL] - 1e-7
    deceit = DECEIT_M2 + 1e-13 * within * within
    floor, ceiling = max(floor, lower), min((within - 1e-7) ** 2, upper)
    worst = near[6] * near[6] * within * within * (1.0 + 1e-9) + deceit
    worst_up = near[6] * limits[VERTICAL] * (1.0 + 1e-9) + 1e-7
    bound = near[0] * (1.0 + 2e-6) + deceit
    while at < count and nearests[at] > floor and squares[at] < ceiling and squares[at + 1] < ceiling:
        if tall:
            one, other = abs(up[at]), abs(up[at + 1])
            least_up = min(one, other) if up[at] * up[at + 1] > 0.0 else 0.0
            if not (one < vertical and other < vertical and (nearests[at] > worst or least_up > worst_up)):
                break
        low, high = min(low, nearests[at]), max(high, squares[at + 1])
        if nearests[at] <= bound:
            near = _examined(legs_a[at], legs_b[at], within, tall, moves, near)
            bound = near[0] * (1.0 + 2e-6) + deceit
        at += 1
    return at, near, (low, high, lower, upper)


@lean
def _legs_at(row: int, rows: Integers, moves: Floats) -> tuple[int, int]:
    """Return the legs of a and b on which an interval is entered."""
    entered = float(rows[row, 1])
    ia, ib = rows[row, 4], rows[row, 5]
    while moves[ia, 1] <= entered:
        ia += 1
    while moves[ib, 1] <= entered:
        ib += 1
    return ia, ib


@lean
def _floor(limits: Floats, rcs: Singles) -> float:
    """Return below which square of the distance an encounter may be certain."""
    if rcs.size:
        return float(limits[RANGE] ** 2)
    # neither fix is better than that
    return float(max(limits[RANGE] - 1.41 * limits[FIX_M], 0.0) ** 2)


@lean
def _told(
    row: int,
    rows: Integers,
    code_of: Integers,
    base: int,
    certain: bool,  # noqa: FBT001 - compiled
    near: Near,
    swings: Swings,
    moves: Floats,
    leg: Bytes,
    fields: Floats,
    numbers: Integers,
) -> None:
    """Fill in what is known at the end of an encounter."""
    _swung(swings[0], swings[1], row, fields, numbers)
    _near(row, near[2], near[3], near[4], near[5], moves, leg, fields, numbers)
    fields[row, 0], fields[row, 1] = near[0], near[6]
    numbers[row, 0], numbers[row, 1] = code_of[rows[row, 0] >> 32], code_of[rows[row, 0] & 0xFFFFFFFF]
    numbers[row, 2], numbers[row, 3] = base + rows[row, 1], base + rows[row, 2]
    numbers[row, 4] = base + near[1]
    numbers[row, 5] |= rows[row, 3] | (2 if certain else 0)


@kernel(
    *(WHOLES, BYTES, TABLE, FLOATS, BYTES, SINGLES, SINGLES, BYTES, FLOATS, FLOATS, FLOATS, INTEGERS, FLOATS),
    *(WHOLE, TABLE, WHOLES),
)
def describe(
    rows: Integers,
    height: Bytes,
    moves: Floats,
    ends: Floats,
    leg: Bytes,
    rcs: Singles,
    ages: Singles,
    marks: Bytes,
    leg_begin: Floats,
    leg_end: Floats,
    turn: Floats,
    code_of: Integers,
    limits: Floats,
    base: int,
    fields: Floats,
    numbers: Integers,
) -> None:
    """Fill in fields and numbers (FIELDS, NUMBERS) of intervals: rows as ``intervals`` returns them.

    height: of each mover, see detente.encounters.kernel_legs; ends: of the legs; rcs, ages: of each fix, or empty;
    leg_begin, leg_end: of the whole leg that a leg is a part of; turn, code_of: rate of turn (rad / us) and
    code of each mover; base: of the times of rows and moves, those of numbers have none.
    """
    block = new_block()
    surely = _floor(limits, rcs)
    for row in range(rows.shape[0]):
        a, b = rows[row, 0] >> 32, rows[row, 0] & 0xFFFFFFFF
        entered, left = float(rows[row, 1]), float(rows[row, 2])
        unknown = height[a] == HEIGHT_UNKNOWN or height[b] == HEIGHT_UNKNOWN
        tall = not unknown and (height[a] == HEIGHT_VARIES or height[b] == HEIGHT_VARIES)
        ia, ib = _legs_at(row, rows, moves)
        begun, certain, all_whole = False, False, False
        near = (math.inf, 0, ia, ib, 0.0, 0.0, math.inf)
        swings = (math.inf, -1.0, math.inf, math.inf)
        numbers[row, 5], numbers[row, 6], numbers[row, 7], numbers[row, 8] = 0, 0, 0, 0
        fields[row, 29], fields[row, 30], fields[row, 31] = math.inf, -math.inf, 0.0
        at, count, next_a, next_b = 0, 0, ia, ib
        while True:
            until, begun, certain, near, swings = _looked_at(
                row, ia, ib, entered, left, begun, certain, near, swings,
                moves, leg, rcs, ages, marks, leg_begin, leg_end, turn[a], turn[b], limits, fields, numbers,
            )  # fmt: skip
            if until >= left:
                break
            if at < count:
                at += 1
            else:
                ia += moves[ia, 1] == until
                ib += moves[ib, 1] == until
                count, next_a, next_b, all_whole = lay_out(ia, ib, left, tall, moves, ends, block)
                measure(count, block)
                at = 0
            floor = -1.0 if certain or unknown else surely
            at, near, swings = _gone_through(at, count, floor, tall, near, swings, limits, moves, block)
            if at == count and all_whole:
                break
            ia, ib = (block[6][at], block[7][at]) if at < count else (next_a, next_b)
        _told(row, rows, code_of, base, certain, near, swings, moves, leg, fields, numbers)
