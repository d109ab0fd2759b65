"""What a watch officer is told: one event for one approach, from the first sight of it to the end.

An event begins when a pair, or a mover and an area, comes on a rung of the ladder (detente.watch.limits): now, or soon
if nobody turns. It goes on, under one id, until it has been outside 1.2 times the outermost rung for CLEAR_HOLD_S
without a break. Whatever happens between, a yaw, a rung up or down, a minute without a fix, changes the event and makes
no other. A rung is left only after RUNG_HOLD_S, so that it does not flicker. While one of the movers is not heard the
event is held as it was, and says why; it is not counted as leaving.
"""

from __future__ import annotations

import hashlib
import heapq
from collections import Counter, deque
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Literal

import msgspec
import numpy as np

from detente.encounters.announced import Announced
from detente.encounters.live_step import Found
from detente.watch import reasons
from detente.watch.limits import PRIORITIES, Limits, Priority
from detente.watch.picture import LivePicture
from detente.watch.sights import LonLat, Seen, Sight, Sights

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
"""Events that go on at a time; a graver one then takes the place of the least grave, which is counted."""
PAST_MAX = 1_000
"""Events that are over and still told of; the one that ended first gives way."""
REFRESHED_S = 1.0
"""How often the figures of an event are told anew while nothing else of it changes."""


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """Two movers that are or will be close, or a mover that is or will be in an area.

    id: the same from the first sight to the end, over restarts too when they are shorter than the hysteresis.
    a, b: ids as in detente.tracks.SCHEMA, a before b as text; b is "" for an area, and so is what belongs to it.
    kind_a, kind_b: "ship", "aircraft", "other"; side_a, side_b: names of the sides file, "" without one.
    area: id of the area, "" for a pair; area_name: what people call it, the id where it has no name.
    in_areas: names of the areas that either is in now.
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
    area_name: str = ""
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


class _Going(msgspec.Struct):
    """An event that goes on, with what it takes to follow it."""

    id: str
    key: tuple[str, str, str]
    slots: tuple[int, int]
    begun_at: datetime
    heard_at: datetime
    seen: Seen
    priority: int = 0
    was_on_rung: bool = False
    rung_since: datetime | None = None
    outside_since: datetime | None = None
    entered_at: datetime | None = None
    left_at: datetime | None = None
    reached: Sight | None = None
    marks: tuple[object, ...] = ()
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
        self._moored = self._crowded_out = 0

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
        """Return counts by name.

        begun, ended, gave_way (to graver ones) in all; active, mute, moored (pairs at rest, which are suppressed) and
        crowded_out (for which there is no room) now.
        """
        mute = sum(going.told is not None and not going.told.rings for going in self._going.values())
        now = {"active": len(self._going), "mute": mute, "moored": self._moored, "crowded_out": self._crowded_out}
        return {**self._counts, **now}

    def step(self, found: Found, picture: LivePicture) -> list[Event]:
        """Take what a step found; returns the events that are new or that changed, those that are over among them."""
        self._moored = found.moored
        sights = Sights(found, self._limits, self._areas)
        seen = self._seen(sights, picture, found.at)
        names_in = self._inside_now(found)
        # who is predicted from is heard; the last place is that of nobody
        heard = np.zeros(2 + int(found.states.slot.max(initial=-1)), np.bool_)
        heard[found.states.slot] = True
        changed: list[Event] = []
        for key, going in list(self._going.items()):
            now = seen.get(key)
            is_heard = [bool(slot < heard.size and heard[slot]) for slot in going.slots[: 1 if key[2] else 2]]
            if now is not None:
                _follow(going, now, found.at)
            elif all(is_heard):
                _outside(going, found.at)
            over = self._is_over(going, found.at)
            marks = (
                going.priority, going.was_on_rung, going.entered_at is None, going.seen.possible, all(is_heard),
                names_in.get(going.slots[0]), names_in.get(going.slots[1]),
            )  # fmt: skip
            if over or _is_news(going, marks, found.at):
                event = self._event(going, found.at, picture, names_in, is_heard, over=over)
                going.told, going.told_at, going.marks = event, found.at, marks
                changed.append(event)
            if over and going.told is not None:
                del self._going[key]
                self._past.append(going.told)
                self._counts["ended"] += 1
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

    def _seen(self, sights: Sights, picture: LivePicture, at: datetime) -> dict[tuple[str, str, str], Seen]:
        """Return what is seen of the events that go on, those that begin now among them."""
        code_of = {}
        for key, going in self._going.items():
            # a mover that left the picture and came back is kept elsewhere
            going.slots = (picture.slot_of(key[0]), -1 if key[2] else picture.slot_of(key[1]))
            code_of[sights.code_of(going.slots, key[2])] = key
        known = np.isin(sights.codes, np.fromiter(code_of, np.int64, len(code_of)))
        seen = {sights.key(row): sights.seen(row) for row in np.flatnonzero(known).tolist()}
        fresh = np.flatnonzero(sights.begins & ~known)
        order = np.lexsort((sights.distance_m[fresh], -sights.priority[fresh]))
        seen.update(self._begun(sights, fresh[order].tolist(), at))
        return seen

    def _begun(self, sights: Sights, fresh: list[int], at: datetime) -> dict[tuple[str, str, str], Seen]:
        """Begin an event for each of these, the gravest of which come first; returns what is seen of them."""
        seen: dict[tuple[str, str, str], Seen] = {}
        least: list[tuple[int, int, tuple[str, str, str]]] = []
        if len(fresh) > EVENTS_MAX - len(self._going):
            # the least grave first, and of those the youngest
            least = [(one.priority, -number, key) for number, (key, one) in enumerate(self._going.items())]
            heapq.heapify(least)
        self._crowded_out = 0
        for place, row in enumerate(fresh):
            key, said = sights.key(row), sights.seen(row)
            if len(self._going) >= EVENTS_MAX:
                if not least or least[0][0] >= said.priority:
                    self._crowded_out = len(fresh) - place
                    break
                del self._going[heapq.heappop(least)[2]]
                self._counts["gave_way"] += 1
            slots = sights.slots(row)
            self._going[key] = _Going(_id(key, at), key, slots, at, at, said, priority=max(said.priority, 0))
            self._counts["begun"] += 1
            seen[key] = said
        return seen

    def _inside_now(self, found: Found) -> dict[int, tuple[str, ...]]:
        """Return the names of the areas that movers, by slot, are in now."""
        names: dict[int, tuple[str, ...]] = {}
        for row in np.flatnonzero(found.entries.entry_s <= 0.0).tolist():
            slot = int(found.states.slot[found.entries.mover[row]])
            area = self._areas[int(found.entries.area[row])]
            names[slot] = (*names.get(slot, ()), area.name or area.id)
        return names

    def _is_over(self, going: _Going, at: datetime) -> bool:
        if going.outside_since is not None and (at - going.outside_since).total_seconds() >= CLEAR_HOLD_S:
            return True
        return (at - going.heard_at).total_seconds() >= UNHEARD_S

    def _event(
        self,
        going: _Going,
        at: datetime,
        picture: LivePicture,
        names_in: dict[int, tuple[str, ...]],
        is_heard: list[bool],
        *,
        over: bool,
    ) -> Event:
        """Return the event as it is now."""
        seen, area = going.seen, going.key[2]
        movers = [picture.card(slot, mover) for slot, mover in zip(going.slots, going.key[:2], strict=True)]
        unheard = [
            picture.coverage_of(mover) for mover, heard in zip(going.key[:2], is_heard, strict=False) if not heard
        ]
        at_rest = [card.at_rest and card.side == self._own != "" for card in movers]
        sight = _closest(going, at)
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
            area_name=self._area_name(area),
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
                in_s=max((sight.at - at).total_seconds(), 0.0),
                entry_s=max((entered - at).total_seconds(), 0.0),
                by_doubt=seen.by_doubt,
                height_unknown=seen.height_unknown,
                at_rest=any(at_rest),
                unheard=unheard,
                over=over,
            ),
        )

    def _area_name(self, id: str) -> str:  # noqa: A002 - the domain's word
        return next((area.name or area.id for area in self._areas if area.id == id), id) if id else ""


def _id(key: tuple[str, str, str], at: datetime) -> str:
    """Return a name for a new event: the same for the same pair at the same moment."""
    told = msgspec.json.encode((key, round(at.timestamp() * 1e3)))
    return "e" + hashlib.blake2b(told, digest_size=12).hexdigest()


def _follow(going: _Going, seen: Seen, at: datetime) -> None:
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


def _closest(going: _Going, at: datetime) -> Sight:
    """Return the least distance so far or, while it is still to come, foreseen."""
    foreseen, reached = going.seen.sight, going.reached
    if reached is None or (
        foreseen.at > at and going.outside_since is None and foreseen.distance_m < reached.distance_m
    ):
        return foreseen
    return reached


def _is_news(going: _Going, marks: tuple[object, ...], at: datetime) -> bool:
    """Tell whether an event is to be told: it is new, something but its figures changed, or a while has passed."""
    if going.told_at is None or marks != going.marks:
        return True
    return (at - going.told_at).total_seconds() >= REFRESHED_S
