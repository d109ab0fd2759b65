"""The numbers of a table of encounters from earth-centred states: what a person reads of each, in one pass.

How two movers met: head on, crossing, overtaking, or one of them stopped. Judged once, on entering; at the
closest point when coverage began inside the limits. In this order:

- ``stopped``: one or both are at rest (detente.encounters.motion), or a leg has no motion at all;
- ``head_on``: the courses are within 10 degrees of reciprocal (rule 14: "reciprocal or nearly reciprocal");
- ``overtaking``: the one that is not slower is in the other's stern sector, more than 22.5 degrees abaft the
  beam, that is at a relative bearing of more than 112.5 degrees to either side (rule 13); or the courses are
  within 22.5 degrees of each other: the same way, passing or keeping station;
- ``crossing``: everything else (rule 15).

The names are those of the International Regulations for Preventing Collisions at Sea (1972), the sectors too. For
aircraft they describe the geometry and claim no right of way.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from detente.encounters.compiled import BYTES, INTEGERS, TABLE, WHOLE, WHOLES, inlined, kernel

__all__ = ["COLUMNS", "SITUATIONS", "listed", "order_of"]

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Shorts = npt.NDArray[np.int32]
Bytes = npt.NDArray[np.uint8]

E2 = 0.0066943799901413165
KNOTS_IN_M_US = 1e6 * 3600.0 / 1852.0
KNOT_MS = 1852.0 / 3600.0
HEAD_ON_DEG = 170.0
SAME_WAY_DEG = 22.5
STERN_SECTOR_DEG = 112.5

COLUMNS = (
    *("chord_m", "vertical_m", "severity", "speed_a_kn", "speed_b_kn", "course_a_deg", "course_b_deg"),
    *("closing_speed_kn", "relative_speed_kn", "relative_bearing_a_deg", "relative_bearing_b_deg"),
    *("aspect_a_deg", "aspect_b_deg", "lon_a", "lat_a", "altitude_a_m", "lon_b", "lat_b", "altitude_b_m"),
)
"""What ``listed`` fills in, one row each."""
SITUATIONS = ("stopped", "head_on", "overtaking", "crossing")
"""Situations by their number."""


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
def _frame(x: float, y: float, z: float) -> tuple[float, float, float, float, float]:
    """Return the radius across the axis, and sine and cosine of latitude and of longitude."""
    flat = math.sqrt(x * x + y * y)
    # the normal's direction: exact on the ellipsoid, and within a centimetre a metre off it
    across = flat * (1.0 - E2)
    size = math.sqrt(across * across + z * z)
    sine_east, cosine_east = (y / flat, x / flat) if flat > 0.0 else (0.0, 1.0)
    return across, z / size, across / size, sine_east, cosine_east


@inlined
def _bearing(fields: Floats, row: int, place: int, x: float, y: float, z: float) -> float:
    """Return the direction of a vector as seen from the place in the fields from a column on."""
    _, sine, cosine, sine_east, cosine_east = _frame(
        fields[row, place], fields[row, place + 1], fields[row, place + 2]
    )
    east = -sine_east * x + cosine_east * y
    north = -sine * (cosine_east * x + sine_east * y) + cosine * z
    return _direction(east, north)


@inlined
def _speed_kn(fields: Floats, row: int, column: int) -> float:
    vx, vy, vz = fields[row, column], fields[row, column + 1], fields[row, column + 2]
    return math.sqrt(vx * vx + vy * vy + vz * vz) * KNOTS_IN_M_US


@inlined
def _course(fields: Floats, row: int, place: int, moving: int, rests: int) -> float:
    """Return the direction of motion; NaN at rest."""
    if rests:
        return math.nan
    return _bearing(fields, row, place, fields[row, moving], fields[row, moving + 1], fields[row, moving + 2])


@inlined
def _within_turn(angle: float) -> float:
    """Return an angle in (-360, 720) modulo 360 degrees, in [0, 360]."""
    turned = angle - 360.0 if angle >= 360.0 else angle
    if turned == 0.0:
        return 0.0
    return turned + 360.0 if turned < 0.0 else turned


@inlined
def _seen(fields: Floats, row: int, own: int, other: int, course: float) -> float:
    """Return where the other is, clockwise from the own course in [0, 360); NaN without a course."""
    if course != course:  # noqa: PLR0124 - a NaN
        return math.nan
    bearing = _bearing(
        fields,
        row,
        own,
        fields[row, other] - fields[row, own],
        fields[row, other + 1] - fields[row, own + 1],
        fields[row, other + 2] - fields[row, own + 2],
    )
    seen = _within_turn(bearing - course)
    return 0.0 if seen >= 360.0 else seen


@inlined
def _situation(
    course_a: float, course_b: float, speed_a: float, speed_b: float, aspect_a: float, aspect_b: float
) -> int:
    """Return the number of the situation. aspect_a: how a lies to b, as b's bearing of a in (-180, 180]."""
    turned = abs(180.0 - _within_turn(180.0 - (course_b - course_a)))
    if turned != turned:  # noqa: PLR0124 - a NaN
        return 0
    if turned >= HEAD_ON_DEG:
        return 1
    a_is_astern = abs(aspect_a) > STERN_SECTOR_DEG and speed_a >= speed_b
    b_is_astern = abs(aspect_b) > STERN_SECTOR_DEG and speed_b >= speed_a
    return 2 if a_is_astern or b_is_astern or turned <= SAME_WAY_DEG else 3


@inlined
def _judge(fields: Floats, numbers: Integers, row: int, out: Floats) -> int:
    """Fill in bearings and aspects on entering, or at the closest point; returns the situation.

    Where coverage began inside the limits there was no entry: the closest point is judged instead.
    """
    flags = numbers[row, 5]
    at = 3 if flags & 1 else 15
    if flags & 1:
        course_a = _course(fields, row, at, at + 6, flags & 64)
        course_b = _course(fields, row, at + 3, at + 9, flags & 128)
    else:
        course_a, course_b = out[5, row], out[6, row]
    seen_by_a, seen_by_b = _seen(fields, row, at, at + 3, course_a), _seen(fields, row, at + 3, at, course_b)
    out[9, row], out[10, row] = seen_by_a, seen_by_b
    # how we lie to the other is how the other sees us
    out[11, row] = 180.0 - _within_turn(180.0 - seen_by_b)
    out[12, row] = 180.0 - _within_turn(180.0 - seen_by_a)
    speed_a, speed_b = _speed_kn(fields, row, at + 6), _speed_kn(fields, row, at + 9)
    return _situation(course_a, course_b, speed_a, speed_b, out[11, row], out[12, row])


@kernel(TABLE, WHOLES, TABLE, BYTES)
def listed(fields: Floats, numbers: Integers, out: Floats, situation: Bytes) -> None:
    """Fill ``out`` (COLUMNS, n) and the number of the situation of encounters: FIELDS and NUMBERS of each.

    Degrees, knots, metres. NaN: a course without motion or at rest and what is told from it, a bearing at no
    distance, a closing speed where there was no entry, an unknown height.
    """
    for row in range(fields.shape[0]):
        flags = numbers[row, 5]
        out[0, row] = math.sqrt(fields[row, 0])
        out[1, row] = abs(fields[row, 28] - fields[row, 27])
        out[2, row] = fields[row, 1]
        out[3, row], out[4, row] = _speed_kn(fields, row, 21), _speed_kn(fields, row, 24)
        out[5, row] = _course(fields, row, 15, 21, flags & 16)
        out[6, row] = _course(fields, row, 18, 24, flags & 32)
        out[7, row] = fields[row, 2] * 1e6 / KNOT_MS if flags & 1 else math.nan
        square = 0.0
        for axis in range(3):
            apart = fields[row, 24 + axis] - fields[row, 21 + axis]
            square += apart * apart
        out[8, row] = math.sqrt(square) * KNOTS_IN_M_US
        situation[row] = _judge(fields, numbers, row, out)
        for column, place in ((13, 15), (16, 18)):
            x, y, z = fields[row, place], fields[row, place + 1], fields[row, place + 2]
            out[column, row] = math.degrees(math.atan2(y, x))
            out[column + 1, row] = math.degrees(math.atan2(z, math.sqrt(x * x + y * y) * (1.0 - E2)))
        out[15, row], out[18, row] = fields[row, 27], fields[row, 28]


@inlined
def _pass(keys: Integers, shift: int, mask: int, order: Shorts, into: Shorts, free: Integers) -> None:
    """Put places in the order of some bits of their keys; those alike stay as they stand."""
    free[: mask + 2] = 0
    for i in range(order.size):
        free[((keys[i] >> shift) & mask) + 1] += 1
    for k in range(mask):
        free[k + 1] += free[k]
    for i in range(order.size):
        k = (keys[order[i]] >> shift) & mask
        into[free[k]] = order[i]
        free[k] += 1


@kernel(INTEGERS, INTEGERS, WHOLE)
def order_of(times: Integers, pairs: Integers, digits: int) -> Shorts:
    """Return the places in the order of time, those of one time in the order of ``pairs``.

    Times and pairs are not negative; pairs are below 2^digits.
    """
    order = np.arange(times.size).astype(np.int32)
    into = np.empty(times.size, np.int32)
    free = np.empty((1 << 16) + 1, np.int64)
    latest = np.int64(0)
    for i in range(times.size):
        latest = max(latest, times[i])
    shift = 0
    while shift < digits:
        _pass(pairs, shift, 0xFFFF, order, into, free)
        order, into = into, order
        shift += 16
    shift = 0
    while shift < 64 and latest >> shift > 0:
        _pass(times, shift, 0xFFFF, order, into, free)
        order, into = into, order
        shift += 16
    return order
