"""The legs of one window of time: fixes sorted by mover, long legs cut at points of their geodesic."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from pyproj import Geod

from detente.encounters.intake import Fixes
from detente.encounters.kernel_legs import (
    A_M,
    E2,
    FOLLOWED,
    LEG_M_MAX,
    H,
    X,
    by_mover,
    make_legs,
    moves_of,
)
from detente.encounters.motion import lon_lat
from detente.encounters.room import Room

__all__ = ["Legs", "Totals", "legs_of"]

_GEOD = Geod(ellps="WGS84")

Floats = npt.NDArray[np.float64]
Singles = npt.NDArray[np.float32]
Integers = npt.NDArray[np.int64]
Bytes = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Legs:
    """The legs of all movers, by mover and time, times in microseconds after a base.

    first: where each mover's legs begin; times, ends: when each begins and ends (where
    none follows, anything); moves: see moves_of; flags: FOLLOWED, AT_REST;
    rc_m, age_s (or empty) and mark: of the fix at which it begins;
    whole_begin, whole_end: of the leg between two fixes that this one is, or is a part of; height: what each mover's
    heights are all over (detente.encounters.kernel_legs).
    """

    first: Integers
    times: Floats
    ends: Floats
    moves: Floats
    flags: Bytes
    rc_m: Singles
    age_s: Singles
    mark: Bytes
    whole_begin: Floats
    whole_end: Floats
    height: Bytes


@dataclass(frozen=True, slots=True)
class Totals:
    """Of the legs that begin in the window: their number, time and way; and the rows left out as duplicates."""

    legs: int
    time_us: float
    way_m: float
    duplicates: int


def legs_of(
    room: Room,
    fixes: Fixes,
    local_of: npt.NDArray[np.int32],
    movers: int,
    *,
    gap_us: int,
    base_us: int,
    until: float,
) -> tuple[Legs, Totals]:
    """Return the legs of fixes in time order, and totals of those that begin from the base to before ``until``.

    room: where they lie, until it is used again. local_of: a mover's code -> its number in the window, below
    ``movers``.
    """
    moves = room.table("moves", fixes.count, 10)
    first, times, rcs, ages, marks, twice = by_mover(
        fixes.code,
        local_of,
        movers,
        fixes.time_us,
        fixes.points,
        fixes.rc_m,
        fixes.age_s,
        fixes.mark,
        base_us,
        until,
        room.array("times", fixes.count),
        moves,
    )
    flags, height = np.empty(times.size, np.uint8), np.empty(movers, np.uint8)
    ends = room.array("ends", times.size)
    moves = moves[: times.size]
    begun, time_us, way_m, long_legs = make_legs(
        first, times, moves, marks, float(gap_us), until, flags, ends, height
    )
    totals = Totals(legs=begun, time_us=time_us, way_m=way_m, duplicates=twice)
    whole = Legs(first, times, ends, moves, flags, rcs, ages, marks, times, ends, height)
    return (_in_parts(whole, room) if long_legs else whole), totals


def _in_parts(legs: Legs, room: Room) -> Legs:
    """Return legs of which those longer than LEG_M_MAX are cut; a part lasts at least a microsecond.

    room: where the parts lie, until it is used again.
    """
    times, flags, ends = legs.times, legs.flags, legs.ends
    points = legs.moves[:, X : H + 1]
    ways = points[1:, :3] - points[:-1, :3]
    length = np.sqrt(np.einsum("ij,ij->i", ways, ways))
    long = np.flatnonzero((flags[:-1] & FOLLOWED > 0) & (length > LEG_M_MAX))
    parts = np.minimum(np.ceil(length[long] / LEG_M_MAX), ends[long] - times[long]).astype(np.int64)
    long, parts = long[parts > 1], parts[parts > 1]
    copies = np.ones(times.size, np.int64)
    copies[long] = parts
    source = np.repeat(np.arange(times.size), copies)
    all_times, all_points = _split(times, ends, points, copies, source)
    moves = room.table("moves", all_times.size, 10)
    moves[:, X : H + 1] = all_points
    moves_of(all_times, flags[source], moves)
    return Legs(
        first=np.append(np.cumsum(copies) - copies, source.size)[legs.first],
        times=all_times,
        ends=np.ascontiguousarray(moves[:, 1]),
        moves=moves,
        flags=flags[source],
        rc_m=legs.rc_m[source] if legs.rc_m.size else legs.rc_m,
        age_s=legs.age_s[source] if legs.age_s.size else legs.age_s,
        mark=legs.mark[source],
        whole_begin=times[source],
        whole_end=ends[source],
        height=legs.height,
    )


def _split(
    times: Floats, ends: Floats, points: Floats, copies: Integers, source: Integers
) -> tuple[Floats, Floats]:
    """Return times and points with those between put in: ``copies`` parts of each leg.

    They stand at whole microseconds, where constant speed along the geodesic has them.
    """
    starts = np.cumsum(copies) - copies
    number = np.arange(source.size) - starts[source]
    put = np.flatnonzero(number)
    all_times, all_points = times[source], points[source]
    begin = source[put]
    all_times[put] += np.rint(number[put] / copies[begin] * (ends[begin] - times[begin]))
    share = (all_times[put] - times[begin]) / (ends[begin] - times[begin])
    all_points[put] = _between(points[begin], points[begin + 1], share)
    return all_times, all_points


def _between(start: Floats, end: Floats, share: Floats) -> Floats:
    """Return the points (n, 4) at a share of the geodesics' lengths; heights linear."""
    lon1, lat1 = lon_lat(start)
    lon2, lat2 = lon_lat(end)
    azimuth, _, distance_m = _GEOD.inv(lon1, lat1, lon2, lat2)
    lon, lat, _ = _GEOD.fwd(lon1, lat1, azimuth, distance_m * share)
    east, north = np.radians(lon), np.radians(lat)
    normal = A_M / np.sqrt(1.0 - E2 * np.sin(north) ** 2)
    return np.stack(
        [
            normal * np.cos(north) * np.cos(east),
            normal * np.cos(north) * np.sin(east),
            normal * (1.0 - E2) * np.sin(north),
            start[:, 3] + share * (end[:, 3] - start[:, 3]),
        ],
        axis=1,
    )
