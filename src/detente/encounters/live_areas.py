"""Who of a live picture is or will be in an announced area while it is active; see detente.encounters.visiting.

What is prepared once stays: the tables of the areas. A step then looks at two places of each mover, now and at the
horizon, and follows only the ways of those that come near an area.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import numpy.typing as npt

from detente.encounters import area_tables, held_fixes, intake, legs, nearness, room, visiting
from detente.encounters.announced import Announced
from detente.encounters.kernel_legs import SHIP
from detente.encounters.kernel_visits import FLAGS
from detente.encounters.motion import lon_lat

__all__ = ["STEP_M", "LiveAreas", "Stays", "Ways", "nobody"]

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

STEP_M = 3_500.0
"""Points of a way are no further apart, so that no leg between two of them needs to be cut."""
MORE_S = 10.0
_NOTHING = intake.Positions(
    code=np.empty(0, np.int32),
    time_us=np.empty(0, np.int64),
    rc_m=np.empty(0, np.float32),
    age_s=np.empty(0, np.float32),
    mark=np.empty(0, np.uint8),
    lon=np.empty(0),
    lat=np.empty(0),
    height_m=np.empty(0),
)
_MOVER, _AREA, _ENTERED, _LEFT, _NEAREST, _FLAGS = 0, 1, 3, 4, 5, 6


@dataclass(frozen=True, slots=True)
class Ways:
    """The ways of movers near areas: points (n, 4), x, y, z and height (NaN) in metres, and their times from now.

    first: where each mover's points begin, one more at the end; at most STEP_M apart.
    """

    points: Floats
    times_s: Floats
    first: Integers
    is_ship: npt.NDArray[np.bool_]

    def part(self, movers: Integers) -> Ways:
        """Return those of some movers, in ascending order."""
        counts = np.diff(self.first)
        kept = np.zeros(counts.size, np.bool_)
        kept[movers] = True
        chosen = np.repeat(kept, counts)
        return Ways(
            points=self.points[chosen],
            times_s=self.times_s[chosen],
            first=np.concatenate([np.zeros(1, np.int64), np.cumsum(counts[kept])]),
            is_ship=self.is_ship[movers],
        )


@dataclass(frozen=True, slots=True)
class Stays:
    """Stays found, a row each: mover, area (places), seconds from now, signed distance (inside negative), flags."""

    mover: Integers
    area: Integers
    entry_s: Floats
    nearest_s: Floats
    exit_s: Floats
    signed_m: Floats
    height_unknown: npt.NDArray[np.bool_]
    lon_lat: Floats


class LiveAreas:
    """Areas with a margin, ready to be asked again and again."""

    def __init__(self, areas: Sequence[Announced], margin_m: float) -> None:
        """Prepare; raises AreaMistake for an area of half the earth."""
        self.areas = tuple(areas)
        self._margin_m = margin_m
        self._tables = area_tables.tables_of(self.areas, margin_m)
        self._near = nearness.Nearness.of(self._tables, margin_m)
        self._balls, part_of = nearness.balls_of(self._tables)
        self._balls[:, 3] += 1.01 * margin_m + 100.0
        self._area_of = np.repeat(np.arange(len(self.areas)), np.diff(self._tables.part_first))[part_of]
        self._area_of_window = np.repeat(np.arange(len(self.areas)), np.diff(self._tables.window_first))
        self._memory, self._placing = room.Room(), room.Room()

    def near(
        self, now: Floats, then: Floats, at: datetime, ahead_s: float
    ) -> tuple[Integers, Floats, Floats, Integers]:
        """Return the rows of ways, from points to points (n, 3), that come near an active area; from when and to when.

        A little more at both ends, so that a way is seen to enter and to leave. Last, how many areas they come near to
        at most.
        """
        from detente.encounters.kernel_live import ways_near  # noqa: PLC0415

        balls = self._balls[self._active(at, ahead_s)[self._area_of]]
        if not len(balls) or not len(now):
            return np.empty(0, np.int64), np.empty(0), np.empty(0), np.empty(0, np.int64)
        found = ways_near(now, then, np.ascontiguousarray(balls))
        since_s = np.maximum(found[:, 1] * ahead_s - MORE_S, 0.0)
        until_s = np.minimum(found[:, 2] * ahead_s + MORE_S, ahead_s)
        return found[:, 0].astype(np.int64), since_s, until_s, found[:, 3].astype(np.int64)

    def stays(self, ways: Ways, at: datetime, ahead_s: float) -> Stays:
        """Return every stay in an area, or within the margin, from ``at`` until so many seconds later."""
        begin, span = round(at.timestamp() * 1e6), round(ahead_s * 1e6)
        count = ways.is_ship.size
        if not count or not self._active(at, ahead_s).any():
            return nobody()
        counts = np.diff(ways.first)
        code = np.repeat(np.arange(count, dtype=np.int32), counts)
        fixes = intake.Fixes(
            code=code,
            time_us=begin + np.rint(1e6 * ways.times_s).astype(np.int64),
            rc_m=np.empty(0, np.float32),
            age_s=np.empty(0, np.float32),
            mark=np.zeros(code.size, np.uint8),
            points=ways.points,
        )
        found, _ = legs.legs_of(
            self._memory,
            fixes,
            np.arange(count, dtype=np.int32),
            count,
            gap_us=span + 1,
            base_us=begin,
            until=math.inf,
        )
        movers = intake.Movers()
        movers.ids = [""] * count
        movers.kind = np.where(ways.is_ship, SHIP, SHIP + 1).astype(np.uint8)
        search = visiting.AreaSearch(
            self._tables,
            self._near,
            movers,
            span + 1,
            self._margin_m,
            (begin, begin + span),
            self._memory,
            self._placing,
        )
        gathered = visiting.Gathered()
        # the window holds no fixes: it only says which time this is
        window = held_fixes.Window(_NOTHING, begin, begin + span, is_last=True)
        search.add_visits(found, np.arange(count), window, gathered)
        if not gathered.numbers:
            return nobody()
        return _stays(np.concatenate(gathered.numbers), np.concatenate(gathered.fields), begin)

    def _active(self, at: datetime, ahead_s: float) -> npt.NDArray[np.bool_]:
        """Tell which areas are active at some time from ``at`` until so many seconds later."""
        begin, tables = at.timestamp() * 1e6, self._tables
        open_windows = (tables.opens_us < begin + ahead_s * 1e6) & (tables.closes_us > begin)
        active = np.zeros(len(self.areas), np.bool_)
        active[self._area_of_window[open_windows]] = True
        return active


def _stays(numbers: Integers, fields: Floats, begin: int) -> Stays:
    lon, lat = lon_lat(fields[:, 1:4])
    entered, left = numbers[:, _ENTERED], numbers[:, _LEFT]
    return Stays(
        mover=numbers[:, _MOVER],
        area=numbers[:, _AREA],
        entry_s=(entered - begin) / 1e6,
        nearest_s=(np.clip(numbers[:, _NEAREST], entered, left) - begin) / 1e6,
        exit_s=(left - begin) / 1e6,
        signed_m=fields[:, 0].copy(),
        height_unknown=(numbers[:, _FLAGS] & FLAGS.HEIGHT_UNKNOWN) != 0,
        lon_lat=np.stack([lon, lat], axis=1),
    )


def nobody() -> Stays:
    """Return no stay at all."""
    return _stays(np.empty((0, 7), np.int64), np.empty((0, 11)), 0)
