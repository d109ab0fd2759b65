"""Annual calendar: what a party plans for a year, or that it plans nothing (Vienna Document 2011, chapter VII)."""

from __future__ import annotations

from typing import Annotated, ClassVar

from msgspec import Meta

from detente.notices.faults import Fault
from detente.notices.fields import Name, Slug, Text, about, term
from detente.notices.kinds.exercise import ActivityType
from detente.notices.notice import Area, Command, Force, Notice, Period, Piece, Window, listed
from detente.notices.shapes import Position

__all__ = ["AnnualCalendar", "CalendarEntry"]


class CalendarEntry(Piece, frozen=True, kw_only=True):
    """One planned activity of the year."""

    designation: Annotated[Name, term("Designation"), about("The activity's name.")]
    activity_type: Annotated[ActivityType, term("Type of activity"), about("What kind of activity it is.")]
    start_window: Annotated[
        Period, term("Start"), about("Between which moments it is planned to start, UTC; usually 14 days.")
    ]
    activity: Annotated[Slug | None, term("Activity"), about("Its short name, as later notices will use it.")] = (
        None
    )
    duration_days: Annotated[
        Annotated[int, Meta(ge=1, le=366)] | None, term("Duration, days"), about("Planned length in days.")
    ] = None
    purpose: Annotated[Text | None, term("Purpose"), about("Its general purpose.")] = None
    forces: Annotated[
        tuple[Force, ...], Meta(max_length=100), term("Forces"), about("Planned forces by state.")
    ] = ()
    command: Annotated[Command | None, term("Command"), about("Who organises and commands it.")] = None
    areas: Annotated[tuple[Area, ...], Meta(max_length=100), term("Area"), about("Where it is planned.")] = ()


class AnnualCalendar(Notice, frozen=True, kw_only=True, tag="calendar"):
    """The activities that a party plans for one calendar year."""

    plans: ClassVar[bool] = True

    year: Annotated[Annotated[int, Meta(ge=1900, le=2199)], term("Year"), about("The calendar year planned for.")]
    entries: Annotated[
        tuple[CalendarEntry, ...], Meta(max_length=500), term("Activities"), about("In the order of time.")
    ] = ()
    nothing_planned: Annotated[
        bool, term("Nothing planned"), about("True states that no activity of this kind is planned.")
    ] = False

    def faults(self) -> list[Fault]:
        """Return an empty calendar that does not say so, and activities that start in another year."""
        found = []
        if bool(self.entries) == self.nothing_planned:
            found.append(
                Fault.missing("nothing_planned")
                if not self.entries
                else Fault.contradiction("nothing_planned", "entries")
            )
        for path, entry in listed("entries", self.entries):
            found += Fault.order(f"{path}.start_window.start", entry.start_window.start, str(self.year))
            found += Fault.order(f"{path}.start_window.end", str(self.year), entry.start_window.end)
        return found

    def places(self) -> list[tuple[str, Area | Position]]:
        """Return the areas of its activities."""
        return [
            one for path, entry in listed("entries", self.entries) for one in listed(f"{path}.areas", entry.areas)
        ]

    def times(self) -> list[tuple[str, Period | Window]]:
        """Return the windows in which its activities start."""
        return [(f"{path}.start_window", entry.start_window) for path, entry in listed("entries", self.entries)]
