"""Times as files write them, to UTC microseconds: numbers told apart by magnitude, text by a list of forms.

Nothing is guessed. A time without a zone is UTC (and that is noted) unless the person named a zone; a local time
that the change of clocks gives twice or never has no time; "01/02/2023" is no time unless the format says which
number is the day; a small number counts from the start that the person named, or is no time.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

import polars as pl

from detente import words
from detente.tracks.errors import ReadingMistake, TrackMistake
from detente.tracks.reasons import Note, Tally

__all__ = ["LATEST", "Clock", "Times", "check_zone", "is_local"]

say = words.speaker("tracks")

LATEST = datetime(2200, 1, 1)  # noqa: DTZ001 - compared with UTC microseconds
"""Positions before 1970 or after this are out of range."""

UTC_US = pl.Datetime("us", "UTC")
SECONDS_FROM = 10**8
"""Numbers below (as seconds: March 1973) are no dates; they count seconds from the start that was named."""
MILLISECONDS_FROM = 10**11
MICROSECONDS_FROM = 10**14
NANOSECONDS_FROM = 10**17
"""Each magnitude is March 1973 in its unit; in the unit before it is the year 5138."""

_LOCAL = re.compile(r"local|ortszeit|(?:^|[^a-z])lmt(?:[^a-z]|$)")
_DAY_OR_MONTH_FIRST = r"^\s*\d{1,2}[/.-]\d{1,2}[/.-]\d{4}"
EMPTY_TEXTS = ("", "na", "n/a", "nan", "nat", "null", "none", "-", "\\n")
"""What stands for a missing value in a table, in lower case."""


def is_local(column: str) -> bool:
    """Tell whether a column's name says that its times are local ("time_local", "LMT")."""
    return _LOCAL.search(column.lower()) is not None


def check_zone(zone: str) -> None:
    """Raise ReadingMistake unless this is a zone's IANA name."""
    try:
        pl.Series([datetime(2020, 1, 1)]).dt.replace_time_zone(zone)  # noqa: DTZ001 - a probe of the zone alone
    except pl.exceptions.PolarsError:
        raise ReadingMistake(
            expected=say("the name of a time zone"),
            came=repr(zone[:64]),
            where="--time-zone",
            remedy=say("write for example {example}", example="Europe/Copenhagen"),
        ) from None


@dataclass(frozen=True, slots=True)
class Times:
    """One batch of times: time is UTC or null; unreadable marks texts that are no time in any known form."""

    time: pl.Series
    unreadable: pl.Series


@dataclass(slots=True)
class Clock:
    """How one file's times are read; remembers what its rows looked like so far.

    said: the format or the column's name says UTC, so that there is nothing to note;
    zone: IANA name for times without a zone; day_first: the format writes 31/12/2015;
    start: what small numbers count from.
    """

    tally: Tally
    said: bool = False
    zone: str | None = None
    day_first: bool = False
    start: datetime | None = None
    where: str = ""
    _unit: int | None = None
    _forms: list[Callable[[Clock, pl.Series], pl.Series]] = field(default_factory=list)

    def read(self, values: pl.Series) -> Times:
        """Return the times of one batch: numbers, text, dates with or without a zone."""
        kind = values.dtype
        if isinstance(kind, pl.Datetime):
            if kind.time_zone is not None:
                time = values.dt.convert_time_zone("UTC").dt.cast_time_unit("us")
            else:
                time = self._zoned(values.dt.cast_time_unit("us"))
        elif kind.is_numeric():
            time = self._of_numbers(values)
        elif kind == pl.Null:
            time = values.cast(UTC_US)
        else:
            return self._of_text(values.cast(pl.String))
        return Times(time, pl.repeat(False, len(values), dtype=pl.Boolean, eager=True))

    def _zoned(self, naive: pl.Series) -> pl.Series:
        """Return times without a zone as UTC."""
        if self.said or self.zone is None:
            if not self.said:
                self.tally.note(Note.NO_ZONE, len(naive) - naive.null_count())
            return naive.dt.replace_time_zone("UTC")
        local = naive.dt.replace_time_zone(self.zone, ambiguous="null", non_existent="null")
        self.tally.note(Note.AMBIGUOUS_TIME, local.null_count() - naive.null_count())
        return local.dt.convert_time_zone("UTC")

    def _of_numbers(self, values: pl.Series) -> pl.Series:
        """Return times from counts of seconds, milli-, micro- or nanoseconds since 1970, each row by itself."""
        whole = values.dtype.is_integer()
        number = values.cast(pl.Int64 if whole else pl.Float64, strict=False).alias("number")
        size = pl.col("number").abs()
        units = (
            pl.when(size < SECONDS_FROM)
            .then(0)
            .when(size < MILLISECONDS_FROM)
            .then(1)
            .when(size < MICROSECONDS_FROM)
            .then(2)
            .when(size < NANOSECONDS_FROM)
            .then(3)
            .when(size >= NANOSECONDS_FROM)
            .then(4)
            .cast(pl.Int8)
        )
        if not whole:
            number = number.to_frame().select(pl.when(pl.col("number").is_finite()).then("number")).to_series()
        frame = number.to_frame().with_columns(unit=units)
        start_us = None if self.start is None else round(self.start.timestamp() * 1e6)
        micros = (
            pl.when(pl.col("unit") == 0)
            .then(pl.col("number") * 1_000_000 + pl.lit(start_us, pl.Int64))
            .when(pl.col("unit") == 1)
            .then(pl.col("number") * 1_000_000)
            .when(pl.col("unit") == 2)
            .then(pl.col("number") * 1_000)
            .when(pl.col("unit") == 3)
            .then(pl.col("number"))
            .otherwise(pl.col("number") // 1_000 if whole else pl.col("number") / 1_000)
        )
        if not whole:
            micros = micros.round()
        self._note_units(frame["unit"])
        return frame.select(micros.cast(pl.Int64, strict=False).cast(UTC_US)).to_series()

    def _note_units(self, units: pl.Series) -> None:
        counted = units.drop_nulls().value_counts(sort=True)
        if counted.height == 0:
            return
        if self._unit is None:
            self._unit = int(counted[0, 0])
        other = counted.filter(counted.to_series(0) != self._unit)
        self.tally.note(Note.MIXED_UNITS, int(other.to_series(1).sum()))

    def _of_text(self, values: pl.Series) -> Times:
        text = values.alias("text")
        if not self._forms:
            self._forms = [_day_first] if self.day_first else []
            self._forms += [_plain, _zulu, _offset, _numeric, _other]
        time, rest = self._try_form(0, text)
        if not rest.any():
            return Times(time, rest)
        # what the usual form does not read may have blanks around it, be missing, or be in another form
        text = text.str.strip_chars()
        lower = text.str.to_lowercase()
        rest &= ~lower.is_in(EMPTY_TEXTS).fill_null(True)
        best, most = 0, len(text) - int(rest.sum())
        for index in range(len(self._forms)):
            if not rest.any():
                break
            where = rest.arg_true()
            found, left = self._try_form(index, text.gather(where))
            if most < len(where) - int(left.sum()):
                best, most = index, len(where) - int(left.sum())
            time = time.scatter(where, found)
            rest = rest.scatter(where, left)
        if best:
            self._forms.insert(0, self._forms.pop(best))
        self._refuse_unknown_order(text, rest)
        return Times(time, rest)

    def _try_form(self, index: int, text: pl.Series) -> tuple[pl.Series, pl.Series]:
        """Return the times that one form reads, and which texts it does not."""
        form = self._forms[index]
        if form is _numeric:
            return _of_numbers_in_text(self, text)
        found = form(self, text)
        rest = found.is_null() & text.is_not_null()
        kind = found.dtype
        if isinstance(kind, pl.Datetime) and kind.time_zone is None:
            found = self._zoned(found)
        return found.cast(UTC_US), rest

    def _refuse_unknown_order(self, text: pl.Series, rest: pl.Series) -> None:
        """Refuse a file whose dates do not say whether the day or the month comes first."""
        if rest.all() and len(text) and text.str.contains(_DAY_OR_MONTH_FIRST).fill_null(False).all():
            raise TrackMistake(
                expected=say("dates that say which number is the day, as 2023-01-31 does"),
                came=repr(str(text[0])[:64]),
                where=self.where,
                remedy=say("write the dates as year-month-day"),
            )


def _strptime(text: pl.Series, form: str) -> pl.Series:
    return text.str.to_datetime(form, time_unit="us", strict=False)


def _day_first(_clock: Clock, text: pl.Series) -> pl.Series:
    return _strptime(text, "%d/%m/%Y %H:%M:%S")


def _plain(_clock: Clock, text: pl.Series) -> pl.Series:
    """2016-01-12T13:02:11.218, with a blank for the T, with or without the fraction."""
    probe = next((value for value in text.head(100) if value), "")
    between = "T" if "T" in probe else " "
    fraction = "%.f" if "." in probe else ""
    found = _strptime(text, f"%Y-%m-%d{between}%H:%M:%S{fraction}")
    for form in ("%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%dT%H:%M:%S%.f"):
        if found.null_count() == text.null_count():
            break
        found = found.zip_with(found.is_not_null(), _strptime(text, form))
    return found


def _zulu(clock: Clock, text: pl.Series) -> pl.Series:
    """2016-01-12T13:02:11Z, "2016-01-12 13:02:11 UTC" and "2016-01-12 13:02:11 +0000 UTC"."""
    ended = text.str.contains(r"(?:Z|UTC|GMT)$").fill_null(False)
    if not ended.any():
        return pl.repeat(None, len(text), dtype=UTC_US, eager=True)
    bare = text.str.replace(r"(?: ?\+0000)? ?(?:Z|UTC|GMT)$", "")
    bare = bare.to_frame("t").select(pl.when(ended).then("t")).to_series()
    return _plain(clock, bare).dt.replace_time_zone("UTC")


def _offset(_clock: Clock, text: pl.Series) -> pl.Series:
    """2016-01-12T13:02:11+02:00, with or without the colon and the fraction."""
    found = _strptime(text, "%Y-%m-%dT%H:%M:%S%.f%#z")
    if found.null_count() > text.null_count():
        found = found.zip_with(found.is_not_null(), _strptime(text, "%Y-%m-%d %H:%M:%S%.f%#z"))
    return found


def _other(_clock: Clock, text: pl.Series) -> pl.Series:
    """2016/01/12 13:02:11, 2016-01-12 13:02, 20160112T130211."""
    found = _strptime(text, "%Y/%m/%d %H:%M:%S%.f")
    for form in ("%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M", "%Y%m%dT%H%M%S"):
        if found.null_count() == text.null_count():
            break
        found = found.zip_with(found.is_not_null(), _strptime(text, form))
    return found


def _numeric(_clock: Clock, text: pl.Series) -> pl.Series:
    """Mark the place of numbers in the list of forms: see ``_of_numbers_in_text``."""
    return text


def _of_numbers_in_text(clock: Clock, text: pl.Series) -> tuple[pl.Series, pl.Series]:
    whole = text.cast(pl.Int64, strict=False)
    if whole.null_count() == text.null_count():
        number: pl.Series = whole
    else:
        number = text.cast(pl.Float64, strict=False)
    rest = number.is_null() & text.is_not_null()
    return clock._of_numbers(number), rest  # noqa: SLF001 - one module
