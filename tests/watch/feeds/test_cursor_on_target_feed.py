"""Cursor-on-Target from a server: goal: events become rows over TLS with our certificate, and bad servers are named.

Method: servers on this machine, plain and encrypted. A real one of TAK is in test_tak_server.py.
"""

from __future__ import annotations

import asyncio
import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from detente.watch.errors import WatchMistake
from detente.watch.feeds import cursor_on_target
from detente.watch.feeds.address import parse_feed
from tests.watch.authorities import papers
from tests.watch.feeds.reading import heard
from tests.watch.feeds.servers import stream_server


def event(uid: str, kind: str = "a-f-S", stale_s: float = 300.0) -> bytes:
    now = datetime.now(UTC)
    at, stale = (f"{one:%Y-%m-%dT%H:%M:%S.%f}"[:-3] + "Z" for one in (now, now + timedelta(seconds=stale_s)))
    return (
        f'<event version="2.0" uid="{uid}" type="{kind}" how="m-g" time="{at}" start="{at}" stale="{stale}">'
        f'<point lat="59.5" lon="24.5" hae="9999999.0" ce="9999999.0" le="9999999.0"/><detail/></event>'
    ).encode()


def test_events_over_tls_become_rows_and_the_server_sees_our_certificate(tmp_path: Path) -> None:
    ours, seen = papers(tmp_path), []

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen.append(writer.get_extra_info("peercert"))
        sent = event("one") + event("two", "a-h-A") + event("late", stale_s=-60) + event("detente.mine")
        writer.write(sent + b"junk" + event("car", "a-f-G"))
        await writer.drain()
        await reader.read()

    async def story() -> None:
        async with stream_server(handle, ours, client_wanted=True) as port:
            feed = f"cot+tls://localhost:{port}?ca_file={ours.ca}&cert_file={ours.client}&cert_key_file={ours.client_key}"
            found = await heard(feed, lambda one: one.received >= 6)
        assert found.movers == ["id:one", "id:two"]
        assert found.rejected == {"expired": 1, "echo": 1, "unreadable": 1, "not_a_mover": 1}

    asyncio.run(story())
    assert "test client" in repr(seen[0])


async def _quiet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read()


async def _plain(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(event("one"))
    await writer.drain()
    await reader.read()


def test_wrong_certificates_are_named(tmp_path: Path) -> None:
    ours, stranger = papers(tmp_path / "ours"), papers(tmp_path / "stranger")
    other, old = papers(tmp_path / "other", names=("other",)), papers(tmp_path / "old", days=-1)

    async def story() -> None:
        for served, believed in ((ours, stranger), (other, other), (old, old)):
            async with stream_server(_quiet, served) as port:
                lost = (await heard(f"cot+tls://localhost:{port}?ca_file={believed.ca}")).lost
            assert lost is not None
            assert "certificate" in lost.expected
        async with stream_server(_quiet, other) as port:
            feed = f"cot+tls://localhost:{port}?ca_file={other.ca}&server_name=other"
            assert (await heard(feed, lambda one: bool(one.batches))).lost is None
        async with stream_server(_quiet, ours, client_wanted=True) as port:
            shown = f"&cert_file={stranger.client}&cert_key_file={stranger.client_key}"
            for mine in ("", shown):
                lost = (await heard(f"cot+tls://localhost:{port}?ca_file={ours.ca}{mine}")).lost
                assert lost is not None, "a server that wants another certificate ends the connection"
        async with stream_server(_plain) as port:
            lost = (await heard(f"cot+tls://localhost:{port}?ca_file={ours.ca}")).lost
            assert lost is not None, "a server without encryption is none"

    asyncio.run(story())


def test_a_stream_that_ends_in_the_middle_says_so_and_counts_the_half(tmp_path: Path) -> None:
    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(event("one") + event("two")[:80])
        await writer.drain()

    async def story() -> None:
        async with stream_server(handle) as port:
            feed = parse_feed(f"cot+tcp://127.0.0.1:{port}")
            first, second = await heard(feed), await heard(feed)
        assert first.lost is not None
        assert "ended" in first.lost.came
        assert (first.movers, second.movers) == (["id:one"], ["id:one"])
        assert (first.rejected, second.rejected) == ({}, {"incomplete": 1})

    asyncio.run(story())


def test_a_server_that_answers_nothing_is_asked_and_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cursor_on_target, "SILENT_S_MAX", 0.6)
    monkeypatch.setattr(cursor_on_target, "_PING_EVERY_S", 0.2)
    heard_there: list[bytes] = []

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while piece := await reader.read(4096):
            heard_there.append(piece)

    async def story() -> None:
        async with stream_server(handle) as port:
            lost = (await heard(f"cot+tcp://localhost:{port}")).lost
        assert lost is not None
        assert "in time" in lost.expected
        assert b'type="t-x-c-t"' in b"".join(heard_there)

    asyncio.run(story())


def test_a_flood_is_read_no_faster_than_the_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cursor_on_target, "_RUN_BYTES", 20_000)

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"".join(event(f"m{number}") for number in range(400)))
        await writer.drain()
        await reader.read()

    async def story() -> None:
        async with stream_server(handle) as port:
            found = await heard(f"cot+tcp://localhost:{port}", lambda one: one.received >= 400)
        assert len(set(found.movers)) == 400
        assert max(len(batch.raw or b"") for batch in found.batches) <= 20_000

    asyncio.run(story())


@pytest.mark.parametrize(
    "wrong",
    [
        "cot+tcp://tak.example:8087",
        "cot+tls://tak.example?cert_file=no-such-file",
        "cot+tls://tak.example?cert_key_file=no-such-file",
        "cot+tls://tak.example?password=x",
        "cot+tls://user:word@tak.example",
        "cot+tls://",
    ],
)
def test_an_address_that_cannot_be_used_is_refused(wrong: str) -> None:
    with pytest.raises(WatchMistake):
        parse_feed(wrong)


def test_a_key_with_a_password_asks_nobody_at_the_terminal(tmp_path: Path) -> None:
    from cryptography.hazmat.primitives import serialization

    ours = papers(tmp_path)
    key = serialization.load_pem_private_key(ours.client_key.read_bytes(), None)
    locked, password = tmp_path / "locked.key", tmp_path / "password"
    locked.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.BestAvailableEncryption(b"correct"),
        )
    )
    password.write_text("correct\n", encoding="ascii")
    password.chmod(0o600)
    feed = f"cot+tls://tak.example?cert_file={ours.client}&cert_key_file={locked}"
    with pytest.raises(WatchMistake):
        parse_feed(feed)
    opened = parse_feed(f"{feed}&cert_password_file={password}")
    assert isinstance(opened.context, ssl.SSLContext)  # type: ignore[attr-defined]
