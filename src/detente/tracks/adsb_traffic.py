"""Tables of the ``traffic`` library: JSON (records, JSON lines, or one object of columns) and Parquet.

Columns: timestamp (milliseconds, seconds, ISO 8601, or Parquet's own), icao24, callsign, latitude, longitude,
altitude [ft, pressure], geoaltitude [ft], groundspeed [kt], track, vertical_rate [ft/min], onground,
last_position. Where last_position is given it is the row's time. Source: traffic's documentation of its data
structures.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import msgspec
import polars as pl

from detente import words
from detente.tracks.aircraft_rows import Judge, sightings
from detente.tracks.errors import TrackMistake
from detente.tracks.json_elements import PIECE_BYTES, ElementCutter
from detente.tracks.lines import blocks
from detente.tracks.readers import ROWS_PER_BATCH, Options, Source
from detente.tracks.reasons import Note, Reason, Tally
from detente.tracks.receiver_stamps import iso_time, unix_scale

__all__ = ["COLUMNS_CAP_BYTES", "READER", "RECORD_CAP_BYTES", "TrafficReader"]

say = words.speaker("tracks")

RECORD_CAP_BYTES = 65_536
COLUMNS_CAP_BYTES = 32 << 20
"""JSON by columns must be read whole, at some ten times its size; records and Parquet are streamed."""

_NAMES = (
    "timestamp",
    "icao24",
    "callsign",
    "latitude",
    "longitude",
    "altitude",
    "geoaltitude",
    "groundspeed",
    "track",
    "vertical_rate",
    "onground",
    "last_position",
)
_KEYS = (rb'"timestamp"\s*:', rb'"icao24"\s*:', rb'"latitude"\s*:')
_BY_COLUMNS = re.compile(rb'\A\s*\{\s*"\w+"\s*:\s*\{\s*"\d+"\s*:')

Stamp = float | str | None


class _Record(msgspec.Struct):
    timestamp: Stamp = None
    icao24: str | None = None
    callsign: str | None = None
    latitude: float | None = None
    longitude: float | None = None
    altitude: float | None = None
    geoaltitude: float | None = None
    groundspeed: float | None = None
    track: float | None = None
    vertical_rate: float | None = None
    onground: bool | None = None
    last_position: Stamp = None


_records = msgspec.json.Decoder(list[_Record])
_record = msgspec.json.Decoder(_Record)
_raws = msgspec.json.Decoder(list[msgspec.Raw])
_columns = msgspec.json.Decoder(dict[str, dict[str, Any]])
_NOT_JSON = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)


@dataclass(frozen=True, slots=True)
class TrafficReader:
    """Reads ``traffic``'s tables; see the module and docs/formats-radio.md."""

    name: str = "adsb_traffic"

    def recognises(self, head: bytes) -> bool:
        """Tell by the first record's keys, by a first column of numbered rows, or by Parquet's columns."""
        text = head.removeprefix(b"\xef\xbb\xbf").lstrip()
        if text.startswith((b"[", b"{")):
            first = text[:4096]
            return bool(_BY_COLUMNS.match(text)) or (
                b'"df"' not in first and all(re.search(key, first) for key in _KEYS)
            )
        return False

    def recognises_columns(self, columns: list[str]) -> bool:
        """Tell whether a Parquet file with these columns is traffic's (its columns stand at the file's end)."""
        return {"timestamp", "icao24", "latitude", "longitude"} <= set(columns) and bool(
            {"groundspeed", "vertical_rate", "callsign", "flight_id"} & set(columns)
        )

    def read(self, source: Source, options: Options, tally: Tally) -> Iterator[pl.DataFrame]:
        """Yield rows; see detente.tracks.readers.Reader. Raises TrackMistake for JSON by columns over its cap."""
        judge = Judge(f"{self.name}:{source.name}")
        for table in _tables(source, tally):
            frame = judge.rows(_sightings(table, options, tally), tally)
            if len(frame):
                yield frame


READER = TrafficReader()


def _tables(source: Source, tally: Tally) -> Iterator[pl.DataFrame]:
    head = source.head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if head.startswith(b"PAR1"):
        return _of_parquet(source)
    if head.startswith(b"["):
        return _of_records(source, tally)
    if _BY_COLUMNS.match(head):
        return _of_columns(source, tally)
    return _of_lines(source, tally)


def _of_records(source: Source, tally: Tally) -> Iterator[pl.DataFrame]:
    cutter = ElementCutter(cap=RECORD_CAP_BYTES)
    with source.open() as stream:
        while piece := stream.read(PIECE_BYTES):
            whole, too_long = cutter.feed(piece)
            _unreadable(tally, too_long)
            if whole:
                yield _table(_decoded(whole, tally))
    if not cutter.closed or cutter.rest.strip(b" \t\r\n]"):
        tally.read(1)
        tally.reject(Reason.INCOMPLETE)


def _of_lines(source: Source, tally: Tally) -> Iterator[pl.DataFrame]:
    with source.open() as stream:
        for block in blocks(stream, source):
            block.count(tally)
            try:
                records = _record.decode_lines(block.data)
            except _NOT_JSON:
                records = _one_by_one([line for line in block.data.split(b"\n") if line.strip()], tally)
            yield _table(records)


def _decoded(whole: bytes, tally: Tally) -> list[_Record]:
    """Return the records of a run of elements; each that is not one is counted."""
    array = b"[" + whole.removeprefix(b"\xef\xbb\xbf").lstrip(b"[, \t\r\n") + b"]"
    try:
        return _records.decode(array)
    except _NOT_JSON:
        pass
    try:
        return _one_by_one([bytes(raw) for raw in _raws.decode(array)], tally)
    except _NOT_JSON:
        _unreadable(tally, 1)
        return []


def _one_by_one(texts: list[bytes], tally: Tally) -> list[_Record]:
    records = []
    for text in texts:
        try:
            records.append(_record.decode(text))
        except _NOT_JSON:
            _unreadable(tally, 1)
    return records


def _unreadable(tally: Tally, rows: int) -> None:
    tally.read(rows)
    tally.reject(Reason.UNREADABLE, rows)


def _table(records: list[_Record]) -> pl.DataFrame:
    return pl.DataFrame([_column(name, [getattr(record, name) for record in records]) for name in _NAMES])


def _column(name: str, values: list[Any]) -> pl.Series:
    """Return a column of one type: stamps stay text when any is text, numbers become floats."""
    if name in ("icao24", "callsign"):
        return pl.Series(name, [value if isinstance(value, str) else None for value in values], dtype=pl.String)
    if name == "onground":
        return pl.Series(name, [value if isinstance(value, bool) else None for value in values], dtype=pl.Boolean)
    if name in ("timestamp", "last_position") and any(isinstance(value, str) for value in values):
        return pl.Series(name, [None if value is None else str(value) for value in values], dtype=pl.String)
    return pl.Series(
        name,
        [float(value) if isinstance(value, int | float) and abs(value) < 1e300 else None for value in values],
        dtype=pl.Float64,
    )


def _of_columns(source: Source, tally: Tally) -> Iterator[pl.DataFrame]:
    with source.open() as stream:
        whole = stream.read(COLUMNS_CAP_BYTES + 1)
    if len(whole) > COLUMNS_CAP_BYTES:
        raise TrackMistake(
            expected=say("JSON by columns of at most {size} MiB, since it must be read whole", size=32),
            came=say("more than that"),
            where=source.name,
            remedy=say("save it as Parquet, or as JSON records"),
        )
    try:
        columns = _columns.decode(whole.removeprefix(b"\xef\xbb\xbf"))
    except _NOT_JSON:
        _unreadable(tally, 1)
        return
    keys = dict.fromkeys(key for name in _NAMES for key in columns.get(name, ()))
    yield pl.DataFrame([_column(name, [columns.get(name, {}).get(key) for key in keys]) for name in _NAMES])


def _of_parquet(source: Source) -> Iterator[pl.DataFrame]:
    try:
        scan = pl.scan_parquet(source.path())
        have = [name for name in _NAMES if name in scan.collect_schema()]
        scan = scan.select(have)
        for at in range(0, scan.select(pl.len()).collect().item(), ROWS_PER_BATCH):
            yield scan.slice(at, ROWS_PER_BATCH).collect()
    except (pl.exceptions.PolarsError, OSError) as error:
        raise TrackMistake(
            expected=say("a Parquet file"),
            came=str(error).splitlines()[0][:200] if str(error) else type(error).__name__,
            where=source.name,
            remedy=say("write the file anew; it is damaged or cut off"),
        ) from error


def _sightings(table: pl.DataFrame, options: Options, tally: Tally) -> pl.DataFrame:
    table = table.with_columns(pl.lit(None).alias(name) for name in _NAMES if name not in table.columns)
    seconds = {
        name: _unix_seconds(table.get_column(name), options, tally, noted=name == "timestamp")
        for name in ("timestamp", "last_position")
    }
    own = pl.DataFrame(seconds).select(
        pl.coalesce("last_position", "timestamp").alias("stamp"),
        (pl.col("timestamp") - pl.col("last_position")).round(3).alias("age"),
    )
    theirs = {
        "hex": table["icao24"],
        "stamp": own["stamp"],
        "lat": table["latitude"],
        "lon": table["longitude"],
        "pressure_ft": table["altitude"],
        "ellipsoid_ft": table["geoaltitude"],
        "on_ground": table["onground"],
        "speed_kn": table["groundspeed"],
        "course_deg": table["track"],
        "vertical_fpm": table["vertical_rate"],
        "name": table["callsign"],
        "position_age_s": own["age"],
    }
    return sightings(theirs, len(table))


def _unix_seconds(stamps: pl.Series, options: Options, tally: Tally, *, noted: bool) -> pl.Series:
    """Return unix seconds of a column of numbers (any unit), ISO texts or Parquet times."""
    if stamps.dtype == pl.String:
        times, zoneless = iso_time(stamps, options.time_zone)
        numbers = stamps.cast(pl.Float64, strict=False)
        frame = pl.DataFrame({"iso": times.dt.timestamp("us") / 1e6, "number": numbers})
        if noted and options.time_zone is None:
            tally.note(Note.NO_ZONE, int((zoneless & times.is_not_null()).sum()))
        scaled = pl.col("number") / unix_scale(pl.col("number"))
        return frame.select(pl.coalesce("iso", scaled).alias("s")).get_column("s")
    if isinstance(stamps.dtype, pl.Datetime):
        if stamps.dtype.time_zone is None:
            if noted and options.time_zone is None:
                tally.note(Note.NO_ZONE, len(stamps) - stamps.null_count())
            stamps = stamps.dt.replace_time_zone(
                options.time_zone or "UTC", ambiguous="null", non_existent="null"
            )
        return stamps.dt.timestamp("us") / 1e6
    if stamps.dtype.is_numeric() or stamps.dtype == pl.Null:
        frame = stamps.cast(pl.Float64).alias("n").to_frame()
        return frame.select((pl.col("n") / unix_scale(pl.col("n"))).alias("s")).get_column("s")
    return pl.Series("s", [None] * len(stamps), dtype=pl.Float64)
