"""Movement or transit of forces or ships, the passage of a strait among them (Montreux Convention 1936, Article 13)."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from msgspec import Meta

from detente.notices.faults import Fault
from detente.notices.fields import Moment, Name, Text, about, term
from detente.notices.notice import Area, Force, Mover, Notice, Period, Waypoint, Window, listed
from detente.notices.shapes import Position

__all__ = ["Movement"]


class Movement(Notice, frozen=True, kw_only=True, tag="movement"):
    """Ships, aircraft or troops that go from one place to another."""

    plans: ClassVar[bool] = True

    mode: Annotated[Literal["sea", "air", "road", "rail", "mixed"], term("By"), about("How they move.")]
    period: Annotated[Period, term("Time"), about("From departure to arrival or return, UTC.")]
    purpose: Annotated[Text | None, term("Purpose"), about("What the movement is for.")] = None
    destination: Annotated[Name | None, term("Destination"), about("Where they go.")] = None
    movers: Annotated[
        tuple[Mover, ...], Meta(max_length=200), term("Ships, aircraft, columns"), about("Who moves, by type.")
    ] = ()
    forces: Annotated[
        tuple[Force, ...], Meta(max_length=100), term("Forces"), about("Forces moved, by state.")
    ] = ()
    route: Annotated[
        tuple[Waypoint, ...], Meta(max_length=500), term("Route"), about("Places passed, in their order.")
    ] = ()
    strait: Annotated[
        Name | None, term("Strait"), about("The strait passed: Bosphorus and Dardanelles, Great Belt.")
    ] = None
    outward_at: Annotated[
        Moment | None, term("Passage outward"), about("When the strait is passed on the way out, UTC.")
    ] = None
    return_at: Annotated[
        Moment | None, term("Passage on return"), about("When the strait is passed on the way back, UTC.")
    ] = None
    areas: Annotated[
        tuple[Area, ...], Meta(max_length=100), term("Area"), about("Where the movement takes place.")
    ] = ()

    def faults(self) -> list[Fault]:
        """Return a movement of nobody, and a return before the passage outward."""
        found = [] if self.movers or self.forces else [Fault.missing("movers")]
        return found + Fault.order("return_at", self.outward_at, self.return_at)

    def places(self) -> list[tuple[str, Area | Position]]:
        """Return the positions of its route and its areas."""
        found: list[tuple[str, Area | Position]] = [
            (f"{path}.position", one.position) for path, one in listed("route", self.route) if one.position
        ]
        return [*found, *listed("areas", self.areas)]

    def times(self) -> list[tuple[str, Period | Window]]:
        """Return its period."""
        return [("period", self.period)]
