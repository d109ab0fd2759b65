"""Asides: words with digits that say nothing about place or time, each form by name.

Telephone numbers, radio channels and frequencies, references to publications, routes, counted things. Whatever
digits are left when these, the places and the times are placed, were not understood.
"""

from __future__ import annotations

import re

from detente.areas.page import Page

__all__ = ["strike_asides", "words_left"]

_ASIDES = tuple(
    re.compile(pattern)
    for pattern in (
        r"\+ ?[0-9]{1,3}(?:[ \n-]?\(?[0-9]{1,9}\)?){1,6}(?:[ ]?,)?",  # telephone in international form
        r"\b(?:TELEPHONE|PHONE|TEL|FAX|MOBILE)S?\.?(?: ?NR\.?)?[ :]{0,3}\(?[0-9](?:[0-9 ()/-]|\n){5,40}[0-9]\)?",
        r"\(EXT\.? ?[0-9]{1,6}\)",
        r"\b(?:FOR INFO|INFO(?: ABOUT ACTIVATION)?(?: AVAILABLE)? FROM) 0[0-9]{4} [0-9]{6}\b",
        r"\b(?:E-?MAIL|WWW\.|HTTPS?:)\S*(?:[ :]{1,2}[A-Z0-9._-]+(?:@|a|\(AT\))[A-Z0-9._-]+)?",
        r"\b[A-Z0-9._-]+(?:\(AT\))[A-Z0-9._-]+\b",
        r"\b(?:(?:VHF(?:-| )?)?(?:MARINE BAND )?CH(?:ANNELS?)?\.? ?)[0-9]{1,2}[A-Z]?(?:(?:, ?| AND | OR |/)[0-9]{1,2}[A-Z]?){0,5}\b",
        r"\b[0-9]{2,5}(?:\.[0-9]{1,3})? ?(?:MHZ|KHZ|KHS)\b",
        r"\b(?:[0-9]{2,3}\.[0-9]{1,3}, ){1,8}[0-9]{2,3}\.[0-9]{1,3} ?MHZ\b",
        r"\bDNC [0-9]{2}(?:, ?(?:DNC )?[0-9]{2}){0,9}\b\.?",
        r"\bCHARTS?: ?(?:[A-Z]{0,3} ?[0-9]{1,5}[, ]{0,2}){1,20}\.?",
        r"\b(?:AIRAC )?(?:AIP )?(?:AIRAC )?SUP(?:PLEMENT)? [0-9]{1,4}/[0-9]{2,4}(?: ?\(ENR [0-9.]{1,6}\))?",
        r"\b(?:AIP )?(?:[A-Z]{2,8} )?(?:ENR|GEN|AD) ?[0-9](?:\.[0-9]){0,3}\b",
        r"\b(?:LVL|LEVELS?|FLIGHT LEVELS?) (?:BLW|ABV|BELOW|ABOVE) FL ?[0-9]{1,3}\b",
        r"\bEXC(?:EPT(?:ING)?|LUDING)?(?: FOR)?\s+(?:THE )?(?:ACFT|AIRCRAFT|FLIGHTS?|SHIPS|VESSELS|EACH CTR|IN CASE OF|COMMERCIAL FLIGHT)\b",
        r"\bIN THE VICINITY OF [A-Z ,]{3,40}\s?COASTLINE\b",
        r"\bAIC [A-Z]?[0-9]{1,3}/[0-9]{2,4}\b",
        r"\b(?:REF(?:ER)?(?: TO)? )?(?:NOTAMS?:? )(?:[A-Z][0-9]{4}/[0-9]{2}[, ]{0,2}){1,10}(?: ?DTG [0-9]{6})?",
        r"\bAR-[0-9]{4}-[0-9/]{1,9}",
        r"\bS\.I\. ?NO\. ?[0-9]{1,4} OF [0-9]{4}\b",
        r"\bREGULATION \(EU\) [0-9]{4}/[0-9]{1,4}\b",
        r"\b(?:RESOLUTION|UNSCR) [0-9]{3,4} ?\([0-9]{4}\)",
        r"\bRULE PART [0-9]{1,3}\b",
        r"\b1X10E-7\b",
        r"\bFLT-?[0-9]{1,3}\b",
        r"\b(?:STAGE|PHASE|STEP) ?-?[0-9]\b",
        r"\bSTARLINK [0-9]{1,3}-[0-9]{1,3}\b|\bSL [0-9]{1,2}-[0-9]{1,2}\b|\bGPS [IVX]{1,4}-[0-9]{1,3}\b|\bKA-[0-9]{2}(?=STAGE|\b)|\bBLUEBIRD [0-9]\b|\bSDA-T[0-9A-Z]{1,6}(?:-[A-Z0-9])?\b",
        r"\bARTEMIS [IVX]{1,3}\b",
        r"\b(?:RONIS|BALIKATAN|AURORA|TRIDENT JUNCTURE|EXER(?:CISE)? [A-Z]+) ?(?:20)?[0-9]{2}\b",
        r"\bP3C\b|\bSIGNAL N?E? ?[0-9]\b",
        r"\bCOASTAL WARNING(?: [A-Z]+)? [0-9]{1,4}\b",
        r"\bNO ?[0-9]{1,2} 20[0-9]{2}\b",
        r"\b(?:KEEP )?SAFE DISTANCE FROM\s+NAVAL SHIPS [0-9][,.][0-9] NM\b",
        r"\b[0-9]{1,2}(?:\.[0-9]{1,2})? ?NM (?:NORTH|SOUTH|EAST|WEST|[NS]?[NSEW]{1,2}) OF\s+[A-Z]+(?:\s[A-Z]+)?",
        r"\bHGT UP TO [0-9]{2,5} ?FT AGL\b",
        r"\(REFER TO[^()]{0,60}\)",
        r"\b(?:WHISKEY\s+)?188 ?\(W-188\)",
        r"\b(?:MAX(?:IMUM)? )?(?:ANTICIPATED |EXPECTED )?(?:DLA|DELAY)[A-Z ]{0,30}\s?IS\s+(?:AROUND\s+)?[0-9]{1,3} (?:MINUTES|MIN)\b",
        r"\bSRR/FIR\b|\bCLASS [A-G]\b",
        r"(?<![A-Z0-9/])(?:U?[A-Z][0-9]{1,3})(?:/U?[A-Z][0-9]{1,3})?(?=[ ,(/.)]|\n|$)(?!\s?\))",  # routes
    )
)
_TROUBLE = re.compile(
    r"[0-9][^\s\x00@]*|\b(?:EXC(?:EPT|LUDING|L)?|UNTIL|ALTERNATE|DAILY|RADIUS|CIRCLE|ELLIPSE|SECTOR|ARC|LMT|LOCAL TIME|SUNSET|SUNRISE|HOLIDAYS?|"
    r"COAST ?LINE|EVERY|WEEKLY|MONTHLY|ODD|EVEN DAYS|WORKING DAYS?|WORKDAYS?|DAYLIGHT|NIGHTS?|POSTPONED|SUSPENDED|INTERMITTENT(?:LY)?|PERIODICALLY|OTHER DAY|EXCLUD[A-Z]+|PORTION|SEAWARD|LANDWARD|INLAND|TERRITORIAL|(?:NORTH|SOUTH|EAST|WEST)(?:WARDS?|ERLY|ERN)? OF (?:A |THE )?(?:LINE|LAT|LON|PARALLEL|MERIDIAN)|PART OF (?:THE )?AREA|PARTS? OF|BETWEEN LAT|STRIP|BELT|BAND|BOUNDARY|QDR|RADIAL|AXIS|AZIMUTH|BEARING|BRG|OUTSIDE|EITHER SIDE|NAUTICAL|WEEKDAYS?|WEEKENDS?|MONDAYS?|TUESDAYS?|WEDNESDAYS?|THURSDAYS?|FRIDAYS?|SATURDAYS?|SUNDAYS?|"
    r"JANUARY|FEBRUARY|MARCH|APRIL|JUNE|JULY|AUGUST|SEPTEMBER|OCTOBER|NOVEMBER|DECEMBER|JAN|FEB|MAR|APR|JUN|JUL|AUG|SEP|OCT|NOV|DEC)\b[^\x00@\n]{0,30}"
)


def strike_asides(page: Page) -> None:
    """Strike out what bears digits and says nothing about place or time."""
    for pattern in _ASIDES:
        page.take(pattern)


def words_left(page: Page) -> list[str]:
    """Return the words that bear on place or time and were not placed, a few around each."""
    left: list[str] = []
    end = -1
    for found in _TROUBLE.finditer(page.view):
        if found.start() < end:
            continue
        start, end = max(0, found.start() - 20), min(len(page.text), found.end() + 20)
        left.append(page.words(page.text.rfind(" ", 0, start) + 1, end))
    return left
