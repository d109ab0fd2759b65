"""Fixes of two sides laid beside each other: what both have, what only one has, what they say differently, and when.

Two receivers hear one transmission: then the position is the same to its last digit and only the stamps differ, by the
clocks and by fractions of a second. So positions tell how far apart the clocks are, and which fixes are one.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import numpy as np
import numpy.typing as npt
import polars as pl
from pyproj import Geod

__all__ = [
    "CLOCK_LEAST_S",
    "ONE_INSTANT_S",
    "SAME_PLACE_M",
    "SAME_SENDING_S",
    "TOLD_MAX",
    "Clock",
    "Compared",
    "FixTold",
    "clock_between",
    "compared",
    "united",
]

ONE_INSTANT_S = 0.5
"""Fixes of a mover that are at most this far apart in time, by one clock, speak of one instant."""
SAME_PLACE_M = 1.0
"""Positions this near at one instant are the same."""
SAME_SENDING_S = 30.0
"""Equal positions that are at most this far apart in time are one transmission."""
CLOCK_LEAST_S = 0.5
"""An offset between clocks under this is none: stamps of whole seconds differ so anyway."""
TOLD_MAX = 20
"""Fixes of each sort that are told one by one; all are counted."""
_SORTS = ("only_one", "only_other", "times_differ", "positions_differ", "beyond")
_OFFSET_MOST_S = 3_600.0
_FIXES_LEAST = 5
_MOVING_MS = 1.0
_ROUNDS = 6
_PLACES = 7
_GEOD = Geod(ellps="WGS84")

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Clock:
    """How much later the other side's stamps are, and on how many fixes that rests.

    by: "transmissions" that both heard; spread_s is then 1.4826 median absolute deviations. Or "motion", where too few
    positions are the same; spread_s is then the standard error, and aside_m how far all positions lie aside.
    """

    offset_s: float
    spread_s: float
    fixes: int
    by: str
    aside_m: float = 0.0


@dataclass(frozen=True, slots=True)
class FixTold:
    """A fix, and for what differs how far: in seconds or metres."""

    mover: str
    time: datetime
    lon: float
    lat: float
    apart: float | None = None


@dataclass(slots=True)
class Compared:
    """How many fixes are the same in both, only in one, or differ; the first of each sort by time.

    beyond: fixes of a time that the other's evidence does not reach; they say nothing about who heard what.
    taken: places of the other's rows that the union takes.
    """

    same: int = 0
    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(_SORTS, 0))
    told: dict[str, list[FixTold]] = field(default_factory=dict)
    taken: list[int] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Fixes:
    """One mover's fixes: seconds since zero, degrees, and their places among all rows."""

    mover: str
    seconds: Floats
    lon: Floats
    lat: Floats
    place: npt.NDArray[np.int64]


def _apart(rows: pl.DataFrame, zero: datetime) -> dict[str, _Fixes]:
    numbered = rows.select("mover", "time", "lon", "lat").with_row_index("place")
    found = {}
    for mover in sorted(set(rows["mover"])):
        mine = numbered.filter(pl.col("mover") == mover)
        seconds = (mine["time"] - zero).dt.total_microseconds().to_numpy() / 1e6
        found[mover] = _Fixes(
            mover,
            seconds,
            mine["lon"].to_numpy(),
            mine["lat"].to_numpy(),
            mine["place"].cast(pl.Int64).to_numpy(),
        )
    return found


def clock_between(one: pl.DataFrame, other: pl.DataFrame, *, max_gap_s: float) -> Clock | None:
    """Return how far apart the clocks of two sides are, None where the fixes do not tell.

    From transmissions: positions that each side has once of a mover, at most an hour apart; the median of the
    differences of their stamps. Where there are fewer than five, from motion: the shift, and the constant displacement
    of all positions, for which the one's fixes lie nearest to the other's motion, by least squares.
    """
    zero = one["time"].min()
    if not isinstance(zero, datetime):
        return None
    ours, theirs = _apart(one, zero), _apart(other, zero)
    shifts = [shift for mover in ours.keys() & theirs.keys() for shift in _sendings(ours[mover], theirs[mover])]
    if len(shifts) >= _FIXES_LEAST:
        return _clock(np.array(shifts))
    return _by_motion([(ours[mover], theirs[mover]) for mover in sorted(ours.keys() & theirs.keys())], max_gap_s)


def _clock(shifts: Floats) -> Clock | None:
    middle = float(np.median(shifts))
    spread = 1.4826 * float(np.median(np.abs(shifts - middle)))
    if abs(middle) > _OFFSET_MOST_S:
        return None
    return Clock(round(middle, 3), round(spread, 3), int(shifts.size), "transmissions")


def _by_motion(pairs: list[tuple[_Fixes, _Fixes]], max_gap_s: float) -> Clock | None:
    """Return the shift of time that the motion tells, beside a constant displacement of all positions.

    None where the two cannot be told apart: on one straight way a late clock looks like a track that lies behind.
    """
    offset, error_s, aside_m, fixes = 0.0, math.inf, 0.0, 0
    for _ in range(_ROUNDS):
        parts = [_beside(one, other, offset, max_gap_s) for one, other in pairs]
        seen = np.concatenate([np.empty((0, 4)), *parts])
        solved = _shift_and_displacement(seen)
        if solved is None or abs(offset + solved[0]) > _OFFSET_MOST_S:
            return None
        shift, error_s, aside_m = solved
        offset, fixes = offset + shift, seen.shape[0]
    if error_s > CLOCK_LEAST_S / 2.0:
        return None
    return Clock(round(offset, 3), round(error_s, 3), fixes, "motion", round(aside_m, 1))


def _shift_and_displacement(seen: Floats) -> tuple[float, float, float] | None:
    """Return the shift in seconds, its standard error, and the length of the displacement in metres.

    seen: east and north of the other's motion, and its velocity, a row a fix. Least squares; then once more without
    what lies further off than three spreads.
    """
    kept = np.ones(seen.shape[0], np.bool_)
    for _ in range(2):
        chosen = seen[kept]
        moved = chosen[:, 2:] - chosen[:, 2:].mean(axis=0) if len(chosen) else chosen[:, 2:]
        told = float((moved**2).sum())
        if len(chosen) < _FIXES_LEAST or told < len(chosen) * _MOVING_MS**2:
            return None
        away = chosen[:, :2] - chosen[:, :2].mean(axis=0)
        shift = float((moved * away).sum()) / told
        aside = chosen[:, :2].mean(axis=0) - shift * chosen[:, 2:].mean(axis=0)
        off = np.hypot(*(seen[:, :2] - aside - shift * seen[:, 2:]).T)
        spread = 1.4826 * float(np.median(off[kept]))
        kept = off <= max(3.0 * spread, 1e-3)
    return shift, spread / math.sqrt(told), float(np.hypot(*aside))


def _keys(fixes: _Fixes) -> list[tuple[float, float]]:
    return list(zip(np.round(fixes.lon, _PLACES).tolist(), np.round(fixes.lat, _PLACES).tolist(), strict=True))


def _sendings(one: _Fixes, other: _Fixes) -> Iterator[float]:
    """Yield the differences of stamps of positions that both have once."""
    times: list[dict[tuple[float, float], float | None]] = []
    for fixes in (one, other):
        once: dict[tuple[float, float], float | None] = {}
        for key, second in zip(_keys(fixes), fixes.seconds.tolist(), strict=True):
            once[key] = None if key in once else second
        times.append(once)
    for key, second in times[0].items():
        later = times[1].get(key)
        if second is not None and later is not None and abs(later - second) <= _OFFSET_MOST_S:
            yield later - second


def _beside(one: _Fixes, other: _Fixes, offset: float, max_gap_s: float) -> Floats:
    """Return where the one's fixes lie from the other's motion, and how that moves: east, north, both velocities."""
    if other.seconds.size < 2:
        return np.empty((0, 4))
    at = one.seconds + offset
    leg = np.clip(np.searchsorted(other.seconds, at, side="right") - 1, 0, other.seconds.size - 2)
    start, end = other.seconds[leg], other.seconds[leg + 1]
    known = (at >= start) & (at <= end) & (end > start) & (end - start <= max_gap_s)
    leg, at, start, end = leg[known], at[known], start[known], end[known]
    lon, lat = other.lon, other.lat
    azimuth, _, length = _GEOD.inv(lon[leg], lat[leg], lon[leg + 1], lat[leg + 1])
    speed = np.asarray(length) / (end - start)
    there_lon, there_lat, _ = _GEOD.fwd(lon[leg], lat[leg], azimuth, speed * (at - start))
    bearing, _, away = _GEOD.inv(there_lon, there_lat, one.lon[known], one.lat[known])
    to, course = np.radians(np.asarray(bearing)), np.radians(np.asarray(azimuth))
    away = np.asarray(away)
    found: Floats = np.column_stack(
        [away * np.sin(to), away * np.cos(to), speed * np.sin(course), speed * np.cos(course)]
    )
    return found


def compared(
    one: pl.DataFrame, other: pl.DataFrame, *, offset_s: float, span: tuple[datetime, datetime] | None = None
) -> Compared:
    """Lay the fixes of two sides beside each other; offset_s: how much later the other's stamps are.

    span: the time that both evidences reach, in the one's clock; what lies outside it is counted as beyond.

    Equal positions of a mover, at most 30 s apart, are one transmission: the same, or with times that differ when
    they are more than half a second apart. Of the others, two at most half a second apart speak of one instant: the
    same within a metre, else their positions differ. What remains only one side has.
    """
    found = Compared()
    zero = one["time"].min()
    if not isinstance(zero, datetime):
        return found
    ours, theirs = _apart(one, zero), _apart(other, zero)
    reach = tuple((end - zero) / timedelta(seconds=1) for end in span) if span else (-math.inf, math.inf)
    for mover in sorted(ours.keys() | theirs.keys()):
        nothing = _Fixes(mover, np.empty(0), np.empty(0), np.empty(0), np.empty(0, np.int64))
        _lay(ours.get(mover, nothing), theirs.get(mover, nothing), offset_s, zero, found, reach)
    for sort, told in found.told.items():
        found.told[sort] = sorted(told, key=lambda fix: (fix.time, fix.mover))[:TOLD_MAX]
    return found


def _lay(
    one: _Fixes, other: _Fixes, offset_s: float, zero: datetime, found: Compared, reach: tuple[float, ...]
) -> None:
    """Compare the fixes of one mover; reach: from and until when both speak, in seconds."""
    shifted = other.seconds - offset_s
    pair = _same_sendings(one, other, shifted)
    for mine, theirs in pair.items():
        apart = float(shifted[theirs] - one.seconds[mine])
        if abs(apart) <= ONE_INSTANT_S:
            found.same += 1
        else:
            _tell(found, "times_differ", one, mine, zero, apart)
    matched = set(pair.values())
    left = [place for place in range(one.seconds.size) if place not in pair]
    rest = [place for place in range(other.seconds.size) if place not in matched]
    for mine, theirs in _one_instant(one.seconds, shifted, left, rest):
        matched.add(theirs)
        pair[mine] = theirs
        away = float(_GEOD.inv(one.lon[mine], one.lat[mine], other.lon[theirs], other.lat[theirs])[2])
        if away <= SAME_PLACE_M:
            found.same += 1
        else:
            _tell(found, "positions_differ", one, mine, zero, away)
    for mine in range(one.seconds.size):
        if mine not in pair:
            both = reach[0] <= one.seconds[mine] <= reach[1]
            _tell(found, "only_one" if both else "beyond", one, mine, zero, None)
    for theirs in range(other.seconds.size):
        if theirs not in matched:
            both = reach[0] <= shifted[theirs] <= reach[1]
            _tell(found, "only_other" if both else "beyond", other, theirs, zero, None)
            if not _is_near(one.seconds, float(shifted[theirs])):
                found.taken.append(int(other.place[theirs]))


def _tell(found: Compared, sort: str, fixes: _Fixes, place: int, zero: datetime, apart: float | None) -> None:
    found.counts[sort] += 1
    told = found.told.setdefault(sort, [])
    told.append(
        FixTold(
            fixes.mover,
            zero + timedelta(microseconds=round(float(fixes.seconds[place]) * 1e6)),
            float(fixes.lon[place]),
            float(fixes.lat[place]),
            None if apart is None else round(apart, 3),
        )
    )


def _same_sendings(one: _Fixes, other: _Fixes, shifted: Floats) -> dict[int, int]:
    """Return which fix of the other is the same transmission, for each of the one's that has such.

    A position that comes again and again (a ship at rest) is told apart by its times only, so there it must be one
    instant, too.
    """
    places: list[dict[tuple[float, float], list[int]]] = []
    for fixes in (one, other):
        by_key: dict[tuple[float, float], list[int]] = {}
        for place, key in enumerate(_keys(fixes)):
            by_key.setdefault(key, []).append(place)
        places.append(by_key)
    pair: dict[int, int] = {}
    for key, mine in places[0].items():
        theirs = places[1].get(key, [])
        if len(mine) == 1 and len(theirs) == 1:
            if abs(shifted[theirs[0]] - one.seconds[mine[0]]) <= SAME_SENDING_S:
                pair[mine[0]] = theirs[0]
        else:
            pair.update(_one_instant(one.seconds, shifted, mine, theirs))
    return pair


def _one_instant(one: Floats, other: Floats, mine: list[int], theirs: list[int]) -> Iterator[tuple[int, int]]:
    """Yield pairs of places, each in order of time, at most half a second apart."""
    first = second = 0
    while first < len(mine) and second < len(theirs):
        apart = float(other[theirs[second]] - one[mine[first]])
        if abs(apart) <= ONE_INSTANT_S:
            yield mine[first], theirs[second]
            first, second = first + 1, second + 1
        elif apart > 0:
            first += 1
        else:
            second += 1


def _is_near(seconds: Floats, second: float) -> bool:
    place = int(np.searchsorted(seconds, second))
    return any(
        0 <= near < seconds.size and abs(float(seconds[near]) - second) <= ONE_INSTANT_S
        for near in (place - 1, place)
    )


def united(one: pl.DataFrame, other: pl.DataFrame, outcome: Compared, *, offset_s: float) -> pl.DataFrame:
    """Return the fixes of both in the one's clock.

    All of the one's count; of the other's those that are no transmission and no instant that the one has.
    """
    added = other[sorted(outcome.taken)].with_columns(
        (pl.col("time") - pl.duration(microseconds=round(offset_s * 1e6))).alias("time")
    )
    return pl.concat([one, added]).sort("time", "mover")
