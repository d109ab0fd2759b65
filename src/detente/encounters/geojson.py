"""Encounters as GeoJSON (RFC 7946): one feature each, the line between both movers at the closest moment.

Both at one place: a point; so is a visit of an area, where it was nearest or deepest. Across the antimeridian: a
line in two parts (RFC 7946, 3.1.9). All columns are properties under their own names, with null where a value is
missing. Heights stand in the properties and not in the coordinates, because GeoJSON's third coordinate is a height
above the ellipsoid and ours may be a pressure altitude.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import polars as pl

from detente.encounters.places import Point, between, with_written_times

__all__ = ["geojson"]

_ROUND = 7
"""Decimals of a degree: about a centimetre."""


def geojson(frame: pl.DataFrame) -> Iterator[str]:
    """Yield the text of one FeatureCollection piece by piece, one line a feature.

    Numbers must be finite (detente.encounters.writing checks): ValueError otherwise.
    """
    yield '{"type": "FeatureCollection", "features": ['
    separator = "\n"
    for row in with_written_times(frame).iter_rows(named=True):
        feature = {"type": "Feature", "geometry": geometry(row), "properties": row}
        yield separator + json.dumps(feature, ensure_ascii=False, allow_nan=False)
        separator = ",\n"
    yield "\n]}\n"


def geometry(row: dict[str, Any]) -> dict[str, Any] | None:
    """Return the geometry of one encounter or visit; None when a place is missing."""
    if "lon" in row:
        known = row["lon"] is not None and row["lat"] is not None
        return {"type": "Point", "coordinates": _rounded((row["lon"], row["lat"]))} if known else None
    values = (row["lon_a"], row["lat_a"], row["lon_b"], row["lat_b"])
    if any(value is None for value in values):
        return None
    parts = [[_rounded(point) for point in part] for part in between(values[:2], values[2:])]
    if len(parts) > 1:
        return {"type": "MultiLineString", "coordinates": parts}
    if len(parts[0]) == 1 or parts[0][0] == parts[0][1]:
        return {"type": "Point", "coordinates": parts[0][0]}
    return {"type": "LineString", "coordinates": parts[0]}


def _rounded(point: Point) -> list[float]:
    return [round(point[0], _ROUND), round(point[1], _ROUND)]
