"""What may leave the watch for other systems: the one place where that is decided.

Three things leave, and the types below are all that an output is ever given:

- alarms of encounters in which a mover of the own side has a part, and of areas;
- danger areas, which are announced anyhow;
- where movers of the own side are.

No mover of another side, of no side, or of an unknown one leaves: not its identity, not its name, not its place, course
or speed. What an alarm says of the other one is its kind, its side's name and how close it comes, in two figures, and
that only when the alarm begins, rises and ends: distances said again and again from a moving ship would be a track.
The alarm's place is the own mover's, or the middle of the area. See docs/decisions/0085-what-leaves-a-watch.md.
"""

from __future__ import annotations

import math
from collections import Counter, OrderedDict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Literal

from detente import words
from detente.areas.outlines import outline
from detente.encounters.announced import Announced
from detente.watch.errors import WatchMistake
from detente.watch.events import Event

__all__ = [
    "AREAS_OUT_MAX",
    "CORNERS_OUT_MAX",
    "EVENTS_TOLD_MAX",
    "MOVERS_OUT_MAX",
    "Alarm",
    "Area",
    "Gate",
    "Leaving",
    "Mover",
    "OwnMover",
]

say = words.speaker("watch")

EVENTS_TOLD_MAX = 10_000
"""Events whose telling is remembered; beyond, the one that was named longest ago is forgotten."""
AREAS_OUT_MAX = 500
"""Areas that are told."""
CORNERS_OUT_MAX = 1_000
"""Corners of one ring of an area that is told."""
MOVERS_OUT_MAX = 5_000
"""Movers of the own side that are told."""
FORGOTTEN_AFTER_S = 300.0
"""An event that nobody named for so long is over."""
AREAS_AHEAD_S = 86_400.0
"""An area is told from so long before it opens."""

Priority = Literal["caution", "warning", "alarm", "emergency"]
_RANKS = {"caution": 0, "warning": 1, "alarm": 2, "emergency": 3}
LonLat = tuple[float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Mover:
    """A mover as the picture has it, of whatever side; ``side`` is a name of the file of sides, "" without one.

    Only ``Gate`` reads these. at: aware UTC; units as the names say; None: not known.
    """

    id: str
    side: str
    kind: str
    at: datetime
    lon_deg: float
    lat_deg: float
    name: str = ""
    altitude_m: float | None = None
    altitude_datum: str | None = None
    speed_kn: float | None = None
    course_deg: float | None = None
    military: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnMover:
    """A mover of the own side, as it may be told. ``Gate`` alone makes these."""

    id: str
    kind: str
    at: datetime
    lon_deg: float
    lat_deg: float
    name: str
    altitude_m: float | None
    altitude_datum: str | None
    speed_kn: float | None
    course_deg: float | None
    military: bool | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    """An alarm, as it may be told. ``Gate`` alone makes these.

    uid: the same from the first telling to the end; own: the own mover's identity, "" where none has a part;
    place: the own mover's where the two are closest, else the middle of the area; text: the whole of it in words;
    at: when it was told last, aware UTC; distances in metres, rounded to two figures.
    """

    uid: str
    kind: Literal["pair", "area"]
    priority: Priority
    is_over: bool
    rings: bool
    is_predicted: bool
    at: datetime
    closest_at: datetime
    own: str
    own_name: str
    other_kind: str
    other_side: str
    area: str
    place: LonLat
    closest_distance_m: float | None
    limit_m: float | None
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Area:
    """A danger area, as it was announced. rings: outlines, (longitude, latitude) in degrees; open ends are None."""

    uid: str
    name: str
    rings: tuple[tuple[LonLat, ...], ...]
    middle: LonLat
    from_at: datetime | None
    until_at: datetime | None
    lower_m: float | None
    upper_m: float | None


@dataclass(frozen=True, slots=True)
class Leaving:
    """What is told now. changed: alarms that began, rose or ended since the last time; active: all that go on."""

    at: datetime
    changed: tuple[Alarm, ...] = ()
    active: tuple[Alarm, ...] = ()
    areas: tuple[Area, ...] = ()
    movers: tuple[OwnMover, ...] = ()


@dataclass(slots=True)
class _Told:
    alarm: Alarm
    named_at: datetime


@dataclass(slots=True)
class Gate:
    """Lets through what may leave. own_side: the name of our side in the file of sides; raises WatchMistake for "".

    refused: what was kept back so far, by reason: "not_ours" (a mover or an encounter without the own side),
    "no_place" (an area whose place is not known), "too_many", "too_detailed" (a ring of an area).
    """

    own_side: str
    refused: Counter[str] = field(default_factory=Counter)
    _told: OrderedDict[str, _Told] = field(default_factory=OrderedDict)
    _uids: Counter[str] = field(default_factory=Counter)
    _areas: tuple[Sequence[Announced], tuple[_Drawn, ...]] = ((), ())

    def __post_init__(self) -> None:
        """Refuse a side without a name: every mover of no side would be ours."""
        if not self.own_side:
            raise WatchMistake(
                expected=say("the name of the own side, before anything is told to other systems"),
                came=say("none"),
                where="--own",
                remedy=say("name a side of the file of sides"),
            )

    def admit(
        self, events: Iterable[Event], areas: Sequence[Announced], movers: Iterable[Mover], now: datetime
    ) -> Leaving:
        """Return what may leave.

        events: those that changed since the last time and, once a minute at least, all that are active; areas: all
        of them; movers: any, of any side; now: aware UTC.
        """
        drawn = self._drawn(areas)
        known = {one.area.id: one for one in drawn}
        changed = []
        for event in events:
            alarm = self._alarm(event, known, now)
            if alarm is not None:
                changed.append(alarm)
        changed += self._forgotten(now)
        return Leaving(
            now,
            tuple(changed),
            tuple(one.alarm for one in self._told.values()),
            tuple(found for one in drawn for found in one.told(now)),
            self._own(movers),
        )

    def _is_own(self, side: str) -> bool:
        return side == self.own_side

    def _own(self, movers: Iterable[Mover]) -> tuple[OwnMover, ...]:
        own: list[OwnMover] = []
        for one in movers:
            if not self._is_own(one.side):
                self.refused["not_ours"] += 1
            elif len(own) >= MOVERS_OUT_MAX:
                self.refused["too_many"] += 1
            else:
                own.append(
                    OwnMover(
                        id=one.id,
                        kind=one.kind,
                        at=one.at,
                        lon_deg=one.lon_deg,
                        lat_deg=one.lat_deg,
                        name=one.name,
                        altitude_m=one.altitude_m,
                        altitude_datum=one.altitude_datum,
                        speed_kn=one.speed_kn,
                        course_deg=one.course_deg,
                        military=one.military,
                    )
                )
        return tuple(own)

    def _alarm(self, event: Event, known: dict[str, _Drawn], now: datetime) -> Alarm | None:
        """Return the event's alarm when it begins, rises or ends now, else None."""
        told = self._told.get(event.id)
        if told is not None:
            told.named_at = now
            self._told.move_to_end(event.id)
        if event.state == "past":
            return self._ended(event.id, now)
        if told is not None and _RANKS[event.priority] <= _RANKS[told.alarm.priority]:
            return None
        made = self._made(event, known, now, told.alarm.uid if told is not None else None)
        if made is None:
            return None
        self._told[event.id] = _Told(made, now)
        if len(self._told) > EVENTS_TOLD_MAX:
            self._told.popitem(last=False)
            self.refused["too_many"] += 1
        return made

    def _ended(self, event_id: str, now: datetime) -> Alarm | None:
        told = self._told.pop(event_id, None)
        if told is None:
            return None
        return replace(
            told.alarm, is_over=True, at=now, rings=False, text=say("over: {text}", text=told.alarm.text)
        )

    def _forgotten(self, now: datetime) -> list[Alarm]:
        before = now - timedelta(seconds=FORGOTTEN_AFTER_S)
        silent = [event_id for event_id, told in self._told.items() if told.named_at < before]
        return [ended for event_id in silent if (ended := self._ended(event_id, now)) is not None]

    def _made(self, event: Event, known: dict[str, _Drawn], now: datetime, uid: str | None) -> Alarm | None:
        ours = [
            side for side in ("a", "b") if getattr(event, side) and self._is_own(getattr(event, f"side_{side}"))
        ]
        if not ours and event.kind == "pair":
            self.refused["not_ours"] += 1
            return None
        own = ours[0] if ours else ""
        area = known.get(event.area)
        place = event.line[0 if own == "a" else 1] if own else area.middle if area is not None else None
        if place is None:
            self.refused["no_place"] += 1
            return None
        other = "" if event.kind == "area" and own else "b" if own == "a" else "a"
        own_id = getattr(event, own) if own else ""
        alarm = Alarm(
            uid=uid or self._uid(own_id or event.area, event.entered_at),
            kind=event.kind,
            priority=event.priority,
            is_over=False,
            rings=event.rings,
            is_predicted=event.predicted,
            at=now,
            closest_at=event.closest_at,
            own=own_id,
            own_name=getattr(event, f"name_{own}") if own else "",
            other_kind=getattr(event, f"kind_{other}") if other else "",
            other_side=getattr(event, f"side_{other}") if other else "",
            area=area.title if area is not None else event.area,
            place=(round(place[0], 5), round(place[1], 5)),
            closest_distance_m=_two_figures(event.closest_distance_m) if event.kind == "pair" else None,
            limit_m=event.limit_m if event.kind == "pair" else None,
            text="",
        )
        return replace(alarm, text=_text(alarm))

    def _uid(self, own: str, entered_at: datetime) -> str:
        """Return an identity that names the own side alone: an event's own may hold both movers'."""
        base = f"detente.alarm.{own}.{entered_at.astimezone(UTC):%Y%m%dT%H%M%SZ}"
        self._uids[base] += 1
        if len(self._uids) > EVENTS_TOLD_MAX:
            del self._uids[next(iter(self._uids))]
        return base if self._uids[base] == 1 else f"{base}.{self._uids[base]}"

    def _drawn(self, areas: Sequence[Announced]) -> tuple[_Drawn, ...]:
        """Return the areas with their outlines, which are drawn once."""
        if self._areas[0] is not areas:
            drawn = [found for one in areas[:AREAS_OUT_MAX] if (found := _drawn(one)) is not None]
            self.refused["too_detailed"] += min(len(areas), AREAS_OUT_MAX) - len(drawn)
            self.refused["too_many"] += max(0, len(areas) - AREAS_OUT_MAX)
            self._areas = (areas, tuple(drawn))
        return self._areas[1]


@dataclass(frozen=True, slots=True)
class _Drawn:
    area: Announced
    rings: tuple[tuple[LonLat, ...], ...]
    middle: LonLat

    @property
    def title(self) -> str:
        """Return what people call it."""
        return self.area.name or self.area.id

    def told(self, now: datetime) -> list[Area]:
        """Return the area once when it is open or opens soon, with the window that is meant."""
        soon = now + timedelta(seconds=AREAS_AHEAD_S)
        for opens, closes in self.area.windows:
            if (closes is None or closes > now) and (opens is None or opens <= soon):
                return [
                    Area(
                        uid=f"detente.area.{self.area.id}",
                        name=self.title,
                        rings=self.rings,
                        middle=self.middle,
                        from_at=opens,
                        until_at=closes,
                        lower_m=self.area.lower_m if math.isfinite(self.area.lower_m) else None,
                        upper_m=self.area.upper_m if math.isfinite(self.area.upper_m) else None,
                    )
                ]
        return []


def _drawn(area: Announced) -> _Drawn | None:
    """Return an area with its outline, None when it has more corners than are told."""
    shape = area.shape
    rings = shape if isinstance(shape, tuple) else tuple(tuple(ring) for ring in outline(shape))
    if not rings or any(len(ring) > CORNERS_OUT_MAX for ring in rings):
        return None
    return _Drawn(area, rings, _middle(rings[0]))


def _middle(ring: Sequence[LonLat]) -> LonLat:
    """Return the middle of a ring's corners on the sphere, which the antimeridian and the poles do not disturb."""
    x = sum(math.cos(math.radians(lat)) * math.cos(math.radians(lon)) for lon, lat in ring)
    y = sum(math.cos(math.radians(lat)) * math.sin(math.radians(lon)) for lon, lat in ring)
    z = sum(math.sin(math.radians(lat)) for _, lat in ring)
    return math.degrees(math.atan2(y, x)), math.degrees(math.atan2(z, math.hypot(x, y)))


def _two_figures(distance_m: float | None) -> float | None:
    """Return a distance in two figures, and whole metres: more would say where the other one is."""
    if distance_m is None or not math.isfinite(distance_m):
        return None
    if distance_m < 10:
        return 10.0
    size = 10.0 ** (math.floor(math.log10(distance_m)) - 1)
    return float(round(distance_m / size) * size)


def _text(alarm: Alarm) -> str:
    """Return the alarm in one sentence for people."""
    own = alarm.own_name or alarm.own
    kinds = {"ship": say("a ship"), "aircraft": say("an aircraft")}
    other = kinds.get(alarm.other_kind, say("a mover"))
    if alarm.other_side:
        other = say("{mover} of {side}", mover=other, side=alarm.other_side)
    if alarm.kind == "area":
        who = own or other
        if alarm.is_predicted:
            return say("{mover} will enter {area}", mover=who, area=alarm.area)
        return say("{mover} is in {area}", mover=who, area=alarm.area)
    distance = "?" if alarm.closest_distance_m is None else words.number(alarm.closest_distance_m)
    at = alarm.closest_at.astimezone(UTC).strftime("%H:%M UTC")
    return say("{own} and {other}: closest {distance} m at {at}", own=own, other=other, distance=distance, at=at)
