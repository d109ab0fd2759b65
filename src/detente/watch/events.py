"""What a watch officer is told: one event for one approach, from the first sight of it to the end.

An event begins when a pair, or a mover and an area, comes inside a rung of the ladder (detente.watch.limits). It goes
on, under one id, until both have been outside 1.2 times the outermost rung for 120 s without a break. Whatever happens
between, a yaw, a rung up or down, a minute without a fix, changes the event and makes no other.
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal

import msgspec

from detente.watch.limits import Priority

__all__ = ["CLEAR_FACTOR", "CLEAR_HOLD_S", "EVENTS_MAX", "PAST_MAX", "Event", "LonLat"]

CLEAR_FACTOR = 1.2
CLEAR_HOLD_S = 120.0
EVENTS_MAX = 2_000
"""Events that go on at a time; more are counted and not shown, the least grave first."""
PAST_MAX = 1_000
"""Events that are over and still told of; the one that ended first gives way."""

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
