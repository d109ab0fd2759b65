"""Goal: a written place means one point or is refused with what to do. Method: tables and properties."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detente.notices.errors import PlaceMistake
from detente.notices.places import Box, parse_box, parse_latitude_deg, parse_longitude_deg


@pytest.mark.parametrize(
    ("text", "degrees"),
    [
        ("54.5", 54.5),
        (" -54.5 ", -54.5),
        ("+54.5", 54.5),
        ("54.5S", -54.5),
        ("54.5n", 54.5),
        ("54-30N", 54.5),
        ("54-30.6N", 54.51),
        ("54 30 18 N", 54.505),
        ("54°30'18\"N", 54.505),
        ("54°30′18″S", -54.505),
        ("90", 90.0),
        ("-90", -90.0),
        ("0S", 0.0),
    ],
)
def test_latitudes_are_read_as_people_write_them(text, degrees):
    assert parse_latitude_deg(text) == pytest.approx(degrees, abs=1e-12)


@pytest.mark.parametrize(
    ("text", "degrees"),
    [("-5", -5.0), ("5W", -5.0), ("005-15W", -5.25), ("180", 180.0), ("-180", -180.0), ("020-15.0E", 20.25)],
)
def test_longitudes_are_read_as_people_write_them(text, degrees):
    assert parse_longitude_deg(text) == pytest.approx(degrees, abs=1e-12)


@pytest.mark.parametrize(
    "text",
    [
        "", "north", "nan", "inf", "1e1", "90.1", "-91", "54.5E", "-54.5S", "54-60N", "54-30-60N", "54.5-30N",
        "54-30.5-10N", "5" * 65, "٥٤", "54..5", "54,5", "-", "N", "54 30 18 5",
    ],
)  # fmt: skip
def test_what_is_no_latitude_is_refused_and_named(text):
    with pytest.raises(PlaceMistake) as caught:
        parse_latitude_deg(text, where="line 3")
    assert caught.value.where == "line 3"
    assert caught.value.expected
    assert caught.value.remedy


@pytest.mark.parametrize("text", ["180.1", "-181", "5N", "400E"])
def test_what_is_no_longitude_is_refused(text):
    with pytest.raises(PlaceMistake):
        parse_longitude_deg(text)


@given(st.floats(-90, 90, allow_nan=False))
def test_a_written_latitude_comes_back(value):
    assert parse_latitude_deg(f"{value:.9f}") == pytest.approx(value, abs=1e-9)


def test_a_box_is_read_west_south_east_north():
    assert parse_box("-5,50,2,52") == Box(west_deg=-5.0, south_deg=50.0, east_deg=2.0, north_deg=52.0)
    assert parse_box("5W, 50N, 2E, 52N") == parse_box("-5,50,2,52")


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("", "--area"),
        ("1,2,3", "--area"),
        ("1,2,3,4,5", "--area"),
        ("a,50,2,52", "--area west"),
        ("-5,b,2,52", "--area south"),
        ("-5,50,c,52", "--area east"),
        ("-5,50,2,d", "--area north"),
        ("-5,52,2,50", "--area"),
        ("-5,50,2,50", "--area"),
        ("2,50,2,52", "--area"),
        ("50,120,52,130", "--area south"),
        ("-200,50,2,52", "--area west"),
    ],
)
def test_what_is_no_box_is_refused_at_the_edge_that_is_wrong(text, place):
    with pytest.raises(PlaceMistake) as caught:
        parse_box(text, where="--area")
    assert caught.value.where == place


def test_swapped_latitude_and_longitude_are_suspected_aloud():
    with pytest.raises(PlaceMistake, match="120") as caught:
        Box(west_deg=50.0, south_deg=120.0, east_deg=52.0, north_deg=130.0)
    assert "exchanged" in caught.value.remedy
    with pytest.raises(PlaceMistake) as caught:
        parse_box("50,120,52,130")
    assert "west,south,east,north" in caught.value.remedy


def test_a_box_refuses_not_a_number():
    with pytest.raises(PlaceMistake):
        Box(west_deg=float("nan"), south_deg=0.0, east_deg=1.0, north_deg=1.0)


@pytest.mark.parametrize(
    ("lon", "lat", "inside"),
    [
        (175.0, 0.0, True),
        (-175.0, 0.0, True),
        (180.0, 0.0, True),
        (-180.0, 0.0, True),
        (170.0, 10.0, True),
        (0.0, 0.0, False),
        (165.0, 0.0, False),
        (175.0, 11.0, False),
    ],
)
def test_a_box_across_the_antimeridian_holds_both_its_ends(lon, lat, inside):
    box = parse_box("170,-10,-170,10")
    assert box.crosses_antimeridian
    assert box.contains(lon, lat) is inside


def test_a_box_that_ends_at_the_antimeridian_holds_it_under_both_names():
    assert parse_box("170,-10,180,10").contains(-180.0, 0.0)
    assert parse_box("-180,-10,-170,10").contains(180.0, 0.0)
    assert not parse_box("160,-10,170,10").contains(180.0, 0.0)
    assert not parse_box("160,-10,170,10").crosses_antimeridian


@given(st.floats(-180, 180), st.floats(-90, 90))
def test_a_box_and_its_complement_share_only_their_edges(lon, lat):
    inner = Box(west_deg=-30.0, south_deg=-90.0, east_deg=40.0, north_deg=90.0)
    outer = Box(west_deg=40.0, south_deg=-90.0, east_deg=-30.0, north_deg=90.0)
    assert inner.contains(lon, lat) or outer.contains(lon, lat)
    assert not (inner.contains(lon, lat) and outer.contains(lon, lat)) or lon in {-30.0, 40.0}
