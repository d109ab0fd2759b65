"""A Signal K server, on a ship or ashore: ``signalk+ws://host:3000`` and ``signalk+wss://host``.

Its stream of deltas: the own vessel, the vessels that it hears by AIS, aircraft where it has them. A token, where the
server asks for one, stands in a file (``token_file=FILE``) and goes over an encrypted connection, or to this machine.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

from detente import words
from detente.tracks.live_signalk import SignalKDecoder
from detente.watch.address_parts import is_loopback
from detente.watch.batches import Batch, Feed
from detente.watch.errors import WatchMistake
from detente.watch.feeds.address import Address
from detente.watch.feeds.batching import batch_of, connected
from detente.watch.feeds.clocks import receiver_clock
from detente.watch.feeds.websocket_stream import opened, runs, whole
from detente.watch.tls_files import TLS_OPTIONS, client_context, secret_of

__all__ = ["OPTIONS", "PATH", "STALE_S", "open_feed", "stream_headers", "stream_link"]

say = words.speaker("watch")

OPTIONS = frozenset({"token_file", *TLS_OPTIONS})
PATH = "/signalk/v1/stream"
STALE_S = 30.0
"""A ship's own position comes every second."""


def open_feed(address: Address) -> Feed:
    """Return the feed; connects to nothing. Raises WatchMistake for an option that it cannot use."""
    secure = address.scheme.endswith("wss")
    context = client_context(address.options, address.name) if secure else None
    headers = stream_headers(address.options.get("token_file"), address.host, address.name, secure=secure)
    link = stream_link(address.host, address.port, "subscribe=all", secure=secure)
    return _SignalK(address.name, link, address.stale_after_s(STALE_S), context, headers)


def stream_link(host: str, port: int, query: str, *, secure: bool) -> str:
    """Return the link of a server's stream."""
    where = f"[{host}]" if ":" in host else host
    return f"{'wss' if secure else 'ws'}://{where}:{port}{PATH}?{query}"


def stream_headers(token_file: str | None, host: str, where: str, *, secure: bool) -> dict[str, str]:
    """Return what a server is shown; raises WatchMistake for a token that would go unencrypted to another machine."""
    if token_file is None:
        return {}
    if not secure and not is_loopback(host):
        raise WatchMistake(
            expected=say("an encrypted connection for a token"),
            came=say("one that everybody on its way can read"),
            where=where,
            remedy=say("reach the server by wss"),
        )
    return {"Authorization": "Bearer " + secret_of(Path(token_file), where).decode()}


@dataclass(slots=True)
class _SignalK:
    name: str
    link: str
    stale_after_s: float
    context: ssl.SSLContext | None
    headers: dict[str, str] = field(repr=False)
    _decoder: SignalKDecoder = field(init=False)

    def __post_init__(self) -> None:
        self._decoder = SignalKDecoder(self.name)

    async def batches(self) -> AsyncIterator[Batch]:
        """Open the stream and yield what comes; raises FeedLost."""
        async with opened(self.link, name=self.name, context=self.context, headers=self.headers) as connection:
            yield connected(self.name, receiver_clock())
            async for frames in runs(connection):
                if frames:
                    at = receiver_clock()
                    decoded = await asyncio.to_thread(self._decoder.push, frames, at)
                    yield batch_of(self.name, at, decoded, raw=whole(frames))
