"""What holds for every plan, whatever its numbers.

Goal: a bigger exercise never owes less, except where the article says so and its file names it; verdicts do not
depend on the order of input or on the writer's time zone; every plan gets a verdict for every clause, or a named
missing fact. Method: Hypothesis draws plans with facts known, unknown and in ranges, judged by every agreement.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from detente.rules import shelf
from detente.rules.agreement import KINDS
from detente.rules.evaluating import evaluate
from detente.rules.facts import Facts, Place, Telling
from detente.rules.loopholes import findings
from detente.rules.measures import MARKS, SIZES, STRENGTHS
from detente.rules.settings import Settings
from detente.rules.spans import Span, exactly
from detente.rules.verdict import Outcome, Verdict
from detente.rules.wording import reason_words, told_words

AGREEMENTS = shelf.shelved()
STATES = ["BY", "BY", "BY", "RU", "RU", "US", "GB", "SE", "KP", "UY", "SU", ""]
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
    around = st.builds(lambda value, off: value + off, near, st.integers(-1, 1))
    return st.one_of(st.integers(0, 200), around, st.integers(0, most))


@st.composite
def plans(draw: st.DrawFn, ref: str = "plan", kind: str | None = None) -> Facts:
    values: dict[str, Any] = {}
    ranges: dict[str, tuple[int, int | None]] = {}
    for name in sorted(SIZES):
        known = draw(
            st.sampled_from(["value"] * 8 + ["no", "range"])
        )  # most plans are whole: they decide something
        number = draw(numbers())
        if known == "value":
            values[name] = number
        elif known == "range":
            ranges[name] = (number, draw(st.sampled_from([None, number + 500])))
    for name in sorted(MARKS):
        if (mark := draw(st.sampled_from([None, True, True, True, False]))) is not None:
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
        kind=kind or draw(st.sampled_from([*KINDS, "readout", *["exercise"] * 6])),
        state=draw(st.sampled_from(STATES)),
        author="author",
        start=draw(spans()) if draw(st.integers(0, 5)) else None,
        end=draw(st.one_of(st.none(), spans())),
        requested=draw(st.one_of(st.none(), spans())),
        told=draw(st.one_of(st.none(), tellings())),
        asked=draw(st.sampled_from([(), ("LV",), ("RU", "SE")])),
        places=draw(
            st.sampled_from([*[(Place(53.9, 27.6),)] * 5, (), (Place(51.0, 117.0),), (Place(56.8, 60.6),)])
        ),
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


@st.composite
def whole(draw: st.DrawFn) -> Facts:
    """Return an exercise in the zone of which all is known but now and then a fact or two."""
    values: dict[str, Any] = {name: draw(numbers()) for name in sorted(STRENGTHS)}
    values["troops"] = draw(st.one_of(numbers(), st.integers(8_000, 60_000)))
    values["duration_hours"] = draw(st.sampled_from([48, 72, 73, 144]))
    values |= {"single_command": True, "divisional_structure": draw(st.booleans())}
    values["alert_without_notice"] = draw(st.sampled_from([False, False, True]))
    values["activity_type"] = draw(st.sampled_from(["field_exercise", "strategic_forces_exercise"]))
    for name in draw(st.lists(st.sampled_from(sorted(values)), max_size=2)):
        values.pop(name, None)
    return Facts(
        ref="plan",
        kind="exercise",
        state=draw(st.sampled_from(["BY", "RU", "US", "SE"])),
        start=draw(st.one_of(spans(), st.just(exactly(datetime(2017, 9, 14, tzinfo=UTC))))),
        places=(Place(53.9, 27.6),),
        values=values,
        told=draw(st.one_of(st.none(), tellings())),
    )


@BOUNDED
@given(whole(), st.sampled_from([*["troops"] * 8, *sorted(STRENGTHS)]), st.integers(0, 80_000))
def test_a_bigger_exercise_never_owes_less_but_where_its_file_says_so(
    plan: Facts, metric: str, more: int
) -> None:
    assume(metric in plan.values)
    assert_never_less(plan, metric, more, spared=lambda verdict: bool(verdict.clause.shrinks))


def test_where_the_file_says_so_a_bigger_exercise_does_owe_less() -> None:
    small = Facts(
        ref="plan",
        kind="exercise",
        state="BY",
        start=exactly(datetime(2017, 9, 14, tzinfo=UTC)),
        places=(Place(53.9, 27.6),),
        values={"troops": 30_000, "single_command": True},
    )
    with pytest.raises(AssertionError, match="constrain-13000"):
        assert_never_less(small, "troops", 20_000, spared=lambda _: False)


def assert_never_less(plan: Facts, metric: str, more: int, *, spared: Callable[[Verdict], bool]) -> None:
    bigger = msgspec.structs.replace(plan, values={**plan.values, metric: int(plan.values[metric]) + more})
    for small, large in zip(verdicts(plan), verdicts(bigger), strict=True):
        if spared(small):
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
@given(st.one_of(plans(), whole()), st.sampled_from(ZONES), MOMENTS)
def test_the_writers_time_zone_changes_nothing(plan: Facts, zone: timezone, now: datetime) -> None:
    assert verdicts(plan, now=now) == verdicts(moved(plan, zone), now=now.astimezone(zone))


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize(
    "start", ["2017-12-31T23:30", "2018-01-01T00:30", "2011-11-30T23:30", "2011-12-01T00:30"]
)
def test_where_another_zone_has_another_date_the_verdict_is_the_same(start: str, zone: timezone) -> None:
    moment = exactly(datetime.fromisoformat(start).replace(tzinfo=UTC))
    values: dict[str, Any] = {"troops": 50_000, "single_command": True, "alert_without_notice": False}
    plan = Facts(ref="a", kind="exercise", state="BY", start=moment, places=(Place(53.9, 27.6),), values=values)
    assert verdicts(plan) == verdicts(moved(plan, zone))
    flags = [findings([one], evaluate([one], AGREEMENTS), Settings()) for one in (plan, moved(plan, zone))]
    assert flags[0] == flags[1]


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
