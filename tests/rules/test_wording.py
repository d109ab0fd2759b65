"""Sentences: every outcome, flag and deadline has its words, in both languages.

Goal: nothing that a person is shown is a code, and numbers and lengths of time read right.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from detente import words
from detente.rules import shelf
from detente.rules.agreement import Deadline
from detente.rules.loopholes import Finding, Flag
from detente.rules.measures import FACTS, fact_words
from detente.rules.spans import Span, exactly
from detente.rules.verdict import Outcome, Reason, Told, ToldOutcome, Verdict
from detente.rules.wording import (
    deadline_words,
    due_words,
    event_words,
    finding_words,
    flag_words,
    length_words,
    moment_words,
    number,
    outcome_words,
    reason_words,
    to_words,
    told_words,
)
from tests.rules.plans import at, span, telling


@pytest.fixture(params=words.LANGUAGES)
def language(request: pytest.FixtureRequest) -> Iterator[str]:
    words.choose(request.param)
    yield request.param
    words.choose("en")


def test_every_word_of_the_room_is_said_in_the_language_in_use(language: str) -> None:
    said = [outcome_words(one) for one in Outcome] + [flag_words(one) for one in Flag]
    said += [fact_words(one) for one in (*FACTS, "area", "start", "party")]
    said += [
        finding_words(Finding(flag=one, refs=("a",), metric="troops", value=2, limit=1, shared=("name", "state")))
        for one in Flag
    ]
    said += [event_words(state) for step in shelf.agreement("vd11").procedures for state in step.final]
    assert all(said)
    is_russian = [any("а" <= letter <= "я" for letter in one.casefold()) for one in said]
    assert all(is_russian) if language == "ru" else not any(is_russian)
    assert fact_words("something new") == "something new"
    assert event_words("something new") == "something new"


def test_every_deadline_of_the_agreements_has_its_words(language: str) -> None:
    for one in shelf.shelved():
        for clause in one.clauses:
            assert deadline_words(clause.deadline)
    later = Deadline(kind="after_start", clock="activity", value=21, unit="d")
    assert "21" in deadline_words(later)


def test_numbers_and_times_read_right() -> None:
    assert number(12700) == "12,700"
    words.choose("ru")
    assert number(12700) == "12 700"
    words.choose("en")
    assert moment_words(at("2018-04-04T06:00:00")) == "2018-04-04 06:00 UTC"
    assert moment_words(at("2018-04-04T06:00:07")) == "2018-04-04 06:00:07 UTC"
    assert due_words(None) == ""
    assert due_words(exactly(at("2018-04-04T06:00:00"))) == "2018-04-04 06:00 UTC"
    assert due_words(span("2018-04-04")) == "2018-04-04"
    assert due_words(span("2018-04")) == "2018-04-01 - 2018-04-30"
    assert length_words(90000) == "1 d 1 h"
    assert length_words(3600 * 24 * 2 + 61) == "2 d 1 min"
    assert length_words(-3600) == "1 h"
    assert length_words(59) == "less than a minute"
    assert to_words(("LV", "ocha")) == "LV, OCHA"
    assert to_words(tuple("ABCDEFG")) == "7 states"


def test_what_was_told_reads_right() -> None:
    assert told_words(None) == ""
    late = Told(outcome=ToldOutcome.LATE, telling=telling("2018-04-01T00:00:00"), late_by_s=3600, lead_s=-7200)
    assert told_words(late) == "late by 1 h; 2 h after the start"
    assert told_words(Told(outcome=ToldOutcome.OPEN)) == "not told yet, still in time"
    assert (
        told_words(Told(outcome=ToldOutcome.MET, short_of_desirable=True))
        == "in time, but later than is desirable"
    )
    for why in (
        "precision",
        "author_clock",
        "other_clock",
        "addressee_clock_late",
        "other_clock_late",
        "no_clock",
        "no_due",
        "",
    ):
        assert "undecidable" in told_words(Told(outcome=ToldOutcome.UNDECIDABLE, why=why))


def test_a_sum_that_just_reaches_says_so() -> None:
    finding = Finding(flag=Flag.POSSIBLE_SPLIT, refs=("a", "b"), metric="battle_tanks", value=250, limit=250)
    assert finding_words(finding).startswith("together battle tanks 250, just 250")
    wide = Span(at("2018-04-04T00:00:00"), at("2018-04-04T12:00:00"))
    assert due_words(wide) == "2018-04-04 00:00 UTC"


def test_a_state_that_is_no_party_is_named_beside_what_it_crossed() -> None:
    agreement = shelf.agreement("vd11")
    clause = agreement.clauses[0]
    verdict = Verdict(clause=clause, outcome=Outcome.NORM, reason=Reason.NOT_A_PARTY, by=("JP",))
    assert "JP: not a party" in reason_words(verdict, agreement)
