"""From times of legs in areas to visits: what touches joined, and where each was nearest or deepest.

See detente.encounters.kernel_areas for the tables of areas and for what a distance is.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from detente.encounters.area_codes import REASONS
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
from detente.encounters.kernel_areas import SHAPE, Shape, signed, to_edge
from detente.encounters.kernel_legs import AT_REST, FOLLOWED
from detente.encounters.quality import FIX_DOUBT_M

__all__ = ["FLAGS", "VISIT_FIELDS", "VISIT_NUMBERS", "signed_distances", "visits"]

Floats = npt.NDArray[np.float64]
Singles = npt.NDArray[np.float32]
Integers = npt.NDArray[np.int64]
Bytes = npt.NDArray[np.uint8]

VISIT_NUMBERS = 7
"""Mover, area, window, entered, left, nearest (us after the base), flags."""
VISIT_FIELDS = 11
"""Signed distance m (inside negative); x, y, z, height there; rates of x, y, z there (m / us); doubt m;
the signed distance where it was last asked, and the way since (m)."""
DEPTH_M = 0.5
"""How much deeper a mover may have been than is told."""


class FLAGS:
    """Bits of a visit: how it begins and ends, where it is not at the border; and what is known of it."""

    BEGAN_BY_WINDOW = 1
    BEGAN_BY_HEIGHT = 2
    BEGAN_BY_COVERAGE = 4
    ENDED_BY_WINDOW = 8
    ENDED_BY_HEIGHT = 16
    ENDED_BY_COVERAGE = 32
    HEIGHT_UNKNOWN = 64
    MOVED = 128


_MOVER, _AREA, _WINDOW, _ENTERED, _LEFT, _NEAREST, _FLAGS = range(7)
_BEGAN_BY_WINDOW = FLAGS.BEGAN_BY_WINDOW
_BEGAN_BY_HEIGHT = FLAGS.BEGAN_BY_HEIGHT
_BEGAN_BY_COVERAGE = FLAGS.BEGAN_BY_COVERAGE
_ENDED_BY_WINDOW = FLAGS.ENDED_BY_WINDOW
_ENDED_BY_HEIGHT = FLAGS.ENDED_BY_HEIGHT
_ENDED_BY_COVERAGE = FLAGS.ENDED_BY_COVERAGE
_HEIGHT_UNKNOWN = FLAGS.HEIGHT_UNKNOWN
_MOVED = FLAGS.MOVED
_CUT_BY_WINDOW, _CUT_BY_WINDOW_END = REASONS.BEGAN_BY_WINDOW, REASONS.ENDED_BY_WINDOW
_CUT_BY_HEIGHT, _CUT_BY_HEIGHT_END = REASONS.BEGAN_BY_HEIGHT, REASONS.ENDED_BY_HEIGHT
_NO_HEIGHT = REASONS.HEIGHT_UNKNOWN


@kernel(SHAPE, WHOLE, WHOLE, TABLE)
def signed_distances(shape: Shape, first: int, last: int, points: Floats) -> Floats:
    """Return the signed distance of each point (n, 3) from one area, in metres, negative inside."""
    found = np.empty(points.shape[0])
    for i in range(points.shape[0]):
        found[i] = signed(shape, first, last, points[i, 0], points[i, 1], points[i, 2])
    return found


@inlined
def _signed_at(move: Floats, at: float, shape: Shape, first: int, last: int) -> float:
    """Return the signed distance of a leg at one of its times."""
    return signed(
        shape,
        first,
        last,
        move[2] + at * move[6],
        move[3] + at * move[7],
        move[4] + at * move[8],
    )


@inlined
def _nearest(
    move: Floats, shape: Shape, first: int, last: int, begin: float, end: float, best: float, at_begin: float
) -> tuple[float, float, float]:
    """Return the least signed distance of a leg between two of its times, when, and the one at the end.

    at_begin: the one at the begin. Outside the least is exact: the distance from an edge is convex, with corners
    at known times; inside it is right within DEPTH_M. What cannot be less than ``best`` is not looked into.
    """
    parts, edge_first, edges = shape
    speed = math.sqrt(move[6] * move[6] + move[7] * move[7] + move[8] * move[8])
    at_end = _signed_at(move, end, shape, first, last)
    least, when = at_begin, begin
    if at_end < least:
        least, when = at_end, end
    if 0.5 * (at_begin + at_end - speed * (end - begin)) > best - DEPTH_M:
        return least, when, at_end
    if max(at_begin, at_end) > 0.0:
        for part in range(first, last):
            radius = parts[part, 13]
            for e in range(edge_first[part], edge_first[part + 1]):
                for k in range(4):
                    at = _corner(move, edges, e, k)
                    if begin < at < end:
                        x, y, z = move[2] + at * move[6], move[3] + at * move[7], move[4] + at * move[8]
                        if to_edge(edges, e, x, y, z) - radius < least:
                            value = signed(shape, first, last, x, y, z)
                            if value < least:
                                least, when = value, at
    least, when = _deepest(move, shape, first, last, begin, end, at_begin, at_end, least, when, best)
    return least, when, at_end


@inlined
def _deepest(
    move: Floats,
    shape: Shape,
    first: int,
    last: int,
    begin: float,
    end: float,
    at_begin: float,
    at_end: float,
    least: float,
    when: float,
    best: float,
) -> tuple[float, float]:
    """Return what is deeper inside than ``least`` and ``best`` by more than DEPTH_M, found by halving, and when.

    Between two moments no point is deeper than half the way plus the mean of their depths.
    """
    speed = math.sqrt(move[6] * move[6] + move[7] * move[7] + move[8] * move[8])
    if 0.5 * (at_begin + at_end - speed * (end - begin)) > min(least, best, DEPTH_M) - DEPTH_M:
        return least, when
    # begin, end, value at begin, value at end of the stretches still to be halved
    stack = np.empty((64, 4))
    stack[0, 0], stack[0, 1], stack[0, 2], stack[0, 3] = begin, end, at_begin, at_end
    depth = 1
    while depth > 0:
        depth -= 1
        since, to, low, high = stack[depth, 0], stack[depth, 1], stack[depth, 2], stack[depth, 3]
        bound = 0.5 * (low + high - speed * (to - since))
        if bound > min(least, best) - DEPTH_M or bound > 0.0 or depth > 60:
            continue
        at = 0.5 * (since + to)
        value = _signed_at(move, at, shape, first, last)
        if value < least:
            least, when = value, at
        stack[depth, 0], stack[depth, 1], stack[depth, 2], stack[depth, 3] = since, at, low, value
        depth += 1
        stack[depth, 0], stack[depth, 1], stack[depth, 2], stack[depth, 3] = at, to, value, high
        depth += 1
    return least, when


@inlined
def _corner(move: Floats, edges: Floats, e: int, k: int) -> float:
    """Return a time at which a leg may be nearest to an edge: to its ends (0, 1), or beside them (2, 3)."""
    if k < 2:
        at = 3 * k
        speed2 = move[6] * move[6] + move[7] * move[7] + move[8] * move[8]
        dx, dy, dz = move[2] - edges[e, at], move[3] - edges[e, at + 1], move[4] - edges[e, at + 2]
        return -(dx * move[6] + dy * move[7] + dz * move[8]) / speed2 if speed2 > 0.0 else -1.0
    at = 9 + 3 * (k - 2)
    rate = move[6] * edges[e, at] + move[7] * edges[e, at + 1] + move[8] * edges[e, at + 2]
    along = move[2] * edges[e, at] + move[3] * edges[e, at + 1] + move[4] * edges[e, at + 2]
    return -along / rate if rate != 0.0 else -1.0


@inlined
def _doubt(rc: Singles, age: Singles, i: int, speed: float, turn: float, into: float, lasts: float) -> float:
    """Return how far a mover may have been from its straight leg (detente.encounters.quality), in metres."""
    fix = rc[i] if rc.size and rc[i] == rc[i] else FIX_DOUBT_M
    aged = speed * age[i] if age.size and age[i] == age[i] else 0.0
    between = min(0.5 * turn * speed * into * (lasts - into), speed * min(into, lasts - into))
    return fix + aged + max(between, 0.0)


@inlined
def _note_nearest(
    numbers: Integers, fields: Floats, row: int, move: Floats, least: float, when: float, doubt: float
) -> None:
    """Keep where a visit was nearest or deepest."""
    numbers[row, _NEAREST] = round(move[0] + when)
    fields[row, 0] = least
    for axis in range(4):
        fields[row, 1 + axis] = move[2 + axis] + when * move[6 + axis]
    for axis in range(3):
        fields[row, 5 + axis] = move[6 + axis]
    fields[row, 8] = doubt


@inlined
def _begin(
    numbers: Integers, row: int, move: Floats, low: float, reason: int, leg: Bytes, i: int, begins: int
) -> None:
    """Write where a new visit begins; begins: the mover's first leg."""
    flags = 0
    if reason & _CUT_BY_WINDOW:
        flags |= _BEGAN_BY_WINDOW
    elif reason & _CUT_BY_HEIGHT:
        flags |= _BEGAN_BY_HEIGHT
    elif low <= 0.0 and not (i > begins and leg[i - 1] & FOLLOWED):
        flags |= _BEGAN_BY_COVERAGE
    numbers[row, _ENTERED] = round(move[0] + low)
    numbers[row, _FLAGS] = flags


@inlined
def _end(
    numbers: Integers, row: int, move: Floats, high: float, reason: int, leg: Bytes, i: int, ends: int
) -> None:
    """Write where a visit ends so far; ends: the mover's last leg and one."""
    flags = numbers[row, _FLAGS]
    flags &= ~(_ENDED_BY_WINDOW | _ENDED_BY_HEIGHT | _ENDED_BY_COVERAGE)
    if reason & _CUT_BY_WINDOW_END:
        flags |= _ENDED_BY_WINDOW
    elif reason & _CUT_BY_HEIGHT_END:
        flags |= _ENDED_BY_HEIGHT
    elif high >= move[1] - move[0] and not (i + 1 < ends and leg[i + 1] & FOLLOWED):
        flags |= _ENDED_BY_COVERAGE
    if reason & _NO_HEIGHT:
        flags |= _HEIGHT_UNKNOWN
    numbers[row, _LEFT] = round(move[0] + high)
    numbers[row, _FLAGS] = flags


@kernel(
    *(INTEGERS, TABLE, BYTES, SINGLES, SINGLES, FLOATS, FLOATS, FLOATS, INTEGERS, SHAPE),
    *(WHOLES, TABLE, WHOLES, TABLE),
)
def visits(
    mover_first: Integers,
    moves: Floats,
    leg: Bytes,
    rc: Singles,
    age: Singles,
    turn: Floats,
    whole_begin: Floats,
    whole_end: Floats,
    part_first: Integers,
    shape: Shape,
    places: Integers,
    times: Floats,
    numbers: Integers,
    fields: Floats,
) -> int:
    """Join times of legs in areas (see times_in_areas) to visits; returns how many.

    turn: of each mover, rad/s. numbers and fields: room for as many visits as times (VISIT_NUMBERS, VISIT_FIELDS).
    """
    count = m = 0
    row_of = np.full(part_first.size - 1, -1, np.int64)
    for k in range(len(places)):
        area, window, reason = places[k, 1], places[k, 2], places[k, 3]
        i = places[k, 0]
        while mover_first[m + 1] <= i:
            m += 1
        row, low = row_of[area], times[k, 0]
        joins = row >= 0 and numbers[row, _MOVER] == m and numbers[row, _WINDOW] == window
        if not (joins and low <= 0.0 and numbers[row, _LEFT] == round(moves[i, 0])):
            row_of[area] = row = count
            count += 1
            numbers[row, _MOVER], numbers[row, _AREA], numbers[row, _WINDOW] = m, area, window
            fields[row, 0], fields[row, 9], fields[row, 10] = math.inf, -math.inf, 0.0
            _begin(numbers, row, moves[i], low, reason, leg, i, mover_first[m])
        for j in range(i, places[k, 4] + 1):
            move = moves[j]
            low, high = low if j == i else 0.0, times[k, 1] if j == places[k, 4] else move[1] - move[0]
            speed = math.sqrt(move[6] ** 2 + move[7] ** 2 + move[8] ** 2)
            fields[row, 10] += speed * (high - low)
            if not leg[j] & AT_REST:
                numbers[row, _FLAGS] |= _MOVED
            # on so short a way since it was last asked, it cannot have come deeper than it was
            if fields[row, 9] - fields[row, 10] > fields[row, 0] - DEPTH_M:
                continue
            first, last = part_first[area], part_first[area + 1]
            at_begin = _signed_at(move, low, shape, first, last)
            least, when, fields[row, 9] = _nearest(move, shape, first, last, low, high, fields[row, 0], at_begin)
            fields[row, 10] = 0.0
            if least < fields[row, 0]:
                into, whole = move[0] + when - whole_begin[j], whole_end[j] - whole_begin[j]
                doubt = _doubt(rc, age, j, speed * 1e6, turn[m], into * 1e-6, whole * 1e-6)
                _note_nearest(numbers, fields, row, move, least, when, doubt)
        _end(numbers, row, moves[places[k, 4]], times[k, 1], reason, leg, places[k, 4], mover_first[m + 1])
    return count
