"""A small HTTP server on the node's loop: GET /metrics for Prometheus, GET /health for a load balancer or a watch."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import h11

from detente.node.serving.log import Log
from detente.node.settings.structs import host_and_port

__all__ = ["Answer", "HealthPage"]

_CONNECTIONS_MAX = 32
_REQUEST_WITHIN_S = 10.0
_ANSWER_WITHIN_S = 30.0
_HEAD_MAX = 16_384


@dataclass(frozen=True, slots=True)
class Answer:
    """What a page gives: status, media type, body."""

    status: int
    media_type: str
    body: bytes


Page = Callable[[], Awaitable[Answer]]


class HealthPage:
    """Serves pages by their path; one answer a connection, everything else 404 or 405."""

    def __init__(self, address: str, pages: dict[str, Page], log: Log) -> None:
        self._address = address
        self._pages = pages
        self._log = log
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Listen. Raises OSError when the address is taken."""
        host, port = host_and_port(self._address)
        self._server = await asyncio.start_server(self._serve, host or None, port, limit=_HEAD_MAX)
        self._log.info("metrics.listening", address=self._address)

    async def close(self) -> None:
        """Close; safe to call twice, and before ``start``."""
        if self._server is not None:
            self._server.close()
            for task in list(self._open):
                task.cancel()
            await asyncio.gather(*self._open, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None  # the server runs each connection as one
        self._open.add(task)
        connection = h11.Connection(h11.SERVER, max_incomplete_event_size=_HEAD_MAX)
        try:
            if len(self._open) > _CONNECTIONS_MAX:
                return
            try:
                async with asyncio.timeout(_REQUEST_WITHIN_S):
                    request = await _request(connection, reader)
            except h11.RemoteProtocolError as fault:
                await _send(connection, writer, Answer(fault.error_status_hint, "text/plain", b""))
                return
            if request is None:
                return
            async with asyncio.timeout(_ANSWER_WITHIN_S):
                await _send(connection, writer, await self._answer(request), body=request.method != b"HEAD")
        except (ConnectionError, TimeoutError, asyncio.CancelledError, h11.LocalProtocolError):
            return  # the asker went away, or was too slow, or the node stops
        except Exception as failure:  # noqa: BLE001 - a page must not stop the node
            self._log.failure("metrics.failed", failure)
        finally:
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()
            self._open.discard(task)

    async def _answer(self, request: h11.Request) -> Answer:
        page = self._pages.get(request.target.split(b"?", 1)[0].decode("ascii", "replace"))
        if page is None:
            return Answer(404, "text/plain", b"")
        if request.method not in {b"GET", b"HEAD"}:
            return Answer(405, "text/plain", b"")
        return await page()


async def _request(connection: h11.Connection, reader: asyncio.StreamReader) -> h11.Request | None:
    while True:
        event = connection.next_event()
        if event is h11.NEED_DATA:
            connection.receive_data(await reader.read(_HEAD_MAX))
        elif isinstance(event, h11.Request):
            return event
        else:
            return None


async def _send(
    connection: h11.Connection, writer: asyncio.StreamWriter, answer: Answer, *, body: bool = True
) -> None:
    head = [
        ("Content-Type", answer.media_type),
        ("Content-Length", str(len(answer.body))),
        ("Cache-Control", "no-store"),
        ("X-Content-Type-Options", "nosniff"),
        ("Connection", "close"),
    ]
    octets = connection.send(h11.Response(status_code=answer.status, headers=head)) or b""
    if body:
        octets += connection.send(h11.Data(data=answer.body)) or b""
        octets += connection.send(h11.EndOfMessage()) or b""
    writer.write(octets)
    await writer.drain()
