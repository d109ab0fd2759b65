"""The machine of one line: events in, effects out, one transaction at a time.

A transaction is a generator that asks for signatures and ends; its parts then go to the disk in one Append.
While a signature is on its way, further events wait in a queue; drafts that wait together become one batch.
Nothing here reads a clock (``now_ms`` is given), draws randomness (``Opened.entropy`` is) or touches a disk
(``View`` is asked).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Generator
from dataclasses import replace
from typing import Any

from detente import words
from detente.line.closing import act_given, consented
from detente.line.cosigning import cosign
from detente.line.effects import (
    ActGiven,
    Append,
    Arrived,
    Confirmed,
    Consented,
    CourierReady,
    Draft,
    Durable,
    Opened,
    PutEntry,
    Raise,
    Sign,
    Signed,
    Submitted,
    Ticked,
    Took,
    Transmit,
    View,
    Wake,
)
from detente.line.errors import LineMistake
from detente.line.giving import give
from detente.line.load import load
from detente.line.restoring import confirmed, halt, maybe_resume, opened
from detente.line.state import Run, Settings, State
from detente.line.taking import Taken, take
from detente.line.watching import next_wake_ms, system_draft, tick
from detente.line.writing import check_drafts, write

__all__ = ["Effect", "Event", "Line"]

say = words.speaker("line")

Event = Opened | Submitted | Arrived | Signed | Durable | CourierReady | Ticked | Confirmed | ActGiven | Consented
Effect = Sign | Append | Transmit | Wake | Raise | Took
Transaction = Generator[Sign, bytes, Transmit | Took | Wake | None]


class Line:
    """One party's side of one line. Only ``handle`` changes it."""

    def __init__(self, me: str, view: View, settings: Settings | None = None) -> None:
        """Load the line from what is durable; the first event must be Opened."""
        self.state: State = load(me, view, settings or Settings())
        self._queue: deque[Any] = deque()
        self._transaction: Transaction | None = None
        self._ticket = 0
        self._batch = 0
        self._batches: dict[int, Append] = {}

    def handle(self, event: Event, now_ms: int) -> list[Effect]:
        """Take one event; returns what the host must do, in this order.

        Raises LineMistake for drafts, acts and openings that cannot be taken: nothing changed then.
        """
        effects: list[Effect] = []
        if isinstance(event, Signed):
            self._signed(event, effects, now_ms)
        elif isinstance(event, Durable):
            self._durable(event.batch)
        else:
            if isinstance(event, Submitted):
                check_drafts(self.state, event.drafts)
            self._queue.append(event)
        while self._transaction is None and self._queue:
            self._transaction = self._begin(self._queue.popleft(), now_ms)
            self._step(None, effects, now_ms)
        return effects

    def _begin(self, event: Any, now_ms: int) -> Transaction:
        match event:
            case Opened():
                self.state.opened_ms = now_ms
                return _just(lambda: opened(self.state, event, now_ms), self.state, now_ms)
            case Submitted():
                return self._writing(self._coalesce(event.drafts), now_ms)
            case Arrived():
                return self._taking(event, now_ms)
            case CourierReady():
                return give(self.state, event, now_ms)
            case Ticked():
                return self._ticking(now_ms)
            case Confirmed():
                return _just(lambda: confirmed(self.state, event, now_ms), self.state, now_ms)
            case ActGiven():
                return _just(lambda: act_given(self.state, event.envelope, now_ms), self.state, now_ms)
            case Consented():
                return self._consenting(event, now_ms)
        raise TypeError(event)

    def _coalesce(self, drafts: tuple[Draft, ...]) -> tuple[Draft, ...]:
        """Join drafts that wait together into one batch: one head and one commit for all of them."""
        while self._queue and isinstance(self._queue[0], Submitted):
            if len(drafts) + len(self._queue[0].drafts) > self.state.settings.batch_max:
                break
            drafts += self._queue.popleft().drafts
        return drafts

    def _writing(self, drafts: tuple[Draft, ...], now_ms: int) -> Transaction:
        yield from write(self.state, drafts, now_ms)
        return Wake(next_wake_ms(self.state, now_ms))

    def _taking(self, event: Arrived, now_ms: int) -> Transaction:
        taken = Taken()
        take(self.state, event.records, taken, now_ms)
        maybe_resume(self.state, now_ms)
        changed = set(self.state.logs) if self.state.refilled else taken.changed
        yield from cosign(self.state, changed, now_ms)
        if self.state.refilled and self.state.writes:
            self.state.refilled = False
            yield from self._say_what_was_lost(now_ms)
        return Took(tuple(sorted(taken.new.items())), tuple(taken.refused), taken.not_understood)

    def _say_what_was_lost(self, now_ms: int) -> Generator[Sign, bytes, None]:
        lost = sorted(
            digest
            for origin, log in self.state.logs.items() if origin.member == self.state.me
            for missing in log.wanted.values() for digest in missing
        )  # fmt: skip
        if lost:
            draft = system_draft(self.state, "line.body-lost", {"bodies": lost[:1000], "count": len(lost)})
            yield from write(self.state, (draft,), now_ms)

    def _ticking(self, now_ms: int) -> Transaction:
        drafts = tuple(tick(self.state, now_ms))
        if drafts:
            yield from write(self.state, drafts, now_ms)
        return Wake(next_wake_ms(self.state, now_ms))

    def _consenting(self, event: Consented, now_ms: int) -> Transaction:
        drafts = consented(self.state, event.opening, now_ms)
        if drafts and self.state.run is Run.RUNNING:
            yield from write(self.state, drafts, now_ms)
        return None

    def _signed(self, event: Signed, effects: list[Effect], now_ms: int) -> None:
        if self._transaction is None or event.ticket != self._ticket:
            return  # an answer to a question of an earlier run
        if event.signature is not None:
            self._step(event.signature, effects, now_ms)
            return
        refusal = LineMistake(
            expected=say("a signature from the signer"),
            came=event.refusal,
            remedy=say("see: detente line status; a keeper may have to confirm"),
        )
        self._step(refusal, effects, now_ms)

    def _step(self, answer: bytes | LineMistake | None, effects: list[Effect], now_ms: int) -> None:
        """Run the transaction to its next question or to its end."""
        assert self._transaction is not None
        try:
            if isinstance(answer, LineMistake):
                request = self._transaction.throw(answer)
            else:
                request = self._transaction.send(answer)  # type: ignore[arg-type]  # None starts it
        except StopIteration as done:
            self._finish(done.value, effects)
        except LineMistake:
            refused_by_signer = isinstance(answer, LineMistake)
            if refused_by_signer:
                halt(self.state, "signer-refused")
            else:
                self.state.parts.clear()
                self.state.own.clear()
            self._finish(None, effects)
            if not refused_by_signer:
                raise
        else:
            self._ticket += 1
            effects.append(replace(request, ticket=self._ticket))

    def _finish(self, result: Transmit | Took | Wake | None, effects: list[Effect]) -> None:
        self._transaction = None
        state = self.state
        if state.parts or state.own:
            self._batch += 1
            append = Append(self._batch, tuple(state.parts), tuple(state.own))
            for part in state.parts:
                if isinstance(part, PutEntry):
                    state.leaves[part.origin, part.seq] = part.leaf
            self._batches[self._batch] = append
            effects.append(append)
            state.parts, state.own = [], []
        effects.extend(state.alarms)
        state.alarms = []
        if result is not None:
            effects.append(result)

    def _durable(self, batch: int) -> None:
        """Everything up to this batch is on the disk: what is in it may leave from now on."""
        for number in [number for number in self._batches if number <= batch]:
            append = self._batches.pop(number)
            for part in append.parts:
                if isinstance(part, PutEntry):
                    log = self.state.logs[part.origin]
                    log.durable = max(log.durable, part.seq + 1)
                    self.state.leaves.pop((part.origin, part.seq), None)
                    self.state.submissions.discard(part.submission)
                    for level, index, _ in part.nodes:
                        log.pending.pop((level, index), None)
            if self.state.head_file is not None:
                self.state.head_file.own.update({origin: (size, root) for origin, size, root in append.own})


def _just(work: Any, state: State, now_ms: int) -> Transaction:
    """Run a transaction without signatures."""
    work()
    return Wake(next_wake_ms(state, now_ms))
    yield  # makes this a generator
