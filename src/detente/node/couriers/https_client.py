"""The calling side of HTTPS: one connection that stays open, to one peer whose certificate is known.

    POST /v1/LINE              body: a bundle for the peer; answer: its bundle for us, with receipts for ours
    GET  /v1/LINE?wait_s=25    its bundle for us as soon as it has news; 204 when it had none for so long

No redirect is followed, no proxy asked; an answer that is neither 200 nor 204 is a failure.
"""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from typing import Any

import h11

from detente import words
from detente.node.couriers.errors import PeerMistake, WrongCertificate
from detente.node.couriers.rates import Rate
from detente.node.couriers.sockets import unsent_bytes
from detente.node.couriers.tls import presented, tls_fault
from detente.node.couriers.tls_stream import TlsStream
from detente.node.settings.structs import CourierSettings, host_and_port

__all__ = ["MEDIA_TYPE", "Answer", "Link", "who_answers"]

say = words.speaker("node")

MEDIA_TYPE = b"application/vnd.detente.bundle"
_WRITE_BYTES = 16_384
_LOOK_S = 5.0
_HEAD_MAX = 16_384


@dataclass(slots=True)
class Answer:
    """The head of an answer. status 204: nothing to tell."""

    status: int


@dataclass(slots=True)
class Link:
    """A connection to one peer, opened when needed and kept. pins: SHA-256 of the certificates that may answer."""

    address: str
    context: ssl.SSLContext
    pins: frozenset[str]
    limits: CourierSettings
    rate: Rate
    _http: h11.Connection | None = None
    _stream: TlsStream | None = None
    _used: bool = field(default=False)

    async def exchange(
        self, method: str, target: str, body: bytes = b"", *, wait_s: float = 0.0
    ) -> AsyncGenerator[bytes | Answer, None]:
        """Send one request and yield the answer's head, then its body as it comes.

        wait_s: how long the peer may think on purpose. Raises LinkFailure, PeerMistake; the connection is closed
        unless all was well. When a kept connection turns out to be closed, a new one is tried once.
        """
        try:
            head = await self._ask(method, target, body, wait_s)
            yield Answer(head.status_code)
            http = self._http
            while http is not None:
                event = await self._event(self.limits.answer_s_max)
                if not isinstance(event, h11.Data):
                    break
                await self.rate.take(len(event.data))
                yield bytes(event.data)
            self._rest()
        except h11.RemoteProtocolError as fault:
            self.close()
            raise PeerMistake(
                expected=say("an answer in HTTP/1.1"),
                came=str(fault)[:200],
                where=self.address,
                remedy=say("check that the address is the other node's courier port"),
            ) from None
        except (OSError, EOFError) as fault:
            self.close()
            raise tls_fault(fault, self.address) from None
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Close the connection, if there is one."""
        stream, self._stream, self._http = self._stream, None, None
        self._used = False
        if stream is not None:
            stream.abort()  # what was not acknowledged by the line is sent again anyway

    async def _ask(self, method: str, target: str, body: bytes, wait_s: float) -> h11.Response:
        """Send the request and return the head of the answer; raises PeerMistake for a refusal."""
        for attempt in (1, 2):
            kept = self._used
            if self._stream is None:
                await self._connect()
            try:
                head = await self._send(method, target, body, wait_s)
            except (ConnectionError, EOFError, ssl.SSLError):
                if attempt == 1 and kept:
                    self.close()  # the peer closed it while it was idle
                    continue
                raise
            if head.status_code in {200, 204}:
                self._used = True
                return head
            raise _refusal(head.status_code, self.address)
        raise AssertionError  # the second attempt returned or raised

    async def _connect(self) -> None:
        host, port = host_and_port(self.address)
        async with asyncio.timeout(self.limits.handshake_s_max):
            stream = self._stream = await TlsStream.connect(host, port, self.context)
        if presented(stream.tls) not in self.pins:
            raise WrongCertificate(
                expected=say("the certificate that was agreed with this peer"),
                came=say("another one that is trusted for other ends"),
                where=self.address,
                remedy=say("it is tried again; see detente cert check"),
            )
        self._http = h11.Connection(h11.CLIENT, max_incomplete_event_size=_HEAD_MAX)

    async def _send(self, method: str, target: str, body: bytes, wait_s: float) -> h11.Response:
        http, stream = self._http, self._stream
        if http is None or stream is None:
            raise ConnectionResetError
        headers = [(b"host", self.address.encode()), (b"accept", MEDIA_TYPE)]
        if method == "POST":
            headers += [(b"content-type", MEDIA_TYPE), (b"content-length", str(len(body)).encode())]
        waiting = http.send(h11.Request(method=method, target=target, headers=headers)) or b""
        for start in range(0, len(body), _WRITE_BYTES):
            part = body[start : start + _WRITE_BYTES]
            await self.rate.take(len(part))
            await self._out(stream, waiting + (http.send(h11.Data(data=part)) or b""))
            waiting = b""
        await self._out(stream, waiting + (http.send(h11.EndOfMessage()) or b""))
        event = await self._event(wait_s + self.limits.answer_s_max)
        while isinstance(event, h11.InformationalResponse):
            event = await self._event(self.limits.answer_s_max)
        if not isinstance(event, h11.Response):
            raise ConnectionResetError
        return event

    async def _out(self, stream: TlsStream, octets: bytes) -> None:
        """Send; however slowly the other side takes it, as long as it takes some."""
        sending = asyncio.ensure_future(stream.send(octets))
        try:
            await self._patiently(sending, self.limits.answer_s_max)
        finally:
            sending.cancel()

    async def _event(self, wait_s: float) -> object:
        """Return the next event of the answer. TimeoutError when nothing moves for so long."""
        http, stream = self._http, self._stream
        if http is None or stream is None:
            raise ConnectionResetError
        while True:
            event = http.next_event()
            if event is not h11.NEED_DATA:
                return event
            read = asyncio.ensure_future(stream.read())
            try:
                await self._patiently(read, wait_s)
                octets = read.result()
            finally:
                read.cancel()
            if not octets:
                raise EOFError
            http.receive_data(octets)

    async def _patiently(self, work: asyncio.Future[Any], wait_s: float) -> None:
        """Wait for work; TimeoutError when it is not done for so long and nothing of ours leaves this machine."""
        transport = self._stream.socket if self._stream is not None else None
        unsent, until = unsent_bytes(transport), time.monotonic() + wait_s
        while True:
            done, _ = await asyncio.wait({work}, timeout=max(0.0, min(_LOOK_S, until - time.monotonic())))
            if done:
                work.result()
                return
            now, before = unsent_bytes(transport), unsent
            unsent = now
            if now and now < before:
                until = time.monotonic() + wait_s
            elif time.monotonic() >= until:
                raise TimeoutError

    def _rest(self) -> None:
        """Make the connection ready for the next request, or let it go when the peer closes it."""
        http = self._http
        if http is not None and http.our_state is h11.DONE and http.their_state is h11.DONE:
            http.start_next_cycle()
        else:
            stream, self._stream, self._http = self._stream, None, None
            self._used = False
            if stream is not None:
                stream.abort()


async def who_answers(address: str, wait_s: float) -> str:
    """Return the SHA-256 of the certificate that answers at an address, "" for none: to name it, never to trust it.

    Nothing is said there, and no certificate of ours is shown.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    host, port = host_and_port(address)
    try:
        async with asyncio.timeout(wait_s):
            stream = await TlsStream.connect(host, port, context)
    except OSError:
        return ""
    found = presented(stream.tls)
    stream.abort()
    return found


def _refusal(status: int, where: str) -> PeerMistake:
    came = {
        403: say("the other side says that we are no party of this line there"),
        404: say("the other side does not know this address"),
        413: say("the other side takes no bundle of this size"),
        429: say("the other side asks us to wait"),
        503: say("the other side cannot take anything just now"),
    }.get(status, say("the other side answered {status}", status=status))
    return PeerMistake(
        expected=say("an answer with a bundle"), came=came, where=where, remedy=say("it is tried again")
    )
