"""Maps and calendars: what a notice states stays exact; humanitarian notices are in none of them."""

from __future__ import annotations

import json
from importlib.resources import as_file, files
from typing import Any

import msgspec
import pytest
from geographiclib.geodesic import Geodesic
from lxml import etree  # type: ignore[attr-defined] # compiled, without stubs

from detente.notices import kinds
from detente.notices.codec import Checked, check
from detente.notices.errors import ExportRefused, NoticeRefused, PlaceMistake
from detente.notices.examples import EXAMPLES
from detente.notices.export import is_line_only
from detente.notices.geojson import features_of, from_feature, geometry_of, shape_of_geometry
from detente.notices.ics import Event, calendar_text, events_of
from detente.notices.kml import kml_text
from detente.notices.moments import stated
from detente.notices.notice import Area, Period, Window
from detente.notices.outlines import cut, outlines
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
)  # fmt: skip


def at(lat_deg: float, lon_deg: float) -> Position:
    return Position(lat_e7=round(lat_deg * 10**7), lon_e7=round(lon_deg * 10**7))


def checked(notice: Any, **changes: object) -> Checked:
    found, faults = check(msgspec.structs.replace(notice, **changes))
    assert found is not None, faults
    return found


def danger(shape: Shape, **changes: object) -> Checked:
    return checked(EXAMPLES["danger_area"], areas=(Area(shape=shape),), **changes)


def corners(geometry: Any) -> list[list[float]]:
    rings = (
        geometry["coordinates"]
        if geometry["type"] == "Polygon"
        else [one for part in geometry["coordinates"] for one in part]
    )
    return [corner for ring in rings for corner in ring]


def turning(ring: list[list[float]]) -> float:
    return sum(a[0] * b[1] - b[0] * a[1] for a, b in zip(ring, [*ring[1:], *ring[:1]], strict=True)) / 2


def test_what_was_stated_comes_back_exactly_from_the_feature() -> None:
    example = checked(EXAMPLES["danger_area"])
    collection = json.loads(json.dumps(features_of(example)))
    again = from_feature(collection["features"][0])
    assert again.octets == example.octets
    properties = collection["features"][0]["properties"]
    assert properties["windows"][0] == ["2030-05-15T06:00Z", "2030-05-15T14:00Z"]
    assert (properties["lower"], properties["upper"], properties["name"]) == ("sfc", "18000 ft amsl", "A")


@pytest.mark.parametrize(
    "feature", [{}, {"properties": None}, {"properties": {"notice": 7}}, {"properties": {"notice": {}}}]
)
def test_a_feature_without_a_notice_is_refused_at_its_place(feature: dict[str, Any]) -> None:
    with pytest.raises(NoticeRefused) as refusal:
        from_feature(feature)
    assert refusal.value.faults[0].where.startswith("properties.notice")


def test_another_kind_of_notice_is_no_danger_area() -> None:
    feature = features_of(checked(EXAMPLES["exercise"]))["features"][0]
    with pytest.raises(NoticeRefused) as refusal:
        from_feature(feature)
    assert refusal.value.faults[0].where == "properties.notice.kind"


def test_an_area_across_the_antimeridian_is_cut_in_two_there() -> None:
    ring = (at(70, 179), at(70, -178), at(69, -178), at(69, 179))
    geometry = geometry_of(Polygon(ring=ring))
    assert geometry is not None
    assert geometry["type"] == "MultiPolygon"
    west, east = (
        [lon for lon, _ in part[0]] for part in sorted(geometry["coordinates"], key=lambda one: one[0][0][0])
    )
    assert (min(west), max(west)) == (-180.0, -178.0)
    assert (min(east), max(east)) == (179.0, 180.0)
    for part in geometry["coordinates"]:
        assert part[0][0] == part[0][-1]
        assert turning(part[0]) > 0


def test_an_area_around_a_pole_reaches_it() -> None:
    for sign in (1, -1):
        ring = (at(sign * 80, 0), at(sign * 80, 120), at(sign * 80, -120))
        geometry = geometry_of(Polygon(ring=ring))
        found = corners(geometry)
        assert any(lat == sign * 90 for _, lat in found)
        assert min(lon for lon, _ in found) == -180
        assert max(lon for lon, _ in found) == 180


def test_long_edges_follow_the_geodesic_and_not_the_parallel() -> None:
    geometry = geometry_of(Polygon(ring=(at(60, 0), at(60, 60), at(50, 30))))
    assert max(lat for _, lat in corners(geometry)) > 63


def test_circles_and_arcs_keep_their_radius() -> None:
    centre = at(58, 10)
    ring = outlines(Circle(centre=centre, radius_m="18520"))[0]
    for lon, lat in ring:
        distance_m = Geodesic.WGS84.Inverse(58, 10, lat, lon)["s12"]
        assert abs(distance_m - 18520) < 0.01
    assert len(ring) == 72
    end = Geodesic.WGS84.Direct(58, 10, 0, 18520)
    north = at(end["lat2"], end["lon2"])
    for turn, count in (("clockwise", 73), ("anticlockwise", 73)):
        arc = Arc(centre=centre, radius_m="18520", turn=turn, to=north)  # type: ignore[arg-type]
        circle = ArcPolygon(pieces=(arc, Arc(centre=centre, radius_m="18520", turn="clockwise", to=north)))
        assert len(outlines(circle)[0]) == 2 * (count - 1)
    quarter = ArcPolygon(
        pieces=(
            Arc(centre=centre, radius_m="18520", turn="anticlockwise", to=north),
            Line(to=centre),
            Line(to=at(58, 10.3134830)),
        )
    )
    assert all(lon >= 9.9999 and lat >= 57.9999 for lon, lat in outlines(quarter)[0])


def test_a_corridor_is_as_wide_as_stated_on_both_sides_and_around_its_ends() -> None:
    shape = Corridor(way=(at(58, 10), at(58, 11), at(58.5, 11)), half_width_m="1852")
    rings = outlines(shape)
    assert len(rings) == 2
    for (start, end), ring in zip([(at(58, 10), at(58, 11)), (at(58, 11), at(58.5, 11))], rings, strict=True):
        line = Geodesic.WGS84.InverseLine(start.lat_deg, start.lon_deg, end.lat_deg, end.lon_deg)
        steps = [line.Position(line.s13 * index / 500) for index in range(501)]
        for lon, lat in ring:
            near = min(Geodesic.WGS84.Inverse(lat, lon, one["lat2"], one["lon2"])["s12"] for one in steps[::10])
            assert near < 1852 + 1_300
        assert (
            max(Geodesic.WGS84.Inverse(lat, lon, start.lat_deg, start.lon_deg)["s12"] for lon, lat in ring)
            < line.s13 + 1853
        )
    assert geometry_of(shape)["type"] == "MultiPolygon"  # type: ignore[index]


def test_points_coasts_and_names_are_drawn_as_what_they_are() -> None:
    assert geometry_of(Point(position=at(1, 2))) == {"type": "Point", "coordinates": [2.0, 1.0]}
    assert geometry_of(Coastal(way=(at(1, 2), at(3, 4)), closed_by="x")) == {
        "type": "LineString", "coordinates": [[2.0, 1.0], [4.0, 3.0]]
    }  # fmt: skip
    assert geometry_of(Named(name="x")) is None
    about = Named(name="x", approximate=Circle(centre=at(1, 2), radius_m="5000"))
    assert geometry_of(about)["type"] == "Polygon"  # type: ignore[index]
    properties = features_of(danger(about))["features"][0]["properties"]
    assert (properties["name"], properties["approximate"]) == ("x", True)
    assert features_of(danger(Named(name="x")))["features"][0]["geometry"] is None
    assert outlines(Point(position=at(1, 2))) == []
    assert cut([(0.0, 0.0), (1.0, 0.0), (1.0, 0.0)])


@pytest.mark.parametrize(("geometry", "where"), [
    ({"type": "LineString", "coordinates": []}, "type"),
    ({"type": "Polygon", "coordinates": []}, "coordinates"),
    ({"type": "Polygon", "coordinates": [[], []]}, "coordinates"),
    ({"type": "Polygon", "coordinates": ["x"]}, "coordinates[0]"),
    ({"type": "Polygon", "coordinates": [[[0, 0], [1, 0], [1, 1], [0, 1]]]}, "coordinates[0]"),
    ({"type": "Polygon", "coordinates": [[[0, 0], [1, 0], [1, 91], [0, 0]]]}, "coordinates[0][2]"),
    ({"type": "Polygon", "coordinates": [[[0, 0], [1, 0], [1e99, 1], [0, 0]]]}, "coordinates[0][2]"),
    ({"type": "Polygon", "coordinates": [[[0, 0], [1, 0], [True, 1], [0, 0]]]}, "coordinates[0][2]"),
    ({"type": "Point", "coordinates": [0]}, "coordinates"),
    ({"type": "Point", "coordinates": "x"}, "coordinates"),
    ({}, "type"),
])  # fmt: skip
def test_geometries_that_state_no_area_are_refused_at_their_place(geometry: dict[str, Any], where: str) -> None:
    with pytest.raises(PlaceMistake) as mistake:
        shape_of_geometry(geometry)
    assert mistake.value.where == where


def test_geometries_come_back_as_shapes() -> None:
    point = Point(position=Position(lat_e7=10000001, lon_e7=1800000000))
    assert shape_of_geometry({"type": "Point", "coordinates": [-180.0, 1.0000001, 30]}) == point
    polygon = Polygon(ring=(at(0, 0), at(0, 0.1), at(0.1, 0)))
    assert (
        shape_of_geometry({"type": "Polygon", "coordinates": [[[0, 0], [0.1, 0], [0, 0.1], [0, 0]]]}) == polygon
    )


@pytest.mark.parametrize("kind", [kind for kind, one in EXAMPLES.items() if not is_line_only(one)])
def test_kml_is_what_its_schema_asks_for(kind: str) -> None:

    text = kml_text(checked(EXAMPLES[kind]), description="<words & 1>")
    with as_file(files("pykml") / "schemas") as folder:
        schema = etree.XMLSchema(etree.parse(str(folder / "ogckml22.xsd")))
    schema.assertValid(etree.fromstring(text.encode()))


def test_kml_draws_every_geometry_and_open_periods() -> None:
    windows = (Window(start="2030-05-15T06:00Z"), Window(end="2030-06"))
    for shape in (Point(position=at(1, 2)), Coastal(way=(at(1, 2), at(3, 4)), closed_by="x"),
                  Polygon(ring=(at(70, 179), at(70, -178), at(69, -178)))):  # fmt: skip
        text = kml_text(danger(shape, windows=windows), description="d")
        assert text.count("<Placemark>") == 2
        assert "<TimeSpan><begin>2030-05-15T06:00:00Z</begin></TimeSpan>" in text
        assert "<TimeSpan><end>2030-06</end></TimeSpan>" in text
    assert "<Placemark>" not in kml_text(danger(Named(name="x")), description="d")
    without_time = checked(
        EXAMPLES["unusual_activity_request"], period=None, areas=(Area(shape=Point(position=at(1, 2))),)
    )
    assert "<TimeSpan>" not in kml_text(without_time, description="d")


def unfolded(text: str) -> list[str]:
    assert text.endswith("\r\n")
    lines = text[:-2].split("\r\n")
    assert all(len(line.encode()) <= 75 for line in lines)
    return text[:-2].replace("\r\n ", "").split("\r\n")


def test_a_calendar_has_an_event_for_each_period() -> None:
    text = calendar_text(events_of(checked(EXAMPLES["danger_area"]), uid="west-4"))
    lines = unfolded(text)
    assert lines.count("BEGIN:VEVENT") == 2
    assert "DTSTART:20300515T060000Z" in lines
    assert "DTEND:20300515T140000Z" in lines
    assert "UID:west-4.1@detente" in lines
    assert "DTSTAMP:20300510T120000Z" in lines
    days = unfolded(calendar_text(events_of(checked(EXAMPLES["calendar"]), uid="x")))
    assert "DTSTART;VALUE=DATE:20310501" in days
    assert "DTEND;VALUE=DATE:20310515" in days
    months = checked(EXAMPLES["after_report"], period=Period(start="2030-05", end="2030-06"))
    assert "DTEND;VALUE=DATE:20300701" in unfolded(calendar_text(events_of(months, uid="x")))
    open_end = events_of(
        danger(Named(name="x"), windows=(Window(end="2031"), Window(start="2030-05-15T06:00Z"))), uid="x"
    )
    assert [one.description for one in open_end] == ["Westland Joint Headquarters; until further notice"]
    contact = unfolded(calendar_text(events_of(checked(EXAMPLES["contact_agreement"]), uid="x")))
    assert contact.count("DTSTART:20300503T090000Z") == contact.count("DTEND:20300503T090000Z") == 1


def test_calendar_text_is_escaped_and_folded_between_letters() -> None:
    moment = stated("2030-05-15T06:00Z")
    event = Event(
        uid="x", start=moment, end=moment, stamp=moment.earliest, summary="ш" * 99, description="a,b;c\\d\ne"
    )
    lines = unfolded(calendar_text([event]))
    assert f"SUMMARY:{'ш' * 99}" in lines
    assert "DESCRIPTION:a\\,b\\;c\\\\d\\ne" in lines


def test_a_calendar_is_what_another_reader_reads() -> None:
    icalendar = pytest.importorskip("icalendar", reason="icalendar is not installed")
    example = checked(EXAMPLES["danger_area"], title="Стрельбы, часть 1; запасной день; " * 4 + "конец")
    read = icalendar.Calendar.from_ical(calendar_text(events_of(example, uid="west-4")))
    events = list(read.walk("VEVENT"))
    assert [str(one["SUMMARY"]) for one in events] == [example.notice.title] * 2
    assert events[0].decoded("DTSTART") == stated("2030-05-15T06:00Z").earliest


def test_humanitarian_notices_are_in_no_export_and_neither_is_their_correction() -> None:
    for kind in ("humanitarian_site", "humanitarian_movement"):
        notice = EXAMPLES[kind]
        correction = msgspec.structs.replace(EXAMPLES["correction"], author=notice.author, corrected=notice)
        for one in (checked(notice), checked(correction)):
            assert is_line_only(one.notice)
            for export in (features_of, lambda c: kml_text(c, description=""), lambda c: events_of(c, uid="x")):
                with pytest.raises(ExportRefused) as refusal:
                    export(one)
                assert refusal.value.exit_code == 1
            assert one.notice.places()
            assert one.notice.times()
    assert isinstance(EXAMPLES["correction"], kinds.Correction)
    assert not is_line_only(EXAMPLES["correction"])
