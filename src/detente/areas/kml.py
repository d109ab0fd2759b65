"""Areas as KML 2.2 (OGC 07-147r2): one placemark an area with its span in time, height limits and words.

No outside icon or style is loaded.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from detente import words
from detente.areas.geojson import feature
from detente.areas.outcomes import Reading

__all__ = ["kml"]

say = words.speaker("areas")

_NOT_IN_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
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
    yield '<?xml version="1.0" encoding="UTF-8"?>\n<kml xmlns="http://www.opengis.net/kml/2.2">\n<Document>\n'
    title = say("Danger areas")
    yield f"<name>{_text(title)}</name>\n"
    yield '<Style id="area"><LineStyle><color>ff0055d5</color><width>2</width></LineStyle><PolyStyle><color>400055d5</color></PolyStyle></Style>\n'
    for reading in readings:
        for index, area in enumerate(reading.areas, start=1):
            yield _placemark(feature(reading, area, index))
    yield "</Document>\n</kml>\n"


def _placemark(made: dict[str, Any]) -> str:
    properties = made["properties"]
    windows = properties["windows"] + properties["alternate_windows"]
    title = " ".join(part for part in (properties["text_id"], properties["name"]) if part)
    begins = [start for start, _ in windows]
    ends = [end for _, end in windows]
    span = ""
    if begins and None not in begins:
        span += f"<begin>{min(begins)}</begin>"
    if ends and None not in ends:
        span += f"<end>{max(ends)}</end>"
    fields = "".join(
        f"<Data name={quoteattr(name)}><value>{_text(_value(properties[name]))}</value></Data>"
        for name in _SHOWN
        if properties.get(name) not in (None, [], "")
    )
    return (
        f"<Placemark>\n<name>{_text(title)}</name>\n"
        f"<description>{_text(properties['words'].get('areas', ''))}</description>\n"
        + (f"<TimeSpan>{span.replace('Z<', ':00Z<')}</TimeSpan>\n" if span else "")
        + "<styleUrl>#area</styleUrl>\n"
        + f"<ExtendedData>{fields}</ExtendedData>\n{_geometry(made['geometry'])}</Placemark>\n"
    )


def _geometry(geometry: dict[str, Any] | None) -> str:
    if geometry is None:
        return ""
    match geometry["type"]:
        case "Point":
            return f"<Point><coordinates>{_line([geometry['coordinates']])}</coordinates></Point>\n"
        case "LineString":
            return f"<LineString><tessellate>1</tessellate><coordinates>{_line(geometry['coordinates'])}</coordinates></LineString>\n"
        case "Polygon":
            ring = _line(geometry["coordinates"][0])
            return (
                "<Polygon><tessellate>1</tessellate><outerBoundaryIs><LinearRing>"
                f"<coordinates>{ring}</coordinates></LinearRing></outerBoundaryIs></Polygon>\n"
            )
        case "MultiPolygon":
            parts = [{"type": "Polygon", "coordinates": part} for part in geometry["coordinates"]]
        case _:
            parts = geometry["geometries"]
    return "<MultiGeometry>" + "".join(_geometry(part) for part in parts) + "</MultiGeometry>\n"


def _line(points: list[list[float]]) -> str:
    return " ".join(f"{lon:.7f},{lat:.7f}" for lon, lat in points)


def _value(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _text(text: str) -> str:
    return escape(_NOT_IN_XML.sub(lambda found: ascii(found.group())[1:-1], text))
