"""Moments that are not known to an instant: spans of time, and deadlines counted from them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec

from detente.notices.moments import Stated
from detente.rules.agreement import Deadline

__all__ = ["Span", "due", "exactly", "span_of"]

_UNIT = {"h": timedelta(hours=1), "d": timedelta(days=1)}


class Span(msgspec.Struct, frozen=True, gc=False):
    """Somewhere from ``earliest`` up to ``latest``; aware UTC. One instant where both are the same.

    Where they differ the moment lies before ``latest``: "06:00" is one minute long and ends as 06:01 begins.
    """

    earliest: datetime
    latest: datetime

    @property
    def year(self) -> int:
        """Return the year, in UTC, in which it begins."""
        return self.earliest.astimezone(UTC).year

    def shifted(self, by: timedelta) -> Span | None:
        """Return the span moved; None beyond the years that a calendar has."""
        try:
            return Span(self.earliest + by, self.latest + by)
        except OverflowError:
            return None


def span_of(moment: Stated) -> Span:
    """Return the span of a moment as its author wrote it."""
    return Span(moment.earliest, moment.latest)


def exactly(moment: datetime) -> Span:
    """Return one instant, in UTC, as a span."""
    utc = moment.astimezone(UTC)
    return Span(utc, utc)


def due(deadline: Deadline, *, start: Span | None, end: Span | None, requested: Span | None) -> Span | None:
    """Return when something is due at the latest; None when the text gives no time, or what it runs from is unknown.

    A calendar's day ends with that day in UTC: "by 15 November" is the first instant of the 16th.
    """
    kind = deadline.kind
    if kind in {"at_start", "in_advance"}:
        return start
    if kind == "without_delay":
        return None
    if kind == "calendar":
        return _end_of_day(deadline, start)
    since = end if kind == "after_end" else requested if kind == "after_request" else start
    if since is None or deadline.value is None or deadline.unit is None:
        return None
    length = deadline.value * _UNIT[deadline.unit]
    return since.shifted(-length if kind == "before_start" else length)


def _end_of_day(deadline: Deadline, start: Span | None) -> Span | None:
    if start is None or deadline.month is None or deadline.day is None:
        return None
    last = start.latest - timedelta(microseconds=1) if start.latest > start.earliest else start.latest
    years = start.year - deadline.years_before, last.astimezone(UTC).year - deadline.years_before
    if years[0] < 1:
        return None
    first, second = (
        datetime(year, deadline.month, deadline.day, tzinfo=UTC) + timedelta(days=1) for year in years
    )
    return Span(first, second)
