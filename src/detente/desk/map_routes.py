"""The site's own map: one PMTiles file that the settings name, given piece by piece, and nothing beside it."""

from __future__ import annotations

import asyncio
import os
import re
from pathlib import Path

from starlette.responses import Response

from detente import words
from detente.desk.errors import RefusedRequest, bad_input, not_offered
from detente.desk.operations import PREFIX, Call, Operation
from detente.door.terminal import visible

__all__ = ["MAP", "MAPS", "MAP_PIECE_BYTES_MAX"]

say = words.speaker("desk")

MAP = f"{PREFIX}/map.pmtiles"
MAP_PIECE_BYTES_MAX = 16_000_000
"""Bytes of the site's own map in one answer."""
_RANGE = re.compile(r"bytes=([0-9]{1,18})-([0-9]{1,18})", re.ASCII)


async def site_map(call: Call) -> Response:
    """Give a piece of the site's own map, as the header Range names it."""
    path = call.room.map_file
    if path is None:
        raise not_offered(
            say("a map of this site's own"),
            say("set map_file under [desk] in settings.toml, and restart the desk"),
        )
    given = call.request.headers.get("range", "")
    found = _RANGE.fullmatch(given)
    if found is None:
        raise bad_input("Range: bytes=FIRST-LAST", visible(given[:100]) or say("none"), "Range")
    first, last = int(found[1]), int(found[2])
    try:
        octets, size, changed_ns = await asyncio.to_thread(_piece, path, first, last)
    except OSError as failure:
        call.room.log.warning("desk.map-unread", fault=failure.strerror or type(failure).__name__)
        raise not_offered(say("a map of this site's own"), say("look at map_file under [desk]")) from None
    if first > last or not octets:
        raise _beyond(given, size)
    headers = {
        "Content-Range": f"bytes {first}-{first + len(octets) - 1}/{size}",
        "Accept-Ranges": "bytes",
        "ETag": f'"{size:x}-{changed_ns:x}"',
        "Cache-Control": "private, max-age=3600",
    }
    return Response(octets, 206, media_type="application/vnd.pmtiles", headers=headers)


def _piece(path: Path, first: int, last: int) -> tuple[bytes, int, int]:
    """Return a piece of a file, its size and when it was changed."""
    file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        stands = os.fstat(file)
        length = max(0, min(last - first + 1, MAP_PIECE_BYTES_MAX, stands.st_size - first))
        return os.pread(file, length, first) if length else b"", stands.st_size, stands.st_mtime_ns
    finally:
        os.close(file)


def _beyond(given: str, size: int) -> RefusedRequest:
    return RefusedRequest(
        416,
        "beyond-the-end",
        expected=say("a piece of the {size} bytes of this map", size=size),
        came=visible(given[:100]),
        where="Range",
        remedy=say("ask for a piece that begins in it"),
    )


MAPS = (
    Operation(
        "GET", MAP, site_map, limit="static", media="application/vnd.pmtiles", status=206, is_in_pieces=True
    ),
)
