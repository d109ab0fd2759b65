"""Words that limit nothing: what else stands in a text once its places, times and asides are struck out is doubted.

A wording about place or time that no grammar here knows has, as a rule, a word in it that is not in this list: so a
phrase nobody thought of makes a text doubtful instead of passing as read. The list holds general words only. Names of
places are known by where they stand: in the headings of a warning, between AREA and ACTIVATED, in parentheses.
Words that limit (if, when, unless, after, part, side, off) are never in the list, whatever it costs.
"""

from __future__ import annotations

import re

from detente.areas.page import GONE, Page

__all__ = ["words_not_known"]

_KNOWN = frozenset(
    """
    A ALL AN AND ARE AS AT BE BEEN BY FOR FROM FM HAS HAVE IN INTO IS IT ITS OF ON OR OTHER OUT THAT THE THEIR
    THESE THIS TO VIA WERE WILL WITH WI WITHIN DRG DURING DUE FLW FOLLOWING FOLLOWS BELOW-MENTIONED WHICH AREA
    AREAS AIRSPACE AIRSPACES ZONE ZONES VOLUME POINT POINTS POSITION POSITIONS PSN COORD COORDS COORDINATE
    COORDINATES COOR CORD LINE LINES JOINING BOUND BOUNDED DELIMITED DEFINED DEFINE CONTAINED FORMED UNION
    LATERAL LIMIT LIMITS VERTICAL BOUNDARIES CENTRE CENTRED CENTERED CENTER CIRCLE POLYGON CORRIDOR BACK START
    BEGINNING DANGER DANGEROUS HAZARD HAZARDS HAZARDOUS RESTRICTED PROHIBITED RESERVED SEGREGATED TEMPORARY
    TEMPORARILY TEMPO TEMP ESTABLISHED PRESCRIBED ACTIVATED ACTIVATION ACTIVE ACT ACTIVITY ACTIVITIES PROGRESS
    TAKE TAKING TAKES PLACE CONDUCTED CONDUCTING CARRIED CARRY HELD PLANNED OBSERVED EXTENDED CHANGED PERIOD
    PERIODS AIR AIRCRAFT ACFT AVIATION FLIGHT FLIGHTS FLT FLYING FLY NAVAL NAVY NAVIGATION NAVIGATIONAL SHIP
    SHIPS SHIPPING VESSEL VESSELS MARINER MARINERS MARITIME MIL MILITARY SEA TRAFFIC TFC UNIT UNITS FLEET FORCE
    FORCES TROOP TROOPS SUBMARINE SUBMARINES SUBSURFACE UNDERWATER ANTI-AIRCRAFT BOMB BOMBING PARACHUTE EXERCISE
    EXERCISES EXER EXERCISING TRAINING PRACTICE PRACTICES FIRE FIRING FIRINGS FRNG GUN GUNS GUNNERY ARTILLERY
    SHOOTING TORPEDO MISSILE MISSILES MORTAR ROCKET ROCKETS LIVE LAUNCH LAUNCHED LAUNCHES LAUNCHING WEAPON
    WEAPONS ORDNANCE AMMUNITION USE USED MANEUVER MANEUVERS MANOEUVRE MANOEUVRES MULTINATIONAL SCALE SMALL TEST
    TESTS TESTING DRILL DRILLS OPERATION OPERATIONS OPS OPERATIONAL SPACE SPACECRAFT SATELLITE DEBRIS FALL
    FALLING FALLOUT FRAGMENTS ELEMENTS CARRIER STAGE RE-ENTRY REENTRY ATMOSPHERIC SPLASHDOWN RETURN VEHICLE
    DRONE DRONES UNMANNED UAS UAV SCIENTIFIC RESEARCH RANGE RANGES GNSS GPS MINE MINES DEMOLITION EXPLOSIVE
    EXPLOSIVES EXPLOSION ADVISED ASKED REQUESTED AVOID AVOIDED BERTH WIDE CAUTION CTN EXTREME EXERCISED
    KEEP CLEAR CLR REMAIN STAY WELL FORBIDDEN SHALL SHOULD MUST STRONGLY RECOMMENDED NAVIGATE PREPARED SAFETY
    RISK POSSIBLE-DANGER AFFECTED AWY AIRWAY AIRWAYS ATS RTE ROUTE ROUTES CLOSED CLOSURES ALTN AVBL DCT NOTAM
    NOTAMS TRIGGER WEF AIP SUP SUPPLEMENT AMENDED RMK REMARK REMARKS REF REFER SEE DETAILS INFO INFORMATION
    ABOUT AVAILABLE TEL PHONE CTC CONTACT EMAIL VHF FREQ FREQUENCY CHANNEL RADIO MHZ NM KM AGENCY AUTHORITY
    USING FOREIGN GOVERNMENT ISSUED RECEIVED ORIGINATED DELEGATED DIRECTOR CIVIL PURSUANT UNDER ACCORDANCE NORTH
    SOUTH EAST WEST NORTHERN SOUTHERN EASTERN WESTERN NORTHEASTERN NORTHWESTERN SOUTHEASTERN SOUTHWESTERN
    CENTRAL OCEAN GULF BAY STRAIT SOUND COAST ISLAND ISLANDS WATERS BALTIC ATLANTIC PACIFIC INDIAN ARCTIC
    MEDITERRANEAN GUARD PATROL CONNECTION SUPPORT PURPOSE EXPERIMENTAL
    """.split()  # noqa: SIM905 - a list of words to be read by people
)
_FUNCTION = frozenset(
    """
    IF WHEN WHILE UNLESS UNTIL AFTER BEFORE BETWEEN ONLY NOT NO OFF OUTSIDE INSIDE ABOVE BELOW ALONG PART PARTS
    SIDE HALF SUBJECT PENDING EXCEPT EXCLUDING WITHOUT POSSIBLE POSSIBLY MAY CAN MIGHT UPON ONCE EACH EVERY ANY
    EITHER WHERE DEPENDING NOTIFIED NOTIFICATION CONDITIONS CASE EVENT REQUEST REQUIRED WEATHER DAYLIGHT NIGHT
    DAY ACTUAL
    """.split()  # noqa: SIM905 - a list of words to be read by people
)
_PHRASES = tuple(
    re.compile(pattern)
    for pattern in (
        r"\(WITHOUT\s+FIRINGS?\)",
        r"\bGOVERNMENT\s+OF\s+[A-Z]+(?:\s+[A-Z]+){0,3}(?=:)",
        r"\bNON-PARTICIPATING\s+(?:ACFT|AIRCRAFT|VESSELS)\s+(?:ARE\s+)?NOT\s+ALLOWED\b",
        r"\bNOT\s+AVBL\s+BTN\s+[A-Z]{2,5}(?:\s+AND\s+|-)[A-Z]{2,5}\b",
        r"\bNO\s+ALTN\s+RTE\b",
        r"(?<![A-Z])[A-Z]{2,5}(?:[-/][A-Z]{2,5}){1,12}(?![A-Z])(?=\s*[),:.])",  # routes by their points
    )
)
_LIMITING = re.compile(
    r"\b(?:ACTIVATION|ACTIVATED|ACTIVE|ACT)\s+(?:BY|VIA|OVER)\s+(?:THE\s+)?[A-Z]+"
    r"|\bBY\s+NOTAM\b|\bIN\s+THE\s+(?:NORTH|SOUTH|EAST|WEST|CENT(?:ER|RE))(?:ERN)?(?=\s*(?:[.,\n]|OF\b|AREA|ZONE))"
    r"|\b(?:IS|ARE|BE|REMAINS?|STAYS?|KEPT)\s+(?:CLEAR|CLR)\b(?!\s+OF\b)"
    r"|\bOUT\s+OF\b|\b(?:CHANGED|EXTENDED)\s+(?:TO|BY|INTO)\b"
    r"|\bTO\s+(?:THE\s+)?(?:NORTH|SOUTH|EAST|WEST)(?:ERN)?\b"
    rf"|\b(?:OR|ABOUT)\s*(?:(?:AREAS?|AT|IN|THE|WI|WITHIN)\s*){{0,4}}{GONE}"
    r"|\bOTHER\s+(?:AREAS?|ZONES?|PERIODS?)\b|\bCLOSED\s+(?:AREAS?|ZONES?)\b"
    r"|\bWITHIN\s+THE\s+(?:LIMITS|BOUNDARIES|RESTRICTED|PROHIBITED|RESERVED|SEGREGATED|AIRSPACE)\b"
)
"""Words that are harmless alone and limit together: a place that IS CLEAR (a ship keeps clear of one), one place OR
another, ABOUT a time, an area EXTENDED TO somewhere."""
_PARENTHESIS = re.compile(r"\((?P<inner>[A-Z][A-Z ,.'/\n-]{1,60})\)")
_AREA_NAME = re.compile(
    rf"(?<=[{GONE}\s])(?P<inner>[A-Z'’][A-Z'’ ,.-]{{1,40}}?)\s+(?:IS\s+|ARE\s+|RANGES?\s+)?(?:ACT|ACTIVATED|ACTIVE)\b"
)
_HEADING = re.compile(r"[A-Z][A-Z .,'-]{2,70}")
_WORD = re.compile(r"[^\W\d_][^\W\d_'’]*(?:-[^\W\d_]+)*")
_MOST_TOLD = 12
_MOST_HEADINGS = 6


def words_not_known(page: Page) -> str:
    """Return the words that are in no list, " / " between runs of them; "" when every word is known."""
    _strike_headings(page)
    limiting = [page.words(found.start(), found.end()) for found in _LIMITING.finditer(page.view)]
    for pattern in _PHRASES:
        page.take(pattern)
    page.take(_PARENTHESIS, _is_name)
    page.take(_AREA_NAME, _is_name)
    runs: list[tuple[int, int]] = []
    for found in _WORD.finditer(page.view):
        if _is_known(found.group()) or _is_torn(page, found.start(), found.end()):
            continue
        if runs and not page.view[runs[-1][1] : found.start()].strip(" \n"):
            runs[-1] = (runs[-1][0], found.end())
        else:
            runs.append((found.start(), found.end()))
    return " / ".join([*limiting, *(page.words(start, end) for start, end in runs)][:_MOST_TOLD])


def _is_known(word: str) -> bool:
    return len(word) < 2 or word in _KNOWN or all(len(part) < 2 or part in _KNOWN for part in word.split("-"))


def _is_torn(page: Page, start: int, end: int) -> bool:
    """Tell whether letters beside it have been placed: the rest of JOINING before a position is no word."""
    before, after = page.text[start - 1 : start], page.text[end : end + 1]
    return (before.isalpha() and page.view[start - 1] == GONE) or (after.isalpha() and page.view[end] == GONE)


def _is_name(found: re.Match[str]) -> bool:
    """Tell whether a few words that stand where a name stands are one: none of them limits anything."""
    words = _WORD.findall(found["inner"])
    return 0 < len(words) <= 6 and not _FUNCTION.intersection(words)


def _strike_headings(page: Page) -> None:
    """Strike the names of seas and coasts at the head of a warning: lines of a few words before the first other."""
    at = told = 0
    for line in page.view.split("\n"):
        bare = line.replace(GONE, " ").strip()
        words = _WORD.findall(bare)
        if bare and not (_HEADING.fullmatch(bare) and len(words) <= 6 and GONE not in line.strip(GONE + " ")):
            return
        if _FUNCTION.intersection(words) or {"AREA", "AREAS", "ZONE"} & set(words):
            return
        told += bool(words)
        if told > _MOST_HEADINGS:
            return
        page.view = page.view[:at] + GONE * len(line) + page.view[at + len(line) :]
        at += len(line) + 1
