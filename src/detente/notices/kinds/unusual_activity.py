"""Unusual military activity: the request about it, and the answer (Vienna Document 2011, chapter III)."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from detente.notices.fields import Moment, Name, Reference, State, Text, about, term
from detente.notices.notice import Area, Force, Notice, Period, Window, listed
from detente.notices.shapes import Position

__all__ = ["UnusualActivityAnswer", "UnusualActivityRequest"]


class UnusualActivityRequest(Notice, frozen=True, kw_only=True, tag="unusual_activity_request"):
    """A party asks another about an activity that worries it: for an explanation, then for a meeting."""

    concerns_state: Annotated[
        State, term("Addressed state"), about("ISO 3166-1 alpha-2 code of the state asked.")
    ]
    cause: Annotated[Text, term("Cause of concern"), about("Why the activity is a cause of concern.")]
    asks_for: Annotated[
        Literal["explanation", "meeting"], term("Asks for"), about("An explanation (as if absent), or a meeting.")
    ] = "explanation"
    observed: Annotated[Text | None, term("Observed"), about("The activity's type, as far as it is known.")] = (
        None
    )
    period: Annotated[Period | None, term("Time"), about("When the activity was seen, UTC.")] = None
    questions: Annotated[
        tuple[Text, ...], Meta(max_length=50), term("Questions"), about("What the author wants to know.")
    ] = ()
    forces: Annotated[
        tuple[Force, ...],
        Meta(max_length=100),
        term("Forces"),
        about("Forces seen or estimated, each number with the claim that it rests on."),
    ] = ()
    areas: Annotated[
        tuple[Area, ...], Meta(max_length=100), term("Area"), about("Where, as far as it is known.")
    ] = ()

    def places(self) -> list[tuple[str, Area | Position]]:
        """Return its areas."""
        return [*listed("areas", self.areas)]

    def times(self) -> list[tuple[str, Period | Window]]:
        """Return when the activity was seen."""
        return [("period", self.period)] if self.period else []


class UnusualActivityAnswer(Notice, frozen=True, kw_only=True, tag="unusual_activity_answer"):
    """The answer to such a request."""

    answers: Annotated[Reference, term("Answers"), about("The request's entry.")]
    explanation: Annotated[Text, term("Explanation"), about("What the activity is, and what it is for.")]
    designation: Annotated[Name | None, term("Designation"), about("Name and subordination of the forces.")] = (
        None
    )
    period: Annotated[Period | None, term("Time"), about("When it began and ends, UTC.")] = None
    forces: Annotated[tuple[Force, ...], Meta(max_length=100), term("Forces"), about("Forces by state.")] = ()
    areas: Annotated[tuple[Area, ...], Meta(max_length=100), term("Area"), about("Where it is.")] = ()
    meeting_at: Annotated[
        Moment | None, term("Meeting offered at"), about("When the author would meet the asker, UTC.")
    ] = None
    meeting_place: Annotated[Name | None, term("Meeting place"), about("Where they would meet.")] = None

    def places(self) -> list[tuple[str, Area | Position]]:
        """Return its areas."""
        return [*listed("areas", self.areas)]

    def times(self) -> list[tuple[str, Period | Window]]:
        """Return when the activity is."""
        return [("period", self.period)] if self.period else []
