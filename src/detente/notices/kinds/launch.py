"""Missile or space launch, before it or after it.

Contents: Ballistic Missile Launch Notification Agreement 1988 (planned date, launch area, reentry impact area),
Hague Code of Conduct 2002 (generic class, launch window, launch area, planned direction).
"""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from msgspec import Meta

from detente.notices.fields import Count, Decimal, Moment, Name, about, term
from detente.notices.notice import Area, Notice, Period, Window, listed
from detente.notices.shapes import Position

__all__ = ["Launch"]


class Launch(Notice, frozen=True, kw_only=True, tag="launch"):
    """A launch of missiles or of a space vehicle, planned or carried out."""

    plans: ClassVar[bool] = True

    vehicle: Annotated[
        Literal[
            "icbm",
            "slbm",
            "ballistic_missile",
            "cruise_missile",
            "space_launch_vehicle",
            "sounding_rocket",
            "other",
        ],
        term("Vehicle"),
        about("Generic class: what is launched (Hague Code of Conduct 2002)."),
    ]
    window: Annotated[Period, term("Launch window"), about("Between which moments it is launched, UTC.")]
    stage: Annotated[
        Literal["planned", "carried_out", "called_off"], term("State of affairs"), about("Planned when absent.")
    ] = "planned"
    launched_at: Annotated[Moment | None, term("Launched at"), about("When it was launched in fact, UTC.")] = None
    count: Annotated[Count | None, term("Number of launches"), about("How many launches; absent: one.")] = None
    class_name: Annotated[Name | None, term("Class"), about("The class's name, such as Minuteman III.")] = None
    launch_site: Annotated[Name | None, term("Launch site"), about("Cosmodrome, test range or ship.")] = None
    launch_area: Annotated[
        Area | None, term("Launch area"), about("From where; from sea the ocean quadrant or body of water.")
    ] = None
    azimuth_deg: Annotated[
        Decimal | None, term("Direction, degrees"), about("Planned direction of flight, degrees true, 0 to 360.")
    ] = None
    range_km: Annotated[
        Annotated[int, Meta(ge=1, le=40_000)] | None, term("Range, km"), about("Planned range in kilometres.")
    ] = None
    apogee_km: Annotated[
        Annotated[int, Meta(ge=1, le=1_000_000)] | None,
        term("Altitude, km"),
        about("Greatest planned altitude in kilometres."),
    ] = None
    impact_areas: Annotated[
        tuple[Area, ...],
        Meta(max_length=50),
        term("Impact area"),
        about("Where stages and reentry bodies fall: boundary positions, or centre and radius."),
    ] = ()

    def places(self) -> list[tuple[str, Area | Position]]:
        """Return the launch area and the impact areas."""
        found: list[tuple[str, Area | Position]] = [("launch_area", self.launch_area)] if self.launch_area else []
        return [*found, *listed("impact_areas", self.impact_areas)]

    def times(self) -> list[tuple[str, Period | Window]]:
        """Return the launch window."""
        return [("window", self.window)]
