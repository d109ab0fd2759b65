"""Which pairs of movers are looked for: all, or those of rival sides."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import product
from typing import Protocol

import numpy as np
import numpy.typing as npt
import polars as pl

from detente.encounters.errors import SidesMistake
from detente.encounters.intake import Movers
from detente.tracks.schema import KINDS

__all__ = ["Pairing", "SidesOfMovers"]


class SidesOfMovers(Protocol):
    """Which side movers belong to, and which sides are rivals (detente.encounters.sides.Sides)."""

    def assign(self, movers: pl.DataFrame) -> pl.Series:
        """Return the side of each row (mover, military, kind), "" where none claims it."""

    def rivals(self, side1: str, side2: str) -> bool:
        """Tell whether encounters between two sides are looked for."""


UNDECIDED = -1
_MILITARY = (None, False, True)
_COLUMNS = {"mover": pl.String, "military": pl.Boolean, "kind": pl.String}


@dataclass(slots=True)
class Pairing:
    """Sides of movers while the search goes on, and at its end.

    While it goes on, a later row may still say that a mover is military or of what kind it is. A mover whose side
    could change so is *undecided* and looked for against everyone; the end decides, so that no result depends on
    where slices begin.
    """

    between: str
    sides: SidesOfMovers | None
    _names: list[str] = field(default_factory=list)
    _side_of: dict[tuple[int, int, int], int] = field(default_factory=dict)

    def __call__(
        self, movers: Movers, active: npt.NDArray[np.int64]
    ) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.uint8]]:
        """Return the side of each active mover, and which sides are looked for against which, as a table."""
        if self.between == "all" or self.sides is None:
            return np.zeros(active.size, np.int32), np.ones((1, 1), np.uint8)
        kinds, military = movers.kind[active].tolist(), movers.military[active].tolist()
        keys = list(zip(active.tolist(), kinds, military, strict=True))
        fresh = [key for key in keys if key not in self._side_of]
        for key, side in zip(fresh, self._sides_now(movers, fresh), strict=True):
            self._side_of[key] = side
        side = np.array([self._side_of[key] for key in keys], np.int32)
        return side + 1, self._looked_for()

    def final(self, movers: Movers, codes: npt.NDArray[np.int64]) -> list[str]:
        """Return the side of each mover by all that was said about it, "" without one."""
        if self.sides is None:
            return [""] * codes.size
        return self.sides.assign(_described(movers, codes)).to_list()

    def wanted(self, side_a: list[str], side_b: list[str]) -> npt.NDArray[np.bool_]:
        """Tell of each pair of sides whether it is looked for."""
        if self.between == "all" or self.sides is None:
            return np.ones(len(side_a), np.bool_)
        pairs = set(zip(side_a, side_b, strict=True))
        rival = {pair: self.sides.rivals(*pair) for pair in pairs}
        return np.array([rival[pair] for pair in zip(side_a, side_b, strict=True)], np.bool_)

    def _sides_now(self, movers: Movers, keys: list[tuple[int, int, int]]) -> list[int]:
        """Return the number of each mover's side, UNDECIDED where a later row may change it."""
        sides: list[int | None] = [None] * len(keys)
        for kind, flag in product(KINDS, _MILITARY):
            # what is known stays; what is not may become anything
            apply = [
                place
                for place, (_, known, military) in enumerate(keys)
                if (not known or KINDS[known - 1] == kind) and _MILITARY.index(flag) >= military
            ]
            names = self._assigned([(movers.ids[keys[place][0]], flag, kind) for place in apply])
            for place, name in zip(apply, names, strict=True):
                number = UNDECIDED if name is None else self._number(name)
                sides[place] = number if sides[place] in {None, number} else UNDECIDED
        return [UNDECIDED if side is None else side for side in sides]

    def _assigned(self, rows: list[tuple[str, bool | None, str]]) -> list[str | None]:
        """Return the side of each row; None for one that two sides claim as it might be."""
        if self.sides is None or not rows:
            return []
        try:
            return self.sides.assign(pl.DataFrame(rows, schema=_COLUMNS, orient="row")).to_list()
        except SidesMistake:
            # only what the mover turns out to be makes it a mistake: the end tells
            if len(rows) == 1:
                return [None]
            half = len(rows) // 2
            return [*self._assigned(rows[:half]), *self._assigned(rows[half:])]

    def _number(self, name: str) -> int:
        if name not in self._names:
            self._names.append(name)
        return self._names.index(name)

    def _looked_for(self) -> npt.NDArray[np.uint8]:
        """Return the table of sides: 0 is undecided and looked for against all but those without a side."""
        sides = self.sides
        table = np.ones((len(self._names) + 1, len(self._names) + 1), np.uint8)
        for i, one in enumerate(self._names, start=1):
            table[0, i] = table[i, 0] = bool(one)
            for j, other in enumerate(self._names, start=1):
                table[i, j] = sides is not None and sides.rivals(one, other)
        return table


def _described(movers: Movers, codes: npt.NDArray[np.int64]) -> pl.DataFrame:
    said = (None, False, True)
    kinds = (None, *KINDS)
    rows = [(movers.ids[code], said[movers.military[code]], kinds[movers.kind[code]]) for code in codes.tolist()]
    return pl.DataFrame(rows, schema=_COLUMNS, orient="row")
