"""Limits over time: so many bytes or requests a second, with a second's worth in hand."""

from __future__ import annotations

import asyncio
import time

__all__ = ["Rate"]


class Rate:
    """A bucket of one second. per_s 0: no limit."""

    def __init__(self, per_s: int) -> None:
        self._per_s = per_s
        self._left = float(per_s)
        self._at = time.monotonic()

    async def take(self, amount: int) -> None:
        """Wait until so much may pass; what exceeds a second's worth is paid for by waiting, never refused."""
        if not self._per_s:
            return
        now = time.monotonic()
        self._left = min(float(self._per_s), self._left + (now - self._at) * self._per_s) - amount
        self._at = now
        if self._left < 0:
            await asyncio.sleep(-self._left / self._per_s)
