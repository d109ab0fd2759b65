"""The verb ``risk``: is it growing, how often, how near; of encounters found or incidents reported."""

from __future__ import annotations

import argparse
import shlex
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from detente import words
from detente.door import terminal
from detente.door.errors import ArgumentMistake
from detente.encounters.encounters_request import GAP_MAX_S, check_targets, period
from detente.encounters.errors import at_most
from detente.encounters.inputs import hashed
from detente.encounters.report import check_report
from detente.encounters.sides import Sides
from detente.encounters.sides_file import read_sides
from detente.notices.quantities import parse_distance_m, parse_duration_s

if TYPE_CHECKING:
    from detente.encounters.risk.assessing import Assessment
    from detente.encounters.risk.exposure import Exposure
    from detente.encounters.risk.periods import Per, Period
    from detente.encounters.risk.places import Places

__all__ = ["RISK"]

say = words.speaker("encounters")

RUN_MAX_S = 366 * 86_400.0
BELOW_MAX = 10
"""Distances of which the rate may be asked at once."""
_GROUPS_SHOWN = 12


@dataclass(frozen=True, slots=True)
class _Request:
    """What was asked for, checked before any file is read."""

    files: tuple[str, ...]
    per: Per
    first: datetime | None
    last: datetime | None
    run: timedelta
    below_m: tuple[float, ...]
    regions: tuple[str, ...]
    tracks: tuple[str, ...]
    exposure: Path | None
    sides: Sides | None
    max_gap_s: float
    report: Path | None


class _Risk:
    """The verb ``risk``."""

    def describe(self) -> str:
        """Return the paragraph of ``--help``."""
        return say(
            "Answers whether the risk is growing (growing, falling, steady, or not enough data), how often it\n"
            "happens per exposure, and how near it comes once in a period; by area, kind, pair of sides and month,\n"
            "every figure with its interval, method and source. FILE is what detente encounters --out wrote\n"
            "(.parquet or .csv), or a CSV of incidents with a column date and, where known, date_precision, type,\n"
            "state_a, state_b, min_distance_m, lat, lon.\n"
            "\n"
            "Exposure is the days watched (--from, --to), or the hours for which movers were seen in --tracks, or\n"
            "what --exposure gives. What the figures do not say stands beside them."
        )

    def examples(self) -> str:
        """Return lines that a reader can paste."""
        return "\n".join(  # noqa: FLY002 - one example a line
            (
                "  detente risk e.parquet --from 2018-01-01T00:00Z --to 2019-01-01T00:00Z",
                "  detente risk e.parquet --per week --tracks *.csv.gz --sides sides.toml --report risk.html",
                "  detente risk incidents.csv --per quarter --region Baltic=9,53,31,66 --report risk.html",
                "  detente risk e.parquet --below 100m --json",
            )
        )

    def configure(self, parser: argparse.ArgumentParser) -> None:
        """Add the verb's arguments."""
        parser.add_argument(
            "files", nargs="+", metavar=say("FILE"), help=say("encounters (.parquet, .csv) or incidents (.csv)")
        )
        parser.add_argument(
            "--per",
            choices=("day", "week", "month", "quarter", "year"),
            default="month",
            help=say("the periods in which events are counted (default: month)"),
        )
        parser.add_argument("--from", dest="moment_from", metavar=say("T"), help=say("when watch began"))
        parser.add_argument("--to", dest="moment_to", metavar=say("T"), help=say("when watch ended"))
        parser.add_argument(
            "--run",
            default="24h",
            metavar=say("TIME"),
            help=say("passes of one pair less apart are one event (default: {default})", default="24h"),
        )
        parser.add_argument(
            "--below",
            action="append",
            default=[],
            metavar=say("DISTANCE"),
            help=say("tell how often this distance is undercut, for example 100m; several times"),
        )
        parser.add_argument(
            "--region",
            action="append",
            default=[],
            metavar="NAME=W,S,E,N",
            help=say("a named area; without any, cells of ten degrees"),
        )
        parser.add_argument(
            "--tracks",
            nargs="+",
            default=[],
            metavar=say("FILE"),
            help=say("tracks that tell how much traffic there was"),
        )
        parser.add_argument(
            "--exposure",
            metavar="FILE.csv",
            help=say("a table from,to,amount that tells how much there was to go wrong"),
        )
        parser.add_argument("--sides", metavar="SIDES.toml", help=say("with --tracks: who belongs to which side"))
        parser.add_argument(
            "--max-gap",
            default="180s",
            metavar=say("DURATION"),
            help=say(
                "with --tracks: longest time between two fixes that counts as seen (default: {default})",
                default="180s",
            ),
        )
        parser.add_argument(
            "--report", metavar="FILE.html", help=say("write a page with plots and tables that needs no network")
        )

    def run(self, arguments: argparse.Namespace) -> int:
        """Read, assess, write, show; 0 when done."""
        asked = _request(arguments)
        with terminal.progress(say("reading"), total=None) as told:
            inputs = hashed([*asked.files, *asked.tracks], told)
        assessment = _assessed(asked)
        # after the data were judged good, so that no report of nothing is begun
        from detente.encounters.risk.document import document  # noqa: PLC0415

        if asked.report is not None:
            from detente.encounters.report.risk_page import write_risk_report  # noqa: PLC0415

            command = shlex.join(["detente", *sys.argv[1:]])
            write_risk_report(asked.report, assessment, inputs=inputs, command=command)
        if arguments.json:
            terminal.result_json(document(assessment, inputs))
        else:
            _show(assessment, asked)
        return 0


def _request(arguments: argparse.Namespace) -> _Request:
    """Return the checked request; raises errors that name their option."""
    if arguments.tracks and arguments.exposure is not None:
        raise ArgumentMistake(
            expected=say("--tracks or --exposure"),
            came=say("both"),
            where="--exposure",
            remedy=say("leave one out"),
        )
    if arguments.sides is not None and not arguments.tracks:
        raise ArgumentMistake(
            expected=say("--tracks with --sides"),
            came=say("no --tracks"),
            where="--sides",
            remedy=say("add the tracks, or leave --sides out: encounters know their sides"),
        )
    first, last = period(arguments)
    if len(arguments.below) > BELOW_MAX:
        raise ArgumentMistake(
            expected=say("at most {most} distances", most=BELOW_MAX),
            came=str(len(arguments.below)),
            where="--below",
            remedy=say("ask in parts"),
        )
    report = check_report(Path(arguments.report)) if arguments.report is not None else None
    check_targets({"--report": report}, [*arguments.files, *arguments.tracks])
    return _Request(
        files=tuple(arguments.files),
        per=arguments.per,
        first=first,
        last=last,
        run=timedelta(seconds=at_most(RUN_MAX_S, parse_duration_s(arguments.run, where="--run"), "s", "--run")),
        below_m=tuple(parse_distance_m(text, where="--below") for text in arguments.below),
        regions=tuple(arguments.region),
        tracks=tuple(arguments.tracks),
        exposure=Path(arguments.exposure) if arguments.exposure is not None else None,
        sides=read_sides(Path(arguments.sides)) if arguments.sides is not None else None,
        max_gap_s=at_most(GAP_MAX_S, parse_duration_s(arguments.max_gap, where="--max-gap"), "s", "--max-gap"),
        report=report,
    )


def _assessed(asked: _Request) -> Assessment:
    from detente.encounters.risk.assessing import Question, assess, period_of  # noqa: PLC0415 - imports SciPy
    from detente.encounters.risk.happenings import read_happenings  # noqa: PLC0415
    from detente.encounters.risk.places import checked  # noqa: PLC0415

    question = Question(
        per=asked.per,
        first=asked.first,
        last=asked.last,
        run=asked.run,
        below_m=asked.below_m,
        places=checked(asked.regions),
    )
    read = read_happenings(asked.files, question.per)
    first, last, periods = period_of(read, question)
    return assess(read, question, _exposure(asked, question.places, periods, (first, last)))


def _exposure(
    asked: _Request, places: Places, periods: Sequence[Period], span: tuple[datetime, datetime]
) -> Exposure:
    """Return the exposure that was asked for, of each period."""
    from detente.encounters.risk import exposure  # noqa: PLC0415

    if asked.exposure is not None:
        return exposure.given_exposure(asked.exposure, periods, *span)
    if asked.tracks:
        from detente.tracks import read as read_tracks  # noqa: PLC0415

        return exposure.mover_hours(
            read_tracks(list(asked.tracks)),
            periods,
            *span,
            max_gap_s=asked.max_gap_s,
            sides=asked.sides,
            places=places,
        )
    return exposure.days_watched(periods, *span)


def _show(assessment: Assessment, asked: _Request) -> None:
    """Show the answer and a table of groups on standard output, what must be known beside them on standard error."""
    from detente.encounters.risk import wording  # noqa: PLC0415

    whole = assessment.groups[0]
    terminal.result(wording.answer(whole.trend))
    head = (
        say("group"),
        say("events"),
        wording.unit_name(assessment.exposure.unit),
        say("trend"),
        say("change over the time"),
    )
    brief = sys.stdout.isatty()
    shown = assessment.groups[:_GROUPS_SHOWN] if brief else assessment.groups
    rows = [
        (
            terminal.visible(wording.group_name(group)),
            words.number(group.rate.events),
            wording.rate_text(group.rate, assessment.exposure.unit),
            wording.verdict_name(group.trend.verdict),
            wording.factor_text(group.trend),
        )
        for group in shown
    ]
    terminal.table(head, rows, numeric=(False, True, True, False, True))
    for line in _extreme_lines(assessment):
        terminal.result(line)
    for line in _notes(assessment, asked, len(shown)):
        terminal.note(line)


def _extreme_lines(assessment: Assessment) -> list[str]:
    from detente.encounters.risk import wording  # noqa: PLC0415

    found = assessment.groups[0].extremes
    if found.why:
        return [wording.why_no_extreme(found)]
    return [wording.level_line(level) for level in found.levels] + [wording.below_line(b) for b in found.below]


def _notes(assessment: Assessment, asked: _Request, shown: int) -> Sequence[str]:
    from detente.encounters.risk import wording  # noqa: PLC0415
    from detente.encounters.risk.happenings import REJECTIONS  # noqa: PLC0415

    read = assessment.read
    lines = []
    if shown < len(assessment.groups):
        lines.append(
            say(
                "{shown} of {count} groups are shown; --json and --report have all",
                shown=shown,
                count=len(assessment.groups),
            )
        )
    lines.append(
        say(
            "rows: {rows}, events: {events}, further passes of an event: {joined}",
            rows=words.number(read.rows),
            events=words.number(assessment.events),
            joined=words.number(assessment.joined),
        )
    )
    lines += [
        say("  rejected: {count}: {reason}", count=words.number(count), reason=REJECTIONS[code]())
        for code, count in sorted(read.rejected.items())
    ]
    lines += wording.cautions(assessment)
    if asked.report is not None:
        lines.append(say("written: {file}", file=terminal.visible(str(asked.report))))
    return lines


RISK = _Risk()
"""What the door loads for ``detente risk``."""
