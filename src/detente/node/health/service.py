"""What of a running node speaks to people and to their tools: alarms, metrics, health; put together for its process."""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import sys
import time
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

import msgspec

from detente import __version__
from detente.errors import DetenteError
from detente.line.effects import Alarm
from detente.node.alarms.telling import Telling
from detente.node.alarms.watch import Watch
from detente.node.couriers.states import CourierStates
from detente.node.health.figures import Figures, line_figures
from detente.node.health.metrics import Seen, text_of
from detente.node.health.page import Answer, HealthPage
from detente.node.home_folder import described
from detente.node.host import clock_ms
from detente.node.serving.lines import Lines
from detente.node.serving.log import Log
from detente.node.settings.structs import Settings
from detente.node.signing.remote import look
from detente.store.alarms import KeptAlarm

__all__ = ["Health"]

_METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_SIGNER_EVERY_S = 30.0
_FIGURES_WITHIN_S = 20.0


class Health:
    """Alarms, metrics and health of one node; made on the loop. ready: set once the lines are open."""

    def __init__(self, home: Path, settings: Settings, log: Log, lines: Lines, states: CourierStates) -> None:
        self.ready = False
        self._home = home
        self._log = log
        self._lines = lines
        self._states = states
        self._member = described(home).member
        self._old_sealing_keys = 0
        self._looked_s = -_SIGNER_EVERY_S
        self._telling = Telling(home, settings, log, member=self._member, write=self._ring)
        self._watch = Watch(home, self.figures, self._telling, settings, log, member=self._member)
        self._page = HealthPage(
            settings.metrics.listen, {"/metrics": self._metrics, "/health": self._health}, log
        )
        self._listens = bool(settings.metrics.listen)
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Begin to tell alarms and to answer. Raises OSError when the address of the metrics is taken."""
        self._tasks.append(asyncio.create_task(self._kept_running(self._telling.run())))
        if self._listens:
            await self._page.start()

    def running(self) -> None:
        """Begin to watch: the lines are open."""
        self.ready = True
        self._tasks.append(asyncio.create_task(self._kept_running(self._watch.run())))

    async def close(self) -> None:
        """Stop; what was taken in is kept."""
        await self._page.close()
        for task in reversed(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def alarm(self, line: str, alarm: Alarm) -> None:
        """Take in an alarm."""
        self._telling.raised(line, alarm)

    def alarms(self) -> list[KeptAlarm]:
        """Return every alarm that is kept."""
        return self._telling.all()

    async def figures(self) -> Figures:
        """Return the figures now. Raises StoreFailure while the node stops."""
        if not self.ready or self._lines.waits is not None:
            return Figures(self._member, ready=False)
        await self._look_at_signer()
        found = await self._lines.with_home(lambda _, runners: line_figures(runners, clock_ms()))
        return Figures(self._member, ready=True, lines=found, old_sealing_keys=self._old_sealing_keys)

    # ---- inside ---------------------------------------------------------------------------------------------

    async def _look_at_signer(self) -> None:
        if time.monotonic() - self._looked_s < _SIGNER_EVERY_S:
            return
        self._looked_s = time.monotonic()
        work = contextvars.copy_context().run
        with contextlib.suppress(DetenteError):  # a signer that is gone is an alarm of the lines
            standing = await asyncio.get_running_loop().run_in_executor(None, work, look, self._home)
            self._old_sealing_keys = standing.old_sealing

    async def _kept_running(self, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except Exception as failure:
            self._log.failure("health.failed", failure)
            raise

    def _ring(self, text: str) -> None:
        """Ring the bell of a terminal; in a journal a line of its own stands for it."""
        if sys.stderr.isatty():
            with contextlib.suppress(OSError, ValueError):
                sys.stderr.write(f"\a{text}\n")
                sys.stderr.flush()
        else:
            self._log.warning("alarm.terminal", says=text)

    async def _figures_soon(self) -> Figures:
        """Return the figures, or those of a node that is not ready where the lines take too long to tell."""
        try:
            async with asyncio.timeout(_FIGURES_WITHIN_S):
                return await self.figures()
        except (DetenteError, TimeoutError):
            return Figures(self._member, ready=False)

    async def _metrics(self) -> Answer:
        figures = await self._figures_soon()
        seen = Seen(
            figures,
            clock_ms(),
            tuple(self._states.snapshot()),
            dict(self._states.refused_connections),
            tuple(self._telling.all()),
            dict(self._telling.raised_total),
            dict(self._telling.failed_total),
            self._telling.dropped,
        )
        return Answer(200, _METRICS_TYPE, text_of(seen))

    async def _health(self) -> Answer:
        """Return how the node is; why something does not run may name a file or a person, and is not said here."""
        waits = self._lines.waits
        figures = await self._figures_soon()
        running = figures.ready and all(one.run == "running" for one in figures.lines)
        document = {
            "ok": running and not self._states.port_error,
            "member": self._member,
            "version": __version__,
            "waits": type(waits).__name__ if waits is not None else "",
            "courier_port_failed": bool(self._states.port_error),
            "lines": {
                one.line: {
                    "run": one.run,
                    "reason": one.reason,
                    "parties": {party.member: party.state for party in one.parties},
                }
                for one in figures.lines
            },
            "couriers_failing": sum(one.state == "failing" for one in self._states.snapshot()),
            "alarms_open": sum(one.is_open for one in self._telling.all()),
            "old_sealing_keys": figures.old_sealing_keys,
        }
        return Answer(200 if document["ok"] else 503, "application/json", msgspec.json.encode(document))
