"""The courier port under attack, by strangers and by a peer gone mad: own sends still go, no byte makes it fall.

Real sockets and TLS; the attackers run beside both nodes. The fuzz drives one connection with hostile bytes.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import socket
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, cast

from detente.line.bundle import Record
from detente.line.effects import Took, Transmit
from detente.node.couriers.carried_lines import Seals
from detente.node.couriers.certificates import read_certificates
from detente.node.couriers.https_session import Session
from detente.node.couriers.rates import Rate
from detente.node.couriers.states import CourierStates
from detente.node.couriers.tls import client_context
from detente.node.couriers.tls_stream import TlsStream
from detente.node.couriers.traffic import Traffic
from detente.node.settings.structs import CourierSettings
from tests.node.couriers.world import Node, Pair, draft, https, listen, quick, running, until

LINE = "baltic-0123456789abcdef0123"


@contextlib.asynccontextmanager
async def nodes(pair: Pair, more: str = "") -> AsyncIterator[tuple[Node, Node]]:
    """West calls, east listens with the given limits; both are up."""
    west_text = quick() + https("baltic", "east", pair.ports["east"])
    east_text = listen(pair.ports["east"], more) + https("baltic", "west", None)
    async with running(pair.path("east"), east_text) as east:
        await until(lambda: east.states.port)
        async with running(pair.path("west"), west_text) as west:
            await until(lambda: west.courier("east").bytes_out > 0)
            yield west, east


async def as_west(pair: Pair) -> TlsStream:
    """Connect to east's port with west's own certificate, as a peer gone mad does."""
    east = read_certificates(pair.path("west") / "certificates" / "east.pem")
    context = client_context(pair.path("west") / "keys" / "courier.pem", east)
    return await TlsStream.connect("127.0.0.1", pair.ports["east"], context)


def stranger(pair: Pair) -> socket.socket:
    """Connect to east's port and say nothing."""
    made = socket.create_connection(("127.0.0.1", pair.ports["east"]))
    made.setblocking(False)
    return made


async def answer(stream: TlsStream) -> bytes:
    """Return all that comes until the other side closes, or what came before it reset."""
    found = bytearray()
    with contextlib.suppress(OSError):
        while octets := await stream.read():
            found += octets
    return bytes(found)


async def both_send(pair: Pair, west: Node, east: Node, count: int = 3) -> None:
    """Both sides send, and each gets its receipts while whatever goes on goes on."""
    for _ in range(count):
        await west.lines.submit(pair.line, draft())
        await east.lines.submit(pair.line, draft())

    async def done() -> bool:
        said = [await west.lines.held(pair.line, "west"), await east.lines.held(pair.line, "east")]
        return said == [
            await west.lines.delivered(pair.line, "east"),
            await east.lines.delivered(pair.line, "west"),
        ]

    await until(done, 40)


def test_slow_loris_at_every_stage_holds_nobody_up(pair: Pair) -> None:
    async def story() -> None:
        limits = "handshake_s_max = 1\nheader_s_max = 1\nanswer_s_max = 1\nhandshakes_max = 8\nidle_s_max = 5"
        async with nodes(pair, limits) as (west, east):
            silent = [stranger(pair) for _ in range(30)]
            half = [stranger(pair) for _ in range(5)]
            for one in half:
                one.send(b"\x16\x03\x01")  # the beginning of a handshake, and no more
            heads = [await as_west(pair) for _ in range(3)]
            bodies = [await as_west(pair) for _ in range(3)]
            for stream in heads:
                await stream.send(b"POST /v1/" + pair.line.encode() + b" HTTP/1.1\r\nHo")
            for stream in bodies:
                await stream.send(
                    b"POST /v1/" + pair.line.encode() + b" HTTP/1.1\r\nHost: x\r\nContent-Length: 99\r\n\r\nd"
                )
            await both_send(pair, west, east)
            for stream in (*heads, *bodies):
                assert b" 200 " not in await answer(stream)  # each is cut off
                stream.abort()
            loop = asyncio.get_running_loop()
            for one in (*silent, *half):
                with one, contextlib.suppress(ConnectionError):
                    while await loop.sock_recv(one, 100):  # each is closed from there, some with an alert
                        continue
            assert east.states.refused_connections["handshake took too long"] >= 1
            await both_send(pair, west, east)

    asyncio.run(story())


def test_half_open_connections_and_too_many_of_them(pair: Pair) -> None:
    async def story() -> None:
        limits = "connections_per_peer_max = 4\nconnections_per_address_max = 12\nidle_s_max = 5"
        async with nodes(pair, limits) as (west, east):
            left = [await as_west(pair) for _ in range(8)]  # they never say anything again
            await both_send(pair, west, east)
            await until(lambda: east.states.refused_connections.get("too many of one peer"))
            strangers = [stranger(pair) for _ in range(20)]
            await until(lambda: east.states.refused_connections.get("too many from one address"))
            for one in strangers:
                one.close()
            for stream in left:
                stream.abort()
            await both_send(pair, west, east)

    asyncio.run(story())


def test_huge_bodies_and_heads_are_cut_short(pair: Pair) -> None:
    async def story() -> None:
        async with nodes(pair, "body_bytes_max = 100000") as (west, east):
            line = pair.line.encode()
            for request, status in (
                (b"POST /v1/" + line + b" HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999\r\n\r\n", b" 413 "),
                (b"GET /v1/" + line + b" HTTP/1.1\r\nHost: x\r\nA: " + b"a" * 50_000, b" 431 "),
                (b"POST /v1/" + line + b" HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
                 + (b"fff8\r\ndetente-bundle/1\n" + b"?" * 0xFFE7 + b"\r\n") * 3, b" 4"),
                (b"GET /v1/other-1 HTTP/1.1\r\nHost: x\r\n\r\n", b" 403 "),
                (b"GET /../etc HTTP/1.1\r\nHost: x\r\n\r\n", b" 404 "),
                (b"PUT /v1/" + line + b" HTTP/1.1\r\nHost: x\r\n\r\n", b" 405 "),
                (b"GET /v1/" + line + b" HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello", b" 413 "),
                (b"POST /v1/" + line + b" HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello", b" 400 "),
                (b"hello\r\n\r\n", b" 400 "),
            ):  # fmt: skip
                stream = await as_west(pair)
                with contextlib.suppress(OSError):
                    await stream.send(request)
                assert status in (await answer(stream))[:40], request[:60]
                stream.abort()
            await both_send(pair, west, east)

    asyncio.run(story())


def test_a_flood_from_a_known_peer_leaves_room_for_our_own(pair: Pair) -> None:
    """Twelve connections post rubbish and asks without pause; the flood is slowed down, own notices still go."""

    async def story() -> None:
        limits = "bytes_per_s_max = 1000000\nrequests_per_s_max = 50"
        async with nodes(pair, limits) as (west, east):
            stop = asyncio.Event()
            counts = [0]

            async def flood() -> None:
                line = pair.line.encode()
                body = b"detente-bundle/1\n" + os.urandom(30_000)
                post = (
                    b"POST /v1/" + line + b" HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % len(body) + body
                )
                ask = b"GET /v1/" + line + b"?wait_s=0 HTTP/1.1\r\nHost: x\r\n\r\n"
                while not stop.is_set():
                    with contextlib.suppress(OSError):
                        stream = await as_west(pair)
                        try:
                            for request in (ask, ask, post):
                                await stream.send(request)
                            counts[0] += 1
                            async with asyncio.timeout(2):
                                await answer(stream)
                        finally:
                            stream.abort()

            floods = [asyncio.ensure_future(flood()) for _ in range(12)]
            await until(lambda: counts[0] > 20)
            for _ in range(5):
                await east.lines.submit(pair.line, draft())  # own entries are accepted all the while
            stop.set()
            await asyncio.gather(*floods)
            await both_send(pair, west, east)

    asyncio.run(story())


# ---- fuzz ---------------------------------------------------------------------------------------------------


class Lines:
    """Lines that take everything and have nothing to say."""

    member = "east"

    def __init__(self) -> None:
        self.event = asyncio.Event()

    def line_ids(self) -> list[str]:
        return [LINE]

    async def arrived(self, line: str, records: tuple[Record, ...], last: bool) -> Took:
        return Took((), (), 0)

    async def ready(self, line: str, to: str, size_max: int, go_on: bool = False) -> Transmit | None:
        return None

    def news(self, line: str, party: str) -> asyncio.Event:
        return self.event

    async def parties(self, line: str) -> tuple[str, ...]:
        return ("west",)


class Bytes:
    """A connection that brings given bytes in pieces, and keeps what is said."""

    def __init__(self, octets: bytes, step: int) -> None:
        self.pieces = [octets[at : at + step] for at in range(0, len(octets), step)]
        self.said = bytearray()

    async def read(self, size_max: int = 0) -> bytes:
        return self.pieces.pop(0) if self.pieces else b""

    async def send(self, octets: bytes) -> None:
        self.said += octets

    async def close(self) -> None:
        self.pieces.clear()


GOOD = (
    b"GET /v1/" + LINE.encode() + b"?wait_s=0 HTTP/1.1\r\nHost: x\r\n\r\n",
    b"POST /v1/" + LINE.encode() + b" HTTP/1.1\r\nHost: x\r\nContent-Length: 21\r\n\r\ndetente-bundle/1\nH\0\0\0",
    b"POST /v1/"
    + LINE.encode()
    + b" HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\ndeten\r\n0\r\n\r\n",
    b"POST /v1/"
    + LINE.encode()
    + b" HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\nabc",
    b"POST /v1/" + LINE.encode() + b" HTTP/1.1\r\nHost: x\r\nContent-Length: 18\r\n\r\ndetente-sealed/1\n\0",
    b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
    b"HEAD /v1/" + LINE.encode() + b" HTTP/1.0\r\n\r\n",
)


def mutated(chance: random.Random) -> bytes:
    octets = bytearray(b"".join(chance.choice(GOOD) for _ in range(chance.randint(1, 3))))
    for _ in range(chance.choice((0, 1, 1, 2, 5, 20))):
        place = chance.randrange(len(octets))
        match chance.randrange(5):
            case 0:
                octets[place] = chance.randrange(256)
            case 1:
                del octets[place : place + chance.randint(1, 9)]
            case 2:
                octets[place:place] = bytes(chance.randrange(256) for _ in range(chance.randint(1, 30)))
            case 3:
                octets[place:place] = octets[: chance.randint(1, 60)]
            case _:
                octets[place:place] = chance.choice(
                    (b"\r\n", b"\0", b":", b" ", b"99999999999", b"chunked", b"\n")
                )
        if not octets:
            return b"\0"
    return bytes(octets)


def test_hostile_bytes_end_in_a_status_or_a_closed_connection() -> None:
    async def story() -> None:
        lines = Lines()
        states = CourierStates()
        states.known(LINE, "west", "1 https")
        traffic = Traffic(lines, Seals(Path("none")), LINE, "west", states, "1 https")
        chance = random.Random(20)
        statuses: set[bytes] = set()
        for _ in range(3_000):
            stream = Bytes(mutated(chance), chance.choice((1, 7, 64, 4096)))
            session = Session(
                cast("Any", stream), CourierSettings(), {LINE: "west"}, lambda *_: traffic, lambda *_: False,
                (Rate(0), Rate(0), Rate(0)),
            )  # fmt: skip
            async with asyncio.timeout(20):
                await session.run()
            for said in bytes(stream.said).split(b"HTTP/1.1 ")[1:]:
                statuses.add(said[:3])
            assert traffic.taking == 0
        assert {b"204", b"400", b"403", b"404", b"405"} <= statuses
        assert not any(status.startswith(b"5") and status not in {b"501", b"505"} for status in statuses), (
            statuses
        )

    asyncio.run(story())


def test_hostile_bytes_over_tls_reach_nothing(pair: Pair) -> None:
    async def story() -> None:
        async with nodes(pair, "handshake_s_max = 1") as (west, east):
            chance = random.Random(7)
            for _ in range(40):
                with contextlib.suppress(OSError), stranger(pair) as one:
                    hello = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"
                    one.send(hello[: chance.randint(0, 11)] + chance.randbytes(chance.randint(0, 600)))
                    one.shutdown(socket.SHUT_WR)
                    await asyncio.get_running_loop().sock_recv(one, 100)
            await both_send(pair, west, east)

    asyncio.run(story())
