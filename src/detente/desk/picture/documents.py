"""What machines post and what the picture shows: one form for both, with every bound."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

__all__ = [
    "ENCOUNTERS_MAX",
    "FEEDS_MAX",
    "MOVERS_MAX",
    "POSTED_ENCOUNTERS_MAX",
    "POSTED_MOVERS_MAX",
    "Delta",
    "Encounter",
    "EncountersPosted",
    "Feed",
    "FeedsPosted",
    "Moment",
    "Mover",
    "MoversPosted",
    "Picture",
    "Priority",
    "Replay",
    "ReplayFrame",
    "Side",
    "Taken",
    "Trail",
    "Trails",
]

MOVERS_MAX = 20_000
"""Movers in the picture; a new one then takes the place of the one that was heard longest ago, which is counted."""
ENCOUNTERS_MAX = 2_000
"""Encounters in the picture; a new one then takes the place of the one that has been over for longest."""
FEEDS_MAX = 64
"""Feeds in the picture; more are refused."""
POSTED_MOVERS_MAX = 10_000
"""Movers in one request of a machine."""
POSTED_ENCOUNTERS_MAX = 1_000
"""Encounters in one request of a machine."""

Moment = Annotated[int, Meta(ge=0, le=253_402_300_799_999)]
"""Milliseconds since 1970 UTC, up to the year 9999."""
Id = Annotated[str, Meta(min_length=1, max_length=80)]
Name = Annotated[str, Meta(max_length=200)]
LonDeg = Annotated[float, Meta(ge=-180, le=180)]
LatDeg = Annotated[float, Meta(ge=-90, le=90)]
CourseDeg = Annotated[float, Meta(ge=0, le=360)]
Metres = Annotated[float, Meta(ge=0, le=50_000_000)]
Side = Literal["own", "other", "neutral", "unknown"]
Priority = Literal["emergency", "alarm", "warning", "caution"]
Point = tuple[LonDeg, LatDeg]


class _Document(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    pass


class Mover(_Document, frozen=True, kw_only=True):
    """A ship or an aircraft where it was last seen. None: not known. symbol: APP-6 identification code, or ""."""

    id: Id
    kind: Literal["ship", "aircraft", "other"]
    side: Side
    name: Name = ""
    lon_deg: LonDeg
    lat_deg: LatDeg
    altitude_m: Annotated[float, Meta(ge=-1_000, le=100_000)] | None = None
    speed_kn: Annotated[float, Meta(ge=0, le=10_000)] | None = None
    course_deg: CourseDeg | None = None
    heading_deg: CourseDeg | None = None
    vertical_rate_ftmin: Annotated[float, Meta(ge=-200_000, le=200_000)] | None = None
    at_ms: Moment
    feed: Annotated[str, Meta(max_length=80)] = ""
    symbol: Annotated[str, Meta(max_length=30, pattern=r"^[A-Za-z0-9*-]*$")] = ""


class Encounter(_Document, frozen=True, kw_only=True):
    """Two movers that are or will be close. line: from one to the other where they are, or will be, closest.

    state: whether it goes on, as who watches says; ``limit_m``: the agreed limit; with it the alarm ends only outside
    1.2 times the limit for 120 s. rings: False where an own mover at anchor or moored must ring no bell.
    """

    id: Id
    a: Id
    b: Id
    side_a: Side
    side_b: Side
    priority: Priority
    state: Literal["active", "past"]
    in_area: Annotated[tuple[Name, ...], Meta(max_length=20)] = ()
    entered_ms: Moment
    closest_ms: Moment
    left_ms: Moment | None = None
    distance_m: Metres
    closest_distance_m: Metres
    vertical_m: Annotated[float, Meta(ge=-100_000, le=100_000)] | None = None
    closest_lon_deg: LonDeg
    closest_lat_deg: LatDeg
    line: tuple[Point, Point]
    predicted: bool
    evidence: Annotated[str, Meta(max_length=2_000)] = ""
    limit_m: Metres | None = None
    rings: bool = True


class Feed(_Document, frozen=True):
    """Where positions come from. A feed that nobody spoke of for a while is stale, then down, whatever it said."""

    name: Annotated[str, Meta(min_length=1, max_length=80)]
    state: Literal["good", "stale", "down"]
    last_ms: Moment
    rate_per_s: Annotated[float, Meta(ge=0, le=1_000_000)]
    movers: Annotated[int, Meta(ge=0, le=10_000_000)]


class MoversPosted(_Document, frozen=True):
    """Movers as a watch saw them."""

    movers: Annotated[tuple[Mover, ...], Meta(max_length=POSTED_MOVERS_MAX)]


class EncountersPosted(_Document, frozen=True):
    """Encounters as a watch found them."""

    encounters: Annotated[tuple[Encounter, ...], Meta(max_length=POSTED_ENCOUNTERS_MAX)]


class FeedsPosted(_Document, frozen=True):
    """Feeds as a watch reads them."""

    feeds: Annotated[tuple[Feed, ...], Meta(max_length=FEEDS_MAX)]


class Taken(_Document, frozen=True):
    """How much of a post was taken; refused: what was not, by reason, counted."""

    taken: int
    refused: dict[str, int]


class Picture(_Document, frozen=True, kw_only=True):
    """The whole picture. number: of the newest change; dropped: movers that gave way to newer ones since the start."""

    number: int
    now_ms: int
    movers: tuple[Mover, ...]
    encounters: tuple[Encounter, ...]
    feeds: tuple[Feed, ...]
    silenced_until_ms: int | None = None
    dropped: int = 0


class Delta(_Document, frozen=True):
    """What changed since the last event. full: it is the whole picture, and whatever is not in it is gone.

    encounters and feeds are None where nothing of them changed, else all of them.
    """

    number: int
    now_ms: int
    full: bool
    movers: tuple[Mover, ...]
    gone: tuple[str, ...]
    encounters: tuple[Encounter, ...] | None
    feeds: tuple[Feed, ...] | None
    silenced_until_ms: int | None


class ReplayFrame(_Document, frozen=True):
    """Every mover as it was known at a moment."""

    at_ms: int
    movers: tuple[Mover, ...]


class Replay(_Document, frozen=True):
    """Frames one step apart; from_ms: of the oldest position that is kept, None when there is none."""

    frames: tuple[ReplayFrame, ...]
    kept_from_ms: int | None


class Trail(_Document, frozen=True):
    """Where a mover was: longitude, latitude and moment of each position that is kept, oldest first."""

    id: str
    points: tuple[tuple[float, float, int], ...]


class Trails(_Document, frozen=True):
    """The trails that were asked for; a mover of which nothing is kept has no points."""

    trails: tuple[Trail, ...]
