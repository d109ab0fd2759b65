"""When a leg is in an area: kernels over earth-centred chords and planes through the earth's centre.

An edge of an area and a leg of a mover both lie in a plane through the centre of the earth (a great ellipse, which
a geodesic of some tens of kilometres follows within millimetres). The distance of a moving point from such a plane
is linear in time, so that the moments of entering and leaving are roots of linear and quadratic equations: there
are no steps of time, no map projection, no antimeridian and no pole.

The tables are those of detente.encounters.area_codes.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
from numba import types

from detente.encounters.area_codes import REASONS
from detente.encounters.compiled import (
    BYTES,
    INTEGERS,
    NUMBER,
    SHORTS,
    TABLE,
    WHOLE,
    WHOLES,
    inlined,
    kernel,
)
from detente.encounters.kernel_cells import CELLS
from detente.encounters.kernel_legs import FOLLOWED

__all__ = [
    "RADIUS_M",
    "SHAPE",
    "Shape",
    "cell_of",
    "signed",
    "times_in_areas",
    "to_edge",
    "window_at",
]

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Shorts = npt.NDArray[np.int32]
Bytes = npt.NDArray[np.uint8]
Shape = tuple[Floats, Integers, Floats]
"""The tables of parts, of where each part's edges begin, and of edges."""

SHAPE = types.Tuple((TABLE, INTEGERS, TABLE))  # type: ignore[no-untyped-call] # Numba's own

RADIUS_M = 6_371_008.8
"""Mean radius of the Earth (IUGG): a chord stands for the geodesic of its length on this sphere."""


_BEGAN_BY_WINDOW, _ENDED_BY_WINDOW = REASONS.BEGAN_BY_WINDOW, REASONS.ENDED_BY_WINDOW
_BEGAN_BY_HEIGHT, _ENDED_BY_HEIGHT = REASONS.BEGAN_BY_HEIGHT, REASONS.ENDED_BY_HEIGHT
_HEIGHT_UNKNOWN = REASONS.HEIGHT_UNKNOWN
_OUTSIDE, _WITHIN, _ACROSS = range(3)


@inlined
def cell_of(x: float, y: float, z: float) -> int:
    """Return the cell of a direction."""
    ax, ay, az = abs(x), abs(y), abs(z)
    if ax >= ay and ax >= az:
        face, major, u, v = 0, x, y, z
    elif ay >= az:
        face, major, u, v = 1, y, z, x
    else:
        face, major, u, v = 2, z, x, y
    if major < 0.0:
        face += 3
    scale = 0.5 * CELLS / abs(major)
    column = min(int((u + abs(major)) * scale), CELLS - 1)
    row = min(int((v + abs(major)) * scale), CELLS - 1)
    return (face * CELLS + row) * CELLS + column


@inlined
def _chord(arc: float) -> float:
    return 2.0 * RADIUS_M * math.sin(arc / (2.0 * RADIUS_M))


@inlined
def inside(parts: Floats, part: int, edges: Floats, begin: int, end: int, x: float, y: float, z: float) -> bool:
    """Tell whether a point lies in a polygon, by the parity of a ray in the central projection."""
    up = x * parts[part, 10] + y * parts[part, 11] + z * parts[part, 12]
    if up <= 0.0:
        return False
    u = (x * parts[part, 4] + y * parts[part, 5] + z * parts[part, 6]) / up
    v = (x * parts[part, 7] + y * parts[part, 8] + z * parts[part, 9]) / up
    odd = False
    for e in range(begin, end):
        v1, v2 = edges[e, 16], edges[e, 18]
        if (v1 > v) != (v2 > v) and u < (edges[e, 17] - edges[e, 15]) * (v - v1) / (v2 - v1) + edges[e, 15]:
            odd = not odd
    return odd


@inlined
def _ball(move: Floats, x: float, y: float, z: float, chord: float) -> tuple[float, float, bool]:
    """Return from when to when, after the leg's begin, a leg is within a chord of a point; False when never."""
    dx, dy, dz = move[2] - x, move[3] - y, move[4] - z
    a = move[6] * move[6] + move[7] * move[7] + move[8] * move[8]
    c = dx * dx + dy * dy + dz * dz - chord * chord
    if a == 0.0:
        return -math.inf, math.inf, c < 0.0
    b = dx * move[6] + dy * move[7] + dz * move[8]
    root = b * b - a * c
    if root <= 0.0:
        return 0.0, 0.0, False
    root = math.sqrt(root)
    return (-b - root) / a, (-b + root) / a, True


@inlined
def _half(at: float, rate: float, since: float, until: float) -> tuple[float, float]:
    """Return the part of a time in which ``at + rate t`` is not negative."""
    if rate == 0.0:
        return (since, until) if at >= 0.0 else (math.inf, -math.inf)
    zero = -at / rate
    return (max(since, zero), until) if rate > 0.0 else (since, min(until, zero))


@inlined
def _tube(move: Floats, edges: Floats, e: int, radius: float, until: float) -> tuple[float, float]:
    """Return from when to when in [0, until] a leg is nearer to an edge than radius; the first after the second: never.

    What is near a straight edge is convex, so it is one time.
    """
    begin, end = math.inf, -math.inf
    chord = _chord(radius)
    for corner in range(2):
        at = 3 * corner
        since, to, met = _ball(move, edges[e, at], edges[e, at + 1], edges[e, at + 2], chord)
        if met:
            begin, end = min(begin, since), max(end, to)
        if edges[e, 22] == 0.0:
            break
    if edges[e, 22] > 0.0:
        flat = RADIUS_M * math.sin(min(radius / RADIUS_M, 0.5 * math.pi))
        away = move[2] * edges[e, 6] + move[3] * edges[e, 7] + move[4] * edges[e, 8]
        rate = move[6] * edges[e, 6] + move[7] * edges[e, 7] + move[8] * edges[e, 8]
        since, to = _half(flat - away, -rate, -math.inf, math.inf)
        since, to = _half(flat + away, rate, since, to)
        along = move[2] * edges[e, 9] + move[3] * edges[e, 10] + move[4] * edges[e, 11]
        since, to = _half(
            along, move[6] * edges[e, 9] + move[7] * edges[e, 10] + move[8] * edges[e, 11], since, to
        )
        along = move[2] * edges[e, 12] + move[3] * edges[e, 13] + move[4] * edges[e, 14]
        rate = move[6] * edges[e, 12] + move[7] * edges[e, 13] + move[8] * edges[e, 14]
        since, to = _half(-along, -rate, since, to)
        if since < to:
            begin, end = min(begin, since), max(end, to)
    return max(begin, 0.0), min(end, until)


@inlined
def _near(move: Floats, edges: Floats, e: int, reach: float, until: float) -> bool:
    """Tell whether a leg can come nearer than reach to an edge, by balls around both."""
    half = 0.5 * until
    dx = move[2] + half * move[6] - edges[e, 19]
    dy = move[3] + half * move[7] - edges[e, 20]
    dz = move[4] + half * move[8] - edges[e, 21]
    way = half * math.sqrt(move[6] * move[6] + move[7] * move[7] + move[8] * move[8])
    far = way + edges[e, 22] + reach
    return bool(dx * dx + dy * dy + dz * dz <= far * far)


@inlined
def _crossings(move: Floats, edges: Floats, begin: int, end: int, until: float, cuts: Floats) -> int:
    """Write when a leg crosses the edges into cuts, after 0 and before until; returns how many there are."""
    count = 0
    for e in range(begin, end):
        if edges[e, 22] == 0.0 or not _near(move, edges, e, 1.0, until):
            continue
        rate = move[6] * edges[e, 6] + move[7] * edges[e, 7] + move[8] * edges[e, 8]
        if rate == 0.0:
            continue
        at = -(move[2] * edges[e, 6] + move[3] * edges[e, 7] + move[4] * edges[e, 8]) / rate
        if not 0.0 < at < until:
            continue
        x, y, z = move[2] + at * move[6], move[3] + at * move[7], move[4] + at * move[8]
        # a crossing too many is harmless: what lies between two is judged by its middle
        before = x * edges[e, 9] + y * edges[e, 10] + z * edges[e, 11] < -0.001
        behind = x * edges[e, 12] + y * edges[e, 13] + z * edges[e, 14] > 0.001
        if not before and not behind:
            cuts[count] = at
            count += 1
    return count


@inlined
def _spans_of_tube(
    move: Floats, edges: Floats, begin: int, end: int, reach: float, until: float, spans: Floats, count: int
) -> int:
    """Add the times in [0, until] when a leg is nearer than reach to each edge; returns how many there are now."""
    for e in range(begin, end):
        if _near(move, edges, e, reach * 1.001 + 1.0, until):
            since, to = _tube(move, edges, e, reach, until)
            if since < to:
                spans[count, 0], spans[count, 1] = since, to
                count += 1
    return count


@inlined
def _arc(chord: float) -> float:
    return 2.0 * RADIUS_M * math.asin(min(chord / (2.0 * RADIUS_M), 1.0))


@inlined
def to_edge(edges: Floats, e: int, x: float, y: float, z: float) -> float:
    """Return the distance of a point from an edge along the surface, in metres."""
    if x * edges[e, 9] + y * edges[e, 10] + z * edges[e, 11] < 0.0 or edges[e, 22] == 0.0:
        dx, dy, dz = x - edges[e, 0], y - edges[e, 1], z - edges[e, 2]
        return _arc(math.sqrt(dx * dx + dy * dy + dz * dz))
    if x * edges[e, 12] + y * edges[e, 13] + z * edges[e, 14] > 0.0:
        dx, dy, dz = x - edges[e, 3], y - edges[e, 4], z - edges[e, 5]
        return _arc(math.sqrt(dx * dx + dy * dy + dz * dz))
    away = abs(x * edges[e, 6] + y * edges[e, 7] + z * edges[e, 8])
    return RADIUS_M * math.asin(min(away / RADIUS_M, 1.0))


@inlined
def signed(shape: Shape, first: int, last: int, x: float, y: float, z: float) -> float:
    """Return the distance of a point from an area's border in metres, negative inside; parts first to last - 1."""
    parts, edge_first, edges = shape
    least = math.inf
    for part in range(first, last):
        nearest = math.inf
        for e in range(edge_first[part], edge_first[part + 1]):
            nearest = min(nearest, to_edge(edges, e, x, y, z))
        radius = parts[part, 13]
        if radius > 0.0:
            nearest -= radius
        elif inside(parts, part, edges, edge_first[part], edge_first[part + 1], x, y, z):
            nearest = -nearest
        least = min(least, nearest)
    return least


@inlined
def _times_near(
    move: Floats,
    shape: Shape,
    first: int,
    last: int,
    margin: float,
    until: float,
    cuts: Floats,
    spans: Floats,
) -> int:
    """Write the times (begin, end) in [0, until] when a leg is in the area or within the margin; returns how many.

    They are in order and do not touch.
    """
    parts, edge_first, edges = shape
    count = 0
    for part in range(first, last):
        begin, end = edge_first[part], edge_first[part + 1]
        reach = margin + parts[part, 13]
        if reach > 0.0:
            count = _spans_of_tube(move, edges, begin, end, reach, until, spans, count)
        if parts[part, 13] > 0.0:
            continue
        crossed = _crossings(move, edges, begin, end, until, cuts)
        cuts[crossed] = until
        cuts[: crossed + 1].sort()
        since = 0.0
        for k in range(crossed + 1):
            to = cuts[k]
            middle = 0.5 * (since + to)
            x, y, z = move[2] + middle * move[6], move[3] + middle * move[7], move[4] + middle * move[8]
            if since < to and inside(parts, part, edges, begin, end, x, y, z):
                spans[count, 0], spans[count, 1] = since, to
                count += 1
            since = to
    return _united(spans, count)


@inlined
def _united(spans: Floats, count: int) -> int:
    """Sort times and join those that touch; returns how many remain."""
    for i in range(1, count):
        begin, end = spans[i, 0], spans[i, 1]
        k = i
        while k > 0 and spans[k - 1, 0] > begin:
            spans[k, 0], spans[k, 1] = spans[k - 1, 0], spans[k - 1, 1]
            k -= 1
        spans[k, 0], spans[k, 1] = begin, end
    kept = 0
    for i in range(count):
        # a nanosecond is no separation
        if kept and spans[i, 0] <= spans[kept - 1, 1] + 0.001:
            spans[kept - 1, 1] = max(spans[kept - 1, 1], spans[i, 1])
        else:
            spans[kept, 0], spans[kept, 1] = spans[i, 0], spans[i, 1]
            kept += 1
    return kept


@inlined
def window_at(windows: Floats, begin: int, end: int, time: float) -> int:
    """Return the first of an area's windows that ends after a time; they are in order and apart."""
    while begin < end:
        middle = (begin + end) // 2
        if windows[middle, 1] > time:
            end = middle
        else:
            begin = middle + 1
    return begin


@inlined
def _far(move: Floats, parts: Floats, first: int, last: int, margin: float, until: float) -> bool:
    """Tell whether a leg stays away from the balls around all parts of an area."""
    way = until * math.sqrt(move[6] * move[6] + move[7] * move[7] + move[8] * move[8])
    for part in range(first, last):
        dx, dy, dz = move[2] - parts[part, 0], move[3] - parts[part, 1], move[4] - parts[part, 2]
        reach = parts[part, 3] + margin + way
        if dx * dx + dy * dy + dz * dz <= reach * reach:
            return False
    return True


@inlined
def _edges_most(part_first: Integers, edge_first: Integers) -> int:
    """Return how many edges the area with the most has."""
    most = 0
    for area in range(part_first.size - 1):
        most = max(most, edge_first[part_first[area + 1]] - edge_first[part_first[area]])
    return most


@inlined
def _clipped(
    move: Floats,
    begin: float,
    end: float,
    opens: float,
    closes: float,
    since: float,
    until: float,
    lower: float,
    upper: float,
) -> tuple[float, float, int]:
    """Cut a time of a leg to a window, to [since, until] and to the area's heights; returns it and why it was cut."""
    low = max(begin, opens - move[0], since - move[0])
    high = min(end, closes - move[0], until - move[0])
    reason = 0
    if low == opens - move[0]:
        reason |= _BEGAN_BY_WINDOW
    if high == closes - move[0]:
        reason |= _ENDED_BY_WINDOW
    if move[5] != move[5]:
        if lower > -math.inf or upper < math.inf:
            reason |= _HEIGHT_UNKNOWN
        return low, high, reason
    flat_low, flat_high = low, high
    low, high = _half(move[5] - lower, move[9], low, high)
    low, high = _half(upper - move[5], -move[9], low, high)
    if low > flat_low:
        reason = (reason & ~_BEGAN_BY_WINDOW) | _BEGAN_BY_HEIGHT
    if high < flat_high:
        reason = (reason & ~_ENDED_BY_WINDOW) | _ENDED_BY_HEIGHT
    return low, high, reason


@inlined
def _is_settled(away_m: float, walked_m: float) -> bool:
    """Tell whether a mover that was so far from a border cannot have reached it on its way since."""
    return 0.999 * abs(away_m) > 1.001 * walked_m + 1.0


@inlined
def _goes_on(
    places: Integers,
    place: int,
    i: int,
    window: int,
    move: Floats,
    windows: Floats,
    since: float,
    until: float,
    limits: Floats,
    area: int,
) -> bool:
    """Tell whether a time in an area that lasted until a leg goes on over the whole of it, whatever the height."""
    return bool(
        place >= 0
        and places[place, 4] == i - 1
        and places[place, 2] == window
        and windows[window, 1] > move[1]
        and since <= move[0]
        and move[1] <= until
        and limits[area, 0] == -math.inf
        and limits[area, 1] == math.inf
    )


@inlined
def _take_back(
    places: Integers,
    times: Floats,
    open_place: Integers,
    moves: Floats,
    i: int,
    cell_areas: Shorts,
    begin: int,
    end: int,
) -> None:
    """Take a leg back from the times that were lengthened by it, so that it can be gone through again."""
    for c in range(begin, end):
        place = open_place[cell_areas[c]]
        if place >= 0 and places[place, 4] == i and places[place, 0] < i:
            places[place, 4] = i - 1
            times[place, 1] = moves[i - 1, 1] - moves[i - 1, 0]


@inlined
def _clip(
    move: Floats,
    spans: Floats,
    spanned: int,
    windows: Floats,
    opened: int,
    closed: int,
    since: float,
    until: float,
    limits: Floats,
    area: int,
    i: int,
    places: Integers,
    times: Floats,
    count: int,
) -> int:
    """Write a leg's times in one area, cut to windows and heights; returns how many now, -1 without room."""
    for s in range(spanned):
        for w in range(opened, closed):
            if windows[w, 0] >= move[0] + spans[s, 1]:
                break
            low, high, reason = _clipped(
                move, spans[s, 0], spans[s, 1], windows[w, 0], windows[w, 1], since, until,
                limits[area, 0], limits[area, 1],
            )  # fmt: skip
            if not low < high:
                continue
            if count == places.shape[0]:
                return -1
            places[count, 0], places[count, 1], places[count, 2], places[count, 3] = i, area, w, reason
            places[count, 4] = i
            times[count, 0], times[count, 1] = low, high
            count += 1
    return count


@inlined
def _stand(
    move: Floats,
    shape: Shape,
    first: int,
    last: int,
    margin: float,
    length: float,
    area: int,
    way: int,
    walked: float,
    away: Floats,
    way_of: Integers,
    way_at: Floats,
) -> tuple[int, int]:
    """Return how a leg stands to an area: _OUTSIDE or _WITHIN all the time, or _ACROSS; and 1 if it was examined."""
    examined = 0
    if way_of[area] != way or not _is_settled(away[area], walked + length - way_at[area]):
        if _far(move, shape[0], first, last, margin * 1.001 + 1.0, length):
            return _OUTSIDE, 0
        examined = 1
        away[area] = signed(shape, first, last, move[2], move[3], move[4]) - margin
        way_of[area], way_at[area] = way, walked
    if not _is_settled(away[area], walked + length - way_at[area]):
        return _ACROSS, examined
    return _OUTSIDE if away[area] > 0.0 else _WITHIN, examined


@inlined
def _add(
    stand: int,
    move: Floats,
    shape: Shape,
    first: int,
    last: int,
    margin: float,
    cuts: Floats,
    spans: Floats,
    windows: Floats,
    opened: int,
    closed: int,
    since: float,
    until: float,
    limits: Floats,
    area: int,
    i: int,
    places: Integers,
    times: Floats,
    count: int,
    open_place: Integers,
) -> int:
    """Write a leg's times in one area that it is not outside of; returns how many times there are, -1 without room."""
    place = open_place[area]
    if stand == _ACROSS:
        spanned = _times_near(move, shape, first, last, margin, move[1] - move[0], cuts, spans)
    elif _goes_on(places, place, i, opened, move, windows, since, until, limits, area):
        places[place, 4] = i
        times[place, 1] = move[1] - move[0]
        return count
    else:
        spanned, spans[0, 0], spans[0, 1] = 1, 0.0, move[1] - move[0]
    now = _clip(
        move, spans, spanned, windows, opened, closed, since, until, limits, area, i, places, times, count
    )
    if now >= 0:
        lasts = now > count and times[now - 1, 1] == move[1] - move[0]
        open_place[area] = now - 1 if lasts else -1
    return now


@kernel(
    *(INTEGERS, TABLE, BYTES, NUMBER, NUMBER, INTEGERS, SHORTS, INTEGERS, SHAPE, TABLE, INTEGERS, TABLE, NUMBER),
    *(WHOLE, WHOLES, TABLE),
)
def times_in_areas(
    mover_first: Integers,
    moves: Floats,
    leg: Bytes,
    since: float,
    until: float,
    cell_first: Integers,
    cell_areas: Shorts,
    part_first: Integers,
    shape: Shape,
    limits: Floats,
    window_first: Integers,
    windows: Floats,
    margin: float,
    begin_leg: int,
    places: Integers,
    times: Floats,
) -> tuple[int, int, int]:
    """Fill in when legs are in areas that are active; returns the leg to go on with, how many times, legs examined.

    Legs from begin_leg on, as detente.encounters.legs has them, clipped to [since, until]; windows: begin and end
    of each activity, us after the base, an area's in order and apart. places: first leg, area, window, reasons, last
    leg: one time may go over many legs of a mover; times: begin and end after the begin of the first and the last
    leg. It stops before the first leg whose times do not fit.
    """
    most = _edges_most(part_first, shape[1])
    cuts, spans = np.empty(most + 2), np.empty((2 * most + 4, 2))
    # how far a mover was from each area's reach, on which way of its own, and how long the way was then
    away, way_at = np.empty(limits.shape[0]), np.empty(limits.shape[0])
    way_of = np.full(limits.shape[0], -1, np.int64)
    # the place of each area that lasts until now
    open_place = np.full(limits.shape[0], -1, np.int64)
    way, walked, m = 0, 0.0, 0
    count = examined = 0
    for i in range(begin_leg, mover_first[-1]):
        while mover_first[m + 1] <= i:
            m += 1
            way += 1
        move, kept = moves[i], count
        if not leg[i] & FOLLOWED or move[1] <= since or move[0] >= until:
            way += 1
            continue
        length = (move[1] - move[0]) * math.sqrt(move[6] ** 2 + move[7] ** 2 + move[8] ** 2)
        cell = cell_of(move[2], move[3], move[4])
        for c in range(cell_first[cell], cell_first[cell + 1]):
            area = cell_areas[c]
            first, last, closed = part_first[area], part_first[area + 1], window_first[area + 1]
            opened = window_at(windows, window_first[area], closed, max(move[0], since))
            if opened == closed or windows[opened, 0] >= min(move[1], until):
                continue
            stand, asked = _stand(
                move, shape, first, last, margin, length, area, way, walked, away, way_of, way_at
            )
            examined += asked
            if stand == _OUTSIDE:
                continue
            now = _add(
                stand, move, shape, first, last, margin, cuts, spans, windows, opened, closed, since, until,
                limits, area, i, places, times, count, open_place,
            )  # fmt: skip
            if now < 0:
                _take_back(places, times, open_place, moves, i, cell_areas, cell_first[cell], c)
                return i, kept, examined
            count = now
        walked += length
    return mover_first[-1], count, examined
