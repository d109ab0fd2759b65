"""The alarm of an encounter, as watch officers are trained in it: states, and what moves an alarm from one to another.

active-unacknowledged -> active-acknowledged -> rectified-acknowledged, which is closed. What ends before anybody
acknowledged it is rectified-unacknowledged and stays until somebody does. An acknowledged alarm is raised again only
when its priority rises above every one that it had, or an hour after it was acknowledged; what comes back after it was
closed is a new event with an alarm of its own. Raised inside the limit, ended outside 1.2 times the limit for 120 s.
"""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from detente.desk.picture.documents import Encounter, Priority

__all__ = [
    "AGAIN_MS",
    "CLEAR_FACTOR",
    "CLEAR_HOLD_MS",
    "PRIORITIES",
    "UNHEARD_MS",
    "AlarmState",
    "EncounterAlarm",
    "acknowledged",
    "seen",
    "ticked",
]

AlarmState = Literal[
    "active-unacknowledged", "active-acknowledged", "rectified-unacknowledged", "rectified-acknowledged"
]
PRIORITIES: tuple[Priority, ...] = ("caution", "warning", "alarm", "emergency")
"""From the least grave."""
AGAIN_MS = 60 * 60_000
"""An acknowledged alarm that still goes on is raised again after this time."""
CLEAR_FACTOR = 1.2
CLEAR_HOLD_MS = 120_000
UNHEARD_MS = 60 * 60_000
"""An encounter of which nobody spoke for so long is over: until then silence is no sign that it ended."""


class EncounterAlarm(msgspec.Struct, frozen=True, kw_only=True):
    """One event's alarm. count: how often it was raised; gravest: index in PRIORITIES of the gravest that it had.

    outside_ms: since when it is outside 1.2 times the limit, None while it is not. a, b: names as they were last.
    """

    encounter: str
    state: AlarmState
    priority: Priority
    gravest: int
    raised_ms: int
    first_ms: int
    last_ms: int
    count: int = 1
    outside_ms: int | None = None
    acknowledged_ms: int | None = None
    acknowledged_by: str = ""
    note: str = ""
    ended_ms: int | None = None
    a: str = ""
    b: str = ""
    closest_distance_m: float = 0.0
    closest_ms: int = 0
    in_area: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        """Name of this event's alarm; the same two movers' next event has another."""
        return f"encounter:{self.encounter}@{self.first_ms}"

    @property
    def is_active(self) -> bool:
        """Whether what it warns of goes on."""
        return self.state in {"active-unacknowledged", "active-acknowledged"}

    @property
    def is_acknowledged(self) -> bool:
        """Whether somebody saw it."""
        return self.state in {"active-acknowledged", "rectified-acknowledged"}

    @property
    def is_closed(self) -> bool:
        """Whether nothing more will come of it."""
        return self.state == "rectified-acknowledged"


def seen(alarm: EncounterAlarm | None, encounter: Encounter, now_ms: int) -> EncounterAlarm | None:
    """Return the alarm after a post about its encounter; None: there is none, and none is needed."""
    where = _where(encounter)
    if alarm is None or alarm.is_closed:
        if where != "inside" or not encounter.rings:
            return alarm
        # a new event has a name of its own, even within one millisecond
        return _new(encounter, now_ms, first_ms=now_ms if alarm is None else max(now_ms, alarm.first_ms + 1))
    alarm = msgspec.structs.replace(alarm, last_ms=now_ms, **_told(encounter))
    if not encounter.rings:
        return _rectified(alarm, now_ms)
    if alarm.is_active:
        if where == "outside":
            if encounter.limit_m is None:  # who watches has waited already
                return _rectified(alarm, now_ms)
            since_ms = now_ms if alarm.outside_ms is None else alarm.outside_ms
            return ticked(msgspec.structs.replace(alarm, outside_ms=since_ms), now_ms)
        return _risen(msgspec.structs.replace(alarm, outside_ms=None), encounter.priority, now_ms)
    if where == "inside":  # rectified, unacknowledged, and back: the same event goes on
        again = msgspec.structs.replace(
            alarm, state="active-unacknowledged", ended_ms=None, outside_ms=None, raised_ms=now_ms,
            count=alarm.count + 1,
        )  # fmt: skip
        return _graver(again, encounter.priority)
    return alarm


def ticked(alarm: EncounterAlarm, now_ms: int) -> EncounterAlarm:
    """Return the alarm as time alone leaves it."""
    if not alarm.is_active:
        return alarm
    if alarm.outside_ms is not None and now_ms - alarm.outside_ms >= CLEAR_HOLD_MS:
        return _rectified(alarm, now_ms)
    if now_ms - alarm.last_ms >= UNHEARD_MS:
        return _rectified(alarm, now_ms)
    if (
        alarm.state == "active-acknowledged"
        and alarm.acknowledged_ms is not None
        and now_ms - alarm.acknowledged_ms >= AGAIN_MS
    ):
        return _again(alarm, now_ms)
    return alarm


def acknowledged(alarm: EncounterAlarm, by: str, note: str, now_ms: int) -> EncounterAlarm:
    """Return the alarm after a person saw it; one that is acknowledged stays as it is."""
    if alarm.is_acknowledged:
        return alarm
    state: AlarmState = "active-acknowledged" if alarm.is_active else "rectified-acknowledged"
    return msgspec.structs.replace(alarm, state=state, acknowledged_ms=now_ms, acknowledged_by=by, note=note)


def _where(encounter: Encounter) -> Literal["inside", "between", "outside"]:
    if encounter.state == "past":
        return "outside"
    if encounter.limit_m is None:
        return "inside"
    distance_m = encounter.closest_distance_m if encounter.predicted else encounter.distance_m
    if distance_m <= encounter.limit_m:
        return "inside"
    return "between" if distance_m <= CLEAR_FACTOR * encounter.limit_m else "outside"


def _new(encounter: Encounter, now_ms: int, *, first_ms: int) -> EncounterAlarm:
    return EncounterAlarm(
        encounter=encounter.id,
        state="active-unacknowledged",
        gravest=PRIORITIES.index(encounter.priority),
        raised_ms=now_ms,
        first_ms=first_ms,
        last_ms=now_ms,
        **_told(encounter),
    )


def _told(encounter: Encounter) -> dict[str, Any]:
    return {
        "priority": encounter.priority,
        "a": encounter.a,
        "b": encounter.b,
        "closest_distance_m": encounter.closest_distance_m,
        "closest_ms": encounter.closest_ms,
        "in_area": encounter.in_area,
    }


def _graver(alarm: EncounterAlarm, priority: Priority) -> EncounterAlarm:
    return msgspec.structs.replace(alarm, gravest=max(alarm.gravest, PRIORITIES.index(priority)))


def _risen(alarm: EncounterAlarm, priority: Priority, now_ms: int) -> EncounterAlarm:
    """Raise an acknowledged alarm again when it is graver than ever before, or when an hour is over."""
    is_graver = PRIORITIES.index(priority) > alarm.gravest
    alarm = _graver(alarm, priority)
    if is_graver and alarm.state == "active-acknowledged":
        return _again(alarm, now_ms)
    return ticked(alarm, now_ms)


def _again(alarm: EncounterAlarm, now_ms: int) -> EncounterAlarm:
    return msgspec.structs.replace(alarm, state="active-unacknowledged", raised_ms=now_ms, count=alarm.count + 1)


def _rectified(alarm: EncounterAlarm, now_ms: int) -> EncounterAlarm:
    if not alarm.is_active:
        return alarm
    state: AlarmState = "rectified-acknowledged" if alarm.is_acknowledged else "rectified-unacknowledged"
    return msgspec.structs.replace(alarm, state=state, ended_ms=now_ms, outside_ms=None)
