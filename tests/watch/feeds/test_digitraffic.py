"""Digitraffic: goal: what a real broker publishes becomes rows, and no broker, however broken, hurts or goes unnamed.

Method: amqtt's broker over a websocket, plain and encrypted, with another client that publishes; and servers that
refuse, fall silent, send too much, or speak something else.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.server import ServerConnection

from detente.tracks.readers import Options
from detente.tracks.reading import batches as archive_batches
from detente.tracks.reasons import Tally
from detente.watch.errors import FeedLost, WatchMistake
from detente.watch.feeds import digitraffic, websocket_stream
from detente.watch.feeds.address import parse_feed
from detente.watch.feeds.digitraffic import ATTRIBUTION, NAME
from tests.watch.authorities import papers
from tests.watch.feeds.reading import heard
from tests.watch.feeds.servers import (
    CONNACK,
    SUBACK,
    broker,
    location,
    metadata,
    publish,
    published,
    stream_server,
    websocket_server,
)

SHIP = 230_000_001


def address(port: int, **options: Any) -> str:
    secured = "ca_file" in options
    link = f"{'wss' if secured else 'ws'}://localhost:{port}/mqtt"
    return "digitraffic:?" + "&".join([f"url={link}", *(f"{key}={value}" for key, value in options.items())])


async def read_while(
    feed: str, port: int, messages: list[tuple[str, bytes]], rows: int, authority: Any = None
) -> Any:
    """Read until there are rows, while another client publishes again and again."""

    async def speak() -> None:
        while True:
            await publish(port, messages, authority)
            await asyncio.sleep(0.2)

    speaking = asyncio.create_task(speak())
    try:
        return await heard(feed, lambda found: len(found.movers) >= rows)
    finally:
        speaking.cancel()
        await asyncio.gather(speaking, return_exceptions=True)


def test_what_a_broker_publishes_becomes_rows_with_the_names_of_the_metadata() -> None:
    async def story() -> None:
        async with broker() as port:
            messages = [metadata(SHIP, "AISOPOS"), location(SHIP), location(230_000_002, navStat=5)]
            found = await read_while(address(port), port, messages, 4)
        assert {"mmsi:230000001", "mmsi:230000002"} == set(found.movers)
        named = found.rows.filter(found.rows["mover"] == "mmsi:230000001")
        assert "AISOPOS" in named["name"].to_list()
        assert not found.rejected

    asyncio.run(story())


def test_an_encrypted_broker_is_reached_when_its_authority_is_named(tmp_path: Path) -> None:
    ours = papers(tmp_path)

    async def story() -> None:
        async with broker(ours) as port:
            found = await read_while(address(port, ca_file=ours.ca), port, [location(SHIP)], 1, ours)
            assert found.movers[0] == "mmsi:230000001"
            stranger = papers(tmp_path / "stranger")
            lost = (await heard(address(port, ca_file=stranger.ca))).lost
        assert lost is not None
        assert "certificate" in lost.expected

    asyncio.run(story())


def test_a_certificate_for_another_name_or_of_yesterday_is_not_believed(tmp_path: Path) -> None:
    async def story() -> None:
        for number, wrong in enumerate(
            (papers(tmp_path / "a", names=("other",)), papers(tmp_path / "b", days=-1))
        ):
            async with broker(wrong) as port:
                lost = (await heard(address(port, ca_file=wrong.ca))).lost
            assert lost is not None
            assert "certificate" in lost.expected, number

    asyncio.run(story())


def test_a_broker_that_lets_nobody_in_is_named(tmp_path: Path) -> None:
    async def story() -> None:
        async with broker(anonymous=False) as port:
            lost = (await heard(address(port))).lost
        assert lost is not None
        assert "lets us in" in lost.expected

    asyncio.run(story())


def test_wrong_topics_and_wrong_payloads_are_counted_by_name() -> None:
    async def story() -> None:
        wrong = [
            ("vessels-v2/230000001/location", b"{"),
            ("vessels-v2/230000001/location", b"x" * 70_000),
            ("vessels-v2/99/location", location(99)[1]),
            location(230_000_003, lat=91.0),
            location(230_000_004, time=1_000_000_000),
        ]
        async with broker() as port:
            found = await read_while(address(port), port, [*wrong, location(SHIP)], 2)
        assert set(found.movers) == {"mmsi:230000001"}
        late = {"clock_off", "old"}  # which of the two depends on what came first
        assert set(found.rejected) - late == {"unreadable", "no_identity", "not_available"}
        assert set(found.rejected) & late

    asyncio.run(story())


def test_what_is_kept_as_evidence_reads_as_an_archive_of_the_same_rows(tmp_path: Path) -> None:
    async def story() -> Any:
        async with broker() as port:
            return await read_while(address(port), port, [metadata(SHIP, "AISOPOS"), location(SHIP)], 3)

    found = asyncio.run(story())
    recorded = tmp_path / "recorded"
    recorded.write_bytes(b"".join(batch.raw or b"" for batch in found.batches))
    rows = list(archive_batches([recorded], Options(), Tally()))
    assert sum(frame.height for frame in rows) == found.rows.height
    assert {name for frame in rows for name in frame["name"].to_list()} >= {"AISOPOS"}


async def _answered(connection: ServerConnection, *answers: bytes) -> None:
    await connection.recv()
    for answer in answers:
        await connection.send(answer)
    await connection.wait_closed()


@pytest.mark.parametrize(
    ("answers", "word"),
    [
        ([b"\x20\x02\x00\x05"], "lets us in"),
        ([b"HTTP/1.1 200 OK\r\n"], "broker of MQTT"),
        ([b"\x20\x01\x00"], "broker of MQTT"),
        ([CONNACK, b"\x90\x04\x00\x01\x80\x80"], "gives positions"),
        ([CONNACK, SUBACK, b"\x30\xff\xff\xff\x7f" + b"x" * 1000], "packets of MQTT"),
        ([CONNACK, SUBACK, b"\x30\xff\xff\xff\xff\x01"], "packets of MQTT"),
        ([CONNACK, SUBACK, b"x" * (websocket_stream.FRAME_BYTES_MAX + 1)], "bytes"),
    ],
)
def test_a_broker_that_speaks_badly_is_given_up_with_its_reason(answers: list[bytes], word: str) -> None:
    async def story() -> None:
        async with websocket_server(lambda one: _answered(one, *answers), subprotocols=["mqtt"]) as port:
            lost = (await heard(address(port))).lost
        assert lost is not None
        assert word in lost.expected
        assert lost.where == NAME

    asyncio.run(story())


def test_what_came_before_the_stream_broke_is_used_and_malformed_publications_are_counted() -> None:
    good, bad = published(*location(SHIP)), b"\x30\x02\x00\x09"
    answers = [CONNACK + SUBACK + good[:20], good[20:] + bad, good + b"\x30\xff\xff\xff\xff\x01"]

    async def story() -> None:
        async with websocket_server(lambda one: _answered(one, *answers), subprotocols=["mqtt"]) as port:
            found = await heard(address(port))
        assert found.lost is not None
        assert found.movers == ["mmsi:230000001", "mmsi:230000001"]
        assert found.rejected == {"unreadable": 1}

    asyncio.run(story())


def test_a_broker_that_falls_silent_is_asked_and_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(digitraffic, "KEEP_ALIVE_S", 1)
    monkeypatch.setattr(digitraffic, "ANSWER_S_MAX", 0.5)
    asked: list[bytes] = []

    async def silent(connection: ServerConnection) -> None:
        await connection.recv()
        await connection.send(CONNACK)
        await connection.recv()
        await connection.send(SUBACK)
        while True:
            asked.append(await connection.recv(decode=False))

    async def story() -> None:
        async with websocket_server(silent, subprotocols=["mqtt"]) as port:
            lost = (await heard(address(port))).lost
        assert lost is not None
        assert "in time" in lost.expected
        assert b"\xc0\x00" in asked

    asyncio.run(story())


async def _never(_reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
    await asyncio.sleep(60)


def test_a_server_that_accepts_and_says_nothing_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(websocket_stream, "OPEN_S_MAX", 0.5)
    monkeypatch.setattr(digitraffic, "ANSWER_S_MAX", 0.5)

    async def mute(connection: ServerConnection) -> None:
        await connection.wait_closed()

    lost: list[FeedLost | None] = []

    async def story() -> None:
        async with websocket_server(mute, subprotocols=["mqtt"]) as port:
            lost.append((await heard(address(port))).lost)
        async with stream_server(_never) as port:
            lost.append((await heard(address(port))).lost)

    asyncio.run(story())
    assert ["in time" in one.expected for one in lost if one is not None] == [True, True]


def test_a_server_that_is_not_there_or_serves_pages_is_named() -> None:
    async def page(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readline()
        writer.write(b"HTTP/1.1 503 Busy\r\nRetry-After: 120\r\nContent-Length: 0\r\n\r\n")
        await writer.drain()
        writer.close()

    async def story() -> None:
        async with stream_server(page) as port:
            lost = (await heard(address(port))).lost
        assert lost is not None
        assert ("503" in lost.came, lost.retry_after_s) == (True, 120.0)
        gone = (await heard(address(port))).lost
        assert gone is not None
        assert "reached" in gone.expected

    asyncio.run(story())


def test_a_redirection_is_not_followed() -> None:
    asked: list[bytes] = []

    async def elsewhere(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append(await reader.readline())
        port = writer.get_extra_info("sockname")[1]
        writer.write(
            f"HTTP/1.1 302 Found\r\nLocation: ws://127.0.0.1:{port}/x\r\nContent-Length: 0\r\n\r\n".encode()
        )
        await writer.drain()
        writer.close()

    async def story() -> None:
        async with stream_server(elsewhere) as port:
            lost = (await heard(address(port))).lost
        assert lost is not None
        assert len(asked) == 1

    asyncio.run(story())


def test_the_feed_says_whose_data_it_shows() -> None:
    feed: Any = parse_feed("digitraffic")
    assert "CC BY 4.0" in ATTRIBUTION
    assert feed.attribution == ATTRIBUTION
    assert "CC BY 4.0" in feed.name
    assert "Fintraffic" in feed.name
    assert feed.link == "wss://meri.digitraffic.fi/mqtt"
    assert parse_feed("digitraffic:?name=baltic").name == "baltic"


@pytest.mark.parametrize(
    "wrong",
    [
        "digitraffic:?url=ws://broker.example/mqtt",
        "digitraffic:?url=http://localhost/mqtt",
        "digitraffic:?url=wss://user:word@broker.example/mqtt",
        "digitraffic:?ca_file=no-such-file",
        "digitraffic:?speed=1",
    ],
)
def test_an_address_that_cannot_be_used_is_refused_before_anything_is_connected(wrong: str) -> None:
    with pytest.raises(WatchMistake):
        parse_feed(wrong)
