"""Movers of the live picture: one as an object, many as a table, which no thread has to go through one by one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from detente.notices.quantities import FOOT_M, KNOT_MS
from detente.tracks.schema import KINDS
from detente.watch.columns import Columns
from detente.watch.coverage import COVERAGES, Coverage

__all__ = ["MOVERS", "LiveMover", "live_movers", "table_of"]


@dataclass(frozen=True, slots=True)
class LiveMover:
    """A mover where it was last heard. None: not known. at: of the fix; received_at: by this machine's clock.

    side: name of the sides file, ""; feed: the one whose fix this is; coverage: why there is nothing newer.
    """

    id: str
    kind: str
    name: str
    side: str
    military: bool | None
    lon_deg: float
    lat_deg: float
    altitude_m: float | None
    speed_kn: float | None
    course_deg: float | None
    vertical_fpm: float | None
    at: datetime
    received_at: datetime
    feed: str
    at_rest: bool
    coverage: Coverage


_MOMENT = pl.Datetime("us", "UTC")
MOVERS = pl.Schema(
    {
        "id": pl.String(), "kind": pl.String(), "name": pl.String(), "side": pl.String(), "military": pl.Boolean(),
        "lon_deg": pl.Float64(), "lat_deg": pl.Float64(), "altitude_m": pl.Float64(), "speed_kn": pl.Float64(),
        "course_deg": pl.Float64(), "vertical_fpm": pl.Float64(), "at": _MOMENT, "received_at": _MOMENT,
        "feed": pl.String(), "at_rest": pl.Boolean(), "coverage": pl.String(),
    }
)  # fmt: skip
"""The columns of a table of movers: the fields of LiveMover, null where one is None."""


def table_of(
    columns: Columns,
    rows: npt.NDArray[np.int64],
    *,
    ids: Sequence[str],
    names: Sequence[str],
    sides: Sequence[str],
    feeds: Sequence[str],
    at_rest: npt.NDArray[np.bool_],
) -> pl.DataFrame:
    """Return rows of the picture's columns as MOVERS.

    ids, names: of all rows of the picture; sides, feeds: by the numbers that the columns hold; at_rest: of these rows.
    """
    places = rows.tolist()
    words = {
        "kind": (KINDS, columns.kind),
        "side": (sides, columns.side),
        # -1, of no feed, is the last
        "feed": ((*feeds, ""), columns.feed),
        "coverage": (COVERAGES, columns.coverage),
        "military": ((False, True, None), columns.military),
    }
    said = {
        name: pl.Series(list(meanings), dtype=MOVERS[name]).gather(numbers[rows].astype(np.int64) % len(meanings))
        for name, (meanings, numbers) in words.items()
    }
    figures = {
        "lon_deg": columns.lon[rows],
        "lat_deg": columns.lat[rows],
        "altitude_m": columns.height_m[rows],
        "speed_kn": columns.speed_ms[rows] / KNOT_MS,
        "course_deg": columns.course_deg[rows],
        "vertical_fpm": columns.climb_ms[rows] * 60.0 / FOOT_M,
    }
    known = {name: pl.Series(values, dtype=pl.Float64).fill_nan(None) for name, values in figures.items()}
    table: dict[str, Any] = {
        **said,
        **known,
        "id": pl.Series([ids[place] for place in places], dtype=pl.String),
        "name": pl.Series([names[place] for place in places], dtype=pl.String),
        "at": pl.Series(columns.time_us[rows]).cast(_MOMENT),
        "received_at": pl.Series(columns.received_us[rows]).cast(_MOMENT),
        "at_rest": pl.Series(at_rest),
    }
    return pl.DataFrame({name: table[name] for name in MOVERS})


def live_movers(table: pl.DataFrame) -> list[LiveMover]:
    """Return each row of a table of MOVERS as an object."""
    return [LiveMover(**row) for row in table.iter_rows(named=True)]
