"""The numbers of AIS: identities, "not available" values, status; each row of a table is one rule."""

from __future__ import annotations

import polars as pl
import pytest

from detente.tracks import ais_fields

POSITIONS = [
    (55.5, 12.5, None),
    (-90.0, 180.0, None),
    (91.0, 181.0, "not_available"),
    (91.0, 0.0, "not_available"),
    (55.0, 181.0, "not_available"),
    (90.5, 0.0, "out_of_range"),
    (0.0, -180.5, "out_of_range"),
    (float("inf"), 0.0, "out_of_range"),
    (None, 12.5, "no_position"),
    (float("nan"), 12.5, "no_position"),
]


@pytest.mark.parametrize(
    ("mmsi", "expected"),
    [
        (219_000_001, "ship"),
        (777_000_000, "ship"),
        (982_190_001, "ship"),
        (111_219_501, "aircraft"),
        (819_000_001, "other"),
        (970_123_456, "other"),
        (2_190_045, "not_a_mover"),
        (992_191_234, "not_a_mover"),
        (0, "no_identity"),
        (-219_000_001, "no_identity"),
        (1_193_046, "no_identity"),
        (123_456_789, "no_identity"),
        (21_900_001, "no_identity"),
        (1_219_000_001, "no_identity"),
        (900_000_000, "no_identity"),
    ],
)
def test_an_identity_says_what_carries_it(mmsi: int, expected: str) -> None:
    assert ais_fields.identity_class(mmsi) == expected


def test_a_missing_identity_is_no_identity() -> None:
    frame = pl.DataFrame({"mmsi": [None]}, schema={"mmsi": pl.Int64})
    assert frame.select(ais_fields.identity_reason(pl.col("mmsi"))).item() == "no_identity"


@pytest.mark.parametrize(("lat", "lon", "expected"), POSITIONS)
def test_a_position_that_cannot_be_has_its_reason(lat: float, lon: float, expected: str | None) -> None:
    frame = pl.DataFrame({"lat": [lat], "lon": [lon]}, schema={"lat": pl.Float64, "lon": pl.Float64})
    assert frame.select(ais_fields.position_reason(pl.col("lat"), pl.col("lon"))).item() == expected


def test_values_that_mean_not_available_become_null() -> None:
    frame = pl.DataFrame(
        {
            "speed": [0.0, 102.2, 102.3, -0.1, 130.0, 1023.0],
            "kind": ["ship", "ship", "ship", "ship", "aircraft", "aircraft"],
            "course": [0.0, 359.9, 360.0, 511.0, -1.0, None],
            "code": [0, 5, 15, 9, 99, None],
        }
    ).select(
        speed=ais_fields.speed_kn(pl.col("speed"), pl.col("kind")),
        course=ais_fields.course_deg(pl.col("course")),
        status=ais_fields.status(pl.col("code")),
    )
    assert frame["speed"].to_list() == [0.0, 102.2, None, None, 130.0, None]
    assert frame["course"].to_list() == [0.0, 359.9, None, None, None, None]
    assert frame["status"].to_list() == ["under_way", "moored", None, None, None, None]


def test_a_status_is_known_by_number_name_and_sentence() -> None:
    texts = ["0", "8.0", "Under way using engine", " At anchor", "moored", "Unknown value", ""]
    named = pl.DataFrame({"text": texts}).select(ais_fields.status_of_text(pl.col("text"))).to_series()
    assert named.to_list() == ["under_way", "sailing", "under_way", "anchored", "moored", None, None]
    assert ais_fields.status_name(5) == "moored"
    assert ais_fields.status_name(15) is None
    assert ais_fields.status_name(None) is None
