"""The motion of all movers of one picture, and what the kernels answer about it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from detente.encounters.kernel_instant import describe, relative_at, search
from detente.encounters.kernel_straight import LEG_M, leg_rows
from detente.notices.quantities import KNOT_MS

__all__ = ["Motion", "Stretches"]

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

JOIN_S = 1e-6
"""Stretches of one pair on two legs that end and begin this close together are one."""


@dataclass(frozen=True, slots=True)
class Stretches:
    """Times in which pairs are within limits: numbers of both movers, a < b, and entry and exit in seconds."""

    a: Integers
    b: Integers
    entry_s: Floats
    exit_s: Floats


@dataclass(frozen=True, slots=True)
class Motion:
    """Every mover's way until the horizon, in legs (detente.encounters.kernel_straight).

    first: number of each mover's first leg, one more at the end. mover: whose each leg is.
    height_ft, climb_ftps: of each mover now; NaN when either is unknown.
    """

    legs: Floats
    first: Integers
    mover: Integers
    height_ft: Floats
    climb_ftps: Floats
    horizon_s: float

    @staticmethod
    def of(picture: pl.DataFrame, horizon_s: float) -> Motion:
        """Return the motion of a checked picture (detente.encounters.states) over the horizon."""
        speed = picture["speed_kn"].to_numpy() * KNOT_MS
        course = picture["course_deg"].fill_null(0.0).to_numpy()
        lat, lon = picture["lat"].to_numpy(), picture["lon"].to_numpy()
        ship = (picture["kind"] == "ship").fill_null(value=False).to_numpy()
        height = np.where(ship, 0.0, picture["altitude_ft"].fill_null(np.nan).to_numpy())
        climb = np.where(ship, 0.0, picture["vertical_fpm"].fill_null(np.nan).to_numpy() / 60.0)
        unknown = np.isnan(height + climb)
        counts = np.maximum(np.ceil(speed * horizon_s / LEG_M), 1.0).astype(np.int64)
        first = np.concatenate([[0], np.cumsum(counts)])
        mover = np.repeat(np.arange(speed.size), counts)
        number = np.arange(mover.size) - first[mover]
        begins, ends = horizon_s * number / counts[mover], horizon_s * (number + 1) / counts[mover]
        lat, lon, course = lat[mover], lon[mover], course[mover]
        later = number > 0
        if later.any():
            lat[later], lon[later], course[later] = _further(
                lat[later], lon[later], course[later], (speed[mover] * begins)[later]
            )
        legs = leg_rows(
            *(np.ascontiguousarray(column) for column in (lat, lon, course, speed[mover], begins, ends))
        )
        return Motion(
            legs=legs,
            first=first,
            mover=mover,
            height_ft=np.where(unknown, np.nan, height),
            climb_ftps=np.where(unknown, np.nan, climb),
            horizon_s=horizon_s,
        )

    def within(
        self,
        side: Integers,
        rivals: NDArray[np.uint8],
        limit_m: float,
        vertical_m: float,
        *,
        ignore_vertical: bool = False,
    ) -> Stretches:
        """Return every stretch of time in which a pair is within both limits.

        side: number of each mover's side; rivals[i, j] is 1 where pairs of these sides are wanted.
        """
        mover = self.mover
        height = np.full(mover.size, np.nan) if ignore_vertical else self.height_ft[mover]
        found = search(self.legs, mover, side[mover], rivals, height, self.climb_ftps[mover], limit_m, vertical_m)
        one, other = mover[found[:, 0].astype(np.int64)], mover[found[:, 1].astype(np.int64)]
        return _joined(np.minimum(one, other), np.maximum(one, other), found[:, 2], found[:, 3])

    def described(self, found: Stretches, horizon_s: float, limits: tuple[float, float]) -> Floats:
        """Return what kernel_instant.describe tells of each stretch, in float64 of shape (n, 5)."""
        return describe(
            self.first,
            self.legs,
            self.height_ft,
            self.climb_ftps,
            found.a,
            found.b,
            found.entry_s,
            found.exit_s,
            horizon_s,
            *limits,
        )

    def relative(self, a: Integers, b: Integers) -> Floats:
        """Return what kernel_instant.relative_at tells of each pair, in float64 of shape (n, 7)."""
        return relative_at(self.first, self.legs, self.height_ft, self.climb_ftps, a, b, self.horizon_s)


def _further(lat: Floats, lon: Floats, course: Floats, distance_m: Floats) -> tuple[Floats, Floats, Floats]:
    """Return place and course after a distance along the geodesic (Karney's, through PROJ)."""
    from pyproj import Geod  # noqa: PLC0415 - only movers that go beyond one leg pay for it

    lon_then, lat_then, back = Geod(ellps="WGS84").fwd(lon, lat, course, distance_m)
    return lat_then, lon_then, np.asarray(back) + 180.0


def _joined(a: Integers, b: Integers, entry_s: Floats, exit_s: Floats) -> Stretches:
    """Return the stretches with those of one pair that touch made one, sorted by pair and time."""
    order = np.lexsort((entry_s, b, a))
    a, b, entry_s, exit_s = a[order], b[order], entry_s[order], exit_s[order]
    if a.size == 0:
        return Stretches(a, b, entry_s, exit_s)
    begins = np.ones(a.size, dtype=np.bool_)
    begins[1:] = (a[1:] != a[:-1]) | (b[1:] != b[:-1]) | (entry_s[1:] > exit_s[:-1] + JOIN_S)
    heads = np.flatnonzero(begins)
    last = np.append(heads[1:], a.size) - 1
    return Stretches(a[heads], b[heads], entry_s[heads], exit_s[last])
