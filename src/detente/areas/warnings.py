"""Navigational warnings: NAVAREA, HYDRO*, coastal and local ones, by IHO S-53 and the customs of their offices."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from detente.areas.activities import activity_of
from detente.areas.asides import strike_asides, words_left
from detente.areas.calendar import Calendar
from detente.areas.checks import check_windows
from detente.areas.known_words import words_not_known
from detente.areas.letters import plain
from detente.areas.names import strike_named
from detente.areas.outcomes import Announced, Reading, Reason, Unplaced, Window
from detente.areas.page import Page
from detente.areas.placing import Placed, place
from detente.areas.positions import COORDINATE_LIKE, find_positions
from detente.areas.sun import Place
from detente.areas.time_tokens import MONTHS, Token, phrases
from detente.areas.timing import Group, doubt_reach, elements, timed_windows
from detente.notices.shapes import Named, Point

__all__ = ["HEADLINE", "PREAMBLE", "read_warning"]

_SERIES = (
    r"NAVAREA? [IVX]{1,5}|HYDRO[A-Z]{3,4}|(?:[A-Z]+ ){1,3}?(?:NAV(?:IGATIONAL)?|COASTAL|LOCAL) WARN(?:ING)?S?(?: LIT)?|NORWEGIAN NAVWARN|"
    r"(?:[A-Z]+ )?NAVWARN|(?:[A-Z]+ )?AVURNAV|COASTAL WARNING [A-Z]+"
)
HEADLINE = re.compile(
    rf"(?m)^ *(?:\[[^\]\n]{{1,60}}\] *)?(?P<series>{_SERIES}) (?:NR\.? ?)?(?P<number>[0-9]{{1,4}}/(?:20)?[0-9]{{2}})(?P<sub>\([0-9, ]{{1,30}}\))?\.? *$"
)
PREAMBLE = re.compile(
    r"(?m)^ *(?P<day>[0-9]{2})(?P<hour>[0-9]{2})(?P<minute>[0-9]{2}) ?(?:Z|UTC) (?P<month>[A-Z]{3}) ?(?P<year>[0-9]{2,4})? *$"
)
_SELF_CANCEL = re.compile(
    r"(?:\b[0-9]{1,2} ?[.)] ?)?\bCAN(?:CEL)?(?: THIS (?:MSG|MESSAGE|WARNING|WRNG))?(?: (?:AT|ON))? (?P<day>[0-9]{2})(?P<hour>[0-9]{2})(?P<minute>[0-9]{2}) ?(?:Z|UTC)? "
    r"(?P<month>[A-Z]{3})[A-Z]{0,6} ?(?P<year>20[0-9]{2}|[0-9]{2})?(?![0-9])[ .=]{0,3}"
)
_CANCELS = re.compile(
    rf"(?:\b[0-9]{{1,2}} ?[.)] ?)?\bCAN(?:CEL(?:S|LED)?)? (?:MSG )?(?P<list>(?:(?:{_SERIES}|[A-Z]{{4,12}}) )[0-9]{{1,4}}/[0-9]{{2,4}}(?:(?:, ?| AND )(?:[A-Z ]{{4,40}} )?[0-9]{{1,4}}/[0-9]{{2,4}}){{0,20}})[ .=]{{0,3}}"
)
_REFERENCE = re.compile(
    rf"\b(?:(?:PREVIOUS|PRIVIOUS) HF (?:WARNINGS?|MESSAGES?)(?: ISSUED)?|REF(?:ERENCE)?:?|SEE) (?:{_SERIES})? ?[0-9]{{1,4}}/[0-9]{{2,4}}"
)
_PARAGRAPH = re.compile(
    r"(?m)^ *[0-9]{1,2} ?[.)](?= *[A-Z])(?! *(?:JAN|FEB|MAR|APR|MAY|JUN|JUL|AUG|SEP|OCT|NOV|DEC)\b)"
)
_AREA_LABEL = re.compile(r"\b(?:HAZARD )?(?:AREA|ZONE) (?P<label>[0-9]{1,2}|[A-Z])(?= ?[:.]|\n| *\n)\.?:?")
_LONE_LABEL = re.compile(r"(?m)^ *[A-Z] ?[.)](?= )")
_NAMES = (
    re.compile(r"\b(?P<name>FIRING PRACTICE AREA [0-9]{1,2}[A-Z]?)\b"),
    re.compile(r"\bAREA [\"'](?P<name>[A-Z0-9-]{1,12})[\"']"),
    re.compile(r"[\"'](?P<name>[A-Z0-9-]{1,12})[\"'] AREA\b"),
    re.compile(
        r"\b(?P<name>(?:EY[DPR]|BR|KR|S|EE[DPR]|EV[DPR]|EP[DPR]|ES[DPR]|UL[DPR])-?[0-9]{1,4}[A-Z]?)(?=[ ,\n])(?!\.)"
    ),
)
_NO_DANGER = re.compile(
    r"\b(?:UNLIT|HIJACKED|SANK|SUNK|ADRIFT|GPS INTERFERENCE|GNSS INTERFERENCE|WRECK|DRIFTING|PIRAT)"
)
_SERIES_KNOWN = re.compile(rf"(?:{_SERIES})$")


def read_warning(reading: Reading) -> None:
    """Read one warning into the reading. Raises Unplaced for what must refuse the whole text."""
    text, strange = plain(reading.text)
    for word in strange:
        reading.doubt(Reason.LETTERS, word)
    page = Page(text)
    calendar = Calendar(reading)
    _head(page, reading, calendar)
    _cancellations(page, reading, calendar)
    page.take(_PARAGRAPH)
    strike_asides(page)
    names = _names(page)
    positions = find_positions(page)
    _refuse_broken(page)
    placed = place(page, positions)
    page.take(_AREA_LABEL)
    page.take(_LONE_LABEL)
    timed = _times(page, reading, calendar)
    if not placed and not names:
        reason = Reason.NOT_A_DANGER_AREA if _NO_DANGER.search(text) else Reason.NO_AREA
        raise Unplaced(reason, page.words(0, min(len(text), 200)))
    _areas(reading, placed, names)
    if _NO_DANGER.search(text):
        raise Unplaced(Reason.NOT_A_DANGER_AREA, _NO_DANGER.search(text).group())  # type: ignore[union-attr]
    _join(reading, calendar, placed, timed)
    for words in words_left(page):
        reading.doubt(Reason.WORDS_LEFT, words)
    if unknown := words_not_known(page):
        reading.doubt(Reason.WORDS_NOT_KNOWN, unknown)
    reading.activity = activity_of(text)
    check_windows(reading)


def _refuse_broken(page: Page) -> None:
    broken = COORDINATE_LIKE.search(page.view)
    if broken:
        raise Unplaced(Reason.COORDINATE, page.words(max(0, broken.start() - 15), broken.end() + 15))


def _head(page: Page, reading: Reading, calendar: Calendar) -> None:
    heads = list(HEADLINE.finditer(page.view))
    numbers = {" ".join(head["number"].split()) for head in heads}
    if len(numbers) > 1:
        raise Unplaced(Reason.RUN_TOGETHER, " / ".join(sorted(numbers)))
    if heads:
        series = heads[0]["series"].replace("NAVARE ", "NAVAREA ")
        if series != heads[0]["series"]:
            reading.doubt(Reason.UNKNOWN_SERIES, heads[0].group())
        reading.text_id = f"{series} {heads[0]['number']}"
        reading.words["id"] = heads[0].group().strip()
        page.take(HEADLINE)
    number = re.search(r"/(?:20)?([0-9]{2})\b", reading.text_id)
    calendar.number_year = 2000 + int(number[1]) if number else 0

    def use(found: re.Match[str]) -> bool:
        year = int(found["year"] or 0) % 100 + 2000 if found["year"] else 0
        moment = _moment(found, year or calendar.number_year)
        reading.issued_at = moment
        if year:
            reading.words["issued_at"] = found.group().strip()
        else:
            reading.words["issued_at_no_year"] = found.group().strip()
        return True

    page.take(PREAMBLE, use)


def _moment(found: re.Match[str], year: int) -> datetime:
    words = found.group().strip()
    if not year or found["month"] not in MONTHS:
        raise Unplaced(Reason.TIME, words)
    hour, days = int(found["hour"]), 0
    try:
        return datetime(
            year,
            MONTHS.index(found["month"]) + 1,
            int(found["day"]) + days,
            hour,
            int(found["minute"]),
            tzinfo=UTC,
        )
    except ValueError:
        raise Unplaced(Reason.TIME, words) from None


def _cancellations(page: Page, reading: Reading, calendar: Calendar) -> None:
    def own(found: re.Match[str]) -> bool:
        words = " ".join(found.group().split())
        year = int(found["year"] or 0) % 100 + 2000 if found["year"] else 0
        if year:
            reading.words["cancel_year"] = words
        elif reading.issued_at is not None and found["month"] in MONTHS:
            year = reading.issued_at.year + (MONTHS.index(found["month"]) + 1 < reading.issued_at.month)
        else:
            year = calendar.number_year
            reading.doubt(Reason.YEAR_FROM_NUMBER, reading.text_id)
        reading.cancel_at = _moment(found, year)
        reading.words["cancel_at"] = words
        return True

    def other(found: re.Match[str]) -> bool:
        series = ""
        for part in re.split(r", ?| AND ", found["list"]):
            match = re.fullmatch(r"(.*? )?([0-9]{1,4}/[0-9]{2,4})", part.strip())
            if match:
                series = (match[1] or series).strip()
                if not _SERIES_KNOWN.fullmatch(series) or re.fullmatch(r"HYDRO(?!LANT|PAC|ARC).*", series):
                    reading.doubt(Reason.UNKNOWN_SERIES, found.group())
                reading.cancels.append(f"{series} {match[2]}")
        reading.words["cancels"] = " ".join(found.group().split())
        return True

    page.take(_SELF_CANCEL, own)
    page.take(_CANCELS, other)
    page.take(_REFERENCE)


def _names(page: Page) -> list[tuple[int, str]]:
    names = [(0, name) for name in strike_named(page)]
    for pattern in _NAMES:

        def use(found: re.Match[str]) -> bool:
            names.append((found.start(), found["name"]))
            return True

        page.take(pattern, use)
    return sorted(names)


def _areas(reading: Reading, placed: list[Placed], names: list[tuple[int, str]]) -> None:
    """Put areas into the reading; one name and one shape belong together."""
    for item in placed:
        for reason, words in item.doubts:
            reading.doubt(reason, words)
    areas = [item.area for item in placed]
    unlike = sorted({name for _, name in names})
    if len(areas) == 1 and len(unlike) == 1:
        areas = [Announced(areas[0].shape, areas[0].words, name=unlike[0])]
    elif not areas:
        areas = [Announced(Named(name=name), name, name=name) for name in unlike]
    elif unlike:
        reading.doubt(Reason.WORDS_LEFT, ", ".join(unlike))
    if any(isinstance(area.shape, Point) and not area.name for area in areas):
        reading.doubt(
            Reason.EXTENT_ELSEWHERE, next(area.words for area in areas if isinstance(area.shape, Point))
        )
    reading.areas = areas
    if areas:
        reading.words["areas"] = " / ".join(area.words for area in areas)[:4000]


_Timed = tuple[int, list[Group], str]


def _times(page: Page, reading: Reading, calendar: Calendar) -> list[_Timed]:
    """Return every phrase about time: where it stands, its groups, its words."""
    timed: list[_Timed] = []
    for run in phrases(page):
        words = page.words(run[0].start, run[-1].end)
        _strike(page, run)
        groups, has_zone = elements(
            run, words, calendar.number_year or (reading.issued_at.year if reading.issued_at else 0)
        )
        needs_zone = any(
            group.clocks or group.spans or any(edge.kind == "clock" for pair in group.suns for edge in pair)
            for group in groups
        )
        if (
            needs_zone
            and not has_zone
            and not re.search(r"\bTIMES?\s+(?:IS\s+)?IN\s+UTC\b|\bALL TIMES UTC\b", page.text)
        ):
            reading.doubt(Reason.ZONE_NOT_STATED, words)
        doubt_reach(groups, calendar)
        if groups:
            timed.append((run[0].start, groups, words))
    page.take(re.compile(r"\bTIMES?\s+(?:IS\s+)?IN\s+UTC\b|\bUTC\b"))
    return timed


def _strike(page: Page, run: list[Token]) -> None:
    start, end = run[0].start, run[-1].end
    page.view = page.view[:start] + "\x00" * (end - start) + page.view[end:]


def _join(reading: Reading, calendar: Calendar, placed: list[Placed], timed: list[_Timed]) -> None:
    """Give the windows to the areas: one schedule for all, or, where they alternate, to each area its own."""
    reading.words["windows"] = " / ".join(words for _, _, words in timed)
    if not timed:
        _without_time(reading)
        return
    timed = _without_hull(_days_with_hours(reading, timed), calendar)
    if len(timed) > 1 and len(timed) == len(placed) and _alternate(placed, timed):
        shared: list[Announced] = []
        for area, (_, groups, _) in zip(reading.areas, timed, strict=True):
            suns = _places([area], timed)
            windows = tuple(window for group in groups for window in timed_windows(group, calendar, suns))
            shared.append(Announced(area.shape, area.words, area.name, area.vertical, windows))
        reading.areas = shared
        reading.windows = sorted({window for area in shared for window in area.windows or ()}, key=_order)
        return
    if len(timed) > 1 and placed and timed[0][0] < placed[0].start < timed[-1][0] and len(placed) > 1:
        raise Unplaced(Reason.TIME, reading.words["windows"])
    suns = _places(reading.areas, timed)
    reading.windows = sorted(
        (window for _, groups, _ in timed for group in groups for window in timed_windows(group, calendar, suns)),
        key=_order,
    )


def _places(areas: list[Announced], timed: list[_Timed]) -> list[Place]:
    """Return where the sun rises and sets for areas: only where the times ask for it, and all places are known."""
    from detente.areas.outlines import extremes  # noqa: PLC0415 - loads the geodesic library when it is needed

    asked = any(group.suns for _, groups, _ in timed for group in groups)
    if not asked or any(isinstance(area.shape, Named) for area in areas):
        return []
    return extremes([area.shape for area in areas])


def _alternate(placed: list[Placed], timed: list[_Timed]) -> bool:
    places = [item.start for item in placed]
    times = [start for start, _, _ in timed]
    return all(time < place for time, place in zip(times, places, strict=True)) and all(
        place < time for place, time in zip(places, times[1:], strict=False)
    )


def _days_with_hours(reading: Reading, timed: list[_Timed]) -> list[_Timed]:
    """Join days told in one sentence and hours told in another; that they belong together is doubted."""
    made: list[_Timed] = []
    for start, groups, words in timed:
        last = made[-1] if made else None
        if last and _is_bare(groups, "days") and _is_bare(last[1], "has_hours"):
            last[1][-1].days = groups[0].days
            last[1][-1].is_daily = True
        elif last and _is_bare(groups, "has_hours") and _is_bare(last[1], "days"):
            last[1][-1].clocks, last[1][-1].suns = groups[0].clocks, groups[0].suns
            last[1][-1].is_daily = True
        else:
            made.append((start, groups, words))
            continue
        reading.doubt(Reason.DAILY_INFERRED, f"{last[2]} / {words}")
    return made


def _without_hull(timed: list[_Timed], calendar: Calendar) -> list[_Timed]:
    """Leave out a period of days that only encloses the days told later with their hours."""
    if (
        len(timed) != 2
        or not _is_bare(timed[0][1], "days")
        or not all(group.days and group.has_hours for group in timed[1][1])
    ):
        return timed
    first = timed[0][1][0].days[0][0]
    last = timed[0][1][0].days[-1]
    for _, groups, _ in timed[1:]:
        for day in (day for group in groups for pair in group.days for day in pair if day is not None):
            day.year = day.year or first.year or (last[1] or last[0]).year
            if not calendar.date(first) <= calendar.date(day) <= calendar.date(last[1] or last[0]):
                return timed
    return timed[1:]


def _is_bare(groups: list[Group], held: str) -> bool:
    group = groups[-1]
    other = group.has_hours if held == "days" else group.days
    return len(groups) == 1 and bool(getattr(group, held)) and not other and not group.spans


def _without_time(reading: Reading) -> None:
    """Without any word about time a warning is in force from its issue until it is cancelled."""
    if reading.issued_at is None and reading.cancel_at is None:
        raise Unplaced(Reason.NO_TIME, reading.text_id)
    if reading.issued_at and reading.cancel_at and reading.cancel_at <= reading.issued_at:
        said = f"{reading.words.get('issued_at', '')} / {reading.words.get('cancel_at', '')}"
        raise Unplaced(Reason.TIME_ORDER, said)
    reading.doubt(Reason.START_NOT_STATED, reading.words.get("issued_at", reading.words.get("cancel_at", "")))
    if reading.cancel_at is None:
        reading.doubt(Reason.END_NOT_STATED, reading.text_id)
    reading.windows = [Window(reading.issued_at, reading.cancel_at)]


def _order(window: Window) -> tuple[bool, datetime, datetime]:
    last = datetime.max.replace(tzinfo=UTC)
    first = datetime.min.replace(tzinfo=UTC)
    return window.is_alternate, window.start or first, window.end or last
