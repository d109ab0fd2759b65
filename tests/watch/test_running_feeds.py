"""Feeds kept running: tried again, stale, overloaded, ended; their standing says so and every element is accounted.

Method: feeds that play a script against a clock that tests set; no test waits for real time to prove a time.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

import polars as pl
import pytest

from detente.tracks.errors import TrackMistake
from detente.tracks.live_ais import LiveAis
from detente.watch.batches import Batch, FeedStanding
from detente.watch.errors import FeedLost
from detente.watch.feeds.batching import connected
from detente.watch.feeds.running import Feeds, Retry
from detente.watch.feeds.streams import StreamFeed
from tests.tracks.frames import tracks
from tests.tracks.radio import class_a
from tests.watch.feed_servers import NOW, tcp_server, until

SOON = Retry(first_s=0.01, most_s=0.02)


@dataclass
class Clock:
    now: datetime = NOW

    def __call__(self) -> datetime:
        return self.now


def batch(count: int, *, movers: Sequence[str] = ("a",), rejected: int = 0, name: str = "one") -> Batch:
    rows = tracks([{"t": number, "mover": movers[number % len(movers)]} for number in range(max(count, 1))])
    bad = {"bad_checksum": rejected} if rejected else {}
    return Batch(name, NOW, rows if count else rows.clear(), count + rejected, count, bad)


@dataclass
class Scripted:
    """A feed that plays one script at each connection, the last one for ever."""

    scripts: Sequence[Sequence[Batch | BaseException | Literal["wait"]]]
    name: str = "one"
    stale_after_s: float = 60.0
    tries: int = 0

    async def batches(self) -> AsyncIterator[Batch]:
        self.tries += 1
        for step in self.scripts[min(self.tries, len(self.scripts)) - 1]:
            if step == "wait":
                await asyncio.Event().wait()
            elif isinstance(step, BaseException):
                raise step
            elif isinstance(step, Batch):
                yield step


@dataclass
class Played(Scripted):
    finite: Literal[True] = True


def lost(retry_after_s: float | None = None) -> FeedLost:
    return FeedLost(expected="a stream", came="the line is cut", where="one", retry_after_s=retry_after_s)


async def settled(feeds: Feeds, wanted: str) -> FeedStanding:
    """Return the only feed's standing as soon as its state is the wanted one."""
    await until(lambda: feeds.standings()[0].state == wanted)
    return feeds.standings()[0]


def test_what_comes_is_taken_in_order_and_told_in_the_standing() -> None:
    async def story() -> None:
        clock = Clock()
        given = [batch(3, movers=("a", "b")), batch(0, rejected=2)]
        async with Feeds([Scripted([[*given, "wait"]])], clock=clock) as feeds:
            assert feeds.standings()[0].state == "down"
            got: list[Batch] = []
            while len(got) < 2:
                assert await feeds.wait(5)
                got += feeds.take()
            assert got == given
            assert not await feeds.wait(0)
            standing = feeds.standings()[0]
            assert (standing.state, standing.received, standing.used) == ("good", 5, 3)
            assert (standing.rejected, standing.movers, standing.last_at) == ({"bad_checksum": 2}, 2, NOW)
            assert standing.rate_per_s == pytest.approx(0.1)
            clock.now += timedelta(seconds=700)
            standing = feeds.standings()[0]
            assert (standing.state, standing.movers, standing.rate_per_s) == ("stale", 0, 0.0)

    asyncio.run(story())


def test_a_feed_that_is_connected_but_says_nothing_usable_is_stale_and_not_good() -> None:
    async def story() -> None:
        feed = Scripted([[connected("one", NOW), batch(0, rejected=5), "wait"]])
        async with Feeds([feed], clock=Clock()) as feeds:
            standing = await settled(feeds, "stale")
            assert standing.last_at is None

    asyncio.run(story())


def test_a_lost_feed_is_tried_again_and_says_why_it_is_down() -> None:
    async def story() -> None:
        class Panic(BaseException):
            """What a library written in Rust raises when it gives up."""

        feed = Scripted([[lost()], [], [ValueError("a bug")], [Panic("in a decoder")], [batch(1), "wait"]])
        seen = set()
        async with Feeds([feed], retry=Retry(first_s=0.05, most_s=0.05), clock=Clock()) as feeds:
            async with asyncio.timeout(10):
                while (standing := feeds.standings()[0]).state != "good":
                    seen.add(standing.why)
                    await asyncio.sleep(0.002)
            assert standing.attempts == 5
            assert standing.why == ""
        assert any("the line is cut" in why for why in seen)
        assert any("ended the connection" in why for why in seen)
        assert any("ValueError: a bug" in why for why in seen)
        assert any("Panic: in a decoder" in why for why in seen)

    asyncio.run(story())


def test_waits_double_up_to_their_cap_and_are_spread() -> None:
    retry = Retry(first_s=1.0, most_s=100.0)
    for failures in range(1, 2_000):
        whole = min(2.0 ** (failures - 1), 100.0) if failures < 50 else 100.0
        assert whole / 2 <= retry.wait_s(failures) <= whole
    assert len({retry.wait_s(5) for _ in range(20)}) > 10


def test_a_source_that_sends_us_away_is_left_alone_that_long(monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []
    real = asyncio.sleep

    async def note(seconds: float) -> None:
        slept.append(seconds)
        await real(0)

    async def story() -> None:
        feed = Scripted([[lost(300.0)], [lost(0.0)], [batch(1), "wait"]])
        async with Feeds([feed], retry=SOON, clock=Clock()) as feeds:
            assert await feeds.wait(5)

    monkeypatch.setattr("detente.watch.feeds.running.asyncio.sleep", note)
    asyncio.run(story())
    assert slept[0] == 300.0
    assert slept[1] <= SOON.most_s


def test_a_feed_that_was_steady_begins_with_short_waits_again() -> None:
    async def story() -> None:
        clock = Clock()
        feeds = Feeds([Scripted([["wait"]])], clock=clock, retry=Retry(steady_s=60))
        one = feeds._running[0]
        one.failures = 5
        await one._put(batch(1))
        assert one.failures == 5
        clock.now += timedelta(seconds=61)
        await one._put(batch(1))
        assert one.failures == 0

    asyncio.run(story())


def test_a_flood_drops_the_oldest_by_count_and_the_sums_agree() -> None:
    async def story() -> None:
        given = [batch(10, rejected=1) for _ in range(50)]
        async with Feeds([Scripted([[*given, "wait"]])], queue_elements_max=100, clock=Clock()) as feeds:
            await until(lambda: feeds.standings()[0].received >= 550)
            got = feeds.take()
            standing = feeds.standings()[0]
            assert sum(each.rows.height for each in got) <= 100
            assert got[-1] is given[-1]
            for one in got:
                assert one.received == one.used + sum(one.rejected.values())
            assert sum(each.received for each in got) == standing.received == 550
            assert sum(each.used for each in got) == standing.used
            assert sum((Counter(each.rejected) for each in got), Counter()) == Counter(standing.rejected)
            assert standing.rejected == {"bad_checksum": 50, "overload": standing.dropped}
            assert standing.dropped == 500 - standing.used > 0

    asyncio.run(story())


def test_a_feed_with_an_end_waits_for_the_loop_and_drops_nothing() -> None:
    async def story() -> None:
        given = [batch(10) for _ in range(50)]
        async with Feeds([Played([given])], queue_elements_max=100, clock=Clock()) as feeds:
            got: list[Batch] = []
            async with asyncio.timeout(10):
                while not feeds.ended:
                    await feeds.wait(1)
                    got += feeds.take()
            assert got == given
            assert (feeds.standings()[0].dropped, feeds.standings()[0].attempts) == (0, 1)

    asyncio.run(story())


def test_a_file_that_cannot_be_played_ends_with_its_reason() -> None:
    async def story() -> None:
        feed = Played([[TrackMistake(expected="tracks", came="a recipe", where="cake.csv")]])
        async with Feeds([feed], clock=Clock()) as feeds:
            async with asyncio.timeout(10):
                while not feeds.ended:
                    await feeds.wait(1)
            assert "a recipe" in feeds.standings()[0].why

    asyncio.run(story())


def test_one_feed_that_fails_leaves_the_others_alone() -> None:
    async def story() -> None:
        bad, good = Scripted([[lost()]], name="bad"), Scripted([[batch(1, name="good"), "wait"]], name="good")
        async with Feeds([bad, good], retry=SOON, clock=Clock()) as feeds:
            await until(lambda: bad.tries >= 5 and feeds.standings()[1].state == "good")
            assert [standing.state for standing in feeds.standings()] == ["down", "good"]

    asyncio.run(story())


def test_a_server_that_restarts_is_found_again_and_its_first_names_are_not_forgotten() -> None:
    async def story() -> pl.DataFrame:
        answers = iter([f"{class_a()}\r\n".encode(), f"{class_a(219_000_002)}\r\n".encode()])

        async def talk(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(next(answers, b""))
            await writer.drain()

        async with tcp_server(talk) as port:
            feed = StreamFeed("roof", "127.0.0.1", port, LiveAis("roof"), 60.0)
            async with Feeds([feed], retry=SOON) as feeds, asyncio.timeout(20):
                got: list[Batch] = []
                while sum(each.rows.height for each in got) < 2:
                    await feeds.wait(1)
                    got += feeds.take()
                return pl.concat([each.rows for each in got])

    assert asyncio.run(story())["mover"].to_list() == ["mmsi:219000001", "mmsi:219000002"]


def test_no_feeds_at_all_have_ended() -> None:
    async def story() -> None:
        async with Feeds([]) as feeds:
            assert feeds.ended
            assert await feeds.wait(1)
            assert feeds.take() == []

    asyncio.run(story())


def test_counting_movers_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("detente.watch.feeds.running.MOVERS_COUNTED_MAX", 10)

    async def story() -> None:
        feed = Scripted([[batch(30, movers=[f"m{n}" for n in range(30)]), "wait"]])
        async with Feeds([feed], clock=Clock()) as feeds:
            await feeds.wait(5)
            assert feeds.standings()[0].movers == 10

    asyncio.run(story())
