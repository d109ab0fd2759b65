"""Positions as texts write them: DDMMSSN DDDMMSSE, N330900E0994000, 55-19.6N 020-34.5E, 51 39 00 S 163 00 00 E.

Sixty minutes, a latitude over 90, a longitude over 180 or a missing hemisphere are refused, never mended.
"""

from __future__ import annotations

import re
from decimal import Decimal

from detente.areas.outcomes import Reason, Unplaced
from detente.areas.page import Page
from detente.notices.shapes import PARTS_OF_A_DEGREE, Position

__all__ = ["COORDINATE_LIKE", "find_positions", "position_text_dashed", "position_text_joined"]

_FRACTION = r"(?:[.,][0-9]{1,6})?"
_DASHED = rf"[0-9]{{1,3}}[-°] ?[0-9]{{1,2}}(?:[-'] ?[0-9]{{1,2}})?{_FRACTION}['\"]{{0,2}}"
_SPACED_LAT = rf"[0-9]{{2}} [0-9]{{2}}(?: [0-9]{{2}})?{_FRACTION}"
_SPACED_LON = rf"[0-9]{{3}} [0-9]{{2}}(?: [0-9]{{2}})?{_FRACTION}"
_DEGREES = r"[0-9]{1,3}\.[0-9]{1,8}°?"
_LAT = rf"(?:{_DASHED}|{_SPACED_LAT}|[0-9]{{6}}{_FRACTION}|[0-9]{{4}}{_FRACTION}|{_DEGREES})"
_LON = rf"(?:{_DASHED}|{_SPACED_LON}|[0-9]{{7}}{_FRACTION}|[0-9]{{5}}{_FRACTION}|{_DEGREES})"
_BETWEEN = r"[ \n]{0,3}[,./-]?[ \n]{0,4}"
_PAIR = re.compile(
    rf"(?<![0-9A-Z])(?<![0-9]\.)(?:(?P<doubled>[NS]) )?(?P<lat>{_LAT}) ?(?P<ns>[NS]){_BETWEEN}(?P<lon>{_LON}) ?(?P<ew>[EW])(?![A-Z])"
    rf"|(?<![0-9A-Z])(?<![0-9]\.)(?P<ns2>[NS]) ?(?P<lat2>{_LAT}){_BETWEEN}(?P<ew2>[EW]) ?(?P<lon2>{_LON})(?![0-9NSEW])"
    rf"|(?<=[EW])(?P<lat3>[0-9]{{6}}|[0-9]{{4}})(?P<ns3>[NS])(?P<lon3>[0-9]{{7}}|[0-9]{{5}})(?P<ew3>[EW])(?![A-Z])"
)
COORDINATE_LIKE = re.compile(
    r"(?<![A-Z0-9])(?:[0-9]{4,7}(?:\.[0-9]+)? ?[NSEW](?![A-Z])|[NSEW] ?[0-9]{4,7}(?![0-9A-Z])|[0-9]{1,3}-[0-9]{1,2}(?:[.,-][0-9]+)? ?[NSEW](?![A-Z])"
    r"|[NSEW] ?[0-9]{1,3}-[0-9]{1,2}(?:[.,-][0-9]+)?|[0-9]{1,3}-[0-9]{1,2}\.[0-9]+)"
)
_SPLIT = re.compile(r"[-° ' \"]+")


def find_positions(page: Page) -> dict[int, Position]:
    """Mark every position on the page; returns them by the place where each begins.

    Raises Unplaced for one that cannot be, and for digits that look like part of a position and are none.
    """
    found: dict[int, Position] = {}

    def use(match: re.Match[str]) -> bool:
        for suffix in ("", "2", "3"):
            if match[f"lat{suffix}"]:
                ns, ew = match[f"ns{suffix}"], match[f"ew{suffix}"]
                if suffix == "" and match["doubled"] not in {None, ns}:
                    raise Unplaced(Reason.COORDINATE, match.group())
                lat = _angle_e7(match[f"lat{suffix}"], 2, 90, match.group())
                lon = _angle_e7(match[f"lon{suffix}"], 3, 180, match.group())
                lat, lon = lat if ns == "N" else -lat, lon if ew == "E" else -lon
                found[match.start()] = Position(
                    lat_e7=lat, lon_e7=180 * PARTS_OF_A_DEGREE if lon == -180 * PARTS_OF_A_DEGREE else lon
                )
                return True
        return False

    page.mark(_PAIR, use)
    return found


def _angle_e7(text: str, degree_digits: int, most_deg: int, words: str) -> int:
    """Return an angle in ten-millionths of a degree, rounded half to even."""
    tidy = text.replace(",", ".").strip("'\"° ")
    parts = [part for part in _SPLIT.split(tidy) if part]
    if len(parts) == 1:
        whole, dot, fraction = parts[0].partition(".")
        if len(whole) > degree_digits + 1:
            cut = [whole[:degree_digits], whole[degree_digits : degree_digits + 2], whole[degree_digits + 2 :]]
            parts = [part for part in cut if part]
            parts[-1] += dot + fraction
        elif not dot:
            raise Unplaced(Reason.COORDINATE, words)
    values = [Decimal(part) for part in parts]
    if any(value >= 60 for value in values[1:]) or any("." in part for part in parts[:-1]):
        raise Unplaced(Reason.COORDINATE, words)
    degrees = sum((value / 60**power for power, value in enumerate(values)), Decimal(0))
    if degrees > most_deg:
        raise Unplaced(Reason.COORDINATE, words)
    return int((degrees * PARTS_OF_A_DEGREE).to_integral_value())


def position_text_joined(position: Position) -> str:
    """Return DDMMSSN DDDMMSSE, to the nearest second."""
    return f"{_joined(position.lat_e7, 2, 'NS')} {_joined(position.lon_e7, 3, 'EW')}"


def _joined(value_e7: int, width: int, letters: str) -> str:
    seconds = _divided(abs(value_e7) * 3600)
    return f"{seconds // 3600:0{width}d}{seconds // 60 % 60:02d}{seconds % 60:02d}{letters[value_e7 < 0]}"


def position_text_dashed(position: Position) -> str:
    """Return DD-MM.mmN DDD-MM.mmE, to the nearest hundredth of a minute."""
    return f"{_dashed(position.lat_e7, 2, 'NS')} {_dashed(position.lon_e7, 3, 'EW')}"


def _dashed(value_e7: int, width: int, letters: str) -> str:
    hundredths = _divided(abs(value_e7) * 6000)
    return f"{hundredths // 6000:0{width}d}-{hundredths // 100 % 60:02d}.{hundredths % 100:02d}{letters[value_e7 < 0]}"


def _divided(parts: int) -> int:
    return (parts + PARTS_OF_A_DEGREE // 2) // PARTS_OF_A_DEGREE
