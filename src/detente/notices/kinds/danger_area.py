"""Danger area: where and when it is dangerous to be, as NOTAMs and navigational warnings announce it.

Over the high seas only danger areas can be established: nobody is forbidden anything. Sources: ICAO Annex 15;
IMO MSC.1/Circ.1310 and IHO S-53; INCSEA 1972, Article VI.
"""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from msgspec import Meta

from detente.notices.fields import Moment, Name, Slug, Text, about, term
from detente.notices.notice import Area, Notice, Period, Window, listed
from detente.notices.shapes import Position

__all__ = ["DangerArea"]


class DangerArea(Notice, frozen=True, kw_only=True, tag="danger_area"):
    """An area with a danger in it, for one or several windows of time."""

    plans: ClassVar[bool] = True

    activity_kind: Annotated[
        Slug,
        term("Danger"),
        about("What is done there: firing, missile, rocket-launch, debris, exercise, aviation."),
    ]
    areas: Annotated[
        tuple[Area, ...], Meta(min_length=1, max_length=100), term("Area"), about("Where, between which heights.")
    ]
    windows: Annotated[
        tuple[Window, ...], Meta(min_length=1, max_length=2_000), term("Time"), about("When it holds, UTC.")
    ]
    cancel_at: Annotated[
        Moment | None, term("Cancels itself at"), about("When the announcement cancels itself, UTC.")
    ] = None
    cancels: Annotated[
        tuple[Name, ...],
        Meta(max_length=200),
        term("Cancels"),
        about("Numbers of the announcements that it ends."),
    ] = ()
    replaces: Annotated[Name | None, term("Replaces"), about("Number of the announcement that it replaces.")] = (
        None
    )
    system: Annotated[
        Literal["notam", "navigational_warning", "other"] | None,
        term("Published as"),
        about("Where it was published, when it was read from a public text."),
    ] = None
    source_text: Annotated[
        Text | None, term("Original text"), about("The public text that it was read from, word for word.")
    ] = None
    doubts: Annotated[
        tuple[Text, ...], Meta(max_length=50), term("Doubts"), about("What in the public text is contradictory.")
    ] = ()

    def places(self) -> list[tuple[str, Area | Position]]:
        """Return its areas."""
        return [*listed("areas", self.areas)]

    def times(self) -> list[tuple[str, Period | Window]]:
        """Return its windows."""
        return [*listed("windows", self.windows)]
