"""Cursor-on-Target events, XML from strangers, made rows of the table of tracks as they come.

Source: the public base schema of Cursor-on-Target (event, point) and its table of types. One event is one element of
the account: a position of a ship or an aircraft, or a rejection with its reason.

What is believed: where a mover is, when, how fast, its name, whether it is an aircraft or a ship. What is not: on
whose side it stands. The affiliation in a type (``a-f-...``, ``a-h-...``) is somebody's opinion, and on whose side a
mover is, the file of sides says.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from xml.etree.ElementTree import ParseError

import polars as pl
from defusedxml import DefusedXmlException
from defusedxml.ElementTree import DefusedXMLParser

from detente.notices.quantities import KNOT_MS
from detente.tracks.live_clock import ReceiverClock
from detente.tracks.live_decoding import Decoded
from detente.tracks.readers import Options
from detente.tracks.reasons import Reason, Tally
from detente.tracks.rows import Judge
from detente.tracks.schema import SCHEMA
from detente.tracks.table_columns import Column, Layout

__all__ = ["DEPTH_MAX", "ELEMENTS_MAX", "EVENT_BYTES_MAX", "OWN_PREFIX", "CursorOnTargetDecoder", "EventCutter"]

EVENT_BYTES_MAX = 65_536
"""One event with its details; what people send is under 4 KiB, drawings under 20."""
DEPTH_MAX = 16
"""Elements within elements of one event."""
ELEMENTS_MAX = 2_000
"""Elements of one event."""
OWN_PREFIX = "detente."
"""How the identities begin of what a watch sends itself: a server gives it back to its other connections."""

_TEXT_MAX = 200
_UNKNOWN_M = 9_999_999.0
"""What the schema writes for a height or an error that nobody knows."""
_BLANK = b" \t\r\n\0"
_DECLARATION = re.compile(rb"<\?xml[^<>]{0,200}\?>")
_BEGINNING = b"<event"
_CLOSING = b"</event>"
_ALONE = re.compile(rb"<event(?=[\s/])[^<>]*/>")
_MMSI = re.compile(r"(?i)mmsi[-.:_ ]?([0-9]{9})")
_ICAO24 = re.compile(r"(?i)icao(?:[-_ ]?24)?[-.:_ ]?([0-9a-f]{6})")
_RAW = {
    "mover": pl.String, "mmsi": pl.Int64, "icao24": pl.String, "time": pl.Int64, "lon": pl.Float64,
    "lat": pl.Float64, "altitude": pl.Float64, "speed": pl.Float64, "course": pl.Float64, "kind": pl.String,
    "name": pl.String, "military": pl.String, "rc_m": pl.Float64,
}  # fmt: skip
_FACTORS = {"speed": 1 / KNOT_MS}
_LAYOUT = Layout(
    tuple(
        Column(name, name, _FACTORS.get(name, 1.0), "ellipsoid" if name == "altitude" else None) for name in _RAW
    ),
    time_said=True,
)


@dataclass(slots=True)
class EventCutter:
    """Cuts a stream of bytes into events, whatever the bytes; holds at most EVENT_BYTES_MAX and one piece more.

    Events follow each other without anything between them, or with XML declarations and blanks, as servers send them.
    """

    _rest: bytes = b""

    def feed(self, piece: bytes) -> tuple[list[bytes], int]:
        """Return the whole events found so far, and how many stretches of bytes were none and were left out.

        Every byte is looked at a fixed number of times: what never ends must not cost more than what does.
        """
        text, at = self._rest + piece, 0
        events: list[bytes] = []
        junk = 0
        while (closing := text.find(_CLOSING, at)) >= 0:
            end = closing + len(_CLOSING)
            # an event holds no other: one that began before and did not end is broken
            start = text.rfind(_BEGINNING, at, closing)
            alone, others = _between(text[at : end if start < 0 else start])
            events += alone
            junk += others
            if start >= 0 and end - start <= EVENT_BYTES_MAX:
                events.append(text[start:end])
            elif start >= 0:
                junk += 1
            at = end
        start = text.rfind(_BEGINNING, at)
        # the last bytes may be the beginning of an event or of a declaration
        start = start if start >= 0 and _ALONE.match(text, start) is None else _begun(text, at)
        alone, others = _between(text[at:start])
        events += alone
        is_too_long = len(text) - start > EVENT_BYTES_MAX
        self._rest = b"" if is_too_long else text[start:]
        return events, junk + others + is_too_long

    def end(self) -> bool:
        """Forget what is not whole; returns whether there was any."""
        rest, self._rest = self._rest, b""
        return bool(_DECLARATION.sub(b"", rest).strip(_BLANK))


def _begun(text: bytes, at: int) -> int:
    """Return where a declaration or an event may begin that is not whole yet, else the end."""
    last = text.rfind(b"<", max(at, len(text) - 256))
    return last if last >= 0 and b">" not in text[last:] else len(text)


def _between(stretch: bytes) -> tuple[list[bytes], int]:
    """Return the events of a stretch that have no inside, and whether there is anything else in it (0 or 1)."""
    alone = _ALONE.findall(stretch)
    rest = _ALONE.sub(b"", stretch) if alone else stretch
    return alone, int(bool(_DECLARATION.sub(b"", rest).strip(_BLANK)))


class _Reading:
    """Takes what is needed out of one event while it is parsed; builds no tree."""

    def __init__(self) -> None:
        self.found: dict[str, dict[str, str]] = {}
        self._path: list[str] = []
        self._count = 0

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        """Remember the attributes of the elements that matter, the first of each."""
        self._count += 1
        if len(self._path) >= DEPTH_MAX or self._count > ELEMENTS_MAX:
            raise ValueError(tag[:40])
        self._path.append(tag)
        place = "/".join(self._path)
        if place in _PLACES:
            self.found.setdefault(place, dict(attributes))

    def end(self, _tag: str) -> None:
        """Leave an element."""
        self._path.pop()

    def data(self, _text: str) -> None:
        """Text between elements says nothing that is used."""

    def close(self) -> dict[str, dict[str, str]]:
        """Return the attributes by place."""
        return self.found


_PLACES = {"event", "event/point", "event/detail/contact", "event/detail/track"}
_TROUBLES = (ParseError, DefusedXmlException, ValueError, LookupError)


def _parsed(event: bytes) -> dict[str, dict[str, str]] | None:
    """Return what matters of an event, None when it is no such XML; a document type is refused unseen."""
    parser = DefusedXMLParser(target=_Reading(), forbid_dtd=True, forbid_entities=True, forbid_external=True)
    try:
        parser.feed(event)
        found: dict[str, dict[str, str]] = parser.close()
    except _TROUBLES:
        return None
    return found if "event" in found else None


@dataclass(slots=True)
class CursorOnTargetDecoder:
    """Decodes the bytes of one connection, in order.

    source: what stands in the ``source`` column behind the format's name.
    """

    source: str
    clock: ReceiverClock = field(default_factory=ReceiverClock)
    _cutter: EventCutter = field(default_factory=EventCutter)

    def push(self, piece: bytes, received_at: datetime) -> Decoded:
        """Return the rows of the events that these bytes complete, and their account.

        received_at: aware UTC; an event whose stale time is before it is ``expired``, one whose time is far from it
        is not believed. Events that a watch sent itself are ``echo``: what they say came from here.
        """
        tally = Tally()
        events, junk = self._cutter.feed(piece)
        tally.read(len(events) + junk)
        tally.reject(Reason.UNREADABLE, junk)
        rows = []
        for event in events:
            row = self._row(event, received_at)
            if isinstance(row, Reason):
                tally.reject(row)
            else:
                rows.append(row)
        judge = Judge("cursor_on_target", self.source, _LAYOUT, Options(), tally)
        kept = judge.judge(pl.DataFrame(rows, schema=_RAW, orient="row"))
        return Decoded(self.clock.judge(kept, received_at, tally), tally)

    def close(self) -> Decoded:
        """Count the half event that the end of a connection left; the decoder can go on with another one."""
        tally = Tally()
        if self._cutter.end():
            tally.read(1)
            tally.reject(Reason.INCOMPLETE)
        return Decoded(pl.DataFrame(schema=SCHEMA), tally)

    def _row(self, event: bytes, received_at: datetime) -> tuple[Any, ...] | Reason:
        found = _parsed(event)
        if found is None:
            return Reason.UNREADABLE
        said = found["event"]
        uid, kind = said.get("uid", "").strip(), said.get("type", "")
        if uid.startswith(OWN_PREFIX):
            return Reason.ECHO
        reason = _kind_reason(kind)
        if reason is not None:
            return reason
        if not uid or len(uid) > _TEXT_MAX:
            return Reason.NO_IDENTITY
        stale = _moment(said.get("stale"))
        if stale is not None and stale < received_at:
            return Reason.EXPIRED
        if said.get("time") and _moment(said["time"]) is None:
            return Reason.UNREADABLE
        return _raw(uid, kind, found)


def _raw(uid: str, kind: str, found: dict[str, dict[str, str]]) -> tuple[Any, ...]:
    said, point = found["event"], found.get("event/point", {})
    track = found.get("event/detail/track", {})
    name = found.get("event/detail/contact", {}).get("callsign", "").strip()
    mmsi, icao24 = _MMSI.fullmatch(uid), _ICAO24.fullmatch(uid)
    time = _moment(said.get("time"))
    speed, course = _number(track.get("speed")), _number(track.get("course"))
    return (
        None if mmsi or icao24 else f"id:{uid}",
        int(mmsi.group(1)) if mmsi else None,
        icao24.group(1).lower() if icao24 else None,
        None if time is None else round(time.timestamp() * 1e6),
        _number(point.get("lon")),
        _number(point.get("lat")),
        _measured(point.get("hae")),
        speed if speed is not None and speed >= 0.0 else None,
        course,
        _kind(kind),
        name[:_TEXT_MAX] or None,
        _military(kind),
        _measured(point.get("ce")),
    )


def _dimension(kind: str) -> list[str]:
    """Return the parts of an atom's type behind its affiliation: ["A", "M", "F"] of "a-f-A-M-F"."""
    return kind.split("-")[2:]


def _kind_reason(kind: str) -> Reason | None:
    """Return why events of a type are no positions of ships and aircraft, None when they are."""
    if not kind or len(kind) > _TEXT_MAX:
        return Reason.UNREADABLE
    if kind.startswith(("t-", "c-", "r-", "y-")):
        return Reason.NO_POSITION  # tasks, pings, requests, replies
    if not kind.startswith("a-"):
        return Reason.NOT_A_MOVER  # marks, routes, drawings, alarms
    parts = _dimension(kind)
    first = parts[0] if parts else ""
    if first in {"A", "S", "X", ""}:
        return None
    # of what is below the surface a submarine has a hull; mines, divers, vehicles on land and satellites have none
    return None if parts[:2] == ["U", "S"] else Reason.NOT_A_MOVER


def _kind(kind: str) -> str:
    first = (_dimension(kind) or [""])[0]
    return {"A": "aircraft", "S": "ship", "U": "ship"}.get(first, "other")


def _military(kind: str) -> str | None:
    parts = _dimension(kind)
    second = parts[1] if len(parts) > 1 else ""
    if parts[:1] == ["A"]:
        return {"M": "true", "C": "false"}.get(second)
    if parts[:1] == ["S"]:
        return {"C": "true", "X": "false"}.get(second)
    return "true" if parts[:2] == ["U", "S"] else None


def _moment(text: str | None) -> datetime | None:
    """Return a time as aware UTC, None when there is none that can be read; one without a zone is UTC, as said."""
    if not text or len(text) > 40:
        return None
    try:
        found = datetime.fromisoformat(text.strip())
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _number(text: str | None) -> float | None:
    try:
        found = float(text) if text is not None and len(text) <= 40 else math.nan
    except ValueError:
        return None
    return found if math.isfinite(found) else None


def _measured(text: str | None) -> float | None:
    found = _number(text)
    return None if found is None or abs(found) >= _UNKNOWN_M else found
