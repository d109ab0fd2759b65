"""Live changes: what a station hears, and what becomes of one that does not keep up."""

from __future__ import annotations

import asyncio
import zlib
from typing import Any

import msgspec
import pytest

from detente.desk import picture_routes
from detente.desk.events import QUEUE_MAX, Event, Hub
from detente.desk.picture.documents import Feed, Mover
from detente.desk.picture.live import LivePicture
from tests.desk.asker import Asker
from tests.desk.desks import PEOPLE, TOKEN, RunningDesk
from tests.desk.streams import listening
from tests.desk.test_alarm_model import encounter
from tests.node.serving.served import until

T = 1_800_000_000_000


def mover(name: str = "a", at_ms: int = T, **fields: Any) -> Mover:
    return Mover(
        **{"id": name, "kind": "ship", "side": "own", "lon_deg": 20.0, "lat_deg": 57.0, "at_ms": at_ms, **fields}
    )


def read(event: bytes | Event) -> tuple[str, Any]:
    octets = event.plain if isinstance(event, Event) else event
    lines = octets.decode().rstrip("\n").split("\n")
    return lines[0].removeprefix("event: "), msgspec.json.decode(lines[1].removeprefix("data: "))


def test_a_station_hears_the_whole_picture_then_what_changes(desk: RunningDesk, ask: Asker) -> None:
    now_ms = desk.room.now_ms()
    desk.do(lambda: desk.room.picture.take_movers([mover("a", now_ms)], now_ms))
    with listening(desk) as events:
        assert b"text/event-stream" in events.head
        assert b"no-store" in events.head
        name, first = events.next()
        assert (name, first["full"], [one["id"] for one in first["movers"]]) == ("picture", True, ["a"])
        desk.do(lambda: desk.room.picture.take_movers([mover("b", now_ms + 1)], now_ms))
        delta = events.next("picture")[1]
        while "b" not in [one["id"] for one in delta["movers"]]:
            delta = events.next("picture")[1]
        assert not delta["full"]
        assert delta["encounters"] is None
        desk.do(lambda: desk.door.tell("entries", "drafts"))
        topics: set[str] = set()
        while "drafts" not in topics:
            topics = set(events.next("news")[1]["topics"])
        assert "entries" in topics
        ask.post("alarms/silence")
        while True:
            _, alarms = events.next("alarms")
            if alarms["silenced_until_ms"] is not None:
                break
        _, clock = events.next("clock")
        assert clock["node_answers"] is True


def test_a_stream_ends_when_its_session_does(desk: RunningDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(picture_routes, "_STILL_SIGNED_IN_S", 0.0)
    with listening(desk) as events:
        events.next("picture")
        del desk.door.people[PEOPLE["viewer"].id]
        desk.do(lambda: desk.door.tell("people"))
        with pytest.raises(EOFError):
            events.drain()
    until(lambda: desk.do(lambda: len(desk.room.hub)) == 0, "the stream is forgotten")


def test_streams_end_when_the_desk_does_and_nobody_waits_for_them(desk: RunningDesk) -> None:
    with listening(desk) as events:
        events.next("picture")
        desk.loop.call_soon_threadsafe(desk.stop.set)
        with pytest.raises(EOFError):
            events.drain()


def test_a_station_that_does_not_keep_up_gets_the_whole_picture_again() -> None:
    async def story() -> None:
        now = [T]
        picture = LivePicture()
        hub = Hub(picture, lambda: now[0])
        slow, quick = hub.open("slow"), hub.open("quick")
        reading_slow, reading_quick = slow.events(), quick.events()
        for reading in (reading_slow, reading_quick):
            for _ in range(3):
                await anext(reading)
        for number in range(QUEUE_MAX + 5):
            now[0] += 1_000
            picture.take_movers([mover(f"m{number}", now[0])], now[0])
            hub.beat()
            while quick._queue:
                assert not read(await anext(reading_quick))[1].get("full")
        assert len(slow._queue) <= QUEUE_MAX
        name, whole = read(await anext(reading_slow))
        assert (name, whole["full"], len(whole["movers"])) == ("picture", True, QUEUE_MAX + 5)
        assert read(await anext(reading_slow)) == ("news", {"topics": ["node"]})
        slow.end()
        assert [one async for one in reading_slow]  # what waited after that still comes

    asyncio.run(story())


def test_a_beat_sends_at_most_one_picture_and_none_when_nothing_changed() -> None:
    async def story() -> None:
        now = [T]
        picture = LivePicture()
        hub = Hub(picture, lambda: now[0])
        stream = hub.open("a")
        reading = stream.events()
        for _ in range(3):
            await anext(reading)
        for _ in range(50):
            picture.take_movers([mover("a", now[0]), mover("b", now[0])], now[0])
            now[0] += 10
        picture.take_encounters([encounter(entered_ms=now[0])], now[0])
        picture.take_feeds([Feed(name="ais", state="good", last_ms=now[0], rate_per_s=1.0, movers=2)], now[0])
        hub.beat()
        names = [read(one)[0] for one in stream._queue]
        assert names == ["picture", "alarms", "clock"]
        _, delta = read(stream._queue[0])
        assert len(delta["movers"]) == 2
        assert delta["encounters"][0]["id"] == "a b"
        assert delta["feeds"][0]["state"] == "good"
        stream._queue.clear()
        hub.beat()
        assert not stream._queue
        now[0] += 20_000
        hub.beat()  # nobody spoke of the feed: that is a change of its own
        assert read(stream._queue[0])[1]["feeds"][0]["state"] == "stale"
        now[0] += 31 * 60_000
        stream._queue.clear()
        hub.beat()
        assert sorted(read(stream._queue[0])[1]["gone"]) == ["a", "b"]

    asyncio.run(story())


def test_a_packed_stream_says_the_same_and_is_made_once_for_all() -> None:
    async def story() -> None:
        now = [T]
        picture = LivePicture()
        hub = Hub(picture, lambda: now[0])
        plain, *packed = hub.open("a"), hub.open("b", is_packed=True), hub.open("c", is_packed=True)
        reading = [one.events() for one in (plain, *packed)]
        unpack = [zlib.decompressobj(31) for _ in packed]
        for step in range(8):
            if step > 2:
                now[0] += 1_000
                picture.take_movers([mover(f"m{number}", now[0]) for number in range(50)], now[0])
                hub.beat()
            first, second, third = [await anext(one) for one in reading]
            assert unpack[0].decompress(second) == first
            assert unpack[1].decompress(third) == first
            if step > 2:
                assert second is third
                assert b"movers" not in first or len(second) < len(first) / 4

    asyncio.run(story())


def test_only_who_may_read_hears_anything(ask: Asker) -> None:
    assert ask.get("events", role="").status == 401
    assert ask.get("events", role="nobody's").status == 403
    assert ask.get("events", headers={"Sec-Fetch-Site": "cross-site"}).status == 403
    token: dict[str, str | None] = {"Authorization": f"Bearer {TOKEN}"}
    assert ask.get("events", role="", headers=token).status == 401
