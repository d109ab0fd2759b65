"""The live picture and what it foresees, round by round; in one thread, which alone touches them.

The picture takes rows that cleaning kept, each feed's cleaned by itself, so that a leap of one feed is nobody's way. A
mover that nobody heard of before is taken at once: the first fix may be the only one before it is too late.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

import numpy as np
import polars as pl

from detente.encounters.live_step import LiveStep, Rungs, related_sides
from detente.tracks.live_cleaning import LiveCleaner
from detente.watch.account import Step
from detente.watch.batches import Batch, FeedStanding
from detente.watch.coverage import Hole
from detente.watch.events import Event, Events
from detente.watch.limits import Limits
from detente.watch.movers import LiveMover
from detente.watch.outputs.leaving import Mover
from detente.watch.picture import LivePicture
from detente.watch.request import Request

__all__ = ["Seeing", "outgoing"]

_HOLD_S = 1.0


class Seeing:
    """What is seen now. step: the account of rows that the picture was given.

    active: the events that go on; counts: the picture's and the events', by name. Both are of the last round, so that
    other threads may read them.
    """

    def __init__(self, asked: Request, step: Step) -> None:
        self.picture = LivePicture(sides=asked.sides)
        self._step = step
        self._asked = asked
        self._cleaners: dict[str, LiveCleaner] = {}
        self._events = Events(asked.limits, own=asked.own, areas=asked.areas)
        self._foresight: LiveStep | None = None
        self._held_at: datetime | None = None
        self.active: tuple[Event, ...] = ()
        self.counts: Mapping[str, int] = {}

    def prepare(self) -> None:
        """Load what predicts, which may have to be compiled first."""
        asked = self._asked
        _, related = related_sides(asked.sides, "all" if asked.sides is None else "rivals")
        self._foresight = LiveStep(
            _rungs(asked.limits, asked.horizon_s),
            related,
            areas=asked.areas,
            area_ahead_s=min(asked.limits.area_ahead_s[0], asked.horizon_s or np.inf),
            area_margin_m=asked.limits.area_margin_m,
        )

    def round(self, batches: Sequence[Batch], standings: Sequence[FeedStanding], at: datetime) -> list[Event]:
        """Take what came, and predict; returns the events that are new or changed."""
        for batch in _joined(batches):
            self._take(batch)
        if self._held_at is None or abs((at - self._held_at).total_seconds()) >= _HOLD_S:
            self.picture.hold(standings, at)
            self._held_at = at
            events = {f"events:{name}": count for name, count in self._events.counts.items()}
            self.counts = {**self.picture.counts, **events}
        assert self._foresight is not None  # noqa: S101 - prepare came first
        changed = self._events.step(self._foresight.step(self.picture.states(at), at), self.picture)
        self.active = self._events.active
        return changed

    @property
    def movers(self) -> int:
        """Return how many movers are in the picture."""
        return self.counts.get("movers", 0)

    @property
    def holes(self) -> Sequence[Hole]:
        """Return where nothing is heard now that was heard before."""
        return self.picture.holes

    def saved(self, at: datetime) -> bytes:
        """Return the events that go on, for ``restore`` after a restart."""
        return self._events.saved(at)

    def restore(self, saved: bytes, at: datetime) -> int:
        """Go on with events of a watch that ended a moment ago; returns how many."""
        return self._events.restore(saved, at, self.picture)

    def _take(self, batch: Batch) -> None:
        """Give the picture the rows of a feed that cleaning keeps, and the first ones of who is new."""
        rows = batch.rows
        if rows.is_empty():
            return
        cleaner = self._cleaners.setdefault(batch.feed, LiveCleaner())
        known = [self.picture.slot_of(name) >= 0 for name in rows["mover"]]
        if not all(known):
            fresh = rows.filter(~pl.Series(known)).unique("mover", keep="first", maintain_order=True)
            self._give(replace(batch, rows=fresh))
            self._step.notes["first_sight"] += fresh.height
        kept = cleaner.push(rows)
        if kept.height:
            self._give(replace(batch, rows=kept))

    def _give(self, batch: Batch) -> None:
        left_out = self.picture.take(batch)
        came = batch.rows.height
        self._step.take(came, came - sum(left_out.values()), left_out)


def outgoing(mover: LiveMover) -> Mover:
    """Return a mover in the form that the gate to other systems takes; the gate decides what of it leaves."""
    return Mover(
        id=mover.id,
        side=mover.side,
        kind=mover.kind,
        at=mover.at,
        lon_deg=mover.lon_deg,
        lat_deg=mover.lat_deg,
        name=mover.name,
        altitude_m=mover.altitude_m,
        speed_kn=mover.speed_kn,
        course_deg=mover.course_deg,
        military=mover.military,
    )


def _joined(batches: Sequence[Batch]) -> list[Batch]:
    """Return one batch a feed: a round is gone through once, however often a feed spoke in it."""
    by_feed: dict[str, list[Batch]] = {}
    for batch in batches:
        if batch.rows.height:
            by_feed.setdefault(batch.feed, []).append(batch)
    return [
        held[-1] if len(held) == 1 else replace(held[-1], rows=pl.concat([one.rows for one in held]))
        for held in by_feed.values()
    ]


def _rungs(limits: Limits, horizon_s: float | None) -> Rungs:
    """Return the rungs, none of which looks farther ahead than the horizon."""
    rungs = limits.rungs()
    return rungs if horizon_s is None else replace(rungs, ahead_s=np.minimum(rungs.ahead_s, horizon_s))
