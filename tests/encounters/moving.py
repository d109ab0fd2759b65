"""Movers laid out around a point with WGS 84 geodesics, and the encounters of some.

Heights in metres, times in seconds after EPOCH.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any

import numpy as np
import polars as pl
from pyproj import Geod

from detente.encounters import search

GEOD = Geod(ellps="WGS84")
EPOCH = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)
KNOT_MS = 1852 / 3600

EVERY_10_S = range(-300, 301, 10)


def track(
    mover: str,
    seconds: Iterable[float],
    *,
    at: tuple[float, float] = (20.0, 55.0),
    north_m: float = 0.0,
    east_m: float = 0.0,
    course: float = 0.0,
    speed_ms: float = 0.0,
    height_m: float | None = None,
    climb_ms: float = 0.0,
    kind: str = "ship",
    **other: Any,
) -> pl.DataFrame:
    """A mover on one geodesic from a point given by offsets from ``at``, which it passes at 0 s."""
    times = np.array(list(seconds), float)
    lon, lat, back = GEOD.fwd(*at, np.degrees(np.arctan2(east_m, north_m)), np.hypot(east_m, north_m))
    # a track that goes back in time starts in the other direction
    azimuth = np.where(times < 0, course + 180.0, course)
    lons, lats, _ = GEOD.fwd(
        np.full(times.size, lon), np.full(times.size, lat), azimuth, np.abs(times) * speed_ms
    )
    heights = [None if height_m is None else height_m + climb_ms * time for time in times]
    del back
    return pl.DataFrame(
        {
            "mover": [mover] * times.size,
            "time": [EPOCH + dt.timedelta(seconds=float(time)) for time in times],
            "lon": lons,
            "lat": lats,
            "altitude_m": pl.Series(heights, dtype=pl.Float64),
            "kind": [kind] * times.size,
            **{name: [value] * times.size for name, value in other.items()},
        }
    )


def found(*tracks: pl.DataFrame, **options: Any) -> pl.DataFrame:
    """The encounters of some tracks, moored ones too."""
    frame = pl.concat(tracks, how="diagonal").sort("time")
    return search(frame.lazy(), **{"within_m": 500.0, "keep_moored": True, **options}).encounters


def after_s(table: pl.DataFrame, name: str) -> list[float]:
    return [(moment - EPOCH) / dt.timedelta(seconds=1) for moment in table[name]]
