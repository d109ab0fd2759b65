"""Calendars for anybody's calendar program: iCalendar (RFC 5545), the few parts that a period needs.

Written by hand rather than by a library: five properties an event, no time zones but UTC, and the same bytes for
the same events on every machine and day. Held against a library's reader by a test.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from detente import words
from detente.notices.codec import Checked
from detente.notices.export import refuse_export
from detente.notices.moments import Stated, stated

__all__ = ["Event", "calendar_text", "events_of"]

say = words.speaker("notices")

_FOLD = 73


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One entry of a calendar.

    uid: the same for the same thing, so that a program replaces what it knew. start, end: as precise as stated;
    moments of a day or more make an event of whole days. stamp: when it was said, aware UTC.
    """

    uid: str
    start: Stated
    end: Stated
    stamp: datetime
    summary: str
    description: str = ""


def calendar_text(events: Iterable[Event]) -> str:
    """Return an iCalendar document of the events, lines folded at 75 octets, ended by CR LF."""
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//detente//notices//EN"]
    for event in events:
        days = event.start.precision in {"year", "month", "day"} or event.end.precision in {
            "year",
            "month",
            "day",
        }
        lines += [
            "BEGIN:VEVENT",
            f"UID:{_escaped(event.uid)}",
            f"DTSTAMP:{event.stamp:%Y%m%dT%H%M%SZ}",
            *(_whole_days(event) if days else _times(event)),
            f"SUMMARY:{_escaped(event.summary)}",
            *([f"DESCRIPTION:{_escaped(event.description)}"] if event.description else []),
            "TRANSP:TRANSPARENT",
            "END:VEVENT",
        ]
    lines.append("END:VCALENDAR")
    return "".join(_folded(line) + "\r\n" for line in lines)


def events_of(checked: Checked, *, uid: str) -> list[Event]:
    """Return the events of a notice: each of its periods with both ends known; open ends stay out.

    uid: what names the notice among all others (its entry, or its hash). Raises ExportRefused for a notice that
    appears in no export.
    """
    notice = checked.notice
    refuse_export(notice)
    stamp = stated(notice.issued_at).earliest
    return [
        Event(
            uid=f"{uid}.{number}@detente",
            start=stated(time.start),
            end=stated(time.end or time.start),
            stamp=stamp,
            summary=notice.title,
            description=notice.author.name
            if time.end
            else say("{author}; until further notice", author=notice.author.name),
        )
        for number, (_, time) in enumerate(notice.times(), 1)
        if time.start is not None
    ]


def _times(event: Event) -> list[str]:
    end = max(event.end.earliest, event.start.earliest)
    return [f"DTSTART:{event.start.earliest:%Y%m%dT%H%M%SZ}", f"DTEND:{end:%Y%m%dT%H%M%SZ}"]


def _whole_days(event: Event) -> list[str]:
    """Return the first day and the day after the last: the end's whole span belongs to it."""
    last = event.end.latest - timedelta(seconds=1)
    return [
        f"DTSTART;VALUE=DATE:{event.start.earliest:%Y%m%d}",
        f"DTEND;VALUE=DATE:{last + timedelta(days=1):%Y%m%d}",
    ]


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,").replace("\n", "\\n")


def _folded(line: str) -> str:
    """Return a line broken so that no part is longer than 75 octets and no character is torn apart."""
    parts, room = [""], _FOLD
    for letter in line:
        size = len(letter.encode())
        if size > room:
            parts.append("")
            room = _FOLD
        parts[-1] += letter
        room -= size
    return "\r\n ".join(parts)
