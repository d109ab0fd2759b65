"""Whether latitude and longitude look exchanged: from their ranges, and from ships that move as mirrored."""

from __future__ import annotations

import polars as pl

__all__ = ["suspected"]

ROWS_MIN = 20
"""Fewer moves than this prove nothing."""
MOVING_KN = 3.0
GAP_MAX_S = 600.0
STRAIGHT_DEG = 20.0
TURNED_DEG = 40.0


def suspected(frame: pl.DataFrame) -> bool:
    """Tell whether the rows (mover, time, lon, lat, speed_kn, course_deg) look swapped; never exchanges them.

    Two signs, one is enough: more than half of the positions have a latitude outside -90..90 and would be good
    when exchanged; or the courses made good between fixes of moving ships disagree with the reported courses
    (median above TURNED_DEG) and agree when latitude and longitude are exchanged (median below STRAIGHT_DEG).
    """
    lat, lon = pl.col("lat"), pl.col("lon")
    counted = frame.select(
        some=(lat.is_not_null() & lon.is_not_null()).sum(),
        outside=(lat.abs().is_between(90.0, 180.0, closed="right") & (lat != 91.0) & (lon.abs() <= 90.0)).sum(),
    ).row(0)
    if counted[0] and counted[1] * 2 > counted[0]:
        return True
    moves = _moves(frame)
    if moves.height < ROWS_MIN:
        return False
    as_written, exchanged = moves.median().row(0)
    return bool(as_written > TURNED_DEG and exchanged < STRAIGHT_DEG)


def _moves(frame: pl.DataFrame) -> pl.DataFrame:
    """Return how far the course made good is from the reported one: as written, and exchanged."""
    lat, lon = pl.col("lat"), pl.col("lon")
    moving = frame.filter(
        (pl.col("speed_kn") > MOVING_KN)
        & pl.col("course_deg").is_not_null()
        & lat.is_not_null()
        & lon.is_not_null()
    ).sort("mover", "time", maintain_order=True)
    steps = moving.with_columns(
        north=lat.diff().over("mover"),
        east=lon.diff().over("mover"),
        gap_s=pl.col("time").diff().over("mover").dt.total_milliseconds() / 1000.0,
    ).filter(pl.col("gap_s").is_between(1.0, GAP_MAX_S) & (pl.col("north").abs() + pl.col("east").abs() > 1e-4))
    wide = pl.col("lat").radians().cos()
    wide_exchanged = pl.col("lon").radians().cos()
    return steps.select(
        as_written=_apart(pl.arctan2(pl.col("east") * wide, pl.col("north")).degrees()),
        exchanged=_apart(pl.arctan2(pl.col("north") * wide_exchanged, pl.col("east")).degrees()),
    )


def _apart(made_good: pl.Expr) -> pl.Expr:
    return ((made_good - pl.col("course_deg") + 540.0).mod(360.0) - 180.0).abs()
