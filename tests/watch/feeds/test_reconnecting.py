"""Network feeds kept running: goal: each comes back when its server does, and nothing is counted twice or lost.

Method: every kind against a server on one port that goes away and comes back, under the watch's own runner.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.server import ServerConnection

from detente.watch.batches import Batch
from detente.watch.feeds.address import parse_feed
from detente.watch.feeds.running import Feeds, Retry
from tests.watch.feeds.servers import (
    CONNACK,
    SUBACK,
    location,
    published,
    stream_server,
    websocket_server,
)
from tests.watch.feeds.test_cursor_on_target_feed import event
from tests.watch.feeds.test_websocket_feeds import SELF, delta, report

Server = Callable[[int], AbstractAsyncContextManager[int]]


@asynccontextmanager
async def digitraffic(port: int) -> AsyncIterator[int]:
    async def handle(connection: ServerConnection) -> None:
        await connection.recv()
        await connection.send(CONNACK)
        await connection.recv()
        await connection.send(SUBACK + published(*location(230_000_001)))
        await connection.wait_closed()

    async with websocket_server(handle, port=port, subprotocols=["mqtt"]) as found:
        yield found


@asynccontextmanager
async def aisstream(port: int) -> AsyncIterator[int]:
    async def handle(connection: ServerConnection) -> None:
        await connection.recv()
        await connection.send(report(230_000_001).decode())
        await connection.wait_closed()

    async with websocket_server(handle, port=port) as found:
        yield found


@asynccontextmanager
async def signalk(port: int) -> AsyncIterator[int]:
    async def handle(connection: ServerConnection) -> None:
        await connection.send(json.dumps({"name": "server", "version": "1", "self": SELF}))
        await connection.send(delta("vessels.self", {"latitude": 59.5, "longitude": 24.5}))
        await connection.wait_closed()

    async with websocket_server(handle, port=port) as found:
        yield found


@asynccontextmanager
async def cursor_on_target(port: int) -> AsyncIterator[int]:
    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(event("one"))
        await writer.drain()
        await reader.read()

    async with stream_server(handle, port=port) as found:
        yield found


@pytest.mark.parametrize(
    ("server", "address"),
    [
        (digitraffic, "digitraffic:?url=ws://localhost:{port}/mqtt"),
        (aisstream, "aisstream:?url=ws://localhost:{port}/&box=53,9,66,31&key_file={key}"),
        (signalk, "signalk+ws://localhost:{port}"),
        (cursor_on_target, "cot+tcp://localhost:{port}"),
    ],
)
def test_a_feed_comes_back_with_its_server(server: Server, address: str, tmp_path: Path) -> None:
    key = tmp_path / "key"
    key.write_text("0123456789", encoding="ascii")
    key.chmod(0o600)

    async def until(feeds: Feeds, taken: list[Batch], true: Callable[[], Any]) -> None:
        async with asyncio.timeout(30):
            while not true():
                await feeds.wait(0.05)
                taken += feeds.take()

    async def story() -> None:
        taken: list[Batch] = []
        async with server(0) as port:
            feed = parse_feed(address.format(port=port, key=key))
            feeds = Feeds([feed], retry=Retry(first_s=0.02, most_s=0.05))
            await feeds.__aenter__()
            await until(feeds, taken, lambda: any(batch.rows.height for batch in taken))
        await until(feeds, taken, lambda: feeds.standings()[0].state == "down")
        assert feeds.standings()[0].why
        before = sum(batch.rows.height for batch in taken)
        async with server(port):
            await until(feeds, taken, lambda: sum(batch.rows.height for batch in taken) > before)
            await until(feeds, taken, lambda: feeds.standings()[0].state == "good")
            await feeds.__aexit__(None, None, None)
        taken += feeds.take()
        (standing,) = feeds.standings()
        assert standing.received == sum(batch.received for batch in taken)
        assert standing.received == standing.used + sum(standing.rejected.values())
        assert standing.attempts >= 2

    asyncio.run(story())
