"""Signal K deltas made rows of the table of tracks as they come.

Source: the Signal K specification 1.7 (delta format, schema of vessels and aircraft). Values are in SI units there:
metres a second and radians; position is in degrees. One update of a delta is one element of the account; a frame
without updates (a greeting, an answer) is one too.

A position comes alone, in an update of its own, and so do speed, course, name and state: the newest of each, speed and
course not older than MOTION_S, is given to the positions that follow. A context says who is meant: behind
``vessels.urn:mrn:imo:mmsi:`` stands a maritime identity, ``vessels.self`` is what the server's greeting names, anything
else is an identity of its own.
"""

from __future__ import annotations

import math
import re
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import msgspec
import polars as pl

from detente.notices.quantities import KNOT_MS
from detente.tracks.live_clock import ReceiverClock
from detente.tracks.live_decoding import Decoded
from detente.tracks.readers import Options
from detente.tracks.reasons import Reason, Tally
from detente.tracks.rows import Judge
from detente.tracks.table_columns import Column, Layout

__all__ = ["CONTEXTS_MAX", "MOTION_S", "UPDATES_MAX", "VALUES_MAX", "SignalKDecoder"]

CONTEXTS_MAX = 50_000
"""Movers of which speed, course and name are remembered; beyond, the one that was heard longest ago is forgotten."""
UPDATES_MAX = 1_000
"""Updates of one delta."""
VALUES_MAX = 1_000
"""Values of one update."""
MOTION_S = 30.0
"""How old a speed or a course may be to be given to a position."""

_TEXT_MAX = 200
_MMSI = re.compile(r"(?:^|[.:])mmsi:([0-9]{9})$")
_ICAO24 = re.compile(r"(?:^|[.:])icao(?:24)?:([0-9A-Fa-f]{6})$")
_KINDS = {"vessels": "ship", "aircraft": "aircraft", "sar": "other"}
_STATES = {
    "motoring": "under_way", "anchored": "anchored", "moored": "moored", "sailing": "sailing",
    "not under command": "not_under_command", "restricted manouverability": "restricted",
    "constrained by draft": "constrained_by_draught", "aground": "aground", "fishing": "fishing",
    "not-under-command": "not_under_command", "restricted-maneuverability": "restricted",
    "towing astern": "towing_astern", "pushing ahead": "pushing_ahead", "ais-sart": "distress_device",
}  # fmt: skip
"""What the specification writes (its spelling) beside our names."""
_RAW = {
    "mover": pl.String, "mmsi": pl.Int64, "icao24": pl.String, "time": pl.Int64, "lon": pl.Float64,
    "lat": pl.Float64, "altitude": pl.Float64, "speed": pl.Float64, "course": pl.Float64, "kind": pl.String,
    "name": pl.String, "status": pl.String,
}  # fmt: skip
_LAYOUT = Layout(
    tuple(Column(name, name, 1 / KNOT_MS if name == "speed" else 1.0) for name in _RAW), time_said=True
)


@dataclass(slots=True)
class _Known:
    """What was heard of one context apart from its position. Times are seconds since 1970."""

    mmsi: int | None = None
    name: str | None = None
    status: str | None = None
    speed_ms: float | None = None
    speed_at_s: float = -math.inf
    course_rad: float | None = None
    course_at_s: float = -math.inf


@dataclass(slots=True)
class SignalKDecoder:
    """Decodes the frames of one server, in order.

    source: what stands in the ``source`` column; own_context, version: what the server's greeting said.
    """

    source: str
    own_context: str = "vessels.self"
    version: str = ""
    clock: ReceiverClock = field(default_factory=ReceiverClock)
    _known: OrderedDict[str, _Known] = field(default_factory=OrderedDict)

    def push(self, frames: Iterable[bytes], received_at: datetime) -> Decoded:
        """Return the rows that these frames hold, and their account.

        received_at: aware UTC; an update without a time of its own was measured then, as the specification says.
        """
        tally = Tally()
        rows: list[tuple[Any, ...]] = []
        for frame in frames:
            for found in self._of_frame(frame, received_at):
                tally.read(1)
                if isinstance(found, Reason):
                    tally.reject(found)
                else:
                    rows.append(found)
        judge = Judge("signalk", self.source, _LAYOUT, Options(), tally)
        kept = judge.judge(pl.DataFrame(rows, schema=_RAW, orient="row"))
        return Decoded(self.clock.judge(kept, received_at, tally), tally)

    def _of_frame(self, frame: bytes, received_at: datetime) -> list[tuple[Any, ...] | Reason]:
        try:
            told = msgspec.json.decode(frame)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return [Reason.UNREADABLE]
        if not isinstance(told, dict):
            return [Reason.UNREADABLE]
        updates = told.get("updates")
        if updates is None:
            return [self._without_updates(told)]
        context = told.get("context", "vessels.self")
        if not isinstance(context, str) or len(context) > _TEXT_MAX or not isinstance(updates, list):
            return [Reason.UNREADABLE]
        if len(updates) > UPDATES_MAX:
            return [Reason.UNREADABLE]
        context = self.own_context if context == "vessels.self" else context
        return [self._of_update(context, update, received_at) for update in updates]

    def _without_updates(self, told: dict[str, Any]) -> Reason:
        own, version = told.get("self"), told.get("version")
        if isinstance(own, str) and 0 < len(own) <= _TEXT_MAX:
            self.own_context = own if "." in own else f"vessels.{own}"
        if isinstance(version, str):
            self.version = version[:_TEXT_MAX]
        known = {"self", "name", "version", "requestId", "state", "statusCode", "timestamp"}
        return Reason.NO_POSITION if known & told.keys() else Reason.UNREADABLE

    def _of_update(self, context: str, update: Any, received_at: datetime) -> tuple[Any, ...] | Reason:
        if not isinstance(update, dict):
            return Reason.UNREADABLE
        values = update.get("values", [])
        if not isinstance(values, list) or len(values) > VALUES_MAX:
            return Reason.UNREADABLE
        time = _moment(update.get("timestamp"), received_at)
        at_s = received_at.timestamp() if time is None else time.timestamp()
        known, position, is_broken = self._of_context(context), None, False
        for value in values:
            path = value.get("path") if isinstance(value, dict) else None
            if not isinstance(path, str):
                is_broken = True
            elif path == "navigation.position":
                position = value.get("value")
                is_broken |= position is not None and not isinstance(position, dict)
            else:
                _learn(known, path, value.get("value"), at_s)
        if is_broken:
            return Reason.UNREADABLE
        if not position:
            return Reason.NO_POSITION
        kind = _KINDS.get(context.partition(".")[0])
        if kind is None:
            return Reason.NOT_A_MOVER  # marks, coast stations, weather
        return _raw(context, kind, known, position, None if time is None else at_s)

    def _of_context(self, context: str) -> _Known:
        known = self._known.get(context)
        if known is None:
            known = self._known[context] = _Known()
            if len(self._known) > CONTEXTS_MAX:
                self._known.popitem(last=False)
        self._known.move_to_end(context)
        return known


def _raw(
    context: str, kind: str, known: _Known, position: dict[str, Any], at_s: float | None
) -> tuple[Any, ...] | Reason:
    lon, lat, altitude = (position.get(name) for name in ("longitude", "latitude", "altitude"))
    if any(value is not None and _number(value) is None for value in (lon, lat, altitude)):
        return Reason.UNREADABLE
    mmsi, icao24 = _MMSI.search(context), _ICAO24.search(context)
    number = int(mmsi.group(1)) if mmsi else known.mmsi
    fresh_s = -math.inf if at_s is None else at_s - MOTION_S
    speed = known.speed_ms if known.speed_at_s >= fresh_s else None
    course = known.course_rad if known.course_at_s >= fresh_s else None
    return (
        None if number is not None or icao24 else f"id:{context.partition('.')[2]}",
        number,
        icao24.group(1).lower() if icao24 else None,
        None if at_s is None else round(at_s * 1e6),
        _number(lon),
        _number(lat),
        _number(altitude),
        speed,
        None if course is None else math.degrees(course) % 360.0,
        # some servers call all that AIS brings a vessel; a maritime identity says itself what it belongs to
        None if number is not None and kind == "ship" else kind,
        known.name,
        known.status,
    )


def _learn(known: _Known, path: str, value: Any, at_s: float) -> None:
    """Remember what an update says besides the position; what is no value of its path is forgotten, not guessed."""
    if path == "navigation.speedOverGround":
        known.speed_ms, known.speed_at_s = _number(value), at_s
    elif path == "navigation.courseOverGroundTrue":
        known.course_rad, known.course_at_s = _number(value), at_s
    elif path == "navigation.state":
        known.status = _STATES.get(value.strip().lower(), value[:_TEXT_MAX]) if isinstance(value, str) else None
    elif path == "name":
        known.name = _name(value) or known.name
    elif path == "mmsi":
        known.mmsi = _mmsi(value) or known.mmsi
    elif path == "" and isinstance(value, dict):
        known.name = _name(value.get("name")) or known.name
        known.mmsi = _mmsi(value.get("mmsi")) or known.mmsi


def _name(value: Any) -> str | None:
    return value.strip()[:_TEXT_MAX] or None if isinstance(value, str) else None


def _mmsi(value: Any) -> int | None:
    text = str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""
    return int(text) if re.fullmatch(r"[0-9]{9}", text, re.ASCII) else None


def _moment(value: Any, received_at: datetime) -> datetime | None:
    """Return the update's time, the receiver's when it has none, None when what stands there is no time."""
    if value is None:
        return received_at
    if not isinstance(value, str) or len(value) > 40:
        return None
    try:
        found = datetime.fromisoformat(value)
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _number(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        found = float(value)
    except OverflowError:
        return None
    return found if math.isfinite(found) else None
