"""All pairs of a live picture that are or will be on a rung of the ladder: kernel_instant's tree, limits by kind.

A leg begins when its mover was last seen, before now (time 0), and ends at the furthest horizon of its kind. Each two
kinds are looked at by themselves, with the limits and the horizon of such pairs: the box of a leg holds where it is
from now to that horizon, widened by half the limit and by the doubt about its place, so that the boxes of two movers
that are within the limits at some time overlap. Whatever a bound cannot rule out is decided by the true motion.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from detente.encounters.compiled import (
    BYTES,
    FLOATS,
    INTEGERS,
    NUMBER,
    RELATION,
    TABLE,
    WHOLE,
    inlined,
    kernel,
)
from detente.encounters.kernel_instant import (
    FAR,
    FOOT_M,
    LEAF,
    MOST_SAMPLES,
    add_times,
    curve_order,
    gap,
    height_window,
    least_time,
    may_come_near,
    place,
    tree_of,
)
from detente.encounters.kernel_straight import CURVATURE, EARTH_M, SPEED, T0, T1

__all__ = [
    "LIVE_COLUMNS",
    "boxes_of",
    "ends_of",
    "fixes_along",
    "judged",
    "pairs_near",
    "places",
    "ways_near",
]

Table = NDArray[np.float64]
Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Bytes = NDArray[np.uint8]
Relation = NDArray[np.uint8]

LIVE_COLUMNS = 12
"""Rung, entry, exit, whether within the wide limits, closest time, distance, vertical, distance now, vertical now,
relative speed, whether only possible, whether near by doubt alone."""


@kernel(TABLE)
def ends_of(legs: Table) -> tuple[Table, Table]:
    """Return each leg's last point, and its place and velocity now, earth-centred in metres."""
    ends, now = np.empty((legs.shape[0], 3)), np.empty((legs.shape[0], 6))
    for i in range(legs.shape[0]):
        ends[i, 0], ends[i, 1], ends[i, 2], _, _, _ = place(legs, i, legs[i, T1])
        now[i, 0], now[i, 1], now[i, 2], now[i, 3], now[i, 4], now[i, 5] = place(legs, i, 0.0)
    return ends, now


@kernel(TABLE, TABLE, INTEGERS, FLOATS, FLOATS, FLOATS, NUMBER, NUMBER, NUMBER)
def boxes_of(
    legs: Table,
    now: Table,
    which: Integers,
    height_m: Floats,
    climb_ms: Floats,
    doubt_m: Floats,
    within_m: float,
    vertical_m: float,
    ahead_s: float,
) -> Table:
    """Return the boxes of some legs from now to the horizon: low and high of x, y, z and height in metres.

    Each is widened by half of both limits, by the doubt about its place, and by what the way bends off a straight line.
    """
    boxes = np.empty((which.size, 8))
    high = 0.5 * vertical_m * (1 + 1e-9) + 1e-6
    for n in range(which.size):
        i = which[n]
        until = min(legs[i, T1], ahead_s)
        length = legs[i, SPEED] * until
        bent = 0.51 * legs[i, CURVATURE] * length * length + 2e-3
        wide = 0.5 * within_m * (1 + 1e-9) + doubt_m[i] + bent
        for axis in range(3):
            here, there = now[i, axis], now[i, axis] + until * now[i, 3 + axis]
            boxes[n, axis], boxes[n, 4 + axis] = min(here, there) - wide, max(here, there) + wide
        one = height_m[i] - climb_ms[i] * legs[i, T0]
        other = one + climb_ms[i] * until
        unknown = math.isnan(one) or math.isnan(other)
        boxes[n, 3] = -FAR if unknown else min(one, other) - high
        boxes[n, 7] = FAR if unknown else max(one, other) + high
    return boxes


@inlined
def _overlapping(tree: Table, boxes: Table, leaves: int, own: Table, k: int, since: int, near: Integers) -> int:
    """Write the places from ``since`` on whose boxes overlap the k-th of ``own`` into near; returns how many."""
    x0, y0, z0, h0 = own[k, 0], own[k, 1], own[k, 2], own[k, 3]
    x1, y1, z1, h1 = own[k, 4], own[k, 5], own[k, 6], own[k, 7]
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
            if first + half > since:
                stack[depth, 0], stack[depth, 1], depth = 2 * node, half, depth + 1
            continue
        start = (node - leaves) * LEAF
        for other in range(max(start, since), min(start + LEAF, boxes.shape[0])):
            box = boxes[other]
            near[count] = other
            count += not (
                (box[3] > h1) | (box[7] < h0) | (box[0] > x1) | (box[4] < x0)
                | (box[1] > y1) | (box[5] < y0) | (box[2] > z1) | (box[6] < z0)
            )  # fmt: skip
    return count


@inlined
def _comes_within(legs: Table, i: int, j: int, start: float, end: float, limit_m: float, found: Table) -> bool:
    """Tell whether the distance of two legs is below a limit at some time within [start, end]; found: room.

    Movers with one minimum, which are nearly all, are decided by it (kernel_instant.add_times says which those are).
    """
    if not start < end:
        return False
    least_2, _, speed_2 = gap(legs, i, j, least_time(legs, i, j, start, end))
    angle = max(math.sqrt(least_2), limit_m) / EARTH_M
    if speed_2 > (4 * max(legs[i, SPEED], legs[j, SPEED]) * angle) ** 2:
        return least_2 < limit_m * limit_m
    return add_times(legs, i, j, start, end, limit_m, found, 0) > 0


@kernel(
    TABLE, TABLE, FLOATS, FLOATS, FLOATS, BYTES, INTEGERS, RELATION, NUMBER, NUMBER, NUMBER, INTEGERS, TABLE,
    INTEGERS, TABLE, WHOLE, WHOLE,
)  # fmt: skip
def pairs_near(
    legs: Table,
    ends: Table,
    height_m: Floats,
    climb_ms: Floats,
    doubt_m: Floats,
    at_rest: Bytes,
    side: Integers,
    related: Relation,
    within_m: float,
    vertical_m: float,
    ahead_s: float,
    askers: Integers,
    own_boxes: Table,
    asked: Integers,
    boxes: Table,
    same: int,
    resting: int,
) -> Integers:
    """Return the pairs (a row two legs) of one of the askers and one of the asked that come within both limits.

    The horizontal limit is widened by the doubt of both places. same: 1 when askers and asked are the same, and every
    pair is wanted once. resting: 0 leaves out pairs of two at rest, 1 all others.
    """
    order = curve_order(boxes, 1.0)
    asked, boxes = asked[order], boxes[order]
    if same:
        askers, own_boxes = asked, boxes
    else:
        # neighbours ask one after another, so that what is read for one is still at hand for the next
        order = curve_order(own_boxes, 1.0)
        askers, own_boxes = askers[order], own_boxes[order]
    leaves = 1
    while leaves * LEAF < asked.size:
        leaves *= 2
    tree = tree_of(boxes, leaves)
    pairs, count = np.empty((4096, 2), np.int64), 0
    near = np.empty(asked.size + 1, np.int64)
    found = np.empty((MOST_SAMPLES + 2, 4))
    for k in range(askers.size):
        i = askers[k]
        for n in range(_overlapping(tree, boxes, leaves, own_boxes, k, k + 1 if same else 0, near)):
            j = asked[near[n]]
            if (at_rest[i] & at_rest[j]) != resting or not related[side[i], side[j]]:
                continue
            reach = within_m + math.sqrt(doubt_m[i] * doubt_m[i] + doubt_m[j] * doubt_m[j])
            difference = (height_m[j] - climb_ms[j] * legs[j, T0]) - (height_m[i] - climb_ms[i] * legs[i, T0])
            low, high = height_window(difference / FOOT_M, (climb_ms[j] - climb_ms[i]) / FOOT_M, vertical_m)
            start, end = max(0.0, low), min(legs[i, T1], legs[j, T1], ahead_s, high)
            if not start < end or not may_come_near(legs, ends, i, j, start, end, reach):
                continue
            if not _comes_within(legs, i, j, start, end, reach, found):
                continue
            if count == pairs.shape[0]:
                larger = np.empty((2 * count, 2), np.int64)
                larger[:count] = pairs
                pairs = larger
            pairs[count, 0], pairs[count, 1] = min(i, j), max(i, j)
            count += 1
    return pairs[:count].copy()


@inlined
def _falls_below(
    legs: Table, i: int, j: int, start: float, end: float, limit_m: float, middle: float, slow: int, found: Table
) -> bool:
    """Tell as ``_comes_within``; middle: when the distance is least in a longer time, of a pair with one minimum."""
    if not start < end:
        return False
    if slow:
        return _comes_within(legs, i, j, start, end, limit_m, found)
    return gap(legs, i, j, min(max(middle, start), end))[0] < limit_m * limit_m


@kernel(
    INTEGERS, INTEGERS, TABLE, FLOATS, FLOATS, FLOATS, BYTES, TABLE, TABLE, TABLE, TABLE, TABLE, TABLE,
)  # fmt: skip
def judged(
    a: Integers,
    b: Integers,
    legs: Table,
    height_m: Floats,
    climb_ms: Floats,
    doubt_m: Floats,
    kind: Bytes,
    within_m: Table,
    vertical_m: Table,
    ahead_s: Table,
    wide_m: Table,
    high_m: Table,
    far_s: Table,
) -> Table:
    """Return LIVE_COLUMNS about each pair of legs.

    within_m, vertical_m, ahead_s: a row a rung, outermost first, columns of two kinds (kind a + 2 kind b); wide_m,
    high_m, far_s: the same three, one row, of what lies outside the outermost rung and is still told of.
    """
    told = np.empty((a.size, LIVE_COLUMNS))
    found = np.empty((MOST_SAMPLES + 2, 4))
    for n in range(a.size):
        i, j, row = a[n], b[n], told[n]
        both = kind[i] + 2 * kind[j]
        rate = climb_ms[j] - climb_ms[i]
        difference = (height_m[j] - climb_ms[j] * legs[j, T0]) - (height_m[i] - climb_ms[i] * legs[i, T0])
        in_feet, rate_ft = difference / FOOT_M, rate / FOOT_M
        doubt = math.sqrt(doubt_m[i] * doubt_m[i] + doubt_m[j] * doubt_m[j])
        horizon = min(legs[i, T1], legs[j, T1], far_s[0, both])
        now_2, _, _ = gap(legs, i, j, 0.0)
        middle = least_time(legs, i, j, 0.0, horizon)
        least_2, _, speed_2 = gap(legs, i, j, middle)
        angle = max(math.sqrt(least_2), wide_m[0, both] + doubt) / EARTH_M
        slow = speed_2 <= (4 * max(legs[i, SPEED], legs[j, SPEED]) * angle) ** 2
        rung = 0
        for step in range(within_m.shape[0]):
            low, high = height_window(in_feet, rate_ft, vertical_m[step, both])
            start, end = max(0.0, low), min(horizon, ahead_s[step, both], high)
            if not _falls_below(legs, i, j, start, end, within_m[step, both], middle, slow, found):
                break
            rung = step + 1
        entry, leaving, closest = math.inf, math.inf, middle
        near, by_doubt = rung > 0, False
        if rung > 0:
            # it leaves the limits when it does, not when the horizon of the rung ends
            low, high = height_window(in_feet, rate_ft, vertical_m[0, both])
            start, end = max(0.0, low), min(horizon, high)
            if add_times(legs, i, j, start, end, within_m[0, both], found, 0) > 0:
                entry, leaving = found[0, 2], found[0, 3]
            else:  # it only touches them
                entry = leaving = min(max(middle, start), end)
            closest = least_time(legs, i, j, entry, leaving) if slow else min(max(middle, entry), leaving)
            least_2, _, speed_2 = gap(legs, i, j, closest)
        else:
            low, high = height_window(in_feet, rate_ft, high_m[0, both])
            start, end = max(0.0, low), min(horizon, high)
            near = _falls_below(legs, i, j, start, end, wide_m[0, both], middle, slow, found)
            low, high = height_window(in_feet, rate_ft, vertical_m[0, both])
            start, end = max(0.0, low), min(horizon, ahead_s[0, both], high)
            by_doubt = doubt > 0.0 and _falls_below(
                legs, i, j, start, end, within_m[0, both] + doubt, middle, slow, found
            )
        least = math.sqrt(least_2)
        row[0], row[1], row[2], row[3], row[4] = rung, entry, leaving, near, closest
        row[5], row[6] = least, abs(difference + rate * closest)
        row[7], row[8], row[9] = math.sqrt(now_2), abs(difference), math.sqrt(speed_2)
        unknown = math.isnan(difference) or math.isnan(rate)
        row[10], row[11] = 0.0, by_doubt
        if unknown or by_doubt or (rung > 0 and least + doubt >= within_m[rung - 1, both]):
            row[10] = 1.0
    return told


@kernel(TABLE, INTEGERS, FLOATS, FLOATS, INTEGERS, FLOATS, FLOATS)
def fixes_along(
    legs: Table,
    which: Integers,
    height_m: Floats,
    climb_ms: Floats,
    first: Integers,
    since_s: Floats,
    until_s: Floats,
) -> tuple[Table, Floats]:
    """Return points on the ways of some legs, evenly between two times each, and their times.

    A point is x, y, z, height in metres. first: where the points of each begin, one more at the end.
    """
    points, times = np.empty((first[which.size], 4)), np.empty(first[which.size])
    for n in range(which.size):
        i, steps = which[n], first[n + 1] - first[n] - 1
        for k in range(steps + 1):
            t = since_s[n] + (until_s[n] - since_s[n]) * k / steps
            row = points[first[n] + k]
            row[0], row[1], row[2], _, _, _ = place(legs, i, t)
            row[3] = height_m[i] + climb_ms[i] * (t - legs[i, T0])
            times[first[n] + k] = t
    return points, times


@kernel(TABLE, TABLE, TABLE)
def ways_near(now: Table, then: Table, balls: Table) -> Table:  # noqa: C901 - ways, balls, and what they share
    """Return the ways, from points now to points then (n, 3), that come into one of the balls.

    A row a way: its place, the shares of it between which it is in any ball, and in how many it is. balls: x, y, z,
    radius in metres. A way bends away from its chord by less than is added for it here.
    """
    boxes = np.empty((balls.shape[0], 8))
    for k in range(balls.shape[0]):
        for axis in range(3):
            boxes[k, axis], boxes[k, 4 + axis] = balls[k, axis] - balls[k, 3], balls[k, axis] + balls[k, 3]
        boxes[k, 3], boxes[k, 7] = 0.0, 0.0
    order = curve_order(boxes, 1.0)
    boxes = boxes[order]
    leaves = 1
    while leaves * LEAF < boxes.shape[0]:
        leaves *= 2
    tree = tree_of(boxes, leaves)
    near = np.empty(boxes.shape[0] + 1, np.int64)
    chosen, count = np.empty((now.shape[0], 4)), 0
    own = np.empty((1, 8))
    for i in range(now.shape[0]):
        x, y, z = then[i, 0] - now[i, 0], then[i, 1] - now[i, 1], then[i, 2] - now[i, 2]
        square = x * x + y * y + z * z
        sag = square / (7.9 * EARTH_M) + 1.0
        for axis in range(3):
            own[0, axis] = min(now[i, axis], then[i, axis]) - sag
            own[0, 4 + axis] = max(now[i, axis], then[i, axis]) + sag
        own[0, 3], own[0, 7] = 0.0, 0.0
        since, until, balls_met = 2.0, -1.0, 0
        for n in range(_overlapping(tree, boxes, leaves, own, 0, 0, near)):
            ball = balls[order[near[n]]]
            dx, dy, dz = ball[0] - now[i, 0], ball[1] - now[i, 1], ball[2] - now[i, 2]
            along, far = dx * x + dy * y + dz * z, dx * dx + dy * dy + dz * dz
            reach = (ball[3] + sag) ** 2
            if square == 0.0:
                if far <= reach:
                    since, until, balls_met = 0.0, 1.0, balls_met + 1
                continue
            # (along / square)^2 - (far - reach) / square: the square of half the share that lies in the ball
            middle = along / square
            half_2 = middle * middle - (far - reach) / square
            if half_2 >= 0.0:
                half = math.sqrt(half_2)
                if middle + half >= 0.0 and middle - half <= 1.0:
                    since, until = min(since, max(middle - half, 0.0)), max(until, min(middle + half, 1.0))
                    balls_met += 1
        if since <= until:
            chosen[count, 0], chosen[count, 1], chosen[count, 2], chosen[count, 3] = i, since, until, balls_met
            count += 1
    return chosen[:count].copy()


@kernel(TABLE, INTEGERS, FLOATS)
def places(legs: Table, which: Integers, times: Floats) -> Table:
    """Return the points (n, 3), earth-centred in metres, of legs at times of theirs."""
    points = np.empty((which.size, 3))
    for n in range(which.size):
        points[n, 0], points[n, 1], points[n, 2], _, _, _ = place(legs, which[n], times[n])
    return points
