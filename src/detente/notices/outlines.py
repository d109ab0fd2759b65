"""Outlines of shapes for maps: rings of longitude and latitude, curves as short edges.

A picture, not a measure: edges follow the geodesics of the WGS 84 ellipsoid (Karney's GeographicLib) with a point
at least every 25 km, circles and arcs have a point every 5 degrees of turn (outline inside the true circle by at
most 0.1 % of the radius). Where a length or a distance is judged, the rooms above compute it from the shape itself.
"""

from __future__ import annotations

import math
from typing import Any, cast

from geographiclib.geodesic import Geodesic

from detente.notices.shapes import Arc, ArcPolygon, Circle, Corridor, Named, Polygon, Position, Shape

__all__ = ["Ring", "cut", "outlines"]

Ring = list[tuple[float, float]]
"""(longitude, latitude) in degrees; the last point joins the first. Longitudes may run beyond 180 until ``cut``."""

_EARTH: Any = Geodesic.WGS84  # the library has no types
_STEP_M = 25_000.0
_TURN_DEG = 5.0


def outlines(shape: Shape) -> list[Ring]:
    """Return the rings whose union a shape is; none for points, coasts and bare names.

    A corridor is one ring for each of its legs, round at both ends.
    """
    if isinstance(shape, Named):
        return outlines(shape.approximate) if shape.approximate else []
    if isinstance(shape, Polygon):
        return [_joined(shape.ring)]
    if isinstance(shape, Circle):
        return [_arc(shape.centre, float(shape.radius_m), 0.0, 360.0)[:-1]]
    if isinstance(shape, ArcPolygon):
        return [_pieces(shape)]
    if isinstance(shape, Corridor):
        half_m = float(shape.half_width_m)
        return [_capsule(a, b, half_m) for a, b in zip(shape.way, shape.way[1:], strict=False)]
    return []


def cut(ring: Ring) -> list[Ring]:
    """Return the closed rings, within -180 to 180, that a ring makes on a map: two when it crosses the antimeridian.

    A ring around a pole is led along the antimeridian to the pole and back.
    """
    run = _unrolled(ring)
    if abs(run[-1][0] - run[0][0]) > 180.0:  # around a pole
        pole = math.copysign(90.0, sum(lat for _, lat in run))
        turn = math.copysign(360.0, run[-1][0] - run[0][0])
        run += [(run[0][0] + turn, run[0][1]), (run[0][0] + turn, pole), (run[0][0], pole)]
    west, east = min(lon for lon, _ in run), max(lon for lon, _ in run)
    parts = []
    for turn in range(math.floor((west + 180.0) / 360.0), math.ceil((east + 180.0) / 360.0)):
        kept = _half(_half(run, 360.0 * turn - 180.0, east=True), 360.0 * turn + 180.0, east=False)
        parts.append(_counterclockwise([(round(lon - 360.0 * turn, 7), round(lat, 7)) for lon, lat in kept]))
    return [[*part, part[0]] for part in parts]


def _joined(corners: tuple[Position, ...]) -> Ring:
    """Return the corners and points on the geodesics between them."""
    ring: Ring = []
    for start, end in zip(corners, (*corners[1:], corners[0]), strict=True):
        ring += _edge((start.lon_deg, start.lat_deg), (end.lon_deg, end.lat_deg))
    return ring


def _edge(start: tuple[float, float], end: tuple[float, float]) -> Ring:
    """Return points of a geodesic from its start up to, not with, its end."""
    line = _EARTH.InverseLine(start[1], start[0], end[1], end[0])
    parts = max(1, math.ceil(line.s13 / _STEP_M))
    middle = [line.Position(line.s13 * index / parts) for index in range(1, parts)]
    return [start, *((one["lon2"], one["lat2"]) for one in middle)]


def _arc(centre: Position, radius_m: float, start_deg: float, turn_deg: float) -> Ring:
    """Return points at a distance from a centre, from one azimuth on through a signed turn, both ends included."""
    parts = max(1, math.ceil(abs(turn_deg) / _TURN_DEG))
    azimuths = (start_deg + turn_deg * index / parts for index in range(parts + 1))
    return [_away(centre, azimuth, radius_m) for azimuth in azimuths]


def _away(centre: Position, azimuth_deg: float, distance_m: float) -> tuple[float, float]:
    found = _EARTH.Direct(centre.lat_deg, centre.lon_deg, azimuth_deg, distance_m)
    return cast("float", found["lon2"]), cast("float", found["lat2"])


def _azimuth(start: Position, end: Position) -> float:
    return cast("float", _EARTH.Inverse(start.lat_deg, start.lon_deg, end.lat_deg, end.lon_deg)["azi1"])


def _pieces(shape: ArcPolygon) -> Ring:
    ring: Ring = []
    start = shape.pieces[-1].to
    for piece in shape.pieces:
        if isinstance(piece, Arc):
            first, last = _azimuth(piece.centre, start), _azimuth(piece.centre, piece.to)
            turn = (last - first) % 360.0 or 360.0
            if piece.turn == "anticlockwise":
                turn = turn - 360.0 if turn < 360.0 else -360.0
            inner = _arc(piece.centre, float(piece.radius_m), first, turn)[1:-1]
            ring += [(start.lon_deg, start.lat_deg), *inner]
        else:
            ring += _edge((start.lon_deg, start.lat_deg), (piece.to.lon_deg, piece.to.lat_deg))
        start = piece.to
    return ring


def _capsule(start: Position, end: Position, half_m: float) -> Ring:
    """Return the ring around one leg: two sides and two round ends."""
    out, back = _azimuth(start, end), _azimuth(end, start)
    far = _arc(end, half_m, back + 90.0, 180.0)
    near = _arc(start, half_m, out + 90.0, 180.0)
    return [*far[:-1], *_edge(far[-1], near[0]), *near[:-1], *_edge(near[-1], far[0])]


def _unrolled(ring: Ring) -> Ring:
    """Return the ring with longitudes that run on where an edge crosses the antimeridian."""
    run: Ring = [ring[0]]
    for lon, lat in ring[1:]:
        step = (lon - run[-1][0] + 180.0) % 360.0 - 180.0
        run.append((run[-1][0] + step, lat))
    return run


def _half(ring: Ring, meridian_deg: float, *, east: bool) -> Ring:
    """Return the part of a ring on one side of a meridian (Sutherland and Hodgman 1974)."""
    sign = 1.0 if east else -1.0
    kept: Ring = []
    for (lon, lat), (next_lon, next_lat) in zip(ring, [*ring[1:], *ring[:1]], strict=True):
        here, there = sign * (lon - meridian_deg), sign * (next_lon - meridian_deg)
        if here >= 0.0:
            kept.append((lon, lat))
        if here * there < 0.0:
            kept.append((meridian_deg, lat + (next_lat - lat) * here / (here - there)))
    return kept


def _counterclockwise(ring: Ring) -> Ring:
    """Return the ring turning as RFC 7946 has it for an outer boundary."""
    area = sum(a[0] * b[1] - b[0] * a[1] for a, b in zip(ring, [*ring[1:], *ring[:1]], strict=True))
    return ring if area >= 0.0 else ring[::-1]
