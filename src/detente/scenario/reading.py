"""Reads a scenario's file: every fault of it at once, each with its line and key."""

from __future__ import annotations

import difflib
import re
import tomllib
import types
import typing
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec

from detente import words
from detente.node.settings.where import Place, lines_of
from detente.notices.syntax import misfit_words
from detente.scenario.errors import Fault, ScenarioMistake
from detente.scenario.structs import DO, EXPECT, STEPS_MAX, Scenario, Step

__all__ = ["SIZE_MAX", "Faults", "key_of", "parse_scenario"]

say = words.speaker("scenario")

SIZE_MAX = 1_000_000
"""Bytes of a scenario's file: it is written by hand."""
_NONE = type(None)


class Faults:
    """Collects what is wrong with a file. lines: of its keys."""

    def __init__(self, lines: dict[Place, int]) -> None:
        self._lines = lines
        self.found: list[Fault] = []

    def line(self, place: Place) -> int:
        """Return the line of a key, or of the nearest table around it; 0 for none."""
        while place:
            if place in self._lines:
                return self._lines[place]
            place = place[:-1]
        return 0

    def add(self, place: Place, what: str) -> None:
        """Note a fault at a key."""
        self.found.append(Fault(self.line(place), key_of(place), what))

    def raise_any(self, file: Path) -> None:
        """Raise ScenarioMistake when there is a fault."""
        if self.found:
            raise ScenarioMistake(file, tuple(sorted(self.found, key=lambda one: one.line)))


def key_of(place: Place) -> str:
    """Return a path as people write it: scenes[2].steps[1].who, counted from 1."""
    text = ""
    for one in place:
        text += f"[{one + 1}]" if isinstance(one, int) else f".{one}" if text else one
    return text


def parse_scenario(octets: bytes, file: Path) -> tuple[Scenario, Faults]:
    """Return what a file says, its shape checked, and where to add what is wrong beyond. Raises ScenarioMistake."""
    if len(octets) > SIZE_MAX:
        raise ScenarioMistake(file, (Fault(0, "", say("more than {size} bytes", size=SIZE_MAX)),))
    try:
        text = octets.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as fault:
        line = octets[: fault.start].count(b"\n") + 1
        raise ScenarioMistake(file, (Fault(line, "", say("not text in UTF-8")),)) from None
    try:
        document = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError, ValueError) as fault:
        raise ScenarioMistake(file, (_no_toml(str(fault)),)) from None
    faults = Faults(lines_of(text))
    made = _Reader(faults).struct(Scenario, document, ())
    faults.raise_any(file)
    return typing.cast("Scenario", made), faults


def _no_toml(fault: str) -> Fault:
    place = re.search(r"\(at line (\d+), column (\d+)\)", fault)
    what = re.sub(r" \(at .*\)\Z", "", fault)[:200]
    return Fault(int(place[1]) if place else 0, "", say("this is not TOML: {fault}", fault=what))


class _Reader:
    """Turns a TOML document into the structures; what is wrong stands in ``faults``."""

    def __init__(self, faults: Faults) -> None:
        self.faults = faults

    def struct(self, kind: type[msgspec.Struct], found: Any, place: Place) -> msgspec.Struct | None:
        """Return one structure, None when something of it is wrong."""
        if not isinstance(found, dict):
            self.faults.add(place, say("a table is expected here"))
            return None
        before = len(self.faults.found)
        hints = typing.get_type_hints(kind, include_extras=True)
        fields = {one.encode_name: one for one in msgspec.structs.fields(kind)}
        for name in found:
            if name not in fields:
                self.faults.add((*place, name), _unknown(name, fields))
        values: dict[str, Any] = {}
        for name, field in fields.items():
            if name in found:
                values[field.name] = self.value(hints[field.name], found[name], (*place, name))
            elif field.required:
                self.faults.add(place, say("{name} is missing", name=name))
        if len(self.faults.found) > before:
            return None
        return kind(**values)  # each value was checked by its own type

    def value(self, kind: Any, found: Any, place: Place) -> Any:
        """Return a value of any type that the structures use."""
        bare = typing.get_args(kind)[0] if typing.get_origin(kind) is typing.Annotated else kind
        if typing.get_origin(bare) in {typing.Union, types.UnionType}:
            members = [one for one in typing.get_args(bare) if one is not _NONE]
            return self.value(members[0], found, place)
        if bare is Step:
            return self.step(found, place)
        if isinstance(bare, type) and issubclass(bare, msgspec.Struct):
            return self.struct(bare, found, place)
        if typing.get_origin(bare) is tuple:
            return self.array(kind, typing.get_args(bare)[0], found, place)
        if typing.get_origin(bare) is dict and isinstance(found, dict):
            of = typing.get_args(bare)[1]
            return found if of is Any else {one: self.value(of, it, (*place, one)) for one, it in found.items()}
        if bare is datetime:
            return self.moment(found, place)
        return self.plain(kind, found, place)

    def plain(self, kind: Any, found: Any, place: Place) -> Any:
        try:
            return msgspec.convert(found, kind)
        except msgspec.ValidationError as fault:
            self.faults.add(place, misfit_words(fault)[1])
            return None

    def array(self, kind: Any, of: Any, found: Any, place: Place) -> Any:
        if not isinstance(found, list):
            self.faults.add(place, say("a list is expected here"))
            return ()
        made = tuple(self.value(of, one, (*place, index)) for index, one in enumerate(found))
        if typing.get_origin(kind) is typing.Annotated:
            meta = typing.get_args(kind)[1]
            least, most = meta.min_length or 0, meta.max_length
            if len(made) < least or (most is not None and len(made) > most):
                self.faults.add(
                    place,
                    say("{least} to {most} of them are expected", least=least, most=most or say("any number")),
                )
        return made

    def moment(self, found: Any, place: Place) -> datetime | None:
        if isinstance(found, datetime) and found.tzinfo is not None:
            return found
        self.faults.add(place, say("a moment with its zone, without quotation marks: 2018-04-04T06:00:00Z"))
        return None

    def step(self, found: Any, place: Place) -> Step | None:
        """Return a step of the kind that it names behind ``do`` or ``expect``."""
        if not isinstance(found, dict) or ("do" in found) == ("expect" in found):
            self.faults.add(place, say("each step says either do or expect"))
            return None
        if len(place) > 1 and isinstance(place[-1], int) and place[-1] >= STEPS_MAX:
            self.faults.add(place, say("more than {count} steps in one scene", count=STEPS_MAX))
            return None
        word = "do" if "do" in found else "expect"
        kinds = DO if word == "do" else EXPECT
        name = found[word]
        if not isinstance(name, str) or name not in kinds:
            self.faults.add((*place, word), _unknown(str(name), kinds))
            return None
        rest = {key: value for key, value in found.items() if key != word}
        return typing.cast("Step | None", self.struct(kinds[name], rest, place))


def _unknown(name: str, known: Iterable[str]) -> str:
    """Return that a word is not known, and which was probably meant."""
    listed = sorted(known)
    close = difflib.get_close_matches(name, listed, n=1, cutoff=0.5)
    if close:
        return say("{name} is not known here; did you mean {known}?", name=repr(name[:60]), known=close[0])
    return say("{name} is not known here; known are: {known}", name=repr(name[:60]), known=", ".join(listed))
