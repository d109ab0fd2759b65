"""Numbers, moments, positions and heights as a reader of each language writes them.

English: 12,700; 12.5; 4 April 2018, 06:00 UTC; 54°30′00″N 020°15′00″E. Russian: groups of thousands apart by a
hard blank, a decimal comma, months in the case that the sentence asks for, с. ш. and в. д.
Positions have the fewest decimals of a second that name one ten-millionth of a degree and no other.
"""

from __future__ import annotations

from datetime import datetime

from detente import words
from detente.notices.moments import stated
from detente.notices.shapes import Level, Position, Vertical

__all__ = [
    "amount",
    "date_time_group",
    "decimal",
    "from_until",
    "moment_text",
    "position_text",
    "vertical_text",
]

say = words.speaker("notices")

_HARD = "\N{NO-BREAK SPACE}"
_ENGLISH = "January|February|March|April|May|June|July|August|September|October|November|December"
_NOMINATIVE = "январь|февраль|март|апрель|май|июнь|июль|август|сентябрь|октябрь|ноябрь|декабрь"
_GENITIVE = "января|февраля|марта|апреля|мая|июня|июля|августа|сентября|октября|ноября|декабря"
_MONTHS = {
    "en": (_ENGLISH.split("|"), _ENGLISH.split("|")),
    "ru": (_NOMINATIVE.split("|"), _GENITIVE.split("|")),
}
"""By language: nominative (the month itself), genitive (a day of it, or from it)."""
_GROUP_MONTHS = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"]


def amount(number: int) -> str:
    """Return a whole number with its thousands apart, from 10,000 on in Russian, from 1,000 on in English."""
    if words.language() == "ru":
        grouped = f"{number:,}".replace(",", _HARD) if abs(number) >= 10_000 else str(number)
        return grouped.replace("-", "−")
    return f"{number:,}"


def decimal(text: str) -> str:
    """Return a decimal of the record with the reader's decimal sign and groups."""
    whole, _, part = text.partition(".")
    sign = "−" if whole.startswith("-") else ""
    return sign + amount(int(whole.lstrip("-"))) + ((_point() + part) if part else "")


def moment_text(text: str, *, start: bool = False) -> str:
    """Return a moment in words, as precise as it is stated; ``start``: after "from" (Russian: genitive)."""
    moment = stated(text)
    return _date(moment.earliest, moment.precision, start=start) + _clock(moment.earliest, moment.precision)


def _date(day: datetime, precision: str, *, start: bool) -> str:
    russian = words.language() == "ru"
    nominative, genitive = _MONTHS[words.language()]
    year = f"{day.year}{_HARD}г." if russian else str(day.year)
    if precision == "year":
        return year
    month = day.month - 1
    if precision == "month":
        return f"{genitive[month] if start else nominative[month]} {year}"
    return f"{day.day}{_HARD}{genitive[month]} {year}"


def _clock(moment: datetime, precision: str) -> str:
    if precision not in {"minute", "second"}:
        return ""
    return f", {moment:%H:%M}{f':{moment:%S}' if precision == 'second' else ''}{_HARD}UTC"


def from_until(start: str | None, end: str | None) -> str:
    """Return a period in words: from, until, until further notice."""
    if start is None and end is None:
        return say("in force until further notice")
    if start is None:
        return say("in force until {end}", end=moment_text(end or ""))
    if end is None:
        return say("from {start} until further notice", start=moment_text(start, start=True))
    return say("from {start} until {end}", start=moment_text(start, start=True), end=moment_text(end))


def date_time_group(text: str) -> str:
    """Return a moment as services write it, 040600Z APR 18; one stated less precisely as far as it goes."""
    moment = stated(text)
    month, year = _GROUP_MONTHS[moment.earliest.month - 1], f"{moment.earliest:%y}"
    if moment.precision in {"minute", "second"}:
        return f"{moment.earliest:%d%H%M}Z {month} {year}"
    if moment.precision == "day":
        return f"{moment.earliest:%d} {month} {moment.earliest:%Y}"
    return f"{month} {moment.earliest:%Y}" if moment.precision == "month" else f"{moment.earliest:%Y}"


def position_text(position: Position) -> str:
    """Return a position in degrees, minutes and seconds, to the ten-millionth of a degree."""
    lat = _degrees(position.lat_e7, 2)
    lon = _degrees(position.lon_e7, 3)
    if words.language() == "ru":
        north = "с." if position.lat_e7 >= 0 else "ю."
        east = "в." if position.lon_e7 >= 0 else "з."
        return f"{lat}{_HARD}{north}{_HARD}ш. {lon}{_HARD}{east}{_HARD}д."
    return f"{lat}{'N' if position.lat_e7 >= 0 else 'S'} {lon}{'E' if position.lon_e7 >= 0 else 'W'}"


def _degrees(value_e7: int, width: int) -> str:
    """Return degrees, minutes, seconds of an angle without its sign: the fewest decimals that name this value alone."""
    decimals = next(
        number
        for number in range(6)
        if _nearest(_nearest(abs(value_e7) * 3600 * 10**number, 10**7) * 10**7, 3600 * 10**number)
        == abs(value_e7)
    )
    parts = _nearest(abs(value_e7) * 3600 * 10**decimals, 10**7)
    seconds, rest = divmod(parts, 10**decimals)
    tail = f"{_point()}{rest:0{decimals}d}" if decimals else ""
    return f"{seconds // 3600:0{width}d}°{seconds // 60 % 60:02d}′{seconds % 60:02d}{tail}″"


def _nearest(number: int, divisor: int) -> int:
    """Return a quotient rounded to the nearest whole number, halves up."""
    return (2 * number + divisor) // (2 * divisor)


def vertical_text(vertical: Vertical) -> str:
    """Return the two heights in words."""
    return say("from {lower} to {upper}", lower=_level(vertical.lower), upper=_level(vertical.upper))


def _level(level: Level) -> str:
    """Return a height in words as it stands after "from" and "to", with its unit and what it is measured from."""
    if level.datum == "sfc":
        return say("the surface")
    if level.datum == "unl":
        return say("unlimited height")
    value = level.value or 0
    if level.datum == "std":
        return say("flight level {level}", level=f"{value:03d}")
    unit = say("m") if level.unit == "m" else say("ft")
    if level.datum == "amsl":
        return say("{value} {unit} above mean sea level", value=amount(value), unit=unit)
    return say("{value} {unit} above ground", value=amount(value), unit=unit)


def _point() -> str:
    return "," if words.language() == "ru" else "."
