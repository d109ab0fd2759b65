"""The picture: what machines may post, how it is bounded, aged and replayed, and alarms that every station shares."""

from __future__ import annotations

from itertools import pairwise
from typing import Any
from urllib.parse import quote

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from detente.desk.alarm_keeping import AlarmKeeping
from detente.desk.picture.documents import ENCOUNTERS_MAX, FEEDS_MAX, Feed, Mover
from detente.desk.picture.encounters import Encounters
from detente.desk.picture.feeds import DOWN_MS, STALE_MS, Feeds
from detente.desk.picture.history import COARSE_MS, FINE_MS, SEEN_MS, History
from detente.desk.picture.live import LivePicture
from detente.desk.picture.movers import AHEAD_MS_MAX, KEPT_MS, Movers
from detente.node.desk_door.people_questions import ActNoted
from detente.node.desk_door.record_questions import AlarmDocument, ShelfKept
from detente.node.serving.log import Log
from detente.store.errors import StoreFailure
from tests.desk.asker import Asker
from tests.desk.desks import PEOPLE, TOKEN, RunningDesk
from tests.desk.test_alarm_model import encounter
from tests.node.serving.served import until

T = 1_800_000_000_000
MACHINE: dict[str, str | None] = {"Authorization": f"Bearer {TOKEN}", "Sec-Fetch-Site": None}


def mover(ident: str = "a", at_ms: int = T, **fields: Any) -> Mover:
    """Return an own ship."""
    return Mover(
        **{"id": ident, "kind": "ship", "side": "own", "lon_deg": 20.0, "lat_deg": 57.0, "at_ms": at_ms, **fields}
    )


def test_movers_are_bounded_the_one_heard_longest_ago_gives_way_and_is_counted() -> None:
    held = Movers(most=3)
    for number in range(5):
        held.take([mover(f"m{number}", T + number)], T + number)
    held.take([mover("m2", T + 9)], T + 9)
    held.take([mover("m9", T + 9)], T + 9)
    assert [one.id for one in held.all()] == ["m4", "m2", "m9"]
    assert held.dropped == 3


def test_what_is_old_ahead_or_repeated_is_refused_by_name() -> None:
    held = Movers()
    held.take([mover("a", T)], T)
    taken, refused = held.take(
        [
            mover("a", T - 1),
            mover("a", T),
            mover("b", T - KEPT_MS - 1),
            mover("c", T + AHEAD_MS_MAX + 1),
            mover("d", T),
        ],
        T,
    )
    assert [one.id for one in taken] == ["d"]
    assert dict(refused) == {"old": 2, "repeated": 1, "ahead": 1}


def test_a_mover_that_nobody_hears_of_leaves() -> None:
    held = Movers()
    held.take([mover("a", T), mover("b", T + 60_000)], T + 60_000)
    assert not held.age(T + KEPT_MS)
    number = held.number
    assert held.age(T + KEPT_MS + 1)
    assert held.changed_since(number) == ((), ("a",))


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 3)), max_size=40), st.integers(1, 4))
def test_whoever_applies_every_change_sees_what_is_there(steps: list[tuple[int, int]], most: int) -> None:
    held, now_ms = Movers(most=most), T
    shown: dict[str, Mover] = {}
    seen = held.number
    for name, pause in steps:
        now_ms += pause * KEPT_MS // 2
        held.take([mover(f"m{name}", now_ms)], now_ms)
        held.age(now_ms)
        if pause == 1:
            continue  # a station that looks only now and then
        found = held.changed_since(seen)
        if found is None:
            shown = {one.id: one for one in held.all()}
        else:
            shown |= {one.id: one for one in found[0]}
            for gone in found[1]:
                shown.pop(gone, None)
        seen = held.number
        assert shown == {one.id: one for one in held.all()}


def test_a_feed_that_nobody_speaks_of_is_stale_and_then_down() -> None:
    held = Feeds()
    good = Feed(name="ais", state="good", last_ms=T, rate_per_s=5.0, movers=1)
    held.take([good, msgspec.structs.replace(good, name="adsb", state="down")], T)
    assert [one.state for one in held.all(T)] == ["down", "good"]
    assert [one.state for one in held.all(T + STALE_MS)] == ["down", "stale"]
    assert [one.state for one in held.all(T + DOWN_MS)] == ["down", "down"]
    held.take(
        [msgspec.structs.replace(good, last_ms=T)], T + DOWN_MS
    )  # "good", but it heard nothing for a minute
    assert held.all(T + DOWN_MS)[1].state == "down"
    taken, refused = held.take(
        [msgspec.structs.replace(good, name=f"f{number}") for number in range(FEEDS_MAX)], T
    )
    assert (taken, dict(refused)) == (FEEDS_MAX - 2, {"too-many": 2})
    assert held.take([msgspec.structs.replace(good, last_ms=T + 10**9)], T)[1] == {"ahead": 1}


def test_encounters_are_bounded_and_none_that_goes_on_is_lost() -> None:
    held = Encounters()
    many = [encounter(id=f"{number}", rings=False) for number in range(ENCOUNTERS_MAX)]
    assert held.take(many, T)[0] == ENCOUNTERS_MAX
    assert held.take([encounter(id="late", rings=False)], T)[1] == {"too-many": 1}
    held.take([encounter(id="7", state="past", rings=False)], T)
    assert held.take([encounter(id="late", rings=False)], T)[0] == 1
    assert "7" not in {one.id for one in held.all()}
    assert held.take([encounter(id="x", entered_ms=T + 10**8)], T)[1] == {"ahead": 1}


def test_replay_gives_back_what_was_live() -> None:
    history = History()
    for step in range(100):
        at_ms = T + step * 1_000
        history.keep(
            [mover("a", at_ms, lon_deg=20 + step / 100, speed_kn=12.3, course_deg=359.9, altitude_m=None)]
        )
        history.keep(
            [
                mover(
                    "b",
                    at_ms,
                    vertical_rate_ftmin=-1_500.0,
                    altitude_m=9_144.0,
                    heading_deg=10.0,
                    kind="aircraft",
                )
            ]
        )
    (_, first), (_, later), (_, empty) = history.frames([T, T + 35_000, T + 99_000 + SEEN_MS + 1])
    assert [one.id for one in first] == ["a", "b"]
    a, b = sorted(later, key=lambda one: one.id)
    assert (a.at_ms, a.lon_deg, a.speed_kn, a.course_deg, a.altitude_m) == (T + 30_000, 20.3, 12.3, 359.9, None)
    assert (b.altitude_m, b.vertical_rate_ftmin, b.heading_deg, b.kind) == (9_144.0, -1_500.0, 10.0, "aircraft")
    assert empty == ()
    trail = history.trails(["a", "nobody"], T, T + 99_000)
    assert [at_ms for _, _, at_ms in trail["a"]] == [T + FINE_MS * number for number in range(10)]
    assert trail["nobody"] == []


def test_the_past_is_bounded_and_the_coarse_ring_reaches_further_back() -> None:
    history = History(bytes_max=32 * 50, identities_max=4)
    for step in range(400):
        history.keep([mover("a", T + step * FINE_MS)])
    assert history.kept_from_ms() == T + (400 * FINE_MS // COARSE_MS - 49) * COARSE_MS
    found = history.trails(["a"], 0, T * 2)["a"]
    gaps = {after[2] - before[2] for before, after in pairwise(found)}
    assert gaps <= {FINE_MS, COARSE_MS, *range(FINE_MS, COARSE_MS, FINE_MS)}
    assert len(found) <= 100
    for number in range(20):  # a machine that names every position anew fills no memory
        history.keep([mover(f"x{number}", T + 400 * FINE_MS)])
    assert len(history._identities) == len(history._numbers) == 4
    assert len(history._last) == len(history._by_id) == 4
    assert [one.id for one in history.frames([T + 401 * FINE_MS])[0][1]] == ["x16", "x17", "x18", "x19"]


@settings(max_examples=40, deadline=None)
@given(
    st.builds(
        Mover, id=st.just("a"), kind=st.sampled_from(["ship", "aircraft", "other"]),
        side=st.sampled_from(["own", "other", "neutral", "unknown"]), name=st.text(max_size=20),
        lon_deg=st.floats(-180, 180), lat_deg=st.floats(-90, 90), at_ms=st.integers(0, 253_402_300_799_999),
        altitude_m=st.none() | st.floats(-1_000, 100_000), speed_kn=st.none() | st.floats(0, 10_000),
        course_deg=st.none() | st.floats(0, 360), heading_deg=st.none() | st.floats(0, 360),
        vertical_rate_ftmin=st.none() | st.floats(-200_000, 200_000), feed=st.just("f"), symbol=st.just(""),
    )
)  # fmt: skip
def test_every_position_that_may_be_posted_can_be_kept_and_found_again(posted: Mover) -> None:
    history = History(bytes_max=10_000)
    history.keep([posted])
    ((_, (found,)),) = history.frames([posted.at_ms])
    assert abs(found.lon_deg - posted.lon_deg) <= 1e-7
    assert abs(found.lat_deg - posted.lat_deg) <= 1e-7
    assert (found.altitude_m is None) == (posted.altitude_m is None)
    assert (found.speed_kn is None) == (posted.speed_kn is None)
    assert (found.course_deg is None) == (posted.course_deg is None)
    assert (found.name, found.side, found.kind, found.at_ms) == (
        posted.name,
        posted.side,
        posted.kind,
        posted.at_ms,
    )


def test_machines_post_and_officers_see(desk: RunningDesk, ask: Asker) -> None:
    now_ms = desk.room.now_ms()
    body = {"movers": [msgspec.to_builtins(mover("a", now_ms, name="\u202eEVIL<b>"))]}
    assert ask.post("watch/positions", body, role="", headers=MACHINE).json == {"taken": 1, "refused": {}}
    assert ask.post("watch/positions", body, role="", headers=MACHINE).json == {
        "taken": 0,
        "refused": {"repeated": 1},
    }
    until(lambda: desk.room.alarms.is_ready, "alarms of before")
    met = {"encounters": [msgspec.to_builtins(encounter(entered_ms=now_ms))]}
    assert ask.post("watch/encounters", met, role="", headers=MACHINE).json["taken"] == 1
    feeds = {"feeds": [{"name": "ais", "state": "good", "last_ms": now_ms, "rate_per_s": 1, "movers": 1}]}
    assert ask.post("watch/feeds", feeds, role="", headers=MACHINE).json["taken"] == 1
    picture = ask.get("picture", role="viewer").json
    assert picture["movers"][0]["name"] == "\u202eEVIL<b>"  # it is text, and shown as text
    assert picture["encounters"][0]["id"] == "a b"
    assert picture["feeds"][0]["state"] == "good"
    draft = ask.post(
        "watch/drafts", {"line": "baltic-0123456789abcdef", "notice": {"kind": "x"}}, role="", headers=MACHINE
    ).json
    assert draft["is_machine"] is True
    assert draft["by"] == "8" * 32


def test_what_a_machine_posts_is_bounded(ask: Asker) -> None:
    good = msgspec.to_builtins(mover("a", 5))
    for wrong in (
        {"lat_deg": 91}, {"lon_deg": -181}, {"id": ""}, {"id": "x" * 81}, {"name": "x" * 201}, {"side": "enemy"},
        {"at_ms": -1}, {"at_ms": 1.5}, {"course_deg": 361}, {"intercept_deg": 5}, {"symbol": "<"}, {"lat_deg": None},
    ):  # fmt: skip
        answer = ask.post("watch/positions", {"movers": [good | wrong]}, role="", headers=MACHINE)
        assert answer.status == 400, wrong
        assert answer.json["error"]["faults"][0]["path"].startswith("$.movers[0]"), wrong
    assert ask.post("watch/positions", {"movers": [good] * 10_001}, role="", headers=MACHINE).status == 400
    assert ask.post("watch/positions", octets=b" " * 8_000_001, role="", headers=MACHINE).status == 413


def test_a_token_opens_the_watch_and_nothing_else_and_ends(desk: RunningDesk, ask: Asker) -> None:
    assert ask.get("picture", role="", headers=MACHINE).status == 401
    assert ask.post("watch/feeds", {"feeds": []}).status == 401  # a person's session is no token
    for secret in ("", "x", TOKEN + "x", "\u00e9", "x" * 300):
        headers = {**MACHINE, "Authorization": f"Bearer {secret}".encode().decode("latin-1")}
        assert ask.post("watch/feeds", {"feeds": []}, role="", headers=headers).status == 401
    ((hashed, token),) = desk.door.tokens.items()
    desk.door.tokens[hashed] = msgspec.structs.replace(token, until_ms=desk.room.now_ms() - 1)
    desk.do(lambda: desk.door.tell("people"))
    until(
        lambda: ask.post("watch/feeds", {"feeds": []}, role="", headers=MACHINE).status == 401, "its time is over"
    )


def test_an_alarm_is_acknowledged_once_for_every_station_kept_and_in_the_trail(
    desk: RunningDesk, ask: Asker
) -> None:
    until(lambda: desk.room.alarms.is_ready, "alarms of before")
    now_ms = desk.room.now_ms()
    desk.do(lambda: desk.room.picture.take_encounters([encounter(entered_ms=now_ms, in_area=("D-17",))], now_ms))
    desk.door.alarms["n1"] = AlarmDocument(
        id="n1", line="", name="silent", member="east", priority="emergency", sentence="east is silent", raised_ms=T,
        last_ms=T, count=1, state="active-unacknowledged",
    )  # fmt: skip
    desk.do(lambda: desk.door.tell("alarms"))
    until(lambda: len(ask.get("alarms").json["alarms"]) == 2, "both")
    first, second = ask.get("alarms").json["alarms"]
    assert (first["id"], second["name"]) == ("n1", "encounter")
    assert second["sentence"].startswith("VARMA and BUK-2: closest 0.22 NM at ")
    assert second["sentence"].endswith(", in D-17")
    path = f"alarms/{quote(second['id'], safe='')}/acknowledge"
    assert ask.post(path, {"note": "x"}, role="viewer").status == 403
    assert (
        ask.post(path, {"note": "x", "count": 2}).status == 409
    )  # raised again since it was shown, or never so often
    assert ask.post(path, {"note": "seen from the bridge", "count": 1}, role="drafter").status == 200
    shown = next(one for one in ask.get("alarms", role="viewer").json["alarms"] if one["name"] == "encounter")
    assert (shown["state"], shown["note"]) == ("active-acknowledged", "seen from the bridge")
    assert shown["acknowledged_by"] == PEOPLE["drafter"].name
    act = desk.door.acts[-1]
    assert (act.act, act.actor, act.detail["alarm"]) == (
        "encounter-acknowledged",
        PEOPLE["drafter"].id,
        second["id"],
    )
    assert b"seen from the bridge" in desk.door.shelf["encounter-alarms"]
    assert ask.post(path, {}).status == 409
    assert ask.post("alarms/encounter%3Ax@1/acknowledge", {}).status == 404
    assert ask.post("alarms/n1/acknowledge", {"note": ""}).status == 200
    assert ask.post("alarms/n2/acknowledge", {}).status == 404
    assert ask.post("alarms/acknowledge", {}).status in {404, 405}  # there is no acknowledging of all


def test_an_acknowledgement_that_could_not_be_kept_is_none(desk: RunningDesk, ask: Asker) -> None:
    until(lambda: desk.room.alarms.is_ready, "alarms of before")
    now_ms = desk.room.now_ms()
    desk.do(lambda: desk.room.picture.take_encounters([encounter(entered_ms=now_ms)], now_ms))

    def full(_: Any) -> Any:
        raise StoreFailure(expected="a disk", came="full", where="", remedy="")

    (alarm,) = desk.room.picture.encounters.alarms()
    for question in (ShelfKept, ActNoted):
        desk.door.special = {question: full}
        assert ask.post(f"alarms/{quote(alarm.id, safe='')}/acknowledge", {}).status == 503
        assert not desk.room.picture.encounters.alarms()[0].is_acknowledged


def test_alarms_of_before_come_back_and_machines_wait_until_they_did(desk: RunningDesk, ask: Asker) -> None:
    until(lambda: desk.room.alarms.is_ready, "alarms of before")
    now_ms = desk.room.now_ms()
    desk.do(lambda: desk.room.picture.take_encounters([encounter(entered_ms=now_ms)], now_ms))
    (alarm,) = desk.room.picture.encounters.alarms()
    assert ask.post(f"alarms/{quote(alarm.id, safe='')}/acknowledge", {"note": "n"}).status == 200
    fresh = Encounters()
    keeping = AlarmKeeping(desk.room.node, fresh, Log("desk", write=lambda _: None))
    desk.do(keeping._bring_back)
    assert [(one.id, one.state, one.note) for one in fresh.alarms()] == [(alarm.id, "active-acknowledged", "n")]
    desk.room.alarms.is_ready = False
    assert ask.post("watch/encounters", {"encounters": []}, role="", headers=MACHINE).status == 503
    desk.do(lambda: desk.door.shelf.update({"encounter-alarms": b"{"}))
    desk.do(lambda: desk.door.tell("shelf"))
    until(lambda: desk.room.alarms.is_ready, "what cannot be read holds nobody up")


def test_silence_is_shared_and_anybody_who_acknowledges_may_ask_for_it(desk: RunningDesk, ask: Asker) -> None:
    assert ask.post("alarms/silence", role="viewer").status == 403
    until_ms = ask.post("alarms/silence", role="drafter").json["silenced_until_ms"]
    assert ask.get("picture", role="viewer").json["silenced_until_ms"] == until_ms


def test_replay_and_trails_are_bounded(desk: RunningDesk, ask: Asker) -> None:
    now_ms = desk.room.now_ms()
    desk.do(lambda: desk.room.picture.take_movers([mover("a", now_ms)], now_ms))
    found = ask.get(f"replay?from_ms={now_ms}&until_ms={now_ms + 20_000}&step_ms=10000").json
    assert [frame["at_ms"] for frame in found["frames"]] == [now_ms, now_ms + 10_000, now_ms + 20_000]
    assert found["kept_from_ms"] == now_ms
    assert ask.get("replay?from_ms=0&until_ms=600000&step_ms=1000").status == 400
    assert ask.get("replay?from_ms=5&until_ms=0").status == 400
    assert ask.get("trails?ids=a").json["trails"][0]["points"][0][2] == now_ms
    assert ask.get("trails?ids=" + ",".join("a" * 201)).status == 400
    assert ask.get("trails?ids=,").status == 400


def test_nothing_of_the_picture_computes_where_to_aim() -> None:
    names = {name for kind in (Mover, type(encounter()), Feed) for name in kind.__struct_fields__} | {
        name for name in vars(LivePicture) if not name.startswith("_")
    }
    assert not [
        name for name in names if any(word in name for word in ("intercept", "lead", "aim", "range", "weapon"))
    ]


def test_overlays_are_checked_kept_and_taken_away(desk: RunningDesk, ask: Asker) -> None:
    line = {
        "type": "Feature",
        "geometry": {"type": "LineString", "coordinates": [[20, 57], [21, 58]]},
        "properties": {"claim": "west's"},
    }
    body = {"type": "FeatureCollection", "features": [line]}
    assert ask("PUT", "overlays/our%20claim", body).json["overlays"][0]["name"] == "our claim"
    assert ask("PUT", "overlays/second", body, role="viewer").status == 403
    (feature,) = ask.get("overlays", role="viewer").json["overlays"][0]["features"]["features"]
    assert feature["geometry"] == {"type": "LineString", "coordinates": [[20.0, 57.0], [21.0, 58.0]]}
    assert feature["properties"] == {"claim": "west's"}
    for wrong in (
        {"type": "LineString", "coordinates": [[20, 57]]}, {"type": "Point", "coordinates": [200, 0]},
        {"type": "Circle", "coordinates": [0, 0]}, {"type": "Polygon", "coordinates": [[[0, 0]]]}, None,
    ):  # fmt: skip
        assert (
            ask(
                "PUT", "overlays/x", {"type": "FeatureCollection", "features": [{**line, "geometry": wrong}]}
            ).status
            == 400
        )
    assert ask("DELETE", "overlays/our%20claim").json["overlays"] == []
    assert ask("DELETE", "overlays/our%20claim").status == 404
