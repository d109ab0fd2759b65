"""Encounters as a person reads them on a screen: one short row each, the closest first."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from detente import words
from detente.door import terminal
from detente.encounters.writing import Written
from detente.notices.moments import format_moment
from detente.notices.quantities import NAUTICAL_MILE_M

__all__ = ["Table", "closest_first", "situation_words", "table_of", "written_lines"]

say = words.speaker("encounters")

_SITUATIONS: dict[str, Callable[[], str]] = {
    "head_on": lambda: say("head-on"),
    "crossing": lambda: say("crossing"),
    "overtaking": lambda: say("overtaking"),
    "stopped": lambda: say("stopped"),
}


def closest_first(encounters: pl.DataFrame) -> pl.DataFrame:
    """Return the rows by severity, then distance, then as the table of encounters has them."""
    return encounters.sort(["severity", "distance_m", "entered", "a", "b"], nulls_last=True)


@dataclass(frozen=True, slots=True)
class Table:
    """A table of texts: column names with their units, rows, and which columns are numbers."""

    head: tuple[str, ...]
    rows: list[tuple[str, ...]]
    numeric: tuple[bool, ...]


def table_of(encounters: pl.DataFrame, *, brief: bool) -> Table:
    """Return one row of texts for each encounter, in the order given.

    brief, for a terminal: times to the second, and no vertical distances when all of them are 0 or unknown.
    """
    with_vertical = not brief or bool((encounters["vertical_m"].fill_null(0.0) != 0.0).any())
    vertical = (say("vertical m"),) if with_vertical else ()
    return Table(
        head=(
            say("closest at (UTC)"),
            say("one"),
            say("other"),
            say("distance m"),
            say("NM"),
            *vertical,
            say("situation"),
            say("quality"),
        ),
        rows=[_row(row, brief=brief, with_vertical=with_vertical) for row in encounters.iter_rows(named=True)],
        numeric=(False, False, False, True, True, *(True for _ in vertical), False, False),
    )


def _row(row: dict[str, Any], *, brief: bool, with_vertical: bool) -> tuple[str, ...]:
    vertical_m = row["vertical_m"]
    moment = format_moment(row["closest_at"]).replace("T", " ").removesuffix("Z")
    return (
        moment.partition(".")[0] if brief else moment,
        _mover(row, "a"),
        _mover(row, "b"),
        f"{row['distance_m']:.1f}",
        f"{row['distance_m'] / NAUTICAL_MILE_M:.3f}",
        *(("" if vertical_m is None else f"{vertical_m:.0f}",) if with_vertical else ()),
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


def written_lines(written: Mapping[str, Written]) -> list[str]:
    """Return what is said of the files that were written."""
    lines = []
    for name, done in written.items():
        lines.append(
            say.many(
                "written: {file} ({count} row)",
                "written: {file} ({count} rows)",
                count=done.rows,
                file=terminal.visible(name),
            )
        )
        if done.neutralised:
            lines.append(
                say.many(
                    "  {count} cell got an apostrophe in front so that no spreadsheet runs it as a formula",
                    "  {count} cells got an apostrophe in front so that no spreadsheet runs them as formulas",
                    count=done.neutralised,
                )
            )
    return lines
