"""What happened between offices and between forces: contacts, suspensions, agreements, statements, incidents.

One happening is one row of the story of a channel. It comes from a notice of a record or from a row of a list that
people keep (``contact_lists``); its moment is as precise as its source, and what is not known stays unknown.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from detente.notices.filed import Filed
from detente.notices.kinds.contact import ContactAgreement, ContactRecord, ContactRequest
from detente.notices.kinds.incident import Incident
from detente.notices.kinds.readout import Readout
from detente.notices.moments import Stated, stated
from detente.notices.notice import Office

__all__ = ["CONTACTS", "Happening", "Kind", "Seat", "happenings_of"]

Kind = Literal[
    "meeting",
    "telephone",
    "video",
    "letter",
    "council",
    "briefing",
    "request",
    "arranged",
    "suspension",
    "line_opened",
    "agreement",
    "statement",
    "incident",
    "readout",
]
CONTACTS: tuple[Kind, ...] = ("meeting", "telephone", "video", "letter", "council", "briefing")
"""The kinds in which offices really spoke to each other."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seat:
    """Who took part: an office and its holder then. Either may be unknown ("") but not both."""

    office: str = ""
    person: str = ""
    side: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """One row of the story.

    at: when, as precise as the source says; is_approximate: the source itself doubts it. seats: who took part, as
    far as offices could be named; who: the source's own words for it. place, summary: "" when not said.
    agreed, topics: of a contact or a readout. author: of a readout, whose statement it is. joins: a key that a
    contact and its readouts share. source: where it was read; ref: the entry, file or row.
    """

    ref: str
    at: Stated
    kind: Kind
    seats: tuple[Seat, ...] = ()
    who: str = ""
    place: str = ""
    summary: str = ""
    agreed: tuple[str, ...] = ()
    topics: tuple[str, ...] = ()
    author: str = ""
    joins: str = ""
    source: str = ""
    is_approximate: bool = False

    @property
    def offices(self) -> tuple[str, ...]:
        """Return the offices that are known, in their order."""
        return tuple(seat.office for seat in self.seats if seat.office)


def happenings_of(filed: list[Filed]) -> list[Happening]:
    """Return what the notices of a record say about contacts and incidents; other kinds say nothing here."""
    found = [_happening(one) for one in filed]
    return [one for one in found if one is not None]


def _happening(filed: Filed) -> Happening | None:
    notice = filed.notice
    if isinstance(notice, ContactRecord):
        return Happening(
            ref=filed.ref,
            at=stated(notice.at),
            kind=notice.medium,
            seats=_seats(notice.offices),
            place=notice.place or "",
            summary=notice.title,
            agreed=notice.agreed,
            topics=notice.topics,
            joins=notice.activity or filed.ref,
            source=notice.author.name,
        )
    if isinstance(notice, Readout):
        return Happening(
            ref=filed.ref,
            at=stated(notice.at),
            kind="readout",
            seats=_seats(notice.offices),
            place=notice.place or "",
            summary=notice.text,
            agreed=notice.agreed,
            topics=notice.topics,
            author=notice.author.name,
            joins=notice.activity or notice.contact or _who_and_when(notice.offices, notice.at),
            source=notice.author.name,
        )
    if isinstance(notice, ContactRequest | ContactAgreement):
        return Happening(
            ref=filed.ref,
            at=stated(notice.at if isinstance(notice, ContactAgreement) else notice.issued_at),
            kind="arranged" if isinstance(notice, ContactAgreement) else "request",
            seats=_seats(notice.offices),
            place=notice.place or "",
            summary=notice.title,
            topics=notice.topics,
            joins=notice.activity or filed.ref,
            source=notice.author.name,
        )
    if isinstance(notice, Incident):
        return Happening(
            ref=filed.ref,
            at=stated(notice.happened_at),
            kind="incident",
            who=", ".join(mover.name or mover.type for mover in (*notice.own, *notice.others)),
            place=notice.place or "",
            summary=notice.title,
            joins=notice.activity or filed.ref,
            source=notice.author.name,
        )
    return None


def _seats(offices: tuple[Office, ...]) -> tuple[Seat, ...]:
    return tuple(
        Seat(office=one.title, person=one.holder or "", side=one.state or one.party or "") for one in offices
    )


def _who_and_when(offices: tuple[Office, ...], at: str) -> str:
    """Return a key for readouts that name no contact: the same offices at the same time mean the same contact."""
    return f"{at[:10]} {' '.join(sorted(one.title for one in offices))}"
