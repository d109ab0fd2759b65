"""A site's own overlays for its map: features in GeoJSON, kept on the node's shelf, checked in both directions."""

from __future__ import annotations

import asyncio
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from detente import words
from detente.desk.asking import Node, Told
from detente.desk.errors import conflict, not_found
from detente.desk.picture.documents import LatDeg, LonDeg
from detente.node.desk_door.record_questions import ShelfAsked, ShelfDocument, ShelfKept

__all__ = [
    "OVERLAYS_BYTES_MAX",
    "OVERLAYS_MAX",
    "OVERLAY_BYTES_MAX",
    "FeatureCollection",
    "OverlaysDocument",
    "Shelf",
]

say = words.speaker("desk")

OVERLAYS_MAX = 50
"""Overlays of a site."""
OVERLAY_BYTES_MAX = 2_000_000
"""Bytes of one overlay."""
OVERLAYS_BYTES_MAX = 4_000_000
"""Bytes of all overlays together."""
_NAME = "overlays"
_lock = asyncio.Lock()

Position = Annotated[tuple[LonDeg, LatDeg], Meta(description="Longitude and latitude.")]
Line = Annotated[tuple[Position, ...], Meta(min_length=2, max_length=100_000)]
Ring = Annotated[tuple[Position, ...], Meta(min_length=4, max_length=100_000)]
Value = Annotated[str, Meta(max_length=2_000)] | float | bool | None


class _Strict(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    pass


class Point(_Strict, frozen=True, tag="Point", tag_field="type"):
    """A point."""

    coordinates: Position


class MultiPoint(_Strict, frozen=True, tag="MultiPoint", tag_field="type"):
    """Points."""

    coordinates: tuple[Position, ...]


class LineString(_Strict, frozen=True, tag="LineString", tag_field="type"):
    """A line."""

    coordinates: Line


class MultiLineString(_Strict, frozen=True, tag="MultiLineString", tag_field="type"):
    """Lines."""

    coordinates: tuple[Line, ...]


class Polygon(_Strict, frozen=True, tag="Polygon", tag_field="type"):
    """A polygon with its holes."""

    coordinates: tuple[Ring, ...]


class MultiPolygon(_Strict, frozen=True, tag="MultiPolygon", tag_field="type"):
    """Polygons."""

    coordinates: tuple[tuple[Ring, ...], ...]


Geometry = Point | MultiPoint | LineString | MultiLineString | Polygon | MultiPolygon


class Feature(_Strict, frozen=True, kw_only=True):
    """A feature. properties: "title" is shown beside it; "claim": whose claim a disputed line is."""

    type: Literal["Feature"]
    geometry: Geometry
    properties: Annotated[dict[str, Value], Meta(max_length=50)] | None = None
    id: Annotated[str, Meta(max_length=200)] | int | None = None


class FeatureCollection(_Strict, frozen=True, kw_only=True):
    """Features of one overlay."""

    type: Literal["FeatureCollection"]
    features: Annotated[tuple[Feature, ...], Meta(max_length=10_000)]


class Overlay(_Strict, frozen=True):
    """An overlay under its name."""

    name: str
    features: FeatureCollection


class OverlaysDocument(_Strict, frozen=True):
    """Every overlay, by name."""

    overlays: tuple[Overlay, ...] = ()


class Shelf:
    """The overlays as the node keeps them."""

    def __init__(self, node: Node) -> None:
        self._node = node

    async def all(self) -> Told:
        """Return every overlay."""
        found = await self._read()
        return Told(found, msgspec.json.encode(found))

    async def put(self, name: str, features: FeatureCollection | None, actor: str) -> OverlaysDocument:
        """Keep an overlay under a name, or take it away (None); raises RefusedRequest (404, 409)."""
        async with _lock:
            held = {one.name: one for one in (await self._read()).overlays}
            if features is None:
                if held.pop(name, None) is None:
                    raise not_found(say("no such overlay"))
            else:
                held[name] = Overlay(name, features)
            if len(held) > OVERLAYS_MAX:
                raise conflict(say("at most {most} overlays", most=OVERLAYS_MAX), str(len(held)))
            found = OverlaysDocument(tuple(held[one] for one in sorted(held)))
            octets = msgspec.json.encode(found)
            if len(octets) > OVERLAYS_BYTES_MAX:
                raise conflict(say("at most {most} bytes of overlays", most=OVERLAYS_BYTES_MAX), str(len(octets)))
            await self._node.ask(ShelfKept(name=_NAME, octets=octets, actor=actor))
            return found

    async def _read(self) -> OverlaysDocument:
        kept: ShelfDocument = await self._node.ask(ShelfAsked(name=_NAME))
        return msgspec.json.decode(kept.octets, type=OverlaysDocument) if kept.octets else OverlaysDocument()
