"""Sources that a TCP connection streams: read, gathered for a tenth of a second, decoded beside the loop."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, Self

from detente import words
from detente.tracks.live_decoding import Decoded
from detente.watch.batches import Batch
from detente.watch.errors import FeedLost
from detente.watch.feeds.address import Address
from detente.watch.feeds.batching import batch_of, connected
from detente.watch.feeds.clocks import receiver_clock

__all__ = ["GATHERED_BYTES_MAX", "GATHER_S", "SILENCE_S_MAX", "StreamDecoder", "StreamFeed"]

say = words.speaker("watch")

GATHER_S = 0.1
"""How long what comes is gathered before it is decoded: decoding many at once costs a tenth."""
GATHERED_BYTES_MAX = 1 << 20
"""Bytes taken in one go; a source that is faster is read no faster, and waits: some 120,000 sentences a second."""
SILENCE_S_MAX = 300.0
"""A connection over which nothing came for so long (or four times what makes it stale) is given up and made anew."""
_PIECE_BYTES = 1 << 16
_CONNECT_S = 15.0


class StreamDecoder(Protocol):
    """Decodes a stream of bytes; see detente.tracks.live_ais and live_beast."""

    def push(self, data: bytes, received_at: datetime) -> Decoded:
        """Decode what is whole now."""

    def close(self, received_at: datetime) -> Decoded:
        """Count what will never be whole: the connection ended."""


@dataclass(slots=True)
class StreamFeed:
    """A source at the other end of a TCP connection, which speaks without being asked."""

    name: str
    host: str
    port: int
    decoder: StreamDecoder
    stale_after_s: float
    silence_s_max: float = SILENCE_S_MAX
    clock: Callable[[], datetime] = receiver_clock

    @classmethod
    def at(cls, address: Address, decoder: StreamDecoder, stale_s: float) -> Self:
        """Return the feed at an address, which may say itself when it is stale; connects to nothing."""
        stale_s = address.stale_after_s(stale_s)
        silence_s = max(SILENCE_S_MAX, 4 * stale_s)
        return cls(address.name, address.host, address.port, decoder, stale_s, silence_s_max=silence_s)

    async def batches(self) -> AsyncIterator[Batch]:
        """Connect, and yield what comes until the source ends; raises FeedLost.

        The account of what was cut off in the middle comes before the end, whatever the end is.
        """
        reader, writer = await self._connect()
        lost: FeedLost | None = None
        try:
            yield connected(self.name, self.clock())
            ended = False
            while not ended and lost is None:
                try:
                    data, ended = await self._gathered(reader)
                except TimeoutError:
                    lost = self._lost(say("a connection over which nothing comes"))
                except OSError as error:
                    lost = self._lost(say("the connection broke: {reason}", reason=_reason(error)))
                else:
                    if data:
                        received_at = self.clock()
                        decoded = await asyncio.to_thread(self.decoder.push, data, received_at)
                        yield batch_of(self.name, received_at, decoded, raw=data)
            rest = self.decoder.close(self.clock())
            if rest.tally.rows:
                yield batch_of(self.name, self.clock(), rest)
        finally:
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()
        if lost is not None:
            raise lost

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        try:
            async with asyncio.timeout(_CONNECT_S):
                reader, writer = await asyncio.open_connection(self.host, self.port)
        except TimeoutError:
            raise self._lost(say("no answer")) from None
        except OSError as error:
            raise self._lost(_reason(error)) from error
        connection = writer.get_extra_info("socket")
        if connection is not None:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        return reader, writer

    async def _gathered(self, reader: asyncio.StreamReader) -> tuple[bytes, bool]:
        """Return what comes in the next GATHER_S from its first byte on, and whether the stream has ended.

        Raises TimeoutError when nothing comes for silence_s_max.
        """
        async with asyncio.timeout(self.silence_s_max):
            piece = await reader.read(_PIECE_BYTES)
        loop = asyncio.get_running_loop()
        until_s = loop.time() + GATHER_S
        pieces, size = [piece], len(piece)
        while piece and size < GATHERED_BYTES_MAX:
            try:
                async with asyncio.timeout_at(until_s):
                    piece = await reader.read(_PIECE_BYTES)
            except TimeoutError:
                break
            except OSError:
                if size:
                    break  # what came is used first; the next reading meets the same end
                raise
            pieces.append(piece)
            size += len(piece)
        ended = not piece
        if not ended:
            await asyncio.sleep(until_s - loop.time())
        return b"".join(pieces), ended

    def _lost(self, came: str) -> FeedLost:
        return FeedLost(
            expected=say("a stream from {host}, port {port}", host=self.host, port=self.port),
            came=came,
            where=self.name,
            remedy=say("see that the receiver runs and lets this machine in; it is tried again"),
        )


def _reason(error: OSError) -> str:
    return str(error.strerror or error)[:200]
