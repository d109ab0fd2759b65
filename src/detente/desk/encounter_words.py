"""The sentence of an encounter's alarm."""

from __future__ import annotations

from datetime import UTC, datetime

from detente import words
from detente.desk.picture.alarm_model import EncounterAlarm
from detente.door.terminal import visible

__all__ = ["encounter_sentence"]

say = words.speaker("desk")

_METRES_PER_NM = 1852.0


def encounter_sentence(alarm: EncounterAlarm) -> str:
    """Return who comes or came how close to whom, when, and where, in the language in use."""
    values = {
        "a": visible(alarm.a),
        "b": visible(alarm.b),
        "distance": words.number(alarm.closest_distance_m / _METRES_PER_NM, 2),
        "at": datetime.fromtimestamp(alarm.closest_ms / 1000, UTC).strftime("%H:%M:%SZ"),
    }
    if alarm.in_area:
        area = ", ".join(visible(one) for one in alarm.in_area)
        return say("{a} and {b}: closest {distance} NM at {at}, in {area}", area=area, **values)
    return say("{a} and {b}: closest {distance} NM at {at}", **values)
