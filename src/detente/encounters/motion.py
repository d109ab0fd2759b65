"""Positions, speeds and courses of both movers of an encounter, from earth-centred states.

Moving and at rest
------------------
A mover is *at rest* on a leg when its speed over the ground, measured from its track over at least 120 s, is below
0.5 kn; below 1 kn when it reported itself moored or at anchor at both ends of the leg. The speed is the distance
between the end of the leg and the mover's latest fix at least 120 s before it, over the time between; near the
beginning of a coverage, between its first fix and the first one 120 s later; in a shorter coverage, over the
whole. A position that wanders by the noise of a receiver is so no motion.

An encounter is *moored* when both movers are at rest on every leg of it: such encounters are suppressed and
counted unless they are asked for. ``both_moving`` says that neither was at rest at the closest point.
A mover at rest has a speed, that of its leg, and no course.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from detente.encounters.kernel_legs import E2
from detente.notices.quantities import KNOT_MS

__all__ = ["MEAN_RADIUS_M", "State", "arc_m", "chord_m", "lon_lat", "wrapped"]

MEAN_RADIUS_M = 6_371_008.8
"""Mean radius of the Earth (IUGG), for chord against arc."""

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]


def arc_m(chord_m: Floats) -> Floats:
    """Return the distance along the surface of two points a chord apart, in metres."""
    angle: Floats = 2.0 * MEAN_RADIUS_M * np.arcsin(np.minimum(chord_m / (2.0 * MEAN_RADIUS_M), 1.0))
    return angle


def chord_m(distance_m: float) -> float:
    """Return the chord of a distance along the surface, in metres."""
    return float(2.0 * MEAN_RADIUS_M * np.sin(distance_m / (2.0 * MEAN_RADIUS_M)))


def lon_lat(points: Floats) -> tuple[Floats, Floats]:
    """Return longitude and latitude in degrees of earth-centred points (n, 3) on the ellipsoid, metres.

    Points up to a metre above or below it are right within a centimetre.
    """
    x, y, z = points[:, 0], points[:, 1], points[:, 2]
    lon = np.degrees(np.arctan2(y, x))
    lat = np.degrees(np.arctan2(z, np.hypot(x, y) * (1.0 - E2)))
    return lon, lat


def wrapped(angle_deg: Floats) -> Floats:
    """Return angles in (-180, 180]."""
    turned: Floats = 180.0 - np.mod(180.0 - angle_deg, 360.0)
    return turned


@dataclass(frozen=True, slots=True)
class State:
    """Both movers at one instant; arrays of shape (n,). Degrees, knots; NaN where there is none.

    course: from the track, NaN at rest. bearing: true bearing of the other; NaN at distance 0.
    """

    lon_a: Floats
    lat_a: Floats
    lon_b: Floats
    lat_b: Floats
    speed_a_kn: Floats
    speed_b_kn: Floats
    course_a_deg: Floats
    course_b_deg: Floats
    bearing_a_deg: Floats
    bearing_b_deg: Floats
    relative_speed_kn: Floats

    @classmethod
    def of(cls, fields: Floats, rests_a: Flags, rests_b: Flags) -> State:
        """Return the state from positions of a, b (metres) and velocities of a, b (m / us): shape (n, 12)."""
        at_a, at_b, v_a, v_b = (fields[:, column : column + 3] for column in (0, 3, 6, 9))
        lon_a, lat_a = lon_lat(at_a)
        lon_b, lat_b = lon_lat(at_b)
        apart = at_b - at_a
        return cls(
            lon_a=lon_a,
            lat_a=lat_a,
            lon_b=lon_b,
            lat_b=lat_b,
            speed_a_kn=_length(v_a) * 1e6 / KNOT_MS,
            speed_b_kn=_length(v_b) * 1e6 / KNOT_MS,
            course_a_deg=np.where(rests_a, np.nan, _direction(lon_a, lat_a, v_a)),
            course_b_deg=np.where(rests_b, np.nan, _direction(lon_b, lat_b, v_b)),
            bearing_a_deg=_direction(lon_a, lat_a, apart),
            bearing_b_deg=_direction(lon_b, lat_b, -apart),
            relative_speed_kn=_length(v_b - v_a) * 1e6 / KNOT_MS,
        )


def _length(vectors: Floats) -> Floats:
    length: Floats = np.sqrt((vectors * vectors).sum(axis=1))
    return length


def _direction(lon_deg: Floats, lat_deg: Floats, vectors: Floats) -> Floats:
    """Return the true direction in [0, 360) of vectors at points; NaN where the vector is zero."""
    lon, lat = np.radians(lon_deg), np.radians(lat_deg)
    x, y, z = vectors[:, 0], vectors[:, 1], vectors[:, 2]
    east = -np.sin(lon) * x + np.cos(lon) * y
    north = -np.sin(lat) * (np.cos(lon) * x + np.sin(lon) * y) + np.cos(lat) * z
    direction = np.mod(np.degrees(np.arctan2(east, north)), 360.0)
    return np.where((east == 0.0) & (north == 0.0), np.nan, np.where(direction >= 360.0, 0.0, direction))
