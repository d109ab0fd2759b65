"""Sunrise and sunset against what almanacs print, and what happens where the sun does neither."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from detente.areas.outcomes import Unplaced
from detente.areas.sun import Edge, sun_day, sun_windows

LONDON = (-0.1276, 51.5072)
SYDNEY = (151.2093, -33.8688)
NORTH_CAPE = (25.78, 71.17)
RISE, SET = Edge("rise"), Edge("set")


def _near(moment: datetime | None, told: str) -> bool:
    wanted = datetime.strptime(told, "%Y-%m-%d %H:%M").replace(tzinfo=UTC)
    return moment is not None and abs(moment - wanted) <= timedelta(seconds=90)


@pytest.mark.parametrize(
    ("day", "place", "rise", "fall"),
    [
        ((2026, 6, 21), LONDON, "2026-06-21 03:43", "2026-06-21 20:22"),
        ((2026, 12, 21), LONDON, "2026-12-21 08:04", "2026-12-21 15:53"),
        ((2026, 6, 21), SYDNEY, "2026-06-20 21:00", "2026-06-21 06:54"),
    ],
)
def test_the_sun_rises_and_sets_as_almanacs_say(
    day: tuple[int, int, int], place: tuple[float, float], rise: str, fall: str
) -> None:
    seen = sun_day(datetime(*day, tzinfo=UTC), place)
    assert _near(seen.rise, rise)
    assert _near(seen.set, fall)


@pytest.mark.parametrize("lat_deg", [-60.0, -30.0, 0.0, 30.0, 60.0])
def test_at_the_equinox_day_and_night_are_nearly_equal_everywhere(lat_deg: float) -> None:
    seen = sun_day(datetime(2026, 3, 20, tzinfo=UTC), (0.0, lat_deg))
    assert seen.rise is not None
    assert seen.set is not None
    assert timedelta(hours=12, minutes=5) < seen.set - seen.rise < timedelta(hours=12, minutes=20)
    assert _near(seen.noon, "2026-03-20 12:07")  # the equation of time is seven and a half minutes


def test_the_polar_day_and_the_polar_night_are_known() -> None:
    summer = sun_day(datetime(2026, 6, 21, tzinfo=UTC), NORTH_CAPE)
    winter = sun_day(datetime(2026, 12, 21, tzinfo=UTC), NORTH_CAPE)
    assert (summer.rise, summer.set, summer.is_up) == (None, None, True)
    assert (winter.rise, winter.set, winter.is_up) == (None, None, False)


def test_in_the_polar_day_daylight_is_the_whole_day_and_there_is_no_night() -> None:
    day = datetime(2026, 6, 21, tzinfo=UTC)
    (window,) = sun_windows([day], [(RISE, SET)], [NORTH_CAPE], "SR-SS")
    assert (window.start, window.end) == (day, day + timedelta(days=1))
    with pytest.raises(Unplaced):
        sun_windows([day], [(SET, RISE)], [NORTH_CAPE], "SS-SR")


def test_in_the_polar_night_there_is_no_daylight_and_a_clock_time_until_sunset_is_not_told() -> None:
    day = datetime(2026, 12, 21, tzinfo=UTC)
    for edges in ((RISE, SET), (Edge("clock", 360), SET)):
        with pytest.raises(Unplaced):
            sun_windows([day], [edges], [NORTH_CAPE], "SR-SS")


def test_a_window_reaches_from_the_earliest_rise_to_the_latest_set_over_the_area() -> None:
    day = datetime(2026, 3, 20, tzinfo=UTC)
    (window,) = sun_windows([day], [(RISE, SET)], [(10.0, 0.0), (0.0, 0.0), (20.0, 0.0)], "SR-SS")
    (east,) = sun_windows([day], [(RISE, SET)], [(20.0, 0.0)], "SR-SS")
    (west,) = sun_windows([day], [(RISE, SET)], [(0.0, 0.0)], "SR-SS")
    assert (window.start, window.end) == (east.start, west.end)


def test_a_window_starts_on_its_utc_day_far_from_greenwich_and_across_the_antimeridian() -> None:
    day = datetime(2026, 3, 20, tzinfo=UTC)
    for lon_deg in (-179.0, -120.0, 120.0, 179.0):
        (window,) = sun_windows([day], [(RISE, SET)], [(lon_deg, 10.0)], "SR-SS")
        assert window.start is not None
        assert window.start.date() == day.date()
    (both,) = sun_windows([day], [(RISE, SET)], [(180.0, 10.0), (179.0, 10.0), (181.0, 10.0)], "SR-SS")
    assert both.start is not None
    assert both.end is not None
    assert timedelta(hours=12) < both.end - both.start < timedelta(hours=12, minutes=30)
