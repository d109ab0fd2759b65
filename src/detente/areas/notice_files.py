"""A danger-area notice in a file of its own."""

from __future__ import annotations

from detente.areas.building import reading_of
from detente.areas.outcomes import Reading
from detente.notices.codec import decode
from detente.notices.errors import NoticeRefused
from detente.notices.forms import read_notice
from detente.notices.kinds.danger_area import DangerArea

__all__ = ["notice_in"]


def notice_in(octets: bytes, source: str) -> Reading | None:
    """Return the danger-area notice that a file is, a record or a form in TOML; None when it is another document.

    Raises NoticeRefused for a notice with faults.
    """
    if octets.lstrip()[:1] not in {b"{", b"["} and b"kind" in octets:
        checked, faults = read_notice(octets)
        if checked is None:
            raise NoticeRefused.of(faults)
        return reading_of(checked.notice, source) if isinstance(checked.notice, DangerArea) else None
    if b'"detente-notice-1"' not in octets or b'"FeatureCollection"' in octets:
        return None
    notice = decode(octets.strip()).notice
    return reading_of(notice, source) if isinstance(notice, DangerArea) else None
