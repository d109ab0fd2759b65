"""Moments: aware UTC datetimes read from and written as ISO 8601."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from detente import words
from detente.notices.errors import MomentMistake

__all__ = ["Stated", "format_moment", "parse_moment", "stated"]

say = words.speaker("notices")

_STATED = re.compile(
    r"([0-9]{4})(?:-([0-9]{2})(?:-([0-9]{2})(?:T([0-9]{2}):([0-9]{2})(?::([0-9]{2}))?Z)?)?)?", re.ASCII
)
_PRECISION = {4: "year", 7: "month", 10: "day", 17: "minute", 20: "second"}
_LONG = {"day": timedelta(days=1), "minute": timedelta(minutes=1), "second": timedelta(seconds=1)}
_LAST = datetime.max.replace(tzinfo=UTC) - timedelta(milliseconds=1)


def parse_moment(text: str, *, where: str = "") -> datetime:
    """Return an aware UTC datetime from ISO 8601 text such as "2018-04-04T06:00Z" or "2018-04-04".

    A time without a zone is UTC; an offset is converted. Raises MomentMistake for anything else.
    """
    try:
        moment = datetime.fromisoformat(text.strip())
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):  # overflow: an offset that leads out of the years 1 to 9999
        raise MomentMistake(
            expected=say("a date or a date and time in ISO 8601"),
            came=repr(text[:64]),
            where=where,
            remedy=say("write for example {example}", example="2018-04-04T06:00Z"),
        ) from None


def format_moment(moment: datetime) -> str:
    """Return ISO 8601 UTC with milliseconds, "2018-04-04T06:00:00.000Z", rounded to the nearest."""
    if moment.tzinfo is None:
        raise MomentMistake(
            expected=say("a time with its zone"), came=repr(moment), remedy=say("attach UTC before writing")
        )
    utc = moment.astimezone(UTC)
    if utc < _LAST:  # so that rounding cannot lead out of the year 9999
        utc += timedelta(microseconds=500)
    return utc.isoformat(timespec="milliseconds").replace("+00:00", "Z")


@dataclass(frozen=True, slots=True)
class Stated:
    """A moment as its author wrote it: the spelling is the precision, so it is a span and not an instant.

    earliest, latest: aware UTC; the moment lies in [earliest, latest). "2018-04" runs from the first of April
    to the first of May; "2018-04-04T06:00Z" is one minute long, "2018-04-04T06:00:00Z" one second. What depends
    on where inside the span the moment was cannot be decided.
    """

    text: str
    earliest: datetime
    latest: datetime

    @property
    def precision(self) -> str:
        """Return year, month, day, minute or second."""
        return _PRECISION[len(self.text)]


def stated(text: str, *, where: str = "") -> Stated:
    """Return what a notice's moment states: "2018", "2018-04", "2018-04-04", "...T06:00Z" or "...T06:00:00Z".

    Years run from 1900 to 2199: others are slips. Raises MomentMistake; ``where`` names the field in it.
    """
    match = _STATED.fullmatch(text) if len(text) <= 20 else None
    if match:
        year, month, day, hour, minute, second = (int(part or 0) for part in match.groups())
        try:
            start = datetime(year, month or 1, day or 1, hour, minute, second, tzinfo=UTC)
        except ValueError:
            pass
        else:
            if 1900 <= year < 2200:
                return Stated(text, start, _end(start, _PRECISION[len(text)]))
    raise MomentMistake(
        expected=say("a UTC date or time as precise as it is known, in a year from 1900 to 2199"),
        came=repr(text[:64]),
        where=where,
        remedy=say("write for example {example}", example="2018, 2018-04, 2018-04-04, 2018-04-04T06:00Z"),
    )


def _end(start: datetime, precision: str) -> datetime:
    if precision == "year":
        return start.replace(year=start.year + 1)
    if precision == "month":
        return start.replace(year=start.year + start.month // 12, month=start.month % 12 + 1)
    return start + _LONG[precision]
