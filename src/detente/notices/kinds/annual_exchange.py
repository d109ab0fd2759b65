"""Annual exchange of military information: what a party gave, as of 1 January (Vienna Document 2011, chapter I).

The tables themselves are given elsewhere; the notice says that they were, what they sum up to, and how many units they
list, which the quota of evaluation visits is counted from.
"""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from detente.notices.faults import Fault
from detente.notices.fields import Count, Text, about, term
from detente.notices.notice import Force, Notice

__all__ = ["AnnualExchange"]


class AnnualExchange(Notice, frozen=True, kw_only=True, tag="annual_exchange"):
    """The yearly information on a party's forces, or that it has none."""

    year: Annotated[
        Annotated[int, Meta(ge=1900, le=2199)], term("Year"), about("The year on whose 1 January it is valid.")
    ]
    units_reported: Annotated[
        Count | None,
        term("Formations and units"),
        about("How many formations and units it lists, down to brigade or regiment."),
    ] = None
    forces: Annotated[
        tuple[Force, ...], Meta(max_length=100), term("Forces"), about("Totals by state or formation.")
    ] = ()
    nothing_held: Annotated[
        bool, term("No forces"), about("True states that the party has no such forces: a null return.")
    ] = False
    given_in: Annotated[Text | None, term("Given in"), about("Where the full tables were given, and how.")] = None

    def faults(self) -> list[Fault]:
        """Return an exchange that says nothing, and a null return that lists something."""
        given = {"forces": self.forces, "units_reported": self.units_reported, "given_in": self.given_in}
        said = [name for name, value in given.items() if value]
        if self.nothing_held:
            return [Fault.contradiction("nothing_held", said[0])] if said else []
        return [] if said else [Fault.missing("units_reported")]
