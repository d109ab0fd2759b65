"""Which active windows of areas had anybody near: fixes against areas, without their motion."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from detente.encounters.compiled import BYTES, INTEGERS, NUMBER, SHORTS, TABLE, inlined, kernel
from detente.encounters.kernel_areas import SHAPE, Shape, cell_of, signed, window_at

__all__ = ["note_covered"]

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Shorts = npt.NDArray[np.int32]
Bytes = npt.NDArray[np.uint8]


@inlined
def _is_within(shape: Shape, first: int, last: int, reach: float, x: float, y: float, z: float) -> bool:
    """Tell whether a point is inside an area or nearer than reach; first by the balls around its parts."""
    parts = shape[0]
    for part in range(first, last):
        dx, dy, dz = x - parts[part, 0], y - parts[part, 1], z - parts[part, 2]
        ball = parts[part, 3] + reach * 1.001 + 1.0
        if dx * dx + dy * dy + dz * dz <= ball * ball:
            return bool(signed(shape, first, last, x, y, z) <= reach)
    return False


@kernel(INTEGERS, TABLE, NUMBER, INTEGERS, SHORTS, INTEGERS, SHAPE, INTEGERS, TABLE, BYTES)
def note_covered(
    time_us: Integers,
    points: Floats,
    reach: float,
    cell_first: Integers,
    cell_areas: Shorts,
    part_first: Integers,
    shape: Shape,
    window_first: Integers,
    windows: Floats,
    covered: Bytes,
) -> None:
    """Set the windows in which a fix lies in their area or nearer than reach; windows and fixes count from 1970."""
    for i in range(time_us.size):
        x, y, z, time = points[i, 0], points[i, 1], points[i, 2], float(time_us[i])
        cell = cell_of(x, y, z)
        for c in range(cell_first[cell], cell_first[cell + 1]):
            area = cell_areas[c]
            window = window_at(windows, window_first[area], window_first[area + 1], time)
            if window == window_first[area + 1] or windows[window, 0] > time or covered[window]:
                continue
            if _is_within(shape, part_first[area], part_first[area + 1], reach, x, y, z):
                covered[window] = 1
