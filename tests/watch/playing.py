"""Small scenes played through the live picture, the prediction step and the events."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import polars as pl
from pyproj import Geod

from detente.encounters.announced import Announced
from detente.encounters.live_step import LiveStep, related_sides
from detente.encounters.sides import Sides
from detente.encounters.sides_file import parse_sides
from detente.notices.quantities import KNOT_MS
from detente.tracks import SCHEMA
from detente.watch.batches import Batch
from detente.watch.events import Event, Events
from detente.watch.limits import DEFAULTS, Limits
from detente.watch.picture import LivePicture

GEOD = Geod(ellps="WGS84")
AT = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)
SIDES = parse_sides('[sides.west]\nids = ["id:w*"]\n[sides.east]\nids = ["id:e*"]\n')
ORIGIN = (20.0, 56.0)


def later(seconds: float) -> dt.datetime:
    return AT + dt.timedelta(seconds=seconds)


def row(mover: str, seconds: float, *, at: tuple[float, float] = ORIGIN, **other: Any) -> dict[str, Any]:
    """Return a row of tracks; time in seconds after AT, columns of detente.tracks.SCHEMA as given."""
    return {"mover": mover, "time": later(seconds), "lon": at[0], "lat": at[1], "kind": "ship", **other}


def rows(*given: dict[str, Any]) -> pl.DataFrame:
    """Return rows with all columns of detente.tracks.SCHEMA."""
    return pl.DataFrame([dict.fromkeys(SCHEMA) | one for one in given], schema=SCHEMA)


def batch(*given: dict[str, Any], feed: str = "one", at_s: float = 0.0) -> Batch:
    """Return what came from a feed at a time."""
    return Batch(feed, later(at_s), rows(*given), received=len(given), used=len(given))


Way = Callable[[float], dict[str, Any]]
"""Where a mover is some seconds after AT, as the columns of a row."""


def straight(east_m: float, north_m: float, course_deg: float, speed_ms: float, **other: Any) -> Way:
    """Return the way of a mover that is at an offset from ORIGIN at 0 s."""
    start = GEOD.fwd(*ORIGIN, np.degrees(np.arctan2(east_m, north_m)), np.hypot(east_m, north_m))[:2]

    def way(seconds: float) -> dict[str, Any]:
        azimuth = course_deg if seconds >= 0 else course_deg + 180.0
        lon, lat, _ = GEOD.fwd(*start, azimuth, abs(seconds) * speed_ms)
        return {"at": (lon, lat), "speed_kn": speed_ms / KNOT_MS, "course_deg": course_deg % 360.0, **other}

    return way


@dataclass
class Play:
    """A picture, a step and events with which movers are played; told: every event that was told, in order."""

    ways: dict[str, Way]
    limits: Limits = DEFAULTS
    sides: Sides = SIDES
    own: str = "west"
    areas: Sequence[Announced] = ()
    picture: LivePicture = field(init=False)
    events: Events = field(init=False)
    told: list[tuple[float, Event]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.picture = LivePicture(sides=self.sides)
        self.events = Events(self.limits, own=self.own, areas=self.areas)
        _, related = related_sides(self.sides, "rivals")
        self.step = LiveStep(
            self.limits.rungs(),
            related,
            areas=self.areas,
            area_ahead_s=self.limits.area_ahead_s[0],
            area_margin_m=self.limits.area_margin_m,
        )

    def play(self, seconds: Iterable[float], *, every_s: float = 10.0, silent: Sequence[str] = ()) -> list[Event]:
        """Take a fix of each mover that is not silent every so many seconds, and step; returns what was told."""
        told: list[Event] = []
        for second in seconds:
            if second % every_s == 0:
                given = [
                    row(name, second, **way(second)) for name, way in self.ways.items() if name not in silent
                ]
                if given:
                    self.picture.take(batch(*given, at_s=second))
            told.extend(self.now(second))
        return told

    def now(self, second: float) -> list[Event]:
        """Step at a time; returns what was told."""
        at = later(second)
        told = self.events.step(self.step.step(self.picture.states(at), at), self.picture)
        self.told.extend((second, event) for event in told)
        return told

    def ids(self) -> set[str]:
        """Return the ids of every event that was told."""
        return {event.id for _, event in self.told}
