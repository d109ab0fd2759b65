"""Positions, speeds, courses and bearings of two movers from earth-centred states."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from detente.encounters.compiled import TABLE, inlined, kernel

__all__ = ["states_of"]

Floats = npt.NDArray[np.float64]

E2 = 0.0066943799901413165
KNOTS_IN_M_US = 1e6 * 3600.0 / 1852.0


@inlined
def _direction(east: float, north: float) -> float:
    """Return a direction in [0, 360); NaN of nothing."""
    if east == 0.0 and north == 0.0:
        return math.nan
    direction = math.degrees(math.atan2(east, north))
    if direction < 0.0:
        direction += 360.0
    return direction if direction < 360.0 else 0.0


@inlined
def _mover(states: Floats, row: int, own: int, other: int, moving: int, out: Floats, column: int) -> None:
    """Fill in longitude, latitude, speed, course and the other's bearing of one of the two."""
    x, y, z = states[row, own], states[row, own + 1], states[row, own + 2]
    flat = math.sqrt(x * x + y * y)
    # the normal's direction: exact on the ellipsoid, and within a centimetre a metre off it
    across = flat * (1.0 - E2)
    size = math.sqrt(across * across + z * z)
    sine, cosine = z / size, across / size
    sine_east, cosine_east = (y / flat, x / flat) if flat > 0.0 else (0.0, 1.0)
    out[row, column] = math.degrees(math.atan2(y, x))
    out[row, column + 1] = math.degrees(math.atan2(z, across))
    vx, vy, vz = states[row, moving], states[row, moving + 1], states[row, moving + 2]
    out[row, column + 2] = math.sqrt(vx * vx + vy * vy + vz * vz) * KNOTS_IN_M_US
    east = -sine_east * vx + cosine_east * vy
    north = -sine * (cosine_east * vx + sine_east * vy) + cosine * vz
    out[row, column + 3] = _direction(east, north)
    dx, dy, dz = states[row, other] - x, states[row, other + 1] - y, states[row, other + 2] - z
    east = -sine_east * dx + cosine_east * dy
    north = -sine * (cosine_east * dx + sine_east * dy) + cosine * dz
    out[row, column + 4] = _direction(east, north)


@kernel(TABLE)
def states_of(states: Floats) -> Floats:
    """Return rows of longitude, latitude, speed, course, bearing of the other, for a and for b; relative speed.

    states: positions of a and b in metres, velocities of a and b in metres a microsecond (n, 12).
    Degrees and knots; NaN for a course without motion and a bearing at no distance.
    """
    out = np.empty((states.shape[0], 11))
    for row in range(states.shape[0]):
        _mover(states, row, 0, 3, 6, out, 0)
        _mover(states, row, 3, 0, 9, out, 5)
        square = 0.0
        for axis in range(3):
            apart = states[row, 9 + axis] - states[row, 6 + axis]
            square += apart * apart
        out[row, 10] = math.sqrt(square) * KNOTS_IN_M_US
    return out
