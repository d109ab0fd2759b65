"""Humanitarian notice: a site or a movement of a relief organisation, in the style of OCHA's notification forms.

It is a notice and no protection: whoever acknowledges it approves nothing and promises nothing, and whoever is
not on any list is protected by the law all the same. Such notices go on a line of their own, sealed, and appear
in no export.
"""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from msgspec import Meta

from detente.notices.fields import Amount, Name, Text, about, term
from detente.notices.notice import Area, Notice, Period, Piece, Waypoint, Window
from detente.notices.shapes import Position

__all__ = ["FocalPoint", "HumanitarianMovement", "HumanitarianSite", "Vehicle"]


class FocalPoint(Piece, frozen=True, kw_only=True):
    """Whom to call about it, day and night."""

    name: Annotated[Name, term("Name"), about("Who answers.")]
    telephone: Annotated[Name, term("Telephone"), about("International form, satellite telephones too.")]
    email: Annotated[Name | None, term("E-mail"), about("Address for written questions.")] = None


class Vehicle(Piece, frozen=True, kw_only=True):
    """A vehicle of a movement, as it can be recognised."""

    type: Annotated[Name, term("Type"), about("Lorry, car, aircraft, boat.")]
    plate: Annotated[Name | None, term("Plate"), about("Registration.")] = None
    colour: Annotated[Name | None, term("Colour and marking"), about("How it looks, from above too.")] = None


class HumanitarianSite(Notice, frozen=True, kw_only=True, tag="humanitarian_site"):
    """A place where a relief organisation works."""

    line_only: ClassVar[bool] = True

    organisation: Annotated[Name, term("Organisation"), about("Whose site it is.")]
    site_type: Annotated[
        Literal[
            "hospital", "clinic", "school", "shelter", "warehouse", "office", "water", "power", "camp", "other"
        ],
        term("Kind of site"),
        about("What the place is used for."),
    ]
    site_name: Annotated[Name, term("Site"), about("The place's name.")]
    position: Annotated[Position, term("Position"), about("WGS 84, integers of 1e-7 degree.")]
    period: Annotated[Period, term("Time"), about("From when until when it is in use, UTC.")]
    focal_points: Annotated[
        tuple[FocalPoint, ...], Meta(min_length=1, max_length=10), term("Focal point"), about("Whom to call.")
    ]
    people: Annotated[Amount | None, term("Persons"), about("About how many persons are there.")] = None
    address: Annotated[Name | None, term("Address"), about("Street or village.")] = None
    description: Annotated[Text | None, term("Description"), about("How it is marked and how it looks.")] = None

    def places(self) -> list[tuple[str, Area | Position]]:
        """Return its position, for checks only: no export shows it."""
        return [("position", self.position)]

    def times(self) -> list[tuple[str, Period | Window]]:
        """Return when it is in use."""
        return [("period", self.period)]


class HumanitarianMovement(Notice, frozen=True, kw_only=True, tag="humanitarian_movement"):
    """A convoy or a journey of relief workers."""

    plans: ClassVar[bool] = True

    line_only: ClassVar[bool] = True

    organisation: Annotated[Name, term("Organisation"), about("Whose movement it is.")]
    purpose: Annotated[Text, term("Purpose"), about("What it is for: medicine, evacuation, repair.")]
    period: Annotated[Period, term("Time"), about("From the first departure to the last arrival, UTC.")]
    stops: Annotated[
        tuple[Waypoint, ...],
        Meta(min_length=2, max_length=100),
        term("Route"),
        about("Origin, stops, destination, each with its position and times."),
    ]
    focal_points: Annotated[
        tuple[FocalPoint, ...], Meta(min_length=1, max_length=10), term("Focal point"), about("Whom to call.")
    ]
    emergency: Annotated[
        bool, term("Emergency"), about("True for a rescue that could not be notified 48 hours before.")
    ] = False
    vehicles: Annotated[tuple[Vehicle, ...], Meta(max_length=200), term("Vehicles"), about("As they look.")] = ()
    people: Annotated[Amount | None, term("Persons"), about("How many persons travel.")] = None

    def places(self) -> list[tuple[str, Area | Position]]:
        """Return its stops, for checks only: no export shows them."""
        return [
            (f"stops[{index}].position", one.position) for index, one in enumerate(self.stops) if one.position
        ]

    def times(self) -> list[tuple[str, Period | Window]]:
        """Return when it travels."""
        return [("period", self.period)]
