"""Placing areas: polygons, circles, corridors and boundaries with arcs out of a text's words.

Positions have been marked on the page before (detente.areas.positions). What is read here is struck out; words
about place that stay are doubted or refused by whoever reads the page.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from detente.areas.outcomes import Announced, Reason, Unplaced
from detente.areas.page import PAIR, Page
from detente.areas.rounded import EllipseSaid, SectorSaid, ellipse, sector
from detente.notices.errors import ValueMistake
from detente.notices.shapes import (
    Arc,
    ArcPolygon,
    Circle,
    Coastal,
    Corridor,
    Line,
    Point,
    Polygon,
    Position,
    length_text,
)

__all__ = ["MOST_CORNERS", "Placed", "place"]

MOST_CORNERS = 500
"""A ring with more corners is no announced area; comparing all its edges must stay cheap."""

_NUMBERS = [
    "ONE",
    "TWO",
    "THREE",
    "FOUR",
    "FIVE",
    "SIX",
    "SEVEN",
    "EIGHT",
    "NINE",
    "TEN",
    "ELEVEN",
    "TWELVE",
    "FIFTEEN",
    "TWENTY",
]
_WORTH = dict(zip(_NUMBERS, (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 15, 20), strict=True))
_UNIT_M = {
    "NM": Decimal(1852),
    "MILE": Decimal(1852),
    "NAUTICAL": Decimal(1852),
    "KM": Decimal(1000),
    "KILOMET": Decimal(1000),
    "M": Decimal(1),
    "MET": Decimal(1),
    "FT": Decimal("0.3048"),
    "FEET": Decimal("0.3048"),
    "YARD": Decimal("0.9144"),
    "CABLE": Decimal("185.2"),
}
_LENGTH = (
    rf"(?P<number>[0-9]{{1,6}}(?:[.,][0-9]{{1,4}})?|{'|'.join(_NUMBERS)})[ \n]?-?(?P<unit>NM|NAUTICAL[ \n]MILES?|MILES?|KM|KILOMET(?:RE|ER)S?|"
    r"M|MET(?:RE|ER)S?|FT|FEET|YARDS?|CABLES?)(?![A-Z])(?:[ ]?[(/][ ]?[0-9.]+[ ]?(?:NM|KM)\)?)?"
)
_LABEL = r"\(?(?:[A-Z]|[IVX]{1,5}|[0-9]{1,2})[ ]?[.):]"
_LABELLED = rf"(?:(?:POINT[ ]?)?{_LABEL})"
_GAP = rf"(?:[\s,;./-]|\bTO\b|\bAND\b|\bPOINTS?\b|\bTHEN\b|\bTHENCE\b|{_LABELLED}){{0,40}}?"
_CHAIN = rf"(?:{_LABELLED}\s*)?{PAIR}(?:{_GAP}{PAIR}){{0,4000}}"
_FILL = (
    r"(?:\s|[:,.(=-]|\b(?:RADIUS|OF|FROM|AROUND|CENT(?:ER|RE)(?:E?D)?|ON|AT|IN|THE|AN?|WITH|COORDS?|COORDINATES?|POSITIONS?|PSN|POINTS?|"
    r"CIRCLE|FOLLOWING|FLW|WGS[ -]?84|DATUM)\b){0,40}?"
)
_CLOSING = re.compile(
    r"[\s,.-]{0,6}(?:AND )?(?:BACK\s+)?TO\s+(?:THE\s+)?(?:POINT\s+OF\s+ORIGIN|BEGINNING|START(?:ING\s+POINT)?|ORIGIN)\b(?=[^@]|$)"
)
_CORRIDOR = re.compile(
    rf"(?:\b(?:WITHIN|WI)\s+)?{_LENGTH}\s+(?:EITHER\s+SIDE\s+OF|(?:ON\s+)?(?:EACH|BOTH)\s+SIDES?\s+OF|OF)\s+(?:A\s+|THE\s+)?(?:TRACK)?\s?LINE\b"
    rf"(?:\s+(?:JOINING|BETWEEN|CONNECTING|FROM))?[\s:]{{0,4}}(?P<chain>{_CHAIN})"
)
_CIRCLES = re.compile(
    rf"(?:\b(?:WITHIN|WI|CIRCLE|RADIUS|OF|AN?|IN|AREAS?)\s+){{0,8}}\b{_LENGTH}(?P<fill>{_FILL})(?P<list>(?:{_LABELLED}\s*)?{PAIR}"
    rf"(?:[\s.,;]{{0,6}}(?:(?:PRIMARY|SECONDARY)\s+AREA\s*)?{_LABELLED}\s*{PAIR}){{0,50}})(?!{_GAP}{PAIR})"
)
_RADIUS_LATER = re.compile(
    rf"(?:\b(?:WITHIN|WI|IN|AN?|THE|AREA|CIRCLE|WITH)\s+){{0,6}}(?P<before>\bCENT(?:ER|RE)(?:E?D)?\b{_FILL})?(?P<pair>{PAIR})(?P<fill>{_FILL}\bRADIUS\b{_FILL}){_LENGTH}"
)
_ARC = re.compile(
    rf"(?:\s|,|-|\bTO\b|\bTHEN\b|\bALONG\b|\bAN?\b|\bTHE\b){{0,10}}(?:(?P<turn>CLOCKWISE|ANTI-?CLOCKWISE|COUNTER-?CLOCKWISE)\s+)?(?:DIRECTION\s+)?"
    rf"(?:ALONG\s+)?(?:AN?\s+)?\bARC\b{_FILL}{_LENGTH}{_FILL}(?P<centre>{PAIR})(?:[\s,-]|\bTO\b|\bPOINT\b){{0,8}}"
)
_ARCS = re.compile(
    rf"(?:LATERAL LIMITS?:\s*)?(?:POINT\s+)?{PAIR}(?:{_GAP}{PAIR}|{_ARC.pattern.replace('?P<turn>', '').replace('?P<number>', '').replace('?P<unit>', '').replace('?P<centre>', '')}{PAIR}){{1,400}}"
)
_POLYGON = re.compile(_CHAIN)
_ONE = re.compile(
    rf"(?P<lead>\b(?:CENT(?:ER|RE)(?:E?D)?(?:\s+(?:IN|AT|ON))?|COORDS?|PSN|POSITION)[\s:]{{0,4}})?(?:{_LABELLED}\s*)?{PAIR}"
)
_PAIR = re.compile(PAIR)
_LABEL_ALONE = re.compile(_LABELLED)
_COAST = re.compile(
    r"[\s.,]{0,4}(?:(?:AND\s+)?(?:LIMITED|BOUNDED|CLOSED|DELIMITED)\s+(?:BY|ON)\s+(?:THE\s+)?(?:[A-Z]+\s+){0,2}?(?:COAST\s?LINE|COAST|SHORE\s?LINE|BORDER)"
    r"(?:\s+(?:FROM|IN|ON)\s+(?:THE\s+)?(?:NORTH|SOUTH|EAST|WEST))?|(?:AND|ALONG)\s+THE\s+(?:COAST\s?LINE|COAST|SHORE\s?LINE|BORDER))\b"
)


_UNREAD_SHAPE = re.compile(
    r"\b(?:ELLIP[A-Z]+|SEMI-?CIRCLE|QUADRANT|SECTOR(?=[^@]{0,40}(?:RADIUS|BEARING|DEGREES))|BETWEEN QDR|BETWEEN RADIALS?|BETWEEN (?:THE )?(?:TRUE )?(?:BEARINGS|BRGS?))\b"
)
_DEGREES = r"[0-9]{3}(?:\.[0-9])?[ ]?(?:DEG(?:REES?)?\b\.?)?[ ]?(?:\(?T(?:RUE)?\)?(?![A-Z]))?"
_BEARINGS = rf"(?P<from>{_DEGREES})\s?(?:CLOCKWISE\s)?(?:-|\bTO\b|\bAND\b|\bTHRU\b|\bTHROUGH\b)\s?(?:CLOCKWISE\s)?(?:TO\s)?(?P<to>{_DEGREES})"
_AROUND = (
    r"[\s:,.()=-]|\b(?:CENT(?:ER|RE)(?:E?D)?|ON|AT|IN|OF|THE|AN?|WITH(?:IN)?|WI|RADIUS|FROM|BETWEEN|BY|LIMITED|BOUNDED|AND|TRUE|"
    r"BEARINGS?|BRGS?|CLOCKWISE|DEG(?:REES?)?|POSITIONS?|PSN|POINT|COORDS?|COORDINATES|AREA|AXIS|AXES|IS|LENGTH|ITS|"
    r"MAJOR|MINOR|SEMI-?|ORIENTED|ORIENTATION|AZIMUTH|HEADING|SECTORS?|ELLIPSE|ELLIPTICAL|WHOSE|HAVING|ALONG)\b"
)
_PIECE = rf"{PAIR}|{_LENGTH}|{_BEARINGS}|{_DEGREES}"
_ROUNDED = re.compile(re.sub(r"\?P<[a-z]+>", "?:", rf"(?<![^\s:,.(])(?:{_AROUND}|{_PIECE}){{5,120}}"))
_ONE_LENGTH, _ONE_PAIR_OF_BEARINGS = re.compile(rf"(?<![0-9.]){_LENGTH}"), re.compile(_BEARINGS)
_MAJOR, _MINOR = (
    re.compile(rf"(?P<semi>\bSEMI[ -]?)?\b{which}\s+AXIS(?:\s+(?:OF|IS|LENGTH)|[\s:=])*\s?{_LENGTH}")
    for which in ("MAJOR", "MINOR")
)
_ORIENTED = re.compile(
    rf"\b(?:ORIENTED|ORIENTATION|AZIMUTH|HEADING|BEARING)(?:\s+(?:OF|IS|ON|TO|ALONG|AT)|[\s:=])*\s?(?P<from>{_DEGREES})"
)


@dataclass(slots=True)
class Placed:
    """An area and where its words stand; doubts that its own words raise."""

    area: Announced
    start: int
    end: int
    doubts: list[tuple[Reason, str]]


def place(page: Page, positions: dict[int, Position]) -> list[Placed]:
    """Strike out and return every area in the order of the text.

    Raises Unplaced for what is no area: two corners, a radius of 0 or of 999 miles and more.
    """
    found: list[Placed] = []

    def rounded(match: re.Match[str]) -> bool:
        made = _rounded(page, positions, match)
        found.extend([made] if made else [])
        return made is not None

    page.take(_ROUNDED, rounded)
    unread = _UNREAD_SHAPE.search(page.view)
    if unread:
        raise Unplaced(Reason.SHAPE, page.words(max(0, unread.start() - 10), unread.end() + 60))
    for pattern, make in (
        (_CORRIDOR, _corridor),
        (_ARCS, _arcs),
        (_CIRCLES, _circles),
        (_RADIUS_LATER, _later),
        (_POLYGON, _polygons),
        (_ONE, _point),
    ):

        def use(match: re.Match[str], make: object = make) -> bool:
            made = list(make(page, positions, match))  # type: ignore[operator]
            found.extend(made)
            return bool(made)

        page.take(pattern, use)
        if pattern is _POLYGON:
            page.take(_CLOSING)
            if any(isinstance(placed.area.shape, Coastal) for placed in found):
                page.take(_COAST)
    return sorted(found, key=lambda placed: placed.start)


def _placed(match: re.Match[str], area: Announced, *, start: int = -1, doubts: object = ()) -> Placed:
    return Placed(area, match.start() if start < 0 else start, match.end(), list(doubts))  # type: ignore[call-overload]


def _length_m(match: re.Match[str], words: str) -> str:
    number = match["number"].replace(",", ".")
    value = Decimal(_WORTH[number]) if number in _WORTH else Decimal(number)
    unit = next(worth for name, worth in _UNIT_M.items() if match["unit"].startswith(name))
    if not 0 < value * unit < 999 * 1852:
        raise Unplaced(Reason.SHAPE, words)
    return length_text(value * unit)


def _pairs(positions: dict[int, Position], match: re.Match[str], group: str | int = 0) -> list[Position]:
    start = match.start(group)
    return [positions[start + pair.start()] for pair in _PAIR.finditer(match[group])]


def _corridor(page: Page, positions: dict[int, Position], match: re.Match[str]) -> Iterator[Placed]:
    words = page.words(*match.span())
    way = tuple(_pairs(positions, match, "chain"))
    try:
        shape = Corridor(way=way, half_width_m=_length_m(match, words))
    except ValueMistake:
        raise Unplaced(Reason.SHAPE, words) from None
    yield _placed(match, Announced(shape, words))


def _circles(page: Page, positions: dict[int, Position], match: re.Match[str]) -> Iterator[Placed]:
    words = page.words(*match.span())
    whole = match.group()
    if not re.search(r"\b(?:RADIUS|OF|CENT|AROUND|FROM|CIRCLE)", whole):
        return
    radius_m = _length_m(match, words)
    listed = match["list"]
    labels = [label.group() for label in _LABEL_ALONE.finditer(listed)]
    pairs = _pairs(positions, match, "list")
    for index, centre in enumerate(pairs):
        name = _letters(labels[index]) if len(labels) == len(pairs) and len(pairs) > 1 else ""
        yield _placed(match, Announced(Circle(centre=centre, radius_m=radius_m), words, name=name))


def _later(page: Page, positions: dict[int, Position], match: re.Match[str]) -> Iterator[Placed]:
    words = page.words(*match.span())
    centre = positions[match.start("pair")]
    yield _placed(match, Announced(Circle(centre=centre, radius_m=_length_m(match, words)), words))


def _rounded(page: Page, positions: dict[int, Position], match: re.Match[str]) -> Placed | None:
    """Read a sector or an ellipse: one centre, and each of its measures once, in whatever order; else None."""
    said, words = match.group(), page.words(*match.span())
    centres = _pairs(positions, match)
    lengths = list(_ONE_LENGTH.finditer(said))
    if len(centres) != 1:
        return None
    if "ELLIP" in said:
        major, minor, turned = (list(one.finditer(said)) for one in (_MAJOR, _MINOR, _ORIENTED))
        if len(lengths) != 2 or not len(major) == len(minor) == len(turned) == 1:
            return None
        half = [Decimal(_length_m(axis[0], words)) / (1 if axis[0]["semi"] else 2) for axis in (major, minor)]
        shape = ellipse(
            EllipseSaid(centres[0], float(half[0]), float(half[1]), _bearing(turned[0]["from"], words))
        )
        if shape is None:
            raise Unplaced(Reason.SHAPE, words)
        return _placed(match, Announced(shape, words), doubts=[(Reason.DRAWN_AS_POLYGON, words)])
    bearings = list(_ONE_PAIR_OF_BEARINGS.finditer(said))
    if not re.search(r"\b(?:SECTOR|BEARINGS?|BRGS?)\b", said) or len(lengths) != 1 or len(bearings) != 1:
        return None
    first, last = (_bearing(bearings[0][name], words) for name in ("from", "to"))
    made = sector(SectorSaid(centres[0], _length_m(lengths[0], words), first, last))
    if made is None:
        raise Unplaced(Reason.SHAPE, words)
    is_clear = "CLOCKWISE" in said and re.search(r"\bT(?:RUE)?\b", said) is not None
    return _placed(match, Announced(made, words), doubts=[] if is_clear else [(Reason.SECTOR_BEARINGS, words)])


def _bearing(text: str, words: str) -> float:
    degrees = float(re.match(r"[0-9.]+", text).group().rstrip("."))  # type: ignore[union-attr]
    if degrees > 360.0:
        raise Unplaced(Reason.SHAPE, words)
    return degrees


def _arcs(page: Page, positions: dict[int, Position], match: re.Match[str]) -> Iterator[Placed]:
    """Read a boundary of lines and arcs; without a stated turn the shorter arc is taken and doubted."""
    if "ARC" not in match.group():
        return
    words = page.words(*match.span())
    pieces: list[tuple[Position, tuple[Position, str, str] | None]] = []
    doubts: list[tuple[Reason, str]] = []
    at, arc = match.start(), None
    for part in re.finditer(rf"(?P<arc>{_ARC.pattern})|(?P<plain>{PAIR})", match.group()):
        if part["arc"]:
            turn = (part["turn"] or "").replace("-", "")
            if not turn:
                doubts.append((Reason.TURN_NOT_STATED, page.words(at + part.start(), at + part.end())))
            arc = (positions[at + part.start("centre")], _length_m(part, words), turn)
        else:
            pieces.append((positions[at + part.start()], arc))
            arc = None
    first = pieces[0][0]
    if pieces[-1][0] != first:
        pieces.append((first, arc))
    made: list[Line | Arc] = []
    before = first
    for to, bow in pieces[1:]:
        if bow is None:
            if to != before:
                made.append(Line(to=to))
        else:
            made.append(_arc(before, to, bow))
        before = to
    try:
        shape = ArcPolygon(pieces=tuple(made))
    except ValueMistake:
        raise Unplaced(Reason.SHAPE, words) from None
    yield _placed(match, Announced(shape, words), doubts=doubts)


def _arc(before: Position, to: Position, bow: tuple[Position, str, str]) -> Arc:
    centre, radius_m, turn = bow
    if turn:
        way = "clockwise" if turn == "CLOCKWISE" else "anticlockwise"
    else:
        cross = _east(centre, before) * (to.lat_e7 - centre.lat_e7) - _east(centre, to) * (
            before.lat_e7 - centre.lat_e7
        )
        way = "anticlockwise" if cross > 0 else "clockwise"
    return Arc(centre=centre, radius_m=radius_m, turn=way, to=to)  # type: ignore[arg-type]


def _east(origin: Position, position: Position) -> int:
    """Return how far east in ten-millionths of a degree, the short way round."""
    turn = 3_600_000_000
    return (position.lon_e7 - origin.lon_e7 + turn // 2) % turn - turn // 2


def _polygons(page: Page, positions: dict[int, Position], match: re.Match[str]) -> Iterator[Placed]:
    """Read a chain: one ring, or one ring under each label."""
    starts = [match.start() + pair.start() for pair in _PAIR.finditer(match.group())]
    if len(starts) == 1:
        return
    words = page.words(*match.span())
    groups: list[tuple[str, list[int]]] = [("", [])]
    before = match.start()
    for start in starts:
        label = _LABEL_ALONE.search(page.view_between(before, start))
        if label and (groups[-1][1] or not groups[0][0]):
            groups.append((_letters(label.group()), []))
        groups[-1][1].append(start)
        before = start
    groups = [group for group in groups if group[1]]
    sizes = {len(group[1]) for group in groups}
    if len(groups) == 1 or sizes == {1}:
        yield _ring(page, positions, match, starts, words, "")
        return
    if min(sizes) < 3:
        raise Unplaced(Reason.SHAPE, words)
    for name, members in groups:
        end = next((start for start in starts if start > members[-1]), match.end())
        yield _ring(page, positions, match, members, page.words(members[0], end), name)


def _ring(
    page: Page, positions: dict[int, Position], match: re.Match[str], members: list[int], words: str, name: str
) -> Placed:
    ring = [positions[start] for start in members]
    tail = page.text[match.end() : match.end() + 120]
    coast = _COAST.match(tail)
    if coast:
        return _placed(
            match,
            Announced(
                Coastal(way=tuple(ring), closed_by=" ".join(coast.group().split(maxsplit=0)).strip(" .,")),
                words,
                name=name,
            ),
            start=members[0],
            doubts=[(Reason.CLOSED_BY_COAST, coast.group())],
        )
    if ring[-1] == ring[0]:
        ring.pop()
    if ring[:1] and ring[0] in ring[1:]:
        raise Unplaced(Reason.RUN_TOGETHER, words)
    if len(ring) > MOST_CORNERS:
        raise Unplaced(Reason.TOO_LONG, words)
    doubts = [(Reason.WORDS_LEFT, words)] if len(set(ring)) < len(ring) else []
    ring = [corner for index, corner in enumerate(ring) if not index or corner != ring[index - 1]]
    try:
        shape = Polygon(ring=tuple(ring))
    except ValueMistake:
        raise Unplaced(Reason.SHAPE, words) from None
    if _edges_cross(ring):
        doubts.append((Reason.EDGES_CROSS, words))
    return _placed(match, Announced(shape, words, name=name), start=members[0], doubts=doubts)


def _point(page: Page, positions: dict[int, Position], match: re.Match[str]) -> Iterator[Placed]:
    words = page.words(*match.span())
    pair = next(_PAIR.finditer(match.group()))
    position = positions[match.start() + pair.start()]
    yield _placed(match, Announced(Point(position=position), words))


def _letters(label: str) -> str:
    return re.sub(r"[^A-Z0-9]", "", label.replace("POINT", ""))


def _edges_cross(ring: list[Position]) -> bool:
    """Tell whether two edges that are no neighbours meet; on the flat grid of degrees, the short way round.

    A ring around a pole is seen from above it.
    """
    flat = [(_east(ring[0], corner), corner.lat_e7) for corner in ring]
    if sum(_east(one, two) for one, two in zip(ring, ring[1:] + ring[:1], strict=True)):
        flat = [_from_above(corner) for corner in ring]
    edges = list(zip(flat, flat[1:] + flat[:1], strict=True))
    count = len(edges)
    for one in range(count):
        for two in range(one + 2, count):
            if (one, two) != (0, count - 1) and _meet(*edges[one], *edges[two]):
                return True
    return False


def _from_above(corner: Position) -> _Flat:
    away, east = 900_000_000 - abs(corner.lat_e7), math.radians(corner.lon_deg)
    return round(away * math.cos(east)), round(away * math.sin(east))


_Flat = tuple[int, int]


def _meet(a: _Flat, b: _Flat, c: _Flat, d: _Flat) -> bool:
    return (
        _side(a, b, c) * _side(a, b, d) <= 0 and _side(c, d, a) * _side(c, d, b) <= 0 and _boxes_meet(a, b, c, d)
    )


def _side(a: _Flat, b: _Flat, c: _Flat) -> int:
    turn = (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])
    return (turn > 0) - (turn < 0)


def _boxes_meet(a: _Flat, b: _Flat, c: _Flat, d: _Flat) -> bool:
    return all(
        max(min(a[axis], b[axis]), min(c[axis], d[axis])) <= min(max(a[axis], b[axis]), max(c[axis], d[axis]))
        for axis in (0, 1)
    )
