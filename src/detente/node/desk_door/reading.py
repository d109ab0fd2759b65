"""Reads the record for the desk in threads of its own, beside the writer: a long record must not hold up the line.

One thread reads what is durable and answers short questions from what it keeps ready; another judges what takes
longer, from what the first one gave it. Both speak the language of whoever asked.
"""

from __future__ import annotations

import asyncio
import contextvars
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from detente import words
from detente.node.desk_door.line_index import LineIndex
from detente.node.home import Home, open_reading
from detente.node.limits import limits_of
from detente.store.errors import HomeMistake

__all__ = ["Indexes", "Reading", "in_language"]

say = words.speaker("node")

T = TypeVar("T")
_PAUSE_S = 0.002


class Indexes:
    """What is kept ready of every line of a home; for one thread.

    grown: a number that differs when any record may have grown since it was asked.
    """

    def __init__(self, home: Path, grown: Callable[[], int]) -> None:
        self._path = home
        self._grown = grown
        self._seen = -1
        self._home: Home | None = None
        self._lines: dict[str, LineIndex] = {}

    def fresh(self) -> dict[str, LineIndex]:
        """Return every line as it is durable now. Raises StoreFailure, HomeMistake."""
        grown = self._grown()
        if grown != self._seen:
            try:
                self._refresh()
            except BaseException:
                self.close()  # read half: begin anew
                raise
            self._seen = grown
        return self._lines

    def chosen(self, line: str) -> list[LineIndex]:
        """Return the line of this id, or all of them for "". Raises HomeMistake for a line that was never joined."""
        found = self.fresh()
        if not line:
            return [found[name] for name in sorted(found)]
        return [self.one(line)]

    def one(self, line: str) -> LineIndex:
        """Return the line of this id. Raises HomeMistake for one that was never joined."""
        found = self.fresh().get(line)
        if found is None:
            raise HomeMistake(
                expected=say("a line that this home has joined"),
                came=line[:100],
                where="line",
                remedy=say("join a line first: detente line join"),
            )
        return found

    def close(self) -> None:
        """Close the home, and forget what was read."""
        home, self._home = self._home, None
        self._lines.clear()
        self._seen = -1
        if home is not None:
            home.close()

    def _refresh(self) -> None:
        if self._home is None:
            self._home = open_reading(self._path)
        home, limits = self._home, limits_of(self._path)
        for line in home.lines():
            index = self._lines.get(line)
            if index is None:
                index = self._lines[line] = LineIndex(line, home.member, limits(line))
            index.refresh(home.record(line), lambda: time.sleep(_PAUSE_S))


class Reading:
    """The two threads. grown: see ``Indexes``."""

    def __init__(self, home: Path, grown: Callable[[], int]) -> None:
        self._indexes = Indexes(home, grown)
        self._reader = ThreadPoolExecutor(1, thread_name_prefix="desk-reads")
        self._judge = ThreadPoolExecutor(1, thread_name_prefix="desk-judges")
        self._files = ThreadPoolExecutor(1, thread_name_prefix="desk-files")

    async def read(self, language: str, work: Callable[[Indexes], T]) -> T:
        """Return what short work on the record finds."""
        return await _run(self._reader, language, lambda: work(self._indexes))

    async def judge(self, language: str, work: Callable[[], T]) -> T:
        """Return what longer work finds in values that ``read`` gave."""
        return await _run(self._judge, language, work)

    async def files(self, language: str, work: Callable[[], T]) -> T:
        """Return what work on the small files of the home finds, one after another."""
        return await _run(self._files, language, work)

    async def close(self) -> None:
        """Finish what was begun, and close."""
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(self._reader, self._indexes.close)
        for one in (self._reader, self._judge, self._files):
            one.shutdown(wait=False, cancel_futures=True)


async def _run(thread: ThreadPoolExecutor, language: str, work: Callable[[], T]) -> T:
    return await asyncio.get_running_loop().run_in_executor(thread, in_language, language, work)


def in_language(language: str, work: Callable[[], T]) -> T:
    """Return what work finds while this thread speaks another language."""

    def chosen() -> T:
        words.choose(language)
        return work()

    return contextvars.copy_context().run(chosen)
