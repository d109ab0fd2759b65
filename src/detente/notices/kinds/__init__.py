"""The kinds of notice, one file each, and the table of them all."""

from __future__ import annotations

from detente.notices.kinds.after_report import AfterReport
from detente.notices.kinds.annual_exchange import AnnualExchange
from detente.notices.kinds.calendar import AnnualCalendar, CalendarEntry
from detente.notices.kinds.cancellation import Cancellation
from detente.notices.kinds.caution_area import CautionArea
from detente.notices.kinds.contact import ContactAgreement, ContactRecord, ContactRequest
from detente.notices.kinds.correction import Correctable, Correction
from detente.notices.kinds.danger_area import DangerArea
from detente.notices.kinds.exercise import Exercise, Phase
from detente.notices.kinds.humanitarian import FocalPoint, HumanitarianMovement, HumanitarianSite, Vehicle
from detente.notices.kinds.incident import Incident
from detente.notices.kinds.launch import Launch
from detente.notices.kinds.movement import Movement
from detente.notices.kinds.readout import Readout
from detente.notices.kinds.reply import Reply
from detente.notices.kinds.unusual_activity import UnusualActivityAnswer, UnusualActivityRequest
from detente.notices.kinds.visit import VisitReply, VisitReport, VisitRequest
from detente.notices.notice import Notice

__all__ = [
    "KINDS",
    "AfterReport",
    "AnnualCalendar",
    "AnnualExchange",
    "CalendarEntry",
    "Cancellation",
    "CautionArea",
    "ContactAgreement",
    "ContactRecord",
    "ContactRequest",
    "Correctable",
    "Correction",
    "DangerArea",
    "Exercise",
    "FocalPoint",
    "HumanitarianMovement",
    "HumanitarianSite",
    "Incident",
    "Launch",
    "Movement",
    "Phase",
    "Readout",
    "Reply",
    "UnusualActivityAnswer",
    "UnusualActivityRequest",
    "Vehicle",
    "VisitReply",
    "VisitReport",
    "VisitRequest",
    "kind_of",
    "line_type",
]


def kind_of(notice: type[Notice] | Notice) -> str:
    """Return the word that stands under "kind" in the notice's bytes."""
    return str(notice.__struct_config__.tag)


def line_type(notice: type[Notice] | Notice) -> str:
    """Return the type of the line's entry that carries it: "notice." and the kind, with hyphens."""
    return "notice." + kind_of(notice).replace("_", "-")


KINDS: dict[str, type[Notice]] = {
    kind_of(one): one
    for one in (
        Exercise,
        AnnualCalendar,
        Movement,
        Launch,
        DangerArea,
        CautionArea,
        Incident,
        UnusualActivityRequest,
        UnusualActivityAnswer,
        VisitRequest,
        VisitReply,
        VisitReport,
        ContactRequest,
        ContactAgreement,
        ContactRecord,
        Readout,
        HumanitarianSite,
        HumanitarianMovement,
        Reply,
        Correction,
        Cancellation,
        AfterReport,
        AnnualExchange,
    )
}
"""Every kind by its word."""
