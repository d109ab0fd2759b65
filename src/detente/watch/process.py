"""The watch itself: feeds in, picture, events, desk, record and finished encounters, until it is told to stop.

Every part runs on its own. A feed that dies stops no other; what goes wrong in one batch is counted and the next one is
taken; a fault of détente itself is shouted, counted, and the part is begun anew.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl

from detente import words
from detente.door.files import writing
from detente.door.log import Log
from detente.watch.account import Account
from detente.watch.batches import Batch, FeedStanding
from detente.watch.desk import Desk
from detente.watch.desk_forms import id_of
from detente.watch.desk_link import DeskLink
from detente.watch.errors import WatchMistake
from detente.watch.events import Event
from detente.watch.feeds.running import Feeds
from detente.watch.finishing import Finished, Finishing
from detente.watch.movers import LiveMover, live_movers
from detente.watch.recording import FLUSH_S, Recorder
from detente.watch.request import Request
from detente.watch.screen import Screen, View
from detente.watch.seeing import Seeing, outgoing
from detente.watch.showing import Clock, Showing
from detente.watch.spool import Spool
from detente.watch.telling import Tells
from detente.watch.working import Worker

__all__ = ["ROUND_S", "Watch"]

say = words.speaker("watch")

ROUND_S = 0.25
"""So often at least what came is taken and everybody is predicted anew."""
_ROUND_LEAST_S = 0.1
STEPS_A_ROUND_MAX = 4
"""Predictions in one round of a replay that runs faster than the time."""
_STATUS_S, _MOVERS_S, _ALL_EVENTS_S, _LAST_WORDS_S, _AGAIN_S = 1.0, 1.0, 30.0, 10.0, 1.0
_SAVE_S = 10.0
_CLOCK_OFF_S = 20.0
STATE_BYTES_MAX = 20_000_000
"""Bytes of the file with the events that went on when a watch ended."""
_MOVERS_SHARE = 0.1
_OWN_MAX = 5_000
_TURNING = ("state", "priority", "predicted", "rings", "in_areas", "possible")
"""What makes an event worth a line of its own; its figures alone are not."""


@dataclass(slots=True)
class _Told:
    """What was said of events and feeds, so that only what turned is said again."""

    events: dict[str, tuple[Any, ...]] = field(default_factory=dict)
    feeds: dict[str, str] = field(default_factory=dict)
    clocks: set[str] = field(default_factory=set)


class Watch:
    """One watch. ``run`` returns when it was stopped, or its time or its replays are over."""

    def __init__(self, asked: Request, tells: Tells, log: Log, *, screen: Screen | None = None) -> None:
        """Open what is written to: folders, the token. Raises WatchMistake; nothing is connected to yet."""
        self.asked = asked
        self.account = Account()
        self.stop = asyncio.Event()
        self._tells, self._log, self._screen = tells, log, screen
        self._clock = Clock(rate=_rate(asked))
        self._told = _Told()
        self._showing = Showing(asked.sides, asked.own, self._clock)
        self._seeing = Seeing(asked, self.account.picture)
        self._finishing = Finishing(asked, self.account.cleaning, log)
        self._recorder = None if asked.record is None else Recorder(asked.record, asked.retain)
        self._outputs = asked.outputs
        self._link: DeskLink | None = None
        self._desk: Desk | None = None
        if asked.desk is not None and asked.token_file is not None:
            self._link = DeskLink(asked.desk, asked.token_file)
            self._desk = Desk(self._link, None if asked.spool is None else Spool(asked.spool), log)
        self._picture = Worker[Sequence[Batch]]("detente-picture", _rows)
        self._exact = Worker[Sequence[Batch]]("detente-finishing", _rows)
        self._record = Worker[Sequence[Batch]]("detente-record", _rows)
        self._standings: list[FeedStanding] = []
        self._own: dict[str, LiveMover] = {}
        self._changed: list[Event] = []
        self._is_over = False
        keeps_state = asked.spool is not None and not asked.is_replay
        self._state: Path | None = (
            asked.spool / "events.json" if keeps_state and asked.spool is not None else None
        )

    # ---- from the start to the end -------------------------------------------------------------------------------

    async def run(self) -> dict[str, Any]:
        """Keep watch; returns the account. Raises WatchMistake when the desk does not know the token from the start."""
        works: list[tuple[str, Callable[[], Awaitable[None]]]] = [
            ("finishing", self._finish),
            ("status", self._status),
        ]
        if self._recorder is not None:
            works.append(("recording", self._keep_record))
        if self._desk is not None:
            works.append(("desk", self._desk.run))
        if self._state is not None:
            works.append(("state", self._keep_state))
        if self._desk is not None or self._outputs is not None:
            works.append(("movers", self._bring_movers))
        if self._outputs is not None:
            works += [("outputs", self._outputs.run), ("alarms", self._tell_outputs)]
        await self._picture.do(self._begin)
        feeds = Feeds(self.asked.feeds, clock=lambda: self._clock.now(_now()))
        tasks = [asyncio.create_task(self._kept_up(name, work), name=name) for name, work in works]
        try:
            async with feeds as running:
                await self._rounds(running)
            await self._round(running.take(), running.standings())
            self._is_over = True
        finally:
            await self._end(tasks)
        return self.document()

    def _begin(self) -> None:
        """Load what predicts, and go on with the events of a watch that ended a moment ago; in the picture's thread."""
        self._seeing.prepare()
        if self._state is not None and self._state.is_file() and self._state.stat().st_size <= STATE_BYTES_MAX:
            count = self._seeing.restore(self._state.read_bytes(), _now())
            self._log.info("watch.goes-on", events=count)

    def _save(self) -> None:
        """Write which events go on, so that they keep their names over a restart; in the picture's thread."""
        if self._state is not None:
            with writing(self._state) as temporary:
                temporary.write_bytes(self._seeing.saved(self._clock.now(_now())))

    async def _keep_state(self) -> None:
        while True:
            await asyncio.sleep(_SAVE_S)
            await self._picture.do(self._save)

    async def _rounds(self, running: Feeds) -> None:
        """Take what came and predict, again and again, until it is over."""
        loop = asyncio.get_running_loop()
        ends_s = math.inf if self.asked.for_s is None else loop.time() + self.asked.for_s
        asked_s = -math.inf
        standings = running.standings()
        while not self.stop.is_set() and loop.time() < ends_s:
            begun_s = loop.time()
            if begun_s - asked_s >= _STATUS_S:
                standings, asked_s = running.standings(), begun_s
            await self._round(running.take(), standings)
            if self._desk is not None and self._desk.is_given_up.is_set():
                raise self._unknown_token()
            if self.asked.until_end and running.ended:
                return
            # what comes is taken soon where a round is cheap, and less often where one costs much
            rest_s = min(max(_ROUND_LEAST_S, 2 * (loop.time() - begun_s)), ROUND_S)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout_at(min(begun_s + rest_s, ends_s)):
                    await self.stop.wait()
            # a replay at full speed waits for nobody
            until_s = loop.time() + ROUND_S if math.isinf(self._clock.rate) else min(begun_s + ROUND_S, ends_s)
            await running.wait(max(0.0, until_s - loop.time()))

    async def _round(self, batches: list[Batch], standings: list[FeedStanding]) -> None:
        """Do all that one round does; a fault of it is counted and shouted, and the next one comes."""
        self._standings = standings
        for batch in batches:
            self.account.feeds.take(batch.received, batch.used, batch.rejected)
            if self.asked.is_replay:
                self._clock.follow(batch.received_at, _now())
        begun_s = time.monotonic()
        await self._hand_on(batches)
        handed_s = time.monotonic()
        for moment, part in self._steps(batches):
            with self._counted("picture"):
                events = await self._picture.do(lambda: self._seeing.round(part, standings, moment))  # noqa: B023
                self._happened(events, moment)
        self._log.debug(
            "watch.round",
            rows=_rows(batches),
            handed_ms=round((handed_s - begun_s) * 1_000),
            seen_ms=round((time.monotonic() - handed_s) * 1_000),
        )

    def _steps(self, batches: list[Batch]) -> Iterator[tuple[datetime, list[Batch]]]:
        """Yield moments to predict at with what came until then: one, or several where a replay runs fast."""
        if not self.asked.is_replay or len(batches) < 2:
            yield self._clock.now(_now()), batches
            return
        size = math.ceil(len(batches) / STEPS_A_ROUND_MAX)
        for at in range(0, len(batches), size):
            part = batches[at : at + size]
            yield part[-1].received_at, part

    async def _hand_on(self, batches: list[Batch]) -> None:
        """Give what came to the threads that search and record; live, nothing waits for them."""
        if not batches:
            return
        rows = _rows(batches)
        workers = [(self.account.cleaning, self._exact)]
        if self._recorder is not None:
            workers.append((self.account.recording, self._record))
        for step, worker in workers:
            step.came += rows
            if self.asked.is_replay:
                await worker.put(batches)
            elif not worker.offer(batches):
                step.reject("overload", rows)

    # ---- beside the rounds ---------------------------------------------------------------------------------------

    async def _finish(self) -> None:
        while not self._exact.is_over:
            for batches in await self._exact.items(5.0):
                with self._counted("cleaning"):
                    now, standings = self._clock.now(_now()), self._standings
                    found = await self._exact.do(lambda: self._finish_some(batches, standings, now))  # noqa: B023
                    await self._over(found)

    def _finish_some(
        self, batches: Sequence[Batch], standings: list[FeedStanding], now: datetime
    ) -> list[Finished]:
        self._finishing.stand(standings, now)
        return self._finishing.take(batches, now)

    async def _over(self, found: Sequence[Finished]) -> None:
        for one in found:
            drafted = False
            if one.draft is not None and self._desk is not None:
                drafted = not await self._desk.draft(one.draft)
            self._tells.encounter(one.row, drafted=drafted)

    async def _keep_record(self) -> None:
        loop = asyncio.get_running_loop()
        flush_s = loop.time() + FLUSH_S
        while not self._record.is_over:
            for batches in await self._record.items(1.0):
                await self._record.do(lambda: self._record_some(batches))  # noqa: B023
            assert self._recorder is not None  # noqa: S101 - who runs this has one
            is_due = loop.time() >= flush_s
            if is_due or self._recorder.is_full:
                await self._record.do(lambda: self._write_record(tidy=is_due))  # noqa: B023
                flush_s = loop.time() + FLUSH_S if is_due else flush_s

    def _record_some(self, batches: Sequence[Batch]) -> None:
        assert self._recorder is not None  # noqa: S101
        for batch in batches:
            self._recorder.add(batch.rows, batch.received_at)
        self._account_record()

    def _write_record(self, *, tidy: bool) -> None:
        assert self._recorder is not None  # noqa: S101
        before = self._recorder.failure
        self._recorder.flush()
        if tidy:
            self._recorder.tidy(self._clock.now(_now()))
        if self._recorder.failure and self._recorder.failure != before:
            self._log.error("watch.record-fails", fault=self._recorder.failure)
        self._account_record()

    def _account_record(self) -> None:
        assert self._recorder is not None  # noqa: S101
        step = self.account.recording
        step.kept, step.waiting = self._recorder.written, self._recorder.waiting + self._record.waiting_rows
        for name, count in self._recorder.lost.items():
            step.rejected[name] = count

    async def _bring_movers(self) -> None:
        """Ask the picture for who moved, as often as it can be used."""
        number, took_s = 0, 0.0
        while True:
            # rounds wait while the picture tells who moved: with many movers it is asked less often
            await asyncio.sleep(max(_MOVERS_S, took_s / _MOVERS_SHARE))
            if self._desk is not None and not self._desk.wants_movers():
                continue
            after, begun_s = number, time.monotonic()
            number, movers = await self._picture.do(lambda: self._seeing.picture.changed_since(after))  # noqa: B023
            took_s = time.monotonic() - begun_s
            if self.asked.own and self._outputs is not None:
                for one in live_movers(movers.filter(pl.col("side") == self.asked.own)):
                    if one.id in self._own or len(self._own) < _OWN_MAX:
                        self._own[one.id] = one
            if self._desk is not None:
                self._desk.show_movers(await asyncio.to_thread(self._showing.movers, movers))

    async def _tell_outputs(self) -> None:
        assert self._outputs is not None  # noqa: S101 - who runs this has them
        all_s = -math.inf
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(_STATUS_S)
            changed, self._changed = self._changed, []
            if loop.time() - all_s >= _ALL_EVENTS_S:
                changed, all_s = [*changed, *self._seeing.active], loop.time()
            now = self._clock.now(_now())
            movers = [outgoing(one) for one in self._own.values()]
            await self._outputs.tell(changed, self.asked.areas, movers, now)

    async def _status(self) -> None:
        while True:
            self._say_feeds()
            self._say_clocks()
            if self._desk is not None:
                self._desk.show_feeds(self._showing.feeds(self._standings))
                self._desk.only({id_of(one.id) for one in self._seeing.active})
            if self._screen is not None:
                self._screen.show(self._view())
            await asyncio.sleep(_STATUS_S)

    # ---- what is said --------------------------------------------------------------------------------------------

    def _happened(self, events: Sequence[Event], now: datetime) -> None:
        """Bring events to the desk and the outputs, and say those that turned."""
        if self._desk is not None:
            self._desk.show_encounters(self._showing.encounter(one) for one in events)
        for one in events:
            turned = tuple(getattr(one, name) for name in _TURNING)
            if self._told.events.get(one.id) == turned:
                continue
            self._told.events[one.id] = turned
            if one.state == "past":
                del self._told.events[one.id]
            if self._outputs is not None:
                self._changed.append(one)
            self._tells.event(one, now)

    def _say_clocks(self) -> None:
        """Warn, once each, of a feed whose times are not of the present, and of a desk whose clock is another."""
        off = dict(self._seeing.picture.clock_off_s)
        if self._desk is not None and abs(self._desk.standing().clock_off_s or 0.0) > _CLOCK_OFF_S:
            off["desk"] = self._desk.standing().clock_off_s or 0.0
        for name, off_s in off.items():
            if name not in self._told.clocks:
                self._told.clocks.add(name)
                self._log.warning("watch.clock-off", of=name, seconds=round(off_s))

    def _say_feeds(self) -> None:
        for one in self._standings:
            if self._told.feeds.get(one.name) != one.state:
                is_first = one.name not in self._told.feeds
                self._told.feeds[one.name] = one.state
                self._tells.feed(one)
                if one.state != "good" and not is_first:
                    self._log.warning("watch.feed", feed=one.name, state=one.state, why=one.why)
                else:
                    self._log.info("watch.feed", feed=one.name, state=one.state, why=one.why)

    def _view(self) -> View:
        outputs = () if self._outputs is None else self._outputs.standings
        recorder = self._recorder
        recording = "" if recorder is None else say(
            "recorded: {rows} positions{failure}", rows=words.number(recorder.written),
            failure=f" ({recorder.failure})" if recorder.failure else "",
        )  # fmt: skip
        return View(
            now=self._clock.now(_now()),
            is_replay=self.asked.is_replay,
            feeds=self._standings,
            holes=self._seeing.holes,
            movers=self._seeing.movers,
            events=self._seeing.active,
            desk=None if self._desk is None else self._desk.standing(),
            desk_name="" if self.asked.desk is None else self.asked.desk.shown,
            account=self.account,
            outputs=[(one.name, one.state, one.why) for one in outputs],
            recording=recording,
        )

    def document(self) -> dict[str, Any]:
        """Return the account of everything, for ``--json`` and for the end."""
        desk = None if self._desk is None else self._desk.standing()
        return {
            **self.account.document(),
            "feeds_by_name": {
                one.name: {"in": one.received, "kept": one.used, "rejected": dict(one.rejected), "state": one.state}
                for one in self._standings
            },
            "picture_counts": dict(self._seeing.counts),
            "encounters": self._finishing.found,
            "drafts": {"made": self._finishing.drafted, "not_made": dict(self._finishing.not_drafted)},
            "desk": None if desk is None else {
                "state": desk.state, "posted": desk.posted, "refused": desk.refused, "drafts_waiting": desk.waiting,
            },
        }  # fmt: skip

    # ---- the end, and what goes wrong ----------------------------------------------------------------------------

    async def _end(self, tasks: Sequence[asyncio.Task[None]]) -> None:
        """Bring everything to its end in order: what came is searched, recorded and told; then all is closed."""
        by_name = {task.get_name(): task for task in tasks}
        for name in ("status", "movers", "state"):
            await _cancelled(by_name.get(name))
        with self._counted("state"):
            await self._picture.do(self._save)
        now = self._clock.now(_now())
        self._exact.finish()
        self._record.finish()
        await asyncio.gather(*(by_name[name] for name in ("finishing", "recording") if name in by_name))
        with self._counted("cleaning"):
            await self._over(await self._exact.do(lambda: self._finishing.close(now)))
        if self._recorder is not None:
            recorder = self._recorder
            with self._counted("recording"):
                await self._record.do(lambda: recorder.close(now))
            self._account_record()
        self.account.name_faults()
        await _cancelled(by_name.get("desk"))
        if self._desk is not None and self._is_over:
            await self._desk.drain(_LAST_WORDS_S)
        for task in tasks:
            await _cancelled(task)
        if self._link is not None:
            await self._link.close()
        for worker in (self._picture, self._exact, self._record):
            worker.close()
        if self._screen is not None:
            self._screen.close()

    async def _kept_up(self, name: str, work: Callable[[], Awaitable[None]]) -> None:
        """Run work; when a fault ends it, say so, count it, and begin it anew."""
        while True:
            try:
                await work()
            except Exception as failure:  # noqa: BLE001 - a fault of our own must not end the watch
                self._note_fault(name, failure)
            else:
                return
            await asyncio.sleep(_AGAIN_S)

    @contextlib.contextmanager
    def _counted(self, name: str) -> Iterator[None]:
        """Count what goes wrong in the block, and shout it; it goes on after the block."""
        try:
            yield
        except Exception as failure:  # noqa: BLE001 - as above
            self._note_fault(name, failure)

    def _note_fault(self, name: str, failure: Exception) -> None:
        self.account.faults[name] += 1
        for one in _leaves(failure):
            self._log.failure(f"watch.fault-in-{name}", one)

    def _unknown_token(self) -> WatchMistake:
        assert self.asked.desk is not None  # noqa: S101 - who asks has one
        return WatchMistake(
            expected=say("a token that the desk knows"),
            came=self._desk.standing().why if self._desk is not None else "",
            where=self.asked.desk.shown,
            remedy=say("make a token with: detente people add-watch HOME NAME"),
        )


def _now() -> datetime:
    return datetime.now(UTC)


def _rows(batches: Sequence[Batch]) -> int:
    return sum(batch.rows.height for batch in batches)


def _rate(asked: Request) -> float:
    return next((getattr(feed, "speed", 1.0) for feed in asked.feeds if asked.is_replay), 1.0)


def _leaves(group: BaseException) -> Iterator[BaseException]:
    if isinstance(group, BaseExceptionGroup):
        for one in group.exceptions:
            yield from _leaves(one)
    else:
        yield group


async def _cancelled(task: asyncio.Task[None] | None) -> None:
    if task is None or task.done():
        return
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
