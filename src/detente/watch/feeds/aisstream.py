"""aisstream.io: ships of the whole world, with a key of one's own: ``aisstream:?key_file=FILE&box=53,9,66,31``.

Terms of the source (aisstream.io/documentation): a key belongs to one person and is used from servers only; the service
is a beta without a promise that it is there; who asks for more than he reads is slowed down or cut off. So nothing
is asked for without a key, and never the whole world by default: ``box=SOUTH,WEST,NORTH,EAST`` in degrees.

The key stands in a file that its owner alone may read, or in the environment (DETENTE_AISSTREAM_KEY); in an address it
is refused, for everybody on a machine reads its command lines. It is sent over an encrypted connection alone.
"""

from __future__ import annotations

import asyncio
import os
import ssl
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from detente import words
from detente.tracks.live_aisstream import LiveAisstream
from detente.watch.address_parts import taken_apart
from detente.watch.batches import Batch, Feed
from detente.watch.errors import WatchMistake
from detente.watch.feeds.address import Address
from detente.watch.feeds.batching import batch_of, connected
from detente.watch.feeds.clocks import receiver_clock
from detente.watch.feeds.websocket_stream import lost, opened, runs, whole
from detente.watch.tls_files import client_context, secret_of

__all__ = ["ATTRIBUTION", "BOXES_MAX", "ENVIRONMENT", "LINK", "OPTIONS", "STALE_S", "open_feed"]

say = words.speaker("watch")

OPTIONS = frozenset({"key_file", "box", "url", "ca_file"})
LINK = "wss://stream.aisstream.io/v0/stream"
ENVIRONMENT = "DETENTE_AISSTREAM_KEY"
ATTRIBUTION = "Source: aisstream.io"
STALE_S = 60.0
BOXES_MAX = 8
"""Boxes of one subscription, divided by semicolons."""
_KEY_CHARACTERS_MAX = 200
_MESSAGES = ("PositionReport", "StandardClassBPositionReport", "ExtendedClassBPositionReport",
             "LongRangeAisBroadcastMessage", "StandardSearchAndRescueAircraftReport", "ShipStaticData",
             "StaticDataReport")  # fmt: skip

Box = tuple[tuple[float, float], tuple[float, float]]
"""South-west and north-east corner, latitude before longitude, as the service wants them."""


def open_feed(address: Address) -> Feed:
    """Return the feed; connects to nothing. Raises WatchMistake for an option that it cannot use, or without a key."""
    link = address.options.get("url", LINK)
    parts = taken_apart(
        link,
        ports={"wss": 443, "ws": 80},
        options=(),
        example="wss://host/v0/stream",
        path=True,
        only_loopback=("ws",),
    )
    context = client_context(address.options, address.name) if parts.scheme == "wss" else None
    stale_s = address.stale_after_s(STALE_S)
    return _Aisstream(address.name, link, stale_s, context, _boxes(address), _key(address))


def _key(address: Address) -> str:
    """Return the key; that there is none is a fault of the address, and "" is returned."""
    path = address.options.get("key_file")
    try:
        key = secret_of(Path(path), address.name).decode() if path else os.environ.get(ENVIRONMENT, "").strip()
    except WatchMistake as mistake:
        address.faults.append(mistake.came)
        return ""
    if not key or len(key) > _KEY_CHARACTERS_MAX or not key.isascii() or not key.isprintable():
        address.faults.append(
            say(
                "no key: write it into a file (key_file=FILE), or into the environment as {variable}",
                variable=ENVIRONMENT,
            )
        )
        return ""
    return key


def _boxes(address: Address) -> list[Box]:
    """Return the boxes of the address; without one the subscription would be the whole world."""
    written = address.options.get("box", "")
    try:
        boxes = [_box(text) for text in written.split(";")]
    except ValueError:
        boxes = []
    if not boxes or len(boxes) > BOXES_MAX:
        address.faults.append(
            say(
                "box is {written}, and must be degrees south,west,north,east; at most {count} boxes, divided by ;",
                written=repr(written[:80]),
                count=BOXES_MAX,
            )
        )
    return boxes


def _box(text: str) -> Box:
    south, west, north, east = (float(part) for part in text.split(","))
    if not (-90 <= south < north <= 90 and -180 <= west <= 180 and -180 <= east <= 180 and west != east):
        raise ValueError(text)
    return (south, west), (north, east)


@dataclass(slots=True)
class _Aisstream:
    name: str
    link: str
    stale_after_s: float
    context: ssl.SSLContext | None
    boxes: list[Box]
    _key: str = field(repr=False)
    attribution: str = ATTRIBUTION
    _decoder: LiveAisstream = field(init=False)

    def __post_init__(self) -> None:
        self._decoder = LiveAisstream(self.name)

    async def batches(self) -> AsyncIterator[Batch]:
        """Subscribe and yield what comes; raises FeedLost, also for a key that the service does not take."""
        async with opened(self.link, name=self.name, context=self.context, proxy=True) as connection:
            # the service hangs up on who does not say what he wants within three seconds
            async with asyncio.timeout(2.5):
                await connection.send(self._subscription(), text=True)
            yield connected(self.name, receiver_clock())
            async for frames in runs(connection):
                if not frames:
                    continue
                refusal = next((frame for frame in frames if _is_refusal(frame)), None)
                messages = [frame for frame in frames if frame is not refusal]
                if messages:
                    at = receiver_clock()
                    decoded = await asyncio.to_thread(self._decoder.push, messages, at)
                    yield batch_of(self.name, at, decoded, raw=whole(messages))
                if refusal is not None:
                    raise lost(
                        say("a service that takes the key and the boxes"), say("it refused them"), where=self.name
                    )

    def _subscription(self) -> bytes:
        return msgspec.json.encode(
            {"APIKey": self._key, "BoundingBoxes": self.boxes, "FilterMessageTypes": _MESSAGES}
        )


def _is_refusal(frame: bytes) -> bool:
    """Tell whether a message says that the subscription is refused; what it says may repeat the key."""
    if b'"error"' not in frame[:200]:
        return False
    try:
        told = msgspec.json.decode(frame)
    except (msgspec.DecodeError, RecursionError):
        return False
    return isinstance(told, dict) and isinstance(told.get("error"), str) and "MessageType" not in told
