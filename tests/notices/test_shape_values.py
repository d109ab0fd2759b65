"""Shapes: one byte form each, and nothing that is no shape."""

from __future__ import annotations

from decimal import Decimal

import msgspec
import pytest

from detente.notices.errors import PlaceMistake, QuantityMistake, ValueMistake
from detente.notices.shapes import (
    Arc,
    ArcPolygon,
    Circle,
    Coastal,
    Corridor,
    Level,
    Line,
    Named,
    Point,
    Polygon,
    Position,
    Shape,
    Vertical,
    length_m,
    length_text,
)

A, B, C = (Position(lat_e7=lat, lon_e7=lon) for lat, lon in ((0, 0), (10, 0), (10, 10)))
SHAPES: list[Shape] = [
    Polygon(ring=(A, B, C)),
    Circle(centre=A, radius_m="463"),
    Corridor(way=(A, B), half_width_m="185.2"),
    ArcPolygon(pieces=(Arc(centre=C, radius_m="10", turn="clockwise", to=B), Line(to=A))),
    Point(position=A),
    Coastal(way=(A, B), closed_by="the coast"),
    Named(name="EHD41A", approximate=Circle(centre=A, radius_m="1852")),
]


@pytest.mark.parametrize("shape", SHAPES)
def test_a_shape_comes_back_from_its_bytes(shape: Shape) -> None:
    octets = msgspec.json.encode(shape)
    assert msgspec.json.decode(octets, type=Shape) == shape
    assert b"null" not in octets


@pytest.mark.parametrize(
    "lat_lon", [(900_000_001, 0), (-900_000_001, 0), (0, 1_800_000_001), (0, -1_800_000_000)]
)
def test_positions_off_the_earth_or_with_two_forms_are_refused(lat_lon: tuple[int, int]) -> None:
    with pytest.raises(PlaceMistake):
        Position(lat_e7=lat_lon[0], lon_e7=lat_lon[1])


@pytest.mark.parametrize("text", ["0", "0.0", "-5", "5.0", "05", "1e3", "", "10000001", "٣", "5.1234567", "+5"])
def test_lengths_have_one_form(text: str) -> None:
    with pytest.raises(QuantityMistake):
        length_m(text)


@pytest.mark.parametrize("value", ["463", "185.2", "0.5", "1000", "10000000"])
def test_a_length_is_written_as_it_is_read(value: str) -> None:
    assert length_text(length_m(value)) == value
    assert length_text(Decimal(value) + Decimal("0.00")) == value


@pytest.mark.parametrize("ring", [(A, B), (A, B, A), (A, A, B, C), (A, B, C, A), (A, B, A, B)])
def test_rings_without_three_corners_or_with_one_repeated_are_refused(ring: tuple[Position, ...]) -> None:
    with pytest.raises(PlaceMistake):
        Polygon(ring=ring)


def test_boundaries_need_an_arc_and_names_a_name() -> None:
    with pytest.raises(PlaceMistake):
        ArcPolygon(pieces=(Line(to=A), Line(to=B), Line(to=C)))
    with pytest.raises(PlaceMistake):
        ArcPolygon(pieces=(Line(to=A), Line(to=A), Arc(centre=C, radius_m="10", turn="clockwise", to=B)))
    for name in ("", " x", "a\nb", "x" * 201):
        with pytest.raises(ValueMistake):
            Named(name=name)


SFC, UNL = Level(datum="sfc"), Level(datum="unl")


@pytest.mark.parametrize(
    "level",
    [
        {"datum": "sfc", "value": 0, "unit": "ft"},
        {"datum": "std", "value": 55, "unit": "ft"},
        {"datum": "amsl", "value": 55, "unit": "fl"},
        {"datum": "amsl"},
        {"datum": "agl", "value": -1, "unit": "m"},
        {"datum": "std", "value": 1000, "unit": "fl"},
    ],
)
def test_levels_without_their_unit_and_datum_are_refused(level: dict[str, object]) -> None:
    with pytest.raises(QuantityMistake):
        Level(**level)  # type: ignore[arg-type]


def test_limits_stand_in_their_order() -> None:
    low, high = Level(datum="amsl", value=100, unit="ft"), Level(datum="amsl", value=200, unit="ft")
    assert Vertical(lower=low, upper=high).upper is high
    assert Vertical(lower=SFC, upper=UNL).lower is SFC
    for lower, upper in ((high, low), (low, low), (UNL, UNL), (SFC, SFC)):
        with pytest.raises(QuantityMistake):
            Vertical(lower=lower, upper=upper)
