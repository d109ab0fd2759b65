"""The verb ``predict``: one picture of positions in, who will come too close to whom out."""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from detente import __version__, words
from detente.door import terminal
from detente.door.errors import ArgumentMistake
from detente.encounters.errors import at_most
from detente.encounters.forecast_command import forecast_and_show, table_target
from detente.encounters.sides import Sides
from detente.encounters.sides_file import read_sides
from detente.encounters.states import HORIZON_MAX_S, VERTICAL_MAX_M, WITHIN_MAX_M, read_states
from detente.encounters.well_clear import VOLUMES
from detente.encounters.writing import write
from detente.notices.quantities import FOOT_M, parse_distance_m, parse_duration_s

__all__ = ["PREDICT"]

say = words.speaker("encounters")


@dataclass(frozen=True, slots=True)
class _Request:
    """What was asked for, checked before the picture is read."""

    horizon_s: float
    within_m: float
    vertical_m: float
    well_clear: str | None
    sides: Sides | None
    between: str
    out: Path | None


class _Predict:
    """The verb ``predict``."""

    def describe(self) -> str:
        """Return the paragraph of ``--help``."""
        return say(
            "Tells who will come too close to whom if nobody turns, from one picture of positions. STATES.csv\n"
            "has one line a mover and the columns id, lat, lon (degrees), altitude_ft, speed_kn, course_deg,\n"
            "vertical_fpm, and if known kind (ship: at sea level) and military. An empty altitude or vertical\n"
            "rate means unknown: then only the horizontal distance is judged. - reads standard input.\n"
            "\n"
            "With --areas it tells who is or will be inside an announced danger area, or within --margin of it,\n"
            "while it is active. That needs the moment of the picture: --at, or a column time."
        )

    def examples(self) -> str:
        """Return lines that a reader can paste."""
        return "\n".join(  # noqa: FLY002 - one example a line
            (
                "  detente predict states.csv",
                "  detente predict states.csv --horizon 20min --within 2nm --vertical 1000ft --out pairs.csv",
                "  detente predict states.csv --well-clear do365-phase1 --sides sides.toml --json",
                "  cat states.csv | detente predict - --json",
                "  detente predict states.csv --areas areas.geojson --at 2018-04-04T06:00Z --horizon 30min",
            )
        )

    def configure(self, parser: argparse.ArgumentParser) -> None:
        """Add the verb's arguments."""
        parser.add_argument("states", metavar="STATES.csv", help=say("picture of positions; - is standard input"))
        parser.add_argument(
            "--horizon",
            metavar=say("TIME"),
            help=say("how far ahead to look (600s, 10min); 600s when not given, 30min with --areas"),
        )
        parser.add_argument(
            "--within", metavar=say("DISTANCE"), help=say("horizontal limit (5nm, 500m); 5nm when not given")
        )
        parser.add_argument(
            "--vertical", metavar=say("HEIGHT"), help=say("vertical limit (1000ft, 300m); 1000ft when not given")
        )
        parser.add_argument(
            "--well-clear",
            choices=tuple(VOLUMES),
            help=say("a well-clear volume of RTCA DO-365 in the place of --within and --vertical"),
        )
        parser.add_argument("--sides", metavar="SIDES.toml", help=say("who belongs to which side"))
        parser.add_argument(
            "--between",
            choices=("rivals", "all"),
            help=say("pairs of rival sides (the default with --sides), or all pairs"),
        )
        parser.add_argument(
            "--areas",
            metavar="AREAS.geojson",
            help=say("tell who is or will be in these announced areas, in the place of pairs"),
        )
        parser.add_argument(
            "--margin",
            metavar=say("DISTANCE"),
            help=say("with --areas: how near an area counts too, for example 2nm (default: 0, only inside)"),
        )
        parser.add_argument(
            "--at",
            metavar=say("T"),
            help=say("with --areas: the moment of the picture, when no column time says it"),
        )
        parser.add_argument(
            "--out", metavar=say("FILE"), help=say("write all pairs there: .parquet or .csv, by its ending")
        )

    def run(self, arguments: argparse.Namespace) -> int:
        """Read, predict, write, show; 0 when done."""
        if arguments.areas is not None:
            return forecast_and_show(arguments)
        asked = _request(arguments)
        picture = read_states(arguments.states)
        _load_kernels()
        from detente.encounters.prediction import predict  # noqa: PLC0415 - after the person was told

        found = predict(
            picture,
            horizon_s=asked.horizon_s,
            within_m=asked.within_m,
            vertical_m=asked.vertical_m,
            well_clear=asked.well_clear,
            sides=asked.sides,
            between="rivals" if asked.between == "rivals" else "all",
        )
        if asked.out is not None:
            write(found, asked.out)
        if arguments.json:
            terminal.result_json(_document(asked, picture.height, found))
        else:
            _show(asked, picture.height, found)
        return 0


def _load_kernels() -> None:
    from detente.encounters.compiled import PREDICTING, compile_kernels  # noqa: PLC0415 - imports Numba

    compile_kernels(terminal.note, modules=PREDICTING)


def _request(arguments: argparse.Namespace) -> _Request:
    """Return the checked request; raises errors that name their option."""
    for option in ("margin", "at"):
        if getattr(arguments, option) is not None:
            raise ArgumentMistake(
                expected=say("--areas AREAS.geojson with it"),
                came=say("no --areas"),
                where=f"--{option}",
                remedy=say("add the file of areas, or leave the option out"),
            )
    if arguments.well_clear is not None and (arguments.within is not None or arguments.vertical is not None):
        raise ArgumentMistake(
            expected=say("--well-clear, or --within and --vertical"),
            came=say("both"),
            where="--well-clear",
            remedy=say("leave one out: a well-clear volume brings its own limits"),
        )
    if arguments.between == "rivals" and arguments.sides is None:
        raise ArgumentMistake(
            expected=say("a sides file with --between rivals"),
            came=say("no --sides"),
            where="--between",
            remedy=say("add --sides SIDES.toml, or look for --between all"),
        )
    return _Request(
        horizon_s=at_most(
            HORIZON_MAX_S, parse_duration_s(arguments.horizon or "600s", where="--horizon"), "s", "--horizon"
        ),
        within_m=at_most(
            WITHIN_MAX_M, parse_distance_m(arguments.within or "5nm", where="--within"), "m", "--within"
        ),
        vertical_m=at_most(
            VERTICAL_MAX_M,
            parse_distance_m(arguments.vertical or "1000ft", where="--vertical"),
            "m",
            "--vertical",
        ),
        well_clear=arguments.well_clear,
        sides=read_sides(Path(arguments.sides)) if arguments.sides is not None else None,
        between=arguments.between or ("all" if arguments.sides is None else "rivals"),
        out=table_target(arguments),
    )


def _document(asked: _Request, movers: int, found: pl.DataFrame) -> dict[str, object]:
    volume = VOLUMES[asked.well_clear] if asked.well_clear is not None else None
    limits: dict[str, object] = {"horizon_s": asked.horizon_s, "between": asked.between}
    if volume is None:
        limits |= {"within_m": asked.within_m, "vertical_m": asked.vertical_m}
    else:
        limits |= {
            "well_clear": asked.well_clear,
            "distance_m": volume.distance_m,
            "tau_mod_s": volume.tau_mod_s,
            "vertical_m": volume.vertical_m,
        }
    return {
        "detente": __version__,
        "limits": limits,
        "counts": {"movers": movers, "pairs": found.height, "inside_now": int(found["inside_now"].sum())},
        "written": str(asked.out) if asked.out is not None else None,
        "pairs": found.to_dicts(),
    }


_ROWS_SHOWN = 40


def _show(asked: _Request, movers: int, found: pl.DataFrame) -> None:
    """Show a table sorted by entry on standard output; what it means on standard error."""
    head = (
        say("a"),
        say("b"),
        say("enters in s"),
        say("closest in s"),
        say("leaves in s"),
        say("distance m"),
        say("vertical ft"),
        say("severity"),
    )
    # a pipe gets every row: whoever cuts it does so knowingly
    shown = found.head(_ROWS_SHOWN) if sys.stdout.isatty() else found
    rows = [_row(row) for row in shown.iter_rows(named=True)]
    if rows:
        terminal.table(head, rows, numeric=(False, False, *[True] * 6))
    terminal.note(
        say.many(
            "{count} pair of {movers} movers comes within the limits in the next {horizon} s if nobody turns",
            "{count} pairs of {movers} movers come within the limits in the next {horizon} s if nobody turns",
            count=found.height,
            movers=movers,
            horizon=f"{asked.horizon_s:g}",
        )
    )
    if shown.height < found.height:
        terminal.note(say("the first {shown} are shown; --out writes all", shown=shown.height))
    if asked.out is not None:
        terminal.note(say("written: {file}", file=terminal.visible(str(asked.out))))


def _row(row: dict[str, object]) -> tuple[str, ...]:
    def side(name: str) -> str:
        return f"{row[name]} ({row[f'side_{name}']})" if row[f"side_{name}"] else str(row[name])

    def number(name: str, digits: int, unit: float = 1.0) -> str:
        value = row[name]
        return f"{value / unit:.{digits}f}" if isinstance(value, float) else ""

    return (
        side("a"),
        side("b"),
        number("entry_s", 1),
        number("closest_s", 1),
        number("exit_s", 1),
        number("distance_m", 0),
        number("vertical_m", 0, FOOT_M),
        number("severity", 2),
    )


PREDICT = _Predict()
"""What the door loads for ``detente predict``."""
