"""A link between two nodes that can be cut, slowed and left half open: a small relay in front of a courier port."""

from __future__ import annotations

import asyncio
import contextlib

__all__ = ["Relay"]

_READ_BYTES = 65_536


class Relay:
    """Listens at one address and passes on to another. state: "whole", "cut", "silent" (nothing passes) or "slow"."""

    def __init__(self, listen: str, to: str) -> None:
        self._listen = listen.rpartition(":")
        self._to = to.rpartition(":")
        self._state = "whole"
        self._open: set[asyncio.StreamWriter] = set()
        self._server: asyncio.Server | None = None
        self._speaks = asyncio.Event()
        self._speaks.set()

    @property
    def state(self) -> str:
        """How the link is."""
        return self._state

    @state.setter
    def state(self, state: str) -> None:
        self._state = state
        if state == "silent":
            self._speaks.clear()
        else:
            self._speaks.set()
        if state == "cut":
            for writer in self._open:
                writer.transport.abort()

    async def start(self) -> None:
        """Listen."""
        self._server = await asyncio.start_server(self._take, self._listen[0], int(self._listen[2]))

    async def close(self) -> None:
        """Listen no more and end every connection."""
        if self._server is not None:
            self._server.close()
        for writer in self._open:
            writer.transport.abort()

    async def _take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._state == "cut":
            writer.transport.abort()
            return
        try:
            other_reader, other_writer = await asyncio.open_connection(self._to[0], int(self._to[2]))
        except OSError:
            writer.transport.abort()
            return
        both = {writer, other_writer}
        self._open |= both
        try:
            await asyncio.gather(self._pass(reader, other_writer), self._pass(other_reader, writer))
        finally:
            self._open -= both
            for one in both:
                one.transport.abort()

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while octets := await reader.read(_READ_BYTES):
                await self._speaks.wait()
                if self._state == "slow":
                    await asyncio.sleep(0.3)
                writer.write(octets)
                await writer.drain()
        writer.transport.abort()
