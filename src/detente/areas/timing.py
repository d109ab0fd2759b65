"""When: the grammar of dates and clock times in navigational warnings, and in the prose of NOTAM.

A phrase is a run of words about time (detente.areas.time_tokens). It is read as a list of elements: spans from
instant to instant, clock times, days, "daily", "alternate", exceptions; elements make groups, groups windows.
What does not fit is refused with its words.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NoReturn

from detente.areas.calendar import Calendar, Day, Instant
from detente.areas.outcomes import Reason, Unplaced, Window
from detente.areas.sun import BY_THE_SUN, Edge, Place, edge_of, sun_windows
from detente.areas.time_tokens import MONTHS, WEEKDAYS, Token

__all__ = ["Group", "Timing", "clock_minute", "days_of", "doubt_reach", "elements", "timed_windows", "windows_of"]

MOST_WINDOWS = 4_000
"""More windows than this, ten years of days, are no announcement."""
_NOISE = frozenset(("lead", "zone", "every"))
_JOINS = frozenset(("comma", "and"))


@dataclass(slots=True)
class Group:
    """Days with their clock times, or spans; days_to: the days run from one to the other."""

    days: list[tuple[Day, Day | None]] = field(default_factory=list)
    clocks: list[tuple[int, int]] = field(default_factory=list)
    suns: list[tuple[Edge, Edge]] = field(default_factory=list)
    spans: list[tuple[Instant | None, Instant]] = field(default_factory=list)
    is_daily: bool = False
    is_alternate: bool = False
    is_until: bool = False
    is_open: bool = False
    weekdays: set[int] = field(default_factory=set)
    without_weekdays: set[int] = field(default_factory=set)
    without_days: list[tuple[Day, Day | None]] = field(default_factory=list)
    holidays: str = ""
    words: str = ""

    @property
    def has_hours(self) -> bool:
        """Tell whether it says when on a day: by the clock or by the sun."""
        return bool(self.clocks or self.suns)


class Timing:
    """Reads one phrase into groups."""

    def __init__(self, run: list[Token], words: str, year: int) -> None:
        self.words = words
        self.year = year
        self.has_zone = any(token.kind == "zone" or token.text.endswith("Z") for token in run)
        if any(
            token.kind == "local" or token.text.endswith("M") for token in run if token.kind in {"local", "clock"}
        ):
            raise Unplaced(Reason.LOCAL_TIME, words)
        self.run = [token for token in run if token.kind not in _NOISE]
        self.at = 0
        self.groups: list[Group] = []
        self.pending: list[Day] = []

    def kind(self, ahead: int = 0) -> str:
        """Return the kind of a token from here on; "" past the end."""
        place = self.at + ahead
        return self.run[place].kind if place < len(self.run) else ""

    def next(self) -> Token:
        """Take one token."""
        self.at += 1
        return self.run[self.at - 1]

    def fail(self) -> NoReturn:
        """Refuse the phrase."""
        raise Unplaced(Reason.TIME, self.words)

    def parse(self) -> list[Group]:
        """Return the groups. Raises Unplaced."""
        group, is_alternate, is_clock_first = Group(), False, None
        while self.at < len(self.run):
            kind = self.kind()
            if kind == "next_day" and (not group.clocks or group.clocks[-1][1] > group.clocks[-1][0]):
                self.fail()
            if kind in _JOINS or kind == "next_day":
                self.next()
                continue
            if kind == "alternate":
                self.next()
                self._close(group)
                group, is_alternate, is_clock_first = Group(is_alternate=True), True, None
                continue
            element = self._element()
            starts_anew = (
                (element == "clock" and group.has_hours and group.days and is_clock_first)
                or (element == "days" and group.has_hours and group.days and is_clock_first is False)
                or (element in {"span", "day_span"} and (group.has_hours or group.days))
                or (element in {"clock", "days"} and bool(group.spans) and not self._narrows(group))
            )
            if starts_anew:
                self._close(group)
                group, is_clock_first = Group(is_alternate=is_alternate), None
            if is_clock_first is None and element in {"clock", "days"}:
                is_clock_first = element == "clock"
            self._take(element, group)
        self._close(group)
        if any(not day.month for day in self.pending) and any(day.month for day in self.pending):
            self.fail()
        return self.groups

    def _narrows(self, group: Group) -> bool:
        """Tell whether clock times follow a span to say when within it: DAILY BETWEEN 04:00 AND 22:59."""
        return group.is_daily and len(group.spans) == 1

    def _close(self, group: Group) -> None:
        if group.days or group.has_hours or group.spans or group.is_open:
            group.words = self.words
            self.groups.append(group)

    def _element(self) -> str:
        kind = self.kind()
        if kind == "instant" or (kind in {"until", "to"} and self.kind(1) == "instant"):
            return "span"
        if kind in {"day", "iso", "month"} and self._is_day_span():
            return "day_span"
        if kind in {"clock", "h24", "sun"} or (kind == "between" and self.kind(1) in {"clock", "sun"}):
            return "clock"
        if kind in {"day", "iso", "month"} or (kind == "between" and self.kind(1) in {"day", "iso", "month"}):
            return "days"
        if kind in {"until", "to"} and self.kind(1) in {"day", "iso", "month"}:
            return "days"
        if kind in {"daily", "except", "further", "weekday"}:
            return kind
        return self.fail()

    def _take(self, element: str, group: Group) -> None:
        match element:
            case "span":
                group.spans.append(self._span())
            case "day_span":
                group.spans.append(self._day_span())
            case "clock":
                self._hours(group)
            case "days":
                self._days(group)
            case "daily":
                self.next()
                group.is_daily = True
            case "except":
                self.next()
                self._except(group)
            case "further":
                self.next()
                group.is_open = True
            case _:
                self._weekdays(group.weekdays, group)

    def _instant(self) -> Instant:
        token = self.next()
        digits = f"{token.number:06d}"
        minute = clock_minute(digits[2:], token.text)
        made = Instant(day=int(digits[:2]), words=token.text, minute=minute)
        self.pending.append(made)
        self._month_after(made)
        return made

    def _month_after(self, made: Day) -> None:
        """Give a month (and year) that follows to every date before it that has none."""
        if self.kind() != "month":
            return
        month = MONTHS.index(self.next().text[:3]) + 1
        year = self._year_after(made)
        for day in self.pending:
            if not day.month:
                day.month, day.year, day.words = month, day.year or year, f"{day.words} {MONTHS[month - 1]}"
            elif year and not day.year:
                day.year = year - (day.month > month)

    def _year_after(self, made: Day) -> int:
        if self.kind() == "year" or (self.kind() == "day" and self._is_year(made)):
            return 2000 + self.next().number
        if self.kind() == "clock" and self._is_long_year():
            return self.next().number
        return 0

    def _is_year(self, made: Day) -> bool:
        token = self.run[self.at]
        is_two = len(token.text) == 2 and token.text.isdigit()
        return (
            is_two and (isinstance(made, Instant) or 2000 + token.number == self.year) and self.kind(1) != "month"
        )

    def _is_long_year(self) -> bool:
        token = self.run[self.at]
        is_near = (
            token.text.isdigit()
            and abs(token.number - (self.year or token.number)) <= 1
            and 1990 < token.number < 2100
        )
        return is_near and not (
            self.kind(1) in {"to", "and"} and self.kind(2) == "clock" and self.kind(3) != "to"
        )

    def _is_day_span(self) -> bool:
        """Tell whether a day with one clock time runs to another day with its own: 17 1500-19 1359."""
        kinds = [self.kind(step) for step in range(9)]
        if "clock" not in kinds:
            return False
        first = kinds.index("clock")
        if any(kind not in {"day", "iso", "month", "year"} for kind in kinds[:first]):
            return False
        rest = kinds[first + 1 :]
        if rest[:1] not in (["to"], ["until"]):
            return False
        rest = [kind for kind in rest[1:4] if kind != "month"]
        return rest[:1] in (["day"], ["iso"]) and rest[1:2] == ["clock"]

    def _day_span(self) -> tuple[Instant | None, Instant]:
        ends: list[Instant] = []
        for _ in range(2):
            forward = MONTHS.index(self.next().text[:3]) + 1 if self.kind() == "month" else 0
            day = self._day(forward)
            if self.kind() != "clock":
                self.fail()
            minute = clock_minute(self.next().text, self.words, is_end=bool(ends))
            made = Instant(day=day.day, words=day.words, month=day.month, year=day.year, minute=minute)
            if day in self.pending:
                self.pending[self.pending.index(day)] = made
            ends.append(made)
            if len(ends) == 1:
                self.next()
        return ends[0], ends[1]

    def _span(self) -> tuple[Instant | None, Instant]:
        if self.kind() in {"until", "to"}:
            self.next()
            return None, self._instant()
        start = self._instant()
        if self.kind() not in {"to", "until"}:
            self.fail()
        self.next()
        if self.kind() != "instant":
            self.fail()
        return start, self._instant()

    def _hours(self, group: Group) -> None:
        ahead = 1 if self.kind() == "between" else 0
        if "sun" not in {self.kind(ahead), self.kind(ahead + 2)} or self.kind(ahead) == "h24":
            group.clocks.append(self._clock())
        elif self.run[self.at + ahead].text in BY_THE_SUN:
            self.at += ahead
            group.suns.append(BY_THE_SUN[self.next().text])
        else:
            self.at += ahead
            group.suns.append(self._by_the_sun({"to", "until", "and"} if ahead else {"to", "until"}))

    def _by_the_sun(self, joins: set[str]) -> tuple[Edge, Edge]:
        """Read two ends of which one at least is the sun's: SUNRISE TO SUNSET, 0600Z TO SUNSET."""
        start = self._edge(is_end=False)
        if self.kind() not in joins or self.kind(1) not in {"sun", "clock"}:
            self.fail()
        self.next()
        end = self._edge(is_end=True)
        if "clock" == start.kind == end.kind:
            self.fail()
        if start.kind == end.kind and end.minutes <= start.minutes:
            raise Unplaced(Reason.TIME_ORDER, self.words)
        return start, end

    def _edge(self, *, is_end: bool) -> Edge:
        token = self.next()
        if token.kind == "clock":
            return Edge("clock", clock_minute(token.text, self.words, is_end=is_end))
        return edge_of(token.text, self.words)

    def _clock(self) -> tuple[int, int]:
        if self.kind() == "h24":
            self.next()
            return 0, 1440
        joins = {"to", "until"}
        if self.kind() == "between":
            self.next()
            joins = {"to", "and", "until"}
        start = self.next()
        if self.kind() not in joins or self.kind(1) != "clock":
            self.fail()
        self.next()
        end = self.next()
        return clock_minute(start.text, self.words), clock_minute(end.text, self.words, is_end=True)

    def _days(self, group: Group) -> None:
        if self.kind() in {"until", "to"}:
            self.next()
            group.is_until = True
        elif self.kind() == "between":
            self.next()
        forward = 0
        if self.kind() == "month":
            forward = MONTHS.index(self.next().text[:3]) + 1
            if self.kind() != "day":
                self.fail()
        while True:
            first = self._day(forward)
            last = None
            if self.kind() in {"to", "and"} and self._runs_on():
                self.next()
                if self.kind() == "month":
                    forward = MONTHS.index(self.next().text[:3]) + 1
                last = self._day(forward)
            group.days.append((first, last))
            step = self._to_next_day()
            if not step:
                break
            self.at += step
        if forward and (self.kind() == "year" or (self.kind() == "clock" and self._is_long_year())):
            self._year_for_all(group)

    def _year_for_all(self, group: Group) -> None:
        year = self.next().number
        for first, last in group.days:
            first.year = year
            if last:
                last.year = year

    def _runs_on(self) -> bool:
        return self.kind() == "to" and self.kind(1) in {"day", "iso", "month"}

    def _to_next_day(self) -> int:
        """Return how many joining words stand before another day of this list; 0 when the list ends."""
        step = 0
        while self.kind(step) in _JOINS:
            step += 1
        return step if self.kind(step) in {"day", "iso"} else 0

    def _day(self, forward: int) -> Day:
        if self.kind() not in {"day", "iso"}:
            self.fail()
        token = self.next()
        if token.kind == "iso":
            year, month, day = (int(part) for part in token.text.split("-"))
            return Day(day=day, words=token.text, month=month, year=year)
        made = Day(day=token.number, words=token.text, month=forward)
        if not forward:
            self.pending.append(made)
            self._month_after(made)
        else:
            made.words = f"{MONTHS[forward - 1]} {token.text}"
        return made

    def _except(self, group: Group) -> None:
        while self.at < len(self.run):
            kind = self.kind()
            if kind in _JOINS:
                if self.kind(1) not in {"weekday", "holidays", "day", "month"} and not (
                    self.kind(1) in _JOINS and self.kind(2) in {"weekday", "holidays"}
                ):
                    return
                self.next()
            elif kind == "weekday":
                self._weekdays(group.without_weekdays, group)
            elif kind == "holidays":
                group.holidays = self.next().text
            elif kind in {"day", "month"}:
                inner = Group()
                self._days(inner)
                group.without_days += inner.days
            else:
                return

    def _weekdays(self, into: set[int], group: Group) -> None:
        first = WEEKDAYS.index(self.next().text[:3])
        if self.kind() == "to" and self.kind(1) == "weekday":
            self.next()
            last = WEEKDAYS.index(self.next().text[:3])
            into.update((first + step) % 7 for step in range((last - first) % 7 + 1))
        else:
            into.add(first)
        _ = group


def clock_minute(text: str, words: str, *, is_end: bool = False) -> int:
    """Return minutes after midnight from "0700", "07:00Z"; "2400" only as an end. Raises Unplaced."""
    digits = "".join(letter for letter in text if letter.isdigit())
    hour, minute = int(digits[:2]), int(digits[2:4] or 0)
    if hour > 24 or minute > 59 or (hour == 24 and (minute or not is_end)):
        raise Unplaced(Reason.TIME, words)
    return hour * 60 + minute


def elements(run: list[Token], words: str, year: int) -> tuple[list[Group], bool]:
    """Return the groups of a phrase and whether it states its zone."""
    timing = Timing(run, words, year)
    return timing.parse(), timing.has_zone


def doubt_reach(groups: list[Group], calendar: Calendar) -> None:
    """Doubt which of several groups an exception holds for."""
    excepting = [bool(group.without_weekdays or group.without_days or group.holidays) for group in groups]
    if any(excepting) and not all(excepting):
        calendar.reading.doubt(Reason.EXCEPTION_REACH, groups[0].words)


def windows_of(group: Group, calendar: Calendar) -> list[Window]:
    """Return the windows of one group in order; doubts go to the calendar's reading. Raises Unplaced."""
    reading = calendar.reading
    restricts = bool(group.weekdays or group.without_weekdays or group.without_days or group.holidays)
    if group.spans and (restricts or (group.is_daily and not group.clocks)):
        raise Unplaced(Reason.TIME, group.words)  # a span from instant to instant has no days to choose from
    if group.is_until and reading.issued_at is None:
        return _until(group, calendar)
    made = [_span_window(span, group, calendar) for span in group.spans if not (group.is_daily and group.clocks)]
    days = list(days_of(group, calendar))
    if group.holidays:
        reading.doubt(Reason.HOLIDAYS, group.holidays)
    if days and not group.clocks:
        reading.doubt(Reason.NO_HOURS, group.words)
        made += _whole_days(days, group, reading.cancel_at)
    is_run = any(last is not None for _, last in group.days)
    if group.clocks and is_run and not group.is_daily and not group.weekdays:
        reading.doubt(Reason.DAILY_INFERRED, group.words)
    for day in days:
        for start, end in group.clocks:
            made.append(
                Window(
                    day + timedelta(minutes=start),
                    day + timedelta(minutes=end, days=int(end <= start)),
                    group.is_alternate,
                )
            )
    if not made and not group.is_open:
        raise Unplaced(Reason.TIME, group.words)
    if group.is_open:
        made = [Window(window.start, None, window.is_alternate) for window in made[:1]] or [
            Window(reading.issued_at, None, group.is_alternate)
        ]
    return made


def timed_windows(group: Group, calendar: Calendar, places: list[Place]) -> list[Window]:
    """Return the windows of one group, those by the sun computed for the places, in doubt. Raises Unplaced."""
    made = [] if group.suns and not group.clocks and not group.spans else windows_of(group, calendar)
    if group.suns:
        days = [] if group.is_open or group.is_until else days_of(group, calendar)
        if not days:
            raise Unplaced(Reason.TIME, group.words)
        by_the_sun = sun_windows(days, group.suns, places, group.words)
        made += [Window(window.start, window.end, group.is_alternate) for window in by_the_sun]
        calendar.reading.doubt(Reason.SUN_TIMES_COMPUTED, group.words)
    return made


def _span_window(span: tuple[Instant | None, Instant], group: Group, calendar: Calendar) -> Window:
    start = None if span[0] is None else calendar.date(span[0]) + timedelta(minutes=span[0].minute)
    end = calendar.date(span[1]) + timedelta(minutes=span[1].minute)
    if start is not None and end <= start:
        raise Unplaced(Reason.TIME_ORDER, group.words)
    return Window(start, end, group.is_alternate)


def days_of(group: Group, calendar: Calendar) -> list[datetime]:
    """Return the days of a group in order, each once, without those that are excepted. Raises Unplaced."""
    days: list[datetime] = []
    for first, last in group.days:
        days += _run(first, last, group, calendar)
    if group.spans and group.is_daily and group.clocks:
        for start, end in group.spans:
            if start is None:
                raise Unplaced(Reason.TIME, group.words)
            days += _run(start, end, group, calendar)
    without = {
        day for first, last in group.without_days for day in _run(first, last, Group(words=group.words), calendar)
    }
    return [
        day
        for day in sorted(set(days))
        if day not in without
        and day.weekday() not in group.without_weekdays
        and (not group.weekdays or day.weekday() in group.weekdays)
    ]


def _run(first: Day, last: Day | None, group: Group, calendar: Calendar) -> list[datetime]:
    end = calendar.date(last or first)
    if last is None and group.is_until and first is group.days[0][0] and calendar.reading.issued_at is not None:
        start = calendar.reading.issued_at.replace(hour=0, minute=0)
    else:
        start = calendar.date(first)
    if end < start or (end - start).days > MOST_WINDOWS:
        raise Unplaced(Reason.TIME_ORDER, group.words)
    return [start + timedelta(days=step) for step in range((end - start).days + 1)]


def _until(group: Group, calendar: Calendar) -> list[Window]:
    """Return one window that is already open: a schedule without its first day cannot be told day by day."""
    reading = calendar.reading
    reading.doubt(Reason.START_NOT_STATED, group.words)
    reading.doubt(Reason.SCHEDULE_NOT_EXPANDED, group.words)
    ends = [calendar.date(last or first) for first, last in group.days]
    clocks = group.clocks or [(0, 1440)]
    end = max(ends) + max(timedelta(minutes=end, days=int(end <= start)) for start, end in clocks)
    return [Window(None, end, group.is_alternate)]


def _whole_days(days: list[datetime], group: Group, cancel: datetime | None) -> list[Window]:
    """Return runs of whole UTC days, neighbouring days joined; the last day ends with the cancel line on it."""
    made: list[Window] = []
    for day in days:
        after = day + timedelta(days=1)
        if made and made[-1].end == day:
            made[-1] = Window(made[-1].start, after, group.is_alternate)
        else:
            made.append(Window(day, after, group.is_alternate))
    if made and cancel is not None and made[-1].end is not None and days[-1] < cancel < made[-1].end:
        made[-1] = Window(made[-1].start, cancel, group.is_alternate)
    return made
