"""Requests and their answers as an agreement's file describes them.

Goal: what is due after a request, and what has become late, follows from entries and a time alone.
"""

from __future__ import annotations

from datetime import datetime

from detente.rules import shelf
from detente.rules.facts import Facts
from detente.rules.procedures import Event, Progress, follow, progresses
from detente.rules.spans import exactly
from tests.rules.plans import at, telling

VD11 = shelf.agreement("vd11")
UNUSUAL, INSPECTION, EVALUATION, OBSERVATION = VD11.procedures


def event(on: str, moment: str) -> Event:
    return Event(on=on, telling=telling(moment), reached=exactly(at(moment)))


def unusual(*events: Event, now: str | None = None) -> Progress:
    return follow(VD11, UNUSUAL, events, now=at(now) if now else None)


REQUEST = event("request", "2022-02-10T10:00:00")


def test_a_request_waits_48_hours_for_its_reply_and_is_then_late() -> None:
    waiting = unusual(REQUEST, now="2022-02-12T10:00:00")
    assert (waiting.state, waiting.is_final) == ("requested", False)
    [due] = waiting.dues
    assert due.due == exactly(at("2022-02-12T10:00:00"))
    assert due.told.outcome == "open"
    [due] = unusual(REQUEST, now="2022-02-12T10:00:01").dues
    assert due.told.outcome == "missing"


def test_a_reply_in_time_then_satisfaction_settles_it() -> None:
    done = unusual(event("satisfied", "2022-02-12T00:00:00"), event("reply", "2022-02-11T10:00:00"), REQUEST)
    assert (done.state, done.is_final) == ("settled", True)
    assert [state for _, state in done.taken] == ["requested", "replied", "settled"]
    assert done.dues[0].told.outcome == "met"


def test_an_unanswered_request_leads_to_a_meeting_in_48_hours() -> None:
    asked = event("meeting_request", "2022-02-12T12:00:00")
    waiting = unusual(REQUEST, asked, now="2022-02-13T00:00:00")
    assert waiting.state == "meeting_requested"
    assert [one.told.outcome for one in waiting.dues] == ["missing", "open"]
    held = unusual(REQUEST, asked, event("meeting_held", "2022-02-14T13:00:00"))
    assert (held.state, held.is_final) == ("held", True)
    assert held.dues[1].told.outcome == "late"
    assert held.dues[1].told.late_by_s == 3600
    late_reply = unusual(REQUEST, asked, event("reply", "2022-02-12T13:00:00"))
    assert late_reply.state == "meeting_requested"
    assert late_reply.dues[0].told.late_by_s == 3 * 3600
    refused = unusual(REQUEST, asked, event("refusal", "2022-02-12T13:00:00"))
    assert (refused.state, refused.is_final) == ("meeting_refused", True)


def test_what_no_step_takes_changes_nothing_and_is_named() -> None:
    strange = unusual(event("reply", "2022-02-09T00:00:00"), REQUEST)
    assert strange.state == "requested"
    assert strange.out_of_turn == ("told",)
    assert strange.dues[0].told.outcome == "missing"
    assert unusual().state == "none"


def test_an_inspection_is_answered_in_a_day_and_reported_in_two_weeks() -> None:
    events = [event("request", "2019-05-03T06:00:00"), event("reply", "2019-05-04T07:00:00")]
    end = exactly(at("2019-05-08T06:00:00"))
    going = follow(VD11, INSPECTION, events, end=end, now=at("2019-05-10T00:00:00"))
    assert going.state == "accepted"
    assert [one.told.outcome for one in going.dues] == ["late", "open"]
    assert going.dues[1].due == exactly(at("2019-05-22T06:00:00"))
    done = follow(VD11, INSPECTION, [*events, event("report", "2019-05-20T00:00:00")], end=end)
    assert (done.state, done.dues[1].told.outcome) == ("reported", "met")
    refused = follow(VD11, INSPECTION, [events[0], event("refusal", "2019-05-03T08:00:00")])
    assert (refused.is_final, refused.dues[0].told.outcome) == (True, "met")


def notice(ref: str, kind: str, moment: str | None, **more: object) -> Facts:
    told = telling(moment) if moment else None
    reached = exactly(at(moment)) if moment else None
    return Facts(ref=ref, kind=kind, told=told, requested=reached, **more)  # type: ignore[arg-type]


def followed(*plans: Facts, now: datetime | None = None) -> list[Progress]:
    return progresses(plans, [VD11, shelf.agreement("launch-1988")], now=now)


def test_notices_are_joined_by_what_they_answer_and_by_their_activity() -> None:
    ask = notice(
        "ask", "unusual_activity_request", "2022-02-10T10:00:00", values={"subject": "explanation"}, activity="u"
    )
    answer = notice("answer", "unusual_activity_answer", "2022-02-11T10:00:00", answers=("ask",))
    meet = notice(
        "meet", "unusual_activity_request", "2022-02-12T10:00:00", values={"subject": "meeting"}, activity="u"
    )
    record = notice("record", "contact_record", "2022-02-13T10:00:00", activity="u")
    readout = notice("readout", "readout", "2022-02-13T11:00:00", activity="u")
    [found] = followed(ask, answer, meet, record, readout)
    assert [ref for ref, _ in found.taken] == ["told"] * 4
    assert found.state == "held"
    assert [one.told.outcome for one in found.dues] == ["met", "met"]


def test_visits_follow_their_own_procedures() -> None:
    values = {"subject": "inspection", "invitation": False}
    ask = notice("ask", "visit_request", "2019-05-03T06:00:00", values=values)
    refusal = notice("no", "visit_reply", "2019-05-03T07:00:00", answers=("ask",), values={"decision": "refused"})
    invited = notice(
        "come", "visit_request", "2019-05-03T06:00:00", values={"subject": "observation", "invitation": True}
    )
    coming = notice(
        "yes", "visit_reply", "2019-05-04T07:00:00", answers=("come",), values={"decision": "accepted"}
    )
    seen = notice("seen", "visit_report", "2019-06-04T07:00:00", answers=("come",), values={})
    weighed = notice("ev", "visit_request", "2019-05-03T06:00:00", values={**values, "subject": "evaluation"})
    silent = notice("unsaid", "visit_request", None, values=values)
    found = {
        (one.procedure.id, one.state) for one in followed(ask, refusal, invited, coming, seen, weighed, silent)
    }
    assert found == {
        ("inspection", "refused"),
        ("observation", "done"),
        ("evaluation", "requested"),
        ("inspection", "none"),
    }


def test_what_begins_nothing_follows_nothing() -> None:
    assert followed(notice("x", "exercise", "2022-02-10T10:00:00", activity="u")) == []
    stray = notice(
        "stray", "visit_reply", "2019-05-03T07:00:00", answers=("nothing",), values={"decision": "refused"}
    )
    assert followed(stray) == []
    assert OBSERVATION.final == ("done", "declined")
    assert EVALUATION.begin == "none"
