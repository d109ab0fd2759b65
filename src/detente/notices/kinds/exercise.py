"""Exercise: a military activity planned or held, with its phases, forces by state, area and command.

Contents follow the forms of Vienna Document 2011 for prior notification (chapter V); a snap exercise is one
that is carried out without notice to its own troops.
"""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from msgspec import Meta

from detente.notices.faults import Fault
from detente.notices.fields import Name, Text, about, term
from detente.notices.notice import Area, Command, Force, Notice, Period, Piece, Window, listed
from detente.notices.shapes import Position

__all__ = ["ActivityType", "Exercise", "Phase"]

ActivityType = Literal[
    "field_exercise",
    "command_post_exercise",
    "live_firing",
    "naval_exercise",
    "air_exercise",
    "air_defence_exercise",
    "amphibious_landing",
    "airborne_landing",
    "strategic_forces_exercise",
    "concentration",
    "alert",
    "other",
]


class Phase(Piece, frozen=True, kw_only=True):
    """A stretch of an activity with its own purpose, time and place."""

    stage: Annotated[
        Literal["deployment", "concentration", "active", "recovery", "other"],
        term("Stage"),
        about("What the phase is for in the course of the activity."),
    ]
    period: Annotated[Period, term("Time"), about("From when until when, UTC.")]
    name: Annotated[Name | None, term("Name"), about("The phase's name.")] = None
    purpose: Annotated[Text | None, term("Purpose"), about("What is practised in it.")] = None
    areas: Annotated[
        tuple[Area, ...], Meta(max_length=100), term("Area"), about("Where it is held, when not everywhere.")
    ] = ()


class Exercise(Notice, frozen=True, kw_only=True, tag="exercise"):
    """A military activity: an exercise, a concentration of forces, an alert."""

    plans: ClassVar[bool] = True

    activity_type: Annotated[ActivityType, term("Type of activity"), about("What kind of activity it is.")]
    period: Annotated[Period, term("Time"), about("From the first deployment to the last recovery, UTC.")]
    purpose: Annotated[Text | None, term("Purpose"), about("The general purpose of the activity.")] = None
    designation: Annotated[
        Name | None, term("Designation"), about("The activity's name, such as Zapad-2017.")
    ] = None
    forces: Annotated[
        tuple[Force, ...],
        Meta(max_length=100),
        term("Forces"),
        about("Forces by state: persons and things at the peak of the activity."),
    ] = ()
    command: Annotated[Command | None, term("Command"), about("Who organises and commands it.")] = None
    single_command: Annotated[
        bool | None, term("Single operational command"), about("True when all forces are under one command.")
    ] = None
    brigade_structure: Annotated[
        bool | None,
        term("Division or at least two brigades"),
        about("True when the land forces are organised as a division or as at least two brigades or regiments."),
    ] = None
    without_notice: Annotated[
        bool | None,
        term("Alert without notice"),
        about("True when the troops themselves were not told in advance."),
    ] = None
    in_calendar: Annotated[
        bool | None, term("In the annual calendar"), about("True when the year's calendar announced it.")
    ] = None
    calendar_changes: Annotated[
        Text | None, term("Changes against the calendar"), about("What differs from the annual calendar.")
    ] = None
    observers_invited: Annotated[
        bool | None, term("Observers invited"), about("True when other parties may send observers.")
    ] = None
    areas: Annotated[
        tuple[Area, ...], Meta(max_length=100), term("Area"), about("Where the activity takes place.")
    ] = ()
    phases: Annotated[
        tuple[Phase, ...], Meta(max_length=50), term("Phases"), about("Its phases in the order of time.")
    ] = ()

    def faults(self) -> list[Fault]:
        """Return phases that lie wholly outside the activity's period."""
        found: list[Fault] = []
        for path, phase in listed("phases", self.phases):
            found += Fault.order(f"{path}.period.start", phase.period.start, self.period.end)
            found += Fault.order(f"{path}.period.end", self.period.start, phase.period.end)
        return found

    def places(self) -> list[tuple[str, Area | Position]]:
        """Return its areas and those of its phases."""
        found: list[tuple[str, Area | Position]] = [*listed("areas", self.areas)]
        for path, phase in listed("phases", self.phases):
            found += listed(f"{path}.areas", phase.areas)
        return found

    def times(self) -> list[tuple[str, Period | Window]]:
        """Return its period and those of its phases."""
        return [
            ("period", self.period),
            *((f"{path}.period", one.period) for path, one in listed("phases", self.phases)),
        ]
