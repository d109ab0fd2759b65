"""Words about time, one token each: dates, clock times, months, weekdays, and the words that join them."""

from __future__ import annotations

import re
from dataclasses import dataclass

from detente.areas.page import GONE, Page

__all__ = ["MONTHS", "Token", "phrases", "tokens"]

MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
WEEKDAYS = ("MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN")

_MONTH = (
    r"JAN(?:UARY)?|FEB(?:RUARY)?|MAR(?:CH)?|APR(?:IL)?|MAY|JUNE?|JULY?|AUG(?:UST)?|SEPT?(?:EMBER)?|OCT(?:OBER)?|"
    r"NOV(?:EMBER)?|DEC(?:EMBER)?"
)
_WEEKDAY = r"(?:MON|TUES?|WED(?:NES)?|THU(?:RS)?|FRI|SAT(?:UR)?|SUN)(?:DAYS?)?"
_TOKEN = re.compile(
    rf"""(?P<iso>\b20[0-9]{{2}}-[0-9]{{2}}-[0-9]{{2}}\b)
    |(?P<stamp>\b[0-9]{{10}}Z?\b)
    |(?P<instant>\b[0-9]{{6}}[ ]?Z?(?![0-9A-Z]))
    |(?P<clock>\b(?:[0-9]{{2}}[:.][0-9]{{2}}(?:[ ]?(?:AM|PM)\b)?|[0-9]{{4}}(?=[ ]?(?:Z|UTC|HRS?|H|GMT)\b|(?!\.?[0-9A-Z]))))[ ]?(?P<zulu>(?:Z|HRS?|H)\b)?
    |(?P<month>\b(?:{_MONTH})(?=\b|[0-9]{{2}}\b))
    |(?P<weekday>\b{_WEEKDAY}\b)
    |(?P<day>\b[0-9]{{1,2}}(?:(?:ST|ND|RD|TH)\b|\.(?=[ ]?(?:{_MONTH})\b)|\b))
    |(?P<year>\b'?[0-9]{{2}}\b)
    |(?P<next_day>\(NEXT\s+DAY\)|\bNEXT\s+DAY\b)
    |(?P<daily>\b(?:DAILY|DLY|EVERY\s+DAY|EACH\s+DAY)\b)
    |(?P<every>\bEVERY\b)
    |(?P<h24>\bH24\b)
    |(?P<sun>\b(?:SUNSET|SUNRISE|SR|SS|HJ|HN)\b(?:\s?(?:PLUS|MINUS|[+-])\s?[0-9]{{2,3}})?)
    |(?P<alternate>\b(?:WITH\s+)?(?:ALTERNATES?|ALTERNATIVE(?:LY)?|BACK-?\s?UP|RESERVE)\b(?:\s+(?:DATES?|DAYS?|TIMES?|WINDOWS?))?)
    |(?P<further>\b(?:UNTIL|TILL?)\s+FURTHER\s+NOTICE\b|\bUFN\b)
    |(?P<until>\b(?:UNTIL|TILL?|UP\s+TO)\b)
    |(?P<to>\b(?:TO|THRU|THROUGH)\b|-|/)
    |(?P<and>\bAND\b|&)
    |(?P<comma>[,;.:])
    |(?P<except>\b(?:EXC(?:EPT|L|LUDING)?|EXCEPTING)\b(?!\s+FOR\b))
    |(?P<holidays>\b(?:(?:PUBLIC|BANK|LEGAL|NATIONAL)\s+)?(?:HOLIDAYS?|HOLS?)\b)
    |(?P<local>\b(?:LT|LMT|LOCAL\s+TIME|\(LOCAL\s+TIME\))(?![A-Z]))
    |(?P<zone>\b(?:UTC|GMT|Z)\b|\(UTC\))
    |(?P<between>\b(?:BETWEEN|BTN|BTW)\b)
    |(?P<lead>\b(?:FROM|FM|ON|IN\s+THE\s+PERIOD|DURING\s+THE\s+PERIOD|PERIOD|DATES?|TIMES?\s+(?:IS\s+)?IN(?=\s+UTC)|THE|OF)\b)""",
    re.VERBOSE,
)
_STRONG = frozenset(
    ("iso", "stamp", "instant", "clock", "month", "weekday", "day", "daily", "h24", "sun", "further", "holidays")
)
_SAYING = _STRONG - {"month", "day", "daily", "holidays", "weekday"}
"""A run without one of these is a verb (MAY), a label or a count; with a month beside a day it is a date."""
_LEADS = frozenset(("lead", "between", "until", "alternate", "every", "except"))
_SPACE = re.compile(rf"[\s{GONE}]*")


@dataclass(frozen=True, slots=True)
class Token:
    """One word about time: its kind, how it is written, and where."""

    kind: str
    text: str
    start: int
    end: int

    @property
    def number(self) -> int:
        """The digits as a number."""
        return int(re.sub(r"[^0-9]", "", self.text) or 0)


def tokens(text: str, start: int = 0) -> list[Token]:
    """Return the tokens at the head of a text, as far as words about time go on without a gap."""
    made: list[Token] = []
    at = start
    while True:
        space = _SPACE.match(text, at)
        place = space.end() if space else at
        found = _TOKEN.match(text, place)
        if not found or (GONE in text[at:place] and made):
            return made
        kind = found.lastgroup or ""
        made.append(Token("clock" if kind == "zulu" else kind, found.group().strip(), found.start(), found.end()))
        at = found.end()


def phrases(page: Page) -> list[list[Token]]:
    """Return every run of words about time that says a date or a clock time, without joining words at its ends."""
    made: list[list[Token]] = []
    at = 0
    while found := _TOKEN.search(page.view, at):
        run = tokens(page.view, found.start())
        at = run[-1].end if run else found.end()
        run = _trimmed(run)
        kinds = {token.kind for token in run}
        if kinds & _SAYING or {"month", "day"} <= kinds:
            made.append(run)
    return made


def _trimmed(run: list[Token]) -> list[Token]:
    while run and run[-1].kind not in _STRONG | {"next_day", "local", "zone"}:
        run = run[:-1]
    while run and run[0].kind not in _STRONG | _LEADS and not (run[0].kind == "to" and run[0].text != "-"):
        run = run[1:]
    return run
