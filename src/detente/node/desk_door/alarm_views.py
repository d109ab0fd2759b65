"""Alarms as the desk shows them, in the states of ships' bridges, and a person's word about one.

active: its cause goes on, as far as is known; rectified: it is gone. What is rectified and acknowledged is closed.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from detente import words
from detente.node.alarms import rules
from detente.node.alarms.kept import alarms_file
from detente.node.desk_door.record_questions import AlarmDocument, AlarmsDocument
from detente.node.host import clock_ms
from detente.node.sentences import alarm_sentence
from detente.store.alarms import Acknowledgement, AlarmFile, KeptAlarm
from detente.store.errors import HomeMistake

__all__ = ["acknowledge", "alarms_of"]

say = words.speaker("node")

_BY_MAX = 100
_NOTE_MAX = 2_000


def alarms_of(home: Path, kept: Iterable[KeptAlarm]) -> AlarmsDocument:
    """Return every alarm, those that wait for a person first, then the gravest and newest. Raises StoreFailure."""
    said = _words(home)
    found = [_alarm(one, said.get(one.id)) for one in kept]
    return AlarmsDocument(
        alarms=tuple(
            sorted(
                found,
                key=lambda one: (
                    one.state != "active-unacknowledged",
                    not one.state.endswith("unacknowledged"),
                    rules.GRAVE.index(one.priority),
                    -one.last_ms,
                    one.id,
                ),
            )
        )
    )


def acknowledge(home: Path, kept: Iterable[KeptAlarm], name: str, by: str, note: str) -> KeptAlarm:
    """Note that a person saw an alarm; the node heeds it within seconds. Raises HomeMistake for none, StoreFailure."""
    found = next((one for one in kept if one.id == name), None)
    if found is None:
        raise HomeMistake(
            expected=say("an alarm of this home"),
            came=name[:100],
            where=str(home),
            remedy=say("see: detente alarms HOME --all"),
        )
    file = AlarmFile(alarms_file(home), create=True)
    try:
        word = Acknowledgement(clock_ms(), found.told, by[:_BY_MAX], note[:_NOTE_MAX])
        file.acknowledge(name, word)
    finally:
        file.close()
    return found


def _words(home: Path) -> dict[str, Acknowledgement]:
    if not alarms_file(home).exists():
        return {}
    file = AlarmFile(alarms_file(home), read_only=True)
    try:
        return file.acknowledgements()
    finally:
        file.close()


def _alarm(kept: KeptAlarm, word: Acknowledgement | None) -> AlarmDocument:
    note = ""
    if word is not None and word.told >= kept.told:
        note = word.note
        if kept.acknowledged_ms is None:
            kept = rules.acknowledged(kept, word.at_ms, word.by)
    active = "active" if kept.ended_ms is None else "rectified"
    seen = "unacknowledged" if kept.acknowledged_ms is None else "acknowledged"
    return AlarmDocument(
        id=kept.id,
        line=kept.line,
        name=kept.name,
        member=kept.member,
        priority=kept.priority,
        sentence=alarm_sentence(kept.name, kept.member, kept.detail),
        raised_ms=kept.raised_ms,
        last_ms=kept.last_ms,
        count=kept.count,
        state=f"{active}-{seen}",
        acknowledged_ms=kept.acknowledged_ms,
        acknowledged_by=kept.acknowledged_by,
        note=note,
        ended_ms=kept.ended_ms,
        ref=kept.detail.get("ref", ""),
    )
