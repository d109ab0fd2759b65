"""Connections of the desk: how many from one address, how many in all, and how long one may be silent."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import ClassVar, cast

from uvicorn.protocols.http.h11_impl import H11Protocol, RequestResponseCycle

__all__ = ["CONNECTIONS_MAX", "CONNECTIONS_OF_ADDRESS_MAX", "HEAD_S_MAX", "ConnectionsOf"]

CONNECTIONS_MAX = 2_000
"""Open connections; one more is closed at once."""
CONNECTIONS_OF_ADDRESS_MAX = 1_000
"""Open connections from one network address: an office may stand behind one."""
HEAD_S_MAX = 20
"""Seconds that a new connection may take until its first request is there."""


class ConnectionsOf(H11Protocol):
    """A connection that counts, and that does not wait for ever for a request that never comes."""

    _open: ClassVar[Counter[str]] = Counter()
    _late: asyncio.TimerHandle | None = None
    _address = ""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Take a connection, or close it when there are too many."""
        super().connection_made(transport)
        self._address = "" if self.client is None else self.client[0]
        self._open[self._address] += 1
        is_many = self._open[self._address] > CONNECTIONS_OF_ADDRESS_MAX
        if is_many or len(self.connections) > CONNECTIONS_MAX:
            transport.abort()
            return
        self._late = self.loop.call_later(HEAD_S_MAX, self._end_if_idle)

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget a connection."""
        if self._late is not None:
            self._late.cancel()
        self._open[self._address] -= 1
        if self._open[self._address] <= 0:
            del self._open[self._address]
        super().connection_lost(exc)

    def _end_if_idle(self) -> None:
        cycle = cast("RequestResponseCycle | None", self.cycle)
        if cycle is None and not self.transport.is_closing():
            self.transport.abort()
