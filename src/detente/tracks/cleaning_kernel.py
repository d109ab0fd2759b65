"""The state machine that judges fixes one after another; compiled, so plain arrays only.

A mover has one or more *hypotheses*: positions from which its next fix may come. Nearly always there is one. A
fix that none can reach starts a hypothesis of its own, whose row is undecided until a second one joins it (then
there are two movers under one id), or until the window passes (then it is a teleport when the hops to it and from
it were both impossible, else it is kept apart). The rules in words: docs/cleaning.md.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
from numba import njit

__all__ = [
    "DUPLICATE",
    "HYPOTHESIS",
    "KEPT",
    "MOVER",
    "SETTLED",
    "STALE",
    "TELEPORT",
    "UNDECIDED",
    "Rows",
    "Rules",
    "State",
    "forget",
    "judge",
    "settle",
]

KEPT, UNDECIDED, DUPLICATE, STALE, TELEPORT = 0, 1, 2, 3, 4
"""Verdicts on a row."""

MOST_HYPOTHESES = 8
"""Of one mover at a time; the one unseen for longest gives way."""

MOVER = np.dtype(
    [
        ("first", np.int32),  # index of the newest hypothesis, -1 none; the others follow by ``next``
        ("numbers", np.int32),  # how many hypotheses were numbered so far
        ("waiting", np.int32),  # the undecided hypothesis whose fix was the mover's last, -1 none
        ("seen", np.bool_),
    ],
    align=True,
)
HYPOTHESIS = np.dtype(
    [
        ("x", np.float64),
        ("y", np.float64),
        ("z", np.float64),
        ("lon", np.float64),
        ("lat", np.float64),
        ("time", np.int64),  # of the last fix kept, us
        ("seen", np.int64),  # of the last row at this position, kept or stale, us
        ("age_s", np.float64),  # of the position when it was reported, NaN unknown
        ("speed_kn", np.float64),  # reported with that row, NaN unknown
        ("owed_m", np.float64),  # how far the mover says it went while its position repeated
        ("row", np.int64),  # the undecided row, -1 when decided
        ("next", np.int32),
        ("number", np.int32),  # 1 keeps the mover's id, 2 and on get ~2, ~3
        ("mover", np.int32),
        ("hop_in", np.bool_),  # the mover had an earlier fix, from which this one could not be reached
        ("hop_out", np.bool_),  # the mover's next fix could not be reached from this one
        ("ship", np.bool_),
    ],
    align=True,
)
SETTLED = np.dtype([("row", np.int64), ("number", np.int32), ("verdict", np.int32)], align=True)

_A_M = 6378137.0  # WGS 84
_E2 = 6.69437999014e-3
_MEAN_RADIUS_M = 6371008.8
_NEVER = 2**62  # us, later than every time
_KNOT_MS = 1852.0 / 3600.0


class Rules(NamedTuple):
    """Limits; index 0 for ships, 1 for everything else."""

    speed_ms: Any  # (2,) a hop is impossible above this
    distance_m: Any  # (2,) and above this
    window_us: Any  # (2,) how long a row may stay undecided
    owed_m: float  # movement that the reported speed may owe before a repeated position is stale


class Rows(NamedTuple):
    """One slice of rows in time order, n of them."""

    first_row: int  # number of the first one in the whole stream
    movers: Any  # (n,) int32 index into State.movers
    times: Any  # (n,) int64 us
    lons: Any  # (n,) float64 degrees
    lats: Any
    speeds: Any  # (n,) float64 kn, NaN unknown
    ages_s: Any  # (n,) float64 of the position when it was reported, NaN unknown
    ships: Any  # (n,) bool
    verdicts: Any  # (n,) int8, out
    numbers: Any  # (n,) int32, out: which hypothesis a kept row belongs to


class State(NamedTuple):
    """What is carried from slice to slice."""

    movers: Any  # MOVER, one per mover
    tracks: Any  # HYPOTHESIS, a pool
    queue: Any  # SETTLED, the undecided rows in their order; ``number`` is the hypothesis
    settled: Any  # SETTLED, rows decided in this call
    counters: Any  # (4,) int64: hypotheses ever used, head of the free ones, lengths of queue and settled


_USED, _FREE, _QUEUED, _DECIDED = 0, 1, 2, 3


@njit(cache=True, nogil=True)
def _earth_centred(lon_deg: float, lat_deg: float) -> tuple[float, float, float]:
    """Return x, y, z in metres of a WGS 84 point at zero height."""
    lon, lat = math.radians(lon_deg), math.radians(lat_deg)
    sin_lat, cos_lat = math.sin(lat), math.cos(lat)
    normal = _A_M / math.sqrt(1.0 - _E2 * sin_lat * sin_lat)
    return normal * cos_lat * math.cos(lon), normal * cos_lat * math.sin(lon), normal * (1.0 - _E2) * sin_lat


@njit(cache=True, nogil=True)
def _distance_m(track: Any, point: tuple[float, float, float]) -> float:
    """Return the distance along the ground: the chord, bent onto a sphere where that matters."""
    chord = math.sqrt((track.x - point[0]) ** 2 + (track.y - point[1]) ** 2 + (track.z - point[2]) ** 2)
    if chord < 50_000.0:  # the bend is under 0.2 m
        return chord
    return 2.0 * _MEAN_RADIUS_M * math.asin(min(1.0, chord / (2.0 * _MEAN_RADIUS_M)))


@njit(cache=True, nogil=True)
def _out_of_reach(track: Any, away_m: float, time: int, rules: Rules) -> bool:
    """Tell whether the hop from the hypothesis exceeds both limits, distance and speed."""
    kind = 0 if track.ship else 1
    elapsed_s = (time - track.time) * 1e-6
    return bool(away_m > rules.distance_m[kind] and away_m > rules.speed_ms[kind] * elapsed_s)


@njit(cache=True, nogil=True)
def _has_expired(track: Any, now: int, rules: Rules) -> bool:
    window = rules.window_us[0] if track.ship else rules.window_us[1]
    return bool(track.row >= 0 and now - track.time > window)


@njit(cache=True, nogil=True)
def _decide(state: State, one: int, verdict: int) -> None:
    """Settle the undecided row of a hypothesis; a teleport's hypothesis is forgotten."""
    track = state.tracks[one]
    mover = state.movers[track.mover]
    if verdict == KEPT:
        mover.numbers += 1
        track.number = mover.numbers
    entry = state.settled[state.counters[_DECIDED]]
    entry.row, entry.verdict, entry.number = track.row, verdict, track.number
    state.counters[_DECIDED] += 1
    track.row = -1
    if mover.waiting == one:
        mover.waiting = -1
    if verdict != KEPT:
        _forget(state, one)


@njit(cache=True, nogil=True)
def _forget(state: State, one: int) -> None:
    """Take a hypothesis off its mover's list and put it on the list of free ones."""
    tracks = state.tracks
    mover = state.movers[tracks[one].mover]
    if mover.first == one:
        mover.first = tracks[one].next
    else:
        before = mover.first
        while tracks[before].next != one:
            before = tracks[before].next
        tracks[before].next = tracks[one].next
    tracks[one].next = state.counters[_FREE]
    state.counters[_FREE] = one


@njit(cache=True, nogil=True)
def _expire(state: State, one: int) -> None:
    """Decide a row whose window has passed: impossible on both sides is a teleport, else it is kept apart."""
    track = state.tracks[one]
    _decide(state, one, TELEPORT if track.hop_in and track.hop_out else KEPT)


@njit(cache=True, nogil=True)
def _expire_of(state: State, mover: int, now: int, rules: Rules) -> None:
    """Expire one mover's undecided rows whose window ended before ``now``, the oldest first."""
    while True:
        oldest = -1
        one = state.movers[mover].first
        while one >= 0:
            track = state.tracks[one]
            if _has_expired(track, now, rules) and (oldest < 0 or track.row < state.tracks[oldest].row):
                oldest = one
            one = track.next
        if oldest < 0:
            return
        _expire(state, oldest)


@njit(cache=True, nogil=True)
def _make_room(state: State, mover: int) -> None:
    """Let the hypothesis unseen for longest give way when there are too many."""
    count, oldest = 0, -1
    one = state.movers[mover].first
    while one >= 0:
        track = state.tracks[one]
        count += 1
        if oldest < 0 or track.time <= state.tracks[oldest].time:
            oldest = one
        one = track.next
    if count < MOST_HYPOTHESES:
        return
    if state.tracks[oldest].row >= 0:
        forgotten = state.tracks[oldest].hop_in and state.tracks[oldest].hop_out
        _expire(state, oldest)
        if forgotten:
            return
    _forget(state, oldest)


@njit(cache=True, nogil=True)
def _start(state: State, mover: int, row: int) -> int:
    """Start a hypothesis whose only row is undecided; returns its index."""
    _make_room(state, mover)
    tracks, counters = state.tracks, state.counters
    if counters[_FREE] >= 0:
        one = counters[_FREE]
        counters[_FREE] = tracks[one].next
    else:
        one = counters[_USED]
        counters[_USED] += 1
    track = tracks[one]
    track.mover, track.next, track.row = mover, state.movers[mover].first, row
    track.number, track.owed_m = 0, 0.0
    track.hop_in, track.hop_out = state.movers[mover].seen, False
    state.movers[mover].first = one
    state.movers[mover].seen = True
    state.movers[mover].waiting = one
    entry = state.queue[counters[_QUEUED]]
    entry.row, entry.number = row, one
    counters[_QUEUED] += 1
    return int(one)


@njit(cache=True, nogil=True)
def _nearest(state: State, mover: int, point: tuple[float, float, float], time: int, rules: Rules) -> int:
    """Return the nearest hypothesis that reaches the point; -1 none; -2 - index of one at this very time."""
    nearest, nearest_m = -1, np.inf
    one = state.movers[mover].first
    while one >= 0:
        track = state.tracks[one]
        away_m = _distance_m(track, point)
        if not _out_of_reach(track, away_m, time, rules):
            if time == track.time:
                return int(-2 - one)
            # of two equally near the older one, so that the order of the list does not matter
            if away_m < nearest_m or (away_m == nearest_m and track.time < state.tracks[nearest].time):
                nearest, nearest_m = one, away_m
        one = track.next
    return int(nearest)


@njit(cache=True, nogil=True)
def _is_stale(track: Any, time: int, speed_kn: float, rules: Rules) -> bool:
    """Judge a row that repeats the position of its hypothesis; keeps the account of what the mover owes."""
    elapsed_s = (time - track.seen) * 1e-6
    # the smaller of both speeds: a ship that casts off now lay still until now
    slower_kn = min(track.speed_kn, speed_kn)
    track.seen, track.speed_kn = time, speed_kn
    if speed_kn <= 1.0:
        track.owed_m = 0.0
        return False
    if speed_kn > 1.0 and slower_kn > 1.0:  # neither is NaN: unknown speeds owe nothing
        track.owed_m += slower_kn * _KNOT_MS * elapsed_s
    return bool(speed_kn > 1.0 and track.owed_m > rules.owed_m)


@njit(cache=True, nogil=True)
def judge(rows: Rows, state: State, rules: Rules) -> None:
    """Judge one slice of rows; rows left UNDECIDED enter the queue and come back in State.settled."""
    for i in range(rows.times.shape[0]):
        mover, time, lon, lat = rows.movers[i], rows.times[i], rows.lons[i], rows.lats[i]
        point = _earth_centred(lon, lat)
        _expire_of(state, mover, time, rules)
        one = _nearest(state, mover, point, time, rules)
        if one <= -2:
            # the same position reported again at another age is no second measurement
            twin = state.tracks[-2 - one]
            is_again = twin.lon == lon and twin.lat == lat and abs(rows.ages_s[i] - twin.age_s) > 0.0
            rows.verdicts[i] = STALE if is_again else DUPLICATE
            continue
        if one >= 0 and state.tracks[one].lon == lon and state.tracks[one].lat == lat:
            if _is_stale(state.tracks[one], time, rows.speeds[i], rules):
                rows.verdicts[i] = STALE
                continue
        elif one >= 0:
            state.tracks[one].owed_m = 0.0
        waiting = state.movers[mover].waiting
        if waiting >= 0 and waiting != one:
            last = state.tracks[waiting]
            last.hop_out = _out_of_reach(last, _distance_m(last, point), time, rules)
        state.movers[mover].waiting = -1
        if one < 0:
            one = _start(state, mover, rows.first_row + i)
            rows.verdicts[i] = UNDECIDED
        else:
            if state.tracks[one].row >= 0:
                _decide(state, one, KEPT)
            rows.verdicts[i] = KEPT
            rows.numbers[i] = state.tracks[one].number
        track = state.tracks[one]
        track.x, track.y, track.z = point
        track.lon, track.lat, track.ship = lon, lat, rows.ships[i]
        track.time, track.seen = time, time
        track.speed_kn, track.age_s = rows.speeds[i], rows.ages_s[i]


@njit(cache=True, nogil=True)
def settle(now: int, state: State, rules: Rules) -> None:
    """Expire every undecided row whose window ended before ``now``, the oldest first."""
    left = 0
    queue = state.queue
    for place in range(state.counters[_QUEUED]):
        row, one = queue[place].row, queue[place].number
        if state.tracks[one].row != row:
            continue  # decided meanwhile
        if _has_expired(state.tracks[one], now, rules):
            _expire(state, one)
        else:
            queue[left].row, queue[left].number = row, one
            left += 1
    state.counters[_QUEUED] = left


@njit(cache=True, nogil=True)
def forget(gone: Any, state: State, rules: Rules) -> None:
    """Decide what is undecided of these movers, as if their windows had passed, and know nothing of them any more."""
    for mover in gone:
        _expire_of(state, mover, _NEVER, rules)
        while state.movers[mover].first >= 0:
            _forget(state, state.movers[mover].first)
        one = state.movers[mover]
        one.numbers, one.waiting, one.seen = 0, -1, False
