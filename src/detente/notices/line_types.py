"""The types under which notices stand on a line, as plain words: known without loading what a notice is.

Held equal to ``kinds.KINDS`` by a test.
"""

from __future__ import annotations

__all__ = ["HUMANITARIAN", "LINE_TYPES", "NOTICE_MEDIA_TYPE", "is_humanitarian_line"]

NOTICE_MEDIA_TYPE = "application/vnd.detente.notice+json"
"""Media type of an entry's body that is a notice."""
LINE_TYPES = frozenset(
    "notice." + kind
    for kind in (
        "after-report",
        "annual-exchange",
        "calendar",
        "cancellation",
        "caution-area",
        "contact-agreement",
        "contact-record",
        "contact-request",
        "correction",
        "danger-area",
        "exercise",
        "humanitarian-movement",
        "humanitarian-site",
        "incident",
        "launch",
        "movement",
        "readout",
        "reply",
        "unusual-activity-answer",
        "unusual-activity-request",
        "visit-reply",
        "visit-report",
        "visit-request",
    )
)
HUMANITARIAN = "humanitarian"
"""How the name of a line begins that carries humanitarian notices, and nothing else."""


def is_humanitarian_line(line: str) -> bool:
    """Tell whether a line's id names it as one for humanitarian notices; one for training too."""
    return line.removeprefix("training-").startswith(HUMANITARIAN)
