"""Distances, heights and durations as people write them: a number and its unit, never a bare number."""

from __future__ import annotations

import math
import re

from detente import words
from detente.notices.errors import QuantityMistake

__all__ = [
    "FOOT_M",
    "KNOT_MS",
    "NAUTICAL_MILE_M",
    "parse_distance_m",
    "parse_duration_s",
]

say = words.speaker("notices")

NAUTICAL_MILE_M = 1852.0
"""International nautical mile (exact)."""
FOOT_M = 0.3048
"""International foot (exact)."""
KNOT_MS = NAUTICAL_MILE_M / 3600.0
"""One knot in metres per second (exact)."""

_LENGTH_M = {
    "m": 1.0,
    "km": 1000.0,
    "nm": NAUTICAL_MILE_M,
    "nmi": NAUTICAL_MILE_M,
    "ft": FOOT_M,
    "yd": 0.9144,
    "cable": NAUTICAL_MILE_M / 10.0,
    "cables": NAUTICAL_MILE_M / 10.0,
}
_DURATION_S = {"s": 1.0, "min": 60.0, "h": 3600.0, "d": 86400.0}
_QUANTITY = re.compile(r"\s*([+-]?[0-9]+(?:\.[0-9]+)?)\s*([A-Za-z]+)\s*", re.ASCII)


def parse_distance_m(text: str, *, where: str = "") -> float:
    """Return metres from "500m", "0.5nm", "5 km", "1000ft", "1000yd" or "20 cables".

    The unit is required and not case-sensitive; ``nm`` is the nautical mile. Zero is refused as a limit that
    nothing can be within. Raises QuantityMistake; ``where`` names the option or field in it.
    """
    return _parse(text, _LENGTH_M, where=where)


def parse_duration_s(text: str, *, where: str = "") -> float:
    """Return seconds from "180s", "30min", "2h" or "1d"; otherwise as parse_distance_m."""
    return _parse(text, _DURATION_S, where=where)


def _parse(text: str, units: dict[str, float], *, where: str) -> float:
    match = _QUANTITY.fullmatch(text) if len(text) <= 64 else None
    factor = units.get(match.group(2).lower()) if match else None
    value = float(match.group(1)) * factor if match and factor else math.nan
    if not (value > 0 and math.isfinite(value)):
        raise QuantityMistake(
            expected=say("a number above zero with one of the units {units}", units=", ".join(units)),
            came=repr(text[:64]),
            where=where,
            remedy=say("write for example {example}", example=f"500{next(iter(units))}"),
        )
    return value
