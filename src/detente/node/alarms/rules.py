"""When an alarm is told, told again, handed to the next person, and settled: rules over what is kept, without a clock.

One alarm is one thing that is wrong: the same name about the same member and the same entry, however often it is
raised and whatever it counts. It is told once; again when it grew graver, and when nobody acknowledged it: after a
while, then after twice as long, a day at most. People on duty are asked one after the other. An acknowledgement keeps
it quiet for a day; a cause that is gone settles it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

import msgspec

from detente.line.effects import Alarm
from detente.node.settings.structs import Duty, EscalationSettings, Settings
from detente.store.alarms import Delivery, KeptAlarm

__all__ = [
    "GRAVE",
    "acknowledged",
    "again",
    "ask_next",
    "attempted",
    "due",
    "ended",
    "identity",
    "next_look_ms",
    "on_duty",
    "raised",
    "step_of",
    "wakes",
]

GRAVE = ("emergency", "alarm", "warning", "caution")
"""Priorities, the gravest first."""
_ABOUT = frozenset({"channel", "entry", "file", "kind", "log", "proof"})
"""What of an alarm's detail says what it is about; the rest counts and explains."""
_DAY_MS = 86_400_000
_RETRIES_S = (5, 15, 60, 300, 900, 3_600)
_GIVEN_UP_AFTER_MS = _DAY_MS
_DETAIL_MAX = 500


def identity(line: str, alarm: Alarm) -> str:
    """Return what an alarm is about, as twelve hexadecimal digits."""
    about = sorted((name, value) for name, value in alarm.detail if name in _ABOUT)
    return hashlib.sha256(msgspec.json.encode((line, alarm.name, alarm.member, about))).hexdigest()[:12]


def step_of(priority: str, settings: EscalationSettings) -> int:
    """Return after how many seconds the next person is asked about an alarm of this priority; 0: nobody is."""
    return {"emergency": settings.flash_s, "alarm": settings.immediate_s}.get(priority, 0)


def raised(
    old: KeptAlarm | None,
    line: str,
    alarm: Alarm,
    now_ms: int,
    settings: Settings,
    *,
    step_s: int,
    text: str = "",
) -> KeptAlarm:
    """Return an alarm as it is kept after it was raised (again); one that is to be told has deliveries that are due."""
    detail = {name: value[:_DETAIL_MAX] for name, value in alarm.detail}
    quiet_ms = 0 if old is None or old.acknowledged_ms is None else old.acknowledged_ms + _DAY_MS
    if old is None or old.ended_ms is not None or (quiet_ms and now_ms >= quiet_ms):
        new = KeptAlarm(
            identity(line, alarm), line, alarm.name, alarm.member, alarm.priority.value, detail, now_ms, now_ms,
            text=text, since_ms=now_ms, step_s=step_s, told=0 if old is None else old.told,
        )  # fmt: skip
        return _told(new, now_ms, settings)
    keeps_step = "precedence" in old.detail and "precedence" not in detail  # a notice's own precedence says more
    counted = msgspec.structs.replace(
        old, last_ms=now_ms, count=old.count + 1, detail={**old.detail, **detail}, text=text or old.text,
        step_s=old.step_s if keeps_step else step_s,
    )  # fmt: skip
    if GRAVE.index(alarm.priority.value) >= GRAVE.index(old.priority):
        return counted
    worse = msgspec.structs.replace(
        counted, priority=alarm.priority.value, since_ms=now_ms, asked=(), acknowledged_ms=None, acknowledged_by="",
        repeats=0,
    )  # fmt: skip
    return _told(worse, now_ms, settings)


def again(kept: KeptAlarm, now_ms: int, settings: Settings) -> KeptAlarm:
    """Return an alarm that nobody acknowledged as it is told anew, from the first person on duty on."""
    fresh = msgspec.structs.replace(kept, since_ms=now_ms, asked=())
    return _told(fresh, now_ms, settings)


def wakes(kept: KeptAlarm, now_ms: int) -> bool:
    """Tell whether an alarm is to be told again by now."""
    return kept.is_open and kept.again_at_ms is not None and now_ms >= kept.again_at_ms


def ask_next(kept: KeptAlarm, now_ms: int, duty: Iterable[Duty]) -> KeptAlarm:
    """Return an alarm with the next person on duty asked, when their turn has come.

    It comes after each step, and at once when every way to those asked before failed.
    """
    if not kept.is_open or not kept.step_s:
        return kept
    turn_ms = kept.since_ms + len(kept.asked) * kept.step_s * 1000
    if now_ms < turn_ms and not (kept.asked and _unreachable(kept)):
        return kept
    person = next((one for one in on_duty(duty, now_ms) if one.name not in kept.asked), None)
    if person is None:
        return kept
    ways = [
        Delivery(channel, person.name, due_ms=now_ms)
        for channel, place in (("webhook", person.webhook), ("mail", person.mail))
        if place
    ]
    kept_ways = tuple(one for one in kept.deliveries if one.person != person.name)
    return msgspec.structs.replace(kept, asked=(*kept.asked, person.name), deliveries=(*kept_ways, *ways))


def on_duty(duty: Iterable[Duty], now_ms: int) -> list[Duty]:
    """Return who is on duty at this hour, in order; everybody when nobody is: an alarm must reach somebody."""
    people = list(duty)
    hour = datetime.fromtimestamp(now_ms / 1000, UTC).hour
    found = [one for one in people if _covers(one, hour)]
    return found or people


def acknowledged(kept: KeptAlarm, at_ms: int, by: str) -> KeptAlarm:
    """Return an alarm that a person acknowledged: nothing of it is told any more."""
    return msgspec.structs.replace(_settled(kept), acknowledged_ms=at_ms, acknowledged_by=by, again_at_ms=None)


def ended(kept: KeptAlarm, now_ms: int) -> KeptAlarm:
    """Return an alarm whose cause is gone."""
    return msgspec.structs.replace(_settled(kept), ended_ms=now_ms, again_at_ms=None, text="")


def due(kept: Mapping[str, KeptAlarm], now_ms: int) -> list[tuple[str, Delivery]]:
    """Return what is to be sent now, the gravest alarms first."""
    found = [
        (GRAVE.index(one.priority), one.raised_ms, name, way)
        for name, one in kept.items()
        if one.is_open
        for way in one.deliveries
        if way.due_ms is not None and way.due_ms <= now_ms
    ]
    return [(name, way) for _, _, name, way in sorted(found, key=lambda one: one[:3])]


def attempted(kept: KeptAlarm, way: Delivery, now_ms: int, error: str) -> KeptAlarm:
    """Return an alarm after one try on one way; error "": it got through. A failed one is tried again for a day."""
    if not error:
        done = msgspec.structs.replace(way, attempts=way.attempts + 1, due_ms=None, told_ms=now_ms, error="")
    else:
        wait_s = _RETRIES_S[min(way.attempts, len(_RETRIES_S) - 1)]
        given_up = now_ms - kept.last_ms > _GIVEN_UP_AFTER_MS
        next_ms = None if given_up else now_ms + wait_s * 1000
        done = msgspec.structs.replace(way, attempts=way.attempts + 1, due_ms=next_ms, error=error[:_DETAIL_MAX])
    ways = tuple(
        done if (one.channel, one.person) == (way.channel, way.person) else one for one in kept.deliveries
    )
    return msgspec.structs.replace(kept, deliveries=ways)


def next_look_ms(kept: Iterable[KeptAlarm], now_ms: int, most_ms: int) -> int:
    """Return when one of these alarms has something due, at the latest in ``most_ms``."""
    times = [now_ms + most_ms]
    for one in kept:
        if one.is_open:
            times += [way.due_ms for way in one.deliveries if way.due_ms is not None]
            times += [one.again_at_ms] if one.again_at_ms is not None else []
            times += [one.since_ms + len(one.asked) * one.step_s * 1000] if one.step_s else []
    return max(now_ms, min((at_ms for at_ms in times if at_ms > now_ms), default=now_ms + most_ms))


def _told(kept: KeptAlarm, now_ms: int, settings: Settings) -> KeptAlarm:
    """Return an alarm with its ways to everybody due now, unless it is less grave than what is sent."""
    alarms = settings.alarms
    ways = [Delivery("terminal", due_ms=now_ms)] if alarms.terminal else []
    if GRAVE.index(kept.priority) <= GRAVE.index(alarms.least):
        ways += [Delivery("webhook", due_ms=now_ms)] if alarms.webhook else []
        ways += [Delivery("mail", due_ms=now_ms)] if alarms.smtp is not None and alarms.smtp.to else []
        pause_ms = min(_DAY_MS, alarms.again_s * 1000 << min(kept.repeats, 20))
        again_at_ms: int | None = now_ms + pause_ms
    else:
        again_at_ms = None
    ways = [one for one in ways if one.channel != kept.detail.get("channel", "").partition(" ")[0]]
    return msgspec.structs.replace(
        kept, told=kept.told + 1, repeats=kept.repeats + 1, again_at_ms=again_at_ms, deliveries=tuple(ways)
    )


def _settled(kept: KeptAlarm) -> KeptAlarm:
    ways = tuple(msgspec.structs.replace(one, due_ms=None) for one in kept.deliveries)
    return msgspec.structs.replace(kept, deliveries=ways)


def _unreachable(kept: KeptAlarm) -> bool:
    """Tell whether every way to the person asked last failed by now."""
    ways = [one for one in kept.deliveries if one.person == kept.asked[-1]]
    return bool(ways) and all(one.told_ms is None and one.attempts > 0 for one in ways)


def _covers(person: Duty, hour: int) -> bool:
    start, end = person.from_hour % 24, person.to_hour
    if person.from_hour == person.to_hour:
        return True
    return start <= hour < end if start < end else hour >= start or hour < end
