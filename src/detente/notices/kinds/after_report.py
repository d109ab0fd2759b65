"""After-report: what an activity was in fact, beside what was announced."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from detente.notices.faults import Fault
from detente.notices.fields import Reference, Text, about, term
from detente.notices.notice import Area, Force, Notice, Period, Window, listed
from detente.notices.shapes import Position

__all__ = ["AfterReport"]


class AfterReport(Notice, frozen=True, kw_only=True, tag="after_report"):
    """What an activity was in fact: its time, forces and places."""

    reports_on: Annotated[Reference, term("Reports on"), about("The entry that announced the activity.")]
    took_place: Annotated[bool, term("Took place"), about("False when the activity was not held.")]
    period: Annotated[Period | None, term("Time"), about("From when until when it was, UTC.")] = None
    forces: Annotated[
        tuple[Force, ...],
        Meta(max_length=100),
        term("Forces"),
        about("Forces that took part, by state, at the peak."),
    ] = ()
    areas: Annotated[tuple[Area, ...], Meta(max_length=100), term("Area"), about("Where it was held.")] = ()
    differences: Annotated[Text | None, term("Differences"), about("What was other than announced, and why.")] = (
        None
    )

    def faults(self) -> list[Fault]:
        """Return an activity that took place at no time."""
        return [Fault.missing("period")] if self.took_place and self.period is None else []

    def places(self) -> list[tuple[str, Area | Position]]:
        """Return where it was held."""
        return [*listed("areas", self.areas)]

    def times(self) -> list[tuple[str, Period | Window]]:
        """Return when it was held."""
        return [("period", self.period)] if self.period else []
