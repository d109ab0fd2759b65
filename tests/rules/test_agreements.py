"""The agreements that come with détente: each file's own cases, and none without.

Goal: what a file says is what is judged. Method: every case of every file, every clause met by at least one.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from detente.notices.kinds import KINDS as NOTICE_KINDS
from detente.notices.moments import stated
from detente.rules import agreement, shelf
from detente.rules.agreement import Agreement, Case
from detente.rules.cases import record_of_case
from detente.rules.evaluating import evaluate
from detente.rules.verdict import Outcome, ToldOutcome

ROOT = Path(__file__).resolve().parents[2]
SHELF = ROOT / "src" / "detente" / "rules" / "agreements"
AGREEMENTS = shelf.shelved(with_cases=True)
CASES = [(one, case) for one in AGREEMENTS for case in one.cases]


@pytest.mark.parametrize(("agreed", "case"), CASES, ids=[f"{one.id}: {case.name}" for one, case in CASES])
def test_a_case_of_a_file_is_judged_as_the_file_says(agreed: Agreement, case: Case) -> None:
    [[judged], *_] = evaluate(record_of_case(case), [agreed])
    found = {one.clause.id: one for one in judged.verdicts}
    for expected in case.expect:
        verdict = found[expected.clause]
        assert verdict.outcome == Outcome(expected.outcome), expected
        if expected.due:
            assert verdict.due is not None
            assert verdict.due.earliest == stated(expected.due).earliest, expected
        if expected.told:
            assert verdict.told is not None
            assert verdict.told.outcome == ToldOutcome(expected.told), expected
        if expected.missing:
            assert verdict.missing == expected.missing
        if expected.crossed:
            assert tuple(one.metric for one in verdict.crossed) == expected.crossed


@pytest.mark.parametrize("agreed", AGREEMENTS, ids=lambda one: one.id)
def test_no_clause_is_without_a_case_that_sets_it_off_and_one_that_does_not_or_names_what_lacks(
    agreed: Agreement,
) -> None:
    outcomes: dict[str, set[str]] = {clause.id: set() for clause in agreed.clauses}
    for case in agreed.cases:
        for expected in case.expect:
            outcomes[expected.clause].add(expected.outcome)
    asked = {"owed", "norm", "beyond", "counted"}
    for name, seen in outcomes.items():
        assert seen & asked, name
    for clause in agreed.clauses:
        if clause.thresholds:
            assert outcomes[clause.id] & {"not_owed", "undecidable"}, clause.id


def test_all_agreements_lie_on_the_shelf_under_their_own_names() -> None:
    assert set(shelf.names()) == {
        "dma-1989",
        "greece-russia-2021",
        "hcoc",
        "imo-navarea",
        "incsea-1972",
        "incsea-sisters",
        "launch-1988",
        "montreux-1936",
        "ocha-hns",
        "stockholm-1986",
        "strategic-exercises-1989",
        "vd11",
    }
    for one in AGREEMENTS:
        content = (SHELF / f"{one.id}.toml").read_bytes()
        assert one.sha256 == hashlib.sha256(content).hexdigest()
        assert one.cases


def test_a_file_without_its_cases_judges_the_same() -> None:
    for one in AGREEMENTS:
        plain = shelf.agreement(one.id)
        assert plain.clauses == one.clauses
        assert plain.sha256 == one.sha256
        assert plain.cases == ()


def test_every_clause_says_how_far_it_was_verified_and_from_where() -> None:
    for one in AGREEMENTS:
        for clause in one.clauses:
            assert clause.source, clause.id
            assert clause.paragraph, clause.id
            assert len(clause.contents.en) == len(clause.contents.ru), clause.id
            if "recalled" in clause.source and clause.source.startswith("recalled"):
                assert clause.verified == "unverified", clause.id


def test_clauses_are_about_kinds_of_notice_that_exist() -> None:
    assert set(agreement.KINDS) <= set(NOTICE_KINDS)


def test_a_law_holds_no_state_twice_at_one_time() -> None:
    for one in AGREEMENTS:
        spans = [(state, each.since, each.until) for each in one.parties for state in each.states]
        assert len(spans) == len(set(spans))
        for state, since, until in spans:
            others = [(s, u) for name, s, u in spans if name == state and (s, u) != (since, until)]
            assert all(until is not None and s >= until for s, _ in others if s > since)
