"""rs1090 and jet1090: one decoded Mode S message a line, as JSON.

Position rows are DF 17 and 18 with latitude and longitude (BDS 0,5 in the air, 0,6 on the ground). Velocity
(BDS 0,9) and callsign (0,8) messages are rows without a position; what they say goes to the aircraft's next
positions. Every other downlink format carries no position.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import msgspec
import polars as pl

from detente.tracks.adsb_memory import VELOCITY_KEPT_S, Memory, Said
from detente.tracks.aircraft_rows import Judge, sightings
from detente.tracks.lines import blocks
from detente.tracks.readers import Options, Source
from detente.tracks.reasons import Reason, Tally

__all__ = ["READER", "Mode1090Line", "Rs1090Reader", "Squitters"]

_LINE = re.compile(rb'^\{(?=[^\n]*"df"\s*:)(?=[^\n]*"timestamp"\s*:)[^\n]*"(?:frame|icao24)"\s*:', re.MULTILINE)


class Mode1090Line(msgspec.Struct):
    """The fields of a decoded message that make rows."""

    timestamp: float | None = None
    df: str | int | None = None
    bds: str | None = None
    icao24: str | None = None
    latitude: float | None = None
    longitude: float | None = None
    altitude: float | None = None
    source: Any = None
    groundspeed: float | None = None
    track: float | None = None
    vertical_rate: float | None = None
    callsign: str | None = None


_decoder = msgspec.json.Decoder(Mode1090Line)


@dataclass(frozen=True, slots=True)
class Rs1090Reader:
    """Reads rs1090's JSON lines; see the module and docs/formats-radio.md."""

    name: str = "adsb_rs1090"

    def recognises(self, head: bytes) -> bool:
        """Tell by a line that is a JSON object with "timestamp", "df" and "frame" or "icao24"."""
        return _LINE.search(head[:16_384]) is not None

    def read(self, source: Source, options: Options, tally: Tally) -> Iterator[pl.DataFrame]:
        """Yield the positions; see detente.tracks.readers.Reader."""
        del options  # its times are unix times
        judge = Judge(f"{self.name}:{source.name}")
        squitters = Squitters()
        with source.open() as stream:
            for block in blocks(stream, source):
                block.count(tally)
                messages, spoiled = _messages(block.data)
                tally.read(spoiled)
                tally.reject(Reason.UNREADABLE, spoiled)
                for message in messages:
                    squitters.take(message)
                frame = judge.rows(squitters.sightings(tally), tally)
                if len(frame):
                    yield frame


READER = Rs1090Reader()


def _messages(block: bytes) -> tuple[list[Mode1090Line], int]:
    """Return the messages of the lines that are one, and how many are not."""
    try:
        return _decoder.decode_lines(block), 0
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        pass
    messages, spoiled = [], 0
    for line in block.split(b"\n"):
        if not line.strip():
            continue
        try:
            messages.append(_decoder.decode(line))
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            spoiled += 1
    return messages, spoiled


class Squitters:
    """Collects position messages, completed by what the same aircraft said before in others."""

    def __init__(self) -> None:
        self._memory = Memory()
        self._rows: list[tuple[object, ...]] = []
        self._elsewhere = 0

    def take(self, message: Mode1090Line) -> None:
        """Take one decoded message."""
        address = message.icao24
        if address is None or str(message.df) not in ("17", "18"):
            self._elsewhere += 1
            return
        said = self._memory.of(address)
        stamp = message.timestamp if message.timestamp is not None else -1e18
        if message.callsign:
            said.name = message.callsign
        on_ground = message.bds == "06"
        if message.groundspeed is not None:
            said.speed_kn, said.course_deg = message.groundspeed, message.track
            said.vertical_fpm, said.moved_s = message.vertical_rate, stamp
        if message.latitude is None or message.longitude is None:
            self._elsewhere += 1
            return
        fresh = said if abs(stamp - said.moved_s) <= VELOCITY_KEPT_S else Said(name=said.name)
        geometric = message.source in ("gnss", "geometric")
        self._rows.append(
            (
                address,
                message.timestamp,
                message.latitude,
                message.longitude,
                None if geometric else message.altitude,
                message.altitude if geometric else None,
                on_ground,
                fresh.speed_kn,
                fresh.course_deg,
                None if on_ground else fresh.vertical_fpm,
                fresh.name,
            )
        )

    def sightings(self, tally: Tally) -> pl.DataFrame:
        """Return what was collected since the last call; counts the messages that carry no position."""
        tally.read(self._elsewhere)
        tally.reject(Reason.NO_POSITION, self._elsewhere)
        self._elsewhere = 0
        rows, self._rows = self._rows, []
        names = (
            "hex",
            "stamp",
            "lat",
            "lon",
            "pressure_ft",
            "ellipsoid_ft",
            "on_ground",
            "speed_kn",
            "course_deg",
            "vertical_fpm",
            "name",
        )
        columns: list[list[object]] = [list(column) for column in zip(*rows, strict=True)] or [[] for _ in names]
        return sightings(dict(zip(names, columns, strict=True)), len(rows))
