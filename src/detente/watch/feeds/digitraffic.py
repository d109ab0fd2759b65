"""Digitraffic: ships in and around Finnish waters, by MQTT over a websocket: ``digitraffic``.

Source: Fintraffic / digitraffic.fi, licence CC BY 4.0: whoever shows what comes from it names it, and so does this
feed's name, which stands in pictures, in lists of feeds and in recordings. No key is needed; the service asks programs
to say their name. ``digitraffic:?url=wss://...`` reaches another broker that speaks alike, ``ca_file=FILE`` names its
authority.
"""

from __future__ import annotations

import asyncio
import secrets
import ssl
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from websockets.asyncio.client import ClientConnection

from detente import __version__, words
from detente.tracks.live_digitraffic import LiveDigitraffic
from detente.tracks.reasons import Reason
from detente.watch.address_parts import taken_apart
from detente.watch.batches import Batch, Feed
from detente.watch.feeds import mqtt_packets as mqtt
from detente.watch.feeds.address import Address
from detente.watch.feeds.batching import batch_of, connected
from detente.watch.feeds.clocks import receiver_clock
from detente.watch.feeds.websocket_stream import lost, opened, runs
from detente.watch.tls_files import TLS_OPTIONS, client_context

__all__ = ["ATTRIBUTION", "KEEP_ALIVE_S", "LINK", "NAME", "OPTIONS", "STALE_S", "TOPICS", "open_feed"]

say = words.speaker("watch")

OPTIONS = frozenset({"url", *TLS_OPTIONS})
LINK = "wss://meri.digitraffic.fi/mqtt"
ATTRIBUTION = "Source: Fintraffic / digitraffic.fi, CC BY 4.0"
"""What has to stand wherever its positions are shown; in the licence's own language."""
NAME = "digitraffic (Fintraffic, CC BY 4.0)"
"""The feed's name, unless somebody gave another and names the source in his own way."""
TOPICS = ("vessels-v2/+/location", "vessels-v2/+/metadata")
STALE_S = 60.0
"""Some hundred positions come every second; a minute without any is an outage."""
KEEP_ALIVE_S = 60
ANSWER_S_MAX = 15.0
"""Seconds within which a broker answers a first word, a subscription, a question whether it is there."""
_SUBSCRIPTION = 1
_GREETS = bytes([mqtt.CONNACK << 4])
"""How a broker's first word begins; who speaks something else need not be waited for."""


def open_feed(address: Address) -> Feed:
    """Return the feed; connects to nothing. Raises WatchMistake for an option that it cannot use."""
    link = address.options.get("url", LINK)
    parts = taken_apart(
        link,
        ports={"wss": 443, "ws": 80},
        options=(),
        example="wss://host/mqtt",
        path=True,
        only_loopback=("ws",),
    )
    context = client_context(address.options, address.name) if parts.scheme == "wss" else None
    # the name goes wherever its positions go: onto pictures, into recordings
    name = address.name if "name" in address.options else NAME
    return _Digitraffic(name, link, address.stale_after_s(STALE_S), context)


@dataclass(slots=True)
class _Digitraffic:
    name: str
    link: str
    stale_after_s: float
    context: ssl.SSLContext | None
    attribution: str = ATTRIBUTION
    _decoder: LiveDigitraffic = field(init=False)

    def __post_init__(self) -> None:
        # names that were heard stay known over a reconnection
        self._decoder = LiveDigitraffic(self.name)

    async def batches(self) -> AsyncIterator[Batch]:
        """Subscribe and yield what is published; raises FeedLost."""
        async with opened(
            self.link,
            name=self.name,
            context=self.context,
            headers={"Digitraffic-User": f"detente/{__version__}"},
            subprotocol="mqtt",
            proxy=True,
        ) as connection:
            session = _Session(connection, self.name)
            await session.begin()
            yield connected(self.name, receiver_clock())
            async for frames in runs(connection, tick_s=KEEP_ALIVE_S / 6):
                messages, malformed = await session.take(b"".join(frames))
                if messages or malformed:
                    yield await asyncio.to_thread(self._batch, messages, malformed)
                session.check()

    def _batch(self, messages: list[tuple[str, bytes]], malformed: int) -> Batch:
        at = receiver_clock()
        decoded = self._decoder.push(messages, at)
        decoded.tally.read(malformed)
        decoded.tally.reject(Reason.UNREADABLE, malformed)
        raw = b"".join(topic.encode() + b" " + payload + b"\n" for topic, payload in messages)
        return batch_of(self.name, at, decoded, raw=raw)


class _Session:
    """One connection to a broker, from the first word on."""

    def __init__(self, connection: ClientConnection, name: str) -> None:
        self._connection = connection
        self._name = name
        self._cutter = mqtt.PacketCutter()
        self._now_s = asyncio.get_running_loop().time
        self._broken: mqtt.BrokenStream | None = None
        self._early: list[mqtt.Packet] = []
        self._asked_at_s: float | None = None
        self._spoke_at_s = self._now_s()

    async def begin(self) -> None:
        """Say who we are and what we want; raises FeedLost when the broker does not let us in."""
        async with asyncio.timeout(ANSWER_S_MAX):
            await self._connection.send(mqtt.connect_packet(f"detente-{secrets.token_hex(6)}", KEEP_ALIVE_S))
            first = b""
            while not self._early and self._broken is None and first[:1] in {b"", _GREETS}:
                piece = await self._connection.recv(decode=False)
                first = first or piece
                self._early, self._broken = self._cutter.feed(piece)
        greeting = self._early.pop(0) if self._early else None
        if greeting is None or greeting.kind != mqtt.CONNACK or len(greeting.body) != 2:
            raise lost(say("a broker of MQTT"), say("something else"), where=self._name)
        if greeting.body[1]:
            came = say("it refused us, with code {code}", code=greeting.body[1])
            raise lost(say("a broker that lets us in"), came, where=self._name)
        await self._connection.send(mqtt.subscribe_packet(_SUBSCRIPTION, TOPICS))
        self._asked_at_s = self._spoke_at_s = self._now_s()

    async def take(self, piece: bytes) -> tuple[list[tuple[str, bytes]], int]:
        """Return the messages that these bytes complete, and how many were malformed; asks whether the broker lives."""
        packets, broken = self._cutter.feed(piece)
        packets, self._early = [*self._early, *packets], []
        self._broken = self._broken or broken
        messages, malformed = [], 0
        for packet in packets:
            if packet.kind == mqtt.PUBLISH:
                message = mqtt.published(packet)
                if message is None:
                    malformed += 1
                else:
                    messages.append(message)
            elif packet.kind == mqtt.SUBACK:
                self._asked_at_s = None
                if any(code & 0x80 for code in packet.body[2:]):
                    raise lost(
                        say("a broker that gives positions"), say("it refused the topics"), where=self._name
                    )
            elif packet.kind == mqtt.PINGRESP:
                self._asked_at_s = None
        if self._now_s() - self._spoke_at_s >= KEEP_ALIVE_S / 2:
            await self._connection.send(mqtt.ping_packet())
            self._spoke_at_s = self._now_s()
            self._asked_at_s = self._asked_at_s or self._spoke_at_s
        return messages, malformed

    def check(self) -> None:
        """Raise FeedLost when the stream broke, or the broker owes an answer for too long."""
        if self._broken is not None:
            reasons = {"too_long": say("a packet of too many bytes"), "bad_length": say("bytes that are none")}
            raise lost(say("packets of MQTT"), reasons[self._broken.why], where=self._name)
        if self._asked_at_s is not None and self._now_s() - self._asked_at_s > ANSWER_S_MAX:
            raise lost(say("an answer in time"), say("none"), where=self._name)
