"""Plain tables: names, units, separators, quotes; every line accounted for; faults told in words."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.tracks.reading_samples import noted, rejected, taken, write

from detente.tracks import lines
from detente.tracks.errors import ReadingMistake, TrackMistake
from detente.tracks.table_columns import assigned

T0 = datetime(2020, 9, 13, 12, 26, 40, tzinfo=UTC)
HEAD = "time,mmsi,lat,lon,sog\n"
ROW = "1600000000,219000001,55.5,12.5,10\n"


@pytest.mark.parametrize(
    "text",
    [
        "time,mmsi,lat,lon\n1600000000,219000001,55.5,12.5\n",
        "\ufefftime,mmsi,lat,lon\r\n1600000000,219000001,55.5,12.5\r\n",
        "Timestamp;MMSI;Latitude;Longitude\n2020-09-13 12:26:40;219000001;55,5;12,5\n",
        "sep=;\nTimestamp;MMSI;Latitude;Longitude\n2020-09-13 12:26:40;219000001;55.5;12.5\n",
        "t\tUserID\ty\tx\n1600000000000\t219000001\t55.5\t12.5\n",
        "epoch_ms|mmsi|Lat (deg)|Long (deg)\n1600000000000|219000001.0|55.5|12.5",
        '"time","mmsi","lat","lon"\n"1600000000","219000001","55.5","12.5"\n',
        'name,time,mmsi,lat,lon\n"A, ""B""",1600000000,219000001,55.5,12.5\n',
        "lon,lat,BaseDate Time,MMSI\n12.5, 55.5 ,2020-09-13T12:26:40Z,219000001\n",
        "date,time,mmsi,lat,lon\n2020-09-13,12:26:40,219000001,55.5,12.5\n",
        "\n\ntime,mmsi,lat,lng\n\n1600000000,219000001,55.5,12.5\n\n",
    ],
)
def test_a_table_is_read_however_it_is_written(tmp_path: Path, text: str) -> None:
    kept, tally = taken(write(tmp_path, text))
    assert rejected(tally) == {}
    row = kept.row(0, named=True)
    assert (row["mover"], row["time"], row["lat"], row["lon"]) == ("mmsi:219000001", T0, 55.5, 12.5)


@pytest.mark.parametrize(
    ("name", "knots"),
    [
        ("sog", 36.0), ("SOG_knots", 36.0), ("speed_kn", 36.0), ("Speed (kts)", 36.0), ("gs", 36.0),
        ("speed_kmh", 36 / 1.852), ("Speed (km/h)", 36 / 1.852), ("speedKmH", 36 / 1.852),
        ("speed_ms", 36 * 3600 / 1852), ("velocity (m/s)", 36 * 3600 / 1852), ("speed_mph", 36 * 1609.344 / 1852),
        ("speed", None), ("velocity", None), ("sogginess", None),
    ],
)  # fmt: skip
def test_a_speed_has_the_unit_that_its_name_says_or_is_left_out(
    tmp_path: Path, name: str, knots: float | None
) -> None:
    kept, tally = taken(write(tmp_path, f"time,mmsi,lat,lon,{name}\n1600000000,219000001,55.5,12.5,36\n"))
    assert kept["speed_kn"].to_list() == [pytest.approx(knots) if knots else None]
    assert noted(tally) == ({"unit_unknown": 1} if name in {"speed", "velocity"} else {})


@pytest.mark.parametrize(
    ("name", "value", "metres", "datum"),
    [
        ("altitude_m", "100", 100.0, None), ("alt_ft", "100", 30.48, None),
        ("Altitude (feet)", "100", 30.48, None),
        ("baro_altitude_ft", "100", 30.48, "pressure"),
        ("geoaltitude_m", "100", 100.0, "ellipsoid"),
        ("alt_baro_ft", "ground", 0.0, "ground"), ("altitude", "100", None, None), ("alt_m", "", None, None),
    ],
)  # fmt: skip
def test_a_height_has_the_unit_and_the_datum_that_its_name_says(
    tmp_path: Path, name: str, value: str, metres: float | None, datum: str | None
) -> None:
    kept, _ = taken(write(tmp_path, f"time,icao24,lat,lon,{name}\n1600000000,4CA1B2,55.5,12.5,{value}\n"))
    row = kept.row(0, named=True)
    assert (row["mover"], row["kind"]) == ("icao24:4ca1b2", "aircraft")
    assert row["altitude_m"] == (pytest.approx(metres) if metres is not None else None)
    assert row["altitude_datum"] == datum


def test_the_pressure_height_goes_before_the_geometric_one_row_by_row(tmp_path: Path) -> None:
    text = "time,icao24,lat,lon,geoaltitude_m,baroaltitude_m\n" + "".join(
        f"160000000{n},4ca1b2,55.5,12.5,{geometric},{pressure}\n"
        for n, (geometric, pressure) in enumerate([(1, 2), (3, "")])
    )
    kept, _ = taken(write(tmp_path, text))
    assert kept.select("altitude_m", "altitude_datum").rows() == [(2.0, "pressure"), (3.0, "ellipsoid")]


def test_each_file_has_its_own_units(tmp_path: Path) -> None:
    knots = write(tmp_path, "time,mmsi,lat,lon,speed_kn\n1600000000,219000001,55.5,12.5,10\n", "a")
    metres = write(tmp_path, "time,mmsi,lat,lon,speed_ms\n1600000000000,219000002,55.5,12.5,10\n", "b")
    kept, tally = taken([knots, metres])
    assert kept["speed_kn"].to_list() == [10.0, pytest.approx(19.438445)]
    assert kept["time"].to_list() == [T0, T0]
    assert tally.formats == {"csv": 2}


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("x,219000001,55.5,12.5,10", "unreadable"),
        (",219000001,55.5,12.5,10", "no_time"),
        ("5,219000001,55.5,12.5,10", "no_time"),
        ("9999999999,219000001,55.5,12.5,10", "out_of_range"),
        ("-1600000000,219000001,55.5,12.5,10", "out_of_range"),
        ("1600000000,,55.5,12.5,10", "no_identity"),
        ("1600000000,abc,55.5,12.5,10", "no_identity"),
        ("1600000000,2190045,55.5,12.5,10", "not_a_mover"),
        ("1600000000,219000001,north,12.5,10", "unreadable"),
        ("1600000000,219000001,55.5,12.5,fast", "unreadable"),
        ("1600000000,219000001,,12.5,10", "no_position"),
        ("1600000000,219000001,nan,12.5,10", "no_position"),
        ("1600000000,219000001,91,181,10", "not_available"),
        ("1600000000,219000001,95,12.5,10", "out_of_range"),
        ("1600000000,219000001,inf,12.5,10", "out_of_range"),
        ("1600000000,219000001,55.5,200,10", "out_of_range"),
        ("1600000000,219000001,55.5", "incomplete"),
        ("1600000000,219000001,55.5,12.5,10,11", "unreadable"),
        ('1600000000,219000001,55.5,12.5,"10', "unreadable"),
        ("1600000000,219000001,55\xff,12.5,10", "unreadable"),
    ],
)
def test_every_bad_row_is_counted_under_its_reason_and_its_neighbours_are_kept(
    tmp_path: Path, row: str, reason: str
) -> None:
    text = (HEAD + ROW + row + "\n" + ROW).encode("latin-1")
    kept, tally = taken(write(tmp_path, text))
    assert (kept.height, rejected(tally)) == (2, {reason: 1})


def test_fields_that_are_empty_beyond_the_header_are_no_fault(tmp_path: Path) -> None:
    kept, tally = taken(write(tmp_path, HEAD + ROW.strip() + ",,\n" + ROW))
    assert (kept.height, tally.rows) == (2, 2)


@pytest.mark.parametrize(
    ("header", "missing"),
    [
        ("mmsi,lat,lon", "the time"),
        ("time,lat,lon", "the identity"),
        ("time,mmsi,lon", "the latitude"),
        ("time,mmsi,lat", "the longitude"),
        ("time,mmsi,lat,lon,lat", "once"),
    ],
)
def test_a_table_without_what_it_needs_is_refused_by_name(tmp_path: Path, header: str, missing: str) -> None:
    with pytest.raises(TrackMistake) as refused:
        taken(write(tmp_path, header + "\n"))
    assert missing in refused.value.expected


def test_columns_that_the_person_names_go_before_the_list(tmp_path: Path) -> None:
    path = write(tmp_path, "when,who,a,b,speed,MMSI\n1600000000,X1,55.5,12.5,10,5\n")
    named = {"time": "when", "id": "who", "lat": "a", "lon": "b", "speed_ms": "speed"}
    kept, tally = taken(path, columns=named)
    assert rejected(tally) == {}
    assert kept["mover"].to_list() == ["id:X1"]
    assert kept["speed_kn"].to_list() == [pytest.approx(19.438445)]


@pytest.mark.parametrize("columns", [{"speed": "sog"}, {"lat": "nowhere"}])
def test_a_name_that_is_not_there_is_refused(tmp_path: Path, columns: dict[str, str]) -> None:
    with pytest.raises(ReadingMistake):
        taken(write(tmp_path, HEAD + ROW), columns=columns)


@pytest.mark.parametrize("column", ["local time", "time_local", "LMT", "Timestamp (local)"])
def test_local_times_are_refused_unless_their_zone_is_named(tmp_path: Path, column: str) -> None:
    path = write(tmp_path, f"{column},mmsi,lat,lon\n2020-09-13 14:26:40,219000001,55.5,12.5\n")
    named = {"time": column} if column == "LMT" else {}
    with pytest.raises(ReadingMistake, match="local"):
        taken(path, columns=named)
    kept, tally = taken(path, columns=named, time_zone="Europe/Copenhagen")
    assert kept["time"].to_list() == [T0]
    assert noted(tally) == {}


def sailing(lat: str, lon: str) -> str:
    rows = [
        f"{1_600_000_000 + 10 * n},219000001,{55 + n * 0.0004:.6f},{12 + n * 0.0002:.6f},9.5,15.9"
        for n in range(100)
    ]
    return f"time,mmsi,{lat},{lon},sog,cog\n" + "\n".join(rows) + "\n"


def test_exchanged_latitude_and_longitude_are_suspected_from_the_way_ships_move(tmp_path: Path) -> None:
    right, tally = taken(write(tmp_path, sailing("lat", "lon")))
    assert noted(tally) == {}
    wrong, tally = taken(write(tmp_path, sailing("lon", "lat")))
    assert set(noted(tally)) == {"swapped"}
    assert wrong["lat"].to_list() == right["lon"].to_list()  # said, not exchanged


def test_exchanged_latitude_and_longitude_are_suspected_from_their_ranges(tmp_path: Path) -> None:
    rows = "".join(f"16000000{n:02d},366000001,-122.{n},37.{n},1\n" for n in range(10, 40))
    _, tally = taken(write(tmp_path, HEAD + rows))
    assert rejected(tally) == {"out_of_range": 30}
    assert noted(tally) == {"swapped": 30}


def test_a_table_of_a_million_columns_is_refused_without_being_read(tmp_path: Path) -> None:
    path = write(tmp_path, ",".join(f"c{n}" for n in range(1_000_000)) + "\n" + "1," * 1_000_000)
    with pytest.raises(TrackMistake, match="longer than 64 KiB"):
        taken(path)
    narrow = write(tmp_path, ",".join(f"{n}c" for n in range(5_000)) + "\n", "narrow")
    with pytest.raises(TrackMistake, match="5000 columns"):
        taken(narrow)


def test_a_line_of_a_gigabyte_is_one_unreadable_row_and_takes_no_memory(tmp_path: Path) -> None:
    path = tmp_path / "long"
    with path.open("wb") as target:
        target.write((HEAD + ROW * 3_000).encode())
        target.seek(1 << 30, 1)  # a hole: zeros on reading
        target.write(("\n" + ROW).encode())
    # the peak so far is another test's: begin anew
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    before_mib = _peak_mib()
    kept, tally = taken(path)
    grown_mib = _peak_mib() - before_mib
    assert (kept.height, rejected(tally)) == (3_001, {"unreadable": 1})
    assert grown_mib < 200
    with path.open("wb") as target:
        target.truncate(1 << 30)
    with pytest.raises(TrackMistake):
        taken(path)


def _peak_mib() -> float:
    """Return the most memory that this process has held at once since the mark was set back."""
    said = Path("/proc/self/status").read_text(encoding="ascii")
    return int(re.findall(r"VmHWM:\s+(\d+) kB", said)[0]) / 1024


@pytest.mark.parametrize("size", [lines.LINE_BYTES_MAX - 100, lines.LINE_BYTES_MAX + 1, 3 * lines.BLOCK_BYTES])
@pytest.mark.parametrize("ended", [True, False])
def test_long_lines_are_counted_once_wherever_they_stand(tmp_path: Path, size: int, *, ended: bool) -> None:
    text = HEAD + ROW + "9" * size + "\n" + ROW + "8" * size + "\n" * ended
    kept, tally = taken(write(tmp_path, text))
    assert kept.height == 2
    assert sum(rejected(tally).values()) == 2


def test_blocks_cut_anywhere_give_the_same_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = "".join(f"{1_600_000_000 + n},{219_000_000 + n},55.{n},12.{n},{n % 20}\n" for n in range(500))
    path = write(tmp_path, HEAD + rows + "half,a,line")
    whole, counted = taken(path)
    for size in (200, 1_000):
        monkeypatch.setattr(lines, "BLOCK_BYTES", size)
        kept, tally = taken(path)
        assert kept.equals(whole)
        assert tally.as_dict() == counted.as_dict()


def test_the_list_of_names_finds_the_columns_of_well_known_tables() -> None:
    def fields(text: str) -> dict[str, str]:
        return {column.field: column.name for column in assigned(text.split(","), said={}, where="").columns}

    assert fields("Time,MMSI,Latitude_degrees,Longitude_degrees,COG_degrees,SOG_knots") == {
        "mmsi": "MMSI", "lat": "Latitude_degrees", "lon": "Longitude_degrees", "course": "COG_degrees",
        "speed": "SOG_knots", "time": "Time",
    }  # fmt: skip
    assert fields("traj_id,t,x,y")["id"] == "traj_id"
    assert fields("flight_id,timestamp,latitude,longitude,groundspeed,track")["speed"] == "groundspeed"
    assert fields("mover,time,lon,lat,mmsi")["mover"] == "mover"
