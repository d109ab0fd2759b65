"""Days and instants with a month or a year left out, completed from what else the text says.

The year: written beside the date; else the year of the preamble or of the cancel line that makes the date
follow the issue or precede the cancellation; else the year of the message's number, which raises a doubt.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from detente.areas.outcomes import Reading, Reason, Unplaced

__all__ = ["Calendar", "Day", "Instant"]

_BACK = timedelta(days=92)
"""A date this long before the issue belongs to the next year: nothing is announced a season late."""


@dataclass(slots=True)
class Day:
    """A day of the month as written; month and year 0 where the text has none yet."""

    day: int
    words: str
    month: int = 0
    year: int = 0


@dataclass(slots=True)
class Instant(Day):
    """A day and a clock time as written together: 142100."""

    minute: int = 0


@dataclass(slots=True)
class Calendar:
    """What completes a date: issue, cancellation and the number's year (0: none)."""

    reading: Reading
    number_year: int = 0

    def date(self, day: Day) -> datetime:
        """Return midnight UTC of a day. Raises Unplaced when there is no such day or nothing tells the year."""
        reading, month = self.reading, day.month
        if not month:
            month = self._month(day)
        year = day.year or self._year(day, month)
        try:
            return datetime(year, month, day.day, tzinfo=UTC)
        except ValueError:
            raise Unplaced(Reason.TIME, day.words) from None
        finally:
            self._compare(reading, day)

    def _compare(self, reading: Reading, day: Day) -> None:
        stated = {moment.year for moment in (reading.issued_at, reading.cancel_at) if moment}
        if day.year and stated and min(abs(day.year - year) for year in stated) > 1:
            reading.doubt(Reason.YEARS_DISAGREE, day.words)

    def _month(self, day: Day) -> int:
        anchor = self.reading.cancel_at
        if anchor is None:
            raise Unplaced(Reason.TIME, day.words)
        self.reading.doubt(Reason.MONTH_FROM_CANCEL, f"{day.words} / {self.reading.words.get('cancel_at', '')}")
        return anchor.month if day.day <= anchor.day else (anchor.month - 2) % 12 + 1

    def _year(self, day: Day, month: int) -> int:
        reading = self.reading
        if reading.issued_at is not None and "issued_at" in reading.words:
            year = reading.issued_at.year
            return year + (self._made(year, month, day) < reading.issued_at - _BACK)
        if reading.cancel_at is not None and "cancel_year" in reading.words:
            year = reading.cancel_at.year
            return year - (self._made(year, month, day) > reading.cancel_at + _BACK)
        if not self.number_year:
            raise Unplaced(Reason.TIME, day.words)
        reading.doubt(Reason.YEAR_FROM_NUMBER, reading.text_id)
        return self.number_year

    @staticmethod
    def _made(year: int, month: int, day: Day) -> datetime:
        try:
            return datetime(year, month, min(day.day, 28), tzinfo=UTC)
        except ValueError:
            raise Unplaced(Reason.TIME, day.words) from None
