"""Forms as people fill them in, TOML or JSON, made into the plain document of a notice.

A form may be looser than the record: positions as text ("54-30.5N 020-15E"), GeoJSON geometries, numbers where
the record has decimals as text, dates as TOML dates, times with an offset, blank fields. It is never ambiguous:
latitude and longitude carry their letters, and a time without a zone is refused. What cannot be read stays as it
was given, so that the check names it at its place.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_EVEN, Decimal
from difflib import get_close_matches
from functools import cache
from itertools import islice
from typing import Any

import msgspec
from msgspec import inspect

from detente import words
from detente.notices.checking import FAULTS_MAX, joined, short
from detente.notices.codec import SIZE_MAX, Checked, decode, examine
from detente.notices.errors import NoticeRefused, PlaceMistake
from detente.notices.faults import Fault
from detente.notices.fields import IS
from detente.notices.geojson import shape_of_geometry
from detente.notices.kinds import KINDS
from detente.notices.notice import FORMAT
from detente.notices.places import parse_latitude_deg, parse_longitude_deg
from detente.notices.shapes import PARTS_OF_A_DEGREE, Position
from detente.notices.syntax import malformed_words

__all__ = ["FORM_MAX", "check_form", "document_of", "plain_type", "read_notice", "read_position"]

say = words.speaker("notices")

FORM_MAX = 4 * SIZE_MAX
"""Bytes of a form, blanks and comments included."""
_OFFSET = re.compile(r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2})?(Z|[+-]\d{2}:\d{2})", re.ASCII)


def check_form(octets: bytes, *, now: datetime | None = None) -> tuple[Checked | None, list[Fault]]:
    """Return the checked notice that a form says and no fault, or None and every fault of it.

    octets: TOML, or JSON when it begins with "{"; GeoJSON that was exported from a notice is that notice. Fields
    that no notice of this version knows are a fault in a form: at a desk they are slips of the pen.
    """
    try:
        given = _parsed(octets)
    except NoticeRefused as refusal:
        return None, list(refusal.faults)
    document, faults = document_of(_carried(given))
    checked, found, unknown = examine(document, now=now)
    told = [fault.where for fault in faults]
    faults += [one for one in found if not any(_within(one.where, it) or _within(it, one.where) for it in told)]
    faults += _slips(str(document.get("kind")), unknown)
    return (None, faults) if faults else (checked, [])


def _within(path: str, outer: str) -> bool:
    """Tell whether a path is another one or lies inside it: areas[10] is not inside areas[1]."""
    return bool(outer) and path.startswith(outer) and path[len(outer) : len(outer) + 1] in {"", ".", "["}


def _carried(given: dict[str, Any]) -> dict[str, Any]:
    """Return the notice that an exported map carries in its features; anything else as it is."""
    features = given.get("features", [given]) if given.get("type") in {"Feature", "FeatureCollection"} else []
    found: list[Any] = []
    for one in features if isinstance(features, list) else []:
        properties = one.get("properties") if isinstance(one, dict) else None
        found.append(properties.get("notice") if isinstance(properties, dict) else None)
    notice = found[0] if found else None
    return notice if isinstance(notice, dict) and all(one == notice for one in found) else given


def _parsed(octets: bytes) -> dict[str, Any]:
    if len(octets) > FORM_MAX:
        raise _unread(say("at most {size} bytes", size=FORM_MAX), str(len(octets)))
    try:
        text = octets.decode("utf-8-sig")
        if text.lstrip()[:1] == "{":
            return dict(msgspec.json.decode(text, type=dict[str, Any]))
        return tomllib.loads(text)
    except UnicodeDecodeError as fault:
        raise _unread(say("text in UTF-8"), say("a byte that is none, at {place}", place=fault.start)) from None
    except (msgspec.DecodeError, tomllib.TOMLDecodeError) as fault:
        raise _unread(say("a form in TOML, or a JSON object"), malformed_words(fault, text)) from None
    except (RecursionError, ValueError):  # a whole number of thousands of digits
        raise _unread(
            say("a form in TOML, or a JSON object"), say("something nested or long beyond use")
        ) from None


def _unread(expected: str, came: str) -> NoticeRefused:
    return NoticeRefused.of([Fault("", "form", expected, came, say("see: detente notice new KIND"))])


def document_of(given: Mapping[str, Any]) -> tuple[dict[str, Any], list[Fault]]:
    """Return the plain document that a filled-in form means, and what of it could not be read."""
    kind = given.get("kind")
    faults: list[Fault] = []
    if type(kind) is not str or kind not in KINDS:
        return dict(given), faults
    document = _structure({"format": FORMAT, **given}, _fields_of(KINDS[kind]), "", faults)
    return document, faults


def _slips(kind: str, unknown: Mapping[str, Any]) -> list[Fault]:
    """Return the fields that this version does not know, with the one that was probably meant."""
    if not unknown:
        return []
    names = sorted(_names(_fields_of(KINDS[kind]), set(), set()))
    found = []
    for path, value in islice(unknown.items(), FAULTS_MAX):
        near = get_close_matches(path.rsplit(".", 1)[-1], names, n=1)
        remedy = say("perhaps {field} is meant", field=near[0]) if near else say("leave it out")
        found.append(Fault(path, "field", say("a field of this kind of notice"), short(value), remedy))
    return found


def _names(kind: inspect.Type, seen: set[str], structs: set[type]) -> set[str]:
    """Return the names of all fields within a type."""
    kind = plain_type(kind)[0]
    if isinstance(kind, inspect.UnionType):
        for one in kind.types:
            _names(one, seen, structs)
    elif isinstance(kind, inspect.StructType) and kind.cls not in structs:
        structs.add(kind.cls)
        for field in kind.fields:
            seen.add(field.encode_name)
            _names(field.type, seen, structs)
    elif isinstance(kind, inspect.VarTupleType):
        _names(kind.item_type, seen, structs)
    return seen


@cache
def _fields_of(kind: type[msgspec.Struct]) -> inspect.StructType:
    made = inspect.type_info(kind)
    assert isinstance(made, inspect.StructType)  # noqa: S101 - a struct's type is one
    return made


def plain_type(kind: inspect.Type) -> tuple[inspect.Type, str]:
    """Return a type without its annotations and without "or absent", and what its text is."""
    what = ""
    while isinstance(kind, inspect.Metadata | inspect.UnionType):
        if isinstance(kind, inspect.Metadata):
            what = str((kind.extra or {}).get(IS, what))
            kind = kind.type
            continue
        options = [one for one in kind.types if not isinstance(one, inspect.NoneType)]
        if len(options) > 1:
            return kind, what
        kind = options[0]
    return kind, what


def _structure(
    given: Mapping[str, Any], kind: inspect.StructType, path: str, faults: list[Fault]
) -> dict[str, Any]:
    fields = {one.encode_name: one for one in kind.fields}
    document = {}
    for name, value in given.items():
        one = fields.get(name)
        if one is not None:
            value = _value(value, one.type, joined(path, name), faults)  # noqa: PLW2901
            if value is None or (not one.required and _is_default(value, one)):
                continue
        elif isinstance(value, datetime | date | float):
            value = str(value)  # noqa: PLW2901 - a field of nobody: named by the check
        document[name] = value
    return document


def _is_default(value: object, one: inspect.Field) -> bool:
    return value == [] if one.default == () else type(value) is type(one.default) and value == one.default


def _value(value: Any, kind: inspect.Type, path: str, faults: list[Fault]) -> Any:
    """Return what a field's value means in the record; None for a blank one."""
    kind, what = plain_type(kind)
    if isinstance(value, str):
        value = unicodedata.normalize("NFC", value.replace("\r\n", "\n")).strip()
        if not value:
            return None
    if isinstance(kind, inspect.StructType) and kind.cls is Position:
        return _position(value, path, faults)
    if isinstance(kind, inspect.UnionType) and isinstance(value, dict):
        return _union(value, kind, path, faults)
    if isinstance(kind, inspect.StructType) and isinstance(value, dict):
        return _structure(value, kind, path, faults)
    if isinstance(kind, inspect.VarTupleType) and isinstance(value, list):
        items = [_value(item, kind.item_type, f"{path}[{index}]", faults) for index, item in enumerate(value)]
        return [item for item in items if item is not None]
    if isinstance(kind, inspect.StrType):
        return _moment(value, path, faults) if what == "moment" else _number_text(value)
    return str(value) if isinstance(value, datetime | date) else value


def _union(value: dict[str, Any], kind: inspect.UnionType, path: str, faults: list[Fault]) -> Any:
    options = [one for one in kind.types if isinstance(one, inspect.StructType)]
    if "coordinates" in value and any(one.tag == "polygon" for one in options):
        try:
            return msgspec.json.decode(msgspec.json.encode(shape_of_geometry(value)))
        except PlaceMistake as mistake:
            faults.append(_fault(mistake, path))
            return ""  # what stands in its place is told once, by the fault above
    tag_field = str(options[0].tag_field)
    if tag_field == "kind":
        value = {"format": FORMAT, **value}
    chosen = [one for one in options if one.tag == value.get(tag_field)]
    return _structure(value, chosen[0], path, faults) if chosen else value


def _number_text(value: Any) -> Any:
    """Return a number as the decimal text that the record has; anything else as it is."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return value
    text = f"{Decimal(repr(value)):f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _moment(value: Any, path: str, faults: list[Fault]) -> Any:
    """Return a moment's text in UTC: TOML dates and times with an offset are converted."""
    if isinstance(value, str) and _OFFSET.fullmatch(value) and not value.endswith("Z"):
        try:
            moved = datetime.fromisoformat(value).astimezone(UTC)
        except (ValueError, OverflowError):
            return value
        return moved.strftime("%Y-%m-%dT%H:%M:%SZ" if value.count(":") == 3 else "%Y-%m-%dT%H:%MZ")
    if isinstance(value, datetime):
        if value.tzinfo is None:
            faults.append(
                Fault(
                    path, "moment", say("a time with its zone"), str(value), say("add Z for UTC, or its offset")
                )
            )
            return value.isoformat()
        return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return value.isoformat() if isinstance(value, date) else _number_text(value)


def _position(value: Any, path: str, faults: list[Fault]) -> Any:
    """Return a position's integers from "54-30.5N 020-15E" or {lat, lon} with letters."""
    if isinstance(value, dict) and value.keys() == {"lat", "lon"}:
        value = f"{value['lat']} {value['lon']}"
    if not isinstance(value, str):
        return value
    try:
        return msgspec.to_builtins(read_position(value))
    except PlaceMistake as mistake:
        faults.append(_fault(mistake, path))
        return value


def read_position(text: str) -> Position:
    """Return the position written "54-30.5N 020-15E" or "54.5N 20.25E", latitude first.

    The letters are required: without them nobody knows which is which. Raises PlaceMistake.
    """
    match = re.fullmatch(r"([^NSns]{1,40}[NSns])[\s,/]*([^EWew]{1,40}[EWew])", text.strip())
    if not match:
        raise PlaceMistake(
            expected=say("latitude, then longitude, each with its letter"),
            came=short(text),
            remedy=say("write for example {example}", example="54-30.5N 020-15E"),
        )
    lat_e7, lon_e7 = (
        int((Decimal(repr(value)) * PARTS_OF_A_DEGREE).quantize(Decimal(1), ROUND_HALF_EVEN))
        for value in (parse_latitude_deg(match.group(1)), parse_longitude_deg(match.group(2)))
    )
    return Position(lat_e7=lat_e7, lon_e7=-lon_e7 if lon_e7 == -180 * PARTS_OF_A_DEGREE else lon_e7)


def _fault(mistake: PlaceMistake, path: str) -> Fault:
    return Fault(mistake.where, "place", mistake.expected, mistake.came, mistake.remedy).under(path)


def read_notice(octets: bytes, *, now: datetime | None = None) -> tuple[Checked | None, list[Fault]]:
    """Return the notice of a file, be it a record in its one spelling or a form, and every fault.

    A record may hold fields that this version does not know; a form may not (they are slips of the pen there).
    """
    if _is_record(octets):
        try:
            return decode(octets, now=now), []
        except NoticeRefused as refusal:
            return None, list(refusal.faults)
    return check_form(octets, now=now)


def _is_record(octets: bytes) -> bool:
    """Tell whether bytes are JSON as a program wrote it: sorted keys, no blanks."""
    try:
        return octets[:1] == b"{" and msgspec.json.encode(msgspec.json.decode(octets), order="sorted") == octets
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return False
