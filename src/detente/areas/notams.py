"""NOTAM: items Q to G of ICAO Annex 15 and Doc 8126, and what offices make of them."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from detente.areas.activities import activity_of
from detente.areas.asides import strike_asides, words_left
from detente.areas.checks import check_windows
from detente.areas.known_words import words_not_known
from detente.areas.letters import plain
from detente.areas.levels import level, level_ft
from detente.areas.names import strike_named, strike_names
from detente.areas.notam_parts import TRAILER, one_text
from detente.areas.outcomes import Announced, Reading, Reason, Unplaced, Window
from detente.areas.page import Page
from detente.areas.placing import Placed, place
from detente.areas.positions import COORDINATE_LIKE, find_positions
from detente.areas.schedules import Validity, read_schedule, stamp
from detente.areas.sun import Place
from detente.areas.time_tokens import MONTHS, phrases
from detente.areas.timing import elements, windows_of
from detente.notices.errors import QuantityMistake
from detente.notices.shapes import Circle, Level, Named, Point, Position, Vertical, length_text

__all__ = ["NOTAM_HEAD", "ItemQ", "read_notam"]

NOTAM_HEAD = re.compile(
    r"(?P<number>[A-Z][0-9]{4}/[0-9]{2}) NOTAM(?P<type>[NRC])(?: (?P<other>[A-Z][0-9]{4}/[0-9]{2}))?"
)
_ITEM = re.compile(r"(?:(?<=[\s(])|^)(?P<item>[QABCDEFG])\) ?")
_ITEM_Q = re.compile(
    r"(?P<fir>[A-Z]{4})/(?P<code>Q[A-Z]{4})/(?P<traffic>[A-Z]{0,3}) ?/(?P<purpose>[A-Z]{0,4}) ?/(?P<scope>[A-Z]{0,3}) ?/"
    r"(?P<lower>[0-9]{3})?/(?P<upper>[0-9]{3})?/(?:(?P<lat>[0-9]{4})(?P<ns>[NS])(?P<lon>[0-9]{5})(?P<ew>[EW])(?P<radius>[0-9]{3})?)?"
)
_BROKEN_LINE = re.compile(r"(?<=[0-9A-Z,])\n(?=[0-9A-Z])")
_PARTS = re.compile(r"\b(?:END )?PART [0-9] OF [0-9]\b")
_CREATED = re.compile(
    r"\bCREATED: (0[1-9]|[12][0-9]|3[01]) (JAN|MAR|MAY|JUL|AUG|OCT|DEC|APR|JUN|SEP|NOV|FEB) (20[0-9]{2}) ([01][0-9]:[0-5][0-9]|2[0-3]:[0-5][0-9])"
)
_OF_THE_TRAILER = re.compile(
    r"\s*(?:(?:CREATED|SOURCE):[A-Z0-9 :/-]{0,60}|UNITED STATES NOF[A-Z ,.-]{0,100}|[A-Z0-9]{4,8} ADMIN MESSAGE|[)=.*-]{0,80}|NNNN)\s*"
)
_WHOLE_ITEMS = {
    "A": re.compile(r"(?:[A-Z]{4}[\s,/]*)+(?:PART [0-9] OF [0-9])?[\s)]*"),
    "B": re.compile(r"[0-9]{10}[\s)]*"),
    "C": re.compile(r"(?:[0-9]{10} ?(?:EST)?|PERM|UFN)[\s)]*"),
}
"""All that may stand in these items; anything else is told as words that were not placed."""
_LIMITS = re.compile(
    r"\bVERTICAL LIMITS? ?[:.]? ?(?P<lower>SFC|GND|FL ?[0-9]{1,3}|[0-9]{1,5} ?(?:FT|M)(?: A[GM]S?L)?) ?(?:-|TO) ?(?P<upper>UNL|FL ?[0-9]{1,3}|[0-9]{1,5} ?(?:FT|M)(?: A[GM]S?L)?)"
    r"|\b(?:FROM )?(?P<lower2>SFC|GND) ?(?:-|TO|/) ?(?P<upper2>UNL|FL ?[0-9]{1,3}|[0-9]{1,5} ?(?:FT|M)(?: A[GM]S?L)?)\b"
    r"|\bUPPER LIMIT RAISED TO (?P<upper3>UNL|FL ?[0-9]{1,3}|[0-9]{1,5} ?(?:FT|M)(?: A[GM]S?L))"
    r"|\b(?:ALT ?:|(?:VERTICAL LIMITS ?: ?)?QNH)\s?(?P<upper4>[0-9]{1,2},?[0-9]{3} ?M|[0-9]{3} ?M)\s+AND\s+BELOW(?:\(QNE\))?"
    r"|(?<=\) )(?P<upper5>[0-9]{1,5} ?FT AGL)(?= *$)",
    re.MULTILINE,
)
_WHOLE_FIR = 999
_SLACK_FT = 600.0


@dataclass(slots=True)
class ItemQ:
    """Item Q: code, flight levels, and a circle that is rounded outward and never the area itself."""

    fir: str = ""
    code: str = ""
    lower_fl: int | None = None
    upper_fl: int | None = None
    circle: Circle | None = None
    words: str = ""


@dataclass(slots=True)
class _Notam:
    items: dict[str, str] = field(default_factory=dict)
    q: ItemQ = field(default_factory=ItemQ)


def read_notam(reading: Reading) -> None:
    """Read one NOTAM, its parts joined, into the reading. Raises Unplaced for what must refuse the whole text."""
    text, strange = plain(reading.text)
    for word in strange:
        reading.doubt(Reason.LETTERS, word)
    notam = _items(text, reading)
    _item_q(notam, reading)
    if reading.words.get("type") == "C":
        return
    validity = _validity(notam, reading)
    reading.vertical = _vertical(notam, reading)
    page = Page(_rejoined(notam.items["E"]))
    positions = _places(page, notam, reading)
    if positions is not None:
        _check_circle(positions, notam.q, reading)
    _schedule(notam, validity, reading)
    _times_in_text(page, validity, reading)
    for words in words_left(page):
        reading.doubt(Reason.WORDS_LEFT, words)
    if unknown := words_not_known(page):
        reading.doubt(Reason.WORDS_NOT_KNOWN, unknown)
    reading.activity = activity_of(notam.items["E"])
    elsewhere = _HOURS_ELSEWHERE.search(notam.items["E"])
    if elsewhere:
        reading.doubt(Reason.HOURS_ELSEWHERE, elsewhere.group())
    _within(validity, reading)
    check_windows(reading)


def _items(text: str, reading: Reading) -> _Notam:
    """Take a NOTAM apart; items stand in their order, and a letter inside item E is no item."""
    text = one_text(text, reading)
    heads = {head["number"] for head in NOTAM_HEAD.finditer(text)}
    head = NOTAM_HEAD.search(text)
    if head is None:
        raise Unplaced(Reason.NOT_UNDERSTOOD, text[:80])
    if len(heads) > 1:
        raise Unplaced(Reason.RUN_TOGETHER, " / ".join(sorted(heads)))
    reading.text_id = head["number"]
    reading.words |= {"id": head.group(), "type": head["type"]}
    if head["type"] == "R":
        reading.replaces = head["other"] or ""
    elif head["type"] == "C" and head["other"]:
        reading.cancels.append(head["other"])
    body = _without_trailer(text[head.end() :], reading)
    made = _Notam()
    found = _in_order(body, reading)
    if found and (before := body[: found[0].start()].strip(" \n(")):
        reading.doubt(Reason.WORDS_LEFT, before[:200])
    for index, item in enumerate(found):
        stop = found[index + 1].start() if index + 1 < len(found) else len(body)
        made.items[item["item"]] = body[item.end() : stop].strip()
    if missing := [letter for letter in "QABE" if letter not in made.items]:
        raise Unplaced(Reason.NOT_UNDERSTOOD, f"{', '.join(missing)}: {body[:80]}")
    _left_in_items(made.items, reading)
    return made


def _without_trailer(body: str, reading: Reading) -> str:
    """Return the items of a NOTAM; when it was made goes into the reading, other words under it are doubted."""
    created = _CREATED.search(body)
    if created:
        day, month, year, clock = created.groups()
        try:
            reading.issued_at = datetime(
                int(year), MONTHS.index(month) + 1, int(day), int(clock[:2]), int(clock[3:]), tzinfo=UTC
            )
        except ValueError:
            raise Unplaced(Reason.TIME, created.group()) from None
        reading.words["issued_at"] = created.group().strip()
    end = TRAILER.search(body)
    for line in body[end.start() :].split("\n") if end else []:
        if not _OF_THE_TRAILER.fullmatch(line):
            reading.doubt(Reason.WORDS_LEFT, line.strip()[:200])
    return body[: end.start()] if end else body


def _left_in_items(items: dict[str, str], reading: Reading) -> None:
    """Doubt what stands in a short item beside its value: nothing of a text is left out in silence."""
    for letter, whole in _WHOLE_ITEMS.items():
        if letter in items and not whole.fullmatch(items[letter]):
            reading.doubt(Reason.WORDS_LEFT, f"{letter}) {' '.join(items[letter].split())[:200]}")
    for letter in "FG":
        left = " ".join(items.get(letter, "").split("\n")[1:]).strip(" )=")
        if left and left != "NNNN":
            reading.doubt(Reason.WORDS_LEFT, left[:200])


def _in_order(body: str, reading: Reading) -> list[re.Match[str]]:
    every = list(_ITEM.finditer(body))
    found: list[re.Match[str]] = []
    for letter in "QABCDE":
        start = found[-1].end() if found else 0
        nearest = next((item for item in every if item["item"] == letter and item.start() >= start), None)
        limit = next((item.start() for item in every if item["item"] == "E" and item.start() >= start), len(body))
        if nearest is not None and (letter == "E" or nearest.start() <= limit):
            found.append(nearest)
    for letter in "FG":
        last = [item for item in every if item["item"] == letter and found and item.start() > found[-1].start()]
        if last:
            found.append(last[-1])
    if len({item["item"] for item in found}) < len(found):
        raise Unplaced(Reason.RUN_TOGETHER, reading.text_id)
    return found


def _rejoined(text: str) -> str:
    """Join positions that a line's end has broken: a full line whose last word goes on in the next one."""

    def join(found: re.Match[str]) -> str:
        start = text.rfind("\n", 0, found.start()) + 1
        left = text[start : found.start()]
        right = re.match(r"[^\s]*", text[found.end() :])
        word = left.split(" ")[-1] + (right.group() if right else "")
        is_broken = len(left) >= 64 and (_CHAIN.fullmatch(word) is not None or "BACK" in word)
        return "" if is_broken else "\n"

    return _BROKEN_LINE.sub(join, _PARTS.sub(" ", text))


_HOURS_ELSEWHERE = re.compile(
    r"[A-Z/ ]{0,40}\bIN\s+REAL\s+TIME\b|[A-Z ]{0,20}\bACTUAL\s+(?:OPR|OPERATING)\s+(?:HR|HOURS)[A-Z :]{0,20}|\bON\s+ANY\s+ONE\s+OF\s+THE\s+DAYS?\b"
)
_REFERENCES = re.compile(
    r"\b(?:REF(?:ER)?(?: TO)? )?(?:[A-Z]{2,6} )?(?:AIP )?(?:[A-Z]{2,8} )?\bENR ?[0-9](?:\.[0-9]){0,3}\b"
)
_ONE = r"(?:[NS]?[0-9]{4,6}(?:\.[0-9]+)?[NS]?[EW]?[0-9]{5,7}(?:\.[0-9]+)?[EW]?)"
_CHAIN = re.compile(rf"{_ONE}(?:[-,]{_ONE}){{0,60}}[-,.]{{0,2}}(?:AWY|BACK)?[^0-9]{{0,4}}")


def _item_q(notam: _Notam, reading: Reading) -> None:
    found = _ITEM_Q.match(notam.items["Q"].replace("\n", ""))
    q = notam.q
    if found is None:
        reading.doubt(Reason.ITEM_Q_UNUSABLE, notam.items["Q"])
        return
    q.fir, q.code, q.words = found["fir"], found["code"], found.group()
    q.lower_fl = int(found["lower"]) if found["lower"] else None
    q.upper_fl = int(found["upper"]) if found["upper"] else None
    reading.words |= {"item_q": q.words, "item_a": notam.items["A"]}
    if not re.fullmatch(
        r"Q[A-Z]{2}(?:XX|AH|AK|AL|AM|AN|AP|AR|AS|AU|AW|AX|CA|CC|CD|CE|CF|CG|CH|CI|CL|CM|CN|CO|CP|CR|CS|CT|L[A-Z]|H[A-Z]|TT)",
        q.code,
    ):
        reading.doubt(Reason.UNKNOWN_CODE, q.code)
    if not found["lat"]:
        return
    lat = (int(found["lat"][:2]) * 60 + int(found["lat"][2:])) * 10_000_000 // 60
    lon = (int(found["lon"][:3]) * 60 + int(found["lon"][3:])) * 10_000_000 // 60
    is_place = (
        int(found["lat"][2:]) < 60 and int(found["lon"][3:]) < 60 and lat <= 900_000_000 and lon <= 1_800_000_000
    )
    if not is_place or (lat, lon) == (0, 0) or not found["radius"] or int(found["radius"]) == 0:
        reading.doubt(Reason.ITEM_Q_UNUSABLE, q.words)
        return
    if int(found["radius"]) < _WHOLE_FIR:
        centre = Position(
            lat_e7=lat if found["ns"] == "N" else -lat, lon_e7=lon if found["ew"] == "E" or lon == 0 else -lon
        )
        q.circle = Circle(centre=centre, radius_m=length_text(int(found["radius"]) * _NM))


_NM = Decimal(1852)


def _validity(notam: _Notam, reading: Reading) -> Validity:
    start_words, end_words = notam.items["B"], notam.items.get("C", "")
    start = re.match(r"[0-9]{10}(?![0-9])", start_words)
    if start is None:
        raise Unplaced(Reason.TIME, f"B) {start_words}")
    reading.valid_from = stamp(start.group(), f"B) {start_words}")
    reading.words["valid_from"] = start_words
    reading.words["valid_to"] = end_words
    end = re.match(r"(?P<stamp>[0-9]{10}) ?(?P<est>EST)?(?![0-9A-Z])|(?P<open>PERM|UFN)\b", end_words)
    if end is None:
        raise Unplaced(Reason.TIME, f"C) {end_words}")
    if end["stamp"]:
        reading.valid_to = stamp(end["stamp"], f"C) {end_words}")
        if reading.valid_to <= reading.valid_from:
            raise Unplaced(Reason.TIME_ORDER, f"B) {start_words} C) {end_words}")
        if end["est"]:
            reading.doubt(Reason.END_ESTIMATED, f"C) {end_words}")
    return Validity(reading, reading.valid_from, reading.valid_to)


def _vertical(notam: _Notam, reading: Reading) -> Vertical | None:
    written = [notam.items.get(letter, "").split("\n")[0].strip() for letter in "FG"]
    if not any(written):
        return None
    reading.words["vertical"] = f"F) {written[0]} G) {written[1]}"
    lower, upper = (level(text) for text in written)
    if lower is None or upper is None:
        reading.doubt(Reason.LEVEL_UNCLEAR, reading.words["vertical"])
        return None
    try:
        made = Vertical(lower=lower, upper=upper)
    except QuantityMistake:
        reading.doubt(Reason.LEVEL_UNCLEAR, reading.words["vertical"])
        return None
    for limit, flight_level in ((lower, notam.q.lower_fl), (upper, notam.q.upper_fl)):
        if flight_level is not None and not _is_near(limit, flight_level):
            reading.doubt(Reason.LEVELS_DISAGREE, f"{reading.words['vertical']} / Q) {notam.q.words}")
    return made


def _is_near(limit: Level, flight_level: int) -> bool:
    value_ft = level_ft(limit)
    if value_ft is None:
        return flight_level == _WHOLE_FIR
    if limit.datum == "agl" or flight_level == _WHOLE_FIR:
        return True
    return abs(value_ft - flight_level * 100) <= _SLACK_FT


def _places(page: Page, notam: _Notam, reading: Reading) -> list[Placed] | None:
    """Put the areas of item E into the reading; None when there is only a name or the circle of item Q."""
    _limits(page, reading)
    page.take(_REFERENCES)
    names = strike_named(page) | strike_names(page, notam.q.fir, notam.items["A"])
    strike_asides(page)
    positions = find_positions(page)
    broken = COORDINATE_LIKE.search(page.view)
    if broken:
        raise Unplaced(Reason.COORDINATE, page.words(max(0, broken.start() - 15), broken.end() + 15))
    placed = place(page, positions)
    page.take(
        re.compile(
            r"(?m)(?:^|(?<=\s))\(?[0-9]{1,2} ?[).:]+ ?(?:AREA ?:|AIRSPACE ?:)?|\b(?:AREA|ZONE|SECTOR) (?:[0-9]{1,2}|[A-Z])(?= ?[:\n(]| IS| -)"
        )
    )
    for item in placed:
        for reason, words in item.doubts:
            reading.doubt(reason, words)
    areas = _named(page, [item.area for item in placed], names)
    if not areas:
        areas = [_approximate(notam, reading)]
        placed = []
    if all(isinstance(area.shape, Named) for area in areas):
        areas = [_with_circle(area, notam.q) for area in areas]
        placed = []
    elif any(isinstance(area.shape, Point) for area in areas):
        reading.doubt(
            Reason.EXTENT_ELSEWHERE, next(area.words for area in areas if isinstance(area.shape, Point))
        )
    reading.areas = areas
    reading.words["areas"] = " / ".join(area.words for area in areas)[:4000]
    return placed or None


def _named(page: Page, areas: list[Announced], names: dict[str, str]) -> list[Announced]:
    if not areas:
        return [
            Announced(Named(name=name), words, name=name, is_approximate=True) for name, words in names.items()
        ]
    given: list[Announced] = []
    for area in areas:
        flat = " ".join(page.text.split())
        at = flat.find(area.words)
        behind = _NAME_BEHIND.match(flat, at + len(area.words)) if at >= 0 else None
        told = (behind["other"] or (behind["name"] if len(areas) > 1 else "")) if behind else ""
        name = area.name or told or (next(iter(names)) if len(areas) == len(names) == 1 else "")
        given.append(Announced(area.shape, area.words, name.strip()))
    return given


_NAME_BEHIND = re.compile(r"[ .]{0,2}(?:\((?P<name>[A-Z0-9][A-Z0-9 -]{0,30})\)|/ ?(?P<other>[A-Z]{3,12} AREA))")


def _approximate(notam: _Notam, reading: Reading) -> Announced:
    """Return item Q's circle under the NOTAM's number, where the text only refers to a publication."""
    words = " ".join(notam.items["E"].split())[:200]
    if not notam.q.code.startswith(("QR", "QW")):
        raise Unplaced(Reason.NOT_A_DANGER_AREA, f"{notam.q.code} {words}")
    if notam.q.circle is None:
        raise Unplaced(Reason.NO_AREA, words)
    reading.doubt(Reason.EXTENT_ELSEWHERE, words)
    name = f"{notam.q.fir} {reading.text_id}"
    return Announced(Named(name=name), words, name=name, is_approximate=True)


def _with_circle(area: Announced, q: ItemQ) -> Announced:
    return Announced(Named(name=area.name, approximate=q.circle), area.words, area.name, is_approximate=True)


def _limits(page: Page, reading: Reading) -> None:
    """Compare vertical limits in item E with items F and G."""

    def use(found: re.Match[str]) -> bool:
        vertical = reading.vertical
        groups = found.groupdict()
        for name in ("lower", "lower2"):
            _compare(groups.get(name), vertical.lower if vertical else None, found.group(), reading)
        for name in ("upper", "upper2", "upper3", "upper4", "upper5"):
            _compare(groups.get(name), vertical.upper if vertical else None, found.group(), reading)
        return True

    page.take(_LIMITS, use)


def _compare(text: str | None, stated: Level | None, words: str, reading: Reading) -> None:
    if text is None or stated is None:
        return
    said = level(text) or level(f"{text} AMSL")
    if said is None or level_ft(said) != level_ft(stated):
        reading.doubt(Reason.LEVELS_DISAGREE, f"{words} / {reading.words.get('vertical', '')}")


def _check_circle(placed: list[Placed], q: ItemQ, reading: Reading) -> None:
    from detente.areas.outlines import is_near_circle  # noqa: PLC0415 - loads the geodesic library when it is needed

    if q.circle is None:
        return
    for item in placed:
        if not is_near_circle(item.area.shape, q.circle):
            reading.doubt(Reason.AWAY_FROM_ITEM_Q, f"{item.area.words[:120]} / Q) {q.words}")


def _schedule(notam: _Notam, validity: Validity, reading: Reading) -> None:
    text = notam.items.get("D", "")
    if not text.strip(" .-") or text.strip(" .") == "H24":
        reading.windows = [Window(validity.start, validity.end)]
        reading.words["windows"] = f"B) {reading.words['valid_from']} C) {reading.words['valid_to']}"
        return
    reading.words["windows"] = " ".join(text.split())
    validity.places = _extremes(reading, notam.q)
    try:
        windows = read_schedule(_PARTS.sub(" ", text), validity)
    except Unplaced as unplaced:
        if validity.end is not None and unplaced.refusal.reason is not Reason.SUN:
            raise
        reason = Reason.SUN if unplaced.refusal.reason is Reason.SUN else Reason.SCHEDULE_NOT_EXPANDED
        reading.doubt(reason, reading.words["windows"])
        windows = [Window(validity.start, validity.end)]
    reading.windows = sorted(
        windows, key=lambda window: (window.start or validity.start, window.end or validity.start)
    )


def _extremes(reading: Reading, q: ItemQ) -> list[Place]:
    """Return the centre and the corners of the box around the areas; item Q's circle where there is no geometry."""
    from detente.areas.outlines import extremes  # noqa: PLC0415 - loads the geodesic library when it is needed

    if _SUN_WORDS.search(reading.words["windows"]) is None:
        return []
    shapes = [q.circle if isinstance(area.shape, Named) else area.shape for area in reading.areas]
    known = [shape for shape in shapes if shape is not None]
    return extremes(known) if len(known) == len(shapes) else []


_SUN_WORDS = re.compile(r"\b(?:SUNSET|SUNRISE|SR|SS|HJ|HN)\b")


def _times_in_text(page: Page, validity: Validity, reading: Reading) -> None:
    """Doubt times in item E that say anything else than items B, C and D."""
    known = {(window.start, window.end) for window in reading.windows}
    apart = Validity(Reading("", "", "", ""), validity.start, validity.end)
    days = {window.start.date() for window in reading.windows if window.start}
    for run in phrases(page):
        start, end = run[0].start, run[-1].end
        words = page.words(start, end)
        page.view = page.view[:start] + "\x00" * (end - start) + page.view[end:]
        try:
            groups, _ = elements(run, words, validity.start.year)
            by_the_sun = any(group.suns for group in groups)
            told = [] if by_the_sun else [window for group in groups for window in windows_of(group, apart)]  # type: ignore[arg-type]
        except Unplaced:
            told = []
        is_same = bool(told) and all(
            (window.start, window.end) in known or _is_whole_day(window, days) for window in told
        )
        if not is_same:
            reading.doubt(Reason.TIMES_IN_TEXT, words)


def _is_whole_day(window: Window, days: set[date]) -> bool:
    """Tell whether a window is the one whole day on which all windows lie."""
    if window.start is None or window.end is None:
        return False
    return window.start.time() == window.end.time() and {window.start.date()} == days


def _within(validity: Validity, reading: Reading) -> None:
    """Keep windows between items B and C: drop what is over or not begun, cut and doubt what reaches beyond."""
    start, end = validity.start, validity.end
    words = f"D) {reading.words['windows']} / B) {reading.words['valid_from']} C) {reading.words['valid_to']}"
    is_daily = not re.search(r"(?<![0-9-])[0-9]{1,2}(?![0-9])", reading.words["windows"])
    made: list[Window] = []
    for window in reading.windows:
        is_outside = (window.end is not None and window.end <= start) or (
            end is not None and window.start is not None and window.start >= end
        )
        reaches = (window.start is not None and window.start < start) or (
            end is not None and window.end is not None and window.end > end
        )
        if is_outside and is_daily:
            continue
        if is_outside:
            reading.doubt(Reason.WINDOW_OUTSIDE_VALIDITY, words)
        elif reaches:
            reading.doubt(Reason.WINDOW_CUT, words)
            made.append(Window(max(window.start or start, start), _least(window.end, end), window.is_alternate))
            continue
        made.append(window)
    reading.windows = made
    if made and "D)" not in reading.words["windows"] and reading.words["windows"][:2] != "B)":
        _ends_meet(made, start, end, words, reading)


def _ends_meet(
    windows: list[Window], start: datetime, end: datetime | None, words: str, reading: Reading
) -> None:
    """Item B is the first window's start and item C the last one's end; a minute may be lost in 2359 and 2400."""
    minute = timedelta(minutes=1)
    first, last = windows[0].start, max((window.end or start for window in windows), default=None)
    if (first is not None and first - start > minute) or (
        end is not None and last is not None and end - last > minute
    ):
        reading.doubt(Reason.VALIDITY_LONGER, words)


def _least(one: datetime | None, two: datetime | None) -> datetime | None:
    return min(moment for moment in (one, two) if moment is not None) if one or two else None
