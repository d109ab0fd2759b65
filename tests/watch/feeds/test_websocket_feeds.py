"""aisstream.io and Signal K by websocket: goal: positions become rows, secrets stay secret, bad servers are named.

Method: servers on this machine that speak as the services' descriptions say, and as they should not. The real server of
Signal K is in test_signalk_server.py.
"""

from __future__ import annotations

import asyncio
import json
import logging
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.server import ServerConnection

from detente.watch.errors import WatchMistake
from detente.watch.feeds import websocket_stream
from detente.watch.feeds.address import parse_feed
from detente.watch.feeds.aisstream import ENVIRONMENT
from tests.watch.authorities import papers
from tests.watch.feeds.reading import heard
from tests.watch.feeds.servers import stream_server, websocket_server

KEY = "0123456789abcdef0123456789abcdef01234567"
SELF = "vessels.urn:mrn:imo:mmsi:230099999"


def report(mmsi: int, **changes: Any) -> bytes:
    now = datetime.now(UTC)
    inner = {
        "MessageID": 1, "UserID": mmsi, "Latitude": 59.9, "Longitude": 24.9, "Sog": 10.2, "Cog": 208.8,
        "TrueHeading": 210, "NavigationalStatus": 0, "Timestamp": now.second, "Valid": True,
    }  # fmt: skip
    about = {
        "MMSI": mmsi, "ShipName": "EXAMPLE", "latitude": 59.9, "longitude": 24.9,
        "time_utc": f"{now:%Y-%m-%d %H:%M:%S}.000000 +0000 UTC",
    }  # fmt: skip
    return json.dumps(
        {"MessageType": "PositionReport", "MetaData": about, "Message": {"PositionReport": inner | changes}}
    ).encode()


def delta(context: str, place: Any) -> str:
    at = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S.000Z}"
    update = {"timestamp": at, "values": [{"path": "navigation.position", "value": place}]}
    return json.dumps({"context": context, "updates": [update]})


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    path = tmp_path / "key"
    path.write_text(KEY + "\n", encoding="ascii")
    path.chmod(0o600)
    return path


def aisstream(port: int, key: Path, **more: Any) -> str:
    link = f"{'wss' if 'ca_file' in more else 'ws'}://localhost:{port}/v0/stream"
    options = {"url": link, "key_file": key, "box": "53,9,66,31", **more}
    return "aisstream:?" + "&".join(f"{name}={value}" for name, value in options.items())


def test_the_first_word_asks_for_the_box_and_positions_become_rows(
    key_file: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    ours, asked = papers(tmp_path / "papers"), []
    caplog.set_level(logging.DEBUG)

    async def service(connection: ServerConnection) -> None:
        asked.append(json.loads(await connection.recv()))
        for mmsi in (230_000_001, 230_000_002):
            await connection.send(report(mmsi).decode())
        await connection.send(b"{")
        await connection.wait_closed()

    async def story() -> None:
        async with websocket_server(service, ours) as port:
            found = await heard(aisstream(port, key_file, ca_file=ours.ca), lambda one: one.received >= 3)
        assert found.lost is None
        assert found.movers == ["mmsi:230000001", "mmsi:230000002"]
        assert found.rejected == {"unreadable": 1}

    asyncio.run(story())
    assert asked[0]["APIKey"] == KEY
    assert asked[0]["BoundingBoxes"] == [[[53.0, 9.0], [66.0, 31.0]]]
    assert "PositionReport" in asked[0]["FilterMessageTypes"]
    assert KEY not in caplog.text


def test_a_key_that_is_not_taken_is_named_and_not_repeated(key_file: Path) -> None:
    async def service(connection: ServerConnection) -> None:
        await connection.recv()
        await connection.send(report(230_000_001).decode())
        await connection.send(json.dumps({"error": f"Api Key {KEY} Is Not Valid"}))
        await connection.wait_closed()

    async def story() -> None:
        async with websocket_server(service) as port:
            found = await heard(aisstream(port, key_file))
        assert found.movers == ["mmsi:230000001"]
        assert found.lost is not None
        assert "takes the key" in found.lost.expected
        assert KEY not in repr(found.lost.args) + repr(found)

    asyncio.run(story())


def test_the_key_may_stand_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(ENVIRONMENT, KEY)
    feed: Any = parse_feed("aisstream:?box=53,9,66,31")
    assert KEY in feed._subscription().decode()
    assert KEY not in repr(feed)
    assert feed.name == "aisstream"


@pytest.mark.parametrize(
    ("wrong", "word"),
    [
        ("aisstream:?box=53,9,66,31", "no key"),
        (f"aisstream:?box=53,9,66,31&key={KEY}", "no option"),
        ("aisstream:?box=53,9,66,31&key_file=no-such-file", "No such file"),
        ("aisstream:?key_file={key}", "box"),
        ("aisstream:?key_file={key}&box=66,9,53,31", "box"),
        ("aisstream:?key_file={key}&box=53,9,66", "box"),
        ("aisstream:?key_file={key}&box=53,9,66,nan", "box"),
        ("aisstream:?key_file={key}&box=53,9,66,31&url=ws://stream.example/", "unencrypted"),
        ("aisstream:?key_file={open}&box=53,9,66,31", "others on this machine"),
        ("aisstream:?key_file={empty}&box=53,9,66,31", "empty"),
    ],
)
def test_an_address_without_a_sound_key_and_box_is_refused_and_shows_no_key(
    wrong: str, word: str, key_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(ENVIRONMENT, raising=False)
    readable, empty = tmp_path / "open", tmp_path / "empty"
    readable.write_text(KEY, encoding="ascii")
    readable.chmod(0o644)
    empty.touch(0o600)
    with pytest.raises(WatchMistake) as refused:
        parse_feed(wrong.format(key=key_file, open=readable, empty=empty))
    assert word in refused.value.came
    assert KEY not in str(refused.value)


def test_a_server_of_signalk_gives_itself_and_others() -> None:
    asked: list[str] = []

    async def service(connection: ServerConnection) -> None:
        assert connection.request is not None
        asked.append(connection.request.path)
        await connection.send(json.dumps({"name": "signalk-server", "version": "2.32.0", "self": SELF}))
        await connection.send(delta("vessels.self", {"latitude": 59.5, "longitude": 24.5}))
        await connection.send(delta("vessels.urn:mrn:imo:mmsi:230000001", {"latitude": 59.6, "longitude": 24.6}))
        await connection.wait_closed()

    async def story() -> None:
        async with websocket_server(service) as port:
            found = await heard(f"signalk+ws://localhost:{port}", lambda one: len(one.movers) >= 2)
        assert found.movers == ["mmsi:230099999", "mmsi:230000001"]
        assert found.received == 3

    asyncio.run(story())
    assert asked == ["/signalk/v1/stream?subscribe=all"]


def test_a_token_goes_in_a_header_over_an_encrypted_connection_only(key_file: Path, tmp_path: Path) -> None:
    ours, shown = papers(tmp_path / "papers"), []

    async def service(connection: ServerConnection) -> None:
        assert connection.request is not None
        shown.append(connection.request.headers.get("Authorization"))
        await connection.send(delta(SELF, {"latitude": 59.5, "longitude": 24.5}))
        await connection.wait_closed()

    async def story() -> None:
        async with websocket_server(service, ours) as port:
            feed = f"signalk+wss://localhost:{port}?ca_file={ours.ca}&token_file={key_file}"
            await heard(feed, lambda one: bool(one.movers))

    asyncio.run(story())
    assert shown == [f"Bearer {KEY}"]
    with pytest.raises(WatchMistake) as refused:
        parse_feed(f"signalk+ws://ship.example:3000?token_file={key_file}")
    assert "everybody on its way" in refused.value.came


@pytest.mark.parametrize("frame", ["x" * (websocket_stream.FRAME_BYTES_MAX + 1), None])
def test_a_message_without_end_and_a_server_that_hangs_up_are_named(frame: str | None) -> None:
    async def service(connection: ServerConnection) -> None:
        await connection.send(delta(SELF, {"latitude": 59.5, "longitude": 24.5}))
        if frame is not None:
            await connection.send(frame)
            await connection.wait_closed()

    async def story() -> None:
        async with websocket_server(service) as port:
            found = await heard(f"signalk+ws://localhost:{port}")
        assert found.movers == ["mmsi:230099999"]
        assert found.lost is not None
        assert ("a longer one" if frame else "code 1000") in found.lost.came

    asyncio.run(story())


def test_bytes_that_are_no_websocket_are_named() -> None:
    async def story() -> None:
        async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(b"\x00" * 100 + b"\r\n\r\n")
            await writer.drain()
            writer.close()

        async with stream_server(handle) as port:
            lost = (await heard(f"signalk+ws://localhost:{port}")).lost
        assert lost is not None
        assert "opens a websocket" in lost.expected

    asyncio.run(story())


@pytest.mark.parametrize(
    "feed", ["signalk+ws://a..b", "signalk+ws://127.0.0.1:1", "cot+tls://a..b", "cot+tcp://127.0.0.1:1"]
)
def test_a_server_that_cannot_be_is_named(feed: str) -> None:
    lost = asyncio.run(heard(feed)).lost
    assert lost is not None
    assert "reached" in lost.expected


def test_a_proxy_that_we_do_not_speak_to_is_named(monkeypatch: pytest.MonkeyPatch, key_file: Path) -> None:
    for name in ("all_proxy", "http_proxy", "https_proxy", "ws_proxy", "wss_proxy", "socks_proxy"):
        monkeypatch.setenv(name, "socks5://127.0.0.1:1")
    monkeypatch.setenv("no_proxy", "")
    lost = asyncio.run(heard(aisstream(1, key_file))).lost
    assert lost is not None
    assert "proxy" in lost.expected


def test_a_server_that_answers_no_question_is_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(websocket_stream, "SILENT_S_MAX", 0.3)

    async def story() -> None:
        over = asyncio.Event()

        async def frozen(connection: ServerConnection) -> None:
            connection.transport.pause_reading()  # as one whose machine is gone: it stands, and nobody answers
            await over.wait()
            connection.transport.resume_reading()

        async with websocket_server(frozen) as port:
            lost = (await heard(f"signalk+ws://localhost:{port}")).lost
            over.set()
        assert lost is not None
        assert "in time" in lost.expected

    asyncio.run(story())


def test_a_flood_is_taken_in_runs_of_bounded_size(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(websocket_stream, "RUN_FRAMES_MAX", 50)

    async def service(connection: ServerConnection) -> None:
        for number in range(500):
            await connection.send(
                delta(f"vessels.urn:mrn:imo:mmsi:{230_000_000 + number}", {"latitude": 59.5, "longitude": 24})
            )
        await connection.wait_closed()

    async def story() -> None:
        async with websocket_server(service) as port:
            found = await heard(f"signalk+ws://localhost:{port}", lambda one: one.received >= 500)
        assert len(set(found.movers)) == 500
        assert max(batch.received for batch in found.batches) <= 50

    asyncio.run(story())
