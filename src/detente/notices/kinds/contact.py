"""Contact of two offices, a call or a meeting: the request for it, its agreement, its record."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from msgspec import Meta

from detente.notices.faults import Fault
from detente.notices.fields import Moment, Name, Reference, Text, about, term
from detente.notices.notice import Area, Notice, Office, Period, Window
from detente.notices.shapes import Position

__all__ = ["ContactAgreement", "ContactRecord", "ContactRequest", "Medium", "Offices", "Topics"]

Medium = Annotated[
    Literal["telephone", "video", "meeting", "letter"], term("Form of contact"), about("How the offices meet.")
]
Offices = Annotated[
    tuple[Office, ...], Meta(min_length=2, max_length=50), term("Offices"), about("Who takes part, by office.")
]
Topics = Annotated[tuple[Name, ...], Meta(max_length=100), term("Topics"), about("What it is about, one a line.")]


class ContactRequest(Notice, frozen=True, kw_only=True, tag="contact_request"):
    """A party asks for a call or a meeting."""

    plans: ClassVar[bool] = True

    medium: Medium
    offices: Offices
    topics: Topics = ()
    proposed: Annotated[
        tuple[Period, ...], Meta(max_length=20), term("Proposed times"), about("When it could be, UTC.")
    ] = ()
    place: Annotated[Name | None, term("Place"), about("Where the author would meet.")] = None
    reason: Annotated[Text | None, term("Reason"), about("Why the contact is asked for.")] = None

    def times(self) -> list[tuple[str, Period | Window]]:
        """Return the proposed times."""
        return [(f"proposed[{index}]", one) for index, one in enumerate(self.proposed)]


class ContactAgreement(Notice, frozen=True, kw_only=True, tag="contact_agreement"):
    """What was agreed about a contact to come: when, where, who."""

    plans: ClassVar[bool] = True

    answers: Annotated[Reference, term("Answers"), about("The request's entry.")]
    medium: Medium
    offices: Offices
    at: Annotated[Moment, term("Time"), about("When it begins, UTC.")]
    topics: Topics = ()
    place: Annotated[Name | None, term("Place"), about("Where the offices meet.")] = None
    language: Annotated[Name | None, term("Language"), about("Language and interpreters.")] = None

    def times(self) -> list[tuple[str, Period | Window]]:
        """Return when it begins."""
        return [("at", Period(start=self.at, end=self.at))]


class ContactRecord(Notice, frozen=True, kw_only=True, tag="contact_record"):
    """That a contact took place: who, when, where, what was agreed."""

    medium: Medium
    offices: Offices
    at: Annotated[Moment, term("Began"), about("When it began, UTC.")]
    ended_at: Annotated[Moment | None, term("Ended at"), about("When it ended, UTC.")] = None
    place: Annotated[Name | None, term("Place"), about("Where the offices met.")] = None
    position: Annotated[Position | None, term("Position"), about("WGS 84, integers of 1e-7 degree.")] = None
    topics: Topics = ()
    agreed: Annotated[
        tuple[Text, ...], Meta(max_length=100), term("Agreed"), about("What was agreed, one a paragraph.")
    ] = ()
    next_at: Annotated[Moment | None, term("Next contact"), about("When the offices meet again, UTC.")] = None

    def faults(self) -> list[Fault]:
        """Return an end before the beginning."""
        return Fault.order("ended_at", self.at, self.ended_at)

    def places(self) -> list[tuple[str, Area | Position]]:
        """Return where the offices met."""
        return [("position", self.position)] if self.position else []

    def times(self) -> list[tuple[str, Period | Window]]:
        """Return when it took place."""
        return [("at", Period(start=self.at, end=self.ended_at or self.at))]
