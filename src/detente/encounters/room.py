"""Memory for large arrays, used again for one window of time after another.

Fresh pages cost more than the sums done in them: the system must find and clear each.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["Room"]

_SPARE = 4
"""How many times as much is reserved as is asked for. What is reserved and not used takes no memory."""


@dataclass(slots=True)
class Room:
    """Arrays by name. What one name held is gone when the name is asked for again."""

    _flat: dict[str, npt.NDArray[Any]] = field(default_factory=dict)

    def array(self, name: str, count: int, kind: npt.DTypeLike = np.float64) -> npt.NDArray[Any]:
        """Return an array of ``count`` items with anything in them."""
        flat = self._flat.get(name)
        if flat is None or flat.size < count:
            # what was there is let go first, so that both are never held
            self._flat.pop(name, None)
            flat = None
            flat = np.empty(_SPARE * count, kind)
            self._flat[name] = flat
        return flat[:count]

    def table(self, name: str, rows: int, columns: int) -> npt.NDArray[np.float64]:
        """Return an array (rows, columns) with anything in it."""
        return self.array(name, rows * columns).reshape(rows, columns)
