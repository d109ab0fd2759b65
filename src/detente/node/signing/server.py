"""The socket of the signer's process: one node is served, anybody of this user may ask how it stands or unlock it.

One thread, no waiting for anybody: a connection that says half a message holds nobody up, and is closed after a while.
Whatever is not a message that this version knows ends its connection.
"""

from __future__ import annotations

import contextlib
import os
import selectors
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from detente import words
from detente.line.errors import Malformed
from detente.node.errors import SignerFailure
from detente.node.serving.local_socket import peer_uid
from detente.node.signing import frames
from detente.node.signing.answering import Answering
from detente.node.signing.frames import Answer, Failed, Request

__all__ = ["CONNECTIONS_MAX", "IDLE_S", "Server"]

say = words.speaker("node")

CONNECTIONS_MAX = 32
IDLE_S = 10.0
"""How long a connection that is not served may stay without a whole request."""
_READ_BYTES = 256 * 1024
_LOOKS = (frames.Status, frames.Unlock, frames.Reload, frames.OpenSeal, frames.Officers)


@dataclass(slots=True, eq=False)
class _Connection:
    """One connection: what came and is no whole frame yet, what was not taken yet; when its time is over."""

    socket: socket.socket
    ends_at: float
    came: bytearray = field(default_factory=bytearray)
    waiting: bytearray = field(default_factory=bytearray)
    closing: bool = False


class Server:
    """Answers on a listening socket until ``stop`` is called, from a signal handler or another thread."""

    def __init__(
        self,
        listening: socket.socket,
        answering: Answering,
        *,
        note: Callable[[str, str], None],
        uid: int | None = None,
        idle_s: float = IDLE_S,
    ) -> None:
        """uid: whose processes may connect; this process's own when None."""
        self._listening = listening
        self._answering = answering
        self._note = note
        self._uid = os.geteuid() if uid is None else uid
        self._idle_s = idle_s
        self._selector = selectors.DefaultSelector()
        self._connections: set[_Connection] = set()
        self._served: _Connection | None = None
        self._waking, self._wakes = socket.socketpair()
        self._stopped = False

    def stop(self) -> None:
        """End ``run`` soon."""
        self._stopped = True
        with contextlib.suppress(OSError):
            self._wakes.send(b"\0")

    def run(self) -> None:
        """Answer until stopped; then close every connection."""
        self._listening.setblocking(False)
        self._selector.register(self._listening, selectors.EVENT_READ, None)
        self._selector.register(self._waking, selectors.EVENT_READ, None)
        try:
            while not self._stopped:
                for key, mask in self._selector.select(self._timeout()):
                    if key.fileobj is self._listening:
                        self._accept()
                    elif isinstance(key.data, _Connection) and key.data in self._connections:
                        self._serve(key.data, mask)
                self._end_idle()
        finally:
            for connection in list(self._connections):
                self._close(connection)
            self._selector.close()
            self._waking.close()
            self._wakes.close()

    # ---- connections ----------------------------------------------------------------------------------------

    def _timeout(self) -> float | None:
        ends = [one.ends_at for one in self._connections if one is not self._served]
        return max(0.0, min(ends) - time.monotonic()) if ends else None

    def _end_idle(self) -> None:
        now = time.monotonic()
        for one in [one for one in self._connections if one is not self._served and one.ends_at <= now]:
            self._close(one)

    def _accept(self) -> None:
        try:
            accepted, _ = self._listening.accept()
        except OSError:
            return  # gone again, or no descriptor left: the next one is tried as it comes
        connection = _Connection(accepted, time.monotonic() + self._idle_s)
        accepted.setblocking(False)
        self._connections.add(connection)
        self._selector.register(accepted, selectors.EVENT_READ, connection)
        peer = peer_uid(accepted)
        if peer != self._uid:
            self._note("stranger", say("a process of another user: {user}", user=peer))
            self._refuse(connection, say("a process of the signer's own user"), say("one of another user"))
        elif len(self._connections) > CONNECTIONS_MAX:
            expected = say("at most {count} connections", count=CONNECTIONS_MAX)
            self._refuse(connection, expected, say("more"), busy=True)

    def _serve(self, connection: _Connection, mask: int) -> None:
        try:
            if mask & selectors.EVENT_WRITE:
                self._flush(connection)
            if mask & selectors.EVENT_READ:
                octets = connection.socket.recv(_READ_BYTES)
                if not octets:
                    self._close(connection)
                    return
                connection.came += octets
            self._take(connection)
        except BlockingIOError:
            return
        except OSError:
            self._close(connection)

    def _take(self, connection: _Connection) -> None:
        """Answer every whole request that came; while answers wait to be taken nothing more is read."""
        while not connection.closing and not connection.waiting and len(connection.came) >= 4:
            size = int.from_bytes(connection.came[:4], "big")
            if size > (frames.REQUEST_MAX if connection is self._served else frames.LOOK_MAX):
                self._refuse(connection, say("a message that is not too long"), say("{size} bytes", size=size))
                return
            if len(connection.came) < 4 + size:
                return
            octets = bytes(connection.came[4 : 4 + size])
            del connection.came[: 4 + size]
            connection.ends_at = time.monotonic() + self._idle_s
            try:
                request = frames.decode_request(octets)
            except Malformed as fault:
                self._note("malformed", str(fault))
                self._say(connection, Failed.of(fault))
                self._end(connection)
                return
            try:
                answer = self._answer(connection, request)
            except Exception as fault:  # noqa: BLE001 - a fault of ours ends this session, not the signer
                self._note("fault", f"{type(request).__name__}: {type(fault).__name__}")
                self._refuse(
                    connection, say("a request that this signer can carry out"), say("a fault of détente itself")
                )
                return
            self._say(connection, answer)

    def _answer(self, connection: _Connection, request: Request) -> Answer:
        if isinstance(request, frames.Status):
            return self._answering.standing(serving=self._served is not None)
        if isinstance(request, frames.Serve):
            return self._begin(connection, request)
        if connection is not self._served and not isinstance(request, _LOOKS):
            return _failed(say("a connection that is served"), say("one that is not"))
        return self._answering.answer(request)

    def _begin(self, connection: _Connection, request: frames.Serve) -> Answer:
        """Serve this connection, when none is served and the keys are open."""
        if request.protocol != frames.PROTOCOL:
            return _failed(
                say("a node of this signer's version: {version}", version=frames.PROTOCOL), str(request.protocol)
            )
        if self._answering.locked:
            return Failed.of(self._answering.is_locked())
        if self._served not in {None, connection}:
            return _failed(say("one node at a time"), say("a second one, while the first is served"), busy=True)
        self._served = connection
        return self._answering.facing()

    # ---- answers --------------------------------------------------------------------------------------------

    def _say(self, connection: _Connection, answer: Answer) -> None:
        octets = frames.encode(answer)
        connection.waiting += len(octets).to_bytes(4, "big") + octets
        self._flush(connection)

    def _flush(self, connection: _Connection) -> None:
        """Send what waits, as much as is taken; the rest when the other side reads."""
        if connection.waiting:
            with contextlib.suppress(BlockingIOError):
                del connection.waiting[: connection.socket.send(connection.waiting)]
        if connection.closing and not connection.waiting:
            self._close(connection)
            return
        events = selectors.EVENT_WRITE if connection.waiting else selectors.EVENT_READ
        if self._selector.get_key(connection.socket).events != events:
            self._selector.modify(connection.socket, events, connection)

    def _refuse(self, connection: _Connection, expected: str, came: str, *, busy: bool = False) -> None:
        """Say why, and end the connection."""
        with contextlib.suppress(OSError):
            self._say(connection, _failed(expected, came, busy=busy))
        self._end(connection)

    def _end(self, connection: _Connection) -> None:
        """Close as soon as what was said is taken."""
        connection.closing = True
        connection.ends_at = time.monotonic() + 1.0
        if connection is self._served:
            self._served = None
            self._answering.end_session()
        with contextlib.suppress(OSError):
            self._flush(connection)

    def _close(self, connection: _Connection) -> None:
        if connection not in self._connections:
            return
        self._connections.discard(connection)
        self._selector.unregister(connection.socket)
        connection.socket.close()
        if connection is self._served:
            self._served = None
            self._answering.end_session()


def _failed(expected: str, came: str, *, busy: bool = False) -> Failed:
    remedy = say("wait until it ends; the signer serves on") if busy else say("nothing was signed")
    return Failed.of(SignerFailure(expected=expected, came=came, remedy=remedy), busy=busy)
