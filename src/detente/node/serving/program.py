"""The node's process from its start to its end."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import contextvars
import functools
import os
import signal
import sys
import threading
import time
from collections.abc import Awaitable, Sequence
from pathlib import Path
from typing import Any

import msgspec

from detente import words
from detente.door import terminal
from detente.errors import DetenteError
from detente.line.effects import Alarm, Priority
from detente.line.state import Settings as LineLimits
from detente.node.couriers import schedule
from detente.node.couriers.states import CourierStates
from detente.node.desk_door.door import DeskDoor
from detente.node.desk_door.people import People
from detente.node.desk_door.people_signing import TrailSigning
from detente.node.errors import SignerGone, SignerLocked
from detente.node.health.service import Health
from detente.node.home import Home, open_serving
from detente.node.host import clock_ms
from detente.node.sealing import Unsealer
from detente.node.serving.control import Control
from detente.node.serving.lines import Lines
from detente.node.serving.log import Log, from_environment
from detente.node.serving.watched import Watched, current
from detente.node.settings.reading import read_settings
from detente.node.settings.structs import Settings
from detente.node.signing.remote import RemoteSigner

__all__ = ["Node", "main"]

say = words.speaker("node")

_BEAT_S = 0.5
_SWITCH_S = 0.0005
"""How long one thread keeps the interpreter: the line thread comes back from the disk and the signer many times in a
batch, and must not wait 5 ms for the loop each time."""
_UNLOCKED_EVERY_S = 0.3
_TRAIL_WITHIN_S = 5.0
_HUNG_AFTER_S = 120.0
"""After this long without a turn of the loop or the line thread, the process no longer says that it lives."""


class Node:
    """One running node of a home, beside the process of its signer."""

    def __init__(self, home: Path, settings: Settings, log: Log) -> None:
        self._path = home
        self._settings = settings
        self._log = log
        self._loop = asyncio.get_running_loop()
        self._stop = asyncio.Event()
        self._leaving = threading.Event()
        self._locked = asyncio.Event()
        self._beat_s = time.monotonic()
        self.lines = Lines(self._open, settings=self._limits, on_alarm=self._alarm)
        self._states = CourierStates()
        self._health = Health(home, settings, log, self.lines, self._states)
        self._control = Control(
            self.lines, home, log, two_people=self._two_people, couriers=self._states.document
        )
        self._trail: TrailSigning | None = None
        self._desk_door = DeskDoor(
            self.lines, home, settings, log, couriers=self._states.document, alarms=self._health.alarms
        )

    def stop(self) -> None:
        """Stop in order."""
        self._stop.set()

    async def run(self, watched: Watched) -> None:
        """Run until told to stop. Raises what opening the home raised, OSError when its socket cannot be made."""
        self._loop.set_exception_handler(self._failed)
        for number in (signal.SIGTERM, signal.SIGINT):
            self._loop.add_signal_handler(number, self.stop)
        tasks = [asyncio.create_task(self._beat())]
        starting = asyncio.create_task(self.lines.start())
        watched.probe = self._lives
        try:
            await self._control.start()
            await self._open_people()
            await self._desk_door.start()
            await self._health.start()
            await _first(starting, self._locked.wait(), self._stop.wait())
            if self._locked.is_set():  # the node runs, and says to everybody for what it waits
                watched.ready()
            await _first(starting, self._stop.wait())
            if starting.done():
                await starting
                tasks.append(self._couriers())
                if self._trail is not None:
                    tasks.append(asyncio.create_task(self._trail.run()))
                self._health.running()
                watched.ready()
                self._log.info("lines.running", member=self.lines.member, lines=",".join(self.lines.line_ids()))
                await self._stop.wait()
        finally:
            self._log.info("lines.stopping")
            self._leaving.set()
            await self._desk_door.close()
            await self._control.close()
            await self._health.close()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await self._sign_trail()
            await self.lines.close()
            await asyncio.gather(starting, return_exceptions=True)
            if self._desk_door.people is not None:
                self._desk_door.people.close()

    # ---- inside ---------------------------------------------------------------------------------------------

    def _failed(self, _: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """Note what nobody waited for as any other event: never as text of its own among the log's lines."""
        failure = context.get("exception")
        if isinstance(failure, BaseException):
            self._log.failure("loop.failed", failure)
        else:
            self._log.error("loop.failed", says=str(context.get("message", "")))

    def _open(self) -> Home:
        """Open the home, in the line thread; wait for a signer that is locked or not there yet."""
        while True:
            try:
                return open_serving(self._path, RemoteSigner(self._path))
            except (SignerLocked, SignerGone) as waits:
                if self.lines.waits is None or type(self.lines.waits) is not type(waits):
                    self.lines.waits = waits
                    name = "signer-locked" if isinstance(waits, SignerLocked) else "signer-gone"
                    self._loop.call_soon_threadsafe(self._alarm, "", Alarm(name, Priority.ALARM, ""))
                    self._loop.call_soon_threadsafe(self._locked.set)
                if self._leaving.wait(_UNLOCKED_EVERY_S):
                    raise
                self.lines.beat_at_s = time.monotonic()

    async def _open_people(self) -> None:
        """Open people and the trail; when that fails nobody signs in, and the lines run all the same."""
        work = contextvars.copy_context().run
        make = functools.partial(
            People, self._path, changed=self._desk_door.news.tell, alarm=self._alarm_of_people
        )
        try:
            people = await self._loop.run_in_executor(None, work, make)
            self._desk_door.people = people
            self._trail = TrailSigning(self.lines, people, self._log, clock_ms)
        except DetenteError as failure:
            self._log.failure("people.failed", failure)
            self._alarm_of_people("people-failed", {"reason": str(failure)[:500]})

    def _alarm_of_people(self, name: str, detail: dict[str, str]) -> None:
        """Tell the people on duty what is wrong with the desk's people; from any thread."""
        alarm = Alarm(name, Priority.ALARM, self.lines.member, tuple(detail.items()))
        self._loop.call_soon_threadsafe(self._alarm, "", alarm)

    async def _sign_trail(self) -> None:
        """Sign what the trail holds at a stop, as far as the lines still answer."""
        if self._trail is not None and not self.lines.held_s:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_TRAIL_WITHIN_S):
                    await self._trail.sign()

    def _limits(self, line: str) -> LineLimits:
        return self._settings.of_line(line).limits()

    def _two_people(self, line: str) -> tuple[str, ...]:
        return self._settings.of_line(line).two_person_release

    def _alarm(self, line: str, alarm: Alarm) -> None:
        detail = " ".join(f"{name}={value}" for name, value in alarm.detail)
        note = self._log.error if alarm.priority.value in {"emergency", "alarm"} else self._log.warning
        note(
            "alarm", line=line, name=alarm.name, member=alarm.member, priority=alarm.priority.value, detail=detail
        )
        self._health.alarm(line, alarm)

    def _couriers(self) -> asyncio.Task[None]:
        signer, member = RemoteSigner(self._path), self.lines.member
        task = asyncio.create_task(
            schedule.run(
                self.lines,
                self._settings,
                self._path,
                self._states,
                unsealer=lambda: Unsealer(signer.open_seal, me=member),
            )
        )
        task.add_done_callback(self._courier_ended)
        return task

    def _courier_ended(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (failure := task.exception()) is not None:
            self._log.failure("couriers.failed", failure)
            self.stop()  # the supervisor starts everything anew

    async def _beat(self) -> None:
        held = False
        while True:
            self._beat_s = time.monotonic()
            await asyncio.sleep(_BEAT_S)
            held_s = self.lines.held_s
            if held_s and not held:
                self._alarm("", Alarm("lines-held", Priority.ALARM, self.lines.member))
            elif held and not held_s:
                self._alarm("", Alarm("lines-go-on", Priority.WARNING, self.lines.member))
            held = held_s > 0

    def _lives(self) -> bool:
        now_s = time.monotonic()
        return now_s - self._beat_s < _HUNG_AFTER_S and now_s - self.lines.beat_at_s < _HUNG_AFTER_S


async def _run(home: Path, settings: Settings, log: Log) -> None:
    sys.setswitchinterval(_SWITCH_S)
    await Node(home, settings, log).run(current())


async def _first(*waiting: Awaitable[object]) -> None:
    """Wait for the first of these; the tasks among them go on."""
    given = [asyncio.ensure_future(one) for one in waiting]
    try:
        await asyncio.wait(given, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for one, future in zip(waiting, given, strict=True):
            if one is not future:
                future.cancel()


def main(argv: Sequence[str]) -> int:
    """Run the node of the home that ``argv`` names; 0 when it was stopped, 2 when it could not start."""
    parser = argparse.ArgumentParser(prog="detente.node.serving", allow_abbrev=False)
    parser.add_argument("home", type=Path)
    parser.add_argument("--courier", default=None)
    parser.add_argument("--language", choices=words.LANGUAGES, default=words.from_environment())
    arguments = parser.parse_args(argv)
    words.choose(arguments.language)
    os.umask(0o077)
    log = from_environment("node")
    try:
        settings = read_settings(arguments.home)
        if arguments.courier is not None:
            courier = msgspec.structs.replace(settings.courier, listen=arguments.courier)
            settings = msgspec.structs.replace(settings, courier=courier)
        asyncio.run(_run(arguments.home, settings, log))
    except DetenteError as error:
        log.failure("node.failed", error)
        terminal.failure(error)
        return error.exit_code
    except Exception as failure:  # noqa: BLE001 - the log says where; the supervisor starts it anew
        log.failure("node.failed", failure)
        return 70
    return 0
