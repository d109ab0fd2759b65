"""What the verb ``encounters --areas`` was asked for, checked in full before any track is read."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from detente import words
from detente.door.errors import ArgumentMistake
from detente.encounters.announced import Areas, read_areas
from detente.encounters.encounters_request import GAP_MAX_S, check_targets, period
from detente.encounters.errors import AreaMistake, at_most
from detente.encounters.left_out import left_out_lines
from detente.encounters.report import check_report
from detente.encounters.sides import Sides
from detente.encounters.sides_file import read_sides
from detente.encounters.visiting import MARGIN_MAX_M
from detente.encounters.writing import TABLE_SUFFIXES, check_target
from detente.notices.moments import format_moment
from detente.notices.quantities import parse_distance_m, parse_duration_s

__all__ = ["VisitsRequest", "areas_of", "margin_of", "visits_request"]

say = words.speaker("encounters")

_OF_PAIRS = ("within", "vertical", "between", "area", "keep_moored")


@dataclass(frozen=True, slots=True)
class VisitsRequest:
    """One checked request: metres and seconds, moments in UTC, ``sides_file`` "" without sides."""

    files: tuple[str, ...]
    areas_file: str
    areas: Areas
    margin_m: float
    max_gap_s: float
    sides: Sides | None
    sides_file: str
    start: datetime | None
    end: datetime | None
    clean: bool
    out: Path | None
    unvisited: Path | None
    report: Path | None

    def as_dict(self) -> dict[str, object]:
        """Return the definition in force for ``--json``."""
        return {
            "areas": self.areas_file,
            "margin_m": self.margin_m,
            "max_gap_s": self.max_gap_s,
            "sides": None if self.sides is None else {"file": self.sides_file, "names": list(self.sides.names)},
            "from": format_moment(self.start) if self.start else None,
            "to": format_moment(self.end) if self.end else None,
            "clean": self.clean,
        }


def visits_request(arguments: argparse.Namespace, *, clean: bool) -> VisitsRequest:
    """Return the checked request; raises errors that name their option or file, and OSError."""
    for name in _OF_PAIRS:
        if getattr(arguments, name):
            raise ArgumentMistake(
                expected=say("--areas without options that only concern pairs"),
                came=say("both"),
                where="--" + name.replace("_", "-"),
                remedy=say(
                    "leave it out: with --areas visits are found, not pairs; --margin says how near counts"
                ),
            )
    start, end = period(arguments)
    out = check_target(Path(arguments.out)) if arguments.out is not None else None
    unvisited = (
        check_target(Path(arguments.unvisited), suffixes=TABLE_SUFFIXES, where="--unvisited")
        if arguments.unvisited is not None
        else None
    )
    report = Path(arguments.report) if arguments.report is not None else None
    if report is not None:
        check_report(report)
    inputs = [*arguments.files, arguments.areas]
    check_targets({"--out": out, "--unvisited": unvisited, "--report": report}, inputs)
    return VisitsRequest(
        files=tuple(arguments.files),
        areas_file=arguments.areas,
        margin_m=margin_of(arguments),
        max_gap_s=at_most(GAP_MAX_S, parse_duration_s(arguments.max_gap, where="--max-gap"), "s", "--max-gap"),
        areas=areas_of(arguments.areas),
        sides=read_sides(Path(arguments.sides)) if arguments.sides is not None else None,
        sides_file=arguments.sides or "",
        start=start,
        end=end,
        clean=clean,
        out=out,
        unvisited=unvisited,
        report=report,
    )


def margin_of(arguments: argparse.Namespace) -> float:
    """Return --margin in metres, 0 without one; raises ValueMistake and ArgumentMistake."""
    if arguments.margin is None:
        return 0.0
    if arguments.margin.strip().lower() in {"0", "0m", "0nm", "0km", "0ft"}:
        return 0.0
    return at_most(MARGIN_MAX_M, parse_distance_m(arguments.margin, where="--margin"), "m", "--margin")


def areas_of(name: str) -> Areas:
    """Return the areas of a file; raises AreaMistake, also when none of them can be searched, and OSError."""
    areas = read_areas(Path(name))
    if not areas.searched:
        raise AreaMistake(
            expected=say("at least one area that can be searched"),
            came="; ".join(left_out_lines(areas.left_out)) or say("no area at all"),
            where=name,
            remedy=say("an area needs an extent and a time: see docs/danger-areas.md"),
        )
    return areas
