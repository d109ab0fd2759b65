"""A first look at fixes as they were read: which movers can have come near an active area in a window of time.

Longitude and latitude are cut into squares of a degree, those at the border of what areas reach into CUT x CUT cells;
the window of time into SLOTS slots. A cell says, a bit a slot, whether some area is active and in reach then. It may
say so of too much and never of too little: what is passed over here is not looked at again.

A leg of length d lies within d / 2 of one of its ends. So an end in a cell that is in reach by SHORT_M / 2 more than an
area's own reach tells of every leg up to SHORT_M; squares that are in reach by LONG_M / 2 more tell of those up to
LONG_M; a leg that is longer still is taken to be near.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
from numba import types

from detente.encounters.compiled import FLOATS, INTEGERS, NUMBER, SHORTS, TABLE, WHOLES, inlined, kernel

__all__ = [
    "BLOCKS_MOST",
    "CUT",
    "LONG_M",
    "SHORT_M",
    "SLOTS",
    "SQUARES",
    "WIDE",
    "fixes_in_reach",
    "mark_caps",
    "movers_in_reach",
    "when_near",
]

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Shorts = npt.NDArray[np.int32]
Look = tuple[Integers, Integers, Shorts, Integers]
"""Slots in which a whole square is in reach, in which it is so for long legs, the block of its cells (-1: none), and
the slots of the cells of each block (blocks, CUT * CUT)."""

LOOK = types.Tuple((INTEGERS, INTEGERS, SHORTS, WHOLES))  # type: ignore[no-untyped-call] # Numba's own

SLOTS = 62
CUT_BITS = 5
CUT = 1 << CUT_BITS
SQUARES = 180 * 360
BLOCKS_MOST = 4_096
"""More squares than these are not cut: they are in reach as a whole."""
WIDE = 3.0
"""An area that reaches farther, in degrees, marks whole squares."""
SHORT_M, LONG_M = 4_000.0, 100_000.0
DEGREE_M = 111_700.0
"""No degree of latitude, nor of longitude at the equator, is longer."""


@inlined
def _half_width(lat: float, reach: float, south: float, north: float) -> float:
    """Return how far a cap reaches to either side of its middle between two latitudes; all in degrees; -1: it does not.

    A cap around a pole reaches all around.
    """
    if south > lat + reach or north < lat - reach:
        return -1.0
    if lat + reach >= 90.0 or lat - reach <= -90.0:
        return 180.0
    phi, rho = math.radians(lat), math.radians(reach)
    # it is widest where its side touches a meridian
    widest = math.asin(min(max(math.sin(phi) / math.cos(rho), -1.0), 1.0))
    at = min(max(widest, math.radians(max(south, lat - reach))), math.radians(min(north, lat + reach)))
    cosine = (math.cos(rho) - math.sin(phi) * math.sin(at)) / (math.cos(phi) * math.cos(at))
    # a hundredth of a second of arc for rounding
    return math.degrees(math.acos(min(max(cosine, -1.0), 1.0))) + 3e-6


@inlined
def _mark_squares(slots: int, lon: float, lat: float, reach: float, marked: Integers) -> None:
    """Add slots to every square that a cap touches."""
    first = max(math.floor(lat - reach + 90.0), 0)
    last = min(math.floor(lat + reach + 90.0), 179)
    for row in range(first, last + 1):
        half = _half_width(lat, reach, row - 90.0, row - 89.0)
        if half < 0.0:
            continue
        begin = math.floor(lon + 180.0 - half)
        count = min(math.floor(lon + 180.0 + half) - begin + 1, 360)
        for column in range(begin, begin + count):
            marked[row * 360 + column % 360] |= slots


@inlined
def _mark_cells(
    slots: int,
    lon: float,
    lat: float,
    reach: float,
    full: Integers,
    block_of: Shorts,
    blocks: Integers,
    used: int,
) -> int:
    """Add slots to every cell that a cap touches; returns how many blocks are used now."""
    first = max(math.floor((lat - reach + 90.0) * CUT), 0)
    last = min(math.floor((lat + reach + 90.0) * CUT), 180 * CUT - 1)
    for row in range(first, last + 1):
        half = _half_width(lat, reach, row / CUT - 90.0, (row + 1) / CUT - 90.0)
        if half < 0.0:
            continue
        begin = math.floor((lon + 180.0 - half) * CUT)
        count = min(math.floor((lon + 180.0 + half) * CUT) - begin + 1, 360 * CUT)
        for k in range(begin, begin + count):
            column = k % (360 * CUT)
            square = (row // CUT) * 360 + column // CUT
            if block_of[square] < 0:
                if used == blocks.shape[0]:
                    full[square] |= slots
                    continue
                block_of[square] = used
                used += 1
            blocks[block_of[square], (row % CUT) * CUT + column % CUT] |= slots
    return used


@kernel(TABLE, INTEGERS, LOOK)
def mark_caps(caps: Floats, slots: Integers, look: Look) -> int:
    """Mark what areas reach; returns how many blocks are used.

    caps: longitude and latitude of the middle, the reach of each and its reach for long legs, in degrees; slots: when
    it is active. What is marked must be empty before.
    """
    full, wide, block_of, blocks = look
    used = 0
    for k in range(caps.shape[0]):
        lon, lat = caps[k, 0], caps[k, 1]
        _mark_squares(slots[k], lon, lat, caps[k, 3], wide)
        if caps[k, 2] > WIDE:
            _mark_squares(slots[k], lon, lat, caps[k, 2], full)
        else:
            used = _mark_cells(slots[k], lon, lat, caps[k, 2], full, block_of, blocks, used)
    return used


@inlined
def _slot(time: float, since: float, per_us: float) -> int:
    """Return the slot of a time; those before the first and after the last count to these."""
    return min(max(int((time - since) * per_us), 0), SLOTS - 1)


@inlined
def _place_of(lon: float, lat: float) -> tuple[int, int]:
    """Return the square of a position and the cell in it."""
    row = min(int((lat + 90.0) * CUT), 180 * CUT - 1)
    column = min(int((lon + 180.0) * CUT), 360 * CUT - 1)
    return (row >> CUT_BITS) * 360 + (column >> CUT_BITS), ((row & CUT - 1) << CUT_BITS) + (column & CUT - 1)


@inlined
def _cell_slots(square: int, cell: int, look: Look) -> int:
    """Return the slots in which a cell is in reach."""
    block = look[2][square]
    return int(look[0][square] | (look[3][block, cell] if block >= 0 else 0))


@inlined
def _is_near(
    square: int,
    slots: int,
    square_before: int,
    slots_before: int,
    north_m: float,
    east_m: float,
    between: int,
    look: Look,
) -> bool:
    """Tell whether a leg may be near an area that is active in one of the slots between its ends."""
    length = north_m + east_m
    if length <= SHORT_M:
        return ((slots | slots_before) & between) != 0
    if length <= LONG_M:
        return bool((look[1][square] | look[1][square_before]) & between)
    return True


@kernel(*(SHORTS, INTEGERS, FLOATS, FLOATS, NUMBER, NUMBER, NUMBER, NUMBER, NUMBER, LOOK, FLOATS, WHOLES, TABLE))
def when_near(
    code: Shorts,
    time_us: Integers,
    lon: Floats,
    lat: Floats,
    base: float,
    since: float,
    until: float,
    counted_until: float,
    gap: float,
    look: Look,
    cosines: Floats,
    seen: Integers,
    near: Floats,
) -> tuple[int, int]:
    """Fill in from when to when each mover may have been near an active area; returns legs and duplicates.

    Of fixes in time order; times in microseconds, since, until and counted_until after the base. since, until: what
    lies between them is looked at. cosines: the greatest of each row of squares. seen: of each mover's last fix the
    square, the slots of its cell, and 1 where two positions of one time leave open which counts; zeros before. near:
    begin and end of each mover, inf and -inf before. The legs and duplicates (further fixes of a mover at one time)
    are those that begin from 0 to before counted_until.
    """
    last = np.full((near.shape[0], 4), -math.inf)
    legs = twice = 0
    per_us = SLOTS / (until - since) if until > since else 0.0
    for i in range(code.size):
        m, time, x, y = code[i], float(time_us[i] - base), lon[i], lat[i]
        before = last[m, 0]
        if time == before:
            twice += 0.0 <= time < counted_until
            if (x != last[m, 1] or y != last[m, 2]) and last[m, 3] <= until and time >= since:
                # which of both positions counts is told by more than their order
                near[m, 0] = min(near[m, 0], last[m, 3] if last[m, 3] > -math.inf else time)
                near[m, 1] = max(near[m, 1], time)
                seen[m, 2] = 1
            continue
        square, cell = _place_of(x, y)
        slots = _cell_slots(square, cell, look)
        follows = time - before <= gap
        if follows:
            legs += 0.0 <= before < counted_until
            if time > since and before < until:
                between = (2 << _slot(time, since, per_us)) - (1 << _slot(before, since, per_us))
                turn = abs(x - last[m, 1])
                north_m = abs(y - last[m, 2]) * DEGREE_M
                east_m = min(turn, 360.0 - turn) * DEGREE_M * cosines[square // 360]
                if seen[m, 2] or _is_near(square, slots, seen[m, 0], seen[m, 1], north_m, east_m, between, look):
                    near[m, 0] = min(near[m, 0], before)
                    near[m, 1] = max(near[m, 1], time)
        last[m, 0], last[m, 1], last[m, 2], last[m, 3] = time, x, y, before if follows else -math.inf
        seen[m, 0], seen[m, 1], seen[m, 2] = square, slots, 0
    return legs, twice


@kernel(SHORTS, INTEGERS, NUMBER, TABLE, NUMBER)
def movers_in_reach(code: Shorts, time_us: Integers, base: float, near: Floats, around: float) -> Integers:
    """Return the places of the fixes of each mover from when to when it was near, and so much around that."""
    found = np.empty(code.size, np.int64)
    count = 0
    for i in range(code.size):
        time, m = float(time_us[i] - base), code[i]
        found[count] = i
        count += near[m, 0] - around <= time <= near[m, 1] + around
    return found[:count].copy()


@kernel(INTEGERS, FLOATS, FLOATS, NUMBER, NUMBER, NUMBER, LOOK)
def fixes_in_reach(
    time_us: Integers, lon: Floats, lat: Floats, base: float, since: float, until: float, look: Look
) -> Integers:
    """Return the places of the fixes that lie in a cell in reach of an area that is active then."""
    found = np.empty(lon.size, np.int64)
    per_us = SLOTS / (until - since) if until > since else 0.0
    count = 0
    for i in range(lon.size):
        square, cell = _place_of(lon[i], lat[i])
        slot = _slot(float(time_us[i] - base), since, per_us)
        found[count] = i
        count += (_cell_slots(square, cell, look) >> slot) & 1
    return found[:count].copy()
