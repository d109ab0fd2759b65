"""What the verb ``watch`` was asked for, checked in full before anything is connected to."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from importlib import import_module
from pathlib import Path
from typing import Any, TypeVar

from detente import words
from detente.door.errors import ArgumentMistake
from detente.encounters.announced import Announced, read_areas
from detente.encounters.errors import at_most
from detente.encounters.searching import BOUNDS
from detente.encounters.sides import Sides
from detente.encounters.sides_file import read_sides
from detente.notices.quantities import parse_distance_m, parse_duration_s
from detente.watch.batches import Feed
from detente.watch.desk_address import DeskAddress, parse_desk
from detente.watch.feeds.address import parse_feed
from detente.watch.feeds.running import Finite
from detente.watch.limits import DEFAULTS, Limits, read_limits
from detente.watch.outputs.telling import Output, Outputs
from detente.watch.withheld import Withheld

__all__ = ["FEEDS_MAX", "RETAIN_DEFAULT", "Author", "Request", "add_options", "request"]

say = words.speaker("watch")

FEEDS_MAX = 64
"""Feeds of one watch."""
AREAS_MAX = 5_000
"""Announced areas of one watch."""
HORIZON_S_MAX = 7_200.0
"""The farthest that a watch looks ahead, in seconds: beyond it nobody keeps course and speed."""
RETAIN_DEFAULT = "30d"
_RETAIN_S_MAX = 3_660 * 86_400.0
_FOR_S_MAX = 366 * 86_400.0
_GAP_S_MAX = 86_400.0
_FOREVER = "forever"
_WITHIN_M, _VERTICAL_M, _MAX_GAP = 500.0, 304.8, "180s"
Made = TypeVar("Made")


@dataclass(frozen=True, slots=True)
class Author:
    """Who speaks in a draft: the member of the line, as a notice names it. state: two letters, "" for an alliance."""

    id: str
    name: str
    state: str = ""

    def party(self) -> Mapping[str, Any]:
        """Return it as the form of a notice has it."""
        return {"id": self.id, "name": self.name, **({"state": self.state} if self.state else {})}


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One checked request; metres and seconds. own: name of our side, "" when nobody is ours."""

    feeds: tuple[Feed, ...]
    sides: Sides | None
    sides_file: Path | None
    own: str
    areas: tuple[Announced, ...]
    areas_left_out: Mapping[str, int]
    limits: Limits
    horizon_s: float | None
    within_m: float
    vertical_m: float
    max_gap_s: float
    keep_moored: bool
    desk: DeskAddress | None
    token_file: Path | None
    line: str
    author: Author | None
    withheld: Withheld
    spool: Path | None
    record: Path | None
    retain: timedelta | None
    outputs: Outputs | None
    for_s: float | None
    until_end: bool
    as_json: bool

    @property
    def is_replay(self) -> bool:
        """Whether an archive is played, whose clock leads then."""
        return any(isinstance(one, Finite) for one in self.feeds)


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add what the verb takes."""
    parser.add_argument(
        "--feed",
        action="append",
        required=True,
        metavar=say("ADDRESS"),
        help=say(
            "a source of positions, such as ais-tcp://host:port or replay:FILE@10x; repeat it (docs/feeds.md)"
        ),
    )
    _add_judging(parser)
    _add_desk(parser)
    _add_outputs(parser)
    parser.add_argument(
        "--for", dest="for_time", metavar=say("DURATION"), help=say("end after this time, such as 8h")
    )
    parser.add_argument("--until-end", action="store_true", help=say("end when every replay has come to its end"))


def _add_judging(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group(say("what is watched for"))
    group.add_argument(
        "--sides", metavar="SIDES.toml", help=say("file that says who belongs to which side (docs/sides.md)")
    )
    group.add_argument("--own", metavar=say("SIDE"), default="", help=say("which of its sides is ours"))
    group.add_argument(
        "--areas",
        nargs="+",
        action="extend",
        default=[],
        metavar="AREAS.geojson",
        help=say("announced danger areas"),
    )
    group.add_argument(
        "--limits", metavar="LIMITS.toml", help=say("from what distance on it warns (docs/watch.md)")
    )
    group.add_argument(
        "--horizon", metavar=say("DURATION"), help=say("look ahead no farther than this, such as 10min")
    )
    group.add_argument(
        "--within",
        metavar=say("DISTANCE"),
        help=say(
            "horizontal limit of finished encounters (default: {default}, or what was agreed)", default="500m"
        ),
    )
    group.add_argument(
        "--vertical",
        metavar=say("DISTANCE"),
        help=say("vertical limit where both have a height (default: {default})", default="1000ft"),
    )
    group.add_argument(
        "--max-gap",
        default=_MAX_GAP,
        metavar=say("DURATION"),
        help=say(
            "longest time between two fixes that motion is assumed over (default: {default})", default=_MAX_GAP
        ),
    )
    group.add_argument(
        "--keep-moored", action="store_true", help=say("list finished encounters of moored neighbours too")
    )


def _add_desk(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group(say("the desk"))
    group.add_argument("--desk", metavar="URL", help=say("post what is seen to this desk: https://HOST:PORT"))
    group.add_argument(
        "--desk-ca", metavar="CA.pem", help=say("the authority that signed the desk's certificate")
    )
    group.add_argument(
        "--token-file", metavar=say("FILE"), help=say("the machine's token, in a file that only its owner reads")
    )
    group.add_argument(
        "--line", metavar="NAME", default="", help=say("draft incidents beyond the agreed limits for this line")
    )
    group.add_argument(
        "--author",
        metavar="ID[,NAME[,STATE]]",
        help=say("who speaks in a draft: the member of the line (default: the name of --own)"),
    )
    group.add_argument(
        "--withheld",
        metavar=say("FILE"),
        help=say("ids, names and call signs that no draft may name, one a line: those of humanitarian notices"),
    )
    group.add_argument("--spool", metavar=say("FOLDER"), help=say("where drafts wait while the desk is away"))


def _add_outputs(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group(say("what leaves it"))
    group.add_argument("--record", metavar=say("FOLDER"), help=say("write what comes as hourly Parquet"))
    group.add_argument(
        "--retain",
        default=RETAIN_DEFAULT,
        metavar=say("DURATION"),
        help=say(
            "with --record: remove what is older (default: {default}; forever keeps all)", default=RETAIN_DEFAULT
        ),
    )
    group.add_argument(
        "--cot-out",
        action="append",
        default=[],
        metavar="tls://HOST:PORT",
        help=say("tell alarms, areas and the own side as Cursor-on-Target"),
    )
    group.add_argument(
        "--signalk-out",
        action="append",
        default=[],
        metavar="signalk+wss://HOST",
        help=say("tell alarms to Signal K"),
    )
    group.add_argument(
        "--webhook", action="append", default=[], metavar="URL", help=say("post alarms to this address")
    )


def request(arguments: argparse.Namespace) -> Request:
    """Return the checked request.

    Raises WatchMistake, SidesMistake, AreaMistake, ArgumentMistake or QuantityMistake, each naming its option, and
    OSError when a file cannot be opened.
    """
    feeds = _feeds(arguments.feed)
    sides_file = _optional(Path, arguments.sides)
    sides = _optional(read_sides, sides_file)
    own = _own(arguments.own, sides)
    areas, left_out = _areas([Path(name) for name in arguments.areas])
    limits = DEFAULTS if arguments.limits is None else read_limits(Path(arguments.limits))
    within_m, vertical_m = _search_limits(arguments, limits)
    desk, token_file = _desk(arguments)
    if arguments.line and not own:
        raise _mistake("--line", say("--sides and --own with it"), say("no --own"), say("say which side is ours"))
    author = _author(arguments, own) if arguments.line else None
    return Request(
        feeds=feeds,
        sides=sides,
        sides_file=sides_file,
        own=own,
        areas=areas,
        areas_left_out=left_out,
        limits=limits,
        horizon_s=_duration(arguments.horizon, "--horizon", HORIZON_S_MAX),
        within_m=within_m,
        vertical_m=vertical_m,
        max_gap_s=at_most(_GAP_S_MAX, parse_duration_s(arguments.max_gap, where="--max-gap"), "s", "--max-gap"),
        keep_moored=arguments.keep_moored,
        desk=desk,
        token_file=token_file,
        line=arguments.line,
        author=author,
        withheld=Withheld(_optional(Path, arguments.withheld)),
        spool=_spool(arguments) if desk is not None else None,
        record=_optional(Path, arguments.record),
        retain=_retain(arguments.retain),
        outputs=_outputs(arguments, own),
        for_s=_duration(arguments.for_time, "--for", _FOR_S_MAX),
        until_end=arguments.until_end,
        as_json=arguments.json,
    )


def _feeds(texts: Sequence[str]) -> tuple[Feed, ...]:
    """Return the feeds; a replay stands alone, for it has a clock of its own."""
    if len(texts) > FEEDS_MAX:
        raise _mistake("--feed", say("at most {most} feeds", most=FEEDS_MAX), str(len(texts)), "")
    feeds = tuple(parse_feed(text) for text in texts)
    names = [one.name for one in feeds]
    for name in names:
        if names.count(name) > 1:
            raise _mistake(
                "--feed", say("a name of its own for each feed"), name, say("give one of them another: name=...")
            )
    if len(feeds) > 1 and any(isinstance(one, Finite) for one in feeds):
        raise _mistake(
            "--feed",
            say("a replay alone: it has a clock of its own"),
            say("{count} feeds", count=len(feeds)),
            say("put the files into one first: detente tracks FILES --no-clean --out both.parquet"),
        )
    return feeds


def _outputs(arguments: argparse.Namespace, own: str) -> Outputs | None:
    """Return the systems that are told of alarms; what speaks to them is loaded only where one is named."""
    found: list[Output] = []
    for option, kind in (("cot_out", "cursor_on_target"), ("signalk_out", "signalk"), ("webhook", "webhook")):
        addresses: list[str] = getattr(arguments, option)
        if addresses:
            output_of = import_module(f"detente.watch.outputs.{kind}").output_of
            found.extend(output_of(address) for address in addresses)
    return Outputs(own, found) if found else None


def _search_limits(arguments: argparse.Namespace, limits: Limits) -> tuple[float, float]:
    """Return within what a finished encounter is listed: at least as far as what was agreed, where drafts are made."""
    widest = limits.agreed_widest() if arguments.line else None
    within_m = _WITHIN_M if widest is None else max(_WITHIN_M, widest.within_m)
    vertical_m = _VERTICAL_M if widest is None else max(_VERTICAL_M, widest.vertical_m)
    needed = {"--within": within_m, "--vertical": vertical_m}
    found = []
    for option, text in (("--within", arguments.within), ("--vertical", arguments.vertical)):
        value_m = needed[option] if text is None else parse_distance_m(text, where=option)
        value_m = at_most(BOUNDS["within_m"][1] if option == "--within" else 1e6, value_m, "m", option)
        if widest is not None and value_m < needed[option]:
            raise _mistake(
                option,
                say("at least what was agreed: {metres} m", metres=round(needed[option])),
                text or "",
                say("leave it out, or agree on less with --limits"),
            )
        found.append(value_m)
    return found[0], found[1]


def _own(name: str, sides: Sides | None) -> str:
    if not name:
        return ""
    if sides is None or name not in sides.names:
        names = ", ".join(sides.names) if sides is not None else say("no --sides")
        raise _mistake("--own", say("one of the sides: {names}", names=names), name, say("see docs/sides.md"))
    return name


def _areas(files: list[Path]) -> tuple[tuple[Announced, ...], Mapping[str, int]]:
    areas: list[Announced] = []
    left_out: dict[str, int] = {}
    for file in files:
        found = read_areas(file)
        areas += found.searched
        for reason, count in found.left_out.items():
            left_out[reason] = left_out.get(reason, 0) + count
    if len(areas) > AREAS_MAX:
        raise _mistake("--areas", say("at most {most} areas", most=AREAS_MAX), str(len(areas)), "")
    return tuple(areas), left_out


def _desk(arguments: argparse.Namespace) -> tuple[DeskAddress | None, Path | None]:
    if arguments.desk is None:
        for option in ("desk_ca", "token_file", "line", "withheld", "spool"):
            if getattr(arguments, option):
                shown = "--" + option.replace("_", "-")
                raise _mistake(shown, say("--desk with it"), say("no --desk"), say("add the desk's address"))
        return None, None
    address = parse_desk(arguments.desk, _optional(Path, arguments.desk_ca))
    if arguments.token_file is None:
        raise _mistake(
            "--token-file",
            say("the machine's token with --desk"),
            say("none"),
            say("make a token with: detente people add-watch HOME NAME"),
        )
    return address, Path(arguments.token_file)


def _author(arguments: argparse.Namespace, own: str) -> Author:
    parts = [part.strip() for part in (arguments.author or own).split(",")]
    name, state = [*parts, "", ""][1:3]
    if not parts[0] or len(parts) > 3 or len(state) not in {0, 2}:
        raise _mistake(
            "--author",
            say("who speaks in a draft: ID,NAME,STATE"),
            arguments.author or "",
            "--author west,West,LV",
        )
    return Author(parts[0], name or parts[0], state.upper())


def _spool(arguments: argparse.Namespace) -> Path:
    """Return where drafts wait: as said, in the unit's own folder of states, or in the user's."""
    if arguments.spool is not None:
        return Path(arguments.spool)
    unit = os.environ.get("STATE_DIRECTORY", "").partition(":")[0]
    if unit:
        return Path(unit) / "drafts"
    home = os.environ.get("XDG_STATE_HOME", "")
    return (Path(home) if home else Path.home() / ".local" / "state") / "detente" / "drafts"


def _retain(text: str) -> timedelta | None:
    if text == _FOREVER:
        return None
    return timedelta(seconds=at_most(_RETAIN_S_MAX, parse_duration_s(text, where="--retain"), "s", "--retain"))


def _duration(text: str | None, option: str, most_s: float) -> float | None:
    return None if text is None else at_most(most_s, parse_duration_s(text, where=option), "s", option)


def _optional(make: Callable[[Any], Made], value: Any) -> Made | None:
    return None if value is None else make(value)


def _mistake(option: str, expected: str, came: str, remedy: str) -> ArgumentMistake:
    return ArgumentMistake(expected=expected, came=came[:100], where=option, remedy=remedy)
