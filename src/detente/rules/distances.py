"""How far apart two places are, on a sphere: enough for cut-offs of hundreds of kilometres."""

from __future__ import annotations

from math import asin, cos, radians, sin, sqrt

__all__ = ["EARTH_KM", "distance_km"]

EARTH_KM = 6371.0088
"""Mean radius of the earth (IUGG)."""


def distance_km(lat_a: float, lon_a: float, lat_b: float, lon_b: float) -> float:
    """Return the great-circle distance in km of two places given in degrees of WGS 84.

    Against geodesics of the ellipsoid the error is below 0.6 % (tests/rules/test_distances.py).
    Source: the haversine formula.
    """
    phi_a, phi_b = radians(lat_a), radians(lat_b)
    half = sin((phi_b - phi_a) / 2) ** 2 + cos(phi_a) * cos(phi_b) * sin(radians(lon_b - lon_a) / 2) ** 2
    return 2 * EARTH_KM * asin(min(1.0, sqrt(half)))
