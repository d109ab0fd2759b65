"""What the watch knows in the forms in which a desk shows it: whose is whose, and when, by the desk's clock.

A replay has a clock of its own, years ago perhaps and ten times as fast; a desk shows the present. So every moment is
told as the moment at which it came, or will come, by this machine's clock while the replay runs. The feed's name says
that it is a replay.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from detente.encounters.sides import Sides
from detente.watch.batches import FeedStanding
from detente.watch.desk_forms import EncounterPosted, FeedPosted, MoverPosted, Side, bounded, course, id_of, text
from detente.watch.events import Event
from detente.watch.picture import LiveMover

__all__ = ["Clock", "Showing"]

_FEET_PER_MINUTE_MAX = 200_000.0
_MOMENT_MAX_MS = 253_402_300_799_999


@dataclass(slots=True)
class Clock:
    """The watch's clock: this machine's, or a replay's while one plays.

    follow: takes what a replay says the time is. rate: seconds of the replay that pass in one of ours.
    """

    rate: float = 1.0
    _said: datetime | None = None
    _heard: datetime | None = None

    def follow(self, said: datetime, heard: datetime) -> None:
        """Take a replay's time, heard at a time of this machine's clock; it never goes back."""
        if self._said is None or said >= self._said:
            self._said, self._heard = said, heard

    @property
    def is_replay(self) -> bool:
        """Whether a replay's clock leads."""
        return self._said is not None

    def now(self, machine: datetime) -> datetime:
        """Return what the time is by the clock that leads, when this machine's clock says ``machine``."""
        return machine if self._said is None else self._said

    def told(self, moment: datetime) -> datetime:
        """Return a moment as the present of this machine's clock would have it."""
        if self._said is None or self._heard is None:
            return moment
        if math.isinf(self.rate):  # at full speed all of it comes at once
            return self._heard
        return self._heard + (moment - self._said) / max(self.rate, 1e-9)


@dataclass(slots=True)
class Showing:
    """Makes the desk's forms. own: name of our side, "" when nobody is ours."""

    sides: Sides | None
    own: str
    clock: Clock = field(default_factory=Clock)

    def side(self, name: str) -> Side:
        """Return whose a mover is: ours, of a rival of ours, of another side, or not known."""
        if not name or self.sides is None:
            return "unknown"
        if not self.own:
            return "neutral"
        if name == self.own:
            return "own"
        return "other" if self.sides.rivals(self.own, name) else "neutral"

    def movers(self, movers: Iterable[LiveMover]) -> list[MoverPosted]:
        """Return movers as they are shown; one whose place is no figure is left out."""
        found = []
        for one in movers:
            lon_deg, lat_deg = bounded(one.lon_deg, -180.0, 180.0), bounded(one.lat_deg, -90.0, 90.0)
            if lon_deg is None or lat_deg is None:
                continue
            found.append(
                MoverPosted(
                    id=id_of(one.id),
                    kind=one.kind if one.kind in {"ship", "aircraft"} else "other",  # type: ignore[arg-type]
                    side=self.side(one.side),
                    name=text(one.name, 200),
                    lon_deg=lon_deg,
                    lat_deg=lat_deg,
                    altitude_m=bounded(one.altitude_m, -1_000.0, 100_000.0),
                    speed_kn=bounded(one.speed_kn, 0.0, 10_000.0),
                    course_deg=course(one.course_deg),
                    vertical_rate_ftmin=bounded(one.vertical_fpm, -_FEET_PER_MINUTE_MAX, _FEET_PER_MINUTE_MAX),
                    at_ms=self._ms(one.at),
                    feed=text(one.feed, 80),
                )
            )
        return found

    def encounter(self, event: Event) -> EncounterPosted:
        """Return an event as it is shown. For an area the other one is the area itself."""
        (lon_a, lat_a), (lon_b, lat_b) = event.line
        line = ((_lon(lon_a), _lat(lat_a)), (_lon(lon_b), _lat(lat_b)))
        closest = _middle(line)
        is_area = event.kind == "area"
        return EncounterPosted(
            id=id_of(event.id),
            a=id_of(event.a),
            b=id_of(f"area:{event.area}" if is_area else event.b),
            side_a=self.side(event.side_a),
            side_b="neutral" if is_area else self.side(event.side_b),
            priority=event.priority,
            state=event.state,
            in_area=tuple(text(name, 200) for name in event.in_areas[:20]),
            entered_ms=self._ms(event.entered_at),
            closest_ms=self._ms(event.closest_at),
            left_ms=None if event.left_at is None else self._ms(event.left_at),
            distance_m=_metres(event.distance_m),
            closest_distance_m=_metres(event.closest_distance_m),
            vertical_m=bounded(event.vertical_m, -100_000.0, 100_000.0),
            closest_lon_deg=closest[0],
            closest_lat_deg=closest[1],
            line=line,
            predicted=event.predicted,
            evidence=text(event.reason, 2_000),
            # the watch has waited out its own hysteresis: the desk is told when an event is over
            limit_m=None,
            rings=event.rings,
        )

    def feeds(self, standings: Iterable[FeedStanding]) -> list[FeedPosted]:
        """Return how feeds stand. One that never gave anything was last heard at the beginning of all time."""
        return [
            FeedPosted(
                name=text(one.name, 80) or "-",
                state=one.state,
                last_ms=0 if one.last_at is None else self._ms(one.last_at),
                rate_per_s=min(1_000_000.0, max(0.0, one.rate_per_s)),
                movers=min(10_000_000, max(0, one.movers)),
            )
            for one in standings
        ]

    def _ms(self, moment: datetime) -> int:
        told = self.clock.told(moment).astimezone(UTC)
        return min(_MOMENT_MAX_MS, max(0, round(told.timestamp() * 1_000)))


def _metres(value: float) -> float:
    return bounded(value, 0.0, 50_000_000.0) or 0.0


def _lon(value: float) -> float:
    return bounded(value, -180.0, 180.0) or 0.0


def _lat(value: float) -> float:
    return bounded(value, -90.0, 90.0) or 0.0


def _middle(line: tuple[tuple[float, float], tuple[float, float]]) -> tuple[float, float]:
    """Return the middle of two near places, on the shorter way around."""
    (lon_a, lat_a), (lon_b, lat_b) = line
    apart_deg = (lon_b - lon_a + 180.0) % 360.0 - 180.0
    return (lon_a + apart_deg / 2 + 180.0) % 360.0 - 180.0, (lat_a + lat_b) / 2
