"""The verb ``tracks``: files of any usual format in, one checked table and its account out."""

from __future__ import annotations

import argparse
import signal
from contextlib import closing
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import polars as pl

from detente import words
from detente.door import terminal
from detente.notices.moments import format_moment, parse_moment
from detente.tracks.archive import Extent, archive, check_target
from detente.tracks.cleaning import compile_kernel
from detente.tracks.errors import OutOfOrder, ReadingMistake
from detente.tracks.meanings import note_meaning, reason_meaning, tally_lines
from detente.tracks.readers import Options
from detente.tracks.reading import stream
from detente.tracks.reasons import Note, Reason, Tally
from detente.tracks.timestamps import check_zone
from detente.tracks.unpack import total_bytes

__all__ = ["TRACKS", "add_reading_options", "reading_options", "stay_interruptible", "tally_lines"]

say = words.speaker("tracks")


def add_reading_options(parser: argparse.ArgumentParser) -> None:
    """Add what every verb that reads tracks asks: --columns, --time-zone, --start, --no-clean."""
    reading = parser.add_argument_group(say("reading"))
    reading.add_argument(
        "--columns",
        metavar="lon=x,lat=y",
        default="",
        help=say("which column of a plain table is what: our name = the file's name, separated by commas"),
    )
    reading.add_argument(
        "--time-zone",
        metavar=say("ZONE"),
        help=say("zone of times that have none, such as Europe/Copenhagen; without it they are UTC"),
    )
    reading.add_argument(
        "--start",
        metavar=say("TIME"),
        help=say("time of the first record, for formats without a date (bare AIVDM, Beast)"),
    )
    reading.add_argument(
        "--no-clean",
        action="store_true",
        help=say("keep duplicates, stale positions and teleports, and do not part two movers under one id"),
    )


def stay_interruptible() -> None:
    """Let Ctrl-C end a read that waits for input.

    Polars catches SIGINT from its first query on and asks the system to resume interrupted reads, so that Python
    would learn of Ctrl-C only with the next byte of a pipe.
    """
    pl.LazyFrame({"": [0]}).collect()
    signal.siginterrupt(signal.SIGINT, True)


def reading_options(arguments: argparse.Namespace) -> Options:
    """Return what add_reading_options collected; raises ReadingMistake or MomentMistake."""
    if arguments.time_zone is not None:
        check_zone(arguments.time_zone)
    start = None if arguments.start is None else parse_moment(arguments.start, where="--start")
    return Options(columns=_columns(arguments.columns), time_zone=arguments.time_zone, start=start)


def _columns(text: str) -> dict[str, str]:
    columns: dict[str, str] = {}
    for part in filter(None, text.split(",")):
        ours, equals, theirs = (word.strip() for word in part.partition("="))
        if not (equals and ours and theirs) or ours in columns:
            raise ReadingMistake(
                expected=say("pairs of our name = the file's name, each of our names once"),
                came=repr(part[:64]),
                where="--columns",
                remedy=say("write for example {example}", example="--columns lon=x,lat=y"),
            )
        columns[ours] = theirs
    return columns


@dataclass(frozen=True, slots=True)
class _Outcome:
    """What one run read, kept and wrote."""

    tally: Tally
    extent: Extent
    target: Path | None


class _Tracks:
    """Reads, orders, cleans, writes, and accounts for every row."""

    def describe(self) -> str:
        """Return what the verb does."""
        return say(
            "Reads tracks of ships and aircraft from files of any usual format into one checked table, in order\n"
            "of time. Every row is kept or rejected under a named reason, and the counts add up. What the\n"
            "reasons mean: docs/cleaning.md."
        )

    def examples(self) -> str:
        """Return lines of shell."""
        return (
            "  detente tracks aisdk-2018-04-04.zip --out tracks.parquet\n"
            "  detente tracks ferry.csv --columns lon=x,lat=y,mover=ship --time-zone Europe/Copenhagen\n"
            "  detente tracks nmea.log --start 2018-04-04T06:00Z --json"
        )

    def configure(self, parser: argparse.ArgumentParser) -> None:
        """Add files and options."""
        parser.add_argument("files", nargs="+", metavar="FILES", help=say("files of tracks; - is standard input"))
        parser.add_argument(
            "--out",
            metavar=say("FILE"),
            help=say("write the table to this .parquet or .csv; without it only counts"),
        )
        add_reading_options(parser)

    def run(self, arguments: argparse.Namespace) -> int:
        """Read and write; 2 when no row was kept, after the counts that say why."""
        options = reading_options(arguments)
        target = check_target(Path(arguments.out), arguments.files) if arguments.out else None
        if not arguments.no_clean:
            compile_kernel(terminal.note)
        stay_interruptible()
        outcome = _prepare(arguments.files, options, target, is_clean=not arguments.no_clean)
        if arguments.json:
            terminal.result_json(_document(outcome))
        else:
            _show(outcome)
        if outcome.extent.rows:
            return 0
        terminal.note(say("no row was kept, so nothing was written; the reasons are above"))
        return 2


TRACKS = _Tracks()


def _prepare(files: list[str], options: Options, target: Path | None, *, is_clean: bool) -> _Outcome:
    """Read as if all were in order of time, which costs least; when it is not, start again the way that sorts."""
    if "-" not in files:  # standard input cannot be read twice
        try:
            return _attempt(files, options, target, is_clean=is_clean, is_ordered=True)
        except OutOfOrder:
            terminal.note(say("the rows are far out of order: reading again, sorting through temporary files"))
    return _attempt(files, options, target, is_clean=is_clean, is_ordered=False)


def _attempt(
    files: list[str], options: Options, target: Path | None, *, is_clean: bool, is_ordered: bool
) -> _Outcome:
    tally, extent = Tally(), Extent()
    with terminal.progress(say("reading"), total=total_bytes(files)) as advance:
        tally.progress = advance
        with closing(stream(files, options, tally, clean=is_clean, nearly_in_order=is_ordered)) as frames:
            first = next(frames, None)
            if first is not None:
                with archive(target) as write:
                    for frame in chain([first], frames):
                        extent.see(frame)
                        write(frame)
    if tally.kept != extent.rows:
        # never a fault of the input: some step lost or invented rows
        raise AssertionError(f"{tally.kept} rows are accounted for, {extent.rows} came: {tally.as_dict()}")
    return _Outcome(tally, extent, target if extent.rows else None)


def _document(outcome: _Outcome) -> dict[str, object]:
    """Return the one JSON document; ``kept`` and the numbers under ``rejected`` add up to ``rows``."""
    extent = outcome.extent
    return {
        **outcome.tally.as_dict(),
        "movers": len(extent.movers),
        "first": None if extent.first is None else format_moment(extent.first),
        "last": None if extent.last is None else format_moment(extent.last),
        "area": {
            "west_deg": extent.west_deg,
            "south_deg": extent.south_deg,
            "east_deg": extent.east_deg,
            "north_deg": extent.north_deg,
        },
        "written": None if outcome.target is None else str(outcome.target),
    }


def _show(outcome: _Outcome) -> None:
    """Show the account: rows read, kept and rejected by reason, their sum, notes, and what the rows cover."""
    tally, extent = outcome.tally, outcome.extent
    rows = [("kept", tally.kept, say("kept"))]
    rows += [
        (reason.value, tally.rejected[reason], reason_meaning(reason))
        for reason in Reason
        if tally.rejected[reason]
    ]
    rows.append(("rows", tally.kept + sum(tally.rejected.values()), say("all rows read: the sum of the above")))
    head = (say("name"), say("rows"), say("meaning"))
    numeric = (False, True, False)
    terminal.table(head, [(name, str(count), meaning) for name, count, meaning in rows], numeric=numeric)
    noted = [(note.value, str(tally.notes[note]), note_meaning(note)) for note in Note if tally.notes[note]]
    if noted:
        terminal.note("")
        terminal.table((say("noted"), say("rows"), say("meaning")), noted, numeric=numeric)
    formats = ", ".join(f"{name} ({files})" for name, files in sorted(tally.formats.items()))
    terminal.note(say("formats (inputs): {formats}", formats=formats))
    if extent.first is not None and extent.last is not None:
        terminal.note(
            say(
                "movers: {movers}; from {first} to {last}",
                movers=words.number(len(extent.movers)),
                first=format_moment(extent.first),
                last=format_moment(extent.last),
            )
        )
        terminal.note(
            say(
                "area (west, south, east, north): {west:.4f},{south:.4f},{east:.4f},{north:.4f}",
                west=extent.west_deg,
                south=extent.south_deg,
                east=extent.east_deg,
                north=extent.north_deg,
            )
        )
    if outcome.target is not None:
        terminal.note(say("written: {file}", file=terminal.visible(str(outcome.target))))
