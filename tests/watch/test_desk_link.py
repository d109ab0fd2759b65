"""One post to a desk over a real socket: TLS 1.3 with the named authority alone; every answer is one of five words."""

from __future__ import annotations

import asyncio
import ssl
import subprocess
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest

from detente.watch import desk_link as link_module
from detente.watch.desk_address import parse_desk
from detente.watch.desk_link import Became, DeskLink
from tests.stories.program import environment
from tests.watch.authorities import papers
from tests.watch.watching import token_file

TAKEN = b'{"taken":1,"refused":{"old":2}}'


def answer(body: bytes = TAKEN, status: str = "200 OK", **headers: str) -> bytes:
    told = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
    return f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n{told}\r\n".encode() + body


@asynccontextmanager
async def server(
    answers: Sequence[bytes], context: ssl.SSLContext | None = None
) -> AsyncIterator[tuple[int, list[bytes]]]:
    """Give the port of a server that answers so, one after another, and what it was asked."""
    asked: list[bytes] = []
    left = list(answers)

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while left:
                head = await reader.readuntil(b"\r\n\r\n")
                size = int(
                    next(line for line in head.lower().split(b"\r\n") if b"content-length" in line).split()[1]
                )
                asked.append(head + await reader.readexactly(size))
                writer.write(left.pop(0))
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError, ssl.SSLError):
            pass
        writer.close()

    listening = await asyncio.start_server(talk, "127.0.0.1", 0, ssl=context)
    async with listening:
        yield listening.sockets[0].getsockname()[1], asked


def posted(
    folder: Path,
    answers: Sequence[bytes],
    *,
    tls: ssl.SSLContext | None = None,
    ca: Path | None = None,
    host: str = "localhost",
) -> tuple[list[Became], list[bytes], float | None]:
    """Post once for each answer; returns what became of each, what was asked, and how far the desk's clock is off."""

    async def run() -> tuple[list[Became], list[bytes], float | None]:
        async with server(answers, tls) as (port, asked):
            scheme = "http" if tls is None else "https"
            link = DeskLink(parse_desk(f"{scheme}://{host}:{port}", ca), token_file(folder))
            try:
                return [await link.post("feeds", b"{}") for _ in answers], asked, link.clock_off_s
            finally:
                await link.close()

    return asyncio.run(run())


def test_a_post_carries_the_token_and_the_desks_name(tmp_path: Path) -> None:
    (became,), (asked,), _ = posted(tmp_path, [answer()], host="west.localhost")
    assert became == Became("taken", refused={"old": 2})
    head = asked.decode().lower()
    assert head.startswith("post /api/v1/watch/feeds http/1.1\r\n")
    assert "host: west.localhost:" in head
    assert f"authorization: bearer {'t' * 43}" in head
    assert "cookie" not in head


@pytest.mark.parametrize(
    ("status", "what"),
    [
        ("401 Unauthorized", "unknown"), ("403 Forbidden", "unknown"), ("400 Bad Request", "refused"),
        ("413 Too Large", "refused"), ("404 Not Found", "unfit"), ("409 Conflict", "unfit"), ("500 Failure", "later"),
        ("503 Unavailable", "later"), ("302 Found", "later"), ("204 No Content", "later"),
    ],
)  # fmt: skip
def test_every_status_is_one_of_five_words(tmp_path: Path, status: str, what: str) -> None:
    body = b'{"error":{"kind":"k","expected":"sense","came":"\\u001b[2Jnonsense","where":"$.movers"}}'
    (became,), _, _ = posted(
        tmp_path, [answer(body if not status.startswith("204") else b"", status, Location="http://192.0.2.1/")]
    )
    assert became.what == what
    assert "\x1b" not in became.why
    if not status.startswith("204"):
        assert "nonsense" in became.why


def test_how_long_the_desk_asks_to_wait_is_heard_and_bounded(tmp_path: Path) -> None:
    (short, long, odd), _, _ = posted(
        tmp_path,
        [answer(b"{}", "429 Too Many", Retry_After=value) for value in ("3", "99999", "soon")],
    )
    assert (short.what, short.after_s) == ("later", 3.0)
    assert long.after_s == link_module.RETRY_AFTER_S_MAX
    assert odd.after_s is None


def test_answers_that_are_none_are_tried_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(link_module, "ANSWER_BYTES_MAX", 1_000)
    for wrong in (b"SSH-2.0-x\r\n", answer(b"x" * 2_000), b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nx"):
        (became,), _, _ = posted(tmp_path, [wrong])
        assert became.what == "later", wrong
        assert became.why
    (became,), _, _ = posted(tmp_path, [answer(b"[" * 500)])
    assert became == Became("taken")


def test_a_desk_whose_clock_is_another_is_noticed(tmp_path: Path) -> None:
    for hours, off_s in ((0, 0.0), (3, 10_800.0)):
        date = format_datetime(datetime.now(UTC) + timedelta(hours=hours), usegmt=True)
        _, _, found = posted(tmp_path, [answer(Date=date)])
        assert found == pytest.approx(off_s, abs=60)
    assert posted(tmp_path, [answer(Date="yesterday")])[2] is None


def test_over_tls_only_the_named_authority_counts_and_the_name(tmp_path: Path) -> None:
    good = papers(tmp_path / "good", names=("west.localhost",))
    other = papers(tmp_path / "other", names=("west.localhost",))
    (became,), _, _ = posted(tmp_path, [answer()], tls=good.server_context(), ca=good.ca, host="west.localhost")
    assert became.what == "taken"
    for ca, host in ((other.ca, "west.localhost"), (good.ca, "east.localhost"), (None, "west.localhost")):
        (became,), asked, _ = posted(tmp_path, [answer()], tls=good.server_context(), ca=ca, host=host)
        assert became.what == "later"
        assert asked == []  # the token never left
    old = good.server_context()
    old.maximum_version = ssl.TLSVersion.TLSv1_2
    (became,), asked, _ = posted(tmp_path, [answer()], tls=old, ca=good.ca, host="west.localhost")
    assert (became.what, asked) == ("later", [])


def test_a_token_that_was_put_into_the_file_meanwhile_is_used(tmp_path: Path) -> None:
    async def run() -> list[bytes]:
        async with server([answer(b"{}", "401 Unauthorized"), answer()]) as (port, asked):
            link = DeskLink(parse_desk(f"http://localhost:{port}", None), token_file(tmp_path))
            token_file(tmp_path, "n" * 43)
            await link.post("feeds", b"{}")
            await link.post("feeds", b"{}")  # the file was read again when the old one was refused
            await link.close()
            return asked

    first, second = asyncio.run(run())
    assert b"t" * 43 in first
    assert b"n" * 43 in second


def test_the_process_has_nothing_of_a_line_a_store_a_node_a_desk_or_a_key() -> None:
    """Every module of the watch is loaded; what must never be in that process is not there."""
    program = """
import importlib, pkgutil, sys
import detente.watch
for found in pkgutil.walk_packages(detente.watch.__path__, "detente.watch."):
    importlib.import_module(found.name)
never = ("detente.line", "detente.store", "detente.node", "detente.desk", "apsw", "cryptography", "webauthn")
print(sorted(name for name in sys.modules for one in never if name == one or name.startswith(one + ".")))
"""
    done = subprocess.run(
        [sys.executable, "-c", program], env=environment(), capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
