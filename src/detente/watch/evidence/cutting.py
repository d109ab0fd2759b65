"""Tracks that are too long, cut by a stated rule; what the figures are after the cut is computed, not assumed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import polars as pl

from detente.watch.evidence.figures import FIGURES, differences, recomputed, written
from detente.watch.evidence.structs import Definition
from detente.watch.evidence.tracks_csv import FIXES_MAX, reach

__all__ = ["ENDS_RULE", "THINNED_RULE", "fitting", "not_told"]

THINNED_RULE = "whole near entered, closest_at and left; every nth fix of each mover elsewhere, figures unchanged"
ENDS_RULE = "the fixes nearest in time to entered, closest_at and left"
_STEPS = (2, 4, 8, 16, 32)


def fitting(
    rows: pl.DataFrame, row: Mapping[str, Any], definition: Definition, *, most: int = FIXES_MAX
) -> tuple[pl.DataFrame, str]:
    """Return the rows, by time, at most so many, and the rule by which they were cut, "" when all are there.

    First rule: everything within ``reach`` of entered, closest_at and left stays, and of the rest every nth fix of each
    mover, n a power of two; taken with the least n for which the rows fit and give every figure again within its
    tolerance. Second rule, where no n does: the fixes nearest in time to the three moments.
    """
    if rows.height <= most:
        return rows, ""
    moments = [row[name] for name in ("entered", "closest_at", "left")]
    around = reach(definition.max_gap_s)
    whole = pl.any_horizontal(pl.col("time").is_between(one - around, one + around) for one in moments)
    place = pl.int_range(pl.len()).over("mover")
    for step in _STEPS:
        thinned = rows.filter(whole | (place % step == 0))
        if thinned.height <= most and not not_told(thinned, row, definition):
            return thinned, THINNED_RULE
    away = pl.min_horizontal((pl.col("time") - one).abs() for one in moments)
    nearest = rows.with_columns(away.alias("_away")).sort("_away", "time", "mover").head(most)
    return nearest.drop("_away").sort("time", "mover"), ENDS_RULE


def not_told(rows: pl.DataFrame, row: Mapping[str, Any], definition: Definition) -> tuple[str, ...]:
    """Return the figures of the row that these rows do not give again within their tolerances."""
    again = recomputed(rows, definition, entered=row["entered"], left=row["left"])
    stated = written(row)
    if again is None:
        return tuple(name for name in FIGURES if name in stated)
    found = {one.figure for one in differences(stated, written(again))}
    return tuple(name for name in FIGURES if name in found)


def around_closest(rows: pl.DataFrame, row: Mapping[str, Any], seconds: float = 600.0) -> dict[str, pl.DataFrame]:
    """Return the fixes of "a" and of "b" near the closest point, for a drawing."""
    near = pl.col("time").is_between(
        row["closest_at"] - timedelta(seconds=seconds), row["closest_at"] + timedelta(seconds=seconds)
    )
    return {
        which: rows.filter(near & (pl.col("mover") == row[which])).select("time", "lon", "lat", "altitude_m")
        for which in ("a", "b")
    }
