"""Correction: an earlier entry of the author's, said again as it is right. The old entry stays in the record.

The whole notice is said again, so that what it becomes does not depend on who holds the old one.
"""

from __future__ import annotations

from typing import Annotated

from detente.notices.faults import Fault
from detente.notices.fields import Reference, Text, about, term
from detente.notices.kinds.after_report import AfterReport
from detente.notices.kinds.annual_exchange import AnnualExchange
from detente.notices.kinds.calendar import AnnualCalendar
from detente.notices.kinds.caution_area import CautionArea
from detente.notices.kinds.contact import ContactAgreement, ContactRecord, ContactRequest
from detente.notices.kinds.danger_area import DangerArea
from detente.notices.kinds.exercise import Exercise
from detente.notices.kinds.humanitarian import HumanitarianMovement, HumanitarianSite
from detente.notices.kinds.incident import Incident
from detente.notices.kinds.launch import Launch
from detente.notices.kinds.movement import Movement
from detente.notices.kinds.readout import Readout
from detente.notices.kinds.unusual_activity import UnusualActivityAnswer, UnusualActivityRequest
from detente.notices.kinds.visit import VisitReply, VisitReport, VisitRequest
from detente.notices.notice import Area, Notice, Period, Window
from detente.notices.shapes import Position

__all__ = ["Correctable", "Correction"]

Correctable = (
    AfterReport
    | AnnualCalendar
    | AnnualExchange
    | CautionArea
    | ContactAgreement
    | ContactRecord
    | ContactRequest
    | DangerArea
    | Exercise
    | HumanitarianMovement
    | HumanitarianSite
    | Incident
    | Launch
    | Movement
    | Readout
    | UnusualActivityAnswer
    | UnusualActivityRequest
    | VisitReply
    | VisitReport
    | VisitRequest
)
"""What can be said again; a reply, a cancellation and a correction are followed by a new one instead."""


class Correction(Notice, frozen=True, kw_only=True, tag="correction"):
    """The author says an entry of its own again, as it is right."""

    corrects: Annotated[
        Reference, term("Corrects"), about("The author's own entry that was wrong or has changed.")
    ]
    reason: Annotated[Text, term("Reason"), about("What was wrong or has changed, and why.")]
    corrected: Annotated[Correctable, term("Now reads"), about("The whole notice as it is right.")]

    def faults(self) -> list[Fault]:
        """Return a correction in another party's name."""
        if self.corrected.author.id == self.author.id:
            return []
        return [Fault.contradiction("corrected.author.id", "author.id")]

    def places(self) -> list[tuple[str, Area | Position]]:
        """Return the places of the notice as it now reads."""
        return [(f"corrected.{path}", place) for path, place in self.corrected.places()]

    def times(self) -> list[tuple[str, Period | Window]]:
        """Return the times of the notice as it now reads."""
        return [(f"corrected.{path}", time) for path, time in self.corrected.times()]
