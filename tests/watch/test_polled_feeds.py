"""Feeds that ask over HTTP: a readsb-shaped server that also fails in every way that servers fail.

Method: a server with scripted answers; the feed's rows, its account and what it asked are compared.
"""

from __future__ import annotations

import asyncio
import gzip
import json
import ssl
from datetime import timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest

from detente.tracks.live_clock import ReceiverClock
from detente.tracks.live_readsb import LiveReadsb
from detente.watch.feeds import polling
from detente.watch.feeds.polling import RETRY_AFTER_S_MAX, PolledFeed
from tests.node.alarms.receivers import tls_files
from tests.watch.feed_servers import NOW, Heard, Web, answer, hear, saying, tcp_server

PLANE = {"hex": "4ca1b2", "lat": 56.5, "lon": 19.0, "seen_pos": 0.5, "alt_baro": 30_000}


def picture(*aircraft: dict[str, object], now: float | None = None) -> bytes:
    return json.dumps({"now": NOW.timestamp() if now is None else now, "aircraft": list(aircraft)}).encode()


def feed_of(
    port: int, decoder: LiveReadsb | None = None, *, every_s: float = 0.0, scheme: str = "http"
) -> PolledFeed:
    url = f"{scheme}://127.0.0.1:{port}/data/aircraft.json"
    return PolledFeed("tower", url, decoder or LiveReadsb("tower"), every_s, 30.0, clock=lambda: NOW)


def asked(*answers: bytes, batches: int = 1, every_s: float = 0.0) -> tuple[Heard, Web]:
    """Return what the feed gave until it was lost or had given so many batches."""
    web = Web(answers)

    async def story() -> Heard:
        async with tcp_server(web.talk) as port:
            return await hear(feed_of(port, every_s=every_s), until=lambda heard: len(heard.batches) >= batches)

    return asyncio.run(story()), web


def test_a_picture_is_rows_and_its_document_is_kept_as_evidence() -> None:
    document = picture(PLANE, {**PLANE, "hex": "400001", "alt_baro": "ground"}, {"hex": "400002"})
    heard, web = asked(answer(document))
    assert heard.rows["mover"].to_list() == ["icao24:4ca1b2", "icao24:400001"]
    assert (heard.received, heard.used, heard.rejected) == (3, 3, {})
    assert heard.batches[0].raw == document
    assert web.asked[0].startswith(b"GET /data/aircraft.json HTTP/1.1\r\n")
    assert b"user-agent: detente/" in web.asked[0].lower()


def test_the_same_picture_again_is_duplicates_and_a_packed_one_is_unpacked() -> None:
    document = picture(PLANE)
    heard, _ = asked(answer(document), answer(gzip.compress(document), Content_Encoding="gzip"), batches=2)
    assert heard.rows.height == 1
    assert heard.rejected == {"duplicate": 1}


def test_a_source_is_never_asked_sooner_than_its_period_even_after_a_failure() -> None:
    web = Web([answer(picture(PLANE)), answer(b"", "500 Internal Server Error"), answer(picture(PLANE))])

    async def story() -> None:
        async with tcp_server(web.talk) as port:
            feed = feed_of(port, every_s=0.3)
            assert (await hear(feed)).lost is not None
            await hear(feed, until=lambda heard: len(heard.batches) >= 1)

    asyncio.run(story())
    first, second, third = web.asked_at_s
    assert second - first >= 0.29
    assert third - second >= 0.29


@pytest.mark.parametrize(
    ("said", "wait_s"),
    [
        ("7", 7.0),
        ("99999999", float(RETRY_AFTER_S_MAX)),
        (format_datetime(NOW + timedelta(seconds=90), usegmt=True), 90.0),
        (format_datetime(NOW - timedelta(seconds=90), usegmt=True), 0.0),
        ("soon", None),
        ("-5", None),
    ],
)
def test_too_many_requests_says_how_long_to_stay_away(said: str, wait_s: float | None) -> None:
    for status in ("429 Too Many Requests", "503 Service Unavailable"):
        heard, _ = asked(answer(b"slow down", status, Retry_After=said))
        assert heard.lost is not None
        assert heard.lost.retry_after_s == wait_s
        assert heard.received == 0


@pytest.mark.parametrize(
    ("said", "word"),
    [
        (answer(b"", "404 Not Found"), "404"),
        (answer(b"", "302 Found", Location="http://elsewhere/"), "moved"),
        (answer(b"<html>", kind="text/html; charset=utf-8"), "text/html"),
        (answer(b"x", Content_Encoding="br"), "br"),
        (answer(b"not gzip", Content_Encoding="gzip"), "unpacked"),
        (b"SSH-2.0-OpenSSH\r\n\r\n", "illegal"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{", "without sending complete"),
        (b"", "disconnected"),
    ],
    ids=["404", "302", "html", "br", "gzip", "ssh", "short", "nothing"],
)
def test_each_failure_of_http_is_a_feed_lost_that_names_it(said: bytes, word: str) -> None:
    heard, _ = asked(said)
    assert heard.lost is not None
    assert word in heard.lost.came
    assert heard.lost.remedy
    assert heard.received == 0


def test_a_document_over_its_cap_is_refused_packed_or_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(polling, "DOCUMENT_CAP_BYTES", 1 << 20)
    for said in (
        answer(b" " * (2 << 20)),
        answer(gzip.compress(b" " * (200 << 20), 9), Content_Encoding="gzip"),
    ):
        heard, _ = asked(said)
        assert heard.lost is not None
        assert "1 MiB" in heard.lost.came


@pytest.mark.parametrize("bomb", [b"[" * 500_000, b'{"now":1,"aircraft":' + b"[" * 500_000, b'{"a":' * 200_000])
def test_a_bomb_of_json_is_one_unreadable_row_and_the_next_picture_is_used(bomb: bytes) -> None:
    heard, _ = asked(answer(bomb), answer(picture(PLANE)), batches=2)
    assert heard.rejected == {"unreadable": 1}
    assert heard.rows.height == 1


def test_a_server_whose_clock_is_hours_off_gives_nothing_and_says_why() -> None:
    heard, _ = asked(answer(picture(PLANE, now=NOW.timestamp() - 7_200)))
    assert heard.rows.is_empty()
    assert heard.rejected == {"clock_off": 1}


def test_a_server_that_falls_back_to_an_old_picture_gives_old_rows() -> None:
    old = answer(picture({**PLANE, "lat": 56.0}, now=NOW.timestamp() - 7_200))
    heard, _ = asked(answer(picture(PLANE)), old, batches=2)
    assert heard.rows.height == 1
    assert heard.rejected == {"old": 1}


def test_a_recorded_picture_is_used(shared: Path) -> None:
    document = (shared / "data/adsb/dump1090fa_london_2026_aircraft.json").read_bytes()
    web = Web([answer(document, kind="application/octet-stream")])

    async def story() -> Heard:
        async with tcp_server(web.talk) as port:
            decoder = LiveReadsb("tower", ReceiverClock(1e12, 1e12))
            return await hear(feed_of(port, decoder), until=lambda heard: len(heard.batches) >= 1)

    heard = asyncio.run(story())
    assert heard.rows.height > 5
    assert heard.received == heard.used


def test_tls_is_checked_and_a_certificate_of_ones_own_can_be_trusted(tmp_path: Path) -> None:
    public, private = tls_files(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(public, private)
    web = Web([answer(picture(PLANE))])

    async def story(trust: Path | None, host: str) -> Heard:
        async with tcp_server(web.talk, context) as port:
            feed = feed_of(port, scheme="https")
            feed.url = feed.url.replace("127.0.0.1", host)
            feed.context = None if trust is None else ssl.create_default_context(cafile=trust)
            return await hear(feed, until=lambda heard: len(heard.batches) >= 1)

    stranger = asyncio.run(story(None, "localhost"))
    assert stranger.lost is not None
    assert "CERTIFICATE_VERIFY_FAILED" in stranger.lost.came
    assert stranger.batches == []
    assert asyncio.run(story(public, "localhost")).rows.height == 1


def test_a_server_without_tls_behind_https_is_a_feed_lost() -> None:
    async def story() -> Heard:
        async with tcp_server(saying(b"HTTP/1.1 400 Bad Request\r\n\r\n")) as port:
            return await hear(feed_of(port, scheme="https"))

    heard = asyncio.run(story())
    assert heard.lost is not None
    assert heard.lost.came
