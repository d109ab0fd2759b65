"""What changed since when: one number for the whole node that grows, and who waits for it to grow."""

from __future__ import annotations

import asyncio
from typing import Literal

from detente.node.desk_door.record_questions import NewsDocument
from detente.node.host import clock_ms

__all__ = ["TOPICS", "News", "Topic"]

Topic = Literal["entries", "lines", "drafts", "alarms", "people", "trail", "shelf"]
TOPICS: tuple[Topic, ...] = ("entries", "lines", "drafts", "alarms", "people", "trail", "shelf")
_WAIT_S_MAX = 45
"""No longer than this: whoever asks gives a node up that does not answer within a minute."""
_GATHER_S = 0.05
"""After a change others follow at once: they are told together."""


class News:
    """The number of the newest change of each topic; made on the loop, asked there.

    The number begins at the clock's milliseconds, so that it grows over restarts of the node, too.
    """

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._began = self._number = clock_ms()
        self._topics: dict[str, int] = dict.fromkeys(TOPICS, self._number)
        self._waiting: set[asyncio.Event] = set()
        self._closed = False

    def changed(self, topic: str) -> None:
        """Note a change of a topic; on the loop."""
        self._number += 1
        self._topics[topic] = self._number
        for one in self._waiting:
            one.set()

    def tell(self, topic: str) -> None:
        """Note a change from any thread."""
        if self._closed:
            return
        try:
            self._loop.call_soon_threadsafe(self.changed, topic)
        except RuntimeError:
            return  # the loop is closed: nobody waits any more

    def close(self) -> None:
        """Answer everybody who waits."""
        self._closed = True
        for one in self._waiting:
            one.set()

    async def since(self, after: int, wait_s: int) -> NewsDocument:
        """Return what changed since a number; waits for something. A number of nobody's counts as none."""
        if after > self._number:
            after = 0
        if after == self._number and wait_s > 0 and not self._closed:
            event = asyncio.Event()
            self._waiting.add(event)
            try:
                async with asyncio.timeout(min(wait_s, _WAIT_S_MAX)):
                    await event.wait()
                if not self._closed:
                    await asyncio.sleep(_GATHER_S)
            except TimeoutError:
                pass
            finally:
                self._waiting.discard(event)
        topics = tuple(one for one in TOPICS if self._topics[one] > after)
        return NewsDocument(number=self._number, topics=topics)
