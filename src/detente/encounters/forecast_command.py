"""``detente predict --areas``: one picture of positions and announced areas in, who is or will be in which out."""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import polars as pl

from detente import __version__, words
from detente.door import terminal
from detente.door.errors import ArgumentMistake
from detente.encounters.announced import Areas
from detente.encounters.errors import at_most
from detente.encounters.left_out import left_out_lines
from detente.encounters.places import with_written_times
from detente.encounters.sides import Sides
from detente.encounters.sides_file import read_sides
from detente.encounters.states import HORIZON_MAX_S, read_timed_states
from detente.encounters.visits_request import areas_of, margin_of
from detente.encounters.writing import TABLE_SUFFIXES, Written, check_target, write
from detente.notices.moments import format_moment, parse_moment
from detente.notices.quantities import parse_duration_s

__all__ = ["forecast_and_show", "table_target"]

say = words.speaker("encounters")

_OF_PAIRS = ("within", "vertical", "well_clear", "between")
_ROWS_SHOWN = 40


@dataclass(frozen=True, slots=True)
class _Request:
    """What was asked for, checked before the picture is read."""

    areas_file: str
    areas: Areas
    horizon_s: float
    margin_m: float
    at: datetime | None
    sides: Sides | None
    out: Path | None


def table_target(arguments: argparse.Namespace) -> Path | None:
    """Return --out, checked; raises OutputMistake and ArgumentMistake."""
    out = check_target(Path(arguments.out), suffixes=TABLE_SUFFIXES) if arguments.out is not None else None
    if out is not None and (out == Path(arguments.states) or not out.parent.is_dir()):
        raise ArgumentMistake(
            expected=say("a new file in a folder that exists"),
            came=str(out),
            where="--out",
            remedy=say("choose another name, or make the folder first"),
        )
    return out


def forecast_and_show(arguments: argparse.Namespace) -> int:
    """Read, look ahead, write, show; 0 when done."""
    asked = _request(arguments)
    picture, times = read_timed_states(arguments.states)
    at = asked.at or (max(times) if times else None)
    if at is None:
        raise ArgumentMistake(
            expected=say("the moment of the picture, to know which areas are active"),
            came=say("neither --at nor a column time in {file}", file=arguments.states),
            where="--at",
            remedy=say("write for example {example}", example="--at 2018-04-04T06:00Z"),
        )
    from detente.encounters.compiled import compile_kernels  # noqa: PLC0415 - imports Numba
    from detente.encounters.forecast import forecast  # noqa: PLC0415
    from detente.encounters.visiting import VISITING  # noqa: PLC0415

    compile_kernels(terminal.note, modules=VISITING)
    found = forecast(
        picture,
        asked.areas.searched,
        at=at,
        times=times,
        horizon_s=asked.horizon_s,
        margin_m=asked.margin_m,
        sides=asked.sides,
    )
    done = write(found, asked.out) if asked.out is not None else None
    if arguments.json:
        terminal.result_json(_document(asked, at, picture.height, found, done))
    else:
        _show(asked, at, picture.height, found, done)
    return 0


def _request(arguments: argparse.Namespace) -> _Request:
    for name in _OF_PAIRS:
        if getattr(arguments, name) is not None:
            raise ArgumentMistake(
                expected=say("--areas without options that only concern pairs"),
                came=say("both"),
                where="--" + name.replace("_", "-"),
                remedy=say(
                    "leave it out: with --areas visits are found, not pairs; --margin says how near counts"
                ),
            )
    horizon_s = parse_duration_s(arguments.horizon or "30min", where="--horizon")
    return _Request(
        horizon_s=at_most(HORIZON_MAX_S, horizon_s, "s", "--horizon"),
        margin_m=margin_of(arguments),
        at=parse_moment(arguments.at, where="--at") if arguments.at is not None else None,
        out=table_target(arguments),
        areas_file=arguments.areas,
        areas=areas_of(arguments.areas),
        sides=read_sides(Path(arguments.sides)) if arguments.sides is not None else None,
    )


def _document(
    asked: _Request, at: datetime, movers: int, found: pl.DataFrame, done: Written | None
) -> dict[str, object]:
    return {
        "detente": __version__,
        "limits": {
            "areas": asked.areas_file,
            "at": format_moment(at),
            "horizon_s": asked.horizon_s,
            "margin_m": asked.margin_m,
        },
        "areas": {"searched": len(asked.areas.searched), "left_out": dict(sorted(asked.areas.left_out.items()))},
        "counts": {
            "movers": movers,
            "visits": found.height,
            "inside_now": int(found["inside_now"].sum()),
            "third_party": int(found["third_party"].sum()),
        },
        "written": None if done is None else {"file": str(asked.out), "neutralised": done.neutralised},
        "visits": with_written_times(found).to_dicts(),
    }


def _show(asked: _Request, at: datetime, movers: int, found: pl.DataFrame, done: Written | None) -> None:
    """Show a table sorted by entry on standard output; what it means on standard error."""
    head = (
        say("mover"),
        say("area"),
        say("enters in s"),
        say("deepest or nearest in s"),
        say("leaves in s"),
        say("where"),
        say("m from the border"),
        say("note"),
    )
    # a pipe gets every row: whoever cuts it does so knowingly
    shown = found.head(_ROWS_SHOWN) if sys.stdout.isatty() else found
    rows = [_row(row) for row in shown.iter_rows(named=True)]
    if rows:
        terminal.table(head, rows, numeric=(False, False, True, True, True, False, True, False))
    terminal.note(
        say.many(
            "{count} visit of an active area by one of {movers} movers, from {at} for {horizon} s, if nobody turns",
            "{count} visits of active areas by {movers} movers, from {at} for {horizon} s, if nobody turns",
            count=found.height,
            movers=movers,
            at=format_moment(at),
            horizon=f"{asked.horizon_s:g}",
        )
    )
    if shown.height < found.height:
        terminal.note(say("the first {shown} are shown; --out writes all", shown=shown.height))
    for line in left_out_lines(asked.areas.left_out):
        terminal.note(line)
    if done is not None:
        terminal.note(say("written: {file}", file=terminal.visible(str(asked.out))))


def _row(row: dict[str, Any]) -> tuple[str, ...]:
    notes = []
    if row["third_party"]:
        notes.append(say("third party: needs a warning (a person sends it)"))
    if row["area_doubtful"]:
        notes.append(say("area doubtful"))
    from_border_m = row["depth_m"] if row["inside"] else row["distance_m"]
    leaves = "" if row["ended"] == "period_ended" else f"{row['exit_s']:.1f}"
    return (
        f"{row['mover']} ({row['side']})" if row["side"] else row["mover"],
        " ".join(part for part in (row["area"], row["area_name"]) if part),
        f"{row['entry_s']:.1f}",
        f"{row['nearest_s']:.1f}",
        leaves,
        say("inside") if row["inside"] else say("near"),
        f"{from_border_m:.0f}",
        "; ".join(notes),
    )
