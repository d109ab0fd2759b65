"""Looks at the running lines every few seconds: which notices wait for somebody, and which alarms are over.

The record is read beside the writer, in a thread of its own: a long record must not hold up the line.
"""

from __future__ import annotations

import asyncio
import contextvars
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import msgspec

from detente.errors import DetenteError
from detente.line.effects import Alarm, Priority
from detente.node.alarms.telling import Telling
from detente.node.alarms.unanswered import Unanswered, Waits
from detente.node.health.figures import Figures, LineFigures
from detente.node.home import open_reading
from detente.node.host import clock_ms
from detente.node.serving.log import Log
from detente.node.settings.structs import Settings
from detente.store.interface import Record

__all__ = ["Watch"]

_EVERY_S = 5.0
_PAUSE_S = 0.002
_TEXT_MAX = 2_000


class Watch:
    """Watches the lines of one home for what people must be told."""

    def __init__(
        self,
        home: Path,
        figures: Callable[[], Awaitable[Figures]],
        telling: Telling,
        settings: Settings,
        log: Log,
        *,
        member: str,
    ) -> None:
        self._home = home
        self._figures = figures
        self._telling = telling
        self._settings = settings
        self._log = log
        self._member = member
        self._unanswered: dict[str, Unanswered] = {}
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="unanswered")
        self._failing = ""
        limits = settings.escalation
        shortest_s = min(limits.flash_s, limits.immediate_s, limits.priority_s, limits.routine_s)
        self._every_s = min(_EVERY_S, max(0.2, shortest_s / 4))

    async def run(self) -> None:
        """Watch until cancelled; a look that fails is said once, and the next one comes."""
        try:
            while True:
                try:
                    await self._look()
                    self._failing = ""
                except DetenteError as failure:
                    if str(failure) != self._failing:
                        self._failing = str(failure)
                        self._log.failure("watch.failed", failure)
                await asyncio.sleep(self._every_s)
        finally:
            self._thread.shutdown(wait=False, cancel_futures=True)

    async def _look(self) -> None:
        figures = await self._figures()
        self._signer(figures)
        for line in figures.lines:
            _over(self._telling, line)
            others = frozenset(one.member for one in line.parties if one.is_member)
            work = contextvars.copy_context().run
            loop = asyncio.get_running_loop()
            waits, texts = await loop.run_in_executor(self._thread, work, self._read, line.line, others)
            self._telling.waiting(line.line, waits, texts)

    def _signer(self, figures: Figures) -> None:
        if figures.ready:
            self._telling.over("signer-locked", "signer-gone")
        if figures.old_sealing_keys:
            if not any(one.name == "sealing-keys-old" and one.ended_ms is None for one in self._telling.all()):
                detail = (("count", str(figures.old_sealing_keys)),)
                self._telling.raised("", Alarm("sealing-keys-old", Priority.ALARM, self._member, detail))
        elif figures.ready:
            self._telling.over("sealing-keys-old")

    def _read(self, line: str, others: frozenset[str]) -> tuple[list[Waits], dict[str, str]]:
        """Return what waits on a line and, where the settings ask for it, the texts; in the thread."""
        unanswered = self._unanswered.setdefault(line, Unanswered(line, self._member))
        with open_reading(self._home) as home:
            record = home.record(line)
            unanswered.read(record, others, lambda: time.sleep(_PAUSE_S))
            waits = list(unanswered.waiting(clock_ms(), self._settings.escalation))
            shown = self._settings.alarms.with_text
            return waits, {one.body: _text(record, one.body) for one in waits} if shown else {}


def _over(telling: Telling, line: LineFigures) -> None:
    """Settle the alarms whose cause is gone, as the line stands now."""
    if line.run == "running":
        telling.over("halted", "refilling", "line-stopped", line=line.line)
    for party in line.parties:
        if party.state != "suspended":
            telling.over("suspended", line=line.line, member=party.member)
        if party.state not in {"silent", "suspended"}:
            telling.over("silent", line=line.line, member=party.member)
        if party.state in {"open", "resumed"}:
            telling.over("degraded", "test-missed", "unacknowledged", line=line.line, member=party.member)


def _text(record: Record, digest: str) -> str:
    """Return the beginning of a notice's text for whoever may see it; "" while it is not here, or is no text."""
    held = record.body(digest)
    if held is None:
        return ""
    try:
        document = msgspec.json.decode(held[1])
        title = document.get("title") if isinstance(document, dict) else None
        if isinstance(title, str):
            return title[:_TEXT_MAX]
    except (msgspec.DecodeError, RecursionError):
        pass
    return held[1].decode(errors="replace")[:_TEXT_MAX]
