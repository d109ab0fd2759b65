"""Visits of areas as a person reads them on a screen: one short row each, the deepest first."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import polars as pl

from detente import words
from detente.encounters.screen import Table
from detente.notices.moments import format_moment
from detente.notices.quantities import NAUTICAL_MILE_M

__all__ = ["deepest_first", "visits_table"]

say = words.speaker("encounters")


def deepest_first(visits: pl.DataFrame) -> pl.DataFrame:
    """Return the rows that were inside, the deepest first, then the others, the nearest first."""
    signed = pl.col("distance_m").fill_null(-pl.col("depth_m"))
    return visits.sort(signed, "entered", "mover", "area")


def visits_table(visits: pl.DataFrame, *, brief: bool) -> Table:
    """Return one row of texts for each visit, in the order given; brief, for a terminal: times to the second."""
    return Table(
        head=(
            say("mover"),
            say("area"),
            say("entered (UTC)"),
            say("left (UTC)"),
            say("where"),
            say("m from the border"),
            say("NM"),
            say("quality"),
            say("note"),
        ),
        rows=[_row(row, brief=brief) for row in visits.iter_rows(named=True)],
        numeric=(False, False, False, False, False, True, True, False, False),
    )


def _row(row: dict[str, Any], *, brief: bool) -> tuple[str, ...]:
    from_border_m = row["depth_m"] if row["inside"] else row["distance_m"]
    parts = (row["mover"], row["name"], f"({row['side']})" if row["side"] else None)
    return (
        " ".join(part for part in parts if part),
        " ".join(part for part in (row["area"], row["area_name"]) if part),
        _moment(row["entered"], brief=brief),
        _moment(row["left"], brief=brief),
        say("inside") if row["inside"] else say("near"),
        f"{from_border_m:.0f}",
        f"{from_border_m / NAUTICAL_MILE_M:.2f}",
        say("certain") if row["quality"] == "certain" else say("possible"),
        "; ".join(_notes(row)),
    )


def _notes(row: dict[str, Any]) -> list[str]:
    notes = []
    if row["third_party"]:
        notes.append(say("third party: needs a warning (a person sends it)"))
    if row["area_doubtful"]:
        notes.append(say("area doubtful"))
    return notes


def _moment(moment: datetime, *, brief: bool) -> str:
    text = format_moment(moment).replace("T", " ").removesuffix("Z")
    return text.partition(".")[0] if brief else text
