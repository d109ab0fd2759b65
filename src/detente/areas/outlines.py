"""Outlines: shapes drawn as rings of longitude and latitude on the WGS 84 ellipsoid.

Densification: between two drawn corners the straight line in degrees is nowhere farther than OUTLINE_M from the
true boundary (a geodesic, or a circle's or arc's true line); corners of the text are drawn exactly. Circles and
arcs have their drawn corners on the true line, so chords lie inside.
A ring is unrolled: its longitudes run on past 180 degrees rather than jump; who writes GeoJSON cuts it there.
A ring around a pole runs once around in longitude; it is closed along the meridian of its first corner and along the
pole, which is a line on a grid of degrees. What it holds is the side of the pole that all its corners are near; a ring
that comes nearer than TEN_DEGREES to the equator, or over the pole itself, has no such outline: Unplaced.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from decimal import Decimal
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING

from detente.areas.outcomes import Reason, Unplaced
from detente.notices.shapes import (
    Arc,
    ArcPolygon,
    Circle,
    Coastal,
    Corridor,
    Named,
    Point,
    Polygon,
    Position,
    Shape,
)

if TYPE_CHECKING:
    from pyproj import Geod

__all__ = ["OUTLINE_M", "bounds", "extremes", "is_near_circle", "outline", "within_m"]

OUTLINE_M = 25.0
"""Greatest distance of a drawn edge from the true boundary, in metres."""
_LEAST_STEPS = 72
_MOST_STEPS = 4096
_SLACK_M = 3 * 1852.0
"""Item Q's circle is rounded to minutes and miles."""
_SHARE = 0.6
"""Part of OUTLINE_M that chords may use; the rest is for what a line in degrees bends beside its chord."""
TEN_DEGREES = 10.0
Ring = list[tuple[float, float]]


@cache
def _geod() -> Geod:
    from pyproj import Geod as Made  # noqa: PLC0415 - a slow import, paid when the first shape is drawn

    return Made(ellps="WGS84")


def outline(shape: Shape) -> list[Ring]:
    """Return closed rings of (longitude, latitude) in degrees, anticlockwise; none for what has no extent stated.

    A named area gives its approximate circle, if any. Raises Unplaced for a ring around or over a pole.
    """
    match shape:
        case Polygon():
            return [_closed(_edges([_pair(corner) for corner in shape.ring]))]
        case Circle():
            return [_closed(_circle(shape))]
        case ArcPolygon():
            return [_closed(_pieces(shape))]
        case Corridor():
            return _corridor(shape)
        case Named():
            return outline(shape.approximate) if shape.approximate is not None else []
        case Coastal():
            return [_closed(_edges([_pair(corner) for corner in shape.way]))] if len(shape.way) > 2 else []
        case Point():
            return []


def _pair(position: Position) -> tuple[float, float]:
    return position.lon_deg, position.lat_deg


def _closed(ring: Ring) -> Ring:
    """Unroll longitudes, close the ring and turn it anticlockwise."""
    unrolled = [ring[0]]
    for lon, lat in ring[1:]:
        before = unrolled[-1][0]
        unrolled.append((before + (lon - before + 180.0) % 360.0 - 180.0, lat))
    step = (unrolled[0][0] - unrolled[-1][0] + 180.0) % 360.0 - 180.0
    around = unrolled[-1][0] + step - unrolled[0][0]
    if abs(around) > 180.0:
        unrolled += _over_the_pole(unrolled, around)
    turn = sum(
        (two[0] - one[0]) * (two[1] + one[1])
        for one, two in zip(unrolled, unrolled[1:] + unrolled[:1], strict=True)
    )
    if turn > 0:
        unrolled.reverse()
    mean = sum(lon for lon, _ in unrolled) / len(unrolled)
    shift = 360.0 * math.floor((mean + 180.0) / 360.0)
    return [(lon - shift, lat) for lon, lat in [*unrolled, unrolled[0]]]


def _over_the_pole(unrolled: Ring, around: float) -> Ring:
    """Return the corners that close a ring which runs around a pole, by an unrolled turn to the east or the west."""
    lats = [lat for _, lat in unrolled]
    pole = 90.0 if min(lats) > 0.0 else -90.0
    if min(abs(lat) for lat in lats) < TEN_DEGREES or min(lats) * max(lats) < 0.0 or pole in lats:
        raise Unplaced(Reason.POLE, " ".join(f"{lat:.4f} {lon:.4f}" for lon, lat in unrolled[:3]))
    lon, lat = unrolled[0]
    turned = lon + math.copysign(360.0, around)
    return [(turned, lat), (turned, pole), (lon, pole)]


def extremes(shapes: Sequence[Shape]) -> Ring:
    """Return the centre and the corners of the box around shapes; none where they have no extent."""
    corners = [corner for shape in shapes for ring in outline(shape) for corner in ring]
    corners += [_pair(shape.position) for shape in shapes if isinstance(shape, Point)]
    if not corners:
        return []
    first = corners[0][0]
    lons = [first + (lon - first + 180) % 360 - 180 for lon, _ in corners]
    lats = [lat for _, lat in corners]
    west, east, south, north = min(lons), max(lons), min(lats), max(lats)
    return [
        ((west + east) / 2, (south + north) / 2),
        (west, south), (west, north), (east, south), (east, north),
    ]  # fmt: skip


def _edges(corners: Ring) -> Ring:
    made: Ring = []
    for one, two in zip(corners, corners[1:] + corners[:1], strict=True):
        made += [one, *_between(one, two)]
    return made


def _between(one: tuple[float, float], two: tuple[float, float]) -> Ring:
    """Return points between two corners so that no drawn edge leaves the geodesic by more than OUTLINE_M."""
    pieces = 1
    while pieces <= _MOST_STEPS:
        inner = [(lon, lat) for lon, lat in _geod().npts(*one, *two, 2 * pieces - 1)]
        chain = [one, *inner, two]
        worst_m = max(_bend_m(*chain[at : at + 3]) for at in range(0, 2 * pieces, 2))
        if worst_m <= OUTLINE_M * _SHARE:
            break
        pieces = max(pieces + 1, math.ceil(pieces * math.sqrt(worst_m / (OUTLINE_M * _SHARE))))
    return inner[1::2]


def _bend_m(one: tuple[float, float], middle: tuple[float, float], two: tuple[float, float]) -> float:
    """Return how far the straight line in degrees passes from the geodesic's middle: never less than it bends."""
    east = (two[0] - one[0] + 180.0) % 360.0 - 180.0
    half = (one[0] + east / 2.0, (one[1] + two[1]) / 2.0)
    return float(_geod().inv(*half, *middle)[2])


def _steps(radius_m: float, sweep_deg: float) -> int:
    half = math.sqrt(2.0 * OUTLINE_M * _SHARE / max(radius_m, OUTLINE_M * 4))
    full = max(_LEAST_STEPS, math.ceil(math.pi / half))
    return max(2, math.ceil(full * abs(sweep_deg) / 360.0))


def _circle(shape: Circle) -> Ring:
    radius_m = float(Decimal(shape.radius_m))
    return _swept(_pair(shape.centre), radius_m, radius_m, 0.0, -360.0)[:-1]


def _swept(centre: tuple[float, float], from_m: float, to_m: float, from_deg: float, sweep_deg: float) -> Ring:
    """Return points about a centre, both ends included; the radius runs evenly from one to the other."""
    steps = _steps(max(from_m, to_m), sweep_deg)
    geod, made = _geod(), []
    for step in range(steps + 1):
        part = step / steps
        lon, lat, _ = geod.fwd(*centre, from_deg + sweep_deg * part, from_m + (to_m - from_m) * part)
        made.append((lon, lat))
    return made


def _pieces(shape: ArcPolygon) -> Ring:
    made: Ring = []
    before = _pair(shape.pieces[-1].to)
    for piece in shape.pieces:
        to = _pair(piece.to)
        made.append(before)
        made += _bow(before, piece) if isinstance(piece, Arc) else _between(before, to)
        before = to
    return made


def _bow(before: tuple[float, float], piece: Arc) -> Ring:
    geod, centre = _geod(), _pair(piece.centre)
    from_deg, _, from_m = geod.inv(*centre, *before)
    to_deg, _, to_m = geod.inv(*centre, *_pair(piece.to))
    sweep = (to_deg - from_deg) % 360.0 or 360.0
    if piece.turn == "anticlockwise":
        sweep -= 360.0
        sweep = sweep or -360.0
    return _swept(centre, from_m, to_m, from_deg, sweep)[1:-1]


def arc_ends_off_m(shape: ArcPolygon) -> float:
    """Return how far the worst end of an arc lies from its stated radius, in metres."""
    worst, before = 0.0, _pair(shape.pieces[-1].to)
    for piece in shape.pieces:
        if isinstance(piece, Arc):
            for end in (before, _pair(piece.to)):
                _, _, away_m = _geod().inv(*_pair(piece.centre), *end)
                worst = max(worst, abs(away_m - float(Decimal(piece.radius_m))))
        before = _pair(piece.to)
    return worst


def _corridor(shape: Corridor) -> list[Ring]:
    """Return the band about a way: one ring for each leg with rounded ends; they overlap at the bends."""
    half_m = float(Decimal(shape.half_width_m))
    geod, rings = _geod(), []
    for one, two in pairwise(shape.way):
        start, end = _pair(one), _pair(two)
        leg = [start, *_between(start, end), end]
        ring: Ring = []
        ahead = [geod.inv(*here, *there)[0] for here, there in pairwise(leg)]
        back = geod.inv(*end, *leg[-2])[0] + 180.0
        courses = [*ahead, back]
        left = [geod.fwd(*here, course - 90.0, half_m)[:2] for here, course in zip(leg, courses, strict=True)]
        right = [geod.fwd(*here, course + 90.0, half_m)[:2] for here, course in zip(leg, courses, strict=True)]
        ring += left
        ring += _swept(end, half_m, half_m, courses[-1] - 90.0, 180.0)[1:-1]
        ring += list(reversed(right))
        ring += _swept(start, half_m, half_m, courses[0] + 90.0, 180.0)[1:-1]
        rings.append(_closed(ring))
    return rings


def _corners(shape: Shape) -> list[tuple[float, float]]:
    match shape:
        case Polygon():
            return [_pair(corner) for corner in shape.ring]
        case Circle():
            return [_pair(shape.centre)]
        case Corridor() | Coastal():
            return [_pair(corner) for corner in shape.way]
        case ArcPolygon():
            return [_pair(piece.to) for piece in shape.pieces]
        case Point():
            return [_pair(shape.position)]
        case Named():
            return []


def within_m(shape: Shape) -> float:
    """Return how far a shape reaches beyond its corners, in metres."""
    if isinstance(shape, Circle):
        return float(Decimal(shape.radius_m))
    if isinstance(shape, Corridor):
        return float(Decimal(shape.half_width_m))
    return 0.0


def is_near_circle(shape: Shape, circle: Circle) -> bool:
    """Tell whether a shape's corners or its inside meet a circle, with three miles of slack for rounding."""
    geod, centre = _geod(), _pair(circle.centre)
    reach_m = float(Decimal(circle.radius_m)) + within_m(shape) + _SLACK_M
    corners = _corners(shape)
    if any(geod.inv(*centre, *corner)[2] <= reach_m for corner in corners):
        return True
    return _surrounds(corners, centre)


def _surrounds(corners: list[tuple[float, float]], point: tuple[float, float]) -> bool:
    """Tell on the flat grid of degrees whether a ring surrounds a point: enough to check a circle's place."""
    inside = False
    for one, two in zip(corners, corners[1:] + corners[:1], strict=True):
        east_one, east_two = ((corner[0] - point[0] + 180.0) % 360.0 - 180.0 for corner in (one, two))
        if (one[1] > point[1]) != (two[1] > point[1]):
            at = east_one + (point[1] - one[1]) / (two[1] - one[1]) * (east_two - east_one)
            inside ^= at > 0
    return inside


def bounds(ring: Ring) -> tuple[float, float, float, float]:
    """Return west, south, east and north of a ring in degrees."""
    lons, lats = [lon for lon, _ in ring], [lat for _, lat in ring]
    return min(lons), min(lats), max(lons), max(lats)
