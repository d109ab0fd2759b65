"""Asks another server for one small JSON document: over TLS, never elsewhere, within a time and a size."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import Mapping
from typing import Any
from urllib.parse import SplitResult, urlsplit

import h11
import msgspec

from detente import words
from detente.errors import WorldFailure

__all__ = ["ANSWER_BYTES_MAX", "ANSWER_S_MAX", "OtherServerFailure", "fetch"]

say = words.speaker("desk")

ANSWER_BYTES_MAX = 256 * 1024
ANSWER_S_MAX = 10
"""Seconds for the whole exchange, from the look for its address to the last byte."""
_PIECE = 16 * 1024
_HERE = frozenset({"localhost", "127.0.0.1"})


class OtherServerFailure(WorldFailure):
    """Another server did not answer, or not with what was asked for."""


async def fetch(address: str, *, form: bytes | None = None, headers: Mapping[str, str] | None = None) -> Any:
    """Return the JSON at an address, or in the answer to a posted form. Raises OtherServerFailure.

    https only; http where the address is this machine. A redirect is a failure: it is never followed.
    """
    try:
        parts = urlsplit(address)
        port = parts.port or (443 if parts.scheme == "https" else 80)
        host = parts.hostname or ""
        async with asyncio.timeout(ANSWER_S_MAX):
            octets = await _exchanged(parts, host, port, form, headers or {})
        return msgspec.json.decode(octets)
    except (OSError, TimeoutError, ValueError, h11.ProtocolError, msgspec.DecodeError, RecursionError) as failure:
        raise OtherServerFailure(
            expected=say("a JSON document of at most {size} bytes", size=ANSWER_BYTES_MAX),
            came=str(failure) or type(failure).__name__,
            where=address,
            remedy=say("look at that server, and at [desk.oidc] in the settings"),
        ) from failure


async def _exchanged(
    parts: SplitResult, host: str, port: int, form: bytes | None, headers: Mapping[str, str]
) -> bytes:
    if not host or not (parts.scheme == "https" or (parts.scheme == "http" and host in _HERE)):
        raise ValueError(say("an address without TLS"))
    context = ssl.create_default_context() if parts.scheme == "https" else None
    reader, writer = await asyncio.open_connection(host, port, ssl=context)
    try:
        machine = h11.Connection(h11.CLIENT)
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        usual = {"Host": parts.netloc.rpartition("@")[2], "Accept": "application/json", "Connection": "close"}
        if form is not None:
            usual |= {"Content-Type": "application/x-www-form-urlencoded", "Content-Length": str(len(form))}
        request = h11.Request(
            method="GET" if form is None else "POST", target=target, headers=list({**usual, **headers}.items())
        )
        writer.write(machine.send(request) or b"")
        if form is not None:
            writer.write(machine.send(h11.Data(form)) or b"")
        writer.write(machine.send(h11.EndOfMessage()) or b"")
        await writer.drain()
        return await _body(machine, reader)
    finally:
        writer.close()
        with contextlib.suppress(OSError, TimeoutError):
            await writer.wait_closed()


async def _body(machine: h11.Connection, reader: asyncio.StreamReader) -> bytes:
    found = bytearray()
    while True:
        event = machine.next_event()
        if event is h11.NEED_DATA:
            machine.receive_data(await reader.read(_PIECE))
        elif isinstance(event, h11.Response):
            if event.status_code != 200:
                raise ValueError(say("status {status}", status=event.status_code))
        elif isinstance(event, h11.Data):
            found += event.data
            if len(found) > ANSWER_BYTES_MAX:
                raise ValueError(say("more than {size} bytes", size=ANSWER_BYTES_MAX))
        elif isinstance(event, h11.EndOfMessage):
            return bytes(found)
        elif not isinstance(event, h11.InformationalResponse):
            raise ValueError(say("an answer that ended early"))
