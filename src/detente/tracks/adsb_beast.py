"""Beast binary: what a Mode S receiver hands on, undecoded. rs1090 decodes the messages.

Rows: each frame is one. Positions are extended squitters (DF 17, 18) with a compact position; it becomes latitude
and longitude with the opposite parity at most 10 s before, or with the aircraft's own position at most 60 s
before; a position that is neither is ``incomplete``, as is one that would need more than 1,500 knots from the one
before.
Surface positions need a position of the same aircraft first. Other messages carry no position; velocity and
callsign go to the aircraft's next positions.

Time: a counter of 12 MHz without a date. Without ``Options.start`` every position is ``no_time``; with it, the
first stamped frame was received at start. Frames without a stamp (0, or the mark of multilateration), and stamps
that leap by more than an hour, have no time. The GPS time of a Radarcape looks the same and is not told apart.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC
from typing import Any, Protocol, cast

import polars as pl
import rs1090

from detente.tracks.adsb_memory import AIRCRAFT_KEPT
from detente.tracks.adsb_rs1090 import Mode1090Line, Squitters
from detente.tracks.aircraft_rows import Judge
from detente.tracks.beast_frames import Broken, Frame, Framer
from detente.tracks.cpr import Coded, airborne_pair, near
from detente.tracks.readers import Options, Source
from detente.tracks.reasons import Reason, Tally

__all__ = [
    "READER",
    "TICKS_PER_S",
    "UNSTAMPED",
    "BeastReader",
    "Listener",
    "Locator",
    "TickClock",
    "parity_is_right",
]

PIECE_BYTES = 1 << 20
TICKS_PER_S = 12e6
LEAP_S = 3600.0
PAIR_S = 10.0
REFERENCE_S = 60.0
FASTEST_KN = 1500.0
_SLACK_M = 2000.0
UNSTAMPED = (0, 0xFF004D4C4154)
"""Ticks of a frame without a time: none, and the mark of a position by multilateration."""
_M_PER_DEGREE = 111_195.0
_GENERATOR = 0xFFF409
_LEAST_FRAMES = 4


@dataclass(frozen=True, slots=True)
class BeastReader:
    """Reads Beast binary; see the module and docs/formats-radio.md."""

    name: str = "adsb_beast"

    def recognises(self, head: bytes) -> bool:
        """Tell by frames that follow each other without a gap for the first kilobytes."""
        if b"\x1a" not in head[:64]:
            return False
        found = list(Framer().feed(head[:8192], last=True))
        frames = sum(isinstance(each, Frame) for each in found)
        return frames >= min(_LEAST_FRAMES, len(head) // 46 + 1) and len(found) - frames <= 2 + frames // 20

    def read(self, source: Source, options: Options, tally: Tally) -> Iterator[pl.DataFrame]:
        """Yield the positions; see detente.tracks.readers.Reader."""
        judge = Judge(f"{self.name}:{source.name}")
        listener = Listener(_Ticks.starting(options), Locator())
        framer = Framer()
        with source.open() as stream:
            while True:
                piece = stream.read(PIECE_BYTES)
                for each in framer.feed(piece, last=not piece):
                    listener.take(each, tally)
                frame = judge.rows(listener.squitters.sightings(tally), tally)
                if len(frame):
                    yield frame
                if not piece:
                    return


READER = BeastReader()


class TickClock(Protocol):
    """Turns 48-bit counts of 12 MHz into unix seconds."""

    @property
    def anchored(self) -> bool:
        """Whether the seconds are of a known date, so that positions have a time."""

    def tell(self, ticks: int) -> float | None:
        """Return when the frame was received; None when its ticks do not say."""


@dataclass(slots=True)
class _Ticks:
    """Turns 48-bit counts of 12 MHz into unix seconds, or seconds since the first frame without a start."""

    now_s: float
    anchored: bool
    _last: int | None = None

    @classmethod
    def starting(cls, options: Options) -> _Ticks:
        if options.start is None:
            return cls(0.0, anchored=False)
        start = options.start if options.start.tzinfo else options.start.replace(tzinfo=UTC)
        return cls(start.timestamp(), anchored=True)

    def tell(self, ticks: int) -> float | None:
        """Return when the frame was received; None without a stamp, or when the counter leapt."""
        if ticks in UNSTAMPED:
            return None
        if self._last is None:
            self._last = ticks
            return self.now_s
        # the counter wraps at 48 bits, every 271 days; frames may be out of order by a little
        step = (ticks - self._last + (1 << 47)) % (1 << 48) - (1 << 47)
        if abs(step) > LEAP_S * TICKS_PER_S:
            return None
        self._last = ticks
        self.now_s += step / TICKS_PER_S
        return self.now_s


@dataclass(slots=True)
class Listener:
    """Takes frames one after another; what they say of positions is in ``squitters``."""

    ticks: TickClock
    locator: Locator
    squitters: Squitters = field(default_factory=Squitters)

    def take(self, each: Frame | Broken, tally: Tally) -> None:
        """Take one frame; counts it unless it goes to the squitters, which count."""
        if isinstance(each, Broken):
            tally.read(1)
            tally.reject(Reason.INCOMPLETE if each is Broken.INCOMPLETE else Reason.UNREADABLE)
            return
        seconds = self.ticks.tell(each.ticks)
        reason = self._hear(each, seconds)
        if reason is not None:
            tally.read(1)
            tally.reject(reason)

    def _hear(self, frame: Frame, seconds: float | None) -> Reason | None:
        """Hand a message on to the squitters, or return why it makes no row."""
        if frame.kind != b"3" or frame.message[0] >> 3 not in (17, 18):
            return Reason.NO_POSITION
        if not parity_is_right(frame.message):
            return Reason.BAD_CHECKSUM
        decoded = cast("dict[str, Any] | None", rs1090.decode(frame.message.hex()))
        if decoded is None or not decoded.get("icao24"):
            return Reason.NO_POSITION
        message = _line(decoded, seconds)
        if decoded.get("lat_cpr") is not None and decoded.get("lon_cpr") is not None:
            if seconds is None or not self.ticks.anchored:
                return Reason.NO_TIME
            found = self.locator.locate(
                decoded["icao24"],
                (decoded["lat_cpr"], decoded["lon_cpr"]),
                odd=decoded.get("parity") == "odd",
                surface=decoded.get("bds") == "06",
                seconds=seconds,
            )
            if found is None:
                return Reason.INCOMPLETE
            message.latitude, message.longitude = found
        self.squitters.take(message)
        return None


def _line(decoded: dict[str, Any], seconds: float | None) -> Mode1090Line:
    return Mode1090Line(
        timestamp=seconds,
        df=decoded["df"],
        bds=decoded.get("bds"),
        icao24=decoded["icao24"],
        altitude=decoded.get("altitude"),
        source=decoded.get("source"),
        groundspeed=decoded.get("groundspeed"),
        track=decoded.get("track"),
        vertical_rate=decoded.get("vertical_rate"),
        callsign=decoded.get("callsign"),
    )


def _parity_table() -> list[int]:
    table = []
    for octet in range(256):
        value = octet << 16
        for _ in range(8):
            value = (value << 1) ^ (_GENERATOR if value & 0x800000 else 0)
        table.append(value & 0xFFFFFF)
    return table


_PARITY = _parity_table()


def parity_is_right(message: bytes) -> bool:
    """Tell whether a long message's last 24 bits are the parity of the rest (ICAO Annex 10, 3.1.2.3.3)."""
    value = 0
    for octet in message[:-3]:
        value = (value << 8 & 0xFFFFFF) ^ _PARITY[value >> 16 ^ octet]
    return value == int.from_bytes(message[-3:], "big")


@dataclass(slots=True)
class _Heard:
    """One aircraft: its last airborne codes by parity with their time, and its last position."""

    codes: dict[bool, tuple[Coded, float]] = field(default_factory=dict)
    fix: tuple[float, float, float] | None = None


@dataclass(slots=True)
class Locator:
    """Finds positions from compact ones, aircraft by aircraft; remembers AIRCRAFT_KEPT of them."""

    _heard: dict[str, _Heard] = field(default_factory=dict)

    def locate(
        self, address: str, coded: Coded, *, odd: bool, surface: bool, seconds: float
    ) -> tuple[float, float] | None:
        """Return (lat, lon) in degrees, or None while the zone is not known or the position is not believed."""
        heard = self._heard.get(address)
        if heard is None:
            heard = self._heard[address] = _Heard()
            if len(self._heard) > AIRCRAFT_KEPT:
                del self._heard[next(iter(self._heard))]
        if heard.fix is not None and abs(seconds - heard.fix[2]) > REFERENCE_S:
            heard.fix = None
        found = None
        if not surface:
            heard.codes[odd] = (coded, seconds)
            other = heard.codes.get(not odd)
            if other is not None and abs(seconds - other[1]) <= PAIR_S:
                even, odd_one = (other[0], coded) if odd else (coded, other[0])
                found = airborne_pair(even, odd_one, newest_is_odd=odd)
        if found is None and heard.fix is not None:
            found = near(coded, odd=odd, lat=heard.fix[0], lon=heard.fix[1], surface=surface)
        if found is None:
            return None
        if heard.fix is not None and not _possible(heard.fix, found, seconds):
            # one of the two is wrong and nothing tells which: begin anew
            heard.fix = None
            heard.codes.clear()
            return None
        heard.fix = (*found, seconds)
        return found


def _possible(fix: tuple[float, float, float], found: tuple[float, float], seconds: float) -> bool:
    """Tell whether an aircraft can have flown this; roughly, enough to refuse a wrong zone."""
    height_m = (found[0] - fix[0]) * _M_PER_DEGREE
    width_degrees = (found[1] - fix[1] + 180.0) % 360.0 - 180.0
    nearest_to_pole = max(abs(found[0]), abs(fix[0]))
    width_m = width_degrees * _M_PER_DEGREE * math.cos(math.radians(nearest_to_pole))
    reach_m = _SLACK_M + abs(seconds - fix[2]) * FASTEST_KN * 1852 / 3600
    return height_m * height_m + width_m * width_m <= reach_m * reach_m
