"""Shapes refuse what nobody can have announced, each at its field."""

from __future__ import annotations

from decimal import Decimal

import pytest

from detente.errors import DetenteError
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
    Vertical,
    length_m,
    length_text,
)  # fmt: skip

A, B, C = (Position(lat_e7=lat, lon_e7=10) for lat in (1, 2, 3))
ARC = Arc(centre=A, radius_m="5", turn="clockwise", to=B)


def test_what_is_right_is_taken() -> None:
    assert Polygon(ring=(A, B, C)).ring[0] == A
    assert (A.lat_deg, A.lon_deg) == (1e-7, 1e-6)
    assert ArcPolygon(pieces=(ARC, Line(to=A))).pieces[0] == ARC
    assert Corridor(way=(A, B, A), half_width_m="0.5").way[2] == A
    assert (
        Vertical(lower=Level(datum="amsl", unit="ft", value=-100), upper=Level(datum="unl")).upper.value is None
    )
    assert (length_m("185.2"), length_text(Decimal("185.20"))) == (Decimal("185.2"), "185.2")
    assert (length_text(Decimal(100)), length_text(Decimal("0.0000005"))) == ("100", "0")
    assert Point(position=A).position == A
    assert Named(name="BR-42").approximate is None


@pytest.mark.parametrize(
    ("make", "where"),
    [
        (lambda: Position(lat_e7=900_000_001, lon_e7=0), "lat_e7"),
        (lambda: Position(lat_e7=0, lon_e7=-1_800_000_000), "lon_e7"),
        (lambda: Polygon(ring=(A, B)), "ring"),
        (lambda: Polygon(ring=(A, B, B, C)), "ring[2]"),
        (lambda: Polygon(ring=(A, B, C, A)), "ring[3]"),
        (lambda: Polygon(ring=(A, B, A, B)), "ring"),
        (lambda: Polygon(ring=(A, B) * 5_001), "ring"),
        (lambda: Corridor(way=(A,), half_width_m="5"), "way"),
        (lambda: Corridor(way=(A, B), half_width_m="0"), "half_width_m"),
        (lambda: Circle(centre=A, radius_m="5.0"), "radius_m"),
        (lambda: Circle(centre=A, radius_m="10000001"), "radius_m"),
        (lambda: Circle(centre=A, radius_m="1234567890.123456"), "radius_m"),
        (lambda: ArcPolygon(pieces=(ARC,)), "pieces"),
        (lambda: ArcPolygon(pieces=(Line(to=A), Line(to=B))), "pieces"),
        (lambda: ArcPolygon(pieces=(ARC, Line(to=B), Line(to=A))), "pieces[1]"),
        (lambda: Coastal(way=(A, B), closed_by=" x"), "closed_by"),
        (lambda: Named(name=""), "name"),
        (lambda: Level(datum="sfc", value=5), "level"),
        (lambda: Level(datum="agl", unit="ft", value=-5), "level"),
        (lambda: Level(datum="agl", value=5), "level"),
        (lambda: Level(datum="agl", unit="fl", value=5), "level"),
        (lambda: Level(datum="std", unit="fl", value=1_000), "level"),
        (lambda: Vertical(lower=Level(datum="unl"), upper=Level(datum="unl")), "vertical"),
        (lambda: Vertical(lower=Level(datum="sfc"), upper=Level(datum="sfc")), "vertical"),
        (
            lambda: Vertical(
                lower=Level(datum="std", unit="fl", value=90), upper=Level(datum="std", unit="fl", value=90)
            ),
            "vertical",
        ),
    ],
)
def test_what_is_wrong_is_refused_at_its_field(make: object, where: str) -> None:
    with pytest.raises(DetenteError) as mistake:
        make()  # type: ignore[operator]
    assert mistake.value.where == where
    assert mistake.value.remedy
