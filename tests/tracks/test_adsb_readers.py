from __future__ import annotations

import io
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.tracks.radio import Bytes, beast, counted, of_file, read_all

from detente.tracks import adsb_beast, adsb_opensky, adsb_readsb, adsb_rs1090, adsb_traffic
from detente.tracks.errors import TrackMistake
from detente.tracks.readers import Options, Reader
from detente.tracks.reasons import Note

OPENSKY, READSB, RS1090 = adsb_opensky.READER, adsb_readsb.READER, adsb_rs1090.READER
TRAFFIC, BEAST = adsb_traffic.READER, adsb_beast.READER
EVERY: tuple[Reader, ...] = (OPENSKY, READSB, RS1090, TRAFFIC, BEAST)
FILES: dict[str, Reader] = {
    "OpenSky_Plane_States.csv.gz": OPENSKY,
    "dump1090fa_london_2026_aircraft.json": READSB,
    "trace_full_ac671b.json.gz": READSB,
    "rs1090_full_flight_short.jsonl.gz": RS1090,
    "noisy_spoofing.json.gz": TRAFFIC,
    "aircraft_carrier.json.gz": TRAFFIC,
    "inflight_refuelling.json.gz": TRAFFIC,
    "sample_dump1090.bin": BEAST,
}
HEADER = (
    "time,icao24,lat,lon,velocity,heading,vertrate,callsign,onground,"
    "baroaltitude,geoaltitude,lastposupdate,lastcontact"
)


def _adsb(shared: Path, name: str) -> Bytes:
    return of_file(shared / "data/adsb" / name)


@pytest.mark.parametrize("name", FILES)
def test_each_real_file_is_recognised_by_its_reader_alone(shared: Path, name: str) -> None:
    head = _adsb(shared, name).head
    assert [reader.name for reader in EVERY if reader.recognises(head)] == [FILES[name].name]


SQUITTER = (
    b'{"timestamp":1700000000,"frame":"8d","df":"17","bds":"05",'
    b'"icao24":"4ca259","latitude":51.0,"longitude":1.0}\n'
)

# -- OpenSky ---------------------------------------------------------------------------------------------------


def test_opensky_rows_are_the_files_rows(shared: Path) -> None:
    source = _adsb(shared, "OpenSky_Plane_States.csv.gz")
    theirs = pl.read_csv(io.BytesIO(source.data), infer_schema_length=None)
    frame, tally = read_all(OPENSKY, source)
    assert tally.rows == tally.kept == len(theirs) == 6052
    assert frame["mover"].to_list() == ["icao24:" + text for text in theirs["icao24"]]
    assert frame["lat"].to_list() == theirs["lat"].to_list()
    assert frame["lon"].to_list() == theirs["lon"].to_list()
    assert (frame["time"].dt.timestamp("us") / 1e6 - theirs["lastposupdate"]).abs().max() < 1e-6  # type: ignore[operator]
    assert (frame["position_age_s"] - (theirs["time"] - theirs["lastposupdate"])).abs().max() < 1e-3  # type: ignore[operator]
    assert (frame["speed_kn"] - theirs["velocity"] * 3600 / 1852).abs().max() < 1e-9  # type: ignore[operator]
    grounded = theirs["onground"]
    assert set(frame.filter(grounded)["altitude_datum"]) <= {"ground"}
    flying = frame.filter(~grounded & theirs["baroaltitude"].is_between(-600, 18_000))
    metres = theirs.filter(~grounded & theirs["baroaltitude"].is_between(-600, 18_000))["baroaltitude"]
    assert (flying["altitude_m"] - metres).abs().max() < 1e-9  # type: ignore[operator]


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("1626098410,,51.0,-1.0,100,90,0,X,False,3000,3000,1626098409,1626098409", "no_identity"),
        ("1626098410,zzzzzz,51.0,-1.0,100,90,0,X,False,3000,3000,1626098409,1626098409", "no_identity"),
        ("1626098410,4ca259,,-1.0,100,90,0,X,False,3000,3000,1626098409,1626098409", "no_position"),
        ("1626098410,4ca259,nan,-1.0,100,90,0,X,False,3000,3000,1626098409,1626098409", "no_position"),
        ("1626098410,4ca259,91.5,-1.0,100,90,0,X,False,3000,3000,1626098409,1626098409", "out_of_range"),
        (",4ca259,51.0,-1.0,100,90,0,X,False,3000,3000,,", "no_time"),
        ("12,4ca259,51.0,-1.0,100,90,0,X,False,3000,3000,,", "no_time"),
        ("1626098410", "no_identity"),
    ],
)
def test_opensky_faults_are_named(row: str, reason: str) -> None:
    good = "1626098410,4ca259,51.0,-1.0,100,90,0,X,False,3000,3000,1626098409,1626098409"
    frame, tally = read_all(OPENSKY, f"{HEADER}\n{good}\n{row}\n{good}\n".encode())
    assert counted(tally) == {reason: 1}
    assert len(frame) == 2


class _Cell(str):
    """A text that counts how often it is held against another."""

    __slots__ = ()
    held: ClassVar[int] = 0
    __hash__ = str.__hash__

    def __eq__(self, other: object) -> bool:
        _Cell.held += 1
        return str.__eq__(self, other)

    def strip(self, characters: str | None = None, /) -> _Cell:
        return _Cell(super().strip(characters))

    def lower(self) -> _Cell:
        return _Cell(super().lower())


class _Line(bytes):
    """A line that falls into such texts."""

    def __getitem__(self, key: Any) -> Any:
        return _Line(super().__getitem__(key))

    def decode(self, *coding: str) -> Any:
        return _Text(super().decode(*coding))


class _Text(str):
    __slots__ = ()

    def removeprefix(self, prefix: str, /) -> _Text:
        return _Text(super().removeprefix(prefix))

    def split(self, by: str | None = None, maxsplit: Any = -1) -> Any:
        return [_Cell(cell) for cell in super().split(by, maxsplit)]


def test_the_work_for_an_opensky_header_grows_with_its_length() -> None:
    different = [f"c{n}" for n in range(5_000)]
    _Cell.held = 0
    assert adsb_opensky._header(_Line(",".join(different).encode())) == different
    assert _Cell.held < 50_000
    twice = adsb_opensky._header(b'lat,LAT ,"lat",lon')
    assert twice == ["lat", "lat#1", "lat#2", "lon"]


def test_opensky_without_its_header_is_refused() -> None:
    with pytest.raises(TrackMistake, match="icao24"):
        read_all(OPENSKY, b"1626098410,4ca259,51.0\n")


# -- readsb ----------------------------------------------------------------------------------------------------


def test_aircraft_json_rows_are_dated_by_their_position(shared: Path) -> None:
    source = _adsb(shared, "dump1090fa_london_2026_aircraft.json")
    document = json.loads(source.data)
    frame, tally = read_all(READSB, source)
    seen = [one for one in document["aircraft"] if "lat" in one]
    assert (tally.rows, len(frame)) == (44, len(seen))
    assert counted(tally) == {"no_position": 44 - len(seen)}
    for row, one in zip(frame.iter_rows(named=True), seen, strict=True):
        assert row["mover"] == f"icao24:{one['hex']}"
        assert (row["lat"], row["lon"], row["speed_kn"]) == (one["lat"], one["lon"], one.get("gs"))
        assert row["time"].timestamp() == pytest.approx(document["now"] - one["seen_pos"], abs=1e-6)
        assert (row["position_age_s"], row["nic"], row["rc_m"]) == (one["seen_pos"], one["nic"], one["rc"])
        assert row["altitude_m"] == pytest.approx(one["alt_baro"] * 0.3048)


def test_a_trace_is_read_row_by_row(shared: Path) -> None:
    source = _adsb(shared, "trace_full_ac671b.json.gz")
    trace = json.loads(source.data)
    frame, tally = read_all(READSB, source)
    assert tally.rows == tally.kept == len(trace["trace"]) == 2500
    for row, cells in zip(frame.iter_rows(named=True), trace["trace"], strict=True):
        assert row["time"].timestamp() == pytest.approx(trace["timestamp"] + cells[0], abs=1e-5)
        assert (row["lat"], row["lon"], row["speed_kn"]) == (cells[1], cells[2], cells[4])
        on_ground = cells[3] == "ground"
        assert row["altitude_datum"] == ("ground" if on_ground else "pressure")
        assert row["altitude_m"] == pytest.approx(0.0 if on_ground else cells[3] * 0.3048)
    flights = {cells[8]["flight"].strip() for cells in trace["trace"] if cells[8] and "flight" in cells[8]}
    assert set(frame["name"].drop_nulls()) == flights
    assert set(frame["military"]) == {False}


def _snapshot(*aircraft: dict[str, Any], now: float = 1_700_000_000.5) -> bytes:
    return json.dumps({"now": now, "messages": 1, "aircraft": list(aircraft)}).encode()


PLANE = {"hex": "4ca259", "lat": 51.0, "lon": -1.0, "alt_baro": 30000, "seen_pos": 2.0}


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"hex": "~4ca259"}, {"mover": "id:~4ca259"}),
        ({"dbFlags": 1}, {"military": True}),
        ({"dbFlags": 8}, {"military": False}),
        ({}, {"military": None, "name": None}),
        ({"flight": "RCH123  "}, {"name": "RCH123"}),
        ({"alt_baro": "ground"}, {"altitude_m": 0.0, "altitude_datum": "ground"}),
        ({"alt_baro": None, "alt_geom": 1000}, {"altitude_m": 304.8, "altitude_datum": "ellipsoid"}),
        ({"alt_baro": 107_700, "alt_geom": 1000}, {"altitude_m": 304.8, "altitude_datum": "ellipsoid"}),
        ({"alt_baro": 107_700}, {"altitude_m": None, "altitude_datum": None}),
        (
            {"lat": None, "lastPosition": {"lat": 50.0, "lon": 2.0, "seen_pos": 99}},
            {"lat": 50.0, "position_age_s": 99.0},
        ),
        ({"track": 360.0}, {"course_deg": 0.0}),
        ({"gs": -5, "track": 400}, {"speed_kn": None, "course_deg": None}),
        ({"baro_rate": None, "geom_rate": -640}, {"vertical_fpm": -640.0}),
        ({"nic": 99}, {"nic": None}),
    ],
)
def test_fields_of_readsb_mean_what_they_say(change: dict[str, Any], expected: dict[str, Any]) -> None:
    frame, tally = read_all(READSB, _snapshot(PLANE | change))
    assert counted(tally) == {}
    row = frame.row(0, named=True)
    assert {name: row[name] for name in expected} == expected
    assert tally.notes[Note.NO_ALTITUDE] == (row["altitude_m"] is None)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"hex": "xyz"}, "no_identity"),
        ({"hex": "000000"}, "no_identity"),
        ({"hex": 5}, "unreadable"),
        ({"lat": "51"}, "unreadable"),
        ({"category": "C1"}, "not_a_mover"),
        ({"lat": None}, "no_position"),
        ({"lon": 200.0}, "out_of_range"),
    ],
)
def test_faults_of_readsb_are_named(change: dict[str, Any], reason: str) -> None:
    _, tally = read_all(READSB, _snapshot(PLANE, PLANE | change))
    assert counted(tally) == {reason: 1}


def test_lines_of_snapshots_are_read_and_a_broken_one_is_one_row() -> None:
    data = b"\n".join(
        [_snapshot(PLANE), _snapshot(PLANE)[:-20], b"", _snapshot(PLANE, PLANE, now=1_700_000_000_500)]
    )
    assert READSB.recognises(data)
    frame, tally = read_all(READSB, data)
    assert counted(tally) == {"unreadable": 1}
    assert frame["time"].n_unique() == 1


def test_rows_of_a_trace_with_wrong_cells_are_unreadable() -> None:
    good: list[Any] = [0, 51.0, -1.0, 30000, 400, 90, 0, 0, None]
    rows = [
        good,
        good[:5],
        ["x", *good[1:]],
        [0, "51", *good[2:]],
        {"a": 1},
        [1, 51.0, -1.0, 2000, 400, 90, 8, 0, None],
    ]
    trace = {"icao": "4ca259", "timestamp": 1_700_000_000, "trace": rows}
    frame, tally = read_all(READSB, json.dumps(trace).encode())
    assert counted(tally) == {"unreadable": 4}
    assert frame["altitude_datum"].to_list() == ["pressure", "ellipsoid"]


def test_a_document_over_its_cap_is_one_unreadable_row(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(adsb_readsb, "DOCUMENT_CAP_BYTES", 2000)
    data = _snapshot(*[PLANE] * 100) + b"\n" + _snapshot(PLANE) + b"\n"
    frame, tally = read_all(READSB, data)
    assert (len(frame), counted(tally)) == (1, {"unreadable": 1})
    pretty = json.dumps(json.loads(_snapshot(*[PLANE] * 100)), indent=1).encode()
    frame, tally = read_all(READSB, pretty)
    assert (len(frame), counted(tally)) == (0, {"unreadable": 1})


# -- rs1090 ----------------------------------------------------------------------------------------------------


def test_rs1090_positions_are_the_files_positions(shared: Path) -> None:
    source = _adsb(shared, "rs1090_full_flight_short.jsonl.gz")
    lines = [json.loads(line) for line in source.data.splitlines()]
    seen = [line for line in lines if "latitude" in line]
    frame, tally = read_all(RS1090, source)
    assert (tally.rows, len(frame)) == (57_793, len(seen)) == (57_793, 8_324)
    assert counted(tally) == {"no_position": 57_793 - 8_324}
    assert frame["lat"].to_list() == [line["latitude"] for line in seen]
    assert frame["lon"].to_list() == [line["longitude"] for line in seen]
    for row, line in zip(frame.iter_rows(named=True), seen, strict=True):
        assert row["altitude_datum"] == (
            "ground" if line["bds"] == "06" else "pressure" if "altitude" in line else None
        )
    assert set(frame["name"].drop_nulls()) == {"AFR34ZG"}
    assert frame["speed_kn"].null_count() < 200


def test_a_velocity_older_than_ten_seconds_is_not_used() -> None:
    velocity = {
        "timestamp": 1_700_000_000.0,
        "df": "17",
        "bds": "09",
        "icao24": "4ca259",
        "groundspeed": 400.0,
        "track": 90.0,
    }
    at = {"df": "17", "bds": "05", "icao24": "4ca259", "latitude": 51.0, "longitude": 1.0, "altitude": 1000}
    data = [
        velocity,
        at | {"timestamp": 1_700_000_009.0},
        at | {"timestamp": 1_700_000_011.0},
        at | {"icao24": "4ca25a", "timestamp": 1_700_000_001.0},
    ]
    frame, _ = read_all(RS1090, "\n".join(json.dumps(line) for line in data).encode())
    assert frame["speed_kn"].to_list() == [400.0, None, None]


def test_a_broken_line_of_json_is_one_unreadable_row() -> None:
    good = SQUITTER
    frame, tally = read_all(RS1090, good + b'{"timestamp":\n' + b'{"icao24":5}\n' + b"\xff\xfe\n" + good)
    assert counted(tally) == {"unreadable": 3}
    assert len(frame) == 2


# -- traffic ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name", ["aircraft_carrier.json.gz", "inflight_refuelling.json.gz", "noisy_spoofing.json.gz"]
)
def test_traffic_rows_are_the_files_rows(shared: Path, name: str) -> None:
    source = _adsb(shared, name)
    document = json.loads(source.data)
    if isinstance(document, dict):
        keys = document["timestamp"]
        document = [{column: values[key] for column, values in document.items()} for key in keys]
    seen = [row for row in document if row["latitude"] is not None]
    frame, tally = read_all(TRAFFIC, source)
    assert (tally.rows, len(frame)) == (len(document), len(seen))
    assert frame["mover"].to_list() == ["icao24:" + row["icao24"] for row in seen]
    assert frame["lat"].to_list() == [row["latitude"] for row in seen]
    stamps = [row.get("last_position") or row["timestamp"] for row in seen]
    assert frame["time"].dt.timestamp("ms").to_list() == stamps
    believed = [
        not row.get("onground") and row["altitude"] is not None and row["altitude"] <= 60_000 for row in seen
    ]
    unknown = sum(not good and not row.get("onground") for good, row in zip(believed, seen, strict=True))
    assert tally.notes[Note.NO_ALTITUDE] == frame["altitude_m"].null_count() == unknown


def test_traffic_reads_the_same_table_in_every_form(tmp_path: Path) -> None:
    rows = [
        {
            "timestamp": 1_633_608_773_000 + 1000 * at,
            "icao24": "4ca259",
            "callsign": 'A"},{\\"B',
            "latitude": 51.0 + at / 1000,
            "longitude": 1.0,
            "altitude": 1000.0 * at,
            "groundspeed": 400,
            "track": 90.0,
            "vertical_rate": None,
        }
        for at in range(50)
    ]
    table = pl.DataFrame(rows)
    file = tmp_path / "x.parquet"
    table.with_columns(pl.col("timestamp").cast(pl.Datetime("ms")).dt.replace_time_zone("UTC")).write_parquet(
        file
    )
    by_column = {name: {str(at): row[name] for at, row in enumerate(rows)} for name in rows[0]}
    iso = [row | {"timestamp": datetime.fromtimestamp(row["timestamp"] / 1000, UTC).isoformat()} for row in rows]  # type: ignore[operator]
    forms = [
        json.dumps(rows).encode(),
        json.dumps(rows, indent=2).encode(),
        "\n".join(json.dumps(row) for row in rows).encode(),
        json.dumps(by_column).encode(),
        json.dumps(iso).encode(),
        json.dumps([row | {"timestamp": row["timestamp"] / 1000} for row in rows]).encode(),  # type: ignore[operator]
        file.read_bytes(),
    ]
    frames = []
    for form in forms:
        frame, tally = read_all(TRAFFIC, form)
        assert tally.rows == tally.kept == 50
        assert TRAFFIC.recognises(form) or form.startswith(b"PAR1")
        frames.append(frame)
    assert all(frame.equals(frames[0]) for frame in frames)
    assert TRAFFIC.recognises_columns(table.columns)


def test_json_by_columns_over_its_cap_is_refused_with_a_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(adsb_traffic, "COLUMNS_CAP_BYTES", 10)
    with pytest.raises(TrackMistake) as refused:
        read_all(TRAFFIC, b'{"timestamp":{"0":1},"icao24":{"0":"4ca259"}}')
    assert "Parquet" in refused.value.remedy


def test_a_cut_off_array_is_one_incomplete_row_and_a_wrong_element_one_unreadable() -> None:
    good = b'{"timestamp":1633608773,"icao24":"4ca259","latitude":51.0,"longitude":1.0}'
    frame, tally = read_all(TRAFFIC, b"[" + good + b',{"timestamp":[]},' + good + b"," + good[:20])
    assert counted(tally) == {"unreadable": 1, "incomplete": 1}
    assert len(frame) == 2


def test_damaged_parquet_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TrackMistake, match="Parquet"):
        read_all(TRAFFIC, b"PAR1" + b"\0" * 100 + b"PAR1")


@settings(max_examples=40, deadline=None)
@given(st.lists(st.text(max_size=8), max_size=12), st.integers(1, 40))
def test_cutting_an_array_does_not_depend_on_the_pieces(texts: list[str], size: int) -> None:
    from detente.tracks.json_elements import ElementCutter

    elements = [{"a": text, "b": [{"c": text}]} for text in texts]
    document = json.dumps(elements, ensure_ascii=False).encode()
    cutter, found = ElementCutter(cap=10_000), b""
    for at in range(0, len(document), size):
        whole, too_long = cutter.feed(document[at : at + size])
        assert too_long == 0
        if whole:
            found += whole
            assert json.loads(b"[" + whole.lstrip(b"[, ") + b"]")
    assert cutter.closed
    assert json.loads(found + cutter.rest) == elements if elements else True


# -- Beast -----------------------------------------------------------------------------------------------------

START = datetime(2024, 7, 6, tzinfo=UTC)


def test_beast_gives_the_positions_that_rs1090_gave(shared: Path) -> None:
    lines = [json.loads(line) for line in _adsb(shared, "rs1090_full_flight_short.jsonl.gz").data.splitlines()]
    first = lines[0]["timestamp"]
    data = b"".join(
        beast(bytes.fromhex(line["frame"]), round((line["timestamp"] - first) * 12e6) + 1) for line in lines
    )
    assert BEAST.recognises(data[:65_536])
    frame, tally = read_all(BEAST, data, Options(start=datetime.fromtimestamp(first, UTC)))
    assert tally.rows == len(lines)
    theirs = pl.DataFrame(
        [
            (round(one["timestamp"] * 1e6), one["latitude"], one["longitude"])
            for one in lines
            if "latitude" in one
        ],
        schema=["us", "lat_there", "lon_there"],
        orient="row",
    ).sort("us")
    ours = frame.with_columns(pl.col("time").dt.timestamp("us").alias("us")).sort("us")
    both = ours.join_asof(theirs, on="us", strategy="nearest", tolerance=3)
    assert both["lat_there"].null_count() == 0
    assert both.select((pl.col("lat") - pl.col("lat_there")).abs().max()).item() < 1e-9
    assert both.select((pl.col("lon") - pl.col("lon_there")).abs().max()).item() < 1e-9
    # positions on the ground need one in the air first: rs1090 knew the receiver's place, this file does not
    assert len(frame) == len(theirs) - counted(tally)["incomplete"] > 6_900


def test_the_sample_of_dump1090_is_counted_and_anchored(shared: Path) -> None:
    source = _adsb(shared, "sample_dump1090.bin")
    _, tally = read_all(BEAST, source)
    assert tally.rows == len(_frames_by_hand(source.data)) == 239
    assert counted(tally) == {"no_position": 235, "no_time": 4}
    frame, tally = read_all(BEAST, source, Options(start=START))
    assert counted(tally) == {"no_position": 235, "incomplete": 1}
    assert set(frame["mover"]) == {"icao24:48520a"}


def _frames_by_hand(data: bytes) -> list[bytes]:
    found, at = [], 0
    while at < len(data):
        assert data[at] == 0x1A
        kind, at, content = data[at + 1 : at + 2], at + 2, b""
        while len(content) < {b"1": 9, b"2": 14, b"3": 21}[kind]:
            content += data[at : at + 1]
            at += 2 if data[at] == 0x1A else 1
        found.append(kind + content)
    return found


EVEN, ODD = bytes.fromhex("8D40621D58C382D690C8AC2863A7"), bytes.fromhex("8D40621D58C386435CC412692AD6")


def test_a_pair_of_parities_is_a_position_and_one_alone_is_not() -> None:
    pair = beast(ODD, 12_000_000) + beast(EVEN, 24_000_000)
    frame, tally = read_all(BEAST, pair, Options(start=START))
    assert counted(tally) == {"incomplete": 1}
    row = frame.row(0, named=True)
    # the worked example of DO-260B, as The 1090 Megahertz Riddle gives it
    assert (row["lat"], row["lon"]) == (pytest.approx(52.2572, abs=1e-4), pytest.approx(3.91937, abs=1e-4))
    assert row["altitude_m"] == pytest.approx(38_000 * 0.3048)
    assert row["time"] == START + timedelta(seconds=1)
    late = beast(ODD, 12_000_000) + beast(EVEN, 24_000_000 + 11 * 12_000_000)
    _, tally = read_all(BEAST, late, Options(start=START))
    assert counted(tally) == {"incomplete": 2}


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (beast(EVEN[:-1] + b"\0", 36_000_000), "bad_checksum"),
        (beast(b"\x12\x34", 36_000_000), "no_position"),
        (beast(bytes.fromhex("212800bf40f1ef"), 36_000_000), "no_position"),
        (beast(EVEN, 0), "no_time"),
        (beast(EVEN, 0xFF004D4C4154), "no_time"),
        (beast(EVEN, 1 << 46), "no_time"),
        (b"rubbish", "unreadable"),
        (beast(EVEN, 36_000_000)[:12], "incomplete"),
    ],
)
def test_faults_of_beast_are_one_row_each(data: bytes, reason: str) -> None:
    before = beast(ODD, 12_000_000) + beast(EVEN, 24_000_000)
    frame, tally = read_all(BEAST, before + data + beast(EVEN, 48_000_000), Options(start=START))
    assert len(frame) == 2
    expected = {"incomplete": 1}
    expected[reason] = expected.get(reason, 0) + 1
    assert counted(tally) == expected


def test_a_receivers_id_before_a_frame_is_no_row() -> None:
    frame, tally = read_all(
        BEAST, b"\x1a\xe3\1\2\3\4\5\6\7\x1a\x1a" + beast(ODD, 1) + beast(EVEN, 2), Options(start=START)
    )
    assert (tally.rows, len(frame)) == (2, 1)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.sampled_from(
            [beast(ODD, 1_000_000), beast(EVEN, 2_000_000), b"\x1a\xe3" + b"\x1a\x1a" * 8, b"\x1a", b"ab"]
        ),
        max_size=30,
    ),
    st.integers(1, 50),
)
def test_frames_do_not_depend_on_the_pieces(parts: list[bytes], size: int) -> None:
    from detente.tracks.beast_frames import Framer

    data = b"".join(parts)
    whole = list(Framer().feed(data, last=True))
    framer, found = Framer(), list(Framer().feed(b""))
    for at in range(0, len(data), size):
        found += framer.feed(data[at : at + size])
    assert found + list(framer.feed(b"", last=True)) == whole


# -- every reader ----------------------------------------------------------------------------------------------

SEEDS: dict[Reader, bytes] = {
    OPENSKY: f"{HEADER}\n1626098410,4ca259,51.0,-1.0,100,90,0,X,False,3000,3000,1626098409,1626098409\n".encode(),
    READSB: _snapshot(PLANE, PLANE),
    RS1090: SQUITTER,
    TRAFFIC: b'[{"timestamp":1633608773,"icao24":"4ca259","latitude":51.0,"longitude":1.0}]',
    BEAST: beast(ODD, 1_000_000) + beast(EVEN, 2_000_000),
}


@pytest.mark.parametrize("reader", EVERY, ids=lambda reader: str(reader.name))
@settings(max_examples=60, deadline=None)
@given(st.data())
def test_mutated_and_random_bytes_are_read_or_rejected(reader: Reader, data: st.DataObject) -> None:
    raw = bytearray(SEEDS[reader] * data.draw(st.integers(1, 3)))
    for _ in range(data.draw(st.integers(0, 8))):
        at = data.draw(st.integers(0, max(len(raw) - 1, 0)))
        raw[at : at + data.draw(st.integers(0, 4))] = data.draw(st.binary(max_size=4))
    for given_bytes in (bytes(raw), data.draw(st.binary(max_size=200))):
        reader.recognises(given_bytes)
        try:
            read_all(reader, Bytes(given_bytes), Options(start=START))
        except TrackMistake as refused:
            assert refused.expected  # noqa: PT017 - a refusal is allowed, and must say what was expected
