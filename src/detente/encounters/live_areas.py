"""Who of a live picture is or will be in an announced area while it is active; see detente.encounters.visiting.

What is prepared once stays: the tables of the areas. A step then looks at two places of each mover, now and at the
horizon, and only into the ways of those that come near an area.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import numpy.typing as npt

from detente.encounters import area_tables, held_fixes, intake, nearness, room, visiting
from detente.encounters.announced import Announced
from detente.encounters.kernel_legs import SHIP
from detente.encounters.kernel_visits import FLAGS
from detente.encounters.motion import lon_lat

__all__ = ["LiveAreas", "Stays", "Ways", "nobody"]

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

_MOVER, _AREA, _ENTERED, _LEFT, _NEAREST, _FLAGS = 0, 1, 3, 4, 5, 6


@dataclass(frozen=True, slots=True)
class Ways:
    """Where each mover is now and will be at the horizon: points (n, 3), earth-centred in metres, and heights (NaN)."""

    now: Floats
    then: Floats
    height_m: Floats
    then_height_m: Floats
    is_ship: npt.NDArray[np.bool_]

    def part(self, places: Integers) -> Ways:
        """Return those at the places."""
        return Ways(
            self.now[places],
            self.then[places],
            self.height_m[places],
            self.then_height_m[places],
            self.is_ship[places],
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
        self._memory, self._placing = room.Room(), room.Room()

    def stays(self, ways: Ways, at: datetime, ahead_s: float) -> Stays:
        """Return every stay in an area, or within the margin, from ``at`` until so many seconds later."""
        begin, span = round(at.timestamp() * 1e6), round(ahead_s * 1e6)
        count = len(ways.now)
        active = (self._tables.opens_us < begin + span) & (self._tables.closes_us > begin)
        if not count or not active.any():
            return nobody()
        lon, lat = lon_lat(np.concatenate([ways.now, ways.then]))
        code = np.arange(count, dtype=np.int32)
        fixes = intake.Positions(
            code=np.concatenate([code, code]),
            time_us=np.repeat(np.array([begin, begin + span], np.int64), count),
            rc_m=np.empty(0, np.float32),
            age_s=np.empty(0, np.float32),
            mark=np.zeros(2 * count, np.uint8),
            lon=lon,
            lat=lat,
            height_m=np.concatenate([ways.height_m, ways.then_height_m]),
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
        search.gather(held_fixes.Window(fixes, begin, begin + span, is_last=True), gathered)
        if not gathered.numbers:
            return nobody()
        return _stays(np.concatenate(gathered.numbers), np.concatenate(gathered.fields), begin)


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
