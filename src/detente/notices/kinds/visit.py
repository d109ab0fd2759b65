"""Inspection, evaluation or observation visit: request or invitation, reply, report.

Source: Vienna Document 2011, chapters VI and IX.
"""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from msgspec import Meta

from detente.notices.faults import Fault
from detente.notices.fields import Count, Moment, Name, Reference, State, Text, about, term
from detente.notices.notice import Area, Force, Notice, Period, Window, listed
from detente.notices.shapes import Position

__all__ = ["VisitReply", "VisitReport", "VisitRequest"]

VisitType = Annotated[
    Literal["inspection", "evaluation", "observation"], term("Kind of visit"), about("What kind of visit it is.")
]


class VisitRequest(Notice, frozen=True, kw_only=True, tag="visit_request"):
    """A party asks to visit, or invites to observe."""

    plans: ClassVar[bool] = True

    visit: VisitType
    state: Annotated[State, term("State visited"), about("ISO 3166-1 alpha-2 code of the state that receives.")]
    invitation: Annotated[
        bool, term("Invitation"), about("True when the state visited invites; a request otherwise.")
    ] = False
    arrives_at: Annotated[
        Moment | None, term("Arrival at the point of entry"), about("Planned arrival, UTC.")
    ] = None
    answer_by: Annotated[Moment | None, term("Answer by"), about("When an answer is due, UTC.")] = None
    period: Annotated[Period | None, term("Time"), about("From when until when the visit lasts, UTC.")] = None
    point_of_entry: Annotated[Name | None, term("Point of entry"), about("Where the team enters.")] = None
    unit: Annotated[
        Name | None, term("Formation"), about("Unit or formation to be evaluated, with its place.")
    ] = None
    areas: Annotated[tuple[Area, ...], Meta(max_length=100), term("Area"), about("The area specified.")] = ()
    team_size: Annotated[Count | None, term("Team"), about("Number of inspectors or observers.")] = None
    team: Annotated[
        tuple[Name, ...], Meta(max_length=50), term("Members of the team"), about("Rank, name, nationality.")
    ] = ()
    languages: Annotated[
        tuple[Name, ...], Meta(max_length=6), term("Working languages"), about("Languages of the visit.")
    ] = ()
    transport: Annotated[
        Text | None,
        term("Transport"),
        about("How the team arrives and moves: aircraft type, call sign, vehicles."),
    ] = None
    purpose: Annotated[Text | None, term("Purpose"), about("The activity to be observed, or the reason.")] = None

    def faults(self) -> list[Fault]:
        """Return an arrival after the visit's end."""
        return Fault.order("arrives_at", self.arrives_at, self.period.end if self.period else None)

    def places(self) -> list[tuple[str, Area | Position]]:
        """Return the area specified."""
        return [*listed("areas", self.areas)]

    def times(self) -> list[tuple[str, Period | Window]]:
        """Return the visit's period."""
        return [("period", self.period)] if self.period else []


class VisitReply(Notice, frozen=True, kw_only=True, tag="visit_reply"):
    """The answer to a request or an invitation."""

    visit: VisitType
    answers: Annotated[Reference, term("Answers"), about("The request's entry.")]
    decision: Annotated[
        Literal["accepted", "refused", "other_time"], term("Decision"), about("What becomes of the request.")
    ]
    reason: Annotated[Text | None, term("Reason"), about("Why, when it is refused or moved.")] = None
    arrives_at: Annotated[Moment | None, term("Arrival at the point of entry"), about("As agreed, UTC.")] = None
    point_of_entry: Annotated[Name | None, term("Point of entry"), about("Where the team enters.")] = None
    team_size: Annotated[Count | None, term("Team"), about("Number of persons accepted or sent.")] = None
    escort: Annotated[Text | None, term("Escort"), about("Who receives and accompanies the team.")] = None

    def faults(self) -> list[Fault]:
        """Return a refusal without its reason."""
        return [Fault.missing("reason")] if self.decision != "accepted" and self.reason is None else []


class VisitReport(Notice, frozen=True, kw_only=True, tag="visit_report"):
    """What the team saw."""

    visit: VisitType
    answers: Annotated[Reference, term("Reports on"), about("The request's entry.")]
    state: Annotated[State, term("State visited"), about("ISO 3166-1 alpha-2 code of the state visited.")]
    period: Annotated[Period, term("Time"), about("From when until when the visit lasted, UTC.")]
    findings: Annotated[Text, term("Findings"), about("What the team saw and was told.")]
    forces: Annotated[
        tuple[Force, ...], Meta(max_length=100), term("Forces"), about("Forces seen or briefed, by state.")
    ] = ()
    denied: Annotated[Text | None, term("Denied"), about("Places and objects that were not shown.")] = None
    areas: Annotated[tuple[Area, ...], Meta(max_length=100), term("Area"), about("The area visited.")] = ()

    def places(self) -> list[tuple[str, Area | Position]]:
        """Return the area visited."""
        return [*listed("areas", self.areas)]

    def times(self) -> list[tuple[str, Period | Window]]:
        """Return the visit's period."""
        return [("period", self.period)]
