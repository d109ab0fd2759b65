"""The live picture's memory: one row a mover in arrays of a fixed number of rows."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["FIELDS", "NEVER_US", "Columns", "apart_m", "moved_on"]

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

NEVER_US = -(2**62)
DEGREE_M = 111_320.0
"""Length of a degree of a great circle, near enough for distances of some kilometres."""

FIELDS: dict[str, tuple[npt.DTypeLike, float]] = {
    # the fix that the picture follows; NaN: not known
    "time_us": (np.int64, NEVER_US),
    "received_us": (np.int64, NEVER_US),
    "feed": (np.int16, -1),
    "lon": (np.float64, math.nan),
    "lat": (np.float64, math.nan),
    "height_m": (np.float64, math.nan),
    "height_us": (np.int64, NEVER_US),
    "speed_ms": (np.float64, math.nan),
    "course_deg": (np.float64, math.nan),
    "climb_ms": (np.float64, math.nan),
    "rc_m": (np.float64, math.nan),
    # 0 ship, 1 aircraft, 2 other; -1 nothing is said, 0 not military, 1 military
    "kind": (np.uint8, 2),
    "military": (np.int8, -1),
    "side": (np.int64, 0),
    "status_at_rest": (np.bool_, 0),
    "on_ground": (np.bool_, 0),
    # the newest fix of another feed, and how far it is from the one that is followed when they disagree
    "other_us": (np.int64, NEVER_US),
    "other_feed": (np.int16, -1),
    "other_lon": (np.float64, math.nan),
    "other_lat": (np.float64, math.nan),
    "other_speed_ms": (np.float64, math.nan),
    "other_course_deg": (np.float64, math.nan),
    "disagree_m": (np.float64, math.nan),
    # when the row changed last, as a number that grows; why nothing newer is heard
    "number": (np.int64, 0),
    "coverage": (np.uint8, 0),
    "used": (np.bool_, 0),
}


class Columns:
    """Arrays by the names in FIELDS, as attributes; a row is empty until it is used."""

    def __init__(self, rows: int) -> None:
        """Begin with so many empty rows; what is not touched takes no memory."""
        self.rows = rows
        self._arrays = {name: np.full(rows, start, kind) for name, (kind, start) in FIELDS.items()}

    def __getattr__(self, name: str) -> npt.NDArray[Any]:
        """Return the array of a field."""
        try:
            return self.__dict__["_arrays"][name]  # type: ignore[no-any-return]
        except KeyError:
            raise AttributeError(name) from None

    def clear(self, rows: Integers | Sequence[int]) -> None:
        """Make rows empty."""
        for name, (_, start) in FIELDS.items():
            self._arrays[name][rows] = start


def moved_on(
    lon: Floats, lat: Floats, speed_ms: Floats, course_deg: Floats, after_s: Floats
) -> tuple[Floats, Floats]:
    """Return where things are some seconds later (or earlier) on their course; what has none stays.

    On a plane that touches the Earth: good for some minutes, to tell whether two feeds mean the same place.
    """
    way = np.nan_to_num(speed_ms) * after_s
    course = np.radians(np.nan_to_num(course_deg))
    shrunk = np.maximum(np.cos(np.radians(lat)), 0.01)
    return lon + way * np.sin(course) / (DEGREE_M * shrunk), lat + way * np.cos(course) / DEGREE_M


def apart_m(lon: Floats, lat: Floats, other_lon: Floats, other_lat: Floats) -> Floats:
    """Return the distances of places in metres, right within a percent up to some hundred kilometres."""
    east = (other_lon - lon + 180.0) % 360.0 - 180.0
    shrunk = np.cos(np.radians((lat + other_lat) / 2.0))
    return np.asarray(DEGREE_M * np.hypot(east * shrunk, other_lat - lat))
