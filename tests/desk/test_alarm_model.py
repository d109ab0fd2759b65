"""Every transition of an encounter's alarm, and what must hold whatever happens in whatever order."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from detente.desk.picture.alarm_model import (
    AGAIN_MS,
    CLEAR_HOLD_MS,
    PRIORITIES,
    UNHEARD_MS,
    EncounterAlarm,
    acknowledged,
    seen,
    ticked,
)
from detente.desk.picture.documents import Encounter
from detente.desk.picture.encounters import ALARMS_MAX, PAST_KEPT_MS, SILENCE_MS, Encounters

T = 1_800_000_000_000
ACTIVE, ACKNOWLEDGED = "active-unacknowledged", "active-acknowledged"
OVER, CLOSED = "rectified-unacknowledged", "rectified-acknowledged"


def encounter(**fields: Any) -> Encounter:
    """Return an encounter inside its limit."""
    given: dict[str, Any] = {
        "id": "a b", "a": "VARMA", "b": "BUK-2", "side_a": "own", "side_b": "other", "priority": "warning",
        "state": "active", "entered_ms": T, "closest_ms": T, "distance_m": 500.0, "closest_distance_m": 400.0,
        "closest_lon_deg": 20.0, "closest_lat_deg": 57.0, "line": ((20.0, 57.0), (20.0, 57.01)), "predicted": False,
        "limit_m": 1_000.0,
    }  # fmt: skip
    return Encounter(**{**given, **fields})


def raised(**fields: Any) -> EncounterAlarm:
    found = seen(None, encounter(**fields), T)
    assert found is not None
    return found


def told(alarm: EncounterAlarm | None, at_ms: int, **fields: Any) -> EncounterAlarm:
    found = seen(alarm, encounter(**fields), at_ms)
    assert found is not None
    return found


def silenced(held: Encounters) -> int | None:
    return held.silenced_until_ms


def test_what_is_inside_raises_and_what_is_not_does_not() -> None:
    assert raised().state == ACTIVE
    assert raised(limit_m=None).state == ACTIVE
    assert seen(None, encounter(distance_m=1_001.0), T) is None
    assert seen(None, encounter(distance_m=1_100.0), T) is None
    assert seen(None, encounter(state="past"), T) is None
    assert seen(None, encounter(rings=False), T) is None
    # a predicted one is judged by how close it will come, one that is there by how close it is
    assert raised(predicted=True, distance_m=9_000.0).state == ACTIVE
    assert seen(None, encounter(distance_m=9_000.0), T) is None


def test_acknowledged_it_stays_listed_and_closes_when_it_ends() -> None:
    alarm = acknowledged(raised(), "Officer 1", "seen from the bridge", T + 5)
    assert (alarm.state, alarm.acknowledged_by, alarm.acknowledged_ms) == (ACKNOWLEDGED, "Officer 1", T + 5)
    assert alarm.note == "seen from the bridge"
    assert acknowledged(alarm, "Officer 2", "", T + 9) is alarm
    alarm = told(alarm, T + 10, state="past", limit_m=None)
    assert (alarm.state, alarm.ended_ms) == (CLOSED, T + 10)
    assert acknowledged(alarm, "Officer 2", "", T + 11) is alarm


def test_what_ends_unacknowledged_stays_until_somebody_saw_it() -> None:
    alarm = told(raised(), T + 10, state="past", limit_m=None)
    assert alarm.state == OVER
    assert ticked(alarm, T + 10 * UNHEARD_MS).state == OVER
    assert acknowledged(alarm, "Officer 1", "", T + 20).state == CLOSED


def test_it_ends_outside_the_limit_and_a_fifth_for_two_minutes_and_not_before() -> None:
    alarm = raised()
    assert told(alarm, T + 1, distance_m=1_199.0).outside_ms is None
    alarm = told(alarm, T + 1_000, distance_m=1_201.0)
    assert (alarm.state, alarm.outside_ms) == (ACTIVE, T + 1_000)
    assert ticked(alarm, T + 1_000 + CLEAR_HOLD_MS - 1).state == ACTIVE
    assert ticked(alarm, T + 1_000 + CLEAR_HOLD_MS).state == OVER  # even when nobody speaks of it any more
    back = told(alarm, T + 60_000, distance_m=1_150.0)
    assert back.outside_ms is None  # a yaw begins the two minutes anew
    again = told(back, T + 90_000, distance_m=1_300.0)
    assert told(again, T + 90_000 + CLEAR_HOLD_MS - 1, distance_m=1_300.0).state == ACTIVE
    assert told(again, T + 90_000 + CLEAR_HOLD_MS, distance_m=1_300.0).state == OVER
    # "past" from who watches waits as well when there is a limit
    past = told(raised(), T + 1, state="past")
    assert past.state == ACTIVE
    assert ticked(past, T + 1 + CLEAR_HOLD_MS).state == OVER


@pytest.mark.parametrize("first", range(4))
@pytest.mark.parametrize("second", range(4))
def test_only_a_rise_in_priority_raises_it_again(first: int, second: int) -> None:
    alarm = acknowledged(raised(priority=PRIORITIES[first]), "Officer 1", "", T)
    alarm = told(alarm, T + 1, priority=PRIORITIES[second])
    assert (alarm.state == ACTIVE) == (second > first)
    assert alarm.count == (2 if second > first else 1)
    # falling and rising again to what was acknowledged before rings nobody
    alarm = acknowledged(alarm, "Officer 1", "", T + 2)
    low = told(alarm, T + 3, priority="caution")
    assert told(low, T + 4, priority=PRIORITIES[max(first, second)]).state == ACKNOWLEDGED


def test_an_hour_after_it_was_acknowledged_it_is_raised_again() -> None:
    alarm = acknowledged(raised(), "Officer 1", "", T)
    for minute in range(1, 60):
        alarm = told(alarm, T + minute * 60_000)
        assert alarm.state == ACKNOWLEDGED
    alarm = ticked(alarm, T + AGAIN_MS)
    assert (alarm.state, alarm.count, alarm.raised_ms) == (ACTIVE, 2, T + AGAIN_MS)
    assert alarm.id == raised().id  # the same event


def test_what_comes_back_before_anybody_saw_it_is_the_same_event_and_after_that_a_new_one() -> None:
    over = told(raised(), T + 10, state="past", limit_m=None)
    back = told(over, T + 20)
    assert (back.state, back.count, back.id, back.ended_ms) == (ACTIVE, 2, over.id, None)
    closed = acknowledged(over, "Officer 1", "", T + 15)
    new = told(closed, T + 20)
    assert (new.state, new.count, new.acknowledged_by) == (ACTIVE, 1, "")
    assert new.id != closed.id


def test_own_movers_at_anchor_ring_no_bell() -> None:
    assert told(raised(), T + 1, rings=False).state == OVER
    alarm = acknowledged(raised(), "Officer 1", "", T)
    assert told(alarm, T + 1, rings=False).state == CLOSED


def test_silence_of_who_watches_is_no_end_until_it_lasts_an_hour() -> None:
    assert ticked(raised(), T + UNHEARD_MS - 1).state == ACTIVE
    assert ticked(raised(), T + UNHEARD_MS).state == OVER


def test_silence_is_shared_ends_by_itself_and_ends_for_what_is_raised() -> None:
    held = Encounters()
    held.take([encounter()], T)
    assert held.silence(T) == T + SILENCE_MS
    held.take([encounter(distance_m=450.0)], T + 1_000)
    assert held.silenced_until_ms == T + SILENCE_MS
    assert not held.tick(T + SILENCE_MS - 1)
    assert held.tick(T + SILENCE_MS)
    assert silenced(held) is None
    assert held.alarms()[0].state == ACTIVE  # silence is no acknowledgement
    held.silence(T + 40_000)
    held.take([encounter(id="c d")], T + 41_000)
    assert silenced(held) is None
    held.silence(T + 42_000)
    held.take([encounter(id="c d", priority="emergency")], T + 43_000)
    assert held.silenced_until_ms == T + 42_000 + SILENCE_MS  # it rang already, unacknowledged
    held.acknowledge(held.alarms()[0].id, "Officer 1", "", T + 43_000)
    held.take([encounter(priority="emergency")], T + 44_000)
    assert silenced(held) is None


def test_acknowledging_names_one_event_and_no_other() -> None:
    held = Encounters()
    held.take([encounter(), encounter(id="c d")], T)
    first, second = held.alarms()
    assert held.acknowledge(first.id, "Officer 1", "a note", T + 1) == acknowledged(
        first, "Officer 1", "a note", T + 1
    )
    assert [one.state for one in held.alarms()] == [ACKNOWLEDGED, ACTIVE]
    assert held.acknowledge("encounter:x@1", "Officer 1", "", T + 1) is None
    held.take([encounter(state="past", limit_m=None)], T + 2)
    held.take([encounter()], T + 3)
    assert held.acknowledge(first.id, "Officer 1", "", T + 4) is None  # that event is over; this is another
    assert second == held.find_alarm(second.id)


def test_a_full_list_gives_way_to_what_is_graver_and_never_loses_what_is_as_grave() -> None:
    held = Encounters()
    for number in range(ALARMS_MAX):
        held.take([encounter(id=f"{number}", priority="warning")], T + number)
    taken, refused = held.take([encounter(id="late", priority="warning")], T + ALARMS_MAX)
    assert (taken, dict(refused)) == (0, {"too-many": 1})
    taken, _ = held.take([encounter(id="grave", priority="emergency")], T + ALARMS_MAX)
    assert taken == 1
    assert len(held.alarms()) == ALARMS_MAX
    assert {"grave", "1"} <= {one.encounter for one in held.alarms()}
    assert "0" not in {one.encounter for one in held.alarms()}
    held.acknowledge(held.alarms()[3].id, "Officer 1", "", T)
    held.take([encounter(id=held.alarms()[3].encounter, state="past", limit_m=None)], T)
    assert held.take([encounter(id="late", priority="caution")], T + ALARMS_MAX)[0] == 1


def test_closed_alarms_leave_after_twelve_hours_and_others_never() -> None:
    held = Encounters()
    held.take([encounter(), encounter(id="c d")], T)
    held.acknowledge(held.alarms()[0].id, "Officer 1", "", T)
    held.tick(T + UNHEARD_MS)
    held.tick(T + UNHEARD_MS + PAST_KEPT_MS + 1)
    assert [(one.encounter, one.state) for one in held.alarms()] == [("c d", OVER)]
    assert held.all() == ()


class AlarmStories(RuleBasedStateMachine):
    """Posts, time and officers in any order; beside it only what the words of the model say."""

    def __init__(self) -> None:
        super().__init__()
        self.now_ms = T
        self.held = Encounters()
        self.before: EncounterAlarm | None = None
        self.acts = 0

    @property
    def alarm(self) -> EncounterAlarm | None:
        return next(iter(self.held.alarms()), None)

    @rule(
        distance_m=st.sampled_from([400.0, 1_100.0, 1_300.0]),
        priority=st.sampled_from(PRIORITIES),
        is_past=st.booleans(),
        limit_m=st.sampled_from([None, 1_000.0]),
        rings=st.sampled_from([True, True, True, False]),
    )
    def post(self, distance_m: float, priority: Any, is_past: bool, limit_m: float | None, rings: bool) -> None:
        state = "past" if is_past else "active"
        self.held.take(
            [encounter(distance_m=distance_m, priority=priority, state=state, limit_m=limit_m, rings=rings)],
            self.now_ms,
        )

    @rule(passed_ms=st.sampled_from([1, 1_000, 119_999, 120_000, 1_800_000, 3_600_000]))
    def wait(self, passed_ms: int) -> None:
        self.now_ms += passed_ms
        self.held.tick(self.now_ms)

    @rule()
    def silence(self) -> None:
        before = self.alarm
        self.held.silence(self.now_ms)
        assert self.alarm == before

    @precondition(lambda self: self.alarm is not None)
    @rule()
    def acknowledge(self) -> None:
        assert self.alarm is not None
        was = self.alarm
        now = self.held.acknowledge(was.id, "Officer 1", "", self.now_ms)
        assert now is not None
        assert now.is_acknowledged
        assert now.is_active == was.is_active
        self.acts += not was.is_acknowledged

    @rule()
    def restart(self) -> None:
        kept = msgspec.json.decode(msgspec.json.encode(self.held.kept()), type=type(self.held.kept()))
        self.held = Encounters()
        self.held.bring_back(kept)
        assert self.held.kept() == kept

    @invariant()
    def nothing_is_acknowledged_by_itself_nor_forgotten(self) -> None:
        before, now = self.before, self.alarm
        if before is not None and not before.is_acknowledged:
            assert now is not None, "an alarm that nobody saw is gone"
            if now.id == before.id and now.is_acknowledged:
                assert self.acts > 0
        if before is not None and now is not None and now.id == before.id:
            assert now.count >= before.count
            assert now.gravest >= before.gravest
            if before.is_acknowledged and not now.is_acknowledged:
                hour = self.now_ms - (before.acknowledged_ms or 0) >= AGAIN_MS
                assert now.gravest > before.gravest or hour, "it rang again for nothing"
            if before.is_closed:
                assert now == before
        if now is not None:
            assert now.is_active == (now.ended_ms is None)
            assert now.is_closed == (now.is_acknowledged and not now.is_active)
        self.before = now


TestAlarmStories = AlarmStories.TestCase
TestAlarmStories.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
