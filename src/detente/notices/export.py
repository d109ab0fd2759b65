"""What may leave the line as a map or a calendar, and what may not.

Humanitarian notices appear in no export: a list of protected places is a list of targets to somebody, and a mark
on a map says "protected", which a notice never makes a place.
"""

from __future__ import annotations

from detente import words
from detente.notices.errors import ExportRefused
from detente.notices.kinds import Correction, kind_of
from detente.notices.notice import Notice

__all__ = ["is_line_only", "refuse_export"]

say = words.speaker("notices")


def is_line_only(notice: Notice) -> bool:
    """Tell whether a notice stays on a sealed line of its own and appears in no export."""
    return notice.line_only or (isinstance(notice, Correction) and notice.corrected.line_only)


def refuse_export(notice: Notice) -> None:
    """Raise ExportRefused for a notice that appears in no export."""
    if is_line_only(notice):
        raise ExportRefused(
            expected=say("a notice that may appear on maps and in calendars"),
            came=kind_of(notice),
            remedy=say(
                "a humanitarian notice stays on its own sealed line: a map of such places is in no export"
            ),
        )
