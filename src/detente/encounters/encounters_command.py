"""The verb ``encounters``: tracks in, who came too close to whom out, on the screen and into files."""

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
from detente.encounters.encounters_request import Request, add_options, request
from detente.encounters.places import with_written_times
from detente.encounters.report import InputFile, Limits, write_report
from detente.encounters.screen import closest_first, table_of, written_lines
from detente.encounters.searching import Search, search
from detente.encounters.visits_command import find_visits_and_show
from detente.encounters.writing import Written, write
from detente.tracks.cleaning import compile_kernel
from detente.tracks.commands import add_reading_options, reading_options, tally_lines
from detente.tracks.reasons import Tally

__all__ = ["ENCOUNTERS"]

say = words.speaker("encounters")

_ROWS_SHOWN = 20


@dataclass(frozen=True, slots=True)
class _Outcome:
    """All that a run found and did."""

    asked: Request
    tally: Tally
    found: Search
    inputs: list[InputFile]
    written: dict[str, Written]


class _Encounters:
    """Finds every close encounter in track archives."""

    def describe(self) -> str:
        """Return what the verb does and what counts as an encounter."""
        return say(
            "Finds every pair of ships or aircraft that came closer than the limits, in files of any usual\n"
            "format. Each moves at constant speed along the geodesic between two fixes at most --max-gap apart\n"
            "and has no position otherwise. An encounter is one whole time within both limits;\n"
            "spec/encounters.md says it exactly.\n"
            "\n"
            "With --areas it finds visits in the place of pairs: who was inside an announced danger area, or\n"
            "within --margin of it, while it was active; who is of no side and not of the state that announced\n"
            "is marked, so that a person can warn it. AREAS.geojson is what detente areas read writes, or any\n"
            "polygons with start and end; spec/areas.md says what a visit is."
        )

    def examples(self) -> str:
        """Return lines of shell."""
        return (
            "  detente encounters aisdk-2018-04-04.zip --within 0.5nm --out encounters.csv\n"
            "  detente encounters ais.csv adsb.json.gz --sides sides.toml --report report.html\n"
            "  detente encounters *.csv --area -5,50,2,52 --from 2018-04-04 --to 2018-04-05 --json\n"
            "  detente areas read warnings.txt --out areas.geojson\n"
            "  detente encounters ais.csv.gz --areas areas.geojson --margin 2nm --report visits.html\n"
            "  detente encounters *.csv --areas areas.geojson --out visits.csv --unvisited unvisited.csv"
        )

    def configure(self, parser: argparse.ArgumentParser) -> None:
        """Add files and options."""
        parser.add_argument("files", nargs="+", metavar="FILES", help=say("files of tracks; - is standard input"))
        add_options(parser)
        add_reading_options(parser)

    def run(self, arguments: argparse.Namespace) -> int:
        """Read, search, write, show; 0 also when no encounter was found, which is said."""
        if arguments.areas is not None:
            return find_visits_and_show(arguments)
        asked = request(arguments, clean=not arguments.no_clean)
        options = reading_options(arguments)
        if asked.clean:
            compile_kernel(terminal.note)
        with reading(asked.files, options, clean=asked.clean) as (tracks, tally):
            compile_kernels(terminal.note)
            found = _search(asked, tracks)
            inputs = hashes(asked.files) if asked.report or arguments.json else []
            outcome = _Outcome(asked, tally, found, inputs, _write(asked, found, tally, inputs, tracks))
        if arguments.json:
            terminal.result_json(_document(outcome))
        else:
            _show(outcome)
        return 0


ENCOUNTERS = _Encounters()


def _search(asked: Request, tracks: pl.LazyFrame) -> Search:
    area = asked.area
    with searching(tracks) as told:
        return search(
            tracks,
            within_m=asked.within_m,
            vertical_m=asked.vertical_m,
            max_gap_s=asked.max_gap_s,
            between=asked.between,
            sides=asked.sides,
            keep_moored=asked.keep_moored,
            start=asked.start,
            end=asked.end,
            area=(area.west_deg, area.south_deg, area.east_deg, area.north_deg) if area else None,
            progress=told,
        )


def _write(
    asked: Request, found: Search, tally: Tally, inputs: list[InputFile], tracks: pl.LazyFrame
) -> dict[str, Written]:
    """Write what was asked for; returns what was written by file name."""
    written: dict[str, Written] = {}
    if asked.out is not None:
        written[str(asked.out)] = write(found.encounters, asked.out)
    if asked.report is not None:
        write_report(
            asked.report,
            found.encounters,
            tally=tally.as_dict(),
            command=shlex.join(["detente", *sys.argv[1:]]),
            inputs=inputs,
            limits=Limits(
                within_m=asked.within_m,
                vertical_m=asked.vertical_m,
                max_gap_s=asked.max_gap_s,
                between=asked.between,
                keep_moored=asked.keep_moored,
                moored_left_out=found.moored,
            ),
            tracks=tracks,
        )
        written[str(asked.report)] = Written(rows=found.encounters.height)
    return written


def _document(outcome: _Outcome) -> dict[str, object]:
    """Return the one JSON document: all that the screen says, and every encounter with every column."""
    found = outcome.found
    return {
        "detente": __version__,
        "limits": outcome.asked.as_dict(),
        "inputs": [
            {"name": file.name, "sha256": file.sha256, "size_bytes": file.size_bytes} for file in outcome.inputs
        ],
        "rows": outcome.tally.as_dict(),
        "counts": _counts(found),
        "written": [
            {"file": name, "rows": done.rows, "neutralised": done.neutralised}
            for name, done in outcome.written.items()
        ],
        "encounters": with_written_times(found.encounters).to_dicts(),
    }


def _counts(found: Search) -> dict[str, int]:
    """Return the search's own counts and how many pairs met."""
    return {"pairs": found.encounters.select("a", "b").n_unique(), **found.as_dict()}


def _show(outcome: _Outcome) -> None:
    """Show the closest encounters on standard output, the summary on standard error."""
    closest = closest_first(outcome.found.encounters)
    # a pipe gets every row: whoever cuts it does so knowingly
    brief = sys.stdout.isatty()
    shown = closest.head(_ROWS_SHOWN) if brief else closest
    if shown.height:
        drawn = table_of(shown, brief=brief)
        terminal.table(drawn.head, drawn.rows, numeric=drawn.numeric)
    for line in _summary(outcome, shown.height):
        terminal.note(line)


def _summary(outcome: _Outcome, shown: int) -> list[str]:
    counts = _counts(outcome.found)
    lines = []
    if not counts["encounters"]:
        lines.append(say("no encounter within the limits was found"))
    elif shown < counts["encounters"]:
        lines.append(
            say.many(
                "the closest of {count} encounter is shown; --out writes all",
                "the closest {shown} of {count} encounters are shown; --out writes all",
                count=counts["encounters"],
                shown=shown,
            )
        )
    lines.append(
        say(
            "encounters: {encounters}, pairs: {pairs}, movers: {movers}, fixes: {fixes}",
            encounters=words.number(counts["encounters"]),
            pairs=words.number(counts["pairs"]),
            movers=words.number(counts["movers"]),
            fixes=words.number(counts["fixes"]),
        )
    )
    if counts["moored"]:
        lines.append(
            say.many(
                "{count} encounter of moored neighbours is counted, not listed (--keep-moored lists it)",
                "{count} encounters of moored neighbours are counted, not listed (--keep-moored lists them)",
                count=counts["moored"],
            )
        )
    if counts["outside_area"]:
        lines.append(
            say.many(
                "{count} encounter outside the area is not listed",
                "{count} encounters outside the area are not listed",
                count=counts["outside_area"],
            )
        )
    lines.extend(tally_lines(outcome.tally))
    lines.extend(written_lines(outcome.written))
    return lines
