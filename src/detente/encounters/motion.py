"""Positions and distances from earth-centred coordinates, and what being at rest means.

Moving and at rest
------------------
A mover is *at rest* on a leg when its speed over the ground, measured from its track over at least 120 s, is
below 0.5 kn; below 1 kn when it reported itself moored or at anchor at both ends of the leg. The speed is the
distance between the end of the leg and the mover's latest fix at least 120 s before it, over the time between;
near the beginning of a coverage, between its first fix and the first one 120 s later; in a shorter coverage,
over the whole. A position that wanders by the noise of a receiver is so no motion.

An encounter is *moored* when both movers are at rest on every leg of it: such encounters are suppressed and
counted unless they are asked for. ``both_moving`` says that neither was at rest at the closest point.
A mover at rest has a speed, that of its leg, and no course.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from detente.encounters.kernel_legs import E2

__all__ = ["MEAN_RADIUS_M", "arc_m", "chord_m", "lon_lat"]

MEAN_RADIUS_M = 6_371_008.8
"""Mean radius of the Earth (IUGG), for chord against arc."""

Floats = npt.NDArray[np.float64]


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
