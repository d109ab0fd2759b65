"""A server of Cursor-on-Target, as TAK speaks it: ``cot+tls://host:8089?cert_file=FILE&cert_key_file=FILE&ca_file=FILE``.

Events as XML, one after the other, both ways on one connection; without encryption (``cot+tcp``) to this machine alone.
The server's certificate and its name are checked; ``ca_file`` names the authority, ``cert_file`` and ``cert_key_file``
what we show. ``server_name=NAME`` is the name to look for where it is not the host.

What comes is a stranger's XML: bounds on size, depth and rate, no document types, no entities. Whose side a mover is on
is not believed (detente.tracks.live_cursor_on_target).
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from detente import words
from detente.tracks.live_cursor_on_target import CursorOnTargetDecoder
from detente.watch.address_parts import is_loopback
from detente.watch.batches import Batch, Feed
from detente.watch.errors import WatchMistake
from detente.watch.feeds.address import Address
from detente.watch.feeds.batching import batch_of, connected
from detente.watch.feeds.clocks import receiver_clock
from detente.watch.feeds.websocket_stream import RUN_S, lost
from detente.watch.plain_streams import opened_stream
from detente.watch.tls_files import TLS_OPTIONS, client_context

__all__ = ["BYTES_PER_S_MAX", "OPTIONS", "SILENT_S_MAX", "STALE_S", "open_feed", "ping"]

say = words.speaker("watch")

OPTIONS = frozenset({"server_name", *TLS_OPTIONS})
STALE_S = 60.0
BYTES_PER_S_MAX = 2_000_000
"""Bytes a second that are read: some 3,000 events. A server that sends more waits, as TCP makes it."""
SILENT_S_MAX = 60.0
"""A server from which nothing came for so long, though it was asked, is gone, even when its connection still stands."""
_PING_EVERY_S = SILENT_S_MAX / 3
_RUN_BYTES = int(BYTES_PER_S_MAX * RUN_S)
_PING = (
    '<event version="2.0" uid="detente.ping" type="t-x-c-t" how="m-g" time="{now}" start="{now}" stale="{stale}">'
    '<point lat="0.0" lon="0.0" hae="0.0" ce="9999999.0" le="9999999.0"/></event>'
)


def open_feed(address: Address) -> Feed:
    """Return the feed; connects to nothing. Raises WatchMistake for an option that it cannot use."""
    secure = address.scheme == "cot+tls"
    if not secure and not is_loopback(address.host):
        raise WatchMistake(
            expected=say("an encrypted connection"),
            came=say("{scheme} to another machine: it would go there unencrypted", scheme=address.scheme),
            where=address.name,
            remedy=say("reach the server by {scheme}", scheme="cot+tls"),
        )
    context = client_context(address.options, address.name) if secure else None
    return _CursorOnTarget(
        address.name,
        address.host,
        address.port,
        address.stale_after_s(STALE_S),
        context,
        address.options.get("server_name") if secure else None,
    )


def ping(now: datetime) -> bytes:
    """Return the event that asks a server whether it is there; it says nothing about us. now: aware UTC."""
    written = [f"{at:%Y-%m-%dT%H:%M:%S.%f}"[:-3] + "Z" for at in (now, now + timedelta(seconds=30))]
    return _PING.format(now=written[0], stale=written[1]).encode()


@dataclass(slots=True)
class _CursorOnTarget:
    name: str
    host: str
    port: int
    stale_after_s: float
    context: ssl.SSLContext | None
    server_name: str | None
    _decoder: CursorOnTargetDecoder = field(init=False)

    def __post_init__(self) -> None:
        self._decoder = CursorOnTargetDecoder(self.name)

    async def batches(self) -> AsyncIterator[Batch]:
        """Connect and yield what comes until the server ends it; raises FeedLost."""
        left = self._decoder.close()  # half an event does not go on in another connection
        if left.tally.rows:
            yield batch_of(self.name, receiver_clock(), left)
        async with opened_stream(
            self.host,
            self.port,
            name=self.name,
            context=self.context,
            server_name=self.server_name,
            limit=_RUN_BYTES,
        ) as (reader, writer):
            yield connected(self.name, receiver_clock())
            clock = asyncio.get_running_loop().time
            heard_s = asked_s = clock()
            while True:
                piece, is_over = await _piece(reader, clock() + _PING_EVERY_S)
                now_s = clock()
                if piece:
                    heard_s = now_s
                    at = receiver_clock()
                    decoded = await asyncio.to_thread(self._decoder.push, piece, at)
                    yield batch_of(self.name, at, decoded, raw=piece)
                if is_over:
                    raise lost(say("a stream that goes on"), say("the server ended it"), where=self.name)
                if now_s - heard_s > SILENT_S_MAX:
                    raise lost(say("an answer in time"), say("none"), where=self.name)
                if now_s - asked_s >= _PING_EVERY_S:
                    asked_s = now_s
                    writer.write(ping(receiver_clock()))
                    async with asyncio.timeout(SILENT_S_MAX):
                        await writer.drain()


async def _piece(reader: asyncio.StreamReader, until_s: float) -> tuple[bytes, bool]:
    """Return what came within RUN_S of its first byte, as much as the rate allows, and whether the stream is over."""
    clock = asyncio.get_running_loop().time
    try:
        async with asyncio.timeout_at(until_s):
            piece = await reader.read(_RUN_BYTES)
    except TimeoutError:
        return b"", False
    if not piece:
        return b"", True
    end_s = clock() + RUN_S
    try:
        async with asyncio.timeout_at(end_s):
            while len(piece) < _RUN_BYTES:
                more = await reader.read(_RUN_BYTES - len(piece))
                if not more:
                    return piece, True
                piece += more
            await asyncio.sleep(end_s - clock())  # that much a second, and the server waits
    except TimeoutError:
        pass
    return piece, False
