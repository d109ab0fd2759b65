"""The live picture: newest fixes, what is left out by name, two feeds, clocks, room, and holes in the coverage."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from detente.encounters.sides_file import parse_sides
from detente.watch.batches import FeedStanding
from detente.watch.picture import AIRCRAFT_AGE_S_MAX, HOLD_S, SHIP_AGE_S_MAX, LivePicture
from tests.watch.playing import AT, GEOD, ORIGIN, SIDES, batch, later, row

EAST: dict[str, Any] = {"speed_kn": 10.0, "course_deg": 90.0}


def standing(name: str, state: str, seconds: float = 0.0) -> FeedStanding:
    return FeedStanding(
        name=name, state=state, last_at=later(seconds), rate_per_s=1.0, movers=1, received=1, used=1, rejected={}  # type: ignore[arg-type]
    )  # fmt: skip


def off(east_m: float, north_m: float = 0.0) -> tuple[float, float]:
    """Return the place at an offset from ORIGIN."""
    lon, lat, _ = GEOD.fwd(*ORIGIN, np.degrees(np.arctan2(east_m, north_m)), np.hypot(east_m, north_m))
    return lon, lat


def test_the_newest_fix_counts_and_older_ones_are_named() -> None:
    picture = LivePicture(sides=SIDES)
    left_out = picture.take(batch(row("id:w1", 0), row("id:w1", 10, at=off(50), name="Ann"), row("id:x", 5)))
    assert left_out == {}
    mover = picture.mover("id:w1")
    assert mover is not None
    assert (mover.at, mover.name, mover.side, mover.feed) == (later(10), "Ann", "west", "one")
    assert (mover.lon_deg, mover.lat_deg) == pytest.approx(off(50))
    assert picture.take(batch(row("id:w1", 3), at_s=12)) == {"older": 1}
    assert picture.mover("id:w1") == mover
    assert picture.counts["superseded"] == 1
    assert picture.counts["movers"] == 2
    assert picture.mover("id:nobody") is None


def test_clocks_are_judged_by_the_receiver_s_and_named() -> None:
    picture = LivePicture()
    left_out = picture.take(batch(row("id:a", 7_200), row("id:b", 7_205), row("id:c", 0), at_s=0))
    assert left_out == {"clock_ahead": 2}
    assert picture.clock_off_s["one"] == pytest.approx(7_202.5)
    assert picture.take(batch(row("id:a", -3_600), feed="old", at_s=0)) == {"too_old": 1}
    assert picture.clock_off_s["old"] == pytest.approx(-3_600)
    picture.take(batch(row("id:a", 1), at_s=1))
    assert "one" not in picture.clock_off_s
    # a little ahead is no fault, and no age either
    picture.take(batch(row("id:d", 20), at_s=2))
    states = picture.states(later(2))
    assert states.age_s[list(states.ids).index("id:d")] == 0.0


def test_feeds_that_agree_take_turns_and_the_newest_counts() -> None:
    picture = LivePicture()
    picture.take(batch(row("id:a", 0, **EAST), feed="one"))
    picture.take(batch(row("id:a", 10, at=off(51), **EAST), feed="two", at_s=10))
    assert picture.mover("id:a").feed == "two"  # type: ignore[union-attr]
    picture.take(batch(row("id:a", 5, at=off(26), **EAST), feed="one", at_s=11))
    assert picture.mover("id:a").feed == "two"  # type: ignore[union-attr]
    assert picture.disagreements == ()


def test_feeds_that_disagree_are_named_and_both_places_kept() -> None:
    picture = LivePicture()
    picture.take(batch(row("id:a", 0, **EAST), feed="one"))
    for second in range(1, 50, 2):
        picture.take(batch(row("id:a", second, at=off(20_000), **EAST), feed="two", at_s=second))
        picture.take(batch(row("id:a", second + 1, at=off(5.144 * second), **EAST), feed="one", at_s=second + 1))
        assert picture.mover("id:a").feed == "one"  # type: ignore[union-attr]
    (one,) = picture.disagreements
    assert (one.mover, one.used, one.other) == ("id:a", "one", "two")
    assert one.distance_m == pytest.approx(20_000, rel=0.05)
    assert one.other_lon_lat == pytest.approx(off(20_000))
    assert picture.counts["disagreeing"] == 1
    # the one that was followed falls silent: the other is all there is
    picture.take(batch(row("id:a", 52 + HOLD_S, at=off(20_000), **EAST), feed="two", at_s=52 + HOLD_S))
    assert picture.mover("id:a").feed == "two"  # type: ignore[union-attr]
    assert picture.disagreements == ()


def test_a_feed_that_states_a_much_smaller_radius_is_followed() -> None:
    picture = LivePicture()
    picture.take(batch(row("id:a", 0, rc_m=900.0), feed="coarse"))
    picture.take(batch(row("id:a", 1, at=off(9_000), rc_m=30.0), feed="fine", at_s=1))
    assert picture.mover("id:a").feed == "fine"  # type: ignore[union-attr]
    assert picture.disagreements[0].other == "coarse"


def test_a_disagreement_ends_when_the_feeds_agree_again() -> None:
    picture = LivePicture()
    picture.take(batch(row("id:a", 0), feed="one"))
    picture.take(batch(row("id:a", 1, at=off(9_000)), feed="two", at_s=1))
    assert picture.disagreements
    picture.take(batch(row("id:a", 2, at=off(20)), feed="two", at_s=2))
    assert picture.disagreements == ()


def test_what_a_fix_leaves_out_is_worked_out_from_the_one_before() -> None:
    picture = LivePicture()
    picture.take(batch(row("id:a", 0, kind="aircraft", altitude_m=1_000.0)))
    picture.take(batch(row("id:a", 10, at=off(1_000), kind="aircraft", altitude_m=1_100.0), at_s=10))
    mover = picture.mover("id:a")
    assert mover is not None
    assert mover.speed_kn == pytest.approx(100 / 0.514444, rel=0.01)
    assert mover.course_deg == pytest.approx(90, abs=0.1)
    assert mover.vertical_fpm == pytest.approx(10 * 60 / 0.3048, rel=1e-6)
    picture.take(batch(row("id:a", 20, at=off(2_000), kind="aircraft"), at_s=20))
    assert picture.mover("id:a").altitude_m == 1_100.0  # type: ignore[union-attr]
    picture.take(batch(row("id:a", 250, at=off(25_000), kind="aircraft"), at_s=250))
    assert picture.mover("id:a").altitude_m is None  # type: ignore[union-attr]


def test_a_place_that_is_too_old_is_shown_and_not_predicted_from() -> None:
    picture = LivePicture()
    picture.take(batch(row("id:ship", 0, **EAST), row("id:plane", 0, kind="aircraft", **EAST)))
    for after_s, expected in (
        (30, {"id:ship", "id:plane"}),
        (AIRCRAFT_AGE_S_MAX + 1, {"id:ship"}),
        (SHIP_AGE_S_MAX + 1, set()),
    ):
        assert set(picture.states(later(after_s)).ids) == expected
    young, old = (picture.states(later(age)) for age in (1, 300))
    assert old.doubt_m[0] > 50 * young.doubt_m[0]
    assert picture.mover("id:ship") is not None


def test_at_rest_is_what_moves_slower_than_the_archive_says() -> None:
    picture = LivePicture()
    picture.take(
        batch(
            row("id:a", 0, speed_kn=0.4), row("id:b", 0, speed_kn=0.6), row("id:c", 0, speed_kn=0.9, status="moored"),
            row("id:d", 0, speed_kn=1.1, status="moored"), row("id:e", 0, status="anchored"), row("id:f", 0),
            row("id:g", 0, kind="aircraft", speed_kn=0.0), row("id:h", 0, kind="aircraft", speed_kn=0.1,
            altitude_m=0.0, altitude_datum="ground"),
        )
    )  # fmt: skip
    at_rest = {letter for letter in "abcdefgh" if picture.mover(f"id:{letter}").at_rest}  # type: ignore[union-attr]
    assert at_rest == {"a", "c", "e", "h"}


def test_a_full_picture_lets_go_of_who_was_heard_longest_ago_and_counts_it() -> None:
    picture = LivePicture(movers_max=10)
    for second in range(25):
        picture.take(batch(row(f"id:{second}", second), at_s=second))
    assert picture.counts["movers"] == 10
    assert picture.counts["displaced"] == 15
    assert picture.mover("id:24") is not None
    assert picture.mover("id:3") is None
    crowd = picture.take(batch(*(row(f"id:n{n}", 30) for n in range(15)), at_s=30))
    assert crowd == {"displaced": 5}
    assert picture.counts["movers"] == 10


def test_a_mover_that_two_sides_claim_belongs_to_none_and_is_counted() -> None:
    sides = parse_sides('[sides.west]\nids = ["id:w*"]\n[sides.east]\nids = ["id:e*", "id:w9"]\n')
    picture = LivePicture(sides=sides)
    picture.take(batch(row("id:w1", 0), row("id:w9", 0), row("id:e1", 0), row("id:w2", 0)))
    assert [picture.mover(f"id:{name}").side for name in ("w1", "w9", "e1", "w2")] == ["west", "", "east", "west"]  # type: ignore[union-attr]
    assert picture.counts["contested"] == 1


def test_what_changed_is_told_since_a_number() -> None:
    picture = LivePicture()
    picture.take(batch(row("id:a", 0), row("id:b", 0)))
    number, movers = picture.changed_since(0)
    assert set(movers["id"]) == {"id:a", "id:b"}
    picture.take(batch(row("id:b", 5), at_s=5))
    later_number, movers = picture.changed_since(number)
    assert movers["id"].to_list() == ["id:b"]
    again, nobody = picture.changed_since(later_number)
    assert (again, nobody.height) == (later_number, 0)


def heard(picture: LivePicture, ids: list[str], second: float, feed: str = "one") -> None:
    """Take a fix of ships within a kilometre of each other."""
    picture.take(
        batch(*(row(mover, second, at=off(10.0 * n)) for n, mover in enumerate(ids)), feed=feed, at_s=second)
    )


def test_a_feed_that_is_down_or_stale_is_a_hole_and_nobody_is_silent() -> None:
    picture = LivePicture()
    heard(picture, ["id:a", "id:b", "id:c"], 0)
    for state in ("down", "stale"):
        picture.hold([standing("one", state)], later(1_000))
        assert {picture.coverage_of(f"id:{name}") for name in "abc"} == {"feed_lost"}
        (hole,) = picture.holes
        assert (hole.feed, hole.box, hole.movers, hole.why, hole.since) == ("one", None, 3, state, AT)
    # another feed that is good tells of one of them: of that one it can be said
    picture.take(batch(row("id:a", 999), feed="two", at_s=999))
    picture.hold([standing("one", "down"), standing("two", "good")], later(1_000))
    assert (picture.coverage_of("id:a"), picture.coverage_of("id:b")) == ("heard", "feed_lost")


def test_a_region_that_fell_silent_is_a_hole_and_one_among_others_is_silent() -> None:
    picture = LivePicture()
    heard(picture, ["id:a", "id:b", "id:c", "id:d"], 0)
    heard(picture, ["id:b", "id:c", "id:d"], 900)
    picture.hold([standing("one", "good")], later(900))
    assert picture.coverage_of("id:a") == "silent"
    assert picture.coverage_of("id:b") == "heard"
    assert not picture.holes
    picture.hold([standing("one", "good")], later(1_800))
    assert {picture.coverage_of(f"id:{name}") for name in "abcd"} == {"region_silent"}
    (hole,) = picture.holes
    assert (hole.why, hole.movers, hole.since) == ("region_silent", 4, later(900))
    assert hole.box is not None
    west, south, east, north = hole.box
    assert (east - west, north - south, south <= ORIGIN[1] <= north) == (1.0, 1.0, True)


def test_aircraft_heard_above_say_nothing_of_ships_and_nobody_else_s_feed_does() -> None:
    picture = LivePicture()
    heard(picture, ["id:a", "id:b", "id:c"], 0)
    planes = [row(f"id:p{n}", 900, kind="aircraft", altitude_m=9_000.0) for n in range(5)]
    picture.take(batch(*planes, at_s=900))
    heard(picture, ["id:x", "id:y", "id:z"], 900, feed="two")
    picture.hold([standing("one", "good"), standing("two", "good")], later(900))
    assert {picture.coverage_of(f"id:{name}") for name in "abc"} == {"region_silent"}


def test_a_mover_not_heard_for_hours_leaves_the_picture() -> None:
    picture = LivePicture()
    heard(picture, ["id:a"], 0)
    picture.hold([], later(7 * 3_600))
    assert picture.mover("id:a") is None
    assert picture.counts["forgotten"] == 1
    assert picture.changed_since(0)[1].is_empty()


def test_nothing_is_heard_yet() -> None:
    picture = LivePicture()
    picture.hold([standing("one", "down")], AT)
    assert picture.holes[0].movers == 0
    assert picture.take(batch()) == {}
    assert len(picture.states(AT).ids) == 0


@settings(max_examples=40, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(
    st.lists(
        st.lists(st.tuples(st.integers(0, 12), st.floats(-2_000, 200), st.sampled_from("xyz")), max_size=8),
        max_size=8,
    )
)
def test_every_row_is_used_or_left_out_by_a_name(batches: list[list[tuple[int, float, str]]]) -> None:
    picture = LivePicture(movers_max=6)
    for place, came in enumerate(batches):
        rows = [row(f"id:{mover}", 10 * place + seconds) for mover, seconds, _ in came]
        feed = came[0][2] if came else "x"
        before = picture.counts.get("superseded", 0)
        left_out = picture.take(dataclasses.replace(batch(*rows, at_s=10 * place), feed=feed))
        used = len(rows) - sum(left_out.values()) - (picture.counts.get("superseded", 0) - before)
        assert used >= 0
        assert picture.counts["movers"] <= 6
        newest = {f"id:{mover}" for mover, seconds, _ in came if -900 <= seconds <= 60}
        assert picture.counts["movers"] >= min(len(newest), 1)
