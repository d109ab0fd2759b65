"""AIS sentences over UDP: ``ais-udp://:10110``, as most receivers and plotters send them.

Anybody who reaches the port can send. Listen on the address of one interface, or behind a firewall.
"""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import socket
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import datetime

from detente import words
from detente.tracks.live_ais import LiveAis
from detente.watch.batches import Batch
from detente.watch.errors import FeedLost
from detente.watch.feeds.address import Address
from detente.watch.feeds.batching import batch_of, connected, overloaded
from detente.watch.feeds.clocks import receiver_clock
from detente.watch.feeds.streams import GATHER_S, GATHERED_BYTES_MAX

__all__ = ["OPTIONS", "STALE_S", "UdpFeed", "open_feed"]

say = words.speaker("watch")

OPTIONS: frozenset[str] = frozenset()
STALE_S = 60.0
_RECEIVE_BUFFER_BYTES = 4 << 20


def open_feed(address: Address) -> UdpFeed:
    """Return the feed; listens to nothing yet."""
    return UdpFeed(
        address.name, address.host, address.port, LiveAis(address.name), address.stale_after_s(STALE_S)
    )


class _Waiting(asyncio.DatagramProtocol):
    """Holds datagrams until they are taken, at most GATHERED_BYTES_MAX bytes; counts the lines of the others."""

    def __init__(self) -> None:
        self.pieces: list[bytes] = []
        self.size = 0
        self.dropped = 0
        self.came = asyncio.Event()

    def datagram_received(self, data: bytes, addr: tuple[object, ...]) -> None:
        """Take one datagram: whole sentences, the last one with or without its line end."""
        del addr
        if self.size + len(data) > GATHERED_BYTES_MAX:
            self.dropped += max(data.count(b"\n"), 1)
        else:
            self.pieces.append(data if data.endswith(b"\n") else data + b"\n")
            self.size += len(self.pieces[-1])
        self.came.set()

    def take(self) -> tuple[bytes, int]:
        """Return what waits, and how many lines were thrown away since the last call."""
        data, dropped = b"".join(self.pieces), self.dropped
        self.pieces, self.size, self.dropped = [], 0, 0
        self.came.clear()
        return data, dropped


@dataclass(slots=True)
class UdpFeed:
    """Whoever sends AIS sentences to a port of this machine; host: of the interface, or of a multicast group."""

    name: str
    host: str
    port: int
    decoder: LiveAis
    stale_after_s: float
    clock: Callable[[], datetime] = receiver_clock
    bound_port: int = field(default=0, init=False)

    async def batches(self) -> AsyncIterator[Batch]:
        """Listen, and yield what comes, for ever; raises FeedLost when the port cannot be listened on."""
        try:
            listening = _socket(self.host, self.port)
        except OSError as error:
            raise self._lost(error) from error
        loop = asyncio.get_running_loop()
        transport, waiting = await loop.create_datagram_endpoint(_Waiting, sock=listening)
        self.bound_port = listening.getsockname()[1]
        try:
            yield connected(self.name, self.clock())
            while True:
                await waiting.came.wait()
                await asyncio.sleep(GATHER_S)
                data, dropped = waiting.take()
                received_at = self.clock()
                if dropped:
                    yield overloaded(self.name, received_at, dropped)
                if data:
                    decoded = await asyncio.to_thread(self.decoder.push, data, received_at)
                    yield batch_of(self.name, received_at, decoded, raw=data)
        finally:
            transport.close()

    def _lost(self, error: OSError) -> FeedLost:
        return FeedLost(
            expected=say("UDP port {port} of this machine free to listen on", port=self.port),
            came=str(error.strerror or error)[:200],
            where=self.name,
            remedy=say("choose another port, or end the program that has it; it is tried again"),
        )


def _socket(host: str, port: int) -> socket.socket:
    """Return a socket that listens; raises OSError."""
    group = None
    with contextlib.suppress(ValueError):
        address = ipaddress.ip_address(host)
        group = address if address.is_multicast else None
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    everywhere = "::" if family == socket.AF_INET6 else "0.0.0.0"  # noqa: S104 - asked for by leaving out the host
    listening = socket.socket(family, socket.SOCK_DGRAM)
    try:
        listening.setblocking(False)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _RECEIVE_BUFFER_BYTES)
        if group is not None:
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((everywhere if group is not None or not host else host, port))
        if isinstance(group, ipaddress.IPv4Address):
            listening.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, group.packed + bytes(4))
        elif group is not None:
            listening.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_JOIN_GROUP, group.packed + bytes(4))
    except OSError:
        listening.close()
        raise
    return listening
