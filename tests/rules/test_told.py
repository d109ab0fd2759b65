"""What was told against what was due, by whose clock.

Goal: nobody's own clock acquits it, nobody's clock convicts another, and a span that straddles decides nothing.
Method: a table of clocks and moments around one deadline.
"""

from __future__ import annotations

from datetime import timedelta

import pytest

from detente.rules.agreement import Deadline
from detente.rules.facts import Telling
from detente.rules.spans import Span, due, exactly
from detente.rules.told import compared
from detente.rules.verdict import ToldOutcome
from tests.rules.plans import at, span, telling

BEFORE = Deadline(kind="before_start", clock="activity", value=3, unit="d", desirable=5)
START = exactly(at("2018-04-04T06:00:00"))
DUE = exactly(at("2018-04-01T06:00:00"))


@pytest.mark.parametrize(
    ("moment", "clock", "outcome", "why"),
    [
        ("2018-03-29T06:00:00", "neutral", "met", ""),
        ("2018-04-01T06:00:00", "neutral", "met", ""),
        ("2018-04-01T06:00:00", "addressee", "met", ""),
        ("2018-04-01T06:00:00", "author", "undecidable", "author_clock"),
        ("2018-04-01T06:00:01", "neutral", "late", ""),
        ("2018-04-01T06:00:01", "author", "late", ""),
        ("2018-04-01T06:00:01", "addressee", "undecidable", "addressee_clock_late"),
        ("2018-04-01T06:00:00", "third", "undecidable", "other_clock"),
        ("2018-04-01T06:00:01", "third", "undecidable", "other_clock_late"),
    ],
)
def test_met_by_the_addressees_clock_or_a_neutrals_and_late_by_the_authors_or_a_neutrals(
    moment: str, clock: str, outcome: str, why: str
) -> None:
    told = compared(BEFORE, DUE, telling=telling(moment, clock=clock), start=START, now=None)
    assert (told.outcome, told.why) == (outcome, why)


def test_on_a_line_without_named_addressees_every_other_member_is_one() -> None:
    said = telling("2018-04-01T06:00:00", clock="somebody", addressees=())
    assert said.role("somebody") == "addressee"
    assert said.role("author") == "author"
    assert said.role("") == "other"
    assert telling("2018-04-01T06:00:00").role("third") == "other"
    assert telling("2018-04-01T06:00:00").role("neutral") == "neutral"


def test_a_span_over_the_deadline_decides_nothing() -> None:
    said = telling("2018-04-01T05:59:00", minutes=2)
    told = compared(BEFORE, DUE, telling=said, start=START, now=None)
    assert (told.outcome, told.why) == (ToldOutcome.UNDECIDABLE, "precision")


def test_a_start_known_to_the_day_makes_a_day_of_deadline() -> None:
    latest = due(BEFORE, start=span("2018-04-04"), end=None, requested=None)
    assert latest == Span(at("2018-04-01T00:00:00"), at("2018-04-02T00:00:00"))
    for moment, outcome in (
        ("2018-03-31T23:59:59", "met"),
        ("2018-04-01T12:00:00", "undecidable"),
        ("2018-04-02T00:00:00", "late"),
    ):
        told = compared(BEFORE, latest, telling=telling(moment), start=span("2018-04-04"), now=None)
        assert told.outcome == outcome


def test_lateness_and_lead_have_bounds() -> None:
    said = telling("2018-04-01T07:00:00", minutes=1)
    told = compared(BEFORE, DUE, telling=said, start=START, now=None)
    assert (told.late_by_s, told.late_least_s, told.late_most_s) == (3600, 3600, 3660)
    assert told.lead_s == told.lead_most_s == 71 * 3600
    assert told.lead_least_s == 71 * 3600 - 60


def test_met_can_be_later_than_is_desirable() -> None:
    late = compared(BEFORE, DUE, telling=telling("2018-03-31T06:00:00"), start=START, now=None)
    good = compared(BEFORE, DUE, telling=telling("2018-03-30T06:00:00"), start=START, now=None)
    assert (late.outcome, late.short_of_desirable) == ("met", True)
    assert (good.outcome, good.short_of_desirable) == ("met", False)
    hours = Deadline(kind="before_start", clock="activity", value=24, unit="h", desirable=48)
    told = compared(
        hours, exactly(at("2018-04-03T06:00:00")), telling=telling("2018-04-02T07:00:00"), start=START, now=None
    )
    assert told.short_of_desirable


def test_what_nothing_tells_is_open_before_its_time_and_missing_after() -> None:
    day = span("2018-04-01")
    for now, outcome in (
        (None, "missing"),
        (at("2018-03-31T00:00:00"), "open"),
        (at("2018-04-01T12:00:00"), "undecidable"),
        (at("2018-04-02T00:00:00"), "missing"),
    ):
        assert compared(BEFORE, day, telling=None, start=START, now=now).outcome == outcome
    assert compared(BEFORE, None, telling=None, start=None, now=at("2018-04-01T00:00:00")).outcome == "missing"


def test_without_a_number_nothing_is_late_and_without_a_clock_nothing_decided() -> None:
    prompt = Deadline(kind="without_delay", clock="none")
    assert (
        compared(prompt, None, telling=telling("2018-04-01T06:00:00"), start=None, now=None).outcome == "no_time"
    )
    told = compared(BEFORE, None, telling=telling("2018-04-01T06:00:00"), start=None, now=None)
    assert (told.outcome, told.why) == ("undecidable", "no_due")
    told = compared(BEFORE, DUE, telling=Telling(ref="r", author="author"), start=START, now=None)
    assert (told.outcome, told.why) == ("undecidable", "no_clock")
    lower = Telling(ref="r", author="author", not_before=at("2018-05-01T00:00:00"), not_before_clock="author")
    told = compared(BEFORE, DUE, telling=lower, start=START, now=None)
    assert (told.outcome, told.late_most_s) == ("late", None)


def test_deadlines_count_from_what_they_say() -> None:
    start, end, asked = (
        exactly(at(text)) for text in ("2018-04-04T00:00:00", "2018-04-06T00:00:00", "2018-03-01T00:00:00")
    )
    cases = {
        "after_start": "2018-04-06T00:00:00",
        "after_end": "2018-04-08T00:00:00",
        "after_request": "2018-03-03T00:00:00",
        "before_start": "2018-04-02T00:00:00",
    }
    for kind, moment in cases.items():
        deadline = Deadline(kind=kind, clock="activity", value=2, unit="d")  # type: ignore[arg-type]
        assert due(deadline, start=start, end=end, requested=asked) == exactly(at(moment))
    for kind in ("at_start", "in_advance"):
        deadline = Deadline(kind=kind, clock="activity")  # type: ignore[arg-type]
        assert due(deadline, start=start, end=end, requested=asked) == start
    assert due(BEFORE, start=None, end=None, requested=None) is None


def test_a_year_known_only_as_one_of_two_gives_both_ends_of_the_calendar() -> None:
    calendar = Deadline(kind="calendar", clock="calendar", month=11, day=15, years_before=1)
    wide = Span(at("2018-12-31T00:00:00"), at("2019-01-02T00:00:00"))
    assert due(calendar, start=wide, end=None, requested=None) == Span(
        at("2017-11-16T00:00:00"), at("2018-11-16T00:00:00")
    )
    assert due(calendar, start=None, end=None, requested=None) is None
    first = Span(at("0001-01-01T00:00:00"), at("0001-01-01T00:00:00"))
    assert due(calendar, start=first, end=None, requested=None) is None
    assert due(BEFORE, start=first, end=None, requested=None) is None
    assert exactly(at("2018-01-01T00:00:00")).shifted(timedelta(days=1)) == exactly(at("2018-01-02T00:00:00"))
