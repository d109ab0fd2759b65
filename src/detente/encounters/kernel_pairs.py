"""Every pair of legs within the limits: candidates in time and space, then one quadratic for each two legs.

Why no pair is missed
---------------------
Time is cut into slots. A *stretch* is the motion of one mover in one slot: in coverage throughout, at most
STRETCH_LEGS legs. Let its motion from p at t0 with mean velocity v deviate from p + v (t - t0) by at most e:
the deviation is piecewise linear in time, so e is its largest value at the fixes in between. Then

1. the whole stretch lies in the ball about the middle of its chord with radius r = |chord| / 2 + e;
2. two movers nearer than R at some instant are both in stretches of that instant's slot, and the distance of
   the centres of their balls is below r1 + r2 + R, also along every axis of any orthonormal frame;
3. with q = r + R / 2, stretches lie in levels of cells: level k holds those with 2 q <= c 2^k, in the cell of
   their centre. A stretch looks at every level not below its own, in all cells that meet [centre - q - c 2^k / 2,
   centre + q + c 2^k / 2] on each axis; by 2. the centre of every partner lies there. Larger ones go in first, so
   that of any two the later finds the earlier. Cells are told apart by their numbers modulo 2^24 (2^10 upwards):
   at most a needless test follows, never a missed one. A level of a few stretches is looked through one by one:
   a teleport costs one test per stretch of its slot, and no cells;
4. a candidate is let go only when the balls are farther apart than R, or the two mean motions never come nearer
   than R + e1 + e2 while both are there, or their ranges of height are V apart or more. e carries SLACK_M for
   rounding.

What remains is looked at leg by leg: on the overlap of two legs the relative position is linear in time, its
square is a quadratic, and the instants at which it crosses R are its roots. Each overlap is solved whole and
only then cut to the slot: no result depends on where slots begin or end.

R is the chord of the limit on the sphere of the Earth's mean radius: distance = 2 E asin(chord / 2 E). Within
100 NM the difference to the ellipsoid's geodesic is below 0.1 m.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from detente.encounters.compiled import (
    BYTES,
    FLOATS,
    INTEGERS,
    NUMBER,
    RELATION,
    SHORTS,
    SINGLES,
    TABLE,
    WHOLE,
    inlined,
    kernel,
)

__all__ = ["FIELDS", "FLAGS", "fill_stretches", "count_stretches", "search_slots"]

Floats = npt.NDArray[np.float64]
Singles = npt.NDArray[np.float32]
Integers = npt.NDArray[np.int64]
Shorts = npt.NDArray[np.int32]
Bytes = npt.NDArray[np.uint8]

STRETCH_LEGS = 32
SLACK_M = 1e-6
FEW = 12
LEVELS = 44
UPWARDS = 32.0

FIELDS = 29
"""Floats of a piece: 0 least distance squared, 1 severity, 2 closing speed on entering (m/us);
3-5 position of a, 6-8 of b, 9-11 velocity of a (m/us), 12-14 of b on entering; 15-26 the same at the closest;
27 and 28 heights of a and b at the closest."""
NUMBERS = 9
"""Integers of a piece: 0 a, 1 b, 2 entered, 3 left, 4 closest at (us), 5 flags, 6 passes, 7 first and 8 last sense
of the distance (-1 shrinking, 1 growing, 0 neither)."""


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


CROSSED, CERTAIN, A_MOVED, B_MOVED = 1, 2, 4, 8
FOLLOWED, AT_REST = 1, 2
T0, T1, X, Y, Z, VX, VY, VZ, E, LOW, HIGH = range(11)
STRETCH_FIELDS = 11
# limits: what search_slots is asked for
RANGE, VERTICAL, START, END, FIX_M, VERTICAL_M, GEOID_M, PRESSURE_M = range(8)


@inlined
def _stretch(times: Floats, p: int, at: float, until: float, begin: float, slot: float) -> tuple[int, int, float]:
    """Return the first and the last leg of the stretch that begins at ``at``, and when it ends."""
    while times[p + 1] <= at:
        p += 1
    to = min(until, begin + ((at - begin) // slot + 1.0) * slot)
    q = p
    while times[q + 1] < to:
        q += 1
        if q - p == STRETCH_LEGS:
            return p, q, times[q]
    return p, q, to


@inlined
def _describe(
    stretch: Floats, times: Floats, points: Floats, inverse: Floats, p: int, q: int, at: float, to: float
) -> None:
    """Fill in one stretch: when, where, mean velocity, largest deviation, range of heights."""
    u = (at - times[p]) * inverse[p]
    w = (to - times[q]) * inverse[q]
    x = points[p, 0] + u * (points[p + 1, 0] - points[p, 0])
    y = points[p, 1] + u * (points[p + 1, 1] - points[p, 1])
    z = points[p, 2] + u * (points[p + 1, 2] - points[p, 2])
    over = 1.0 / (to - at)
    vx = (points[q, 0] + w * (points[q + 1, 0] - points[q, 0]) - x) * over
    vy = (points[q, 1] + w * (points[q + 1, 1] - points[q, 1]) - y) * over
    vz = (points[q, 2] + w * (points[q + 1, 2] - points[q, 2]) - z) * over
    worst = 0.0
    low = high = points[p, 3]
    unknown = low != low  # noqa: PLR0124 - a NaN
    for i in range(p + 1, q + 2):
        h = points[i, 3]
        if h != h:  # noqa: PLR0124 - a NaN
            unknown = True
        low, high = min(low, h), max(high, h)
        if i <= q:
            t = times[i] - at
            dx, dy, dz = points[i, 0] - x - vx * t, points[i, 1] - y - vy * t, points[i, 2] - z - vz * t
            worst = max(worst, dx * dx + dy * dy + dz * dz)
    if unknown:
        low, high = -math.inf, math.inf
    stretch[T0], stretch[T1] = at, to
    stretch[X], stretch[Y], stretch[Z] = x, y, z
    stretch[VX], stretch[VY], stretch[VZ] = vx, vy, vz
    stretch[E] = math.sqrt(worst) + SLACK_M
    stretch[LOW], stretch[HIGH] = low, high


@inlined
def _grown(fields: Floats, numbers: Integers) -> tuple[Floats, Integers]:
    more_fields = np.empty((2 * fields.shape[0], FIELDS))
    more_fields[: fields.shape[0]] = fields
    more_numbers = np.empty((2 * numbers.shape[0], NUMBERS), np.int64)
    more_numbers[: numbers.shape[0]] = numbers
    return more_fields, more_numbers


@inlined
def _clear(head: Shorts, n: int) -> int:
    """Empty as much of the table as n stretches need; returns the mask of its places."""
    size = 8
    while size < 2 * n:
        size *= 2
    for h in range(size):
        head[h] = -1
    return size - 1


@inlined
def _make_balls(
    stretches: Floats,
    at: int,
    n: int,
    axes: Floats,
    within: float,
    balls: Floats,
    level: Shorts,
    order: Shorts,
    begins: Shorts,
) -> None:
    """Fill in centre (in ``axes``), radius and q of each ball, its level, and the order from large to small."""
    for k in range(LEVELS + 1):
        begins[k] = 0
    for i in range(n):
        s = stretches[at + i]
        half = 0.5 * (s[T1] - s[T0])
        hx, hy, hz = s[VX] * half, s[VY] * half, s[VZ] * half
        radius = math.sqrt(hx * hx + hy * hy + hz * hz) + s[E]
        x, y, z = s[X] + hx, s[Y] + hy, s[Z] + hz
        for axis in range(3):
            balls[i, axis] = axes[axis, 0] * x + axes[axis, 1] * y + axes[axis, 2] * z
        balls[i, 3] = radius
        q = radius + 0.5 * within + SLACK_M
        balls[i, 4] = q
        k = 0
        cell = within
        while cell < 2.0 * q and k < LEVELS - 1:
            cell *= 2.0
            k += 1
        level[i] = k
        begins[k] += 1
    # begins[k]: where level k begins when the largest come first
    before = 0
    for k in range(LEVELS - 1, -1, -1):
        here = begins[k]
        begins[k] = before
        before += here
    for i in range(n):
        order[begins[level[i]]] = i
        begins[level[i]] += 1
    # each begin has moved to its level's end, which is the next lower level's begin
    for k in range(LEVELS - 1):
        begins[k] = begins[k + 1]
    begins[LEVELS - 1] = 0


@inlined
def _key(k: int, u: int, v: int, w: int) -> int:
    return (u & 0xFFFFFF) | (v & 0xFFFFFF) << 24 | (w & 0x3FF) << 48 | k << 58


@inlined
def _slot_of(key: int, mask: int) -> int:
    mixed = key * 0x2545F4914F6CDD1D
    return (mixed ^ (mixed >> 32) ^ (mixed >> 47)) & mask


@inlined
def _level_at(done: int, k: int, begins: Shorts) -> int:
    """Return the level of the stretch at a place of the order, at or below level k."""
    while k > 0 and begins[k - 1] <= done:
        k -= 1
    return k


@inlined
def _try(j: int, balls: Floats, u: float, v: float, w: float, reach: float, partners: Shorts, found: int) -> int:
    du, dv, dw = balls[j, 0] - u, balls[j, 1] - v, balls[j, 2] - w
    far = reach + balls[j, 3]
    if du * du + dv * dv + dw * dw <= far * far:
        partners[found] = j
        return found + 1
    return found


@inlined
def _partners(
    i: int,
    position: int,
    own: int,
    balls: Floats,
    begins: Shorts,
    order: Shorts,
    head: Shorts,
    mask: int,
    follow: Shorts,
    keys: Integers,
    partners: Shorts,
    within: float,
) -> int:
    """Fill in the earlier stretches whose ball is within reach of i's; puts i into its cell. Returns how many."""
    found = 0
    u, v, w, radius, q = balls[i, 0], balls[i, 1], balls[i, 2], balls[i, 3], balls[i, 4]
    k = LEVELS - 1
    done = 0
    while done < position:
        # the level of the next larger ones that are not looked through
        k = _level_at(done, k, begins)
        end = min(position, begins[k - 1] if k > 0 else 1 << 30)
        if k < own:
            break
        if end - done <= FEW:
            for p in range(done, end):
                found = _try(order[p], balls, u, v, w, radius + within, partners, found)
        else:
            cell = within * 2.0**k
            r = q + 0.5 * cell
            tall = cell * UPWARDS
            rise = q + 0.5 * cell
            for cu in range(math.floor((u - r) / cell), math.floor((u + r) / cell) + 1):
                for cv in range(math.floor((v - r) / cell), math.floor((v + r) / cell) + 1):
                    for cw in range(math.floor((w - rise) / tall), math.floor((w + rise) / tall) + 1):
                        key = _key(k, cu, cv, cw)
                        j = head[_slot_of(key, mask)]
                        while j >= 0:
                            if keys[j] == key:
                                found = _try(j, balls, u, v, w, radius + within, partners, found)
                            j = follow[j]
        done = end
    cell = within * 2.0**own
    key = _key(own, math.floor(u / cell), math.floor(v / cell), math.floor(w / (cell * UPWARDS)))
    keys[i] = key
    h = _slot_of(key, mask)
    follow[i] = head[h]
    head[h] = i
    return found


@inlined
def _may_meet(stretches: Floats, s1: int, s2: int, within: float, vertical: float) -> bool:
    """Tell whether two stretches may come within the limits: rule 4 of the head of this file."""
    p, q = stretches[s1], stretches[s2]
    at = max(p[T0], q[T0])
    last = min(p[T1], q[T1]) - at
    if last <= 0.0 or p[LOW] - q[HIGH] >= vertical or q[LOW] - p[HIGH] >= vertical:
        return False
    u, w = at - p[T0], at - q[T0]
    vx, vy, vz = q[VX] - p[VX], q[VY] - p[VY], q[VZ] - p[VZ]
    x = q[X] + w * q[VX] - p[X] - u * p[VX]
    y = q[Y] + w * q[VY] - p[Y] - u * p[VY]
    z = q[Z] + w * q[VZ] - p[Z] - u * p[VZ]
    a = vx * vx + vy * vy + vz * vz
    b = x * vx + y * vy + z * vz
    s = 0.0
    if b < 0.0:
        s = last if -b >= a * last else -b / a
    x += s * vx
    y += s * vy
    z += s * vz
    reach = within + p[E] + q[E]
    return x * x + y * y + z * z <= reach * reach


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
    t: float,
    speed: float,
    turn: float,
    rcs: Singles,
    ages: Singles,
    leg_begin: Floats,
    leg_end: Floats,
    fix_m: float,
) -> float:
    """Return how far the mover may be from where the leg has it (detente.encounters.quality states the formula)."""
    # a NaN is not greater than anything
    fix = rcs[i] if rcs[i] >= 0.0 else fix_m
    if rcs[i + 1] >= 0.0 and (rcs[i + 1] > fix or not rcs[i] >= 0.0):
        fix = rcs[i + 1]
    age = ages[i] if ages[i] > 0.0 else 0.0
    age = ages[i + 1] if ages[i + 1] > age else age
    aged = age * 1e6 * speed
    before, after = t - leg_begin[i], leg_end[i] - t
    swerve = 0.5 * speed * turn * before * after
    return fix + aged + max(min(swerve, speed * min(before, after)), 0.0)


@inlined
def _vertical_doubt(one: int, other: int, limits: Floats) -> float:
    """Return the doubt of a vertical distance from what both heights are measured from (marks without bit 0)."""
    one, other = one >> 1, other >> 1
    if one == other:
        return limits[VERTICAL_M]
    return limits[PRESSURE_M] if one in (0, 1) or other in (0, 1) else limits[GEOID_M]


@inlined
def _walk(
    a, b, ia, ib, low, high,
    times, points, inverse, leg, rcs, ages, marks, leg_begin, leg_end, turn, limits,
    fields, numbers, pieces,
):  # fmt: skip
    """Write the pieces of one pair between low and high; returns how many there are now."""
    within, vertical = limits[RANGE], limits[VERTICAL]
    opened = False
    while True:
        o0 = max(max(times[ia], times[ib]), limits[START])
        o1 = min(min(times[ia + 1], times[ib + 1]), limits[END])
        if o1 > o0:
            ua, ub = (o0 - times[ia]) * inverse[ia], (o0 - times[ib]) * inverse[ib]
            # legs as differences, positions at the start of the overlap, velocities
            dax, day, daz = (
                points[ia + 1, 0] - points[ia, 0],
                points[ia + 1, 1] - points[ia, 1],
                points[ia + 1, 2] - points[ia, 2],
            )
            dbx, dby, dbz = (
                points[ib + 1, 0] - points[ib, 0],
                points[ib + 1, 1] - points[ib, 1],
                points[ib + 1, 2] - points[ib, 2],
            )
            pax, pay, paz = points[ia, 0] + ua * dax, points[ia, 1] + ua * day, points[ia, 2] + ua * daz
            pbx, pby, pbz = points[ib, 0] + ub * dbx, points[ib, 1] + ub * dby, points[ib, 2] + ub * dbz
            fa, fb = inverse[ia], inverse[ib]
            vx, vy, vz = dbx * fb - dax * fa, dby * fb - day * fa, dbz * fb - daz * fa
            x, y, z = pbx - pax, pby - pay, pbz - paz
            c = x * x + y * y + z * z
            bb = x * vx + y * vy + z * vz
            aa = vx * vx + vy * vy + vz * vz
            ha = points[ia, 3] + ua * (points[ia + 1, 3] - points[ia, 3])
            hb = points[ib, 3] + ub * (points[ib + 1, 3] - points[ib, 3])
            ra = (points[ia + 1, 3] - points[ia, 3]) * fa
            rb = (points[ib + 1, 3] - points[ib, 3]) * fb
            hit, s0, s1, at_start = _held(c, bb, aa, o1 - o0, within, hb - ha, rb - ra, vertical)
            if hit:
                entered, left = o0 + np.rint(s0), o0 + np.rint(s1)
                cut0, cut1 = max(entered, low), min(left, high)
                if cut1 > cut0:
                    f, n = fields[pieces], numbers[pieces]
                    if opened and cut0 > n[3]:
                        pieces += 1
                        opened = False
                        f, n = fields[pieces], numbers[pieces]
                    if not opened:
                        opened = True
                        s = cut0 - o0 if cut0 > entered else s0
                        starts = o0 == limits[START] or (
                            (o0 == times[ia] and (ia == 0 or not leg[ia - 1] & FOLLOWED))
                            or (o0 == times[ib] and (ib == 0 or not leg[ib - 1] & FOLLOWED))
                        )
                        n[0], n[1], n[2] = a, b, np.int64(cut0)
                        n[4], n[5], n[6], n[7], n[8] = 0, 0, 0, 0, 0
                        if not (at_start and starts):
                            n[5] |= CROSSED
                        if leg[ia] & AT_REST:
                            n[5] |= 64
                        if leg[ib] & AT_REST:
                            n[5] |= 128
                        f[0], f[1] = math.inf, math.inf
                        far = math.sqrt(max(c + s * (2.0 * bb + aa * s), 0.0))
                        f[2] = -(bb + aa * s) / far if far > 0.0 else 0.0
                        f[3], f[4], f[5] = pax + s * dax * fa, pay + s * day * fa, paz + s * daz * fa
                        f[6], f[7], f[8] = pbx + s * dbx * fb, pby + s * dby * fb, pbz + s * dbz * fb
                        f[9], f[10], f[11] = dax * fa, day * fa, daz * fa
                        f[12], f[13], f[14] = dbx * fb, dby * fb, dbz * fb
                    n[3] = np.int64(cut1)
                    # the sense of the distance, and how often it turned
                    turning = -bb / aa if aa > 0.0 else 0.0
                    before = np.int64(-1) if aa > 0.0 and cut0 - o0 < turning else np.int64(1 if aa > 0.0 else 0)
                    after = np.int64(1) if aa > 0.0 and cut1 - o0 > turning else np.int64(-1 if aa > 0.0 else 0)
                    if before != 0:
                        if n[8] == -1 and before == 1:
                            n[6] += 1
                        if n[7] == 0:
                            n[7] = before
                        if before == -1 and after == 1:
                            n[6] += 1
                        n[8] = after
                    if not leg[ia] & AT_REST:
                        n[5] |= A_MOVED
                    if not leg[ib] & AT_REST:
                        n[5] |= B_MOVED
                    # the nearest of the whole overlap, whatever the slot
                    s = min(max(turning, s0), s1)
                    x, y, z = x + s * vx, y + s * vy, z + s * vz
                    square = x * x + y * y + z * z
                    at = o0 + np.rint(s)
                    f[1] = min(f[1], _severity(c, bb, aa, s0, s1, s, within, hb - ha, rb - ra, vertical))
                    h = hb - ha + s * (rb - ra)
                    if not n[5] & CERTAIN and h == h:  # noqa: PLR0124 - not a NaN
                        doubt_a = _doubt(
                            ia,
                            at,
                            math.sqrt(dax * dax + day * day + daz * daz) * fa,
                            turn[a],
                            rcs,
                            ages,
                            leg_begin,
                            leg_end,
                            limits[FIX_M],
                        )
                        doubt_b = _doubt(
                            ib,
                            at,
                            math.sqrt(dbx * dbx + dby * dby + dbz * dbz) * fb,
                            turn[b],
                            rcs,
                            ages,
                            leg_begin,
                            leg_end,
                            limits[FIX_M],
                        )
                        doubt = math.sqrt(doubt_a * doubt_a + doubt_b * doubt_b)
                        upwards = (
                            0.0
                            if marks[ia] >> 1 == 4 and marks[ib] >> 1 == 4
                            else _vertical_doubt(marks[ia], marks[ib], limits)
                        )
                        if math.sqrt(square) + doubt < within and abs(h) + upwards < vertical:
                            n[5] |= CERTAIN
                    if square < f[0] or (square == f[0] and at < n[4]):
                        f[0] = square
                        n[4] = np.int64(at)
                        n[5] &= ~np.int64(48)
                        if leg[ia] & AT_REST:
                            n[5] |= 16
                        if leg[ib] & AT_REST:
                            n[5] |= 32
                        f[15], f[16], f[17] = pax + s * dax * fa, pay + s * day * fa, paz + s * daz * fa
                        f[18], f[19], f[20] = pbx + s * dbx * fb, pby + s * dby * fb, pbz + s * dbz * fb
                        f[21], f[22], f[23] = dax * fa, day * fa, daz * fa
                        f[24], f[25], f[26] = dbx * fb, dby * fb, dbz * fb
                        f[27], f[28] = ha + s * ra, hb + s * rb
        if times[ia + 1] == times[ib + 1]:
            ia += 1
            ib += 1
        elif times[ia + 1] < times[ib + 1]:
            ia += 1
        else:
            ib += 1
        if max(times[ia], times[ib]) >= high:
            break
    return pieces + 1 if opened else pieces


@kernel(INTEGERS, FLOATS, BYTES, NUMBER, NUMBER, NUMBER, WHOLE)
def count_stretches(
    first: Integers, times: Floats, leg: Bytes, begin: float, end: float, slot: float, slots: int
) -> Integers:
    """Return how many stretches begin in each slot between begin and end (us, relative)."""
    count = np.zeros(slots, np.int64)
    for m in range(first.size - 1):
        i = first[m]
        last = first[m + 1] - 1
        while i < last:
            if not leg[i] & FOLLOWED:
                i += 1
                continue
            stop = i
            while leg[stop] & FOLLOWED:
                stop += 1
            at = max(times[i], begin)
            until = min(times[stop], end)
            p = i
            while at < until:
                p, q, to = _stretch(times, p, at, until, begin, slot)
                count[int((at - begin) // slot)] += 1
                at = to
                p = q
            i = stop
    return count


@kernel(INTEGERS, FLOATS, TABLE, FLOATS, BYTES, NUMBER, NUMBER, NUMBER, INTEGERS)
def fill_stretches(
    first: Integers,
    times: Floats,
    points: Floats,
    inverse: Floats,
    leg: Bytes,
    begin: float,
    end: float,
    slot: float,
    place: Integers,
) -> tuple[Floats, Shorts, Integers]:
    """Return the stretches, those of one slot together, with their mover and first leg.

    place: where each slot's stretches begin (slots + 1).
    """
    free = place[:-1].copy()
    n = place[-1]
    stretches = np.empty((n, STRETCH_FIELDS))
    movers = np.empty(n, np.int32)
    legs = np.empty(n, np.int64)
    for m in range(first.size - 1):
        i = first[m]
        last = first[m + 1] - 1
        while i < last:
            if not leg[i] & FOLLOWED:
                i += 1
                continue
            stop = i
            while leg[stop] & FOLLOWED:
                stop += 1
            at = max(times[i], begin)
            until = min(times[stop], end)
            p = i
            while at < until:
                p, q, to = _stretch(times, p, at, until, begin, slot)
                k = int((at - begin) // slot)
                s = free[k]
                free[k] += 1
                movers[s] = m
                legs[s] = p
                _describe(stretches[s], times, points, inverse, p, q, at, to)
                at = to
                p = q
            i = stop
    return stretches, movers, legs


@kernel(
    *(INTEGERS, TABLE, SHORTS, INTEGERS),
    *(FLOATS, TABLE, FLOATS, BYTES, SINGLES, SINGLES, BYTES, FLOATS, FLOATS),
    *(FLOATS, SHORTS, RELATION, TABLE, FLOATS),
)
def search_slots(
    place: Integers,
    stretches: Floats,
    movers: Shorts,
    legs: Integers,
    times: Floats,
    points: Floats,
    inverse: Floats,
    leg: Bytes,
    rcs: Singles,
    ages: Singles,
    marks: Bytes,
    leg_begin: Floats,
    leg_end: Floats,
    turn: Floats,
    side: Shorts,
    related: Bytes,
    axes: Floats,
    limits: Floats,
) -> tuple[Floats, Integers, int, int]:
    """Return the pieces of encounters of all slots (FIELDS and NUMBERS), pairs tested and pairs walked.

    turn: rate of turn of each mover (rad / us); side, related: which pairs of sides are looked for;
    axes: an orthonormal frame whose third axis is upwards where most movers are.
    """
    fields = np.empty((1024, FIELDS))
    numbers = np.empty((1024, NUMBERS), np.int64)
    pieces = tested = walked = 0
    most = 0
    for k in range(place.size - 1):
        most = max(most, place[k + 1] - place[k])
    bits = 3
    while 1 << bits < 2 * most:
        bits += 1
    head = np.empty(1 << bits, np.int32)
    follow = np.empty(most, np.int32)
    keys = np.empty(most, np.int64)
    balls = np.empty((most, 5))
    level = np.empty(most, np.int32)
    order = np.empty(most, np.int32)
    begins = np.empty(LEVELS + 1, np.int32)
    partners = np.empty(most, np.int32)
    for k in range(place.size - 1):
        at, n = place[k], place[k + 1] - place[k]
        if n < 2:
            continue
        _make_balls(stretches, at, n, axes, limits[RANGE], balls, level, order, begins)
        mask = _clear(head, n)
        for position in range(n):
            i = order[position]
            found = _partners(
                i, position, level[i], balls, begins, order, head, mask, follow, keys, partners, limits[RANGE]
            )
            tested += found
            for f in range(found):
                j = partners[f]
                s1, s2 = at + i, at + j
                a, b = movers[s1], movers[s2]
                if a == b or not related[side[a], side[b]]:
                    continue
                if not _may_meet(stretches, s1, s2, limits[RANGE], limits[VERTICAL]):
                    continue
                walked += 1
                if a > b:
                    a, b, s1, s2 = b, a, s2, s1
                if pieces + 2 * STRETCH_LEGS + 4 > fields.shape[0]:
                    fields, numbers = _grown(fields, numbers)
                low = max(stretches[s1, T0], stretches[s2, T0])
                high = min(stretches[s1, T1], stretches[s2, T1])
                pieces = _walk(
                    a, b, legs[s1], legs[s2], low, high,
                    times, points, inverse, leg, rcs, ages, marks, leg_begin, leg_end, turn, limits,
                    fields, numbers, pieces,
                )  # fmt: skip
    return fields[:pieces].copy(), numbers[:pieces].copy(), tested, walked
