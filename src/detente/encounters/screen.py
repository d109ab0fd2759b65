"""Encounters as a person reads them on a screen: one short row each, the closest first."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import polars as pl

from detente import words
from detente.notices.moments import format_moment
from detente.notices.quantities import NAUTICAL_MILE_M

__all__ = ["NUMERIC", "closest_first", "head", "situation_words", "table_rows"]

say = words.speaker("encounters")

_SITUATIONS: dict[str, Callable[[], str]] = {
    "head_on": lambda: say("head-on"),
    "crossing": lambda: say("crossing"),
    "overtaking": lambda: say("overtaking"),
    "stopped": lambda: say("stopped"),
}
NUMERIC = (False, False, False, True, True, True, False, False)
"""Which columns of the table are numbers."""


def closest_first(encounters: pl.DataFrame) -> pl.DataFrame:
    """Return the rows by severity, then distance, then as the table of encounters has them."""
    return encounters.sort(["severity", "distance_m", "entered", "a", "b"], nulls_last=True)


def head() -> tuple[str, ...]:
    """Return the table's column names, units included."""
    return (
        say("closest at (UTC)"),
        say("one"),
        say("other"),
        say("distance m"),
        say("NM"),
        say("vertical m"),
        say("situation"),
        say("quality"),
    )


def table_rows(encounters: pl.DataFrame) -> list[tuple[str, ...]]:
    """Return one row of texts for each encounter, in the order given."""
    return [_row(row) for row in encounters.iter_rows(named=True)]


def _row(row: dict[str, Any]) -> tuple[str, ...]:
    vertical_m = row["vertical_m"]
    return (
        format_moment(row["closest_at"]).replace("T", " ").removesuffix("Z"),
        _mover(row, "a"),
        _mover(row, "b"),
        f"{row['distance_m']:.1f}",
        f"{row['distance_m'] / NAUTICAL_MILE_M:.3f}",
        "" if vertical_m is None else f"{vertical_m:.0f}",
        situation_words(row["situation"]),
        {"certain": say("certain"), "possible": say("possible")}.get(row["quality"] or "", row["quality"] or ""),
    )


def situation_words(situation: str | None) -> str:
    """Return a situation in the reader's language; "" for none."""
    spoken = _SITUATIONS.get(situation or "")
    return spoken() if spoken else situation or ""


def _mover(row: dict[str, Any], end: str) -> str:
    """Return id, name and side of one end: "mmsi:235070762 RED JET 4 (blue)"."""
    side = row[f"side_{end}"]
    parts = (row[end], row[f"name_{end}"], f"({side})" if side else None)
    return " ".join(part for part in parts if part)
