"""The slow reference: every encounter of a small world by brute force over all pairs, on geodesics.

Written from spec/encounters.md alone and sharing no code with the search: positions come from Karney's geodesics
(PROJ), every two legs of every two movers are looked at, times are found by narrowing samples. It knows no
earth-centred coordinates, no chords, no cells, no slots.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import combinations, pairwise

import numpy as np
from numpy.typing import NDArray
from pyproj import Geod

__all__ = ["Episode", "Fix", "episodes", "passes"]

WGS84 = Geod(ellps="WGS84")
SAMPLES = 33
ROUNDS = 5

Times = NDArray[np.float64]
Distance = Callable[[Times], Times]


@dataclass(frozen=True, slots=True)
class Fix:
    """One fix; time in seconds, height in metres or None."""

    time: float
    lon: float
    lat: float
    height: float | None


@dataclass(frozen=True, slots=True)
class Episode:
    """One encounter: times in seconds, least distance in it and when, vertical distance then or None.

    distances: samples of the distance in order of time, with every turn of it; passes: None where not counted.
    """

    entered: float
    left: float
    closest_at: float
    distance: float
    vertical: float | None
    distances: tuple[float, ...] = field(default=(), compare=False)
    passes: int | None = None


@dataclass(frozen=True, slots=True)
class _Leg:
    start: Fix
    end: Fix
    azimuth: float
    length: float

    @property
    def speed(self) -> float:
        return self.length / (self.end.time - self.start.time)

    def at(self, times: Times) -> tuple[Times, Times]:
        gone = (times - self.start.time) * self.speed
        one = np.ones_like(times)
        lon, lat, _ = WGS84.fwd(self.start.lon * one, self.start.lat * one, self.azimuth * one, gone)
        return np.asarray(lon), np.asarray(lat)

    def height(self, times: Times) -> Times:
        if self.start.height is None or self.end.height is None:
            return np.full_like(times, np.nan)
        share = (times - self.start.time) / (self.end.time - self.start.time)
        return self.start.height + share * (self.end.height - self.start.height)


def legs_of(fixes: list[Fix], max_gap_s: float) -> list[_Leg]:
    """Return a mover's legs: consecutive fixes at most the gap apart, one fix for each time."""
    unique = list({fix.time: fix for fix in sorted(fixes, key=lambda fix: fix.time, reverse=True)}.values())[::-1]
    filled = [_filled(unique, place, max_gap_s) for place in range(len(unique))]
    legs = []
    for start, end in pairwise(filled):
        if _apart_us(start, end) <= round(max_gap_s * 1e6):
            azimuth, _, length = WGS84.inv(start.lon, start.lat, end.lon, end.lat)
            legs.append(_Leg(start, end, azimuth, length))
    return legs


def _apart_us(start: Fix, end: Fix) -> int:
    """Return the time between two fixes in whole microseconds, as the definition counts it."""
    return round(end.time * 1e6) - round(start.time * 1e6)


def _filled(fixes: list[Fix], place: int, max_gap_s: float) -> Fix:
    """Return a fix with its height, which may be known from both sides within the gap."""
    fix = fixes[place]
    if fix.height is not None:
        return fix
    before = next((other for other in reversed(fixes[:place]) if other.height is not None), None)
    after = next((other for other in fixes[place + 1 :] if other.height is not None), None)
    if before is None or after is None or _apart_us(before, after) > round(max_gap_s * 1e6):
        return fix
    share = (fix.time - before.time) / (after.time - before.time)
    assert before.height is not None
    assert after.height is not None
    return Fix(fix.time, fix.lon, fix.lat, before.height + share * (after.height - before.height))


def episodes(
    movers: dict[str, list[Fix]], *, within_m: float, vertical_m: float, max_gap_s: float
) -> dict[tuple[str, str], list[Episode]]:
    """Return the encounters of every pair that has any; a ship's fixes carry height 0."""
    legs = {name: legs_of(fixes, max_gap_s) for name, fixes in movers.items()}
    found = {}
    for a, b in combinations(sorted(movers), 2):
        pieces = [
            piece for one in legs[a] for other in legs[b] for piece in _pieces(one, other, within_m, vertical_m)
        ]
        joined = _joined(sorted(pieces, key=lambda piece: piece.entered))
        if joined:
            found[a, b] = joined
    return found


def _pieces(one: _Leg, other: _Leg, within_m: float, vertical_m: float) -> list[Episode]:
    """Return the stretches of time in which two legs are within both limits."""
    start, end = max(one.start.time, other.start.time), min(one.end.time, other.end.time)
    if not start < end:
        return []

    def distance(times: Times) -> Times:
        lon_a, lat_a = one.at(times)
        lon_b, lat_b = other.at(times)
        return np.asarray(WGS84.inv(lon_a, lat_a, lon_b, lat_b)[2], dtype=np.float64)

    middle = np.array([(start + end) / 2])
    if distance(middle)[0] - (one.speed + other.speed) * (end - start) / 2 > within_m + 1.0:
        return []
    window = _height_window(one, other, start, end, vertical_m)
    if window is None:
        return []
    start, end = window
    times = np.linspace(start, end, SAMPLES)
    values = distance(times)
    best = int(values.argmin())
    nearest = _least(distance, times[max(best - 1, 0)], times[min(best + 1, SAMPLES - 1)])
    times = np.unique(np.append(times, nearest))
    values = distance(times)
    result = []
    for entry, leaving in _inside(distance, times, values < within_m, within_m):
        moments = np.array([entry, leaving, min(max(nearest, entry), leaving)])
        distances = distance(moments)
        at = moments[[int(distances.argmin())]]
        height = float(np.abs(one.height(at) - other.height(at))[0])
        vertical = None if math.isnan(height) else height
        between = (entry < times) & (times < leaving)
        along = np.concatenate([distances[:1], values[between], distances[1:2]])
        result.append(
            Episode(entry, leaving, float(at[0]), float(distances.min()), vertical, tuple(along.tolist()))
        )
    return result


def _inside(
    distance: Distance, times: Times, inside: NDArray[np.bool_], within_m: float
) -> list[tuple[float, float]]:
    """Return the stretches in which sampled times are inside, their ends narrowed down to the limit."""
    found = []
    entered = float(times[0])
    for place in range(1, times.size):
        if inside[place] and not inside[place - 1]:
            entered = _crossing(distance, times[place - 1], times[place], within_m)
        if inside[place - 1] and not inside[place]:
            found.append((entered, _crossing(distance, times[place - 1], times[place], within_m)))
    if inside[-1]:
        found.append((entered, float(times[-1])))
    return found


def _height_window(
    one: _Leg, other: _Leg, start: float, end: float, vertical_m: float
) -> tuple[float, float] | None:
    """Return the part of [start, end] in which the vertical limit holds; all of it where a height is unknown."""
    ends = np.array([start, end])
    first, last = one.height(ends) - other.height(ends)
    if math.isnan(first) or math.isnan(last):
        return start, end
    if abs(last - first) < 1e-9:
        return (start, end) if abs(first) < vertical_m else None
    shares = sorted((limit - first) / (last - first) for limit in (-vertical_m, vertical_m))
    low, high = max(shares[0], 0.0), min(shares[1], 1.0)
    return (start + low * (end - start), start + high * (end - start)) if low < high else None


def _least(distance: Distance, low: float, high: float) -> float:
    """Return the time of least distance in a bracket, by narrowing it."""
    for _ in range(ROUNDS):
        times = np.linspace(low, high, SAMPLES)
        best = int(distance(times).argmin())
        low, high = times[max(best - 1, 0)], times[min(best + 1, SAMPLES - 1)]
    return float((low + high) / 2)


def _crossing(distance: Distance, low: float, high: float, within_m: float) -> float:
    """Return where the distance passes the limit between two times on either side of it."""
    for _ in range(ROUNDS):
        times = np.linspace(low, high, SAMPLES)
        inside = distance(times) < within_m
        place = int(np.argmax(inside != inside[0]))
        if place == 0:
            break
        low, high = times[place - 1], times[place]
    return float((low + high) / 2)


def _joined(pieces: list[Episode]) -> list[Episode]:
    """Return the pieces with those that touch made one."""
    joined: list[Episode] = []
    for piece in pieces:
        if joined and piece.entered - joined[-1].left <= 2e-6:
            last = joined[-1]
            nearer = piece if piece.distance < last.distance else last
            joined[-1] = Episode(
                last.entered,
                max(last.left, piece.left),
                nearer.closest_at,
                nearer.distance,
                nearer.vertical,
                last.distances + piece.distances,
            )
        else:
            joined.append(piece)
    return joined


def passes(distances: tuple[float, ...], swing_m: float) -> int:
    """Return how often the two came near: the most near points with a farther point between each two.

    Farther means by swing_m or more than the near points on both sides. Every choice of points is looked at: the
    longest way through them, point by point.
    """
    values = np.array(distances)
    near, far = np.ones(values.size, np.int64), np.zeros(values.size, np.int64)
    for place in range(1, values.size):
        before = values[:place]
        lower, higher = before <= values[place] - swing_m, before >= values[place] + swing_m
        far[place] = near[:place][lower].max(initial=0)
        near[place] = 1 + far[:place][higher].max(initial=0)
    return int(near.max())
