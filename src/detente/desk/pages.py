"""The desk's own page: the built files, or a page that says what runs where they are missing or a program asks."""

from __future__ import annotations

import html
import mimetypes
import re
from functools import lru_cache
from pathlib import Path
from urllib.parse import unquote

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import FileResponse, Response

from detente import __version__, words
from detente.desk.errors import not_found, wrong_method
from detente.desk.health import look, sentence
from detente.desk.room import Room
from detente.door.terminal import visible

__all__ = ["PACKED", "PRINT_CSS", "SMALL_BYTES_MAX", "answer_page", "takes_gzip"]

say = words.speaker("desk")

PRINT_CSS = "/print.css"
PACKED = ".gz"
"""What a file's name has more where it lies compressed, beside the plain one."""
SMALL_BYTES_MAX = 1_000_000
"""Bytes of a file of the page that is kept in memory; a larger one is read from the disk each time."""
_PRINT_FILE = Path(__file__).parent / "print.css"
_HASHED = re.compile(r"[-.][0-9A-Za-z_]{8,}\.[a-z0-9]+$")
_SEGMENT = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._ -]{0,199}", re.ASCII)
_TYPES = {
    ".js": "text/javascript",
    ".mjs": "text/javascript",
    ".json": "application/json",
    ".woff2": "font/woff2",
}
_PAGE = """<!doctype html>
<html lang="{language}"><head><meta charset="utf-8"><title>détente</title>
<meta http-equiv="refresh" content="10"></head>
<body><h1>détente {version}</h1><p>{summary}</p><ul>{rows}</ul></body></html>
"""


async def answer_page(room: Room, request: Request, raw_path: bytes) -> Response:
    """Answer a request for a file of the desk's page. Raises RefusedRequest (404, 405, 429)."""
    if request.method not in {"GET", "HEAD"}:
        raise wrong_method("GET, HEAD")
    room.limits.spend("" if request.client is None else request.client.host, "static", room.clock_s())
    path = unquote(raw_path.decode("latin-1"), errors="replace")
    asks = request.headers
    wants_html = "text/html" in asks.get("accept", "")
    if path == PRINT_CSS:
        return _sent(_PRINT_FILE, asks)
    index = room.static / "index.html"
    if path == "/" and not (wants_html and index.is_file()):
        return await _standing(room, wants_html=wants_html)
    found = _file(room.static, path)
    if found is None and wants_html and index.is_file() and "." not in path.rpartition("/")[2]:
        found = index  # a view of the page, which the page itself finds
    if found is None:
        raise not_found(say("no such file"), visible(path[:200]))
    return _sent(found, asks)


def _file(static: Path, path: str) -> Path | None:
    """Return the file of a path below the folder, None for anything that is not plainly one."""
    segments = path.strip("/").split("/")
    if not path.startswith("/") or not all(_SEGMENT.fullmatch(one) and ".." not in one for one in segments):
        return static / "index.html" if path == "/" else None
    found = static.joinpath(*segments)
    if found.suffix == PACKED or not found.is_file() or not found.resolve().is_relative_to(static.resolve()):
        return None
    return found


def _sent(found: Path, asks: Headers) -> Response:
    """Return a file, compressed where it lies so beside it and the browser takes that; 304 when it has this one."""
    kind = _TYPES.get(found.suffix) or mimetypes.guess_type(found.name)[0] or "application/octet-stream"
    lasting = "public, max-age=31536000, immutable" if _HASHED.search(found.name) else "no-cache"
    headers = {"Cache-Control": lasting}
    packed = found.with_name(found.name + PACKED)
    if packed.is_file():
        headers["Vary"] = "Accept-Encoding"
        if takes_gzip(asks.get("accept-encoding", "")):
            headers["Content-Encoding"] = "gzip"
            found = packed
    stands = found.stat()
    headers["ETag"] = tag = f'"{stands.st_size:x}-{stands.st_mtime_ns:x}{"-gz" if found is packed else ""}"'
    if tag in {one.strip().removeprefix("W/") for one in asks.get("if-none-match", "").split(",")}:
        return Response(status_code=304, headers=headers)
    if stands.st_size > SMALL_BYTES_MAX:
        return FileResponse(found, media_type=kind, headers=headers)
    return Response(_read(found, stands.st_mtime_ns, stands.st_size), media_type=kind, headers=headers)


def takes_gzip(header: str) -> bool:
    """Tell whether an Accept-Encoding header takes gzip: named, or covered by "*", and not with the weight 0."""
    weights: dict[str, float] = {}
    for part in header.lower().split(","):
        name, _, given = part.partition(";")
        weight = given.strip().removeprefix("q=").strip()
        try:
            weights[name.strip()] = float(weight) if weight else 1.0
        except ValueError:
            weights[name.strip()] = 0.0
    return weights.get("gzip", weights.get("*", 0.0)) > 0


@lru_cache(maxsize=64)
def _read(found: Path, changed_ns: int, size: int) -> bytes:  # noqa: ARG001 - a file that changed is read again
    return found.read_bytes()


async def _standing(room: Room, *, wants_html: bool) -> Response:
    found = await look(room.node)
    status = 200 if found.ok else 503
    rows = [f"{line}: {one.run} {one.reason}".rstrip() for line, one in sorted(found.lines.items())]
    if not wants_html:
        text = "\n".join([f"détente {__version__}", sentence(found), *rows])
        return Response(f"{text}\n", status, media_type="text/plain")
    page = _PAGE.format(
        language=words.language(),
        version=__version__,
        summary=html.escape(sentence(found)),
        rows="".join(f"<li>{html.escape(row)}</li>" for row in rows),
    )
    return Response(page, status, media_type="text/html")
