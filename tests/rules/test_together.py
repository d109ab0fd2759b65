"""Limits on what a whole record adds up to at one time, and quotas counted from what another notice reported.

Goal: a sum decides only what is certain of it. Method: a small agreement, plans whose stays overlap, touch or are open;
every sum by Hypothesis against one counted moment by moment.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detente import words
from detente.__main__ import main
from detente.rules import shelf
from detente.rules.evaluating import evaluate
from detente.rules.facts import Facts
from detente.rules.record import Record
from detente.rules.spans import Span, exactly
from detente.rules.together import NAMED_MAX
from detente.rules.verdict import Outcome, Reason, Verdict
from detente.rules.wording import reason_words
from tests.rules.plans import agreement_of, at, span, text_of

LIMIT = """
[[clauses]]
id = "only"
title = { en = "Only", ru = "Единственное" }
paragraph = "1"
duty = "limit"
kinds = ["movement"]
requires = [{ fact = "warship", op = "=", value = true }]
together = { of = "tonnage", whose = "all" }
thresholds = [{ metric = "tonnage", op = ">", value = 30 }]
what = { en = "no more than 30", ru = "не более 30" }
source = "invented"
verified = "unverified"
to = "counted"
deadline = { kind = "without_delay", clock = "none" }
"""
SUM = agreement_of(clause=LIMIT)
DAY = timedelta(days=1)


def ship(
    ref: str, first: int, last: int | None, tons: int | None, *, warship: bool | None = True, state: str = "RU"
):
    begun = at("2018-05-01T00:00:00") + first * DAY
    values = {"warship": warship, "tonnage": tons}
    return Facts(
        ref=ref,
        kind="movement",
        state=state,
        start=exactly(begun),
        end=None if last is None else exactly(at("2018-05-01T00:00:00") + last * DAY),
        values={name: value for name, value in values.items() if value is not None},
    )


def judged(*plans: Facts) -> list[Verdict]:
    return [one.verdicts[0] for [one] in evaluate(plans, [SUM])]


def test_those_that_are_there_at_one_time_are_added_and_named() -> None:
    first, second, later = judged(ship("a", 0, 5, 20), ship("b", 5, 9, 11), ship("c", 10, 12, 29))
    assert (first.outcome, first.crossed[0].value, first.together) == (Outcome.BEYOND, 31, ("b",))
    assert (second.outcome, second.together) == (Outcome.BEYOND, ("a",))
    assert (later.outcome, later.together) == (Outcome.NOT_OWED, ())
    assert later.below[0].value == 29
    assert "tonnage in tons 31 > 30, together with b" in reason_words(first, SUM)


def test_a_plan_that_does_not_meet_the_conditions_is_in_no_sum_and_one_that_may_leaves_it_open() -> None:
    _, other = judged(ship("a", 0, 5, 20), ship("b", 0, 5, 20, warship=False))
    assert (other.outcome, other.reason) == (Outcome.NOT_OWED, Reason.CONDITION)
    sure, maybe = judged(ship("a", 0, 5, 20), ship("b", 0, 5, 20, warship=None))
    assert (sure.outcome, sure.missing) == (Outcome.UNDECIDABLE, ("together",))
    assert (maybe.outcome, maybe.missing) == (Outcome.UNDECIDABLE, ("warship", "together"))
    alone, _ = judged(ship("a", 0, 5, 31), ship("b", 0, 5, 20, warship=None))
    assert (alone.outcome, alone.together) == (Outcome.BEYOND, ())


def test_an_end_or_a_number_that_is_not_stated_leaves_open_what_it_may_change() -> None:
    a, b = judged(ship("a", 7, 9, 20), ship("b", 0, None, 20))
    assert (a.missing, b.missing) == (("together",), ("together",))
    a, b = judged(ship("a", 0, 2, 20), ship("b", 5, None, 20))
    assert (a.outcome, b.outcome) == (Outcome.NOT_OWED, Outcome.NOT_OWED)
    a, b = judged(ship("a", 0, 2, None), ship("b", 1, 2, 20))
    assert (a.missing, b.missing) == (("tonnage",), ("together",))
    a, _ = judged(ship("a", 0, 2, 31), ship("b", 1, 2, None))
    assert (a.outcome, a.together) == (Outcome.BEYOND, ())
    no_start = msgspec.structs.replace(ship("n", 0, 2, 20), start=None)
    assert judged(ship("a", 0, 2, 20), no_start)[0].missing == ("together",)


def test_days_that_may_touch_leave_open_and_an_end_before_the_start_adds_nothing_else() -> None:
    vague = msgspec.structs.replace(ship("b", 0, 9, 20), start=span("2018-05-03"), end=span("2018-05"))
    a, _ = judged(ship("a", 0, 2, 20), vague)
    assert a.missing == ("together",)
    backwards = msgspec.structs.replace(ship("b", 8, 9, 20), end=exactly(at("2018-05-01T00:00:00")))
    a, b = judged(ship("a", 0, 2, 20), backwards)
    assert (a.outcome, b.outcome) == (Outcome.NOT_OWED, Outcome.NOT_OWED)


def test_of_one_state_only_its_own_are_added() -> None:
    own = agreement_of(clause=LIMIT.replace('"all"', '"state"'))
    plans = [ship("a", 0, 5, 20), ship("b", 0, 5, 20, state="LV"), ship("c", 0, 5, 11)]
    outcomes = [one.verdicts[0].outcome for [one] in evaluate(plans, [own])]
    assert outcomes == [Outcome.BEYOND, Outcome.NOT_OWED, Outcome.BEYOND]


def test_many_are_named_by_the_first_of_them_and_their_number() -> None:
    first, *_ = judged(*(ship(f"s{number}", 0, 5, 10) for number in range(9)))
    assert len(first.together) == 8
    assert "s1, s2, s3, s4, s5, s6 and 2 more" in reason_words(first, SUM)
    crowd = judged(*(ship(f"s{number:03d}", number % 2, 5, 10) for number in range(3 * NAMED_MAX)))
    assert (len(crowd[0].together), crowd[0].together_more) == (NAMED_MAX, 2 * NAMED_MAX - 1)
    assert crowd[0].crossed[0].value == 30 * NAMED_MAX
    assert f"and {3 * NAMED_MAX - 7} more" in reason_words(crowd[0], SUM)


PASSING = agreement_of(clause=LIMIT.replace('whose = "all"', 'whose = "all", during = "passage", hours = 24'))


def passing(*plans: Facts) -> list[Verdict]:
    return [one.verdicts[0] for [one] in evaluate(plans, [PASSING])]


def test_passages_that_may_fall_together_leave_open_and_never_decide() -> None:
    a, b = passing(ship("a", 0, 9, 20), ship("b", 0, 9, 20))
    assert (a.outcome, a.missing, b.missing) == (Outcome.UNDECIDABLE, ("together",), ("together",))
    a, b = passing(ship("a", 0, 9, 20), ship("b", 2, 7, 20))
    assert (a.outcome, b.outcome) == (Outcome.NOT_OWED, Outcome.NOT_OWED)
    a, _ = passing(ship("a", 0, 9, 31), ship("b", 0, 9, 20))
    assert (a.outcome, a.together, a.crossed[0].value) == (Outcome.BEYOND, (), 31)
    a, b = passing(ship("a", 0, 9, 20), ship("b", 9, None, 20))
    assert (a.missing, b.missing) == (("together",), ("together",))
    a, b = passing(ship("a", 0, None, 20), ship("b", 9, None, 20))
    assert (a.outcome, b.outcome) == (Outcome.NOT_OWED, Outcome.NOT_OWED)


def test_a_passage_without_a_day_is_open_and_one_back_on_the_same_day_is_counted_once() -> None:
    no_start = msgspec.structs.replace(ship("n", 0, None, 20), start=None)
    a, n = passing(ship("a", 0, None, 20), no_start)
    assert (a.missing, n.missing) == (("together",), ("together",))
    there_and_back = msgspec.structs.replace(ship("a", 0, 1, 20), end=exactly(at("2018-05-01T08:00:00")))
    assert passing(there_and_back)[0].outcome is Outcome.NOT_OWED


def test_visits_are_numbered_for_each_state_that_asks_them() -> None:
    vd11 = shelf.agreement("vd11")

    def told(units: int | None, taken: int, of_one: int | None) -> Verdict:
        known = {"units_reported": units, "visits_of_one_this_year": of_one}
        values: dict[str, bool | int | str] = {"subject": "evaluation", "visits_this_year": taken}
        request = Facts(
            ref="r",
            kind="visit_request",
            state="SE",
            asked=("RU",),
            start=exactly(at("2019-05-10T00:00:00")),
            requested=exactly(at("2019-05-01T00:00:00")),
            values=values | {name: value for name, value in known.items() if value is not None},
        )
        [[one]] = evaluate([request], [vd11])
        return next(each for each in one.verdicts if each.clause.id == "evaluation-accept")

    assert told(2000, 5, 3).outcome is Outcome.OWED
    over = told(2000, 5, 4)
    assert (over.reason, over.below[0].metric, over.below[0].limit) == (
        Reason.USED_UP,
        "visits_of_one_this_year",
        3,
    )
    assert told(540, 2, 2).reason is Reason.USED_UP  # nine a year: a fifth of them is one
    assert told(None, 2, 2).missing == ("units_reported",)
    assert told(None, 4, 4).reason is Reason.USED_UP  # whatever it reported
    assert told(2000, 2, None).missing == ("visits_of_one_this_year",)


def test_an_allowance_without_a_share_for_one_state_counts_all_alike(tmp_path: Path) -> None:
    allowance = 'allowance = { counted = "visits_this_year", of = "ships", per = 2, most = 4 }'
    clause = re.sub(r"together = .*", allowance, LIMIT).replace("tonnage", "ships")
    plain = agreement_of(clause=clause)
    told = [("a", 2), ("b", 3)]
    plans = [
        Facts(
            ref=ref, kind="movement", state="RU", values={"warship": True, "ships": 4, "visits_this_year": taken}
        )
        for ref, taken in told
    ]
    first, second = (one.verdicts[0] for [one] in evaluate(plans, [plain]))
    assert (first.reason, second.reason) == (Reason.BELOW, Reason.USED_UP)
    path = tmp_path / "plain.toml"
    path.write_text(text_of(clause=clause), encoding="utf-8")
    assert main(["rules", "show", str(path)]) == 0


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 12), st.integers(0, 8), st.integers(0, 20)), min_size=1, max_size=8))
def test_a_sum_is_that_of_the_fullest_moment(drawn: list[tuple[int, int, int]]) -> None:
    plans = [ship(f"{n}", begin, begin + length, tons) for n, (begin, length, tons) in enumerate(drawn)]
    record = Record(plans)
    for plan, (begin, length, _) in zip(plans, drawn, strict=True):
        fullest = max(
            sum(tons for first, stay, tons in drawn if first <= day <= first + stay)
            for day in range(begin, begin + length + 1)
        )
        assert record.sums(SUM.clauses[0], None).seen(plan).values["tonnage"] == fullest


@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        ('duty = "limit"', 'duty = "tell"', "a sum goes with a limit"),
        ('together = { of = "tonnage"', 'together = { of = "ships"', "a sum goes with a limit"),
        ('op = ">", value = 30', 'op = "<", value = 30', "from above only"),
        ('whose = "all"', 'whose = "all", during = "passage"', "how many hours"),
        ('whose = "all"', 'whose = "all", hours = 24', "how many hours"),
        (
            "together = {",
            'allowance = { counted = "ships", of = "ships", per = 1, most = 1, part = 5 }\ntogether = {',
            "''",
        ),
        (
            "together = {",
            'allowance = { counted = "mood", of = "ships", per = 1, most = 1 }\ntogether = {',
            "'mood'",
        ),
        (
            "together = {",
            'allowance = { counted = "ships", of = "ships", per = 0, most = 1 }\ntogether = {',
            "steps",
        ),
        (
            "together = {",
            'allowance = { counted = "ships", of = "ships", per = 1, most = 0 }\ntogether = {',
            "steps",
        ),
    ],
)
def test_a_faulty_sum_or_allowance_is_named(old: str, new: str, named: str) -> None:
    from detente.rules.errors import AgreementMistake

    with pytest.raises(AgreementMistake, match=named):
        agreement_of(clause=LIMIT.replace(old, new))


def test_a_hub_is_of_the_parties_and_cases_know_the_facts_beside_them() -> None:
    from detente.rules.errors import AgreementMistake

    with pytest.raises(AgreementMistake, match="hub: 'US'"):
        agreement_of(head='hub = ["US"]\n')
    beside = 'beside = [{ state = "RU", start = "2018", facts = { mood = 1 } }]\n'
    case = f'[[cases]]\nname = "c"\nkind = "exercise"\nexpect = []\n{beside}'
    with pytest.raises(AgreementMistake, match="'mood'"):
        agreement_of(more=case)
    assert text_of()


def test_each_of_the_others_owes_the_hub_alone_and_the_hub_all_of_them() -> None:
    star = agreement_of(head='hub = ["RU"]\n')
    start = exactly(datetime(2018, 5, 1, tzinfo=UTC))
    spoke = Facts(ref="s", kind="exercise", state="BY", start=start)
    hub = Facts(ref="h", kind="exercise", state="RU", start=start)
    [[one], [two]] = evaluate([spoke, hub], [star], concerned=("LV", "US"))
    assert (one.verdicts[0].to, two.verdicts[0].to) == (("RU",), ("BY", "LV"))
    assert one.verdicts[0].norm_to == ("LV", "US")
    assert "nothing owed to LV, US: none between them" in reason_words(one.verdicts[0], star)
    assert two.verdicts[0].norm_to == ("US",)


def test_a_party_since_an_unknown_day_is_one_from_the_day_it_is_known() -> None:
    code = shelf.agreement("hcoc")
    start = Span(at("2010-01-01T00:00:00"), at("2010-01-01T00:00:00"))
    early = Facts(ref="e", kind="launch", state="AR", start=start)
    late = msgspec.structs.replace(early, start=exactly(at("2018-01-01T00:00:00")))
    [[first], [second]] = evaluate([early, late], [code])
    assert (first.verdicts[0].outcome, first.verdicts[0].missing) == (Outcome.UNDECIDABLE, ("party",))
    assert second.verdicts[0].outcome is Outcome.OWED


def test_the_code_names_145_subscribers_and_no_state_on_both_lists() -> None:
    code = shelf.agreement("hcoc")
    inside = [state for parties in code.parties for state in parties.states]
    assert (len(inside), len(set(inside)), len(code.outsiders)) == (145, 145, 50)
    assert not set(inside) & set(code.outsiders)


def test_a_quota_that_is_used_up_says_its_numbers_in_both_languages() -> None:
    vd11 = shelf.agreement("vd11")
    request = Facts(
        ref="r",
        kind="visit_request",
        state="SE",
        asked=("BY",),
        start=exactly(at("2019-05-10T00:00:00")),
        values={
            "subject": "evaluation",
            "visits_this_year": 3,
            "visits_of_one_this_year": 1,
            "units_reported": 120,
        },
    )
    [[one]] = evaluate([request], [vd11])
    [found] = [each for each in one.verdicts if each.clause.id == "evaluation-accept"]
    assert found.reason is Reason.USED_UP
    assert "3 > 2" in reason_words(found, vd11)
    try:
        words.choose("ru")
        assert "3 > 2" in reason_words(found, vd11)
        assert "more" not in reason_words(found, vd11)
    finally:
        words.choose("en")
    unnumbered = msgspec.structs.replace(request, values={"subject": "evaluation"})
    [[one]] = evaluate([unnumbered], [vd11])
    [found] = [each for each in one.verdicts if each.clause.id == "evaluation-accept"]
    assert found.missing == ("visits_this_year", "visits_of_one_this_year")
