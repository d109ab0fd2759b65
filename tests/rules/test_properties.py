"""What holds for every plan, whatever its numbers.

Goal: a bigger exercise never owes less, except where the article says so and its file names it; verdicts do not
depend on the order of input or on the writer's time zone; every plan gets a verdict for every clause, or a named
missing fact. Method: Hypothesis draws plans with facts known, unknown and in ranges, judged by every agreement.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import msgspec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from detente.rules import shelf
from detente.rules.agreement import KINDS
from detente.rules.evaluating import evaluate
from detente.rules.facts import Facts, Place, Telling
from detente.rules.loopholes import findings
from detente.rules.measures import MARKS, SIZES, STRENGTHS
from detente.rules.settings import Settings
from detente.rules.spans import Span
from detente.rules.verdict import Outcome, Verdict
from detente.rules.wording import reason_words, told_words

AGREEMENTS = shelf.shelved()
STATES = ["BY", "RU", "SE", "US", "GB", "KP", "UY", "SU", ""]
ZONES = [timezone(timedelta(hours=hours)) for hours in (-11, -3, 0, 5, 14)]

MOMENTS = st.one_of(
    st.datetimes(datetime(1970, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
    # a new year, and days on which agreements begin and end: another zone has another date there
    st.sampled_from(
        [
            datetime(*day, hour, 30, tzinfo=UTC)
            for day in ((2017, 12, 31), (2018, 1, 1), (1990, 12, 31), (1991, 12, 26), (2011, 12, 1))
            for hour in (0, 23)
        ]
    ),
)
LENGTHS = st.sampled_from([timedelta(0), timedelta(minutes=1), timedelta(days=1), timedelta(days=31)])


@st.composite
def spans(draw: st.DrawFn) -> Span:
    start = draw(MOMENTS)
    return Span(start, start + draw(LENGTHS))


@st.composite
def tellings(draw: st.DrawFn) -> Telling:
    moment = draw(MOMENTS)
    return Telling(
        ref=draw(st.sampled_from(["t1", "t2"])),
        author="author",
        not_before=draw(st.sampled_from([None, moment])),
        not_before_clock=draw(st.sampled_from(["author", "other", "third"])),
        not_after=draw(st.sampled_from([None, moment + timedelta(minutes=1)])),
        not_after_clock=draw(st.sampled_from(["author", "other", "third"])),
        addressees=("other",),
        neutrals=("third",),
    )


def numbers(most: int = 90_000) -> st.SearchStrategy[int]:
    near = st.sampled_from([3000, 3500, 9000, 13000, 17000, 25000, 40000, 75000, 250, 300, 500, 900])
    return st.one_of(st.integers(0, most), near.flatmap(lambda value: st.integers(value - 1, value + 1)))


@st.composite
def plans(draw: st.DrawFn, ref: str = "plan", kind: str | None = None) -> Facts:
    values: dict[str, Any] = {}
    ranges: dict[str, tuple[int, int | None]] = {}
    for name in sorted(SIZES):
        known = draw(st.sampled_from(["no", "value", "range"]))
        number = draw(numbers())
        if known == "value":
            values[name] = number
        elif known == "range":
            ranges[name] = (number, draw(st.sampled_from([None, number + 500])))
    for name in sorted(MARKS):
        if (mark := draw(st.sampled_from([None, True, False]))) is not None:
            values[name] = mark
    values["place"] = draw(st.sampled_from(["sea", "air", "land"]))
    values["launch_class"] = draw(st.sampled_from(["icbm", "slbm", "space_launch_vehicle"]))
    values["passage"] = draw(st.sampled_from(["turkish_straits", "none"]))
    values["subject"] = draw(
        st.sampled_from(["inspection", "evaluation", "observation", "explanation", "meeting"])
    )
    if draw(st.booleans()):
        del values[draw(st.sampled_from(["place", "launch_class", "passage", "subject"]))]
    return Facts(
        ref=ref,
        kind=kind or draw(st.sampled_from([*KINDS, "readout"])),
        state=draw(st.sampled_from(STATES)),
        author="author",
        start=draw(st.one_of(st.none(), spans())),
        end=draw(st.one_of(st.none(), spans())),
        requested=draw(st.one_of(st.none(), spans())),
        told=draw(st.one_of(st.none(), tellings())),
        asked=draw(st.sampled_from([(), ("LV",), ("RU", "SE")])),
        places=draw(st.sampled_from([(), (Place(53.9, 27.6),), (Place(51.0, 117.0),), (Place(56.8, 60.6),)])),
        values=values,
        ranges=ranges,
        name=draw(st.sampled_from(["", "Zapad-2017", "Zapad 21", "Storm"])),
        activity=draw(st.sampled_from(["", "zapad", "storm"])),
        year=draw(st.sampled_from([None, 1990, 2018])),
    )


def verdicts(plan: Facts, *others: Facts, now: datetime | None = None) -> list[Verdict]:
    return [each for one in evaluate([plan, *others], AGREEMENTS, now=now)[0] for each in one.verdicts]


# a plan is many draws; what is judged of it is quick
BOUNDED = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
RANK = {
    Outcome.NOT_OWED: 0,
    Outcome.UNDECIDABLE: 1,
    Outcome.NORM: 2,
    Outcome.COUNTED: 2,
    Outcome.BEYOND: 2,
    Outcome.OWED: 2,
}


@BOUNDED
@given(plans(kind="exercise"), st.sampled_from(sorted(STRENGTHS)), st.integers(0, 80_000))
def test_a_bigger_exercise_never_owes_less_but_where_its_file_says_so(
    plan: Facts, metric: str, more: int
) -> None:
    if metric not in plan.values:
        return
    bigger = msgspec.structs.replace(plan, values={**plan.values, metric: int(plan.values[metric]) + more})
    for small, large in zip(verdicts(plan), verdicts(bigger), strict=True):
        if small.clause.shrinks:
            continue
        assert RANK[large.outcome] >= RANK[small.outcome], (small.clause.id, small, large)
        if small.due is not None and RANK[small.outcome] == 2:
            assert large.due == small.due


def test_only_the_constraining_provisions_say_that_larger_may_owe_less() -> None:
    named = {(one.id, clause.id) for one in AGREEMENTS for clause in one.clauses if clause.shrinks}
    assert named == {("vd11", "constrain-13000"), ("vd11", "constrain-25000")}


def moved(plan: Facts, zone: timezone) -> Facts:
    """Return the plan as a writer in another zone would have written the same instants."""

    def span(one: Span | None) -> Span | None:
        return one and Span(one.earliest.astimezone(zone), one.latest.astimezone(zone))

    told = plan.told and msgspec.structs.replace(
        plan.told,
        not_before=plan.told.not_before and plan.told.not_before.astimezone(zone),
        not_after=plan.told.not_after and plan.told.not_after.astimezone(zone),
    )
    return msgspec.structs.replace(
        plan, start=span(plan.start), end=span(plan.end), requested=span(plan.requested), told=told
    )


@BOUNDED
@given(plans(), st.sampled_from(ZONES), MOMENTS)
def test_the_writers_time_zone_changes_nothing(plan: Facts, zone: timezone, now: datetime) -> None:
    assert verdicts(plan, now=now) == verdicts(moved(plan, zone), now=now.astimezone(zone))


@BOUNDED
@given(st.lists(plans(), max_size=5), st.randoms(use_true_random=False))
def test_the_order_of_input_changes_nothing(drawn: list[Facts], chance: Any) -> None:
    given_plans = [msgspec.structs.replace(plan, ref=f"p{number}") for number, plan in enumerate(drawn)]
    mixed = given_plans.copy()
    chance.shuffle(mixed)
    first = dict(zip((one.ref for one in given_plans), evaluate(given_plans, AGREEMENTS), strict=True))
    second = dict(zip((one.ref for one in mixed), evaluate(mixed, AGREEMENTS), strict=True))
    assert first == second
    flags = [findings(each, evaluate(each, AGREEMENTS), Settings()) for each in (given_plans, mixed)]
    assert flags[0] == flags[1]


@BOUNDED
@given(plans(), st.one_of(st.none(), MOMENTS))
def test_every_plan_gets_a_verdict_for_every_clause_or_a_named_missing_fact(
    plan: Facts, now: datetime | None
) -> None:
    judged = evaluate([plan], AGREEMENTS, now=now, concerned=("LV",))[0]
    for one in judged:
        assert [each.clause.id for each in one.verdicts] == [clause.id for clause in one.agreement.clauses]
        for each in one.verdicts:
            assert (each.outcome is Outcome.UNDECIDABLE) == bool(each.missing)
            assert reason_words(each, one.agreement)
            told_words(each.told)
            if each.outcome is Outcome.OWED:
                assert each.by
                assert not set(each.by) & set(each.to)
