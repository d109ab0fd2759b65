"""What was told against what was due: met, late by how much, missing, open, or undecidable and why.

Every moment is a span between two clocks. Met only by the clock of the addressee or of a neutral, late only by
the author's or a neutral's: nobody's own clock acquits it, and nobody's clock convicts another.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TypedDict

from detente.rules.agreement import Deadline
from detente.rules.facts import Telling
from detente.rules.spans import Span
from detente.rules.verdict import Told, ToldOutcome

__all__ = ["compared"]


class _Lead(TypedDict, total=False):
    lead_s: int
    lead_least_s: int
    lead_most_s: int


def compared(
    deadline: Deadline, due: Span | None, *, telling: Telling | None, start: Span | None, now: datetime | None
) -> Told:
    """Return how a telling (None: nothing tells it) stands against a deadline, seen at ``now``.

    Without ``now`` what nothing tells is missing: the record given is all there is.
    """
    if telling is None:
        return Told(outcome=_untold(due, now))
    lead = _lead(telling, start)
    if deadline.kind == "without_delay":
        return Told(outcome=ToldOutcome.NO_TIME, telling=telling, **lead)
    if due is None:
        return Told(outcome=ToldOutcome.UNDECIDABLE, why="no_due", telling=telling, **lead)
    first, last = telling.not_before, telling.not_after
    is_late = first is not None and first > due.earliest and first >= due.latest
    if is_late and first is not None:
        role = telling.role(telling.not_before_clock)
        if role not in {"author", "neutral"}:
            return Told(outcome=ToldOutcome.UNDECIDABLE, why=f"{role}_clock_late", telling=telling, **lead)
        return Told(
            outcome=ToldOutcome.LATE,
            telling=telling,
            late_by_s=_seconds(first - due.earliest),
            late_least_s=_seconds(first - due.latest),
            late_most_s=None if last is None else _seconds(last - due.earliest),
            **lead,
        )
    if last is None:
        return Told(outcome=ToldOutcome.UNDECIDABLE, why="no_clock", telling=telling, **lead)
    if last > due.earliest:
        return Told(outcome=ToldOutcome.UNDECIDABLE, why="precision", telling=telling, **lead)
    role = telling.role(telling.not_after_clock)
    if role not in {"addressee", "neutral"}:
        return Told(outcome=ToldOutcome.UNDECIDABLE, why=f"{role}_clock", telling=telling, **lead)
    return Told(
        outcome=ToldOutcome.MET,
        telling=telling,
        **lead,
        short_of_desirable=_is_short(deadline, last, start),
    )


def _untold(due: Span | None, now: datetime | None) -> ToldOutcome:
    if now is None or due is None:
        return ToldOutcome.MISSING
    if now <= due.earliest:
        return ToldOutcome.OPEN
    return ToldOutcome.MISSING if now >= due.latest else ToldOutcome.UNDECIDABLE


def _is_short(deadline: Deadline, last: datetime, start: Span | None) -> bool:
    if deadline.desirable is None or start is None:
        return False
    unit = timedelta(days=1) if deadline.unit == "d" else timedelta(hours=1)
    return last > start.earliest - deadline.desirable * unit


def _lead(telling: Telling, start: Span | None) -> _Lead:
    if start is None or telling.not_before is None or telling.not_after is None:
        return {}
    return {
        "lead_s": _seconds(start.earliest - telling.not_before),
        "lead_least_s": _seconds(start.earliest - telling.not_after),
        "lead_most_s": _seconds(start.latest - telling.not_before),
    }


def _seconds(length: timedelta) -> int:
    return int(length.total_seconds())
