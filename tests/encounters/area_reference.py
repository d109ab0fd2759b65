"""The slow reference of visits: geodesics of the ellipsoid, small steps of time, halving at every change.

Nothing of the search's own is used: positions come from PROJ's geodesics, an edge's distance from a minimum along the
edge, inside from how far the bearing to the border turns.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt
from pyproj import Geod

GEOD = Geod(ellps="WGS84")
Floats = npt.NDArray[np.float64]
LonLat = tuple[float, float]
Fix = tuple[float, float, float, float]
"""Time s, longitude, latitude in degrees, height m (NaN unknown)."""


@dataclass(frozen=True)
class SlowArea:
    """Corners of a polygon (radius 0), or a way with a radius around it; heights in metres."""

    corners: tuple[LonLat, ...]
    radius_m: float = 0.0
    lower_m: float = -np.inf
    upper_m: float = np.inf

    def edges(self) -> list[tuple[LonLat, LonLat]]:
        if self.radius_m:
            return list(pairwise(self.corners)) or [(self.corners[0], self.corners[0])]
        return list(pairwise([*self.corners, self.corners[0]]))


def to_edge_m(edge: tuple[LonLat, LonLat], lon: float, lat: float) -> float:
    """Return the distance of a point from a geodesic edge by golden sections."""
    azimuth, _, length = GEOD.inv(*edge[0], *edge[1])
    low, high = 0.0, length
    ratio = (np.sqrt(5.0) - 1.0) / 2.0

    def away(at: float) -> float:
        x, y, _ = GEOD.fwd(*edge[0], azimuth, at)
        return float(GEOD.inv(lon, lat, x, y)[2])

    a, b = high - ratio * (high - low), low + ratio * (high - low)
    at_a, at_b = away(a), away(b)
    while high - low > 1e-4 * max(1.0, min(at_a, at_b) ** 0.5):
        if at_a < at_b:
            high, b, at_b = b, a, at_a
            a = high - ratio * (high - low)
            at_a = away(a)
        else:
            low, a, at_a = a, b, at_b
            b = low + ratio * (high - low)
            at_b = away(b)
    return min(at_a, at_b, away(0.0), away(length))


def is_inside(area: SlowArea, lon: float, lat: float) -> bool:
    border: list[LonLat] = []
    for a, b in area.edges():
        border.append(a)
        border.extend(GEOD.npts(*a, *b, 40))
    lons, lats = np.array([*border, border[0]]).T
    bearing, _, _ = GEOD.inv(np.full(lons.size, lon), np.full(lats.size, lat), lons, lats)
    turns = np.diff(bearing)
    turned = float(np.sum((turns + 180.0) % 360.0 - 180.0))
    return abs(turned) > 180.0


def signed_m(area: SlowArea, lon: float, lat: float) -> float:
    """Return the distance from the border, negative inside."""
    nearest = min(to_edge_m(edge, lon, lat) for edge in area.edges())
    if area.radius_m:
        return nearest - area.radius_m
    return -nearest if is_inside(area, lon, lat) else nearest


def position(a: Fix, b: Fix, time_s: float) -> tuple[float, float, float]:
    azimuth, _, length = GEOD.inv(a[1], a[2], b[1], b[2])
    share = (time_s - a[0]) / (b[0] - a[0])
    lon, lat, _ = GEOD.fwd(a[1], a[2], azimuth, length * share)
    return lon, lat, a[3] + share * (b[3] - a[3])


def visits(
    track: list[Fix], area: SlowArea, window: tuple[float, float], *, margin_m: float, gap_s: float, step_s: float
) -> list[tuple[float, float]]:
    """Return from when to when, in seconds, a track is in an area or within the margin during a window."""
    found: list[list[float]] = []
    for a, b in pairwise(track):
        begin, end = max(a[0], window[0]), min(b[0], window[1])
        if b[0] - a[0] > gap_s or begin >= end:
            continue

        def within(time_s: float, a: Fix = a, b: Fix = b) -> bool:
            lon, lat, height = position(a, b, time_s)
            if not np.isnan(height) and not area.lower_m <= height <= area.upper_m:
                return False
            return signed_m(area, lon, lat) <= margin_m

        times = np.linspace(begin, end, max(int((end - begin) / step_s), 1) + 1)
        inside = [within(time) for time in times]
        cuts = [begin] if inside[0] else []
        for (t0, was), (t1, now) in pairwise(zip(times, inside, strict=True)):
            if was != now:
                cuts.append(_change(within, t0, t1, was=was))
        if inside[-1]:
            cuts.append(end)
        for entered, left in zip(cuts[::2], cuts[1::2], strict=True):
            if found and found[-1][1] == entered:
                found[-1][1] = left
            else:
                found.append([entered, left])
    return [(entered, left) for entered, left in found]


def _change(within, low: float, high: float, *, was: bool) -> float:
    while high - low > 1e-4:
        middle = 0.5 * (low + high)
        if within(middle) == was:
            low = middle
        else:
            high = middle
    return 0.5 * (low + high)
