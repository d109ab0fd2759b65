"""The archives of the Danish Maritime Authority and of NOAA, and the messages of Digitraffic."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.tracks.reading_samples import DMA_HEADER, DMA_ROWS, NOAA_NEW, NOAA_OLD, noted, rejected, taken, write

from detente.tracks.readers import Options


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("more", ["", ",A,B,C,D"])
def test_a_danish_archive_is_read_with_its_old_and_its_new_header(tmp_path: Path, more: str, end: str) -> None:
    rows = [row + ",1,2,3,4" * bool(more) for row in DMA_ROWS]
    kept, tally = taken(write(tmp_path, end.join([DMA_HEADER + more, *rows]) + end, "aisdk.csv"))
    assert rejected(tally) == {"not_a_mover": 2, "not_available": 1}
    assert noted(tally) == {}
    first, rescuer, moored = kept.rows(named=True)
    assert first == {
        "mover": "mmsi:219000001", "time": datetime(2018, 4, 4, 6, tzinfo=UTC), "lon": 12.7, "lat": 55.6,
        "altitude_m": None, "altitude_datum": None, "speed_kn": 12.3, "course_deg": 180.5, "vertical_fpm": None,
        "kind": "ship", "name": "NORDEN", "status": "under_way", "military": None, "source": "dma_csv:aisdk.csv",
        "position_age_s": None, "nic": None, "rc_m": None,
    }  # fmt: skip
    assert (rescuer["mover"], rescuer["kind"], rescuer["speed_kn"]) == ("mmsi:111219501", "aircraft", 110.0)
    assert (moored["status"], moored["speed_kn"], moored["course_deg"]) == ("moored", None, None)


def test_a_zone_for_other_files_does_not_move_an_archive_whose_times_are_utc(tmp_path: Path) -> None:
    path = write(tmp_path, "\n".join([DMA_HEADER, *DMA_ROWS]))
    assert taken(path, time_zone="Asia/Tokyo")[0].equals(taken(path)[0])


@pytest.mark.parametrize(("text", "year"), [(NOAA_OLD, 2023), (NOAA_NEW, 2025)])
def test_an_american_archive_is_read_with_its_old_and_its_new_header(
    tmp_path: Path, text: str, year: int
) -> None:
    kept, tally = taken(write(tmp_path, text))
    assert noted(tally) == {}
    row = kept.row(0, named=True)
    assert (row["mover"], row["time"]) == ("mmsi:367752440", datetime(year, 1, 11, tzinfo=UTC))
    assert (row["lon"], row["lat"], row["speed_kn"], row["course_deg"]) == (-70.75733, 43.07917, 0.0, None)
    assert (row["name"], row["status"]) == ("SAN JOSE", "moored")


def test_real_american_rows_add_up(shared: Path) -> None:
    kept, tally = taken(shared / "data/ais/AISdb_noaa_20230101.csv")
    assert (tally.rows, kept.height) == (1_000, 998)
    assert rejected(tally) == {"not_a_mover": 1, "no_identity": 1}


def test_all_real_rows_of_the_solent_are_read_as_utc_and_knots(shared: Path) -> None:
    kept, tally = taken(shared / "data/ais/SolentAIS_20160112_130211.csv")
    assert (tally.rows, kept.height, kept["mover"].n_unique()) == (18_623, 18_623, 91)
    assert noted(tally) == {"no_zone": 18_623}
    first = kept.row(0, named=True)
    assert first["time"] == datetime(2016, 1, 12, 13, 2, 11, 218_000, tzinfo=UTC)
    assert (first["mover"], first["lat"], first["speed_kn"]) == ("mmsi:235070762", 50.7730133333333, 5.9)


# Digitraffic ----------------------------------------------------------------------------------------------------

LOCATION = {
    "time": 1774756004, "sog": 10.2, "cog": 208.8, "navStat": 0, "rot": 1, "posAcc": False, "raim": False,
    "heading": 210, "lon": 20.86432, "lat": 58.478048,
}  # fmt: skip
FEATURE = {
    "mmsi": 241930000, "type": "Feature", "geometry": {"type": "Point", "coordinates": [20.86432, 58.478048]},
    "properties": {"mmsi": 241930000, "sog": 10.2, "cog": 208.8, "navStat": 0, "rot": 1, "posAcc": False,
                   "raim": False, "heading": 210, "timestamp": 41, "timestampExternal": 1774756004058},
}  # fmt: skip
METADATA = {
    "timestamp": 1774743475357,
    "name": "AISOPOS",
    "draught": 126,
    "callSign": "SVDX9",
    "imo": 1,
    "type": 80,
}
AT = datetime(2026, 3, 29, 3, 46, 44, tzinfo=UTC)


def collection(features: list[object], indent: int | None = None) -> str:
    return json.dumps(
        {"type": "FeatureCollection", "dataUpdatedTime": "2026-04-06T10:23:33Z", "features": features},
        indent=indent,
    )


@pytest.mark.parametrize("indent", [None, 2])
def test_locations_as_geojson_are_read(tmp_path: Path, indent: int | None) -> None:
    away = {**FEATURE, "geometry": {"type": "Point", "coordinates": [181, 91]}}
    kept, tally = taken(write(tmp_path, collection([FEATURE, away, FEATURE], indent)))
    assert rejected(tally) == {"not_available": 1}
    row = kept.row(0, named=True)
    assert (row["mover"], row["time"]) == ("mmsi:241930000", AT.replace(microsecond=58_000))
    assert (row["lon"], row["lat"], row["speed_kn"], row["status"]) == (20.86432, 58.478048, 10.2, "under_way")


@pytest.mark.parametrize(
    "line",
    [
        "vessels-v2/241930000/location " + json.dumps(LOCATION),
        "vessels-v2/241930000/location\t" + json.dumps(LOCATION),
        json.dumps({"topic": "vessels-v2/241930000/location", "payload": LOCATION}),
        json.dumps({"topic": "vessels-v2/241930000/location", "payload": json.dumps(LOCATION)}),
        json.dumps({"mmsi": 241930000, **LOCATION}),
        "vessels/241930000/locations " + json.dumps(FEATURE),
    ],
)
def test_a_message_says_whose_location_it_is_by_its_topic(tmp_path: Path, line: str) -> None:
    kept, tally = taken(write(tmp_path, line + "\n"))
    assert tally.formats == {"digitraffic": 1}
    assert kept["mover"].to_list() == ["mmsi:241930000"]
    assert kept["time"].dt.truncate("1s").to_list() == [AT]


def test_a_name_from_metadata_goes_with_the_locations_that_follow(tmp_path: Path) -> None:
    lines = [
        "vessels-v2/241930000/metadata " + json.dumps(METADATA),
        "vessels-v2/241930000/location " + json.dumps(LOCATION),
        json.dumps(LOCATION),
        "vessels-v2/241930000/location {broken",
        "vessels-v2/241930000/location " + json.dumps({**LOCATION, "lat": "north"}),
        "vessels-v2/2190045/location " + json.dumps(LOCATION),
    ]
    kept, tally = taken(write(tmp_path, "\n".join(lines)))
    assert kept["name"].to_list() == ["AISOPOS"]
    assert rejected(tally) == {"no_position": 1, "no_identity": 1, "unreadable": 2, "not_a_mover": 1}


def test_a_broken_feature_does_not_take_the_others_with_it(tmp_path: Path) -> None:
    good = json.dumps(FEATURE)
    bad = good.replace('"sog": 10.2', '"sog": 1o.2')
    text = collection([1]).replace("[1]", f"[{good},{bad},{good}]")
    kept, tally = taken(write(tmp_path, text))
    assert (kept.height, rejected(tally)) == (2, {"unreadable": 1})


def test_a_collection_that_ends_in_the_middle_says_so(tmp_path: Path) -> None:
    text = collection([FEATURE] * 3)
    kept, tally = taken(write(tmp_path, text[: text.rindex('"sog"')]))
    assert (kept.height, rejected(tally)) == (2, {"incomplete": 1})


def test_options_of_other_formats_are_no_trouble() -> None:
    assert Options().columns == {}
