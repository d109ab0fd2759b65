"""A node's lines and its door for desks, in a thread of this process, over real homes; and a desk that asks it."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from detente.line.effects import Draft
from detente.node.desk_door.ask import Asked, DeskLink
from detente.node.desk_door.door import DeskDoor
from detente.node.home import Home
from detente.node.officers import Officers
from detente.node.serving.lines import Lines
from detente.node.serving.log import Log
from detente.node.settings.structs import Settings
from tests.store.pair import open_home

__all__ = ["RunningNode", "running"]


class RunningNode:
    """One node with its door; ``ask`` asks as a desk does, over the socket."""

    def __init__(
        self,
        home: Path,
        settings: Settings,
        open_it: Callable[[Path], Home],
        people: Any = None,
        alarms: Any = (),
        officers: Callable[[], Officers | None] | None = None,
    ) -> None:
        self.home = home
        self.log: list[str] = []
        self.people = people
        self.alarms = list(alarms)
        self.officers = officers
        self._settings = settings
        self._open = open_it
        self._begun = threading.Event()
        self._over: asyncio.Event | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self.lines: Lines | None = None
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()))
        self._thread.start()
        assert self._begun.wait(60)

    async def _run(self) -> None:
        self._loop, self._over = asyncio.get_running_loop(), asyncio.Event()
        self.lines = lines = Lines(lambda: self._open(self.home))
        door = DeskDoor(
            lines,
            self.home,
            self._settings,
            Log("node", write=self.log.append),
            couriers=lambda: {"couriers": []},
            alarms=lambda: self.alarms,
            people=self.people,
            officers=self.officers,
        )
        await door.start()
        await lines.start()
        self._link = DeskLink(self.home)
        self._begun.set()
        await self._over.wait()
        await self._link.close()
        await door.close()
        await lines.close()

    def ask(self, question: Asked) -> Any:
        """Return the answer; raises what the node raised."""
        return self.do(self._link.ask(question))

    def do(self, work: Any) -> Any:
        """Run a coroutine on the node's loop."""
        assert self._loop is not None
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(120)

    def send(self, line: str, *drafts: Draft) -> None:
        """Submit drafts as somebody else does."""
        assert self.lines is not None
        self.do(self.lines.submit(line, drafts))

    def stop(self) -> None:
        """Stop in order; safe to call twice."""
        if not self._thread.is_alive():
            return
        assert self._loop is not None
        assert self._over is not None
        self._loop.call_soon_threadsafe(self._over.set)
        self._thread.join(60)
        assert not self._thread.is_alive()


@contextlib.contextmanager
def running(
    home: Path,
    settings: Settings | None = None,
    *,
    open_it: Callable[[Path], Home] = open_home,
    people: Any = None,
    alarms: Any = (),
    officers: Callable[[], Officers | None] | None = None,
) -> Iterator[RunningNode]:
    """Run a node with its door until the block ends."""
    node = RunningNode(home, settings or Settings(), open_it, people, alarms, officers)
    try:
        yield node
    finally:
        node.stop()
