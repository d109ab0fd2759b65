"""Vertical limits as NOTAM write them: SFC, GND, FL055, 4500FT AMSL, 2450M AMSL, 100M AGL, UNL."""

from __future__ import annotations

import re

from detente.notices.errors import QuantityMistake
from detente.notices.shapes import Level

__all__ = ["level", "level_ft", "level_text"]

_LEVEL = re.compile(
    r"(?P<surface>SFC|GND|SURFACE|GROUND|000|MSL|SEA LEVEL)|(?P<none>UNL(?:TD|IMITED)?|999)|FL ?(?P<fl>[0-9]{1,3})"
    r"|(?P<value>[0-9]{1,3}(?:,[0-9]{3})|[0-9]{1,6}) ?(?P<unit>FT|FEET|M|MET(?:RE|ER)S?) ?(?P<datum>AMSL|ASL|MSL|AGL|GND|ALT|ABV GND)?"
)
_FOOT_M = 0.3048


def level(text: str) -> Level | None:
    """Return a vertical limit; None when it is not understood, its datum not stated or its value absurd."""
    found = _LEVEL.fullmatch(" ".join(text.split()).strip(" .)"))
    if found is None:
        return None
    try:
        if found["surface"]:
            return Level(datum="sfc")
        if found["none"]:
            return Level(datum="unl")
        if found["fl"]:
            return Level(datum="std", value=int(found["fl"]), unit="fl")
        if not found["datum"]:
            return None
        return Level(
            datum="agl" if found["datum"] in {"AGL", "GND", "ABV GND"} else "amsl",
            value=int(found["value"].replace(",", "")),
            unit="ft" if found["unit"].startswith("F") else "m",
        )
    except QuantityMistake:
        return None


def level_ft(limit: Level) -> float | None:
    """Return a limit in feet whatever its datum; None for no limit. For comparing limits roughly, not for flying."""
    if limit.datum == "unl":
        return None
    if limit.datum == "sfc" or limit.value is None:
        return 0.0
    return limit.value * {"ft": 1.0, "m": 1 / _FOOT_M, "fl": 100.0}[limit.unit or "ft"]


def level_text(limit: Level) -> str:
    """Return a limit as item F or G of a NOTAM writes it."""
    if limit.datum in {"sfc", "unl"}:
        return limit.datum.upper()
    if limit.unit == "fl":
        return f"FL{limit.value:03d}"
    return f"{limit.value}{(limit.unit or '').upper()} {limit.datum.upper()}"
