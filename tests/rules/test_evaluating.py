"""Verdicts: who owes what to whom, and why not.

Goal: what is not stated decides nothing, and what was not signed is never owed. Method: small agreements and plans.
"""

from __future__ import annotations

from datetime import date

import pytest

from detente.rules import shelf
from detente.rules.evaluating import evaluate
from detente.rules.facts import Facts, Place
from detente.rules.spans import exactly
from detente.rules.standing import Standing
from detente.rules.trigger import in_zone
from detente.rules.verdict import Outcome, Reason
from tests.rules.plans import CLAUSE, MINSK, agreement_of, at, plan, span, telling, verdict

VD11 = shelf.agreement("vd11")
INCSEA = shelf.agreement("incsea-1972")
TROOPS = """
thresholds = [
  { metric = "troops", op = ">=", value = 100 },
  { metric = "battle_tanks", op = ">=", value = 10 },
]
"""


def judge(facts: Facts, **parts: str):
    [[judged]] = evaluate([facts], [agreement_of(**parts)])
    return judged.verdicts[0]


def test_any_threshold_is_enough_and_none_crossed_with_one_unknown_is_open() -> None:
    clause = CLAUSE + TROOPS
    assert judge(plan(values={"troops": 100}), clause=clause).outcome is Outcome.OWED
    open_ = judge(plan(values={"troops": 99}), clause=clause)
    assert (open_.outcome, open_.missing) == (Outcome.UNDECIDABLE, ("battle_tanks",))
    assert judge(plan(values={"troops": 99, "battle_tanks": 9}), clause=clause).reason is Reason.BELOW


def test_all_thresholds_need_all_and_one_below_is_enough_not_to() -> None:
    clause = CLAUSE + 'combine = "all"\n' + TROOPS
    assert judge(plan(values={"troops": 100, "battle_tanks": 10}), clause=clause).outcome is Outcome.OWED
    assert judge(plan(values={"troops": 99}), clause=clause).reason is Reason.BELOW
    assert judge(plan(values={"troops": 100}), clause=clause).missing == ("battle_tanks",)


def test_numbers_known_as_ranges_decide_where_both_ends_agree() -> None:
    clause = CLAUSE + 'thresholds = [{ metric = "troops", op = ">=", value = 100 }]\n'
    assert judge(plan(ranges={"troops": (100, None)}), clause=clause).crossed[0].value == 100
    assert judge(plan(ranges={"troops": (50, 99)}), clause=clause).below[0].value == 99
    assert judge(plan(ranges={"troops": (50, 150)}), clause=clause).outcome is Outcome.UNDECIDABLE
    assert judge(plan(ranges={"troops": (50, None)}), clause=clause).outcome is Outcome.UNDECIDABLE
    upper = CLAUSE + 'shrinks = "so"\nrequires = [{ fact = "troops", op = "<=", value = 100 }]\n'
    assert judge(plan(ranges={"troops": (50, 100)}), clause=upper).outcome is Outcome.OWED
    assert judge(plan(ranges={"troops": (101, None)}), clause=upper).reason is Reason.CONDITION
    assert judge(plan(ranges={"troops": (50, None)}), clause=upper).missing == ("troops",)
    below = CLAUSE + 'shrinks = "so"\nthresholds = [{ metric = "troops", op = "<", value = 100 }]\n'
    assert judge(plan(ranges={"troops": (50, 99)}), clause=below).crossed[0].value == 99
    assert judge(plan(ranges={"troops": (100, 150)}), clause=below).below[0].value == 100


def test_what_a_threshold_needs_must_be_known_only_where_the_number_crosses() -> None:
    clause = (
        CLAUSE
        + 'thresholds = [{ metric = "battle_tanks", op = ">=", value = 10, '
        + 'needs = [{ fact = "divisional_structure", op = "=", value = true }] }]\n'
    )
    assert judge(plan(values={"battle_tanks": 9}), clause=clause).reason is Reason.BELOW
    assert judge(plan(values={"battle_tanks": 10}), clause=clause).missing == ("divisional_structure",)
    idle = judge(plan(values={"divisional_structure": False}), clause=clause)
    assert (idle.outcome, idle.below) == (Outcome.NOT_OWED, ())
    every = clause + 'combine = "all"\n'
    assert judge(plan(values={"divisional_structure": False}), clause=every).outcome is Outcome.NOT_OWED


def test_a_condition_that_fails_decides_whatever_else_is_unknown() -> None:
    clause = CLAUSE + 'requires = [{ fact = "single_command", op = "=", value = true }]\n' + TROOPS
    found = judge(plan(values={"single_command": False}), clause=clause)
    assert (found.reason, found.failed) == (Reason.CONDITION, "single_command")
    assert judge(plan(values={"troops": 100}), clause=clause).missing == ("single_command",)
    assert judge(plan(values={}), clause=clause).missing == ("single_command", "troops", "battle_tanks")


def test_words_are_of_a_list_or_not() -> None:
    clause = CLAUSE + 'requires = [{ fact = "state", op = "not in", value = ["RU"] }]\n'
    assert judge(plan(), clause=clause).outcome is Outcome.OWED
    assert judge(plan(state="RU"), clause=clause).reason is Reason.CONDITION
    assert judge(plan(state=""), clause=clause).missing == ("state",)


def test_a_plan_of_another_kind_is_not_asked() -> None:
    found = judge(plan(kind="readout"))
    assert (found.outcome, found.reason) == (Outcome.NOT_OWED, Reason.OTHER_KIND)


def test_a_state_that_did_not_sign_is_asked_by_a_norm_and_signatories_owe_it_nothing() -> None:
    assert judge(plan(state="SE")).reason is Reason.NOT_A_PARTY
    owed = judge(plan(asked=("SE", "LV")))
    assert owed.outcome is Outcome.OWED
    assert owed.to == ("LV", "RU")
    assert owed.norm_to == ("SE",)
    [[judged]] = evaluate([plan()], [agreement_of()], concerned=("FI", "BY"))
    assert judged.verdicts[0].norm_to == ("FI",)


def test_the_baltic_firing_owes_latvia_and_sweden_nothing() -> None:
    firing = plan(
        "2018-04-04T06:00:00", kind="danger_area", state="RU", asked=("LV", "SE"), values={"place": "sea"}
    )
    [judged] = evaluate([firing], [INCSEA])
    found = verdict(judged, "incsea-1972", "notice-to-mariners")
    assert found.to == ("US",)
    assert found.norm_to == ("LV", "SE")


def test_an_agreement_binds_between_its_days() -> None:
    before = judge(plan("1999-09-14T00:00:00"))
    assert (before.outcome, before.reason, before.told) == (Outcome.NORM, Reason.NOT_IN_FORCE, None)
    ended = judge(plan("2018-01-01T00:00:00"), head="until = 2018-01-01\n")
    assert ended.reason is Reason.NOT_IN_FORCE
    assert judge(plan("2017-12-31T23:59:59"), head="until = 2018-01-01\n").outcome is Outcome.OWED


def test_the_only_party_owes_nobody() -> None:
    parties = '[[parties]]\nstates = ["BY"]\nsince = 2000-01-01\nverified = "unverified"\nsource = "x"\n'
    found = judge(plan(), parties=parties)
    assert (found.outcome, found.reason) == (Outcome.NORM, Reason.NOBODY_ELSE)


def test_without_a_start_a_state_or_one_asked_nothing_is_decided() -> None:
    assert judge(plan(None)).missing == ("start",)
    assert judge(plan(state="")).missing == ("state",)
    assert judge(plan(state="", states=("BY", "SE"))).by == ("BY",)
    clause = CLAUSE.replace('to = "parties"', 'to = "asker"\nowed_by = "asked"')
    assert judge(plan(), clause=clause).missing == ("asked",)
    assert judge(plan(asked=("BY",)), clause=clause).missing == ("asked",)  # nobody asks itself
    found = judge(plan(asked=("RU",)), clause=clause)
    assert (found.by, found.to) == (("RU",), ("BY",))
    nobody = judge(plan(state="", asked=("RU",)), clause=clause)
    assert nobody.reason is Reason.NOBODY_ELSE


def test_a_plan_without_a_start_is_dated_by_its_request_or_its_telling() -> None:
    requested = plan(None, requested=span("2017-01-01T00:00Z"))
    assert judge(requested).outcome is Outcome.OWED
    told = judge(plan(None, told=telling("2017-01-01T00:00:00")))
    assert told.outcome is Outcome.OWED
    assert told.told is not None
    assert told.told.why == "no_due"


def test_what_a_party_says_of_not_carrying_it_out_is_shown_and_changes_nothing() -> None:
    exchange = Facts(ref="x", kind="annual_exchange", state="RU", year=2024)
    [judged] = evaluate([exchange], [VD11])
    found = verdict(judged, "vd11", "annual-exchange")
    assert found.outcome is Outcome.OWED
    assert [one.since for one in found.suspensions] == [date(2023, 1, 16)]
    [judged] = evaluate([Facts(ref="x", kind="annual_exchange", state="RU", year=2022)], [VD11])
    assert verdict(judged, "vd11", "annual-exchange").suspensions == ()


def test_a_suspension_ends() -> None:
    suspension = """
[[suspensions]]
state = "BY"
since = 2017-01-01
until = 2018-01-01
clauses = ["only"]
verified = "unverified"
source = "x"
text = { en = "x", ru = "x" }
"""
    assert judge(plan(), more=suspension).suspensions
    assert not judge(plan("2018-02-01T00:00:00"), more=suspension).suspensions


def test_a_state_with_a_known_later_day_was_no_party_and_one_not_named_may_be() -> None:
    standing = Standing(shelf.agreement("hcoc"))
    assert standing.bound("IN", at("2015-01-01T00:00:00")) == "not_a_party"
    assert standing.bound("IN", at("2017-01-01T00:00:00")) == "party"
    assert standing.bound("UY", at("2017-01-01T00:00:00")) == "unknown"
    assert standing.bound("CN", at("2017-01-01T00:00:00")) == "not_a_party"
    assert standing.parties(at("1990-01-01T00:00:00")) == ()
    ended = Standing(shelf.agreement("stockholm-1986"))
    assert "SU" in ended.parties(at("1990-12-31T00:00:00"))
    assert ended.parties(at("1991-01-01T00:00:00")) == ()


@pytest.mark.parametrize(
    ("place", "inside"),
    [
        (MINSK[0], True),
        (Place(51.0, 117.0), False),  # Chita
        (Place(56.8, 60.6), None),  # Yekaterinburg, on the edge
        (Place(64.1, -21.9), None),  # Reykjavik
        (Place(38.9, -77.0), False),  # Washington
    ],
)
def test_the_zone_says_what_surely_lies_in_it_and_what_may(place: Place, inside: bool | None) -> None:
    assert VD11.zone is not None
    assert in_zone(VD11.zone, (place,)) is inside


def test_without_a_place_the_zone_is_open_and_one_place_in_it_is_enough() -> None:
    assert VD11.zone is not None
    assert in_zone(VD11.zone, ()) is None
    assert in_zone(VD11.zone, (Place(51.0, 117.0), *MINSK)) is True
    [judged] = evaluate([plan(places=(), values={"troops": 9000, "single_command": True})], [VD11])
    assert verdict(judged, "vd11", "notify-land").missing == ("area",)


def test_a_reply_tells_what_the_asked_state_owes_and_a_strangers_does_not() -> None:
    request = plan(
        None,
        ref="ask",
        kind="unusual_activity_request",
        state="LV",
        asked=("BY",),
        requested=exactly(at("2022-02-10T10:00:00")),
        values={"subject": "explanation"},
    )
    late = telling("2022-02-12T11:00:00", author="by")
    reply = Facts(ref="reply", kind="unusual_activity_answer", state="BY", answers=("ask",), told=late)
    other = Facts(
        ref="other",
        kind="unusual_activity_answer",
        state="RU",
        answers=("ask",),
        told=telling("2022-02-10T11:00:00"),
    )
    silent = Facts(ref="silent", kind="unusual_activity_answer", state="BY", answers=("ask",))
    judged = evaluate([request, silent, other, reply], [VD11])
    told = verdict(judged[0], "vd11", "unusual-activity-reply").told
    assert told is not None
    assert (told.outcome, told.late_by_s) == ("late", 3600)


def test_an_invitation_belongs_to_its_activity() -> None:
    exercise = plan(activity="storm", values={"troops": 13000, "single_command": True})
    invitation = Facts(
        ref="invite", kind="visit_request", state="BY", activity="storm", told=telling("2017-07-01T00:00:00")
    )
    judged = evaluate([exercise, invitation], [VD11])
    told = verdict(judged[0], "vd11", "observe-land").told
    assert told is not None
    assert told.outcome == "met"


def test_a_calendar_tells_what_it_lists_by_slug_or_by_name() -> None:
    exercise = plan(name="Zapad-2017", values={"troops": 9000, "single_command": True})

    def told(**line: str) -> str:
        listed = Facts(ref="", kind="exercise", **line)  # type: ignore[arg-type]
        calendar = Facts(
            ref="calendar",
            kind="calendar",
            state="BY",
            year=2017,
            planned=(listed,),
            told=telling("2016-11-10T00:00:00"),
        )
        judged = evaluate([exercise, calendar], [VD11])
        found = verdict(judged[0], "vd11", "calendar-entry").told
        assert found is not None
        return found.outcome

    assert told(name="ZAPAD 17") == "met"
    assert told(name="Vostok") == "missing"
    assert told(name="") == "missing"
    assert told(name="", activity="zapad") == "missing"
    exercise = plan(name="x", activity="zapad", values={"troops": 9000, "single_command": True})
    assert told(name="y", activity="zapad") == "met"
    assert told(name="x", activity="storm") == "missing"


def test_a_calendar_says_nothing_about_a_plan_without_a_date() -> None:
    clause = CLAUSE + 'told_by = ["calendar"]\n'
    found = judge(plan(None, requested=span("2017-01-01T00:00Z")), clause=clause)
    assert found.told is not None
    assert found.told.outcome == "missing"


def test_a_launch_announced_23_hours_ahead_is_late_by_one() -> None:
    launch = plan(
        "2019-07-24T06:00:00",
        kind="launch",
        state="RU",
        values={"launch_class": "icbm"},
        told=telling("2019-07-23T07:00:00", clock="author"),
    )
    [judged] = evaluate([launch], [shelf.agreement("launch-1988")])
    told = verdict(judged, "launch-1988", "launch").told
    assert told is not None
    assert (told.outcome, told.late_by_s) == ("late", 3600)
