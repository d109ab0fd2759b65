"""What clauses are judged on: the facts of one plan, each known or missing, none of them guessed.

``reading`` takes them from a notice; an agreement's own cases write them down.
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal, NamedTuple

import msgspec

from detente.rules.spans import Span

__all__ = ["Facts", "Place", "Telling"]


class Place(NamedTuple):
    """A place in degrees of WGS 84."""

    lat: float
    lon: float


class Telling(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """When something was said: between two bounds, each with whose clock gives it.

    A deadline is *met* only by the clock of an addressee or a neutral, *late* only by the author's or a
    neutral's. author: the party that said it; its own clock is the only one of a file that no line carries.
    addressees: the parties that it was addressed to; empty means every other member of the line. neutrals: those whom
    both sides have named neutral; a third party is none of itself.
    """

    ref: str
    author: str
    not_before: datetime | None = None
    not_before_clock: str = ""
    not_after: datetime | None = None
    not_after_clock: str = ""
    addressees: tuple[str, ...] = ()
    neutrals: tuple[str, ...] = ()

    def role(self, clock: str) -> Literal["author", "addressee", "neutral", "other"]:
        """Return whose clock that is: the author's, an addressee's, a neutral's, or that of somebody else or nobody."""
        if clock == self.author:
            return "author"
        if clock in self.neutrals:
            return "neutral"
        return "addressee" if clock and (not self.addressees or clock in self.addressees) else "other"


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """One plan: who, when, where, how much. What is not in it is not known.

    ref: the entry or file it comes from. kind: a notice's kind. state: the author's, "" when it is none.
    start, end: of the activity. told: when this very notice was said; None when even the author's clock is
    unknown. asked: states that the notice addresses or concerns. requested: when a request reached the one asked.
    places: points of its areas; empty means that where it is, is not known. values: the facts of ``measures``
    that are known. ranges: numbers known only to lie between two, or above one. name, command, formations: as
    written, for likeness only. windows: of a danger area, open where the end is None. outline: one spelling of its
    area. answers: the ref that it answers. activity: the slug that joins notices. planned: a calendar's lines.
    """

    ref: str
    kind: str
    state: str = ""
    author: str = ""
    title: str = ""
    start: Span | None = None
    end: Span | None = None
    told: Telling | None = None
    asked: tuple[str, ...] = ()
    requested: Span | None = None
    places: tuple[Place, ...] = ()
    values: dict[str, bool | int | str] = {}
    ranges: dict[str, tuple[int, int | None]] = {}
    states: tuple[str, ...] = ()
    name: str = ""
    command: str = ""
    formations: tuple[str, ...] = ()
    windows: tuple[tuple[datetime, datetime | None], ...] = ()
    outline: str = ""
    activity: str = ""
    answers: tuple[str, ...] = ()
    year: int | None = None
    planned: tuple[Facts, ...] = ()
