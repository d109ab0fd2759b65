"""The whole picture: movers, encounters, feeds and their past, as one thing that machines fill and stations read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from detente.desk.picture.documents import (
    Delta,
    Encounter,
    Feed,
    Mover,
    Picture,
    Replay,
    ReplayFrame,
    Taken,
    Trail,
    Trails,
)
from detente.desk.picture.encounters import Encounters
from detente.desk.picture.feeds import Feeds
from detente.desk.picture.history import History
from detente.desk.picture.movers import Movers

__all__ = ["LivePicture", "Seen"]


@dataclass(frozen=True, slots=True)
class Seen:
    """How far somebody saw the picture."""

    movers: int = 0
    encounters: int = -1
    silence_ms: int | None = None
    feeds: tuple[Feed, ...] = ()


class LivePicture:
    """Takes what machines post and tells what changed. is_ready: alarms of before came back from the shelf."""

    def __init__(
        self,
        *,
        movers: Movers | None = None,
        encounters: Encounters | None = None,
        history: History | None = None,
    ) -> None:
        self.movers = movers or Movers()
        self.encounters = encounters or Encounters()
        self.feeds = Feeds()
        self.history = history or History()

    @property
    def number(self) -> int:
        """Grow with every change of movers or encounters."""
        return self.movers.number + self.encounters.number + self.encounters.alarms_number

    def take_movers(self, movers: Iterable[Mover], now_ms: int) -> Taken:
        """Take positions in."""
        taken, refused = self.movers.take(movers, now_ms)
        self.history.keep(taken)
        return _taken(len(taken), refused)

    def take_encounters(self, encounters: Iterable[Encounter], now_ms: int) -> Taken:
        """Take encounters in, and raise or end their alarms."""
        return _taken(*self.encounters.take(encounters, now_ms))

    def take_feeds(self, feeds: Iterable[Feed], now_ms: int) -> Taken:
        """Take in what a watch says of its feeds."""
        return _taken(*self.feeds.take(feeds, now_ms))

    def tick(self, now_ms: int) -> None:
        """Let time pass: movers leave, alarms end or come again, silence ends."""
        self.movers.age(now_ms)
        self.encounters.tick(now_ms)

    def whole(self, now_ms: int) -> Picture:
        """Return everything."""
        return Picture(
            number=self.number,
            now_ms=now_ms,
            movers=self.movers.all(),
            encounters=self.encounters.all(),
            feeds=self.feeds.all(now_ms),
            silenced_until_ms=self.encounters.silenced_until_ms,
            dropped=self.movers.dropped,
        )

    def seen(self, now_ms: int) -> Seen:
        """Return how far somebody sees who sees everything."""
        return Seen(
            self.movers.number,
            self.encounters.number,
            self.encounters.silenced_until_ms,
            self.feeds.all(now_ms),
        )

    def delta(self, seen: Seen | None, now_ms: int) -> Delta | None:
        """Return what changed since, None for nothing; everything for somebody who saw nothing, or too little."""
        changed = None if seen is None else self.movers.changed_since(seen.movers)
        now = self.seen(now_ms)
        if seen is None or changed is None:
            return Delta(
                number=self.number,
                now_ms=now_ms,
                full=True,
                movers=self.movers.all(),
                gone=(),
                encounters=self.encounters.all(),
                feeds=now.feeds,
                silenced_until_ms=now.silence_ms,
            )
        movers, gone = changed
        has_encounters = now.encounters != seen.encounters
        has_feeds = now.feeds != seen.feeds
        if not (movers or gone or has_encounters or has_feeds or now.silence_ms != seen.silence_ms):
            return None
        return Delta(
            number=self.number,
            now_ms=now_ms,
            full=False,
            movers=movers,
            gone=gone,
            encounters=self.encounters.all() if has_encounters else None,
            feeds=now.feeds if has_feeds else None,
            silenced_until_ms=now.silence_ms,
        )

    def replay(self, moments_ms: list[int]) -> Replay:
        """Return every mover as it was known at these moments, in rising order."""
        frames = tuple(
            ReplayFrame(at_ms=at_ms, movers=movers) for at_ms, movers in self.history.frames(moments_ms)
        )
        return Replay(frames=frames, kept_from_ms=self.history.kept_from_ms())

    def trails(self, ids: list[str], from_ms: int, until_ms: int) -> Trails:
        """Return where these movers were between two moments."""
        found = self.history.trails(ids, from_ms, until_ms)
        return Trails(trails=tuple(Trail(id=name, points=tuple(points)) for name, points in found.items()))


def _taken(count: int, refused: Counter[str]) -> Taken:
    return Taken(taken=count, refused=dict(sorted(refused.items())))
