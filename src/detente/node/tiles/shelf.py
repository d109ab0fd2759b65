"""What the courier port serves of a home's logs: read by one thread of its own, beside the thread of the lines.

Who may read what is decided before anything is looked up: to whoever may not, a log that is held and one that never
was are the same.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import time
import zlib
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from detente.line.checkpoint import Origin
from detente.line.effects import HeadFile
from detente.line.errors import Malformed
from detente.line.tiles import CHECKPOINT, WIDTH, Tile
from detente.node.book import Book
from detente.node.home import Home, open_reading
from detente.node.tiles.log_tiles import LogTiles, readable_upto
from detente.notices.line_types import is_humanitarian_line
from detente.store.errors import StoreFailure

__all__ = ["Reader", "Served", "Shelf", "is_about_tiles"]

_TARGET = re.compile(
    rb"/v1/([a-z][a-z0-9-]{0,80})/tiles/(0|[1-9][0-9]{0,8})/([a-z][a-z0-9-]{0,62})/(0|[1-9][0-9]{0,8})/([!-~]{1,64})"
)
_FRESH_S = 1.0
_PACKED_MAX = 4_000_000
_FOR_EVER = b"private, max-age=31536000, immutable"
_FOR_A_DAY = b"private, max-age=86400, immutable"
_NOW = b"private, no-cache"


@dataclass(frozen=True, slots=True)
class Served:
    """One answer: its bytes, and what its headers say."""

    body: bytes
    media_type: bytes
    caching: bytes
    packed: bool = False

    def headers(self) -> list[tuple[bytes, bytes]]:
        """Return the headers of the answer."""
        found = [
            (b"content-type", self.media_type),
            (b"content-length", str(len(self.body)).encode()),
            (b"cache-control", self.caching),
            (b"vary", b"accept-encoding"),
        ]
        return [*found, (b"content-encoding", b"gzip")] if self.packed else found


@dataclass(slots=True)
class Shelf:
    """Reads a home's logs; nothing of it writes. One question is answered at a time."""

    home: Path
    _thread: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(1, "tiles"))
    _open: Home | None = None
    _lines: dict[str, tuple[float, Book, HeadFile | None]] = field(default_factory=dict)

    async def get(self, origin: Origin, name: str, *, party: str | None, packed: bool) -> Served | None:
        """Return what has this name below the log's prefix; None when there is nothing.

        party: who asks, None for an auditor. packed: the body may be gzip. Raises StoreFailure.
        """
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._thread, self._get, origin, name, party, packed)

    async def close(self) -> None:
        """Close what is open; questions that wait are answered first."""
        await asyncio.get_running_loop().run_in_executor(self._thread, self._close)
        self._thread.shutdown()

    # ---- in the thread --------------------------------------------------------------------------------------

    def _close(self) -> None:
        self._lines.clear()
        home, self._open = self._open, None
        if home is not None:
            with contextlib.suppress(StoreFailure):
                home.close()

    def _get(self, origin: Origin, name: str, party: str | None, packed: bool) -> Served | None:  # noqa: FBT001 - inside
        try:
            return self._look(origin, name, party, packed=packed)
        except StoreFailure:  # a server's link that was cut while nobody asked: once more, from the start
            self._close()
            return self._look(origin, name, party, packed=packed)

    def _look(self, origin: Origin, name: str, party: str | None, *, packed: bool) -> Served | None:
        tile = None
        if name != CHECKPOINT:
            try:
                tile = Tile.parse(name)
            except Malformed:
                return None
        standing = self._standing(origin.line)
        if standing is None:
            return None
        _, book, heads = standing
        tiles = LogTiles.at(book.record, origin, readable_upto(book.state, origin, heads, party))
        if tiles is None:
            return None
        if tile is None:
            return Served(tiles.note(), b"text/plain; charset=utf-8", _NOW)
        body = tiles.read(tile)
        if body is None:
            return None
        caching = _FOR_EVER if tile.width == WIDTH else _FOR_A_DAY
        if packed and tile.kind != "hashes" and len(body) <= _PACKED_MAX:
            return Served(_gzip(body), b"application/octet-stream", caching, packed=True)
        return Served(body, b"application/octet-stream", caching)

    def _standing(self, line: str) -> tuple[float, Book, HeadFile | None] | None:
        """Return the line as it stood at most a second ago; None when this home never joined it."""
        known = self._lines.get(line)
        if known is not None and time.monotonic() - known[0] < _FRESH_S:
            return known
        if self._open is None:
            self._open = open_reading(self.home)
        if line not in self._open.lines():
            return None
        at_s, heads = time.monotonic(), self._open.head_file()  # first: the record may only be ahead of it
        self._lines[line] = found = (at_s, Book.open(self._open.member, self._open.record(line)), heads)
        return found


@dataclass(slots=True)
class Reader:
    """Who reads over one connection. parties: line -> the party that it is there; auditor: named in the settings.

    busy: of the certificate, whatever it has open: one answer is made and sent at a time, so memory is bounded.
    """

    shelf: Shelf
    parties: Mapping[str, str]
    auditor: bool
    busy: asyncio.Lock

    async def get(self, target: bytes, *, packed: bool) -> Served | None:
        """Return what a request's target names; None when there is nothing, or nothing for this reader.

        Nothing of a humanitarian line is ever served here: it leaves in sealed bundles alone. Raises HomeMistake,
        StoreFailure.
        """
        match = _TARGET.fullmatch(target)
        if match is None:
            return None
        line, epoch, member, generation, name = (one.decode() for one in match.groups())
        party = self.parties.get(line)
        if (party is None and not self.auditor) or is_humanitarian_line(line):
            return None
        origin = Origin(line, int(epoch), member, int(generation))
        return await self.shelf.get(origin, name, party=party, packed=packed)


def is_about_tiles(target: bytes) -> bool:
    """Tell whether a request's target lies where tiles are served, whatever it names there."""
    return re.match(rb"/v1/[^/?]{1,200}/tiles/", target) is not None


def _gzip(body: bytes) -> bytes:
    packing = zlib.compressobj(6, wbits=31)
    return packing.compress(body) + packing.flush()
