"""The page of metrics and health against rude askers."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from detente.node.health import page
from detente.node.health.page import Answer, HealthPage
from detente.node.serving.log import Log
from tests.node.serving.served import free_port


async def _good() -> Answer:
    return Answer(200, "text/plain", b"fine")


async def _bad() -> Answer:
    raise RuntimeError("zebra")


def served(work: Callable[[int, list[str]], Coroutine[Any, Any, None]]) -> None:
    async def whole() -> None:
        logged: list[str] = []
        port = free_port()
        made = HealthPage(f"127.0.0.1:{port}", {"/good": _good, "/bad": _bad}, Log("node", write=logged.append))
        await made.close()
        await made.start()
        try:
            async with asyncio.timeout(60):
                await work(port, logged)
        finally:
            await made.close()

    asyncio.run(whole())


async def end(writer: asyncio.StreamWriter) -> None:
    writer.close()
    with contextlib.suppress(OSError):
        await writer.wait_closed()


async def ask(port: int, octets: bytes) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(octets)
    try:
        return await reader.read()
    except ConnectionError:  # closed before it read what was asked
        return b""
    finally:
        await end(writer)


def test_pages_are_found_by_their_path_and_nothing_else_is() -> None:
    async def work(port: int, logged: list[str]) -> None:
        good = await ask(port, b"GET /good?x=1 HTTP/1.1\r\nHost: a\r\n\r\n")
        assert good.startswith(b"HTTP/1.1 200")
        assert good.endswith(b"fine")
        head = await ask(port, b"HEAD /good HTTP/1.1\r\nHost: a\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200")
        assert head.endswith(b"\r\n\r\n")
        for target, status in ((b"/", b"404"), (b"/good/../bad", b"404"), (b"/%67ood", b"404")):
            assert (await ask(port, b"GET " + target + b" HTTP/1.1\r\nHost: a\r\n\r\n")).split()[1] == status
        assert (await ask(port, b"POST /good HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n")).split()[
            1
        ] == b"405"

    served(work)


def test_what_is_no_request_is_refused_and_stops_nothing() -> None:
    async def work(port: int, logged: list[str]) -> None:
        for octets in (b"\x16\x03\x01\x02\x00\x01", b"GET\r\n\r\n", b"GET /good HTTP/1.1\r\nX: " + b"y" * 40_000):
            assert (await ask(port, octets + b"\r\n\r\n")).split()[1][:1] == b"4"
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        await end(writer)
        assert await ask(port, b"GET /bad HTTP/1.1\r\nHost: a\r\n\r\n") == b""
        assert "metrics.failed" in "".join(logged)
        assert "zebra" not in "".join(logged)
        assert (await ask(port, b"GET /good HTTP/1.1\r\nHost: a\r\n\r\n")).endswith(b"fine")

    served(work)


def test_slow_askers_are_cut_off_and_too_many_are_not_let_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page, "_REQUEST_WITHIN_S", 0.5)
    monkeypatch.setattr(page, "_CONNECTIONS_MAX", 3)

    async def work(port: int, logged: list[str]) -> None:
        held = [await asyncio.open_connection("127.0.0.1", port) for _ in range(3)]
        await asyncio.sleep(0.1)
        assert await ask(port, b"GET /good HTTP/1.1\r\nHost: a\r\n\r\n") == b""
        for reader, writer in held:
            assert await reader.read() == b""
            await end(writer)
        assert (await ask(port, b"GET /good HTTP/1.1\r\nHost: a\r\n\r\n")).endswith(b"fine")

    served(work)
