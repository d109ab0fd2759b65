"""Moments: aware UTC datetimes read from and written as ISO 8601."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from detente import words
from detente.notices.errors import MomentMistake

__all__ = ["format_moment", "parse_moment"]

say = words.speaker("notices")

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
