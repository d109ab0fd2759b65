"""The facts that clauses may ask about: a closed list, each with its unit and its words.

A clause names a fact by its key; the loader refuses every other key, so that a misspelt threshold can never
become one that nothing crosses. Numbers are whole numbers of the unit that the key or its words name.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from detente import words

__all__ = ["FACTS", "MARKS", "NUMBERS", "SIZES", "STRENGTHS", "TEXTS", "fact_words"]

say = words.speaker("rules")

_STRENGTHS: dict[str, Callable[[], str]] = {
    "troops": lambda: say("troops"),
    "battle_tanks": lambda: say("battle tanks"),
    "armoured_combat_vehicles": lambda: say("armoured combat vehicles"),
    "artillery_pieces": lambda: say("artillery pieces of 100 mm and above"),
    "combat_helicopters": lambda: say("combat helicopters"),
    "fixed_wing_sorties": lambda: say("fixed-wing sorties"),
    "amphibious_troops": lambda: say("troops landed from the sea"),
    "airborne_troops": lambda: say("troops dropped or landed from the air"),
    "ships": lambda: say("ships"),
}
_SIZES: dict[str, Callable[[], str]] = {
    **_STRENGTHS,
    "tonnage": lambda: say("tonnage in tons"),
    "stay_days": lambda: say("stay in days"),
    "duration_hours": lambda: say("duration in hours"),
    "range_km": lambda: say("range in km"),
    "altitude_km": lambda: say("altitude in km"),
    "area_km2": lambda: say("area in km²"),
}
_NUMBERS: dict[str, Callable[[], str]] = {
    **_SIZES,
    "inspectors": lambda: say("members of the team"),
    "visits_this_year": lambda: say("visits of this kind taken this year, this one included"),
    "visits_of_one_this_year": lambda: say(
        "visits of this kind asked by the same state this year, this one included"
    ),
    "units_reported": lambda: say("formations and units reported for the year"),
    "distance_m": lambda: say("distance in m"),
}
_MARKS: dict[str, Callable[[], str]] = {
    "single_command": lambda: say("under a single operational command"),
    "divisional_structure": lambda: say("organised as a division or at least two brigades or regiments"),
    "alert_without_notice": lambda: say("alert without advance notice to the troops involved"),
    "night_or_bad_visibility": lambda: say("at night or in bad visibility"),
    "beyond_national_territory": lambda: say("extends beyond national territory"),
    "emergency": lambda: say("emergency"),
    "warship": lambda: say("warship"),
    "limit_raised": lambda: say("limit raised because the strongest fleet in the Black Sea has grown"),
    "capital_ship_alone": lambda: say("a capital ship of a Black Sea Power that passes alone"),
    "date_changed": lambda: say("change of a date announced before"),
    "lasers": lambda: say("lasers used in a way that can harm"),
    "command_interference": lambda: say("interference with command and control networks"),
    "territory_entered": lambda: say("entry into national territory"),
    "non_military_ship": lambda: say("non-military ship concerned"),
}
_TEXTS: dict[str, Callable[[], str]] = {
    "launch_class": lambda: say("class of the missile or rocket"),
    "subject": lambda: say("subject of the notice"),
    "activity_type": lambda: say("type of activity"),
    "passage": lambda: say("passage"),
    "place": lambda: say("where it is: on land, at sea, in the air"),
    "state": lambda: say("state of the author"),
}

STRENGTHS: frozenset[str] = frozenset(_STRENGTHS)
"""Numbers that forces have; several plans' add up."""
SIZES: frozenset[str] = frozenset(_SIZES)
"""Numbers for which more means a bigger activity."""
NUMBERS: frozenset[str] = frozenset(_NUMBERS)
"""Facts that are numbers."""
MARKS: frozenset[str] = frozenset(_MARKS)
"""Facts that are true, false or not stated."""
TEXTS: frozenset[str] = frozenset(_TEXTS)
"""Facts that are one word of a list."""
FACTS: Mapping[str, Callable[[], str]] = MappingProxyType({**_NUMBERS, **_MARKS, **_TEXTS})
"""Every fact, with the words for it in the language in use."""


def fact_words(key: str) -> str:
    """Return what a fact's key means, in the language in use; the key itself for one that has no entry."""
    known = FACTS.get(key) or _WHOLE.get(key)
    return known() if known else key


_WHOLE: dict[str, Callable[[], str]] = {
    "area": lambda: say("area"),
    "zone": lambda: say("whether its place, near the edge, lies in the zone"),
    "start": lambda: say("start"),
    "end": lambda: say("end"),
    "together": lambda: say("a number, a moment or the end of another notice in the sum"),
    "party": lambda: say("whether the state is a party"),
    "requested": lambda: say("moment of the request"),
    "year": lambda: say("year"),
}
