"""How a process of the node lives under its supervisor: it dies with it, and shows that it is alive.

Between the two lies one socket pair. The supervisor sends a byte now and then; the process answers each one as long
as its probe says that it works. When the supervisor's end closes, the supervisor is gone, and so is this process.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable, Mapping

__all__ = ["ALIVE", "PING", "READY", "WATCH_VARIABLE", "Watched", "current", "watched"]

WATCH_VARIABLE = "DETENTE_WATCH_FD"
PING, ALIVE, READY = b"?", b".", b"!"
_PARENT_DEATH = 1  # PR_SET_PDEATHSIG of prctl(2)


class Watched:
    """This process's end. probe: tells whether it works; asked in a thread of its own."""

    def __init__(self, sock: socket.socket | None) -> None:
        self._sock = sock
        self.probe: Callable[[], bool] = lambda: True
        if sock is not None:
            threading.Thread(target=self._answer, args=(sock,), name="watched", daemon=True).start()

    def ready(self) -> None:
        """Say that this process does its work from now on."""
        if self._sock is not None:
            with contextlib.suppress(OSError):
                self._sock.sendall(READY)

    def _answer(self, sock: socket.socket) -> None:
        while True:
            try:
                asked = sock.recv(64)
            except OSError:
                asked = b""
            if not asked:
                os._exit(70)  # the supervisor is gone; what is durable stays so
            if self.probe():
                with contextlib.suppress(OSError):
                    sock.sendall(ALIVE)


def current() -> Watched:
    """Return the end that ``watched`` made in this process; one that does nothing when it made none."""
    return _current[-1] if _current else Watched(None)


def watched(environment: Mapping[str, str] = os.environ) -> Watched:
    """Return this process's end; one that does nothing where it was started by hand."""
    number = environment.get(WATCH_VARIABLE, "")
    if not number.isdecimal():
        return Watched(None)
    sock = socket.socket(fileno=int(number))
    sock.set_inheritable(False)
    if sys.platform.startswith("linux"):
        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL(None).prctl(_PARENT_DEATH, signal.SIGKILL, 0, 0, 0)
    _current.append(Watched(sock))
    return _current[-1]


_current: list[Watched] = []
