"""What both sides say, and when it was held and delivered: the clock of every figure here.

A notice is due at its own moment, whatever became of the one before it: a node that stands still makes all that were
due meanwhile late, and so each of them counts. Accepted: the node's answer came, which it gives when the notice is on
its disk. Delivered: the other side's receipt over the notice and its body is on the sender's own disk.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import threading
import time
from collections import deque
from dataclasses import dataclass, field
from pathlib import Path

import apsw
from nodes import Node

from detente.line.checkpoint import Origin
from detente.line.effects import Draft
from detente.node.home_folder import head_folder
from detente.node.serving.wire import Submits, decode_answer, encode
from detente.store.record import Record

__all__ = ["Receipts", "Sender", "notices", "percentile"]

_TEXT = (
    "Two tugs and a barge under tow leave the eastern basin at 0600 and pass the narrows before noon; speed four "
    "knots, tow of 300 metres, lights and shapes as prescribed. Please keep a mile clear. Watch on channel 16."
)
_LOOK_S = 0.002
_NEWEST = (
    "SELECT max(size) FROM cosignatures WHERE log = (SELECT id FROM logs WHERE line = ? AND epoch = ?"
    " AND member = ? AND generation = ?) AND name = ?"
)


def notices(count: int, first: int = 0) -> tuple[Draft, ...]:
    """Return so many different notices of about 250 bytes, as an officer's desk hands them over."""
    return tuple(
        Draft("notice", "text/plain", f"{number:08d} {_TEXT}".encode(), secrets.token_hex(16))
        for number in range(first, first + count)
    )


def percentile(figures: list[float], share: float) -> float:
    """Return the figure below which this share of them lies; nan for none."""
    ordered = sorted(figures)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else float("nan")


class Sender:
    """Hands notices to one node over its own socket, as verbs and desks do. accepted: by place in the log, in s."""

    def __init__(self, node: Node, connections: int = 64) -> None:
        self.node = node
        self.due_s: dict[int, float] = {}
        self.accept_s: list[float] = []
        self.faults: list[str] = []
        self._connections = connections
        self._free: asyncio.Queue[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = asyncio.Queue()

    async def send(self, per_s: float, for_s: float) -> None:
        """Send at this pace for so long, each notice alone; returns when the last one was answered."""
        for _ in range(self._connections):
            await self._connect()
        begun_s, tasks = time.monotonic(), set()
        for number in range(int(per_s * for_s)):
            due_s = begun_s + number / per_s
            if (wait_s := due_s - time.monotonic()) > 0:
                await asyncio.sleep(wait_s)
            task = asyncio.ensure_future(self._one(number, due_s))
            tasks.add(task)
            task.add_done_callback(tasks.discard)
        await asyncio.gather(*tasks)
        while not self._free.empty():
            self._free.get_nowait()[1].close()

    async def _connect(self) -> None:
        # as the door's own: a folder's descriptor makes a path of any length short enough for the system
        path = head_folder(self.node.home) / "node.sock"
        self._free.put_nowait(await asyncio.open_unix_connection(str(path)))

    async def _one(self, number: int, due_s: float) -> None:
        question = encode(Submits(self.node.line, notices(1, number)))
        reader, writer = await self._free.get()
        try:
            writer.write(len(question).to_bytes(4, "big") + question)
            answer = decode_answer(await reader.readexactly(int.from_bytes(await reader.readexactly(4), "big")))
        except (OSError, EOFError) as failure:
            self.faults.append(str(failure) or type(failure).__name__)
            return
        finally:
            self._free.put_nowait((reader, writer))
        now_s = time.monotonic()
        if answer.fault is not None:
            self.faults.append(answer.fault.came)
            return
        self.accept_s.append(now_s - due_s)
        self.due_s[answer.references[0].seq] = due_s


@dataclass(slots=True)
class Receipts:
    """Watches a sender's own record for receipts over its log, in a thread of its own, as a reader beside the node.

    seen: when it saw that so many statements were receipted: (monotonic s, size of the log under the receipt).
    """

    node: Node
    of: str
    seen: list[tuple[float, int]] = field(default_factory=list)
    _enough: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin to watch."""
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Watch no more."""
        self._enough.set()
        if self._thread is not None:
            self._thread.join()

    @property
    def size(self) -> int:
        """Up to which size of the log the other side's receipt is held."""
        return self.seen[-1][1] if self.seen else 0

    def delivered_s(self, due_s: dict[int, float]) -> list[float]:
        """Return how long after its due moment each notice was receipted, for those that were."""
        waiting = deque(sorted(due_s.items()))
        found = []
        for at_s, size in self.seen:
            while waiting and waiting[0][0] < size:
                found.append(at_s - waiting.popleft()[1])
        return found

    def _watch(self) -> None:
        file = next((self.node.home / "lines").rglob("*.sqlite3"), Path())
        watch = apsw.Connection(str(file), flags=apsw.SQLITE_OPEN_READONLY)
        origin, version, name = Origin(self.node.line, 1, self.node.member, 0), 0, None
        while not self._enough.wait(_LOOK_S):
            now = watch.execute("PRAGMA data_version").fetchall()[0][0]  # moves with every commit of the node
            if now == version:
                continue
            version, at_s = now, time.monotonic()
            if name is None:
                name = self._receipts(file)
                continue
            # one step of an index: looking must not cost more than the node takes for what is looked at
            found = watch.execute(_NEWEST, (*origin, name)).fetchone()
            if found is not None and found[0] > self.size:
                self.seen.append((at_s, found[0]))
        watch.close()

    def _receipts(self, file: Path) -> str | None:
        """Return the name under which the other side gives its receipts, None while there is none."""
        with contextlib.closing(Record(file, read_only=True)) as record:
            origin = Origin(self.node.line, 1, self.node.member, 0)
            names = [one.name for _, _, one in record.newest_cosignatures(origin)]
        return next((one for one in names if one.endswith(f"/{self.of}/held")), None)
