"""The live picture: the newest fix of every mover in bounded memory, and what is known of the coverage.

A mover that is not heard is one of two things. Either its feed is down or stale, or everybody around it fell silent:
that is a hole in the coverage. Or others near it are heard on the same feed and it is not: then it is silent itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from detente.encounters.live_step import States
from detente.encounters.sides import Sides
from detente.watch.batches import Batch, FeedStanding

__all__ = ["MOVERS_MAX", "Coverage", "Disagreement", "Hole", "LiveMover", "LivePicture"]

MOVERS_MAX = 100_000
"""Movers in the picture; the ones that were heard longest ago give way, counted as ``displaced``."""

Coverage = Literal["heard", "silent", "feed_lost", "region_silent"]


@dataclass(frozen=True, slots=True)
class LiveMover:
    """A mover where it was last heard. None: not known. at: of the fix; received_at: by this machine's clock.

    side: name of the sides file, ""; feed: the one whose fix this is; coverage: why there is nothing newer.
    """

    id: str
    kind: str
    name: str
    side: str
    military: bool | None
    lon_deg: float
    lat_deg: float
    altitude_m: float | None
    speed_kn: float | None
    course_deg: float | None
    vertical_fpm: float | None
    at: datetime
    received_at: datetime
    feed: str
    at_rest: bool
    coverage: Coverage


@dataclass(frozen=True, slots=True)
class Disagreement:
    """Two feeds that tell of one mover places it cannot both have; used: the feed that the picture follows."""

    mover: str
    used: str
    other: str
    used_at: datetime
    other_at: datetime
    used_lon_lat: tuple[float, float]
    other_lon_lat: tuple[float, float]
    distance_m: float


@dataclass(frozen=True, slots=True)
class Hole:
    """Where nothing is heard now that was heard before. box: west, south, east, north; None for a whole feed."""

    feed: str
    box: tuple[float, float, float, float] | None
    movers: int
    since: datetime
    why: Literal["down", "stale", "region_silent"]


class LivePicture:
    """See the head of this file."""

    def __init__(self, *, sides: Sides | None = None, movers_max: int = MOVERS_MAX) -> None:
        """Begin with nobody."""
        raise NotImplementedError

    def take(self, batch: Batch) -> Mapping[str, int]:
        """Take a feed's rows; returns those left out by reason: older, clock_ahead, clock_behind, ..."""
        raise NotImplementedError

    def hold(self, standings: Iterable[FeedStanding], at: datetime) -> None:
        """Learn how the feeds stand, and judge the coverage anew; about once a second."""
        raise NotImplementedError

    def states(self, at: datetime) -> States:
        """Return everybody as the prediction needs it: places as they were, with their ages at ``at``."""
        raise NotImplementedError

    def mover(self, id: str) -> LiveMover | None:  # noqa: A002 - the domain's word
        """Return one mover; None when it is not in the picture."""
        raise NotImplementedError

    def changed_since(self, number: int) -> tuple[int, Sequence[LiveMover]]:
        """Return a number for the next question, and the movers that changed since the one given (0: all)."""
        raise NotImplementedError

    def coverage_of(self, id: str) -> Coverage:  # noqa: A002
        """Return why a mover is not heard; "heard" while it is."""
        raise NotImplementedError

    @property
    def holes(self) -> tuple[Hole, ...]:
        """Return where nothing is heard now that was heard before."""
        raise NotImplementedError

    @property
    def disagreements(self) -> tuple[Disagreement, ...]:
        """Return the movers of which two feeds tell different things now."""
        raise NotImplementedError

    @property
    def counts(self) -> Mapping[str, int]:
        """Return counts by name since the start: movers, displaced, forgotten, disagreeing and every reason."""
        raise NotImplementedError
