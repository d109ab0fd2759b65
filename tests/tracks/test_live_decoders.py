"""Live decoders against the readers of archives: the same bytes in any pieces give the same rows and reasons.

Method: real and made streams, pushed in pieces; the archive's reader of the same bytes is the reference. Then what is
live only: the receiver's clock, stamps of what has none, pictures asked for again, bounds.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any, cast

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.tracks.radio import beast, class_a, counted, of_file, read_all, static, tag_block

from detente.tracks.adsb_beast import READER as BEAST
from detente.tracks.adsb_readsb import READER as READSB
from detente.tracks.ais_digitraffic import READER as DIGITRAFFIC
from detente.tracks.ais_nmea import READER as NMEA
from detente.tracks.live_ais import LIVE_LINE_BYTES_MAX, LiveAis
from detente.tracks.live_aisstream import LiveAisstream
from detente.tracks.live_beast import LiveBeast, LiveTicks
from detente.tracks.live_clock import CLOCK_AHEAD_S_MAX, CLOCK_BEHIND_S_MAX, ReceiverClock
from detente.tracks.live_decoding import Decoded
from detente.tracks.live_digitraffic import LiveDigitraffic
from detente.tracks.live_readsb import LiveReadsb
from detente.tracks.readers import Options
from detente.tracks.reasons import Tally

NOW = datetime(2022, 12, 20, 10, 47, 11, tzinfo=UTC)
ANY_CLOCK = 1e12


def anytime() -> ReceiverClock:
    """Return a clock that believes every time: recordings are old."""
    return ReceiverClock(ANY_CLOCK, ANY_CLOCK)


def together(pushes: list[Decoded]) -> tuple[pl.DataFrame, Tally]:
    """Return all rows and the whole account; holds that every push accounts for what came with it."""
    whole = Tally()
    for rows, tally in pushes:
        assert tally.kept == rows.height
        whole.read(tally.rows)
        for reason, count in tally.rejected.items():
            whole.reject(reason, count)
    return pl.concat([rows for rows, _ in pushes]), whole


def in_pieces(data: bytes, size: int) -> list[bytes]:
    return [data[at : at + size] for at in range(0, len(data), size)]


def lines(*texts: str) -> bytes:
    return "".join(text + "\r\n" for text in texts).encode("latin-1")


# -- AIS ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["gpsd_ais-nmea.log", "gpsd_sample.aivdm", "pyais_nmea_data_sample.txt"])
@pytest.mark.parametrize("size", [499, 5_000])
def test_a_recorded_stream_of_sentences_gives_the_archives_rows(shared: Path, name: str, size: int) -> None:
    data = of_file(shared / "data/ais" / name).data.rstrip(b"\n") + b"\n"
    archive, tally = read_all(NMEA, data, Options(start=NOW))
    decoder = LiveAis("x", anytime())
    rows, mine = together([*(decoder.push(piece, NOW) for piece in in_pieces(data, size)), decoder.close(NOW)])
    assert rows.drop("time", "source").equals(archive.drop("time", "source"))
    assert rows.height > 10
    assert counted(mine) == counted(tally)
    assert mine.rows == tally.rows


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_any_bytes_in_any_pieces_are_answered_and_accounted(data: st.DataObject) -> None:
    known = [
        class_a(),
        *static(),
        tag_block("c:1671533231") + class_a(),
        "$GPGGA,1*00",
        "1671533231 " + class_a(),
    ]
    raw = bytearray(lines(*data.draw(st.lists(st.sampled_from(known), min_size=1, max_size=12))))
    for _ in range(data.draw(st.integers(0, 5))):
        at = data.draw(st.integers(0, len(raw)))
        raw[at : at + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=4))
    decoder = LiveAis("x")
    cuts = sorted({0, len(raw), *data.draw(st.lists(st.integers(0, len(raw)), max_size=6))})
    pushes = [decoder.push(bytes(raw[a:b]), NOW) for a, b in pairwise(cuts)]
    rows, mine = together([*pushes, decoder.close(NOW)])
    whole = LiveAis("x")
    expected, theirs = together([whole.push(bytes(raw), NOW), whole.close(NOW)])
    assert rows.equals(expected)
    assert counted(mine) == counted(theirs)


def test_a_sentence_without_a_stamp_is_of_when_it_was_received_and_one_with_is_of_its_own_time() -> None:
    decoder = LiveAis("roof")
    stamped = tag_block("c:1671533200") + class_a(219_000_002)
    rows, tally = decoder.push(lines(class_a(), stamped), NOW)
    assert rows["time"].to_list() == [NOW, datetime(2022, 12, 20, 10, 46, 40, tzinfo=UTC)]
    assert rows["source"].unique().to_list() == ["ais_nmea:roof"]
    assert tally.rows == 2


def test_names_and_parts_reach_over_pushes() -> None:
    decoder = LiveAis("x")
    first, second = static(name="MERMAID")
    assert decoder.push(lines(first), NOW).tally.rows == 0
    assert counted(decoder.push(lines(second), NOW).tally) == {"no_position": 1}
    assert decoder.push(lines(class_a()), NOW).rows["name"].to_list() == ["MERMAID"]


def test_half_a_line_and_half_a_message_are_counted_when_the_connection_ends() -> None:
    decoder = LiveAis("x")
    assert decoder.push(lines(class_a(), static()[0]) + class_a().encode()[:20], NOW).rows.height == 1
    rows, tally = decoder.close(NOW)
    assert rows.is_empty()
    assert counted(tally) == {"incomplete": 2}
    # the decoder goes on with the next connection, whose bytes are not joined to the half line
    assert decoder.push(lines(class_a()), NOW).rows.height == 1


def test_a_line_without_end_is_one_unreadable_row_and_never_held() -> None:
    decoder = LiveAis("x")
    for _ in range(100):
        assert decoder.push(b"!AIVDM,1" * 1_000, NOW).tally.rows == 0
        assert len(decoder._cutter._begun) <= LIVE_LINE_BYTES_MAX
    rows, tally = decoder.push(b"\n" + lines(class_a()), NOW)
    assert counted(tally) == {"unreadable": 1}
    assert rows.height == 1


# -- the receiver's clock ----------------------------------------------------------------------------------------


def test_a_source_whose_clock_is_hours_off_is_named_and_none_of_its_rows_taken() -> None:
    for off_s in (3 * 3600, -3 * 3600, CLOCK_AHEAD_S_MAX + 1, -CLOCK_BEHIND_S_MAX - 1):
        decoder = LiveAis("x")
        stamp = tag_block(f"c:{round(NOW.timestamp() + off_s)}")
        rows, tally = decoder.push(lines(stamp + class_a(), stamp + class_a()), NOW)
        assert rows.is_empty()
        assert counted(tally) == {"clock_off": 2}


def test_small_differences_of_clocks_are_believed() -> None:
    decoder = LiveAis("x")
    for off_s in (CLOCK_AHEAD_S_MAX, -CLOCK_BEHIND_S_MAX):
        stamp = tag_block(f"c:{round(NOW.timestamp() + off_s)}")
        assert decoder.push(lines(stamp + class_a()), NOW).rows.height == 1


def test_a_source_that_goes_back_gives_old_rows_not_new_ones() -> None:
    decoder = LiveAis("x")
    now, then = (tag_block(f"c:{round(NOW.timestamp()) - ago}") for ago in (0, 7200))
    assert decoder.push(lines(now + class_a()), NOW).rows.height == 1
    assert decoder.close(NOW).tally.rows == 0
    later = NOW + timedelta(seconds=5)
    rows, tally = decoder.push(lines(then + class_a(), now + class_a()), later)
    assert rows.height == 1
    assert counted(tally) == {"old": 1}


# -- aircraft as JSON --------------------------------------------------------------------------------------------


def snapshot(*aircraft: dict[str, Any], now: float | None = None, key: str = "aircraft") -> bytes:
    known = {"now": NOW.timestamp() if now is None else now, key: list(aircraft)}
    return json.dumps(dict(sorted(known.items()))).encode()


def plane(hex_: str = "4ca1b2", **more: object) -> dict[str, Any]:
    return {"hex": hex_, "lat": 56.5, "lon": 19.0, "seen_pos": 0.5, "alt_baro": 30_000, **more}


def test_a_recorded_picture_gives_the_archives_rows(shared: Path) -> None:
    source = of_file(shared / "data/adsb/dump1090fa_london_2026_aircraft.json")
    archive, tally = read_all(READSB, source)
    rows, mine = LiveReadsb("x", anytime()).push(source.data, NOW)
    assert rows.drop("source").equals(archive.drop("source"))
    assert rows.height > 5
    assert counted(mine) == counted(tally)


def test_version_two_is_read_live_and_as_an_archive() -> None:
    document = snapshot(plane(), plane("~abc123", alt_baro="ground"), now=NOW.timestamp() * 1000, key="ac")
    rows, tally = LiveReadsb("x").push(document, NOW)
    assert rows["mover"].to_list() == ["icao24:4ca1b2", "id:~abc123"]
    assert rows["time"].to_list() == [NOW - timedelta(seconds=0.5)] * 2
    assert tally.rows == 2
    assert READSB.recognises(document)
    archive, _ = read_all(READSB, document)
    assert archive.drop("source").equals(rows.drop("source"))
    assert READSB.recognises(snapshot(now=1.0, key="ac"))


def test_a_state_without_a_newer_position_is_a_duplicate_and_a_moved_one_is_not() -> None:
    decoder = LiveReadsb("x")
    assert decoder.push(snapshot(plane(), plane("400001")), NOW).rows.height == 2
    later = NOW + timedelta(seconds=1)
    again = snapshot(plane(seen_pos=1.52), plane("400001", lat=56.51), now=later.timestamp())
    rows, tally = decoder.push(again, later)
    assert rows["mover"].to_list() == ["icao24:400001"]
    assert counted(tally) == {"duplicate": 1}
    # an aircraft that stands still is heard anew a minute later, at the same place
    minute = NOW + timedelta(seconds=61)
    assert decoder.push(snapshot(plane(seen_pos=0.5), now=minute.timestamp()), minute).rows.height == 1


@pytest.mark.parametrize(
    "document",
    [
        b"",
        b"<html>busy</html>",
        b"[" * 100_000,
        b'{"now":1,"aircraft":' + b"[" * 100_000,
        b'{"now":1,"aircraft":[' + b'{"hex":' * 50_000,
        b'{"now":1}',
        b'{"now":"x","aircraft":[]}',
        b'{"aircraft":[]}',
        b"\xff\xfe\x00",
        b'{"now":1e999,"aircraft":[]',
    ],
)
def test_what_is_no_picture_is_one_unreadable_row(document: bytes) -> None:
    rows, tally = LiveReadsb("x").push(document, NOW)
    assert rows.is_empty()
    assert counted(tally) == {"unreadable": 1}


def test_one_broken_aircraft_does_not_take_the_others_with_it() -> None:
    deep = b"[" * 200 + b"]" * 200
    document = snapshot(plane(), {"hex": 5}, plane("400001", lat="x"), plane("400002")).replace(b'"x"', deep)
    rows, tally = LiveReadsb("x").push(document, NOW)
    assert rows["mover"].to_list() == ["icao24:4ca1b2", "icao24:400002"]
    assert counted(tally) == {"unreadable": 2}


# -- Beast -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [101, 1_000])
def test_recorded_frames_give_the_archives_positions(shared: Path, size: int) -> None:
    told = of_file(shared / "data/adsb/rs1090_full_flight_short.jsonl.gz").data.splitlines()[:4_000]
    parsed = [json.loads(line) for line in told]
    first = parsed[0]["timestamp"]
    frames = [
        (one["timestamp"], beast(bytes.fromhex(one["frame"]), round((one["timestamp"] - first) * 12e6) + 1))
        for one in parsed
    ]
    start = datetime.fromtimestamp(first, UTC)
    archive, tally = read_all(BEAST, b"".join(frame for _, frame in frames), Options(start=start))
    decoder = LiveBeast("x", anytime())
    pushes, waiting = [], b""
    for moment, frame in frames:
        waiting += frame
        while len(waiting) >= size:
            pushes.append(decoder.push(waiting[:size], datetime.fromtimestamp(moment, UTC)))
            waiting = waiting[size:]
    end = datetime.fromtimestamp(frames[-1][0], UTC)
    rows, mine = together([*pushes, decoder.push(waiting, end), decoder.close(end)])
    assert rows.height > 100
    assert rows.drop("time", "source").equals(archive.drop("time", "source"))
    late_ms = (rows["time"] - archive["time"]).dt.total_milliseconds()
    assert cast("int", late_ms.abs().max()) <= 50
    assert mine.rows == tally.rows


def test_a_counter_that_begins_anew_is_brought_to_the_clock_anew() -> None:
    ticks = LiveTicks(received_s=1_000.0)
    assert ticks.tell(12_000_000) == 1_000.0
    ticks.received_s = 1_010.2  # came 0.2 s late
    assert ticks.tell(12_000_000 * 11) == pytest.approx(1_010.0, abs=0.01)
    ticks.received_s = 2_000.0
    assert ticks.tell(5) == 2_000.0
    assert ticks.tell(0) == 2_000.0
    ticks.received_s = 2_000.5
    assert ticks.tell(12_000_000 + 5) == 2_000.5  # no frame was received later than it came here


# -- services ----------------------------------------------------------------------------------------------------

PLACE = {
    "time": round(NOW.timestamp()),
    "sog": 10.2,
    "cog": 208.8,
    "navStat": 0,
    "lon": 20.86432,
    "lat": 58.478048,
}


def test_digitraffic_gives_what_the_archives_reader_gives() -> None:
    messages = [
        ("vessels-v2/241930000/metadata", b'{"name":"AISOPOS","timestamp":1774743475357}'),
        ("vessels-v2/241930000/location", json.dumps(PLACE).encode()),
        ("vessels-v2/2190045/location", json.dumps(PLACE).encode()),
        ("vessels-v2/status", b'{"status":"UP"}'),
        ("vessels-v2/241930000/location", b"{" * 30_000),
        ("vessels-v2/241930000/location", b"[" * 70_000),
        ("vessels-v2/241930001/location", json.dumps({**PLACE, "lat": 91.0}).encode()),
    ]
    rows, tally = LiveDigitraffic("x").push(messages, NOW)
    assert rows.select("mover", "name", "lon", "lat", "speed_kn", "status").rows() == [
        ("mmsi:241930000", "AISOPOS", 20.86432, 58.478048, 10.2, "under_way")
    ]
    assert tally.rows == len(messages)
    assert counted(tally) == {"no_position": 2, "not_a_mover": 1, "not_available": 1, "unreadable": 2}
    archive, theirs = read_all(
        DIGITRAFFIC, b"".join(f"{topic} ".encode() + told + b"\n" for topic, told in messages)
    )
    assert archive.drop("source").equals(rows.drop("source"))
    assert counted(theirs) == counted(tally)


def aisstream(kind: str = "PositionReport", *, time: str | None = None, **report: object) -> bytes:
    about = {"MMSI": 230_000_000, "ShipName": "EXAMPLE  ", "latitude": 1.0, "longitude": 2.0,
             "time_utc": time or NOW.strftime("%Y-%m-%d %H:%M:%S.%f +0000 UTC")}  # fmt: skip
    body = {"UserID": 230_000_000, "Latitude": 59.9, "Longitude": 24.9, "Sog": 10.2, "Cog": 208.8,
            "NavigationalStatus": 0, "Valid": True, **report}  # fmt: skip
    return json.dumps({"MessageType": kind, "MetaData": about, "Message": {kind: body}}).encode()


def test_aisstream_reports_are_rows_with_the_ships_name() -> None:
    rows, tally = LiveAisstream("x").push([aisstream()], NOW)
    assert rows.select("mover", "name", "lon", "lat", "speed_kn", "course_deg", "status", "kind").rows() == [
        ("mmsi:230000000", "EXAMPLE", 24.9, 59.9, 10.2, 208.8, "under_way", "ship")
    ]
    assert rows["time"].to_list() == [NOW]
    assert tally.kept == 1


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        (aisstream("ShipStaticData"), "no_position"),
        (aisstream("BaseStationReport"), "not_a_mover"),
        (aisstream(Latitude=91.0, Longitude=181.0), "not_available"),
        (aisstream(Latitude=95.0), "out_of_range"),
        (aisstream(Latitude=None), "no_position"),
        (aisstream(UserID=123), "no_identity"),
        (aisstream(UserID=2**63 - 1), "unreadable"),
        (aisstream(UserID="x"), "unreadable"),
        (aisstream(Valid=False), "unreadable"),
        (aisstream(time="yesterday"), "unreadable"),
        (aisstream(time="2022-12-20 14:47:11.000000 +0000 UTC"), "clock_off"),
        (aisstream(time="2022-12-20 08:47:11.000000 +0000 UTC"), "old"),
        (b'{"error":"Api Key Is Not Valid"}', "unreadable"),
        (b'{"MessageType":' + b"[" * 60_000, "unreadable"),
        (aisstream() + b" " * 70_000, "unreadable"),
        (b"\xff", "unreadable"),
    ],
)
def test_faults_of_aisstream_are_named(message: bytes, reason: str) -> None:
    rows, tally = LiveAisstream("x").push([message, aisstream()], NOW)
    assert rows.height == 1
    assert tally.rows == 2
    assert counted(tally) == {reason: 1}


def test_values_that_aisstream_has_not_are_null() -> None:
    long_range = aisstream("LongRangeAisBroadcastMessage", Sog=63, Cog=511)
    aircraft = aisstream("StandardSearchAndRescueAircraftReport", UserID=111_230_001, Altitude=4095)
    rows, _ = LiveAisstream("x").push([long_range, aircraft], NOW)
    assert rows["speed_kn"].to_list() == [None, 10.2]
    assert rows["course_deg"].to_list() == [None, 208.8]
    assert rows["altitude_m"].to_list() == [None, None]
    assert rows["kind"].to_list() == ["ship", "aircraft"]
