"""Hazardous incident: one side's account of it; accounts of several sides share one ``activity``.

Sources: Vienna Document 2011, chapter III; INCSEA 1972; Dangerous Military Activities 1989, Article II. An account
is its author's view: two accounts of one incident stand side by side and neither corrects the other.
"""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from detente.notices.faults import Fault
from detente.notices.fields import Amount, Moment, Name, Text, about, term
from detente.notices.notice import Area, Mover, Notice, Period, Window
from detente.notices.shapes import Position

__all__ = ["Incident"]

Distance = Annotated[int, Meta(ge=0, le=1_000_000)]


class Incident(Notice, frozen=True, kw_only=True, tag="incident"):
    """What happened, when, where, between whom, as the author saw it."""

    incident_type: Annotated[
        Literal[
            "close_approach",
            "collision",
            "shots",
            "entry_into_territory",
            "simulated_attack",
            "fire_control_radar",
            "laser",
            "interference_with_command",
            "hampering",
            "accident",
            "unexplained",
            "other",
        ],
        term("Kind of incident"),
        about("What kind of incident it was."),
    ]
    happened_at: Annotated[Moment, term("Happened at"), about("When it began, UTC, as precise as it is known.")]
    account: Annotated[Text, term("Account"), about("What happened, as the author saw it.")]
    ended_at: Annotated[Moment | None, term("Ended at"), about("When it ended, UTC.")] = None
    place: Annotated[Name | None, term("Place"), about("The place's name: a sea, an airspace.")] = None
    position: Annotated[Position | None, term("Position"), about("WGS 84, integers of 1e-7 degree.")] = None
    own: Annotated[
        tuple[Mover, ...], Meta(max_length=100), term("Own ships and aircraft"), about("The author's own.")
    ] = ()
    others: Annotated[
        tuple[Mover, ...],
        Meta(max_length=100),
        term("Ships and aircraft of others"),
        about("As the author saw them; what the author did not see itself stands under sources."),
    ] = ()
    distance_m: Annotated[
        Distance | None, term("Least distance, m"), about("Least horizontal distance in metres.")
    ] = None
    height_difference_m: Annotated[
        Distance | None, term("Difference in height, m"), about("Difference in height at that moment, metres.")
    ] = None
    severity: Annotated[
        Literal["near_routine", "serious", "high_risk"] | None,
        term("Severity"),
        about("The author's judgement (European Leadership Network's classes)."),
    ] = None
    killed: Annotated[Amount | None, term("Killed"), about("Persons killed, of all sides.")] = None
    injured: Annotated[Amount | None, term("Injured"), about("Persons injured, of all sides.")] = None
    damage: Annotated[Text | None, term("Damage"), about("What was damaged.")] = None
    asks: Annotated[Text | None, term("Asks"), about("What clarification the author asks for.")] = None

    def faults(self) -> list[Fault]:
        """Return an end before the beginning, and no place at all."""
        found = [] if self.place or self.position else [Fault.missing("position")]
        return found + Fault.order("ended_at", self.happened_at, self.ended_at)

    def places(self) -> list[tuple[str, Area | Position]]:
        """Return its position."""
        return [("position", self.position)] if self.position else []

    def times(self) -> list[tuple[str, Period | Window]]:
        """Return when it happened."""
        return [("happened_at", Period(start=self.happened_at, end=self.ended_at or self.happened_at))]
