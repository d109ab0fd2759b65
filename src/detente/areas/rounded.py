"""Sectors and ellipses from their measures, on the WGS 84 ellipsoid.

A sector is exact: two lines from its centre and an arc about it. No notice has an ellipse: it becomes a polygon of
ELLIPSE_CORNERS corners on it, at geodesics from its centre.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from detente.notices.errors import ValueMistake
from detente.notices.shapes import PARTS_OF_A_DEGREE, Arc, ArcPolygon, Line, Polygon, Position

__all__ = ["ELLIPSE_CORNERS", "EllipseSaid", "SectorSaid", "ellipse", "sector"]

ELLIPSE_CORNERS = 180
"""A chord leaves an ellipse of 100 km half axis by 15 m at most where it bends as a circle does."""


@dataclass(frozen=True, slots=True)
class SectorSaid:
    """A sector as told: from one true bearing clockwise to another, in degrees; the radius as a decimal in metres."""

    centre: Position
    radius_m: str
    from_deg: float
    to_deg: float


@dataclass(frozen=True, slots=True)
class EllipseSaid:
    """An ellipse as told: half its axes in metres, and the true bearing of the longer one in degrees."""

    centre: Position
    half_major_m: float
    half_minor_m: float
    bearing_deg: float


def sector(said: SectorSaid) -> ArcPolygon | None:
    """Return the boundary of a sector; None for one of no width, or of a whole turn."""
    if (said.to_deg - said.from_deg) % 360.0 == 0.0:
        return None
    first, last = (_at(said.centre, bearing, float(said.radius_m)) for bearing in (said.from_deg, said.to_deg))
    try:
        return ArcPolygon(
            pieces=(
                Line(to=first),
                Arc(centre=said.centre, radius_m=said.radius_m, turn="clockwise", to=last),
                Line(to=said.centre),
            )
        )
    except ValueMistake:
        return None


def ellipse(said: EllipseSaid) -> Polygon | None:
    """Return an ellipse as a polygon; None when the shorter axis is the longer one, or the place has no such ring."""
    if not 0.0 < said.half_minor_m <= said.half_major_m:
        return None
    corners: list[Position] = []
    for number in range(ELLIPSE_CORNERS):
        turn = 2.0 * math.pi * number / ELLIPSE_CORNERS
        along, beside = said.half_major_m * math.cos(turn), said.half_minor_m * math.sin(turn)
        bearing = said.bearing_deg + math.degrees(math.atan2(beside, along))
        corners.append(_at(said.centre, bearing, math.hypot(along, beside)))
    try:
        return Polygon(ring=tuple(corners))
    except ValueMistake:
        return None


def _at(centre: Position, bearing_deg: float, away_m: float) -> Position:
    from pyproj import Geod  # noqa: PLC0415 - a slow import, paid when the first such shape is read

    lon, lat, _ = Geod(ellps="WGS84").fwd(centre.lon_deg, centre.lat_deg, bearing_deg, away_m)
    lon_e7 = round(lon * PARTS_OF_A_DEGREE)
    return Position(
        lat_e7=round(lat * PARTS_OF_A_DEGREE),
        lon_e7=lon_e7 if lon_e7 != -180 * PARTS_OF_A_DEGREE else 180 * PARTS_OF_A_DEGREE,
    )
