"""Boxes of longitude and latitude."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

__all__ = ["Area", "inside"]

Area = tuple[float, float, float, float]
"""West, south, east, north in degrees; west greater than east crosses the antimeridian."""


def inside(
    area: Area, lon_deg: npt.NDArray[np.float64], lat_deg: npt.NDArray[np.float64]
) -> npt.NDArray[np.bool_]:
    """Tell of each point whether it lies in the area, its edges included."""
    west, south, east, north = area
    between = (lat_deg >= south) & (lat_deg <= north)
    if west <= east:
        return between & (lon_deg >= west) & (lon_deg <= east)
    return between & ((lon_deg >= west) | (lon_deg <= east))
