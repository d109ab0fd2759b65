"""The verb ``transparency``: a record in, figures that either side can recompute out."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from detente import words
from detente.door import terminal
from detente.door.files import writing
from detente.notices.filed import Filed
from detente.notices.moments import parse_moment
from detente.rules import shelf
from detente.rules.area_times import AreaTime, Visit, area_times, read_visits
from detente.rules.contacts_command import read_text
from detente.rules.errors import RequestMistake
from detente.rules.evaluating import evaluate
from detente.rules.figures import (
    Figures,
    acknowledged,
    answered,
    changed_after_start,
    declared,
    incidents,
    leads,
    told_in_time,
)
from detente.rules.files import standing_now
from detente.rules.happenings import Happening, happenings_of
from detente.rules.procedures import progresses
from detente.rules.reading import facts_of_record
from detente.rules.transparency_document import Availability, figure_rows, figures_document

__all__ = ["add_options", "describe", "examples", "figures_of", "show_transparency"]

say = words.speaker("rules")

Period = tuple[datetime | None, datetime | None]


@dataclass(frozen=True, slots=True)
class _Asked:
    """What the options ask for, checked."""

    period: Period
    visits: list[Visit] | None
    report: Path | None
    is_json: bool


def describe() -> str:
    """Return the paragraph of ``--help``."""
    return say(
        "How open a record is, in figures that either side can recompute: what was told in time, lead\n"
        "times against the norms by authority, what was acknowledged and how fast, answers on time,\n"
        "corrections after the start, declared against observed and reported, announced area and time\n"
        "against activity seen, incidents a year. Each share stands with its exact interval."
    )


def examples() -> str:
    """Return lines that a reader can paste."""
    return (
        "  detente transparency examples/notices/*.toml\n"
        "  detente transparency areas.geojson --report lead-time.html\n"
        "  detente transparency areas.geojson --seen visits.csv --json\n"
        "  detente transparency *.toml incidents.csv --from 2014-01-01 --to 2019-01-01"
    )


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that say which time and where the figures go."""
    parser.add_argument("--from", dest="moment_from", metavar="T", help=say("only what was told from then on"))
    parser.add_argument("--to", dest="moment_to", metavar="T", help=say("only what was told before then"))
    parser.add_argument(
        "--seen",
        metavar="VISITS.csv",
        help=say("who was seen in the areas, as encounters --areas --out writes it"),
    )
    parser.add_argument("--report", metavar="FILE.html", type=Path, help=say("write the figures as a page"))


def show_transparency(
    filed: list[Filed],
    listed: list[Happening],
    availability: tuple[Availability, ...],
    arguments: argparse.Namespace,
) -> int:
    """Compute and show the figures of a record; listed: incidents of lists; returns the exit code."""
    asked = _asked(arguments)
    within = [one for one in filed if _is_within(one, asked.period)]
    figures = figures_of(within, listed, asked.period)
    areas = area_times(standing_now(within)[0], asked.visits)
    if asked.report is not None:
        from detente.rules.transparency_page import transparency_page  # noqa: PLC0415 - only this option pays for it

        with writing(asked.report) as temporary:
            temporary.write_text(transparency_page(figures, areas, availability), encoding="utf-8")
        terminal.note(say("written: {file}", file=terminal.visible(str(asked.report))))
    if asked.is_json:
        terminal.result_json(figures_document(figures, areas, availability))
    else:
        _show(figures, areas, availability)
    return 0


def figures_of(filed: list[Filed], listed: list[Happening], period: Period = (None, None)) -> Figures:
    """Return the figures of a record's notices, all of them and as told, and of listed incidents."""
    standing, _ = standing_now(filed)
    plans = facts_of_record(standing)
    agreements = [shelf.agreement(name) for name in shelf.names()]
    judged = evaluate(plans, agreements, now=period[1])
    moments = [one.told.author_clock for one in filed if one.told is not None]
    start, end = period
    covered = (start, end) if start is not None and end is not None else None
    return Figures(
        notices=len(filed),
        first=min(moments, default=None),
        last=max(moments, default=None),
        told=told_in_time(plans, judged),
        leads=leads(plans, judged),
        acknowledged=acknowledged(filed),
        answers=answered(progresses(plans, agreements, now=period[1]), agreements),
        # of all that was told: what stands no more was changed too
        changed=changed_after_start(filed, facts_of_record(filed)),
        declared=declared(standing),
        incidents=incidents(
            [one for one in (*happenings_of(standing), *listed) if _happened_within(one, period)], covered=covered
        ),
    )


def _asked(arguments: argparse.Namespace) -> _Asked:
    start = parse_moment(arguments.moment_from, where="--from") if arguments.moment_from else None
    end = parse_moment(arguments.moment_to, where="--to") if arguments.moment_to else None
    if start is not None and end is not None and start >= end:
        raise RequestMistake(
            expected=say("a time after --from"),
            came=arguments.moment_to,
            where="--to",
            remedy=say("exchange --from and --to, or correct one of them"),
        )
    visits = read_visits(read_text(arguments.seen), where=arguments.seen) if arguments.seen else None
    return _Asked((start, end), visits, arguments.report, arguments.json)


def _is_within(one: Filed, period: Period) -> bool:
    if one.told is None:
        return True
    told = one.told.not_before or one.told.author_clock
    start, end = period
    return (start is None or told >= start) and (end is None or told < end)


def _happened_within(one: Happening, period: Period) -> bool:
    start, end = period
    return (start is None or one.at.earliest >= start) and (end is None or one.at.earliest < end)


def _show(figures: Figures, areas: tuple[AreaTime, ...], availability: tuple[Availability, ...]) -> None:
    rows = figure_rows(figures, areas, availability)
    if rows:
        terminal.table((say("figure"), say("of"), say("value"), say("remark")), rows)
    else:
        terminal.note(say("nothing that a figure could be made of"))
    terminal.note(
        say.many(
            "{count} notice; shares with their exact interval of 95 %; --json names the entries behind each",
            "{count} notices; shares with their exact interval of 95 %; --json names the entries behind each",
            count=figures.notices,
        )
    )
