"""What the verb ``encounters`` was asked for, checked in full before any file is read."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from detente import words
from detente.door.errors import ArgumentMistake
from detente.encounters.errors import at_most
from detente.encounters.report import check_report
from detente.encounters.searching import BOUNDS
from detente.encounters.sides import Sides
from detente.encounters.sides_file import read_sides
from detente.encounters.writing import check_target
from detente.notices.moments import format_moment, parse_moment
from detente.notices.places import Box, parse_box
from detente.notices.quantities import parse_distance_m, parse_duration_s

__all__ = ["GAP_MAX_S", "Request", "add_options", "check_targets", "period", "request"]

say = words.speaker("encounters")

_STANDARD_INPUT = "-"
GAP_MAX_S = 30 * 86_400.0


@dataclass(frozen=True, slots=True)
class Request:
    """One checked request; limits in metres and seconds, moments in UTC, ``sides_file`` "" without sides."""

    files: tuple[str, ...]
    within_m: float
    vertical_m: float
    max_gap_s: float
    between: str
    sides: Sides | None
    sides_file: str
    start: datetime | None
    end: datetime | None
    area: Box | None
    keep_moored: bool
    clean: bool
    out: Path | None
    report: Path | None

    def as_dict(self) -> dict[str, object]:
        """Return the definition in force for ``--json``."""
        box = self.area
        return {
            "within_m": self.within_m,
            "vertical_m": self.vertical_m,
            "max_gap_s": self.max_gap_s,
            "between": self.between,
            "sides": None
            if self.sides is None
            else {"file": self.sides_file, "names": list(self.sides.names), "rivals": _rivals(self.sides)},
            "from": format_moment(self.start) if self.start else None,
            "to": format_moment(self.end) if self.end else None,
            "area": [box.west_deg, box.south_deg, box.east_deg, box.north_deg] if box else None,
            "keep_moored": self.keep_moored,
            "clean": self.clean,
        }


def _rivals(sides: Sides) -> list[list[str]]:
    names = sides.names
    return [
        [one, other]
        for place, one in enumerate(names)
        for other in names[place + 1 :]
        if sides.rivals(one, other)
    ]


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that say what counts as an encounter and where results go, each with its default."""
    parser.add_argument(
        "--sides", metavar="SIDES.toml", help=say("file that says who belongs to which side (docs/sides.md)")
    )
    parser.add_argument(
        "--between",
        choices=("rivals", "all"),
        help=say("which pairs: rivals (movers of rival sides; default with --sides) or all (default without)"),
    )
    parser.add_argument(
        "--within",
        metavar=say("DISTANCE"),
        help=say("horizontal limit, for example 500m or 0.5nm (default: {default})", default="500m"),
    )
    parser.add_argument(
        "--vertical",
        metavar=say("DISTANCE"),
        help=say("vertical limit where both have a height (default: {default})", default="1000ft"),
    )
    parser.add_argument(
        "--max-gap",
        default="180s",
        metavar=say("DURATION"),
        help=say(
            "longest time between two fixes that motion is assumed over (default: {default})", default="180s"
        ),
    )
    parser.add_argument(
        "--from", dest="moment_from", metavar=say("T"), help=say("leave out what was before this time")
    )
    parser.add_argument(
        "--to", dest="moment_to", metavar=say("T"), help=say("leave out what was after this time")
    )
    parser.add_argument(
        "--area", metavar="W,S,E,N", help=say("only in this area: west,south,east,north in degrees")
    )
    parser.add_argument(
        "--keep-moored",
        action="store_true",
        help=say("list moored and anchored neighbours too (default: they are counted, not listed)"),
    )
    _add_area_options(parser)
    parser.add_argument(
        "--out",
        metavar=say("FILE"),
        help=say("write all encounters, or all visits; the ending chooses: .parquet, .csv, .geojson, .kml"),
    )
    parser.add_argument(
        "--report",
        metavar="FILE.html",
        help=say("write a page with map, drawings and table that needs no network"),
    )


def _add_area_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--areas",
        metavar="AREAS.geojson",
        help=say("find who was in these announced areas while they were active, in the place of pairs"),
    )
    parser.add_argument(
        "--margin",
        metavar=say("DISTANCE"),
        help=say("with --areas: how near an area counts too, for example 2nm (default: 0, only inside)"),
    )
    parser.add_argument(
        "--unvisited",
        metavar=say("FILE"),
        help=say("with --areas: write the active times in which nobody was seen there: .csv or .parquet"),
    )


def request(arguments: argparse.Namespace, *, clean: bool) -> Request:
    """Return the checked request.

    Raises ValueMistake, SidesMistake, OutputMistake or ArgumentMistake, each naming its option, and OSError when
    the sides file cannot be opened.
    """
    for option in ("margin", "unvisited"):
        if getattr(arguments, option) is not None:
            raise ArgumentMistake(
                expected=say("--areas AREAS.geojson with it"),
                came=say("no --areas"),
                where=f"--{option}",
                remedy=say("add the file of areas, or leave the option out"),
            )
    most_m = BOUNDS["within_m"][1]
    within_m = at_most(most_m, parse_distance_m(arguments.within or "500m", where="--within"), "m", "--within")
    vertical_m = at_most(
        1e6, parse_distance_m(arguments.vertical or "1000ft", where="--vertical"), "m", "--vertical"
    )
    max_gap_s = at_most(GAP_MAX_S, parse_duration_s(arguments.max_gap, where="--max-gap"), "s", "--max-gap")
    start, end = period(arguments)
    area = parse_box(arguments.area, where="--area") if arguments.area is not None else None
    out = check_target(Path(arguments.out)) if arguments.out is not None else None
    report = Path(arguments.report) if arguments.report is not None else None
    if report is not None:
        check_report(report)
    check_targets({"--out": out, "--report": report}, arguments.files)
    between = arguments.between or ("rivals" if arguments.sides is not None else "all")
    if between == "rivals" and arguments.sides is None:
        raise ArgumentMistake(
            expected=say("a sides file with --between rivals"),
            came=say("no --sides"),
            where="--between",
            remedy=say("add --sides SIDES.toml, or look for --between all"),
        )
    sides = read_sides(Path(arguments.sides)) if arguments.sides is not None else None
    if between == "rivals" and sides is not None and not _rivals(sides):
        raise ArgumentMistake(
            expected=say("a sides file with at least two rival sides"),
            came=say("only {names}", names=", ".join(sides.names)),
            where=arguments.sides,
            remedy=say("add a side, or look for --between all"),
        )
    return Request(
        files=tuple(arguments.files),
        within_m=within_m,
        vertical_m=vertical_m,
        max_gap_s=max_gap_s,
        between=between,
        sides=sides,
        sides_file=arguments.sides or "",
        start=start,
        end=end,
        area=area,
        keep_moored=arguments.keep_moored,
        clean=clean,
        out=out,
        report=report,
    )


def period(arguments: argparse.Namespace) -> tuple[datetime | None, datetime | None]:
    """Return --from and --to; raises ValueMistake and ArgumentMistake."""
    start = parse_moment(arguments.moment_from, where="--from") if arguments.moment_from else None
    end = parse_moment(arguments.moment_to, where="--to") if arguments.moment_to else None
    if start and end and not start < end:
        raise ArgumentMistake(
            expected=say("a time after --from"),
            came=format_moment(end),
            where="--to",
            remedy=say("exchange --from and --to, or correct one of them"),
        )
    return start, end


def check_targets(targets: dict[str, Path | None], files: Sequence[str]) -> None:
    """Refuse targets whose folder is missing, or that would overwrite an input or each other."""
    taken = {Path(name).resolve() for name in files if name != _STANDARD_INPUT}
    for option, target in targets.items():
        if target is None:
            continue
        if not target.parent.is_dir():
            raise ArgumentMistake(
                expected=say("a file in a folder that exists"),
                came=str(target),
                where=option,
                remedy=say("make the folder first: {folder}", folder=str(target.parent)),
            )
        if target.resolve() in taken:
            raise ArgumentMistake(
                expected=say("a file that is neither an input nor another output"),
                came=str(target),
                where=option,
                remedy=say("choose another name"),
            )
        taken.add(target.resolve())
