"""Digitraffic (Fintraffic): locations as GeoJSON, and the messages of its MQTT broker, one a line.

A line is a payload, a payload behind its topic as mosquitto_sub -v prints it, or an object with a topic and a
payload. A location without its topic does not say whose it is. Metadata messages carry no position; the names in
them are given to the locations that follow. Source: the service's public description (meri.digitraffic.fi).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import msgspec
import polars as pl

from detente.tracks.json_elements import ElementCutter
from detente.tracks.lines import BLOCK_BYTES, blocks
from detente.tracks.readers import Options, Source
from detente.tracks.reasons import Reason, Tally
from detente.tracks.rows import Judge
from detente.tracks.table_columns import Column, Layout

__all__ = ["LAYOUT", "RAW", "READER", "Document", "Ships", "document"]

FEATURE_BYTES_MAX = 65_536
NAMES_MAX = 500_000
"""More ships than exist; names beyond are not remembered."""

_FEATURES = re.compile(rb'"features"\s{0,99}:\s{0,99}\[')
_TOPIC = re.compile(r"vessels(?:-v2)?/([0-9]{1,10})/(\w+)")
_LINE = re.compile(
    rb"vessels(?:-v2)?/[0-9]{1,10}/\w+"
    rb'|\{(?=[^{}]*"lat"\s*:)(?=[^{}]*"navStat"\s*:)(?=[^{}]*"time"\s*:)[^{}]*\}'
    rb'|"timestampExternal"\s*:'
    rb'|\{(?=[^{}]*"callSign"\s*:)(?=[^{}]*"mmsi"\s*:)(?=[^{}]*"draught"\s*:)[^{}]*\}'
)
RAW = {
    "mmsi": pl.Int64, "time": pl.Int64, "lon": pl.Float64, "lat": pl.Float64, "speed": pl.Float64,
    "course": pl.Float64, "status": pl.Int64, "name": pl.String,
}  # fmt: skip
"""The columns of the rows that Ships gives; numbers and text as the service sends them."""
LAYOUT = Layout(tuple(Column(name, name) for name in RAW), time_said=True)
"""What RAW's columns mean."""


class _Digitraffic:
    """Reader of Digitraffic's GeoJSON and MQTT lines."""

    name = "digitraffic"

    def recognises(self, head: bytes) -> bool:
        """Tell by a topic of its broker, or by the keys of its locations and metadata."""
        text = head.removeprefix(b"\xef\xbb\xbf").lstrip()
        return text.startswith((b"{", b"vessels", b"[")) and _LINE.search(text) is not None

    def read(self, source: Source, options: Options, tally: Tally) -> Iterator[pl.DataFrame]:
        """Yield the positions; all other messages are counted under their reason."""
        judge = Judge(self.name, source.name, LAYOUT, options, tally)
        ships = Ships()
        start = _start_of_features(source.head)
        documents = _lines(source, tally) if start is None else _features(source, start, tally)
        for found in documents:
            tally.read(len(found))
            rows = ships.rows(found, tally)
            yield judge.judge(pl.DataFrame(rows, schema=RAW, orient="row"))


READER = _Digitraffic()

Document = tuple[int | None, Any]
"""The ship that the topic names, and the decoded payload; a payload of None is unreadable."""


def _lines(source: Source, tally: Tally) -> Iterator[list[Document]]:
    decode = msgspec.json.Decoder().decode
    with source.open() as stream:
        for block in blocks(stream, source):
            block.count(tally)
            lines = block.data.removeprefix(b"\xef\xbb\xbf").split(b"\n")
            yield [document(line, decode) for line in lines if line.strip()]


def document(line: bytes, decode: Any) -> Document:
    """Return whose document a line is, where that is said, and what it says; decode: of one JSON text."""
    brace = line.find(b"{")
    topic = _TOPIC.search(line[:brace].decode("ascii", "replace")) if brace > 0 else None
    mmsi = int(topic.group(1)) if topic else None
    try:
        told = decode(line[max(brace, 0) :])
        if isinstance(told, dict) and "payload" in told and isinstance(told.get("topic"), str):
            named = _TOPIC.search(told["topic"])
            mmsi = int(named.group(1)) if named else None
            told = told["payload"]
            told = decode(told) if isinstance(told, str) else told
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return mmsi, None
    return mmsi, told if isinstance(told, dict) else None


def _start_of_features(head: bytes) -> int | None:
    """Return where the features of a collection begin, None when the input is not one collection."""
    opening = _FEATURES.search(head)
    # a line with a topic, or an object with others in it before its features, is no collection
    plain = opening is not None and head[: opening.start()].count(b"{") == 1
    return opening.end() if opening is not None and plain else None


def _features(source: Source, start: int, tally: Tally) -> Iterator[list[Document]]:
    """Yield the features of a collection in runs, without holding the whole of it."""
    decode = msgspec.json.Decoder(list[Any]).decode
    with source.open() as stream:
        stream.read(start)
        cutter = ElementCutter(FEATURE_BYTES_MAX)
        cutter.feed(b"[")
        while piece := stream.read(BLOCK_BYTES):
            whole, left_out = cutter.feed(piece)
            tally.read(left_out)
            tally.reject(Reason.UNREADABLE, left_out)
            yield [(None, told if isinstance(told, dict) else None) for told in _decoded(whole, decode)]
            if cutter.closed:
                return
        if not cutter.closed and cutter.rest.strip(b" \r\n\t,"):
            tally.read(1)
            tally.reject(Reason.INCOMPLETE)


def _decoded(elements: bytes, decode: Any) -> list[Any]:
    text = elements.strip(b" \r\n\t,[")
    if not text:
        return []
    try:
        return list(decode(b"[" + text + b"]"))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return list(_one_by_one(text))


def _one_by_one(text: bytes) -> Iterable[Any]:
    """Return each element by itself, so that a broken one does not take the others with it."""
    decode = msgspec.json.Decoder().decode
    for part in re.split(rb"(?<=\})\s*,\s*(?=\{\s*\"(?:mmsi|type)\")", text):
        try:
            yield decode(part)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            yield None


@dataclass(slots=True)
class Ships:
    """Turns documents into rows; remembers the names heard so far."""

    names: dict[int, str] = field(default_factory=dict)

    def rows(self, documents: Iterable[Document], tally: Tally) -> list[tuple[Any, ...]]:
        """Return raw rows; documents without a position are counted, and their names remembered."""
        rows = []
        for mmsi, told in documents:
            if told is None:
                tally.reject(Reason.UNREADABLE)
                continue
            row = self._row(mmsi, told)
            if isinstance(row, Reason):
                tally.reject(row)
            else:
                rows.append(row)
        return rows

    def _row(self, mmsi: int | None, told: dict[str, Any]) -> tuple[Any, ...] | Reason:
        properties = told.get("properties")
        inner = properties if isinstance(properties, dict) else told
        who = mmsi if mmsi is not None else told.get("mmsi", inner.get("mmsi"))
        lon, lat = inner.get("lon"), inner.get("lat")
        shape = told.get("geometry")
        if (
            isinstance(shape, dict)
            and isinstance(shape.get("coordinates"), list)
            and len(shape["coordinates"]) >= 2
        ):
            lon, lat = shape["coordinates"][:2]
        if lon is None and lat is None:
            name = inner.get("name")
            if isinstance(who, int) and isinstance(name, str) and len(self.names) < NAMES_MAX:
                self.names[who] = name[:64]
            return Reason.NO_POSITION
        time = inner.get("timestampExternal", inner.get("time"))
        values = (who, time, lon, lat, inner.get("sog"), inner.get("cog"), inner.get("navStat"))
        if any(not _is_number(value) for value in values):
            return Reason.UNREADABLE
        # the service gives whole numbers; a fraction here is no identity, time or status
        whole = [None if value is None else int(value) for value in (who, time, values[6])]
        floats = [None if value is None else float(value) for value in values[2:6]]
        return (whole[0], whole[1], *floats, whole[2], self.names.get(whole[0] or 0))


def _is_number(value: object) -> bool:
    """Tell whether a value is a number that fits our columns, or missing."""
    return value is None or (
        isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 2**62
    )
