"""Feeds that stream: real servers on this machine, which stall, lie, flood, hang up and come back.

Method: a server that speaks by a script; what the feed gives is compared with what was said. Every batch is held to
its account (tests.watch.feed_servers.hear).
"""

from __future__ import annotations

import asyncio
import socket
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from detente.tracks.live_ais import LiveAis
from detente.tracks.live_beast import LiveBeast
from detente.watch.feeds import ais_udp, streams
from detente.watch.feeds.ais_udp import UdpFeed
from detente.watch.feeds.streams import StreamFeed
from tests.tracks.radio import beast, class_a, static, tag_block
from tests.watch.feed_servers import NOW, Heard, hear, saying, tcp_server, until


@pytest.fixture(autouse=True)
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Gather for a moment only."""
    monkeypatch.setattr(streams, "GATHER_S", 0.02)
    monkeypatch.setattr(ais_udp, "GATHER_S", 0.02)


def ais(port: int, **more: float) -> StreamFeed:
    return StreamFeed("roof", "127.0.0.1", port, LiveAis("roof"), 60.0, clock=lambda: NOW, **more)


def lines(*texts: str) -> bytes:
    return "".join(text + "\r\n" for text in texts).encode("latin-1")


def heard_from(*said: bytes | float, **more: float) -> Heard:
    async def story() -> Heard:
        async with tcp_server(saying(*said)) as port:
            return await hear(ais(port, **more))

    return asyncio.run(story())


def test_sentences_are_rows_with_their_bytes_kept_as_evidence() -> None:
    data = lines(class_a(), *static(), class_a(219_000_002))
    heard = heard_from(data)
    assert heard.lost is None
    assert heard.rows["mover"].to_list() == ["mmsi:219000001", "mmsi:219000002"]
    assert (heard.received, heard.used, heard.rejected) == (3, 3, {})
    assert b"".join(batch.raw or b"" for batch in heard.batches) == data
    assert {batch.received_at for batch in heard.batches} == {NOW}


def test_the_first_batch_says_only_that_the_source_was_reached() -> None:
    first = heard_from(lines(class_a())).batches[0]
    assert (first.received, first.rows.height) == (0, 0)


def test_a_stream_that_stalls_in_a_line_is_given_up_and_the_half_line_counted() -> None:
    heard = heard_from(lines(class_a()) + class_a().encode()[:25], 30.0, silence_s_max=0.2)
    assert heard.rows.height == 1
    assert heard.rejected == {"incomplete": 1}
    assert heard.lost is not None
    assert "nothing comes" in heard.lost.came


def test_a_stream_that_ends_in_a_line_counts_it_once() -> None:
    heard = heard_from(lines(class_a()) + class_a().encode()[:25])
    assert (heard.received, heard.rejected) == (2, {"incomplete": 1})


def test_hostile_sentences_are_named_and_the_sound_ones_between_them_used() -> None:
    wrong = class_a()[:-2] + "00"
    heard = heard_from(
        lines(class_a(), wrong, "!AIVDM,9,9,9,9,9*00", "\x00\xff\x1b[2J", "!AIVDM,1,1,,A,zz\x7fzz,0*1F")
        + lines(class_a(219_000_002), "$GPRMC,x*00", "A" * 10_000, class_a(219_000_003, lat=91.0, lon=181.0))
        + lines(*([static()[0]] * 50), class_a(2_190_045), class_a(219_000_004))
    )
    assert heard.rows["mover"].to_list() == ["mmsi:219000001", "mmsi:219000002", "mmsi:219000004"]
    assert heard.rejected["bad_checksum"] >= 2
    assert {"unreadable", "not_available", "not_a_mover", "incomplete"} <= set(heard.rejected)
    assert heard.received == heard.used + sum(heard.rejected.values())


def test_lines_without_end_are_one_unreadable_row_and_nothing_of_them_is_kept() -> None:
    feed = None

    async def story() -> Heard:
        nonlocal feed
        async with tcp_server(saying(*[b"!AIVDM," * 20_000] * 30, b"\r\n", lines(class_a()))) as port:
            feed = ais(port)
            return await hear(feed)

    heard = asyncio.run(story())
    assert heard.rejected == {"unreadable": 1}
    assert heard.rows.height == 1


def test_a_flood_over_tcp_is_read_no_faster_than_the_limit_and_wholly_accounted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(streams, "GATHERED_BYTES_MAX", 100_000)
    sentences = [class_a(219_000_000 + number) for number in range(500)]
    data = lines(*sentences) * 40
    heard = heard_from(data)
    assert heard.received == 20_000 == heard.rows.height
    assert max(len(batch.raw or b"") for batch in heard.batches) < 100_000 + (1 << 16)


def test_clocks_hours_off_are_named_by_the_receivers_clock() -> None:
    hours = tag_block(f"c:{round((NOW + timedelta(hours=3)).timestamp())}")
    heard = heard_from(lines(hours + class_a(), hours + class_a(219_000_002)))
    assert heard.rows.is_empty()
    assert heard.rejected == {"clock_off": 2}


def test_a_feed_restarted_with_old_data_gives_nothing_new() -> None:
    now, then = (tag_block(f"c:{round((NOW - timedelta(hours=ago)).timestamp())}") for ago in (0, 2))

    async def story() -> tuple[Heard, Heard]:
        said = iter([lines(now + class_a()), lines(then + class_a(), then + class_a(219_000_002))])

        async def talk(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(next(said))
            await writer.drain()

        async with tcp_server(talk) as port:
            feed = ais(port)
            return await hear(feed), await hear(feed)

    first, second = asyncio.run(story())
    assert first.rows.height == 1
    assert second.rows.is_empty()
    assert second.rejected == {"old": 2}


def test_nobody_at_the_port_is_a_feed_lost_that_says_what_to_do() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    heard = asyncio.run(hear(ais(port)))
    assert heard.batches == []
    assert heard.lost is not None
    assert str(port) in heard.lost.expected
    assert heard.lost.remedy


def test_frames_of_beast_are_counted_and_a_cut_off_one_too(shared: Path) -> None:
    data = (shared / "data/adsb/sample_dump1090.bin").read_bytes()

    async def story() -> Heard:
        async with tcp_server(saying(data[:1_000], 0.05, data[1_000:], beast(bytes(14), 5)[:9])) as port:
            return await hear(StreamFeed("r", "127.0.0.1", port, LiveBeast("r"), 30.0, clock=lambda: NOW))

    heard = asyncio.run(story())
    assert heard.received == 240
    assert heard.rejected["incomplete"] >= 1
    assert heard.rows["time"].max() == NOW


def test_a_recorded_stream_in_ragged_pieces_gives_what_it_gives_at_once(shared: Path) -> None:
    data = (shared / "data/ais/gpsd_ais-nmea.log").read_bytes()
    pieces = [data[a:b] for a, b in pairwise([0, 10, 4_000, 4_001, 30_000, len(data)])]
    heard = heard_from(*[part for piece in pieces for part in (piece, 0.03)])
    whole = heard_from(data)
    assert heard.rows.height > 50
    assert heard.rows.equals(whole.rows)
    assert heard.rejected == whole.rejected


# -- UDP ---------------------------------------------------------------------------------------------------------


def udp_story(*datagrams: bytes, until_received: int, host: str = "127.0.0.1") -> Heard:
    async def story() -> Heard:
        feed = UdpFeed("air", host, 0, LiveAis("air"), 60.0, clock=lambda: NOW)
        listening = asyncio.create_task(hear(feed, until=lambda heard: heard.received >= until_received))
        await until(lambda: feed.bound_port > 0)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            for datagram in datagrams:
                sender.sendto(datagram, ("127.0.0.1", feed.bound_port))
        return await listening

    return asyncio.run(story())


def test_datagrams_are_sentences_with_or_without_line_ends() -> None:
    heard = udp_story(class_a().encode(), lines(class_a(219_000_002), class_a(219_000_003)), until_received=3)
    assert heard.rows["mover"].to_list() == ["mmsi:219000001", "mmsi:219000002", "mmsi:219000003"]


def test_a_datagram_that_is_cut_off_does_not_spoil_the_next() -> None:
    heard = udp_story(class_a().encode()[:20], class_a().encode(), b"\x00" * 20_000, until_received=3)
    assert heard.rows.height == 1
    assert heard.received == 3
    assert sum(heard.rejected.values()) == 2


def test_datagrams_beyond_what_is_held_are_counted_as_overload(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ais_udp, "GATHERED_BYTES_MAX", 2_000)
    monkeypatch.setattr(ais_udp, "GATHER_S", 0.3)
    datagram = lines(*[class_a(219_000_000 + number) for number in range(10)])
    heard = udp_story(*[datagram] * 20, until_received=200)
    assert heard.received == 200
    assert heard.rejected["overload"] == 200 - heard.rows.height > 0


def test_a_port_that_is_taken_is_a_feed_lost() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("127.0.0.1", 0))
        feed = UdpFeed("air", "127.0.0.1", other.getsockname()[1], LiveAis("air"), 60.0)
        heard = asyncio.run(hear(feed))
    assert heard.lost is not None
    assert "UDP port" in heard.lost.expected


def test_a_multicast_group_is_joined() -> None:
    try:
        heard = udp_story(class_a().encode(), until_received=1, host="239.192.0.4")
    except TimeoutError:
        pytest.skip("this machine has no interface for multicast")
    if heard.lost is not None:
        pytest.skip(f"this machine has no interface for multicast: {heard.lost.came}")
    assert heard.rows.height == 1
