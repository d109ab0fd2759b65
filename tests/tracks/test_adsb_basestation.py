"""BaseStation lines: what each kind of message gives, and the same as another decoder's file of the same flight."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal
from tests.tracks.radio import Bytes, counted, of_file, read_all

from detente.tracks import adsb_basestation, adsb_rs1090, lines
from detente.tracks.readers import Options

READER = adsb_basestation.READER
NOON = datetime(2018, 4, 4, 12, tzinfo=UTC)


def line(transmission: int, second: float = 0.0, hex_: str = "4CA1B2", **fields: str) -> str:
    """One message; fields: callsign, altitude, speed, track, lat, lon, rate, ground."""
    stamp = f"2018/04/04,12:00:{second:06.3f}"
    names = ("callsign", "altitude", "speed", "track", "lat", "lon", "rate")
    body = ",".join(fields.get(name, "") for name in names)
    return f"MSG,{transmission},1,1,{hex_},1,{stamp},{stamp},{body},,0,0,0,{fields.get('ground', '0')}"


def position(second: float = 0.0, **fields: str) -> str:
    return line(3, second, **{"altitude": "37000", "lat": "57.1", "lon": "20.2", **fields})


VELOCITY = line(4, 1.0, speed="408.3", track="146.4", rate="-64")


def test_a_position_gets_callsign_and_velocity_of_the_aircraft_s_other_messages() -> None:
    text = "\r\n".join([line(1, callsign="NATO01  "), VELOCITY, position(2.5), line(8, 3.0), ""])
    frame, tally = read_all(READER, text.encode())
    (row,) = frame.to_dicts()
    assert counted(tally) == {"no_position": 3}
    assert (row["mover"], row["name"], row["kind"]) == ("icao24:4ca1b2", "NATO01", "aircraft")
    assert row["time"] == NOON.replace(second=2, microsecond=500_000)
    assert (row["lat"], row["lon"], row["altitude_datum"]) == (57.1, 20.2, "pressure")
    assert row["altitude_m"] == pytest.approx(37_000 * 0.3048)
    assert (row["speed_kn"], row["course_deg"], row["vertical_fpm"]) == (408.3, 146.4, -64.0)


def test_velocity_is_not_believed_after_ten_seconds_and_never_of_another_aircraft() -> None:
    text = "\n".join([VELOCITY, position(11.0), position(11.1), position(5.0, hex_="4CA1B3")])
    frame, _ = read_all(READER, text.encode())
    assert frame["speed_kn"].to_list() == [408.3, None, None]
    assert frame["course_deg"].to_list() == [146.4, None, None]


def test_on_the_ground_and_above_the_ellipsoid_are_told() -> None:
    ground = line(2, speed="12.5", track="90", lat="57.2", lon="20.3", ground="-1")
    frame, _ = read_all(READER, "\n".join([ground, position(altitude="36000H")]).encode())
    assert frame["altitude_datum"].to_list() == ["ground", "ellipsoid"]
    assert frame["altitude_m"][0] == 0.0
    assert frame["speed_kn"].to_list() == [12.5, 12.5]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (position()[:-3], "incomplete"),
        (position(lat=""), "no_position"),
        (position(lat="x"), "no_position"),
        (position(lat="91.5"), "out_of_range"),
        (position(hex_="000000"), "no_identity"),
        (position().replace("2018/04/04", "2018/14/04"), "no_time"),
        ("MSG,9,1,1", "unreadable"),
        ("hello", "unreadable"),
        ("CLK,,1,,,,2018/04/04,12:00:00.000,,", "no_position"),
    ],
)
def test_each_line_that_gives_no_row_is_counted_under_its_reason(text: str, reason: str) -> None:
    frame, tally = read_all(READER, f"{position()}\n{text}\n\n".encode())
    assert frame.height == 1
    assert counted(tally) == {reason: 1}


def test_the_zone_is_as_the_person_says_and_that_it_was_not_said_is_noted() -> None:
    text = f"{VELOCITY}\n{position()}\n".encode()
    frame, tally = read_all(READER, text)
    assert frame["time"][0] == NOON
    assert dict(tally.notes) == {"no_zone": 1}
    frame, tally = read_all(READER, text, Options(time_zone="Europe/Copenhagen"))
    assert frame["time"][0] == NOON.replace(hour=10)
    assert not tally.notes


def test_the_time_of_logging_stands_in_for_the_time_of_reception() -> None:
    bare = position(3.0).split(",")
    bare[6] = bare[7] = ""
    frame, _ = read_all(READER, ",".join(bare).encode())
    assert frame["time"][0] == NOON.replace(second=3)


@settings(max_examples=10, deadline=None)
@given(st.integers(60, 3_000))
def test_where_blocks_are_cut_changes_nothing(size: int) -> None:
    text = "\n".join(
        [
            line(1, callsign="ONE"),
            VELOCITY,
            *(position(second + 0.1, hex_=f"4CA1B{second % 3}") for second in range(12)),
            line(4, 12.2, speed="300", track="1", rate=""),
            position(12.5),
        ]
    ).encode()
    whole, tally = read_all(READER, text)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lines, "BLOCK_BYTES", size)
        cut, again = read_all(READER, text)
    assert_frame_equal(cut, whole)
    assert again.as_dict() == tally.as_dict()
    assert whole["speed_kn"][-1] == 300.0
    assert whole["vertical_fpm"][-1] is None  # not the rate of an earlier message


def test_a_real_flight_written_this_way_gives_the_rows_of_its_own_format(shared: Path) -> None:
    source = of_file(shared / "data/adsb/rs1090_full_flight_short.jsonl.gz")
    expected, _ = read_all(adsb_rs1090.READER, source)
    written = "\n".join(filter(None, map(_as_basestation, source.data.splitlines())))
    frame, _ = read_all(READER, Bytes(written.encode()))
    columns = (
        "mover",
        "lat",
        "lon",
        "altitude_m",
        "altitude_datum",
        "speed_kn",
        "course_deg",
        "vertical_fpm",
        "name",
    )
    assert frame.height == expected.height > 100
    assert_frame_equal(frame.select(columns), expected.select(columns), rel_tol=1e-9)
    assert (frame["time"] - expected["time"]).abs().max().total_seconds() <= 0.001  # type: ignore[union-attr]


def _as_basestation(data: bytes) -> str | None:
    """One decoded message of rs1090 as a line of BaseStation."""
    said = msgspec.json.decode(data)
    if str(said.get("df")) not in {"17", "18"}:
        return None
    kind = {"08": 1, "06": 2, "05": 3, "09": 4}.get(said.get("bds"))
    if kind is None:
        return None
    moment = datetime.fromtimestamp(round(said["timestamp"], 3), UTC)
    stamp = f"{moment:%Y/%m/%d},{moment:%H:%M:%S.%f}"[:-3]
    names = ("callsign", "altitude", "groundspeed", "track", "latitude", "longitude", "vertical_rate")
    body = ",".join("" if said.get(name) is None else str(said[name]) for name in names)
    height = "H" if said.get("source") in {"gnss", "geometric"} and kind == 3 else ""
    if height:
        fields = body.split(",")
        fields[1] += height
        body = ",".join(fields)
    return f"MSG,{kind},1,1,{said['icao24']},1,{stamp},{stamp},{body},,0,0,0,{-1 if kind == 2 else 0}"
