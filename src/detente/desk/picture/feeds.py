"""Feeds in the picture: what each said of itself, and how long ago; silence is never taken for all being well."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Literal

import msgspec

from detente.desk.picture.documents import FEEDS_MAX, Feed

__all__ = ["DOWN_MS", "FORGOTTEN_MS", "STALE_MS", "Feeds"]

STALE_MS = 15_000
"""A feed of which nobody spoke for so long is stale."""
DOWN_MS = 60_000
"""And after so long it is down."""
FORGOTTEN_MS = 24 * 3_600_000
"""A feed that has been down for so long may give its place to a new one."""
_GRAVITY = ("good", "stale", "down")


class Feeds:
    """Every feed, as it last was said to be and when."""

    def __init__(self) -> None:
        self._held: dict[str, tuple[Feed, int]] = {}

    def take(self, feeds: Iterable[Feed], now_ms: int) -> tuple[int, Counter[str]]:
        """Take what was said of feeds; returns how many were taken, and the others by reason: ahead, too-many."""
        taken = 0
        refused: Counter[str] = Counter()
        for feed in feeds:
            if feed.last_ms > now_ms + 60_000:
                refused["ahead"] += 1
                continue
            if feed.name not in self._held and len(self._held) >= FEEDS_MAX and not self._forget(now_ms):
                refused["too-many"] += 1
                continue
            self._held[feed.name] = (feed, now_ms)
            taken += 1
        return taken, refused

    def all(self, now_ms: int) -> tuple[Feed, ...]:
        """Return every feed with the graver of what it said and what its silence says, by name."""
        found = []
        for name in sorted(self._held):
            feed, said_ms = self._held[name]
            silent_ms = now_ms - min(said_ms, feed.last_ms)
            state: Literal["good", "stale", "down"] = (
                "down" if silent_ms >= DOWN_MS else "stale" if silent_ms >= STALE_MS else "good"
            )
            worst = max(state, feed.state, key=_GRAVITY.index)
            found.append(feed if worst == feed.state else msgspec.structs.replace(feed, state=worst))
        return tuple(found)

    def _forget(self, now_ms: int) -> bool:
        """Make room by the feed of which nobody spoke for longest, when that is long enough."""
        name, (_, said_ms) = min(self._held.items(), key=lambda one: one[1][1])
        if now_ms - said_ms < FORGOTTEN_MS:
            return False
        del self._held[name]
        return True
