"""Tells people of alarms: takes them in, keeps them, sends them on every way, asks one person after the other.

Everything is decided on the loop; only sending and the disk wait in threads. An alarm never waits for another's
sending, and a way that fails is itself an alarm on the other ways.
"""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import msgspec

from detente.errors import DetenteError
from detente.line.effects import Alarm, Priority
from detente.node.alarms import rules
from detente.node.alarms.channels import channel_of
from detente.node.alarms.kept import Kept
from detente.node.alarms.message import message_of
from detente.node.alarms.unanswered import PRECEDENCES, Waits
from detente.node.host import clock_ms
from detente.node.serving.log import Log
from detente.node.settings.structs import Settings
from detente.store.alarms import Delivery, KeptAlarm

__all__ = ["Telling"]

_LOOK_MS = 1_000
_AT_ONCE = 4
_WAITING_MAX = 200
"""So many unanswered notices of one line have an alarm each; the others are counted in one more."""
_SEEN_NAMES_MAX = 1_000


class Telling:
    """Tells people of the alarms of one home; made on the loop.

    write: takes a line for the terminal. raised_total and failed_total: counts since the start, by name and priority,
    and by channel.
    """

    def __init__(
        self,
        home: Path,
        settings: Settings,
        log: Log,
        *,
        member: str,
        write: Callable[[str], None],
        clock: Callable[[], int] = clock_ms,
    ) -> None:
        self.raised_total: Counter[tuple[str, str]] = Counter()
        self.failed_total: Counter[str] = Counter()
        self._loop = asyncio.get_running_loop()
        self._home = home
        self._settings = settings
        self._log = log
        self._member = member
        self._write = write
        self._clock = clock
        self._kept = Kept(home, self._not_kept)
        self._threads = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="alarms")
        self._disk = ThreadPoolExecutor(1, thread_name_prefix="alarms-disk")
        self._sending: dict[tuple[str, str, str], asyncio.Task[None]] = {}
        self._wake = asyncio.Event()
        self._running = False
        self._before: list[tuple[str, Alarm]] = []

    # ---- what comes in --------------------------------------------------------------------------------------

    def raised(self, line: str, alarm: Alarm, *, step_s: int | None = None, text: str = "") -> None:
        """Take in an alarm. step_s: after how long the next person is asked; by its priority when not given."""
        if len(self.raised_total) < _SEEN_NAMES_MAX:
            self.raised_total[alarm.name, alarm.priority.value] += 1
        if self._running:
            self._take(line, alarm, step_s, text)
        else:
            self._before.append((line, alarm))

    def _take(self, line: str, alarm: Alarm, step_s: int | None = None, text: str = "") -> None:
        step = rules.step_of(alarm.priority.value, self._settings.escalation) if step_s is None else step_s
        old = self._kept.alarms.get(rules.identity(line, alarm))
        self._kept.put(rules.raised(old, line, alarm, self._clock(), self._settings, step_s=step, text=text))
        self._wake.set()

    def over(self, *names: str, line: str = "", member: str | None = None) -> None:
        """Take in that the cause of these alarms is gone, on a line (and about a member)."""
        for kept in list(self._kept.alarms.values()):
            if kept.name in names and kept.line == line and member in {None, kept.member} and not kept.ended_ms:
                self._kept.put(rules.ended(kept, self._clock()))

    def waiting(self, line: str, waits: Iterable[Waits], texts: Mapping[str, str]) -> None:
        """Take in which notices of a line wait for somebody now; what waits no more is over.

        texts: of notices by their body's hash, where the settings allow that alarms show them.
        """
        ordered = sorted(waits, key=lambda one: (PRECEDENCES.index(one.precedence), one.since_ms))
        still: set[str] = set()
        for one in ordered[:_WAITING_MAX]:
            alarm = _alarm_of(one)
            name = rules.identity(line, alarm)
            still.add(name)
            old = self._kept.alarms.get(name)
            if old is None or old.ended_ms is not None or old.detail.get("precedence") != one.precedence:
                step_s: int = getattr(self._settings.escalation, f"{one.precedence}_s")
                self.raised(line, alarm, step_s=step_s, text=texts.get(one.body, ""))
        for kept in list(self._kept.alarms.values()):
            settled = kept.line == line and kept.ended_ms is None and kept.id not in still
            if settled and kept.name in {"unread", "answer-overdue"} and "precedence" in kept.detail:
                self._kept.put(rules.ended(kept, self._clock()))
        more = len(ordered) - _WAITING_MAX
        if more <= 0:
            self.over("unanswered-many", line=line)
        elif not any(
            one.name == "unanswered-many" and one.line == line and not one.ended_ms for one in self.all()
        ):
            self.raised(line, Alarm("unanswered-many", Priority.ALARM, self._member, (("count", str(more)),)))

    def all(self) -> list[KeptAlarm]:
        """Return every alarm that is kept."""
        return list(self._kept.alarms.values())

    @property
    def dropped(self) -> int:
        """How many open alarms were forgotten because there were too many."""
        return self._kept.dropped

    # ---- telling --------------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Tell until cancelled."""
        loop = self._loop
        await loop.run_in_executor(self._disk, _within(), self._kept.open)
        self._running = True
        before, self._before = self._before, []
        for line, alarm in before:
            self._take(line, alarm)
        try:
            while True:
                self._wake.clear()
                await self._turn()
                now_ms = self._clock()
                next_ms = rules.next_look_ms(self._kept.alarms.values(), now_ms, _LOOK_MS)
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(
                        max(0.02, (next_ms - now_ms) / 1000)
                    ):  # wait_for may lose a cancel
                        await self._wake.wait()
        finally:
            for task in self._sending.values():
                task.cancel()
            await asyncio.gather(*self._sending.values(), return_exceptions=True)
            self._threads.shutdown(wait=False, cancel_futures=True)
            await loop.run_in_executor(self._disk, _within(), self._kept.close)
            self._disk.shutdown(wait=False)

    async def _turn(self) -> None:
        """Look at what people said, who must be asked, and what is due; keep it, then send it."""
        loop, kept = self._loop, self._kept
        words = await loop.run_in_executor(self._disk, _within(), kept.words)
        for name, word in words.items():
            one = kept.alarms.get(name)
            # an older word is about an earlier telling of the same thing
            if one is not None and one.acknowledged_ms is None and word.told >= one.told:
                kept.put(rules.acknowledged(one, word.at_ms, word.by))
        now_ms = self._clock()
        for one in list(kept.alarms.values()):
            changed = rules.again(one, now_ms, self._settings) if rules.wakes(one, now_ms) else one
            changed = rules.ask_next(changed, now_ms, self._settings.duty)
            if changed is not one:
                kept.put(changed)
        for name, way in rules.due(kept.alarms, now_ms):
            self._begin(name, way)
        await loop.run_in_executor(self._disk, _within(), kept.flush)

    def _begin(self, name: str, way: Delivery) -> None:
        at = (name, way.channel, way.person)
        if at in self._sending or len(self._sending) >= _AT_ONCE * 4:
            return  # the gravest come first; the rest with the next turn
        task = asyncio.create_task(self._send(name, way))
        self._sending[at] = task

        def done(_: object) -> None:
            self._sending.pop(at, None)
            self._wake.set()

        task.add_done_callback(done)

    async def _send(self, name: str, way: Delivery) -> None:
        alarm = self._kept.alarms.get(name)
        if alarm is None:
            return
        channel = channel_of(way.channel, way.person, self._settings, self._home, write=self._write)
        if channel is None:  # the settings have it no more
            self._put_way(name, msgspec.structs.replace(way, due_ms=None))
            return
        message = message_of(alarm, self._member, str(self._home), way.person)
        error = await self._try(lambda: channel.send(message))
        now = self._kept.alarms.get(name)
        if now is not None:
            self._kept.put(rules.attempted(now, way, self._clock(), error))
        what = {"id": name, "name": alarm.name, "channel": way.channel, "person": way.person}
        if not error:
            self._log.info("alarm.told", **what)
            self._works_again(way)
            return
        self.failed_total[way.channel] += 1
        self._log.error("alarm.not-told", **what, fault=error)
        if alarm.name != "alarm-channel":
            label = f"{way.channel} {way.person}".strip()
            failing = Alarm("alarm-channel", Priority.WARNING, "", (("channel", label), ("reason", error)))
            old = self._kept.alarms.get(rules.identity("", failing))
            if old is None or not old.is_open:
                self.raised("", failing)

    async def _try(self, send: Callable[[], None]) -> str:
        """Return why sending failed, "" when it did not."""
        try:
            await self._loop.run_in_executor(self._threads, _within(), send)
        except DetenteError as failure:
            return str(failure)
        except Exception as failure:  # noqa: BLE001 - whatever a way does, the others go on
            self._log.failure("alarm.failed", failure)
            return type(failure).__name__
        return ""

    def _works_again(self, way: Delivery) -> None:
        """Take in that a way works again."""
        label = f"{way.channel} {way.person}".strip()
        for kept in self.all():
            if kept.name == "alarm-channel" and kept.ended_ms is None and kept.detail.get("channel") == label:
                self._kept.put(rules.ended(kept, self._clock()))

    def _put_way(self, name: str, way: Delivery) -> None:
        kept = self._kept.alarms.get(name)
        if kept is None:
            return
        same = (way.channel, way.person)
        ways = tuple(way if (one.channel, one.person) == same else one for one in kept.deliveries)
        self._kept.put(msgspec.structs.replace(kept, deliveries=ways))

    def _not_kept(self, failure: DetenteError) -> None:
        """Say that the disk takes no alarms; called in the disk's thread."""
        self._log.failure("alarms.not-kept", failure)
        self._loop_call(lambda: self.raised("", Alarm("alarms-not-kept", Priority.ALARM, self._member)))

    def _loop_call(self, work: Callable[[], None]) -> None:
        with contextlib.suppress(RuntimeError):  # the loop is closed
            self._loop.call_soon_threadsafe(work)


def _within() -> Callable[..., Any]:
    """Return what runs work in a thread in this task's language."""
    return contextvars.copy_context().run


def _alarm_of(waits: Waits) -> Alarm:
    grave = Priority.ALARM if waits.precedence in {"flash", "immediate"} else Priority.WARNING
    detail = (("entry", waits.entry), ("precedence", waits.precedence), ("ref", waits.ref))
    return Alarm(waits.name, grave, waits.author if waits.name == "unread" else waits.by, detail)
