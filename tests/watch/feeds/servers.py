"""Servers that feeds meet in tests: a real broker of MQTT, and small ones that do what no good server does."""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

import aiomqtt
from amqtt.broker import Broker
from amqtt.contexts import BrokerConfig, ListenerConfig, ListenerType
from websockets.asyncio.server import ServerConnection, serve

from detente.watch.feeds import mqtt_packets as mqtt
from tests.watch.authorities import Papers

_ANONYMOUS = "amqtt.plugins.authentication.AnonymousAuthPlugin"


@asynccontextmanager
async def broker(papers: Papers | None = None, *, anonymous: bool = True) -> AsyncIterator[int]:
    """Run amqtt's broker over a websocket, encrypted with papers; yields its port. anonymous: it lets in who asks."""
    logging.getLogger("amqtt").setLevel(logging.CRITICAL)
    logging.getLogger("transitions").setLevel(logging.CRITICAL)
    secured: dict[str, Any] = (
        {"ssl": True, "certfile": papers.server, "keyfile": papers.server_key} if papers is not None else {}
    )
    listener = ListenerConfig(type=ListenerType.WS, bind="127.0.0.1:0", **secured)
    config = BrokerConfig(listeners={"default": listener}, plugins={_ANONYMOUS: {"allow_anonymous": anonymous}})
    running = Broker(config)
    await running.start()
    try:
        (server,) = running._servers.values()
        assert server.instance is not None
        yield next(iter(server.instance.sockets)).getsockname()[1]
    finally:
        await running.shutdown()


async def publish(port: int, messages: list[tuple[str, bytes]], papers: Papers | None = None) -> None:
    """Publish by another implementation's client."""
    import ssl

    context = ssl.create_default_context(cafile=str(papers.ca)) if papers is not None else None
    async with aiomqtt.Client(
        "localhost", port, transport="websockets", websocket_path="/mqtt", tls_context=context
    ) as client:
        for topic, payload in messages:
            await client.publish(topic, payload, qos=0)


def location(mmsi: int, lon: float = 24.5, lat: float = 59.5, **changes: Any) -> tuple[str, bytes]:
    """Return a location as Digitraffic publishes it, of now."""
    told = {
        "time": int(time.time()), "sog": 10.2, "cog": 208.8, "navStat": 0, "rot": 1, "posAcc": False, "raim": False,
        "heading": 210, "lon": lon, "lat": lat,
    }  # fmt: skip
    return f"vessels-v2/{mmsi}/location", json.dumps(told | changes).encode()


def metadata(mmsi: int, name: str) -> tuple[str, bytes]:
    """Return metadata as Digitraffic publishes them."""
    told = {
        "timestamp": int(time.time() * 1000),
        "destination": "DKSKA",
        "name": name,
        "draught": 126,
        "type": 80,
    }
    return f"vessels-v2/{mmsi}/metadata", json.dumps(told).encode()


def published(topic: str, payload: bytes) -> bytes:
    """Return a packet that publishes."""
    return mqtt._written(mqtt.PUBLISH, 0, mqtt._text(topic) + payload)


CONNACK = b"\x20\x02\x00\x00"
SUBACK = b"\x90\x04\x00\x01\x00\x00"


@asynccontextmanager
async def websocket_server(
    handle: Callable[[ServerConnection], Awaitable[None]],
    papers: Papers | None = None,
    *,
    port: int = 0,
    **more: Any,
) -> AsyncIterator[int]:
    """Serve a websocket by a function; yields the port. port: where, 0 for any."""
    context = papers.server_context() if papers is not None else None
    quiet = logging.Logger("quiet", level=logging.CRITICAL + 1)  # noqa: LOG001 - theirs alone
    async with serve(handle, "127.0.0.1", port, ssl=context, logger=quiet, max_size=None, **more) as server:
        yield next(iter(server.sockets)).getsockname()[1]


@asynccontextmanager
async def stream_server(
    handle: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]],
    papers: Papers | None = None,
    *,
    client_wanted: bool = False,
    port: int = 0,
) -> AsyncIterator[int]:
    """Serve TCP, or TLS with papers, by a function; yields the port. port: where, 0 for any."""
    handling: set[asyncio.Task[None]] = set()

    async def handled(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        handling.add(task)
        with suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            await handle(reader, writer)
        writer.transport.abort()
        with suppress(OSError):
            await writer.wait_closed()

    context = papers.server_context(client_wanted=client_wanted) if papers is not None else None
    server = await asyncio.start_server(handled, "127.0.0.1", port, ssl=context)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        await asyncio.sleep(0.05)  # what was let in a moment ago has a task by then
        for task in handling:
            task.cancel()
        await asyncio.gather(*handling)
