"""How movers of one picture move on: along geodesics of WGS 84 at constant speed, cut into legs.

A leg is at most LEG_M long and is flown as the third-order curve that touches the geodesic at the leg's start:
the circle in the normal section (curvature by Euler), plus the change of curvature and the torsion of the
geodesic. Against the geodesic itself a leg of LEG_M is off by less than 5 cm at its end, and of 100 km by less
than 1 mm (tests/encounters/test_predict.py holds this). Earth-centred coordinates know no antimeridian, no pole.

Everything here is compiled by Numba. A leg is one row of a float64 array, columns below.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from detente.encounters.compiled import FLOATS, kernel

__all__ = ["EARTH_M", "INVERSE_AXIS_2", "INVERSE_POLAR_2", "LEG_M", "leg_rows"]

Floats = NDArray[np.float64]

LEG_M = 250_000.0
"""A mover that goes further within the horizon gets more legs."""

SEMI_MAJOR_M = 6378137.0
FLATTENING = 1 / 298.257223563
ECCENTRICITY_2 = FLATTENING * (2 - FLATTENING)
INVERSE_AXIS_2 = 1 / SEMI_MAJOR_M**2
INVERSE_POLAR_2 = 1 / (SEMI_MAJOR_M * (1 - FLATTENING)) ** 2
EARTH_M = 6356752.0
"""Smaller than any radius of curvature that matters here but the meridian's at the equator; used in bounds."""

# columns of a leg: place, tangent, inward normal and cubic term (each x, y, z), curvature, speed (m/s), time it
# begins and ends (s), and a bound on how far the curve leaves its chord (m)
P, T, N, C = 0, 3, 6, 9
CURVATURE, SPEED, T0, T1, SAG = 12, 13, 14, 15, 16
LEG_COLUMNS = 17


@kernel(FLOATS, FLOATS, FLOATS, FLOATS, FLOATS, FLOATS)
def leg_rows(
    lat_deg: Floats, lon_deg: Floats, course_deg: Floats, speed_ms: Floats, begins_s: Floats, ends_s: Floats
) -> Floats:
    """Return one row a leg from the place and course at its beginning."""
    rows = np.empty((lat_deg.size, LEG_COLUMNS))
    for i in range(lat_deg.size):
        lat, lon, course = math.radians(lat_deg[i]), math.radians(lon_deg[i]), math.radians(course_deg[i])
        sp, cp, sl, cl = math.sin(lat), math.cos(lat), math.sin(lon), math.cos(lon)
        sa, ca = math.sin(course), math.cos(course)
        w = 1 - ECCENTRICITY_2 * sp * sp
        prime = SEMI_MAJOR_M / math.sqrt(w)
        meridian = prime * (1 - ECCENTRICITY_2) / w
        row = rows[i]
        row[0], row[1], row[2] = prime * cp * cl, prime * cp * sl, prime * (1 - ECCENTRICITY_2) * sp
        tx, ty, tz = -sa * sl - ca * sp * cl, sa * cl - ca * sp * sl, ca * cp
        nx, ny, nz = -cp * cl, -cp * sl, -sp
        bx, by, bz = ty * nz - tz * ny, tz * nx - tx * nz, tx * ny - ty * nx
        row[3], row[4], row[5], row[6], row[7], row[8] = tx, ty, tz, nx, ny, nz
        # Euler's curvature, its change along the geodesic (Clairaut: dα/ds = sin α tan φ / N) and the torsion
        curvature = ca * ca / meridian + sa * sa / prime
        difference = -ECCENTRICITY_2 * cp * cp / (w * meridian)  # 1/N - 1/M without cancellation
        slope = ECCENTRICITY_2 * sp * cp / w
        change = (
            -3 * slope * ca**3 / meridian**2
            - slope * sa * sa * ca / (prime * meridian)
            - 2 * slope * sa * sa * ca / (prime * meridian)
        )
        twist = curvature * sa * ca * difference
        row[9] = (change * nx + twist * bx) / 6
        row[10] = (change * ny + twist * by) / 6
        row[11] = (change * nz + twist * bz) / 6
        row[CURVATURE], row[SPEED], row[T0], row[T1] = curvature, speed_ms[i], begins_s[i], ends_s[i]
        length = speed_ms[i] * (ends_s[i] - begins_s[i])
        row[SAG] = 1.02 * curvature * length * length / 8 + 1e-3 * (length > 0)
    return rows
