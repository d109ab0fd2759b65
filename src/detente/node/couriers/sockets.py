"""Sockets of the couriers: the port that listens, and connections that notice when the other side is gone."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import socket
import struct
import termios

from detente import words
from detente.node.couriers.errors import LinkFailure
from detente.node.settings.structs import host_and_port

__all__ = ["listening", "unsent_bytes", "watch_over"]

say = words.speaker("node")

_BACKLOG = 128
_SILENT_MS = 60_000


def listening(address: str) -> socket.socket:
    """Return a socket that listens at "host:port"; raises LinkFailure (port taken, address not of this machine)."""
    host, port = host_and_port(address)
    made: socket.socket | None = None
    try:
        family, kind, protocol, _, place = socket.getaddrinfo(
            host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        made = socket.socket(family, kind, protocol)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind(place)
        made.listen(_BACKLOG)
        made.setblocking(False)
    except OSError as failure:
        if made is not None:
            made.close()
        taken = failure.errno == errno.EADDRINUSE
        raise LinkFailure(
            expected=say("a free address and port of this machine"),
            came=say("the port is in use by another program") if taken else failure.strerror or str(failure),
            where=address,
            remedy=say("choose another with courier.listen, or stop the other program"),
        ) from None
    return made


def watch_over(connection: socket.socket) -> None:
    """Let the system end a connection whose other side is silent or takes nothing for a minute."""
    with contextlib.suppress(OSError, AttributeError):
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 30)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 10)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT, 3)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, _SILENT_MS)


def unsent_bytes(connection: socket.socket | None) -> int:
    """Return how much the system still has to send or to hear acknowledged; 0 where it does not say."""
    if connection is None:
        return 0
    try:
        answer = fcntl.ioctl(connection.fileno(), termios.TIOCOUTQ, bytes(4))
    except (OSError, ValueError):
        return 0
    return int(struct.unpack("i", answer)[0])
