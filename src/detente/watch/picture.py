"""The live picture: the newest fix of every mover in bounded memory, and what is known of the coverage.

Two feeds may tell of one mover. While they agree the newest fix counts, whoever it is from. They disagree when its two
places, moved on to one time, are further apart than both can be wrong; then the picture follows the one whose stated
radius (``rc_m``) is less than half of the other's, else the one that it followed before, until that one has been silent
for HOLD_S. The other's newest fix is kept beside it: both are evidence, and the disagreement has a name and a distance.

A mover that is not heard is one of two things (detente.watch.coverage): a hole in the coverage, or silent itself.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from detente.encounters import quality
from detente.encounters.errors import SidesMistake
from detente.encounters.live_step import States
from detente.encounters.sides import Sides
from detente.notices.quantities import KNOT_MS
from detente.tracks.schema import KINDS
from detente.watch.batches import Batch, FeedStanding
from detente.watch.columns import NEVER_US, Columns, apart_m, moved_on
from detente.watch.coverage import COVERAGES, Coverage, Hole, judge, silent_regions
from detente.watch.given import UNSAID, Given, bearing_deg
from detente.watch.movers import LiveMover, live_movers, table_of

__all__ = ["FEEDS_MAX", "MOVERS_MAX", "Card", "Disagreement", "LivePicture"]

MOVERS_MAX = 100_000
"""Movers in the picture; the ones that were heard longest ago give way, counted as ``displaced``."""
FEEDS_MAX = 1_000
"""Feeds that the picture has heard of; rows of more are left out, counted as ``too_many_feeds``."""
CLOCK_AHEAD_S_MAX = 60.0
OLD_S_MAX = 900.0
"""A fix further ahead of this machine's clock, or further behind it, is left out by name."""
HOLD_S = 60.0
FORGOTTEN_S = 6 * 3_600.0
"""A mover not heard for so long leaves the picture, counted as ``forgotten``."""
SHIP_AGE_S_MAX, AIRCRAFT_AGE_S_MAX = 360.0, 60.0
"""An older place says nothing of where a mover is now: it is shown, and no prediction is made from it."""
HEIGHT_AGE_S_MAX = 180.0
"""A height that a newer fix leaves out is held so long."""
AGREE_M = 500.0
UNKNOWN_SHIP_MS, UNKNOWN_AIRCRAFT_MS = 15.0, 250.0
"""How fast a mover of unknown speed may be, for the doubt about its place."""
REST_MS, REST_BY_STATUS_MS = 0.5 * KNOT_MS, 1.0 * KNOT_MS
"""Slower than this is at rest, as in detente.encounters.motion."""
DERIVED_S_MIN, DERIVED_S_MAX = 2.0, 60.0

Integers = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Card:
    """What an event says of one of its movers."""

    name: str
    kind: str
    side: str
    at_rest: bool


_NOBODY = Card("", "", "", at_rest=False)


@dataclass(frozen=True, slots=True)
class Disagreement:
    """Two feeds that tell of one mover places it cannot both have; used: the feed that the picture follows."""

    mover: str
    used: str
    other: str
    used_at: datetime
    other_at: datetime
    used_lon_lat: tuple[float, float]
    other_lon_lat: tuple[float, float]
    distance_m: float


class LivePicture:
    """See the head of this file."""

    def __init__(self, *, sides: Sides | None = None, movers_max: int = MOVERS_MAX) -> None:
        """Begin with nobody."""
        self._sides = sides
        self.side_names: tuple[str, ...] = ("", *(sides.names if sides is not None else ()))
        self._side_number = {name: number for number, name in enumerate(self.side_names)}
        self._columns = Columns(movers_max)
        self._ids: list[str] = [""] * movers_max
        self._names: list[str] = [""] * movers_max
        self._rows: dict[str, int] = {}
        self._free = list(range(movers_max - 1, -1, -1))
        self._feeds: dict[str, int] = {}
        self._standings: dict[str, FeedStanding] = {}
        self._clock_off_s: dict[str, float] = {}
        self._holes: tuple[Hole, ...] = ()
        self._counts: Counter[str] = Counter()
        self._number = 0

    def take(self, batch: Batch) -> Mapping[str, int]:
        """Take a feed's rows; returns those left out, by reason.

        clock_ahead, too_old: judged by this machine's clock (``received_at``); older: than what is held already;
        too_many_feeds.
        """
        left_out: Counter[str] = Counter()
        rows = batch.rows
        if rows.is_empty():
            return left_out
        if batch.feed not in self._feeds and len(self._feeds) >= FEEDS_MAX:
            left_out["too_many_feeds"] = rows.height
            self._counts.update(left_out)
            return left_out
        feed = self._feeds.setdefault(batch.feed, len(self._feeds))
        received_us = _microseconds(batch.received_at)
        rows = self._timely(rows, batch.feed, received_us, left_out)
        if not rows.is_empty():
            newest = rows.sort("time", maintain_order=True).unique("mover", keep="last", maintain_order=True)
            self._counts["superseded"] += rows.height - newest.height
            self._write(newest, feed, received_us, left_out)
        self._counts.update(left_out)
        return left_out

    def hold(self, standings: Iterable[FeedStanding], at: datetime) -> None:
        """Learn how the feeds stand, and judge the coverage anew; about once a second.

        A feed that is not among the standings counts as good.
        """
        self._standings = {standing.name: standing for standing in standings}
        at_us = _microseconds(at)
        used = np.flatnonzero(self._columns.used)
        gone = used[at_us - self._columns.received_us[used] > FORGOTTEN_S * 1e6]
        if gone.size:
            self._counts["forgotten"] += gone.size
            self._remove(gone)
            used = np.flatnonzero(self._columns.used)
        names = list(self._feeds)
        lost = np.array([self._is_lost(name) for name in names], np.bool_)
        if not used.size:
            self._holes = self._feed_holes(used, names, at)
            return
        before = self._columns.coverage[used].copy()
        judge(self._columns, used, at_us, lost)
        changed = used[self._columns.coverage[used] != before]
        if changed.size:
            self._number += 1
            self._columns.number[changed] = self._number
        self._holes = (*self._feed_holes(used, names, at), *silent_regions(self._columns, used, names))

    def states(self, at: datetime) -> States:
        """Return everybody as the prediction needs it: places as they were, with their ages at ``at``.

        Who was last heard too long ago is left out (SHIP_AGE_S_MAX, AIRCRAFT_AGE_S_MAX).
        """
        columns, at_us = self._columns, _microseconds(at)
        used = np.flatnonzero(columns.used)
        age_s = np.maximum((at_us - columns.time_us[used]) / 1e6, 0.0)
        is_aircraft = columns.kind[used] == 1
        young = age_s <= np.where(is_aircraft, AIRCRAFT_AGE_S_MAX, SHIP_AGE_S_MAX)
        rows, age_s, is_aircraft = used[young], age_s[young], is_aircraft[young]
        height = columns.height_m[rows]
        # what is neither ship nor aircraft is judged as an aircraft once it has a height
        flies = is_aircraft | ((columns.kind[rows] == 2) & ~np.isnan(height))
        speed, course = columns.speed_ms[rows], columns.course_deg[rows]
        unknown = np.isnan(speed) | (np.isnan(course) & (speed > 0.0))
        known = np.where(unknown, 0.0, speed)
        fix = np.where(np.isnan(columns.rc_m[rows]), quality.FIX_DOUBT_M, columns.rc_m[rows])
        turn = np.where(is_aircraft, quality.TURN_OTHER_RAD_S, quality.TURN_SHIP_RAD_S)
        strayed = np.minimum(0.5 * turn * known * age_s * age_s, 2.0 * known * age_s)
        strayed += np.where(unknown, np.where(flies, UNKNOWN_AIRCRAFT_MS, UNKNOWN_SHIP_MS) * age_s, 0.0)
        return States(
            ids=_Ids(self._ids, rows),
            lon=columns.lon[rows],
            lat=columns.lat[rows],
            speed_ms=known,
            course_deg=course,
            height_m=height,
            climb_ms=columns.climb_ms[rows],
            age_s=age_s,
            doubt_m=fix + strayed,
            kind=flies.astype(np.uint8),
            side=columns.side[rows],
            at_rest=self._at_rest(rows),
            slot=rows,
        )

    def mover(self, id: str) -> LiveMover | None:  # noqa: A002 - the domain's word
        """Return one mover; None when it is not in the picture."""
        row = self._rows.get(id)
        return None if row is None else live_movers(self._table(np.array([row])))[0]

    def slot_of(self, id: str) -> int:  # noqa: A002
        """Return where a mover is kept, -1 when it is not in the picture."""
        return self._rows.get(id, -1)

    def card(self, slot: int, id: str) -> Card:  # noqa: A002
        """Return what an event says of a mover; of one that left the picture, or of none (""), nothing."""
        if slot < 0 or self._ids[slot] != id:
            return _NOBODY if not id else Card("", "other", "", at_rest=False)
        columns = self._columns
        return Card(
            name=self._names[slot],
            kind=KINDS[columns.kind[slot]],
            side=self.side_names[columns.side[slot]],
            at_rest=self._is_at_rest(slot),
        )

    def changed_since(self, number: int) -> tuple[int, pl.DataFrame]:
        """Return a number for the next question, and who changed since the one given (0: all), as MOVERS."""
        columns = self._columns
        rows = np.flatnonzero(columns.used & (columns.number > number))
        return self._number, self._table(rows)

    def coverage_of(self, id: str) -> Coverage:  # noqa: A002
        """Return why a mover is not heard, as of the last ``hold``; of one not in the picture "region_silent"."""
        row = self._rows.get(id)
        return "region_silent" if row is None else COVERAGES[self._columns.coverage[row]]

    @property
    def holes(self) -> tuple[Hole, ...]:
        """Return where nothing is heard now that was heard before: whole feeds first."""
        return self._holes

    @property
    def clock_off_s(self) -> Mapping[str, float]:
        """Return the feeds most of whose newest rows were left out for their clock: seconds ahead, or behind (< 0)."""
        return self._clock_off_s

    @property
    def disagreements(self) -> tuple[Disagreement, ...]:
        """Return the movers of which two feeds tell different things now."""
        columns, names = self._columns, list(self._feeds)
        rows = np.flatnonzero(columns.used & ~np.isnan(columns.disagree_m))
        return tuple(
            Disagreement(
                mover=self._ids[row],
                used=names[columns.feed[row]],
                other=names[columns.other_feed[row]],
                used_at=_moment(columns.time_us[row]),
                other_at=_moment(columns.other_us[row]),
                used_lon_lat=(float(columns.lon[row]), float(columns.lat[row])),
                other_lon_lat=(float(columns.other_lon[row]), float(columns.other_lat[row])),
                distance_m=float(columns.disagree_m[row]),
            )
            for row in rows.tolist()
        )

    @property
    def counts(self) -> Mapping[str, int]:
        """Return counts by name: movers and disagreeing now; displaced, forgotten, contested and reasons in all."""
        return {
            **self._counts,
            "movers": len(self._rows),
            "disagreeing": int(np.count_nonzero(~np.isnan(self._columns.disagree_m))),
        }

    def _timely(self, rows: pl.DataFrame, feed: str, received_us: int, left_out: Counter[str]) -> pl.DataFrame:
        """Return the rows whose time is the present by this machine's clock; names a feed whose clock is off."""
        ahead_us = rows["time"].to_physical().to_numpy() - received_us
        ahead, old = ahead_us > CLOCK_AHEAD_S_MAX * 1e6, ahead_us < -OLD_S_MAX * 1e6
        left_out["clock_ahead"] += int(np.count_nonzero(ahead))
        left_out["too_old"] += int(np.count_nonzero(old))
        wrong = ahead | old
        if 2 * np.count_nonzero(wrong) > rows.height:
            self._clock_off_s[feed] = float(np.median(ahead_us[wrong])) / 1e6
        else:
            self._clock_off_s.pop(feed, None)
        for name in [name for name, count in left_out.items() if not count]:
            del left_out[name]
        return rows.filter(pl.Series(~wrong)) if wrong.any() else rows

    def _write(self, newest: pl.DataFrame, feed: int, received_us: int, left_out: Counter[str]) -> None:
        """Write rows of different movers."""
        columns = self._columns
        ids = newest["mover"].to_list()
        fresh = [mover for mover in ids if mover not in self._rows]
        if fresh:
            self._make_room(len(fresh), [self._rows[mover] for mover in ids if mover in self._rows])
            kept = fresh[: len(self._free)]
            for mover in kept:
                row = self._free.pop()
                self._rows[mover], self._ids[row] = row, mover
                columns.used[row] = True
            if len(kept) < len(fresh):
                # more at once than the whole picture holds
                left_out["displaced"] += len(fresh) - len(kept)
                newest = newest.filter(pl.col("mover").is_in(set(self._rows)))
                ids = newest["mover"].to_list()
        rows = np.array([self._rows[mover] for mover in ids], np.int64)
        given = Given.of(newest)
        self._learn(rows, newest, given)
        followed = self._followed(rows, given, feed, left_out)
        self._put(rows[followed], given.at(followed), feed, received_us)
        self._number += 1
        columns.number[rows] = self._number

    def _followed(self, rows: Integers, given: Given, feed: int, left_out: Counter[str]) -> Integers:
        """Return the places of the rows that the picture follows; keeps the others beside, where they are newer."""
        columns = self._columns
        held_us, held_feed = columns.time_us[rows], columns.feed[rows]
        same = (held_feed == feed) | (held_feed < 0)
        newer = given.time_us >= held_us
        late_s = (given.time_us - held_us) / 1e6
        apart, allowed = self._apart(rows, given, late_s)
        stale = late_s > HOLD_S
        agree = (apart <= allowed) | stale
        better = given.rc_m * 2.0 < columns.rc_m[rows]
        follow = np.where(same, newer, np.where(agree, newer, better & (late_s > -HOLD_S)))
        left_out["older"] += int(np.count_nonzero(same & ~newer))
        if not left_out["older"]:
            del left_out["older"]
        other = ~same
        # whichever of the two is not followed is kept beside the one that is
        gives_way = other & follow
        beside = np.flatnonzero(gives_way)
        columns.other_us[rows[beside]] = held_us[beside]
        columns.other_feed[rows[beside]] = held_feed[beside]
        for name in ("lon", "lat", "speed_ms", "course_deg"):
            getattr(columns, f"other_{name}")[rows[beside]] = getattr(columns, name)[rows[beside]]
        beside = np.flatnonzero(other & ~follow & (given.time_us >= columns.other_us[rows]))
        columns.other_us[rows[beside]] = given.time_us[beside]
        columns.other_feed[rows[beside]] = feed
        for name in ("lon", "lat", "speed_ms", "course_deg"):
            getattr(columns, f"other_{name}")[rows[beside]] = getattr(given, name)[beside]
        columns.disagree_m[rows[other]] = np.where(agree, np.nan, apart)[other]
        # the followed feed goes on alone: what the other said becomes too old to contradict it
        ended = same & (given.time_us - columns.other_us[rows] > HOLD_S * 1e6)
        columns.disagree_m[rows[ended]] = np.nan
        return np.flatnonzero(follow)

    def _apart(
        self, rows: Integers, given: Given, late_s: npt.NDArray[np.float64]
    ) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        """Return how far given places are from the held ones at one time, and how far they may be."""
        columns = self._columns
        lon, lat = moved_on(
            columns.lon[rows], columns.lat[rows], columns.speed_ms[rows], columns.course_deg[rows], late_s
        )
        apart = apart_m(lon, lat, given.lon, given.lat)
        speed = np.fmax(np.nan_to_num(columns.speed_ms[rows]), np.nan_to_num(given.speed_ms))
        doubt = np.nan_to_num(columns.rc_m[rows]) + np.nan_to_num(given.rc_m)
        return apart, AGREE_M + doubt + speed * np.abs(late_s)

    def _put(self, rows: Integers, given: Given, feed: int, received_us: int) -> None:
        """Write fixes that the picture follows; what they leave out is worked out from the fix before."""
        columns = self._columns
        since_s = (given.time_us - columns.time_us[rows]) / 1e6
        speed, course, climb = given.speed_ms.copy(), given.course_deg.copy(), given.climb_ms.copy()
        usable = (since_s >= DERIVED_S_MIN) & (since_s <= DERIVED_S_MAX)
        way = apart_m(columns.lon[rows], columns.lat[rows], given.lon, given.lat)
        with np.errstate(divide="ignore", invalid="ignore"):
            derived = usable & (np.isnan(speed) | (np.isnan(course) & (speed > REST_MS)))
            speed = np.where(derived, way / since_s, speed)
            course = np.where(
                derived, bearing_deg(columns.lon[rows], columns.lat[rows], given.lon, given.lat), course
            )
            since_height_s = (given.time_us - columns.height_us[rows]) / 1e6
            climbed = (given.height_m - columns.height_m[rows]) / since_height_s
        risen = np.isnan(climb) & (since_height_s >= DERIVED_S_MIN) & (since_height_s <= DERIVED_S_MAX)
        climb = np.where(risen, climbed, climb)
        # too soon after the last one to tell: what was known goes on
        soon = (since_s >= 0.0) & (since_s < DERIVED_S_MIN)
        speed = np.where(soon & np.isnan(speed), columns.speed_ms[rows], speed)
        course = np.where(soon & np.isnan(course), columns.course_deg[rows], course)
        climb = np.where(soon & np.isnan(climb), columns.climb_ms[rows], climb)
        no_height = np.isnan(given.height_m)
        held = no_height & (since_height_s <= HEIGHT_AGE_S_MAX)
        columns.height_m[rows] = np.where(held, columns.height_m[rows], given.height_m)
        columns.climb_ms[rows] = np.where(held & np.isnan(climb), columns.climb_ms[rows], climb)
        columns.height_us[rows] = np.where(no_height, columns.height_us[rows], given.time_us)
        columns.speed_ms[rows], columns.course_deg[rows] = speed, course
        columns.lon[rows], columns.lat[rows], columns.time_us[rows] = given.lon, given.lat, given.time_us
        columns.rc_m[rows], columns.on_ground[rows] = given.rc_m, given.on_ground
        columns.feed[rows], columns.received_us[rows] = feed, received_us
        columns.coverage[rows] = 0

    def _learn(self, rows: Integers, newest: pl.DataFrame, given: Given) -> None:
        """Learn name, kind, military flag and status, and from them the side."""
        columns = self._columns
        for row, name in zip(rows.tolist(), newest["name"].to_list(), strict=True):
            if name:
                self._names[row] = name
        kind = np.where(given.kind == UNSAID, columns.kind[rows], given.kind)
        military = np.where(given.military < 0, columns.military[rows], given.military)
        columns.status_at_rest[rows] = np.where(
            given.status == UNSAID, columns.status_at_rest[rows], given.status == 1
        )
        changed = (columns.time_us[rows] == NEVER_US) | (kind != columns.kind[rows])
        changed |= military != columns.military[rows]
        columns.kind[rows], columns.military[rows] = kind, military
        if self._sides is not None and changed.any():
            self._decide_sides(rows[changed])

    def _decide_sides(self, rows: Integers) -> None:
        """Write the side of movers; one that two sides claim belongs to none, and is counted."""
        said = (None, False, True)
        table = pl.DataFrame(
            {
                "mover": [self._ids[row] for row in rows.tolist()],
                "military": [said[flag + 1] for flag in self._columns.military[rows].tolist()],
                "kind": [KINDS[kind] for kind in self._columns.kind[rows].tolist()],
            },
            schema={"mover": pl.String, "military": pl.Boolean, "kind": pl.String},
        )
        names = self._assigned(table)
        self._columns.side[rows] = [self._side_number[name] for name in names]

    def _assigned(self, table: pl.DataFrame) -> list[str]:
        """Return the side of each row, halving the table until what two sides claim stands alone."""
        if self._sides is None:
            return [""] * table.height
        try:
            return self._sides.assign(table).to_list()
        except SidesMistake:
            if table.height == 1:
                self._counts["contested"] += 1
                return [""]
            half = table.height // 2
            return [*self._assigned(table[:half]), *self._assigned(table[half:])]

    def _make_room(self, count: int, heard_now: list[int]) -> None:
        """Let the movers go that were heard longest ago, when so many new ones find no room."""
        missing = count - len(self._free)
        if missing <= 0:
            return
        used = np.setdiff1d(np.flatnonzero(self._columns.used), np.array(heard_now, np.int64))
        # some more at once, so that a full picture is not gone through for each new mover
        missing = min(max(missing, self._columns.rows // 100), used.size)
        oldest = used[np.argsort(self._columns.received_us[used], kind="stable")[:missing]]
        self._counts["displaced"] += oldest.size
        self._remove(oldest)

    def _remove(self, rows: Integers) -> None:
        for row in rows.tolist():
            del self._rows[self._ids[row]]
            self._ids[row] = self._names[row] = ""
            self._free.append(row)
        self._columns.clear(rows)

    def _is_lost(self, name: str) -> bool:
        standing = self._standings.get(name)
        return standing is not None and standing.state != "good"

    def _feed_holes(self, used: Integers, names: list[str], at: datetime) -> tuple[Hole, ...]:
        """Return the feeds that are down or stale, with the movers that only they told of."""
        heard = (
            np.bincount(self._columns.feed[used], minlength=len(names))
            if used.size
            else np.zeros(len(names), int)
        )
        return tuple(
            Hole(
                feed=standing.name,
                box=None,
                movers=int(heard[self._feeds[standing.name]]) if standing.name in self._feeds else 0,
                since=standing.last_at or at,
                why="down" if standing.state == "down" else "stale",
            )
            for standing in self._standings.values()
            if standing.state != "good"
        )

    def _is_at_rest(self, row: int) -> bool:
        """Tell of one mover what ``_at_rest`` tells of many."""
        columns = self._columns
        if columns.kind[row] == 1 and not columns.on_ground[row]:
            return False
        moored, speed = bool(columns.status_at_rest[row]), _known(columns.speed_ms[row])
        return moored if speed is None else speed < (REST_BY_STATUS_MS if moored else REST_MS)

    def _at_rest(self, rows: Integers) -> npt.NDArray[np.bool_]:
        columns = self._columns
        speed = columns.speed_ms[rows]
        slow = np.where(columns.status_at_rest[rows], REST_BY_STATUS_MS, REST_MS)
        at_rest = np.where(np.isnan(speed), columns.status_at_rest[rows], speed < slow)
        flying = (columns.kind[rows] == 1) & ~columns.on_ground[rows]
        return np.asarray(at_rest & ~flying)

    def _table(self, rows: Integers) -> pl.DataFrame:
        return table_of(
            self._columns,
            rows,
            ids=self._ids,
            names=self._names,
            sides=self.side_names,
            feeds=list(self._feeds),
            at_rest=self._at_rest(rows),
        )


class _Ids(Sequence[str]):
    """The ids of rows of the picture, looked up when they are asked for: most never are."""

    def __init__(self, ids: list[str], rows: Integers) -> None:
        self._ids, self._rows = ids, rows

    def __len__(self) -> int:
        return self._rows.size

    def __getitem__(self, place: Any) -> Any:
        return self._ids[self._rows[place]]


def _microseconds(moment: datetime) -> int:
    return round(moment.timestamp() * 1e6)


def _moment(time_us: Any) -> datetime:
    return datetime.fromtimestamp(int(time_us) / 1e6, UTC)


def _known(value: Any) -> float | None:
    number = float(value)
    return None if number != number else number  # noqa: PLR0124 - not a number is the only one unlike itself
