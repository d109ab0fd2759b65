"""Figures of transparency: each counted by hand from a small record, and shown to people in both languages."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from detente.__main__ import main
from detente.notices.codec import check
from detente.notices.filed import Delivery, Filed, Told, filed_alone
from detente.notices.geojson import features_of
from detente.notices.kinds.after_report import AfterReport
from detente.notices.kinds.cancellation import Cancellation
from detente.notices.kinds.danger_area import DangerArea
from detente.notices.kinds.exercise import Exercise
from detente.notices.moments import stated
from detente.notices.notice import Area, Claim, Force, Party, Period, Window
from detente.notices.shapes import Circle, Named, Position
from detente.rules.area_times import Visit, area_times, read_visits
from detente.rules.errors import ListMistake
from detente.rules.figures import Declared, _is_undated, acknowledged, changed_after_start, declared, incidents
from detente.rules.files import read_files
from detente.rules.happenings import Happening
from detente.rules.reading import facts_of_record
from detente.rules.transparency_command import _is_within, figures_of
from detente.rules.transparency_document import Availability, figure_rows
from detente.rules.transparency_page import transparency_page

WEST = Party(id="west", name="West", state="RU")
CLAIM = Claim(said_by="East", said_at="2018-04-01", read_in="press", read_at="2018-04-02", confidence="probable")
NOON = datetime(2018, 4, 4, 12, tzinfo=UTC)


def firing(number: str, issued_at: str, *windows: tuple[str, str | None], named: bool = False) -> DangerArea:
    centre = Position(lat_e7=560000000, lon_e7=190000000)
    shape = Named(name="BR-42") if named else Circle(centre=centre, radius_m="10000")
    return DangerArea(
        title="Firing", author=WEST, issued_at=issued_at, number=number, activity_kind="missile",
        system="navigational_warning",
        areas=(Area(shape=shape),), windows=tuple(Window(start=a, end=b) for a, b in windows),
    )  # fmt: skip


def on_line(filed: Filed, *deliveries: Delivery) -> Filed:
    told = Told(
        not_before=NOON, not_before_clock="west", not_after=NOON, not_after_clock="east", author_clock=NOON
    )
    return Filed(notice=filed.notice, ref=filed.ref, told=told, deliveries=deliveries, from_line=True)


def test_lead_times_are_counted_against_the_norm_by_authority() -> None:
    early = filed_alone(firing("1", "2018-03-29T12:00Z", ("2018-04-04T06:00Z", "2018-04-04T18:00Z")), "early")
    late = filed_alone(firing("2", "2018-04-03T06:00Z", ("2018-04-04T06:00Z", "2018-04-04T18:00Z")), "late")
    (lead,) = figures_of([early, late], []).leads
    assert (lead.authority, lead.kind, lead.refs) == ("west", "danger_area", ("early", "late"))
    assert lead.hours == (138.0, 24.0)
    assert lead.median_h == 81.0
    assert (lead.norm_h, lead.late) == (72.0, 1)


def test_a_notam_stands_against_the_norm_for_airmen_wherever_it_lies() -> None:
    said = firing("1", "2018-03-29T12:00Z", ("2018-04-04T06:00Z", "2018-04-04T18:00Z"))
    notam = filed_alone(msgspec.structs.replace(said, system="notam"), "notam")
    figures = figures_of([notam], [])
    (lead,) = figures.leads
    assert (lead.norm_of, lead.norm_h, lead.late) == ("imo-navarea notam", 168.0, 1)
    [remark] = [row[3] for row in figure_rows(figures, area_times([notam], None), ()) if row[0] == "lead time"]
    assert remark.endswith("; unverified")


def test_what_is_dated_to_its_year_alone_has_no_lead_time() -> None:
    window = ("2018-04-04T06:00Z", "2018-04-04T18:00Z")
    yearly = filed_alone(firing("1", "2018", window), "yearly")
    daily = filed_alone(firing("2", "2018-03-29", window), "daily")
    (lead,) = figures_of([yearly, daily], []).leads
    assert (lead.refs, lead.undated, lead.median_h) == (("daily",), ("yearly",), 150.0)
    (alone,) = figures_of([yearly], []).leads
    assert (alone.hours, alone.median_h, alone.late) == ((), None, 0)
    for filed, words in (([yearly, daily], "1 more is not dated to a day"), ([yearly], "not dated to a day")):
        rows = figure_rows(figures_of(filed, []), area_times(filed, None), ())
        assert any(words in row[3] for row in rows)
        assert any("nobody looked" in row[3] for row in rows)


def test_a_line_is_shown_by_the_history_of_the_side_that_asks() -> None:
    line = Availability(line="baltic", party="east", hours={"open": 3.0, "silent": 1.0, "odd": 0.0}, total_h=4.0)
    new = Availability(line="baltic", party="south", hours={}, total_h=0.0)
    first, second = (row for row in figure_rows(figures_of([], []), (), (line, new)))
    assert first[1:] == (
        "baltic: east",
        "75.0 %",
        "by this side's own history: open line 3.0 h, silent 1.0 h, odd 0.0 h",
    )
    assert second[2] == "-"


def test_an_announcement_too_doubtful_for_a_notice_is_named_and_the_others_are_counted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    doubtful = {"type": "Feature", "geometry": None, "properties": {"id": "NW 3/18", "outcome": "doubtful"}}
    file = tmp_path / "areas.geojson"
    file.write_text(json.dumps({"type": "FeatureCollection", "features": [doubtful]}))
    assert main(["transparency", str(file), "--json"]) == 0
    captured = capsys.readouterr()
    assert json.loads(captured.out)["notices"] == 0
    assert "NW 3/18: too doubtful" in captured.err
    for properties in (None, {"outcome": "read"}):
        file.write_text(json.dumps({"features": [{**doubtful, "properties": properties}]}))
        assert main(["transparency", str(file)]) == 2
        assert "[0].properties.notice" in capsys.readouterr().err


def test_words_of_a_line_are_counted_once_each_with_their_speed() -> None:
    at = NOON + timedelta(hours=2)
    first = on_line(
        filed_alone(firing("1", "2018-03-29", ("2018-04-04", "2018-04-05")), "west/0"),
        Delivery(party="east", state="delivered", at=at, clock="east"),
        Delivery(party="east", state="read", at=at + timedelta(hours=2), clock="east"),
        Delivery(party="east", state="read", at=at + timedelta(hours=4), clock="east"),
    )
    second = on_line(
        filed_alone(firing("2", "2018-03-29", ("2018-04-04", None)), "west/1"),
        Delivery(party="east", state="delivered"),
    )
    alone = filed_alone(firing("3", "2018-03-29", ("2018-04-04", None)), "file")
    (known,) = acknowledged([first, second, alone])
    assert (known.author, known.recipient, known.notices) == ("west", "east", 2)
    assert known.counts == {"delivered": 2, "read": 1, "answered": 0}
    assert known.median_h == {"delivered": 2.0, "read": 5.0}


def test_a_change_after_the_start_is_counted_and_one_before_is_not() -> None:
    first = filed_alone(firing("1", "2018-03-29", ("2018-04-04T06:00Z", "2018-04-04T18:00Z")), "west/0")
    changes = [
        filed_alone(Cancellation(title="off", author=WEST, issued_at=at, cancels=of, reason="weather"), ref)
        for ref, at, of in (
            ("a", "2018-04-04T09:01Z", "west/0"),
            ("b", "2018-04-01", "west/0"),
            ("c", "2018-04-09", "x"),
        )
    ]
    (changed,) = changed_after_start([first, *changes], facts_of_record([first]))
    assert (changed.ref, changed.of) == ("a", "west/0")
    assert changed.after_start_h == pytest.approx(3.0, abs=0.02)


def test_declared_stands_beside_observed_and_what_was_reported_afterwards() -> None:
    def force(troops: int | None, **more: object) -> Force:
        return Force(state="DK", troops=troops, **more)  # type: ignore[arg-type]

    period = Period(start="2018-04-04", end="2018-04-09")
    plan = Exercise(
        title="X",
        author=WEST,
        activity_type="field_exercise",
        issued_at="2018-01-01",
        activity="x",
        period=period,
        forces=(force(1000), force(None)),
    )
    seen = Exercise(
        title="X", author=Party(id="east", name="East"), activity_type="field_exercise", issued_at="2018-04-05",
        activity="x", period=period,
        forces=(force(1500, basis="observed", claim=CLAIM, troops_at_most=1800),),
    )  # fmt: skip
    after = AfterReport(
        title="X",
        author=WEST,
        issued_at="2018-05-01",
        activity="x",
        reports_on="west/0",
        took_place=True,
        period=period,
        forces=(force(1200),),
    )
    quiet = Exercise(
        title="Y",
        author=WEST,
        activity_type="field_exercise",
        issued_at="2018-01-01",
        activity="y",
        period=period,
        forces=(force(10),),
    )
    loose = Exercise(
        title="Z",
        author=WEST,
        activity_type="field_exercise",
        issued_at="2018-01-01",
        period=period,
        forces=(force(10),),
    )
    rows = declared(
        [
            filed_alone(one, ref)
            for ref, one in (("p", plan), ("s", seen), ("a", after), ("q", quiet), ("l", loose))
        ]
    )
    assert len(rows) == 1
    assert (rows[0].declared, rows[0].observed, rows[0].reported) == (1000, (("s", 1800),), 1200)


def test_area_and_time_announced_against_time_seen() -> None:
    area = filed_alone(
        firing(
            "1",
            "2018-03-29",
            ("2018-04-04T06:00Z", "2018-04-04T18:00Z"),
            ("2018-04-05T06:00Z", "2018-04-05T18:00Z"),
            ("2018-04-07T06:00Z", None),
        ),
        "areas.geojson#1",
    )
    day = datetime(2018, 4, 4, tzinfo=UTC)
    visits = [
        Visit(area="1#2", entered=day + timedelta(hours=5), left=day + timedelta(hours=8)),
        Visit(area="1", entered=day + timedelta(hours=7), left=day + timedelta(hours=9)),
        Visit(area="2", entered=day + timedelta(hours=30), left=day + timedelta(hours=31)),
    ]
    (row,) = area_times([area], visits)
    assert row.area_km2 == pytest.approx(314.0, rel=0.01)
    assert (row.windows, row.windows_seen, row.open_windows) == (2, 1, 1)
    assert (row.active_h, row.seen_h) == (24.0, 3.0)
    assert row.announced_km2_h == pytest.approx(24.0 * (row.area_km2 or 0.0))
    (named,) = area_times(
        [filed_alone(firing("1", "2018-03-29", ("2018-04-04", "2018-04-05"), named=True), "n")], []
    )
    assert (named.area_km2, named.announced_km2_h) == (None, None)


def test_incidents_stand_with_their_exposure_and_interval() -> None:
    def one(at: str) -> Happening:
        return Happening(ref=at, at=stated(at), kind="incident")

    assert incidents([]) == ()
    rows = incidents([one("2014-03-01"), one("2014-09-01"), one("2016-01-05")])
    assert [(row.period, row.count) for row in rows] == [("2014", 2), ("2015", 0), ("2016", 1)]
    assert rows[0].rate_low < rows[0].rate < rows[0].rate_high
    half = incidents(
        [one("2014-09-01")], covered=(datetime(2014, 7, 1, tzinfo=UTC), datetime(2015, 1, 1, tzinfo=UTC))
    )
    assert [row.period for row in half] == ["2014"]
    assert half[0].rate == pytest.approx(1.985, abs=0.01)


def test_visits_are_read_strictly() -> None:
    text = "area,entered,left,mover\n1,2018-04-04T06:00:00.000Z,2018-04-04T07:00:00.000Z,x\n"
    assert read_visits(text, where="v.csv")[0].area == "1"
    with pytest.raises(ListMistake, match="columns"):
        read_visits("a,b\n1,2\n", where="v.csv")
    with pytest.raises(ListMistake, match=r"v\.csv:2"):
        read_visits("area,entered,left\n1,noon,later\n", where="v.csv")


def test_the_verb_shows_and_writes_the_figures(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    examples = Path(__file__).resolve().parents[2] / "examples" / "notices"
    names = sorted(str(one) for one in examples.glob("*.toml"))
    visits = tmp_path / "visits.csv"
    visits.write_text("area,entered,left\n1,2018-04-04T06:00Z,2018-04-04T07:00Z\n")
    page = tmp_path / "figures.html"
    assert main(["transparency", *names, "--seen", str(visits), "--report", str(page)]) == 0
    shown = capsys.readouterr().out
    assert "launch-1988 I: Launch of an ICBM or SLBM\t0 of 1" in shown
    assert "<script" not in page.read_text()
    assert main(["transparency", *names, "--json", "--from", "2018-01-01", "--to", "2019-01-01"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["methods"]["shares"] == "Clopper-Pearson"
    assert all(one["hours"] for one in document["leads"])
    assert main(["transparency", *names, "--language", "ru"]) == 0
    shown = capsys.readouterr().out
    assert "сообщено в срок" in shown
    assert not re.search(r"[a-z]_[a-z]", shown)
    assert "notice-to-mariners" not in shown
    assert main(["transparency", *names, "--from", "2019-01-01", "--to", "2018-01-01"]) == 2
    assert "--to" in capsys.readouterr().err
    assert main(["transparency", *names, "--from", "2029-01-01"]) == 0


def test_a_cancellation_after_the_start_and_troops_seen_are_shown_to_people() -> None:
    period = Period(start="2018-04-04", end="2018-04-09")
    plan = Exercise(
        title="X", author=WEST, activity_type="field_exercise", issued_at="2018-01-01", activity="x", period=period,
        forces=(Force(state="DK", troops=1000),),
    )  # fmt: skip
    stopped = Cancellation(title="X", author=WEST, issued_at="2018-04-06", cancels="plan", reason="weather")
    figures = figures_of([filed_alone(plan, "plan"), filed_alone(stopped, "stop")], [])
    assert [(one.ref, one.of) for one in figures.changed] == [("stop", "plan")]
    kept = figures_of([filed_alone(plan, "plan")], [])
    assert any(row[1] == "stop > plan" for row in figure_rows(figures, (), ()))
    assert figure_rows(kept, (), ())
    unknown = Filed(notice=plan, ref="unknown")
    assert figures_of([unknown], [], (NOON, None)).leads == ()
    assert _is_within(unknown, (NOON, None))
    assert _is_undated(None) is False


def test_two_areas_of_one_text_are_one_announcement_and_alternate_windows_add_nothing(tmp_path: Path) -> None:
    notice = firing("1", "2018-03-29", ("2018-04-04T06:00Z", "2018-04-04T18:00Z"))
    spare = Window(start="2018-04-05T06:00Z", end="2018-04-05T18:00Z", alternate=True)
    notice = msgspec.structs.replace(notice, windows=(*notice.windows, spare))
    (row,) = area_times([filed_alone(notice, "1")], [])
    assert (row.windows, row.active_h) == (1, 12.0)
    checked, faults = check(notice)
    assert (checked is not None, faults) == (True, [])
    (feature,) = features_of(checked)["features"]  # type: ignore[arg-type]
    (tmp_path / "areas.geojson").write_text(json.dumps({"features": [feature, feature]}))
    filed, doubtful = read_files([str(tmp_path / "areas.geojson")])
    assert (len(filed), doubtful) == (1, [])


def test_an_area_until_further_notice_is_not_called_no_area_at_all() -> None:
    notice = firing("1", "2018-03-29", ("2018-04-04T06:00Z", "2018-04-04T18:00Z"))
    open_end = msgspec.structs.replace(notice, windows=(Window(start="2018-04-04T06:00Z"),))
    both = msgspec.structs.replace(notice, windows=(*notice.windows, *open_end.windows))
    rows = figure_rows(
        figures_of([], []), area_times([filed_alone(one, "1") for one in (open_end, both)], None), ()
    )
    assert rows[0][2] == "-"
    assert "1 window without a start or an end is not counted" in rows[0][3]
    assert rows[1][2].startswith("more than ")


def test_a_page_of_nothing_has_no_chart() -> None:
    nothing = transparency_page(figures_of([], []), (), ())
    assert 'class="share"' not in nothing
    assert 'class="bars"' not in nothing


def test_declared_and_observed_stand_in_one_row() -> None:
    declared_row = Declared(activity="x", state="DK", declared=None, observed=(("e", 12),), reported=None)
    figures = msgspec.structs.replace(figures_of([], []), declared=(declared_row,))
    ((_, of, value, remark),) = figure_rows(figures, (), ())
    assert (of, value) == ("x DK", "declared -")
    assert "12 (e)" in remark
