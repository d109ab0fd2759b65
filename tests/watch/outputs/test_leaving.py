"""What leaves a watch: goal: nothing of a mover of another side, of no side or of an unknown one, by any way out.

Method: every pair of sides and every entry through the gate and through each output's own encoding, searched for
everything that identifies or places the others; and the source searched for a second place that makes what leaves.
"""

from __future__ import annotations

import ast
import json
import re
from dataclasses import fields
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detente.watch.errors import WatchMistake
from detente.watch.events import Event
from detente.watch.outputs import cursor_on_target, signalk, webhook
from detente.watch.outputs.leaving import AREAS_OUT_MAX, CORNERS_OUT_MAX, Alarm, Gate, Leaving, OwnMover
from tests.watch.outputs.scenes import (
    AREA,
    EVERYBODY,
    EVERYTHING,
    IDENTITIES,
    NAMES,
    NOW,
    OTHER_PLACE,
    OWN_PLACE,
    SECRETS,
    SIDES,
    area,
    entry,
    mover,
    pair,
)

SOURCE = Path(cursor_on_target.__file__).parents[2]


def admitted(events: Any = EVERYTHING, movers: Any = EVERYBODY, **more: Any) -> tuple[Leaving, Gate]:
    gate = Gate("west")
    return gate.admit(events, more.get("areas", (AREA,)), movers, NOW), gate


def everything_said(leaving: Leaving) -> dict[str, bytes]:
    """Return all that each output would write of it."""
    return {
        "cot": b"".join([
            *(cursor_on_target.alarm_event(one, NOW) for one in (*leaving.active, *leaving.changed)),
            *(event for one in leaving.areas for event in cursor_on_target.area_events(one, NOW)),
            *(cursor_on_target.mover_event(one) for one in leaving.movers),
        ]),
        "signalk": json.dumps([
            {signalk.path_of(f"{signalk.ROOT}.watch.", one.uid): signalk.notification(one)} for one in leaving.changed
        ], ensure_ascii=False).encode(),
        "webhook": json.dumps([webhook.document(one) for one in leaving.changed], ensure_ascii=False).encode(),
    }  # fmt: skip


def test_only_movers_of_our_own_side_leave() -> None:
    leaving, gate = admitted()
    assert [one.id for one in leaving.movers] == [IDENTITIES["west"]]
    assert gate.refused["not_ours"] >= 3


@pytest.mark.parametrize("side", [side for side in SIDES if side != "west"])
def test_a_mover_of_any_other_side_leaves_by_no_way(side: str) -> None:
    events = [pair("west", side), pair(side, "west", id="2"), entry(side, id="3"), pair(side, side, id="4")]
    leaving, _ = admitted(events, [mover(side)])
    assert leaving.changed, "the alarms of ours are told"
    for way, said in everything_said(leaving).items():
        for secret in (IDENTITIES[side], IDENTITIES[side][-9:], NAMES[side], "24.22", "59.22"):
            assert secret.encode() not in said, (way, secret)


def test_nothing_that_identifies_or_places_the_others_stands_in_anything_that_leaves() -> None:
    leaving, _ = admitted()
    ways = everything_said(leaving)
    assert set(ways) == {"cot", "signalk", "webhook"}
    for way, said in ways.items():
        assert NAMES["west"].encode() in said, f"{way} says something at all"
        found = [secret for secret in SECRETS if secret.encode() in said]
        assert not found, way
    # and in nothing that is kept of them either
    assert not [secret for secret in SECRETS if secret in repr(leaving)]


def test_an_encounter_without_us_is_no_alarm_of_ours() -> None:
    leaving, gate = admitted([pair("east", "neutral"), pair("", "east", id="2")], [])
    assert (leaving.changed, leaving.active) == ((), ())
    assert gate.refused["not_ours"] == 2


def test_a_place_is_ours_or_the_middle_of_the_area() -> None:
    leaving, _ = admitted([pair("west", "east"), pair("east", "west", id="2"), entry("east"), entry("west")], [])
    first, second, third, fourth = leaving.changed
    assert first.place == second.place == (round(OWN_PLACE[0], 5), round(OWN_PLACE[1], 5))
    assert third.place == pytest.approx((24.5, 59.4), abs=0.2)
    assert third.place != pytest.approx(OTHER_PLACE, abs=1e-4)
    assert fourth.place == first.place
    assert (third.own, third.other_kind, third.other_side) == ("", "ship", "east")


def test_an_area_that_nobody_knows_has_no_place_and_no_alarm() -> None:
    leaving, gate = admitted([entry("east", area="elsewhere")], [])
    assert leaving.changed == ()
    assert gate.refused["no_place"] == 1


def test_a_distance_is_told_in_two_figures() -> None:
    leaving, _ = admitted([pair("west", "east"), pair("west", "east", id="2", closest_distance_m=3.2)], [])
    assert [one.closest_distance_m for one in leaving.changed] == [740.0, 10.0]


def test_an_alarm_is_told_when_it_begins_rises_and_ends_and_never_between() -> None:
    gate = Gate("west")
    steps: list[tuple[dict[str, Any], bool]] = [
        ({"priority": "caution"}, True),
        ({"priority": "caution", "closest_distance_m": 700.0}, False),
        ({"priority": "warning", "closest_distance_m": 650.0}, True),
        ({"priority": "caution", "closest_distance_m": 600.0}, False),
        ({"priority": "warning", "closest_distance_m": 550.0}, False),
        ({"priority": "emergency", "closest_distance_m": 500.0}, True),
        ({"priority": "emergency", "state": "past", "closest_distance_m": 450.0}, True),
        ({"priority": "emergency", "state": "past", "closest_distance_m": 400.0}, False),
    ]
    told: list[Alarm] = []
    for number, (changes, is_told) in enumerate(steps):
        leaving = gate.admit([pair("west", "east", **changes)], (), (), NOW + timedelta(seconds=number))
        assert bool(leaving.changed) == is_told, number
        told += leaving.changed
    assert {one.uid for one in told} == {told[0].uid}
    assert [one.is_over for one in told] == [False, False, False, True]
    assert [one.closest_distance_m for one in told] == [740.0, 650.0, 500.0, 500.0]
    assert IDENTITIES["east"] not in told[0].uid


def test_what_goes_on_is_told_in_the_words_of_its_last_telling() -> None:
    gate = Gate("west")
    gate.admit([pair("west", "east")], (), (), NOW)
    leaving = gate.admit([pair("west", "east", closest_distance_m=123.0)], (), (), NOW + timedelta(seconds=9))
    assert [one.closest_distance_m for one in leaving.active] == [740.0]
    assert leaving.active[0].at == NOW


def test_an_event_that_nobody_names_any_more_is_over() -> None:
    gate = Gate("west")
    gate.admit([pair("west", "east")], (), (), NOW)
    leaving = gate.admit([], (), (), NOW + timedelta(seconds=299))
    assert (len(leaving.active), leaving.changed) == (1, ())
    leaving = gate.admit([], (), (), NOW + timedelta(seconds=301))
    assert (leaving.active, [one.is_over for one in leaving.changed]) == ((), [True])


def test_two_alarms_of_one_mover_at_one_time_have_two_names() -> None:
    leaving, _ = admitted([pair("west", "east"), pair("west", "neutral")], [])
    assert len({one.uid for one in leaving.changed}) == 2


def test_without_a_name_of_our_side_everybody_without_one_would_be_ours_so_it_is_refused() -> None:
    with pytest.raises(WatchMistake):
        Gate("")


def test_areas_are_told_while_they_are_open_or_open_within_a_day() -> None:
    day = timedelta(days=1)
    areas = (
        area("open"),
        area("soon", windows=((NOW + day / 2, NOW + day),)),
        area("later", windows=((NOW + 2 * day, NOW + 3 * day),)),
        area("over", windows=((NOW - 2 * day, NOW - day),)),
        area("always", windows=((None, None),)),
    )
    leaving, _ = admitted((), (), areas=areas)
    assert [one.name for one in leaving.areas] == ["open firing", "soon firing", "always firing"]


def test_areas_that_are_too_many_or_too_detailed_are_counted() -> None:
    ring = tuple((24.0 + number / 10_000, 59.0) for number in range(CORNERS_OUT_MAX + 1))
    areas = (area("ragged", shape=(ring,)), *(area(str(number)) for number in range(AREAS_OUT_MAX + 4)))
    leaving, gate = admitted((), (), areas=areas)
    assert len(leaving.areas) == AREAS_OUT_MAX - 1
    assert (gate.refused["too_many"], gate.refused["too_detailed"]) == (5, 1)


def test_what_leaves_has_no_field_of_the_other_but_its_kind_and_its_side() -> None:
    assert [one.name for one in fields(Alarm) if one.name.startswith("other")] == ["other_kind", "other_side"]
    assert set(Event.__struct_fields__) >= {"reason", "line", "id"}, "what an alarm leaves out is still called so"


def test_nothing_but_the_gate_makes_what_leaves() -> None:
    makers = {"Alarm", "OwnMover", "Leaving", "Area"}
    for path in sorted((SOURCE / "watch").rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        imported = {
            alias.asname or alias.name
            for node in ast.walk(tree)
            if isinstance(node, ast.ImportFrom) and node.module == "detente.watch.outputs.leaving"
            for alias in node.names
        }
        called = {
            node.func.id
            for node in ast.walk(tree)
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
        }
        made = called & imported & makers
        # an output begins with nothing to tell
        assert made <= ({"Leaving"} if path.name == "cursor_on_target.py" else set()), path


@pytest.mark.parametrize("way", [cursor_on_target, signalk, webhook])
def test_no_output_sees_the_picture_or_its_events(way: Any) -> None:
    tree = ast.parse(Path(way.__file__).read_text(encoding="utf-8"))
    seen = {alias.name for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) for alias in node.names}
    assert not seen & {"Event", "Mover", "LiveMover", "LivePicture", "Gate"}


def test_an_own_mover_keeps_what_was_said_of_it() -> None:
    leaving, _ = admitted((), [mover("west", altitude_m=30.0, altitude_datum="pressure")])
    (own,) = leaving.movers
    assert isinstance(own, OwnMover)
    assert (own.speed_kn, own.course_deg, own.altitude_m, own.name) == (10.0, 90.0, 30.0, "VARMA")


DIGITS = re.compile(rb"-?[0-9]+\.[0-9]+")
TEXTS = st.text("abcdefghij", min_size=6, max_size=20).map("Ж{}".format)
PRIORITIES = st.sampled_from(["caution", "warning", "alarm", "emergency"])


@settings(max_examples=60, deadline=None)
@given(
    side=st.sampled_from([side for side in SIDES if side != "west"]),
    number=st.integers(700_000_000, 799_999_999),
    name=TEXTS,
    lon=st.floats(-170, -100),
    lat=st.floats(-80, -20),
    priority=PRIORITIES,
    predicted=st.booleans(),
)
def test_no_identity_no_name_and_no_number_near_its_place_leaves_whoever_it_is(
    side: str, number: int, name: str, lon: float, lat: float, priority: str, predicted: bool
) -> None:
    who, place = f"mmsi:{number}", (lon, lat)
    about = {"a": who, "name_a": name, "line": (place, OWN_PLACE), "priority": priority, "predicted": predicted}
    events = [
        pair(side, "west", id="1", reason=f"{name} {place}", **about),
        entry(side, id=f"{who}|2", a=who, name_a=name, line=(place, place), reason=name, priority=priority),
        pair(side, side, id="3", **about),
    ]
    others = [mover(side, id=who, name=name, lon_deg=lon, lat_deg=lat), mover("west")]
    leaving, _ = admitted(events, others)
    for way, said in everything_said(leaving).items():
        assert str(number).encode() not in said, way
        assert name.encode() not in said, way
        for found in DIGITS.findall(said):
            assert min(abs(float(found) - lon), abs(float(found) - lat)) > 0.01, way


@settings(deadline=None)
@given(st.lists(st.tuples(PRIORITIES, st.booleans(), st.floats(1, 5_000)), max_size=40))
def test_however_an_event_goes_it_is_told_five_times_at_most(steps: list[tuple[str, bool, float]]) -> None:
    gate, told = Gate("west"), 0
    for number, (priority, is_over, distance_m) in enumerate(steps):
        state = "past" if is_over and number == len(steps) - 1 else "active"
        event = pair("west", "east", priority=priority, state=state, closest_distance_m=distance_m)
        told += len(gate.admit([event], (), (), NOW + timedelta(seconds=number)).changed)
    assert told <= 5
