"""Shapes: places on the earth's surface and heights above it, as a notice carries them.

A shape is what was said, exactly: a circle stays a centre and a radius, an arc stays an arc. Positions are whole
ten-millionths of a degree (WGS 84), lengths are decimals in metres written as text, so that one shape has one
byte form. Edges between positions are geodesics of the WGS 84 ellipsoid. Nothing here computes on them: what
draws outlines lives with what reads danger areas.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Literal

import msgspec

from detente import words
from detente.notices.errors import PlaceMistake, QuantityMistake, ValueMistake

__all__ = [
    "LONGEST_M",
    "MOST_POSITIONS",
    "PARTS_OF_A_DEGREE",
    "Arc",
    "ArcPolygon",
    "Circle",
    "Coastal",
    "Corridor",
    "Level",
    "Line",
    "Named",
    "Point",
    "Polygon",
    "Position",
    "Shape",
    "Vertical",
    "length_m",
    "length_text",
]

say = words.speaker("notices")

PARTS_OF_A_DEGREE = 10_000_000
MOST_POSITIONS = 10_000
"""A ring, way or list of pieces with more is no shape that people announced."""
LONGEST_M = Decimal(10_000_000)
"""A radius or half width above a quarter of the earth's circumference encloses the other side."""
HIGHEST = {"ft": 400_000, "m": 120_000, "fl": 999}

_LENGTH = re.compile(r"(?:0|[1-9][0-9]{0,7})(?:\.[0-9]{0,5}[1-9])?", re.ASCII)


class Position(msgspec.Struct, frozen=True, kw_only=True, order=True):
    """A point of the WGS 84 ellipsoid in ten-millionths of a degree, north and east positive.

    The constructor refuses latitudes over 90 and longitudes over 180 degrees with PlaceMistake. Longitude -180
    is written 180: one meridian, one form.
    """

    lat_e7: int
    lon_e7: int

    def __post_init__(self) -> None:
        if not -90 * PARTS_OF_A_DEGREE <= self.lat_e7 <= 90 * PARTS_OF_A_DEGREE:
            raise _out_of_range(self.lat_e7, "lat_e7", 90)
        if not -180 * PARTS_OF_A_DEGREE < self.lon_e7 <= 180 * PARTS_OF_A_DEGREE:
            raise _out_of_range(self.lon_e7, "lon_e7", 180)

    @property
    def lat_deg(self) -> float:
        """Latitude in degrees, north positive."""
        return self.lat_e7 / PARTS_OF_A_DEGREE

    @property
    def lon_deg(self) -> float:
        """Longitude in degrees, east positive."""
        return self.lon_e7 / PARTS_OF_A_DEGREE


class Polygon(msgspec.Struct, frozen=True, kw_only=True, tag_field="shape", tag="polygon"):
    """An area bounded by geodesics between its corners; the last corner joins the first without being repeated.

    Refuses fewer than three different corners and a corner given twice running with PlaceMistake. Whether edges
    cross is for the reader to doubt: a sender may have announced just that.
    """

    ring: tuple[Position, ...]

    def __post_init__(self) -> None:
        _positions(self.ring, least=3, where="ring", is_closed=True)


class Circle(msgspec.Struct, frozen=True, kw_only=True, tag_field="shape", tag="circle"):
    """All points within a geodesic distance of the centre. radius_m: decimal text above 0."""

    centre: Position
    radius_m: str

    def __post_init__(self) -> None:
        length_m(self.radius_m, where="radius_m")


class Corridor(msgspec.Struct, frozen=True, kw_only=True, tag_field="shape", tag="corridor"):
    """All points within half_width_m of the geodesics that join the positions of the way, ends rounded."""

    way: tuple[Position, ...]
    half_width_m: str

    def __post_init__(self) -> None:
        _positions(self.way, least=2, where="way", is_closed=False)
        length_m(self.half_width_m, where="half_width_m")


class Line(msgspec.Struct, frozen=True, kw_only=True, tag_field="piece", tag="line"):
    """A boundary's piece: the geodesic from where the piece before it ended."""

    to: Position


class Arc(msgspec.Struct, frozen=True, kw_only=True, tag_field="piece", tag="arc"):
    """A boundary's piece: the arc from where the piece before it ended, about a centre, turning as seen from above.

    radius_m is the stated radius; ends that lie a little nearer or farther (rounded coordinates) are joined to it
    by whoever draws the arc. An arc that ends where it began is a full circle.
    """

    centre: Position
    radius_m: str
    turn: Literal["clockwise", "anticlockwise"]
    to: Position

    def __post_init__(self) -> None:
        length_m(self.radius_m, where="radius_m")


class ArcPolygon(msgspec.Struct, frozen=True, kw_only=True, tag_field="shape", tag="arc_polygon"):
    """An area whose boundary has lines and arcs in turn; the first piece starts where the last one ends."""

    pieces: tuple[Line | Arc, ...]

    def __post_init__(self) -> None:
        _count(len(self.pieces), least=2, where="pieces")
        if not any(isinstance(piece, Arc) for piece in self.pieces):
            raise PlaceMistake(
                expected=say("a boundary with at least one arc"),
                came=say("only lines"),
                where="pieces",
                remedy=say("give it as a polygon"),
            )
        before = self.pieces[-1].to
        for index, piece in enumerate(self.pieces):
            if isinstance(piece, Line) and piece.to == before:
                raise _repeated(f"pieces[{index}]")
            before = piece.to


class Point(msgspec.Struct, frozen=True, kw_only=True, tag_field="shape", tag="point"):
    """A position whose extent is not stated."""

    position: Position


class Coastal(msgspec.Struct, frozen=True, kw_only=True, tag_field="shape", tag="coastal"):
    """An area between a line of positions and a coast or border that the text names without giving it."""

    way: tuple[Position, ...]
    closed_by: str

    def __post_init__(self) -> None:
        _positions(self.way, least=2, where="way", is_closed=False)
        _text(self.closed_by, "closed_by")


class Named(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="shape", tag="named"):
    """An area known by its name only; the circle, if any, is where about it lies and never its boundary."""

    name: str
    approximate: Circle | None = None

    def __post_init__(self) -> None:
        _text(self.name, "name")


Shape = Polygon | Circle | Corridor | ArcPolygon | Point | Coastal | Named


class Level(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One vertical limit: a number with unit and datum, or the surface (sfc) or no limit (unl) without a number.

    Flight levels are hundreds of feet in the standard atmosphere: unit fl goes with datum std and only with it.
    Raises QuantityMistake for anything else.
    """

    datum: Literal["sfc", "amsl", "agl", "std", "unl"]
    value: int | None = None
    unit: Literal["ft", "m", "fl"] | None = None

    def __post_init__(self) -> None:
        is_bare = self.datum in {"sfc", "unl"}
        if is_bare:
            is_right = self.value is None and self.unit is None
        else:
            is_right = (
                self.value is not None
                and self.unit is not None
                and (self.unit == "fl") == (self.datum == "std")
                and (-1_500 if self.datum == "amsl" else 0) <= self.value <= HIGHEST[self.unit]
            )
        if not is_right:
            raise QuantityMistake(
                expected=say("a height with unit and datum, a flight level, the surface or unlimited"),
                came=" ".join(str(part) for part in (self.value, self.unit, self.datum) if part is not None),
                where="level",
                remedy=say("write for example {example}", example="2000 ft amsl"),
            )


class Vertical(msgspec.Struct, frozen=True, kw_only=True):
    """Lower and upper limit. Limits of one unit and datum stand in their order: QuantityMistake otherwise."""

    lower: Level
    upper: Level

    def __post_init__(self) -> None:
        low, high = self.lower, self.upper
        is_alike = low.unit == high.unit and low.datum == high.datum
        is_upside_down = low.datum == "unl" or high.datum == "sfc"
        if low.value is not None and high.value is not None and is_alike:
            is_upside_down = low.value >= high.value
        if is_upside_down:
            raise QuantityMistake(
                expected=say("a lower limit below the upper one"),
                came=f"{low.value} {low.unit} {low.datum}, {high.value} {high.unit} {high.datum}",
                where="vertical",
                remedy=say("exchange the limits, or give both in one unit and datum"),
            )


def length_m(text: str, *, where: str = "") -> Decimal:
    """Return metres from their one byte form: "463", "185.2"; no sign, no needless zero, above 0.

    Raises QuantityMistake; ``where`` names the field in it.
    """
    value = Decimal(text) if len(text) <= 15 and _LENGTH.fullmatch(text) else Decimal(0)
    if not 0 < value <= LONGEST_M:
        raise QuantityMistake(
            expected=say("metres above zero as decimal text without needless zeros"),
            came=repr(text[:32]),
            where=where,
            remedy=say("write for example {example}", example="185.2"),
        )
    return value


def length_text(value_m: Decimal) -> str:
    """Return the one byte form of a length in metres, rounded half to even to a millionth of a metre."""
    text = f"{value_m.quantize(Decimal('0.000001')):f}"
    return text.rstrip("0").rstrip(".")


def _positions(given: tuple[Position, ...], *, least: int, where: str, is_closed: bool) -> None:
    _count(len(given), least=least, where=where)
    for index, position in enumerate(given):
        if index and position == given[index - 1]:
            raise _repeated(f"{where}[{index}]")
    if is_closed and given[0] == given[-1]:
        raise _repeated(f"{where}[{len(given) - 1}]")
    if len(set(given)) < least:
        raise PlaceMistake(
            expected=say("at least {least} different positions", least=least),
            came=str(len(set(given))),
            where=where,
            remedy=say("give every corner once"),
        )


def _count(count: int, *, least: int, where: str) -> None:
    if not least <= count <= MOST_POSITIONS:
        raise PlaceMistake(
            expected=say("{least} to {most} positions", least=least, most=MOST_POSITIONS),
            came=str(count),
            where=where,
            remedy=say("give every corner once"),
        )


def _repeated(where: str) -> PlaceMistake:
    return PlaceMistake(
        expected=say("positions that differ from their neighbours; the ring closes by itself"),
        came=say("the same position again"),
        where=where,
        remedy=say("leave the repeated position out"),
    )


def _out_of_range(value_e7: int, where: str, most_deg: int) -> PlaceMistake:
    return PlaceMistake(
        expected=say(
            "a number between {least} and {most} degrees, in ten-millionths", least=-most_deg, most=most_deg
        ),
        came=str(value_e7),
        where=where,
        remedy=say("latitude and longitude may be exchanged; longitude -180 is written 180"),
    )


def _text(text: str, where: str) -> None:
    if not text.strip() or text != text.strip() or not text.isprintable() or len(text) > 200:
        raise ValueMistake(
            expected=say("a name of 1 to 200 printable characters"),
            came=repr(text[:64]),
            where=where,
            remedy=say("write the name as the text has it"),
        )
