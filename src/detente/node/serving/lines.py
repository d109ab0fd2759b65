"""All lines of a home in one worker thread, asked from an asyncio loop.

The thread alone touches the store and the machines. What many callers submit at the same time becomes one batch:
one head, one commit, one sync for all of them. Where several callers wait at once, a batch waits a moment for them
all; a caller who is alone is never held back. Submissions and other work take turns, and so do the lines, so that a
flood on one of them delays nobody for longer than one piece of work.
"""

from __future__ import annotations

import asyncio
import contextvars
import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

from detente import words
from detente.line.bundle import Record
from detente.line.effects import Alarm, Arrived, Draft, Priority, Took, Transmit
from detente.line.machine import Event
from detente.line.state import Settings
from detente.line.statement import Reference
from detente.node.errors import SignerFailure
from detente.node.home import Home
from detente.node.host import Host, clock_ms
from detente.node.serving.line_runner import Answered, LineRunner, not_running
from detente.store.errors import HomeMistake, StoreFailure

__all__ = ["Answered", "Lines", "LinesLike", "Standing"]

say = words.speaker("node")

T = TypeVar("T")
_Submit = tuple[tuple[Draft, ...], asyncio.Future[Any]]
_HELD_AFTER_S = 5.0
"""A piece of work that takes longer holds every line: whoever asks is told."""
GATHER_S = 0.02
"""From the beginning of one batch until the next one begins at the latest, while callers come together."""
_LOOK_S = 1.0
"""How long the thread sleeps at most: a clock that jumped, or a stopped process, is noticed by then."""


class LinesLike(Protocol):
    """What couriers, the local socket and the desk ask of the running lines."""

    member: str

    def line_ids(self) -> list[str]: ...  # noqa: D102 - see Lines
    async def submit(self, line: str, drafts: tuple[Draft, ...]) -> list[Reference]: ...  # noqa: D102
    async def arrived(self, line: str, records: tuple[Record, ...], last: bool) -> Took: ...  # noqa: D102, FBT001
    async def ready(self, line: str, to: str, size_max: int, go_on: bool = False) -> Transmit | None: ...  # noqa: D102, FBT001, FBT002
    async def give(self, line: str, event: Event) -> Answered: ...  # noqa: D102
    def news(self, line: str, party: str) -> asyncio.Event: ...  # noqa: D102
    async def parties(self, line: str) -> tuple[str, ...]: ...  # noqa: D102


@dataclass(frozen=True, slots=True)
class Standing:
    """How one line stands now. batches and drafts: written in this run; fault: why it does not run, or ""."""

    run: str
    reason: str
    fault: str
    batches: int
    drafts: int
    parties: tuple[str, ...] = ()


@dataclass(slots=True)
class _Job:
    work: Callable[[], Any]
    future: asyncio.Future[Any]


@dataclass(slots=True)
class _Waiting:
    """What waits for one line."""

    submits: deque[_Submit] = field(default_factory=deque)
    jobs: deque[_Job] = field(default_factory=deque)


@dataclass(slots=True)
class _Callers:
    """Who submits on one line just now, so that those who come together share a batch.

    asking: callers without an answer yet. most: of them at once since the last batch began, which was at begun_s.
    """

    asking: int = 0
    most: int = 0
    begun_s: float = -1_000.0

    def come(self) -> None:
        """Note one more."""
        self.asking += 1
        self.most = max(self.most, self.asking)

    def begin(self, now_s: float) -> None:
        """Note that a batch begins."""
        self.begun_s, self.most = now_s, self.asking

    def left_s(self, waiting: int, now_s: float) -> float:
        """Return how long so many that wait still wait for the others; 0: no longer."""
        return 0.0 if waiting >= self.most else max(0.0, self.begun_s + GATHER_S - now_s)


class Lines:
    """Runs every line of a home; made on the loop that asks it.

    open_home: opens the home, in the thread. settings: the periods and caps of a line. on_alarm: called on the loop
    with the line's id ("" for the home) and what a person must know. beat_at_s: when the thread last finished a piece
    of work, on the monotonic clock; ``changed``: set when a line was joined. on_stored: called in the thread with the
    line's id when anything of it was stored; set it before ``start``. waits: set by open_home while it waits for
    the signer: until it is None again nothing else is worked on.
    """

    def __init__(
        self,
        open_home: Callable[[], Home],
        *,
        settings: Callable[[str], Settings] = lambda _: Settings(),
        on_alarm: Callable[[str, Alarm], None] = lambda *_: None,
        clock: Callable[[], int] = clock_ms,
    ) -> None:
        self.member = ""
        self.waits: SignerFailure | None = None
        self.changed = asyncio.Event()
        self.on_stored: Callable[[str], None] = lambda _: None
        self._open_home = open_home
        self._settings = settings
        self._on_alarm = on_alarm
        self._clock = clock
        self._loop = asyncio.get_running_loop()
        self._condition = threading.Condition()
        self._waiting: OrderedDict[str, _Waiting] = OrderedDict()
        self._callers: dict[str, _Callers] = {}
        self._gathers = False
        self._closing = False
        self.beat_at_s = time.monotonic()
        context = contextvars.copy_context()  # the language of this process's sentences
        self._thread = threading.Thread(target=context.run, args=(self._run,), name="lines", daemon=True)
        self._started: asyncio.Future[None] = self._loop.create_future()
        self._stopped = asyncio.Event()
        self._news: dict[tuple[str, str], asyncio.Event] = {}
        self._runners: dict[str, LineRunner] = {}
        self._home: Home | None = None

    # ---- on the loop ----------------------------------------------------------------------------------------

    async def start(self) -> None:
        """Open the home and its lines. Raises what opening the home raised; a line that fails is tried again."""
        self._thread.start()
        await self._started

    async def close(self) -> None:
        """Finish what waits, close every line and the home; safe to call twice, and before ``start``."""
        with self._condition:
            self._closing = True
            self._condition.notify()
        if self._thread.is_alive():
            await self._stopped.wait()

    def line_ids(self) -> list[str]:
        """Return the ids of the lines of this home, sorted; ``changed`` is set when one is joined."""
        return sorted(self._runners)

    async def submit(self, line: str, drafts: tuple[Draft, ...]) -> list[Reference]:
        """Return where these drafts stand, once they are durable.

        Raises LineMistake for what cannot be sent (nothing of it was), StoreFailure or SignerFailure when it is not
        known whether it is held: the same submissions again are the same entries.
        """
        future: asyncio.Future[list[Reference]] = self._loop.create_future()
        with self._condition:
            waiting = self._known(line).submits
            waiting.append((drafts, future))
            callers = self._callers.setdefault(line, _Callers())
            callers.come()
            if not self._gathers or not callers.left_s(len(waiting), time.monotonic()):
                self._condition.notify()  # else the thread wakes in time by itself
        try:
            return await future
        finally:
            callers.asking -= 1

    async def arrived(self, line: str, records: tuple[Record, ...], last: bool) -> Took:  # noqa: FBT001 - agreed
        """Take in the records of one piece of a bundle, in order. Raises StoreFailure, SignerFailure."""
        answered = await self.give(line, Arrived(records, last))
        if answered.refusal is not None:
            raise answered.refusal
        return answered.took[-1]

    async def ready(self, line: str, to: str, size_max: int, go_on: bool = False) -> Transmit | None:  # noqa: FBT001, FBT002
        """Return the next piece of a bundle for a party; None when this node cannot speak, or not to it."""
        return await self._ask(line, lambda: self._runners[line].ready(to, size_max, go_on=go_on))

    async def give(self, line: str, event: Event) -> Answered:
        """Give any other event. Raises StoreFailure and SignerFailure; a refusal is in the answer."""
        return await self._ask(line, lambda: self._runners[line].give(event))

    def news(self, line: str, party: str) -> asyncio.Event:
        """Return the event that is set whenever a party may lack something; clear it before asking ``ready``."""
        return self._news.setdefault((line, party), asyncio.Event())

    async def parties(self, line: str) -> tuple[str, ...]:
        """Return the other parties of a line, sorted."""
        return await self._ask(line, lambda: tuple(sorted(self._runners[line].running().state.parties)))

    async def attempt(self, line: str, work: Callable[[Host], T]) -> T:
        """Run a keeper's work on a line's host, in the thread."""
        return await self._ask(line, lambda: self._runners[line].attempt(work))

    async def with_home(self, work: Callable[[Home, dict[str, LineRunner]], T]) -> T:
        """Run work on the whole home, in the thread, between everything else; lines that it joined run after it."""

        def whole() -> T:
            assert self._home is not None  # jobs run only between opening and closing
            for runner in self._runners.values():
                runner.settle()
            try:
                return work(self._home, self._runners)
            finally:
                self._find_lines()

        return await self._ask("", whole)

    async def look(self, work: Callable[[Mapping[str, LineRunner]], T]) -> T:
        """Run work that only reads, in the thread; unlike ``with_home`` the head file hears nothing earlier for it."""
        return await self._ask("", lambda: work(self._runners))

    @property
    def held_s(self) -> float:
        """How long the thread has been at one piece of work, when that is too long for any; else 0.

        A signer that was stopped, a disk or a server that does not answer: it goes on by itself, or is killed.
        """
        since_s = time.monotonic() - self.beat_at_s
        return since_s if since_s > _HELD_AFTER_S and self._thread.is_alive() else 0.0

    async def standings(self) -> dict[str, Standing]:
        """Return how each line stands now."""
        return await self.with_home(lambda _, runners: {line: _standing(one) for line, one in runners.items()})

    async def _ask(self, line: str, work: Callable[[], T]) -> T:
        future: asyncio.Future[T] = self._loop.create_future()
        with self._condition:
            self._known(line).jobs.append(_Job(work, future))
            self._condition.notify()
        return await future

    def _known(self, line: str) -> _Waiting:
        """Return what waits for a line; the caller holds the condition. Raises HomeMistake, StoreFailure."""
        if self._closing:
            raise not_running(line, say("this node is stopping"))
        if self.waits is not None:
            why = self.waits
            raise type(why)(expected=why.expected, came=why.came, where=why.where, remedy=why.remedy)
        if line and not self._started.done():  # which lines there are is not known yet
            raise not_running(line, say("this node is starting"))
        if line and line not in self._runners:
            raise HomeMistake(
                expected=say("a line that this home has joined"),
                came=line,
                where="line",
                remedy=say("join a line first: detente line join"),
            )
        return self._waiting.setdefault(line, _Waiting())

    # ---- in the thread --------------------------------------------------------------------------------------

    def _run(self) -> None:
        try:
            try:
                home = self._home = self._open_home()
                self.waits = None
                self.member = home.member
                self._find_lines()
            except BaseException as failure:  # noqa: BLE001 - told to whoever starts
                self._call(_fail, self._started, failure)
                return
            self._call(_succeed, self._started, None)
            while self._work():
                pass
        finally:
            self._finish()

    def _finish(self) -> None:
        with self._condition:
            self._closing = True
            left = list(self._waiting.values())
            self._waiting.clear()
        futures = [future for one in left for _, future in one.submits] + [
            j.future for one in left for j in one.jobs
        ]
        for future in futures:
            self._call(_fail, future, not_running("", say("this node is stopping")))
        for runner in self._runners.values():
            runner.close()
        if self._home is not None:
            try:
                self._home.close()
            except StoreFailure as failure:
                self._tell_alarm("", _closing_alarm(failure))
        self._call(self._stopped.set)

    def _work(self) -> bool:
        """Do what waits, one piece of each kind; False when there is nothing left and the node stops."""
        with self._condition:
            pause_s = self._pause_s()
            if pause_s > 0 and not self._closing:
                self._gathers = bool(self._waiting)
                self._condition.wait(pause_s)
                self._gathers = False
            job = self._next_job()
            if job is None and self._closing and not any(one.submits for one in self._waiting.values()):
                return False
        if job is not None:  # before the batch: it came while the last one was written, and the other side waits
            self._do(job)
        with self._condition:
            # what came during the job goes into this batch, not into the one after the next job
            line, submits = self._next_submits()
        if submits:
            self._submit(line, submits)
        for runner in list(self._runners.values()):
            if runner.host is None and runner.due_in_ms() == 0 and runner.open():
                self._mirrors_asked(runner.home)
            runner.tick()
        self.beat_at_s = time.monotonic()
        return True

    def _pause_s(self) -> float:
        """Return how long nothing can be done; the caller holds the condition."""
        now_s, found_s = time.monotonic(), self._sleep_s()
        for line, waiting in self._waiting.items():
            found_s = min(found_s, 0.0 if waiting.jobs else self._gather_s(line, waiting, now_s))
        return found_s

    def _gather_s(self, line: str, waiting: _Waiting, now_s: float) -> float:
        """Return how long what waits to be submitted on a line waits for more of it; 0 when nothing does."""
        if not waiting.submits or self._closing:
            return 0.0
        return self._callers[line].left_s(len(waiting.submits), now_s)

    def _next_job(self) -> _Job | None:
        """Take one piece of work of the next line that has any; the caller holds the condition."""
        for line, waiting in self._waiting.items():
            if waiting.jobs:
                job = waiting.jobs.popleft()
                self._turn(line, waiting)
                return job
        return None

    def _next_submits(self) -> tuple[str, list[_Submit]]:
        """Take the submissions of the next line whose batch is due, as many as fit; the caller holds the condition."""
        now_s = time.monotonic()
        for line, waiting in self._waiting.items():
            if waiting.submits and not self._gather_s(line, waiting, now_s):
                submits = self._together(line, waiting, now_s)
                self._turn(line, waiting)
                return line, submits
        return "", []

    def _turn(self, line: str, waiting: _Waiting) -> None:
        """Let the other lines come first, or forget a line for which nothing waits."""
        if waiting.submits or waiting.jobs:
            self._waiting.move_to_end(line)
        else:
            del self._waiting[line]

    def _together(self, line: str, waiting: _Waiting, now_s: float) -> list[_Submit]:
        """Take as many submissions of a line as fit into one batch, one at least where any waits."""
        submits: list[_Submit] = []
        count, most = 0, self._runners[line].settings.batch_max if line else 0
        while waiting.submits and (not submits or count + len(waiting.submits[0][0]) <= most):
            submits.append(waiting.submits.popleft())
            count += len(submits[-1][0])
        if submits:
            self._callers[line].begin(now_s)
        return submits

    def _sleep_s(self) -> float:
        due_ms = min((runner.due_in_ms() for runner in self._runners.values()), default=1_000_000)
        return min(_LOOK_S, due_ms / 1000)

    def _submit(self, line: str, submits: Sequence[_Submit]) -> None:
        answers = self._runners[line].submit([drafts for drafts, _ in submits])
        self._call(_answer_all, [future for _, future in submits], answers)

    def _do(self, job: _Job) -> None:
        try:
            result = job.work()
        except Exception as failure:  # noqa: BLE001 - told to whoever asked
            self._call(_fail, job.future, failure)
        else:
            self._call(_succeed, job.future, result)

    def _find_lines(self) -> None:
        """Run the lines of the home that do not run yet; after a restore the mirrors were asked by then."""
        home = self._home
        assert home is not None  # called between opening and closing
        new = [line for line in home.lines() if line not in self._runners]
        for line in new:
            runner = LineRunner(
                home, line, self._clock, self._settings(line), self._tell_alarm, self._tell_news, self.on_stored
            )
            runner.open()
            self._runners[line] = runner
            self.on_stored(line)
        if new:
            self._call(self.changed.set)
        self._mirrors_asked(home)

    def _mirrors_asked(self, home: Home) -> None:
        """Note after a restore that every line asked its mirrors: none of them before the last one did."""
        if home.restored and all(runner.host is not None for runner in self._runners.values()):
            home.challenged()

    def _tell_alarm(self, line: str, alarm: Alarm) -> None:
        self._call(self._on_alarm, line, alarm)

    def _tell_news(self, line: str, parties: set[str]) -> None:
        self._call(self._set_news, line, parties)

    def _set_news(self, line: str, parties: set[str]) -> None:
        for party in parties:
            self.news(line, party).set()

    def _call(self, what: Callable[..., object], *arguments: object) -> None:
        try:
            self._loop.call_soon_threadsafe(what, *arguments)
        except RuntimeError:
            return  # the loop is closed: nobody waits any more


def _standing(runner: LineRunner) -> Standing:
    host = runner.host
    if host is None:
        return Standing("stopped", "", runner.fault, runner.batches, runner.drafts)
    state = host.state
    parties = tuple(sorted(state.parties))
    return Standing(state.run.value, state.reason, "", runner.batches, runner.drafts, parties)


def _closing_alarm(failure: StoreFailure) -> Alarm:
    return Alarm("line-stopped", Priority.ALARM, "", (("reason", str(failure)[:500]),))


def _answer_all(futures: Sequence[asyncio.Future[Any]], answers: Sequence[object]) -> None:
    for future, answer in zip(futures, answers, strict=True):
        if isinstance(answer, BaseException):
            _fail(future, answer)
        else:
            _succeed(future, answer)


def _succeed(future: asyncio.Future[Any], result: object) -> None:
    if not future.done():
        future.set_result(result)


def _fail(future: asyncio.Future[Any], failure: BaseException) -> None:
    if not future.done():
        future.set_exception(failure)
