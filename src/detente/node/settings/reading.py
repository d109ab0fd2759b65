"""Reads the settings file: every fault of it at once, each with its line and the nearest name that is known."""

from __future__ import annotations

import difflib
import re
import stat
import tomllib
import types
import typing
from pathlib import Path
from typing import Any

import msgspec

from detente import words
from detente.errors import OurMistake
from detente.node.settings import checks
from detente.node.settings.structs import FolderTo, HttpsTo, Settings
from detente.node.settings.where import Place, lines_of

__all__ = ["NAME", "Fault", "SettingsMistake", "parse_settings", "read_settings"]

say = words.speaker("node")

NAME = "settings.toml"
"""The file's name in a home."""
SIZE_MAX = 1_000_000
_FAULTS_TOLD = 50
_NONE = type(None)


class Fault(msgspec.Struct, frozen=True):
    """One fault. line: from 1, 0 when it has no place of its own. what: whole sentence in the reader's language."""

    line: int
    name: str
    what: str
    remedy: str = ""

    def sentence(self) -> str:
        """Return the fault in one line."""
        place = say("line {line}", line=self.line) + ": " if self.line else ""
        about = f"{self.name}: " if self.name else ""
        return f"{place}{about}{self.what}" + (f"; {self.remedy}" if self.remedy else "")


class SettingsMistake(OurMistake):
    """The settings file cannot be used; ``faults`` holds every fault, with its line."""

    def __init__(self, file: Path, faults: tuple[Fault, ...]) -> None:
        super().__init__(
            expected=say("settings as detente settings prints them"),
            came=" | ".join(fault.sentence() for fault in faults[:_FAULTS_TOLD]),
            where=str(file),
            remedy=say("mend the lines; nothing was started. detente settings explains every name"),
        )
        self.file = file
        self.faults = faults


def read_settings(home: Path, file: Path | None = None) -> Settings:
    """Return what is set for a home; the defaults when it has no settings file.

    file: another file than the home's own, which then must exist. Raises SettingsMistake with every fault.
    """
    path = file if file is not None else home / NAME
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise SettingsMistake(path, (Fault(0, "", say("not a plain file")),))
        with path.open("rb") as source:
            octets = source.read(SIZE_MAX + 1)
    except FileNotFoundError:
        if path.is_symlink():  # a volume that is not mounted must not start a node on the defaults
            raise SettingsMistake(path, (Fault(0, "", say("a link to a file that is not there")),)) from None
        if file is None:
            return Settings()
        raise SettingsMistake(path, (Fault(0, "", say("no such file")),)) from None
    except OSError as failure:
        raise SettingsMistake(path, (Fault(0, "", failure.strerror or str(failure)),)) from None
    return parse_settings(octets, path)


def parse_settings(octets: bytes, file: Path) -> Settings:
    """Return the settings that a file's bytes say. Raises SettingsMistake with every fault."""
    if len(octets) > SIZE_MAX:
        raise SettingsMistake(file, (Fault(0, "", say("more than {size} bytes", size=SIZE_MAX)),))
    try:
        text = octets.decode()
    except UnicodeDecodeError as fault:
        line = octets[: fault.start].count(b"\n") + 1
        raise SettingsMistake(file, (Fault(line, "", say("not UTF-8 text")),)) from None
    try:
        document = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as fault:
        raise SettingsMistake(file, (_no_toml(str(fault)),)) from None
    reader = _Reader(lines_of(text.replace("\r\n", "\n")))
    made = reader.struct(Settings, document, ())
    if made is not None and not reader.faults:
        reader.faults += [
            Fault(reader.line(place), _name(place), what, remedy)
            for place, what, remedy in checks.faults(typing.cast("Settings", made))
        ]
    if made is None or reader.faults:
        raise SettingsMistake(file, tuple(sorted(reader.faults, key=lambda one: one.line)))
    return typing.cast("Settings", made)


def _no_toml(fault: str) -> Fault:
    place = re.search(r"\(at line (\d+), column (\d+)\)", fault)
    what = re.sub(r" \(at .*\)\Z", "", fault)[:200]
    return Fault(int(place[1]) if place else 0, "", say("this is not TOML: {fault}", fault=what))


class _Reader:
    """Turns a TOML document into the structures and collects what is wrong with it."""

    def __init__(self, lines: dict[Place, int]) -> None:
        self._lines = lines
        self.faults: list[Fault] = []

    def line(self, place: Place) -> int:
        """Return the line of a path, or of the nearest table around it; 0 for none."""
        while place:
            if place in self._lines:
                return self._lines[place]
            place = place[:-1]
        return 0

    def fault(self, place: Place, what: str, remedy: str = "") -> None:
        self.faults.append(Fault(self.line(place), _name(place), what, remedy))

    def struct(self, kind: type[msgspec.Struct], found: Any, place: Place) -> msgspec.Struct | None:
        """Return one structure; None when something of it is wrong, which then stands in ``faults``."""
        if not isinstance(found, dict):
            self.fault(place, say("a table is expected, not {came}", came=_shown(found)))
            return None
        before = len(self.faults)
        fields = {one.encode_name: one for one in msgspec.structs.fields(kind)}
        tag = kind.__struct_config__.tag_field
        for name in found:
            if name not in fields and name != tag:
                self.fault((*place, name), *_unknown((*place, name), fields))
        values: dict[str, Any] = {}
        for name, field in fields.items():
            if name in found:
                values[field.name] = self.value(field.type, found[name], (*place, name))
            elif field.required:
                self.fault(place, say("{name} is missing", name=name))
        return kind(**values) if len(self.faults) == before else None

    def value(self, kind: Any, found: Any, place: Place) -> Any:
        """Return a value of any type that the structures use."""
        if typing.get_origin(kind) in {typing.Union, types.UnionType}:
            members = [one for one in typing.get_args(kind) if one is not _NONE]
            return self.courier(found, place) if len(members) > 1 else self.value(members[0], found, place)
        if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
            return self.struct(kind, found, place)
        if typing.get_origin(kind) is dict:
            return self.table(typing.get_args(kind)[1], found, place)
        if typing.get_origin(kind) is tuple:
            return self.array(typing.get_args(kind)[0], found, place)
        try:
            return msgspec.convert(found, kind)
        except msgspec.ValidationError:
            self.fault(place, _expected(kind, found))
            return None

    def courier(self, found: Any, place: Place) -> msgspec.Struct | None:
        """Return a courier of the kind that it names."""
        kinds: dict[str, type[msgspec.Struct]] = {"https": HttpsTo, "folder": FolderTo}
        kind = found.get("kind") if isinstance(found, dict) else None
        if not isinstance(kind, str) or kind not in kinds:
            self.fault((*place, "kind"), say('kind = "https" or kind = "folder" is expected'))
            return None
        return self.struct(kinds[kind], found, place)

    def table(self, kind: Any, found: Any, place: Place) -> dict[str, Any]:
        """Return a table whose names are free."""
        if not isinstance(found, dict):
            self.fault(place, say("a table is expected, not {came}", came=_shown(found)))
            return {}
        return {name: self.value(kind, one, (*place, name)) for name, one in found.items()}

    def array(self, kind: Any, found: Any, place: Place) -> tuple[Any, ...]:
        """Return an array of one type."""
        if not isinstance(found, list):
            self.fault(place, say("a list is expected, not {came}", came=_shown(found)))
            return ()
        return tuple(self.value(kind, one, (*place, index)) for index, one in enumerate(found))


def _expected(kind: Any, found: Any) -> str:
    """Say what a value should have been."""
    bare, meta = kind, None
    if typing.get_origin(kind) is typing.Annotated:
        bare, meta = typing.get_args(kind)
    came = _shown(found)
    if typing.get_origin(bare) is typing.Literal:
        choices = ", ".join(f'"{one}"' for one in typing.get_args(bare))
        return say("one of {choices} is expected, not {came}", choices=choices, came=came)
    if bare is bool:
        return say("true or false is expected, not {came}", came=came)
    if bare is int and isinstance(meta, msgspec.Meta):
        return say(
            "a whole number from {low} to {high} is expected, not {came}", low=meta.ge, high=meta.le, came=came
        )
    title = meta.title if isinstance(meta, msgspec.Meta) else None
    kinds = {
        "address": say('an address as "host:8442" is expected, not {came}', came=came),
        "listen": say('an address as "0.0.0.0:8442", or "" for none, is expected, not {came}', came=came),
        "file": say("the name of a file or folder is expected, not {came}", came=came),
        "maybe file": say('the name of a file or folder, or "", is expected, not {came}', came=came),
        "link": say("a link that begins with https:// is expected, not {came}", came=came),
        "issuer": say("a link that begins with https:// and has no ? or # is expected, not {came}", came=came),
        "site": say('a host name in small letters, as "desk.example", is expected, not {came}', came=came),
        "origin": say('a page as "https://desk.example" is expected, not {came}', came=came),
        "mail": say("a mail address is expected, not {came}", came=came),
        "type": say('the type of a notice, as "notice.launch", is expected, not {came}', came=came),
    }
    return kinds.get(title or "", say("a text in quotation marks is expected, not {came}", came=came))


def _shown(found: Any) -> str:
    if isinstance(found, dict):
        return say("a table")
    if isinstance(found, list):
        return say("a list")
    text = str(found).lower() if isinstance(found, bool) else repr(found)
    return text[:80]


def _unknown(place: Place, known: typing.Iterable[str]) -> tuple[str, str]:
    """Return what is wrong with a name that is no setting, and what to do."""
    if place == ("store",):
        return (
            say("where the record is kept is no setting: home.json says it, for it must change with the record"),
            say("detente store show says where it is, detente store move HOME --to moves it"),
        )
    return say("there is no such setting"), _nearest(str(place[-1]), known)


def _nearest(name: str, known: typing.Iterable[str]) -> str:
    close = difflib.get_close_matches(name, list(known), n=1, cutoff=0.5)
    if close:
        return say("did you mean {name}?", name=close[0])
    return say("known here: {names}", names=", ".join(sorted(known)))


def _name(place: Place) -> str:
    text = ""
    for one in place:
        text += f"[{one + 1}]" if isinstance(one, int) else f".{one}" if text else one
    return text
