"""What was heard around an encounter: the rows that are kept, and the questions that the rules ask of them."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import polars as pl

from detente.tracks.schema import KINDS

__all__ = ["Heard", "kept", "plain"]

_BEFORE, _AFTER = timedelta(seconds=900), timedelta(seconds=1_100)
_DEGREE_M = 111_320.0
_TYPES: dict[str, Any] = {
    "mover": pl.String(),
    "time": pl.Datetime("us", "UTC"),
    "lon": pl.Float64(),
    "lat": pl.Float64(),
    "altitude_m": pl.Float64(),
    "altitude_datum": pl.Enum(["pressure", "ellipsoid", "ground"]),
    "speed_kn": pl.Float64(),
    "kind": pl.Enum(KINDS),
}


def kept(rows: pl.DataFrame, *, feed: str) -> pl.DataFrame:
    """Return what is kept of rows of detente.tracks.SCHEMA that came from a feed."""
    return rows.select(pl.col(name).cast(kind, strict=False) for name, kind in _TYPES.items()).with_columns(
        pl.lit(feed, pl.Categorical()).alias("feed")
    )


def plain(mover: str) -> str:
    """Return an id without the mark of a second mover found under it."""
    return re.sub(r"~[0-9]+$", "", mover)


class Heard:
    """The kept rows of the time around one encounter; they are gone through only as far as somebody asks."""

    def __init__(self, parts: Sequence[pl.DataFrame], row: Mapping[str, Any]) -> None:
        self._parts = parts
        self._first, self._last = row["entered"] - _BEFORE, row["left"] + _AFTER

    def of(self, *movers: str) -> pl.DataFrame:
        """Return the rows of some movers, in the order in which they came."""
        return self._filtered(pl.col("mover").is_in(list(movers)), self._first, self._last)

    def near(
        self, lon: float, lat: float, radius_m: float, *, since: datetime, until: datetime, without: str
    ) -> pl.DataFrame:
        """Return the rows of all others in a box around a place that reaches so far, between two moments."""
        reach_lat = radius_m / _DEGREE_M
        reach_lon = reach_lat / max(math.cos(math.radians(lat)), 0.01)
        inside = (
            ((pl.col("lat") - lat).abs() < reach_lat)
            & ((((pl.col("lon") - lon) + 180.0) % 360.0 - 180.0).abs() < reach_lon)
            & (pl.col("mover") != without)
        )
        return self._filtered(inside, max(since, self._first), min(until, self._last))

    def _filtered(self, wanted: pl.Expr, since: datetime, until: datetime) -> pl.DataFrame:
        then = pl.col("time").is_between(since, until)
        found = [part.filter(then & wanted) for part in self._parts]
        return pl.concat([part for part in found if part.height] or [kept(_NOTHING, feed="")])


_NOTHING = pl.DataFrame(schema=_TYPES)
