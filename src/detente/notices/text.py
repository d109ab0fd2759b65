"""A notice as plain text, in the layout that risk-reduction centres use, in the reader's language.

Precedence, from, to, subject; 1 number, 2 date and time, 3 agreements, 4 other messages, 5 content by paragraphs,
6 remarks, 7 end: the frame of the OSCE communications network's formats. Every field that a notice states is
shown, with its term from the catalogue; what its author wrote is never translated; fields that this version does
not know are shown at the end of the content. The text is for people: what counts is the record.
"""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

import msgspec
from msgspec import inspect

from detente import words
from detente.notices import fields
from detente.notices.codec import Checked
from detente.notices.export import is_line_only
from detente.notices.fields import IS
from detente.notices.kinds import kind_of
from detente.notices.notice import Area, Claim, Fulfilment, Notice, Party, Period, Window
from detente.notices.shapes import (
    Arc,
    ArcPolygon,
    Circle,
    Coastal,
    Corridor,
    Line,
    Named,
    Point,
    Polygon,
    Position,
    Shape,
)
from detente.notices.spoken import (
    amount,
    date_time_group,
    decimal,
    from_until,
    moment_text,
    position_text,
    vertical_text,
)
from detente.notices.terms import kind_name, state_name, term_of

__all__ = ["lines_of", "notice_text"]

say = words.speaker("notices")

WIDTH = 78
_HEAD_FIELDS = frozenset(Notice.__struct_fields__)
_BARE_NUMBERS = frozenset({"year", "mmsi"})
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_DECIMAL = str(getattr(fields.Decimal, "__metadata__")[0].pattern)  # noqa: B009 - not a field of its type

Said = str | list[tuple[str, "Said"]]
"""A value in words, or the parts that it has, each under its name; parts of a list are numbered."""


def notice_text(checked: Checked, *, ref: str = "") -> str:
    """Return the whole text; ``ref`` is the entry that carries the notice on its line."""
    return "\n".join(lines_of(checked, ref=ref)) + "\n"


def lines_of(checked: Checked, *, ref: str = "") -> Iterator[str]:
    """Yield the text's lines, wrapped at 78 columns except where the author's own words cannot be broken."""
    notice = checked.notice
    number = notice.number or ref or "-"
    yield from _head(say("PRECEDENCE"), term_of(notice.precedence))
    yield from _head(say("FROM"), _party(notice.author))
    yield from _head(say("TO"), ", ".join(notice.addressees) or say("all members of the line"))
    yield from _head(say("SUBJECT"), notice.title)
    yield from _head(say("1. NUMBER"), f"{number} ({ref})" if notice.number and ref else number)
    group = date_time_group(notice.issued_at)
    yield from _head(say("2. DATE AND TIME"), f"{group} ({moment_text(notice.issued_at)})")
    yield from _head(say("3. AGREEMENT"), "; ".join(_fulfilment(one) for one in notice.fulfils) or "-")
    yield from _head(say("4. REFERENCE"), ", ".join(notice.references) or "-")
    yield say("5. CONTENT: {kind}", kind=kind_name(kind_of(notice)).upper())
    if is_line_only(notice):
        yield from _wrapped(_no_protection(), "   ", "   ")
    yield from _content(notice, checked.unknown)
    yield say("6. REMARKS")
    yield from _wrapped(notice.remarks or "-", "   ", "   ")
    yield say("7. END OF MESSAGE {number}", number=number)


def _no_protection() -> str:
    return say(
        "This is a notice and no protection. Whoever acknowledges it approves nothing and promises nothing. The "
        "law protects persons and places whether they are notified or not."
    )


def _head(name: str, value: str) -> Iterator[str]:
    yield from _wrapped(value, f"{name}: ", " " * 4)


def _content(notice: Notice, unknown: Mapping[str, Any]) -> Iterator[str]:
    parts = _parts(notice, skip=_HEAD_FIELDS)
    if notice.activity:
        parts.insert(0, (say("Activity"), notice.activity))
    if notice.sources:
        parts.append((say("Sources"), _list([_claim(one) for one in notice.sources])))
    if unknown:
        foreign: list[tuple[str, Said]] = [
            (path, json.dumps(value, sort_keys=True)[:200]) for path, value in sorted(unknown.items())
        ]
        parts.append((say("Fields not known here"), foreign))
    for index, (name, said) in enumerate(parts):
        yield from _paragraph(f"   {_LETTERS[index % 26]}. ", name, said)


def _paragraph(mark: str, name: str, said: Said) -> Iterator[str]:
    """Yield one value under its mark and name; its parts stand under it, further in."""
    inside = " " * len(mark)
    if isinstance(said, str):
        yield from _wrapped(said, f"{mark}{name}: " if name else mark, inside + "  ")
        return
    if name:
        yield f"{mark}{name}:"
        inside += "   "
    lines = [
        line
        for number, (part, value) in enumerate(said, 1)
        for line in _paragraph(inside if part else f"{inside}({number}) ", part, value)
    ]
    if not name:
        lines[0] = mark + lines[0][len(mark) :]
    yield from lines


def _wrapped(text: str, first: str, rest: str) -> Iterator[str]:
    for index, line in enumerate(text.split("\n")):
        lead = rest if index else first
        yield from textwrap.wrap(
            line,
            WIDTH,
            initial_indent=lead,
            subsequent_indent=rest,
            break_long_words=False,
            break_on_hyphens=False,
        ) or [lead.rstrip()]


def _parts(thing: msgspec.Struct, *, skip: frozenset[str] = frozenset()) -> list[tuple[str, Said]]:
    """Return the fields that a struct states, each with its term."""
    found: list[tuple[str, Said]] = []
    for name, title, what, default in _shown(type(thing)):
        value = getattr(thing, name)
        if name not in skip and value is not None and not _unstated(value, default):
            found.append((say(title), _said(value, name, what)))
    return found


def _unstated(value: object, default: object) -> bool:
    return type(value) is type(default) and value == default


@cache
def _shown(kind: type[msgspec.Struct]) -> tuple[tuple[str, str, str, object], ...]:
    """Return name, term, kind of text and default of each field of a struct."""
    info = inspect.type_info(kind)
    assert isinstance(info, inspect.StructType)  # noqa: S101 - a struct's type is one
    return tuple(
        (one.encode_name, *_titled(one.type), one.default) for one in info.fields if one.encode_name != "format"
    )


def _titled(kind: inspect.Type) -> tuple[str, str]:
    """Return a field's term, and whether its text is a moment, a state, a decimal or a choice."""
    title, what = "", ""
    while isinstance(kind, inspect.Metadata | inspect.UnionType):
        if isinstance(kind, inspect.Metadata):
            title = str((kind.extra_json_schema or {}).get("title", title))
            what = str((kind.extra or {}).get(IS, what))
            kind = kind.type
        else:
            kind = kind.types[0]
    if isinstance(kind, inspect.LiteralType):
        what = "choice"
    elif isinstance(kind, inspect.StrType) and kind.pattern == _DECIMAL:
        what = "decimal"
    return title, what


def _said(value: Any, name: str, what: str) -> Said:
    """Return a value in words, or its parts."""
    if isinstance(value, bool):
        return say("yes") if value else say("no")
    if isinstance(value, int):
        return str(value) if name in _BARE_NUMBERS else amount(value)
    if isinstance(value, str):
        return _text(value, name, what)
    if isinstance(value, tuple):
        return _list([_said(one, name, what) for one in value])
    if isinstance(value, Period | Window):
        reserve = say("{period} (in reserve)", period=from_until(value.start, value.end))
        return reserve if getattr(value, "alternate", False) else from_until(value.start, value.end)
    if isinstance(value, Position):
        return position_text(value)
    if isinstance(value, Area):
        return _area(value)
    if isinstance(value, Claim):
        return _claim(value)
    if isinstance(value, Notice):
        return [(say("Kind"), kind_name(kind_of(value))), *_parts(value)]
    return _party(value) if isinstance(value, Party) else _parts(value)


def _text(value: str, name: str, what: str) -> str:
    if what == "moment":
        return moment_text(value)
    if what == "state":
        return state_name(value)
    if what == "decimal":
        return decimal(value)
    return term_of(value) if what == "choice" or name in {"activity_kind", "language"} else value


def _list(items: list[Said]) -> Said:
    """Return a list's items, numbered; one alone stands for itself."""
    return items[0] if len(items) == 1 else [("", one) for one in items]


def _party(party: Party) -> str:
    where = f", {state_name(party.state)}" if party.state else ""
    return f"{party.name} ({party.id}{where})"


def _fulfilment(one: Fulfilment) -> str:
    mark = f" [{one.agreement_hash[:12]}]" if one.agreement_hash else ""
    return f"{one.agreement}, {one.clause}{mark}"


def _claim(claim: Claim) -> str:
    page = f", {claim.page}" if claim.page else ""
    said = say(
        "{said_by}, {said_at}; read in {read_in}, {read_at}; {confidence}",
        said_by=claim.said_by,
        said_at=moment_text(claim.said_at),
        read_in=claim.read_in + page,
        read_at=moment_text(claim.read_at),
        confidence=term_of(claim.confidence),
    )
    return said + (say("; concerns {field}", field=claim.concerns) if claim.concerns else "")


def _area(area: Area) -> Said:
    parts: list[tuple[str, Said]] = [(say("Name"), area.name)] if area.name else []
    parts.append((say("Bounds"), _shape(area.shape)))
    if area.vertical:
        parts.append((say("Height"), vertical_text(area.vertical)))
    return parts


def _shape(shape: Shape) -> Said:
    if isinstance(shape, Circle):
        radius = _length(shape.radius_m)
        return say("circle of radius {radius} around {centre}", radius=radius, centre=position_text(shape.centre))
    if isinstance(shape, Point):
        return position_text(shape.position)
    if isinstance(shape, Named):
        about = shape.approximate
        return say("{name}; about {place}", name=shape.name, place=_shape(about)) if about else shape.name
    if isinstance(shape, Polygon):
        return [(say("lines joining"), _positions(shape.ring))]
    if isinstance(shape, Corridor):
        width = say("{width} on either side of", width=_length(shape.half_width_m))
        return [(width, _positions(shape.way))]
    if isinstance(shape, Coastal):
        return [(say("lines joining"), _positions(shape.way)), (say("closed by"), shape.closed_by)]
    return _boundary(shape)


def _positions(positions: tuple[Position, ...]) -> Said:
    return [("", position_text(one)) for one in positions]


def _boundary(shape: ArcPolygon) -> Said:
    found: list[tuple[str, Said]] = []
    for piece in shape.pieces:
        if isinstance(piece, Line):
            found.append(("", say("line to {place}", place=position_text(piece.to))))
        else:
            found.append(("", _bend(piece)))
    return found


def _bend(arc: Arc) -> str:
    return say(
        "arc {turn}, radius {radius}, centre {centre}, to {place}",
        turn=term_of(arc.turn),
        radius=_length(arc.radius_m),
        centre=position_text(arc.centre),
        place=position_text(arc.to),
    )


def _length(metres: str) -> str:
    return say("{length} m", length=decimal(metres))
