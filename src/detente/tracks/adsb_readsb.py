"""readsb, tar1090 and dump1090-fa: ``aircraft.json``, the same as JSON lines, and ``trace_full_*.json``.

Also the answers of services that speak as ADS-B Exchange's version 2 does: the aircraft stand under "ac".

Source: readsb's README-json.md. ``aircraft.json`` is everything that a receiver knew at ``now``; each aircraft's
position is ``seen_pos`` seconds older than that, which makes the row's own time. A trace is one aircraft's day:
``timestamp`` and rows [seconds after it, lat, lon, altitude or "ground" or null, speed, track, flags, rate,
details].
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import msgspec
import polars as pl

from detente.tracks.aircraft_rows import Judge, sightings
from detente.tracks.readers import Options, Source
from detente.tracks.reasons import Reason, Tally

__all__ = ["DOCUMENT_CAP_BYTES", "READER", "ReadsbReader", "sightings_of_snapshot"]

DOCUMENT_CAP_BYTES = 32 << 20
"""A document is read whole; a day's trace is under 4 MiB, the busiest aircraft.json under 20."""

_SNAPSHOT = re.compile(rb'"(?:now|messages)"\s*:\s*[\d.]+.*"aircraft"\s*:\s*\[', re.DOTALL)
_VERSION_2 = re.compile(rb'"ac"\s*:\s*\[(?:\s*\{[^{}]{0,2000}"hex"\s*:|\s*\][^\[\]{}]*"now"\s*:)')
_TRACE = re.compile(rb'"icao"\s*:\s*"~?[0-9a-fA-F]{6}".*"trace"\s*:\s*\[', re.DOTALL)
_MILITARY = 1
_VERTICAL_RATE_IS_GEOMETRIC, _ALTITUDE_IS_GEOMETRIC = 4, 8
_HIGH_BITS = 1 << 31

Number = float | int
Altitude = float | str | None


class _Position(msgspec.Struct):
    lat: float
    lon: float
    seen_pos: float | None = None
    nic: int | None = None
    rc: float | None = None


class _Aircraft(msgspec.Struct):
    hex: str
    lat: float | None = None
    lon: float | None = None
    seen_pos: float | None = None
    lastPosition: _Position | None = None  # noqa: N815 - readsb's spelling
    alt_baro: Altitude = None
    altitude: Altitude = None  # dump1090-mutability's
    alt_geom: float | None = None
    gs: float | None = None
    speed: float | None = None  # dump1090-mutability's
    track: float | None = None
    baro_rate: float | None = None
    geom_rate: float | None = None
    vert_rate: float | None = None  # dump1090-mutability's
    flight: str | None = None
    category: str | None = None
    dbFlags: int | None = None  # noqa: N815
    nic: int | None = None
    rc: float | None = None


class _Snapshot(msgspec.Struct):
    now: float
    aircraft: list[msgspec.Raw] | msgspec.UnsetType = msgspec.UNSET
    ac: list[msgspec.Raw] | msgspec.UnsetType = msgspec.UNSET  # version 2's spelling


class _SoundSnapshot(msgspec.Struct):
    """A snapshot of which every aircraft is sound: read in one go."""

    now: float
    aircraft: list[_Aircraft] | msgspec.UnsetType = msgspec.UNSET
    ac: list[_Aircraft] | msgspec.UnsetType = msgspec.UNSET


class _Trace(msgspec.Struct):
    icao: str
    timestamp: float
    trace: list[msgspec.Raw]
    dbFlags: int | None = None  # noqa: N815


_snapshot = msgspec.json.Decoder(_Snapshot)
_sound_snapshot = msgspec.json.Decoder(_SoundSnapshot)
_trace = msgspec.json.Decoder(_Trace)
_aircraft = msgspec.json.Decoder(_Aircraft)
_trace_row = msgspec.json.Decoder(list[Any])
_NOT_JSON = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)


@dataclass(frozen=True, slots=True)
class ReadsbReader:
    """Reads readsb's JSON; see the module and docs/formats-radio.md."""

    name: str = "adsb_readsb"

    def recognises(self, head: bytes) -> bool:
        """Tell by the keys: "now" before "aircraft", "icao" before "trace", or "ac" with "hex", in a JSON object."""
        text = head.removeprefix(b"\xef\xbb\xbf").lstrip()
        return text.startswith(b"{") and bool(
            _SNAPSHOT.search(text) or _TRACE.search(text) or _VERSION_2.search(text)
        )

    def read(self, source: Source, options: Options, tally: Tally) -> Iterator[pl.DataFrame]:
        """Yield aircraft or the rows of a trace; see detente.tracks.readers.Reader.

        A document longer than DOCUMENT_CAP_BYTES, or one that is not JSON of this shape, is one unreadable row.
        """
        del options  # its times are unix times
        judge = Judge(f"{self.name}:{source.name}")
        for document in _documents(source, tally):
            found = _sightings(document, tally)
            if found is not None:
                frame = judge.rows(found, tally)
                if len(frame):
                    yield frame


READER = ReadsbReader()


def _documents(source: Source, tally: Tally) -> Iterator[bytes]:
    """Yield the one document, or each line's when every line is a document of its own."""
    first = source.head.removeprefix(b"\xef\xbb\xbf").lstrip().split(b"\n", 1)[0].rstrip()
    with source.open() as stream:
        if not first.endswith(b"}") and len(first) < len(source.head) // 2:
            whole = stream.read(DOCUMENT_CAP_BYTES + 1)
            if len(whole) > DOCUMENT_CAP_BYTES:
                _unreadable(tally)
                return
            yield whole
            return
        while line := stream.readline(DOCUMENT_CAP_BYTES + 1):
            if len(line) <= DOCUMENT_CAP_BYTES:
                if line.strip():
                    yield line
                continue
            _unreadable(tally)
            while len(line) > DOCUMENT_CAP_BYTES and not line.endswith(b"\n"):
                line = stream.readline(DOCUMENT_CAP_BYTES + 1)


def _unreadable(tally: Tally) -> None:
    tally.read(1)
    tally.reject(Reason.UNREADABLE)


def _sightings(document: bytes, tally: Tally) -> pl.DataFrame | None:
    document = document.removeprefix(b"\xef\xbb\xbf")
    found = sightings_of_snapshot(document, tally)
    if found is not None:
        return found
    try:
        return _of_trace(_trace.decode(document), tally)
    except _NOT_JSON:
        _unreadable(tally)
        return None


def sightings_of_snapshot(document: bytes, tally: Tally) -> pl.DataFrame | None:
    """Return what an ``aircraft.json`` or an answer of version 2 says, None when the document is neither.

    Aircraft that are not of this shape are counted as read and unreadable; the others are counted by the Judge.
    """
    try:
        sound = _sound_snapshot.decode(document)
    except _NOT_JSON:
        return _of_unsound_snapshot(document, tally)
    if sound.aircraft is not msgspec.UNSET:
        return _frame([_row_of_aircraft(one, sound.now) for one in sound.aircraft])
    if sound.ac is not msgspec.UNSET:
        return _frame([_row_of_aircraft(one, sound.now) for one in sound.ac])
    return None


def _of_unsound_snapshot(document: bytes, tally: Tally) -> pl.DataFrame | None:
    """Return the sound aircraft of a snapshot, read one by one."""
    try:
        snapshot = _snapshot.decode(document)
    except _NOT_JSON:
        return None
    listed = snapshot.ac if snapshot.aircraft is msgspec.UNSET else snapshot.aircraft
    if listed is msgspec.UNSET:
        return None
    rows = []
    for raw in listed:
        try:
            rows.append(_row_of_aircraft(_aircraft.decode(raw), snapshot.now))
        except _NOT_JSON:
            _unreadable(tally)
    return _frame(rows)


_ROW = (
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
    "military",
    "position_age_s",
    "nic",
    "rc_m",
    "category",
)


def _frame(rows: list[tuple[object, ...]]) -> pl.DataFrame:
    columns: list[list[object]] = [list(column) for column in zip(*rows, strict=True)] or [[] for _ in _ROW]
    return sightings(dict(zip(_ROW, columns, strict=True)), len(rows))


def _row_of_aircraft(one: _Aircraft, now: float) -> tuple[object, ...]:
    lat, lon, age, nic, rc = one.lat, one.lon, one.seen_pos, one.nic, one.rc
    if (lat is None or lon is None) and one.lastPosition is not None:
        last = one.lastPosition
        lat, lon, age, nic, rc = last.lat, last.lon, last.seen_pos, last.nic, last.rc
    altitude = one.alt_baro if one.alt_baro is not None else one.altitude
    on_ground, pressure_ft = _altitude(altitude)
    return (
        one.hex,
        _seconds(now) - (age or 0.0),
        lat,
        lon,
        pressure_ft,
        one.alt_geom,
        on_ground,
        one.gs if one.gs is not None else one.speed,
        one.track,
        next((rate for rate in (one.baro_rate, one.geom_rate, one.vert_rate) if rate is not None), None),
        one.flight,
        None if one.dbFlags is None else bool(one.dbFlags & _MILITARY),
        age,
        _small(nic),
        rc,
        one.category,
    )


def _of_trace(trace: _Trace, tally: Tally) -> pl.DataFrame:
    rows = []
    name: str | None = None
    military = None if trace.dbFlags is None else bool(trace.dbFlags & _MILITARY)
    start = _seconds(trace.timestamp)
    for raw in trace.trace:
        try:
            cells = _trace_row.decode(raw)
        except _NOT_JSON:
            _unreadable(tally)
            continue
        details = cells[8] if len(cells) > 8 and isinstance(cells[8], dict) else {}
        flight = details.get("flight")
        name = flight if isinstance(flight, str) and flight.strip() else name
        row = _row_of_trace(trace.icao, start, cells, details, name, military=military)
        if row is None:
            _unreadable(tally)
        else:
            rows.append(row)
    return _frame(rows)


def _row_of_trace(
    icao: str, start: float, cells: list[Any], details: dict[str, Any], name: str | None, *, military: bool | None
) -> tuple[object, ...] | None:
    """Return the row's sighting, None when its cells have other types than readsb writes."""
    if len(cells) < 8 or not isinstance(cells[0], Number) or not isinstance(cells[6], int | None):
        return None
    numbers = [*cells[1:3], *cells[4:6], cells[7], cells[10] if len(cells) > 10 else None]
    if not all(isinstance(number, Number | None) for number in numbers):
        return None
    lat, lon, speed, course, rate, geometric = numbers
    if not isinstance(cells[3], Number | str | None):
        return None
    on_ground, altitude = _altitude(cells[3])
    if (cells[6] or 0) & _ALTITUDE_IS_GEOMETRIC:
        altitude, geometric = None, altitude
    nic, rc = details.get("nic"), details.get("rc")
    return (
        icao,
        start + cells[0],
        lat,
        lon,
        altitude,
        geometric,
        on_ground,
        speed,
        course,
        rate,
        name,
        military,
        None,
        _small(nic) if isinstance(nic, int) else None,
        rc if isinstance(rc, Number) else None,
        None,
    )


def _altitude(said: Altitude) -> tuple[bool | None, float | None]:
    """Return (on the ground, feet) of a number or the word "ground"."""
    if isinstance(said, str):
        return (True, None) if said == "ground" else (None, None)
    return (None, said) if said is None else (False, float(said))


def _seconds(stamp: float) -> float:
    return stamp / 1e3 if stamp >= 1e11 else stamp


def _small(nic: int | None) -> int | None:
    return nic if nic is not None and 0 <= nic <= 11 else None
