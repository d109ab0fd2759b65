"""Building: a reading into the danger-area notice that it amounts to, and a notice back into a reading."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from detente.areas.outcomes import Announced, Reading, Reason
from detente.areas.outcomes import Window as Active
from detente.notices.codec import encode
from detente.notices.errors import NoticeMistake
from detente.notices.kinds.danger_area import DangerArea
from detente.notices.moments import stated
from detente.notices.notice import Area, Party, Window
from detente.notices.shapes import Named

__all__ = ["author_state", "minute_text", "notice_of", "reading_of"]

_SERIES_STATES = {
    "HYDROLANT": "US", "HYDROPAC": "US", "HYDROARC": "US", "NAVAREA IV": "US", "NAVAREA XII": "US", "NAVAREA XIX": "NO",
    "NAVAREA I": "GB", "NAVAREA II": "FR", "NAVAREA III": "ES", "NAVAREA XIII": "RU", "NAVAREA XX": "RU", "NAVAREA XXI": "RU",
    "ESTONIAN": "EE", "LATVIAN": "LV", "LITHUANIAN": "LT", "POLISH": "PL", "GERMAN": "DE", "DANISH": "DK", "SWEDISH": "SE",
    "FINNISH": "FI", "NORWEGIAN": "NO", "KALININGRAD": "RU", "PETERSBURG": "RU", "MURMANSK": "RU",
}  # fmt: skip
_PLACES_STATES = {
    "BI": "IS", "BG": "GL", "C": "CA", "DA": "DZ", "EB": "BE", "ED": "DE", "EE": "EE", "EF": "FI", "EG": "GB", "EH": "NL",
    "EI": "IE", "EK": "DK", "EL": "LU", "EN": "NO", "EP": "PL", "ES": "SE", "ET": "DE", "EV": "LV", "EY": "LT", "GM": "MA",
    "HE": "EG", "HL": "LY", "K": "US", "LA": "AL", "LB": "BG", "LC": "CY", "LD": "HR", "LE": "ES", "LF": "FR", "LG": "GR",
    "LH": "HU", "LI": "IT", "LJ": "SI", "LK": "CZ", "LL": "IL", "LM": "MT", "LO": "AT", "LP": "PT", "LQ": "BA", "LR": "RO",
    "LS": "CH", "LT": "TR", "LU": "MD", "LW": "MK", "LY": "RS", "LZ": "SK", "MM": "MX", "MY": "BS", "NZ": "NZ", "OB": "BH",
    "OE": "SA", "OI": "IR", "OJ": "JO", "OK": "KW", "OL": "LB", "OM": "AE", "OO": "OM", "OP": "PK", "OR": "IQ", "OS": "SY",
    "OT": "QA", "RC": "TW", "RJ": "JP", "RK": "KR", "RO": "JP", "RP": "PH", "SA": "AR", "SB": "BR", "SC": "CL", "UA": "KZ",
    "UB": "AZ", "UD": "AM", "UG": "GE", "UK": "UA", "UM": "BY", "UT": "UZ", "U": "RU", "VA": "IN", "VE": "IN", "VH": "HK",
    "VI": "IN", "VO": "IN", "VT": "TH", "VV": "VN", "WB": "MY", "WM": "MY", "WS": "SG", "Y": "AU", "ZK": "KP", "Z": "CN",
}  # fmt: skip
"""Nationality letters of ICAO location indicators (Doc 7910) and the state that announces, ISO 3166-1."""
_SYSTEMS = {"notam": "notam", "warning": "navigational_warning", "geojson": "other"}


def author_state(reading: Reading) -> str:
    """Return the state whose office announced it, ISO 3166-1 alpha-2; "" when the text does not tell."""
    if reading.dialect == "notam":
        place = re.match(r"[A-Z]{4}", reading.words.get("item_q", "")) or re.match(
            r"[A-Z]{4}", reading.words.get("item_a", "")
        )
        letters = place.group() if place else ""
        return _PLACES_STATES.get(letters[:2], _PLACES_STATES.get(letters[:1], ""))
    series = reading.text_id.rpartition(" ")[0]
    return _SERIES_STATES.get(series, _SERIES_STATES.get(series.partition(" ")[0], ""))


def minute_text(moment: datetime) -> str:
    """Return "2026-04-15T21:00Z"."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%MZ")


def notice_of(reading: Reading, areas: list[Announced] | None = None) -> DangerArea | None:
    """Return the notice of a reading's areas; None when it has no window or area, or a notice cannot carry it."""
    chosen = reading.areas if areas is None else areas
    windows = chosen[0].windows if chosen and chosen[0].windows is not None else reading.windows
    if not chosen or not windows:
        return None
    series = reading.text_id.rpartition(" ")[0] or reading.words.get("item_q", "")[:4] or reading.text_id
    slug = re.sub(r"[^a-z0-9]+", "-", series.lower()).strip("-")[:32] or "unknown"
    year = re.search(r"/(?:20)?([0-9]{2})\b", reading.text_id)
    issued = minute_text(reading.issued_at) if reading.issued_at else f"20{year[1]}" if year else "2000"
    notice = DangerArea(
        title=" ".join(f"{reading.text_id} {reading.activity.replace('-', ' ')}".split())[:200],
        author=Party(id=slug, name=series[:200] or slug, state=author_state(reading) or None),
        issued_at=issued,
        number=reading.text_id,
        activity_kind=reading.activity or "unspecified",
        areas=tuple(
            Area(shape=area.shape, name=area.name or None, vertical=area.vertical or reading.vertical)
            for area in chosen
        ),
        windows=tuple(
            Window(
                start=minute_text(window.start) if window.start else None,
                end=minute_text(window.end) if window.end else None,
                alternate=window.is_alternate,
            )
            for window in windows
        ),
        cancel_at=minute_text(reading.cancel_at) if reading.cancel_at else None,
        cancels=tuple(reading.cancels),
        replaces=reading.replaces or None,
        system=_SYSTEMS[reading.dialect],  # type: ignore[arg-type]
        source_text=reading.text if reading.dialect != "geojson" else None,
        doubts=tuple(f"{doubt.reason.value}: {doubt.words}"[:2000] for doubt in reading.doubts)[:50],
    )
    try:
        encode(notice)
    except NoticeMistake:
        return None
    return notice


def reading_of(notice: DangerArea, source: str) -> Reading:
    """Return a notice as a reading: its doubts stay doubts, with their words."""
    number = notice.number or notice.title
    reading = Reading(
        text_id=number,
        dialect="geojson",
        source=source,
        text=notice.source_text or "",
        activity=notice.activity_kind,
    )
    reading.areas = [
        Announced(
            area.shape,
            "",
            name=area.name or "",
            vertical=area.vertical,
            is_approximate=isinstance(area.shape, Named),
        )
        for area in notice.areas
    ]
    reading.windows = [
        Active(
            stated(window.start).earliest if window.start else None,
            stated(window.end).earliest if window.end else None,
            window.alternate,
        )
        for window in notice.windows
    ]
    reading.issued_at = stated(notice.issued_at).earliest
    reading.cancel_at = stated(notice.cancel_at).earliest if notice.cancel_at else None
    reading.cancels = list(notice.cancels)
    reading.replaces = notice.replaces or ""
    known = {reason.value: reason for reason in Reason}
    for doubt in notice.doubts:
        reason, _, words = doubt.partition(": ")
        reading.doubt(known.get(reason, Reason.WORDS_LEFT), words or doubt)
    return reading
