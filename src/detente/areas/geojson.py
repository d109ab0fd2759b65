"""Areas as GeoJSON (RFC 7946): one Feature an announced area, its true shape and times in the properties.

The geometry is a drawing (detente.areas.outlines says how close); the exact shape stands in ``shape`` and in
``notice``. A ring across the antimeridian is cut there (RFC 7946, 3.1.9). A named area without any circle has
no geometry. ``windows`` empty means that the times are not known, never that the area is not active.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import msgspec

from detente.areas.building import author_state, minute_text, notice_of
from detente.areas.levels import level_text
from detente.areas.outcomes import Announced, Doubt, Reading, Window
from detente.areas.outlines import Ring, outline
from detente.notices.shapes import Coastal, Named, Point

__all__ = ["collection", "doubt_json", "feature", "geometry", "reading_json", "windows_json"]

_ROUND = 7


def collection(readings: list[Reading]) -> Iterator[str]:
    """Yield the text of a FeatureCollection of every area read or doubted, one line a feature."""
    yield '{"type": "FeatureCollection", "features": ['
    separator = "\n"
    taken: set[str] = set()
    for reading in readings:
        for index, area in enumerate(reading.areas, start=1):
            made = feature(reading, area, index)
            made["properties"]["id"] = _own_id(made["properties"]["id"], reading, taken)
            yield separator + json.dumps(made, ensure_ascii=False, allow_nan=False)
            separator = ",\n"
    yield "\n]}\n"


def _own_id(area_id: str, reading: Reading, taken: set[str]) -> str:
    """Return an id that no area of the collection has yet: offices number alike, so the second one names its own."""
    office = reading.words.get("item_q", "")[:4] or reading.source
    wanted, count = area_id, 1
    while wanted in taken:
        wanted = f"{office} {area_id}" if count == 1 else f"{office} {area_id} ({count})"
        count += 1
    taken.add(wanted)
    return wanted


def feature(reading: Reading, area: Announced, index: int) -> dict[str, Any]:
    """Return one area as a Feature; the form is docs/danger-areas.md."""
    windows = area.windows if area.windows is not None else tuple(reading.windows)
    vertical = area.vertical or reading.vertical
    notice = notice_of(reading, [area])
    properties: dict[str, Any] = {
        "id": f"{reading.text_id}#{index}",
        "kind": "danger_area",
        "text_id": reading.text_id,
        "name": area.name or None,
        "activity_kind": reading.activity or "unspecified",
        "outcome": reading.outcome.value,
        "windows": windows_json(windows, is_alternate=False),
        "alternate_windows": windows_json(windows, is_alternate=True),
        "lower": level_text(vertical.lower) if vertical else None,
        "upper": level_text(vertical.upper) if vertical else None,
        "approximate": area.is_approximate or isinstance(area.shape, Coastal),
        "author_state": author_state(reading) or None,
        "issued_at": minute_text(reading.issued_at) if reading.issued_at else None,
        "cancel_at": minute_text(reading.cancel_at) if reading.cancel_at else None,
        "cancels": reading.cancels,
        "replaces": reading.replaces or None,
        "source": reading.source,
        "doubts": [doubt_json(doubt) for doubt in reading.doubts],
        "words": reading.words | {"areas": area.words},
        "shape": msgspec.to_builtins(area.shape),
    }
    if vertical:
        properties["vertical"] = msgspec.to_builtins(vertical)
    if notice is not None:
        properties["notice"] = msgspec.to_builtins(notice)
    return {"type": "Feature", "geometry": geometry(area), "properties": properties}


def reading_json(reading: Reading) -> dict[str, Any]:
    """Return one text's reading: each area a GeoJSON geometry that carries its own name, shape and words."""
    lead_s = _lead_s(reading)
    return {
        "id": reading.text_id,
        "outcome": reading.outcome.value,
        "dialect": reading.dialect,
        "source": reading.source,
        "activity": reading.activity or None,
        "areas": [_area_json(area) for area in reading.areas],
        "windows": windows_json(reading.windows, is_alternate=False),
        "alternate_windows": windows_json(reading.windows, is_alternate=True),
        "lower": level_text(reading.vertical.lower) if reading.vertical else None,
        "upper": level_text(reading.vertical.upper) if reading.vertical else None,
        "issued_at": minute_text(reading.issued_at) if reading.issued_at else None,
        "valid_from": minute_text(reading.valid_from) if reading.valid_from else None,
        "valid_to": minute_text(reading.valid_to) if reading.valid_to else None,
        "cancel_at": minute_text(reading.cancel_at) if reading.cancel_at else None,
        "cancels": reading.cancels,
        "replaces": reading.replaces or None,
        "lead_time_s": lead_s,
        "doubts": [doubt_json(doubt) for doubt in reading.doubts],
        "refusals": [{"reason": refusal.reason.value, "words": refusal.words} for refusal in reading.refusals],
        "words": reading.words,
    }


def _lead_s(reading: Reading) -> int | None:
    """Return the seconds from issue to the first window; None where either is not stated."""
    starts = [window.start for window in reading.windows if window.start is not None and not window.is_alternate]
    if reading.issued_at is None or not starts:
        return None
    return round((min(starts) - reading.issued_at).total_seconds())


def _area_json(area: Announced) -> dict[str, Any]:
    drawn = geometry(area) or {"type": "GeometryCollection", "geometries": []}
    drawn["name"] = area.name or None
    drawn["approximate"] = area.is_approximate or isinstance(area.shape, Coastal)
    drawn["shape"] = msgspec.to_builtins(area.shape)
    drawn["words"] = area.words
    if area.windows is not None:
        drawn["windows"] = windows_json(area.windows, is_alternate=False)
        drawn["alternate_windows"] = windows_json(area.windows, is_alternate=True)
    return drawn


def doubt_json(doubt: Doubt) -> dict[str, Any]:
    """Return a doubt: its reason, the words that raise it, and the windows between which they do not choose."""
    made: dict[str, Any] = {"reason": doubt.reason.value, "words": doubt.words}
    if doubt.candidates:
        made["candidates"] = [[minute_text(start), minute_text(end)] for start, end in doubt.candidates]
    return made


def windows_json(windows: tuple[Window, ...] | list[Window], *, is_alternate: bool) -> list[list[str | None]]:
    """Return [start, end] pairs, null where an end is open."""
    return [
        [minute_text(window.start) if window.start else None, minute_text(window.end) if window.end else None]
        for window in windows
        if window.is_alternate is is_alternate
    ]


def geometry(area: Announced) -> dict[str, Any] | None:
    """Return an area's drawing; None for a name without a circle. Raises Unplaced for a ring around a pole."""
    shape = area.shape
    if isinstance(shape, Point):
        return {"type": "Point", "coordinates": [shape.position.lon_deg, shape.position.lat_deg]}
    if isinstance(shape, Coastal) and len(shape.way) == 2:
        return {"type": "LineString", "coordinates": [[corner.lon_deg, corner.lat_deg] for corner in shape.way]}
    rings = outline(shape)
    if not rings or (isinstance(shape, Named) and shape.approximate is None):
        return None
    drawn = [_ring_geometry(ring) for ring in rings]
    return drawn[0] if len(drawn) == 1 else {"type": "GeometryCollection", "geometries": drawn}


def _ring_geometry(ring: Ring) -> dict[str, Any]:
    parts = []
    for shift in (-360.0, 0.0, 360.0):
        moved = [(lon + shift, lat) for lon, lat in ring]
        cut = _clip(_clip(moved, -180.0, 1.0), 180.0, -1.0)
        if len(cut) > 2:
            closed = [[round(lon, _ROUND), round(lat, _ROUND)] for lon, lat in [*cut, cut[0]]]
            parts.append([closed])
    if len(parts) == 1:
        return {"type": "Polygon", "coordinates": parts[0]}
    return {"type": "MultiPolygon", "coordinates": parts}


def _clip(ring: Ring, edge: float, side: float) -> Ring:
    """Return the part of an open or closed ring on one side of a meridian (Sutherland and Hodgman 1974)."""
    corners = ring[:-1] if len(ring) > 1 and ring[0] == ring[-1] else ring
    if all((lon - edge) * side >= 0 for lon, _ in corners):
        return corners
    if all((lon - edge) * side <= 0 for lon, _ in corners):
        return []
    made: Ring = []
    for one, two in zip(corners, corners[1:] + corners[:1], strict=True):
        one_in, two_in = (one[0] - edge) * side >= 0, (two[0] - edge) * side >= 0
        if one_in:
            made.append(one)
        if one_in != two_in:
            part = (edge - one[0]) / (two[0] - one[0])
            made.append((edge, one[1] + part * (two[1] - one[1])))
    return made
