"""One picture of positions: where each mover is now and how it moves; read from CSV and checked."""

from __future__ import annotations

import io
import math
import sys
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import polars as pl

from detente import words
from detente.encounters.errors import StateMistake
from detente.notices.errors import ValueMistake
from detente.notices.moments import parse_moment

__all__ = [
    "BYTES_MAX",
    "HORIZON_MAX_S",
    "STATES",
    "VERTICAL_MAX_M",
    "WITHIN_MAX_M",
    "check_states",
    "read_states",
    "read_timed_states",
]

say = words.speaker("encounters")

BYTES_MAX = 1 << 28
"""A picture is thousands of rows; 256 MiB of it is something else."""
COLUMNS_MAX = 1000
HORIZON_MAX_S = 86_400.0
WITHIN_MAX_M = 1_000_000.0
VERTICAL_MAX_M = 100_000.0
"""How far one picture may be extended, and the widest limits that are looked for in it."""

STATES = pl.Schema(
    {
        "id": pl.String(),
        "lat": pl.Float64(),
        "lon": pl.Float64(),
        # null: height unknown; only the horizontal is judged
        "altitude_ft": pl.Float64(),
        # over ground
        "speed_kn": pl.Float64(),
        # true; null only where speed_kn is 0
        "course_deg": pl.Float64(),
        # null: the height is not known after now, so only the horizontal is judged
        "vertical_fpm": pl.Float64(),
        # "ship": at sea level and staying there, whatever the two columns say
        "kind": pl.String(),
        "military": pl.Boolean(),
    }
)
"""Columns of a picture; the last two may be missing, as may altitude_ft and vertical_fpm."""

_REQUIRED = ("id", "lat", "lon", "speed_kn", "course_deg")


@dataclass(frozen=True, slots=True)
class _Range:
    least: float
    most: float
    needed: bool

    def bad(self, name: str) -> pl.Expr:
        column = pl.col(name)
        wrong = ~column.is_between(self.least, self.most) | column.is_nan()
        return wrong.fill_null(value=self.needed)


# speeds and heights beyond these are no mover of this earth but a wrong unit or a wrong column
_RANGES = {
    "lat": _Range(-90.0, 90.0, True),
    "lon": _Range(-180.0, 180.0, True),
    "altitude_ft": _Range(-3_000.0, 400_000.0, False),
    "speed_kn": _Range(0.0, 20_000.0, True),
    "course_deg": _Range(0.0, 360.0, False),
    "vertical_fpm": _Range(-200_000.0, 200_000.0, False),
}


def read_states(name: str) -> pl.DataFrame:
    """Read a picture from a CSV file, or from standard input when name is "-"; checked as by check_states.

    The first line names the columns; commas separate them; UTF-8. Raises StateMistake, and OSError when the
    file cannot be opened.
    """
    return check_states(_numbers(_read(name), name), where=name)


def read_timed_states(name: str) -> tuple[pl.DataFrame, list[datetime] | None]:
    """Return the picture, and when each mover was so if it has a column ``time``; otherwise as read_states."""
    frame = _numbers(_read(name), name)
    picture = check_states(frame, where=name)
    if "time" not in frame.columns:
        return picture, None
    return picture, [_time(text, row, name) for row, text in enumerate(frame["time"].to_list())]


def _time(text: str | None, row: int, where: str) -> datetime:
    if text is None:
        raise _wrong(
            say("a value in every row"), say("no {columns}", columns="time"), where, row=row, column="time"
        )
    try:
        return parse_moment(text)
    except ValueMistake as mistake:
        raise _wrong(mistake.expected, repr(text[:64]), where, row=row, column="time") from None


def _read(name: str) -> pl.DataFrame:
    """Return the lines of a CSV as texts."""
    if name == "-":
        content = sys.stdin.buffer.read(BYTES_MAX + 1)
    else:
        with Path(name).open("rb") as file:
            content = file.read(BYTES_MAX + 1)
    if len(content) > BYTES_MAX:
        raise _unusable(say("more than {bytes} bytes", bytes=BYTES_MAX), name)
    head = content.split(b"\n", 1)[0]
    if not content.strip():
        raise _unusable(say("an empty file"), name)
    if head.count(b",") >= COLUMNS_MAX:
        raise _unusable(say("more than {columns} columns", columns=COLUMNS_MAX), name)
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _unusable(say("not text in UTF-8 at byte {place}", place=error.start), name) from None
    if "\0" in text:
        raise _unusable(say("a byte 0, which no text holds"), name)
    try:
        frame = pl.read_csv(io.StringIO(text), infer_schema=False)
    except pl.exceptions.PolarsError as error:
        raise _unusable(str(error).split("\n", 1)[0][:200], name) from None
    return frame.rename({column: column.strip().lower() for column in frame.columns}, strict=False)


def _unusable(came: str, where: str) -> StateMistake:
    return StateMistake(
        expected=say("a CSV with the columns {columns}", columns=", ".join(_REQUIRED)),
        came=came,
        where=where,
        remedy=say("write one line a mover, the first line with the column names, commas between"),
    )


def _numbers(frame: pl.DataFrame, where: str) -> pl.DataFrame:
    """Return the frame with texts as numbers; raises StateMistake at the first that is none."""
    trimmed = frame.with_columns(pl.col(pl.String).str.strip_chars())
    trimmed = trimmed.with_columns(
        pl.when(pl.col(pl.String) != "").then(pl.col(pl.String)).name.keep(),
    )
    for name in [name for name in _RANGES if name in frame.columns]:
        numbers = trimmed[name].cast(pl.Float64, strict=False)
        lost = (numbers.is_null() & trimmed[name].is_not_null()).arg_max()
        if lost is not None and numbers[lost] is None and trimmed[name][lost] is not None:
            raise _wrong(say("a number"), repr(trimmed[name][lost][:64]), where, row=lost, column=name)
        trimmed = trimmed.with_columns(numbers.alias(name))
    if "military" in trimmed.columns:
        text = pl.col("military").str.to_lowercase()
        trimmed = trimmed.with_columns(
            pl.when(text.is_in(["true", "1", "yes"]))
            .then(pl.lit(value=True))
            .when(text.is_in(["false", "0", "no"]))
            .then(pl.lit(value=False))
            .alias("military")
        )
    return trimmed


def _wrong(expected: str, came: str, where: str, *, row: int, column: str, remedy: str = "") -> StateMistake:
    return StateMistake(
        expected=expected,
        came=came,
        where=say("{file}, row {row}, column {column}", file=where, row=row + 1, column=column),
        remedy=remedy or say("correct the row, or leave it out"),
    )


def check_states(states: pl.DataFrame, *, where: str = "states") -> pl.DataFrame:
    """Return the picture with STATES' columns and types, in the given order of rows.

    Missing optional columns become null. Raises StateMistake, naming row (the first data row is 1) and column,
    for a missing column or value, a type that is not numbers, a value out of range, an id that comes twice, and
    a mover with speed but without course.
    """
    missing = [name for name in _REQUIRED if name not in states.columns]
    if missing:
        raise _unusable(say("no {columns}", columns=", ".join(missing)), where)
    for name, kind in STATES.items():
        came = states.schema.get(name, pl.Null())
        fits = came == pl.Null() or (came.is_numeric() if kind == pl.Float64 else came == kind)
        if not (fits or name == "id"):
            raise _unusable(say("{column} of type {type}", column=name, type=came), where)
    frame = states.select(
        (pl.col(name) if name in states.columns else pl.lit(None)).cast(kind).alias(name)
        for name, kind in STATES.items()
    )
    bad = {name: limits.bad(name) for name, limits in _RANGES.items()}
    bad["course_deg"] |= pl.col("course_deg").is_null() & (pl.col("speed_kn") > 0)
    bad["id"] = pl.col("id").is_null() | pl.col("id").is_duplicated()
    flags = frame.select(expression.alias(name) for name, expression in bad.items())
    for name in flags.columns:
        if flags[name].any():
            row = int(flags[name].arg_max() or 0)
            raise _refused(frame, name, row, where)
    return frame


def _refused(frame: pl.DataFrame, name: str, row: int, where: str) -> StateMistake:
    value = frame[name][row]
    if value is None:
        return _wrong(say("a value in every row"), say("no {columns}", columns=name), where, row=row, column=name)
    if name == "id":
        return _wrong(say("each id once"), say("{id} twice", id=repr(value[:64])), where, row=row, column=name)
    limits = _RANGES[name]
    remedy = ""
    if name == "lat" and math.isfinite(value) and abs(frame["lon"][row] or 0.0) <= limits.most:
        remedy = say("correct the row, or leave it out; are lat and lon exchanged?")
    return _wrong(
        say("a number between {least} and {most}", least=f"{limits.least:g}", most=f"{limits.most:g}"),
        f"{value:g}",
        where,
        row=row,
        column=name,
        remedy=remedy,
    )
