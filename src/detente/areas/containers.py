"""JSON around announcements: NGA broadcast-warn, FAA and ICAO NOTAM services, GeoJSON with start and end.

Services change their envelopes; their texts stay. So a JSON document is walked: an object with ``navArea`` and
``text`` is one of NGA's warnings, a string with items Q to E is a NOTAM, a Feature has its geometry and times in
its properties. A FeatureCollection that detente wrote is read back from the exact notices in it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from detente import words
from detente.areas.errors import AnnouncedMistake
from detente.areas.features import read_feature
from detente.areas.outcomes import Reading

__all__ = ["Told", "from_json"]

say = words.speaker("areas")

_NOTAM = re.compile(r"[A-Z][0-9]{4}/[0-9]{2} NOTAM[NRC]")
_SERIES = {"A": "HYDROLANT", "C": "HYDROARC", "P": "HYDROPAC", "4": "NAVAREA IV", "12": "NAVAREA XII"}
_DEPTH = 60


@dataclass(frozen=True, slots=True)
class Told:
    """A text with its dialect, or a reading made from a feature."""

    text: str
    dialect: str
    text_id: str = ""
    reading: Reading | None = None


def from_json(text: str, source: str) -> list[Told]:
    """Return the announcements in a JSON document. Raises AnnouncedMistake when it is no JSON or holds none."""
    try:
        document = json.loads(text)
        told = list(_walk(document, source, 0))
    except (ValueError, RecursionError) as fault:
        raise AnnouncedMistake(
            expected=say("JSON"), came=str(fault)[:200], where=source, remedy=say("download the file again")
        ) from None
    if not told:
        raise AnnouncedMistake(
            expected=say("NOTAM, navigational warnings or features with a geometry"),
            came=say("JSON without any"),
            where=source,
            remedy=say("give the answer of the service as it came, or the texts themselves"),
        )
    return told


def _walk(item: Any, source: str, depth: int) -> Iterator[Told]:
    if depth > _DEPTH:
        return
    if isinstance(item, list):
        for part in item:
            yield from _walk(part, source, depth + 1)
    elif isinstance(item, dict):
        yield from _object(item, source, depth)
    elif isinstance(item, str) and _NOTAM.search(item) and "E)" in item:
        yield Told(item, "notam")


def _object(item: dict[str, Any], source: str, depth: int) -> Iterator[Told]:
    if "navArea" in item and isinstance(item.get("text"), str):
        yield _nga(item)
        return
    if item.get("type") == "Feature" and isinstance(item.get("properties"), dict) and not _holds_notam(item):
        yield Told("", "geojson", reading=read_feature(item, source))
        return
    before: set[str] = set()
    for part in item.values():
        for told in _walk(part, source, depth + 1):
            key = " ".join(told.text.split())
            if not key or key not in before:  # a service gives one NOTAM in several spellings of white space
                before.add(key)
                yield told


def _holds_notam(item: dict[str, Any]) -> bool:
    """Tell whether a service's feature wraps a NOTAM; detente's own features carry the exact notice instead."""
    if isinstance(item["properties"].get("notice"), dict):
        return False
    return any(told.dialect == "notam" for told in _walk(item["properties"], "", 0))


def _nga(item: dict[str, Any]) -> Told:
    """Return one of NGA's warnings with its preamble and headline as its text has them on the air."""
    series = _SERIES.get(str(item["navArea"]).strip(), f"NAVAREA {item['navArea']}")
    number = f"{item.get('msgNumber', '')}/{str(item.get('msgYear', ''))[-2:]}"
    issued = re.fullmatch(
        r"([0-9]{6}Z) ([A-Z]{3}) (?:20)?([0-9]{2})", str(item.get("issueDate", "")).strip().upper()
    )
    head = f"{issued[1]} {issued[2]} {issued[3]}\n" if issued else ""
    text = str(item["text"])
    return Told(f"{head}{series} {number}.\n{text}", "warning", f"{series} {number}")
