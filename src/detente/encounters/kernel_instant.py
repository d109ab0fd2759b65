"""All pairs of one picture that come within the limits: a tree of swept boxes, then the exact times.

Complete by construction. The box of a leg holds its chord, widened by the most that the curve leaves the chord
and by half the limit, on each of the three earth axes, and the heights it passes, widened by half the vertical
limit: when two movers are within both limits at some time, their legs' boxes of that time overlap, and a tree
node's box holds those of all its legs. A pair that survives is tried as straight motion with the limit widened
by both departures from the chord, which again no pair within the limits can fail; then the true motion decides.

Cost: n log n for the tree, then what the boxes that overlap cost. A very fast mover has many legs and so many
small boxes, never one huge one. Movers all in one place cost their square, as does the list of their pairs.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from detente.encounters.compiled import FLOATS, INTEGERS, NUMBER, RELATION, TABLE, WHOLE, inlined, kernel
from detente.encounters.kernel_straight import (
    CURVATURE,
    EARTH_M,
    INVERSE_AXIS_2,
    INVERSE_POLAR_2,
    SAG,
    SPEED,
    T0,
    T1,
)

__all__ = ["describe", "gap", "relative_at", "search"]

Table = NDArray[np.float64]
Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Relation = NDArray[np.uint8]

FOUND_COLUMNS = 4
LEAF = 8
FAR = 1e9
FOOT_M = 0.3048
TIME_TOLERANCE_S = 1e-7
MISSED_M = 1e-3
"""What slow pairs, which are sampled in time, may dip below the limit between two samples unseen."""
MOST_SAMPLES = 256


@inlined
def place(legs: Table, i: int, t: float) -> tuple[float, float, float, float, float, float]:
    """Return place (x, y, z in m) and velocity (m/s) on leg i at time t."""
    speed, curvature = legs[i, SPEED], legs[i, CURVATURE]
    s = speed * (t - legs[i, T0])
    angle = curvature * s
    sine, half = math.sin(angle), math.sin(angle / 2)
    along, down, cube = sine / curvature, 2 * half * half / curvature, s * s * s
    cosine, square = 1 - 2 * half * half, 3 * s * s
    return (
        legs[i, 0] + along * legs[i, 3] + down * legs[i, 6] + cube * legs[i, 9],
        legs[i, 1] + along * legs[i, 4] + down * legs[i, 7] + cube * legs[i, 10],
        legs[i, 2] + along * legs[i, 5] + down * legs[i, 8] + cube * legs[i, 11],
        speed * (cosine * legs[i, 3] + sine * legs[i, 6] + square * legs[i, 9]),
        speed * (cosine * legs[i, 4] + sine * legs[i, 7] + square * legs[i, 10]),
        speed * (cosine * legs[i, 5] + sine * legs[i, 8] + square * legs[i, 11]),
    )


@kernel(TABLE, WHOLE, WHOLE, NUMBER)
def gap(legs: Table, i: int, j: int, t: float) -> tuple[float, float, float]:
    """Return squared horizontal distance (m^2), half its rate, and squared relative speed of two legs at t.

    The distance is that along the surface: the chord, bent by the normal curvature in its own direction at its
    middle; against the geodesic right to 0.01 mm at 20 km and to 1 cm at 1,000 km.
    """
    ax, ay, az, avx, avy, avz = place(legs, i, t)
    bx, by, bz, bvx, bvy, bvz = place(legs, j, t)
    x, y, z = bx - ax, by - ay, bz - az
    vx, vy, vz = bvx - avx, bvy - avy, bvz - avz
    chord_2 = x * x + y * y + z * z
    rate = x * vx + y * vy + z * vz
    speed_2 = vx * vx + vy * vy + vz * vz
    if chord_2 == 0.0:
        return 0.0, rate, speed_2
    mx, my, mz = (ax + bx) / 2, (ay + by) / 2, (az + bz) / 2
    size_2 = INVERSE_AXIS_2 * (mx * mx + my * my) + INVERSE_POLAR_2 * mz * mz  # below 1: the middle lies deep
    steep_2 = INVERSE_AXIS_2**2 * (mx * mx + my * my) + INVERSE_POLAR_2**2 * mz * mz
    bent = INVERSE_AXIS_2 * (x * x + y * y) + INVERSE_POLAR_2 * z * z
    # (curvature * chord / 2)^2; curvature = u.D.u / |D m| where m.D.m = 1, here scaled up to the surface
    half_2 = bent * bent * size_2 / (steep_2 * chord_2 * 4)
    stretch = 1.0 + half_2 / 3 + 8 * half_2 * half_2 / 45 + 4 * half_2**3 / 35  # (asin(x) / x)^2
    return chord_2 * stretch, rate * stretch, speed_2


@inlined
def least_time(legs: Table, i: int, j: int, start: float, end: float) -> float:
    """Return the time in [start, end] of least distance: Gauss-Newton from the middle.

    Exact for the nearly straight relative motion of all pairs but those that hardly move against each other;
    for these an end is taken when it is nearer. Where all times are equal, the start.
    """
    t = (start + end) / 2
    speed_2 = 0.0
    for _ in range(8):
        _, rate, speed_2 = gap(legs, i, j, t)
        if speed_2 < 1e-12:
            break
        nearer = min(max(t - rate / speed_2, start), end)
        step = abs(nearer - t)
        t = nearer
        if step < TIME_TOLERANCE_S:
            break
    if speed_2 > 1e4 and start < t < end:  # 100 m/s against each other: surely one minimum
        return t
    best, at = gap(legs, i, j, start)[0], start
    for later in (t, end):
        there = gap(legs, i, j, later)[0]
        if there < best - 1e-9 * math.sqrt(best):  # equal but for rounding: the earlier one
            best, at = there, later
    return at


@inlined
def crossing_time(legs: Table, i: int, j: int, inside: float, outside: float, limit_2: float) -> float:
    """Return when the squared distance is limit_2 between a time inside and a time outside: safe Newton."""
    low, high = inside, outside
    here, _, speed_2 = gap(legs, i, j, inside)
    t = inside + math.copysign(math.sqrt(max(limit_2 - here, 0.0) / max(speed_2, 1e-12)), outside - inside)
    for _ in range(80):
        if not min(low, high) < t < max(low, high):
            t = (low + high) / 2
        value, rate, _ = gap(legs, i, j, t)
        if value < limit_2:
            low = t
        else:
            high = t
        step = (value - limit_2) / (2 * rate) if rate != 0.0 else math.inf
        if abs(step) < TIME_TOLERANCE_S or abs(high - low) < TIME_TOLERANCE_S:
            return min(max(t - step, min(low, high)), max(low, high)) if abs(step) < 1 else (low + high) / 2
        t -= step
    return t


@inlined
def height_window(difference_ft: float, rate_ftps: float, vertical_m: float) -> tuple[float, float]:
    """Return the open window in which the vertical distance is below the limit; NaN heights are always in it."""
    z, rate = difference_ft * FOOT_M, rate_ftps * FOOT_M
    if math.isnan(z):
        return -math.inf, math.inf
    if abs(rate) < 1e-9:
        return (-math.inf, math.inf) if abs(z) < vertical_m else (math.inf, -math.inf)
    one, other = (-vertical_m - z) / rate, (vertical_m - z) / rate
    return min(one, other), max(one, other)


@inlined
def may_come_near(legs: Table, ends: Table, i: int, j: int, start: float, end: float, limit_m: float) -> bool:
    """Tell whether the chords of two legs come within the limit and both sags between start and end."""
    span_i, span_j = legs[i, T1] - legs[i, T0], legs[j, T1] - legs[j, T0]
    fraction_i, fraction_j = (start - legs[i, T0]) / span_i, (start - legs[j, T0]) / span_j
    along, square, first = 0.0, 0.0, 0.0
    for axis in range(3):
        speed_i = (ends[i, axis] - legs[i, axis]) / span_i
        speed_j = (ends[j, axis] - legs[j, axis]) / span_j
        x = legs[j, axis] + fraction_j * span_j * speed_j - legs[i, axis] - fraction_i * span_i * speed_i
        v = speed_j - speed_i
        along += x * v
        square += v * v
        first += x * x
    reach = limit_m + legs[i, SAG] + legs[j, SAG]
    t = 0.0 if square == 0.0 else min(max(-along / square, 0.0), end - start)
    return bool(first + t * (2 * along + t * square) < reach * reach)


@inlined
def add(found: Table, count: int, i: int, j: int, entry: float, leaving: float) -> int:
    """Write one row, unless it has no length."""
    if leaving > entry:
        found[count, 0], found[count, 1], found[count, 2], found[count, 3] = i, j, entry, leaving
        return count + 1
    return count


@inlined
def add_times(
    legs: Table, i: int, j: int, start: float, end: float, limit_m: float, found: Table, count: int
) -> int:
    """Write the intervals within [start, end] in which the distance is below the limit; returns the new count.

    Movers whose relative speed is well above what the curved earth does to it (their speed times their angular
    distance) have one minimum: two roots. The others are sampled so finely that no dip deeper than MISSED_M
    fits between two samples.
    """
    limit_2 = limit_m * limit_m
    middle = least_time(legs, i, j, start, end)
    least_2, _, speed_2 = gap(legs, i, j, middle)
    fastest = max(legs[i, SPEED], legs[j, SPEED])
    angle = max(math.sqrt(least_2), limit_m) / EARTH_M
    samples = 1
    if speed_2 <= (4 * fastest * angle) ** 2:
        bend = fastest * angle / EARTH_M
        step = math.sqrt(8 * MISSED_M / max(bend * fastest, 1e-18))
        samples = int(min(max(math.ceil((end - start) / step), 1.0), float(MOST_SAMPLES)))
    elif least_2 >= limit_2:
        return count
    entry, was_in, previous = start, gap(legs, i, j, start)[0] < limit_2, start
    for k in range(1, samples + 1):
        t = end if k == samples else start + (end - start) * k / samples
        is_in = gap(legs, i, j, t)[0] < limit_2
        if is_in and not was_in:
            entry = crossing_time(legs, i, j, t, previous, limit_2)
        elif was_in and not is_in:
            count = add(found, count, i, j, entry, crossing_time(legs, i, j, previous, t, limit_2))
        elif not is_in:
            dip = middle if samples == 1 else least_time(legs, i, j, previous, t)
            if gap(legs, i, j, dip)[0] < limit_2:
                first = crossing_time(legs, i, j, dip, previous, limit_2)
                count = add(found, count, i, j, first, crossing_time(legs, i, j, dip, t, limit_2))
        was_in, previous = is_in, t
    return add(found, count, i, j, entry, end) if was_in else count


@inlined
def leg_boxes(
    legs: Table, height_ft: Floats, climb_ftps: Floats, limit_m: float, vertical_m: float
) -> tuple[Table, Table]:
    """Return each leg's last point, and its box: low and high of x, y, z and height in metres."""
    ends = np.empty((legs.shape[0], 3))
    boxes = np.empty((legs.shape[0], 8))
    for i in range(legs.shape[0]):
        length = legs[i, SPEED] * (legs[i, T1] - legs[i, T0])
        angle = legs[i, CURVATURE] * length
        along, down = math.sin(angle) / legs[i, CURVATURE], 2 * math.sin(angle / 2) ** 2 / legs[i, CURVATURE]
        wide = limit_m / 2 * (1 + 1e-9) + legs[i, SAG] + 1e-6
        for axis in range(3):
            ends[i, axis] = (
                legs[i, axis]
                + along * legs[i, 3 + axis]
                + down * legs[i, 6 + axis]
                + length**3 * legs[i, 9 + axis]
            )
            boxes[i, axis] = min(legs[i, axis], ends[i, axis]) - wide
            boxes[i, 4 + axis] = max(legs[i, axis], ends[i, axis]) + wide
        one = (height_ft[i] + climb_ftps[i] * legs[i, T0]) * FOOT_M
        other = (height_ft[i] + climb_ftps[i] * legs[i, T1]) * FOOT_M
        high = vertical_m / 2 * (1 + 1e-9) + 1e-6
        unknown = math.isnan(one) or math.isnan(other)
        boxes[i, 3] = -FAR if unknown else min(one, other) - high
        boxes[i, 7] = FAR if unknown else max(one, other) + high
    return ends, boxes


@inlined
def curve_order(boxes: Table, height_scale: float) -> Integers:
    """Return the legs along a Z-order curve through their boxes' centres, so that neighbours are near."""
    codes = np.empty(boxes.shape[0], np.uint64)
    for i in range(boxes.shape[0]):
        code = np.uint64(0)
        for axis in range(4):
            centre = (boxes[i, axis] + boxes[i, 4 + axis]) / 2
            if axis == 3:
                centre *= height_scale
            cell = np.uint64(min(max((centre + 6.5e6) / 200.0, 0.0), 65535.0))
            # spread 16 bits to every fourth place
            cell = (cell | (cell << np.uint64(24))) & np.uint64(0x000000FF000000FF)
            cell = (cell | (cell << np.uint64(12))) & np.uint64(0x000F000F000F000F)
            cell = (cell | (cell << np.uint64(6))) & np.uint64(0x0303030303030303)
            cell = (cell | (cell << np.uint64(3))) & np.uint64(0x1111111111111111)
            code |= cell << np.uint64(axis)
        codes[i] = code
    return np.argsort(codes)


@inlined
def tree_of(boxes: Table, leaves: int) -> Table:
    """Return the boxes of a complete binary tree as a heap; leaf k holds LEAF consecutive legs."""
    tree = np.empty((2 * leaves, 8))
    tree[:, :4] = np.inf
    tree[:, 4:] = -np.inf
    for k in range(boxes.shape[0]):
        node = leaves + k // LEAF
        for axis in range(4):
            tree[node, axis] = min(tree[node, axis], boxes[k, axis])
            tree[node, 4 + axis] = max(tree[node, 4 + axis], boxes[k, 4 + axis])
    for node in range(leaves - 1, 0, -1):
        for axis in range(4):
            tree[node, axis] = min(tree[2 * node, axis], tree[2 * node + 1, axis])
            tree[node, 4 + axis] = max(tree[2 * node, 4 + axis], tree[2 * node + 1, 4 + axis])
    return tree


@inlined
def neighbours(tree: Table, boxes: Table, leaves: int, k: int, near: Integers) -> int:
    """Write the legs after leg k (in tree order) whose boxes overlap its own into near; returns how many.

    One flat loop with the own box in registers: this is where the time goes.
    """
    x0, y0, z0, h0 = boxes[k, 0], boxes[k, 1], boxes[k, 2], boxes[k, 3]
    x1, y1, z1, h1 = boxes[k, 4], boxes[k, 5], boxes[k, 6], boxes[k, 7]
    stack = np.empty((64, 2), np.int64)
    stack[0, 0], stack[0, 1], depth, count = 1, leaves * LEAF, 1, 0
    while depth > 0:
        depth -= 1
        node, width = stack[depth, 0], stack[depth, 1]
        row = tree[node]
        if (
            (row[3] > h1) | (row[7] < h0) | (row[0] > x1) | (row[4] < x0)
            | (row[1] > y1) | (row[5] < y0) | (row[2] > z1) | (row[6] < z0)
        ):  # fmt: skip  # no short circuit: branches that guess wrong cost more than comparisons
            continue
        if node < leaves:
            half = width // 2
            first = (2 * node - leaves * LEAF // half) * half
            stack[depth, 0], stack[depth, 1], depth = 2 * node + 1, half, depth + 1
            if first + half > k + 1:
                stack[depth, 0], stack[depth, 1], depth = 2 * node, half, depth + 1
            continue
        start = (node - leaves) * LEAF
        for other in range(max(start, k + 1), min(start + LEAF, boxes.shape[0])):
            box = boxes[other]
            near[count] = other
            count += not (
                (box[3] > h1) | (box[7] < h0) | (box[0] > x1) | (box[4] < x0)
                | (box[1] > y1) | (box[5] < y0) | (box[2] > z1) | (box[6] < z0)
            )  # fmt: skip
    return count


@kernel(TABLE, INTEGERS, INTEGERS, RELATION, FLOATS, FLOATS, NUMBER, NUMBER)
def search(
    legs: Table,
    mover: Integers,
    side: Integers,
    rivals: Relation,
    height_ft: Floats,
    climb_ftps: Floats,
    limit_m: float,
    vertical_m: float,
) -> Table:
    """Return (leg, leg, entry, exit) of every stretch in which two legs of different movers are within both.

    legs: detente.encounters.kernel_straight. mover: number of the mover of each leg. side: number of the side of
    each leg; rivals: which sides' pairs are wanted. height_ft and climb_ftps: of each leg's mover at time 0 and
    its rate, NaN when unknown. The order of the rows is that of the tree.
    """
    total = mover.size
    ends, boxes = leg_boxes(legs, height_ft, climb_ftps, limit_m, vertical_m)
    order = curve_order(boxes, limit_m / vertical_m)
    boxes = boxes[order]
    leaves = 1
    while leaves * LEAF < total:
        leaves *= 2
    tree = tree_of(boxes, leaves)
    found, count = np.empty((4096, FOUND_COLUMNS)), 0
    near = np.empty(total + 1, np.int64)
    for k in range(total):
        i = order[k]
        for n in range(neighbours(tree, boxes, leaves, k, near)):
            j = order[near[n]]
            if mover[i] == mover[j] or not rivals[side[i], side[j]]:
                continue
            low, high = height_window(height_ft[j] - height_ft[i], climb_ftps[j] - climb_ftps[i], vertical_m)
            start = max(legs[i, T0], legs[j, T0], low)
            end = min(legs[i, T1], legs[j, T1], high)
            if not start < end or not may_come_near(legs, ends, i, j, start, end, limit_m):
                continue
            if count + MOST_SAMPLES > found.shape[0]:
                larger = np.empty((2 * found.shape[0], FOUND_COLUMNS))
                larger[:count] = found[:count]
                found = larger
            count = add_times(legs, i, j, start, end, limit_m, found, count)
    return found[:count].copy()


@inlined
def leg_at(first: Integers, legs: Table, mover: int, t: float) -> int:
    """Return the leg on which a mover is at time t; first[mover] is its first one."""
    leg = int(first[mover])
    while leg + 1 < first[mover + 1] and legs[leg, T1] <= t:
        leg += 1
    return leg


@inlined
def distance_at(first: Integers, legs: Table, a: int, b: int, t: float) -> float:
    """Return the horizontal distance of two movers at t in metres."""
    return math.sqrt(gap(legs, leg_at(first, legs, a, t), leg_at(first, legs, b, t), t)[0])


@inlined
def nearest_time(first: Integers, legs: Table, a: int, b: int, start: float, end: float) -> float:
    """Return the time in [start, end] of least horizontal distance, the earliest when several are equal."""
    best, at, t = math.inf, start, start
    while True:
        i, j = leg_at(first, legs, a, t), leg_at(first, legs, b, t)
        until = min(legs[i, T1], legs[j, T1], end)
        if until <= t:
            until = end
        nearest = least_time(legs, i, j, t, until)
        distance_2 = gap(legs, i, j, nearest)[0]
        if distance_2 < best:
            best, at = distance_2, nearest
        if until >= end:
            return at
        t = until


@inlined
def severity_between(
    first: Integers,
    legs: Table,
    height_ft: float,
    climb_ftps: float,
    a: int,
    b: int,
    start: float,
    end: float,
    limit_m: float,
    vertical_m: float,
) -> float:
    """Return the least over time of max(horizontal / limit, vertical / limit); NaN heights leave the second out.

    Horizontal grows away from its nearest time, vertical from its own; the least maximum lies between the two.
    """
    near = nearest_time(first, legs, a, b, start, end)
    at_near = distance_at(first, legs, a, b, near) / limit_m
    if math.isnan(height_ft):
        return at_near
    level = near if climb_ftps == 0.0 else min(max(-height_ft / climb_ftps, start), end)
    scale = FOOT_M / vertical_m
    if at_near >= abs(height_ft + climb_ftps * near) * scale:
        return at_near
    if abs(height_ft + climb_ftps * level) * scale >= distance_at(first, legs, a, b, level) / limit_m:
        return abs(height_ft + climb_ftps * level) * scale
    for _ in range(24):
        middle = (near + level) / 2
        if distance_at(first, legs, a, b, middle) / limit_m < abs(height_ft + climb_ftps * middle) * scale:
            near = middle
        else:
            level = middle
    return distance_at(first, legs, a, b, level) / limit_m


@kernel(INTEGERS, TABLE, FLOATS, FLOATS, INTEGERS, INTEGERS, FLOATS, FLOATS, NUMBER, NUMBER, NUMBER)
def describe(
    first: Integers,
    legs: Table,
    height_ft: Floats,
    climb_ftps: Floats,
    a: Integers,
    b: Integers,
    entry: Floats,
    leaving: Floats,
    horizon_s: float,
    limit_m: float,
    vertical_m: float,
) -> Table:
    """Return a row a pair: nearest time, distance and vertical then (m), relative speed (m/s), severity.

    The nearest time is in [0, horizon_s], severity between entry and leaving; heights are each mover's.
    """
    told = np.empty((a.size, 5))
    for n in range(a.size):
        t = nearest_time(first, legs, a[n], b[n], 0.0, horizon_s)
        i, j = leg_at(first, legs, a[n], t), leg_at(first, legs, b[n], t)
        distance_2, _, speed_2 = gap(legs, i, j, t)
        height, climb = height_ft[b[n]] - height_ft[a[n]], climb_ftps[b[n]] - climb_ftps[a[n]]
        told[n, 0], told[n, 1], told[n, 3] = t, math.sqrt(distance_2), math.sqrt(speed_2)
        told[n, 2] = abs(height + climb * t) * FOOT_M
        told[n, 4] = severity_between(
            first, legs, height, climb, a[n], b[n], entry[n], leaving[n], limit_m, vertical_m
        )
    return told


@kernel(INTEGERS, TABLE, FLOATS, FLOATS, INTEGERS, INTEGERS, NUMBER)
def relative_at(
    first: Integers,
    legs: Table,
    height_ft: Floats,
    climb_ftps: Floats,
    a: Integers,
    b: Integers,
    horizon_s: float,
) -> Table:
    """Return a row a pair: nearest time in [0, horizon_s], then relative position and velocity at it.

    Own is a, the other is b, own minus other, in m and m/s: along the line between the two, across it, up. The
    plane touches the earth in the middle of the two, so that over the minutes around the nearest time straight
    motion in it departs from the geodesics by centimetres.
    """
    rows = np.empty((a.size, 7))
    for n in range(a.size):
        t = nearest_time(first, legs, a[n], b[n], 0.0, horizon_s)
        i, j = leg_at(first, legs, a[n], t), leg_at(first, legs, b[n], t)
        ax, ay, az, avx, avy, avz = place(legs, i, t)
        bx, by, bz, bvx, bvy, bvz = place(legs, j, t)
        ux, uy, uz = (ax + bx) * INVERSE_AXIS_2, (ay + by) * INVERSE_AXIS_2, (az + bz) * INVERSE_POLAR_2
        size = math.sqrt(ux * ux + uy * uy + uz * uz)
        ux, uy, uz = ux / size, uy / size, uz / size
        x, y, z, vx, vy, vz = ax - bx, ay - by, az - bz, avx - bvx, avy - bvy, avz - bvz
        sunk, sinking = x * ux + y * uy + z * uz, vx * ux + vy * uy + vz * uz
        x, y, z, vx, vy, vz = (
            x - sunk * ux,
            y - sunk * uy,
            z - sunk * uz,
            vx - sinking * ux,
            vy - sinking * uy,
            (vz - sinking * uz),
        )
        flat, speed = math.sqrt(x * x + y * y + z * z), math.sqrt(vx * vx + vy * vy + vz * vz)
        along = (x * vx + y * vy + z * vz) / flat if flat > 0 else speed
        cross = ux * (y * vz - z * vy) + uy * (z * vx - x * vz) + uz * (x * vy - y * vx)
        rows[n, 0], rows[n, 1], rows[n, 2] = t, math.sqrt(gap(legs, i, j, t)[0]), 0.0
        rows[n, 3] = (height_ft[a[n]] - height_ft[b[n]] + (climb_ftps[a[n]] - climb_ftps[b[n]]) * t) * FOOT_M
        rows[n, 4], rows[n, 5] = along, cross / flat if flat > 0 else 0.0
        rows[n, 6] = (climb_ftps[a[n]] - climb_ftps[b[n]]) * FOOT_M
    return rows
