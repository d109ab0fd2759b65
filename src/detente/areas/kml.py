"""Areas as KML 2.2 (OGC 07-147r2): one placemark an area with its span in time, height limits and words.

No outside icon or style is loaded.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from xml.sax.saxutils import quoteattr

from detente import words
from detente.areas.geojson import feature
from detente.areas.outcomes import Reading
from detente.notices.kml_writing import KML_FOOT, kml_geometry, kml_head, kml_label, kml_span

__all__ = ["kml"]

say = words.speaker("areas")

_STYLE = (
    '<Style id="area"><LineStyle><color>ff0055d5</color><width>2</width></LineStyle>'
    "<PolyStyle><color>400055d5</color></PolyStyle></Style>\n"
)
_SHOWN = (
    "text_id",
    "activity_kind",
    "outcome",
    "lower",
    "upper",
    "issued_at",
    "cancel_at",
    "windows",
    "alternate_windows",
    "doubts",
    "approximate",
)


def kml(readings: list[Reading]) -> Iterator[str]:
    """Yield the text of one KML document piece by piece."""
    title = say("Danger areas")
    yield kml_head(title, _STYLE)
    for reading in readings:
        for index, area in enumerate(reading.areas, start=1):
            yield _placemark(feature(reading, area, index))
    yield KML_FOOT


def _placemark(made: dict[str, Any]) -> str:
    properties = made["properties"]
    windows = properties["windows"] + properties["alternate_windows"]
    title = " ".join(part for part in (properties["text_id"], properties["name"]) if part)
    begins = [start for start, _ in windows]
    ends = [end for _, end in windows]
    begin = min(begins).replace("Z", ":00Z") if begins and None not in begins else None
    end = max(ends).replace("Z", ":00Z") if ends and None not in ends else None
    fields = "".join(
        f"<Data name={quoteattr(name)}><value>{kml_label(_value(properties[name]))}</value></Data>"
        for name in _SHOWN
        if properties.get(name) not in (None, [], "")
    )
    return (
        f"<Placemark>\n<name>{kml_label(title)}</name>\n"
        f"<description>{kml_label(properties['words'].get('areas', ''))}</description>\n"
        + kml_span(begin, end)
        + "<styleUrl>#area</styleUrl>\n"
        + f"<ExtendedData>{fields}</ExtendedData>\n{kml_geometry(made['geometry'])}</Placemark>\n"
    )


def _value(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
