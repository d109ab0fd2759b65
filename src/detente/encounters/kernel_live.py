"""All pairs of a live picture that are or will be on a rung of the ladder: kernel_instant's tree, limits by kind.

A leg begins when its mover was last seen, before now (time 0), and ends at the furthest horizon of its kind. The limits
of a pair are those of both kinds, so each box is widened by half of the widest that its own kind may have with any;
two boxes whose movers are within their limits at some time so still overlap. Movers at rest are looked for only from
movers that are not: what two of them make is suppressed.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from detente.encounters.compiled import (
    BYTES,
    FLOATS,
    INTEGERS,
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
from detente.encounters.kernel_straight import SAG, T0, T1

__all__ = ["LIVE_COLUMNS", "boxes_of", "judged", "pairs_near", "places"]

Table = NDArray[np.float64]
Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Bytes = NDArray[np.uint8]
Relation = NDArray[np.uint8]

LIVE_COLUMNS = 12
"""Rung, entry, exit, entry into the wide limits, closest time, distance, vertical, distance now, vertical now, relative
speed, whether only possible, whether near by doubt alone."""


@kernel(TABLE, FLOATS, FLOATS, FLOATS, FLOATS)
def boxes_of(
    legs: Table, height_m: Floats, climb_ms: Floats, wide_m: Floats, high_m: Floats
) -> tuple[Table, Table]:
    """Return each leg's last point, and its box from now on: low and high of x, y, z and height in metres.

    wide_m, high_m: how far each box is widened, so that the sum of two is no less than the limits of their pair.
    """
    ends = np.empty((legs.shape[0], 3))
    boxes = np.empty((legs.shape[0], 8))
    for i in range(legs.shape[0]):
        nx, ny, nz, _, _, _ = place(legs, i, 0.0)
        ends[i, 0], ends[i, 1], ends[i, 2], _, _, _ = place(legs, i, legs[i, T1])
        wide = wide_m[i] * (1 + 1e-9) + legs[i, SAG] + 1e-6
        boxes[i, 0], boxes[i, 4] = min(nx, ends[i, 0]) - wide, max(nx, ends[i, 0]) + wide
        boxes[i, 1], boxes[i, 5] = min(ny, ends[i, 1]) - wide, max(ny, ends[i, 1]) + wide
        boxes[i, 2], boxes[i, 6] = min(nz, ends[i, 2]) - wide, max(nz, ends[i, 2]) + wide
        one = height_m[i] - climb_ms[i] * legs[i, T0]
        other = one + climb_ms[i] * legs[i, T1]
        high = high_m[i] * (1 + 1e-9) + 1e-6
        unknown = math.isnan(one) or math.isnan(other)
        boxes[i, 3] = -FAR if unknown else min(one, other) - high
        boxes[i, 7] = FAR if unknown else max(one, other) + high
    return ends, boxes


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
def _comes_near(
    legs: Table, ends: Table, height_m: Floats, climb_ms: Floats, i: int, j: int, reach: float, high: float,
    ahead: float, found: Table,
) -> bool:  # fmt: skip
    """Tell whether a pair is within both limits at some time from now until the horizon; found: room."""
    difference = (height_m[j] - climb_ms[j] * legs[j, T0]) - (height_m[i] - climb_ms[i] * legs[i, T0])
    low, until = height_window(difference / FOOT_M, (climb_ms[j] - climb_ms[i]) / FOOT_M, high)
    start, end = max(0.0, low), min(legs[i, T1], legs[j, T1], ahead, until)
    if not start < end or not may_come_near(legs, ends, i, j, start, end, reach):
        return False
    return add_times(legs, i, j, start, end, reach, found, 0) > 0


@kernel(
    TABLE, TABLE, TABLE, FLOATS, FLOATS, FLOATS, BYTES, INTEGERS, RELATION, TABLE, TABLE, TABLE, INTEGERS,
    INTEGERS, WHOLE,
)  # fmt: skip
def pairs_near(
    legs: Table,
    ends: Table,
    boxes: Table,
    height_m: Floats,
    climb_ms: Floats,
    doubt_m: Floats,
    kind: Bytes,
    side: Integers,
    related: Relation,
    within_m: Table,
    vertical_m: Table,
    ahead_s: Table,
    askers: Integers,
    asked: Integers,
    same: int,
) -> Integers:
    """Return the pairs (a row two legs) of one of the askers and one of the asked that come within the limits.

    The limits are those of both kinds, the horizontal one widened by the doubt of both places. same: 1 when askers and
    asked are the same, and every pair is wanted once.
    """
    order = asked[curve_order(boxes[asked], 1.0)]
    own = order if same else askers
    sorted_boxes, own_boxes = boxes[order], boxes[own]
    leaves = 1
    while leaves * LEAF < order.size:
        leaves *= 2
    tree = tree_of(sorted_boxes, leaves)
    pairs, count = np.empty((4096, 2), np.int64), 0
    near = np.empty(order.size + 1, np.int64)
    found = np.empty((MOST_SAMPLES + 2, 4))
    for k in range(own.size):
        i = own[k]
        for n in range(_overlapping(tree, sorted_boxes, leaves, own_boxes, k, k + 1 if same else 0, near)):
            j = order[near[n]]
            if not related[side[i], side[j]]:
                continue
            doubt = math.sqrt(doubt_m[i] * doubt_m[i] + doubt_m[j] * doubt_m[j])
            one, other = kind[i], kind[j]
            if not _comes_near(
                legs, ends, height_m, climb_ms, i, j, within_m[one, other] + doubt, vertical_m[one, other],
                ahead_s[one, other], found,
            ):  # fmt: skip
                continue
            if count == pairs.shape[0]:
                larger = np.empty((2 * count, 2), np.int64)
                larger[:count] = pairs
                pairs = larger
            pairs[count, 0], pairs[count, 1] = min(i, j), max(i, j)
            count += 1
    return pairs[:count].copy()


@inlined
def _stretch(
    legs: Table, i: int, j: int, difference_ft: float, rate_ftps: float, within: float, vertical: float,
    ahead: float, found: Table,
) -> tuple[float, float]:  # fmt: skip
    """Return when both limits first begin to hold from now until the horizon, and cease to; inf, inf when never."""
    low, high = height_window(difference_ft, rate_ftps, vertical)
    start, end = max(0.0, low), min(legs[i, T1], legs[j, T1], ahead, high)
    if not start < end:
        return math.inf, math.inf
    if add_times(legs, i, j, start, end, within, found, 0) == 0:
        return math.inf, math.inf
    return found[0, 2], found[0, 3]


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
        rung, entry, leaving = 0, math.inf, math.inf
        reached = 0
        for step in range(within_m.shape[0]):
            began, ended = _stretch(
                legs, i, j, in_feet, rate_ft, within_m[step, both], vertical_m[step, both], ahead_s[step, both],
                found,
            )  # fmt: skip
            if began == math.inf:
                break
            if step == 0:
                # it leaves the limits when it does, not when the horizon of the rung ends
                entry, leaving = _stretch(
                    legs, i, j, in_feet, rate_ft, within_m[0, both], vertical_m[0, both], far_s[0, both], found
                )
            rung, reached = step + 1, step
        wide, _ = _stretch(legs, i, j, in_feet, rate_ft, wide_m[0, both], high_m[0, both], far_s[0, both], found)
        horizon = min(legs[i, T1], legs[j, T1], far_s[0, both])
        closest = least_time(legs, i, j, entry, leaving) if rung else least_time(legs, i, j, 0.0, horizon)
        least_2, _, speed_2 = gap(legs, i, j, closest)
        least = math.sqrt(least_2)
        unknown = math.isnan(difference) or math.isnan(rate)
        by_doubt = False
        if rung == 0 and doubt > 0.0:
            nearly, _ = _stretch(
                legs,
                i,
                j,
                in_feet,
                rate_ft,
                within_m[0, both] + doubt,
                vertical_m[0, both],
                ahead_s[0, both],
                found,
            )
            by_doubt = nearly < math.inf
        row[0], row[1], row[2], row[3], row[4] = rung, entry, leaving, wide, closest
        row[5], row[6] = least, abs(difference + rate * closest)
        row[7], row[8], row[9] = math.sqrt(gap(legs, i, j, 0.0)[0]), abs(difference), math.sqrt(speed_2)
        row[10], row[11] = 0.0, by_doubt
        if unknown or by_doubt or (rung > 0 and least + doubt >= within_m[reached, both]):
            row[10] = 1.0
    return told


@kernel(TABLE, INTEGERS, FLOATS)
def places(legs: Table, which: Integers, times: Floats) -> Table:
    """Return the points (n, 3), earth-centred in metres, of legs at times of theirs."""
    points = np.empty((which.size, 3))
    for n in range(which.size):
        points[n, 0], points[n, 1], points[n, 2], _, _, _ = place(legs, which[n], times[n])
    return points
