"""The check of a form: every fault at once, each at its path, in plain words.

A checker is made from the structs (msgspec.inspect), so that a field that exists is a field that is checked. It
reads a plain document (dicts, lists, text, whole numbers, booleans), never trusts it, and does work linear in its
size. What a struct's own constructor or ``faults`` says is asked only where the fields themselves are right.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, get_args

import msgspec
from msgspec import inspect

from detente import words
from detente.notices.errors import ValueMistake
from detente.notices.faults import Fault
from detente.notices.fields import IS, Decimal, FieldPath, Hash, PartyId, Reference, Slug
from detente.notices.moments import stated
from detente.notices.parties import STATES
from detente.notices.shapes import Length

__all__ = ["FAULTS_MAX", "ITEMS_MAX", "Found", "shape_of_fields"]

say = words.speaker("notices")

FAULTS_MAX = 200
"""Faults listed of one form; a form with more is no form."""
ITEMS_MAX = 10_000
"""Items of a list whose field names no lower cap."""

_HIDDEN = re.compile(
    r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff"
    r"\ufff9-\ufffb\ufffe\uffff\ud800-\udfff\U000e0000-\U000e0fff]"
)
"""Controls, direction marks and invisible characters: two readers would see different texts."""


@dataclass(slots=True)
class Found:
    """What a check found: faults, and fields that this version does not know with their values, by path.

    count: how many faults there are, those beyond the cap included.
    """

    faults: list[Fault] = field(default_factory=list)
    count: int = 0
    unknown: dict[str, Any] = field(default_factory=dict)

    def add(self, fault: Fault) -> None:
        """Count a fault, and keep it up to the cap."""
        self.count += 1
        if len(self.faults) < FAULTS_MAX:
            self.faults.append(fault)


Check = Callable[[Any, str, Found], None]


def joined(path: str, name: str) -> str:
    """Return the path of a field inside the thing at a path."""
    return f"{path}.{name}" if path else name


def short(value: object) -> str:
    """Return a value as a message shows it: bounded, its control characters visible."""
    if isinstance(value, str):
        return repr(value[:60]) + ("..." if len(value) > 60 else "")
    if isinstance(value, dict):
        return say("an object")
    if isinstance(value, list):
        return say("a list")
    if isinstance(value, bool):
        return "true" if value else "false"
    return say("nothing") if value is None else str(value)[:40]


@cache
def shape_of_fields(kind: type[msgspec.Struct]) -> Check:
    """Return the check of one struct and of everything in it."""
    return _check_of(inspect.type_info(kind), {})


def _check_of(kind: inspect.Type, extra: Mapping[str, Any]) -> Check:
    """Return the check of one type; ``extra`` names what a pattern cannot say."""
    if isinstance(kind, inspect.Metadata):
        return _check_of(kind.type, {**extra, **(kind.extra or {})})
    if isinstance(kind, inspect.UnionType):
        options = [one for one in kind.types if not isinstance(one, inspect.NoneType)]
        if len(options) == 1:
            return _check_of(options[0], extra)
        return _one_of([one for one in options if isinstance(one, inspect.StructType)])
    if isinstance(kind, inspect.StructType):
        return _structure(kind)
    if isinstance(kind, inspect.VarTupleType):
        return _list_of(kind)
    if isinstance(kind, inspect.StrType):
        return _text(kind, extra.get(IS, ""))
    if isinstance(kind, inspect.IntType):
        return _whole(kind)
    if isinstance(kind, inspect.LiteralType):
        return _choice(tuple(str(value) for value in kind.values))
    assert isinstance(kind, inspect.BoolType), kind  # noqa: S101 - the kinds of value end here
    return _truth


def _structure(kind: inspect.StructType) -> Check:
    fields = {one.encode_name: (_check_of(one.type, {}), one) for one in kind.fields}
    tag_field = kind.tag_field
    is_judged = hasattr(kind.cls, "__post_init__") or hasattr(kind.cls, "faults")

    def check(value: Any, path: str, found: Found) -> None:
        if type(value) is not dict:
            found.add(_wrong(path, say("an object with fields"), value))
            return
        before = found.count
        for name, (inner, one) in fields.items():
            _field(value, path, name, inner, one, found)
        for name in value:
            if name not in fields and name != tag_field:
                found.unknown[joined(path, name)] = value[name]
        if is_judged and found.count == before:
            for fault in _judged(value, kind.cls):
                found.add(fault.under(path))

    return check


def _field(value: dict[str, Any], path: str, name: str, check: Check, one: inspect.Field, found: Found) -> None:
    """Check one field: present when it must be, absent when it says nothing."""
    place = joined(path, name)
    if name not in value:
        if one.required or one.default_factory is not msgspec.NODEFAULT:
            found.add(Fault.missing(place))
        return
    given = value[name]
    if given is None:
        found.add(Fault(place, "null", say("a value, or no such field"), say("nothing"), say("leave it out")))
    elif not one.required and (given == [] if one.default == () else _same(given, one.default)):
        found.add(
            Fault(place, "needless", say("no field for what is meant anyway"), short(given), say("leave it out"))
        )
    else:
        check(given, place, found)


def _same(given: object, default: object) -> bool:
    return type(given) is type(default) and given == default


def _judged(value: dict[str, Any], kind: type[msgspec.Struct]) -> Iterator[Fault]:
    """Yield what the struct itself says about its values together."""
    try:
        made: Any = msgspec.convert(value, kind)
    except ValueMistake as mistake:
        first = re.split(r"[.\[]", mistake.where, maxsplit=1)[0]
        where = mistake.where if first in kind.__struct_fields__ else ""
        yield Fault(where, "value", mistake.expected, mistake.came, mistake.remedy)
        return
    faults = getattr(made, "faults", None)
    if faults is not None:
        yield from faults()


def _one_of(options: list[inspect.StructType]) -> Check:
    checks = {str(one.tag): _structure(one) for one in options}
    tag_field = str(options[0].tag_field)

    def check(value: Any, path: str, found: Found) -> None:
        if type(value) is not dict:
            found.add(_wrong(path, say("an object with fields"), value))
            return
        tag = value.get(tag_field)
        if type(tag) is str and tag in checks:
            checks[tag](value, path, found)
        else:
            found.add(
                Fault(
                    joined(path, tag_field),
                    "unknown",
                    say("one of {words}", words=", ".join(checks)),
                    short(tag),
                    say("this version does not know others"),
                )
            )

    return check


def _list_of(kind: inspect.VarTupleType) -> Check:
    inner = _check_of(kind.item_type, {})
    least, most = kind.min_length or 0, kind.max_length or ITEMS_MAX

    def check(value: Any, path: str, found: Found) -> None:
        if type(value) is not list:
            found.add(_wrong(path, say("a list"), value))
        elif not least <= len(value) <= most:
            found.add(
                Fault(
                    path,
                    "count",
                    say("a list of {least} to {most}", least=least, most=most),
                    str(len(value)),
                    say("say the rest in another notice") if value else say("state at least one"),
                )
            )
        else:
            for index, item in enumerate(value):
                inner(item, f"{path}[{index}]", found)

    return check


def _text(kind: inspect.StrType, what: str) -> Check:
    pattern = re.compile(kind.pattern) if kind.pattern else None
    most = kind.max_length or 1_000

    def check(value: Any, path: str, found: Found) -> None:
        if type(value) is not str:
            found.add(_wrong(path, _FORMS[what]() if what in _FORMS else say("text"), value))
        elif pattern is not None:
            if not pattern.fullmatch(value):
                found.add(_wrong(path, _form(what, kind.pattern or ""), value, what or "pattern"))
            elif what == "state" and value not in STATES:
                found.add(_wrong(path, say("the two-letter code of a state (ISO 3166-1)"), value, "state"))
            elif what == "moment":
                _moment(value, path, found)
        elif not 1 <= len(value) <= most:
            found.add(
                Fault(
                    path,
                    "length",
                    say("text of 1 to {most} characters", most=most),
                    say.many("{count} character", "{count} characters", count=len(value)),
                    say("shorten it, or attach it") if value else say("leave it out"),
                )
            )
        else:
            _visible(value, path, found, lines=what == "text")

    return check


def _pattern(kind: object) -> str:
    """Return the pattern of a kind of value."""
    return str(get_args(kind)[1].pattern)


_FORMS: dict[str, Callable[[], str]] = {
    "moment": lambda: say("a UTC moment such as {example}", example="2018-04-04T06:00Z"),
    "state": lambda: say("the two-letter code of a state (ISO 3166-1)"),
}


_PATTERNS: dict[str, Callable[[], str]] = {
    _pattern(Slug): lambda: say("at most 63 small letters, digits and hyphens, a letter first"),
    _pattern(PartyId): lambda: say("at most 31 small letters, digits and hyphens, a letter first"),
    _pattern(Reference): lambda: say("an entry of the line such as west/4, or the id of a notice"),
    _pattern(FieldPath): lambda: say("names of fields joined by dots, such as phases.purpose"),
    _pattern(Hash): lambda: say("a SHA-256 of 64 small hexadecimal digits"),
    _pattern(Decimal): lambda: say("a number such as 12.5, with at most six decimals and no needless zero"),
    _pattern(Length): lambda: say("a length such as 9260 or 12.5, not negative, without its unit"),
}


def _form(what: str, pattern: str) -> str:
    """Return in words what a pattern asks for."""
    if what in _FORMS:
        return _FORMS[what]()
    return _PATTERNS[pattern]() if pattern in _PATTERNS else say("text of the form {pattern}", pattern=pattern)


def _moment(value: str, path: str, found: Found) -> None:
    try:
        stated(value)
    except ValueMistake as mistake:
        found.add(Fault(path, "moment", mistake.expected, mistake.came, mistake.remedy))


def _visible(value: str, path: str, found: Found, *, lines: bool) -> None:
    """Refuse characters that readers would see differently, and second spellings of one text."""
    hidden = _HIDDEN.search(value) or (None if lines else re.search("\n", value))
    if hidden:
        found.add(
            Fault(
                path,
                "hidden",
                say("text without control and invisible characters"),
                f"U+{ord(hidden.group()):04X}",
                say("remove it") if hidden.group() != "\n" else say("write it in one line"),
            )
        )
    elif value != value.strip() or unicodedata.normalize("NFC", value) != value:
        found.add(
            Fault(
                path,
                "text",
                say("composed characters (Unicode NFC), no blank at either end"),
                short(value),
                say("write it again"),
            )
        )


def _whole(kind: inspect.IntType) -> Check:
    least = -(2**53) + 1 if kind.ge is None else kind.ge
    most = 2**53 - 1 if kind.le is None else kind.le

    def check(value: Any, path: str, found: Found) -> None:
        if type(value) is not int:
            found.add(_wrong(path, say("a whole number"), value))
        elif not least <= value <= most:
            expected = say("a whole number from {least} to {most}", least=least, most=most)
            found.add(_wrong(path, expected, value, "range"))

    return check


def _choice(values: tuple[str, ...]) -> Check:
    def check(value: Any, path: str, found: Found) -> None:
        if type(value) is not str or value not in values:
            found.add(_wrong(path, say("one of {words}", words=", ".join(values)), value, "choice"))

    return check


def _truth(value: Any, path: str, found: Found) -> None:
    if type(value) is not bool:
        found.add(_wrong(path, say("true or false"), value))


def _wrong(path: str, expected: str, value: object, code: str = "type") -> Fault:
    return Fault(path, code, expected, short(value), say("mend it, or leave the field out"))
