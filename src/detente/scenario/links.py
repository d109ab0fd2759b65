"""The links between the nodes of a scenario: each a small proxy on this machine that can be cut and mended."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

__all__ = ["Links", "running_links"]

_PIECE = 65_536


@dataclass(slots=True, eq=False)
class _Proxy:
    """Carries bytes to a port; when it is cut, nothing passes and nothing new is let in."""

    port: int
    listens: int = 0
    is_cut: bool = False
    open: set[asyncio.StreamWriter] = field(default_factory=set)

    async def carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Carry one connection until either side ends it."""
        if self.is_cut:
            writer.transport.abort()
            return
        ends = [writer]
        self.open.add(writer)
        try:
            there, here = await asyncio.open_connection("127.0.0.1", self.port)
            ends.append(here)
            self.open.add(here)
            async with asyncio.TaskGroup() as both:
                both.create_task(_pipe(reader, here))
                both.create_task(_pipe(there, writer))
        except* (OSError, EOFError):
            pass  # the one end is gone, so the other goes, too
        finally:
            for one in ends:
                one.transport.abort()
                self.open.discard(one)

    def cut(self) -> None:
        """Cut everything that is open."""
        self.is_cut = True
        for one in list(self.open):
            one.transport.abort()


async def _pipe(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
    while octets := await source.read(_PIECE):
        target.write(octets)
        await target.drain()
    raise EOFError


class Links:
    """Every directed link of a scenario, by who calls whom. ports: where each side's courier listens."""

    def __init__(self, ports: Mapping[str, int]) -> None:
        self._ports = dict(ports)
        self._proxies: dict[tuple[str, str], _Proxy] = {}
        self._loop = asyncio.new_event_loop()
        self._servers: list[asyncio.Server] = []
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._do(self._open())

    def port(self, caller: str, called: str) -> int:
        """Return the port at which one side reaches another."""
        return self._proxies[caller, called].listens

    def cut(self, one: str, other: str) -> None:
        """Cut the link between two sides, both ways."""
        for pair in ((one, other), (other, one)):
            self._loop.call_soon_threadsafe(self._proxies[pair].cut)

    def mend(self, one: str, other: str) -> None:
        """Let the link carry again."""
        for pair in ((one, other), (other, one)):
            self._proxies[pair].is_cut = False

    def close(self) -> None:
        """Cut everything and end."""
        self._do(self._close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    def _do(self, work: object) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(30)  # type: ignore[arg-type]

    async def _open(self) -> None:
        for caller in self._ports:
            for called, port in self._ports.items():
                if caller == called:
                    continue
                proxy = self._proxies[caller, called] = _Proxy(port)
                server = await asyncio.start_server(proxy.carry, "127.0.0.1", 0)
                proxy.listens = server.sockets[0].getsockname()[1]
                self._servers.append(server)

    async def _close(self) -> None:
        for server in self._servers:
            server.close()
        for proxy in self._proxies.values():
            proxy.cut()
        left = asyncio.all_tasks() - {asyncio.current_task()}
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)


@contextmanager
def running_links(ports: Mapping[str, int]) -> Iterator[Links]:
    """Run a proxy for every directed pair of sides until the block ends."""
    made = Links(ports)
    try:
        yield made
    finally:
        made.close()
