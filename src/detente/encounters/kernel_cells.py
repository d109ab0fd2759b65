"""Which areas are near which directions from the earth's centre: a cube's six faces cut into cells."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from detente.encounters.compiled import INTEGERS, TABLE, inlined, kernel

__all__ = ["CELLS", "cells_of_balls"]

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Shorts = npt.NDArray[np.int32]

CELLS = 512
"""Cells along an edge of the cube: about 20 km each."""


@inlined
def _direction(face: int, row: float, column: float) -> tuple[float, float, float]:
    """Return the unit direction at a place of a face, in cells."""
    sign = 1.0 if face < 3 else -1.0
    u, v = 2.0 * column / CELLS - 1.0, 2.0 * row / CELLS - 1.0
    size = 1.0 / math.sqrt(1.0 + u * u + v * v)
    if face % 3 == 0:
        return sign * size, u * size, v * size
    if face % 3 == 1:
        return v * size, sign * size, u * size
    return u * size, v * size, sign * size


@inlined
def _mark_cells(x: float, y: float, z: float, angle: float, area: int, last: Shorts, found: Shorts) -> int:
    """Write the cells of a ball that do not list the area yet into ``found``; returns how many."""
    step, count = 32, 0
    # a cell reaches 1.5 / CELLS radians from its middle at most, a block of cells so many times that
    near_block = math.cos(min(angle + 1.5 * step / CELLS, math.pi))
    near_cell = math.cos(min(angle + 1.5 / CELLS, math.pi))
    for face in range(6):
        for row0 in range(0, CELLS, step):
            for column0 in range(0, CELLS, step):
                dx, dy, dz = _direction(face, row0 + 0.5 * step, column0 + 0.5 * step)
                if dx * x + dy * y + dz * z < near_block:
                    continue
                for row in range(row0, row0 + step):
                    for column in range(column0, column0 + step):
                        dx, dy, dz = _direction(face, row + 0.5, column + 0.5)
                        cell = (face * CELLS + row) * CELLS + column
                        if dx * x + dy * y + dz * z >= near_cell and last[cell] != area:
                            last[cell] = area
                            found[count] = cell
                            count += 1
    return count


@kernel(TABLE, INTEGERS)
def cells_of_balls(balls: Floats, area: Integers) -> tuple[Integers, Shorts]:
    """Return for each cell where its areas begin, and the areas, each once a cell.

    balls: x, y, z, reach in metres; area: of each ball, ascending. A cell lists every area with a ball that comes
    nearer than its reach to some direction of the cell.
    """
    cells = 6 * CELLS * CELLS
    first, found = np.zeros(cells + 1, np.int64), np.empty(cells, np.int32)
    listed, free = np.empty(0, np.int32), np.empty(0, np.int64)
    for fill in range(2):
        if fill:
            for cell in range(cells):
                first[cell + 1] += first[cell]
            listed, free = np.empty(first[cells], np.int32), first[:-1].copy()
        last = np.full(cells, -1, np.int32)
        for k in range(balls.shape[0]):
            size = math.sqrt(balls[k, 0] ** 2 + balls[k, 1] ** 2 + balls[k, 2] ** 2)
            x, y, z = balls[k, 0] / size, balls[k, 1] / size, balls[k, 2] / size
            angle = math.pi if balls[k, 3] >= size else math.asin(balls[k, 3] / size)
            for place in range(_mark_cells(x, y, z, angle, area[k], last, found)):
                if fill:
                    listed[free[found[place]]] = area[k]
                    free[found[place]] += 1
                else:
                    first[found[place] + 1] += 1
    return first, listed
