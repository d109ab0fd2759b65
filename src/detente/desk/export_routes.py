"""Files to take along: entries as CSV and Parquet, areas as GeoJSON and KML, the own side as GeoJSON and for TAK.

Tracks of anybody but the own side are in no file, and humanitarian areas are in none.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import msgspec
from starlette.responses import Response, StreamingResponse

from detente import words
from detente.desk.cot import cot_events, cot_package
from detente.desk.errors import not_offered
from detente.desk.kml import areas_kml
from detente.desk.operations import PREFIX, Call, Operation
from detente.desk.parquet import EntriesParquet, is_parquet_here
from detente.desk.record_routes import EntriesQuery, Span, span_checked
from detente.desk.shown_text import csv_row, lines_visible
from detente.node.desk_door.record_questions import (
    AreaDocument,
    AreasAsked,
    AreasDocument,
    EntriesAsked,
    EntriesDocument,
    EntryRow,
    LinesAsked,
    LinesDocument,
)

__all__ = ["EXPORTS", "areas_geojson", "own_tracks"]

say = words.speaker("desk")

_PAGE_ROWS = 200
_COLUMNS = (
    "line", "ref", "member", "is_own", "type", "kind", "title", "precedence", "activity", "written", "received",
    "answer_by", "in_reply_to", "states", "replies", "standing", "changed_by",
)  # fmt: skip
_TRACK_MS = 24 * 3_600_000
_PARQUET = "application/vnd.apache.parquet"
_PACKAGE = "application/zip"


class ExportDocument(msgspec.Struct, frozen=True):
    """One file to take along. is_offered: False where this installation lacks something; remedy: how to get it."""

    name: str
    address: str
    media_type: str
    is_offered: bool
    remedy: str = ""


class ExportsDocument(msgspec.Struct, frozen=True):
    """Every file that a desk can give."""

    exports: tuple[ExportDocument, ...]


async def export_entries(call: Call) -> Response:
    """Give every entry that was asked for as CSV; ``limit`` is a page's size, all pages come."""
    query: EntriesQuery = call.query
    first = await _page(call, query)  # what is wrong with the question is said before the file begins
    return StreamingResponse(_rows(call, query, first), media_type="text/csv", headers=_attachment("entries.csv"))


async def _rows(call: Call, query: EntriesQuery, page: EntriesDocument) -> AsyncIterator[bytes]:
    yield csv_row(_COLUMNS)
    async for one in _pages(call, query, page):
        yield b"".join(csv_row(_cells(row)) for row in one.rows)


async def _pages(call: Call, query: EntriesQuery, page: EntriesDocument) -> AsyncIterator[EntriesDocument]:
    """Yield this page and every one after it."""
    while True:
        yield page
        if not page.next or page.next == query.before:
            return
        query = msgspec.structs.replace(query, before=page.next)
        page = await _page(call, query)


async def _page(call: Call, query: EntriesQuery) -> EntriesDocument:
    asked = EntriesAsked(**{**msgspec.structs.asdict(query), "limit": _PAGE_ROWS})
    found: EntriesDocument = await call.room.node.ask(asked)
    return found


def _cells(row: EntryRow) -> tuple[object, ...]:
    return (
        row.line, row.ref, row.member, "yes" if row.is_own else "no", row.type, row.kind, row.title, row.precedence,
        row.activity, _moment(row.clock_ms), _moment(row.received_ms), _moment(row.answer_by_ms), row.in_reply_to,
        "; ".join(f"{member} {state}" for member, state in sorted(row.states.items())), row.replies, row.standing,
        " ".join(row.changed_by),
    )  # fmt: skip


async def export_areas_geojson(call: Call) -> Response:
    """Give the areas in force between two moments as GeoJSON."""
    found = await _areas(call)
    return Response(
        msgspec.json.encode(areas_geojson(found)),
        media_type="application/geo+json",
        headers=_attachment("areas.geojson"),
    )


async def export_areas_kml(call: Call) -> Response:
    """Give the areas in force between two moments as KML."""
    return Response(
        areas_kml(await _areas(call)),
        media_type="application/vnd.google-earth.kml+xml",
        headers=_attachment("areas.kml"),
    )


async def _areas(call: Call) -> list[AreaDocument]:
    span = span_checked(call.query)
    found: AreasDocument = await call.room.node.ask(AreasAsked(from_ms=span.from_ms, until_ms=span.until_ms))
    stands: LinesDocument = await call.room.node.ask(LinesAsked())
    closed = {one.line for one in stands.lines if one.is_humanitarian}
    return [one for one in found.areas if one.line not in closed]


def areas_geojson(areas: list[AreaDocument]) -> dict[str, Any]:
    """Return areas as a feature collection; texts of the other side are made visible."""
    features = []
    for one in areas:
        given = one.feature.get("properties")
        properties = {
            **{str(name): _plain(value) for name, value in (given.items() if isinstance(given, dict) else ())},
            "line": one.line,
            "ref": one.ref,
            "member": one.member,
            "title": lines_visible(one.title),
            "kind": one.kind,
            "standing": one.standing,
            "windows": [[_moment(begin), _moment(end)] for begin, end in one.windows],
        }
        features.append({"type": "Feature", "geometry": one.feature.get("geometry"), "properties": properties})
    return {"type": "FeatureCollection", "features": features}


async def export_tracks(call: Call) -> Response:
    """Give the own side's movers and where they were in the last day as GeoJSON; nobody else's are in it."""
    octets = await asyncio.to_thread(lambda: msgspec.json.encode(own_tracks(call)))
    return Response(octets, media_type="application/geo+json", headers=_attachment("tracks.geojson"))


def own_tracks(call: Call) -> dict[str, Any]:
    """Return the own side's tracks as a feature collection."""
    own = {one.id: one for one in call.room.picture.movers.all() if one.side == "own"}
    now_ms = call.room.now_ms()
    features = []
    for trail in call.room.picture.trails(list(own), now_ms - _TRACK_MS, now_ms).trails:
        mover = own[trail.id]
        points = [(lon, lat, _moment(at_ms)) for lon, lat, at_ms in trail.points]
        if not points:
            continue
        places = [[lon, lat] for lon, lat, _ in points]
        geometry = (
            {"type": "LineString", "coordinates": places}
            if len(places) > 1
            else {"type": "Point", "coordinates": places[0]}
        )
        properties = {
            "id": mover.id,
            "kind": mover.kind,
            "name": lines_visible(mover.name),
            "side": mover.side,
            "moments": [at for _, _, at in points],
        }
        features.append({"type": "Feature", "geometry": geometry, "properties": properties})
    return {"type": "FeatureCollection", "features": features}


async def exports(call: Call) -> ExportsDocument:
    """List the files that can be taken along, and how to get those that this installation does not give."""
    del call
    is_here = is_parquet_here()
    return ExportsDocument(
        tuple(
            ExportDocument(
                one.path.rpartition("/")[2],
                one.path,
                one.media,
                is_here or one.media != _PARQUET,
                _remedy() if one.media == _PARQUET and not is_here else "",
            )
            for one in _FILES
        )
    )


async def export_entries_parquet(call: Call) -> Response:
    """Give every entry that was asked for as Parquet."""
    if not is_parquet_here():
        raise not_offered(say("an installation with the package pyarrow"), _remedy())
    query: EntriesQuery = call.query
    first = await _page(call, query)
    return StreamingResponse(
        _columns(call, query, first), media_type=_PARQUET, headers=_attachment("entries.parquet")
    )


async def _columns(call: Call, query: EntriesQuery, page: EntriesDocument) -> AsyncIterator[bytes]:
    file = await asyncio.to_thread(EntriesParquet)
    async for one in _pages(call, query, page):
        yield await asyncio.to_thread(file.add, one.rows)
    yield await asyncio.to_thread(file.end)


def _remedy() -> str:
    return say("let whoever keeps this machine install it: pip install 'detente[parquet]', and restart the desk")


async def export_picture_cot(call: Call) -> Response:
    """Give the own side's movers, areas in force and alarms as a data package of Cursor-on-Target; nobody else's."""
    now_ms = call.room.now_ms()
    areas = await _areas(call)
    picture = call.room.picture
    encounters = {one.id: one for one in picture.encounters.all()}
    alarms = [
        (one, encounters[one.encounter])
        for one in picture.encounters.alarms()
        if one.encounter in encounters and one.ended_ms is None
    ]
    events = cot_events(picture.movers.all(), areas, alarms, now_ms)
    octets = await asyncio.to_thread(cot_package, events)
    return Response(octets, media_type=_PACKAGE, headers=_attachment("picture.zip"))


def _plain(value: Any) -> Any:
    if isinstance(value, str):
        return lines_visible(value)
    if isinstance(value, dict):
        return {str(name): _plain(one) for name, one in value.items()}
    return [_plain(one) for one in value] if isinstance(value, list | tuple) else value


def _moment(at_ms: int | None) -> str | None:
    if at_ms is None:
        return None
    try:
        return datetime.fromtimestamp(at_ms / 1000, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    except (ValueError, OverflowError):
        return str(at_ms)


def _attachment(name: str) -> dict[str, str]:
    return {"Content-Disposition": f'attachment; filename="{name}"'}


_AREAS = f"{PREFIX}/export/areas"
_FILES = (
    Operation(
        "GET", f"{PREFIX}/export/entries.csv", export_entries, query=EntriesQuery, limit="search", media="text/csv"
    ),
    Operation(
        "GET", f"{PREFIX}/export/entries.parquet", export_entries_parquet, query=EntriesQuery, limit="search",
        media=_PARQUET,
    ),
    Operation(
        "GET", f"{_AREAS}.geojson", export_areas_geojson, query=Span, limit="search", media="application/geo+json"
    ),
    Operation(
        "GET", f"{_AREAS}.kml", export_areas_kml, query=Span, limit="search",
        media="application/vnd.google-earth.kml+xml",
    ),
    Operation("GET", f"{PREFIX}/export/tracks.geojson", export_tracks, limit="search", media="application/geo+json"),
    Operation("GET", f"{PREFIX}/export/picture.zip", export_picture_cot, query=Span, limit="search", media=_PACKAGE),
)  # fmt: skip
EXPORTS = (Operation("GET", f"{PREFIX}/exports", exports, ExportsDocument), *_FILES)
