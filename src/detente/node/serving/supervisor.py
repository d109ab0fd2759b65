"""Keeps the processes of a node running: starts them in order, starts anew what ended or hangs, stops them in order.

Each child is asked every second whether it lives. One that answers no more (it was stopped, or hangs) is killed and
started anew, as one that crashed: nothing acknowledged is lost by either. A child that leaves with 2 before it ever
was ready has found a mistake of the person who started it: then everything stops, and the supervisor leaves with 2.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

from detente.node.serving.log import Log
from detente.node.serving.notify import Notifier
from detente.node.serving.watched import ALIVE, PING, READY, WATCH_VARIABLE

__all__ = ["Child", "Supervisor", "Times"]


@dataclass(frozen=True, slots=True)
class Child:
    """One process: a module of this program with its arguments.

    tells_ready: it says itself when it does its work; else it does as soon as it runs. without: variables of the
    environment that are no business of this one.
    """

    name: str
    module: str
    arguments: tuple[str, ...] = ()
    tells_ready: bool = False
    without: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Times:
    """Periods of a supervisor, in seconds; a test takes shorter ones."""

    ping_every_s: float = 1.0
    silent_pings: int = 15
    back_off_s: tuple[float, ...] = (0.1, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0)
    steady_after_s: float = 60.0
    stop_within_s: float = 30.0


@dataclass(slots=True)
class _Running:
    child: Child
    ready: asyncio.Event = field(default_factory=asyncio.Event)
    process: asyncio.subprocess.Process | None = None
    unanswered: int = 0
    ever_ready: bool = False


class Supervisor:
    """Runs these children until it is told to stop. on_started: told each child's name and process id."""

    def __init__(
        self,
        children: Sequence[Child],
        log: Log,
        *,
        environment: dict[str, str] | None = None,
        times: Times | None = None,
        notifier: Notifier | None = None,
        on_started: Callable[[str, int], None] = lambda *_: None,
    ) -> None:
        self._running = [_Running(child) for child in children]
        self._log = log
        self._times = times or Times()
        self._notifier = notifier or Notifier()
        self._on_started = on_started
        self._environment = {**os.environ, **(environment or {})}
        self._environment.pop("NOTIFY_SOCKET", None)
        self._stop = asyncio.Event()
        self._code = 0

    def stop(self) -> None:
        """Stop everything in order."""
        self._stop.set()

    async def run(self) -> int:
        """Run until told to stop, by ``stop``, SIGTERM or Ctrl-C; returns the exit code: 0, or 2 for a mistake."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self.stop)
        keepers: list[asyncio.Task[None]] = []
        beats = asyncio.create_task(self._beat())
        try:
            for running in self._running:
                keepers.append(asyncio.create_task(self._keep(running)))
                await self._first(running.ready.wait())
                if self._stop.is_set():
                    break
            else:
                self._log.info("node.ready")
                self._notifier.ready()
                await self._stop.wait()
        finally:
            beats.cancel()
            self._notifier.stopping()
            self._log.info("node.stopping")
            for running, keeper in reversed(list(zip(self._running, keepers, strict=False))):
                await self._end(running, keeper)
        self._log.info("node.stopped", code=self._code)
        return self._code

    # ---- one child ------------------------------------------------------------------------------------------

    async def _keep(self, running: _Running) -> None:
        """Run one child, and run it anew whenever it ends, until everything stops."""
        failures = 0
        while not self._stop.is_set():
            begun_s = time.monotonic()
            try:
                code = await self._run_once(running)
            except OSError as failure:
                self._log.error("child.failed", child=running.child.name, fault=str(failure))
                code = -1
            if self._stop.is_set():
                return
            if code == 2 and not running.ever_ready:  # it found a mistake, and said which
                self._code = 2
                self._stop.set()
                return
            failures = 0 if time.monotonic() - begun_s > self._times.steady_after_s else failures + 1
            pause_s = self._times.back_off_s[min(max(failures - 1, 0), len(self._times.back_off_s) - 1)]
            self._log.error("child.ended", child=running.child.name, code=code, again_in_s=pause_s)
            await self._first(asyncio.sleep(pause_s))

    async def _run_once(self, running: _Running) -> int:
        ours, theirs = socket.socketpair()
        try:
            kept = {name: one for name, one in self._environment.items() if name not in running.child.without}
            environment = {**kept, WATCH_VARIABLE: str(theirs.fileno())}
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "detente.node.serving.child", running.child.module, *running.child.arguments,
                stdin=asyncio.subprocess.DEVNULL, pass_fds=(theirs.fileno(),), env=environment, start_new_session=True,
            )  # fmt: skip
        except BaseException:
            ours.close()
            raise
        finally:
            theirs.close()
        running.process, running.unanswered = process, 0
        self._log.info("child.started", child=running.child.name, pid=process.pid)
        self._on_started(running.child.name, process.pid)
        ours.setblocking(False)
        watching = asyncio.create_task(self._watch(running, process, ours))
        if not running.child.tells_ready:
            running.ready.set()
        if self._stop.is_set():  # told to stop while it was being started
            process.terminate()
        try:
            return await process.wait()
        finally:
            watching.cancel()
            await asyncio.gather(watching, return_exceptions=True)
            ours.close()
            running.process = None

    async def _watch(self, running: _Running, process: asyncio.subprocess.Process, sock: socket.socket) -> None:
        """Ask a child whether it lives, and kill it when it answers no more."""
        listening = asyncio.create_task(self._listen(running, sock))
        try:
            while True:
                await asyncio.sleep(self._times.ping_every_s)
                running.unanswered += 1
                if running.unanswered > self._times.silent_pings:
                    self._log.error("child.silent", child=running.child.name, pid=process.pid)
                    with contextlib.suppress(ProcessLookupError):
                        process.kill()
                    return
                with contextlib.suppress(OSError):
                    sock.send(PING)
        finally:
            listening.cancel()
            await asyncio.gather(listening, return_exceptions=True)

    async def _listen(self, running: _Running, sock: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        while octets := await loop.sock_recv(sock, 256):
            if ALIVE in octets:
                running.unanswered = 0
            if READY in octets:
                running.ever_ready = True
                running.ready.set()

    # ---- all of them ----------------------------------------------------------------------------------------

    async def _first(self, waiting: Awaitable[object]) -> None:
        """Wait for something, or for the end of everything."""
        tasks = [asyncio.ensure_future(waiting), asyncio.ensure_future(self._stop.wait())]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _end(self, running: _Running, keeper: asyncio.Task[None]) -> None:
        """Let one child finish what it works on; kill it when it takes too long."""
        self._stop.set()
        process = running.process
        if process is not None:
            for number in (signal.SIGTERM, signal.SIGCONT):  # one that was stopped must hear it, too
                with contextlib.suppress(ProcessLookupError):
                    process.send_signal(number)
        done, _ = await asyncio.wait([keeper], timeout=self._times.stop_within_s)
        if not done and running.process is not None:
            self._log.error("child.killed", child=running.child.name)
            with contextlib.suppress(ProcessLookupError):
                running.process.kill()
        await asyncio.gather(keeper, return_exceptions=True)

    async def _beat(self) -> None:
        """Tell the service manager that the node lives, as long as every child answers."""
        while self._notifier.watchdog_s:
            await asyncio.sleep(self._notifier.watchdog_s)
            if all(running.unanswered < self._times.silent_pings for running in self._running):
                self._notifier.alive()
