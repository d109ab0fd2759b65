"""A connection over TCP or TLS that notices when the other machine is gone, with its troubles told in words."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from detente import words
from detente.watch.errors import FeedLost

__all__ = ["CONNECT_S_MAX", "opened_stream"]

say = words.speaker("watch")

CONNECT_S_MAX = 20.0
"""Seconds for name, connection and encryption together."""
_CLOSE_S = 2.0
_KEEP_ALIVE = {"TCP_KEEPIDLE": 15, "TCP_KEEPINTVL": 5, "TCP_KEEPCNT": 3, "TCP_USER_TIMEOUT": 30_000}


@asynccontextmanager
async def opened_stream(
    host: str, port: int, *, name: str, context: ssl.SSLContext | None, server_name: str | None, limit: int
) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """Connect for the block; whatever goes wrong with the connection, in the block too, is FeedLost.

    name: what people see; context: None without encryption; server_name: the name in the certificate, where it is not
    the host; limit: bytes that wait to be read before the other side has to wait.
    """
    try:
        async with asyncio.timeout(CONNECT_S_MAX):
            reader, writer = await asyncio.open_connection(
                host,
                port,
                limit=limit,
                ssl=context,
                server_hostname=(server_name or host) if context is not None else None,
            )
        _keep_alive(writer)
        try:
            yield reader, writer
        finally:
            writer.close()
            try:
                with suppress(OSError, TimeoutError):
                    async with asyncio.timeout(_CLOSE_S):
                        await writer.wait_closed()
            finally:
                writer.transport.abort()  # what a deaf server does not take is not kept for it
    except ssl.SSLCertVerificationError as failure:
        raise _lost(say("a certificate that holds"), failure.verify_message, name) from None
    except ssl.SSLError as failure:
        raise _lost(say("an encrypted connection"), failure.reason or type(failure).__name__, name) from None
    except TimeoutError:
        raise _lost(say("an answer in time"), say("none"), name) from None
    except UnicodeError:
        raise _lost(say("a server that can be reached"), say("a name that cannot be"), name) from None
    except OSError as failure:
        came = failure.strerror or type(failure).__name__
        raise _lost(say("a server that can be reached"), came, name) from None


def _keep_alive(writer: asyncio.StreamWriter) -> None:
    """Have the machine ask whether the other one is there, so that a cut cable ends the connection in half a minute."""
    sock = writer.get_extra_info("socket")
    if sock is None or sock.family not in {socket.AF_INET, socket.AF_INET6}:
        return
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for option, value in _KEEP_ALIVE.items():
        if hasattr(socket, option):  # as far as this system has them
            sock.setsockopt(socket.IPPROTO_TCP, getattr(socket, option), value)


def _lost(expected: str, came: str, where: str) -> FeedLost:
    return FeedLost(expected=expected, came=came, where=where, remedy=say("it is tried again by itself"))
