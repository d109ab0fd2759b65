"""Compact position reporting: latitude and longitude out of two 17-bit numbers (DO-260B A.1.7).

Each message says where in its zone the aircraft is, not which zone. Two messages of different parity, or one
message and a known position nearby, tell the zone. Scalar functions: a message at a time is how they come.
"""

from __future__ import annotations

import math
from bisect import bisect_left

__all__ = ["Coded", "airborne_pair", "longitude_zones", "near"]

_TURN = 131_072.0

# latitudes at which the number of longitude zones drops from 59 to 58 ... to 2, from the standard's own formula
_DROPS = [
    math.degrees(math.acos(math.sqrt((1 - math.cos(math.pi / 30)) / (1 - math.cos(2 * math.pi / zones)))))
    for zones in range(59, 1, -1)
]

Coded = tuple[int, int]
"""(latitude, longitude) as they stand in the message, 0-131071."""


def longitude_zones(lat: float) -> int:
    """Return NL, the number of longitude zones at a latitude: 59 at the equator to 1 beyond 87 degrees."""
    return 59 - bisect_left(_DROPS, abs(lat))


def airborne_pair(even: Coded, odd: Coded, *, newest_is_odd: bool) -> tuple[float, float] | None:
    """Return (lat, lon) of the newest of two airborne messages; None when they lie in different zones.

    The two must be at most 10 s apart: the caller sees to that.
    """
    index = math.floor((59 * even[0] - 60 * odd[0]) / _TURN + 0.5)
    lat_even = _folded(360.0 / 60 * (index % 60 + even[0] / _TURN))
    lat_odd = _folded(360.0 / 59 * (index % 59 + odd[0] / _TURN))
    if max(abs(lat_even), abs(lat_odd)) > 90.0 or longitude_zones(lat_even) != longitude_zones(lat_odd):
        return None
    lat = lat_odd if newest_is_odd else lat_even
    zones = longitude_zones(lat)
    shift = math.floor((even[1] * (zones - 1) - odd[1] * zones) / _TURN + 0.5)
    count = max(zones - newest_is_odd, 1)
    lon = 360.0 / count * (shift % count + (odd if newest_is_odd else even)[1] / _TURN)
    return lat, lon - 360.0 if lon >= 180.0 else lon


def near(coded: Coded, *, odd: bool, lat: float, lon: float, surface: bool) -> tuple[float, float] | None:
    """Return the (lat, lon) of the message that is nearest to a known position, None beyond a pole.

    Right when the aircraft is within half a zone of it: 180 nautical miles in the air, 45 on the ground.
    """
    span = 90.0 if surface else 360.0
    height = span / (60 - odd)
    part = coded[0] / _TURN
    found_lat = height * (math.floor(lat / height) + math.floor(0.5 + (lat % height) / height - part) + part)
    if abs(found_lat) > 90.0:
        return None
    width = span / max(longitude_zones(found_lat) - odd, 1)
    part = coded[1] / _TURN
    found_lon = width * (math.floor(lon / width) + math.floor(0.5 + (lon % width) / width - part) + part)
    return found_lat, (found_lon + 180.0) % 360.0 - 180.0


def _folded(lat: float) -> float:
    """Return a latitude of the southern hemisphere as a negative number."""
    return lat - 360.0 if lat >= 270.0 else lat
