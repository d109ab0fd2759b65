"""Names of areas that a publication defines: EHD41A/B/C, TSA26A, VOD-188, (MY)D3002, GMD 12."""

from __future__ import annotations

import re

from detente.areas.page import Page

__all__ = ["strike_named", "strike_names"]

_NAMED = re.compile(r"\bAREA NAMED (?P<name>[A-Z0-9(][A-Z0-9 /()-]{0,60}?)(?:[.]|(?=\n)|$)")
_SEGREGATED = re.compile(
    r"\b(?:[A-Z]{2} ?)?(?:TSA|TRA|CBA)-? ?[0-9]{1,4}[A-Z]{0,2}\b(?P<own> - [A-Z]{3,20} [0-9]{2}\b)?"
)
_DANGER = r"\(?{first}[A-Z]\)?[ -]?[DRP]-? ?[0-9]{{1,4}}[A-Z]{{0,2}}(?:\([A-Z]\))?(?:/[A-Z](?![A-Z0-9])){{0,12}}(?![A-Z0-9])(?P<own> [A-Z]{{4,20}} [0-9](?= ACT))?"


def strike_named(page: Page) -> dict[str, str]:
    """Strike out names told in so many words, AREA NAMED X; returns each with its words."""
    names: dict[str, str] = {}

    def use(found: re.Match[str]) -> bool:
        names.setdefault(found["name"].strip(), found.group())
        return True

    page.take(_NAMED, use)
    return names


def strike_names(page: Page, fir: str, locations: str) -> dict[str, str]:
    """Strike out the names in the text whose nationality letters fit the FIR or item A; returns each with its words."""
    names: dict[str, str] = {}

    def use(found: re.Match[str]) -> bool:
        for name in _each(found.group().removesuffix(found["own"] or "")):
            names.setdefault(name, found.group())
        return True

    firsts = sorted({place[:1] for place in (fir, *re.findall(r"\b[A-Z]{4}\b", locations)) if place})
    if firsts:
        page.take(re.compile(r"(?<![A-Z0-9])" + _DANGER.format(first=f"[{''.join(firsts)}]")), use)
    page.take(_SEGREGATED, use)
    return names


def _each(text: str) -> list[str]:
    """Return every name that one writing stands for: EHD41A/B/C is three."""
    first, *others = text.split("/")
    stem = first.rstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
    return [first, *(f"{stem}{other}" for other in others)]
