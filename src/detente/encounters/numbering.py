"""The numbers that movers have in one window of time: those near each other have near numbers.

The legs of the movers lie in memory by number, and pairs are gone through by the numbers of both. Nearly all pairs are
of neighbours, so that what is read for one pair is still in the processor's near memory for the next.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from detente.encounters.intake import Fixes, Movers

__all__ = ["Numbered", "Numbering"]

Integers = npt.NDArray[np.int64]
Shorts = npt.NDArray[np.int32]

_CELL_M = 1_000.0
_CELL_BITS = 14
"""Movers are told apart by where they are in cells; 2^14 of them reach across the Earth."""
_SPREAD = ((16, 0x30000FF), (8, 0x300F00F), (4, 0x30C30C3), (2, 0x9249249))


@dataclass(frozen=True, slots=True)
class Numbered:
    """Movers of a window: code of each number; number of each code (of others, 0); order of each number as text."""

    code_of: Integers
    number_of: Shorts
    rank: Shorts


@dataclass(slots=True)
class Numbering:
    """Numbers the movers of one window after another; keeps the codes in the order of their ids as text."""

    movers: Movers
    _by_text: list[int] = field(default_factory=list)
    _rank: Shorts = field(default_factory=lambda: np.zeros(0, np.int32))

    def of(self, fixes: Fixes, others: Integers) -> Numbered:
        """Return numbers for the movers of fixes, and for others, by code."""
        count = len(self.movers.ids)
        last = np.full(count, -1, np.int64)
        last[others] = 0
        last[fixes.code] = np.arange(fixes.count)
        met = np.flatnonzero(last >= 0)
        active = met[np.argsort(_places(fixes.points[last[met], :3]), kind="stable")]
        number_of = np.zeros(count, np.int32)
        number_of[active] = np.arange(active.size, dtype=np.int32)
        return Numbered(active, number_of, self._ranks()[active])

    def _ranks(self) -> Shorts:
        """Return the place of each code in the order of the ids as text."""
        known = len(self._by_text)
        if known < len(self.movers.ids):
            self._by_text.extend(range(known, len(self.movers.ids)))
            self._by_text.sort(key=self.movers.ids.__getitem__)
            self._rank = np.empty(len(self._by_text), np.int32)
            self._rank[self._by_text] = np.arange(len(self._by_text), dtype=np.int32)
        return self._rank


def _places(points: npt.NDArray[np.float64]) -> Integers:
    """Return numbers of the cells of points (n, 3), near each other mostly where the cells are (Z-order)."""
    cells = np.clip(points / _CELL_M + 2.0 ** (_CELL_BITS - 1), 0.0, 2.0**_CELL_BITS - 1.0).astype(np.int64)
    for shift, mask in _SPREAD:
        cells = (cells | cells << shift) & mask
    return cells[:, 0] | cells[:, 1] << 1 | cells[:, 2] << 2
