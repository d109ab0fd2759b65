"""Distances on a sphere and the sun's height, against what others computed."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from geographiclib.geodesic import Geodesic
from hypothesis import given
from hypothesis import strategies as st

from detente.rules.daylight import is_night, sun_height_deg
from detente.rules.distances import distance_km

LAT = st.floats(-90, 90)
LON = st.floats(-180, 180)


@given(LAT, LON, LAT, LON)
def test_the_sphere_is_within_six_thousandths_of_the_ellipsoid(a: float, b: float, c: float, d: float) -> None:
    exact = Geodesic.WGS84.Inverse(a, b, c, d)["s12"] / 1000
    assert abs(distance_km(a, b, c, d) - exact) <= 0.006 * exact + 1e-6


@pytest.mark.parametrize(
    ("moment", "lat", "lon", "height", "within"),
    [
        # noon on the prime meridian at the solstices and an equinox: 90 - latitude + declination
        ("2024-06-20T12:02", 51.48, 0.0, 61.96, 0.1),
        ("2024-12-21T11:58", 51.48, 0.0, 15.08, 0.1),
        ("2024-03-20T12:07", 0.0, 0.0, 89.8, 0.3),
        # midnight sun at the North Cape
        ("2024-06-20T22:20", 71.17, 25.78, 4.6, 0.2),
        # the afternoon side of the year, when the right ascension lies beyond a quarter
        ("2024-10-01T11:50", 40.0, 0.0, 46.6, 0.3),
    ],
)
def test_the_sun_stands_where_it_stands(
    moment: str, lat: float, lon: float, height: float, within: float
) -> None:
    assert sun_height_deg(datetime.fromisoformat(moment).replace(tzinfo=UTC), lat, lon) == pytest.approx(
        height, abs=within
    )


def test_near_the_horizon_it_is_neither_day_nor_night() -> None:
    moments = [datetime(2024, 3, 20, hour, 7, tzinfo=UTC) for hour in (0, 6, 12)]
    assert [is_night(moment, 0.0, 0.0) for moment in moments] == [True, None, False]
