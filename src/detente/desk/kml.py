"""Areas as KML for the planning tools that read nothing else."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Any
from xml.sax.saxutils import escape

from detente.desk.shown_text import lines_visible
from detente.node.desk_door.record_questions import AreaDocument

__all__ = ["areas_kml"]

_HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n<kml xmlns="http://www.opengis.net/kml/2.2"><Document>\n'
_FOOT = "</Document></kml>\n"


def areas_kml(areas: Iterable[AreaDocument]) -> str:
    """Return areas as a KML document; one whose geometry KML cannot say has its description alone."""
    return _HEAD + "".join(_placemark(one) for one in areas) + _FOOT


def _placemark(area: AreaDocument) -> str:
    told = [f"{area.line} {area.ref} {area.member} {area.kind} {area.standing}"]
    told += [f"{_moment(begin)} - {_moment(end)}" for begin, end in area.windows]
    shapes = "".join(_shapes(area.feature.get("geometry")))
    geometry = f"<MultiGeometry>{shapes}</MultiGeometry>" if shapes else ""
    return (
        f"<Placemark><name>{_text(area.title)}</name><description>{_text(chr(10).join(told))}</description>"
        f"{geometry}</Placemark>\n"
    )


def _shapes(geometry: Any) -> Iterator[str]:
    if not isinstance(geometry, dict):
        return
    kind, places = geometry.get("type"), geometry.get("coordinates")
    if kind == "GeometryCollection":
        for one in geometry.get("geometries", ()):
            yield from _shapes(one)
    elif kind == "Point":
        yield f"<Point><coordinates>{_place(places)}</coordinates></Point>"
    elif kind == "LineString":
        yield f"<LineString><coordinates>{_places(places)}</coordinates></LineString>"
    elif kind == "Polygon":
        yield _polygon(places)
    elif kind in {"MultiPoint", "MultiLineString", "MultiPolygon"}:
        for one in places or ():
            yield from _shapes({"type": kind.removeprefix("Multi"), "coordinates": one})


def _polygon(rings: Any) -> str:
    names = ["outerBoundaryIs", *["innerBoundaryIs"] * (len(rings) - 1)]
    parts = (
        f"<{name}><LinearRing><coordinates>{_places(ring)}</coordinates></LinearRing></{name}>"
        for name, ring in zip(names, rings, strict=True)
    )
    return f"<Polygon>{''.join(parts)}</Polygon>"


def _places(places: Any) -> str:
    return " ".join(_place(one) for one in places)


def _place(place: Any) -> str:
    return f"{float(place[0]):.7f},{float(place[1]):.7f}"


def _text(text: str) -> str:
    return escape(lines_visible(text))


def _moment(at_ms: int | None) -> str:
    if at_ms is None:
        return ""
    try:
        return datetime.fromtimestamp(at_ms / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    except (ValueError, OverflowError):
        return str(at_ms)
