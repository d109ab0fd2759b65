"""One line of a running node, inside the line thread: its host, kept running through failures of disk and signer.

A host that failed is closed and opened anew after a while, as a restart of the node would: what was acknowledged is
on the disk, what was not is told to whoever asked for it as not known.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from detente import words
from detente.errors import DetenteError
from detente.line.effects import (
    Alarm,
    CourierReady,
    Draft,
    Part,
    Priority,
    PutEntry,
    PutPeer,
    Submitted,
    Ticked,
    Took,
    Transmit,
)
from detente.line.errors import LineMistake, Refused
from detente.line.machine import Event
from detente.line.state import Settings, State
from detente.line.statement import Reference
from detente.node.errors import SignerFailure
from detente.node.home import Home
from detente.node.host import Host
from detente.node.serving.news import holdings, owed, parties_with_news
from detente.store.errors import StoreFailure

__all__ = ["Answered", "LineRunner", "not_running"]

say = words.speaker("node")

T = TypeVar("T")
_BACK_OFF_S = (0.2, 0.5, 1.0, 2.0, 5.0)
_SETTLE_S = 0.25
"""How long the head file may be behind what is durable while nothing leaves."""
_PASSED_AT_ONCE_MS = 60_000
_LISTENS_S = 30.0
"""After a time that passed at once (a machine that slept, a clock that was set) the others are heard before they are
judged: what they said meanwhile is on its way."""


@dataclass(frozen=True, slots=True)
class Answered:
    """What one event brought. refusal: why it could not be done; nothing changed then."""

    took: tuple[Took, ...] = ()
    sent: tuple[Transmit, ...] = ()
    alarms: tuple[Alarm, ...] = ()
    refusal: LineMistake | Refused | None = None


@dataclass(slots=True)
class LineRunner:
    """Runs one line. tell_alarm and tell_news are called in the line thread, after what they tell is durable.

    So is tell_stored, when anything at all of this line was stored.
    """

    home: Home
    line: str
    clock: Callable[[], int]
    settings: Settings
    tell_alarm: Callable[[str, Alarm], None]
    tell_news: Callable[[str, set[str]], None]
    tell_stored: Callable[[str], None] = lambda _: None
    host: Host | None = None
    fault: str = ""
    retry_at_s: float = 0.0  # on the monotonic clock
    batches: int = 0
    drafts: int = 0
    _looked_ms: int | None = None
    _listens_until_s: float = 0.0
    _failures: int = 0
    _settle_at_s: float = 0.0
    _parts: list[Part] = field(default_factory=list)
    _said: dict[str, Reference] = field(default_factory=dict)
    _holdings: dict[str, tuple[object, ...]] = field(default_factory=dict)
    _owed: dict[str, tuple[str | None, ...]] = field(default_factory=dict)

    # ---- running --------------------------------------------------------------------------------------------

    def open(self) -> bool:
        """Open the host, or open it anew; False when it failed: ``retry_at_s`` says when to try again."""
        if self._failures:
            self.home.drop_record(self.line)
        self._parts.clear()
        try:
            host = Host(self.home, self.line, self.clock, self.settings, stored=self._parts.extend, later=True)
            host.open()
            self._looked_ms = self._looked_ms or self.clock()
            self.host = host
            self.fault = ""
            self._after(host)
        except Exception as failure:  # noqa: BLE001 - whatever stops one line must not stop the others
            self._fail(failure)
            return False
        if self._failures:
            self.tell_alarm(self.line, Alarm("line-again", Priority.WARNING, self.home.member))
        self._failures = 0
        self.tell_news(self.line, set(host.state.parties))
        return True

    def reopen(self) -> None:
        """Load the line anew from what is durable, where something was stored beside its host."""
        self.host = None
        self.retry_at_s = 0.0
        self.open()

    def close(self) -> None:
        """Stop the host; what it said is durable."""
        self.settle()
        self.host = None

    def settle(self) -> None:
        """Let the head file know what is durable; a failure is dealt with here: the line is opened anew."""
        host = self.host
        if host is None or not host.unsettled:
            return
        try:
            host.settle()
        except Exception as failure:  # noqa: BLE001 - told as an alarm, and opened anew
            self._fail(failure)

    def running(self) -> Host:
        """Return the host; raises StoreFailure while the line waits to be opened anew."""
        if self.host is None:
            raise not_running(self.line, self.fault)
        return self.host

    def _fail(self, failure: BaseException) -> None:
        self.host = None
        self.fault = str(failure) or type(failure).__name__
        self.retry_at_s = time.monotonic() + _BACK_OFF_S[min(self._failures, len(_BACK_OFF_S) - 1)]
        self._failures += 1
        if self._failures == 1:
            # an alarm leaves by mail and webhook: the words of an error that is not ours may quote a notice
            reason = self.fault if isinstance(failure, DetenteError) else type(failure).__name__
            detail = (("reason", reason[:500]),)
            self.tell_alarm(self.line, Alarm("line-stopped", Priority.ALARM, self.home.member, detail))

    # ---- work -----------------------------------------------------------------------------------------------

    def submit(self, callers: Sequence[tuple[Draft, ...]]) -> list[list[Reference] | Exception]:
        """Submit what several callers wait with as one batch; returns each one's references, or why not.

        A draft that cannot be sent stops its own caller alone. Never raises.
        """
        together = tuple(draft for drafts in callers for draft in drafts)
        try:
            self._give(Submitted(together))
        except (LineMistake, Refused) as mistake:
            if len(callers) == 1:
                return [mistake]
            return [answer for drafts in callers for answer in self.submit([drafts])]
        except Exception as failure:  # noqa: BLE001 - told to whoever asked
            return [failure] * len(callers)
        self.batches += 1
        self.drafts += len(together)
        try:
            return [self._references(drafts) for drafts in callers]
        except Exception as failure:  # noqa: BLE001 - told to whoever asked
            return [failure] * len(callers)

    def _references(self, drafts: tuple[Draft, ...]) -> list[Reference] | Exception:
        host = self.running()
        # what this batch stored is at hand; only what was said before is looked up
        found = [self._said.get(draft.submission) or host.record.submission(draft.submission) for draft in drafts]
        references = [one for one in found if one is not None]
        if len(references) == len(drafts):
            return references
        return LineMistake(
            expected=say("a node that may sign"),
            came=host.state.reason or say("a refusal"),
            remedy=say("see: detente line status"),
        )

    def give(self, event: Event) -> Answered:
        """Give one event. Raises StoreFailure and SignerFailure; then the line is opened anew."""
        try:
            return self._give(event)
        except (LineMistake, Refused) as refusal:
            return Answered(refusal=refusal)

    def ready(self, to: str, size_max: int, *, go_on: bool) -> Transmit | None:
        """Return the next piece of the bundle for a party; None when this node cannot speak, or not to it."""
        sent = self._give(CourierReady(to, size_max, go_on=go_on)).sent
        return sent[-1] if sent else None

    def tick(self) -> None:
        """Let the line look at what is due, if it is; failures are dealt with here."""
        host = self.host
        if host is not None and host.unsettled and time.monotonic() >= self._settle_at_s:
            self.settle()
            host = self.host
        if host is None or not self._due(host):
            return
        try:
            self._give(Ticked())
        except (LineMistake, Refused):
            host.wake_ms = self.clock() + 60_000  # told as an alarm; not asked again at once
        except (StoreFailure, SignerFailure):
            return  # told and opened anew
        except Exception as failure:  # noqa: BLE001 - as above
            if self.host is not None:
                self._fail(failure)

    def due_in_ms(self) -> int:
        """Return how long until ``tick`` or ``open`` has work, by the clocks as they stand."""
        if self.host is None:
            return max(0, int((self.retry_at_s - time.monotonic()) * 1000))
        if self._due(self.host):
            return 0
        listens_ms = int((self._listens_until_s - time.monotonic()) * 1000)
        left_ms = max(listens_ms, self.host.wake_ms - self.clock(), 1)
        if self.host.unsettled:
            left_ms = min(left_ms, max(0, int((self._settle_at_s - time.monotonic()) * 1000)))
        return left_ms

    def _due(self, host: Host) -> bool:
        """Tell whether the line has to look at what is due: its time came, or the clock was set back far."""
        now_ms = self.clock()
        if self._looked_ms is not None and now_ms - self._looked_ms > _PASSED_AT_ONCE_MS:
            self._listens_until_s = time.monotonic() + _LISTENS_S
        self._looked_ms = now_ms
        if time.monotonic() < self._listens_until_s:
            return False
        return now_ms >= host.wake_ms or host.wake_ms - now_ms > self.settings.silent_after_ms + 60_000

    def attempt(self, work: Callable[[Host], T]) -> T:
        """Run a keeper's work on the host; what it makes durable is news, its failure opens the line anew."""
        host = self.running()
        try:
            host.settle()
            result = work(host)
        except (LineMistake, Refused):
            self._after(host)
            raise
        except Exception as failure:
            self._fail(failure)
            raise
        self._after(host)
        return result

    def take_host(self, host: Host) -> None:
        """Go on with another host of the same line (after a consent)."""
        host.stored, host.later = self._parts.extend, True
        host.clock, host.settings = self.clock, self.settings
        host.machine.state.settings = self.settings
        self.host = host
        self._after(host)
        self.tell_news(self.line, set(host.state.parties))

    def _give(self, event: Event) -> Answered:
        host = self.running()
        host.took.clear()
        host.sent.clear()
        settled = not host.unsettled
        try:
            host.give(event)
        except (LineMistake, Refused):
            self._after(host)
            raise
        except Exception as failure:
            self._fail(failure)
            raise
        if settled and host.unsettled:
            self._settle_at_s = time.monotonic() + _SETTLE_S
        took, sent = tuple(host.took), tuple(host.sent)
        host.took.clear()
        host.sent.clear()
        return Answered(took, sent, self._after(host))

    def _after(self, host: Host) -> tuple[Alarm, ...]:
        """Keep and tell alarms, and wake whoever carries what just became durable."""
        alarms = tuple(host.alarms)
        if alarms:
            try:
                host.keep_alarms()
            except Exception as failure:
                self._fail(failure)
                raise
            finally:
                host.alarms.clear()
            for alarm in alarms:
                self.tell_alarm(self.line, alarm)
        parts, state = tuple(self._parts), host.state
        self._parts.clear()
        self._said = {part.submission: _reference(part) for part in parts
                      if isinstance(part, PutEntry) and part.submission}  # fmt: skip
        if parts or alarms:
            self.tell_stored(self.line)
        names = parties_with_news(state, parts, self._moved(state, parts))
        for name, party in state.parties.items():
            words_owed = owed(party)
            if words_owed != self._owed.get(name):
                before = self._owed.get(name, (None,) * len(words_owed))
                self._owed[name] = words_owed
                if any(new is not None and new != old for new, old in zip(words_owed, before, strict=True)):
                    names.add(name)
        if names:
            self.tell_news(self.line, names)
        return alarms

    def _moved(self, state: State, parts: Sequence[Part]) -> set[str]:
        """Return the parties whose have-vector says that they hold other things than before."""
        moved: set[str] = set()
        for name in {part.member for part in parts if isinstance(part, PutPeer)} & set(state.parties):
            held = holdings(state.parties[name])
            if held != self._holdings.get(name):
                self._holdings[name] = held
                moved.add(name)
        return moved


def _reference(part: PutEntry) -> Reference:
    """Return where a statement stands that was just stored."""
    origin = part.origin
    return Reference(origin.epoch, origin.generation, part.leaf_hash.hex(), origin.member, part.seq)


def not_running(line: str, fault: str) -> StoreFailure:
    """Return the error for a line that waits to be opened anew."""
    return StoreFailure(
        expected=say("a line that runs"),
        came=fault or say("one that is being opened anew"),
        where=line,
        remedy=say("it is tried again by itself; nothing acknowledged was lost"),
    )
