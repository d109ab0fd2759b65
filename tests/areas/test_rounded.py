"""Sectors, ellipses, rings around a pole and times by the sun in a warning's prose: what was refused before.

Method: texts that say a shape in the dialects of offices; corners held against the geodesics of another library.
"""

from __future__ import annotations

from itertools import pairwise
from math import cos, radians, sin

import pytest

from detente.areas.geojson import geometry
from detente.areas.outcomes import Announced, Outcome, Reading, Reason
from detente.areas.outlines import outline
from detente.areas.reading import read_octets, read_text
from detente.areas.sun import sun_day
from detente.notices.shapes import Arc, ArcPolygon, Circle, Line, Polygon, Position
from tests.areas.test_dialects import short

geographiclib = pytest.importorskip("geographiclib.geodesic")
WGS84 = geographiclib.Geodesic.WGS84
WARNING = "281200Z FEB 26\nHYDROPAC 1/26.\n1. GUNNERY EXERCISES {when} IN AREA {area}.\n2. CANCEL THIS MSG 021900Z MAR 26."
CENTRE = Position(lat_e7=550_000_000, lon_e7=200_000_000)


def warning(area: str, when: str = "0600Z TO 1800Z DAILY 02 MAR") -> Reading:
    return read_text(WARNING.format(area=area, when=when), "warning")


def polar(position: Position) -> tuple[float, float]:
    """Return bearing in degrees and distance in metres from the centre."""
    line = WGS84.Inverse(CENTRE.lat_deg, CENTRE.lon_deg, position.lat_deg, position.lon_deg)
    return line["azi1"] % 360.0, line["s12"]


@pytest.mark.parametrize(
    ("said", "first", "last", "is_clear"),
    [
        ("SECTOR CENTRED ON {} RADIUS 10 NM BETWEEN BEARINGS 045 AND 135", 45.0, 135.0, False),
        ("WITHIN 10 MILES OF {} BETWEEN BEARINGS 350 TRUE CLOCKWISE TO 020 TRUE", 350.0, 20.0, True),
        ("SECTOR BETWEEN BEARINGS 045 DEGREES AND 135 DEGREES, RADIUS 10 MILES FROM {}", 45.0, 135.0, False),
        ("SECTOR 100-095 DEGREES 10NM RADIUS OF PSN {}", 100.0, 95.0, False),
    ],
)
def test_a_sector_is_two_lines_and_an_arc(said: str, first: float, last: float, is_clear: bool) -> None:
    reading = warning(said.format("55-00.0N 020-00.0E"))
    (area,) = reading.areas
    assert isinstance(area.shape, ArcPolygon)
    begin, arc, back = area.shape.pieces
    assert isinstance(begin, Line)
    assert isinstance(arc, Arc)
    assert back == Line(to=CENTRE)
    assert (arc.centre, arc.radius_m, arc.turn) == (CENTRE, "18520", "clockwise")
    assert list(polar(begin.to)) == [pytest.approx(first, abs=1e-4), pytest.approx(18520.0, abs=0.02)]
    assert list(polar(arc.to)) == [pytest.approx(last, abs=1e-4), pytest.approx(18520.0, abs=0.02)]
    assert (Reason.SECTOR_BEARINGS in {doubt.reason for doubt in reading.doubts}) is not is_clear


@pytest.mark.parametrize(
    "said",
    [
        "SECTOR 045-135 DEGREES MAGNETIC 10NM RADIUS OF PSN {}",
        "SECTOR CENTRED ON {} RADIUS 10 NM BETWEEN BEARINGS 045 AND 045",
        "SECTOR CENTRED ON {} RADIUS 10 NM BETWEEN BEARINGS 045 AND 435",
        "SECTOR CENTRED ON {} RADIUS 10 NM AND 5 NM BETWEEN BEARINGS 045 AND 135",
        "SECTOR CENTRED ON {} RADIUS 10 NM BETWEEN QDR 045 AND 135",
        "ELLIPSE CENTRED ON {}",
        "ELLIPSE CENTRED ON {} MAJOR AXIS 20NM MINOR AXIS 10NM",
        "ELLIPSE CENTRED ON {} MAJOR AXIS 10NM MINOR AXIS 20NM ORIENTED 045 DEGREES",
        "ELLIPSE CENTRED ON {} MAJOR AXIS 20NM MINOR AXIS 0NM ORIENTED 045 DEGREES",
        "SEMICIRCLE RADIUS 10NM CENTRED ON {}",
    ],
)
def test_a_sector_or_an_ellipse_that_is_not_told_in_full_is_refused(said: str) -> None:
    reading = warning(said.format("55-00.0N 020-00.0E"))
    assert [refusal.reason for refusal in reading.refusals] == [Reason.SHAPE]
    assert not reading.areas


@pytest.mark.parametrize(
    ("said", "half_major_m", "half_minor_m", "bearing"),
    [
        ("ELLIPSE CENTRED ON {} MAJOR AXIS 20NM MINOR AXIS 10NM ORIENTED 045 DEGREES", 18520.0, 9260.0, 45.0),
        (
            "ELLIPSE WITH SEMI-MAJOR AXIS OF 20 KM AND SEMI-MINOR AXIS OF 10 KM CENTRED ON {} AZIMUTH 120",
            2e4,
            1e4,
            120,
        ),
    ],
)
def test_an_ellipse_is_a_polygon_on_it_in_doubt(
    said: str, half_major_m: float, half_minor_m: float, bearing: float
) -> None:
    reading = warning(said.format("55-00.0N 020-00.0E"))
    (area,) = reading.areas
    assert isinstance(area.shape, Polygon)
    assert Reason.DRAWN_AS_POLYGON in {doubt.reason for doubt in reading.doubts}
    reach = []
    for corner in area.shape.ring:
        at, away_m = polar(corner)
        turn = radians(at - bearing)
        assert (away_m * cos(turn) / half_major_m) ** 2 + (
            away_m * sin(turn) / half_minor_m
        ) ** 2 == pytest.approx(1.0, abs=1e-5)
        reach.append(away_m)
    assert max(reach) == pytest.approx(half_major_m, abs=0.1)
    assert min(reach) == pytest.approx(half_minor_m, abs=0.1)


def minutes(text: str) -> str:
    return short(warning("WITHIN 5 MILES OF 55-00.0N 019-00.0E", text).windows)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("SUNRISE TO SUNSET DAILY 02 AND 03 MAR", "0302/0531-0302/1623 0303/0528-0303/1625"),
        ("BETWEEN SUNRISE AND SUNSET DAILY 02 THRU 03 MAR", "0302/0531-0302/1623 0303/0528-0303/1625"),
        ("SUNRISE TO SUNSET. DAILY 02 THRU 03 MAR", "0302/0531-0302/1623 0303/0528-0303/1625"),
        ("SUNSET TO SUNRISE DAILY 02 MAR", "0302/1620-0303/0531"),
        ("DAILY 02 THRU 03 MAR 0600Z TO SUNSET", "0302/0600-0302/1623 0303/0600-0303/1625"),
        ("HJ DAILY 02 MAR", "0302/0531-0302/1623"),
    ],
)
def test_times_by_the_sun_in_a_warning_are_computed_in_doubt(written: str, meant: str) -> None:
    reading = warning("WITHIN 5 MILES OF 55-00.0N 019-00.0E", written)
    assert short(reading.windows) == meant
    assert Reason.SUN_TIMES_COMPUTED in {doubt.reason for doubt in reading.doubts}
    assert reading.outcome is Outcome.DOUBTFUL
    first = reading.windows[0].start
    assert first is not None
    day = sun_day(first.replace(hour=0, minute=0), (19.0, 55.0))
    assert day.rise is not None
    if written.startswith(("SUNRISE", "BETWEEN", "HJ")):
        assert 0 <= (day.rise - first).total_seconds() < 120


@pytest.mark.parametrize(
    ("written", "reason"),
    [
        ("SUNRISE TO SUNSET UNTIL FURTHER NOTICE", Reason.TIME),
        ("SUNRISE TO SUNSET UNTIL 05 MAR", Reason.TIME),
        ("SUNRISE TO SUNRISE DAILY 02 MAR", Reason.TIME_ORDER),
        ("SUNRISE DAILY 02 MAR", Reason.TIME),
        ("SUNRISE TO 02 MAR", Reason.TIME),
    ],
)
def test_times_by_the_sun_that_say_no_days_are_refused(written: str, reason: Reason) -> None:
    reading = warning("WITHIN 5 MILES OF 55-00.0N 019-00.0E", written)
    assert [refusal.reason for refusal in reading.refusals] == [reason]
    assert not reading.windows


def test_without_a_place_the_sun_says_nothing() -> None:
    text = WARNING.format(area='"BR-42"', when="SUNRISE TO SUNSET DAILY 02 MAR").replace(
        'AREA "BR-42"', 'AREA "42B"'
    )
    reading = read_text(text, "warning")
    assert [refusal.reason for refusal in reading.refusals] == [Reason.SUN]


def holds(shape: Polygon | Circle, lon: float, lat: float) -> bool:
    """Tell by parity on the grid of degrees whether the GeoJSON drawing of a shape holds a point."""
    made = geometry(Announced(shape, ""))
    assert made is not None
    parts = [made["coordinates"]] if made["type"] == "Polygon" else made["coordinates"]
    inside = False
    for ring in (ring for part in parts for ring in part):
        for (x1, y1), (x2, y2) in pairwise(ring):
            if (y1 > lat) != (y2 > lat) and lon < x1 + (lat - y1) / (y2 - y1) * (x2 - x1):
                inside = not inside
    return inside


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("is_clockwise", [False, True])
def test_a_ring_around_a_pole_is_drawn_up_to_it(sign: int, is_clockwise: bool) -> None:
    lons = [10, 100, -170, -80]
    lons = lons[::-1] if is_clockwise else lons
    shape = Polygon(ring=tuple(Position(lat_e7=sign * 850_000_000, lon_e7=lon * 10_000_000) for lon in lons))
    assert all(
        holds(shape, lon, sign * lat) for lon in (-179.0, -100.0, 0.0, 77.0, 179.0) for lat in (87.0, 89.9)
    )
    assert not any(holds(shape, lon, sign * lat) for lon in (-179.0, 0.0, 77.0) for lat in (84.0, 10.0, -87.0))
    # an edge is a geodesic: between its ends it comes nearer to the pole
    assert not holds(shape, 55.0, sign * 85.5)
    circle = Circle(centre=Position(lat_e7=sign * 899_000_000, lon_e7=100_000_000), radius_m="50000")
    assert holds(circle, -120.0, sign * 89.9)
    assert not holds(circle, -120.0, sign * 89.0)


def test_a_ring_around_a_pole_is_read_without_a_doubt_and_its_edges_may_cross_like_others() -> None:
    reading = warning("BOUND BY 85-00N 010-00E, 85-00N 100-00E, 84-00N 170-00W, 85-00N 080-00W")
    assert reading.outcome is Outcome.READ
    (area,) = reading.areas
    assert len(outline(area.shape)) == 1
    crossed = warning(
        "BOUND BY 85-00N 010-00E, 88-00N 100-00E, 80-00N 090-00E, 85-00N 170-00W, 85-00N 080-00W, 88-00N 020-00E, 80-00N 030-00E"
    )
    assert Reason.EDGES_CROSS in {doubt.reason for doubt in crossed.doubts}


def test_an_area_with_a_hole_is_refused_by_that_name() -> None:
    text = (
        '{"type": "Feature", "properties": {"start": "2026-03-02T06:00:00Z", "end": "2026-03-02T18:00:00Z"}, "geometry": '
        '{"type": "Polygon", "coordinates": [[[19, 55], [20, 55], [20, 56], [19, 55]], [[19.5, 55.1], [19.6, 55.1], '
        "[19.6, 55.2], [19.5, 55.1]]]}}"
    )
    (reading,) = read_octets(text.encode(), "hole.geojson")
    assert [refusal.reason for refusal in reading.refusals] == [Reason.HOLE]
