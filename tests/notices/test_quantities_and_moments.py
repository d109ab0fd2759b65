"""Goal: quantities and moments mean what they say or are refused. Method: tables of faults, properties."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detente.notices.errors import MomentMistake, QuantityMistake
from detente.notices.moments import format_moment, parse_moment
from detente.notices.quantities import FOOT_M, KNOT_MS, NAUTICAL_MILE_M, parse_distance_m, parse_duration_s


@pytest.mark.parametrize(
    ("text", "metres"),
    [
        ("500m", 500.0),
        (" 500 M ", 500.0),
        ("0.5nm", 926.0),
        ("1NMI", 1852.0),
        ("5 km", 5000.0),
        ("1000ft", 304.8),
        ("1000yd", 914.4),
        ("20 cables", 3704.0),
        ("1cable", 185.2),
        ("+3m", 3.0),
    ],
)
def test_distances_carry_their_unit(text, metres):
    assert parse_distance_m(text) == pytest.approx(metres, rel=1e-12)


@pytest.mark.parametrize(
    ("text", "seconds"), [("180s", 180.0), ("30min", 1800.0), ("2h", 7200.0), ("1d", 86400.0)]
)
def test_durations_carry_their_unit(text, seconds):
    assert parse_duration_s(text) == seconds


@pytest.mark.parametrize(
    "text",
    [
        "",
        "500",
        "m",
        "-500m",
        "0m",
        "0.0nm",
        "1e3m",
        "nan m",
        "inf m",
        "500 miles",
        "5 0m",
        "٥m",
        "9" * 400 + "m",
        "5.m",
    ],
)
def test_a_distance_without_sense_or_unit_is_refused_where_it_stands(text):
    with pytest.raises(QuantityMistake) as caught:
        parse_distance_m(text, where="--within")
    assert caught.value.where == "--within"
    assert "500m" in caught.value.remedy
    assert len(caught.value.came) < 80


def test_a_duration_is_no_distance():
    with pytest.raises(QuantityMistake):
        parse_duration_s("500m")
    with pytest.raises(QuantityMistake):
        parse_distance_m("180s")


def test_the_units_are_the_exact_international_ones():
    assert (NAUTICAL_MILE_M, FOOT_M) == (1852.0, 0.3048)
    assert pytest.approx(1852.0 / 3600.0) == KNOT_MS


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2018-04-04", datetime(2018, 4, 4, tzinfo=UTC)),
        ("2018-04-04T06:00Z", datetime(2018, 4, 4, 6, tzinfo=UTC)),
        (" 2018-04-04 06:00:01.5 ", datetime(2018, 4, 4, 6, 0, 1, 500_000, tzinfo=UTC)),
        ("2018-04-04T06:00+02:00", datetime(2018, 4, 4, 4, tzinfo=UTC)),
    ],
)
def test_moments_are_utc_whatever_their_offset(text, moment):
    came = parse_moment(text)
    assert came == moment
    assert came.utcoffset() == timedelta(0)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "yesterday",
        "2018-13-01",
        "04/04/2018",
        "2018-04-04T25:00Z",
        "1522800000" * 9,
        "0001-01-01T00:00+14:00",
    ],
)
def test_what_is_no_moment_is_refused_where_it_stands(text):
    with pytest.raises(MomentMistake) as caught:
        parse_moment(text, where="--from")
    assert caught.value.where == "--from"
    assert len(caught.value.came) < 80


@pytest.mark.parametrize(
    ("moment", "text"),
    [
        (datetime(2018, 4, 4, 6, tzinfo=UTC), "2018-04-04T06:00:00.000Z"),
        (datetime(2018, 4, 4, 6, 0, 0, 499, tzinfo=UTC), "2018-04-04T06:00:00.000Z"),
        (datetime(2018, 4, 4, 6, 0, 0, 500, tzinfo=UTC), "2018-04-04T06:00:00.001Z"),
        (datetime(2018, 12, 31, 23, 59, 59, 999_600, tzinfo=UTC), "2019-01-01T00:00:00.000Z"),
        (datetime(2018, 4, 4, 6, tzinfo=timezone(timedelta(hours=2))), "2018-04-04T04:00:00.000Z"),
        (datetime(999, 1, 1, tzinfo=UTC), "0999-01-01T00:00:00.000Z"),
        (datetime.max.replace(tzinfo=UTC), "9999-12-31T23:59:59.999Z"),
    ],
)
def test_moments_are_written_in_utc_with_milliseconds(moment, text):
    assert format_moment(moment) == text


def test_a_moment_without_zone_is_never_written():
    with pytest.raises(MomentMistake, match="zone"):
        format_moment(datetime(2018, 4, 4))  # noqa: DTZ001 - the fault under test


@given(st.datetimes(timezones=st.just(UTC)))
def test_a_written_moment_comes_back_within_a_millisecond(moment):
    assert abs(parse_moment(format_moment(moment)) - moment) <= timedelta(milliseconds=1)
