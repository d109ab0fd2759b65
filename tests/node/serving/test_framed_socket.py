"""A local socket that closes: what was taken on is told, and what takes too long is given up."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from detente.node.serving.framed_socket import FramedSocket
from detente.node.serving.log import Log


@pytest.mark.parametrize(("patience_s", "comes"), [(None, True), (60.0, True), (0.01, False)])
def test_an_answer_is_waited_for_as_far_as_patience_goes(
    tmp_path: Path, patience_s: float | None, *, comes: bool
) -> None:
    async def story() -> bytes:
        begun, go_on = asyncio.Event(), asyncio.Event()

        async def answer(octets: bytes) -> bytes:
            begun.set()
            await go_on.wait()
            return b"answer to " + octets

        path = tmp_path / "s"
        served = FramedSocket(path, answer, Log("test", write=lambda _: None), "test", patience_s=patience_s)
        await served.start()
        reader, writer = await asyncio.open_unix_connection(path)
        writer.write(b"\x00\x00\x00\x02hi")
        await begun.wait()
        if comes:
            asyncio.get_running_loop().call_later(0.05, go_on.set)
        await served.close()
        found = await reader.read()
        writer.close()
        await writer.wait_closed()
        assert not path.exists()
        return found

    found = asyncio.run(story())
    assert found == (b"\x00\x00\x00\x0canswer to hi" if comes else b"")
