"""A danger-area notice in a file of its own."""

from __future__ import annotations

from detente.areas.building import reading_of
from detente.areas.outcomes import Reading
from detente.notices.codec import decode
from detente.notices.kinds.danger_area import DangerArea

__all__ = ["notice_in"]


def notice_in(octets: bytes, source: str) -> Reading | None:
    """Return the danger-area notice that a file is; None when it is another JSON document.

    Raises NoticeRefused for a notice with faults.
    """
    if b'"detente-notice-1"' not in octets or b'"FeatureCollection"' in octets:
        return None
    notice = decode(octets.strip()).notice
    return reading_of(notice, source) if isinstance(notice, DangerArea) else None
