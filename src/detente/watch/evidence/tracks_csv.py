"""The file of fixes: CSV that any program reads, every number exact, one spelling (spec/evidence.md).

A decimal is the shortest that reads back as the same IEEE 754 number of 64 bits, without exponent. So whoever reads
it has the numbers that the search had, digit by digit.
"""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import polars as pl

from detente import words
from detente.tracks.schema import KINDS, SCHEMA
from detente.watch.evidence.errors import EvidenceRefused

__all__ = ["COLUMNS", "FIXES_MAX", "TRACKS_BYTES_MAX", "decimal", "reach", "read", "surrounding", "write"]

say = words.speaker("watch")

COLUMNS = (
    "mover", "time", "lon", "lat", "altitude_m", "altitude_datum", "speed_kn", "course_deg", "vertical_fpm", "kind",
    "status", "military", "position_age_s", "nic", "rc_m", "source",
)  # fmt: skip
FIXES_MAX = 100_000
"""Fixes in one file of tracks; more are cut by the rule of ``cutting``."""
TRACKS_BYTES_MAX = 32_000_000
"""Bytes of a file of tracks that is read."""
_REST_S = 120.0
_DECIMAL = re.compile(r"-?(0|[1-9][0-9]{0,15})(\.[0-9]{0,330}[1-9])?", re.ASCII)
_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{6}Z", re.ASCII)
_WHOLE = re.compile(r"0|[1-9][0-9]{0,3}", re.ASCII)
_WORD = re.compile(r"[a-z][a-z0-9_ -]{0,62}", re.ASCII)
_FLAGS = {"true": True, "false": False}
_DATUMS = ("pressure", "ellipsoid", "ground")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def reach(max_gap_s: float) -> timedelta:
    """Return how much of the tracks before and after an encounter its figures rest on.

    A leg lasts up to one gap, a height comes from up to two gaps further, and rest is judged over 120 s.
    """
    return timedelta(seconds=3.0 * max_gap_s + _REST_S)


def surrounding(rows: pl.DataFrame, row: Mapping[str, Any], max_gap_s: float) -> pl.DataFrame:
    """Return the rows of the two movers of an encounter that its figures rest on, by time, each time of each once.

    Kind and name are those of the encounter: they were learned from all rows of the mover, not only from these.
    """
    around = reach(max_gap_s)
    is_a = pl.col("mover") == row["a"]
    near = rows.filter(
        pl.col("mover").is_in([row["a"], row["b"]])
        & pl.col("time").is_between(row["entered"] - around, row["left"] + around)
    )
    return (
        near.unique(["mover", "time"], keep="first", maintain_order=True)
        .sort("time", "mover")
        .with_columns(
            pl.when(is_a).then(pl.lit(row[f"{name}_a"])).otherwise(pl.lit(row[f"{name}_b"])).alias(name)
            for name in ("kind", "name")
        )
        .cast({"kind": SCHEMA["kind"], "name": SCHEMA["name"]})
        .select(SCHEMA.names())
    )


def decimal(value: float) -> str:
    """Return the shortest decimal that reads back as the same number: no exponent, no needless zero, no -0."""
    text = format(Decimal(repr(float(value))), "f")
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text == "-0" else text


def write(rows: pl.DataFrame) -> bytes:
    """Return the file of these rows of detente.tracks.SCHEMA, in the order given."""
    lines = (
        ",".join(_cell(name, value) for name, value in zip(COLUMNS, fix, strict=True))
        for fix in rows.select(COLUMNS).iter_rows()
    )
    return "".join(f"{line}\n" for line in (",".join(COLUMNS), *lines)).encode()


def _cell(name: str, value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return decimal(value) if value - value == 0 else ""
    if isinstance(value, int):
        return str(value)
    return _text(name, str(value))


def _text(name: str, text: str) -> str:
    if name == "status" and not _WORD.fullmatch(text):
        return ""  # no word that the definition knows
    if name == "source":
        form, _, place = text.partition(":")
        text = f"{form}:{place.replace(chr(92), '/').rpartition('/')[2]}" if place else form
    if text.startswith(_FORMULA):
        text = f"'{text}"
    return '"' + text.replace('"', '""') + '"' if any(mark in text for mark in ',"\r\n') else text


def read(octets: bytes, *, where: str) -> pl.DataFrame:
    """Return the rows of a file, as detente.tracks.SCHEMA; raises EvidenceRefused with the line of the first fault."""
    if len(octets) > TRACKS_BYTES_MAX:
        raise _refused(say("at most {size} bytes", size=TRACKS_BYTES_MAX), str(len(octets)), where)
    try:
        text = octets.decode()
    except UnicodeDecodeError:
        raise _refused(say("UTF-8"), say("other bytes"), where) from None
    lines = csv.reader(io.StringIO(text, newline=""), strict=True)
    columns: dict[str, list[Any]] = {name: [] for name in COLUMNS}
    try:
        head = next(lines, [])
        if tuple(head) != COLUMNS:
            raise _refused(",".join(COLUMNS), ",".join(head)[:200], f"{where}, 1")
        for cells in lines:
            place = f"{where}, {lines.line_num}"
            if len(cells) != len(COLUMNS) or lines.line_num > FIXES_MAX + 1:
                expected = say("{count} cells, in at most {most} lines", count=len(COLUMNS), most=FIXES_MAX)
                raise _refused(expected, str(len(cells)), place)
            for name, cell in zip(COLUMNS, cells, strict=True):
                columns[name].append(_value(name, cell, place))
    except csv.Error:
        raise _refused(say("cells as RFC 4180"), say("something else"), f"{where}, {lines.line_num}") from None
    frame = pl.DataFrame(columns, schema={name: SCHEMA[name] for name in COLUMNS}, strict=True)
    return frame.with_columns(pl.lit(None, pl.String).alias("name")).select(SCHEMA.names())


def _value(name: str, cell: str, place: str) -> Any:
    """Return what a cell says; raises EvidenceRefused."""
    if not cell and name not in {"mover", "time", "lon", "lat"}:
        return None
    kind = SCHEMA[name]
    value = (
        _number(name, cell)
        if kind == pl.Float64
        else _moment(cell)
        if isinstance(kind, pl.Datetime)
        else int(cell)
        if kind == pl.Int16 and _WHOLE.fullmatch(cell)
        else _FLAGS.get(cell)
        if kind == pl.Boolean
        else cell
        if kind == pl.String and cell and _is_possible(name, cell)
        else None
    )
    if value is None:
        raise _refused(say("{column} as the specification has it", column=name), repr(cell[:64]), place)
    return value


def _number(name: str, cell: str) -> float | None:
    most = {"lon": 180.0, "lat": 90.0}.get(name, 1e12)
    value = float(cell) if _DECIMAL.fullmatch(cell) else math.inf
    return value if abs(value) <= most else None


def _moment(cell: str) -> datetime | None:
    try:
        return datetime.fromisoformat(cell) if _TIME.fullmatch(cell) else None
    except ValueError:
        return None


def _is_possible(name: str, cell: str) -> bool:
    known = {"kind": KINDS, "altitude_datum": _DATUMS}.get(name)
    return len(cell) <= 300 if known is None else cell in known


def _refused(expected: str, came: str, where: str) -> EvidenceRefused:
    return EvidenceRefused(
        expected=expected, came=came, where=where, remedy=say("nothing of it was used; ask who gave it")
    )
