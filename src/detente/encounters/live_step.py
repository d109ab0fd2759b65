"""Who is or will be too close to whom, or in an area, from a live picture whose positions have ages.

The same motion and the same limits as detente.encounters.prediction: each mover goes on along its geodesic at constant
speed and constant vertical rate, from where it was last seen. Found are all pairs that are within the limits of a rung,
which depend on the kinds of both, at some time from now until its horizon; none is missed
(detente.encounters.kernel_instant says why), and for positions without age they are the pairs that
detente.encounters.prediction.predict finds. Tells what is if nobody turns; proposes no manoeuvre.

A place that is old is in doubt. Where the doubt decides whether a limit is broken, the pair is *possible*; pairs that
only doubt brings within the outermost limit are told of too, on no rung.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from detente import words
from detente.encounters import compiled
from detente.encounters.announced import Announced
from detente.encounters.errors import LimitMistake
from detente.encounters.sides import Sides

if TYPE_CHECKING:
    from detente.encounters.live_areas import LiveAreas, Stays

__all__ = [
    "AHEAD_S_MAX",
    "KINDS",
    "RUNGS",
    "WITHIN_M_MAX",
    "AreaEntries",
    "Found",
    "LiveStep",
    "Pairs",
    "Rungs",
    "States",
    "related_sides",
]

say = words.speaker("encounters")

RUNGS = 4
KINDS = 2
"""Kinds of mover that limits depend on: what stays at sea level, and aircraft."""
AHEAD_S_MAX = 3_600.0
WITHIN_M_MAX = 185_200.0
"""How far ahead, and how far apart, a live step looks at most; a file of limits is held to it."""
BAND_M = 185.2
"""An area is left when its border is further off than this, and its margin times the factor: not on every yaw."""
MOORED_EVERY = timedelta(seconds=60)
"""How often pairs at rest are counted: they hardly change."""

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class States:
    """Everybody at one moment, a row a mover.

    ids: as text; lon, lat in degrees, speed_ms, course_deg, height_m and climb_ms (NaN: not known) at the fix;
    age_s: how long before the moment that was; doubt_m: how far the place may be off at the moment; kind: 0 for what
    stays at sea level, 1 for aircraft; side: number of the side, 0 for none; at_rest: moored, anchored or not moving;
    slot: where the picture keeps the mover.
    """

    ids: Sequence[str]
    lon: Floats
    lat: Floats
    speed_ms: Floats
    course_deg: Floats
    height_m: Floats
    climb_ms: Floats
    age_s: Floats
    doubt_m: Floats
    kind: npt.NDArray[np.uint8]
    side: Integers
    at_rest: Flags
    slot: Integers


@dataclass(frozen=True, slots=True)
class Rungs:
    """The limits of each rung (outermost first) for two kinds: tables of shape (RUNGS, KINDS, KINDS), symmetric.

    Each rung lies inside the one before in all three. A pair is on it when both distances fall below within_m and
    vertical_m at one time, at most ahead_s from now.
    """

    within_m: Floats
    vertical_m: Floats
    ahead_s: Floats


@dataclass(frozen=True, slots=True)
class Pairs:
    """Pairs found, a row each: a, b are rows of States.

    rung: 0 outside all rungs (but within the factor asked for, or near by doubt), else 1 (outermost) to RUNGS.
    entry_s, exit_s: when the outermost rung's limits begin and cease to hold, inf when they never do; near: within the
    factor times the limits at some time. closest_s, distance_m, vertical_m (NaN): the least horizontal distance between
    entry and exit, on no rung from now until the horizon; now_m, now_vertical_m: now. lon_lat: of both when closest
    (n, 4). possible: not certain; by_doubt: only the doubt of both places brings them within the outermost limit.
    """

    a: Integers
    b: Integers
    rung: Integers
    entry_s: Floats
    exit_s: Floats
    near: Flags
    closest_s: Floats
    distance_m: Floats
    vertical_m: Floats
    now_m: Floats
    now_vertical_m: Floats
    relative_speed_ms: Floats
    lon_lat: Floats
    possible: Flags
    by_doubt: Flags

    def __len__(self) -> int:
        """Return how many there are."""
        return self.a.size


@dataclass(frozen=True, slots=True)
class AreaEntries:
    """Movers that are or will be in an active area: rows of States, places in the list of areas, seconds from now.

    entry_s, exit_s: inf when it only comes near (outside the margin, but not by the factor and BAND_M);
    distance_m: from the border at nearest_s, 0 inside; possible: its place or its height leaves it open.
    """

    mover: Integers
    area: Integers
    entry_s: Floats
    nearest_s: Floats
    exit_s: Floats
    distance_m: Floats
    possible: Flags
    lon_lat: Floats

    def __len__(self) -> int:
        """Return how many there are."""
        return self.mover.size


@dataclass(frozen=True, slots=True)
class Found:
    """What one step found. moored: pairs within the limits of which both are at rest; they are not among the pairs."""

    at: datetime
    states: States
    pairs: Pairs
    entries: AreaEntries
    moored: int


def related_sides(sides: Sides | None, between: str) -> tuple[tuple[str, ...], npt.NDArray[np.uint8]]:
    """Return the sides' names, "" first, and which of them are looked for together.

    between: "all", or "rivals" for pairs of two rival sides (then ``sides`` is needed). Raises LimitMistake.
    """
    if between not in {"rivals", "all"} or (between == "rivals" and sides is None):
        raise LimitMistake(
            expected=say("rivals with sides given, or all"),
            came=str(between)[:64],
            where="between",
            remedy=say("give sides, or look for all"),
        )
    names = ("", *(sides.names if sides is not None else ()))
    table = [
        [between == "all" or (sides is not None and sides.rivals(one, other)) for other in names] for one in names
    ]
    return names, np.array(table, np.uint8)


@dataclass(frozen=True, slots=True)
class _Way:
    """Everybody's way until the horizon, as the kernels take it."""

    legs: Floats
    ends: Floats
    now: Floats
    height_m: Floats
    climb_ms: Floats
    doubt_m: Floats
    kind: npt.NDArray[np.uint8]
    side: Integers
    at_rest: npt.NDArray[np.uint8]


class LiveStep:
    """One prediction after another with the same limits, sides and areas."""

    def __init__(
        self,
        rungs: Rungs,
        related: npt.NDArray[np.uint8],
        *,
        areas: Sequence[Announced] = (),
        area_ahead_s: float = 1_200.0,
        area_margin_m: float = 0.0,
        factor: float = 1.2,
        note: Callable[[str], None] | None = None,
    ) -> None:
        """Prepare; related[i, j] is 1 where pairs of the sides numbered i and j are looked for (related_sides).

        factor: pairs are told of as far out as so many times the outermost limits. note: is called with a sentence
        when kernels are compiled. Raises LimitMistake for limits out of bounds, AreaMistake for an area.
        """
        _check(rungs, area_ahead_s)
        compiled.compile_kernels(note, modules=compiled.LIVE if areas else compiled.LIVE_PAIRS)
        self._rungs, self._related = rungs, related
        self._area_ahead_s, self._factor = area_ahead_s, factor
        self._flat = tuple(
            np.ascontiguousarray(table.reshape(RUNGS, -1), np.float64)
            for table in (rungs.within_m, rungs.vertical_m, rungs.ahead_s)
        )
        self._wide = tuple(factor * table[0] for table in (rungs.within_m, rungs.vertical_m, rungs.ahead_s))
        self._beside = ThreadPoolExecutor(max_workers=1, thread_name_prefix="areas")
        self._moored: int = 0
        self._moored_at: datetime | None = None
        self._areas: tuple[LiveAreas, LiveAreas] | None = None
        if areas:
            from detente.encounters.live_areas import LiveAreas  # noqa: PLC0415

            self._areas = (
                LiveAreas(areas, factor * area_margin_m + BAND_M),
                LiveAreas(areas, area_margin_m),
            )

    def step(self, states: States, at: datetime) -> Found:
        """Return every pair and every stay in an area from ``at`` until the horizon."""
        way = self._way(states)
        # both spend their time in kernels, which let each other run
        entries = self._beside.submit(self._entries, way, states, at)
        pairs = self._near(way, self._wide, way.doubt_m, resting=False)
        if self._moored_at is None or not timedelta(0) <= at - self._moored_at < MOORED_EVERY:
            rungs = self._rungs
            outermost = (rungs.within_m[0], rungs.vertical_m[0], rungs.ahead_s[0])
            self._moored = len(self._near(way, outermost, np.zeros(way.doubt_m.size), resting=True))
            self._moored_at = at
        return Found(
            at=at,
            states=states,
            pairs=self._judged(way, np.ascontiguousarray(pairs[:, 0]), np.ascontiguousarray(pairs[:, 1])),
            entries=entries.result(),
            moored=self._moored,
        )

    def _way(self, states: States) -> _Way:
        from detente.encounters.kernel_live import ends_of  # noqa: PLC0415
        from detente.encounters.kernel_straight import leg_rows  # noqa: PLC0415

        kind = states.kind.astype(np.uint8)
        legs = leg_rows(
            np.ascontiguousarray(states.lat),
            np.ascontiguousarray(states.lon),
            np.nan_to_num(states.course_deg),
            np.ascontiguousarray(states.speed_ms),
            -np.maximum(states.age_s, 0.0),
            self._wide[2].max(axis=1)[kind],
        )
        at_sea = kind == 0
        unknown = np.isnan(states.height_m + states.climb_ms) & ~at_sea
        # a doubt beyond the limit itself says that nothing is known: looking further would tell nobody anything
        doubt = np.minimum(states.doubt_m, self._rungs.within_m[0].max(axis=1)[kind])
        ends, now = ends_of(legs)
        return _Way(
            legs=legs,
            ends=ends,
            now=now,
            height_m=np.where(unknown, np.nan, np.where(at_sea, 0.0, states.height_m)),
            climb_ms=np.where(unknown, np.nan, np.where(at_sea, 0.0, states.climb_ms)),
            doubt_m=doubt,
            kind=kind,
            side=np.ascontiguousarray(states.side),
            at_rest=states.at_rest.astype(np.uint8),
        )

    def _near(self, way: _Way, limits: tuple[Floats, ...], doubt_m: Floats, *, resting: bool) -> Integers:
        """Return the pairs within limits, two kinds at a time: resting, only those of two at rest, else all others."""
        found = [np.empty((0, 2), np.int64)]
        for one, other in ((0, 0), (0, 1), (1, 1)):
            within, vertical, ahead = (float(table[one, other]) for table in limits)
            looking, among = np.flatnonzero(way.kind == one), np.flatnonzero(way.kind == other)
            if resting:
                looking, among = looking[way.at_rest[looking] > 0], among[way.at_rest[among] > 0]
            if (one, other) == (0, 1):
                among = among[_comes_low(way, among, vertical, ahead)]
            for askers, asked in self._groups(way.side, looking, among, same=one == other):
                found.append(
                    self._near_each_other(way, (within, vertical, ahead), doubt_m, askers, asked, resting=resting)
                )
        return np.concatenate(found)

    def _groups(
        self, side: Integers, looking: Integers, among: Integers, *, same: bool
    ) -> list[tuple[Integers, Integers]]:
        """Return whom to look for among whom, so that as few as may be are compared who are no rivals."""
        present = np.unique(side[looking] if same else np.concatenate([side[looking], side[among]]))
        table = self._related[np.ix_(present, present)]
        if same and table.all():
            return [(looking, looking)]
        groups = []
        for place, one in enumerate(present.tolist()):
            rivals = present[table[place] > 0]
            if same:
                rivals = rivals[rivals >= one]
                if one in rivals:
                    own = looking[side[looking] == one]
                    groups.append((own, own))
                    rivals = rivals[rivals > one]
            if rivals.size:
                groups.append((looking[side[looking] == one], among[np.isin(side[among], rivals)]))
        return groups

    def _near_each_other(
        self,
        way: _Way,
        limits: tuple[float, float, float],
        doubt_m: Floats,
        askers: Integers,
        asked: Integers,
        *,
        resting: bool,
    ) -> Integers:
        from detente.encounters.kernel_live import boxes_of, pairs_near  # noqa: PLC0415

        if not askers.size or not asked.size:
            return np.empty((0, 2), np.int64)
        same = askers is asked
        if not same and askers.size < asked.size:
            askers, asked = asked, askers  # the tree is made of the fewer
        boxes = boxes_of(way.legs, way.now, asked, way.height_m, way.climb_ms, doubt_m, *limits)
        own = boxes if same else boxes_of(way.legs, way.now, askers, way.height_m, way.climb_ms, doubt_m, *limits)
        return pairs_near(
            way.legs,
            way.ends,
            way.height_m,
            way.climb_ms,
            doubt_m,
            way.at_rest,
            way.side,
            self._related,
            *limits,
            askers,
            own,
            asked,
            boxes,
            int(same),
            int(resting),
        )

    def _judged(self, way: _Way, a: Integers, b: Integers) -> Pairs:
        from detente.encounters.kernel_live import judged, places  # noqa: PLC0415
        from detente.encounters.motion import lon_lat  # noqa: PLC0415

        told = judged(
            a,
            b,
            way.legs,
            way.height_m,
            way.climb_ms,
            way.doubt_m,
            way.kind,
            *self._flat,
            *(np.ascontiguousarray(table.reshape(1, -1)) for table in self._wide),
        )
        told_of = (told[:, 3] > 0) | (told[:, 11] > 0)
        a, b, told = a[told_of], b[told_of], told[told_of]
        closest = np.ascontiguousarray(told[:, 4])
        places_of_both = [np.stack(lon_lat(places(way.legs, row, closest)), axis=1) for row in (a, b)]
        return Pairs(
            a=a,
            b=b,
            rung=told[:, 0].astype(np.int64),
            entry_s=told[:, 1],
            exit_s=told[:, 2],
            near=told[:, 3] > 0,
            closest_s=closest,
            distance_m=told[:, 5],
            vertical_m=told[:, 6],
            now_m=told[:, 7],
            now_vertical_m=told[:, 8],
            relative_speed_ms=told[:, 9],
            lon_lat=np.concatenate(places_of_both, axis=1),
            possible=told[:, 10] > 0,
            by_doubt=told[:, 11] > 0,
        )

    def _entries(self, way: _Way, states: States, at: datetime) -> AreaEntries:
        """Return stays in areas: those within the wider margin, with the times of the margin itself."""
        from detente.encounters.live_areas import nobody  # noqa: PLC0415

        if self._areas is None:
            return _entries_of(nobody(), nobody(), np.empty(0, np.int64), np.empty(0, np.int64), states)
        from detente.encounters.kernel_live import fixes_along, places  # noqa: PLC0415
        from detente.encounters.live_areas import STEP_M, Ways  # noqa: PLC0415

        wide, exact = self._areas
        ahead_s = self._factor * self._area_ahead_s
        everybody = np.arange(way.side.size)
        now = np.ascontiguousarray(way.now[:, :3])
        then = places(way.legs, everybody, np.full(everybody.size, ahead_s))
        near, since_s, until_s, met = wide.near(now, then, at, ahead_s)
        counts = (
            np.maximum(np.ceil(states.speed_ms[near] * (until_s - since_s) / STEP_M), 1.0).astype(np.int64) + 1
        )
        first = np.concatenate([np.zeros(1, np.int64), np.cumsum(counts)])
        points, times_s = fixes_along(way.legs, near, way.height_m, way.climb_ms, first, since_s, until_s)
        ways = Ways(points=points, times_s=times_s, first=first, is_ship=way.kind[near] == 0)
        stays = exact.stays(ways, at, ahead_s)
        found = np.unique(np.stack([stays.mover, stays.area], axis=1), axis=0)
        # who is in every area that it comes near to need not be looked for beside them
        beside = np.flatnonzero(met > np.bincount(found[:, 0], minlength=near.size))
        return _entries_of(stays, wide.stays(ways.part(beside), at, ahead_s), beside, near, states)


def _comes_low(way: _Way, aircraft: Integers, vertical_m: float, ahead_s: float) -> Flags:
    """Tell which aircraft are within a height of the sea at some time until the horizon, or may be."""
    age_s = -way.legs[aircraft, 14]
    now = way.height_m[aircraft] + way.climb_ms[aircraft] * age_s
    then = now + way.climb_ms[aircraft] * ahead_s
    return np.asarray(~(np.minimum(now, then) > vertical_m + 1.0))  # so that unknown heights stay


def _entries_of(stays: Stays, wide: Stays, beside: Integers, near: Integers, states: States) -> AreaEntries:
    """Return the first stay of each mover in each area, and of those without one that they come near to it.

    near: the rows of States that ``stays`` numbers; beside: the places among these that ``wide`` numbers.
    """
    areas = 1 + max((int(part.area.max()) for part in (stays, wide) if part.area.size), default=0)
    keys = np.concatenate([stays.mover * areas + stays.area, beside[wide.mover] * areas + wide.area])
    columns = {
        field.name: np.concatenate([getattr(stays, field.name), getattr(wide, field.name)])
        for field in fields(stays)
    }
    is_wide = np.arange(keys.size) >= stays.mover.size
    order = np.lexsort((columns["entry_s"], is_wide, keys))
    kept = order[np.unique(keys[order], return_index=True)[1]]
    columns = {name: values[kept] for name, values in columns.items()}
    mover = near[keys[kept] // areas] if near.size else np.empty(0, np.int64)
    is_wide = is_wide[kept]
    doubt = states.doubt_m[mover]
    return AreaEntries(
        mover=mover,
        area=columns["area"],
        entry_s=np.where(is_wide, np.inf, columns["entry_s"]),
        nearest_s=columns["nearest_s"],
        exit_s=np.where(is_wide, np.inf, columns["exit_s"]),
        distance_m=np.maximum(columns["signed_m"], 0.0),
        possible=columns["height_unknown"] | (np.abs(columns["signed_m"]) <= doubt),
        lon_lat=columns["lon_lat"],
    )


def _check(rungs: Rungs, area_ahead_s: float) -> None:
    """Raise LimitMistake for limits that a step cannot look for."""
    for name, value, most in (
        ("within_m", rungs.within_m, WITHIN_M_MAX),
        ("vertical_m", rungs.vertical_m, 100_000.0),
        ("ahead_s", rungs.ahead_s, AHEAD_S_MAX),
        ("area_ahead_s", np.array([area_ahead_s]), AHEAD_S_MAX),
    ):
        if not ((value > 0.0) & (value <= most)).all():
            raise LimitMistake(
                expected=say("a limit above 0, at most {most}", most=f"{most:g}"),
                came=f"{float(value.min()):g}, {float(value.max()):g}",
                where=name,
                remedy=say("choose another limit"),
            )
        inner, outer = value[1:], value[:-1]
        if name != "area_ahead_s" and not (inner <= outer).all():
            raise LimitMistake(
                expected=say("rungs of which each lies inside the one before"), came=name, where=name
            )
