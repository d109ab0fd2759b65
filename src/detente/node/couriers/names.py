"""Names of other nodes into addresses, where the answer may come late, be wrong, or never come.

A system's resolver holds its thread for as long as it likes, half a minute for servers that are silent. So each name
has a thread of its own that nobody waits for at the end: were it one of the loop's few workers, some dead names would
keep files from being written and a node from stopping. A name that is being asked for is asked for once.
"""

from __future__ import annotations

import asyncio
import socket
import threading
from concurrent.futures import Future
from typing import Any

from detente import words

__all__ = ["AT_ONCE_MAX", "Address", "addresses_of"]

say = words.speaker("node")

Address = tuple[int, int, int, str, tuple[object, ...]]
"""As ``socket.getaddrinfo`` gives it: family, kind, protocol, "", place."""

AT_ONCE_MAX = 64
"""Names that may wait for their answers; one more is refused, as if there were no answer."""
_ADDRESSES_MAX = 16
_asked: dict[tuple[str, int], Future[list[Address]]] = {}
_lock = threading.Lock()


async def addresses_of(host: str, port: int) -> list[Address]:
    """Return where a host may be, some of it perhaps a lie. Raises OSError; the caller sets the time."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST)
    except socket.gaierror:
        return await asyncio.shield(asyncio.wrap_future(_lookup(host, port)))
    return _kept(found)


def _lookup(host: str, port: int) -> Future[list[Address]]:
    with _lock:
        waiting = _asked.get((host, port))
        if waiting is not None:
            return waiting
        if len(_asked) >= AT_ONCE_MAX:
            raise OSError(say("too many names wait for their addresses"))
        future: Future[list[Address]] = Future()
        _asked[host, port] = future
    threading.Thread(target=_ask, args=(host, port, future), name="names", daemon=True).start()
    return future


def _ask(host: str, port: int, future: Future[list[Address]]) -> None:
    try:
        found = _kept(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
    except (OSError, UnicodeError) as failure:
        fault = failure if isinstance(failure, OSError) else OSError(say("no name of a machine"))
        _done(host, port)
        future.set_exception(fault)
    else:
        _done(host, port)
        future.set_result(found)


def _done(host: str, port: int) -> None:
    with _lock:
        _asked.pop((host, port), None)


def _kept(found: list[Any]) -> list[Address]:
    return found[:_ADDRESSES_MAX]
