"""GeoJSON features as announcements: the Finnish service's warnings, and any feature with a start and an end.

Without a zone a time is doubted; without any time, or with a geometry that is no area, a feature is refused.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from detente.areas.activities import activity_of
from detente.areas.building import reading_of
from detente.areas.outcomes import Announced, Reading, Reason, Unplaced, Window
from detente.notices.codec import decode
from detente.notices.errors import NoticeRefused, ValueMistake
from detente.notices.kinds.danger_area import DangerArea
from detente.notices.shapes import MOST_POSITIONS, PARTS_OF_A_DEGREE, Point, Polygon, Position, Shape

__all__ = ["read_feature"]

_START = (
    "validityStartTime",
    "start",
    "begin",
    "valid_from",
    "validFrom",
    "startTime",
    "start_time",
    "effectiveStart",
    "from",
)
_END = ("validityEndTime", "end", "valid_to", "validTo", "endTime", "end_time", "effectiveEnd", "until", "to")
_ISSUED = ("publishingTime", "creationTime", "issued_at", "issued")
_NAME = ("number", "id", "name", "title")
_TEXT = ("contentsEn", "contents", "text", "description", "contentsFi", "contentsSv")
_AREA = ("areasEn", "locationEn", "area", "name", "areasFi")
_LEAST_MS = 1_000_000_000_000


def read_feature(feature: dict[str, Any], source: str) -> Reading:
    """Return the reading of one feature."""
    properties: dict[str, Any] = feature["properties"]
    written = json.dumps(properties, ensure_ascii=False)[:4000]
    text_id = str(
        next((properties[key] for key in _NAME if properties.get(key) not in {None, ""}), feature.get("id", ""))
    )[:80]
    reading = Reading(text_id=text_id or "feature", dialect="geojson", source=source, text=written)
    try:
        if isinstance(properties.get("notice"), dict):
            return _own(properties["notice"], reading)
        _times(properties, reading)
        _shapes(feature.get("geometry"), properties, reading)
        text = " ".join(str(properties.get(key) or "") for key in (*_TEXT, "typeEn"))
        reading.activity = activity_of(text.upper())
    except Unplaced as unplaced:
        reading.refuse(unplaced.refusal)
    return reading


def _own(document: dict[str, Any], reading: Reading) -> Reading:
    """Return the exact notice that detente wrote into a feature."""
    try:
        notice = decode(
            json.dumps(document, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
        ).notice
    except NoticeRefused as refused:
        raise Unplaced(Reason.NOT_UNDERSTOOD, str(refused)) from None
    if not isinstance(notice, DangerArea):
        raise Unplaced(Reason.NOT_A_DANGER_AREA, str(document.get("kind")))
    return reading_of(notice, reading.source)


def _times(properties: dict[str, Any], reading: Reading) -> None:
    start_key = next((key for key in _START if properties.get(key) not in {None, ""}), "")
    end_key = next((key for key in _END if properties.get(key) not in {None, ""}), "")
    if not start_key and not end_key:
        raise Unplaced(Reason.NO_TIME, reading.text[:200])
    start = _moment(properties[start_key], reading) if start_key else None
    end = _moment(properties[end_key], reading) if end_key else None
    reading.words["windows"] = " ".join(f"{key}: {properties[key]}" for key in (start_key, end_key) if key)
    if not start_key:
        reading.doubt(Reason.START_NOT_STATED, reading.words["windows"])
    if not end_key:
        reading.doubt(Reason.END_NOT_STATED, reading.words["windows"])
    if start is not None and end is not None and end <= start:
        raise Unplaced(Reason.TIME_ORDER, reading.words["windows"])
    reading.windows = [Window(start, end)]
    issued = next((key for key in _ISSUED if properties.get(key) not in {None, ""}), "")
    if issued:
        reading.issued_at = _moment(properties[issued], reading)
        reading.words["issued_at"] = f"{issued}: {properties[issued]}"


def _moment(value: Any, reading: Reading) -> datetime:
    """Return a moment from ISO 8601 or from milliseconds since 1970."""
    try:
        if isinstance(value, int | float) and not isinstance(value, bool):
            if not _LEAST_MS / 10 < value < _LEAST_MS * 10:
                raise Unplaced(Reason.TIME, str(value))
            return datetime.fromtimestamp(value / 1000, tz=UTC)
        moment = datetime.fromisoformat(str(value).strip())
    except (ValueError, OverflowError, OSError):
        raise Unplaced(Reason.TIME, str(value)) from None
    if moment.tzinfo is None:
        reading.doubt(Reason.ZONE_NOT_STATED, str(value))
        return moment.replace(tzinfo=UTC)
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise Unplaced(Reason.TIME, str(value)) from None


def _shapes(geometry: Any, properties: dict[str, Any], reading: Reading) -> None:
    name = next(
        (str(properties[key]) for key in _AREA if isinstance(properties.get(key), str) and properties[key]), ""
    )
    name = " ".join(name.split())[:200]
    for shape, words in _parts(geometry, 0):
        if isinstance(shape, Point):
            reading.doubt(Reason.EXTENT_ELSEWHERE, words)
        reading.areas.append(Announced(shape, words, name=name if name.isprintable() else ""))
    if not reading.areas:
        raise Unplaced(Reason.NO_AREA, json.dumps(geometry)[:120])
    reading.words["areas"] = " / ".join(area.words for area in reading.areas)[:4000]


def _parts(geometry: Any, depth: int) -> list[tuple[Shape, str]]:
    if not isinstance(geometry, dict) or depth > 5:
        return []
    words = json.dumps(geometry)[:300]
    coordinates = geometry.get("coordinates")
    match geometry.get("type"):
        case "Point":
            return [(Point(position=_position(coordinates, words)), words)]
        case "MultiPoint" if isinstance(coordinates, list):
            return [(Point(position=_position(one, words)), words) for one in coordinates]
        case "Polygon":
            return [(_polygon(coordinates, words), words)]
        case "MultiPolygon" if isinstance(coordinates, list):
            return [(_polygon(one, words), words) for one in coordinates]
        case "GeometryCollection" if isinstance(geometry.get("geometries"), list):
            return [part for one in geometry["geometries"] for part in _parts(one, depth + 1)]
        case _:
            raise Unplaced(Reason.SHAPE, words)


def _polygon(coordinates: Any, words: str) -> Polygon:
    if (
        not isinstance(coordinates, list)
        or not coordinates
        or not all(isinstance(ring, list) for ring in coordinates)
    ):
        raise Unplaced(Reason.SHAPE, words)
    if len(coordinates) > 1:
        raise Unplaced(Reason.HOLE, words)
    if len(coordinates[0]) > MOST_POSITIONS:
        raise Unplaced(Reason.TOO_LONG, words)
    ring = [_position(corner, words) for corner in coordinates[0]]
    ring = [corner for index, corner in enumerate(ring) if not index or corner != ring[index - 1]]
    if len(ring) > 1 and ring[0] == ring[-1]:
        ring.pop()
    try:
        return Polygon(ring=tuple(ring))
    except ValueMistake:
        raise Unplaced(Reason.SHAPE, words) from None


def _position(pair: Any, words: str) -> Position:
    if (
        not isinstance(pair, list)
        or len(pair) < 2
        or not all(isinstance(value, int | float) for value in pair[:2])
    ):
        raise Unplaced(Reason.COORDINATE, words)
    try:
        lon, lat = (round(value * PARTS_OF_A_DEGREE) for value in pair[:2])
        return Position(lat_e7=lat, lon_e7=180 * PARTS_OF_A_DEGREE if lon == -180 * PARTS_OF_A_DEGREE else lon)
    except (ValueMistake, OverflowError, ValueError):
        raise Unplaced(Reason.COORDINATE, words) from None
