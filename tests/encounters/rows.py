"""Rows of the table of encounters for tests."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl

from detente.encounters.schema import ENCOUNTERS

CLOSEST = datetime(2016, 1, 12, 13, 23, 20, 17_600, tzinfo=UTC)


def encounter(**fields: Any) -> dict[str, Any]:
    """Return one whole row with these fields in place of the usual ones."""
    row: dict[str, Any] = {
        "a": "mmsi:235011590", "b": "mmsi:235101063", "side_a": "west", "side_b": "east",
        "entered": CLOSEST - timedelta(seconds=95), "closest_at": CLOSEST,
        "left": CLOSEST + timedelta(seconds=80),
        "distance_m": 81.25, "vertical_m": 0.0, "severity": 0.1625, "speed_a_kn": 11.0, "speed_b_kn": 7.5,
        "course_a_deg": 270.0, "course_b_deg": 12.5, "closing_speed_kn": 12.25, "relative_speed_kn": 13.0,
        "relative_bearing_a_deg": 20.0, "relative_bearing_b_deg": 300.0, "aspect_a_deg": -60.0,
        "aspect_b_deg": 20.0, "situation": "crossing", "duration_s": 175.0, "passes": 1, "both_moving": True,
        "moored": False, "quality": "certain", "lon_a": -1.3, "lat_a": 50.75, "altitude_a_m": None,
        "lon_b": -1.2995, "lat_b": 50.7505, "altitude_b_m": None, "kind_a": "ship", "kind_b": "ship",
        "name_a": "RED FALCON", "name_b": "ST CLARE",
    }  # fmt: skip
    unknown = set(fields) - set(row)
    assert not unknown, unknown
    return row | fields


def table(*rows: dict[str, Any]) -> pl.DataFrame:
    """Return a frame with the schema of encounters."""
    return pl.DataFrame(list(rows), schema=ENCOUNTERS)


MIXED = table(
    encounter(),
    encounter(
        a="icao24:43c0a1", b="mmsi:273000001", kind_a="aircraft", altitude_a_m=90.0, vertical_m=90.0,
        name_a=None, name_b="Адмирал <b>&amp;</b>", side_a=None, closing_speed_kn=None, course_b_deg=None,
        situation="stopped", both_moving=False, quality="possible", passes=3,
    ),
    encounter(lon_a=179.9995, lat_a=65.0, lon_b=-179.9985, lat_b=65.003),
    encounter(lon_b=-1.3, lat_b=50.75, distance_m=0.0, name_a='=HYPERLINK("x")', name_b="-1+1"),
)  # fmt: skip
"""Ships, an aircraft over a ship with missing values, the antimeridian, two at one place with wicked names."""
