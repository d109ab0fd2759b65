"""Who crossed ahead of whom: the moment at which one lies right ahead of the other, on its course."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl
from pyproj import Geod

__all__ = ["CROSSINGS_MAX", "Crossing", "crossings"]

CROSSINGS_MAX = 8
"""Crossings of one encounter that are told, the nearest ones."""
_STEPS_MAX = 7_200
_STILL_MS = 0.5
_GEOD = Geod(ellps="WGS84")

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Crossing:
    """who ("a" or "b") crossed ahead of the other, ahead_of; at: aware UTC; distance_m: between them then."""

    who: str
    ahead_of: str
    at: datetime
    distance_m: float


def crossings(row: Mapping[str, Any], rows: pl.DataFrame, max_gap_s: float) -> tuple[Crossing, ...]:
    """Return the crossings within an encounter, by time.

    One crosses ahead of another where its bearing, seen from the other and counted from the other's course, goes
    through zero; the other must move at 0.5 m/s or more. Looked at in steps of a
    second, in longer encounters in 7,200 steps.
    """
    duration_s = (row["left"] - row["entered"]) / timedelta(seconds=1)
    steps = int(min(max(duration_s, 2.0), _STEPS_MAX)) + 1
    seconds = np.linspace(0.0, duration_s, steps)
    placed = {which: _placed(rows, row[which], row["entered"], seconds, max_gap_s) for which in ("a", "b")}
    found: list[Crossing] = []
    for own, other in (("a", "b"), ("b", "a")):
        found += _ahead(row, own, other, placed[own], placed[other], seconds)
    nearest = sorted(found, key=lambda one: (one.distance_m, one.at, one.who))[:CROSSINGS_MAX]
    return tuple(sorted(nearest, key=lambda one: (one.at, one.who)))


def _placed(rows: pl.DataFrame, mover: str, zero: datetime, seconds: Floats, max_gap_s: float) -> Floats:
    """Return longitude and latitude at each second, shape (n, 2); NaN where the mover has no position."""
    fixes = rows.filter(pl.col("mover") == mover)
    place = np.full((seconds.size, 2), np.nan)
    if fixes.height < 2:
        return place
    times = (fixes["time"] - zero).dt.total_microseconds().to_numpy() / 1e6
    lons = np.unwrap(fixes["lon"].to_numpy(), period=360.0)
    leg = np.clip(np.searchsorted(times, seconds, side="right") - 1, 0, times.size - 2)
    known = (seconds >= times[0]) & (seconds <= times[-1]) & (np.diff(times)[leg] <= max_gap_s)
    place[known, 0] = np.interp(seconds[known], times, lons)
    place[known, 1] = np.interp(seconds[known], times, fixes["lat"].to_numpy())
    return place


def _ahead(
    row: Mapping[str, Any], own: str, other: str, own_at: Floats, other_at: Floats, seconds: Floats
) -> list[Crossing]:
    """Return where the other crosses ahead of own."""
    known = ~np.isnan(own_at[:, 0]) & ~np.isnan(other_at[:, 0])
    sound = np.flatnonzero(known[:-1] & known[1:])
    if not sound.size:
        return []
    lon, lat = own_at[:, 0], own_at[:, 1]
    course, _, gone_m = _GEOD.inv(lon[sound], lat[sound], lon[sound + 1], lat[sound + 1])
    step_s = seconds[1] - seconds[0]
    bearing, _, apart_m = _GEOD.inv(lon[sound], lat[sound], other_at[sound, 0], other_at[sound, 1])
    relative = (np.asarray(bearing) - np.asarray(course) + 180.0) % 360.0 - 180.0
    moving = np.asarray(gone_m) >= _STILL_MS * step_s
    follows = (np.diff(sound) == 1) & moving[:-1] & moving[1:]
    through = follows & (np.abs(relative[:-1]) < 90.0) & (np.abs(relative[1:]) < 90.0)
    through &= (relative[:-1] < 0) != (relative[1:] < 0)
    return [
        Crossing(
            who=other,
            ahead_of=own,
            at=row["entered"] + timedelta(seconds=round(float(seconds[sound[place]]), 3)),
            distance_m=float(apart_m[place]),
        )
        for place in np.flatnonzero(through)
    ]
