"""Candidates: the pairs of stretches of motion that may come within the limits, and why no pair is missed.

Time is cut into slots. A *stretch* is the motion of one mover in one slot: in coverage throughout, at most
STRETCH_LEGS legs. Let its motion from p at t0 with mean velocity v deviate from p + v (t - t0) by at most e:
the deviation is piecewise linear in time, so e is its largest value at the fixes in between. Then

1. the whole stretch lies in the ball about the middle of its chord with radius r = |chord| / 2 + e;
2. two movers nearer than R at some instant are both in stretches of that instant's slot, and the distance of
   the centres of their balls is below r1 + r2 + R, also along every axis of any orthonormal frame;
3. with q = r + R / 2, stretches lie in levels of cells: level k holds those with 2 q <= R 2^k, in the cell of
   their centre, R 2^k wide. A stretch looks at every level not below its own, in all cells that meet
   [centre - q - R 2^k / 2, centre + q + R 2^k / 2] on each axis; by 2. the centre of every partner lies there.
   Larger ones go in first, so that of any two the later finds the earlier. Cells are told apart by their
   numbers modulo 2^24 (2^10 upwards): at most a needless test follows, never a missed one. A level of a few
   stretches is looked through one by one: a teleport costs one test per stretch of its slot, and no cells;
4. a candidate is let go only when the balls are farther apart than R, or the two mean motions never come nearer
   than R + e1 + e2 while both are there, or their ranges of height are the vertical limit apart or more.
   e carries SLACK_M for rounding;
5. a candidate lasts only while the mean motions are nearer than R + e1 + e2 (NEAR_M is added for rounding);
6. where the mean motions stay nearer than R - e1 - e2 (their distance is largest at an end) and the ranges of
   height nearer than the vertical limit, the pair is inside all the time, and no leg need be looked at.

The cost is that of the stretches and of the pairs that are near: a stretch of any size has one cell.
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
    TABLE,
    WHOLE,
    inlined,
    kernel,
    lean,
)

__all__ = ["candidates", "count_stretches", "fill_stretches"]

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Shorts = npt.NDArray[np.int32]
Bytes = npt.NDArray[np.uint8]

STRETCH_LEGS = 64
SLACK_M = 1e-6
NEAR_M = 0.01
FEW = 12
"""A level of so few stretches is looked through one by one."""
LEVELS = 44
UPWARDS = 32.0
"""How much higher than wide a cell is: movers lie on a surface."""

FOLLOWED = 1
AT_REST = 2
T0, T1, X, Y, Z, VX, VY, VZ, E, LOW, HIGH, MOVED = range(12)
STRETCH_FIELDS = 12
"""Of a stretch: when it begins and ends, where it begins, mean velocity, e, range of heights, if it moved."""
RECORD = 4
"""Of a candidate: a and b, from when to when it lasts (us), and stretches and flags; see ``_packed``."""


@lean
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


@lean
def _describe(
    stretches: Floats,
    row: int,
    moves: Floats,
    leg: Bytes,
    p: int,
    q: int,
    at: float,
    to: float,
) -> None:
    """Fill in one stretch: when, where, mean velocity, largest deviation, range of heights."""
    u, w = at - moves[p, 0], to - moves[q, 0]
    x, y, z = moves[p, 2] + u * moves[p, 6], moves[p, 3] + u * moves[p, 7], moves[p, 4] + u * moves[p, 8]
    over = 1.0 / (to - at)
    vx = (moves[q, 2] + w * moves[q, 6] - x) * over
    vy = (moves[q, 3] + w * moves[q, 7] - y) * over
    vz = (moves[q, 4] + w * moves[q, 8] - z) * over
    worst = 0.0
    low = high = moves[p, 5]
    unknown = low != low  # noqa: PLR0124 - a NaN
    moved = not leg[p] & AT_REST
    for i in range(p + 1, q + 2):
        # the last is the end of leg q
        h = moves[i, 5] if i <= q else moves[q, 5] + moves[q, 9] * (moves[q, 1] - moves[q, 0])
        if h != h:  # noqa: PLR0124 - a NaN
            unknown = True
        low, high = min(low, h), max(high, h)
        if i <= q:
            moved = moved or not leg[i] & AT_REST
            t = moves[i, 0] - at
            dx, dy, dz = moves[i, 2] - x - vx * t, moves[i, 3] - y - vy * t, moves[i, 4] - z - vz * t
            worst = max(worst, dx * dx + dy * dy + dz * dz)
    if unknown:
        low, high = -math.inf, math.inf
    stretches[row, T0], stretches[row, T1] = at, to
    stretches[row, X], stretches[row, Y], stretches[row, Z] = x, y, z
    stretches[row, VX], stretches[row, VY], stretches[row, VZ] = vx, vy, vz
    stretches[row, E] = math.sqrt(worst) + SLACK_M
    # the end of a leg is rounded
    stretches[row, LOW], stretches[row, HIGH] = low - SLACK_M, high + SLACK_M
    stretches[row, MOVED] = 1.0 if moved else 0.0


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


@kernel(INTEGERS, FLOATS, TABLE, BYTES, NUMBER, NUMBER, NUMBER, INTEGERS)
def fill_stretches(
    first: Integers,
    times: Floats,
    moves: Floats,
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
                _describe(stretches, s, moves, leg, p, q, at, to)
                at = to
                p = q
            i = stop
    return stretches, movers, legs


@lean
def _clear(head: Shorts, n: int) -> int:
    """Empty as much of the table as n stretches need; returns the mask of its places."""
    size = 8
    while size < 2 * n:
        size *= 2
    for h in range(size):
        head[h] = -1
    return size - 1


@lean
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
) -> int:
    """Fill in centre (in ``axes``), radius and q of each ball, its level, and the order from large to small.

    Returns the highest level.
    """
    top = 0
    for k in range(LEVELS + 1):
        begins[k] = 0
    for i in range(n):
        s = at + i
        half = 0.5 * (stretches[s, T1] - stretches[s, T0])
        hx, hy, hz = stretches[s, VX] * half, stretches[s, VY] * half, stretches[s, VZ] * half
        radius = math.sqrt(hx * hx + hy * hy + hz * hz) + stretches[s, E]
        x, y, z = stretches[s, X] + hx, stretches[s, Y] + hy, stretches[s, Z] + hz
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
        top = max(top, k)
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
    return top


@lean
def _key(k: int, u: int, v: int, w: int) -> int:
    return (u & 0xFFFFFF) | (v & 0xFFFFFF) << 24 | (w & 0x3FF) << 48 | k << 58


@lean
def _slot_of(key: int, mask: int) -> int:
    mixed = key * 0x2545F4914F6CDD1D
    return (mixed ^ (mixed >> 32) ^ (mixed >> 47)) & mask


@lean
def _level_at(done: int, k: int, begins: Shorts) -> int:
    """Return the level of the stretch at a place of the order, at or below level k."""
    while k > 0 and begins[k - 1] <= done:
        k -= 1
    return k


@lean
def _try(j: int, balls: Floats, u: float, v: float, w: float, reach: float, partners: Shorts, found: int) -> int:
    du, dv, dw = balls[j, 0] - u, balls[j, 1] - v, balls[j, 2] - w
    far = reach + balls[j, 3]
    if du * du + dv * dv + dw * dw <= far * far:
        partners[found] = j
        return found + 1
    return found


@lean
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
    top: int,
) -> int:
    """Fill in the earlier stretches whose ball is within reach of i's; puts i into its cell. Returns how many."""
    found = 0
    u, v, w, radius, q = balls[i, 0], balls[i, 1], balls[i, 2], balls[i, 3], balls[i, 4]
    k = top
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


@lean
def _near_while(c: float, b: float, a: float, least_at: float, last: float, reach: float) -> tuple[float, float]:
    """Return from when to when c + 2 b s + a s^2 <= reach^2 in [0, last], where its least is below (rule 5)."""
    root = b * b - a * (c - reach * reach)
    if not root > 0.0 or not a > 0.0:
        return 0.0, last
    half = math.sqrt(root) / a
    # whole microseconds, and one more for rounding
    begin, end = math.floor(-b / a - half) - 1.0, math.ceil(-b / a + half) + 1.0
    return (max(begin, 0.0), min(end, last)) if begin < least_at < end else (0.0, last)


@lean
def _verdict(stretches: Floats, p: int, q: int, within: float, vertical: float) -> tuple[int, float, float]:
    """Return how two stretches stand, and from when to when they have to be looked at.

    0: apart (rule 4), 1: to be walked (rule 5), 2: inside all the time (rule 6).
    """
    at = max(stretches[p, T0], stretches[q, T0])
    last = min(stretches[p, T1], stretches[q, T1]) - at
    if (
        last <= 0.0
        or stretches[p, LOW] - stretches[q, HIGH] >= vertical
        or stretches[q, LOW] - stretches[p, HIGH] >= vertical
    ):
        return 0, at, at
    u, w = at - stretches[p, T0], at - stretches[q, T0]
    vx, vy, vz = (
        stretches[q, VX] - stretches[p, VX],
        stretches[q, VY] - stretches[p, VY],
        stretches[q, VZ] - stretches[p, VZ],
    )
    x = stretches[q, X] + w * stretches[q, VX] - stretches[p, X] - u * stretches[p, VX]
    y = stretches[q, Y] + w * stretches[q, VY] - stretches[p, Y] - u * stretches[p, VY]
    z = stretches[q, Z] + w * stretches[q, VZ] - stretches[p, Z] - u * stretches[p, VZ]
    a = vx * vx + vy * vy + vz * vz
    b = x * vx + y * vy + z * vz
    c = x * x + y * y + z * z
    inner = within - stretches[p, E] - stretches[q, E]
    if inner > 0.0 and max(c, c + last * (2.0 * b + a * last)) < inner * inner:
        level = (
            stretches[p, HIGH] - stretches[q, LOW] < vertical
            and stretches[q, HIGH] - stretches[p, LOW] < vertical
        )
        whole_p = stretches[p, MOVED] == 0.0 or (stretches[p, T0] == at and stretches[p, T1] == at + last)
        whole_q = stretches[q, MOVED] == 0.0 or (stretches[q, T0] == at and stretches[q, T1] == at + last)
        unknown = stretches[p, LOW] == -math.inf or stretches[q, LOW] == -math.inf
        if (level or unknown) and whole_p and whole_q:
            return 1 if unknown else 2, at, at + last
    s = 0.0
    if b < 0.0:
        s = last if -b >= a * last else -b / a
    reach = within + stretches[p, E] + stretches[q, E]
    if c + s * (2.0 * b + a * s) > reach * reach + SLACK_M:
        return 0, at, at
    begin, end = _near_while(c, b, a, s, last, reach + NEAR_M)
    return 1, at + begin, at + end


@lean
def _packed(
    stretches: Floats,
    s1: int,
    s2: int,
    a: int,
    b: int,
    verdict: int,
    begin: float,
    end: float,
    records: Integers,
    row: int,
) -> None:
    """Fill in a candidate: a, b; begin; end; s1, s2 and whether it is inside throughout, with who moved."""
    records[row, 0] = np.int64(a) << 32 | b
    records[row, 1] = np.int64(begin)
    records[row, 2] = np.int64(end)
    flags = np.int64(verdict == 2)
    flags |= 4 if stretches[s1, MOVED] > 0.0 else 0
    flags |= 8 if stretches[s2, MOVED] > 0.0 else 0
    records[row, 3] = np.int64(s1) << 34 | np.int64(s2) << 4 | flags


@inlined
def _grown(records: Integers) -> Integers:
    more = np.empty((2 * records.shape[0], RECORD), np.int64)
    more[: records.shape[0]] = records
    return more


@kernel(INTEGERS, TABLE, SHORTS, SHORTS, SHORTS, RELATION, TABLE, NUMBER, NUMBER)
def candidates(  # noqa: C901 - the loop over slots, stretches and partners
    place: Integers,
    stretches: Floats,
    movers: Shorts,
    rank: Shorts,
    side: Shorts,
    related: Bytes,
    axes: Floats,
    within: float,
    vertical: float,
) -> tuple[Integers, int]:
    """Return the pairs of stretches that may meet (RECORD), a before b, and how many were near.

    Stretches of one slot stand together, from place[slot] on. rank: of each mover, the lower one is a. side,
    related: which pairs of sides are looked for; axes: an orthonormal frame whose third axis is upwards where most
    movers are.
    """
    pairs = np.empty((1024, RECORD), np.int64)
    count = tested = most = 0
    for k in range(place.size - 1):
        most = max(most, place[k + 1] - place[k])
    size = 8
    while size < 2 * most:
        size *= 2
    head = np.empty(size, np.int32)
    follow, level = np.empty(most, np.int32), np.empty(most, np.int32)
    order, partners = np.empty(most, np.int32), np.empty(most, np.int32)
    keys = np.empty(most, np.int64)
    balls = np.empty((most, 5))
    begins = np.empty(LEVELS + 1, np.int32)
    for k in range(place.size - 1):
        at, n = place[k], place[k + 1] - place[k]
        if n < 2:
            continue
        top = _make_balls(stretches, at, n, axes, within, balls, level, order, begins)
        mask = _clear(head, n)
        for position in range(n):
            i = order[position]
            found = _partners(
                i, position, level[i], balls, begins, order, head, mask, follow, keys, partners, within, top
            )
            tested += found
            while count + found > pairs.shape[0]:
                pairs = _grown(pairs)
            for f in range(found):
                s1, s2 = at + i, at + partners[f]
                a, b = movers[s1], movers[s2]
                if a == b or not related[side[a], side[b]]:
                    continue
                if rank[a] > rank[b]:
                    a, b, s1, s2 = b, a, s2, s1
                verdict, begin, end = _verdict(stretches, s1, s2, within, vertical)
                if verdict > 0:
                    _packed(stretches, s1, s2, a, b, verdict, begin, end, pairs, count)
                    count += 1
    return pairs[:count].copy(), tested
