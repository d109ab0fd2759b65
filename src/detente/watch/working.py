"""Work beside the loop: a thread of its own that takes what waits, all at once, and never holds an alarm up."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Generic, TypeVar

from detente import words

__all__ = ["WAITING_ROWS_MAX", "Worker"]

WAITING_ROWS_MAX = 500_000
"""Rows that wait for one worker; what comes then is left out by name (live), or waited for (a replay)."""
Item = TypeVar("Item")
Made = TypeVar("Made")


class Worker(Generic[Item]):
    """Runs work on items in the order in which they came, in one thread. rows: how large an item is."""

    def __init__(self, name: str, rows: Callable[[Item], int]) -> None:
        self._rows = rows
        self._waiting: list[Item] = []
        self._came = asyncio.Event()
        self._room = asyncio.Event()
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix=name)
        self.waiting_rows = 0
        self._is_last = False

    @property
    def is_over(self) -> bool:
        """Whether nothing waits, and nothing will."""
        return self._is_last and not self._waiting

    def finish(self) -> None:
        """Say that nothing follows: what waits is still to be done."""
        self._is_last = True
        self._came.set()

    def offer(self, item: Item) -> bool:
        """Take an item; False when too much waits already."""
        rows = self._rows(item)
        if self._waiting and self.waiting_rows + rows > WAITING_ROWS_MAX:
            return False
        self._waiting.append(item)
        self.waiting_rows += rows
        self._came.set()
        return True

    async def put(self, item: Item) -> None:
        """Take an item, as soon as there is room for it."""
        while not self.offer(item):
            self._room.clear()
            await self._room.wait()

    async def items(self, within_s: float) -> Sequence[Item]:
        """Return what waits, at the latest after a time; perhaps nothing."""
        try:
            async with asyncio.timeout(within_s):
                await self._came.wait()
        except TimeoutError:
            return ()
        return self.rest()

    def rest(self) -> Sequence[Item]:
        """Return what waits now."""
        taken, self._waiting, self.waiting_rows = self._waiting, [], 0
        if not self._is_last:
            self._came.clear()
        self._room.set()
        return taken

    async def do(self, work: Callable[[], Made]) -> Made:
        """Return what work in the thread makes, in the language that is spoken here."""
        language = words.language()

        def spoken() -> Made:
            words.choose(language)
            return work()

        return await asyncio.get_running_loop().run_in_executor(self._thread, spoken)

    def close(self) -> None:
        """Let the thread end after what it does now."""
        self._thread.shutdown(wait=True)
