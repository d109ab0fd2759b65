"""Encounters in the picture with their alarms, bounded; silence is shared by all stations and ends by itself."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

import msgspec

from detente.desk.picture.alarm_model import (
    PRIORITIES,
    UNHEARD_MS,
    EncounterAlarm,
    acknowledged,
    seen,
    ticked,
)
from detente.desk.picture.documents import ENCOUNTERS_MAX, Encounter

__all__ = ["ALARMS_MAX", "PAST_KEPT_MS", "SILENCE_MS", "Encounters", "KeptAlarms"]

ALARMS_MAX = 1_000
"""Alarms of encounters that are kept; closed ones give way first, then less grave ones to graver ones."""
PAST_KEPT_MS = 12 * 3_600_000
"""Encounters and closed alarms stay listed for so long after they ended."""
SILENCE_MS = 30_000
_AHEAD_MS_MAX = 60_000


class KeptAlarms(msgspec.Struct, frozen=True):
    """Alarms as they lie on the shelf."""

    alarms: tuple[EncounterAlarm, ...] = ()


class Encounters:
    """What is known of encounters. number: grows with every change of encounters, alarms or silence."""

    def __init__(self) -> None:
        self._held: dict[str, tuple[Encounter, int]] = {}
        self._alarms: dict[str, EncounterAlarm] = {}
        self.silenced_until_ms: int | None = None
        self.number = 0
        self.alarms_number = 0

    def take(self, encounters: Iterable[Encounter], now_ms: int) -> tuple[int, Counter[str]]:
        """Take posts in; returns how many were taken, and the others by reason: ahead, too-many."""
        taken = 0
        refused: Counter[str] = Counter()
        for encounter in encounters:
            if encounter.entered_ms > now_ms + 24 * 3_600_000 or (
                not encounter.predicted and encounter.entered_ms > now_ms + _AHEAD_MS_MAX
            ):
                refused["ahead"] += 1
            elif not self._room(encounter) or not self._sound(encounter, now_ms):
                refused["too-many"] += 1
            else:
                self._held[encounter.id] = (encounter, now_ms)
                taken += 1
        self.number += bool(taken)
        return taken, refused

    def tick(self, now_ms: int) -> bool:
        """Let time pass; tells whether anything changed."""
        before = (self.number, self.alarms_number)
        for key, alarm in list(self._alarms.items()):
            self._keep(key, ticked(alarm, now_ms))
            if alarm.is_closed and now_ms - (alarm.ended_ms or 0) > PAST_KEPT_MS:
                del self._alarms[key]
                self.alarms_number += 1
        for key, (encounter, heard_ms) in list(self._held.items()):
            silent_ms = now_ms - heard_ms
            if silent_ms > PAST_KEPT_MS:
                del self._held[key]
                self.number += 1
            elif encounter.state == "active" and silent_ms > UNHEARD_MS:
                self._held[key] = (msgspec.structs.replace(encounter, state="past"), heard_ms)
                self.number += 1
        if self.silenced_until_ms is not None and now_ms >= self.silenced_until_ms:
            self.silenced_until_ms = None
            self.alarms_number += 1
        return before != (self.number, self.alarms_number)

    def silence(self, now_ms: int) -> int:
        """Stop the sound at every station; returns until when. An alarm that is raised ends it sooner."""
        self.silenced_until_ms = now_ms + SILENCE_MS
        self.alarms_number += 1
        return self.silenced_until_ms

    def find_alarm(self, name: str) -> EncounterAlarm | None:
        """Return the alarm of this id, None when there is none, or none any more."""
        return next((alarm for alarm in self._alarms.values() if alarm.id == name), None)

    def acknowledge(self, name: str, by: str, note: str, now_ms: int) -> EncounterAlarm | None:
        """Note that a person saw one alarm; returns it as it then is, None when there is none of this id."""
        alarm = self.find_alarm(name)
        if alarm is None:
            return None
        self._keep(alarm.encounter, acknowledged(alarm, by, note, now_ms))
        return self._alarms[alarm.encounter]

    def all(self) -> tuple[Encounter, ...]:
        """Return every encounter: those that go on first, then gravest, then newest."""
        return tuple(
            sorted(
                (encounter for encounter, _ in self._held.values()),
                key=lambda one: (one.state == "past", -PRIORITIES.index(one.priority), -one.entered_ms, one.id),
            )
        )

    def alarms(self) -> tuple[EncounterAlarm, ...]:
        """Return every alarm."""
        return tuple(self._alarms.values())

    def kept(self) -> KeptAlarms:
        """Return what belongs on the shelf."""
        return KeptAlarms(tuple(self._alarms.values()))

    def bring_back(self, kept: KeptAlarms) -> None:
        """Take alarms of before; what was raised since then stays."""
        for alarm in kept.alarms[-ALARMS_MAX:]:
            self._alarms.setdefault(alarm.encounter, alarm)
        self.alarms_number += 1

    def _keep(self, key: str, alarm: EncounterAlarm) -> None:
        held = self._alarms.get(key)
        if alarm == held:
            return
        self._alarms[key] = alarm
        if held is None or _shown(alarm) != _shown(held):
            self.alarms_number += 1
        if held is None or alarm.count > held.count or alarm.first_ms != held.first_ms:
            self.silenced_until_ms = None  # somebody silenced what rang then, not this

    def _sound(self, encounter: Encounter, now_ms: int) -> bool:
        """Bring the alarm of an encounter up to date; False when it needs one and there is no room."""
        held = self._alarms.get(encounter.id)
        alarm = seen(held, encounter, now_ms)
        if alarm is None:
            return True
        if held is None and len(self._alarms) >= ALARMS_MAX:
            last = min(
                self._alarms.values(),
                key=lambda one: (not one.is_closed, PRIORITIES.index(one.priority), one.raised_ms),
            )
            if not last.is_closed and PRIORITIES.index(last.priority) >= PRIORITIES.index(alarm.priority):
                return False
            del self._alarms[last.encounter]
        self._keep(encounter.id, alarm)
        return True

    def _room(self, encounter: Encounter) -> bool:
        """Make room for an encounter: the one that has been over for longest leaves; False when all go on."""
        if encounter.id in self._held or len(self._held) < ENCOUNTERS_MAX:
            return True
        past = [(heard_ms, key) for key, (one, heard_ms) in self._held.items() if one.state == "past"]
        if not past:
            return False
        del self._held[min(past)[1]]
        return True


def _shown(alarm: EncounterAlarm) -> tuple[object, ...]:
    return alarm.id, alarm.state, alarm.priority, alarm.count, alarm.acknowledged_ms
