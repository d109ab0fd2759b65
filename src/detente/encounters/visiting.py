"""Who was in or near which danger area while it was active.

Definition: each mover moves as detente.encounters.searching says. A visit is a maximal time within one active
window of an area in which the mover is inside it or within ``margin_m`` of its border and, where its height is
known, between the area's lower and upper limit. Ships are at sea level, below every lower limit but the surface.
Where a height is unknown the horizontal alone decides, and the visit is only possible.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import polars as pl

from detente import words
from detente.encounters import compiled
from detente.encounters.announced import Announced
from detente.encounters.errors import LimitMistake
from detente.tracks.errors import OutOfOrder

if TYPE_CHECKING:
    from detente.encounters.area_tables import Tables
    from detente.encounters.held_fixes import Window
    from detente.encounters.intake import Movers, Positions
    from detente.encounters.legs import Legs
    from detente.encounters.nearness import Nearness
    from detente.encounters.pairing import SidesOfMovers
    from detente.encounters.room import Room

__all__ = ["COVERED_M", "MARGIN_MAX_M", "VISITING", "AreaSearch", "Gathered", "Visits", "find_visits"]

say = words.speaker("encounters")

VISITING = ("kernel_legs", "kernel_near", "kernel_cells", "kernel_times", "kernel_visits", "kernel_coverage")
"""The modules of kernels that a search for visits uses."""
MARGIN_MAX_M = 185_200.0
COVERED_M = 92_600.0
"""A fix within 50 NM of an area shows that movers would have been seen there."""
COVERED_ROWS = 65_536
"""So many fixes are looked at before what was seen near them is left out."""
ROOM = 65_536
"""Times in areas that there is room for at first."""

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Visits:
    """What a search found and what it went through.

    visits: the table of detente.encounters.visits_schema.VISITS. unvisited: one row for each active window of an
    area in which nobody was: area, area_name, activity, area_doubtful, active_from, active_to, seen_near (whether
    any mover had a fix within COVERED_M of the area meanwhile: without one, a hole in the coverage says nothing
    about activity; null when find_visits was not asked for it).
    fixes, duplicates, movers, legs: as detente.encounters.searching.Search; examined: legs examined by an area.
    """

    visits: pl.DataFrame
    unvisited: pl.DataFrame
    fixes: int
    duplicates: int
    movers: int
    legs: int
    examined: int

    def as_dict(self) -> dict[str, int]:
        """Return the counts for ``--json``."""
        counted = ("fixes", "duplicates", "movers", "legs", "examined")
        return {
            "visits": self.visits.height,
            "unvisited_windows": self.unvisited.height,
            **{name: getattr(self, name) for name in counted},
        }


@dataclass(slots=True)
class Gathered:
    """Visits of all windows of time so far, movers by code and times since 1970."""

    numbers: list[Integers] = field(default_factory=list)
    fields: list[Floats] = field(default_factory=list)
    marks: list[npt.NDArray[np.uint8]] = field(default_factory=list)
    duplicates: int = 0
    legs: int = 0
    examined: int = 0


def find_visits(
    frame: pl.LazyFrame,
    areas: Sequence[Announced],
    *,
    margin_m: float = 0.0,
    max_gap_s: float = 180.0,
    sides: SidesOfMovers | None = None,
    start: datetime | None = None,
    end: datetime | None = None,
    coverage: bool = False,
    progress: Callable[[int], None] | None = None,
    note: Callable[[str], None] | None = None,
) -> Visits:
    """Find every visit; the head of this file defines what one is.

    frame: as detente.encounters.searching.search; margin_m: 0 to 100 NM; start, end: only the motion between them
    counts. coverage: tell of windows without a visit whether anybody was seen near. progress: is called with the
    number of fixes read so far; note: with a sentence when kernels are compiled. Raises LimitMistake, AreaMistake,
    SchemaMistake and PositionMistake.
    """
    if not 0.0 <= margin_m <= MARGIN_MAX_M:
        raise LimitMistake(
            expected=say("a margin from 0 to {most} m", most=f"{MARGIN_MAX_M:,.0f}"),
            came=f"{margin_m:g}",
            where="margin_m",
        )
    compiled.compile_kernels(note, modules=VISITING)
    # what follows needs the kernels, so it is imported once they are there
    from detente.encounters import area_tables  # noqa: PLC0415

    asked = _Asked(
        areas=areas,
        tables=area_tables.tables_of(areas, margin_m),
        margin_m=margin_m,
        gap_us=round(max_gap_s * 1e6),
        bounds=(_us(start), _us(end)),
        sides=sides,
        coverage=coverage,
    )
    try:
        # nearly every archive is in order: reading its times first would cost more than beginning anew
        return _found(frame, asked, progress, unasked=True)
    except OutOfOrder:
        return _found(frame, asked, progress, unasked=False)


@dataclass(frozen=True, slots=True)
class _Asked:
    """What was asked for."""

    areas: Sequence[Announced]
    tables: Tables
    margin_m: float
    gap_us: int
    bounds: tuple[int | None, int | None]
    sides: SidesOfMovers | None
    coverage: bool


def _found(
    frame: pl.LazyFrame, asked: _Asked, progress: Callable[[int], None] | None, *, unasked: bool
) -> Visits:
    """Go through the fixes once; unasked: see detente.encounters.intake.positions."""
    from detente.encounters import held_fixes, intake, nearness, room, visit_rows  # noqa: PLC0415

    tables, bounds, movers = asked.tables, asked.bounds, intake.Movers()
    reach = 3 * asked.gap_us + 120_000_000
    slices = intake.positions(
        frame,
        movers,
        start_us=None if bounds[0] is None else bounds[0] - reach,
        end_us=None if bounds[1] is None else bounds[1] + reach,
        unasked=unasked,
    )
    counted = _Counted(slices, progress)
    near = nearness.Nearness.of(tables, asked.margin_m)
    search = AreaSearch(tables, near, movers, asked.gap_us, asked.margin_m, bounds, room.Room(), room.Room())
    covered = _Covered.of(asked.areas, movers, bounds) if asked.coverage else None
    gathered = Gathered()
    for window in held_fixes.windows_of(counted.slices(), asked.gap_us):
        search.gather(window, gathered)
        if covered is not None:
            covered.note(window)
    numbers = gathered.numbers
    return Visits(
        visits=visit_rows.table(
            numbers,
            gathered.fields,
            gathered.marks,
            asked.areas,
            tables,
            movers,
            asked.sides,
            asked.margin_m,
            bounds,
        ),
        unvisited=visit_rows.unvisited(
            numbers, asked.areas, tables, bounds, None if covered is None else covered.windows
        ),
        fixes=counted.fixes,
        duplicates=gathered.duplicates,
        movers=movers.count,
        legs=gathered.legs,
        examined=gathered.examined,
    )


@dataclass(frozen=True, slots=True)
class _Covered:
    """Which windows of areas had anybody near, by their place in the tables."""

    tables: Tables
    near: Nearness
    movers: Movers
    bounds: tuple[int | None, int | None]
    windows: npt.NDArray[np.uint8]

    @classmethod
    def of(cls, areas: Sequence[Announced], movers: Movers, bounds: tuple[int | None, int | None]) -> _Covered:
        from detente.encounters import area_tables, nearness  # noqa: PLC0415

        tables = area_tables.tables_of(areas, COVERED_M)
        near = nearness.Nearness.of(tables, COVERED_M)
        return cls(tables, near, movers, bounds, np.zeros(len(tables.opens_us), np.uint8))

    def note(self, window: Window[Positions]) -> None:
        """Look at the fixes of one window of time, a part at a time, for what is still unseen."""
        times = window.fixes.time_us
        since, until = self.bounds
        begin = 0 if since is None else int(np.searchsorted(times, since))
        end = times.size if until is None else int(np.searchsorted(times, until, side="right"))
        for first in range(begin, end, COVERED_ROWS):
            self._note(window.fixes.part(first, min(first + COVERED_ROWS, end)))

    def _note(self, given: Positions) -> None:
        from detente.encounters import intake, room  # noqa: PLC0415
        from detente.encounters.kernel_coverage import note_covered  # noqa: PLC0415

        tables, first, last = self.tables, int(given.time_us[0]), int(given.time_us[-1])
        unseen = (self.windows == 0) & (tables.opens_us <= last) & (tables.closes_us >= first)
        if not unseen.any():
            return
        fixes = intake.placed(
            self.near.fixes_in_reach(given, first, float(last - first), unseen), self.movers, room.Room()
        )
        note_covered(
            fixes.time_us,
            fixes.points,
            COVERED_M,
            tables.cell_first,
            tables.cell_areas,
            tables.part_first,
            (tables.parts, tables.edge_first, tables.edges),
            tables.window_first,
            np.stack([tables.opens_us, tables.closes_us], axis=1),
            self.windows,
        )


@dataclass(slots=True)
class _Counted:
    """Counts the fixes of slices as they pass."""

    given: Iterator[Positions]
    progress: Callable[[int], None] | None
    fixes: int = 0

    def slices(self) -> Iterator[Positions]:
        for one in self.given:
            self.fixes += one.count
            if self.progress is not None:
                self.progress(self.fixes)
            yield one


def _us(moment: datetime | None) -> int | None:
    return None if moment is None else round(moment.timestamp() * 1e6)


@dataclass(frozen=True, slots=True)
class AreaSearch:
    """What does not change from one window of time to the next."""

    tables: Tables
    near: Nearness
    movers: Movers
    gap_us: int
    margin_m: float
    bounds: tuple[int | None, int | None]
    memory: Room
    placing: Room

    def gather(self, window: Window[Positions], gathered: Gathered) -> None:
        """Add the visits of one window of time: of those movers that come near an area while it is active."""
        from detente.encounters import intake, legs  # noqa: PLC0415

        until = math.inf if window.is_last else window.span
        nearby = self.near.look(
            window.fixes,
            len(self.movers.ids),
            begin=window.begin,
            since=self._since(window),
            until=self._until(window),
            counted_until=until,
            gap=self.gap_us,
        )
        gathered.duplicates += nearby.duplicates
        gathered.legs += nearby.legs
        if not nearby.fixes.count:
            return
        fixes = intake.placed(nearby.fixes, self.movers, self.placing)
        active = np.flatnonzero(np.bincount(fixes.code, minlength=len(self.movers.ids)))
        local_of = np.zeros(len(self.movers.ids), np.int32)
        local_of[active] = np.arange(active.size, dtype=np.int32)
        found, _ = legs.legs_of(
            self.memory, fixes, local_of, active.size, gap_us=self.gap_us, base_us=window.begin, until=until
        )
        self.add_visits(found, active, window, gathered)

    def _since(self, window: Window[Positions]) -> float:
        return max(0.0, -math.inf if self.bounds[0] is None else float(self.bounds[0] - window.begin))

    def _until(self, window: Window[Positions]) -> float:
        return min(window.span, math.inf if self.bounds[1] is None else float(self.bounds[1] - window.begin))

    def add_visits(self, found: Legs, active: Integers, window: Window[Positions], gathered: Gathered) -> None:
        """Add the visits of legs; active: the code of each of their movers."""
        from detente.encounters import kernel_visits, quality  # noqa: PLC0415
        from detente.encounters.kernel_legs import SHIP  # noqa: PLC0415

        places, times = self._times(found, window, gathered)
        numbers = np.empty((len(places), kernel_visits.VISIT_NUMBERS), np.int64)
        fields = np.empty((len(places), kernel_visits.VISIT_FIELDS))
        turn = np.where(self.movers.kind[active] == SHIP, quality.TURN_SHIP_RAD_S, quality.TURN_OTHER_RAD_S)
        tables = self.tables
        count = kernel_visits.visits(
            found.first,
            found.moves,
            found.flags,
            found.rc_m,
            found.age_s,
            turn,
            found.whole_begin,
            found.whole_end,
            tables.part_first,
            (tables.parts, tables.edge_first, tables.edges),
            places,
            times,
            numbers,
            fields,
        )
        marks = found.mark[found.first[numbers[:count, 0]]]
        numbers[:count, 0] = active[numbers[:count, 0]]
        numbers[:count, 3:6] += window.begin
        gathered.numbers.append(numbers[:count].copy())
        gathered.fields.append(fields[:count].copy())
        gathered.marks.append(marks)

    def _times(self, found: Legs, window: Window[Positions], gathered: Gathered) -> tuple[Integers, Floats]:
        """Return when which legs of the window are in which areas; see times_in_areas."""
        from detente.encounters.kernel_times import times_in_areas  # noqa: PLC0415

        tables, since, until = self.tables, self._since(window), self._until(window)
        windows = np.stack([tables.opens_us - window.begin, tables.closes_us - window.begin], axis=1)
        cell_first, cell_areas = _active_cells(tables, windows, since, until, self.memory)
        all_places: list[Integers] = []
        all_times: list[Floats] = []
        leg, room = 0, ROOM
        while leg < found.first[-1]:
            places, times = np.empty((room, 5), np.int64), np.empty((room, 2))
            leg, count, examined = times_in_areas(
                found.first,
                found.moves,
                found.flags,
                since,
                until,
                cell_first,
                cell_areas,
                tables.part_first,
                (tables.parts, tables.edge_first, tables.edges),
                tables.limits,
                tables.window_first,
                windows,
                self.margin_m,
                leg,
                places,
                times,
            )
            gathered.examined += examined
            all_places.append(places[:count])
            all_times.append(times[:count])
            room *= 2
        if not all_places:
            return np.empty((0, 5), np.int64), np.empty((0, 2))
        return np.concatenate(all_places), np.concatenate(all_times)


def _active_cells(
    tables: Tables, windows: Floats, since: float, until: float, room: Room
) -> tuple[Integers, npt.NDArray[np.int32]]:
    """Return the table of cells with only those areas that are active at some time from since to until.

    It lies in the room.
    """
    area_of = np.repeat(np.arange(len(tables.limits)), np.diff(tables.window_first))
    active = np.zeros(len(tables.limits), np.bool_)
    active[area_of[(windows[:, 0] < until) & (windows[:, 1] > since)]] = True
    kept = active[tables.cell_areas]
    before = np.concatenate([np.zeros(1, np.int64), np.cumsum(kept)])
    cell_first = room.array("cells", tables.cell_first.size, np.int64)
    # clipping changes nothing here, but without it numpy takes a copy first
    np.take(before, tables.cell_first, out=cell_first, mode="clip")
    return cell_first, tables.cell_areas[kept]
