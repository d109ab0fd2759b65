"""One TLS connection over a socket: bytes in, bytes out, nothing kept that the other side did not take.

asyncio's own streams drop the alert by which a side says why it refuses, and buffer what they are given; here the
alert is sent, and ``send`` returns when the system took all of it.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl

from detente.node.couriers.names import Address, addresses_of
from detente.node.couriers.sockets import watch_over

__all__ = ["TlsStream"]

_EACH_S = 10.0
_READ_BYTES = 65_536
_CLOSE_S = 2.0
_CLOSE_BYTES_MAX = 4_000_000


class TlsStream:
    """A connection. ``handshake`` first; every method raises OSError (ssl.SSLError included) when the link fails."""

    def __init__(self, connection: socket.socket, context: ssl.SSLContext, *, server: bool) -> None:
        connection.setblocking(False)
        watch_over(connection)
        self.socket = connection
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = context.wrap_bio(self._incoming, self._outgoing, server_side=server)
        self._loop = asyncio.get_running_loop()
        self._sending = asyncio.Lock()

    @classmethod
    async def connect(cls, host: str, port: int, context: ssl.SSLContext) -> TlsStream:
        """Connect to a name or address and shake hands. Raises OSError; the caller sets the time.

        Of several addresses each has its chance: one that is silent or another's must not stand before the right one.
        """
        places = await addresses_of(host, port)
        failure: OSError = ConnectionRefusedError()
        for number, place in enumerate(places, 1):
            try:
                async with asyncio.timeout(_EACH_S if number < len(places) else None):
                    return await cls._to(place, context)
            except OSError as fault:  # TimeoutError and ssl.SSLError among them
                failure = fault if not isinstance(failure, ssl.SSLError) else failure
        raise failure

    @classmethod
    async def _to(cls, place: Address, context: ssl.SSLContext) -> TlsStream:
        """Connect to one address and shake hands. Raises OSError."""
        family, kind, protocol, _, where = place
        connection = socket.socket(family, kind, protocol)
        try:
            connection.setblocking(False)
            await asyncio.get_running_loop().sock_connect(connection, where)
            stream = cls(connection, context, server=False)
            await stream.handshake()
        except BaseException:
            connection.close()
            raise
        return stream

    async def handshake(self) -> None:
        """Shake hands; when it fails, the other side is told why first."""
        while True:
            try:
                self.tls.do_handshake()
            except ssl.SSLWantReadError:
                await self._flush()
                await self._fill()
                continue
            except ssl.SSLError:
                with contextlib.suppress(OSError):
                    await self._flush()
                raise
            await self._flush()
            return

    async def read(self, size_max: int = _READ_BYTES) -> bytes:
        """Return the next bytes, b"" at the end, whether it was said or the link was cut."""
        while True:
            try:
                return self.tls.read(size_max)
            except ssl.SSLWantReadError:
                await self._flush()
                await self._fill()
            except (ssl.SSLZeroReturnError, ssl.SSLEOFError):
                return b""
            except ssl.SSLError:
                with contextlib.suppress(OSError):
                    await self._flush()
                raise

    async def send(self, octets: bytes) -> None:
        """Send all of it; returns when the system took it."""
        if octets:
            self.tls.write(octets)
            await self._flush()

    async def close(self) -> None:
        """End it so that what was sent still arrives: say so, then let the other side finish for a moment."""
        try:
            with contextlib.suppress(OSError):
                async with asyncio.timeout(_CLOSE_S):
                    with contextlib.suppress(ssl.SSLError):
                        self.tls.unwrap()
                    await self._flush()
                    self.socket.shutdown(socket.SHUT_WR)
                    left = _CLOSE_BYTES_MAX
                    while left > 0 and (octets := await self._loop.sock_recv(self.socket, _READ_BYTES)):
                        left -= len(octets)
        finally:
            self.abort()

    def abort(self) -> None:
        """Close it at once; safe to call twice."""
        self.socket.close()

    async def _fill(self) -> None:
        octets = await self._loop.sock_recv(self.socket, _READ_BYTES)
        if octets:
            self._incoming.write(octets)
        else:
            self._incoming.write_eof()

    async def _flush(self) -> None:
        async with self._sending:
            while self._outgoing.pending:
                await self._loop.sock_sendall(self.socket, self._outgoing.read(_READ_BYTES))
