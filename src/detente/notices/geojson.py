"""GeoJSON, in and out (RFC 7946): an export for maps, an import for areas drawn elsewhere.

What a notice states stays under the feature's ``notice`` property, exactly; the geometry beside it is a picture
for maps: curves and long edges as many short ones, an area across the antimeridian cut in two there. An area known
by its name only has no geometry.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any

import msgspec

from detente import words
from detente.notices.checking import short
from detente.notices.codec import Checked, check_document
from detente.notices.errors import NoticeRefused, PlaceMistake
from detente.notices.export import refuse_export
from detente.notices.faults import Fault
from detente.notices.kinds import DangerArea, kind_of
from detente.notices.notice import Area, Period, Window
from detente.notices.outlines import cut, outlines
from detente.notices.shapes import PARTS_OF_A_DEGREE, Coastal, Level, Named, Point, Polygon, Position, Shape

__all__ = ["areas_of", "features_of", "from_feature", "geometry_of", "shape_of_geometry"]

say = words.speaker("notices")


def features_of(checked: Checked) -> dict[str, Any]:
    """Return a FeatureCollection: one feature for each place of the notice, none for one without places.

    Raises ExportRefused for a notice that appears in no export.
    """
    notice = checked.notice
    refuse_export(notice)
    document = msgspec.json.decode(checked.octets)
    times = [_window(time) for _, time in notice.times()]
    features = []
    for path, place in notice.places():
        properties: dict[str, Any] = {
            "kind": document["kind"],
            "field": path,
            "title": notice.title,
            "author": notice.author.id,
            "issued_at": notice.issued_at,
            "windows": times,
            "notice": document,
        }
        if isinstance(place, Area):
            if place.name or isinstance(place.shape, Named):
                properties["name"] = place.name or getattr(place.shape, "name", None)
            if isinstance(place.shape, Named) and place.shape.approximate:
                properties["approximate"] = True
            if place.vertical:
                properties |= {"lower": _level(place.vertical.lower), "upper": _level(place.vertical.upper)}
        shape = place.shape if isinstance(place, Area) else Point(position=place)
        features.append({"type": "Feature", "geometry": geometry_of(shape), "properties": properties})
    return {"type": "FeatureCollection", "features": features}


def from_feature(feature: Mapping[str, Any]) -> Checked:
    """Return the danger area that a feature carries, exactly as it was stated, not as the map draws it.

    Raises NoticeRefused with every fault when there is none or it is no danger area.
    """
    properties = feature.get("properties")
    document = properties.get("notice") if isinstance(properties, dict) else None
    checked, faults = check_document(document)
    if checked is None:
        raise NoticeRefused.of([fault.under("properties.notice") for fault in faults])
    if not isinstance(checked.notice, DangerArea):
        fault = Fault(
            "properties.notice.kind",
            "kind",
            "danger_area",
            kind_of(checked.notice),
            say("read it as what it is"),
        )
        raise NoticeRefused.of([fault])
    return checked


def areas_of(document: object) -> list[Area]:
    """Return the areas drawn elsewhere: a geometry, a feature, or a collection of features; names as they stand.

    Raises PlaceMistake; its ``where`` is the feature and the place within its geometry.
    """
    if not isinstance(document, dict):
        raise _no_areas(document)
    features = document.get("features", [document])
    if not isinstance(features, list) or not 1 <= len(features) <= 100:
        raise _no_areas(document)
    found = []
    for index, feature in enumerate(features):
        geometry = feature.get("geometry", feature) if isinstance(feature, dict) else None
        if not isinstance(geometry, dict):
            raise _no_areas(feature)
        properties = feature.get("properties")
        name = properties.get("name") if isinstance(properties, dict) else None
        try:
            shape = shape_of_geometry(geometry)
        except PlaceMistake as mistake:
            where = f"features[{index}].{mistake.where}"
            raise PlaceMistake(
                expected=mistake.expected, came=mistake.came, where=where, remedy=mistake.remedy
            ) from None
        found.append(Area(shape=shape, name=name if isinstance(name, str) and name else None))
    return found


def _no_areas(came: object) -> PlaceMistake:
    return PlaceMistake(
        expected=say("a GeoJSON geometry, feature, or collection of 1 to 100 features"),
        came=short(came),
        remedy=say("give several areas one by one"),
    )


def geometry_of(shape: Shape) -> dict[str, Any] | None:
    """Return the geometry that a map draws of a shape; None for one known by its name only."""
    if isinstance(shape, Point):
        return {"type": "Point", "coordinates": [shape.position.lon_deg, shape.position.lat_deg]}
    if isinstance(shape, Coastal):
        return {"type": "LineString", "coordinates": [[one.lon_deg, one.lat_deg] for one in shape.way]}
    polygons = [[part] for ring in outlines(shape) for part in cut(ring)]
    if not polygons:
        return None
    rings = [[[[lon, lat] for lon, lat in ring] for ring in polygon] for polygon in polygons]
    if len(rings) == 1:
        return {"type": "Polygon", "coordinates": rings[0]}
    return {"type": "MultiPolygon", "coordinates": rings}


def shape_of_geometry(geometry: Mapping[str, Any]) -> Shape:
    """Return the shape that a GeoJSON geometry states: a Point, or a Polygon of one ring.

    Coordinates are rounded to 1e-7 degree. Longitudes beyond 180 are refused, as RFC 7946 does. Raises
    PlaceMistake; its ``where`` is the place within the geometry.
    """
    kind, coordinates = geometry.get("type"), geometry.get("coordinates")
    if kind == "Point":
        return Point(position=_position(coordinates, "coordinates"))
    if kind != "Polygon" or not isinstance(coordinates, list) or len(coordinates) != 1:
        raise PlaceMistake(
            expected=say("a GeoJSON Point, or a Polygon of one ring without holes"),
            came=short(kind),
            where="coordinates" if kind == "Polygon" else "type",
            remedy=say("give several areas one by one"),
        )
    ring = coordinates[0] if isinstance(coordinates[0], list) else []
    corners = [_position(one, f"coordinates[0][{index}]") for index, one in enumerate(ring)]
    if len(corners) < 4 or corners[0] != corners[-1]:
        raise PlaceMistake(
            expected=say("a ring of at least four positions that ends where it began (RFC 7946)"),
            came=say.many("{count} position", "{count} positions", count=len(corners)),
            where="coordinates[0]",
            remedy=say("close the ring"),
        )
    return Polygon(ring=tuple(corners[:-1]))


def _position(pair: object, where: str) -> Position:
    if isinstance(pair, list) and 2 <= len(pair) <= 3 and all(type(one) in {int, float} for one in pair):
        lon_e7, lat_e7 = (
            int((Decimal(repr(one)) * PARTS_OF_A_DEGREE).quantize(Decimal(1), ROUND_HALF_EVEN))
            if abs(one) <= 360
            else 360 * PARTS_OF_A_DEGREE
            for one in pair[:2]
        )
        try:
            west = -180 * PARTS_OF_A_DEGREE
            return Position(lat_e7=lat_e7, lon_e7=-west if lon_e7 == west else lon_e7)
        except PlaceMistake as mistake:
            raise PlaceMistake(
                expected=mistake.expected,
                came=f"{pair[0]:g}, {pair[1]:g}",
                where=where,
                remedy=say("GeoJSON has longitude first: the two may be exchanged"),
            ) from None
    raise PlaceMistake(
        expected=say("longitude and latitude as two numbers"),
        came=short(pair),
        where=where,
        remedy=say("write for example {example}", example="[20.25, 54.5]"),
    )


def _window(time: Period | Window) -> list[str | None]:
    return [time.start, time.end]


def _level(level: Level) -> str:
    return " ".join(str(part) for part in (level.value, level.unit, level.datum) if part is not None)
