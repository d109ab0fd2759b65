"""A TCP proxy that is as bad as links get: cuts, delays, trickles, one way only, changed bits."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field


@dataclass
class Proxy:
    """Carries bytes between who connects and ``port``. What is set holds for bytes from then on.

    refuse: new connections are cut at once. cut_after: bytes towards the server after which a connection is cut.
    delay_s: before each piece. bytes_per_s: pace of each direction, 0: none. drop_back: bytes of the server vanish.
    change: what is done to each piece, by direction. stalled: connections stay open, and nothing moves in them.
    """

    port: int
    refuse: bool = False
    cut_after: int | None = None
    delay_s: float = 0.0
    bytes_per_s: int = 0
    drop_back: bool = False
    stalled: bool = False
    change: Callable[[bytes, bool], bytes] = field(default=lambda octets, _: octets)
    listens: int = 0
    connections: int = 0
    forth: int = 0
    back: int = 0
    tasks: set[asyncio.Task[None]] = field(default_factory=set)
    _open: set[asyncio.StreamWriter] = field(default_factory=set)
    _loop: asyncio.AbstractEventLoop | None = None

    def cut_from_outside(self) -> None:
        """Cut every connection that is open, asked from another thread than the loop's."""
        if self._loop is not None:
            asyncio.run_coroutine_threadsafe(self.cut(), self._loop).result(10)

    async def cut(self) -> None:
        """Cut every connection that is open."""
        for writer in list(self._open):
            writer.transport.abort()

    async def carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self._loop = asyncio.get_running_loop()
        if (task := asyncio.current_task()) is not None:
            self.tasks.add(task)
            task.add_done_callback(self.tasks.discard)
        if self.refuse:
            writer.transport.abort()
            return
        self._open.add(writer)
        try:
            there, here = await asyncio.open_connection("127.0.0.1", self.port)
        except (OSError, asyncio.CancelledError):  # cancelled: the test is over
            writer.transport.abort()
            self._open.discard(writer)
            return
        self._open.add(here)
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._pipe(reader, here, forth=True))
                group.create_task(self._pipe(there, writer, forth=False))
        except* (OSError, EOFError):
            pass
        finally:
            for one in (writer, here):
                one.transport.abort()
                self._open.discard(one)

    async def _pipe(self, source: asyncio.StreamReader, target: asyncio.StreamWriter, *, forth: bool) -> None:
        step = max(1, self.bytes_per_s // 10) if self.bytes_per_s else 65_536
        carried = 0
        while octets := await source.read(step if self.bytes_per_s else 65_536):
            while self.stalled:  # noqa: ASYNC110 - set from other threads, too
                await asyncio.sleep(0.02)
            if self.delay_s:
                await asyncio.sleep(self.delay_s)
            if self.bytes_per_s:
                await asyncio.sleep(len(octets) / self.bytes_per_s)
            carried += len(octets)
            if forth:
                self.forth += len(octets)
                if self.cut_after is not None and carried > self.cut_after:
                    raise EOFError
            else:
                self.back += len(octets)
                if self.drop_back:
                    continue
            target.write(self.change(octets, forth))
            await target.drain()
        raise EOFError


@asynccontextmanager
async def proxied(port: int) -> AsyncIterator[Proxy]:
    """Run a proxy towards a port of this machine."""
    proxy = Proxy(port)
    server = await asyncio.start_server(proxy.carry, "127.0.0.1", 0, limit=4096)
    proxy.listens = server.sockets[0].getsockname()[1]
    try:
        yield proxy
    finally:
        server.close()
        await proxy.cut()
        for task in list(proxy.tasks):
            task.cancel()
        await asyncio.gather(*proxy.tasks, return_exceptions=True)
