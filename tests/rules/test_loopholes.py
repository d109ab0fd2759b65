"""Flags: what deserves a question, with its cut-offs.

Goal: the known tricks are seen, honest plans are not. Method: plans around each cut-off.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from detente.rules import shelf
from detente.rules.evaluating import evaluate
from detente.rules.facts import Facts, Place
from detente.rules.loopholes import Finding, Flag, findings
from detente.rules.settings import Settings
from tests.rules.plans import MINSK, at, plan, telling

VD11 = shelf.agreement("vd11")
STOCKHOLM = shelf.agreement("stockholm-1986")


def flagged(*plans: Facts, now: datetime | None = None, **cutoffs: int) -> list[Finding]:
    judged = evaluate(plans, [VD11, STOCKHOLM], now=now)
    return findings(plans, judged, Settings(**cutoffs), now=now)


def flags(*plans: Facts, now: datetime | None = None, **cutoffs: int) -> list[str]:
    return [one.flag.value for one in flagged(*plans, now=now, **cutoffs)]


def exercise(ref: str, start: str, troops: int, **more: Any) -> Facts:
    values = {"troops": troops, "battle_tanks": 0, "armoured_combat_vehicles": 0, "artillery_pieces": 0}
    return plan(start, ref=ref, **{"values": {**values, "single_command": True}, **more})


WEST = exercise("west", "2017-09-14T00:00:00", 7200, name="Zapad-2017")
EAST = exercise("east", "2017-09-14T00:00:00", 5500, name="ZAPAD 2017", state="RU", places=(Place(55.9, 29.2),))


def test_two_national_plans_of_zapad_are_a_possible_split() -> None:
    found = flagged(WEST, EAST)
    assert [one.flag.value for one in found] == ["possible_split", "sub_division"]
    split = found[0]
    assert (split.metric, split.value, split.limit) == ("troops", 12700, 9000)
    assert split.refs == ("east", "west")
    assert split.shared == ("name",)
    assert split.clauses == (("vd11", "calendar-entry"), ("vd11", "notify-land"))
    assert split.cutoffs == {"split_gap_days": 14, "split_distance_km": 300}


def test_zapad_as_one_plan_is_just_under_by_three_hundred() -> None:
    [found] = flagged(exercise("one", "2017-09-14T00:00:00", 12700))
    assert (found.flag, found.limit - found.value) == (Flag.NEAR_THRESHOLD, 300)
    assert found.clauses == (("vd11", "observe-land"),)


def test_a_split_ends_with_the_gap_with_the_distance_and_without_anything_in_common() -> None:
    def second(start: str = "2017-09-30T00:00:00", **more: Any) -> Facts:
        return exercise("east", start, 5500, **{"state": "BY", "name": "Other", **more})

    assert flags(WEST, second("2017-10-04T00:00:00")) == ["possible_split"]
    assert flags(WEST, second("2017-10-04T00:00:01")) == []
    assert flags(WEST, second("2017-10-04T00:00:01"), split_gap_days=15) == ["possible_split"]
    far = second(places=(Place(53.9, 33.0),))  # 354 km
    assert flags(WEST, far) == []
    assert flags(WEST, far, split_distance_km=360) == ["possible_split"]
    assert flags(WEST, second(state="RU", name="Other")) == []
    assert flags(WEST, second(state="RU", activity="x")) == []
    near = {"state": "RU", "name": ""}
    commanded = exercise("west", "2017-09-14T00:00:00", 7200, command="Joint HQ", formations=("4th Guards",))
    assert "possible_split" in flags(commanded, second(**near, command="JOINT HQ"))
    assert "possible_split" in flags(commanded, second(**near, formations=("4th guards",)))


def test_without_a_place_only_more_than_a_common_state_joins() -> None:
    nowhere = exercise("east", "2017-09-15T00:00:00", 5500, places=())
    assert flags(exercise("west", "2017-09-14T00:00:00", 7200), nowhere) == []
    named = exercise("east", "2017-09-15T00:00:00", 5500, places=(), name="Zapad")
    assert flags(WEST, named) == ["possible_split"]


def test_a_chain_through_a_year_is_not_added_up() -> None:
    chain = [
        exercise(f"{number:02}", (at("2017-01-02T00:00:00") + timedelta(days=18 * number)).isoformat()[:19], 2000)
        for number in range(12)
    ]
    assert flags(*chain) == []
    crowd = [exercise(f"{number:02}", "2017-01-02T00:00:00", 2000) for number in range(5)]
    assert flags(*crowd) == ["possible_split"]


def test_a_member_that_crosses_by_itself_is_no_split_and_one_metric_may_be() -> None:
    assert "possible_split" not in flags(exercise("big", "2017-09-14T00:00:00", 9000), EAST)
    tanks = [
        plan("2017-09-14T00:00:00", ref=ref, values={"battle_tanks": 125, "single_command": True}) for ref in "ab"
    ]
    [found] = [one for one in flagged(*tanks) if one.flag is Flag.POSSIBLE_SPLIT]
    assert (found.metric, found.value, found.limit) == ("battle_tanks", 250, 250)


def test_states_that_are_bound_by_nothing_are_not_asked() -> None:
    abroad = [exercise(ref, "2017-09-14T00:00:00", 8999, state="CN") for ref in "ab"]
    assert flags(*abroad) == []


@pytest.mark.parametrize(("troops", "near"), [(8099, 0), (8100, 1), (8999, 1), (9000, 0), (11699, 0), (11700, 1)])
def test_just_under_is_nine_tenths_up_to_the_threshold(troops: int, near: int) -> None:
    assert flags(exercise("one", "2017-09-14T00:00:00", troops)).count("near_threshold") == near


def test_just_under_a_threshold_that_must_be_passed_counts_to_the_first_that_passes_it() -> None:
    found = [
        one for one in flagged(exercise("one", "2017-09-14T00:00:00", 40000)) if one.flag is Flag.NEAR_THRESHOLD
    ]
    assert [(one.value, one.limit, one.clauses) for one in found] == [
        (40000, 40001, (("vd11", "constrain-advance"),))
    ]


def test_nobody_is_near_a_document_of_another_time() -> None:
    found = flagged(exercise("one", "1987-09-14T00:00:00", 12700, state="GB"))
    assert {one.clauses[0][0] for one in found} == {"stockholm-1986"}
    assert flags(plan(None, kind="exercise", values={"troops": 8999})) == []


def alert(ref: str, start: str | None, **more: Any) -> Facts:
    return plan(start, ref=ref, **{"values": {"alert_without_notice": True}, **more})


def test_an_alert_that_was_announced_planned_or_frequent_is_doubted() -> None:
    told = telling("2018-09-10T12:00:00")
    [found] = flagged(alert("a", "2018-09-11T00:00:00", told=told))
    assert (found.flag, found.value) == (Flag.ALERT_ANNOUNCED, 12)
    assert flags(alert("a", "2018-09-11T00:00:00", told=told), alert_notice_hours=12) == []
    assert flags(alert("a", "2018-09-11T00:00:00", told=telling("2018-09-11T00:00:00"))) == []
    listed = Facts(ref="", kind="exercise", name="Storm")
    calendar = Facts(ref="c", kind="calendar", state="BY", year=2018, planned=(listed,))
    assert flags(alert("a", "2018-09-11T00:00:00", name="Storm-18"), calendar) == ["alert_planned"]
    own_word = {"alert_without_notice": True, "in_calendar": True}
    assert flags(alert("a", "2018-09-11T00:00:00", values=own_word)) == ["alert_planned"]
    often = [alert("a", "2018-07-01T00:00:00"), alert("b", "2018-09-30T00:00:00")]
    assert [(one.flag, one.value) for one in flagged(*often)] == [(Flag.ALERTS_OFTEN, 2)]
    assert flags(*often, alerts_per_quarter=2) == []
    assert flags(alert("a", "2018-06-30T00:00:00"), alert("b", "2018-07-01T00:00:00")) == []
    assert flags(alert("a", None)) == []


def test_outside_the_calendar_needs_a_calendar_of_that_year() -> None:
    big = exercise("big", "2017-09-14T00:00:00", 9000, name="Zapad-2017")
    empty = Facts(ref="c", kind="calendar", state="BY", year=2017)
    assert flags(big) == []
    assert flags(big, empty) == ["outside_calendar"]
    assert flags(big, empty, now=at("2016-01-01T00:00:00")) == []
    holding = Facts(
        ref="c",
        kind="calendar",
        state="BY",
        year=2017,
        planned=(Facts(ref="", kind="exercise", name="Zapad"),),
        told=telling("2016-11-01T00:00:00"),
    )
    assert flags(big, holding) == []


def area(ref: str, *windows: tuple[str, str | None], **more: Any) -> Facts:
    spans = tuple((at(start), at(end) if end else None) for start, end in windows)
    return Facts(ref=ref, kind="danger_area", author="fleet", state="RU", windows=spans, outline="x", **more)


def test_the_same_area_for_months_is_flagged_by_the_days_it_covers() -> None:
    first = area("a", ("2018-01-01T06:00:00", "2018-01-31T18:00:00"))
    second = area("b", ("2018-01-20T06:00:00", "2018-03-02T00:00:00"))
    [found] = flagged(first, second)
    assert (found.flag, found.value, found.refs) == (Flag.BLANKET_AREA, 60, ("a", "b"))
    assert flags(first) == []
    inner = area("c", ("2018-01-10T00:00:00", "2018-01-12T00:00:00"))
    assert [one.value for one in flagged(first, second, inner)] == [60]
    daily = [(f"2018-01-{day:02}T06:00:00", f"2018-01-{day:02}T07:00:00") for day in range(1, 31)]
    assert flags(area("a", *daily), blanket_days=30) == ["blanket_area"]
    assert flags(area("a", *daily), blanket_days=31) == []


def test_an_open_end_runs_to_now_or_not_at_all() -> None:
    endless = area("a", ("2018-01-01T00:00:00", None))
    assert flags(endless) == []
    assert flags(endless, now=at("2018-03-02T00:00:00")) == ["blanket_area"]
    backwards = area("a", ("2018-01-02T00:00:00", "2018-01-01T00:00:00"))
    assert flags(backwards, blanket_days=1) == []


def test_quotas_are_counted_by_the_calendar_year_and_at_one_time() -> None:
    def large(number: int, start: str, **more: Any) -> Facts:
        return exercise(f"{number}", start, 20000, places=(Place(53.9, 20.0 + 6 * number),), **more)

    spread = [large(number, f"2017-{2 * number + 1:02}-01T00:00:00") for number in range(5)]
    assert "quota_used_up" not in flags(*spread)
    six = [*spread, large(5, "2017-12-01T00:00:00")]
    found = [one for one in flagged(*six) if one.flag is Flag.QUOTA_USED_UP]
    assert [(one.clauses, one.value, one.limit) for one in found] == [((("vd11", "constrain-13000"),), 6, 6)]
    moved = [*spread, large(5, "2018-01-01T00:00:00")]
    assert "quota_used_up" not in flags(*moved)
    together = [large(number, "2017-05-01T00:00:00") for number in range(3)]
    found = [one for one in flagged(*together) if one.flag is Flag.QUOTA_USED_UP]
    assert [one.clauses for one in found] == [(("vd11", "constrain-simultaneous"),)]
    huge = [exercise(f"{year}", f"{year}-05-01T00:00:00", 50000) for year in (2015, 2017)]
    found = [
        one
        for one in flagged(*huge)
        if one.clauses == (("vd11", "constrain-40000"),) and one.flag is Flag.QUOTA_USED_UP
    ]
    assert [(one.value, one.limit) for one in found] == [(1, 1), (2, 1)]
    endless = exercise("e", "2017-05-01T00:00:00", 50000)
    open_ended = Facts(**{**{name: getattr(endless, name) for name in endless.__struct_fields__}, "end": None})
    assert "quota_used_up" in flags(open_ended)


def test_the_order_of_plans_changes_nothing() -> None:
    plans = [WEST, EAST, exercise("third", "2017-09-20T00:00:00", 8500, places=MINSK)]
    assert flagged(*plans) == flagged(*reversed(plans))
