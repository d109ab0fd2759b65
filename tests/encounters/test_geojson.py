from __future__ import annotations

import json
from pathlib import Path

import pyogrio
import pytest
from hypothesis import given
from hypothesis import strategies as st

from detente.encounters.places import between, middle, wrapped_deg
from detente.encounters.schema import ENCOUNTERS
from detente.encounters.writing import write
from tests.encounters.rows import MIXED, encounter, table

LON = st.floats(-180, 180, allow_nan=False)
LAT = st.floats(-90, 90, allow_nan=False)


@pytest.fixture
def written(tmp_path: Path) -> Path:
    write(MIXED, tmp_path / "e.geojson")
    return tmp_path / "e.geojson"


def test_every_column_is_a_property_with_its_own_type(written: Path) -> None:
    features = json.loads(written.read_text(encoding="utf-8"))["features"]
    first = features[0]["properties"]
    assert list(first) == list(ENCOUNTERS)
    assert (first["passes"], first["both_moving"], first["distance_m"]) == (1, True, 81.25)
    assert features[1]["properties"]["closing_speed_kn"] is None


def test_the_geometry_is_the_line_between_both_or_a_point_or_cut_at_the_antimeridian(written: Path) -> None:
    geometries = [f["geometry"] for f in json.loads(written.read_text(encoding="utf-8"))["features"]]
    assert geometries[0] == {"type": "LineString", "coordinates": [[-1.3, 50.75], [-1.2995, 50.7505]]}
    assert geometries[2] == {
        "type": "MultiLineString",
        "coordinates": [[[179.9995, 65.0], [180.0, 65.00075]], [[-180.0, 65.00075], [-179.9985, 65.003]]],
    }
    assert geometries[3] == {"type": "Point", "coordinates": [-1.3, 50.75]}


def test_gdal_reads_every_field_with_its_type_and_value(written: Path) -> None:
    meta, _, shapes, values = pyogrio.raw.read(written, datetime_as_string=True)
    kinds = dict(zip(meta["fields"].tolist(), meta["ogr_types"], strict=True))
    wanted = {"Float64": "OFTReal", "Int32": "OFTInteger", "Boolean": "OFTInteger", "String": "OFTString"}
    for name, kind in ENCOUNTERS.items():
        if name == "altitude_b_m":  # null in every row: JSON cannot tell its type
            continue
        assert kinds[name] == wanted.get(str(kind), "OFTDateTime"), name
    columns = dict(zip(meta["fields"].tolist(), values, strict=True))
    assert len(shapes) == 4
    for name in ("a", "name_b", "situation", "distance_m", "severity", "passes", "duration_s"):
        assert list(columns[name]) == MIXED[name].to_list(), name
    assert columns["closest_at"][0].startswith("2016-01-12T13:23:20.018")
    assert bool(columns["both_moving"][1]) is False
    assert columns["closing_speed_kn"][1] != columns["closing_speed_kn"][1]  # absent: GDAL gives NaN


def test_a_missing_place_gives_a_null_geometry(tmp_path: Path) -> None:
    write(table(encounter(lon_b=None)), tmp_path / "e.geojson")
    assert json.loads((tmp_path / "e.geojson").read_text(encoding="utf-8"))["features"][0]["geometry"] is None


@given(a=st.tuples(LON, LAT), b=st.tuples(LON, LAT))
def test_no_part_of_a_line_spans_more_than_half_the_earth(a: tuple[float, float], b: tuple[float, float]) -> None:
    parts = between(a, b)
    assert parts[0][0][1] == a[1] or parts[0][0] == b
    for part in parts:
        assert all(-180 <= lon <= 180 and -90 <= lat <= 90 for lon, lat in part)
        assert len(part) == 1 or abs(part[1][0] - part[0][0]) <= 180


@given(a=st.tuples(LON, LAT), b=st.tuples(LON, LAT))
def test_the_middle_is_as_far_from_one_as_from_the_other(a: tuple[float, float], b: tuple[float, float]) -> None:
    lon, _ = middle(a, b)
    assert -180 <= lon < 180
    if abs(abs(a[0] - b[0]) - 180) > 1e-6:
        assert abs(wrapped_deg(lon - a[0])) == pytest.approx(abs(wrapped_deg(b[0] - lon)), abs=1e-9)
        assert abs(wrapped_deg(lon - a[0])) <= 90 + 1e-9
