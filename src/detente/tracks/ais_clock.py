"""A clock for AIS reports without a date, driven by the UTC second that every report carries.

Rule: the clock starts at ``start``. A report whose second (0-59) is known was made at the moment with that second
nearest to the clock, at most 30 s before or after it; the clock then moves there, but never back. A report whose
second is not known (60-63, or message 27, which carries none) is given the clock's time. So times are right as
long as the record has no silence of more than 30 s; a longer silence is shortened by whole minutes, because
nothing in the data tells how many passed.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

__all__ = ["SecondClock"]

_MINUTE_US = 60_000_000


@dataclass(slots=True)
class SecondClock:
    """The clock; times are microseconds since 1970."""

    now_us: int

    @classmethod
    def starting(cls, start: datetime) -> SecondClock:
        """Return a clock that stands at ``start`` (UTC when it has no zone)."""
        aware = start.replace(tzinfo=UTC) if start.tzinfo is None else start
        return cls(round(aware.timestamp() * 1_000_000))

    def tell(self, seconds: list[int]) -> list[int]:
        """Return the time of each report in input order; a second outside 0-59 is not known."""
        now, times = self.now_us, []
        for second in seconds:
            if not 0 <= second < 60:
                times.append(now)
                continue
            ahead = (second * 1_000_000 - now) % _MINUTE_US
            time = now + ahead if ahead < _MINUTE_US // 2 else now + ahead - _MINUTE_US
            times.append(time)
            now = max(now, time)
        self.now_us = now
        return times
