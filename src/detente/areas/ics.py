"""Windows as iCalendar (RFC 5545): one event a window, so that a duty calendar shows what is active when.

A window without a start or an end is an event of the moment that is known, and says so; doubts stand in the
description, and a doubtful text's events are TENTATIVE. Uids are made of the text's id: importing again replaces.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from datetime import UTC, datetime

from detente import words
from detente.areas.geojson import feature
from detente.areas.outcomes import Outcome, Reading, Window

__all__ = ["ics"]

say = words.speaker("areas")

_FOLD_OCTETS = 75


def ics(readings: list[Reading]) -> Iterator[str]:
    """Yield the text of one calendar, lines ended by CRLF and folded at 75 octets."""
    for line in ("BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//detente//danger areas//EN", "CALSCALE:GREGORIAN"):
        yield _folded(line)
    for reading in readings:
        windows = {
            (window, area.name) for area in reading.areas for window in (area.windows or tuple(reading.windows))
        }
        for window, name in sorted(windows, key=_order):
            yield from _event(reading, window, name)
    yield _folded("END:VCALENDAR")


def _order(item: tuple[Window, str]) -> tuple[str, str, str]:
    window, name = item
    return str(window.start or ""), str(window.end or ""), name


def _event(reading: Reading, window: Window, name: str) -> Iterator[str]:
    start, end = window.start or window.end, window.end or window.start
    if start is None or end is None:
        return
    uid = hashlib.sha256(f"{reading.text_id}|{name}|{window.start}|{window.end}".encode()).hexdigest()[:32]
    first = feature(reading, reading.areas[0], 1)["properties"]
    notes = [reading.words.get("windows", ""), reading.words.get("areas", "")[:500]]
    if window.start is None:
        notes.append(say("in force already: the text states no start"))
    if window.end is None:
        notes.append(say("until further notice"))
    if window.is_alternate:
        notes.append(say("in reserve"))
    notes += [f"{doubt.reason.value}: {doubt.words}" for doubt in reading.doubts]
    stamp = reading.issued_at or start
    for line in (
        "BEGIN:VEVENT",
        f"UID:{uid}@detente",
        f"DTSTAMP:{_moment(stamp)}",
        f"DTSTART:{_moment(start)}",
        f"DTEND:{_moment(end)}",
        f"SUMMARY:{_text(' '.join(part for part in (reading.text_id, name, reading.activity) if part))}",
        f"DESCRIPTION:{_text(chr(10).join(note for note in notes if note))}",
        f"STATUS:{'CONFIRMED' if reading.outcome is Outcome.READ and not window.is_alternate else 'TENTATIVE'}",
        f"CATEGORIES:{_text(first['activity_kind'])}",
        "TRANSP:TRANSPARENT",
        "END:VEVENT",
    ):
        yield _folded(line)


def _moment(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")


def _text(text: str) -> str:
    escaped = re.sub(r"([\\;,])", r"\\\1", text).replace("\n", "\\n")
    return re.sub(r"[\x00-\x08\x0b-\x1f\x7f]", " ", escaped)


def _folded(line: str) -> str:
    octets = line.encode()
    pieces: list[bytes] = []
    while len(octets) > _FOLD_OCTETS:
        cut = _FOLD_OCTETS
        while octets[cut] & 0xC0 == 0x80:  # never inside a letter
            cut -= 1
        pieces.append(octets[:cut])
        octets = b" " + octets[cut:]
    return b"\r\n".join([*pieces, octets]).decode() + "\r\n"
