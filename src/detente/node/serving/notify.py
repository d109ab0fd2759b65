"""Tells the service manager how the node stands: the few datagrams of systemd's notify protocol."""

from __future__ import annotations

import contextlib
import os
import socket
from collections.abc import Mapping

__all__ = ["Notifier"]


class Notifier:
    """Sends states to the socket that NOTIFY_SOCKET names; does nothing where no service manager listens."""

    def __init__(self, environment: Mapping[str, str] = os.environ) -> None:
        name = environment.get("NOTIFY_SOCKET", "")
        self._address = "\0" + name[1:] if name.startswith("@") else name
        period = environment.get("WATCHDOG_USEC", "")
        mine = environment.get("WATCHDOG_PID", str(os.getpid())) == str(os.getpid())
        self.watchdog_s = int(period) / 2_000_000 if period.isdecimal() and mine else 0.0
        """How often ``alive`` is awaited, half the period that was set; 0: it is not."""

    def ready(self) -> None:
        """Say that the node does its work."""
        self._send("READY=1")

    def stopping(self) -> None:
        """Say that the node stops in order."""
        self._send("STOPPING=1")

    def alive(self) -> None:
        """Say that the node still works."""
        self._send("WATCHDOG=1")

    def _send(self, state: str) -> None:
        if not self._address:
            return
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
            sock.sendto(state.encode(), self._address)
