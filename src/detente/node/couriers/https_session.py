"""One connection of a known peer: its requests, one after the other."""

from __future__ import annotations

import asyncio
import contextlib
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import h11

from detente.errors import DetenteError
from detente.line.errors import Refused
from detente.node.couriers.carrying import Outgoing, Taken
from detente.node.couriers.errors import PeerMistake
from detente.node.couriers.rates import Rate
from detente.node.couriers.tls_stream import TlsStream
from detente.node.couriers.traffic import Traffic
from detente.node.settings.structs import CourierSettings
from detente.node.tiles.shelf import Reader, is_about_tiles

__all__ = ["Session"]

_TARGET = re.compile(rb"\A/v1/([a-z][a-z0-9-]{0,80})(?:\?wait_s=([0-9]{1,4}))?\Z")
_HEAD_MAX = 16_384
_FLOOR_AFTER_S = 60.0
_DIRECT_S = 1.0
_WRITE_BYTES = 65_536
_MEDIA_TYPE = b"application/vnd.detente.bundle"


class _Stop(PeerMistake):
    """Ends a request with a status; the connection is closed after it."""

    def __init__(self, status: int) -> None:
        super().__init__(expected="", came=str(status))
        self.status = status


@dataclass(slots=True)
class Session:
    """Serves one connection until it is closed, idle for too long, or breaks a rule.

    rates: of the peer, whatever it has open: bytes in, bytes out (a flood must not hold back what we say), requests.
    reader: what of the logs it may read in tiles; None: nothing is served in tiles.
    """

    stream: TlsStream
    limits: CourierSettings
    lines: Mapping[str, str]
    traffic_of: Callable[[str, str], Traffic | None]
    sealed_to: Callable[[str, str], bool]
    rates: tuple[Rate, Rate, Rate]
    reader: Reader | None = None
    _http: h11.Connection | None = None

    async def run(self) -> None:
        """Serve."""
        self._http = http = h11.Connection(h11.SERVER, max_incomplete_event_size=_HEAD_MAX)
        try:
            while True:
                request = await self._head(http)
                if request is None:
                    return
                try:
                    await self._answer(http, request)
                except _Stop as stop:
                    await self._end(http, stop.status)
                    await self.stream.close()
                    return
                if http.our_state is not h11.DONE or http.their_state is not h11.DONE:
                    return
                http.start_next_cycle()
        except h11.RemoteProtocolError as fault:
            await self._end(http, fault.error_status_hint)
            await self.stream.close()
        except (OSError, EOFError):
            return

    async def _head(self, http: h11.Connection) -> h11.Request | None:
        """Return the head of the next request; None when the peer closed, or was idle for too long."""
        deadline = time.monotonic() + self.limits.idle_s_max
        begun = False
        while True:
            event = http.next_event()
            if isinstance(event, h11.Request):
                await self.rates[2].take(1)
                return event
            if event is not h11.NEED_DATA:
                return None
            octets = await self._read(deadline)
            if not octets:
                return None
            if not begun:
                begun, deadline = True, time.monotonic() + self.limits.header_s_max
            http.receive_data(octets)

    async def _answer(self, http: h11.Connection, request: h11.Request) -> None:
        match = _TARGET.match(request.target)
        if match is None:
            if self.reader is None or not is_about_tiles(request.target):
                raise _Stop(404)
            await self._tile(http, request, self.reader)
            return
        line = match[1].decode()
        party = self.lines.get(line)
        traffic = self.traffic_of(line, party) if party is not None else None
        if party is None or traffic is None:
            raise _Stop(403)
        posts = request.method == b"POST"
        if (not posts and request.method != b"GET") or (posts and match[2] is not None):
            raise _Stop(405)
        traffic.called.set()
        try:
            if posts:
                await self._post(http, request, traffic)
            else:
                await self._get(http, traffic, min(int(match[2] or 0), self.limits.wait_s * 4))
        except _Stop:
            raise
        except DetenteError:
            raise _Stop(503) from None

    # ---- a bundle comes -------------------------------------------------------------------------------------

    async def _post(self, http: h11.Connection, request: h11.Request, traffic: Traffic) -> None:
        for name, value in request.headers:
            if name == b"content-length" and int(value) > self.limits.body_bytes_max:
                raise _Stop(413)
        if http.they_are_waiting_for_100_continue:
            await self._write(http.send(h11.InformationalResponse(status_code=100, headers=[])))
        traffic.taking_begins()
        try:
            taken = await self._body(http, traffic)
        finally:
            traffic.taking_ends()
        if not taken.complete:
            raise _Stop(400)
        await self._give(http, traffic, await self._made(traffic))

    async def _body(self, http: h11.Connection, traffic: Traffic) -> Taken:
        """Take the bundle as it comes; what is whole of it is used, whatever ends it."""
        taking = traffic.take()
        fault = "the link was cut"
        size, begun = 0, time.monotonic()
        try:
            while True:
                event = http.next_event()
                if isinstance(event, h11.Data):
                    size += len(event.data)
                    if size > self.limits.body_bytes_max:
                        raise _Stop(413)
                    await self.rates[0].take(len(event.data))
                    await taking.feed(bytes(event.data))
                elif isinstance(event, h11.EndOfMessage):
                    fault = ""
                    break
                elif event is h11.NEED_DATA:
                    self._check_pace(size, begun)
                    octets = await self._read(time.monotonic() + self.limits.answer_s_max)
                    if not octets:
                        raise EOFError
                    http.receive_data(octets)
                else:
                    raise EOFError
        except Refused as refusal:
            fault = str(refusal)
        finally:
            taken = await taking.finish(fault)
            traffic.came(size, taken)
        return taken

    def _check_pace(self, size: int, begun: float) -> None:
        """Cut off a body that dribbles in: it holds a connection for nothing."""
        after_s = time.monotonic() - begun
        if after_s > _FLOOR_AFTER_S and size < self.limits.body_bytes_per_s_min * after_s:
            raise _Stop(408)

    # ---- a bundle goes --------------------------------------------------------------------------------------

    async def _get(self, http: h11.Connection, traffic: Traffic, wait_s: int) -> None:
        """Answer with the bundle: at once, or as soon as there is news."""
        self._no_body(http)
        if not wait_s:
            await self._give(http, traffic, await self._made(traffic))
            return
        deadline = time.monotonic() + wait_s
        made: Outgoing | None = None
        while made is None:
            if not await self._news(http, traffic, deadline):
                break
            made = await self._made(traffic, unless_told=True)
        await self._give(http, traffic, made)

    async def _made(self, traffic: Traffic, *, unless_told: bool = False) -> Outgoing | None:
        return await traffic.give(
            self.limits.bundle_bytes_max,
            sealed=self.sealed_to(traffic.line, traffic.party),
            unless_told=unless_told,
        )

    async def _news(self, http: h11.Connection, traffic: Traffic, deadline: float) -> bool:
        """Wait until there is news for this peer that no call of our own takes; False when the time is over."""
        reading = asyncio.ensure_future(self.stream.read())
        waiting = asyncio.ensure_future(traffic.news.wait())
        try:
            while time.monotonic() < deadline:
                left_s = max(0.0, deadline - time.monotonic())
                await asyncio.wait({reading, waiting}, timeout=left_s, return_when=asyncio.FIRST_COMPLETED)
                if reading.done():
                    if not reading.result():
                        raise EOFError
                    return False
                if not waiting.done():
                    return False
                if traffic.direct:
                    await asyncio.sleep(min(left_s, _DIRECT_S))
                if traffic.news.is_set():
                    return True
                waiting = asyncio.ensure_future(traffic.news.wait())
            return False
        finally:
            waiting.cancel()
            if not reading.cancel() and not reading.cancelled() and reading.exception() is None:
                http.receive_data(reading.result())  # it came at the same moment

    async def _give(self, http: h11.Connection, traffic: Traffic, made: Outgoing | None) -> None:
        """Answer with a bundle, or with 204 for none."""
        if made is None:
            await self._write(http.send(h11.Response(status_code=204, headers=[])))
            await self._write(http.send(h11.EndOfMessage()))
            return
        headers = [
            (b"content-type", _MEDIA_TYPE),
            (b"content-length", str(len(made.body)).encode()),
            (b"cache-control", b"no-store"),
        ]
        try:
            await self._send(http, headers, made.body)
        except BaseException:
            traffic.lost()
            raise
        traffic.went(len(made.body))

    # ---- a log is read in tiles -----------------------------------------------------------------------------

    async def _tile(self, http: h11.Connection, request: h11.Request, reader: Reader) -> None:
        """Answer with a tile; what there is not, and what is not for this reader, are answered alike."""
        self._no_body(http)
        packed = any(name == b"accept-encoding" and _takes_gzip(value) for name, value in request.headers)
        async with reader.busy:
            try:
                served = await reader.get(request.target, packed=packed) if request.method == b"GET" else None
            except DetenteError:
                raise _Stop(503) from None
            if served is not None:
                await self._send(http, served.headers(), served.body)
                return
        headers = [(b"content-length", b"0"), (b"cache-control", b"no-store")]
        await self._write(http.send(h11.Response(status_code=404, headers=headers)))
        await self._write(http.send(h11.EndOfMessage()))

    # ---- both -----------------------------------------------------------------------------------------------

    @staticmethod
    def _no_body(http: h11.Connection) -> None:
        """Refuse a body where none belongs."""
        while (event := http.next_event()) is not h11.NEED_DATA:
            if isinstance(event, h11.EndOfMessage):
                return
            if not isinstance(event, h11.Data) or event.data:
                raise _Stop(413)

    async def _send(self, http: h11.Connection, headers: list[tuple[bytes, bytes]], body: bytes) -> None:
        """Answer with a body, in pieces, at the peer's pace."""
        waiting = http.send(h11.Response(status_code=200, headers=headers)) or b""
        for start in range(0, len(body), _WRITE_BYTES):
            part = body[start : start + _WRITE_BYTES]
            await self.rates[1].take(len(part))
            await self._write(waiting + (http.send(h11.Data(data=part)) or b""))
            waiting = b""
        await self._write(http.send(h11.EndOfMessage()))

    async def _end(self, http: h11.Connection, status: int) -> None:
        """Answer with a status alone, if an answer can still be given."""
        with contextlib.suppress(h11.LocalProtocolError, OSError):
            if http.our_state in {h11.IDLE, h11.SEND_RESPONSE}:
                headers = [("content-length", "0"), ("connection", "close")]
                await self._write(http.send(h11.Response(status_code=status, headers=headers)))
                await self._write(http.send(h11.EndOfMessage()))

    # ---- bytes ----------------------------------------------------------------------------------------------

    async def _read(self, deadline: float) -> bytes:
        async with asyncio.timeout(max(0.0, deadline - time.monotonic())):
            return await self.stream.read()

    async def _write(self, octets: bytes | None) -> None:
        if octets:
            async with asyncio.timeout(self.limits.answer_s_max):
                await self.stream.send(octets)


def _takes_gzip(value: bytes) -> bool:
    """Tell whether a client takes gzip; what it says of preferences beyond that is not heeded."""
    named = [one.replace(b" ", b"").lower() for one in value.split(b",")]
    return any(re.fullmatch(rb"gzip(?:;q=(?:1|1\.0{1,3}|0\.0{0,2}[1-9][0-9]{0,2}))?", one) for one in named)
