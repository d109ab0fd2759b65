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

import polars as pl

from detente.encounters.sides import Sides
from detente.watch.batches import FeedStanding
from detente.watch.desk_forms import (
    ID_CHARACTERS_MAX,
    MOVERS_POSTED,
    EncounterPosted,
    FeedPosted,
    Side,
    bounded,
    id_of,
    text,
)
from detente.watch.events import Event

__all__ = ["Clock", "Showing"]

_FEET_PER_MINUTE_MAX = 200_000.0
_MOMENT_MAX_MS = 253_402_300_799_999
_MICROSECONDS_MAX = 2.0**62


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

    def told_us(self, moments: pl.Series) -> pl.Series:
        """Return moments, in microseconds since 1970, as ``told`` returns one."""
        if self._said is None or self._heard is None:
            return moments
        heard_us = _microseconds(self._heard)
        if math.isinf(self.rate):
            return pl.Series(moments.name, [heard_us], dtype=pl.Int64).new_from_index(0, moments.len())
        passed_us = (moments - _microseconds(self._said)).cast(pl.Float64) / max(self.rate, 1e-9)
        return (passed_us + heard_us).clip(-_MICROSECONDS_MAX, _MICROSECONDS_MAX).cast(pl.Int64)

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

    def movers(self, movers: pl.DataFrame) -> pl.DataFrame:
        """Return movers, a table of MOVERS, as MOVERS_POSTED; one whose place is no figure is left out.

        Those of a side of interest come last: where there are too many, they stay.
        """
        if movers.is_empty():
            return pl.DataFrame(schema=MOVERS_POSTED)
        sides = movers["side"].unique().to_list()
        posted = movers.lazy().filter(pl.col("lon_deg").is_finite() & pl.col("lat_deg").is_finite()).select(
            pl.col("id").map_batches(_ids, return_dtype=pl.String),
            pl.when(pl.col("kind").is_in(["ship", "aircraft"])).then("kind").otherwise(pl.lit("other")).alias("kind"),
            pl.col("side").replace_strict(sides, [self.side(name) for name in sides], return_dtype=pl.String),
            pl.col("name").fill_null("").str.slice(0, 200),
            pl.col("lon_deg").clip(-180.0, 180.0),
            pl.col("lat_deg").clip(-90.0, 90.0),
            _bounded("altitude_m", -1_000.0, 100_000.0),
            _bounded("speed_kn", 0.0, 10_000.0),
            # twice, for the remainder of a negative number is negative
            _finite("course_deg").mod(360.0).add(360.0).mod(360.0),
            _bounded("vertical_fpm", -_FEET_PER_MINUTE_MAX, _FEET_PER_MINUTE_MAX).alias("vertical_rate_ftmin"),
            pl.col("at").cast(pl.Int64).map_batches(self._moments_ms, return_dtype=pl.Int64).alias("at_ms"),
            pl.col("feed").fill_null("").str.slice(0, 80),
        )  # fmt: skip
        return posted.sort(pl.col("side").is_in(["own", "other"]), maintain_order=True).collect()

    def encounter(self, event: Event) -> EncounterPosted:
        """Return an event as it is shown. For an area the other one is the area itself."""
        (lon_a, lat_a), (lon_b, lat_b) = event.line
        line = ((_lon(lon_a), _lat(lat_a)), (_lon(lon_b), _lat(lat_b)))
        closest = _middle(line)
        is_area = event.kind == "area"
        return EncounterPosted(
            id=id_of(event.id),
            a=id_of(event.a),
            b=id_of(f"area:{event.area_name or event.area}" if is_area else event.b),
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

    def _moments_ms(self, moments: pl.Series) -> pl.Series:
        return (self.clock.told_us(moments) / 1_000).round().clip(0, _MOMENT_MAX_MS).cast(pl.Int64)

    def _ms(self, moment: datetime) -> int:
        told = self.clock.told(moment).astimezone(UTC)
        return min(_MOMENT_MAX_MS, max(0, round(told.timestamp() * 1_000)))


def _microseconds(moment: datetime) -> int:
    return round(moment.timestamp() * 1e6)


def _ids(names: pl.Series) -> pl.Series:
    """Return names as ids; nearly all of them are short enough as they are."""
    lengths = names.str.len_chars()
    if lengths.is_between(1, ID_CHARACTERS_MAX).all():
        return names
    return pl.Series(names.name, [id_of(name) for name in names.to_list()], dtype=pl.String)


def _finite(name: str) -> pl.Expr:
    return pl.when(pl.col(name).is_finite()).then(pl.col(name))


def _bounded(name: str, least: float, most: float) -> pl.Expr:
    return _finite(name).clip(least, most)


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
