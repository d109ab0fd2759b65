"""Item D of a NOTAM: days and times in the dialects that offices write.

    0100-0600 0830-1130        DAILY 0700-1400        2200-1000 (NEXT DAY) DLY      MON-FRI 1000-1700 EXC MAR 17
    MAR 02-05 09 0600-1300, MAR 30 APR 01 0500-1200   17 1500-19 1359 (one span)    29 JUN 0327-0443 AND 03 JUL ...
    2603261342 TO 2603261838   EVERY SAT 0700-1100    H24

A month applies to the days after it until the next month; written behind its day it applies to the days before.
A day without any month is the one day of that number between items B and C; two or none is refused.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from detente.areas.calendar import Day, Instant
from detente.areas.outcomes import Reading, Reason, Unplaced, Window
from detente.areas.sun import BY_THE_SUN, Edge, Place, edge_of
from detente.areas.time_tokens import MONTHS, WEEKDAYS, Token, tokens
from detente.areas.timing import Group, clock_minute, doubt_reach, timed_windows

__all__ = ["Validity", "read_schedule"]

_STAMPS = re.compile(r"(?P<start>[0-9]{10}) ?(?:TO|-|/) ?(?P<end>[0-9]{10})[\s,;]{0,4}")
_QUIET = frozenset(("comma", "and", "lead", "zone"))


@dataclass(slots=True)
class Validity:
    """Items B and C: days are completed so that they lie between them. end None: permanent."""

    reading: Reading
    start: datetime
    end: datetime | None
    places: list[Place] = field(default_factory=list)
    """The centre and the extremes of the areas, for windows by the sun."""

    def date(self, day: Day) -> datetime:
        """Return midnight UTC of the one day that is meant. Raises Unplaced when there is none or several."""
        if day.year and day.month:
            return _made(day.year, day.month, day)
        if self.end is None:
            raise Unplaced(Reason.TIME, day.words)
        first = self.start.replace(hour=0, minute=0)
        found: list[datetime] = []
        year, month = first.year, first.month
        while (year, month) <= (self.end.year, self.end.month) and len(found) < 2:
            if day.month in {0, month} and _is_day(year, month, day.day):
                made = _made(year, month, day)
                if first <= made <= self.end:
                    found.append(made)
            year, month = year + month // 12, month % 12 + 1
        if len(found) == 1:
            return found[0]
        if not found and day.month:  # outside item B and C: kept, and doubted where the windows are checked
            return _made(first.year + (day.month < first.month - 6), day.month, day)
        raise Unplaced(Reason.TIME, day.words)


def read_schedule(text: str, validity: Validity) -> list[Window]:
    """Return the windows of item D. Raises Unplaced with the words that do not fit."""
    words = " ".join(text.split())
    stamps = _stamps(text, words)
    if stamps:
        return stamps
    run = [token for token in tokens(text) if token.kind not in {"lead", "zone", "every", "between"}]
    end = tokens(text)[-1].end if run else 0
    rest = text[end:].strip(" .,\n()")
    if not run or rest:
        raise Unplaced(Reason.TIME, rest or words)
    groups = _Schedule(run, words).parse()
    made: list[Window] = []
    doubt_reach(groups, validity)  # type: ignore[arg-type]
    for group in groups:
        group.is_daily = not group.spans
        if not group.days and not group.spans:
            group.days = _every_day(validity)
        group.words = group.words if not group.suns else words
        made += timed_windows(group, validity, validity.places)  # type: ignore[arg-type]
    return made


def _stamps(text: str, words: str) -> list[Window]:
    made, at = [], 0
    body = text.strip()
    while found := _STAMPS.match(body, at):
        made.append(Window(stamp(found["start"], words), stamp(found["end"], words)))
        at = found.end()
    if made and body[at:].strip(" .\n"):
        raise Unplaced(Reason.TIME, body[at:])
    if any(window.end <= window.start for window in made):  # type: ignore[operator]
        raise Unplaced(Reason.TIME_ORDER, words)
    return made


def stamp(digits: str, words: str) -> datetime:
    """Return the moment YYMMDDHHMM, 2000 to 2099; 2400 is the next midnight. Raises Unplaced."""
    year, month, day, hour, minute = (int(digits[at : at + 2]) for at in range(0, 10, 2))
    is_midnight = hour == 24 and minute == 0
    try:
        made = datetime(2000 + year, month, day, 0 if is_midnight else hour, minute, tzinfo=UTC)
    except ValueError:
        raise Unplaced(Reason.TIME, words) from None
    return made + timedelta(days=int(is_midnight))


def _every_day(validity: Validity) -> list[tuple[Day, Day | None]]:
    start, end = validity.start, validity.end
    if end is None:
        raise Unplaced(Reason.END_NOT_STATED, "PERM")
    return [
        (
            Day(day=start.day, words="", month=start.month, year=start.year),
            Day(day=end.day, words="", month=end.month, year=end.year),
        )
    ]


def _is_day(year: int, month: int, day: int) -> bool:
    try:
        datetime(year, month, day, tzinfo=UTC)
    except ValueError:
        return False
    return True


def _made(year: int, month: int, day: Day) -> datetime:
    try:
        return datetime(year, month, day.day, tzinfo=UTC)
    except ValueError:
        raise Unplaced(Reason.TIME, day.words) from None


class _Schedule:
    """Reads the tokens of an item D into groups: days, then their times."""

    def __init__(self, run: list[Token], words: str) -> None:
        self.run = run
        self.words = words
        self.at = 0
        self.month = 0
        self.is_behind = self._months_behind()
        self.groups: list[Group] = []

    def kind(self, ahead: int = 0) -> str:
        place = self.at + ahead
        return self.run[place].kind if place < len(self.run) else ""

    def take(self) -> Token:
        self.at += 1
        return self.run[self.at - 1]

    def _months_behind(self) -> bool:
        """Tell whether months stand behind their days: 29 JUN 0327-0443."""
        kinds = [token.kind for token in self.run]
        places = [place for place, kind in enumerate(kinds) if kind == "month"]
        return bool(places) and all(
            place and kinds[place - 1] == "day" and kinds[place + 1 : place + 2] not in (["day"], ["weekday"])
            for place in places
        )

    def parse(self) -> list[Group]:
        group = Group(words=self.words)
        while self.at < len(self.run):
            kind = self.kind()
            if kind in _QUIET:
                self.take()
            elif kind == "next_day":
                self._next_day(group)
            elif kind == "daily":
                self._daily(group)
            elif kind == "except":
                self.take()
                self._without(group)
            elif kind in {"clock", "h24", "sun"}:
                self._hours(group)
            elif kind in {"day", "month", "weekday", "holidays"}:
                if (group.clocks or group.spans or group.suns) and not self._days_come_last(group):
                    self._close(group)
                    group = Group(words=self.words)
                self._day(group)
            else:
                raise Unplaced(Reason.TIME, self.words)
        self._close(group)
        return self.groups

    def _days_come_last(self, group: Group) -> bool:
        """Tell whether the days of the only group stand behind its times: 0600-1800 MON-FRI."""
        rest = {token.kind for token in self.run[self.at :]}
        bare = not (group.days or group.weekdays or group.without_days or group.without_weekdays or self.groups)
        return bare and bool(group.clocks or group.suns) and not rest & {"clock", "h24", "sun"}

    def _close(self, group: Group) -> None:
        if not (group.clocks or group.spans or group.suns):
            raise Unplaced(Reason.TIME, self.words)
        self.groups.append(group)

    def _daily(self, group: Group) -> None:
        self.take()
        if group.days:
            raise Unplaced(Reason.TIME, self.words)

    def _next_day(self, group: Group) -> None:
        self.take()
        if not group.clocks or group.clocks[-1][1] > group.clocks[-1][0]:
            raise Unplaced(Reason.TIME, self.words)

    def _hours(self, group: Group) -> None:
        token = self.run[self.at]
        if token.text in BY_THE_SUN:
            self.take()
            group.suns.append(BY_THE_SUN[token.text])
        elif token.kind == "sun" or (token.kind == "clock" and self.kind(1) == "to" and self.kind(2) == "sun"):
            group.suns.append(self._edges())
        else:
            group.clocks.append(self._clock())

    def _edges(self) -> tuple[Edge, Edge]:
        """Read two ends of which one at least is the sun's: SR-SS, 0600-SS, SR MINUS 30-1200."""
        start = self._edge()
        if self.kind() != "to" or self.kind(1) not in {"sun", "clock"}:
            raise Unplaced(Reason.TIME, self.words)
        self.take()
        end = self._edge(is_end=True)
        if start.kind == end.kind != "clock" and end.minutes <= start.minutes:
            raise Unplaced(Reason.TIME_ORDER, self.words)
        return start, end

    def _edge(self, *, is_end: bool = False) -> Edge:
        token = self.take()
        if token.kind == "clock":
            return Edge("clock", clock_minute(token.text, self.words, is_end=is_end))
        return edge_of(token.text, self.words)

    def _clock(self) -> tuple[int, int]:
        token = self.take()
        if token.kind == "h24":
            return 0, 1440
        if self.kind() != "to" or self.kind(1) != "clock":
            raise Unplaced(Reason.TIME, self.words)
        self.take()
        end = clock_minute(self.take().text, self.words, is_end=True)
        start = clock_minute(token.text, self.words)
        if start == end:
            raise Unplaced(Reason.TIME_ORDER, self.words)
        return start, end

    def _day(self, group: Group) -> None:
        if self.kind() == "weekday":
            self._weekday(group.weekdays)
            return
        if self.kind() == "holidays":
            raise Unplaced(Reason.HOLIDAYS, self.words)
        first = self._one()
        if self.kind() == "clock" and self.kind(1) == "to" and self.kind(2) in {"day", "month"}:
            group.spans.append(self._span(first))
            return
        last = self._last(first)
        group.days.append((first, last))
        if self.is_behind:
            for day in (day for pair in group.days for day in pair if day is not None and not day.month):
                day.month = (last or first).month

    def _last(self, first: Day) -> Day | None:
        """Return the day that a run of days ends with, if it is a run."""
        if self.kind() != "to" or self.kind(1) not in {"day", "month"}:
            return None
        self.take()
        last = self._one()
        if not self.is_behind and last.month == first.month and last.day < first.day:
            raise Unplaced(Reason.TIME_ORDER, f"{first.words}-{last.words}")
        if self.is_behind and not first.month:
            first.month = last.month
        return last

    def _one(self, *, has_year: bool = True) -> Day:
        if self.kind() == "month" and not self.is_behind:
            self.month = MONTHS.index(self.take().text[:3]) + 1
        if self.kind() != "day":
            raise Unplaced(Reason.TIME, self.words)
        token = self.take()
        made = Day(day=token.number, words=token.text, month=self.month)
        if self.is_behind and self.kind() == "month":
            made.month = MONTHS.index(self.take().text[:3]) + 1
        is_year = has_year and self.kind() == "clock" and self.kind(1) not in {"to", "sun"} and made.month
        if is_year and 2000 <= self.run[self.at].number < 2100:
            made.year = self.take().number
        return made

    def _span(self, first: Day) -> tuple[Instant, Instant]:
        start = Instant(
            day=first.day, words=first.words, month=first.month, minute=clock_minute(self.take().text, self.words)
        )
        self.take()
        last = self._one(has_year=False)
        if self.kind() != "clock":
            raise Unplaced(Reason.TIME, self.words)
        end = clock_minute(self.take().text, self.words, is_end=True)
        return start, Instant(day=last.day, words=last.words, month=last.month, minute=end)

    def _weekday(self, into: set[int]) -> None:
        first = WEEKDAYS.index(self.take().text[:3])
        last = first
        if self.kind() == "to" and self.kind(1) == "weekday":
            self.take()
            last = WEEKDAYS.index(self.take().text[:3])
        into.update((first + step) % 7 for step in range((last - first) % 7 + 1))

    def _without(self, group: Group) -> None:
        before = self.month
        while self.at < len(self.run):
            kind = self.kind()
            if kind in _QUIET:
                self.take()
            elif kind == "weekday":
                self._weekday(group.without_weekdays)
            elif kind == "holidays":
                group.holidays = self.take().text
            elif kind in {"day", "month"}:
                first = self._one()
                last = None
                if self.kind() == "to" and self.kind(1) in {"day", "month"}:
                    self.take()
                    last = self._one()
                if self.kind() == "clock":
                    raise Unplaced(Reason.TIME, self.words)
                group.without_days.append((first, last))
            else:
                break
        self.month = before
