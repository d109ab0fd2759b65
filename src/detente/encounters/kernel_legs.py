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
    inlined,
    kernel,
    lean,
)

__all__ = [
    "AT_REST",
    "BASELINE_S",
    "DATUM_SEA",
    "DATUM_SHIFT",
    "FOLLOWED",
    "LEG_M_MAX",
    "SHIP",
    "by_mover",
    "make_legs",
    "moves_of",
    "not_on_earth",
    "note_movers",
    "number",
    "place",
]

Floats = npt.NDArray[np.float64]
Singles = npt.NDArray[np.float32]
Integers = npt.NDArray[np.int64]
Shorts = npt.NDArray[np.int32]
Bytes = npt.NDArray[np.uint8]

X, Y, Z, H, VX = 2, 3, 4, 5, 6
"""Where a leg's row has the place, the height and the rates of all four (``moves_of``)."""
A_M = 6378137.0
E2 = 0.0066943799901413165
"""WGS 84: equatorial radius and squared eccentricity."""

LANES = 1_024
"""How many fixes are placed at a time: they stay in the processor's nearest memory."""
LEG_M_MAX = 3_570.0
LONG_M = 5_000.0
"""No leg, and SHARES_MOST times the mean no mover, counts for more in the way that says how time is cut."""
SHARES_MOST = 8.0
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
HEIGHT_ZERO, HEIGHT_VARIES, HEIGHT_UNKNOWN = range(3)
"""What a mover's heights are: all 0, as of ships; all unknown; or neither."""
DATUM_SEA = 4
"""Datum codes: 0 unknown, 1 pressure, 2 ellipsoid, 3 ground, 4 the sea, for ships."""
SHIP = 1
"""Kind codes: 0 unknown, else 1 + place in detente.tracks.schema.KINDS."""


@inlined
def _sine_cosine(degrees: float) -> tuple[float, float]:
    """Return sine and cosine of an angle in [-180, 180], without branches so that loops run in lanes.

    Quarter turns are taken off exactly; on [-45, 45] degrees the Taylor series to the 17th and 16th power leave
    less than 2e-17.
    """
    # adding and taking off 1.5 * 2^52 rounds to the nearest whole number, from -2 to 2
    quarter = (degrees * (1.0 / 90.0) + 6755399441055744.0) - 6755399441055744.0
    x = (degrees - 90.0 * quarter) * (math.pi / 180.0)
    z = x * x
    s = 1.0 / 355687428096000.0
    s = s * z - 1.0 / 1307674368000.0
    s = s * z + 1.0 / 6227020800.0
    s = s * z - 1.0 / 39916800.0
    s = s * z + 1.0 / 362880.0
    s = s * z - 1.0 / 5040.0
    s = s * z + 1.0 / 120.0
    s = s * z - 1.0 / 6.0
    s = x + x * z * s
    c = 1.0 / 20922789888000.0
    c = c * z - 1.0 / 87178291200.0
    c = c * z + 1.0 / 479001600.0
    c = c * z - 1.0 / 3628800.0
    c = c * z + 1.0 / 40320.0
    c = c * z - 1.0 / 720.0
    c = c * z + 1.0 / 24.0
    c = 1.0 - 0.5 * z + z * z * c
    half = abs(quarter) == 2.0
    sine = c if quarter == 1.0 else (-c if quarter == -1.0 else (-s if half else s))
    cosine = -s if quarter == 1.0 else (s if quarter == -1.0 else (-c if half else c))
    return sine, cosine


@kernel(FLOATS_LENT, FLOATS_LENT)
def not_on_earth(lon: Floats, lat: Floats) -> int:
    """Return how many positions, in degrees, are not on Earth or not finite."""
    impossible = 0
    for i in range(lon.size):
        impossible += not (-180.0 <= lon[i] <= 180.0 and -90.0 <= lat[i] <= 90.0)
    return impossible


@kernel(FLOATS_LENT, FLOATS_LENT, FLOATS_LENT, SHORTS, BYTES, BYTES, TABLE)
def place(
    lon: Floats, lat: Floats, height: Floats, code: Shorts, kind: Bytes, mark: Bytes, placed: Floats
) -> None:
    """Fill ``placed`` (n, 4) with x, y, z of the point at zero height, and the height (NaN unknown), in metres.

    height: of each fix, or empty; ships (kind SHIP of the mover's code) are at sea level, and so is their mark.
    """
    # no branches and nothing but plain arrays, so that it runs in lanes
    xs, ys, zs = np.empty(LANES), np.empty(LANES), np.empty(LANES)
    for begin in range(0, lon.size, LANES):
        count = min(LANES, lon.size - begin)
        east, north = lon[begin : begin + count], lat[begin : begin + count]
        for i in range(count):
            sine, cosine = _sine_cosine(north[i])
            sine_east, cosine_east = _sine_cosine(east[i])
            normal = A_M / math.sqrt(1.0 - E2 * sine * sine)
            xs[i] = normal * cosine * cosine_east
            ys[i] = normal * cosine * sine_east
            zs[i] = normal * (1.0 - E2) * sine
        for i in range(count):
            placed[begin + i, 0], placed[begin + i, 1], placed[begin + i, 2] = xs[i], ys[i], zs[i]
    for i in range(lon.size):
        placed[i, 3] = height[i] if height.size else math.nan
        if kind[code[i]] == SHIP:
            placed[i, 3] = 0.0
            mark[i] |= DATUM_SEA << DATUM_SHIFT


@kernel(SHORTS, BYTES_LENT, BYTES)
def note_movers(code: Shorts, said: Bytes, known: Bytes) -> None:
    """Keep for each mover the highest of what its fixes say (0: nothing), in ``known``, indexed by code."""
    for i in range(code.size):
        known[code[i]] = max(known[code[i]], said[i])


@kernel(INTEGERS_LENT, WHOLE, WHOLE, SHORTS, INTEGERS, SHORTS, INTEGERS)
def number(
    hashes: Integers, row: int, known: int, codes: Shorts, keys: Integers, places: Shorts, fresh: Integers
) -> tuple[int, int]:
    """Give each hash its number from row on, new ones the next number; returns where it stopped and how many now.

    keys, places: a table of open addresses, a power of two long; places are numbers, -1 empty. It stops when the
    table is half full, to be called again with a larger one. fresh: the row in which each new one came first.
    """
    mask = places.size - 1
    begun = known
    for i in range(row, hashes.size):
        h = hashes[i]
        at = (h ^ (h >> 32)) & mask
        while places[at] >= 0 and keys[at] != h:
            at = (at + 1) & mask
        if places[at] < 0:
            if 2 * known >= places.size or known - begun == fresh.size:
                return i, known
            keys[at], places[at] = h, known
            fresh[known - begun] = i
            known += 1
        codes[i] = places[at]
    return hashes.size, known


@lean
def _merge(
    k: int,
    i: int,
    moves: Floats,
    placed: Floats,
    rcs: Singles,
    rc: Singles,
    ages: Singles,
    age: Singles,
    marks: Bytes,
    mark: Bytes,
) -> None:
    """Let the same position said twice keep the lower known height and the worse quality."""
    if placed[i, 3] < moves[k, H] or moves[k, H] != moves[k, H]:
        moves[k, H] = placed[i, 3]
    if rc.size and (rc[i] > rcs[k] or rcs[k] != rcs[k]):
        rcs[k] = rc[i]
    if age.size and (age[i] > ages[k] or ages[k] != ages[k]):
        ages[k] = age[i]
    marks[k] = max(marks[k], mark[i])


@inlined
def _close_up(
    first: Integers, free: Integers, times: Floats, moves: Floats, rcs: Singles, ages: Singles, marks: Bytes
) -> None:
    """Close the holes that left-out fixes leave between movers."""
    kept = 0
    for m in range(first.size - 1):
        begin, end = first[m], free[m]
        first[m] = kept
        if begin == kept:
            kept = end
            continue
        for i in range(begin, end):
            times[kept], marks[kept] = times[i], marks[i]
            for axis in range(4):
                moves[kept, X + axis] = moves[i, X + axis]
            if rcs.size:
                rcs[kept] = rcs[i]
            if ages.size:
                ages[kept] = ages[i]
            kept += 1
    first[-1] = kept


@lean
def _keep(moves: Floats, k: int, placed: Floats, i: int) -> int:
    """Compare two positions of one mover at one time: -1 when that of i is less than that kept in k, 0, 1."""
    for axis in range(3):
        if placed[i, axis] != moves[k, X + axis]:
            return -1 if placed[i, axis] < moves[k, X + axis] else 1
    return 0


@kernel(
    *(SHORTS, SHORTS, WHOLE, INTEGERS_LENT, TABLE, SINGLES_LENT, SINGLES_LENT, BYTES),
    *(WHOLE, NUMBER, FLOATS, TABLE),
)
def by_mover(
    code: Shorts,
    local_of: Shorts,
    movers: int,
    time: Integers,
    placed: Floats,
    rc: Singles,
    age: Singles,
    mark: Bytes,
    base: int,
    until: float,
    times: Floats,
    moves: Floats,
) -> tuple[Integers, Floats, Singles, Singles, Bytes, int]:
    """Return where each mover's fixes begin (movers + 1) and the fixes sorted by mover, one of each time.

    code: mover of each fix in time order; local_of: code -> 0 .. movers - 1; rc, age may be empty; times,
    moves: room for as many as come in; of the rows of moves, place and height are filled in. Times come out
    relative to the base. Of several positions of one mover at one time the least (x, y, z) is kept, with its known
    height and its worst quality, whatever their order.
    The last result counts those not kept from the base to before ``until``.
    """
    n = code.size
    first = np.zeros(movers + 1, np.int64)
    for i in range(n):
        first[local_of[code[i]] + 1] += 1
    for m in range(movers):
        first[m + 1] += first[m]
    free = first[:-1].copy()
    marks = np.empty(n, np.uint8)
    rcs, ages = np.empty(rc.size, np.float32), np.empty(age.size, np.float32)
    twice = 0
    for i in range(n):
        m = local_of[code[i]]
        k = free[m]
        t = float(time[i] - base)
        order = -1
        if k > first[m] and times[k - 1] == t:
            k -= 1
            twice += 0.0 <= t < until
            order = _keep(moves, k, placed, i)
            if order == 0:
                _merge(k, i, moves, placed, rcs, rc, ages, age, marks, mark)
        else:
            free[m] = k + 1
        if order < 0:
            times[k] = t
            for axis in range(4):
                moves[k, X + axis] = placed[i, axis]
            marks[k] = mark[i]
            if rc.size:
                rcs[k] = rc[i]
            if age.size:
                ages[k] = age[i]
    _close_up(first, free, times, moves, rcs, ages, marks)
    n = first[movers]
    return first, times[:n], rcs[: min(n, rc.size)], ages[: min(n, age.size)], marks[:n], twice


@lean
def _move(i: int, times: Floats, followed: bool, moves: Floats) -> None:  # noqa: FBT001 - compiled
    """Fill in when the leg of a fix begins and ends, and its rates."""
    moves[i, 0] = moves[i, 1] = times[i]
    if followed:
        moves[i, 1] = times[i + 1]
        rate = 1.0 / (times[i + 1] - times[i])
        for axis in range(4):
            moves[i, VX + axis] = (moves[i + 1, X + axis] - moves[i, X + axis]) * rate


@kernel(FLOATS, BYTES, TABLE)
def moves_of(times: Floats, leg: Bytes, moves: Floats) -> None:
    """Complete each leg as a row: begin, end, x, y, z, height, and their rates (m / us).

    Place and height are there before.
    """
    for i in range(times.size):
        _move(i, times, leg[i] & FOLLOWED != 0, moves)


@lean
def _fill_heights(begin: int, end: int, times: Floats, moves: Floats, gap: float) -> int:
    """Fill in a mover's unknown heights between known ones; returns what its heights are all over."""
    known = -1
    unknown, zero = 0, True
    for i in range(begin, end):
        if moves[i, H] == moves[i, H]:
            if 0 <= known < i - 1 and times[i] - times[known] <= gap:
                rate = (moves[i, H] - moves[known, H]) / (times[i] - times[known])
                for j in range(known + 1, i):
                    moves[j, H] = moves[known, H] + rate * (times[j] - times[known])
            known = i
            zero = zero and moves[i, H] == 0.0
        else:
            unknown += 1
    if unknown == end - begin:
        return HEIGHT_UNKNOWN
    return HEIGHT_ZERO if zero and unknown == 0 else HEIGHT_VARIES


@lean
def _mark_rest(first: int, last: int, times: Floats, moves: Floats, marks: Bytes, leg: Bytes) -> None:
    """Mark a mover's legs on which it is at rest (detente.encounters.motion states the rule)."""
    baseline = BASELINE_S * 1e6
    begin = back = ahead = first
    for i in range(first, last - 1):
        if not leg[i] & FOLLOWED:
            begin = back = ahead = i + 1
            continue
        while back < i and times[back + 1] <= times[i + 1] - baseline:
            back += 1
        end = i + 1
        if times[back] > times[i + 1] - baseline:  # too near the beginning of the coverage: look ahead
            ahead = max(ahead, end)
            while leg[ahead] & FOLLOWED and times[ahead] - times[begin] < baseline:
                ahead += 1
            end = ahead
        dx = moves[end, X] - moves[back, X]
        dy = moves[end, Y] - moves[back, Y]
        dz = moves[end, Z] - moves[back, Z]
        over_s = (times[end] - times[back]) * 1e-6
        square = (dx * dx + dy * dy + dz * dz) / (over_s * over_s)
        reported = marks[i] & STATUS_AT_REST and marks[i + 1] & STATUS_AT_REST
        if square < REST_MS**2 or (reported and square < REST_BY_STATUS_MS**2):
            leg[i] |= AT_REST


@inlined
def _mean_way(ways: Floats, moving: int) -> float:
    """Return the way of all movers, where none counts for more than SHARES_MOST times the mean."""
    total_m = ways.sum()
    # what is left of a way lowers the mean, and so what is left of it
    for _ in range(3):
        most = SHARES_MOST * total_m / max(moving, 1)
        total_m = 0.0
        for m in range(ways.size):
            total_m += min(ways[m], most)
    return float(total_m)


@kernel(INTEGERS, FLOATS, TABLE, BYTES, NUMBER, NUMBER, BYTES, FLOATS, BYTES)
def make_legs(
    first: Integers,
    times: Floats,
    moves: Floats,
    marks: Bytes,
    gap: float,
    until: float,
    leg: Bytes,
    ends: Floats,
    height: Bytes,
) -> tuple[int, float, float, int]:
    """Fill in each fix's leg to the mover's next fix (FOLLOWED, AT_REST), when it ends, and complete its row.

    height: of each mover, what its heights are all over (HEIGHT_ZERO, HEIGHT_VARIES, HEIGHT_UNKNOWN). Unknown
    heights between known ones at most ``gap`` (us) apart are filled in, linear in time. Returns the number, the
    time and the way of the legs that begin from 0 to before ``until``; what counts of a way is limited (LONG_M), so
    that neither a teleport nor one fast mover changes how time is cut. And how many legs are longer than LEG_M_MAX.
    """
    begun = moving = long = 0
    total_us = 0.0
    ways = np.zeros(first.size - 1)
    for m in range(first.size - 1):
        begun_before = begun
        height[m] = _fill_heights(first[m], first[m + 1], times, moves, gap)
        for i in range(first[m], first[m + 1]):
            followed = i + 1 < first[m + 1] and times[i + 1] - times[i] <= gap
            leg[i] = FOLLOWED if followed else 0
            ends[i] = times[min(i + 1, times.size - 1)]
            _move(i, times, followed, moves)
            if followed:
                dx = moves[i + 1, X] - moves[i, X]
                dy = moves[i + 1, Y] - moves[i, Y]
                dz = moves[i + 1, Z] - moves[i, Z]
                length = math.sqrt(dx * dx + dy * dy + dz * dz)
                long += length > LEG_M_MAX
                if 0.0 <= times[i] < until:
                    begun += 1
                    total_us += times[i + 1] - times[i]
                    ways[m] += min(length, LONG_M)
        moving += begun > begun_before
        _mark_rest(first[m], first[m + 1], times, moves, marks, leg)
    return begun, total_us, _mean_way(ways, moving), long
