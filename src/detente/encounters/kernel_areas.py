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

from detente.encounters.compiled import INTEGERS, TABLE, inlined
from detente.encounters.kernel_cells import CELLS

__all__ = [
    "RADIUS_M",
    "SHAPE",
    "Shape",
    "cell_of",
    "far",
    "half",
    "signed",
    "times_near",
    "to_edge",
    "window_at",
]

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Shape = tuple[Floats, Integers, Floats]
"""The tables of parts, of where each part's edges begin, and of edges."""

SHAPE = types.Tuple((TABLE, INTEGERS, TABLE))  # type: ignore[no-untyped-call] # Numba's own

RADIUS_M = 6_371_008.8
"""Mean radius of the Earth (IUGG): a chord stands for the geodesic of its length on this sphere."""


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
def half(at: float, rate: float, since: float, until: float) -> tuple[float, float]:
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
        since, to = half(flat - away, -rate, -math.inf, math.inf)
        since, to = half(flat + away, rate, since, to)
        along = move[2] * edges[e, 9] + move[3] * edges[e, 10] + move[4] * edges[e, 11]
        since, to = half(
            along, move[6] * edges[e, 9] + move[7] * edges[e, 10] + move[8] * edges[e, 11], since, to
        )
        along = move[2] * edges[e, 12] + move[3] * edges[e, 13] + move[4] * edges[e, 14]
        rate = move[6] * edges[e, 12] + move[7] * edges[e, 13] + move[8] * edges[e, 14]
        since, to = half(-along, -rate, since, to)
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
def _to_edges(edges: Floats, begin: int, end: int, x: float, y: float, z: float) -> float:
    """Return the distance of a point from the nearest of some edges; as ``to_edge``, with one arc of each kind."""
    square, flat = math.inf, math.inf
    for e in range(begin, end):
        if x * edges[e, 9] + y * edges[e, 10] + z * edges[e, 11] < 0.0 or edges[e, 22] == 0.0:
            dx, dy, dz = x - edges[e, 0], y - edges[e, 1], z - edges[e, 2]
            square = min(square, dx * dx + dy * dy + dz * dz)
        elif x * edges[e, 12] + y * edges[e, 13] + z * edges[e, 14] > 0.0:
            dx, dy, dz = x - edges[e, 3], y - edges[e, 4], z - edges[e, 5]
            square = min(square, dx * dx + dy * dy + dz * dz)
        else:
            flat = min(flat, abs(x * edges[e, 6] + y * edges[e, 7] + z * edges[e, 8]))
    nearest = math.inf
    if square < math.inf:
        nearest = _arc(math.sqrt(square))
    if flat < math.inf:
        nearest = min(nearest, RADIUS_M * math.asin(min(flat / RADIUS_M, 1.0)))
    return nearest


@inlined
def signed(shape: Shape, first: int, last: int, x: float, y: float, z: float) -> float:
    """Return the distance of a point from an area's border in metres, negative inside; parts first to last - 1."""
    parts, edge_first, edges = shape
    least = math.inf
    for part in range(first, last):
        nearest = _to_edges(edges, edge_first[part], edge_first[part + 1], x, y, z)
        radius = parts[part, 13]
        if radius > 0.0:
            nearest -= radius
        elif inside(parts, part, edges, edge_first[part], edge_first[part + 1], x, y, z):
            nearest = -nearest
        least = min(least, nearest)
    return least


@inlined
def times_near(
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
def far(move: Floats, parts: Floats, first: int, last: int, margin: float, way: float) -> bool:
    """Tell whether a way that begins as a leg does stays away from the balls around all parts of an area."""
    for part in range(first, last):
        dx, dy, dz = move[2] - parts[part, 0], move[3] - parts[part, 1], move[4] - parts[part, 2]
        reach = parts[part, 3] + margin + way
        if dx * dx + dy * dy + dz * dz <= reach * reach:
            return False
    return True
