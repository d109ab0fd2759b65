"""From fixes in time order to legs of each mover, in earth-centred coordinates.

A fix is placed on the WGS 84 ellipsoid at zero height; its height is an axis of its own. Times are whole
microseconds held in float64 relative to a base that is a whole microsecond too: differences are exact, so that
no result depends on the base.

A leg is the motion between two consecutive fixes of one mover at most ``gap`` apart. It is flown along the chord.
The chord of a leg of length L lies below the geodesic by at most the sagitta L^2 / 8R; legs longer than
LEG_M_MAX are split at points of the geodesic, so that the sagitta stays below 0.25 m. It acts along the vertical,
at a right angle to the horizontal distance d, which it can change by (0.25 m)^2 / 2d at most: 1 mm at 32 m.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from detente.encounters.compiled import (
    BYTES,
    BYTES_LENT,
    FLOATS,
    FLOATS_LENT,
    INTEGERS,
    INTEGERS_LENT,
    NUMBER,
    SHORTS,
    SINGLES_LENT,
    TABLE,
    WHOLE,
    kernel,
)

__all__ = [
    "AT_REST",
    "BASELINE_S",
    "DATUM_SHIFT",
    "FOLLOWED",
    "LEG_M_MAX",
    "by_mover",
    "gather",
    "make_legs",
    "mark_rest",
    "note_movers",
    "place",
]

Floats = npt.NDArray[np.float64]
Singles = npt.NDArray[np.float32]
Integers = npt.NDArray[np.int64]
Shorts = npt.NDArray[np.int32]
Bytes = npt.NDArray[np.uint8]

A_M = 6378137.0
E2 = 0.0066943799901413165
"""WGS 84: equatorial radius and squared eccentricity."""

LEG_M_MAX = 3_570.0
BASELINE_S = 120.0
"""Over how long a motion is measured to tell whether a mover is at rest."""
REST_MS = 0.5 * 1852.0 / 3600.0
REST_BY_STATUS_MS = 1.0 * 1852.0 / 3600.0

FOLLOWED = 1
"""Bit of a fix's leg: the mover's next fix follows within the gap."""
AT_REST = 2
"""Bit of a fix's leg: the mover is at rest on it."""
STATUS_AT_REST = 1
"""Bit of a fix's mark: it was reported as moored or at anchor."""
DATUM_SHIFT = 1
"""The bits of a mark above it: what the height is measured from."""


@kernel(FLOATS_LENT, FLOATS_LENT, FLOATS, TABLE)
def place(lon: Floats, lat: Floats, height: Floats, placed: Floats) -> int:
    """Fill ``placed`` (n, 4) with x, y, z of the point at zero height, and the height (NaN unknown), in metres.

    Returns how many positions are not on Earth or not finite; nothing may be done with the others then.
    """
    impossible = 0
    radians = math.pi / 180.0
    for i in range(lon.size):
        if not (-180.0 <= lon[i] <= 180.0 and -90.0 <= lat[i] <= 90.0):
            impossible += 1
            continue
        east, north = lon[i] * radians, lat[i] * radians
        sine, cosine = math.sin(north), math.cos(north)
        normal = A_M / math.sqrt(1.0 - E2 * sine * sine)
        placed[i, 0] = normal * cosine * math.cos(east)
        placed[i, 1] = normal * cosine * math.sin(east)
        placed[i, 2] = normal * (1.0 - E2) * sine
        placed[i, 3] = height[i]
    return impossible


@kernel(SHORTS, BYTES_LENT, BYTES)
def note_movers(code: Shorts, said: Bytes, known: Bytes) -> None:
    """Keep for each mover the highest of what its fixes say (0: nothing), in ``known``, indexed by code."""
    for i in range(code.size):
        if said[i] > known[code[i]]:
            known[code[i]] = said[i]


@kernel(SHORTS, SHORTS, WHOLE)
def by_mover(code: Shorts, local_of: Shorts, movers: int) -> tuple[Integers, Integers]:
    """Return where each mover's fixes begin (movers + 1) and the fixes' places sorted by mover, else in order.

    code: mover of each fix in time order; local_of: code -> 0 .. movers - 1.
    """
    first = np.zeros(movers + 1, np.int64)
    for i in range(code.size):
        first[local_of[code[i]] + 1] += 1
    for m in range(movers):
        first[m + 1] += first[m]
    free = first[:-1].copy()
    order = np.empty(code.size, np.int64)
    for i in range(code.size):
        m = local_of[code[i]]
        order[free[m]] = i
        free[m] += 1
    return first, order


@kernel(INTEGERS, INTEGERS, INTEGERS_LENT, TABLE, SINGLES_LENT, SINGLES_LENT, BYTES, WHOLE, WHOLE)
def gather(
    first: Integers,
    order: Integers,
    time: Integers,
    placed: Floats,
    rc: Singles,
    age: Singles,
    mark: Bytes,
    base: int,
    counted_from: int,
) -> tuple[Integers, Floats, Floats, Singles, Singles, Bytes, int]:
    """Return the fixes sorted by mover, one of each (mover, time), times relative to the base.

    Of several positions of one mover at one time the least (x, y, z) is kept, whatever their order. The last
    result counts those not kept whose time is not before ``counted_from``.
    """
    n = order.size
    begins = np.empty_like(first)
    times, points = np.empty(n), np.empty((n, 4))
    rcs, ages, marks = np.empty(n, np.float32), np.empty(n, np.float32), np.empty(n, np.uint8)
    kept = 0
    twice = 0
    for m in range(first.size - 1):
        begins[m] = kept
        for j in range(first[m], first[m + 1]):
            i = order[j]
            t = float(time[i] - base)
            k = kept
            if kept > begins[m] and times[kept - 1] == t:
                if time[i] >= counted_from:
                    twice += 1
                k = kept - 1
                side = 0
                for axis in range(3):
                    if side == 0 and placed[i, axis] != points[k, axis]:
                        side = -1 if placed[i, axis] < points[k, axis] else 1
                if side == 0:
                    if not points[k, 3] <= placed[i, 3]:
                        if placed[i, 3] == placed[i, 3]:  # noqa: PLR0124 - not a NaN
                            points[k, 3] = placed[i, 3]
                    rcs[k] = max(rcs[k], rc[i])
                    ages[k] = max(ages[k], age[i])
                    marks[k] = max(marks[k], mark[i])
                if side >= 0:
                    continue
            else:
                kept += 1
            times[k] = t
            points[k, 0] = placed[i, 0]
            points[k, 1] = placed[i, 1]
            points[k, 2] = placed[i, 2]
            points[k, 3] = placed[i, 3]
            rcs[k], ages[k], marks[k] = rc[i], age[i], mark[i]
    begins[-1] = kept
    return begins, times[:kept], points[:kept], rcs[:kept], ages[:kept], marks[:kept], twice


@kernel(INTEGERS, FLOATS, TABLE, NUMBER)
def make_legs(first: Integers, times: Floats, points: Floats, gap: float) -> tuple[Bytes, Floats]:
    """Return each fix's leg to the mover's next fix (FOLLOWED or 0) and its length in metres.

    Unknown heights between known ones at most ``gap`` (us) apart are filled in, linear in time.
    """
    leg = np.zeros(times.size, np.uint8)
    length = np.zeros(times.size)
    for m in range(first.size - 1):
        known = -1
        for i in range(first[m], first[m + 1]):
            if i + 1 < first[m + 1] and times[i + 1] - times[i] <= gap:
                leg[i] = FOLLOWED
                dx = points[i + 1, 0] - points[i, 0]
                dy = points[i + 1, 1] - points[i, 1]
                dz = points[i + 1, 2] - points[i, 2]
                length[i] = math.sqrt(dx * dx + dy * dy + dz * dz)
            if points[i, 3] == points[i, 3]:  # noqa: PLR0124 - not a NaN
                if 0 <= known < i - 1 and times[i] - times[known] <= gap:
                    rate = (points[i, 3] - points[known, 3]) / (times[i] - times[known])
                    for j in range(known + 1, i):
                        points[j, 3] = points[known, 3] + rate * (times[j] - times[known])
                known = i
    return leg, length


@kernel(INTEGERS, FLOATS, TABLE, BYTES, BYTES)
def mark_rest(first: Integers, times: Floats, points: Floats, marks: Bytes, leg: Bytes) -> None:
    """Mark the legs on which the mover is at rest (detente.encounters.motion states the rule)."""
    baseline = BASELINE_S * 1e6
    for m in range(first.size - 1):
        begin = back = first[m]
        ahead = begin
        for i in range(first[m], first[m + 1] - 1):
            if not leg[i] & FOLLOWED:
                begin = back = i + 1
                ahead = begin
                continue
            while back < i and times[back + 1] <= times[i + 1] - baseline:
                back += 1
            end = i + 1
            if times[back] > times[i + 1] - baseline:  # too near the beginning of the coverage: look ahead
                ahead = max(ahead, end)
                while leg[ahead] & FOLLOWED and times[ahead] - times[begin] < baseline:
                    ahead += 1
                end = ahead
            dx = points[end, 0] - points[back, 0]
            dy = points[end, 1] - points[back, 1]
            dz = points[end, 2] - points[back, 2]
            speed = math.sqrt(dx * dx + dy * dy + dz * dz) / (times[end] - times[back]) * 1e6
            reported = marks[i] & STATUS_AT_REST and marks[i + 1] & STATUS_AT_REST
            if speed < REST_MS or (reported and speed < REST_BY_STATUS_MS):
                leg[i] |= AT_REST
