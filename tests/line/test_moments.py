"""The interval of a statement, with owners, and what it decides about a deadline."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from detente.line.moments import Bound, Interval, Ruling, interval_of, rule
from tests.line.cast import HOUR_MS, exchange, later, line_of, origin_of, say, settle

T0 = 1_700_000_000_000


def test_a_statement_lies_between_what_it_names_and_its_first_cosignature() -> None:
    hosts = line_of("east", "west", observers=("port",))
    west, east, port = hosts["west"], hosts["east"], hosts["port"]
    say(east, "first")
    exchange(east, west)
    west.now_ms += HOUR_MS
    say(west, "second")
    say(west, "third")
    later([east, port], 3 * HOUR_MS)
    settle(hosts.values())
    opening = west.line.state.opening
    found = interval_of(west.store, opening, origin_of(west), 0)
    assert found is not None
    assert found.after == (Bound(T0, "east", "head"), Bound(T0 + HOUR_MS, "west", "statement"))
    assert found.before == tuple(
        sorted(Bound(T0 + 3 * HOUR_MS + 999, owner, "cosignature") for owner in ("east", "east", "port"))
    )
    third = interval_of(west.store, opening, origin_of(west), 1)
    assert third is not None
    assert Bound(T0 + HOUR_MS, "west", "previous") in third.after
    assert interval_of(west.store, opening, origin_of(west), 2) is None


def test_only_the_word_of_one_who_gains_nothing_decides() -> None:
    interval = Interval((Bound(100, "author", "statement"),), (Bound(200, "addressee", "cosignature"),))
    parties = {"author": "author", "addressee": "addressee"}
    assert rule(interval, 200, **parties).ruling is Ruling.MET
    assert rule(interval, 150, **parties).ruling is Ruling.UNDECIDABLE
    assert rule(interval, 99, **parties).ruling is Ruling.LATE
    swapped = {"author": "addressee", "addressee": "author"}
    assert {rule(interval, at, **swapped).ruling for at in (50, 150, 250)} == {Ruling.UNDECIDABLE}
    neutral = Interval((Bound(100, "port", "head"),), (Bound(200, "port", "cosignature"),))
    assert rule(neutral, 250, **parties).ruling is Ruling.UNDECIDABLE
    assert rule(neutral, 250, **parties, neutrals=["port"]).by == (Bound(200, "port", "cosignature"),)
    assert rule(neutral, 50, **parties, neutrals=["port"]).ruling is Ruling.LATE


def test_two_clocks_that_contradict_each_other_decide_nothing_and_are_both_shown() -> None:
    interval = Interval((Bound(900, "author", "statement"),), (Bound(100, "addressee", "cosignature"),))
    verdict = rule(interval, 500, author="author", addressee="addressee")
    assert verdict.ruling is Ruling.UNDECIDABLE
    assert len(verdict.by) == 2


bounds = st.lists(
    st.builds(Bound, st.integers(0, 20), st.sampled_from(["a", "b", "n", "x"]), st.just("head")), max_size=4
)


@given(bounds, bounds, st.integers(0, 20), st.integers(0, 20))
def test_a_later_deadline_never_turns_met_into_late(
    after: list[Bound], before: list[Bound], one: int, other: int
) -> None:
    interval = Interval(tuple(after), tuple(before))
    early, late = sorted((one, other))
    order = {Ruling.LATE: 0, Ruling.UNDECIDABLE: 1, Ruling.MET: 2}
    rulings = [rule(interval, at, author="a", addressee="b", neutrals=["n", "a"]).ruling for at in (early, late)]
    assert order[rulings[0]] <= order[rulings[1]]
