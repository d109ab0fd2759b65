"""Readout: one side's own statement of a contact. The other side's stands beside it; neither corrects the other."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from detente.notices.fields import Moment, Name, Reference, Text, about, term
from detente.notices.kinds.contact import Medium, Offices, Topics
from detente.notices.notice import Notice, Period, Window

__all__ = ["Readout"]


class Readout(Notice, frozen=True, kw_only=True, tag="readout"):
    """What one side says about a contact that took place."""

    medium: Medium
    offices: Offices
    at: Annotated[Moment, term("Contact took place"), about("When the contact began, UTC.")]
    text: Annotated[Text, term("Statement"), about("The statement, in its author's own words and language.")]
    contact: Annotated[
        Reference | None, term("Record of the contact"), about("The entry that records the contact.")
    ] = None
    place: Annotated[Name | None, term("Place"), about("Where the offices met.")] = None
    topics: Topics = ()
    agreed: Annotated[
        tuple[Text, ...], Meta(max_length=100), term("Agreed"), about("What was agreed, as this side states it.")
    ] = ()
    language: Annotated[
        Annotated[str, Meta(pattern=r"^[a-z]{2}$")] | None,
        term("Language"),
        about("The statement's language, ISO 639-1."),
    ] = None

    def times(self) -> list[tuple[str, Period | Window]]:
        """Return when the contact took place."""
        return [("at", Period(start=self.at, end=self.at))]
