"""An encounter becomes a draft that notices accept, with evidence that any implementation reads."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import re
import xml.etree.ElementTree as ET
from datetime import timedelta
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detente import words
from detente.notices.codec import check_document
from detente.notices.export import is_line_only
from detente.notices.kinds import Incident
from detente.watch.anomaly import Anomaly, Fix
from detente.watch.evidence import cutting, manifest, reading, tracks_csv
from detente.watch.evidence.drafting import incident_draft, is_beyond
from detente.watch.evidence.errors import EvidenceMistake, EvidenceRefused, WithheldMover
from detente.watch.evidence.records import pieces_about, records_file
from detente.watch.evidence.structs import Agreed, Draft, InputUsed, Record
from tests.watch.evidence_worlds import (
    AGREED,
    CROSSING,
    DEFINITION,
    FERRY,
    FRIGATE,
    NOON,
    OVERFLIGHT,
    PATROL,
    PLANE,
    THIRD,
    context,
    heard,
    met,
)
from tests.watch.recomputed_alone import episode

ROWS = heard((*CROSSING, THIRD))
ROW = met(ROWS, pair=(FRIGATE, PATROL))


def drafted(row: dict[str, Any] = ROW, rows: pl.DataFrame = ROWS, **fields: Any) -> Draft:
    return incident_draft(row, context(rows, **fields))


def file(draft: Draft, name: str) -> bytes:
    return next(one.octets for one in draft.attachments if one.name == name)


DRAFT = drafted()


def test_the_draft_is_a_notice_that_leaves_the_judgement_to_a_person() -> None:
    draft = drafted()
    checked, faults = check_document(draft.notice)
    assert not faults
    assert checked is not None
    notice = checked.notice
    assert isinstance(notice, Incident)
    assert not is_line_only(notice)
    assert notice.incident_type == "close_approach"
    assert notice.severity is None
    assert [one.mmsi for one in notice.own] == [211000001]
    assert [one.mmsi for one in notice.others] == [273000002]
    assert abs(notice.distance_m - ROW["distance_m"]) <= 0.5
    assert notice.height_difference_m is None  # two ships
    assert notice.happened_at == ROW["entered"].strftime("%Y-%m-%dT%H:%M:%SZ")
    assert notice.position is not None
    assert abs(notice.position.lat_deg - 55.0) < 0.01
    assert notice.activity == "approach-2018-04-04t12-mmsi211000001-mmsi273000002"
    for word in ("unsafe", "dangerous", "unprofessional", "provok", "aggress"):
        assert word not in notice.account.lower()
    assert "FRIGATE ONE" in notice.account


def test_what_is_own_and_what_is_not_follows_the_side() -> None:
    other = drafted(own_side="east").notice
    assert [one["mmsi"] for one in other["own"]] == [273000002]
    neither = drafted(own_side="north").notice
    assert "own" not in neither
    assert len(neither["others"]) == 2


def test_equal_inputs_give_equal_bytes_and_another_language_another_account() -> None:
    assert drafted() == drafted()
    words.choose("ru")
    try:
        russian = drafted()
        assert check_document(russian.notice)[1] == []
        assert re.search("[а-я]", russian.notice["account"])
        assert "Least" not in russian.notice["account"]
    finally:
        words.choose("en")
    assert file(russian, "tracks.csv") == file(drafted(), "tracks.csv")


def test_heights_and_a_low_pass_are_told_as_figures() -> None:
    rows = heard(OVERFLIGHT)
    row = met(rows)
    assert row["vertical_m"] == pytest.approx(76.2)
    anomaly = Anomaly(
        kind="low_pass", mover=PLANE, first_at=NOON, last_at=NOON,
        figures={"distance_m": 64.0, "height_m": 76.2, "speed_kn": 175.0}, fixes=(Fix(PLANE, NOON, 20.0, 55.0, 76.2),),
    )  # fmt: skip
    draft = drafted(row, rows, anomalies=(anomaly,))
    assert draft.notice["height_difference_m"] == 76
    assert draft.notice["own"][0].get("mmsi") == 211000001 or draft.notice["others"][0].get("mmsi") == 211000001
    assert anomaly.sentence() in draft.notice["account"]
    stated = json.loads(file(draft, "manifest.json"))
    assert stated["anomalies"][0]["figures"] == {"distance_m": "64", "height_m": "76.2", "speed_kn": "175"}
    assert "crossed ahead" in draft.notice["account"]


def test_the_limit_beyond_which_a_draft_is_made() -> None:
    row = {"distance_m": 900.0, "vertical_m": 100.0}
    assert is_beyond(row, Agreed(914.4))
    assert not is_beyond(row, Agreed(900.0))
    assert is_beyond(row, Agreed(914.4, 152.4))
    assert not is_beyond(row, Agreed(914.4, 100.0))
    assert is_beyond({"distance_m": 900.0, "vertical_m": None}, Agreed(914.4, 152.4))


def test_the_manifest_binds_every_file_and_counts_what_went_in() -> None:
    feed = InputUsed(
        kind="feed", name="ais-tcp://receiver", sha256="0" * 64, size_bytes=9, received=10, used=8,
        rejected={"bad_checksum": 2}, first_at=NOON, last_at=NOON,
    )  # fmt: skip
    draft = drafted(inputs=(feed,), cleaned={"duplicate": 3, "stale": 0})
    read = manifest.read(file(draft, "manifest.json"), where="manifest.json")
    assert read.encoded() == file(draft, "manifest.json")
    for stated in read.files:
        octets = file(draft, stated.name)
        assert hashlib.sha256(octets).hexdigest() == stated.sha256
        assert len(octets) == stated.size_bytes
    assert {one.name for one in read.files} == {one.name for one in draft.attachments} - {"manifest.json"}
    assert read.inputs[0].rejected == {"bad_checksum": 2}
    assert read.cleaned == {"duplicate": 3}
    assert read.not_told == ()
    assert read.cut == ()
    assert read.fixes == {"a": ROWS.filter(pl.col("mover") == FRIGATE).height - len_outside(FRIGATE),
                          "b": ROWS.filter(pl.col("mover") == PATROL).height - len_outside(PATROL)}  # fmt: skip


def len_outside(mover: str) -> int:
    around = tracks_csv.reach(DEFINITION.max_gap_s)
    inside = pl.col("time").is_between(ROW["entered"] - around, ROW["left"] + around)
    return ROWS.filter((pl.col("mover") == mover) & ~inside).height


def test_a_program_of_someone_else_gets_the_same_figures_from_the_file() -> None:
    for ways in (CROSSING, OVERFLIGHT):
        rows = heard(ways)
        row = met(rows)
        draft = drafted(row, rows)
        figures = json.loads(file(draft, "manifest.json"))["figures"]
        alone = episode(file(draft, "manifest.json"), file(draft, "tracks.csv"))
        assert alone["distance_m"] == pytest.approx(float(figures["distance_m"]), abs=0.5)
        for name in ("entered", "closest_at", "left"):
            assert abs(alone[name] - row[name]) < timedelta(seconds=0.1), name
        assert alone["vertical_m"] == pytest.approx(float(figures["vertical_m"]), abs=0.01)


def test_numbers_in_the_file_are_exact_and_rows_come_back_as_they_were() -> None:
    octets = file(drafted(), "tracks.csv")
    again = tracks_csv.read(octets, where="tracks.csv")
    assert tracks_csv.write(again) == octets
    given_rows = tracks_csv.surrounding(ROWS, ROW, DEFINITION.max_gap_s)
    assert again.drop("name", "source").equals(given_rows.drop("name", "source"))
    head, *lines = csv.reader(io.StringIO(octets.decode()))
    assert tuple(head) == tracks_csv.COLUMNS
    assert all(len(line) == len(head) for line in lines)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_decimal_reads_back_as_the_same_number(value: float) -> None:
    text = tracks_csv.decimal(value)
    assert float(text) == value
    assert re.fullmatch(r"-?(0|[1-9][0-9]*)(\.[0-9]*[1-9])?", text)


def test_words_of_strangers_do_no_harm() -> None:
    wicked = '=HYPERLINK("x")</text><script>alert(1)</script>\u202e&\x1b[31m'
    rows = ROWS.with_columns(
        name=pl.when(pl.col("mover") == PATROL).then(pl.lit(wicked)).otherwise("name"),
        source=pl.lit("=cmd,|:/some/where/else/ais\n.csv"),
        status=pl.lit("@SUM(1)"),
    )
    row = met(rows, pair=(FRIGATE, PATROL))
    draft = drafted(row, rows)
    assert check_document(draft.notice)[1] == []
    for name in ("drawing.svg", "drawing-bw.svg"):
        svg = file(draft, name).decode()
        ET.fromstring(svg)  # noqa: S314 - our own
        assert "<script" not in svg
        assert "\u202e" not in svg
        assert set(re.findall(r"https?://[^\"' <]+", svg)) == {"http://www.w3.org/2000/svg"}
        assert "href" not in svg
    cells = [cell for line in csv.reader(io.StringIO(file(draft, "tracks.csv").decode())) for cell in line]
    assert not any(cell[:1] in {"=", "+", "@", "\t"} for cell in cells)
    assert "where" not in file(draft, "tracks.csv").decode()
    reading.evidence_of([one.octets for one in draft.attachments], name="draft")


def test_the_black_and_white_drawing_uses_no_colour() -> None:
    draft = drafted()
    colours = set(re.findall(r"#[0-9a-f]{6}", file(draft, "drawing-bw.svg").decode()))
    assert colours == {"#000000", "#ffffff"}
    assert "stroke-dasharray:5 3" in file(draft, "drawing-bw.svg").decode()


def test_raw_records_hold_what_the_two_sent_and_nobody_else() -> None:
    def sentence(mmsi: int, kind: int = 1) -> bytes:
        bits = f"{kind:06b}00{mmsi:030b}".ljust(168, "0")
        values = [int(bits[place : place + 6], 2) for place in range(0, 168, 6)]
        payload = bytes(value + (48 if value < 40 else 56) for value in values)
        return b"!AIVDM,1,1,,A," + payload + b",0*00"

    mine, others = sentence(211000001), sentence(235000003)
    found = list(pieces_about(b"\r\n".join([others, mine, others]), (FRIGATE, PATROL)))
    assert found == [(FRIGATE, mine)]
    parts = sentence(273000002, 5).replace(b",1,1,,", b",2,1,7,") + b"\n" + others.replace(b",1,1,,", b",2,2,7,")
    assert [mover for mover, _ in pieces_about(parts, (FRIGATE, PATROL))] == [PATROL, PATROL]
    readsb = b'{"now":1.5,"aircraft":[{"hex":"4ca1b2","lat":1.10},{"hex":"155555"}]}'
    assert list(pieces_about(readsb, (PLANE,))) == [(PLANE, b'{"hex":"4ca1b2","lat":1.10}')]
    opensky = b'{"time":1,"states":[["4ca1b2","X ",1],["155555","Y",2]]}'
    assert list(pieces_about(opensky, (PLANE,))) == [(PLANE, b'["4ca1b2","X ",1]')]
    aisstream = b'{"MessageType":"PositionReport","MetaData":{"MMSI":211000001},"Message":{"Valid":[1,2]}}'
    assert list(pieces_about(aisstream, (FRIGATE,))) == [(FRIGATE, aisstream)]
    signal_k = b'{"context":"vessels.urn:mrn:imo:mmsi:211000001","updates":[{"values":[{"path":"a","value":1}]}]}'
    assert list(pieces_about(signal_k, (FRIGATE,))) == [(FRIGATE, signal_k)]
    features = b'{"type":"FeatureCollection","features":[{"mmsi":211000001},{"mmsi":235000003}]}'
    assert list(pieces_about(features, (FRIGATE,))) == [(FRIGATE, b'{"mmsi":211000001}')]
    cursor = b'<event uid="MMSI-211000001"><point/></event><event uid="MMSI-235000003"></event>'
    assert list(pieces_about(cursor, (FRIGATE,))) == [(FRIGATE, b'<event uid="MMSI-211000001"><point/></event>')]
    beast = (
        b"\x1a3"
        + bytes(7)
        + bytes.fromhex("8d4ca1b2")
        + bytes(10)
        + b"\x1a3"
        + bytes(7)
        + bytes.fromhex("8d155555")
        + bytes(10)
    )
    assert [mover for mover, _ in pieces_about(beast, (PLANE,))] == [PLANE]
    inner = b'{"a":{"b":[{"mmsi":235000003},{"mmsi":211000001}]}}'
    assert list(pieces_about(inner, (FRIGATE,))) == [(FRIGATE, b'{"mmsi":211000001}')]
    deep = b'{"a":' * 9 + inner + b"}" * 9
    assert list(pieces_about(deep, (FRIGATE,))) == []
    for broken in (
        b"",
        b"{",
        b"[[[[[[[[[[",
        b"\x1a\x1a\x1a",
        b"!AIVDM,1,1,,A,,0*00",
        b"<event",
        b"\xff\xfe" * 50,
    ):
        assert list(pieces_about(broken, (FRIGATE, PLANE))) == []


def test_raw_records_are_bounded_and_those_nearest_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    from detente.watch.evidence import records as module

    given_records = [
        Record("feed", NOON + timedelta(seconds=second), b'{"mmsi":211000001,"n":%d}' % abs(second))
        for second in range(-50, 51)
    ]
    whole, left_out, of = records_file(given_records, (FRIGATE,), closest_at=NOON)
    assert (left_out, of, whole.count(b"\n")) == (0, 101, 101)
    monkeypatch.setattr(module, "RECORDS_MAX", 11)
    cut, left_out, of = records_file(given_records, (FRIGATE,), closest_at=NOON)
    assert (left_out, of) == (90, 101)
    numbers = [json.loads(json.loads(line)["text"])["n"] for line in cut.splitlines()]
    assert numbers == [5, 4, 3, 2, 1, 0, 1, 2, 3, 4, 5]
    draft = drafted(records=tuple(given_records))
    assert json.loads(file(draft, "manifest.json"))["cut"][0]["left_out"] == 90


def test_nobody_but_the_two_is_in_any_file() -> None:
    shared = b'{"aircraft":[{"mmsi":211000001},{"mmsi":235000003,"name":"FERRY THREE"},{"mmsi":273000002}]}'
    draft = drafted(records=(Record("feed", NOON, shared),))
    whole = b"".join(one.octets for one in draft.attachments) + json.dumps(draft.notice).encode()
    assert b"211000001" in whole
    assert b"235000003" not in whole
    assert b"FERRY" not in whole
    assert FERRY in set(ROWS["mover"])


@pytest.mark.parametrize("withheld", ["mmsi:273000002", "273000002", "patrol two", " PATROL TWO "])
def test_a_mover_that_a_humanitarian_notice_names_enters_nothing(withheld: str) -> None:
    with pytest.raises(WithheldMover) as told:
        drafted(withheld=frozenset({withheld}))
    assert "273000002" not in str(told.value)
    assert drafted(withheld=frozenset({"FERRY THREE", "mmsi:235000003"})) == drafted()


def test_a_draft_without_fixes_of_both_is_no_draft() -> None:
    with pytest.raises(EvidenceMistake, match="mmsi:211000001"):
        drafted(rows=ROWS.filter(pl.col("mover") == FRIGATE))
    with pytest.raises(EvidenceMistake, match="author"):
        drafted(author={"id": "Not a name"})


def test_figures_that_the_fixes_do_not_give_are_named() -> None:
    short = ROWS.filter((pl.col("time") - ROW["closest_at"]).abs() < timedelta(seconds=60))
    stated = json.loads(file(drafted(rows=short), "manifest.json"))
    assert {"entered", "left", "duration_s"} <= set(stated["not_told"])
    assert "distance_m" not in stated["not_told"]


def test_tracks_that_are_too_long_are_cut_without_changing_a_figure(monkeypatch: pytest.MonkeyPatch) -> None:
    slow = [
        pl.DataFrame(
            {"mover": [mover] * 3000, "time": [NOON + timedelta(seconds=2 * n) for n in range(3000)],
             "lon": [20.0 + shift + 1e-5 * n for n in range(3000)], "lat": [55.0 + shift] * 3000,
             "kind": ["ship"] * 3000}
        )
        for mover, shift in ((FRIGATE, 0.0), (PATROL, 0.001))
    ]  # fmt: skip
    from detente.tracks import complete

    frame = pl.concat(slow).with_columns(pl.col("time").cast(pl.Datetime("us", "UTC")))
    rows = complete(frame.lazy()).collect().sort("time", "mover")
    row = met(rows)
    assert row["duration_s"] == pytest.approx(5998.0)
    whole, rule = cutting.fitting(rows, row, DEFINITION)
    assert (whole.height, rule) == (6000, "")
    thinned, rule = cutting.fitting(rows, row, DEFINITION, most=4500)
    assert rule == cutting.THINNED_RULE
    assert thinned.height <= 4500
    assert cutting.not_told(thinned, row, DEFINITION) == ()
    ends, rule = cutting.fitting(rows, row, DEFINITION, most=300)
    assert (ends.height, rule) == (300, cutting.ENDS_RULE)
    monkeypatch.setattr(cutting.fitting, "__kwdefaults__", {"most": 300})
    stated = json.loads(file(drafted(row, rows), "manifest.json"))
    assert stated["cut"] == [{"file": "tracks.csv", "rule": cutting.ENDS_RULE, "left_out": 5700, "of": 6000}]
    assert stated["not_told"]


BROKEN = [
    (b"", "mover,time"),
    (b"mover,time,lon,lat\n", "mover,time"),
    (b"\xff\xfe", "UTF-8"),
]


@pytest.mark.parametrize(("octets", "expected"), BROKEN)
def test_a_file_in_another_form_is_refused_with_its_place(octets: bytes, expected: str) -> None:
    with pytest.raises(EvidenceRefused, match=expected):
        tracks_csv.read(octets, where="tracks.csv")


@pytest.mark.parametrize(
    ("column", "cell"),
    [
        ("lat", "91"), ("lon", "-181"), ("lon", "1e2"), ("lon", "NaN"), ("lon", ""), ("lat", "1.50"), ("mover", ""),
        ("time", "2018-04-04T12:00:00Z"), ("time", "2018-02-30T12:00:00.000000Z"), ("kind", "train"), ("nic", "-1"),
        ("altitude_datum", "moon"), ("military", "yes"), ("rc_m", "inf"),
    ],
)  # fmt: skip
def test_a_cell_that_says_nothing_is_refused_with_its_line(column: str, cell: str) -> None:
    lines = list(csv.reader(io.StringIO(file(drafted(), "tracks.csv").decode())))
    lines[3][tracks_csv.COLUMNS.index(column)] = cell
    text = "\n".join(",".join(line) for line in lines) + "\n"
    with pytest.raises(EvidenceRefused, match=r"tracks\.csv, 4") as told:
        tracks_csv.read(text.encode(), where="tracks.csv")
    assert column in told.value.expected


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_bytes_that_were_changed_are_refused_and_nothing_else_happens(data: st.DataObject) -> None:
    draft = DRAFT
    contents = [one.octets for one in draft.attachments[:2]]
    which = data.draw(st.integers(0, 1))
    place = data.draw(st.integers(0, len(contents[which]) - 1))
    letter = data.draw(st.integers(0, 255).filter(lambda one: one != contents[which][place]))
    contents[which] = contents[which][:place] + bytes([letter]) + contents[which][place + 1 :]
    contents += [one.octets for one in draft.attachments[2:]]
    try:
        found = reading.evidence_of(contents, name="draft")
    except EvidenceRefused:
        return
    # a changed manifest may be another sound one; the fixes are still those that it binds
    assert which == 0
    assert found.manifest.encoded() != draft.attachments[0].octets


@given(st.binary(max_size=300))
def test_any_bytes_as_a_manifest_or_as_tracks_are_refused(octets: bytes) -> None:
    with pytest.raises(EvidenceRefused):
        manifest.read(octets, where="x")
    with pytest.raises(EvidenceRefused):
        tracks_csv.read(octets, where="x")


def test_agreed_limits_are_stated() -> None:
    stated = json.loads(file(drafted(), "manifest.json"))
    assert stated["agreed"] == {"source": AGREED.source, "within_m": "914.4"}
    assert stated["definition"] == {
        "max_gap_s": "180", "rule": "detente-encounters-1", "vertical_m": "304.8", "within_m": "1852",
    }  # fmt: skip
