from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyais
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyais.exceptions import AISBaseException
from tests.tracks.radio import (
    Bytes,
    armoured,
    class_a,
    counted,
    field,
    of_file,
    read_all,
    sentence,
    static,
    tag_block,
)

from detente.tracks.ais_clock import SecondClock
from detente.tracks.ais_nmea import READER
from detente.tracks.ais_parts import LINES_WAITED, MESSAGES_WAITED
from detente.tracks.readers import Options
from detente.tracks.reasons import Note

START = datetime(2023, 1, 1, tzinfo=UTC)
ANCHORED = Options(start=START)
REPORTS = {1, 2, 3, 9, 18, 19, 27}
REAL = (
    "gpsd_sample.aivdm",
    "gpsd_ais-nmea.log",
    "gpsd_ais-raw-messages.log",
    "gpsd_ais-nmea-type6-fid55.log",
    "pyais_nmea_data_sample.txt",
)


def _lines(*lines: str) -> bytes:
    return "\n".join(lines).encode("latin-1") + b"\n"


def _is_a_mover(mmsi: int) -> bool:
    return (
        200_000_000 <= mmsi <= 899_999_999 or str(mmsi)[:3] in ("111", "970", "972", "974") or mmsi // 10**7 == 98
    )


def _is_somewhere(lat: float, lon: float) -> bool:
    return abs(lat) <= 90 and abs(lon) <= 180


def test_every_position_report_of_gpsd_is_decoded_as_gpsd_expects(shared: Path) -> None:
    frame, _ = read_all(READER, of_file(shared / "data/ais/gpsd_sample.aivdm"), ANCHORED)
    expected = []
    for line in (shared / "data/ais/gpsd_sample.aivdm.js.chk").read_text().splitlines():
        said = json.loads(line)
        if said.get("type") in REPORTS and _is_somewhere(said["lat"], said["lon"]) and _is_a_mover(said["mmsi"]):
            expected.append(said)
    assert len(expected) >= 14
    assert frame["mover"].to_list() == [f"mmsi:{said['mmsi']}" for said in expected]
    for row, said in zip(frame.iter_rows(named=True), expected, strict=True):
        assert row["lat"] == pytest.approx(said["lat"], abs=6e-8 if said["type"] != 27 else 1e-4), said
        assert row["lon"] == pytest.approx(said["lon"], abs=6e-8 if said["type"] != 27 else 1e-4), said
        assert row["speed_kn"] == _number(said["speed"], 63 if said["type"] == 27 else 102.3), said
        assert row["course_deg"] == (said["course"] if said["course"] < 360 else None), said
        if said["type"] == 9:
            assert (row["kind"], row["altitude_m"]) == ("aircraft", said["alt"])


def _number(said: Any, not_available: float) -> float | None:
    return None if said in ("nan", "n/a") or said >= not_available else said


@pytest.mark.parametrize("name", REAL)
def test_positions_are_those_of_pyais(shared: Path, name: str) -> None:
    source = of_file(shared / "data/ais" / name)
    frame, tally = read_all(READER, source, ANCHORED)
    expected = _positions_of_pyais(source.data)
    assert len(expected) == len(frame) > 10
    for row, message in zip(frame.iter_rows(named=True), expected, strict=True):
        assert row["mover"] == f"mmsi:{message.mmsi}"
        assert row["lat"] == pytest.approx(message.lat, abs=6e-7)
        assert row["lon"] == pytest.approx(message.lon, abs=6e-7)
        assert row["course_deg"] == (message.course if message.course < 360 else None)
    assert tally.kept == len(frame)


def _positions_of_pyais(data: bytes) -> list[Any]:
    found: list[Any] = []
    waiting: dict[tuple[bytes, ...], list[bytes]] = {}
    for line in data.split(b"\n"):
        raw = line.strip()
        if not re.match(rb"^!\w\wVD[MO],.*\*[0-9A-Fa-f]{2}$", raw):
            continue
        fields = raw.split(b",")
        parts = [raw]
        if fields[1] != b"1":
            key = (fields[0], fields[1], fields[3], fields[4])
            held = waiting.setdefault(key, [])
            if any(other.split(b",")[2] == fields[2] for other in held):
                held.clear()
            held.append(raw)
            if len(held) < int(fields[1]):
                continue
            parts = sorted(waiting.pop(key), key=lambda part: part.split(b",")[2])
        try:
            message: Any = pyais.decode(*parts, error_if_checksum_invalid=True)
        except AISBaseException:
            continue
        if (
            message.msg_type in REPORTS
            and _is_somewhere(message.lat, message.lon)
            and _is_a_mover(int(message.mmsi))
        ):
            found.append(message)
    return found


@pytest.mark.parametrize("name", REAL)
def test_rows_of_real_files_are_counted_as_an_independent_count_says(shared: Path, name: str) -> None:
    source = of_file(shared / "data/ais" / name)
    _, tally = read_all(READER, source)
    records = [line for line in source.data.splitlines() if line.strip() and not line.startswith(b"#")]
    multi = [line for line in records if re.match(rb"^!\w\wVD[MO],[2-9],", line)]
    whole = _whole_messages(multi)
    # a message of several sentences is one row; parts without the others are one row each
    assert tally.rows == len(records) - sum(whole) + len(whole)


def _whole_messages(multi: list[bytes]) -> list[int]:
    whole = []
    waiting: dict[tuple[bytes, ...], dict[bytes, int]] = {}
    for line in multi:
        fields = line.split(b",")
        key = (fields[0], fields[1], fields[3], fields[4])
        held = waiting.setdefault(key, {})
        if fields[2] in held:
            held.clear()
        held[fields[2]] = 1
        if len(held) == int(fields[1]):
            whole.append(len(waiting.pop(key)))
    return whole


def test_bare_sentences_have_no_time() -> None:
    frame, tally = read_all(READER, _lines(class_a(), class_a()))
    assert len(frame) == 0
    assert counted(tally) == {"no_time": 2}


@pytest.mark.parametrize(
    ("line", "time"),
    [
        ("{tag}{s}", "2022-12-20T10:47:11+00:00"),
        ("1671533231,{s}", "2022-12-20T10:47:11+00:00"),
        ("1671533231.25 {s}", "2022-12-20T10:47:11.250+00:00"),
        ("1671533231250\t{s}", "2022-12-20T10:47:11.250+00:00"),
        ("1671533231;station 7;{s}", "2022-12-20T10:47:11+00:00"),
        ("2022-12-20T10:47:11Z,{s}", "2022-12-20T10:47:11+00:00"),
        ("2022-12-20 10:47:11.5 UTC {s}", "2022-12-20T10:47:11.500+00:00"),
        ("[2022-12-20 10:47:11] {s}", "2022-12-20T10:47:11+00:00"),
        ("2022-12-20T11:47:11+01:00 {s}", "2022-12-20T10:47:11+00:00"),
        ("2022-12-20T05:17:11-0530 {s}", "2022-12-20T10:47:11+00:00"),
        ("{s},b003669710,1671533231", "2022-12-20T10:47:11+00:00"),
        ("{s},1671533231.5", "2022-12-20T10:47:11.500+00:00"),
        ("{s} 2022-12-20T10:47:11Z", "2022-12-20T10:47:11+00:00"),
        ("{s}\t2022-12-20 10:47:11Z", "2022-12-20T10:47:11+00:00"),
    ],
)
def test_a_receivers_time_is_read_wherever_it_stands(line: str, time: str) -> None:
    data = _lines(line.format(tag=tag_block("s:rx1,c:1671533231"), s=class_a()))
    frame, tally = read_all(READER, data)
    assert counted(tally) == {}
    assert frame["time"].to_list() == [datetime.fromisoformat(time)]
    assert READER.recognises(data)


@pytest.mark.parametrize(
    "before", ["20/12/2022 10:47:11 ", "0 ", "12 ", "1671533231x", "9999999999999999999999 ", "Dec 20 "]
)
def test_a_text_that_is_no_time_makes_no_time(before: str) -> None:
    _, tally = read_all(READER, _lines(before + class_a()))
    assert counted(tally) == {"no_time": 1}


def test_a_time_without_zone_is_utc_and_noted_or_the_zone_that_was_given() -> None:
    data = _lines("2022-07-20 10:00:00 " + class_a())
    frame, tally = read_all(READER, data)
    assert frame["time"][0] == datetime(2022, 7, 20, 10, tzinfo=UTC)
    assert tally.notes[Note.NO_ZONE] == 1
    frame, tally = read_all(READER, data, Options(time_zone="Europe/Copenhagen"))
    assert frame["time"][0] == datetime(2022, 7, 20, 8, tzinfo=UTC)
    assert tally.notes[Note.NO_ZONE] == 0


def test_seconds_and_milliseconds_in_tag_blocks_are_told_apart_and_noted() -> None:
    data = _lines(tag_block("c:1671533231") + class_a(), tag_block("c:1671533232500,s:x") + class_a(second=11))
    frame, tally = read_all(READER, data)
    assert [t.timestamp() for t in frame["time"]] == [1671533231.0, 1671533232.5]
    assert tally.notes[Note.MIXED_UNITS] == 1


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (class_a()[:-2] + "00", "bad_checksum"),
        (tag_block("c:1671533231")[:-2] + "0\\" + class_a(), "bad_checksum"),
        (class_a()[:30], "incomplete"),
        (class_a()[:-1], "incomplete"),
        (class_a()[1:], "unreadable"),
        ("hello", "unreadable"),
        ("\x00\xff\xfe", "unreadable"),
        (sentence("AIVDM,1,1,,B,,0"), "incomplete"),
        (sentence("AIVDM,1,1,,A,15RTgt0PAso;,0"), "incomplete"),
        (sentence("AIVDM,1,1,,A,15RTgt0PAso;90TKcj~8h6g208CQ,0"), "unreadable"),
        (sentence("AIVDM,1,1,,A"), "unreadable"),
        (sentence("AIVDM,1,1,,A,15RTgt0PAso;90TKcjM8h6g208CQ,7"), "unreadable"),
        (sentence("AIVDM,0,1,,A,15RTgt0PAso;90TKcjM8h6g208CQ,0"), "unreadable"),
        (sentence("AIVDM,1,2,,A,15RTgt0PAso;90TKcjM8h6g208CQ,0"), "unreadable"),
        (sentence("AIVDM,2,1,4,A,55RTgt0PAso;90TKcjM8h6g208CQ,0"), "incomplete"),
        (sentence("GPRMC,213950.00,A,5250.53669,N,00542.34920,E,0.020,,070420,,,A", "$"), "no_position"),
        (class_a(lat=91.0, lon=181.0), "not_available"),
        (class_a(lat=95.0, lon=1.0), "out_of_range"),
        (class_a(mmsi=0), "no_identity"),
        (class_a(mmsi=2_190_045), "not_a_mover"),
        (class_a(mmsi=992_191_234), "not_a_mover"),
        (sentence("AIVDM,1,1,,A,403OtVAv6s5l1o?I``E`4I?02<34,0"), "not_a_mover"),
        (sentence("AIVDM,1,1,,A," + armoured(field(28, 6) + "0" * 162)[0] + ",0"), "unreadable"),
        (sentence("AIVDM,1,1,,A," + armoured(field(8, 6) + "0" * 162)[0] + ",0"), "no_position"),
    ],
)
def test_each_fault_is_one_row_under_its_reason(line: str, reason: str) -> None:
    good = class_a(second=12)
    frame, tally = read_all(READER, _lines(good, line, good), ANCHORED)
    assert counted(tally) == {reason: 1}
    assert tally.rows == 3
    assert len(frame) == 2


def test_blank_lines_and_comments_are_no_rows_and_line_ends_may_be_windows() -> None:
    data = b"# a comment\r\n\r\n" + class_a().encode() + b"\r\n\n" + class_a().encode()
    frame, tally = read_all(READER, data, ANCHORED)
    assert (tally.rows, len(frame)) == (2, 2)


def test_two_sentences_on_a_line_are_two_rows_and_the_broken_one_is_counted() -> None:
    frame, tally = read_all(READER, _lines(class_a()[:20] + class_a(lat=1.0)), ANCHORED)
    assert counted(tally) == {"incomplete": 1}
    assert frame["lat"].to_list() == [1.0]


def test_a_line_longer_than_any_record_is_one_unreadable_row() -> None:
    data = class_a().encode() + b"\n" + b"x" * (3 << 20) + b"\n" + class_a().encode() + b"\n"
    frame, tally = read_all(READER, data, ANCHORED)
    assert counted(tally) == {"unreadable": 1}
    assert len(frame) == 2


def test_names_fill_later_rows_of_their_mover_only() -> None:
    data = _lines(
        class_a(),
        *static(name="MERMAID"),
        class_a(),
        class_a(mmsi=219_000_002),
        *static(name="NEW NAME"),
        class_a(),
    )
    frame, tally = read_all(READER, data, ANCHORED)
    assert frame["name"].to_list() == [None, "MERMAID", None, "NEW NAME"]
    assert counted(tally) == {"no_position": 2}


def test_names_of_message_24_and_19_are_read() -> None:
    letters = "@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_ "
    text = "".join(field(letters.index(letter), 6) for letter in "DINGHY".ljust(20, "@"))
    part_a = armoured(field(24, 6) + "00" + field(219_000_001, 30) + "00" + text + "0" * 8)
    part_b = armoured(field(24, 6) + "00" + field(219_000_001, 30) + "01" + text + "0" * 8)
    data = _lines(
        sentence(f"AIVDM,1,1,,A,{part_b[0]},{part_b[1]}"),
        class_a(),
        sentence(f"AIVDM,1,1,,A,{part_a[0]},{part_a[1]}"),
        class_a(),
    )
    frame, _ = read_all(READER, data, ANCHORED)
    assert frame["name"].to_list() == [None, "DINGHY"]


def test_parts_may_be_interleaved_out_of_order_and_grouped_by_tag_blocks() -> None:
    one, two = static(219_000_001, "ONE"), static(219_000_002, "TWO", sequence=4)
    data = _lines(one[0], two[1], class_a(), two[0], one[1], class_a(), class_a(219_000_002))
    frame, tally = read_all(READER, data, ANCHORED)
    assert frame["name"].to_list() == [None, "ONE", "TWO"]
    assert tally.rows == 5
    same = static(219_000_003, "SAME ID", sequence=3)
    data = _lines(
        tag_block("g:1-2-11,c:1671533231") + one[0],
        tag_block("g:1-2-12,c:1671533231") + same[0],
        tag_block("g:2-2-11") + one[1],
        tag_block("g:2-2-12") + same[1],
        class_a(219_000_001),
        class_a(219_000_003),
    )
    frame, tally = read_all(READER, data, ANCHORED)
    assert frame["name"].to_list() == ["ONE", "SAME ID"]
    assert counted(tally) == {"no_position": 2}


def test_a_part_that_comes_twice_begins_a_new_message() -> None:
    old, new = static(name="OLD"), static(name="NEW")
    frame, tally = read_all(READER, _lines(old[0], new[0], new[1], class_a()), ANCHORED)
    assert frame["name"].to_list() == ["NEW"]
    assert counted(tally) == {"incomplete": 1, "no_position": 1}


def test_unfinished_messages_are_given_up_after_a_while_and_never_fill_memory() -> None:
    one = static(name="LATE")
    frame, tally = read_all(
        READER, _lines(one[0], *[class_a()] * (LINES_WAITED + 1), one[1], class_a()), ANCHORED
    )
    assert frame["name"].null_count() == LINES_WAITED + 2
    assert counted(tally) == {"incomplete": 2}
    many = [tag_block(f"g:1-2-{group}") + one[0] for group in range(MESSAGES_WAITED + 10)]
    _, tally = read_all(READER, _lines(*many, tag_block("g:2-2-0") + one[1]))
    assert counted(tally) == {"incomplete": MESSAGES_WAITED + 11}


def test_values_not_available_are_null() -> None:
    frame, _ = read_all(
        READER, _lines(class_a(speed=1023, course=3600, status=15), class_a(speed=1022, status=5)), ANCHORED
    )
    assert frame["speed_kn"].to_list() == [None, 102.2]
    assert frame["course_deg"].to_list() == [None, 90.0]
    assert frame["status"].to_list() == [None, "moored"]
    assert frame["altitude_m"].null_count() == 2


def test_message_27_is_coarse_and_says_so() -> None:
    bits = field(27, 6) + "00" + field(219_000_001, 30) + "00" + field(5, 4) + field(12 * 600 + 3, 18)
    bits += field(55 * 600 - 1, 17) + field(63, 6) + field(511, 9) + "00"
    payload, fill = armoured(bits)
    frame, _ = read_all(READER, _lines(sentence(f"AIVDM,1,1,,A,{payload},{fill}")), ANCHORED)
    row = frame.row(0, named=True)
    assert (row["lon"], row["lat"]) == (pytest.approx(12.005), pytest.approx(54.9983333))
    assert (row["speed_kn"], row["course_deg"], row["status"], row["rc_m"]) == (None, None, "moored", 131.0)


def test_the_clock_follows_the_seconds_of_reports() -> None:
    lines = [class_a(second=s) for s in (58, 59, 57, 60, 2, 63, 30, 59, 1)]
    start = datetime(2023, 1, 1, 0, 0, 57, tzinfo=UTC)
    frame, _ = read_all(READER, _lines(*lines), Options(start=start))
    offsets = [(time - start).total_seconds() for time in frame["time"]]
    assert offsets == [1, 2, 0, 2, 5, 5, 33, 62, 64]


@given(st.lists(st.tuples(st.floats(0, 29), st.floats(0, 5)), min_size=1, max_size=80), st.integers(0, 2**31))
def test_the_clock_is_right_whenever_no_silence_and_no_delay_is_long(
    steps: list[tuple[float, float]], start: int
) -> None:
    true_us, told = start * 1_000_000, []
    clock = SecondClock(true_us)
    for silence, _ in steps:
        true_us += int(silence) * 1_000_000
        told.append((true_us, clock.tell([true_us // 1_000_000 % 60])[0]))
    assert all(true == said for true, said in told)


def test_a_line_with_its_own_time_keeps_it_when_the_clock_was_started() -> None:
    frame, _ = read_all(READER, _lines("1671533231," + class_a(), class_a(second=7)), ANCHORED)
    assert frame["time"].to_list() == [
        datetime(2022, 12, 20, 10, 47, 11, tzinfo=UTC),
        START + timedelta(seconds=7),
    ]


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_mutated_bytes_are_read_or_rejected_and_cut_into_pieces_alike(data: st.DataObject) -> None:
    lines = [
        class_a(second=3),
        *static(),
        tag_block("c:1671533231") + class_a(),
        "$GPGGA,1*00",
        "# x",
        "1671533231 " + class_a(),
    ]
    raw = bytearray(_lines(*data.draw(st.lists(st.sampled_from(lines), min_size=1, max_size=20))))
    for _ in range(data.draw(st.integers(0, 6))):
        at = data.draw(st.integers(0, len(raw) - 1))
        raw[at : at + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=3))
        if not raw:
            return
    whole, tally = read_all(READER, bytes(raw), ANCHORED)
    in_two, _ = read_all(_InPieces(), bytes(raw), ANCHORED)
    assert whole.drop("source").equals(in_two.drop("source"))
    assert tally.rows <= bytes(raw).count(b"\n") + bytes(raw).count(b"VD") + 1


class _InPieces:
    """The reader, given one line at a time."""

    name = "in_pieces"

    def recognises(self, head: bytes) -> bool:
        return READER.recognises(head)

    def read(self, source: Any, options: Options, tally: Any) -> Any:
        from detente.tracks.ais_nmea import Listener

        listener = Listener.listening("x", options)
        for line in source.data.split(b"\n"):
            if line:
                yield listener.hear(line + b"\n", tally)
        listener.parts.give_up_all()
        listener.count_given_up(tally)


@given(st.binary(max_size=300))
def test_any_bytes_are_answered(data: bytes) -> None:
    READER.recognises(data)
    read_all(READER, Bytes(data))


@pytest.mark.parametrize(
    "head", [b"", b"MMSI,LAT,LON\n", b'{"nmea":"' + class_a().encode() + b'"}', b"\x1a2\x00" * 100]
)
def test_other_formats_are_not_taken_for_nmea(head: bytes) -> None:
    assert not READER.recognises(head)
