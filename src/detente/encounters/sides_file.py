"""The sides file: TOML in, checked sides out, with every fault of the file reported at once."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import combinations
from pathlib import Path
from typing import Any, TypeVar

from detente import words
from detente.encounters.errors import SidesMistake
from detente.encounters.sides import Level, Run, Side, Sides, merged
from detente.notices.parties import LAST_ADDRESS, LAST_MMSI, STATES
from detente.tracks.schema import KINDS

__all__ = ["BYTES_MAX", "parse_sides", "read_sides"]

say = words.speaker("encounters")

Read = TypeVar("Read")

BYTES_MAX = 1 << 20
"""A sides file is written by hand: a megabyte of it is something else."""
_FAULTS_SHOWN = 20
_NAME = re.compile(r"[^\W\d_][\w .-]{0,63}")
_RANGE = re.compile(r"(mmsi|icao24)\s+([0-9A-Fa-f]+)\s*-\s*([0-9A-Fa-f]+)", re.ASCII)
_MMSI = re.compile(r"[0-9]{9}", re.ASCII)
_ADDRESS = re.compile(r"[0-9A-Fa-f]{6}", re.ASCII)
_RULES = ("flags", "mmsi", "icao24", "ids", "ranges")


def read_sides(path: Path) -> Sides:
    """Read a sides file; raises SidesMistake with all its faults, OSError when it cannot be opened."""
    with path.open("rb") as file:
        content = file.read(BYTES_MAX + 1)
    if len(content) > BYTES_MAX:
        raise _mistake([say("more than {bytes} bytes", bytes=BYTES_MAX)], str(path))
    try:
        return parse_sides(content.decode("utf-8-sig"), where=str(path))
    except UnicodeDecodeError as error:
        raise _mistake([say("not text in UTF-8 at byte {place}", place=error.start)], str(path)) from None


def parse_sides(text: str, *, where: str = "") -> Sides:
    """Return the sides of a file's text; raises SidesMistake with every fault and its place in the file."""
    try:
        document = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise _mistake([say("not TOML: {fault}", fault=str(error)[:200])], where) from None
    faults: list[str] = []
    faults.extend(_unknown(key, key, ("sides", "rivals")) for key in sorted(set(document) - {"sides", "rivals"}))
    tables = document.get("sides")
    if not isinstance(tables, dict) or not tables:
        faults.append(say("sides: no side; begin one with [sides.name]"))
        tables = {}
    sides = [_Reading(name, faults).side(table) for name, table in tables.items()]
    pairs = _rival_pairs(document.get("rivals"), tuple(tables), faults)
    faults.extend(_overlaps(sides))
    if faults:
        raise _mistake(faults, where)
    return Sides(sides=tuple(sides), rival_pairs=pairs)


def _mistake(faults: list[str], where: str) -> SidesMistake:
    shown = faults[:_FAULTS_SHOWN]
    if len(faults) > len(shown):
        shown.append(say("and {count} more", count=words.number(len(faults) - len(shown))))
    return SidesMistake(
        expected=say("a TOML file of sides as docs/sides.md describes it"),
        came=say.many(
            "{count} fault: {faults}", "{count} faults: {faults}", count=len(faults), faults="; ".join(shown)
        ),
        where=where,
        remedy=say("correct the places named; examples lie in examples/sides"),
    )


def _unknown(place: str, key: str, known: tuple[str, ...]) -> str:
    return say(
        "{place}: {key} is not known here, only {known}", place=place, key=repr(key), known=", ".join(known)
    )


@dataclass(slots=True)
class _Reading:
    """Reads one side's table; every fault goes into ``faults`` with its place, and reading goes on."""

    name: str
    faults: list[str] = field(repr=False)

    def side(self, table: Any) -> Side:
        """Return the side as far as it can be read."""
        if not _NAME.fullmatch(self.name):
            self._fault("", say("a side's name begins with a letter and has letters, digits, space . _ - only"))
        if not isinstance(table, dict):
            self._fault("", say("a side is a table: [sides.name]"))
            return Side(name=self.name)
        known = (*_RULES, "military", "kinds")
        self.faults.extend(_unknown(f"sides.{self.name}", key, known) for key in table if key not in known)
        if not any(rule in table for rule in _RULES):
            self._fault("", say("a side without rules: give one of {rules}", rules=", ".join(_RULES)))
        military = table.get("military")
        if not isinstance(military, bool | None):
            self._fault(".military", say("true or false is expected"))
            military = None
        return Side(
            name=self.name,
            explicit=(
                *self._list(table, "mmsi", _one_mmsi, say("an MMSI of nine digits")),
                *self._list(table, "icao24", _one_address, say("an aircraft address of six hexadecimal digits")),
            ),
            globs=self._list(table, "ids", _glob, say('an id or a glob such as "id:RED-*"')),
            ranges=self._list(table, "ranges", _run, say('a range such as "mmsi 273100000-273199999"')),
            flags=self._list(table, "flags", _state, say('a state\'s two-letter code (ISO 3166), such as "GB"')),
            military=military,
            kinds=frozenset(self._list(table, "kinds", _kind, say("one of {kinds}", kinds=", ".join(KINDS)))),
        )

    def _list(
        self, table: dict[str, Any], key: str, read: Callable[[Any], Read | None], expected: str
    ) -> tuple[Read, ...]:
        if key not in table:
            return ()
        values = table[key]
        if not isinstance(values, list) or not values:
            self._fault(f".{key}", say("a list with at least one entry is expected"))
            return ()
        good = []
        for number, value in enumerate(values):
            one = read(value)
            if one is None:
                came = say("{value} is not {expected}", value=repr(value)[:64], expected=expected)
                self._fault(f".{key}[{number}]", came)
            else:
                good.append(one)
        return tuple(good)

    def _fault(self, place: str, text: str) -> None:
        self.faults.append(f"sides.{self.name}{place}: {text}")


def _one_mmsi(value: Any) -> Run | None:
    # a string keeps the zeros that a coast station's or group's identity begins with
    if isinstance(value, str) and _MMSI.fullmatch(value):
        value = int(value)
    good = isinstance(value, int) and not isinstance(value, bool) and 0 < value <= LAST_MMSI
    return Run("mmsi", value, value) if good else None


def _one_address(value: Any) -> Run | None:
    good = isinstance(value, str) and _ADDRESS.fullmatch(value)
    return Run("icao24", int(value, 16), int(value, 16)) if good else None


def _glob(value: Any) -> str | None:
    good = isinstance(value, str) and 0 < len(value) <= 256 and value.isprintable() and value.strip("*?")
    return value if good else None


def _run(value: Any) -> Run | None:
    match = _RANGE.fullmatch(value.strip()) if isinstance(value, str) else None
    if not match:
        return None
    space, *ends = match.groups()
    form, base, most = (_MMSI, 10, LAST_MMSI) if space == "mmsi" else (_ADDRESS, 16, LAST_ADDRESS)
    if not all(form.fullmatch(end) for end in ends):
        return None
    first, last = (int(end, base) for end in ends)
    return Run(space, first, last) if first <= last <= most else None


def _state(value: Any) -> str | None:
    return value if isinstance(value, str) and value in STATES else None


def _kind(value: Any) -> str | None:
    return value if isinstance(value, str) and value in KINDS else None


def _rival_pairs(table: Any, names: tuple[str, ...], faults: list[str]) -> frozenset[frozenset[str]] | None:
    """Return the pairs under [rivals], None when the file has none."""
    if table is None:
        return None
    if not isinstance(table, dict) or set(table) != {"pairs"} or not isinstance(table["pairs"], list):
        faults.append(say('rivals: expected pairs = [["one", "other"], ...] and nothing else'))
        return None
    pairs = set()
    for number, pair in enumerate(table["pairs"]):
        place = f"rivals.pairs[{number}]"
        if not (isinstance(pair, list) and len(pair) == 2 and all(isinstance(name, str) for name in pair)):
            faults.append(say("{place}: two names of sides are expected", place=place))
            continue
        faults.extend(_unknown(place, name, names) for name in pair if name not in names)
        if pair[0] == pair[1]:
            faults.append(say("{place}: a side is not its own rival", place=place))
        pairs.add(frozenset(pair))
    if not pairs:
        faults.append(say("rivals.pairs: a list with at least one entry is expected"))
    return frozenset(pairs)


def _overlaps(sides: list[Side]) -> Iterator[str]:
    """Yield a fault for every two sides that claim one identity on one level, whatever the tracks hold."""
    for one, other in combinations(sides, 2):
        both = {"one": one.name, "other": other.name}
        for glob in sorted(set(one.globs) & set(other.globs)):
            yield say("sides {one} and {other} both claim {what}", what=repr(glob), **both)
        for level in (Level.EXPLICIT, Level.RANGE):
            if level is not Level.EXPLICIT and one.apart_from(other):
                continue
            for run in _shared(one.runs(level), other.runs(level)):
                yield say("sides {one} and {other} both claim {what}", what=_written(run), **both)
        if not one.apart_from(other):
            for state in sorted(set(one.flags) & set(other.flags)):
                yield say("sides {one} and {other} both claim the flag {state}", state=state, **both)


def _shared(runs1: tuple[Run, ...], runs2: tuple[Run, ...]) -> Iterator[Run]:
    """Yield the runs that both hold, in order; linear in the runs, for a file may list many thousands."""
    for space in ("mmsi", "icao24"):
        ends1, ends2 = (
            list(
                zip(*(ends.tolist() for ends in merged([run for run in runs if run.space == space])), strict=True)
            )
            for runs in (runs1, runs2)
        )
        place1 = place2 = 0
        while place1 < len(ends1) and place2 < len(ends2):
            first = max(ends1[place1][0], ends2[place2][0])
            last = min(ends1[place1][1], ends2[place2][1])
            if first <= last:
                yield Run(space, first, last)
            if ends1[place1][1] < ends2[place2][1]:
                place1 += 1
            else:
                place2 += 1


def _written(run: Run) -> str:
    ends = [f"{end:09d}" if run.space == "mmsi" else f"{end:06x}" for end in (run.first, run.last)]
    return f"{run.space} {ends[0]}" if run.first == run.last else f"{run.space} {ends[0]}-{ends[1]}"
