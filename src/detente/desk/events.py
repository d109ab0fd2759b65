"""Live changes as server-sent events: the picture at most once a second, news of the node, alarms, and a clock.

Every station has a short queue. One that does not keep up loses what is queued and gets the whole picture next: what it
shows may be late, never wrong. The clock comes every five seconds, so that silence is noticed.

An event is made, and packed, once for all stations: the blocks of a packed stream look back at nothing, so that every
station can get the same block whatever it got before.
"""

from __future__ import annotations

import asyncio
import zlib
from collections import deque
from collections.abc import AsyncIterator, Callable

import msgspec

from detente.desk.errors import too_many
from detente.desk.picture.live import LivePicture, Seen

__all__ = ["CLOCK_EVERY_S", "QUEUE_MAX", "STREAMS_MAX", "STREAMS_OF_ONE_MAX", "Event", "Hub", "Stream"]

QUEUE_MAX = 16
"""Events that wait for one station; with one more it gets the whole picture instead."""
STREAMS_MAX = 500
"""Open streams of all stations together."""
STREAMS_OF_ONE_MAX = 8
"""Open streams of one person."""
CLOCK_EVERY_S = 5
_GZIP_HEAD = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"


class Event:
    """One event as it goes out: plain, and packed once somebody needs it so."""

    __slots__ = ("_packed", "plain")

    def __init__(self, plain: bytes) -> None:
        self.plain = plain
        self._packed: bytes | None = None

    @property
    def packed(self) -> bytes:
        """The event as a block of a gzip stream that refers to none before it."""
        if self._packed is None:
            packer = zlib.compressobj(1, zlib.DEFLATED, -15)
            self._packed = packer.compress(self.plain) + packer.flush(zlib.Z_SYNC_FLUSH)
        return self._packed

    @property
    def is_picture(self) -> bool:
        """Whether the whole picture makes it needless."""
        return self.plain.startswith(b"event: picture")


_RETRY = Event(b"retry: 2000\n\n")


class Stream:
    """One station's queue."""

    def __init__(self, hub: Hub, who: str, *, is_packed: bool = False) -> None:
        self.who = who
        self._hub = hub
        self._is_packed = is_packed
        self._queue: deque[Event] = deque()
        self._wake = asyncio.Event()
        self._is_lost = True
        self._is_over = False

    def put(self, event: Event) -> None:
        """Queue an event; with a full queue everything in it gives way to the whole picture."""
        if not (
            self._is_lost and event.is_picture
        ):  # the whole picture, which comes first, replaces pictures alone
            self._queue.append(event)
        if len(self._queue) > QUEUE_MAX:
            self._queue.clear()
            self._is_lost = True
        self._wake.set()

    def end(self) -> None:
        """Let the stream end after what was sent."""
        self._is_over = True
        self._wake.set()

    async def events(self) -> AsyncIterator[bytes]:
        """Yield what to send until the stream ends."""
        yield _GZIP_HEAD + _RETRY.packed if self._is_packed else _RETRY.plain
        while not self._is_over:
            if self._is_lost:
                self._is_lost = False
                yield self._form(self._hub.whole())
                yield self._form(self._hub.everything)
            while self._queue and not self._is_lost:
                yield self._form(self._queue.popleft())
            if not self._is_lost:
                self._wake.clear()
                if not self._queue and not self._is_over:
                    await self._wake.wait()

    def _form(self, event: Event) -> bytes:
        return event.packed if self._is_packed else event.plain


class Hub:
    """All streams, and the beat that fills them."""

    everything = Event(b'event: news\ndata: {"topics":["node"]}\n\n')
    """News for somebody who may have missed some."""

    def __init__(
        self, picture: LivePicture, now_ms: Callable[[], int], answers: Callable[[], bool] = lambda: True
    ) -> None:
        self._picture = picture
        self._now_ms = now_ms
        self._answers = answers
        self._streams: dict[Stream, None] = {}
        self._seen: Seen = picture.seen(now_ms())
        self._alarms_number = 0
        self._whole: tuple[Seen, Event] | None = None
        self._is_closed = False
        self._beats = 0

    def open(self, who: str, *, is_packed: bool = False) -> Stream:
        """Open a stream; raises RefusedRequest (429) when there are too many."""
        if (
            len(self._streams) >= STREAMS_MAX
            or sum(one.who == who for one in self._streams) >= STREAMS_OF_ONE_MAX
        ):
            raise too_many(10)
        stream = Stream(self, who, is_packed=is_packed)
        self._streams[stream] = None
        if self._is_closed:
            stream.end()
        return stream

    def leave(self, stream: Stream) -> None:
        """Forget a stream that ended; safe to call twice."""
        self._streams.pop(stream, None)

    def close(self) -> None:
        """End every stream, and those that are opened from now on."""
        self._is_closed = True
        for stream in self._streams:
            stream.end()

    def __len__(self) -> int:
        """How many streams are open."""
        return len(self._streams)

    def news(self, topics: frozenset[str]) -> None:
        """Tell every station what changed in the node; "node": anything may have, or it does not answer."""
        self._send("news", {"topics": sorted(topics)})
        if not topics.isdisjoint({"alarms", "node"}):
            self.alarms()

    def alarms(self) -> None:
        """Tell every station that alarms changed: raised, acknowledged, ended or silenced."""
        alarms = self._picture.encounters.alarms()
        self._send(
            "alarms",
            {
                "silenced_until_ms": self._picture.encounters.silenced_until_ms,
                "unacknowledged": sum(not one.is_acknowledged for one in alarms),
            },
        )

    def beat(self) -> None:
        """Send what changed in a second."""
        now_ms = self._now_ms()
        self._picture.tick(now_ms)
        if self._streams:
            delta = self._picture.delta(self._seen, now_ms)
            if delta is not None:
                self._send("picture", delta)
        self._seen = self._picture.seen(now_ms)
        if self._alarms_number != self._picture.encounters.alarms_number:
            self._alarms_number = self._picture.encounters.alarms_number
            self.alarms()
        if self._beats % CLOCK_EVERY_S == 0:
            self._send("clock", {"now_ms": now_ms, "node_answers": self._answers()})
        self._beats += 1

    def whole(self) -> Event:
        """Return the whole picture as an event, made once for all that need it at a time."""
        now_ms = self._now_ms()
        seen = self._picture.seen(now_ms)
        if self._whole is None or self._whole[0] != seen:
            self._whole = (seen, _event("picture", self._picture.delta(None, now_ms)))
        return self._whole[1]

    async def run(self) -> None:
        """Beat once a second until cancelled."""
        while True:
            self.beat()
            await asyncio.sleep(1.0)

    def _send(self, name: str, document: object) -> None:
        if not self._streams:
            return
        event = _event(name, document)
        for stream in self._streams:
            stream.put(event)


def _event(name: str, document: object) -> Event:
    return Event(b"event: %s\ndata: %s\n\n" % (name.encode(), msgspec.json.encode(document)))
