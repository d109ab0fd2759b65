"""The host of one line: carries out what the machine asks, with the store, the signer, the clock and randomness.

    Sign -> signer.sign -> Signed;  Append -> record.apply, home.settle -> Durable;  Transmit, Took, Raise ->
    kept here

Clock and randomness enter here and nowhere else. Alarms go into the history beside the logs, and every fork
proof is written out as a file under HOME/proofs, so that a person can hand it on.
"""

from __future__ import annotations

import os
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from detente import words
from detente.door.files import writing
from detente.line import canonical
from detente.line.checkpoint import Origin
from detente.line.effects import (
    ActGiven,
    Alarm,
    Append,
    Arrived,
    Draft,
    Durable,
    Opened,
    Part,
    PutAct,
    PutEntry,
    PutHistory,
    PutOpening,
    Raise,
    Sign,
    Submitted,
    Took,
    Transmit,
    Wake,
)
from detente.line.errors import LineMistake, Refused
from detente.line.machine import Effect, Event, Line
from detente.line.proof import identity
from detente.line.state import Settings, State
from detente.line.writing import drafted
from detente.node.home import Home, open_writing
from detente.node.limits import LimitsOf, limits_of
from detente.store.errors import HomeMistake
from detente.store.interface import Record

__all__ = ["Host", "clock_ms", "one_line", "proof_file", "speaking"]

say = words.speaker("node")

_ALARMS_COMPARED = 200


def clock_ms() -> int:
    """Return this machine's clock: milliseconds since 1970 UTC."""
    return time.time_ns() // 1_000_000


@dataclass(slots=True)
class Host:
    """Runs one line's machine over an open home. ``alarms`` and ``took`` collect what a person should be told.

    stored: is told of every batch once it is durable; nothing else keeps what a batch held.
    later: what is said becomes durable in the record at once, and the head file is told of several batches together:
    in ``settle``, before anything that they hold may leave.
    """

    home: Home
    line_id: str
    clock: Callable[[], int] = field(default_factory=lambda: clock_ms)
    settings: Settings | None = None
    alarms: list[Alarm] = field(default_factory=list)
    took: list[Took] = field(default_factory=list)
    sent: list[Transmit] = field(default_factory=list)
    wake_ms: int = 0
    stored: Callable[[tuple[Part, ...]], None] | None = None
    later: bool = False
    record: Record = field(init=False)
    machine: Line = field(init=False)
    _unsettled: dict[Origin, tuple[int, bytes]] = field(default_factory=dict, init=False)
    _batch: int | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        self.record = self.home.record(self.line_id)
        self.machine = Line(self.home.member, self.record, self.settings)

    @property
    def state(self) -> State:
        """What the machine knows; to be read, never changed."""
        return self.machine.state

    def open(self) -> None:
        """Start the run: give the machine the head file, and the own root acts that this line has not seen yet.

        A commit of an act that died half-way through the lines of a home is finished here, and so is one that a mirror
        gave back to this line and that did not reach the home.
        """
        home = self.home
        home.signer.begin_run(self.line_id)
        held = self.state.rings[home.member].envelopes
        self._keep_acts(held[len(home.acts()) :])
        self.give(
            Opened(
                home.head_file(),
                os.urandom(32),
                restored=home.restored,
                machine_changed=home.machine_changed,
                acts=tuple(home.acts()[len(held) :]),
                generations=home.signer.generations,
            )
        )

    def give_acts(self) -> None:
        """Give the machine every own root act that it has not seen."""
        for envelope in self.home.acts()[len(self.state.rings[self.home.member].acts) :]:
            self.give(ActGiven(envelope))

    def give(self, event: Event) -> None:
        """Give one event and carry out everything that follows from it.

        Raises LineMistake for what cannot be done (nothing changed), StoreFailure and SignerFailure when the
        disk or the head file fails: then nothing more may be asked of this host.
        """
        if isinstance(event, Submitted):
            self._check_releases(event.drafts)
        wait = self.later and _may_wait(event)
        if not wait:
            self.settle()
        self._run(event, wait=wait)
        if self.state.forks:  # as the record holds them; asked after each event, a question to it would cost more
            write_proofs(self.home.path, self.record)

    @property
    def unsettled(self) -> bool:
        """Whether the record holds batches of which the head file was not told yet."""
        return self._batch is not None

    def settle(self) -> None:
        """Tell the head file how far own logs are durable; from then on what they hold may leave.

        If we die before, the record is ahead of the head file by some batches: the next start adopts them. Raises
        StoreFailure, SignerFailure.
        """
        if self._batch is None:
            return
        own = tuple([(origin, size, root) for origin, (size, root) in self._unsettled.items()])
        self._unsettled.clear()
        self.home.settle(self.line_id, own)
        batch, self._batch = self._batch, None
        self._run(Durable(batch), wait=False)

    def _run(self, event: Event, *, wait: bool) -> None:
        pending: deque[Event] = deque([event])
        while pending:
            for effect in self.machine.handle(pending.popleft(), self.clock()):
                answer = self._carry_out(effect, wait=wait)
                if answer is not None:
                    pending.append(answer)

    def _check_releases(self, drafts: tuple[Draft, ...]) -> None:
        """Raise LineMistake for a draft that the signer would refuse for want of its officers.

        Its refusal of a statement halts the node, for it means that the node asked for what it must not: a form that
        was filled in without its officers must not do that.
        """
        if not self.home.signer.has_officers:
            return
        for draft in drafts:
            if self.record.submission(draft.submission) is not None:
                continue
            try:
                self.home.signer.check_release(drafted(self.state, draft), draft.release or b"")
            except Refused as fault:
                raise LineMistake(
                    expected=fault.expected, came=fault.came, where=draft.type, remedy=fault.remedy
                ) from None

    def _carry_out(self, effect: Effect, *, wait: bool = False) -> Event | None:
        match effect:
            case Sign():
                return self.home.signer.sign(effect)
            case Append():
                return self._append(effect, wait=wait)
            case Raise():
                if effect.alarm not in self.alarms:
                    self.alarms.append(effect.alarm)
            case Took():
                self.took.append(effect)
            case Transmit():
                self.sent.append(effect)
            case Wake():
                self.wake_ms = effect.at_ms
        return None

    def _append(self, append: Append, *, wait: bool) -> Durable | None:
        """Store a batch; the machine hears that it is durable once the head file knows it, too.

        Only what this node said itself waits for that: keys, openings and what mirrors give back are settled at once.
        """
        self.record.apply(append.parts)
        # if we die here, the database is ahead of the head file: the next start adopts it
        said = {(part.origin, part.seq + 1) for part in append.parts if isinstance(part, PutEntry)}
        wait = wait and not any(isinstance(part, PutAct | PutOpening) for part in append.parts)
        wait = wait and all((origin, size) in said for origin, size, _ in append.own)
        self._unsettled.update({origin: (size, root) for origin, size, root in append.own})
        wait = wait and bool(self._unsettled)
        self._batch = append.batch if wait else None
        if not wait:
            own = tuple([(origin, *head) for origin, head in self._unsettled.items()])
            self._unsettled.clear()
            self.home.settle(self.line_id, own)
        self._own_acts(append)
        if self.stored is not None:
            self.stored(append.parts)
        return None if wait else Durable(append.batch)

    def _own_acts(self, append: Append) -> None:
        """Give the home an own root act that mirrors gave back after a restore, and its generation the word."""
        own = [part for part in append.parts if isinstance(part, PutAct) and part.member == self.home.member]
        self._keep_acts([part.envelope for part in own])

    def _keep_acts(self, acts: Sequence[bytes]) -> None:
        for envelope in acts:
            self.home.add_act(envelope)
        if acts and self.home.ring().generation in self.home.signer.generations:
            self.home.use_generation(self.home.ring().generation)

    def keep_alarms(self) -> None:
        """Write new alarms into the history, so that ``status`` shows them until they are old."""
        known = {
            (one.member, one.detail) for one in self.record.history()[-_ALARMS_COMPARED:] if one.what == "alarm"
        }
        now_ms = self.clock()
        parts = []
        for alarm in self.alarms:
            detail = canonical.encode(
                {"detail": dict(alarm.detail), "name": alarm.name, "priority": alarm.priority.value}
            )
            if (alarm.member, detail) not in known:
                parts.append(PutHistory(now_ms, "alarm", alarm.member, detail))
        if parts:
            self.record.apply(tuple(parts))


def _may_wait(event: Event) -> bool:
    """Tell whether the head file may hear later of what an event brings: nothing of it leaves in this event.

    What officers released is recorded at once, with the counters of their authenticators.
    """
    if isinstance(event, Submitted):
        return all(draft.release is None for draft in event.drafts)
    return isinstance(event, Arrived)


def proof_file(home: Path, proof: bytes) -> Path:
    """Return where a fork proof lies as a file."""
    return home / "proofs" / f"fork-{identity(proof)[:16]}.json"


def write_proofs(home: Path, record: Record) -> None:
    """Write every fork proof of a record as a file of its own, once."""
    for proof in record.forks():
        target = proof_file(home, proof)
        if not target.exists():
            target.parent.mkdir(exist_ok=True)
            with writing(target) as part:
                part.write_bytes(proof)


def one_line(home: Home, name: str | None) -> str:
    """Return the id of the line that a person named by its id, its name or a beginning; the only one when None.

    Raises HomeMistake when there is none or more than one.
    """
    lines = home.lines()
    exact = [one for one in lines if one == name]
    found = exact or [one for one in lines if name is None or one.startswith(name) or _bare(one) == name]
    if len(found) == 1:
        return found[0]
    raise HomeMistake(
        expected=say("one line of this home: {lines}", lines=", ".join(lines) or say("none joined yet")),
        came=say("no --line") if name is None else name,
        where="--line",
        remedy=say("name the line") if lines else say("join a line first: detente line join"),
    )


def _bare(line: str) -> str:
    """Return a line's name without its digits and training mark."""
    return line.removeprefix("training-").rpartition("-")[0]


@contextmanager
def speaking(
    path: Path,
    passphrase: bytes,
    *,
    lines: Callable[[Home], list[str]] = Home.lines,
    limits: LimitsOf | None = None,
) -> Iterator[tuple[Home, dict[str, Host]]]:
    """Open a home for writing and run the machines of the lines that ``lines`` chooses.

    limits: what is set for each line; by default what the home's own settings file says, else the defaults.
    After a restore every line of the home starts once, so that each asks its mirrors before anything leaves.
    """
    chosen = limits_of(path) if limits is None else limits
    with open_writing(path, passphrase) as home:
        if home.restored:
            for line in home.lines():
                Host(home, line, settings=chosen(line)).open()
            home.challenged()
        hosts = {}
        try:
            for line in lines(home):
                hosts[line] = Host(home, line, settings=chosen(line))
                hosts[line].open()
            yield home, hosts
        finally:
            for host in hosts.values():
                host.keep_alarms()
