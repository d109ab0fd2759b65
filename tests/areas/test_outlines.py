"""Drawn outlines against the geodesics of another library (geographiclib), point by point."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest

from detente.areas.geojson import geometry
from detente.areas.outcomes import Announced, Unplaced
from detente.areas.outlines import OUTLINE_M, Ring, is_near_circle, outline
from detente.notices.shapes import Arc, ArcPolygon, Circle, Corridor, Line, Named, Point, Polygon, Position, Shape

geographiclib = pytest.importorskip("geographiclib.geodesic")
WGS84 = geographiclib.Geodesic.WGS84


def at(lat: float, lon: float) -> Position:
    return Position(lat_e7=round(lat * 1e7), lon_e7=round(lon * 1e7))


def away_m(one: tuple[float, float], two: tuple[float, float]) -> float:
    return float(WGS84.Inverse(one[1], one[0], two[1], two[0])["s12"])


def drawn(shape: Shape) -> Ring:
    (ring,) = outline(shape)
    return ring


def middles(ring: Ring) -> list[tuple[float, float]]:
    """Points on the drawn edges, straight in degrees, a tenth apart."""
    return [
        (one[0] + (two[0] - one[0]) * part / 10, one[1] + (two[1] - one[1]) * part / 10)
        for one, two in pairwise(ring)
        for part in range(10)
    ]


@pytest.mark.parametrize(("lat", "lon"), [(0.0, 0.0), (55.3, 20.6), (-47.0, 179.9), (78.0, 15.0)])
@pytest.mark.parametrize("radius_m", ["463", "7408", "222240"])
def test_a_circle_is_drawn_no_farther_than_the_stated_distance_inside_the_true_one(
    lat: float, lon: float, radius_m: str
) -> None:
    ring = drawn(Circle(centre=at(lat, lon), radius_m=radius_m))
    centre = (at(lat, lon).lon_deg, at(lat, lon).lat_deg)
    for corner in ring:
        assert away_m(centre, corner) == pytest.approx(float(radius_m), abs=0.01)
    inside = [float(radius_m) - away_m(centre, point) for point in middles(ring)]
    assert max(inside) <= OUTLINE_M
    assert min(inside) >= -OUTLINE_M / 2  # near a pole a straight line in degrees bends outward a little


@pytest.mark.parametrize(
    "corners",
    [
        [(55.0, 18.0), (56.0, 18.0), (56.0, 21.0), (55.0, 21.0)],
        [(-46.0, -138.0), (-46.0, -95.0), (-54.0, -91.0), (-54.0, -142.0)],
        [(70.0, -20.0), (70.0, 15.0), (60.0, 15.0), (60.0, -20.0)],
        [(-10.0, -5.0), (12.0, -5.0), (12.0, 30.0), (-10.0, 28.0)],
    ],
)
def test_edges_of_a_polygon_follow_the_geodesics(corners: list[tuple[float, float]]) -> None:
    shape = Polygon(ring=tuple(at(*corner) for corner in corners))
    ring = drawn(shape)
    for lat, lon in corners:
        assert any(abs(point[0] - lon) < 1e-9 and abs(point[1] - lat) < 1e-9 for point in ring)
    lines = [WGS84.InverseLine(*one, *two) for one, two in zip(corners, corners[1:] + corners[:1], strict=True)]
    for point in middles(ring)[5 :: max(1, len(ring) // 12 * 2 + 1)]:
        assert min(_off_m(line, point) for line in lines) <= OUTLINE_M * 1.05


def _off_m(line: object, point: tuple[float, float]) -> float:
    """Distance of a point to a geodesic's piece, by ternary search along it."""

    def off(s: float) -> float:
        place = line.Position(s)  # type: ignore[attr-defined]
        return away_m((place["lon2"], place["lat2"]), point)

    low, high = 0.0, float(line.s13)  # type: ignore[attr-defined]
    for _ in range(34):
        a, b = low + (high - low) / 3, high - (high - low) / 3
        low, high = (low, b) if off(a) < off(b) else (a, high)
    return off((low + high) / 2)


def test_an_arc_keeps_its_radius_and_its_turn() -> None:
    centre, start, end = at(52.0, -9.0), at(52.1, -9.0), at(51.9, -9.0)
    for turn, side in (("clockwise", 1), ("anticlockwise", -1)):
        shape = ArcPolygon(pieces=(Arc(centre=centre, radius_m="11126", turn=turn, to=end), Line(to=start)))  # type: ignore[arg-type]
        bow = [point for point in drawn(shape) if abs(point[0] + 9.0) > 1e-6]
        assert bow
        assert all((point[0] + 9.0) * side > 0 for point in bow)
        for point in bow:
            assert away_m((-9.0, 52.0), point) == pytest.approx(11126, rel=0.002)


def test_a_corridor_reaches_its_half_width_on_either_side() -> None:
    shape = Corridor(way=(at(37.0, 129.0), at(37.5, 130.0), at(37.5, 131.0)), half_width_m="1852")
    rings = outline(shape)
    assert len(rings) == 2
    line = WGS84.InverseLine(37.0, 129.0, 37.5, 130.0)
    assert max(_off_m(line, point) for point in rings[0]) == pytest.approx(1852, abs=5)
    assert min(_off_m(line, point) for point in rings[0]) == pytest.approx(1852, abs=5)


def test_a_ring_around_a_pole_and_near_the_equator_or_over_the_pole_is_not_drawn() -> None:
    for lats in ((5.0, 60.0, 60.0), (-30.0, 30.0, 40.0), (90.0, 80.0, 80.0)):
        with pytest.raises(Unplaced):
            outline(
                Polygon(ring=tuple(at(lat, lon) for lat, lon in zip(lats, (0.0, 120.0, -120.0), strict=True)))
            )


def test_a_ring_across_the_antimeridian_is_cut_there() -> None:
    shape = Polygon(ring=(at(-40.0, 178.0), at(-40.0, -178.0), at(-42.0, -178.0), at(-42.0, 178.0)))
    made = geometry(Announced(shape, ""))
    assert made is not None
    assert made["type"] == "MultiPolygon"
    assert len(made["coordinates"]) == 2
    for part in made["coordinates"]:
        lons = [lon for lon, _ in part[0]]
        assert max(lons) - min(lons) == pytest.approx(2.0)
        assert part[0][0] == part[0][-1]
        assert all(-180.0 <= lon <= 180.0 for lon in lons)


def test_rings_run_anticlockwise() -> None:
    for corners in ([(55, 19), (56, 19), (56, 20)], [(56, 20), (56, 19), (55, 19)]):
        ring = drawn(Polygon(ring=tuple(at(*corner) for corner in corners)))
        turn = sum(one[0] * two[1] - two[0] * one[1] for one, two in pairwise(ring))
        assert turn > 0


def test_names_and_points_have_no_outline() -> None:
    assert outline(Named(name="EHD41A")) == []
    assert outline(Point(position=at(1, 2))) == []
    circle = Circle(centre=at(1, 2), radius_m="1852")
    assert outline(Named(name="EHD41A", approximate=circle)) == outline(circle)


def test_a_shape_is_near_a_circle_when_a_corner_or_its_inside_meets_it() -> None:
    circle = Circle(centre=at(55, 20), radius_m="1852")
    around = Polygon(ring=(at(50, 10), at(60, 10), at(60, 30), at(50, 30)))
    assert is_near_circle(around, circle)
    assert is_near_circle(Point(position=at(55.05, 20)), circle)
    assert not is_near_circle(Point(position=at(55.2, 20)), circle)
    assert not is_near_circle(Polygon(ring=(at(50, 10), at(51, 10), at(51, 11))), circle)
    assert math.isfinite(away_m((0, 0), (1, 1)))
