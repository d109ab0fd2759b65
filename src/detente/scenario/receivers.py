"""Two receivers that hear a scenario's movers, as servers on this machine: AIS over TCP, and readsb over HTTP.

At the speed of the clock they are what a watch is connected to. Faster, a recorded archive is played instead, which
``archive`` writes: a ship at ten times its speed would be heard as an impossible one, and rightly rejected.
"""

from __future__ import annotations

import contextlib
import csv
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from detente.notices.quantities import parse_duration_s
from detente.scenario.radio import aircraft_json, position_sentence, static_sentences
from detente.scenario.ways import Way

__all__ = ["Receivers", "archive", "live_receivers"]

Clock = Callable[[], datetime]
_BEAT_S = 0.25
_NAMES_EVERY_S = 2.0


class _Ships:
    """Tells AIS sentences of ships to whoever connects."""

    def __init__(self, ways: Sequence[Way], clock: Clock) -> None:
        self._ways = [(one, parse_duration_s(one.mover.every)) for one in ways]
        self._clock = clock
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._ended = threading.Event()
        self._connected: list[socket.socket] = []
        self.is_heard = threading.Event()
        self._threads = [threading.Thread(target=one, daemon=True) for one in (self._accept, self._tell)]
        for thread in self._threads:
            thread.start()

    @property
    def port(self) -> int:
        """Return where it listens."""
        return int(self._listening.getsockname()[1])

    def close(self) -> None:
        """Hang up."""
        self._ended.set()
        with contextlib.suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        for thread in self._threads:
            thread.join(5)
        for one in self._connected:
            one.close()

    def _accept(self) -> None:
        while not self._ended.is_set():
            try:
                connection, _ = self._listening.accept()
            except OSError:
                return  # closed
            connection.settimeout(2)
            self._connected.append(connection)
            self.is_heard.set()

    def _tell(self) -> None:
        due = dict.fromkeys(range(len(self._ways)), 0.0)
        named = dict.fromkeys(range(len(self._ways)), 0.0)
        while not self._ended.wait(_BEAT_S):
            now_s, lines = time.monotonic(), []
            for number, (way, every_s) in enumerate(self._ways):
                if now_s < due[number]:
                    continue
                due[number] = now_s + every_s
                lines += self._heard(way)
                if now_s >= named[number]:
                    named[number] = now_s + _NAMES_EVERY_S
                    lines += _static(way, number)
            if lines:
                self._send("".join(f"{one}\r\n" for one in lines).encode("ascii"))

    def _heard(self, way: Way) -> list[str]:
        place = way.at(self._clock())
        if place is None:
            return []
        return [position_sentence(_mmsi(way), place, datetime.now(UTC).second, moored=way.mover.moored)]

    def _send(self, octets: bytes) -> None:
        for one in list(self._connected):
            try:
                one.sendall(octets)
            except OSError:
                self._connected.remove(one)
                one.close()


def _mmsi(way: Way) -> int:
    return int(way.mover.id.removeprefix("mmsi:"))


def _static(way: Way, number: int) -> list[str]:
    return static_sentences(_mmsi(way), way.mover.name, is_warship=way.mover.side is not None, group=number)


class _Aircraft(ThreadingHTTPServer):
    """Answers ``/data/aircraft.json`` as readsb does."""

    daemon_threads = True

    def __init__(self, ways: Sequence[Way], clock: Clock) -> None:
        super().__init__(("127.0.0.1", 0), _Asked)
        self.ways, self.clock, self.messages = ways, clock, 0
        self.is_heard = threading.Event()

    def document(self) -> dict[str, Any]:
        """Return what is heard now."""
        now = self.clock()
        found = [(one, one.at(now)) for one in self.ways]
        seen = [
            (one.mover.id.removeprefix("icao24:"), one.mover.name.removeprefix("SYNTHETIC "), place)
            for one, place in found
            if place is not None
        ]
        self.messages += len(seen)
        return aircraft_json(seen, time.time(), self.messages)


class _Asked(BaseHTTPRequestHandler):
    server: _Aircraft

    def log_message(self, format: str, *arguments: Any) -> None:  # noqa: A002 - the name of the base class
        """Say nothing."""

    def do_GET(self) -> None:
        """Answer one question."""
        if self.path.partition("?")[0] != "/data/aircraft.json":
            self.send_error(404)
            return
        self.server.is_heard.set()
        octets = json.dumps(self.server.document()).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(octets)))
        self.end_headers()
        self.wfile.write(octets)


class Receivers:
    """Both receivers. addresses: as ``detente watch --feed`` takes them."""

    def __init__(self, ways: Sequence[Way], clock: Clock) -> None:
        ships = [one for one in ways if not one.is_aircraft]
        flying = [one for one in ways if one.is_aircraft]
        self._ships = _Ships(ships, clock)
        self._aircraft = _Aircraft(flying, clock)
        self._thread = threading.Thread(target=self._aircraft.serve_forever, args=(0.1,), daemon=True)
        self._thread.start()
        self.addresses = (
            f"ais-tcp://127.0.0.1:{self._ships.port}",
            f"readsb+http://127.0.0.1:{self._aircraft.server_address[1]}/data/aircraft.json",
        )

    @property
    def are_heard(self) -> bool:
        """Tell whether somebody is connected to both."""
        return self._ships.is_heard.is_set() and self._aircraft.is_heard.is_set()

    def close(self) -> None:
        """Stop both."""
        self._aircraft.shutdown()
        self._aircraft.server_close()
        self._thread.join(5)
        self._ships.close()


@contextlib.contextmanager
def live_receivers(ways: Sequence[Way], clock: Clock) -> Iterator[Receivers]:
    """Run both receivers until the block ends."""
    made = Receivers(ways, clock)
    try:
        yield made
    finally:
        made.close()


def archive(ways: Sequence[Way], since: datetime, shift: timedelta, target: Path) -> None:
    """Write an archive of all ways from a moment of the scenario on, its times moved by ``shift``, for a replay."""
    rows: list[tuple[datetime, Way]] = []
    for way in ways:
        every = timedelta(seconds=parse_duration_s(way.mover.every))
        moment = max(since, way.begins)
        while moment <= way.ends and moment <= since + timedelta(days=1):
            rows.append((moment, way))
            moment += every
    with target.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(
            ("mover", "time", "lat", "lon", "sog", "cog", "alt_baro_ft", "baro_rate_fpm", "name", "status")
        )
        for moment, way in sorted(rows, key=lambda one: (one[0], one[1].mover.id)):
            place = way.at(moment)
            if place is None:
                continue
            altitude = "" if place.altitude_m is None else f"{place.altitude_m / 0.3048:.0f}"
            writer.writerow(
                (
                    way.mover.id, (moment + shift).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
                    f"{place.lat_deg:.6f}", f"{place.lon_deg:.6f}", f"{place.speed_kn:.1f}",
                    f"{place.course_deg % 360.0:.1f}", altitude if way.is_aircraft else "",
                    f"{place.climb_ftmin:.0f}" if way.is_aircraft else "", way.mover.name,
                    "" if way.is_aircraft else "Moored" if way.mover.moored else "Under way using engine",
                )
            )  # fmt: skip
