"""Whether the sun is up: some agreements ask for more distance at night."""

from __future__ import annotations

from datetime import UTC, datetime
from math import asin, cos, degrees, radians, sin

__all__ = ["is_night", "sun_height_deg"]

_J2000 = datetime(2000, 1, 1, 12, tzinfo=UTC)
_HORIZON_DEG = -0.833  # the sun's upper edge, with the refraction of the horizon
_DOUBT_DEG = 1.0  # of the formula, of hills and of heights: near the horizon nothing is said


def sun_height_deg(moment: datetime, lat: float, lon: float) -> float:
    """Return the height of the sun's centre over the horizon in degrees, right to about 0.1 from 1950 to 2050.

    Source: the low-precision formulas of the Astronomical Almanac, page C5.
    """
    days = (moment.astimezone(UTC) - _J2000).total_seconds() / 86400.0
    mean_anomaly = radians((357.528 + 0.9856003 * days) % 360.0)
    mean_longitude = (280.460 + 0.9856474 * days) % 360.0
    longitude = radians(mean_longitude + 1.915 * sin(mean_anomaly) + 0.020 * sin(2 * mean_anomaly))
    tilt = radians(23.439 - 0.0000004 * days)
    declination = asin(sin(tilt) * sin(longitude))
    # right ascension from the same triangle, in the quadrant of the longitude
    rise = degrees(asin(sin(declination) / sin(tilt) * cos(tilt) / cos(declination)))
    right_ascension = rise if cos(longitude) >= 0 else 180.0 - rise
    sidereal = (280.46062 + 360.98564737 * days) % 360.0
    hour = radians(sidereal + lon - right_ascension)
    phi = radians(lat)
    return degrees(asin(sin(phi) * sin(declination) + cos(phi) * cos(declination) * cos(hour)))


def is_night(moment: datetime, lat: float, lon: float) -> bool | None:
    """Return whether the sun is down; None within a degree of the horizon, where this formula does not tell."""
    height = sun_height_deg(moment, lat, lon)
    return None if abs(height - _HORIZON_DEG) < _DOUBT_DEG else height < _HORIZON_DEG
