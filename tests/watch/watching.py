"""The program ``detente watch`` as a person starts it, radios that it hears, and worlds that are played to it."""

from __future__ import annotations

import contextlib
import json
import math
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Self

import polars as pl

from detente.tracks.schema import SCHEMA, complete
from tests.desk.desks import TOKEN
from tests.stories.program import environment

__all__ = ["SIDES", "T0", "Radio", "Watching", "crossing", "crowd", "token_file", "watching", "written"]

T0 = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
OWN, OTHER = 219_000_001, 273_000_001
SIDES = """
[sides.west]
mmsi = [219000001, 219000002]
ranges = ["mmsi 219100000-219199999"]
[sides.east]
mmsi = [273000001, 273000002]
ranges = ["mmsi 273100000-273199999"]
"""
_PATIENCE_S = 90.0


@dataclass
class Watching:
    """A watch that runs; ``lines`` are its documents so far, ``log_file`` its standard error."""

    process: subprocess.Popen[str]
    log_file: Path
    lines: list[dict[str, Any]] = field(default_factory=list)
    other: list[str] = field(default_factory=list)

    def read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            if line.startswith("{"):
                self.lines.append(json.loads(line))
            else:
                self.other.append(line)

    def told(self, what: str) -> list[dict[str, Any]]:
        """Return the documents of one kind."""
        return [one for one in list(self.lines) if one["what"] == what]

    def until(self, true: Callable[[], Any], what: str) -> None:
        """Wait for something that must come while the program runs."""
        end_s = time.monotonic() + _PATIENCE_S
        while not true():
            assert self.process.poll() is None, f"it ended before {what}: {self.log()[-2_000:]}"
            assert time.monotonic() < end_s, f"did not come: {what}; {self.log()[-2_000:]}"
            time.sleep(0.02)

    def log(self) -> str:
        """Return what it wrote to standard error."""
        return self.log_file.read_text(encoding="utf-8")

    def events(self) -> list[str]:
        """Return the names of the events of its log."""
        return [json.loads(line)["event"] for line in self.log().splitlines() if line.startswith("{")]

    def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Tell it to stop; returns its exit code."""
        self.process.send_signal(number)
        return self.ended()

    def ended(self) -> int:
        """Wait for its end."""
        code = self.process.wait(_PATIENCE_S)
        self._reader.join(_PATIENCE_S)
        return code

    _reader: threading.Thread = field(default_factory=threading.Thread)


@contextlib.contextmanager
def watching(folder: Path, *options: str | Path, json_lines: bool = True) -> Iterator[Watching]:
    """Run a watch until the block ends; what still runs then is killed."""
    sides = folder / "sides.toml"
    sides.write_text(SIDES)
    log_file = folder / f"watch-{time.monotonic_ns()}.log"
    command = [sys.executable, "-m", "detente", "watch", *(["--json"] if json_lines else []), *map(str, options)]
    with log_file.open("w") as log:
        env = environment(XDG_STATE_HOME=str(folder / "state"))
        process = subprocess.Popen(command, env=env, stdout=subprocess.PIPE, stderr=log, text=True)
    found = Watching(process, log_file)
    found._reader = threading.Thread(target=found.read)
    found._reader.start()
    try:
        yield found
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()
        found._reader.join()
        assert process.stdout is not None
        process.stdout.close()


class Radio:
    """A receiver that offers its sentences over TCP: whoever is connected hears what is said."""

    def __init__(self) -> None:
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._server.getsockname()[1]
        self._heard: list[socket.socket] = []
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                self._heard.append(self._server.accept()[0])

    @property
    def listeners(self) -> int:
        """How many came so far."""
        return len(self._heard)

    def say(self, *lines: str | bytes) -> None:
        """Send lines to everybody who is connected."""
        octets = b"".join((line.encode() if isinstance(line, str) else line) + b"\r\n" for line in lines)
        for one in list(self._heard):
            with contextlib.suppress(OSError):
                one.sendall(octets)

    def hang_up(self) -> None:
        """End every connection; new ones are taken."""
        for one in self._heard:
            one.close()
        self._heard.clear()

    def close(self) -> None:
        """Go away."""
        self._server.close()
        self.hang_up()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def token_file(folder: Path, token: str = TOKEN) -> Path:
    """Write a token where only its owner reads it."""
    path = folder / "radar.token"
    path.touch(mode=0o600)
    path.write_text(token)
    return path


def written(rows: list[dict[str, Any]], path: Path) -> Path:
    """Write rows of tracks as an archive of our own, in order of time."""
    frame = pl.LazyFrame(rows).with_columns(pl.col("time").cast(SCHEMA["time"]))
    complete(frame).collect().sort("time", "mover", maintain_order=True).write_parquet(path)
    return path


def _row(mmsi: int, at: datetime, lon: float, lat: float, speed_kn: float, course: float) -> dict[str, Any]:
    return {
        "mover": f"mmsi:{mmsi}", "time": at, "lon": lon, "lat": lat, "speed_kn": speed_kn, "course_deg": course,
        "kind": "ship", "name": f"SHIP {mmsi}", "source": "made",
    }  # fmt: skip


def crossing(*, seconds: int = 900, every_s: int = 5, closest_m: float = 200.0) -> list[dict[str, Any]]:
    """Return two ships of 12 kn whose ways cross; closest after five minutes."""
    rows = []
    step_deg = 12 * 1_852 / 3_600 / 111_320
    for second in range(0, seconds, every_s):
        gone_deg = step_deg * (second - 300)
        for mmsi, lon, lat, course in (
            (OWN, 20.0 + gone_deg / math.cos(math.radians(56.0)), 56.0, 90.0),
            (OTHER, 20.0 + closest_m / 111_320, 56.0 + gone_deg, 0.0),
        ):
            rows.append(_row(mmsi, T0 + timedelta(seconds=second), lon, lat, 12.0, course))
    return rows


def crowd(*, ships: int = 60, minutes: int = 40, seed: int = 3) -> list[dict[str, Any]]:
    """Return ships of both sides that turn, fall silent, leap and repeat themselves in a small place."""
    chance = random.Random(seed)
    rows = []
    for ship in range(ships):
        mmsi = (219_100_000 if ship % 2 else 273_100_000) + ship
        lon, lat, course = 20.0 + chance.random() * 0.2, 56.0 + chance.random() * 0.1, chance.uniform(0, 360)
        speed_kn, second = chance.choice([0.0, 6.0, 12.0, 18.0]), chance.uniform(0, 30)
        while second < minutes * 60:
            wait_s = chance.choice([2.0, 6.0, 10.0, 10.0, 30.0, 240.0 if chance.random() < 0.1 else 10.0])
            way_deg = speed_kn * 1_852 / 3_600 / 111_320 * wait_s
            lon += way_deg * math.sin(math.radians(course)) / math.cos(math.radians(lat))
            lat += way_deg * math.cos(math.radians(course))
            course = (course + chance.gauss(0, 4)) % 360
            second += wait_s
            row = _row(mmsi, T0 + timedelta(microseconds=round(second * 1e6)), lon, lat, speed_kn, course)
            leaps = chance.random() < 0.01
            rows.append(row | ({"lon": lon + 5.0} if leaps else {}))
            if chance.random() < 0.02:
                rows.append(dict(row))
    return rows
