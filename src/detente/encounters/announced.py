"""Danger areas as the search needs them: shapes, heights and times, from a file of areas.

Such a file is what ``detente areas read`` writes (areas.geojson), or any GeoJSON whose features are polygons with a
start and an end. A feature's exact shape (a circle with its radius, an arc about its centre) goes before its
drawn outline. Edges are geodesics. What has no extent (a point, an area known by name only) cannot be searched
and is counted, never guessed.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from detente import words
from detente.encounters.errors import AreaMistake
from detente.notices.errors import ValueMistake
from detente.notices.moments import parse_moment
from detente.notices.quantities import FOOT_M
from detente.notices.shapes import ArcPolygon, Circle, Corridor, Level, Polygon, Position, Shape, Vertical

__all__ = ["BYTES_MAX", "Announced", "Areas", "read_areas"]

say = words.speaker("encounters")

BYTES_MAX = 1 << 28
Rings = tuple[tuple[tuple[float, float], ...], ...]
Period = tuple[datetime | None, datetime | None]


@dataclass(frozen=True, slots=True)
class Announced:
    """One announced area.

    shape: as announced, or the drawn rings (lon, lat in degrees, outer and holes together: parity decides).
    windows: when it is active, in order and apart; None: open end. lower_m, upper_m: -inf and inf without one;
    datum: what they are measured from ("sfc", "amsl", "agl", "std"), "" when there are none.
    author_state: who announced it (ISO 3166-1 alpha-2), "" when not known; doubtful: its text raised doubts.
    """

    id: str
    name: str
    activity: str
    shape: Polygon | Circle | Corridor | ArcPolygon | Rings
    windows: tuple[Period, ...]
    lower_m: float = -math.inf
    upper_m: float = math.inf
    datum: str = ""
    author_state: str = ""
    doubtful: bool = False


@dataclass(frozen=True, slots=True)
class Areas:
    """The areas of a file, and how many could not be searched, by reason."""

    searched: tuple[Announced, ...]
    left_out: dict[str, int] = field(default_factory=dict)


def read_areas(path: Path) -> Areas:
    """Read the areas of a GeoJSON file; raises AreaMistake for what is no such file, OSError when it is not opened."""
    with path.open("rb") as file:
        content = file.read(BYTES_MAX + 1)
    if len(content) > BYTES_MAX:
        raise _unusable(say("more than {bytes} bytes", bytes=BYTES_MAX), str(path))
    try:
        document = json.loads(content)
    except (ValueError, RecursionError) as fault:
        raise _unusable(str(fault)[:120], str(path)) from None
    features = document.get("features") if isinstance(document, dict) else None
    if not isinstance(features, list):
        raise _unusable(say("no list of features"), str(path))
    searched: list[Announced] = []
    left_out: dict[str, int] = {}
    for place, feature in enumerate(features):
        where = say("{file}, feature {place}", file=str(path), place=place)
        found = _announced(feature, where)
        if isinstance(found, Announced):
            searched.append(found)
        else:
            left_out[found] = left_out.get(found, 0) + 1
    return Areas(tuple(searched), left_out)


def _announced(feature: Any, where: str) -> Announced | str:
    """Return the area of a feature, or the reason why it cannot be searched."""
    if not isinstance(feature, dict):
        raise _unusable(say("a feature that is no object"), where)
    properties = feature.get("properties") or {}
    if not isinstance(properties, dict):
        raise _unusable(say("properties that are no object"), where)
    if properties.get("approximate"):
        return "approximate"
    shape = _shape(properties.get("shape"), feature.get("geometry"), where)
    if isinstance(shape, str):
        return shape
    windows = _windows(properties, where)
    if not windows:
        return "no_window"
    lower, upper, datum = _heights(properties, where)
    return Announced(
        id=_text(properties.get("id") or feature.get("id"), where) or where,
        name=_text(properties.get("name"), where),
        activity=_text(properties.get("activity_kind") or properties.get("activity"), where),
        shape=shape,
        windows=windows,
        lower_m=lower,
        upper_m=upper,
        datum=datum,
        author_state=_text(properties.get("author_state"), where),
        doubtful=properties.get("outcome") == "doubtful",
    )


def _text(value: Any, where: str) -> str:
    if value is None:
        return ""
    if not isinstance(value, str | int):
        raise _unusable(say("an id, name or kind that is no text"), where)
    return str(value)[:200]


def _shape(exact: Any, geometry: Any, where: str) -> Polygon | Circle | Corridor | ArcPolygon | Rings | str:
    if exact is not None:
        try:
            shape = msgspec.convert(exact, Shape)
        except (msgspec.ValidationError, ValueMistake) as fault:
            raise _unusable(str(fault)[:120], where) from None
        if isinstance(shape, Polygon | Circle | Corridor | ArcPolygon):
            return shape
        return type(shape).__name__.lower()
    if geometry is None:
        return "no_geometry"
    kind = geometry.get("type") if isinstance(geometry, dict) else None
    if kind not in {"Polygon", "MultiPolygon"}:
        return "no_extent"
    rings = _rings(geometry, where)
    if any(len(set(ring)) < 3 for ring in rings) or not rings:
        return "no_extent"
    return rings


def _rings(geometry: dict[str, Any], where: str) -> Rings:
    """Return the rings of a polygon or of several, each place checked."""
    try:
        polygons = [geometry["coordinates"]] if geometry["type"] == "Polygon" else geometry["coordinates"]
        rings = tuple(
            tuple((float(point[0]), float(point[1])) for point in ring)
            for polygon in polygons
            for ring in polygon
        )
        for ring in rings:
            for lon, lat in ring:
                if abs(lat) > 90.0 >= abs(lon):
                    raise _unusable(
                        say("latitude {lat}", lat=f"{lat:g}"),
                        where,
                        say("are longitude and latitude exchanged? GeoJSON writes longitude first"),
                    )
                Position(lat_e7=round(lat * 1e7), lon_e7=round(lon * 1e7) or 0) if lon != -180 else None
    except (KeyError, IndexError, TypeError, ValueError, OverflowError, ValueMistake) as fault:
        raise _unusable(str(fault)[:120], where) from None
    return rings


def _windows(properties: dict[str, Any], where: str) -> tuple[Period, ...]:
    """Return the times of activity, in order, those that touch or overlap as one."""
    given = properties.get("windows")
    if given is None and ("start" in properties or "end" in properties):
        given = [[properties.get("start"), properties.get("end")]]
    if given is None:
        return ()
    try:
        periods = [(_moment(start, where), _moment(end, where)) for start, end in given]
    except (TypeError, ValueError):
        raise _unusable(say("windows that are no pairs of times"), where) from None
    for start, end in periods:
        if start is not None and end is not None and start >= end:
            raise _unusable(say("a window that ends before it starts"), where)
    first = datetime.min.replace(tzinfo=UTC)
    return _united(sorted(periods, key=lambda period: period[0] or first))


def _united(periods: Iterable[Period]) -> tuple[Period, ...]:
    joined: list[Period] = []
    for start, end in periods:
        before = joined[-1] if joined else None
        if before is not None and (before[1] is None or start is None or start <= before[1]):
            last = None if before[1] is None or end is None else max(before[1], end)
            joined[-1] = (before[0], last)
        else:
            joined.append((start, end))
    return tuple(joined)


def _moment(text: Any, where: str) -> datetime | None:
    if text is None:
        return None
    if not isinstance(text, str):
        raise _unusable(say("a time that is no text"), where)
    return parse_moment(text, where=where)


def _heights(properties: dict[str, Any], where: str) -> tuple[float, float, str]:
    """Return the lower and the upper limit in metres, and what they are measured from."""
    given = properties.get("vertical")
    if given is None and properties.get("lower") and properties.get("upper"):
        given = {"lower": properties["lower"], "upper": properties["upper"]}
    if given is None:
        return -math.inf, math.inf, ""
    try:
        vertical = msgspec.convert(given, Vertical)
    except (msgspec.ValidationError, ValueMistake) as fault:
        raise _unusable(str(fault)[:120], where) from None
    lower, upper = _metres(vertical.lower, -math.inf), _metres(vertical.upper, math.inf)
    datums = {level.datum for level in (vertical.lower, vertical.upper)} - {"sfc", "unl"}
    return lower, upper, "std" if "std" in datums else min(datums, default="")


def _metres(level: Level, without: float) -> float:
    if level.datum in {"sfc", "unl"} or level.value is None:
        return without
    return level.value * {"ft": FOOT_M, "fl": 100.0 * FOOT_M, "m": 1.0}[level.unit or "m"]


def _unusable(came: str, where: str, remedy: str = "") -> AreaMistake:
    return AreaMistake(
        expected=say("a GeoJSON FeatureCollection of areas with their times"),
        came=came,
        where=where,
        remedy=remedy or say("make it with detente areas read, or give each feature a polygon, start and end"),
    )
