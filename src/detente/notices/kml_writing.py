"""What every KML 2.2 document of this project is made of (OGC 07-147r2): texts, spans in time, geometries from GeoJSON.

No outside icon or style is loaded. Edges follow the ground; heights are left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any
from xml.sax.saxutils import escape

__all__ = ["KML_FOOT", "kml_coordinates", "kml_geometry", "kml_head", "kml_label", "kml_span"]

KML_FOOT = "</Document>\n</kml>\n"
_HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n<kml xmlns="http://www.opengis.net/kml/2.2">\n<Document>\n'
_NOT_IN_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def kml_head(title: str, styles: str = "") -> str:
    """Return the begin of a document. styles: XML of its own styles."""
    return f"{_HEAD}<name>{kml_label(title)}</name>\n{styles}"


def kml_label(text: str) -> str:
    r"""Return a text for an element; characters that XML cannot carry are shown as ``\x1b``."""
    return escape(_NOT_IN_XML.sub(lambda found: ascii(found.group())[1:-1], text))


def kml_span(begin: str | None, end: str | None) -> str:
    """Return a span in time, open where an end is None; nothing where both are. The moments: of XML Schema."""
    if not (begin or end):
        return ""
    first = f"<begin>{kml_label(begin)}</begin>" if begin else ""
    last = f"<end>{kml_label(end)}</end>" if end else ""
    return f"<TimeSpan>{first}{last}</TimeSpan>\n"


def kml_geometry(geometry: Any) -> str:
    """Return a GeoJSON geometry; "" for none, or for one that holds none."""
    drawn = list(_shapes(geometry))
    if len(drawn) > 1:
        return f"<MultiGeometry>{''.join(drawn)}</MultiGeometry>\n"
    return f"{drawn[0]}\n" if drawn else ""


def kml_coordinates(places: Iterable[Any]) -> str:
    """Return places as longitude and latitude in degrees, to about a centimetre."""
    return " ".join(f"{float(place[0]):.7f},{float(place[1]):.7f}" for place in places)


def _shapes(geometry: Any) -> Iterator[str]:
    if not isinstance(geometry, dict):
        return
    kind: Any = geometry.get("type")
    places: Any = geometry.get("coordinates")
    if kind == "GeometryCollection":
        for one in geometry.get("geometries", ()):
            yield from _shapes(one)
    elif kind == "Point":
        yield f"<Point><coordinates>{kml_coordinates([places])}</coordinates></Point>"
    elif kind == "LineString":
        drawn = kml_coordinates(places)
        yield f"<LineString><tessellate>1</tessellate><coordinates>{drawn}</coordinates></LineString>"
    elif kind == "Polygon":
        yield _polygon(places)
    elif kind in {"MultiPoint", "MultiLineString", "MultiPolygon"}:
        for one in places or ():
            yield from _shapes({"type": kind.removeprefix("Multi"), "coordinates": one})


def _polygon(rings: Any) -> str:
    names = ["outerBoundaryIs", *["innerBoundaryIs"] * (len(rings) - 1)]
    parts = (
        f"<{name}><LinearRing><coordinates>{kml_coordinates(ring)}</coordinates></LinearRing></{name}>"
        for name, ring in zip(names, rings, strict=True)
    )
    return f"<Polygon><tessellate>1</tessellate>{''.join(parts)}</Polygon>"
