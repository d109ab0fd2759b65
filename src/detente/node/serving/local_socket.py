"""Local sockets between the processes of one node, and the frames on them.

A frame is four bytes of length, big-endian, and as many bytes. A socket's path may be longer than the 108 bytes that
the system takes: on Linux it is reached through its folder's descriptor.
"""

from __future__ import annotations

import contextlib
import os
import socket
import struct
import sys
from collections.abc import Iterator
from pathlib import Path

from detente import words
from detente.line.errors import Malformed

__all__ = ["FRAME_MAX", "connect", "listen", "peer_uid", "read_frame", "write_frame"]

say = words.speaker("node")

FRAME_MAX = 96 * 1024 * 1024
"""Bytes of the largest frame: the largest statement with its attachments, and room for what is around them."""
_BACKLOG = 256
_CREDENTIALS = struct.Struct("3i")


def listen(path: Path, mode: int = 0o600) -> socket.socket:
    """Return a listening socket at ``path`` with this mode from its first moment; a stale one gives way.

    The caller holds the lock that makes it the only one who may listen here. Raises OSError.
    """
    path.unlink(missing_ok=True)
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        with _reachable(path) as name:
            before = os.umask(0o777 & ~mode)
            try:
                sock.bind(name)
            finally:
                os.umask(before)
        sock.listen(_BACKLOG)
    except BaseException:
        sock.close()
        raise
    return sock


def connect(path: Path, timeout_s: float) -> socket.socket:
    """Return a connection to ``path``. Raises OSError: nobody listens there, or not within the time."""
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        sock.settimeout(timeout_s)
        with _reachable(path) as name:
            sock.connect(name)
    except BaseException:
        sock.close()
        raise
    return sock


def peer_uid(sock: socket.socket) -> int:
    """Return the user id of the process at the other end; our own where the system cannot tell (mode 0600 stands)."""
    if not hasattr(socket, "SO_PEERCRED"):
        return os.getuid()
    credentials = sock.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
    uid: int = _CREDENTIALS.unpack(credentials)[1]
    return uid


def read_frame(sock: socket.socket, size_max: int = FRAME_MAX) -> bytes | None:
    """Return the next frame, None when the other end closed between frames.

    Raises Malformed for one over its cap or cut short, OSError.
    """
    head = _exactly(sock, 4)
    if not head:
        return None
    size = int.from_bytes(head, "big")
    if len(head) < 4 or size > size_max:
        raise _malformed(say("one cut short") if len(head) < 4 else say("one of {size} bytes", size=size))
    octets = _exactly(sock, size)
    if len(octets) < size:
        raise _malformed(say("one cut short"))
    return octets


def write_frame(sock: socket.socket, octets: bytes, size_max: int = FRAME_MAX) -> None:
    """Send one frame. Raises Malformed for one over its cap (nothing was sent), OSError."""
    if len(octets) > size_max:
        raise _malformed(say("one of {size} bytes", size=len(octets)))
    sock.sendall(len(octets).to_bytes(4, "big") + octets)


def _exactly(sock: socket.socket, size: int) -> bytes:
    found = bytearray()
    while len(found) < size:
        piece = sock.recv(min(size - len(found), 1 << 20))
        if not piece:
            break
        found += piece
    return bytes(found)


@contextlib.contextmanager
def _reachable(path: Path) -> Iterator[str]:
    """Give a name of a socket's path that is short enough for the system."""
    if not sys.platform.startswith("linux"):
        yield str(path)
        return
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{folder}/{path.name}"
    finally:
        os.close(folder)


def _malformed(came: str) -> Malformed:
    return Malformed(
        expected=say("a frame between processes of this node"),
        came=came,
        remedy=say("nothing of it was used; is another version running?"),
    )
