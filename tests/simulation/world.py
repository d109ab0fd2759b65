"""One simulated world: a heap of events in virtual time, a few nodes, bad links, tired operators, liars.

Everything is drawn from the seed: how many sides there are, which troubles this world has and how often. First
trouble; then healing, when links carry, processes run and keepers come; then everything owed must have arrived, or
a fork is proven. ``World(seed).run()`` raises ``Violation`` when an invariant breaks.
"""

from __future__ import annotations

import hashlib
import heapq
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Any

from detente.line.effects import CourierReady, Transmit
from detente.line.load import join_parts
from detente.line.opening import first_opening
from detente.line.state import Run, Settings
from tests.simulation import healing, liars, officers
from tests.simulation.checks import Checks
from tests.simulation.disks import Disk
from tests.simulation.kinds import bias
from tests.simulation.links import DAY_MS, MINUTE_MS, Links, Trouble
from tests.simulation.nodes import Node, bundle
from tests.simulation.parties import Party
from tests.simulation.remembering import remembering
from tests.simulation.seals import sealed
from tests.verifier.agree import compare, export, joined, sealed_verifier

MEMBERS = ("east", "north", "south", "west", "zenith")
OBSERVERS = ("moon", "star")


@dataclass(frozen=True)
class Swarm:
    """How often what happens in this world: chances per opportunity, or weights."""

    pace_ms: int  # mean time between two chances to meet
    contacts: int
    drafts: int
    crash: float
    crash_at_effect: float
    pause: float
    clock: float
    slow_disk: float
    slow_signer: float
    pieces: float
    restore: float
    without_head_file: float
    clone: float
    theft: float
    rotate: float
    epoch: float
    liars: int

    @classmethod
    def draw(cls, rng: Random, members: int) -> Swarm:
        def some(*most: float) -> float:
            return rng.choice((0.0, *most))

        restores = rng.random() < 0.5
        dishonest = rng.random() < 0.45
        return cls(
            pace_ms=int(MINUTE_MS * 10 ** rng.uniform(0, 4.2)),
            contacts=rng.randint(14, 54),
            drafts=rng.randint(4, 20),
            crash=some(0.0, 0.02, 0.06),
            crash_at_effect=some(0.0, 0.0, 0.01),
            pause=some(0.0, 0.0, 0.03),
            clock=some(0.0, 0.0, 0.04),
            slow_disk=some(0.1, 0.5),
            slow_signer=some(0.0, 0.1),
            pieces=some(0.2),
            restore=rng.choice((0.02, 0.05)) if restores else 0.0,
            without_head_file=rng.choice((0.0, 0.0, 0.3)) if restores else 0.0,
            clone=some(0.0, 0.0, 0.02) if restores else 0.0,
            theft=some(0.0, 0.0, 0.0, 0.03) if dishonest else 0.0,
            rotate=some(0.0, 0.0, 0.02),
            epoch=some(0.0, 0.0, 0.02),
            liars=rng.randint(1, max(1, members - 1)) if dishonest else 0,
        )


class World:
    """Everything that there is."""

    def __init__(self, seed: int, *, story: list[str] | None = None, kind: str = "") -> None:
        self.seed, self.story, self.kind = seed, story, kind
        self.rng = Random(seed)
        self.marks: Counter[str] = Counter()
        self.now_ms = 1_700_000_000_000
        self.begun_ms = self.now_ms
        self.heap: list[tuple[int, int, Callable[..., None], tuple[Any, ...]]] = []
        self.count = self.events = 0
        self.trace = hashlib.sha256()
        self.trouble = True
        self.real = seed % 50 == 0
        count = self.rng.choice((2, 2, 2, 2, 2, 3, 3, 3, 3, 3, 4, 4, 5))
        self.members = list(MEMBERS[:count])
        self.observers = list(OBSERVERS[: self.rng.choice((0, 0, 0, 0, 1, 1, 2)) if count < 5 else 0])
        drawn = Swarm.draw(self.rng, count), Trouble.draw(self.rng)
        self.swarm, trouble = bias(kind, *drawn, self.rng, count)
        self.links = Links(self, trouble)
        self.liars = sorted(self.rng.sample(self.members + self.observers, self.swarm.liars))
        self.tricks = {
            name: tuple(trick for trick in liars.TRICKS if self.rng.random() < (0.7 if kind == "liars" else 0.3))
            for name in self.liars
        }
        if self.swarm.restore and self.rng.random() < 0.5:  # who lies to a restored node, lies about what it had
            self.tricks = {name: (*tricks, "understate") for name, tricks in self.tricks.items()}
        pace = self.swarm.pace_ms
        self.signer_delay_ms = max(5_000, 2 * pace) if kind == "slow" else 5_000
        self.settings = Settings(
            test_every_ms=int(pace * self.rng.uniform(12, 60)),
            silent_after_ms=int(pace * self.rng.uniform(20, 80)),
            unacknowledged_after_ms=int(pace * self.rng.uniform(10, 60)),
            answer_window_ms=int(pace * self.rng.uniform(2, 30)),
            batch_max=self.rng.choice((1, 3, 1000)),
        )
        self.checks = Checks(self)
        self.nodes: list[Node] = []
        self.refilling: set[str] = set()
        self.parties: dict[str, Party] = {}
        self.line_id = ""
        self.plans: list[officers.Plan] = []

    # ---- running ----------------------------------------------------------------------------------------------

    def run(self) -> None:
        """Trouble, healing, and the account of what is owed."""
        with sealed(real=self.real), remembering():
            self._found()
            officers.plan(self)
            self.run_until(self.begun_ms + self.swarm.contacts * self.swarm.pace_ms)
            healing.heal(self)
        self._judge()

    def _judge(self) -> None:
        """The record of one node, whoever it is, is judged alike by this program and by the independent verifier."""
        node = self.rng.choice(self.nodes)
        members = sorted(self.parties)
        cards = [self.parties[name].ring.envelopes[0] for name in members]
        with sealed(real=self.real), sealed_verifier(real=self.real):
            compare(joined(export(node.disk.database, members)), cards, must_hold=True)

    def _found(self) -> None:
        for name in self.members + self.observers:
            self.parties[name] = Party(name, real=self.real)
        opening = first_opening(
            "baltic",
            [self.parties[name].ring for name in self.members],
            [self.parties[name].ring for name in self.observers],
            training=self.rng.random() < 0.2,
        )
        self.line_id, self.opening = opening.line, opening
        parts = join_parts(opening, [party.ring for party in self.parties.values()])
        for name in self.members + self.observers:
            disk = Disk(acts=list(self.parties[name].ring.envelopes))
            disk.database.apply(parts)
            node = Node(self, self.parties[name], disk, honest=name not in self.liars)
            self.nodes.append(node)
            if self.rng.random() < 0.3:
                node.set_clock(
                    offset_ms=self.rng.choice((-400, 3600, 31_536_000)) * 1000,
                    rate=self.rng.choice((0.99, 1.0, 1.02)),
                )
                self.marks["clock wrong from the start"] += 1
            node.start()

    def run_until(self, until_ms: int) -> None:
        while self.heap and self.heap[0][0] <= until_ms:
            at_ms, _, work, arguments = heapq.heappop(self.heap)
            self.now_ms = max(self.now_ms, at_ms)
            self.events += 1
            work(*arguments)
        self.now_ms = max(self.now_ms, until_ms)

    def after(self, delay_ms: int, work: Callable[..., None], *arguments: Any) -> None:
        self.count += 1
        heapq.heappush(self.heap, (self.now_ms + delay_ms, self.count, work, arguments))

    def forget(self) -> None:
        """Let go of everything, so that nothing of this world waits for the sweeper; it cannot be used any more."""
        for node in self.nodes:
            vars(node).clear()
        vars(self.checks).clear()
        vars(self).clear()

    # ---- what happens -----------------------------------------------------------------------------------------

    def contact(self, source: Node, to: str, go_on: bool = False) -> None:
        """A courier stands ready at ``source`` for the party ``to``, perhaps for the rest of the last bundle."""
        if source.up and not source.retired:
            source.give(CourierReady(to, self.links.room(), go_on))

    def transmit(self, source: Node, transmit: Transmit) -> None:
        """A machine hands out a bundle; it goes to whoever answers under that name."""
        records = list(transmit.records)
        if not source.honest and self.rng.random() < 0.8:
            records = liars.distort(self, source, transmit.to, records)
        octets = bundle(Transmit(transmit.to, tuple(records), transmit.more))
        targets = [node for node in self.nodes if node.member == transmit.to and not node.retired]
        self.trace.update(b"%d %s %s " % (self.now_ms, source.label.encode(), transmit.to.encode()))
        self.trace.update(hashlib.sha256(octets).digest())
        if transmit.more and self.rng.random() < 0.7:  # the courier comes again for the rest
            self.marks["bundle goes on"] += 1
            self.after(1, self.contact, source, transmit.to, True)
        if not targets:
            return
        if not targets[0].honest:
            for target in targets:
                self.links.carry(source.label, target, octets)
        else:
            honest = [target for target in targets if target.honest] if not self.trouble else targets
            self.links.carry(source.label, self.rng.choice(honest), octets)

    def deliver(self, target: Node, octets: bytes, source: str) -> None:
        if target.retired:
            return
        if target.line is None:
            self.marks["arrived at a dead process"] += 1
            return
        self.tell(target, f"takes a bundle of {len(octets)} bytes from {source}")
        target.take(octets, source)

    def restart(self, node: Node) -> None:
        if node.line is None and not node.retired:
            self.checks.started(node)
            node.start()

    def pieces(self, octets: bytes) -> list[bytes]:
        if self.rng.random() >= self.swarm.pieces or not octets:
            return [octets]
        self.marks["arrived in pieces"] += 1
        cuts = sorted(self.rng.randrange(len(octets)) for _ in range(self.rng.randint(1, 4)))
        return [octets[a:b] for a, b in zip([0, *cuts], [*cuts, len(octets)], strict=True)]

    def draw_delay_ms(self) -> int:
        return int(self.rng.expovariate(1 / (3 * self.swarm.pace_ms))) + 1

    # ---- looking at it ----------------------------------------------------------------------------------------

    def tell(self, node: Node | None, *words: str) -> None:
        """Add to the trace, and to the story when somebody wants to read it."""
        text = " ".join(words)
        self.trace.update(b"%d %s" % (self.now_ms, text.encode()))
        if self.story is not None:
            seconds = (self.now_ms - self.begun_ms) // 1000
            days, rest = divmod(seconds, 86_400)
            clock = f"day {days:4d} {rest // 3600:02d}:{rest // 60 % 60:02d}:{rest % 60:02d}"
            self.story.append(f"{clock}  {node.label if node else '-':>12}  {text}")

    def honest_nodes(self) -> list[Node]:
        return [node for node in self.nodes if node.honest and not node.retired]

    def node_of(self, member: str) -> Node:
        return next(node for node in self.nodes if node.member == member and not node.retired)

    def own_key_ids(self, member: str) -> set[bytes]:
        return self.parties[member].key_ids()

    def some_digests(self) -> set[str]:
        """Commitments that a liar may ask for."""
        node = self.rng.choice(self.nodes)
        held = sorted(node.disk.database._bodies)
        return set(self.rng.sample(held, min(len(held), 5))) | {self.rng.randbytes(32).hex()}

    def years(self) -> float:
        return (self.now_ms - self.begun_ms) / (365 * DAY_MS)

    def halted(self) -> list[Node]:
        return [
            node for node in self.honest_nodes() if node.line is not None and node.line.state.run is Run.HALTED
        ]
