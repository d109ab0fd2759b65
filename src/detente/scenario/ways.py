"""Where the ships and aircraft of a scenario are: each goes from point to point of its way at constant speed.

Between two points the way is the geodesic of the WGS 84 ellipsoid, as the archive search takes it between two fixes.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from geographiclib.geodesic import Geodesic

from detente.notices.forms import read_position
from detente.notices.quantities import FOOT_M, KNOT_MS
from detente.notices.shapes import PARTS_OF_A_DEGREE
from detente.scenario.structs import Mover

__all__ = ["Place", "Way", "way_of"]

_EARTH = Geodesic.WGS84


@dataclass(frozen=True, slots=True)
class Place:
    """Where a mover is and how it moves. altitude_m: None for what is no aircraft, or where none is stated."""

    lon_deg: float
    lat_deg: float
    speed_kn: float
    course_deg: float
    altitude_m: float | None
    climb_ftmin: float


@dataclass(frozen=True, slots=True)
class _Leg:
    begins: datetime
    seconds: float
    lon_deg: float
    lat_deg: float
    course_deg: float
    metres: float
    altitude_ft: tuple[float, float] | None


@dataclass(frozen=True, slots=True)
class Way:
    """A mover and its way. begins, ends: when it is first and last heard."""

    mover: Mover
    legs: tuple[_Leg, ...]
    begins: datetime
    ends: datetime

    @property
    def is_aircraft(self) -> bool:
        """Tell whether it is heard by a receiver of aircraft."""
        return self.mover.id.startswith("icao24:")

    def at(self, moment: datetime) -> Place | None:
        """Return where it is at a moment of the scenario; None before it begins and after it ends."""
        if not self.begins <= moment <= self.ends:
            return None
        leg = max((one for one in self.legs if one.begins <= moment), key=lambda one: one.begins)
        gone = (moment - leg.begins).total_seconds() / leg.seconds if leg.seconds else 0.0
        line = _EARTH.Direct(leg.lat_deg, leg.lon_deg, leg.course_deg, leg.metres * gone)  # type: ignore[no-untyped-call]
        speed_kn = leg.metres / leg.seconds / KNOT_MS if leg.seconds else 0.0
        altitude_m, climb_ftmin = None, 0.0
        if leg.altitude_ft is not None:
            low, high = leg.altitude_ft
            altitude_m = (low + (high - low) * gone) * FOOT_M
            climb_ftmin = (high - low) / leg.seconds * 60.0 if leg.seconds else 0.0
        return Place(line["lon2"], line["lat2"], speed_kn, line["azi2"] % 360.0, altitude_m, climb_ftmin)


def way_of(mover: Mover, begins: datetime) -> Way:
    """Return a mover's way. begins: when it is at its first point, where that states no time.

    Raises PlaceMistake for a position that is none, ValueError for a point that is reached before the one before it.
    """
    points = [(*_place(one.position), one) for one in mover.way]
    moments = [mover.way[0].at or begins]
    legs: list[_Leg] = []
    for (lat1, lon1, before), (lat2, lon2, point) in pairwise(points):
        line = _EARTH.Inverse(lat1, lon1, lat2, lon2)  # type: ignore[no-untyped-call]
        here = moments[-1]
        if point.at is not None:
            there = point.at
        elif point.speed_kn is not None:
            there = here + timedelta(seconds=line["s12"] / (point.speed_kn * KNOT_MS))
        else:
            raise ValueError(point.position)
        if there <= here:
            raise ValueError(point.position)
        heights = (before.altitude_ft, point.altitude_ft)
        both = (heights[0], heights[1]) if heights[0] is not None and heights[1] is not None else None
        legs.append(_Leg(here, (there - here).total_seconds(), lon1, lat1, line["azi1"], line["s12"], both))
        moments.append(there)
    if not legs:  # it stays where it is
        lat, lon, only = points[0]
        height = None if only.altitude_ft is None else (only.altitude_ft, only.altitude_ft)
        legs.append(_Leg(moments[0], 0.0, lon, lat, 0.0, 0.0, height))
        return Way(mover, tuple(legs), moments[0], moments[0] + timedelta(days=1))
    return Way(mover, tuple(legs), moments[0], moments[-1])


def _place(text: str) -> tuple[float, float]:
    """Return latitude and longitude in degrees."""
    found = read_position(text)
    return found.lat_e7 / PARTS_OF_A_DEGREE, found.lon_e7 / PARTS_OF_A_DEGREE
