"""Servers that tests run: what streams, what answers over HTTP, each as a script of what to say."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import cast

import polars as pl

from detente.watch.batches import Batch, Feed
from detente.watch.errors import FeedLost

NOW = datetime(2022, 12, 20, 10, 47, 11, tzinfo=UTC)

Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def tcp_server(talk: Talk, context: ssl.SSLContext | None = None) -> AsyncIterator[int]:
    """Give the port of a server that talks so to everybody who connects, and hangs up when it has."""

    answering: set[asyncio.Task[None]] = set()

    async def answered(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        mine = asyncio.current_task()
        assert mine is not None
        answering.add(mine)
        try:
            await talk(reader, writer)
        except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            answering.discard(mine)
            writer.close()

    server = await asyncio.start_server(answered, "127.0.0.1", 0, ssl=context)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for task in list(answering):
            task.cancel()
        if answering:
            await asyncio.wait(list(answering))
        await server.wait_closed()


def saying(*pieces: bytes | float) -> Talk:
    """Return a talk that writes each piece, waits so many seconds where a number stands, and hangs up."""

    async def talk(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for piece in pieces:
            if isinstance(piece, bytes):
                writer.write(piece)
                await writer.drain()
            else:
                await asyncio.sleep(piece)

    return talk


@dataclass
class Web:
    """A web server that gives one answer after another, the last one for ever; it keeps what it was asked."""

    answers: Sequence[bytes]
    asked: list[bytes] = field(default_factory=list)
    asked_at_s: list[float] = field(default_factory=list)

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.asked.append(await reader.readuntil(b"\r\n\r\n"))
        self.asked_at_s.append(asyncio.get_running_loop().time())
        writer.write(self.answers[min(len(self.asked), len(self.answers)) - 1])
        await writer.drain()


def answer(body: bytes, status: str = "200 OK", kind: str = "application/json", **headers: str) -> bytes:
    """Return an HTTP answer; header names with _ for -."""
    more = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
    kind = f"Content-Type: {kind}\r\n" if kind else ""
    return (
        f"HTTP/1.1 {status}\r\n{kind}{more}Content-Length: {len(body)}\r\nConnection: close\r\n\r\n".encode()
        + body
    )


async def until(condition: Callable[[], bool], *, within_s: float = 10.0) -> None:
    """Return as soon as the condition holds; TimeoutError when it does not in time."""
    async with asyncio.timeout(within_s):
        while not condition():  # noqa: ASYNC110 - what is waited for has no event of its own
            await asyncio.sleep(0.005)


@dataclass
class Heard:
    """What a feed gave until it ended, was lost, or had given enough."""

    batches: list[Batch] = field(default_factory=list)
    lost: FeedLost | None = None

    @property
    def rows(self) -> pl.DataFrame:
        return pl.concat([batch.rows for batch in self.batches])

    @property
    def received(self) -> int:
        return sum(batch.received for batch in self.batches)

    @property
    def used(self) -> int:
        return sum(batch.used for batch in self.batches)

    @property
    def rejected(self) -> dict[str, int]:
        total: dict[str, int] = {}
        for batch in self.batches:
            for name, count in batch.rejected.items():
                total[name] = total.get(name, 0) + count
        return total


async def hear(feed: Feed, *, until: Callable[[Heard], bool] = lambda _: False, within_s: float = 20.0) -> Heard:
    """Return what a feed gives; holds of every batch that what came is used or rejected by name."""
    heard = Heard()
    async with asyncio.timeout(within_s):
        try:
            async with aclosing(cast("AsyncGenerator[Batch]", feed.batches())) as batches:
                async for batch in batches:
                    assert batch.received == batch.used + sum(batch.rejected.values())
                    assert batch.rows.height <= batch.used
                    assert batch.feed == feed.name
                    heard.batches.append(batch)
                    if until(heard):
                        break
        except FeedLost as lost:
            heard.lost = lost
    return heard
