"""Reads server-sent events of a desk."""

from __future__ import annotations

import contextlib
import json
import socket
from collections.abc import Iterator
from typing import Any

from tests.desk.desks import RunningDesk, signed_in_as

__all__ = ["Events", "listening"]


class Events:
    """One station's stream."""

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        self._file = sock.makefile("rb")
        self.head = b""
        while (line := self._file.readline()) not in {b"\r\n", b""}:
            self.head += line
        self._text = b""

    def next(self, name: str = "") -> tuple[str, Any]:
        """Return the next event, or the next of a name; raises EOFError at the end."""
        while True:
            while b"\n\n" not in self._text:
                size = self._file.readline().strip()
                if not size or int(size, 16) == 0:
                    raise EOFError
                self._text += self._file.read(int(size, 16))
                self._file.readline()
            block, _, self._text = self._text.partition(b"\n\n")
            fields = dict(line.split(": ", 1) for line in block.decode().split("\n"))
            if "event" in fields and name in {"", fields["event"]}:
                return fields["event"], json.loads(fields["data"])

    def drain(self) -> None:
        """Read to the end, which is an EOFError."""
        while True:
            self.next()

    def close(self) -> None:
        """Go away."""
        self._file.close()
        self.sock.close()


@contextlib.contextmanager
def listening(desk: RunningDesk, role: str = "viewer") -> Iterator[Events]:
    """Open a stream until the block ends."""
    sock = socket.create_connection(("localhost", desk.port), timeout=30)
    headers = "".join(f"{name}: {one}\r\n" for name, one in signed_in_as(role).items())
    sock.sendall(f"GET /api/v1/events HTTP/1.1\r\nHost: localhost\r\n{headers}\r\n".encode())
    events = Events(sock)
    try:
        yield events
    finally:
        events.close()
