"""A node of the simulation: one machine, its disk, its signer, its clock, a process that may die at any effect."""

from __future__ import annotations

import hashlib
from collections import deque
from typing import TYPE_CHECKING, Any

from detente.line.bundle import Parser, write
from detente.line.effects import (
    ActGiven,
    Append,
    Arrived,
    Consented,
    Durable,
    Opened,
    PutAct,
    Raise,
    Sign,
    Signed,
    Ticked,
    Took,
    Transmit,
    Wake,
)
from detente.line.errors import LineMistake, Malformed, Refused
from detente.line.machine import Line
from detente.line.state import Run
from tests.simulation.checks import Before
from tests.simulation.disks import Disk, Session
from tests.simulation.parties import Party

if TYPE_CHECKING:
    from tests.simulation.world import World


class Node:
    """One running home. Honest ones are watched by the checks at every effect."""

    def __init__(self, world: World, party: Party, disk: Disk, *, label: str = "", honest: bool = True) -> None:
        self.world, self.party, self.disk = world, party, disk
        self.member = party.name
        self.label = label or party.name
        self.honest = honest
        self.line: Line | None = None
        self.signer = self._session()
        self.life = 0  # counts starts; what was under way for an earlier life is dropped
        self.paused = False
        self.inbox: list[tuple[bytes, str]] = []
        self.pending: deque[Append] = deque()
        self.clock_offset_ms, self.clock_rate = 0, 1.0
        self.clock_from_ms = world.now_ms
        self.tick_at_ms = -1
        self.restored = self.moved = False
        self.backups: list[Disk] = []
        self.retired = False  # replaced for ever: a home given up

    def _session(self) -> Session:
        """A new session of the signer; its generation is the newest whose act this home has stored."""
        return Session(self.party, self.disk, generation=self.disk_generation(), lax=not self.honest)

    # ---- clock ------------------------------------------------------------------------------------------------

    def now_ms(self) -> int:
        run_ms = int((self.world.now_ms - self.clock_from_ms) * self.clock_rate)
        return max(0, self.clock_from_ms + run_ms + self.clock_offset_ms)

    def set_clock(self, *, offset_ms: int, rate: float) -> None:
        self.clock_from_ms = self.world.now_ms
        self.clock_offset_ms, self.clock_rate = offset_ms, rate
        self.tick_at_ms = -1
        if self.line is not None:
            self.tick()

    # ---- process ----------------------------------------------------------------------------------------------

    @property
    def up(self) -> bool:
        return self.line is not None and not self.paused

    @property
    def running(self) -> bool:
        return self.line is not None and self.line.state.run is Run.RUNNING

    def start(self) -> None:
        assert self.line is None
        self.life += 1
        self.tick_at_ms = -1
        self.pending.clear()
        self._note_acts()
        held = self.disk.database.acts(self.member)
        self._keep_acts(held[len(self.disk.acts) :])
        self.signer = self._session()
        stored = self.disk.database.state()
        self.line = Line(self.member, self.disk.database, self.world.settings)
        self.world.tell(self, "starts")
        self.world.checks.opening(self)
        entropy = hashlib.sha256(b"%d %s %d" % (self.world.seed, self.label.encode(), self.life)).digest()
        head_file = self.disk.head.head_file() if self.disk.head else None
        acts = tuple(self.disk.acts[len(held) :])
        self.give(Opened(head_file, entropy, restored=self.restored, machine_changed=self.moved, acts=acts))
        self.restored = False
        self.world.checks.opened(self, stored)

    def crash(self) -> None:
        """The power goes: batches under way are whole or lost, in order; the last may miss its head file."""
        if self.line is None:
            return
        rng = self.world.rng
        self.world.tell(self, "crashes")
        kept = rng.randint(0, len(self.pending)) if self.pending else 0
        for number in range(kept):
            append = self.pending[number]
            self.world.checks.committing(self, append)
            self.disk.database.apply(append.parts)
            if number < kept - 1 or rng.random() < 0.5:
                self.signer.settle(append.own)
                self._own_acts(append)
            else:
                self.world.marks["crash between database and head file"] += bool(append.own)
            self.world.checks.committed(self, append)
        self.world.marks["crash lost a batch"] += kept < len(self.pending)
        self.world.marks["crash kept an unanswered batch"] += kept > 0
        self.pending.clear()
        self.line, self.paused = None, False
        self.inbox.clear()

    # ---- events -----------------------------------------------------------------------------------------------

    def give(self, event: Any) -> bool:
        """Hand an event to the machine and carry out what it asks; False when it refuses it."""
        events = deque([event])
        taken = True
        while events:
            line = self.line
            if line is None:
                return taken
            one = events.popleft()
            before = Before.of(line.state)
            try:
                effects = line.handle(one, self.now_ms())
            except (LineMistake, Refused) as mistake:
                if isinstance(mistake, Refused) and type(one) not in {ActGiven, Consented}:
                    raise  # what strangers send is refused inside; only what a person brings is refused to his face
                self.world.tell(self, "refuses", mistake.came)
                taken = False
                continue
            self.world.checks.handled(self, before, effects)
            for effect in effects:
                if self._dies_at(effect):
                    return taken
                answer = self._carry_out(effect)
                if answer is not None:
                    events.append(answer)
        return taken

    def _dies_at(self, effect: Any) -> bool:
        """The process may die before an effect is carried out, or with a batch half way to the disk."""
        world = self.world
        chance = world.swarm.crash_at_effect * (4 if type(effect) is Append else 1)
        if not (world.trouble and self.honest) or world.rng.random() >= chance:
            return False
        world.marks["crash at an effect"] += 1
        if type(effect) is Append:
            self.pending.append(effect)
        self.crash()
        world.after(world.draw_delay_ms(), world.restart, self)
        return True

    def _carry_out(self, effect: Any) -> Any:
        world = self.world
        kind = type(effect)
        if kind is Sign:
            world.checks.signing(self, effect)
            signed = self.signer.sign(effect)
            if signed.signature is None:
                world.marks["signer refused"] += 1
                world.tell(self, "signer refuses", signed.refusal)
            if world.trouble and world.rng.random() < world.swarm.slow_signer:
                world.marks["slow signer"] += 1
                world.after(world.rng.randint(1, world.signer_delay_ms), self._late, self.life, signed)
                if world.rng.random() < 0.3:
                    world.marks["signer answers twice"] += 1
                    world.after(world.rng.randint(1, 2 * world.signer_delay_ms), self._late, self.life, signed)
                return None
            return signed
        if kind is Append:
            self.pending.append(effect)
            if world.trouble and world.rng.random() < world.swarm.slow_disk:
                world.marks["slow disk"] += 1
                world.after(world.rng.randint(1, world.swarm.pace_ms), self.flush, self.life)
                return None
            return self._flush_one() if len(self.pending) == 1 else None
        if kind is Transmit:
            if self.honest:
                world.checks.leaving(self, effect)
            world.transmit(self, effect)
        elif kind is Wake:
            self._wake(effect.at_ms)
        elif kind is Raise:
            world.checks.raised(self, effect.alarm)
        elif kind is Took:
            for reason, words in effect.refused:
                world.marks[f"refused: {reason}"] += 1
                if world.story is not None:
                    world.tell(self, "refuses a record", words)
        return None

    def _late(self, life: int, event: Signed | Durable) -> None:
        if life == self.life and self.line is not None:
            self.give(event)

    def flush(self, life: int) -> None:
        """The disk catches up."""
        while life == self.life and self.line is not None and self.pending:
            self.give(self._flush_one())

    def _flush_one(self) -> Durable:
        append = self.pending.popleft()
        self.world.checks.committing(self, append)
        self.disk.database.apply(append.parts)
        self.signer.settle(append.own)
        if self._own_acts(append):
            self.signer.use_generation(self.disk_generation())
        self.world.checks.committed(self, append)
        return Durable(append.batch)

    # ---- own root acts ----------------------------------------------------------------------------------------

    def bring(self, octets: bytes) -> None:
        """Keepers commit an own root act: into the home, then its head file, then the line; it may die in between."""
        if self.line is None:
            return
        if octets not in self.disk.acts:
            self.disk.acts.append(octets)
            if self._dies_between("crash between own root act and head file"):
                return
            self._note_acts()
            if self._dies_between("crash between head file and the line's root act"):
                return
        self.signer.use_generation(self.disk_generation())
        self.give(ActGiven(octets))

    def _dies_between(self, mark: str) -> bool:
        world = self.world
        chance = 4 * world.swarm.crash_at_effect
        if not (world.trouble and self.honest and chance) or world.rng.random() >= chance:
            return False
        world.marks[mark] += 1
        self.crash()
        world.after(world.draw_delay_ms(), world.restart, self)
        return True

    def _own_acts(self, append: Append) -> bool:
        """The home keeps own root acts that a mirror gave back; True when the batch has any of its own."""
        own = [part.envelope for part in append.parts if type(part) is PutAct and part.member == self.member]
        self._keep_acts(own)
        return bool(own)

    def _keep_acts(self, acts: list[bytes]) -> None:
        self.disk.acts += [octets for octets in acts if octets not in self.disk.acts]
        self._note_acts()

    def _note_acts(self) -> None:
        self.disk.note_acts(self.party.ring.hashes)
        self.world.checks.counted(self)

    def _wake(self, at_ms: int) -> None:
        delay_ms = max(0, int((at_ms - self.now_ms()) / self.clock_rate)) + 1
        when_ms = self.world.now_ms + delay_ms
        if self.tick_at_ms <= self.world.now_ms or when_ms < self.tick_at_ms:
            self.tick_at_ms = when_ms
            self.world.after(delay_ms, self._tick, self.life, when_ms)

    def _tick(self, life: int, when_ms: int) -> None:
        if life == self.life and when_ms == self.tick_at_ms:
            self.tick_at_ms = -1
            if self.up:
                self.tick()

    def tick(self) -> None:
        self.world.checks.before_tick(self)
        if self.give(Ticked()):
            self.world.checks.after_tick(self)

    # ---- bundles ----------------------------------------------------------------------------------------------

    def take(self, octets: bytes, source: str) -> None:
        """Bytes arrive: in one piece or in several, whole records as the parser gives them."""
        if self.line is None:
            return
        if self.paused:
            self.inbox.append((octets, source))
            return
        self.world.checks.arriving(self, octets)
        parser = Parser()
        pieces = self.world.pieces(octets)
        self.world.checks.pieces(self, octets, pieces)
        for number, piece in enumerate(pieces):
            last = number == len(pieces) - 1
            try:
                records = parser.feed(piece)
            except Malformed:
                self.world.marks["refused: bundle"] += 1
                self.world.tell(self, "refuses the rest of a bundle")
                return
            self.world.checks.showing(self, tuple(records))
            if records or last:
                self.give(Arrived(tuple(records), last))
            if not self.up:  # it died of what it took
                return

    def resume(self) -> None:
        self.paused = False
        inbox, self.inbox = self.inbox, []
        for octets, source in inbox:
            self.take(octets, source)
        if self.line is not None:
            self.tick()

    # ---- looking at it ----------------------------------------------------------------------------------------

    def disk_generation(self) -> int:
        """The generation in which this home works, by the acts that it has stored."""
        return sum(self.party.starts_generation(octets) for octets in self.disk.acts) - 1

    def behind_its_keepers(self) -> bool:
        """Whether its keepers committed acts that this home does not know."""
        return len(self.disk.database.acts(self.member)) < len(self.party.ring.envelopes)


def bundle(transmit: Transmit) -> bytes:
    return b"".join(write(transmit.records))
