"""Forms: looser than the record, never ambiguous; templates that say what each field is."""

from __future__ import annotations

import tomllib
from datetime import UTC, datetime

import msgspec
import pytest

from detente import words
from detente.notices.errors import PlaceMistake
from detente.notices.examples import EXAMPLES
from detente.notices.forms import FORM_MAX, check_form, read_notice, read_position
from detente.notices.kinds import KINDS, DangerArea, Exercise
from detente.notices.shapes import Polygon, Position
from detente.notices.templates import form_of, position_form, template

HEAD = """
kind = "danger_area"
title = "Firing"
activity_kind = "firing"
issued_at = 2030-05-10T14:00:00+02:00
author = { id = "west", name = "West" }
"""


def danger(areas: str, more: str = "") -> DangerArea:
    checked, faults = check_form(
        f"{HEAD}{more}\nwindows = [{{ end = 2031-01-01 }}]\nareas = [{areas}]\n".encode()
    )
    assert checked is not None, [str(fault) for fault in faults]
    assert isinstance(checked.notice, DangerArea)
    return checked.notice


def faults_of(text: str) -> list[tuple[str, str]]:
    checked, faults = read_notice(text.encode())
    assert checked is None
    return [(one.where, one.code) for one in faults]


def test_toml_s_own_dates_offsets_and_numbers_become_the_record_s_text() -> None:
    notice = danger('{ shape = { shape = "circle", centre = "58-00N 010-00E", radius_m = 185.20 } }')
    assert notice.issued_at == "2030-05-10T12:00:00Z"
    assert notice.windows[0].end == "2031-01-01"
    shape = notice.areas[0].shape
    assert getattr(shape, "radius_m") == "185.2"  # noqa: B009 - one shape of many
    text = HEAD.replace("2030-05-10T14:00:00+02:00", '"2030-05-10T14:00+02:00"')
    more = 'windows = [{ end = "2031" }]\nareas = [{ shape = { shape = "named", name = "A" } }]'
    checked, _ = check_form(f"{text}\n{more}".encode())
    assert checked is not None
    assert checked.notice.issued_at == "2030-05-10T12:00Z"


@pytest.mark.parametrize(
    ("text", "lat_e7", "lon_e7"),
    [
        ("54-30.5N 020-15E", 545083333, 202500000),
        ("54.5S 20.25W", -545000000, -202500000),
        ("54°30'30\"N, 20°15'E", 545083333, 202500000),
        ("0N/180W", 0, 1800000000),
    ],
)
def test_positions_are_read_with_their_letters(text: str, lat_e7: int, lon_e7: int) -> None:
    assert read_position(text) == Position(lat_e7=lat_e7, lon_e7=lon_e7)


@pytest.mark.parametrize("text", ["54.5 20.25", "20E 54N", "91N 20E", "54N", "", "54N 200E", "54-70N 020E"])
def test_positions_that_could_be_read_in_two_ways_are_refused(text: str) -> None:
    with pytest.raises(PlaceMistake):
        read_position(text)


def test_a_position_that_cannot_be_read_is_named_at_its_place_and_once() -> None:
    shape = '{ shape = { shape = "circle", centre = "20E 54N", radius_m = 5 } }'
    assert faults_of(f"{HEAD}\nwindows = [{{ end = 2031-01-01 }}]\nareas = [{shape}]") == [
        ("areas[0].shape.centre", "place")
    ]
    notice = danger('{ shape = { shape = "point", position = { lat = "54N", lon = "20E" } } }')
    assert getattr(notice.areas[0].shape, "position") == Position(lat_e7=540000000, lon_e7=200000000)  # noqa: B009


def test_a_geometry_drawn_elsewhere_is_taken_as_an_area() -> None:
    notice = danger(
        '{ shape = { type = "Polygon", coordinates = [[[10, 58], [11, 58], [11, 59.5], [10, 58]]] } }'
    )
    shape = notice.areas[0].shape
    assert isinstance(shape, Polygon)
    assert shape.ring[2] == Position(lat_e7=595000000, lon_e7=110000000)
    bad = '{ shape = { type = "Polygon", coordinates = [[[10, 95], [11, 58], [11, 59.5], [10, 95]]] } }'
    assert faults_of(f"{HEAD}\nwindows = [{{ end = 2031-01-01 }}]\nareas = [{bad}]") == [
        ("areas[0].shape.coordinates[0][0]", "place")
    ]


def test_a_time_without_a_zone_is_refused() -> None:
    text = template("cancellation", filled=form_of(msgspec.to_builtins(EXAMPLES["cancellation"])))
    assert faults_of(text.replace('"2030-05-14T08:00Z"', "2030-05-14T08:00:00")) == [
        ("issued_at", "moment"),
        ("since", "moment"),
    ]
    assert faults_of(text.replace('issued_at = "2030-05-14T08:00Z"', 'issued_at = "9999-12-31T23:59-05:00"'))
    assert faults_of(text.replace('issued_at = "2030-05-14T08:00Z"', "issued_at = 08:00:00"))


def test_a_slip_of_the_pen_is_named_with_what_was_meant() -> None:
    text = template("exercise", filled=form_of(msgspec.to_builtins(EXAMPLES["exercise"])))
    checked, faults = check_form(text.replace('designation = "Northern', 'desingation = "Northern').encode())
    assert checked is None
    assert [(one.where, one.code) for one in faults] == [("desingation", "field")]
    assert "designation" in faults[0].remedy
    _, faults = check_form(text.replace('designation = "Northern', "zzz = 1.5\nyyy = 2030-01-01\n# ").encode())
    assert {(one.where, one.remedy) for one in faults} == {("zzz", "leave it out"), ("yyy", "leave it out")}
    both = text.replace('designation = "Northern', 'desingation = "Northern').replace(
        'state = "NO"', 'state = "XX"'
    )
    _, faults = check_form(both.encode())
    assert {one.code for one in faults} == {"state", "field"}


def test_every_fault_of_a_form_is_told_at_once() -> None:
    square = '["54N 020E", "55N 020E", "55N 021E", "54N 021E"]'
    bow = '["54N 020E", "55N 021E", "55N 020E", "54N 021E"]'
    crossed = f'[[areas]]\nshape = {{ shape = "polygon", ring = {bow} }}\n'
    areas = [f'[[areas]]\nshape = {{ shape = "polygon", ring = {square} }}\n' for _ in range(12)]
    areas[1] = areas[1].replace("54N 020E", "130N 020E")
    areas[10] = crossed
    areas[11] = '[[areas]]\nshape = { shape = "circle", centre = "54N 020E", radius = "9260" }\n'
    form = (
        'kind = "exercise"\ntitle = "x"\nissued_at = "2030-01-01"\nactivity_type = "alert"\n'
        'author = { id = "West Side", name = "West" }\nperiod = { start = "2030-05-01" }\n' + "".join(areas)
    )
    _, faults = check_form(form.encode())
    assert {(one.where, one.code) for one in faults} == {
        ("areas[1].shape.ring[0]", "place"),
        ("author.id", "pattern"),
        ("areas[11].shape.radius_m", "missing"),
        ("areas[10].shape.ring", "crossing"),
        ("areas[11].shape.radius", "field"),
    }
    assert "radius_m" in faults[-1].remedy
    exchanged = next(one for one in faults if one.code == "place")
    assert "exchanged" in exchanged.remedy
    assert "west,south" not in exchanged.remedy


def test_a_crossing_in_what_transcribes_a_text_is_no_fault_beside_others() -> None:
    form = (
        'kind = "danger_area"\ntitle = "x"\nissued_at = "2030-01-01"\nactivity_kind = "firing"\n'
        'source_text = "words"\nauthor = { id = "W", name = "West" }\n[[areas]]\n'
        'shape = { shape = "polygon", ring = ["54N 020E", "55N 021E", "55N 020E", "54N 021E"] }\n'
    )
    assert "crossing" not in {one.code for one in check_form(form.encode())[1]}


def test_what_a_pattern_asks_for_is_said_in_words() -> None:
    form = (
        'kind = "exercise"\ntitle = "x"\nissued_at = "2030-01-01"\nactivity_type = "alert"\nactivity = "A B"\n'
        'author = { id = "West Side", name = "West" }\nperiod = { start = "2030-05-01" }\nreferences = ["A B"]\n'
        'critical = ["A B"]\n[[fulfils]]\nagreement = "vd11"\nclause = "x"\nagreement_hash = "A B"\n'
    )
    asked = [one.expected for one in check_form(form.encode())[1] if one.code == "pattern"]
    assert len(asked) == 5
    assert not [one for one in asked if "^" in one]


@pytest.mark.parametrize(
    "text",
    [
        "hello",
        "a = 1\na = 2",
        "{",
        '{"kind": "exercise",}',
        "[" * 5_000,
        '{"a":' * 5_000,
        '{"kind":' + "9" * 5_000 + "}",
        "{" + " " * 2_000_000,
    ],
)
def test_what_is_no_form_is_said_to_be_none(text: str) -> None:
    assert faults_of(text) in ([("", "form")], [("kind", "unknown")])


def test_bytes_that_are_no_text_and_a_mark_of_order() -> None:
    assert check_form(b"\xff\xfe")[1][0].code == "form"
    assert check_form(b"\xef\xbb\xbf" + template("reply").encode())[1][0].code == "missing"
    assert read_notice(b"x" * (FORM_MAX + 1))[1][0].code == "form"
    assert read_notice(b'{"kind":"rumour"}')[1][0].where == "kind"
    assert check_form(b'kind = "rumour"')[1][0].where == "kind"


@pytest.mark.parametrize("language", words.LANGUAGES)
@pytest.mark.parametrize("kind", KINDS)
def test_an_empty_template_lists_what_is_needed_and_a_filled_one_is_right(kind: str, language: str) -> None:
    words.choose(language)
    try:
        empty = template(kind)
        filled = template(kind, filled=form_of(msgspec.to_builtins(EXAMPLES[kind])))
    finally:
        words.choose("en")
    assert tomllib.loads(empty)["kind"] == kind
    checked, faults = check_form(empty.encode())
    assert checked is None
    assert {one.code for one in faults} <= {"missing", "count"}
    assert ("title", "missing") in [(one.where, one.code) for one in faults]
    checked, faults = check_form(filled.encode(), now=datetime(2030, 1, 1, tzinfo=UTC))
    assert checked is not None, faults
    assert checked.notice == EXAMPLES[kind]
    uncommented = "\n".join(line.removeprefix("#: ") for line in empty.splitlines())
    tomllib.loads(uncommented)


def test_every_field_of_every_kind_stands_in_its_template_with_its_meaning() -> None:
    for kind, struct in KINDS.items():
        text = template(kind)
        for name in set(struct.__struct_fields__) - {"format"}:
            assert f"{name} = " in text or f"[{name}]" in text or f"[[{name}]]" in text, (kind, name)


@pytest.mark.parametrize(
    ("position", "text"),
    [
        (Position(lat_e7=545000000, lon_e7=202500000), "54-30N 020-15E"),
        (Position(lat_e7=-545000000, lon_e7=-33333333), "54-30S 003-20W"),
        (Position(lat_e7=545000001, lon_e7=66666667), "54.5000001N 006-40E"),
        (Position(lat_e7=1, lon_e7=-1), "0.0000001N 0.0000001W"),
        (Position(lat_e7=20, lon_e7=1800000000), "0.0000020N 180-00E"),
    ],
)
def test_positions_are_written_shortly_where_that_is_exact(position: Position, text: str) -> None:
    assert position_form(position) == text
    assert read_position(text) == position


def test_a_blank_list_and_a_default_are_left_out_of_the_record() -> None:
    text = template("exercise", filled=form_of(msgspec.to_builtins(EXAMPLES["exercise"])))
    checked, _ = check_form(
        ('precedence = "routine"\nreferences = []\nremarks = " "\n' + text.replace("remarks =", "# ")).encode()
    )
    assert checked is not None
    assert isinstance(checked.notice, Exercise)
    assert b"precedence" not in checked.octets
    assert b"remarks" not in checked.octets
