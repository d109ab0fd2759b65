"""A websocket that a feed reads: opened with every bound set, read in runs, and every trouble told in words.

What a server writes to us in its errors is never repeated: it may hold anything, a key of ours too.
"""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Literal

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus, WebSocketException
from websockets.typing import Subprotocol

from detente import __version__, words
from detente.watch.errors import FeedLost

__all__ = [
    "FRAME_BYTES_MAX",
    "OPEN_S_MAX",
    "RUN_BYTES_MAX",
    "RUN_FRAMES_MAX",
    "RUN_S",
    "SILENT_S_MAX",
    "lost",
    "opened",
    "runs",
    "whole",
]

say = words.speaker("watch")

FRAME_BYTES_MAX = 1 << 20
"""One message of a websocket; a longer one ends the connection before it is held whole."""
OPEN_S_MAX = 20.0
"""Seconds for name, connection, encryption and handshake together."""
SILENT_S_MAX = 20.0
"""A question whether the other side is there goes out that often, and its answer may take as long."""
RUN_S = 0.25
"""How long messages are gathered before they are decoded together."""
RUN_FRAMES_MAX = 5_000
"""Messages that are decoded together."""
RUN_BYTES_MAX = 4 << 20
"""Bytes of messages that are decoded together."""

# what the library notes for its programmers holds what was sent, and so a key
_QUIET = logging.Logger("websockets of feeds", level=logging.CRITICAL + 1)  # noqa: LOG001 - nobody may turn it on


class _Straight(connect):
    """Follows no redirection: what was meant for one server, a key too, does not go to another."""

    def process_redirect(self, exc: Exception) -> Exception | str:
        return exc


@asynccontextmanager
async def opened(
    link: str,
    *,
    name: str,
    context: ssl.SSLContext | None = None,
    headers: Mapping[str, str] | None = None,
    subprotocol: str | None = None,
    proxy: Literal[True] | None = None,
) -> AsyncIterator[ClientConnection]:
    """Open a websocket for the block; whatever goes wrong with it is FeedLost.

    name: what people see; context: for wss; proxy: True goes the way that the environment asks for (https_proxy).
    """
    try:
        async with _Straight(
            link,
            ssl=context,
            additional_headers=dict(headers or {}),
            subprotocols=[Subprotocol(subprotocol)] if subprotocol else None,
            user_agent_header=f"detente/{__version__}",
            compression=None,  # a kilobyte that unpacks to a gigabyte is refused by not unpacking
            proxy=proxy,
            open_timeout=OPEN_S_MAX,
            ping_interval=SILENT_S_MAX,
            ping_timeout=SILENT_S_MAX,
            close_timeout=2.0,
            max_size=FRAME_BYTES_MAX,
            max_queue=64,
            logger=_QUIET,
        ) as connection:
            yield connection
    except ConnectionClosed as failure:
        raise lost(*_closed(failure), where=name) from None
    except InvalidStatus as failure:
        came = say("the answer {status}", status=failure.response.status_code)
        raise lost(
            say("a server that opens a websocket"),
            came,
            where=name,
            retry_after_s=_asked(failure.response.headers.get("Retry-After")),
        ) from None
    except WebSocketException as failure:
        raise lost(say("a server that opens a websocket"), type(failure).__name__, where=name) from None
    except ssl.SSLCertVerificationError as failure:
        raise lost(say("a certificate that holds"), failure.verify_message, where=name) from None
    except TimeoutError:
        raise lost(say("an answer in time"), say("none"), where=name) from None
    except ImportError:
        raise lost(say("a proxy of HTTP, where the environment names one"), say("another"), where=name) from None
    except UnicodeError:
        raise lost(say("a server that can be reached"), say("a name that cannot be"), where=name) from None
    except OSError as failure:
        came = getattr(failure, "reason", None) or failure.strerror or type(failure).__name__
        raise lost(say("a server that can be reached"), str(came), where=name) from None


def _closed(failure: ConnectionClosed) -> tuple[str, str]:
    """Return what was expected and what came."""
    ours, theirs = failure.sent, failure.rcvd
    if ours is not None and ours.code == 1009:
        return say("messages up to {bytes} bytes", bytes=words.number(FRAME_BYTES_MAX)), say("a longer one")
    if ours is not None and ours.code == 1002:
        return say("a websocket"), say("bytes that are none")
    if ours is not None and ours.code == 1011 and theirs is None:
        return say("an answer in time"), say("none")
    if theirs is not None:
        return say("a stream that goes on"), say("the server closed it with code {code}", code=theirs.code)
    return say("a stream that goes on"), say("it broke off")


def _asked(retry_after: str | None) -> float | None:
    """Return how many seconds a server asks to be left alone, an hour at most."""
    return float(min(int(retry_after), 3600)) if retry_after and retry_after.isdecimal() else None


def lost(expected: str, came: str, *, where: str, retry_after_s: float | None = None) -> FeedLost:
    """Return the error that a feed is lost; it is tried again whatever the reason."""
    return FeedLost(
        expected=expected,
        came=came,
        where=where,
        remedy=say("it is tried again by itself"),
        retry_after_s=retry_after_s,
    )


async def runs(connection: ClientConnection, *, tick_s: float = 5.0) -> AsyncIterator[list[bytes]]:
    """Yield what came, gathered for RUN_S; an empty list when nothing came for tick_s.

    While nobody takes the next run nothing is read: the server then waits, as TCP makes it.
    """
    clock = asyncio.get_running_loop()
    while True:
        frames: list[bytes] = []
        try:
            async with asyncio.timeout(tick_s):
                frames.append(await connection.recv(decode=False))
        except TimeoutError:
            yield frames
            continue
        size, until_s = len(frames[0]), clock.time() + RUN_S
        try:
            async with asyncio.timeout_at(until_s):
                while len(frames) < RUN_FRAMES_MAX and size < RUN_BYTES_MAX:
                    frames.append(await connection.recv(decode=False))
                    size += len(frames[-1])
        except TimeoutError:
            pass
        except ConnectionClosed:
            yield frames  # what came before the end is not lost with it
            raise
        yield frames


def whole(frames: Sequence[bytes]) -> bytes:
    """Return messages as lines, as the archive's readers take them."""
    return b"".join(frame + b"\n" for frame in frames)
