"""Sources that are asked over HTTP again and again, never more often than their owner allows."""

from __future__ import annotations

import asyncio
import ssl
import zlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from pathlib import Path
from typing import Protocol

import httpx2

from detente import __version__, words
from detente.tracks.adsb_readsb import DOCUMENT_CAP_BYTES
from detente.tracks.live_decoding import Decoded
from detente.watch.batches import Batch
from detente.watch.errors import FeedLost
from detente.watch.feeds.address import Address
from detente.watch.feeds.batching import batch_of
from detente.watch.feeds.clocks import receiver_clock

__all__ = ["RETRY_AFTER_S_MAX", "DocumentDecoder", "PolledFeed", "trusted"]

say = words.speaker("watch")

RETRY_AFTER_S_MAX = 3_600
"""How long a source can send us away at most; one that says more is asked after this all the same."""
_ANSWER_S = 15.0
_WHOLE_ANSWER_S = 60.0
_TYPES = ("json", "text/plain", "octet-stream")
"""What a Content-Type must hold, where there is one: small web servers know no better word for JSON."""


class DocumentDecoder(Protocol):
    """Decodes whole documents; see detente.tracks.live_readsb."""

    def push(self, document: bytes, received_at: datetime) -> Decoded:
        """Decode one document."""


@dataclass(slots=True)
class PolledFeed:
    """A web address whose document is the picture of now. context: whom TLS trusts, None: whom the system trusts."""

    name: str
    url: str
    decoder: DocumentDecoder
    every_s: float
    stale_after_s: float
    context: ssl.SSLContext | None = None
    clock: Callable[[], datetime] = receiver_clock
    _next_s: float = field(default=0.0, init=False)

    async def batches(self) -> AsyncIterator[Batch]:
        """Ask, and yield what is answered, for ever; raises FeedLost.

        Never asks again before every_s has passed, not even after a failure.
        """
        loop = asyncio.get_running_loop()
        headers = {
            "User-Agent": f"detente/{__version__}",
            "Accept": "application/json",
            "Accept-Encoding": "gzip",
        }
        async with httpx2.AsyncClient(
            verify=self.context if self.context is not None else True,
            headers=headers,
            timeout=_ANSWER_S,
            follow_redirects=False,
        ) as client:
            while True:
                await asyncio.sleep(max(0.0, self._next_s - loop.time()))
                self._next_s = loop.time() + self.every_s
                document = await self._document(client)
                received_at = self.clock()
                decoded = await asyncio.to_thread(self.decoder.push, document, received_at)
                yield batch_of(self.name, received_at, decoded, raw=document)

    async def _document(self, client: httpx2.AsyncClient) -> bytes:
        try:
            async with asyncio.timeout(_WHOLE_ANSWER_S), client.stream("GET", self.url) as response:
                self._check(response)
                return await self._body(response)
        except (TimeoutError, httpx2.TimeoutException):
            raise self._lost(say("no answer in time")) from None
        except (httpx2.HTTPError, httpx2.InvalidURL, ssl.SSLError, OSError) as error:
            raise self._lost(_reason(error)) from error

    def _check(self, response: httpx2.Response) -> None:
        """Raise FeedLost unless the answer is a document that may be JSON."""
        status = response.status_code
        if status in {HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE}:
            wait_s = self._wait_s(response.headers.get("retry-after", ""))
            raise self._lost(
                say("HTTP {status}: asked too often, or the service is busy", status=status), retry_after_s=wait_s
            )
        if 300 <= status < 400:
            place = repr(response.headers.get("location", "")[:200])
            raise self._lost(
                say("HTTP {status}: it says that it has moved to {place}", status=status, place=place)
            )
        if status != HTTPStatus.OK:
            raise self._lost(say("HTTP {status}", status=status))
        kind = response.headers.get("content-type", "json").lower()
        if not any(known in kind for known in _TYPES):
            raise self._lost(say("a document of another kind: {kind}", kind=repr(kind[:80])))

    async def _body(self, response: httpx2.Response) -> bytes:
        """Return the body, unpacked; raises FeedLost when it is too long, packed or not."""
        packing = response.headers.get("content-encoding", "identity").lower()
        if packing not in {"identity", "gzip"}:
            raise self._lost(
                say("a document packed in a way that was not asked for: {how}", how=repr(packing[:40]))
            )
        unpack = zlib.decompressobj(16 + zlib.MAX_WBITS) if packing == "gzip" else None
        pieces, size = [], 0
        async for packed in response.aiter_raw():
            try:
                piece = packed if unpack is None else unpack.decompress(packed, DOCUMENT_CAP_BYTES + 1)
            except zlib.error:
                raise self._lost(say("a packed document that cannot be unpacked")) from None
            size += len(piece)
            if size > DOCUMENT_CAP_BYTES or (unpack is not None and unpack.unconsumed_tail):
                most = words.number(DOCUMENT_CAP_BYTES >> 20)
                raise self._lost(say("a document of more than {most} MiB", most=most))
            pieces.append(piece)
        return b"".join(pieces)

    def _wait_s(self, said: str) -> float | None:
        """Return what Retry-After says, a number of seconds or a date, at most RETRY_AFTER_S_MAX."""
        try:
            seconds = float(said) if said.strip().isdigit() else self._until_s(said)
        except (ValueError, OverflowError):
            return None
        return min(max(seconds, 0.0), float(RETRY_AFTER_S_MAX))

    def _until_s(self, said: str) -> float:
        date = parsedate_to_datetime(said)
        aware = date if date.tzinfo else date.replace(tzinfo=UTC)
        return (aware - self.clock()).total_seconds()

    def _lost(self, came: str, *, retry_after_s: float | None = None) -> FeedLost:
        return FeedLost(
            expected=say("a document with aircraft as JSON"),
            came=came,
            where=self.name,
            remedy=say("see that the address is right and the service runs; it is tried again"),
            retry_after_s=retry_after_s,
        )


def trusted(address: Address, *, option: str = "ca_file") -> ssl.SSLContext | None:
    """Return whom TLS trusts by an address's option; None: whom the system trusts. No certificate: a fault."""
    path: Path | None = address.file(option)
    if path is None:
        return None
    try:
        return ssl.create_default_context(cafile=path)
    except (ssl.SSLError, OSError, ValueError):
        address.faults.append(say("{option} names a file without a certificate in PEM", option=option))
        return None


def _reason(error: Exception) -> str:
    return (str(error) or type(error).__name__)[:200]
