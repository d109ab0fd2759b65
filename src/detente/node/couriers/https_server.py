"""The courier port: HTTPS for pinned peers, and the limits that keep everybody else, and a peer gone mad, at bay.

A stranger costs one handshake at most: without a known certificate not a byte of HTTP is read. A peer speaks of its
own lines only. An auditor speaks of none: it reads logs in tiles. Each stage has its own limit: handshakes at once and
in time, connections of an address and of a peer, time and size of a request's head, pace and size of its body, requests
and bytes a second.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from detente import words
from detente.node.couriers.https_session import Session
from detente.node.couriers.peers import Peers
from detente.node.couriers.rates import Rate
from detente.node.couriers.states import CourierStates
from detente.node.couriers.tls import presented, tls_fault
from detente.node.couriers.tls_stream import TlsStream
from detente.node.couriers.traffic import Traffic
from detente.node.settings.structs import CourierSettings
from detente.node.tiles.shelf import Reader, Shelf

__all__ = ["CourierPort"]

say = words.speaker("node")

_REST_S = 0.05


@dataclass(slots=True)
class _Peer:
    """What one certificate has open, whatever the number of its lines."""

    rates: tuple[Rate, Rate, Rate]
    reading: asyncio.Lock = field(default_factory=asyncio.Lock)
    connections: dict[asyncio.Task[None], None] = field(default_factory=dict)


@dataclass(slots=True)
class CourierPort:
    """Serves the courier port. context and peers may be exchanged while it runs; open connections keep theirs.

    shelf: where logs are read in tiles, None: they are not served.
    """

    limits: CourierSettings
    context: ssl.SSLContext
    peers: Peers
    traffic_of: Callable[[str, str], Traffic | None]
    states: CourierStates
    sealed_to: Callable[[str, str], bool] = lambda *_: False
    shelf: Shelf | None = None
    _handshakes: dict[asyncio.Task[None], None] = field(default_factory=dict)
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)
    _addresses: Counter[str] = field(default_factory=Counter)
    _peers: dict[str, _Peer] = field(default_factory=dict)

    async def serve(self, listener: socket.socket) -> None:
        """Take connections until cancelled; then close them all."""
        try:
            while True:
                # waiting and accepting are two steps: a connection that loop.sock_accept took just when this is
                # cancelled would be nobody's, and stay open until it is collected
                await _called(listener)
                try:
                    connection, address = listener.accept()
                except (BlockingIOError, ConnectionAbortedError):  # it is gone already
                    continue
                except OSError:  # no descriptor left
                    await asyncio.sleep(_REST_S)
                    continue
                self._let_in(connection, str(address[0]))
        finally:
            listener.close()
            for task in list(self._tasks):
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)

    def _let_in(self, connection: socket.socket, address: str) -> None:
        """Begin the handshake, or turn away what is too much."""
        limits = self.limits
        if self._addresses[address] >= limits.connections_per_address_max:
            self.states.turned_away("too many from one address")
            connection.close()
            return
        if len(self._handshakes) >= limits.handshakes_max:
            self.states.turned_away("handshake took too long")
            next(iter(self._handshakes)).cancel()  # the oldest: a peer's own takes two round trips
        elif len(self._tasks) >= limits.connections_max + limits.handshakes_max:
            self.states.turned_away("too many at once")
            connection.close()
            return
        self._addresses[address] += 1
        task = asyncio.get_running_loop().create_task(self._connection(connection, address))
        self._handshakes[task] = None
        self._tasks.add(task)
        task.add_done_callback(lambda done: self._ended(done, connection, address))

    def _ended(self, task: asyncio.Task[None], connection: socket.socket, address: str) -> None:
        self._handshakes.pop(task, None)
        self._tasks.discard(task)
        self._addresses[address] -= 1
        if not self._addresses[address]:
            del self._addresses[address]
        connection.close()
        if not task.cancelled():
            task.exception()  # told where it happened; nothing of one connection touches another

    async def _connection(self, connection: socket.socket, address: str) -> None:
        """Shake hands, learn who it is, and serve."""
        task = asyncio.current_task()
        stream = TlsStream(connection, self.context, server=True)
        try:
            async with asyncio.timeout(self.limits.handshake_s_max):
                await stream.handshake()
        except OSError as fault:
            self.states.turned_away(tls_fault(fault, address).came)
            await stream.close()
            return
        finally:
            if task is not None:
                self._handshakes.pop(task, None)
        try:
            await self._known(stream, task)
        finally:
            stream.abort()

    async def _known(self, stream: TlsStream, task: asyncio.Task[None] | None) -> None:
        identity = presented(stream.tls)
        lines, auditor = self.peers.lines_of(identity), self.peers.is_auditor(identity)
        if not (lines or auditor) or task is None:
            self.states.turned_away("unknown certificate")
            return
        peer = self._peers.get(identity)
        if peer is None:
            pace = self.limits.bytes_per_s_max
            peer = self._peers[identity] = _Peer((Rate(pace), Rate(pace), Rate(self.limits.requests_per_s_max)))
        if len(peer.connections) >= self.limits.connections_per_peer_max:
            self.states.turned_away("too many of one peer")
            next(iter(peer.connections)).cancel()  # the oldest: it may be half open, and its peer came back
        peer.connections[task] = None
        try:
            reader = None if self.shelf is None else Reader(self.shelf, lines, auditor, peer.reading)
            await Session(stream, self.limits, lines, self.traffic_of, self.sealed_to, peer.rates, reader).run()
        finally:
            peer.connections.pop(task, None)


async def _called(listener: socket.socket) -> None:
    """Return when somebody wants in."""
    loop = asyncio.get_running_loop()
    called = asyncio.Event()
    loop.add_reader(listener, called.set)
    try:
        await called.wait()
    finally:
        loop.remove_reader(listener)
