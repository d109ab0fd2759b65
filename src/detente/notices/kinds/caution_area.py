"""Special caution area: where forces of two sides come near one another and take special measures.

Source: Agreement on the Prevention of Dangerous Military Activities 1989, Article V: boundaries, time, radio.
"""

from __future__ import annotations

from typing import Annotated, ClassVar

from msgspec import Meta

from detente.notices.fields import Text, about, term
from detente.notices.notice import Area, Notice, Period, Radio, Window, listed
from detente.notices.shapes import Position

__all__ = ["CautionArea"]


class CautionArea(Notice, frozen=True, kw_only=True, tag="caution_area"):
    """An area in which both sides act with special caution for a time."""

    plans: ClassVar[bool] = True

    areas: Annotated[
        tuple[Area, ...], Meta(min_length=1, max_length=100), term("Area"), about("Its boundaries and heights.")
    ]
    windows: Annotated[
        tuple[Window, ...], Meta(min_length=1, max_length=200), term("Time"), about("When it holds, UTC.")
    ]
    reason: Annotated[Text, term("Reason"), about("Why special caution is asked for.")]
    measures: Annotated[Text | None, term("Measures"), about("What both sides do or leave undone in it.")] = None
    radios: Annotated[
        tuple[Radio, ...], Meta(max_length=20), term("Radio"), about("On which frequencies each side is called.")
    ] = ()

    def places(self) -> list[tuple[str, Area | Position]]:
        """Return its areas."""
        return [*listed("areas", self.areas)]

    def times(self) -> list[tuple[str, Period | Window]]:
        """Return its windows."""
        return [*listed("windows", self.windows)]
