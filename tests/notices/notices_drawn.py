"""Draws any notice of a kind for property tests: from the structs themselves, so that no field is forgotten."""

from __future__ import annotations

import math
import unicodedata
from datetime import date, datetime
from functools import cache
from typing import Any

import msgspec
from hypothesis import strategies as st
from msgspec import inspect

from detente.notices.fields import IS
from detente.notices.kinds import KINDS
from detente.notices.notice import FORMAT
from detente.notices.parties import STATES

__all__ = ["documents"]

_DAY = datetime(1900, 1, 1)  # noqa: DTZ001 - written out as UTC below
_MOMENTS = st.one_of(
    st.dates(_DAY.date(), date(2199, 12, 31)).flatmap(
        lambda day: st.sampled_from([f"{day}", f"{day}"[:7], f"{day}"[:4]])
    ),
    st.datetimes(_DAY, datetime(2199, 12, 31)).flatmap(  # noqa: DTZ001
        lambda time: st.sampled_from([f"{time:%Y-%m-%dT%H:%MZ}", f"{time:%Y-%m-%dT%H:%M:%SZ}"])
    ),
)
_LETTERS = st.characters(codec="utf-8", categories=["L", "N", "P", "S"])
_LINES = st.lists(st.text(_LETTERS, min_size=1, max_size=9), min_size=1, max_size=3).map(
    lambda parts: unicodedata.normalize("NFC", " ".join(parts))
)
_DECIMALS = st.decimals(min_value=0, max_value=99_999, places=3).map(
    lambda number: f"{number:f}".rstrip("0").rstrip(".") or "0"
)


def _position() -> st.SearchStrategy[dict[str, int]]:
    return st.fixed_dictionaries(
        {"lat_e7": st.integers(-(9 * 10**8), 9 * 10**8), "lon_e7": st.integers(-18 * 10**8 + 1, 18 * 10**8)}
    )


@st.composite
def _ring(draw: st.DrawFn) -> list[dict[str, int]]:
    """Draw a simple ring: corners in the order of their azimuth around a centre, the antimeridian included."""
    lat, lon = draw(st.integers(-60 * 10**7, 60 * 10**7)), draw(st.integers(-180 * 10**7 + 1, 180 * 10**7))
    count = draw(st.integers(3, 9))
    corners = []
    for index in range(count):
        radius = draw(st.integers(10**6, 10**8))
        turn = 2 * math.pi * index / count
        east = (lon + round(radius * math.sin(turn)) + 180 * 10**7) % (360 * 10**7) - 180 * 10**7
        north = lat + round(radius * math.cos(turn))
        corners.append({"lat_e7": north, "lon_e7": 180 * 10**7 if east == -180 * 10**7 else east})
    return corners


def _lengths() -> st.SearchStrategy[str]:
    return _DECIMALS.map(lambda text: "1" if text == "0" else text)


def _shapes() -> st.SearchStrategy[dict[str, Any]]:
    circle = st.fixed_dictionaries({"shape": st.just("circle"), "centre": _position(), "radius_m": _lengths()})
    way = st.lists(_position(), min_size=2, max_size=5, unique_by=str)
    line = st.fixed_dictionaries({"piece": st.just("line"), "to": _position()})
    arc = st.fixed_dictionaries(
        {
            "piece": st.just("arc"),
            "to": _position(),
            "centre": _position(),
            "radius_m": _lengths(),
            "turn": st.sampled_from(["clockwise", "anticlockwise"]),
        }
    )
    return st.one_of(
        circle,
        st.fixed_dictionaries({"shape": st.just("polygon"), "ring": _ring()}),
        st.fixed_dictionaries({"shape": st.just("corridor"), "way": way, "half_width_m": _lengths()}),
        st.fixed_dictionaries({"shape": st.just("coastal"), "way": way, "closed_by": _LINES}),
        st.fixed_dictionaries({"shape": st.just("point"), "position": _position()}),
        st.fixed_dictionaries({"shape": st.just("named"), "name": _LINES}, optional={"approximate": circle}),
        st.tuples(arc, line).map(lambda pieces: {"shape": "arc_polygon", "pieces": list(pieces)}),
    )


def _levels() -> st.SearchStrategy[dict[str, Any]]:
    upper = st.one_of(
        st.just({"datum": "unl"}),
        st.integers(1, 999).map(lambda level: {"datum": "std", "unit": "fl", "value": level}),
        st.tuples(st.sampled_from(["amsl", "agl"]), st.sampled_from(["ft", "m"]), st.integers(1, 60_000)).map(
            lambda one: {"datum": one[0], "unit": one[1], "value": one[2]}
        ),
    )
    return upper.map(lambda one: {"lower": {"datum": "sfc"}, "upper": one})


def _ordered(document: dict[str, Any], first: str, last: str) -> None:
    """Put two moments in their order, where both are there."""
    if first in document and last in document:
        document[first], document[last] = sorted([document[first], document[last]])


def _mended(name: str, document: dict[str, Any]) -> dict[str, Any]:  # noqa: C901 - one look at each struct
    """Return a drawn struct whose fields agree, as each struct asks for."""
    for first, last in (
        ("start", "end"), ("arrives_at", "departs_at"), ("happened_at", "ended_at"), ("at", "ended_at"),
        ("outward_at", "return_at"),
    ):  # fmt: skip
        _ordered(document, first, last)
    if name == "Force":
        document = {key: value for key, value in document.items() if key != "troops_at_most"}
        if "basis" in document and "claim" not in document:
            del document["basis"]
    agreeing: dict[str, dict[str, Any]] = {
        "Radio": {"channel": "VHF 16"},
        "Waypoint": {"name": "A"},
        "Incident": {"place": "A"},
        "VisitReply": {"reason": "A"},
        "Reply": {"text": "A"},
        "Movement": {"movers": [{"type": "ship"}]},
        "AfterReport": {"period": {"start": "2030"}},
    }
    document = {**agreeing.get(name, {}), **document}
    if name == "Exercise":
        document["phases"] = [{**one, "period": document["period"]} for one in document.get("phases", [])]
        if not document["phases"]:
            del document["phases"]
    if name == "VisitRequest" and "period" in document:
        document.pop("arrives_at", None)
    if name == "AnnualCalendar":
        document.pop("nothing_planned", None)
        if "entries" not in document:
            document["nothing_planned"] = True
        for one in document.get("entries", []):
            one["start_window"] = {"start": f"{document['year']}", "end": f"{document['year']}"}
    if name == "AnnualExchange":
        document.pop("nothing_held", None)
        if not any(document.get(field) for field in ("forces", "units_reported", "given_in")):
            document["nothing_held"] = True
    if name == "Correction":
        document["corrected"]["author"] = document["author"]
    return document


def _values(kind: inspect.Type, what: str, default: object) -> st.SearchStrategy[Any]:  # noqa: C901, PLR0912 - one line a type
    if isinstance(kind, inspect.Metadata):
        return _values(kind.type, str((kind.extra or {}).get(IS, what)), default)
    if isinstance(kind, inspect.UnionType):
        options = [one for one in kind.types if not isinstance(one, inspect.NoneType)]
        if len(options) == 1:
            return _values(options[0], what, default)
        tags = {str(getattr(one, "tag", "")) for one in options}
        if "polygon" in tags:
            return _shapes()
        return st.sampled_from(sorted(tags)).flatmap(documents)
    if isinstance(kind, inspect.StructType):
        if kind.cls.__name__ == "Position":
            return _position()
        return _levels() if kind.cls.__name__ == "Vertical" else _structs(kind)
    if isinstance(kind, inspect.VarTupleType):
        least = max(kind.min_length or 0, 1)
        return st.lists(_values(kind.item_type, what, None), min_size=least, max_size=max(2, least))
    if isinstance(kind, inspect.LiteralType):
        return st.sampled_from([str(value) for value in kind.values if value != default])
    if isinstance(kind, inspect.IntType):
        return st.integers(kind.ge or 0, kind.le or 2**53 - 1)
    if isinstance(kind, inspect.BoolType):
        return st.just(value=True) if default is False else st.booleans()
    assert isinstance(kind, inspect.StrType)
    if what == "state":
        return st.sampled_from(sorted(STATES))
    if what == "moment":
        return _MOMENTS
    if kind.pattern is None:
        return _LINES
    if kind.pattern.startswith("^(0|-?"):
        return _DECIMALS
    return st.from_regex(kind.pattern, fullmatch=True)


def _structs(kind: inspect.StructType) -> st.SearchStrategy[dict[str, Any]]:
    needed: dict[str, st.SearchStrategy[Any]] = {}
    free: dict[str, st.SearchStrategy[Any]] = {}
    for one in kind.fields:
        if one.encode_name == "format":
            needed["format"] = st.just(FORMAT)
        elif one.encode_name != "critical":  # what it names must be known: the vectors have the cases
            target = needed if one.required else free
            target[one.encode_name] = _values(one.type, "", one.default)
    drawn = st.fixed_dictionaries(needed, optional=free).map(lambda one: _mended(kind.cls.__name__, one))
    if kind.tag_field and kind.tag:
        return drawn.map(lambda one: {**one, str(kind.tag_field): str(kind.tag)})
    return drawn


@cache
def documents(kind: str) -> st.SearchStrategy[dict[str, Any]]:
    """Return plain documents of a kind whose fields are right and agree."""
    made = inspect.type_info(KINDS[kind])
    assert isinstance(made, inspect.StructType)
    return _structs(made)


def plain(notice: msgspec.Struct) -> Any:
    """Return a notice as the plain document that a JSON reader gets."""
    return msgspec.json.decode(msgspec.json.encode(notice))
