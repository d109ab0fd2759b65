"""A local socket on which processes of the same user ask one question a frame, each answered by one frame.

Who is of another user, or one connection too many, is not answered. What was taken on is finished and told, also while
the node stops, as far as its patience goes: its asker must not wonder.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

from detente import words
from detente.line.errors import Malformed
from detente.node.serving.local_socket import FRAME_MAX, listen, peer_uid
from detente.node.serving.log import Log

__all__ = ["CONNECTIONS_MAX", "FramedSocket"]

say = words.speaker("node")

CONNECTIONS_MAX = 512
"""How many connections one local socket of the node serves at once."""
_FRAME_WITHIN_S = 60.0
"""A frame that began must be whole by then."""


class FramedSocket:
    """Serves the socket at ``path``.

    answer: returns the bytes of the answer, never raises. name: in the log. patience_s: how long an answer is waited
    for when the node stops; None: as long as it takes.
    """

    def __init__(
        self,
        path: Path,
        answer: Callable[[bytes], Awaitable[bytes]],
        log: Log,
        name: str,
        *,
        patience_s: float | None = None,
    ) -> None:
        self._path = path
        self._answer = answer
        self._log = log
        self._name = name
        self._patience_s = patience_s
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Listen. Raises OSError."""
        # newer Pythons would look for the socket's file by a name that is ours alone; we take it away ourselves
        keep: dict[str, bool] = {"cleanup_socket": False} if sys.version_info >= (3, 13) else {}
        sock = listen(self._path)
        self._server = await asyncio.start_unix_server(self._serve, sock=sock, **keep)  # type: ignore[arg-type]

    async def close(self) -> None:
        """Take no further question, answer those that are being worked on, and close."""
        if self._server is None:
            return
        self._server.close()
        self._path.unlink(missing_ok=True)
        for task in list(self._open):
            task.cancel()
        await asyncio.gather(*self._open, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None  # the server runs each connection as one
        self._open.add(task)
        try:
            uid = peer_uid(writer.get_extra_info("socket"))
            if uid != os.getuid() or len(self._open) > CONNECTIONS_MAX:
                self._log.warning(f"{self._name}.refused", uid=uid, connections=len(self._open))
                return
            while (octets := await _frame(reader)) is not None:
                answer = asyncio.ensure_future(self._answer(octets))
                try:
                    found = await asyncio.shield(answer)
                except asyncio.CancelledError:
                    await asyncio.wait({answer}, timeout=self._patience_s)
                    if answer.done():
                        _write(writer, answer.result())
                        await writer.drain()
                    answer.cancel()
                    return
                _write(writer, found)
                await writer.drain()
        except Malformed as fault:
            self._log.warning(f"{self._name}.malformed", fault=str(fault))
        except (ConnectionError, TimeoutError):
            return  # the asker went away, or began a frame and never ended it
        except asyncio.CancelledError:
            return  # the node stops, and nothing was being worked on
        finally:
            self._open.discard(task)
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()


async def _frame(reader: asyncio.StreamReader) -> bytes | None:
    """Return the next frame, None at the end; a frame that began must end in time. Raises Malformed."""
    first = await reader.read(1)
    if not first:
        return None
    try:
        async with asyncio.timeout(_FRAME_WITHIN_S):
            size = int.from_bytes(first + await reader.readexactly(3), "big")
            if size > FRAME_MAX:
                raise Malformed(
                    expected=say("a frame between processes of this node"),
                    came=say("one of {size} bytes", size=size),
                )
            return await reader.readexactly(size)
    except asyncio.IncompleteReadError:
        return None


def _write(writer: asyncio.StreamWriter, octets: bytes) -> None:
    writer.write(len(octets).to_bytes(4, "big") + octets)
