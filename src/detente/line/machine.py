"""The machine of one line: events in, effects out, one transaction at a time.

A transaction is a generator that asks for signatures and ends; its parts then go to the disk in one Append.
While a signature is on its way, further events wait in a queue; drafts that wait together become one batch.
Nothing here reads a clock (``now_ms`` is given), draws randomness (``Opened.entropy`` is) or touches a disk
(``View`` is asked).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator
from dataclasses import dataclass, replace
from typing import Any

from detente import words
from detente.line.checkpoint import Origin
from detente.line.closing import Moved, act_given, consented, said_again
from detente.line.cosigning import cosign, witness
from detente.line.effects import (
    ActGiven,
    Alarm,
    Append,
    Arrived,
    Confirmed,
    Consented,
    CourierReady,
    Draft,
    Durable,
    HeadFile,
    Opened,
    Priority,
    PutAct,
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
from detente.line.errors import LineMistake, Refused
from detente.line.giving import give
from detente.line.load import load
from detente.line.restoring import begun_anew, confirmed, halt, maybe_resume, opened
from detente.line.session import Answer, decode_session
from detente.line.state import Settings, Signing, State
from detente.line.taking import Taken, take
from detente.line.watching import next_wake_ms, tick
from detente.line.writing import check_drafts, check_may_write, write, write_head_again

__all__ = ["Effect", "Event", "Line"]

say = words.speaker("line")

Event = Opened | Submitted | Arrived | Signed | Durable | CourierReady | Ticked | Confirmed | ActGiven | Consented
Effect = Sign | Append | Transmit | Wake | Raise | Took
Transaction = Generator[Sign, bytes, Transmit | Took | Wake | None]


@dataclass(frozen=True, slots=True)
class _Begun:
    """The machine's own event: new own keys are durable, or own statements that were given back."""


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
        self._adopting = 0  # the last batch that tells the signer of own statements which it did not sign

    def handle(self, event: Event, now_ms: int) -> list[Effect]:
        """Take one event; returns what the host must do, in this order.

        Raises LineMistake for drafts, acts and openings that cannot be taken: nothing changed then.
        """
        effects: list[Effect] = []
        if isinstance(event, Signed):
            self._signed(event, effects)
        elif isinstance(event, Durable):
            self._durable(event.batch)
        else:
            if isinstance(event, Submitted):
                check_drafts(self.state, event.drafts)
            self._queue.append(event)
        while self._transaction is None and self._queue and not self._must_wait():
            begun = self._queue.popleft()
            self._transaction = self._begin(begun, now_ms)
            mistake = self._step(None, effects)
            if mistake is not None:
                self._report(mistake, effects, own=begun is event)
        return effects

    def _must_wait(self) -> bool:
        """Tell whether the next event has to wait for the disk.

        A bundle must hold nothing of what is on its way there, and what is said again in a new epoch is read from it.
        Until new own keys are durable the signer does not know them, and until its head file was brought up it does
        not know where an own log goes on: whatever would be signed has to wait.
        """
        if self._adopting in self._batches or any(self._changes_own_keys(one) for one in self._batches.values()):
            return True
        return isinstance(self._queue[0], CourierReady | Consented) and bool(self._batches)

    def _report(self, mistake: LineMistake | Refused, effects: list[Effect], *, own: bool) -> None:
        """Say that an event could not be taken: raise when it is the caller's own, else tell a person.

        Effects that are on their way out are never dropped for it: an Append that is lost here would leave the
        memory ahead of the disk for ever.
        """
        if own and not effects:
            raise mistake
        alarm = Alarm("not-done", Priority.ALARM, self.state.me, (("reason", str(mistake)),))
        effects.append(Raise(alarm))

    def _begin(self, event: Any, now_ms: int) -> Transaction:
        match event:
            case Opened():
                self.state.since_ms = self.state.since_ms or now_ms
                self._queue.appendleft(_Begun())
                return self._opening(event, now_ms)
            case Submitted():
                return self._writing(self._coalesce(event.drafts), now_ms)
            case Arrived():
                return self._taking(event, now_ms)
            case CourierReady():
                return give(self.state, event, now_ms)
            case Ticked():
                return self._ticking(now_ms, tests=event.tests)
            case Confirmed():
                return self._after(lambda: confirmed(self.state, event, now_ms), now_ms)
            case _Begun():
                return self._beginning(now_ms)
            case ActGiven():
                return self._acting(event, now_ms)
            case Consented():
                return self._consenting(event, now_ms)
        raise TypeError(event)

    def _after(self, work: Callable[[], None], now_ms: int) -> Transaction:
        """Do something that asks for no signature, then give the words that may be owed after it."""
        work()
        yield from self._give_words(set(self.state.logs), now_ms)
        return Wake(next_wake_ms(self.state, now_ms))

    def _opening(self, event: Opened, now_ms: int) -> Transaction:
        """Take the own root acts that only this line lacks, then decide: by every act that the home holds.

        Keys that they began outweigh a halt as those do that keepers just brought, but not after a restore: what a
        backup holds is no news.
        """
        if not event.acts:
            return (yield from self._after(lambda: opened(self.state, event, now_ms), now_ms))
        generation = self.state.rings[self.state.me].generation
        for envelope in event.acts:
            act_given(self.state, envelope, now_ms)
        opened(self.state, event, now_ms)
        if not event.restored:
            self._given(generation, now_ms)
        return Wake(next_wake_ms(self.state, now_ms))  # the words that new keys give wait for the disk

    def _acting(self, event: ActGiven, now_ms: int) -> Transaction:
        generation = self.state.rings[self.state.me].generation
        act_given(self.state, event.envelope, now_ms)
        self._given(generation, now_ms)
        yield from ()  # the words that new keys give wait until the act is durable
        return Wake(next_wake_ms(self.state, now_ms))

    def _given(self, generation: int, now_ms: int) -> None:
        """Go on after own root acts from the keepers: at once with new keys, else when nothing else is lacking."""
        if self.state.rings[self.state.me].generation > generation:
            begun_anew(self.state, now_ms)
        maybe_resume(self.state, now_ms)

    def _beginning(self, now_ms: int) -> Transaction:
        """Use the own keys that became durable, or that this run starts with: cosign what is owed, say again.

        So also after own statements were given back: their head may have to be signed again.
        """
        yield from self._give_words(set(self.state.logs), now_ms)
        drafts = said_again(self.state)
        if drafts:
            yield from write(self.state, drafts, now_ms)
        yield from write_head_again(self.state)
        return Wake(next_wake_ms(self.state, now_ms))

    def _coalesce(self, drafts: tuple[Draft, ...]) -> tuple[Draft, ...]:
        """Join drafts that wait together into one batch: one head and one commit for all of them."""
        while self._queue and isinstance(self._queue[0], Submitted):
            if len(drafts) + len(self._queue[0].drafts) > self.state.settings.batch_max:
                break
            drafts += self._queue.popleft().drafts
        return drafts

    def _writing(self, drafts: tuple[Draft, ...], now_ms: int) -> Transaction:
        check_may_write(self.state)  # again: the node may have halted while these waited in the queue
        yield from write(self.state, drafts, now_ms)
        return Wake(next_wake_ms(self.state, now_ms))

    def _taking(self, event: Arrived, now_ms: int) -> Transaction:
        taken = Taken()
        take(self.state, event.records, taken, now_ms, last=event.last)
        if event.last:  # what the rest of the bundle shows of this node's own words counts first
            maybe_resume(self.state, now_ms)
        yield from self._give_words(taken.changed, now_ms)
        return Took(
            tuple(sorted(taken.new.items())),
            tuple(taken.refused),
            taken.not_understood,
            tuple(sorted(taken.reasons.items())),
        )

    def _give_words(self, changed: set[Origin], now_ms: int) -> Signing:
        """Cosign what changed, or everything owed when this node just became whole; speak on revocations.

        Nothing while own keys are on their way to the disk: with the old ones it would be said under a generation that
        is over, and ``_beginning`` says all of it under the new one.
        """
        if self.state.signing_generation != self.state.rings[self.state.me].generation:
            return
        if self.state.refilled:
            self.state.refilled = False
            changed = set(self.state.logs)
        yield from cosign(self.state, changed, now_ms)
        if self.state.unwitnessed:
            yield from witness(self.state, now_ms)

    def _ticking(self, now_ms: int, *, tests: bool) -> Transaction:
        drafts = tuple(tick(self.state, now_ms, tests=tests))
        yield from self._give_words(set(), now_ms)
        if drafts:
            yield from write(self.state, drafts, now_ms)
        return Wake(next_wake_ms(self.state, now_ms))

    def _consenting(self, event: Consented, now_ms: int) -> Transaction:
        before = Moved.from_state(self.state)
        drafts = consented(self.state, event.opening, now_ms)
        try:
            if drafts:
                yield from write(self.state, drafts, now_ms)
        except LineMistake:
            before.back(self.state)  # without its first statement this member did not consent
            raise
        yield from self._give_words(set(self.state.logs), now_ms)
        return None

    def _signed(self, event: Signed, effects: list[Effect]) -> None:
        if self._transaction is None or event.ticket != self._ticket:
            return  # an answer to a question of an earlier run
        answer: bytes | LineMistake | None = event.signature
        if answer is None:
            answer = LineMistake(
                expected=say("a signature from the signer"),
                came=event.refusal,
                remedy=say("see: detente line status; a keeper may have to confirm"),
            )
        mistake = self._step(answer, effects)
        assert mistake is None, "what cannot be done is known before the first signature"

    def _step(self, answer: bytes | LineMistake | None, effects: list[Effect]) -> LineMistake | Refused | None:
        """Run the transaction to its next question or to its end; returns why it could not be done, if so.

        A refusal of the signer that the transaction does not deal with itself halts this node; what it took in
        before is stored all the same, for the memory holds it already. Any other mistake leaves nothing behind.
        """
        assert self._transaction is not None
        try:
            if isinstance(answer, LineMistake):
                request = self._transaction.throw(answer)
            else:
                request = self._transaction.send(answer)  # type: ignore[arg-type]  # None starts it
        except StopIteration as done:
            self._finish(done.value, effects)
        except (LineMistake, Refused) as mistake:
            if isinstance(answer, LineMistake):
                halt(self.state, "signer-refused")
                self._finish(None, effects)
                return None
            self.state.parts.clear()
            self.state.own.clear()
            self.state.adopting = False
            self._finish(None, effects)
            return mistake
        else:
            self._ticket += 1
            if request.what == "answer" and self.state.head_file is not None:
                self._note_answer(request, self.state.head_file)
            effects.append(request.numbered(self._ticket))
        return None

    def _note_answer(self, request: Sign, head_file: HeadFile) -> None:
        """Know as the signer does how late an answer was given: no cosignature may bear an earlier clock."""
        answered_ms = max(head_file.answered_ms, decode_session(request.message, Answer).clock_ms)
        self.state.head_file = replace(head_file, answered_ms=answered_ms)

    def _finish(self, result: Transmit | Took | Wake | None, effects: list[Effect]) -> None:
        self._transaction = None
        state = self.state
        if state.parts or state.own:
            self._batch += 1
            append = Append(self._batch, tuple(state.parts), tuple(state.own))
            self._batches[self._batch] = append
            if state.adopting:
                self._adopting, state.adopting = self._batch, False
            effects.append(append)
            state.parts, state.own = [], []
            assert not isinstance(result, Transmit), "a bundle says only what was durable before it"
        effects.extend(state.alarms)
        state.alarms = []
        if result is not None:
            effects.append(result)

    def _changes_own_keys(self, append: Append) -> bool:
        return any(isinstance(part, PutAct) and part.member == self.state.me for part in append.parts)

    def _durable(self, batch: int) -> None:
        """Everything up to this batch is on the disk: what is in it may leave from now on."""
        for number in [number for number in self._batches if number <= batch]:
            append = self._batches.pop(number)
            if number == self._adopting:  # the signer goes on from there
                self._queue.append(_Begun())
            for part in append.parts:
                if isinstance(part, PutEntry):
                    log = self.state.logs[part.origin]
                    log.durable = max(log.durable, part.seq + 1)
                    self.state.leaves.pop((part.origin, part.seq), None)
                    if part.submission:
                        self.state.submissions.discard(part.submission)
                    for level, index, _ in part.nodes:
                        log.pending.pop((level, index), None)
            newest = self.state.rings[self.state.me].generation
            pending = any(self._changes_own_keys(one) for one in self._batches.values())
            if not pending and self.state.signing_generation != newest:
                self.state.signing_generation = newest
                self._queue.append(_Begun())
            if self.state.head_file is not None:
                self.state.head_file.own.update({origin: (size, root) for origin, size, root in append.own})
