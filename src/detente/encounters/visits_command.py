"""``detente encounters --areas``: tracks and announced areas in, who was in which while it was active out."""

from __future__ import annotations

import argparse
import shlex
import sys
from dataclasses import dataclass

import polars as pl

from detente import __version__, words
from detente.door import terminal
from detente.encounters.archives import hashes, reading, searching
from detente.encounters.compiled import compile_kernels
from detente.encounters.left_out import left_out_lines
from detente.encounters.places import with_written_times
from detente.encounters.report import InputFile, write_visits_report
from detente.encounters.screen import written_lines
from detente.encounters.visiting import VISITING, Visits, find_visits
from detente.encounters.visits_request import VisitsRequest, visits_request
from detente.encounters.visits_screen import deepest_first, visits_table
from detente.encounters.writing import Written, write
from detente.tracks.cleaning import compile_kernel
from detente.tracks.commands import reading_options, tally_lines
from detente.tracks.reasons import Tally

__all__ = ["find_visits_and_show"]

say = words.speaker("encounters")

_ROWS_SHOWN = 20


@dataclass(frozen=True, slots=True)
class _Outcome:
    """All that a run found and did."""

    asked: VisitsRequest
    tally: Tally
    found: Visits
    inputs: list[InputFile]
    written: dict[str, Written]


def find_visits_and_show(arguments: argparse.Namespace) -> int:
    """Read, search, write, show; 0 also when nobody was there, which is said."""
    asked = visits_request(arguments, clean=not arguments.no_clean)
    options = reading_options(arguments)
    if asked.clean:
        compile_kernel(terminal.note)
    with reading(asked.files, options, clean=asked.clean) as (tracks, tally):
        compile_kernels(terminal.note, modules=VISITING)
        wants_all = asked.unvisited is not None or asked.report is not None or bool(arguments.json)
        found = _search(asked, tracks, coverage=wants_all)
        inputs = hashes([*asked.files, asked.areas_file]) if asked.report or arguments.json else []
        outcome = _Outcome(asked, tally, found, inputs, _write(asked, found, tally, inputs, tracks))
    if arguments.json:
        terminal.result_json(_document(outcome))
    else:
        _show(outcome)
    return 0


def _search(asked: VisitsRequest, tracks: pl.LazyFrame, *, coverage: bool) -> Visits:
    with searching(tracks) as told:
        return find_visits(
            tracks,
            asked.areas.searched,
            margin_m=asked.margin_m,
            max_gap_s=asked.max_gap_s,
            sides=asked.sides,
            start=asked.start,
            end=asked.end,
            coverage=coverage,
            progress=told,
        )


def _write(
    asked: VisitsRequest, found: Visits, tally: Tally, inputs: list[InputFile], tracks: pl.LazyFrame
) -> dict[str, Written]:
    """Write what was asked for; returns what was written by file name."""
    written: dict[str, Written] = {}
    if asked.out is not None:
        written[str(asked.out)] = write(found.visits, asked.out)
    if asked.unvisited is not None:
        written[str(asked.unvisited)] = write(found.unvisited, asked.unvisited)
    if asked.report is not None:
        write_visits_report(
            asked.report,
            found,
            asked.areas,
            tally=tally.as_dict(),
            command=shlex.join(["detente", *sys.argv[1:]]),
            inputs=inputs,
            margin_m=asked.margin_m,
            max_gap_s=asked.max_gap_s,
            has_sides=asked.sides is not None,
            tracks=tracks,
        )
        written[str(asked.report)] = Written(rows=found.visits.height)
    return written


def _document(outcome: _Outcome) -> dict[str, object]:
    """Return the one JSON document: all that the screen says, every visit and every window without one."""
    found, areas = outcome.found, outcome.asked.areas
    return {
        "detente": __version__,
        "limits": outcome.asked.as_dict(),
        "inputs": [
            {"name": file.name, "sha256": file.sha256, "size_bytes": file.size_bytes} for file in outcome.inputs
        ],
        "rows": outcome.tally.as_dict(),
        "areas": {
            "searched": len(areas.searched),
            "doubtful": sum(area.doubtful for area in areas.searched),
            "left_out": dict(sorted(areas.left_out.items())),
        },
        "counts": _counts(found),
        "written": [
            {"file": name, "rows": done.rows, "neutralised": done.neutralised}
            for name, done in outcome.written.items()
        ],
        "visits": with_written_times(found.visits).to_dicts(),
        "unvisited": with_written_times(found.unvisited).to_dicts(),
    }


def _counts(found: Visits) -> dict[str, int]:
    visits = found.visits
    return {
        "inside": int(visits["inside"].sum()),
        "visitors": visits["mover"].n_unique(),
        "areas_visited": visits["area"].n_unique(),
        "third_party": int(visits["third_party"].sum()),
        "third_parties": visits.filter("third_party")["mover"].n_unique(),
        **found.as_dict(),
    }


def _show(outcome: _Outcome) -> None:
    """Show the deepest visits on standard output, the summary on standard error."""
    ordered = deepest_first(outcome.found.visits)
    # a pipe gets every row: whoever cuts it does so knowingly
    brief = sys.stdout.isatty()
    shown = ordered.head(_ROWS_SHOWN) if brief else ordered
    if shown.height:
        drawn = visits_table(shown, brief=brief)
        terminal.table(drawn.head, drawn.rows, numeric=drawn.numeric)
    for line in _summary(outcome, shown.height):
        terminal.note(line)


def _summary(outcome: _Outcome, shown: int) -> list[str]:
    counts, areas = _counts(outcome.found), outcome.asked.areas
    lines = []
    if not counts["visits"]:
        lines.append(say("nobody was seen in the areas, or near them, while they were active"))
    elif shown < counts["visits"]:
        lines.append(
            say.many(
                "the deepest of {count} visit is shown; --out writes all",
                "the deepest {shown} of {count} visits are shown; --out writes all",
                count=counts["visits"],
                shown=shown,
            )
        )
    lines.append(
        say(
            "visits: {visits} ({inside} inside), visitors: {visitors}, movers: {movers}, fixes: {fixes}",
            **{name: words.number(counts[name]) for name in ("visits", "inside", "visitors", "movers", "fixes")},
        )
    )
    if counts["third_parties"]:
        lines.append(
            say.many(
                "{count} visitor is a third party: needs a warning (a person sends it)",
                "{count} visitors are third parties: they need a warning (a person sends it)",
                count=counts["third_parties"],
            )
        )
    lines.extend(_area_lines(outcome, counts["unvisited_windows"]))
    lines.extend(left_out_lines(areas.left_out))
    lines.extend(tally_lines(outcome.tally))
    lines.extend(written_lines(outcome.written))
    return lines


def _area_lines(outcome: _Outcome, unvisited: int) -> list[str]:
    areas, rows = outcome.asked.areas.searched, outcome.found.unvisited
    lines = [
        say.many("{count} area was searched", "{count} areas were searched", count=len(areas)),
    ]
    doubtful = sum(area.doubtful for area in areas)
    if doubtful:
        lines.append(
            say.many(
                "  of them {count} doubtful: its text contradicts itself or leaves something open",
                "  of them {count} doubtful: their texts contradict themselves or leave something open",
                count=doubtful,
            )
        )
    if unvisited:
        lines.append(
            say.many(
                "in {count} active time nobody was seen (--unvisited writes it)",
                "in {count} active times nobody was seen (--unvisited writes them)",
                count=unvisited,
            )
        )
        holes = rows.filter(~pl.col("seen_near")).height
        if holes:
            lines.append(
                say.many(
                    "  of them {count} without any fix within 50 NM: the tracks tell nothing there",
                    "  of them {count} without any fix within 50 NM: the tracks tell nothing there",
                    count=holes,
                )
            )
    return lines
