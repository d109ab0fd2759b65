"""Rows of tracks as the arrays that the live picture takes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from detente.notices.quantities import FOOT_M, KNOT_MS
from detente.tracks.schema import KINDS

__all__ = ["UNSAID", "Given", "bearing_deg"]

AT_REST = ("moored", "anchored", "at_anchor", "aground")
Integers = npt.NDArray[np.int64]

UNSAID = 255


@dataclass(frozen=True, slots=True)
class Given:
    """Rows of tracks as arrays; kind and status: UNSAID where nothing is said, else as in the picture."""

    time_us: Integers
    lon: npt.NDArray[np.float64]
    lat: npt.NDArray[np.float64]
    height_m: npt.NDArray[np.float64]
    speed_ms: npt.NDArray[np.float64]
    course_deg: npt.NDArray[np.float64]
    climb_ms: npt.NDArray[np.float64]
    rc_m: npt.NDArray[np.float64]
    kind: npt.NDArray[np.uint8]
    military: npt.NDArray[np.int8]
    status: npt.NDArray[np.uint8]
    on_ground: npt.NDArray[np.bool_]

    @staticmethod
    def of(rows: pl.DataFrame) -> Given:
        """Return rows of detente.tracks.SCHEMA so."""

        def numbers(name: str) -> npt.NDArray[np.float64]:
            return rows[name].cast(pl.Float64).fill_null(np.nan).to_numpy().copy()

        kinds = rows["kind"].replace_strict({name: n for n, name in enumerate(KINDS)}, default=UNSAID)
        status = rows["status"].is_in(AT_REST).cast(pl.UInt8).fill_null(UNSAID)
        return Given(
            time_us=rows["time"].to_physical().to_numpy().copy(),
            lon=numbers("lon"),
            lat=numbers("lat"),
            height_m=numbers("altitude_m"),
            speed_ms=numbers("speed_kn") * KNOT_MS,
            course_deg=numbers("course_deg"),
            climb_ms=numbers("vertical_fpm") * FOOT_M / 60.0,
            rc_m=numbers("rc_m"),
            kind=kinds.cast(pl.UInt8).fill_null(UNSAID).to_numpy().copy(),
            military=rows["military"].cast(pl.Int8).fill_null(-1).to_numpy().copy(),
            status=status.to_numpy().copy(),
            on_ground=(rows["altitude_datum"] == "ground").fill_null(value=False).to_numpy().copy(),
        )

    def at(self, places: Integers) -> Given:
        """Return those at the places."""
        return Given(*(getattr(self, name)[places] for name in self.__slots__))


def bearing_deg(
    lon: npt.NDArray[np.float64],
    lat: npt.NDArray[np.float64],
    other_lon: npt.NDArray[np.float64],
    other_lat: npt.NDArray[np.float64],
) -> npt.NDArray[np.float64]:
    """Return the course from one place to another near it, degrees."""
    east = ((other_lon - lon + 180.0) % 360.0 - 180.0) * np.cos(np.radians((lat + other_lat) / 2.0))
    return np.asarray(np.degrees(np.arctan2(east, other_lat - lat)) % 360.0)
