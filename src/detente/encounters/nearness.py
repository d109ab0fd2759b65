"""Which fixes can matter to any area while it is active: the tables of detente.encounters.kernel_near, and their use.

What an area reaches is taken as a cap of a sphere of SMALLEST_M. No way along the ellipsoid is shorter than on that
sphere with the same longitudes and latitudes, so that the cap holds whatever the area does.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from detente.encounters.area_tables import Tables
from detente.encounters.intake import Positions
from detente.encounters.kernel_legs import BASELINE_S, E2
from detente.encounters.kernel_near import (
    BLOCKS_MOST,
    CUT,
    LONG_M,
    SHORT_M,
    SLOTS,
    SQUARES,
    fixes_in_reach,
    mark_caps,
    movers_in_reach,
    when_near,
)

__all__ = ["Nearby", "Nearness", "balls_of"]

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

SMALLEST_M = 6_335_400.0
"""The least radius of curvature of the ellipsoid is 40 m more: that of the meridian at the equator."""


@dataclass(frozen=True, slots=True)
class Nearby:
    """What a first look at a window found: the fixes that must be looked at, and what was counted on the way."""

    fixes: Positions
    legs: int
    duplicates: int


@dataclass(slots=True)
class Nearness:
    """Areas as caps, and the tables of what they reach in one window of time, used again for the next."""

    caps: Floats
    area_of: Integers
    windows: Floats
    window_area: Integers
    full: Integers = field(default_factory=lambda: np.zeros(SQUARES, np.int64))
    wide: Integers = field(default_factory=lambda: np.zeros(SQUARES, np.int64))
    block_of: npt.NDArray[np.int32] = field(default_factory=lambda: np.full(SQUARES, -1, np.int32))
    blocks: Integers = field(default_factory=lambda: np.zeros((BLOCKS_MOST, CUT * CUT), np.int64))
    used: int = 0

    @classmethod
    def of(cls, tables: Tables, margin_m: float) -> Nearness:
        """Return the nearness of areas with a margin around them."""
        balls, part_of = balls_of(tables)
        lon, lat = _middles(balls)
        reach = balls[:, 3] + 1.01 * margin_m + 100.0
        caps = np.stack([lon, lat, _degrees(reach + 0.51 * SHORT_M), _degrees(reach + 0.51 * LONG_M)], axis=1)
        area_of_part = np.repeat(np.arange(len(tables.limits)), np.diff(tables.part_first))
        return cls(
            caps=caps,
            area_of=area_of_part[part_of],
            windows=np.stack([tables.opens_us, tables.closes_us], axis=1),
            window_area=np.repeat(np.arange(len(tables.limits)), np.diff(tables.window_first)),
        )

    def look(
        self,
        fixes: Positions,
        movers: int,
        *,
        begin: int,
        since: float,
        until: float,
        counted_until: float,
        gap: int,
    ) -> Nearby:
        """Return the fixes that tell the motion of whoever may be near an active area between since and until.

        Around the time in which a mover may be near, as much is kept as its motion then depends on
        (detente.encounters.held_fixes). begin: microseconds since 1970; the times after it; movers: how many there are.
        """
        self._mark(float(begin), since, until)
        seen = np.zeros((movers, 3), np.int64)
        near = np.tile(np.array([math.inf, -math.inf]), (movers, 1))
        legs, duplicates = when_near(
            fixes.code,
            fixes.time_us,
            fixes.lon,
            fixes.lat,
            float(begin),
            since,
            until,
            counted_until,
            float(gap),
            (self.full, self.wide, self.block_of, self.blocks),
            _COSINES,
            seen,
            near,
        )
        around = 2.0 * gap + BASELINE_S * 1e6
        chosen = movers_in_reach(fixes.code, fixes.time_us, float(begin), near, around)
        return Nearby(fixes.chosen(chosen), legs, duplicates)

    def fixes_in_reach(
        self, fixes: Positions, begin: int, until: float, wanted: npt.NDArray[np.bool_]
    ) -> Positions:
        """Return the fixes that lie in reach of areas in those of their windows that are wanted."""
        self._mark(float(begin), 0.0, until, wanted)
        look = (self.full, self.wide, self.block_of, self.blocks)
        chosen = fixes_in_reach(fixes.time_us, fixes.lon, fixes.lat, float(begin), 0.0, until, look)
        return fixes.chosen(chosen)

    def _mark(self, base: float, since: float, until: float, wanted: npt.NDArray[np.bool_] | None = None) -> None:
        """Fill the tables with the areas that are active at some time from since to until."""
        self.full[:], self.wide[:], self.block_of[:] = 0, 0, -1
        self.blocks[: self.used] = 0
        opens, closes = self.windows[:, 0] - base, self.windows[:, 1] - base
        active = (opens < until) & (closes > since)
        if wanted is not None:
            active = (opens <= until) & (closes >= since) & wanted
        slots = np.zeros(1 + (int(self.area_of.max()) if self.area_of.size else 0), np.int64)
        per_us = SLOTS / (until - since) if until > since else 0.0
        first, last = (
            np.minimum(((np.clip(times[active], since, until) - since) * per_us).astype(np.int64), SLOTS - 1)
            for times in (opens, closes)
        )
        np.bitwise_or.at(slots, self.window_area[active], (2 << last) - (1 << first))
        of_cap = slots[self.area_of]
        marked = np.flatnonzero(of_cap)
        self.used = mark_caps(
            self.caps[marked], of_cap[marked], (self.full, self.wide, self.block_of, self.blocks)
        )


def balls_of(tables: Tables) -> tuple[Floats, Integers]:
    """Return balls (x, y, z, reach in metres) that hold what areas cover, and the part of each.

    A tube has one around each of its edges, for one around all of them may be much larger.
    """
    edges_of = np.diff(tables.edge_first)
    is_tube = tables.parts[:, 13] > 0.0
    of_edge = np.repeat(np.arange(len(tables.parts)), edges_of)
    drawn = np.flatnonzero(is_tube[of_edge])
    around = np.column_stack(
        [tables.edges[drawn, 19:22], tables.edges[drawn, 22] + 1.01 * tables.parts[of_edge[drawn], 13] + 200.0]
    )
    whole = np.flatnonzero(~is_tube)
    return np.concatenate([tables.parts[whole, :4], around]), np.concatenate([whole, of_edge[drawn]])


def _middles(balls: Floats) -> tuple[Floats, Floats]:
    """Return longitude and latitude in degrees of points at the surface or a little below."""
    x, y, z = balls[:, 0], balls[:, 1], balls[:, 2]
    return np.degrees(np.arctan2(y, x)), np.degrees(np.arctan2(z, (1.0 - E2) * np.hypot(x, y)))


def _degrees(chord_m: Floats) -> Floats:
    """Return the angle on the smallest sphere of the longest way with such a chord, and a little more."""
    half = np.minimum(chord_m / (2.0 * SMALLEST_M), 1.0)
    return np.where(half >= 1.0, 180.0, np.degrees(2.0 * np.arcsin(half)) * 1.001)


_COSINES = np.cos(np.radians(np.maximum(np.abs(np.arange(180) - 89.5) - 0.5, 0.0)))
"""The greatest cosine of latitude in each row of squares."""
