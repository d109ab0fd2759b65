"""What a benchmark of the watch sends: AIS sentences over TCP and pictures of aircraft over HTTP, at a fixed pace.

python bench/watch/load.py --ais-port P --http-port Q --sentences 5000 --aircraft 20000 --for-s 60 --pairs-every-s 2

Prints one JSON document a line: {"port": ...} when it listens, {"pair": [a, b], "sent_s": ...} for every planted
encounter at the moment at which the fix that makes it one is handed to the socket, {"sent": ...} once a second, and at
the end the sums. Ships and aircraft go along straight lines, far from each other but for the planted pairs.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import math
import random
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass

OWN, OTHER, NEUTRAL = 219_000_000, 273_000_000, 244_000_000
PLANTED_OWN, PLANTED_OTHER = 219_900_000, 273_900_000
WEST, SOUTH, WIDE_DEG, HIGH_DEG = -40.0, 30.0, 40.0, 30.0
PLANTED_LAT = 20.0
TICK_S = 0.05


def said(**document: object) -> None:
    """Print one line for whoever measures."""
    sys.stdout.write(json.dumps(document) + "\n")
    sys.stdout.flush()


def sentence(mmsi: int, lon_deg: float, lat_deg: float, speed_kn: float, course_deg: float) -> bytes:
    """Return a position report (message 1) of a ship under way as an AIVDM sentence."""
    bits = 0
    second = int(time.time()) % 60
    for value, width in (
        (1, 6), (0, 2), (mmsi, 30), (0, 4), (0x80, 8), (round(speed_kn * 10), 10), (1, 1),
        (round(lon_deg * 600_000) & 0xFFFFFFF, 28), (round(lat_deg * 600_000) & 0x7FFFFFF, 27),
        (round(course_deg * 10) % 3_600, 12), (round(course_deg) % 360, 9), (second, 6), (0, 2), (0, 3), (0, 1),
        (0, 19),
    ):  # fmt: skip
        bits = bits << width | value
    letters = bytearray()
    for shift in range(162, -1, -6):
        six = bits >> shift & 0x3F
        letters.append(six + 48 if six < 40 else six + 56)
    body = b"AIVDM,1,1,,A," + bytes(letters) + b",0"
    checksum = 0
    for octet in body:
        checksum ^= octet
    return b"!%s*%02X\r\n" % (body, checksum)


@dataclass(slots=True)
class Ship:
    """A ship on a straight line."""

    mmsi: int
    lon: float
    lat: float
    speed_kn: float
    course_deg: float
    begun_s: float

    def now(self, now_s: float) -> tuple[float, float]:
        """Return where it is."""
        way_deg = self.speed_kn * 1852 / 3600 * (now_s - self.begun_s) / 111_320
        turn = math.radians(self.course_deg)
        return (
            self.lon + way_deg * math.sin(turn) / math.cos(math.radians(self.lat)),
            self.lat + way_deg * math.cos(turn),
        )


class Load:
    """Sends until its time is over."""

    def __init__(self, given: argparse.Namespace) -> None:
        self.given = given
        self.chance = random.Random(given.seed)
        self.sent = {"sentences": 0, "aircraft": 0, "documents": 0}
        self.writers: set[asyncio.StreamWriter] = set()
        self.connected = asyncio.Event()
        begun_s = time.time()
        count = given.sentences * given.ship_every_s
        self.ships = [self._ship(number, begun_s) for number in range(count)]
        self.aircraft = [self._aircraft(number) for number in range(given.aircraft)]
        self.begun_s = begun_s

    def _ship(self, number: int, begun_s: float) -> Ship:
        # one in twenty is of a side: own and rival ones lie on grids of their own, too far apart to meet
        side = number % 40
        base = OWN if side == 0 else OTHER if side == 20 else NEUTRAL
        columns = 200
        lon = WEST + (number % columns) * WIDE_DEG / columns
        lat = SOUTH + (number // columns) * HIGH_DEG / max(1, len(range(0, self.given.sentences * 8, columns)))
        return Ship(base + number, lon, lat, self.chance.uniform(5, 20), 45.0, begun_s)

    def _aircraft(self, number: int) -> tuple[str, float, float, float, int]:
        columns = 200
        address = f"{0x400000 + number:06x}"
        lon, lat = WEST + (number % columns) * WIDE_DEG / columns, SOUTH + (number // columns) * HIGH_DEG / 100
        return address, lon, lat, self.chance.uniform(0, 360), 25_000 + 500 * (number % 30)

    # ---- AIS ---------------------------------------------------------------------------------------------------

    async def serve_ais(self, _reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Send to whoever connects, as a receiver does."""
        self.writers.add(writer)
        self.connected.set()
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.Event().wait()
        self.writers.discard(writer)

    async def send_ais(self) -> None:
        """Send sentences at the pace, and a planted pair every so often."""
        await self.connected.wait()
        begun_s, place, next_pair_s, pair = time.monotonic(), 0, 0.0, 0
        said(connected_s=time.time())
        while (elapsed_s := time.monotonic() - begun_s) < self.given.for_s:
            due = int(elapsed_s * self.given.sentences) - self.sent["sentences"]
            now_s = time.time()
            lines = []
            for _ in range(max(0, due)):
                ship = self.ships[place % len(self.ships)]
                place += 1
                lines.append(sentence(ship.mmsi, *ship.now(now_s), ship.speed_kn, ship.course_deg))
            if elapsed_s >= next_pair_s:
                next_pair_s += self.given.pairs_every_s
                lines += self._pair(pair)
                pair += 1
            self._write(lines)
            if lines and pair and lines[-1] is self.last_line:
                said(pair=[self.planted[0], self.planted[1]], sent_s=time.time())
            await asyncio.sleep(TICK_S)
        for writer in list(self.writers):
            await writer.drain()

    def _pair(self, number: int) -> list[bytes]:
        """Return the two fixes of a planted pair: 300 m apart, at rest by no means, far from everybody else."""
        lon, lat = WEST + number % 300 * 0.13, PLANTED_LAT - number // 300 * 0.2
        self.planted = (f"mmsi:{PLANTED_OWN + number}", f"mmsi:{PLANTED_OTHER + number}")
        found = [
            sentence(PLANTED_OWN + number, lon, lat, 10.0, 90.0),
            sentence(PLANTED_OTHER + number, lon, lat + 300 / 111_320, 10.0, 90.0),
        ]
        self.last_line = found[-1]
        return found

    def _write(self, lines: list[bytes]) -> None:
        octets = b"".join(lines)
        for writer in self.writers:
            writer.write(octets)
        if self.writers:
            self.sent["sentences"] += len(lines)

    # ---- aircraft ------------------------------------------------------------------------------------------------

    async def serve_http(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer every request with the picture of now."""
        try:
            while True:
                await reader.readuntil(b"\r\n\r\n")
                document = self.document()
                head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(document)}\r\n\r\n"
                writer.write(head.encode() + document)
                await writer.drain()
                self.sent["aircraft"] += len(self.aircraft)
                self.sent["documents"] += 1
        except (asyncio.IncompleteReadError, asyncio.CancelledError, ConnectionError):
            writer.close()

    def document(self) -> bytes:
        """Return aircraft.json as it is now."""
        now_s = time.time()
        since_s = now_s - self.begun_s
        return b'{"now":%.1f,"messages":1,"aircraft":[%s]}' % (now_s, b",".join(self._states(since_s)))

    def _states(self, since_s: float) -> Iterator[bytes]:
        for address, lon, lat, course, altitude in self.aircraft:
            way = 0.002 * since_s
            turn = math.radians(course)
            yield (
                f'{{"hex":"{address}","type":"adsb_icao","flight":"F{address}","alt_baro":{altitude},"gs":450.0,'
                f'"track":{course:.1f},"baro_rate":0,"lat":{lat + way * math.cos(turn):.6f},'
                f'"lon":{lon + way * math.sin(turn):.6f},"nic":8,"rc":186,"seen_pos":0.2,"seen":0.1}}'
            ).encode()


async def main(given: argparse.Namespace) -> None:
    """Send until the time is over."""
    load = Load(given)
    ais = await asyncio.start_server(load.serve_ais, "127.0.0.1", given.ais_port)
    http = await asyncio.start_server(load.serve_http, "127.0.0.1", given.http_port)
    said(ais_port=ais.sockets[0].getsockname()[1], http_port=http.sockets[0].getsockname()[1])
    await load.send_ais()
    said(over=True, **load.sent)
    await asyncio.sleep(given.linger_s)
    said(ended=True, **load.sent)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--ais-port", type=int, default=0)
    parser.add_argument("--http-port", type=int, default=0)
    parser.add_argument("--sentences", type=int, default=5_000)
    parser.add_argument("--ship-every-s", type=int, default=6)
    parser.add_argument("--aircraft", type=int, default=20_000)
    parser.add_argument("--pairs-every-s", type=float, default=2.0)
    parser.add_argument("--for-s", type=float, default=60.0)
    parser.add_argument("--linger-s", type=float, default=5.0)
    parser.add_argument("--seed", type=int, default=7)
    asyncio.run(main(parser.parse_args()))
