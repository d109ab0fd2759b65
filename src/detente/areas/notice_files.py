"""A danger-area notice in a file of its own."""

from __future__ import annotations

from detente import words
from detente.areas.building import reading_of
from detente.areas.errors import AnnouncedMistake
from detente.areas.outcomes import Reading
from detente.notices.codec import decode
from detente.notices.errors import NoticeRefused
from detente.notices.forms import read_notice
from detente.notices.kinds import kind_of
from detente.notices.kinds.danger_area import DangerArea
from detente.notices.notice import Notice
from detente.notices.terms import kind_name

__all__ = ["notice_in"]

say = words.speaker("areas")


def notice_in(octets: bytes, source: str) -> Reading | None:
    """Return the danger-area notice that a file is, a record or a form in TOML; None when it is another document.

    Raises NoticeRefused for a notice with faults, AnnouncedMistake for one of another kind.
    """
    if octets.lstrip()[:1] not in {b"{", b"["} and b"kind" in octets:
        checked, faults = read_notice(octets)
        if checked is None:
            raise NoticeRefused.of(faults)
        return _of_an_area(checked.notice, source)
    if b'"detente-notice-1"' not in octets or b'"FeatureCollection"' in octets:
        return None
    return _of_an_area(decode(octets.strip()).notice, source)


def _of_an_area(notice: Notice, source: str) -> Reading:
    if isinstance(notice, DangerArea):
        return reading_of(notice, source)
    raise AnnouncedMistake(
        expected=say("a danger-area notice"),
        came=kind_name(kind_of(notice)),
        where=source,
        remedy=say("only danger areas are announced: detente notice new danger-area"),
    )
