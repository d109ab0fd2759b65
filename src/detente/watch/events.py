"""What a watch officer is told: one event for one approach, from the first sight of it to the end.

An event begins when a pair, or a mover and an area, comes on a rung of the ladder (detente.watch.limits): now, or soon
if nobody turns. It goes on, under one id, until it has been outside 1.2 times the outermost rung for CLEAR_HOLD_S
without a break. Whatever happens between, a yaw, a rung up or down, a minute without a fix, changes the event and makes
no other. A rung is left only after RUNG_HOLD_S, so that it does not flicker. While one of the movers is not heard the
event is held as it was, and says why; it is not counted as leaving.
"""

from __future__ import annotations

import hashlib
from collections import Counter, deque
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Literal

import msgspec
import numpy as np

from detente.encounters.announced import Announced
from detente.encounters.live_step import AreaEntries, Found, Pairs
from detente.watch import reasons
from detente.watch.limits import KINDS_OF_PAIR, PRIORITIES, Limits, Priority
from detente.watch.picture import LivePicture

__all__ = [
    "CLEAR_FACTOR",
    "CLEAR_HOLD_S",
    "EVENTS_MAX",
    "PAST_MAX",
    "RUNG_HOLD_S",
    "UNHEARD_S",
    "Event",
    "Events",
    "LonLat",
]

CLEAR_FACTOR = 1.2
CLEAR_HOLD_S = 120.0
RUNG_HOLD_S = 30.0
UNHEARD_S = 600.0
"""An event of which one mover was not heard for so long is over: nobody knows any more."""
EVENTS_MAX = 2_000
"""Events that go on at a time; a graver one then takes the place of the least grave, counted as ``crowded_out``."""
PAST_MAX = 1_000
"""Events that are over and still told of; the one that ended first gives way."""
REFRESHED_S = 1.0
"""How often the figures of an event are told anew while nothing else of it changes."""
GRAVEST_DOUBTFUL = PRIORITIES.index("warning")
"""A pair of which a height is not known is no graver than this: it may be thousands of metres apart."""

LonLat = tuple[float, float]
"""Longitude and latitude in degrees."""


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """Two movers that are or will be close, or a mover that is or will be in an area.

    id: the same from the first sight to the end, over restarts too when they are shorter than the hysteresis.
    a, b: ids as in detente.tracks.SCHEMA, a before b as text; b is "" for an area, and so is what belongs to it.
    kind_a, kind_b: "ship", "aircraft", "other"; side_a, side_b: names of the sides file, "" without one.
    area: id of the area, "" for a pair; in_areas: names of the areas that either is in now.
    state: "past" once the event is over; the watch has then waited already (1.2 times the limit, 120 s).
    predicted: it has not come inside the limit yet.
    entered_at: when it came, or will come, inside the limit; closest_at: when it was or will be closest;
    left_at: when it left, or will leave, None when that is beyond the horizon.
    distance_m: now; closest_distance_m: the least so far or foreseen; 0 inside an area. vertical_m: at closest_at,
    None when a height is not known. line: where both are at closest_at (for an area, twice the mover's place).
    limit_m: the horizontal limit of the outermost rung; priority: the rung that holds now.
    rings: False where it must ring no bell: an own mover at rest, or a limit that only doubt brings near.
    possible: ages, gaps or missing heights leave open whether the limit is broken. reason: in words, short.
    """

    id: str
    kind: Literal["pair", "area"]
    a: str
    b: str = ""
    name_a: str = ""
    name_b: str = ""
    kind_a: str
    kind_b: str = ""
    side_a: str = ""
    side_b: str = ""
    area: str = ""
    in_areas: tuple[str, ...] = ()
    priority: Priority
    state: Literal["active", "past"]
    predicted: bool
    entered_at: datetime
    closest_at: datetime
    left_at: datetime | None = None
    distance_m: float
    closest_distance_m: float
    vertical_m: float | None = None
    line: tuple[LonLat, LonLat]
    limit_m: float
    rings: bool = True
    possible: bool = False
    reason: str = ""


class _Sight(msgspec.Struct, frozen=True):
    """Two movers at one moment: when closest, as foreseen or as it was."""

    at: datetime
    distance_m: float
    vertical_m: float | None
    line: tuple[LonLat, LonLat]


class _Seen(msgspec.Struct, frozen=True):
    """What one step says of one event. priority: -1 on no rung; entry_s: None on no rung."""

    priority: int
    by_doubt: bool
    possible: bool
    height_unknown: bool
    inside: bool
    entered_at: datetime | None
    left_at: datetime | None
    now_m: float
    sight: _Sight
    limit_m: float


class _Going(msgspec.Struct):
    """An event that goes on, with what it takes to follow it."""

    id: str
    key: tuple[str, str, str]
    slots: tuple[int, int]
    begun_at: datetime
    heard_at: datetime
    seen: _Seen
    priority: int = 0
    was_on_rung: bool = False
    rung_since: datetime | None = None
    outside_since: datetime | None = None
    entered_at: datetime | None = None
    left_at: datetime | None = None
    reached: _Sight | None = None
    told: Event | None = None
    told_at: datetime | None = None


class _Saved(msgspec.Struct):
    """What outlives a restart."""

    at: datetime
    going: list[_Going]


class Events:
    """All events; see the head of this file."""

    def __init__(self, limits: Limits, *, own: str = "", areas: Sequence[Announced] = ()) -> None:
        """Begin without any. own: name of the own side in the sides file; areas: the list that the step was given."""
        self._limits, self._own = limits, own
        self._areas = tuple(areas)
        self._going: dict[tuple[str, str, str], _Going] = {}
        self._past: deque[Event] = deque(maxlen=PAST_MAX)
        self._counts: Counter[str] = Counter()
        self._moored = 0

    @property
    def active(self) -> tuple[Event, ...]:
        """Return the events that go on, the gravest first."""
        told = [going.told for going in self._going.values() if going.told is not None]
        return tuple(sorted(told, key=lambda event: (-PRIORITIES.index(event.priority), event.closest_at)))

    @property
    def past(self) -> tuple[Event, ...]:
        """Return the events that are over, the last one first."""
        return tuple(reversed(self._past))

    @property
    def counts(self) -> Mapping[str, int]:
        """Return counts: begun, ended, crowded_out in all; active, moored (pairs at rest, suppressed) and mute now."""
        mute = sum(going.told is not None and not going.told.rings for going in self._going.values())
        return {**self._counts, "active": len(self._going), "moored": self._moored, "mute": mute}

    def step(self, found: Found, picture: LivePicture) -> list[Event]:
        """Take what a step found; returns the events that are new or that changed, those that are over among them."""
        self._moored = found.moored
        names_in = self._inside_now(found)
        seen = {**self._pairs_seen(found), **self._areas_seen(found)}
        self._begin_new(seen, found.at)
        changed: list[Event] = []
        heard = set(found.states.slot.tolist()) if self._going else set()
        for key, going in list(self._going.items()):
            now = seen.get(key)
            # a mover that left the picture and came back is kept elsewhere
            going.slots = (picture.slot_of(key[0]), -1 if key[2] else picture.slot_of(key[1]))
            if now is not None:
                _follow(going, now[1], found.at)
            elif going.slots[0] in heard and (key[2] or going.slots[1] in heard):
                _outside(going, found.at)
            over = self._is_over(going, found.at)
            event = self._event(going, found, picture, names_in, heard, over=over)
            if over:
                del self._going[key]
                self._past.append(event)
                self._counts["ended"] += 1
            if over or _is_news(going, event, found.at):
                going.told, going.told_at = event, found.at
                changed.append(event)
        return changed

    def saved(self, at: datetime) -> bytes:
        """Return what is going on, for ``restore`` after a restart."""
        return msgspec.json.encode(_Saved(at, list(self._going.values())))

    def restore(self, saved: bytes, at: datetime, picture: LivePicture) -> int:
        """Go on with events saved no longer than CLEAR_HOLD_S ago; returns how many. What is no such file is no event.

        A mover that is not heard yet keeps its event, as one that is not heard for a while.
        """
        try:
            before = msgspec.json.decode(saved, type=_Saved)
        except msgspec.MsgspecError:
            self._counts["not_restored"] += 1
            return 0
        if not timedelta(0) <= at - before.at <= timedelta(seconds=CLEAR_HOLD_S):
            return 0
        for going in before.going[:EVENTS_MAX]:
            first, second, area = going.key
            going.slots = (picture.slot_of(first), -1 if area else picture.slot_of(second))
            self._going[going.key] = going
        return len(self._going)

    def _pairs_seen(self, found: Found) -> dict[tuple[str, str, str], tuple[tuple[int, int], _Seen]]:
        """Return what is said of the pairs that are an event or may become one; both slots and what is seen."""
        pairs, slot = found.pairs, found.states.slot
        keys = slot[pairs.a] << 32 | slot[pairs.b]
        going = [both for one in self._going.values() for both in _both_ways(one.slots)]
        rows = np.flatnonzero((pairs.rung > 0) | pairs.by_doubt | np.isin(keys, np.array(going, np.int64)))
        seen = {}
        for row in rows.tolist():
            a, b = int(pairs.a[row]), int(pairs.b[row])
            turned = found.states.ids[a] > found.states.ids[b]
            first, second = (b, a) if turned else (a, b)
            key = (found.states.ids[first], found.states.ids[second], "")
            within = self._limits.ladders[KINDS_OF_PAIR[int(found.states.kind[a] + found.states.kind[b])]]
            said = _pair_seen(pairs, row, found.at, within.rungs[0].within_m, turned=turned)
            seen[key] = ((int(slot[first]), int(slot[second])), said)
        return seen

    def _areas_seen(self, found: Found) -> dict[tuple[str, str, str], tuple[tuple[int, int], _Seen]]:
        entries, slot = found.entries, found.states.slot
        seen = {}
        for row in range(len(entries)):
            mover = int(entries.mover[row])
            speed = float(found.states.speed_ms[mover])
            key = (found.states.ids[mover], "", self._areas[int(entries.area[row])].id)
            seen[key] = ((int(slot[mover]), -1), _area_seen(entries, row, found.at, self._limits, speed))
        return seen

    def _inside_now(self, found: Found) -> dict[int, tuple[str, ...]]:
        """Return the names of the areas that movers, by slot, are in now."""
        names: dict[int, tuple[str, ...]] = {}
        for row in np.flatnonzero(found.entries.entry_s <= 0.0).tolist():
            slot = int(found.states.slot[found.entries.mover[row]])
            area = self._areas[int(found.entries.area[row])]
            names[slot] = (*names.get(slot, ()), area.name or area.id)
        return names

    def _begin_new(
        self,
        seen: dict[tuple[str, str, str], tuple[tuple[int, int], _Seen]],
        at: datetime,
    ) -> None:
        """Begin an event for whatever is on a rung, or near by doubt, and has none; the gravest first."""
        fresh = [
            (said.priority, key, slots, said)
            for key, (slots, said) in seen.items()
            if key not in self._going and (said.priority >= 0 or said.by_doubt)
        ]
        for _, key, slots, said in sorted(fresh, key=lambda one: (-one[0], one[1])):
            if len(self._going) >= EVENTS_MAX and not self._give_way(said.priority):
                self._counts["crowded_out"] += 1
                continue
            self._going[key] = _Going(_id(key, at), key, slots, at, at, said, priority=max(said.priority, 0))
            self._counts["begun"] += 1

    def _give_way(self, priority: int) -> bool:
        """Make room for an event of a priority: by one that is less grave; tells whether there was one."""
        key, least = min(self._going.items(), key=lambda item: (item[1].priority, item[1].begun_at))
        if least.priority >= priority:
            return False
        del self._going[key]
        self._counts["crowded_out"] += 1
        return True

    def _is_over(self, going: _Going, at: datetime) -> bool:
        if going.outside_since is not None and (at - going.outside_since).total_seconds() >= CLEAR_HOLD_S:
            return True
        return (at - going.heard_at).total_seconds() >= UNHEARD_S

    def _event(
        self,
        going: _Going,
        found: Found,
        picture: LivePicture,
        names_in: dict[int, tuple[str, ...]],
        heard: set[int],
        *,
        over: bool,
    ) -> Event:
        """Return the event as it is now."""
        seen, area = going.seen, going.key[2]
        movers = [picture.card(slot, mover) for slot, mover in zip(going.slots, going.key[:2], strict=True)]
        unheard = [
            picture.coverage_of(mover)
            for slot, mover in zip(going.slots, going.key[:2], strict=True)
            if mover and slot not in heard
        ]
        at_rest = [card.at_rest and card.side == self._own != "" for card in movers]
        sight = _closest(going, found.at)
        entered = going.entered_at or seen.entered_at or sight.at
        first, second = movers
        # what rang once does not fall silent and ring again because it is in doubt for a while
        rings = not any(at_rest) and going.was_on_rung
        return Event(
            id=going.id,
            kind="area" if area else "pair",
            a=going.key[0],
            b=going.key[1],
            name_a=first.name,
            name_b=second.name,
            kind_a=first.kind,
            kind_b=second.kind,
            side_a=first.side,
            side_b=second.side,
            area=area,
            in_areas=tuple(dict.fromkeys(name for slot in going.slots for name in names_in.get(slot, ()))),
            priority=PRIORITIES[going.priority],
            state="past" if over else "active",
            predicted=going.entered_at is None,
            entered_at=entered,
            closest_at=sight.at,
            left_at=(going.left_at if going.entered_at is not None else None) if over else seen.left_at,
            distance_m=seen.now_m,
            closest_distance_m=sight.distance_m,
            vertical_m=sight.vertical_m,
            line=sight.line,
            limit_m=seen.limit_m,
            rings=rings,
            possible=seen.possible or bool(unheard),
            reason=reasons.of(
                area_name=self._area_name(area),
                inside=going.entered_at is not None and seen.inside,
                distance_m=sight.distance_m,
                in_s=max((sight.at - found.at).total_seconds(), 0.0),
                entry_s=max((entered - found.at).total_seconds(), 0.0),
                by_doubt=seen.by_doubt,
                height_unknown=seen.height_unknown,
                at_rest=any(at_rest),
                unheard=unheard,
                over=over,
            ),
        )

    def _area_name(self, id: str) -> str:  # noqa: A002 - the domain's word
        return next((area.name or area.id for area in self._areas if area.id == id), id) if id else ""


def _both_ways(slots: tuple[int, int]) -> tuple[int, int]:
    first, second = slots
    return first << 32 | max(second, 0), max(second, 0) << 32 | first


def _id(key: tuple[str, str, str], at: datetime) -> str:
    """Return a name for a new event: the same for the same pair at the same moment."""
    told = msgspec.json.encode((key, round(at.timestamp() * 1e3)))
    return "e" + hashlib.blake2b(told, digest_size=12).hexdigest()


def _pair_seen(pairs: Pairs, row: int, at: datetime, limit_m: float, *, turned: bool) -> _Seen:
    rung = int(pairs.rung[row])
    vertical = float(pairs.vertical_m[row])
    unknown = vertical != vertical  # noqa: PLR0124 - not a number is the only one unlike itself
    lon_a, lat_a, lon_b, lat_b = (float(value) for value in pairs.lon_lat[row])
    line = ((lon_b, lat_b), (lon_a, lat_a)) if turned else ((lon_a, lat_a), (lon_b, lat_b))
    return _Seen(
        priority=min(rung - 1, GRAVEST_DOUBTFUL) if unknown else rung - 1,
        by_doubt=bool(pairs.by_doubt[row]),
        possible=bool(pairs.possible[row]),
        height_unknown=unknown,
        inside=rung > 0 and float(pairs.entry_s[row]) <= 0.0,
        entered_at=_later(at, pairs.entry_s[row]),
        left_at=_later(at, pairs.exit_s[row]),
        now_m=float(pairs.now_m[row]),
        sight=_Sight(
            at + timedelta(seconds=float(pairs.closest_s[row])),
            float(pairs.distance_m[row]),
            None if unknown else vertical,
            line,
        ),
        limit_m=limit_m,
    )


def _area_seen(entries: AreaEntries, row: int, at: datetime, limits: Limits, speed_ms: float) -> _Seen:
    entry_s = float(entries.entry_s[row])
    priority = sum(entry_s <= ahead_s for ahead_s in limits.area_ahead_s) - 1
    place = (float(entries.lon_lat[row, 0]), float(entries.lon_lat[row, 1]))
    return _Seen(
        priority=priority,
        by_doubt=False,
        possible=bool(entries.possible[row]),
        height_unknown=False,
        inside=entry_s <= 0.0,
        entered_at=_later(at, entry_s),
        left_at=_later(at, entries.exit_s[row]),
        now_m=speed_ms * entry_s if np.isfinite(entry_s) else float(entries.distance_m[row]),
        sight=_Sight(
            at + timedelta(seconds=float(entries.nearest_s[row])),
            float(entries.distance_m[row]),
            None,
            (place, place),
        ),
        limit_m=limits.area_margin_m,
    )


def _later(at: datetime, seconds: float | np.float64) -> datetime | None:
    return at + timedelta(seconds=float(seconds)) if np.isfinite(seconds) else None


def _follow(going: _Going, seen: _Seen, at: datetime) -> None:
    """Take what is seen of an event that goes on, inside its limits or outside them by less than the factor."""
    _reach(going, at)
    going.heard_at, going.outside_since = at, None
    going.was_on_rung |= seen.priority >= 0
    if seen.priority >= going.priority:
        going.priority, going.rung_since = seen.priority, None
    elif going.rung_since is None:
        going.rung_since = at
    elif (at - going.rung_since).total_seconds() >= RUNG_HOLD_S:
        going.priority, going.rung_since = max(seen.priority, 0), None
    if seen.inside:
        if going.entered_at is None:
            foreseen = going.seen.entered_at
            going.entered_at = min(foreseen, at) if foreseen is not None else at
        going.left_at = at
    going.seen = seen


def _outside(going: _Going, at: datetime) -> None:
    """Take that both are heard, and outside the limits by more than the factor."""
    _reach(going, at)
    going.heard_at = at
    if going.outside_since is None:
        going.outside_since = at


def _reach(going: _Going, at: datetime) -> None:
    """Keep the closest that was foreseen once its time is over: so no step is too long to see it."""
    foreseen = going.seen.sight
    is_least = going.reached is None or foreseen.distance_m < going.reached.distance_m
    if foreseen.at <= at and going.outside_since is None and is_least:
        going.reached = foreseen


def _closest(going: _Going, at: datetime) -> _Sight:
    """Return the least distance so far or, while it is still to come, foreseen."""
    foreseen, reached = going.seen.sight, going.reached
    if reached is None or (
        foreseen.at > at and going.outside_since is None and foreseen.distance_m < reached.distance_m
    ):
        return foreseen
    return reached


def _is_news(going: _Going, event: Event, at: datetime) -> bool:
    """Tell whether an event is to be told: it is new, something but its figures changed, or a while has passed."""
    told = going.told
    if told is None or going.told_at is None or (at - going.told_at).total_seconds() >= REFRESHED_S:
        return True
    return (event.priority, event.rings, event.possible, event.predicted, event.in_areas) != (
        told.priority,
        told.rings,
        told.possible,
        told.predicted,
        told.in_areas,
    )
