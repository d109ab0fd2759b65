"""aisstream.io as it comes from its websocket: one JSON message each, positions and names.

Source: the service's description of its messages (aisstream.io/documentation). What the numbers mean is AIS's own and
is judged as in every table of AIS (``detente.tracks.rows``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import msgspec
import polars as pl

from detente.tracks.live_clock import ReceiverClock
from detente.tracks.live_decoding import Decoded, taken
from detente.tracks.readers import Options
from detente.tracks.reasons import Reason, Tally
from detente.tracks.rows import Judge
from detente.tracks.table_columns import Column, Layout

__all__ = ["MESSAGE_BYTES_MAX", "LiveAisstream"]

MESSAGE_BYTES_MAX = 65_536
"""The longest message (static data) is about 1 KiB; what is longer is one unreadable row."""

_POSITIONS = {
    "PositionReport",
    "StandardClassBPositionReport",
    "ExtendedClassBPositionReport",
    "StandardSearchAndRescueAircraftReport",
    "LongRangeAisBroadcastMessage",
}
_NOT_MOVERS = {"BaseStationReport", "AidsToNavigationReport"}
_RAW = {
    "mmsi": pl.Int64, "time": pl.String, "lon": pl.Float64, "lat": pl.Float64, "speed": pl.Float64,
    "course": pl.Float64, "status": pl.Int64, "name": pl.String, "altitude": pl.Float64,
}  # fmt: skip
_LAYOUT = Layout(tuple(Column(name, name) for name in _RAW), time_said=True)
_NO_SPEED_LONG_RANGE_KN = 63
_NO_ALTITUDE_M = 4095


class _About(msgspec.Struct):
    MMSI: int | None = None
    ShipName: str | None = None
    time_utc: str | None = None


class _Message(msgspec.Struct):
    MessageType: str
    MetaData: _About
    Message: dict[str, msgspec.Raw]


class _Report(msgspec.Struct):
    UserID: int | None = None
    Latitude: float | None = None
    Longitude: float | None = None
    Sog: float | None = None
    Cog: float | None = None
    NavigationalStatus: int | None = None
    Altitude: float | None = None
    Valid: bool = True


_message = msgspec.json.Decoder(_Message)
_report = msgspec.json.Decoder(_Report)
_WHOLE_MAX = 2**62


@dataclass(slots=True)
class LiveAisstream:
    """Decodes pushes of whole messages; source is the feed's name, for the rows' ``source`` column."""

    source: str
    clock: ReceiverClock = field(default_factory=ReceiverClock)
    _tally: Tally = field(default_factory=Tally)
    _judge: Judge = field(init=False)

    def __post_init__(self) -> None:
        self._judge = Judge("aisstream", self.source, _LAYOUT, Options(), self._tally)

    def push(self, messages: Sequence[bytes], received_at: datetime) -> Decoded:
        """Decode messages in the order in which they came; never raises, whatever the bytes.

        received_at: by the receiver's clock, aware UTC; positions whose time is far from it are rejected by name.
        A message ``{"error": ...}`` is unreadable here: whoever holds the connection reads it first.
        """
        self._tally.read(len(messages))
        rows: list[tuple[Any, ...]] = []
        for message in messages:
            row = _row(message)
            if isinstance(row, Reason):
                self._tally.reject(row)
            else:
                rows.append(row)
        frame = self._judge.judge(pl.DataFrame(rows, schema=_RAW, orient="row"))
        return Decoded(self.clock.judge(frame, received_at, self._tally), taken(self._tally))


def _row(message: bytes) -> tuple[Any, ...] | Reason:
    """Return what a position report says in _RAW's order, or why it says no position."""
    if len(message) > MESSAGE_BYTES_MAX:
        return Reason.UNREADABLE
    try:
        said = _message.decode(message)
        if said.MessageType in _NOT_MOVERS:
            return Reason.NOT_A_MOVER
        if said.MessageType not in _POSITIONS:
            return Reason.NO_POSITION
        report = _report.decode(said.Message[said.MessageType])
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, KeyError):
        return Reason.UNREADABLE
    mmsi = report.UserID if report.UserID is not None else said.MetaData.MMSI
    status = report.NavigationalStatus
    if not report.Valid or any(value is not None and abs(value) >= _WHOLE_MAX for value in (mmsi, status)):
        return Reason.UNREADABLE
    long_range = said.MessageType == "LongRangeAisBroadcastMessage"
    speed_kn = None if long_range and report.Sog == _NO_SPEED_LONG_RANGE_KN else report.Sog
    altitude_m = None if report.Altitude is None or report.Altitude >= _NO_ALTITUDE_M else report.Altitude
    where = (report.Longitude, report.Latitude, speed_kn, report.Cog)
    return (mmsi, said.MetaData.time_utc, *where, status, said.MetaData.ShipName, altitude_m)
