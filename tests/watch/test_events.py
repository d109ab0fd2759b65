"""Events: one for one approach, each transition of its life, and what changes it without making another."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from detente.encounters.announced import Announced
from detente.watch import events as events_room
from detente.watch.events import CLEAR_HOLD_S, RUNG_HOLD_S, UNHEARD_S
from detente.watch.limits import parse_limits
from tests.watch.playing import AT, GEOD, ORIGIN, Play, Way, batch, later, row, straight

STILL = straight(0, 0, 0, 0.0)


def passing(across_m: float = 100.0, speed_ms: float = 10.0, **other: Any) -> Play:
    """Return a scene: west drifts at 1 m/s, east comes from 4 km south, passes at 0 s plus 400 s, and goes on."""
    return Play({"id:w1": straight(0, 0, 0, 1.0), "id:e1": straight(across_m, -4_000, 0, speed_ms, **other)})


def test_one_approach_is_one_event_from_far_to_far() -> None:
    scene = passing()
    scene.play(range(0, 1_500, 5))
    assert len(scene.ids()) == 1
    assert scene.events.active == ()
    (over,) = scene.events.past
    assert (over.state, over.predicted, over.a, over.b) == ("past", False, "id:e1", "id:w1")
    assert (over.side_a, over.side_b, over.kind) == ("east", "west", "pair")
    assert over.closest_distance_m == pytest.approx(100.0, abs=0.5)
    assert (over.closest_at - AT).total_seconds() == pytest.approx(4_000 / 9, abs=1.0)
    # in and out of 2,000 yd, at 9 m/s against each other
    assert (over.entered_at - AT).total_seconds() == pytest.approx((4_000 - 1_826) / 9, abs=6)
    assert over.left_at is not None
    assert (over.left_at - AT).total_seconds() == pytest.approx((4_000 + 1_826) / 9, abs=6)
    left = next(second for second, event in scene.told if event.state == "past")
    # 1.2 times the limit, then the hold
    assert left == pytest.approx((4_000 + 1.2 * 1_828.8) / 9 + CLEAR_HOLD_S, abs=12)


def test_priorities_rise_as_it_comes_nearer_and_each_is_told_once() -> None:
    scene = passing()
    scene.play(range(-600, 1_500, 5))
    heard = [event.priority for _, event in scene.told]
    rises = [one for one, before in zip(heard, [None, *heard], strict=False) if one != before]
    assert rises == ["caution", "warning", "alarm", "emergency", "warning", "caution"]
    assert scene.told[0][1].predicted


def test_a_rung_is_held_before_it_is_left() -> None:
    scene = passing()
    scene.play(range(0, 1_500, 5))
    emergency = [second for second, event in scene.told if event.priority == "emergency"]
    closest = 4_000 / 9
    # 200 yd are left 153 m after the closest point
    assert max(emergency) >= closest + 153 / 9 + RUNG_HOLD_S - 10


def yawing(amplitude_deg: float, period_s: float) -> Way:
    """Return the way of a ship that comes from 6 km south and yaws as it comes."""
    speed_ms = 10.0

    def way(second: float) -> dict[str, Any]:
        whole = np.arange(0.0, second + 1.0)
        course = np.radians(amplitude_deg * np.sin(2 * np.pi * whole / period_s))
        east = 200.0 + float(np.sum(np.sin(course)[:-1])) * speed_ms
        north = -6_000.0 + float(np.sum(np.cos(course)[:-1])) * speed_ms
        lon, lat, _ = GEOD.fwd(*ORIGIN, np.degrees(np.arctan2(east, north)), np.hypot(east, north))
        return {"at": (lon, lat), "speed_kn": 19.4, "course_deg": float(np.degrees(course[-1])) % 360}

    return way


@pytest.mark.parametrize(("amplitude_deg", "period_s"), [(5.0, 60.0), (20.0, 90.0), (40.0, 180.0)])
def test_no_yaw_raises_it_again(amplitude_deg: float, period_s: float) -> None:
    scene = Play({"id:w1": STILL, "id:e1": yawing(amplitude_deg, period_s)})
    scene.play(range(0, 1_600, 5))
    assert len(scene.ids()) == 1
    assert len(scene.events.past) == 1


def test_what_turns_away_and_comes_again_after_the_hold_is_another_event() -> None:
    def to_and_fro(second: float) -> dict[str, Any]:
        far = 3_000.0 + 2_800.0 * np.cos(2 * np.pi * second / 1_200)
        rate = -2_800.0 * 2 * np.pi / 1_200 * np.sin(2 * np.pi * second / 1_200)
        lon, lat, _ = GEOD.fwd(*ORIGIN, 90.0, far)
        return {"at": (lon, lat), "speed_kn": abs(rate) / 0.5144, "course_deg": 90.0 if rate > 0 else 270.0}

    scene = Play({"id:w1": straight(0, 0, 0, 0.6), "id:e1": to_and_fro})
    scene.play(range(0, 2_400, 5))
    assert len(scene.ids()) == 2


def test_between_the_limit_and_its_factor_nothing_begins_and_nothing_ends() -> None:
    limits = parse_limits(
        '[ship_ship]\ncaution = { ahead = "3min" }\nwarning = { ahead = "2min" }\nalarm = { ahead = "2min" }'
    )
    beside = Play({"id:w1": straight(0, 0, 0, 5.0), "id:e1": straight(2_000, 0, 0, 5.0)}, limits=limits)
    assert beside.play(range(0, 300, 5)) == []
    inside = Play({"id:w1": straight(0, 0, 0, 5.0), "id:e1": straight(1_500, 0, 0, 5.0)}, limits=limits)
    inside.play(range(0, 30, 5))
    inside.ways["id:e1"] = straight(2_000, 0, 0, 5.0)
    inside.play(range(30, 900, 5))
    assert [event.state for event in inside.events.active] == ["active"]


def test_an_aircraft_that_passes_low_is_seen_with_its_height() -> None:
    low = straight(
        0, -15_000, 0, 200.0, kind="aircraft", altitude_m=90.0, altitude_datum="pressure", vertical_fpm=0.0
    )
    scene = Play({"id:w1": STILL, "id:e1": low})
    scene.play(range(400), every_s=2.0)
    (over,) = scene.events.past
    assert over.vertical_m == pytest.approx(90.0, abs=0.01)
    assert max(("caution", "warning", "alarm", "emergency").index(e.priority) for _, e in scene.told) == 3
    assert {(e.kind_a, e.kind_b) for _, e in scene.told} == {("aircraft", "ship")}
    high = straight(0, -15_000, 0, 200.0, kind="aircraft", altitude_m=9_000.0, vertical_fpm=0.0)
    scene = Play({"id:w1": STILL, "id:e1": high})
    assert scene.play(range(400), every_s=2.0) == []


def test_a_height_that_nobody_tells_makes_no_more_than_a_warning() -> None:
    scene = Play({"id:w1": STILL, "id:e1": straight(0, -15_000, 0, 200.0, kind="aircraft")})
    scene.play(range(400), every_s=2.0)
    assert {event.priority for _, event in scene.told} == {"caution", "warning"}
    assert all(event.possible and event.vertical_m is None for _, event in scene.told)
    assert "height" in scene.told[0][1].reason


def test_two_at_rest_make_no_event_and_are_counted() -> None:
    moored = {"status": "moored"}
    scene = Play({"id:w1": straight(0, 0, 0, 0.1, **moored), "id:e1": straight(90, 0, 0, 0.1, **moored)})
    assert scene.play(range(0, 100, 5)) == []
    assert scene.events.counts["moored"] == 1


def test_an_own_mover_at_rest_rings_no_bell_and_the_event_is_there() -> None:
    scene = passing()
    scene.ways["id:w1"] = straight(0, 0, 0, 0.1, status="anchored")
    scene.play(range(0, 400, 5))
    assert scene.told
    assert not any(event.rings for _, event in scene.told)
    assert scene.events.counts["mute"] == 1
    theirs = passing()
    theirs.own = "east"
    theirs.__post_init__()
    theirs.ways["id:w1"] = straight(0, 0, 0, 0.1, status="anchored")
    theirs.play(range(0, 400, 5))
    assert all(event.rings for _, event in theirs.told)


def test_a_mover_that_is_not_heard_keeps_its_event_and_ends_it_after_a_while() -> None:
    scene = passing()
    scene.play(range(0, 300, 5))
    (before,) = scene.events.active
    scene.play(range(300, 700, 5), silent=["id:e1"])
    (held,) = scene.events.active
    assert held.id == before.id
    assert held.possible
    assert "not heard" in held.reason
    scene.play(range(700, 1_300, 5), silent=["id:e1"])
    (over,) = scene.events.past
    assert over.id == before.id
    assert UNHEARD_S < 700


def test_an_event_goes_on_under_its_id_over_a_short_restart_only() -> None:
    scene = passing()
    scene.play(range(0, 300, 5))
    saved = scene.events.saved(later(300))
    for after_s, same in ((60, True), (CLEAR_HOLD_S + 60, False)):
        again = passing()
        restored = again.events.restore(saved, later(300 + after_s), again.picture)
        assert restored == (1 if same else 0)
        again.play(range(300 + int(after_s), 420 + int(after_s), 5))
        (event,) = again.events.active
        assert (event.id == scene.events.active[0].id) is same
    assert scene.events.restore(b"{broken", later(300), scene.picture) == 0
    assert scene.events.counts["not_restored"] == 1


def test_more_events_than_there_is_room_for_give_way_to_graver_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events_room, "EVENTS_MAX", 3)
    ships = {f"id:e{number}": straight(1_700, 20.0 * number, 0, 2.0) for number in range(6)}
    scene = Play({"id:w1": straight(0, 0, 0, 2.0), **ships})
    scene.play(range(0, 10, 5))
    assert (len(scene.events.active), scene.events.counts["crowded_out"]) == (3, 3)
    scene.ways["id:e9"] = straight(100, 0, 0, 2.0)
    scene.play(range(10, 20, 5))
    assert scene.events.active[0].priority == "emergency"
    assert (len(scene.events.active), scene.events.counts["gave_way"]) == (3, 1)


def test_an_entry_into_an_area_is_told_ahead_and_once() -> None:
    ring = ((19.98, 56.05), (20.02, 56.05), (20.02, 56.08), (19.98, 56.08), (19.98, 56.05))
    window = ((AT - dt.timedelta(hours=1), AT + dt.timedelta(hours=9)),)
    area = Announced("A7", "Range seven", "", (ring,), window)
    scene = Play({"id:w1": straight(0, 0, 0, 10.0)}, areas=[area])
    scene.play(range(-800, 1_400, 5))
    assert len(scene.ids()) == 1
    first, last = scene.told[0][1], scene.events.past[0]
    assert (first.kind, first.area, first.b, first.predicted) == ("area", "A7", "", True)
    heard = [event.priority for _, event in scene.told if event.state == "active"]
    assert [one for one, before in zip(heard, [None, *heard], strict=False) if one != before][:3] == [
        "caution", "warning", "alarm",
    ]  # fmt: skip
    inside = [event for _, event in scene.told if event.in_areas]
    assert inside[0].in_areas == ("Range seven",)
    assert inside[0].distance_m == 0.0
    assert last.left_at is not None
    assert (last.left_at - last.entered_at).total_seconds() == pytest.approx(3_339 / 10, abs=10)


@st.composite
def motions(draw: st.DrawFn) -> tuple[Way, Way, int]:
    """Draw two ships that turn at random times, for up to an hour."""
    dice = np.random.default_rng(draw(st.integers(0, 2**31)))
    length = draw(st.integers(600, 2_400))
    return _wandering(dice, length), _wandering(dice, length), length


def _wandering(dice: np.random.Generator, length: int) -> Way:
    turns = np.repeat(dice.normal(0, 1.5, length // 20 + 2) * (dice.random(length // 20 + 2) < 0.3), 20)[
        : length + 2
    ]
    course = np.radians(dice.uniform(0, 360) + np.cumsum(turns))
    speed = dice.uniform(2, 14)
    east = dice.uniform(-4_000, 4_000) + np.concatenate([[0.0], np.cumsum(np.sin(course)) * speed])
    north = dice.uniform(-4_000, 4_000) + np.concatenate([[0.0], np.cumsum(np.cos(course)) * speed])

    def way(second: float) -> dict[str, Any]:
        place = int(second)
        x, y = float(east[place]), float(north[place])
        lon, lat, _ = GEOD.fwd(*ORIGIN, np.degrees(np.arctan2(x, y)), np.hypot(x, y))
        return {"at": (lon, lat), "speed_kn": speed / 0.514444, "course_deg": float(np.degrees(course[place])) % 360,
                "metres": (x, y), "rates": (np.sin(course[place]) * speed, np.cos(course[place]) * speed)}  # fmt: skip

    return way


def _approaches(one: Way, other: Way, length: int, step_s: int) -> int:
    """Count approaches by the definition, in the plane: inside the rung, until outside 1.2 times it for the hold."""
    count, going, outside = 0, False, 0
    for second in range(0, length, step_s):
        a, b = one(second), other(second)
        s = np.subtract(b["metres"], a["metres"])
        v = np.subtract(b["rates"], a["rates"])

        def near(limit_m: float, ahead_s: float, s: Any = s, v: Any = v) -> bool:
            t = min(max(-float(s @ v) / max(float(v @ v), 1e-9), 0.0), ahead_s)
            return float(np.hypot(*(s + t * v))) < limit_m

        if near(1_828.8 + 10.0 * 2**0.5, 600.0):  # the doubt of two places that are sent without a radius
            count, going, outside = count + (not going), True, 0
        elif near(1.2 * 1_828.8, 720.0):
            outside = 0
        elif going:
            outside += 1
            going = (outside - 1) * step_s < CLEAR_HOLD_S
    return count


def check_one_approach_is_one_event(motion: tuple[Way, Way, int]) -> None:
    """Hold the number of events against a count by the definition."""
    one, other, length = motion

    def seen(way: Way) -> Way:
        return lambda second: {
            name: value for name, value in way(second).items() if name not in {"metres", "rates"}
        }

    scene = Play({"id:w1": seen(one), "id:e1": seen(other)})
    scene.play(range(0, length, 10))
    assert len(scene.ids()) == _approaches(one, other, length, 10)
    states = [event.state for _, event in scene.told]
    assert states.count("past") == len(scene.events.past)


@settings(max_examples=12, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(motions())
def test_one_approach_is_one_event_however_they_move(motion: tuple[Way, Way, int]) -> None:
    check_one_approach_is_one_event(motion)


@pytest.mark.prove
@settings(max_examples=80, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(motions())
def test_one_approach_is_one_event_in_many_more_motions(motion: tuple[Way, Way, int]) -> None:
    check_one_approach_is_one_event(motion)


def test_a_mover_and_its_rows_outside_the_picture_are_no_event() -> None:
    scene = Play({})
    scene.picture.take(batch(row("id:w1", 0, speed_kn=10.0, course_deg=0.0)))
    assert scene.now(1) == []
    assert scene.events.counts["active"] == 0
