"""A notice's places as KML 2.2 (OGC 07-147r2): one placemark a place and period, without outside icons or styles."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from xml.sax.saxutils import escape

from detente.notices.codec import Checked
from detente.notices.geojson import features_of

__all__ = ["kml_text"]


def kml_text(checked: Checked, *, description: str) -> str:
    """Return the KML document of a notice; ``description`` is the text that a reader sees at each place.

    A period with an open end has an open end in KML too. Raises ExportRefused for a notice in no export.
    """
    return "".join(_document(features_of(checked)["features"], checked.notice.title, description))


def _document(features: list[dict[str, Any]], title: str, description: str) -> Iterator[str]:
    yield '<?xml version="1.0" encoding="UTF-8"?>\n<kml xmlns="http://www.opengis.net/kml/2.2">\n<Document>\n'
    yield f"<name>{escape(title)}</name>\n"
    yield '<Style id="area"><LineStyle><color>ff0055d5</color><width>2</width></LineStyle>'
    yield "<PolyStyle><color>330055d5</color></PolyStyle></Style>\n"
    for feature in features:
        properties = feature["properties"]
        if feature["geometry"] is None:
            continue
        for window in properties["windows"] or [[None, None]]:
            yield "<Placemark>\n"
            yield f"<name>{escape(properties.get('name') or title)}</name>\n"
            yield f"<description>{escape(description)}</description>\n"
            yield from _span(*window)
            yield "<styleUrl>#area</styleUrl>\n"
            yield f"{_geometry(feature['geometry'])}\n</Placemark>\n"
    yield "</Document>\n</kml>\n"


def _span(start: str | None, end: str | None) -> Iterator[str]:
    if start or end:
        begin = f"<begin>{_moment(start)}</begin>" if start else ""
        until = f"<end>{_moment(end)}</end>" if end else ""
        yield f"<TimeSpan>{begin}{until}</TimeSpan>\n"


def _moment(text: str) -> str:
    """Return a moment as XML Schema has it: a minute's time with its seconds."""
    return f"{text[:16]}:00Z" if len(text) == 17 else text


def _geometry(geometry: dict[str, Any]) -> str:
    kind, coordinates = geometry["type"], geometry["coordinates"]
    if kind == "Point":
        return f"<Point><coordinates>{_pairs([coordinates])}</coordinates></Point>"
    if kind == "LineString":
        return (
            f"<LineString><tessellate>1</tessellate><coordinates>{_pairs(coordinates)}</coordinates></LineString>"
        )
    polygons = [coordinates] if kind == "Polygon" else coordinates
    drawn = "".join(
        "<Polygon><tessellate>1</tessellate><outerBoundaryIs><LinearRing><coordinates>"
        f"{_pairs(rings[0])}</coordinates></LinearRing></outerBoundaryIs></Polygon>"
        for rings in polygons
    )
    return drawn if len(polygons) == 1 else f"<MultiGeometry>{drawn}</MultiGeometry>"


def _pairs(positions: list[list[float]]) -> str:
    return " ".join(f"{lon},{lat}" for lon, lat in positions)
