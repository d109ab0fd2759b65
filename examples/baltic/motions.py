"""How the made-up movers move: straight legs between waypoints on a local plane, and meetings planted into them.

The plane is in kilometres east and north of ORIGIN, small enough (about 300 km) that a fixed scale of longitude
would do; each point uses the scale at its own latitude, so legs are nearly straight on the Earth too.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

START = datetime(2018, 4, 4, tzinfo=UTC)
HOURS = 72.0
ORIGIN = (17.6, 55.75)
KM_PER_DEGREE = 111.2
KNOT_KM_PER_HOUR = 1.852


@dataclass(frozen=True, slots=True)
class Waypoint:
    """Where a mover is at a time: hours from START, kilometres east and north of ORIGIN."""

    hour: float
    east_km: float
    north_km: float


def place_deg(east_km: Floats, north_km: Floats) -> tuple[Floats, Floats]:
    """Return longitude and latitude in degrees."""
    lat = ORIGIN[1] + north_km / KM_PER_DEGREE
    return ORIGIN[0] + east_km / (KM_PER_DEGREE * np.cos(np.radians(lat))), lat


def plane_km(lon_deg: float, lat_deg: float) -> tuple[float, float]:
    """Return kilometres east and north of ORIGIN."""
    return (
        (lon_deg - ORIGIN[0]) * KM_PER_DEGREE * math.cos(math.radians(lat_deg)),
        (lat_deg - ORIGIN[1]) * KM_PER_DEGREE,
    )


def meeting(
    hour: float,
    at_deg: tuple[float, float],
    first: tuple[float, float],
    second: tuple[float, float],
    *,
    apart_m: float,
    lasting_h: float = 0.5,
) -> tuple[list[Waypoint], list[Waypoint]]:
    """Return the legs of two movers that pass ``apart_m`` from each other at this hour near this place.

    first, second: course in degrees and speed in knots of each, constant for ``lasting_h`` around the hour.
    The line between them at the closest moment is square to their relative motion, so that it is the closest;
    when they move alike it is square to the course.
    """
    velocity = [np.array([math.sin(c), math.cos(c)]) * s * KNOT_KM_PER_HOUR for c, s in _radians(first, second)]
    relative = velocity[1] - velocity[0]
    along = relative if np.hypot(*relative) > 1e-9 else velocity[0]
    across = np.array([along[1], -along[0]]) / np.hypot(*along) * apart_m / 2000.0
    middle = np.array(plane_km(*at_deg))
    legs = []
    for sign, speed in zip((1.0, -1.0), velocity, strict=True):
        ends = [(h, middle + sign * across + speed * h) for h in (-lasting_h / 2.0, 0.0, lasting_h / 2.0)]
        legs.append([Waypoint(hour + h, float(p[0]), float(p[1])) for h, p in ends])
    return legs[0], legs[1]


def _radians(*motions: tuple[float, float]) -> list[tuple[float, float]]:
    return [(math.radians(course), speed) for course, speed in motions]


def route(
    points_deg: Sequence[tuple[float, float]], *, start_h: float, speed_kn: float, aside_km: float = 0.0
) -> list[Waypoint]:
    """Return waypoints along places at constant speed, shifted to starboard by ``aside_km``."""
    plane = np.array([plane_km(*point) for point in points_deg])
    steps = np.diff(plane, axis=0)
    size = np.hypot(steps[:, 0], steps[:, 1])
    side = np.column_stack([steps[:, 1], -steps[:, 0]]) / size[:, None] * aside_km
    shifted = plane + np.vstack([side, side[-1:]])
    hours = start_h + np.append(0.0, np.cumsum(np.hypot(*np.diff(shifted, axis=0).T))) / (
        speed_kn * KNOT_KM_PER_HOUR
    )
    return [Waypoint(float(h), float(e), float(n)) for h, (e, n) in zip(hours, shifted, strict=True)]


def sampled(
    waypoints: Sequence[Waypoint], every_s: float, *, offset_s: float = 0.0
) -> tuple[Floats, Floats, Floats]:
    """Return seconds from START (whole ones) within the scenario and the waypoints, and the true place in km."""
    first, last = waypoints[0].hour, min(waypoints[-1].hour, HOURS)
    seconds = np.arange(math.ceil(max(first, 0.0) * 3600.0 + offset_s), last * 3600.0, every_s)
    hours = [point.hour for point in waypoints]
    return (
        seconds,
        np.interp(seconds / 3600.0, hours, [point.east_km for point in waypoints]),
        np.interp(seconds / 3600.0, hours, [point.north_km for point in waypoints]),
    )
