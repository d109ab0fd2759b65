"""Movers in the picture, bounded: who was heard longest ago gives way, and is counted."""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Iterable

from detente.desk.picture.documents import MOVERS_MAX, Mover

__all__ = ["AHEAD_MS_MAX", "KEPT_MS", "Movers"]

KEPT_MS = 30 * 60_000
"""A mover of which nothing was heard for so long leaves the picture."""
AHEAD_MS_MAX = 60_000
"""A position from later than so far ahead of this machine's clock is refused."""


class Movers:
    """The newest position of each mover. number: grows with every change; ``changed_since`` needs it."""

    def __init__(self, most: int = MOVERS_MAX) -> None:
        self._most = most
        self._held: OrderedDict[str, tuple[Mover, int]] = OrderedDict()  # by when they were heard, oldest first
        self._gone: OrderedDict[str, int] = OrderedDict()
        self._forgotten = 0  # departures up to this number are not known any more
        self.dropped = 0
        self.number = 0

    def __len__(self) -> int:
        """How many there are."""
        return len(self._held)

    def take(self, movers: Iterable[Mover], now_ms: int) -> tuple[list[Mover], Counter[str]]:
        """Take positions in; returns those that were new, and the others counted by reason: old, ahead, repeated."""
        taken: list[Mover] = []
        refused: Counter[str] = Counter()
        self.number += 1
        for mover in movers:
            held = self._held.get(mover.id)
            if mover.at_ms > now_ms + AHEAD_MS_MAX:
                refused["ahead"] += 1
            elif mover.at_ms < now_ms - KEPT_MS or (held is not None and mover.at_ms < held[0].at_ms):
                refused["old"] += 1
            elif held is not None and mover == held[0]:
                refused["repeated"] += 1
            else:
                self._held[mover.id] = (mover, self.number)
                self._held.move_to_end(mover.id)
                self._gone.pop(mover.id, None)
                taken.append(mover)
        while len(self._held) > self._most:
            self._leave(next(iter(self._held)))
            self.dropped += 1
        return taken, refused

    def age(self, now_ms: int) -> bool:
        """Let those leave that were not heard for too long; tells whether one did."""
        late = [name for name, (mover, _) in self._held.items() if mover.at_ms < now_ms - KEPT_MS]
        if late:
            self.number += 1
        for name in late:
            self._leave(name)
        return bool(late)

    def all(self) -> tuple[Mover, ...]:
        """Return every mover, heard longest ago first."""
        return tuple(mover for mover, _ in self._held.values())

    def find(self, name: str) -> Mover | None:
        """Return the mover of this id, None when there is none."""
        held = self._held.get(name)
        return None if held is None else held[0]

    def changed_since(self, number: int) -> tuple[tuple[Mover, ...], tuple[str, ...]] | None:
        """Return movers that changed and ids that left after a number; None when that is too long ago to know."""
        if number < self._forgotten:
            return None
        changed = []
        for mover, at in reversed(self._held.values()):
            if at <= number:
                break  # they lie in the order in which they changed
            changed.append(mover)
        gone = []
        for name, at in reversed(self._gone.items()):
            if at <= number:
                break
            gone.append(name)
        return tuple(reversed(changed)), tuple(gone)

    def _leave(self, name: str) -> None:
        del self._held[name]
        self._gone[name] = self.number
        self._gone.move_to_end(name)
        while len(self._gone) > self._most:
            _, self._forgotten = self._gone.popitem(last=False)
