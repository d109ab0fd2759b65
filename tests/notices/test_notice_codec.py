"""What hostile bytes and one's own mistakes come to: every fault named at its place, nothing else raised."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from detente.notices import kinds
from detente.notices.checking import FAULTS_MAX
from detente.notices.codec import SIZE_MAX, check, check_document, decode, encode
from detente.notices.errors import NoticeMistake, NoticeRefused
from detente.notices.examples import EXAMPLES
from detente.notices.faults import Fault
from detente.notices.notice import Area, Force, Party, Period, Waypoint, Window
from detente.notices.shapes import (
    ArcPolygon,
    Circle,
    Coastal,
    Corridor,
    Line,
    Named,
    Point,
    Polygon,
    Position,
)  # fmt: skip
from detente.notices.suspicion import crossing, positions_of, unrolled


def at(lat_deg: float, lon_deg: float) -> Position:
    return Position(lat_e7=round(lat_deg * 10**7), lon_e7=round(lon_deg * 10**7))


changed = msgspec.structs.replace


def codes(faults: Any) -> list[tuple[str, str]]:
    return [(one.where, one.code) for one in faults]


def plain(kind: str) -> dict[str, Any]:
    return dict(msgspec.json.decode(encode(EXAMPLES[kind])))


def test_bytes_over_the_cap_are_refused_before_they_are_read() -> None:
    with pytest.raises(NoticeRefused) as refusal:
        decode(b"{" * (SIZE_MAX + 1))
    assert codes(refusal.value.faults) == [("", "size")]
    assert refusal.value.exit_code == 2


@pytest.mark.parametrize("octets", [b"[" * 200_000, b'{"a":' * 40_000, b"\xff", b'"\\ud800"'])
def test_shapes_that_break_parsers_are_refused(octets: bytes) -> None:
    with pytest.raises(NoticeRefused) as refusal:
        decode(octets)
    assert refusal.value.faults[0].code in {"json", "depth"}


def test_the_first_fault_is_told_with_the_number_of_the_others() -> None:
    document = {**plain("exercise"), "title": "", "period": {"start": "2030"}, "remarks": " x"}
    del document["issued_at"]
    _, faults = check_document(document)
    mistake = NoticeRefused.of(faults)
    assert mistake.where == "title"
    assert "and 2 more faults" in str(mistake)
    assert codes(faults) == [("title", "length"), ("issued_at", "missing"), ("remarks", "text")]


def test_a_notice_with_faults_is_never_encoded() -> None:
    bad = changed(EXAMPLES["exercise"], title="a\x00b", issued_at="soon")
    with pytest.raises(NoticeMistake) as mistake:
        encode(bad)
    assert codes(mistake.value.faults) == [("title", "hidden"), ("issued_at", "moment")]


def test_half_of_a_surrogate_pair_is_named_at_its_place() -> None:
    checked, faults = check(changed(EXAMPLES["exercise"], title="\ud800"))
    assert checked is None
    assert codes(faults) == [("title", "hidden")]


def test_a_notice_that_only_becomes_too_large_is_refused_too() -> None:
    remarks = "x" * 20_000
    sources = tuple(changed(EXAMPLES["incident"].sources[0], said_by="y" * 300) for _ in range(64))
    entries = tuple(
        kinds.CalendarEntry(
            designation="z" * 300, activity_type="alert", start_window=Period(start="2031"), purpose="p" * 2_000
        )
        for _ in range(200)
    )
    big = changed(EXAMPLES["calendar"], remarks=remarks, sources=sources, entries=entries)
    checked, faults = check(big)
    assert checked is None
    assert codes(faults) == [("", "size")]


def test_faults_are_listed_up_to_a_cap() -> None:
    document = {**plain("danger_area"), "windows": [{"start": "x"}] * 2_000}
    _, faults = check_document(document)
    assert len(faults) == FAULTS_MAX
    _, faults = check_document({**plain("exercise"), "later": [1.5] * 500})
    assert len(faults) == 100


@pytest.mark.parametrize(
    ("value", "came"),
    [
        (7, "7"),
        ([], "a list"),
        ({}, "an object"),
        (True, "true"),
        (False, "false"),
        (None, "nothing"),
        ("x" * 99, "..."),
    ],
)
def test_what_came_is_shown_bounded(value: object, came: str) -> None:
    _, faults = check_document({**plain("exercise"), "kind": value})
    assert came in faults[0].came
    assert check_document(value)[0] is None


@pytest.mark.parametrize("field", ["forces", "period", "areas", "single_command", "activity_type", "author"])
def test_a_value_of_another_type_is_named_at_its_field(field: str) -> None:
    for value in (7, "x", ["x"], {"x": 1}):
        _, faults = check_document({**plain("exercise"), field: value})
        assert faults
        assert all(one.where.startswith(field) for one in faults), faults


def test_areas_of_no_known_shape_are_named() -> None:
    for shape in (7, "x", {}, {"shape": 7}, {"shape": "cone"}):
        _, faults = check_document({**plain("exercise"), "areas": [{"shape": shape}]})
        assert faults[0].where.startswith("areas[0].shape")


def test_critical_of_another_type_is_a_fault_of_its_own() -> None:
    assert codes(check_document({**plain("exercise"), "critical": 7})[1]) == [("critical", "type")]
    assert ("critical[0]", "type") in codes(check_document({**plain("exercise"), "critical": [7]})[1])
    assert (
        check_document({**plain("exercise"), "later": 1, "critical": ["title", "forces.troops"]})[0] is not None
    )


NOW = datetime(2030, 5, 5, 12, tzinfo=UTC)


def warned(notice: Any, now: datetime | None = NOW) -> list[tuple[str, str]]:
    checked, faults = check(notice, now=now)
    assert checked is not None, faults
    assert all(one.warning for one in checked.warnings)
    return codes(checked.warnings)


def test_a_plan_in_the_past_is_a_warning_and_a_report_of_the_past_is_not() -> None:
    plan = changed(EXAMPLES["exercise"], phases=())
    assert warned(plan) == [("period", "begun")]
    assert warned(plan, datetime(2031, 1, 1, tzinfo=UTC)) == [("period", "past")]
    assert warned(plan, datetime(2030, 1, 1, tzinfo=UTC)) == [("issued_at", "future")]
    assert warned(plan, datetime(2030, 4, 1, tzinfo=UTC)) == []
    assert warned(plan, None) == []
    assert warned(EXAMPLES["after_report"], datetime(2031, 1, 1, tzinfo=UTC)) == []
    assert warned(changed(EXAMPLES["danger_area"], windows=(Window(end="2031"),))) == [("issued_at", "future")]
    launched = changed(EXAMPLES["launch"], stage="carried_out")
    assert warned(launched, datetime(2031, 1, 1, tzinfo=UTC)) == []
    assert warned(EXAMPLES["launch"], datetime(2031, 1, 1, tzinfo=UTC)) == [("window", "past")]


def test_positions_that_look_exchanged_are_a_warning() -> None:
    ring = (at(54.5, 19), at(54.5, 20), at(19.5, 54), at(54, 19))
    area = kinds.DangerArea(
        title="Firing", author=Party(id="west", name="West"), issued_at="2030", activity_kind="firing",
        areas=(Area(shape=Polygon(ring=ring)),), windows=(Window(end="2031"),),
    )  # fmt: skip
    assert warned(area, None) == [("areas[0].shape", "exchanged")]
    assert warned(EXAMPLES["movement"], None) == []


def test_a_place_that_is_turned_round_as_a_whole_is_a_warning() -> None:
    grodno = (at(54, 23.5), at(54, 24.5), at(53.5, 24))
    turned = tuple(Position(lat_e7=one.lon_e7, lon_e7=one.lat_e7) for one in grodno)
    plan = changed(EXAMPLES["exercise"], forces=(Force(state="BY", troops=7200),), phases=())
    plan = changed(plan, author=Party(id="by", name="Belarus", state="BY"), command=None)
    assert warned(changed(plan, areas=(Area(shape=Polygon(ring=grodno)),)), None) == []
    assert warned(changed(plan, areas=(Area(shape=Polygon(ring=turned)),)), None) == [
        ("areas[0].shape", "exchanged")
    ]
    nobody = changed(plan, author=Party(id="by", name="Belarus"), forces=(Force(state="AE"),))
    assert warned(changed(nobody, areas=(Area(shape=Polygon(ring=turned)),)), None) == []
    far_east = changed(plan, areas=(Area(shape=Point(position=at(43, 132))),))
    assert warned(far_east, None) == []


@pytest.mark.parametrize(
    ("ring", "edges"),
    [
        ((at(0, 0), at(0, 1), at(1, 1), at(1, 0)), None),
        ((at(0, 0), at(1, 1), at(0, 1), at(1, 0)), (0, 2)),
        ((at(0, 179), at(0, -179), at(1, -179), at(1, 179)), None),
        ((at(0, 179), at(1, -179), at(0, -179), at(1, 179)), (0, 2)),
        ((at(0, 0), at(0, 4), at(2, 2), at(4, 4), at(4, 0), at(2, 2)), (1, 4)),
        ((at(80, 0), at(80, 120), at(80, -120)), None),
        ((at(0, 0), at(0, 1), at(1, 0)), None),
    ],
)
def test_whether_a_ring_crosses_itself_is_decided_exactly(ring: tuple[Position, ...], edges: object) -> None:
    assert crossing(ring) == edges


def test_a_ring_of_thousands_of_corners_is_not_looked_at() -> None:
    ring = tuple(Position(lat_e7=index % 2, lon_e7=index) for index in range(2_001))
    assert crossing(ring) is None
    assert unrolled(ring)[-1] == (2_000, 0)


def test_every_shape_tells_its_positions() -> None:
    a, b = at(1, 2), at(3, 4)
    circle = Circle(centre=a, radius_m="5")
    example = EXAMPLES["danger_area"]
    assert isinstance(example, kinds.DangerArea)
    arcs = example.areas[0].shape
    assert isinstance(arcs, ArcPolygon)
    assert positions_of(circle) == (a,)
    assert positions_of(Corridor(way=(a, b), half_width_m="5")) == (a, b)
    assert positions_of(Coastal(way=(a, b), closed_by="coast")) == (a, b)
    assert positions_of(Point(position=a)) == (a,)
    assert positions_of(Named(name="x")) == ()
    assert positions_of(Named(name="x", approximate=circle)) == (a,)
    assert positions_of(arcs)[1] == Line(to=at(58, 10)).to


def test_what_contradicts_itself_is_named_by_the_struct_that_knows() -> None:
    exercise = EXAMPLES["exercise"]
    calendar = EXAMPLES["calendar"]
    faulty = [
        (changed(exercise, forces=(Force(state="NO", troops_at_most=5),)), ("forces[0].troops_at_most", "order")),
        (changed(calendar, nothing_planned=True), ("nothing_planned", "contradiction")),
        (changed(calendar, year=2035), ("entries[0].start_window.end", "dates")),
        (changed(EXAMPLES["movement"], movers=(), forces=()), ("movers", "missing")),
        (changed(EXAMPLES["incident"], place=None, position=None), ("position", "missing")),
        (changed(EXAMPLES["incident"], ended_at="2029"), ("ended_at", "dates")),
        (changed(EXAMPLES["annual_exchange"], nothing_held=True), ("nothing_held", "contradiction")),
        (
            changed(EXAMPLES["annual_exchange"], forces=(), units_reported=None, given_in=None),
            ("units_reported", "missing"),
        ),
        (changed(EXAMPLES["after_report"], period=None), ("period", "missing")),
        (changed(EXAMPLES["visit_request"], arrives_at="2030-06"), ("arrives_at", "dates")),
        (changed(EXAMPLES["danger_area"], windows=(Window(start="2030", end="2029"),)), ("windows[0].end", "dates")),
    ]  # fmt: skip
    for notice, fault in faulty:
        assert codes(check(notice)[1])[:1] == [fault]
    assert check(changed(EXAMPLES["visit_request"], period=None))[0] is not None
    waypoint = Waypoint(arrives_at="2030")
    assert ("route[0].position", "missing") in codes(check(changed(EXAMPLES["movement"], route=(waypoint,)))[1])


def test_a_fault_is_one_line_for_a_reader() -> None:
    fault = Fault("a", "code", "this", "that", "do so")
    assert str(fault) == "a: that (this); do so"
    assert str(Fault("", "code", "this", "that")) == "that (this)"
    assert fault.under("b").where == "b.a"
    assert fault.under("").where == "a"
    assert Fault("", "code", "this", "that").under("b").where == "b"
    assert Fault("[0]", "code", "this", "that").under("b").where == "b[0]"
