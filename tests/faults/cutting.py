"""A proxy between a client and a server that cuts each connection after so many bytes, in either direction."""

from __future__ import annotations

import contextlib
import random
import socket
import struct
import threading

__all__ = ["CuttingProxy"]


class CuttingProxy:
    """Listens on loopback; ``cut_after`` draws how many bytes a connection may carry until it is cut, None: any."""

    def __init__(self, port: int, seed: int) -> None:
        self.cuts = 0
        self.bytes_max: int | None = None
        self._chance = random.Random(seed)
        self._target = port
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listening.getsockname()[1]
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        self._thread.join(5)

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listening.accept()
            except OSError:
                return
            server = socket.create_connection(("127.0.0.1", self._target))
            left = [self._chance.randint(200, self.bytes_max) if self.bytes_max else 1 << 60]
            both = threading.Lock()
            for source, sink in ((client, server), (server, client)):
                threading.Thread(target=self._carry, args=(source, sink, left, both), daemon=True).start()

    def _carry(self, source: socket.socket, sink: socket.socket, left: list[int], both: threading.Lock) -> None:
        with contextlib.suppress(OSError):
            while octets := source.recv(8192):
                with both:
                    given = octets[: left[0]]
                    left[0] -= len(given)
                sink.sendall(given)
                if len(given) < len(octets):
                    self.cuts += 1
                    # a reset, not an end: neither side is told anything
                    for one in (source, sink):
                        one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                    break
        for one in (source, sink):
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()
