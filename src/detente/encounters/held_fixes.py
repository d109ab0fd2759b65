"""Fixes held from one window of time to the next, in bounded memory.

When every fix until T is known, the motion of every mover is known until T - margin, with

    margin = 2 gap + 120 s:

a leg may last one gap, a height may be filled in from a fix one gap later, and rest is judged over 120 s. A
window is the time between two such borders. Fixes are kept until they are a margin older than the
border, for the same reasons looking back.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Generic, TypeVar

import numpy as np

from detente.encounters.intake import Columns
from detente.encounters.kernel_legs import BASELINE_S

__all__ = ["Window", "Windows", "windows_of"]

Held = TypeVar("Held", bound=Columns)
_WINDOW_ROWS, _WINDOW_ROWS_MAX = 200_000, 800_000
"""A window has at least the first number of new fixes, so that little memory is touched; six times as many as are
kept from the window before, so that few are gone through twice; but no more than the second for that."""


@dataclass(frozen=True, slots=True)
class Window(Generic[Held]):
    """A window of time and the fixes that tell the motion in it.

    begin, end: microseconds since 1970; is_last: nothing follows, and the motion is known to the last fix. The
    fixes are in time order, some from before the window; they are gone when the next window is asked for.
    """

    fixes: Held
    begin: int
    end: int
    is_last: bool

    @property
    def span(self) -> float:
        """Return how long the window is, in microseconds."""
        return float(self.end - self.begin)


@dataclass(slots=True)
class _Held(Generic[Held]):
    """Fixes not yet done with, one behind the other in arrays that are used again.

    fresh: how many came since the last window; kept: how many were kept from it.
    """

    arrays: Held | None = None
    count: int = 0
    kept: int = 0

    @property
    def fresh(self) -> int:
        return self.count - self.kept

    def add(self, fixes: Held) -> None:
        """Put a copy behind the others."""
        if self.arrays is None or self.arrays.count < self.count + fixes.count:
            larger = fixes.like(max(2 * (self.count + fixes.count), 2 * _WINDOW_ROWS_MAX))
            if self.arrays is not None:
                larger.put(0, self.arrays.part(0, self.count))
            self.arrays = larger
        self.arrays.put(self.count, fixes)
        self.count += fixes.count

    def all(self) -> Held:
        """Return a view of what is held."""
        if self.arrays is None:
            raise LookupError
        return self.arrays.part(0, self.count)

    def drop(self, count: int) -> None:
        """Let go of the first ones."""
        if self.arrays is not None:
            self.arrays.put(0, self.arrays.part(count, self.count))
        self.count -= count
        self.kept = self.count


@dataclass(slots=True)
class Windows(Generic[Held]):
    """Cuts fixes that come in time order into windows that follow each other without a gap.

    every_us: a window is due as soon as so much of the time is certain, however few fixes it has; None: when there are
    enough of them, which costs least where nobody waits. A window's fixes are gone when the next one is asked for.
    """

    gap_us: int
    every_us: int | None = None
    _held: _Held[Held] = field(default_factory=_Held)
    _begin: int | None = None

    @property
    def margin_us(self) -> int:
        """Return how long after a moment its motion is certain."""
        return 2 * self.gap_us + int(BASELINE_S * 1e6)

    @property
    def count(self) -> int:
        """Return how many fixes are held."""
        return self._held.count

    def held(self) -> Held | None:
        """Return a view of what is held, None when nothing is."""
        return self._held.all() if self._held.count else None

    def push(self, fixes: Held) -> Iterator[Window[Held]]:
        """Take fixes, and yield the window that is due."""
        held = self._held
        held.add(fixes)
        if self._begin is None:
            self._begin = int(fixes.time_us[0])
        # the last instant may go on in the next slice
        border = int(fixes.time_us[-1]) - 1 - self.margin_us
        if border <= self._begin or not self._is_due(border - self._begin):
            return
        together = held.all()
        yield Window(together, self._begin, border, is_last=False)
        held.drop(int(np.searchsorted(together.time_us, border - self.margin_us)))
        self._begin = border

    def close(self) -> Iterator[Window[Held]]:
        """Yield the last window, unless there never was a fix."""
        if self._begin is not None:
            together = self._held.all()
            yield Window(together, self._begin, max(int(together.time_us[-1]), self._begin), is_last=True)

    def _is_due(self, span_us: int) -> bool:
        if self.every_us is None:
            return self._held.fresh >= _enough(self._held.kept)
        return span_us >= self.every_us


def windows_of(slices: Iterable[Held], gap_us: int) -> Iterator[Window[Held]]:
    """Yield windows that follow each other without a gap, from slices of fixes in time order."""
    windows: Windows[Held] = Windows(gap_us)
    for fixes in slices:
        yield from windows.push(fixes)
    yield from windows.close()


def _enough(kept: int) -> int:
    """Return how many new fixes make a window when so many were kept from the one before."""
    return max(_WINDOW_ROWS, kept, min(6 * kept, _WINDOW_ROWS_MAX))
