"""The machine's memory of one line.

Parties, logs, what runs, what is owed. Rebuilt from the View at each start.
"""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from detente.line import canonical, merkle
from detente.line.checkpoint import Checkpoint, Cosignature, Origin
from detente.line.effects import Alarm, HeadFile, Part, Priority, PutState, Raise, Role, Sign, View
from detente.line.opening import Opening, Seat
from detente.line.rootact import Keyring, KeySet
from detente.line.session import Answer, Have

__all__ = ["Log", "Party", "Run", "Settings", "Signing", "State"]

Signing = Generator[Sign, bytes, None]
"""A transaction: asks for signatures, and ends with its parts in ``State.parts``."""


class Run(StrEnum):
    """What this node may do: everything; refill itself and sign no entry; nothing until a keeper confirms."""

    RUNNING = "running"
    REFILLING = "refilling"
    HALTED = "halted"


class Direction(StrEnum):
    """The state of the line towards one party."""

    OPEN = "open"
    DEGRADED = "degraded"
    SILENT = "silent"
    SUSPENDED = "suspended"
    RESUMED = "resumed"


@dataclass(frozen=True, slots=True)
class Settings:
    """Periods and caps of one line; every figure is this node's own and is kept by its own clock."""

    test_every_ms: int = 3_600_000
    silent_after_ms: int = 3 * 3_600_000
    unacknowledged_after_ms: int = 24 * 3_600_000
    answer_window_ms: int = 3_600_000  # after a restore: how long other mirrors may still answer a challenge
    body_missing_after_ms: int = 6 * 3_600_000  # then a statement names the bodies that did not come
    quota_bytes: int = 2_000_000_000  # of one party's statements and bodies
    acts_quota_bytes: int = 50_000_000  # of one party's root acts
    batch_max: int = 1000


@dataclass(slots=True)
class Log:
    """One log as this node holds it, own or mirrored. ``pending`` nodes are signed for but not yet durable."""

    origin: Origin
    frontier: merkle.Frontier
    last: str  # hash that the next statement must name
    durable: int = 0
    pending: dict[tuple[int, int], bytes] = field(default_factory=dict)
    opening: str = ""  # hash of the opening that its first statement names; "" while it is empty
    clock_ms: int = 0  # its author's clock in the newest statement
    head: Checkpoint | None = None  # newest checkpoint that fits what is held
    claims: list[Checkpoint] = field(default_factory=list)  # signed heads that do not fit, or not yet
    wanted: dict[int, set[str]] = field(default_factory=dict)  # index -> bodies that are still missing
    cosigned: dict[Role, int] = field(default_factory=dict)
    delivered: dict[tuple[str, Role], int] = field(default_factory=dict)  # by whom, in which role -> size
    receipts: dict[tuple[str, Role], tuple[Checkpoint, Cosignature]] = field(
        default_factory=dict
    )  # the newest of this run over an own log, which may be on its way to the disk

    @property
    def size(self) -> int:
        """How many statements are held, durable or about to be."""
        return self.frontier.size

    @property
    def bodies(self) -> int:
        """Below this index every shown body is held."""
        return next(iter(self.wanted), self.size)  # indexes are only ever added in ascending order

    def grow(self, leaf: bytes) -> tuple[bytes, tuple[tuple[int, int, bytes], ...]]:
        """Add a leaf; returns its hash and the tree nodes that it completed."""
        digest = merkle.leaf_hash(leaf)
        nodes = tuple(self.frontier.append(digest))
        for level, index, value in nodes:
            self.pending[level, index] = value
        self.last = digest.hex()
        return digest, nodes


@dataclass(slots=True)
class Party:
    """What is known of another party on this line."""

    name: str
    have: Have | None = None
    heard_ms: int | None = None  # own clock, last valid have-vector or test reply
    tested_ms: int | None = None
    test_nonce: str | None = None
    test_to_answer: str | None = None
    test_at_ms: int = 0
    missed: int = 0
    challenge: str | None = None  # its nonce that waits for our answer
    direction: Direction = Direction.OPEN
    overdue: bool = False  # something of ours waits too long for its receipt: the alarm was given
    given: dict[Origin, int] = field(default_factory=dict)  # where the last bundle for it ended
    answer: Answer | None = None  # to our pending challenge

    def memory(self) -> dict[str, object]:
        """Return what of this party must be known after a restart; ``remember`` takes it in."""
        return {
            "direction": self.direction.value,
            "heard_ms": self.heard_ms,
            "missed": self.missed,
            "test_at_ms": self.test_at_ms,
            "test_nonce": self.test_nonce,
            "test_to_answer": self.test_to_answer,
            "tested_ms": self.tested_ms,
        }

    def remember(self, memory: Mapping[str, Any]) -> None:
        """Take in what ``memory`` gave in an earlier run."""
        self.direction = Direction(memory["direction"])
        self.heard_ms, self.tested_ms = memory["heard_ms"], memory["tested_ms"]
        self.missed, self.test_at_ms = memory["missed"], memory["test_at_ms"]
        self.test_nonce, self.test_to_answer = memory["test_nonce"], memory["test_to_answer"]


@dataclass(slots=True)
class State:
    """Everything that the machine knows. ``parts``, ``alarms`` collect what the running transaction produces."""

    me: str
    view: View
    settings: Settings
    opening: Opening
    openings: dict[str, Opening]
    rings: dict[str, Keyring]
    logs: dict[Origin, Log]
    parties: dict[str, Party]
    head_file: HeadFile | None = None
    run: Run = Run.HALTED
    reason: str = "not opened"
    targets: dict[Origin, tuple[int, bytes]] = field(default_factory=dict)  # what a refill must reach
    seen_own: dict[Origin, int] = field(default_factory=dict)  # own signatures that others showed beyond own logs
    withheld: dict[Origin, int] = field(
        default_factory=dict
    )  # after a restore: own size above which nothing leaves yet
    challenging: bool = False
    challenge_nonce: str = ""
    challenged_since_ms: int = 0
    recorded: tuple[str, str] = (
        "",
        "",
    )  # run and reason as they are stored: a start that changes nothing writes nothing
    named: dict[str, tuple[int, int]] = field(default_factory=dict)  # member -> (generation, size) last named
    submissions: set[str] = field(default_factory=set)  # taken in but not durable yet
    outbox: deque[object] = field(default_factory=deque)
    parts: list[Part] = field(default_factory=list)
    own: list[tuple[Origin, int, bytes]] = field(default_factory=list)
    alarms: list[Raise] = field(default_factory=list)
    forks: dict[str, bytes] = field(default_factory=dict)
    forked: set[Origin] = field(default_factory=set)
    convicted: set[str] = field(default_factory=set)  # mirrors of whose understated answer a proof is held
    proven: set[Origin] = field(default_factory=set)  # logs of whose fork a proof is held: one is enough
    offered: dict[str, Opening] = field(
        default_factory=dict
    )  # openings of this bundle to which nobody consented yet
    offered_acts: list[bytes] = field(default_factory=list)  # root acts of parties that only such openings name
    wanting: dict[str, dict[tuple[Origin, int], int]] = field(
        default_factory=dict
    )  # missing shown body -> the entries that commit to it, and the size they state (-1: look it up)
    answers: dict[str, bytes] = field(default_factory=dict)  # the newest of this run, perhaps not durable yet
    answers_upto_ms: dict[str, int] = field(default_factory=dict)  # newest clock among a mirror's answers kept
    words: dict[str, bytes] = field(default_factory=dict)  # neutral parties' words on revocations, by hash
    unwitnessed: set[tuple[str, str]] = field(
        default_factory=set
    )  # (member, act) on which this node owes its word
    named_missing: dict[Origin, int] = field(default_factory=dict)  # below this index missing bodies were named
    refilled: bool = False  # just became whole again: say which bodies nobody gave back
    used: dict[str, int] = field(default_factory=dict)  # bytes stored of each party
    leaves: dict[tuple[Origin, int], bytes] = field(default_factory=dict)  # appended but not durable yet
    adopting: bool = False  # this transaction tells the signer of own statements that it did not sign in this run
    entropy: bytes = b""
    drawn: int = 0
    own_direction: Direction = Direction.OPEN  # what this member's own statements say of its sending
    daily_ms: int = 0
    since_ms: int = 0  # when this node first opened the line, own clock
    elsewhere: bool = False  # on another machine than its head file names, and no keeper said yet that it may
    own_generations: set[int] | None = None  # whose private keys are here; None: all
    signing_generation: int = 0  # the newest own generation that is durable: the signer has its keys

    def draw(self, size: int = 32) -> bytes:
        """Return bytes that nobody outside can guess and a replay repeats.

        SHA-256 of the run's entropy and a count.
        """
        self.drawn += 1
        return hashlib.sha256(self.entropy + self.drawn.to_bytes(8, "big")).digest()[:size]

    @property
    def seat(self) -> Seat:
        """This node's own seat on the line."""
        seat = self.opening.seat(self.me)
        assert seat is not None  # a line is only ever joined with a seat on it
        return seat

    @property
    def mirrors(self) -> list[Party]:
        """Return the parties that hold this line with us now.

        Those of an older opening alone are not among them.
        """
        return [party for name, party in self.parties.items() if self.opening.seat(name) is not None]

    @property
    def writes(self) -> bool:
        """Whether this node is a member, and not an observer."""
        return self.seat.role == "member"

    @property
    def own_origin(self) -> Origin:
        """The log that this node writes now."""
        return Origin(self.opening.line, self.opening.epoch, self.me, self.rings[self.me].generation)

    def own_keys(self) -> KeySet | None:
        """Return the keys of the current generation, None after a bare revocation and while ``keys_missing``."""
        return None if self.keys_missing else self.rings[self.me].generations[-1]

    @property
    def keys_missing(self) -> bool:
        """Whether the private halves of the current generation's keys are not here: only new ones help then."""
        ring = self.rings[self.me]
        here = self.own_generations is None or ring.generation in self.own_generations
        return ring.generations[-1] is not None and not here

    def role_of(self, member: str) -> str:
        """Return "member", "observer" or "" on the current opening."""
        seat = self.opening.seat(member)
        return seat.role if seat else ""

    def raise_alarm(self, name: str, priority: Priority, member: str = "", **detail: object) -> None:
        """Collect an alarm; the same name about the same member is raised once per transaction."""
        found = Alarm(name, priority, member, tuple((key, str(value)) for key, value in sorted(detail.items())))
        if all(raised.alarm != found for raised in self.alarms):
            self.alarms.append(Raise(found))

    def node(self, origin: Origin, level: int, index: int) -> bytes:
        """Return a tree node, pending or durable."""
        pending = self.logs[origin].pending.get((level, index))
        return pending if pending is not None else self.view.node(origin, level, index)

    def pending_leaf(self, origin: Origin, seq: int) -> bytes | None:
        """Return a leaf that is on its way to the disk, or None."""
        return self.leaves.get((origin, seq))

    def root_at(self, origin: Origin, size: int) -> bytes:
        """Return the root of the first ``size`` statements held."""
        log = self.logs[origin]
        if size == log.size:
            return log.frontier.root()
        return merkle.Frontier.load(size, lambda level, index: self.node(origin, level, index)).root()

    def put_state(self) -> None:
        """Add the machine's small state to the running transaction."""
        document = {
            "format": 1,
            "reason": self.reason,
            "run": self.run.value,
            "named": {member: list(place) for member, place in sorted(self.named.items())},
            "daily_ms": self.daily_ms,
            "challenge": [self.challenge_nonce, self.challenged_since_ms] if self.challenging else [],
            "parties": {party.name: party.memory() for party in self.parties.values()},
            "since_ms": self.since_ms,
            "seen_own": _places(self.seen_own),
            "withheld": _places(self.withheld),
            "named_missing": _places(self.named_missing),
            "own_direction": self.own_direction.value,
        }
        self.parts = [part for part in self.parts if not isinstance(part, PutState)]
        self.parts.append(PutState(canonical.encode(document)))


def _places(figures: Mapping[Origin, int | None]) -> list[list[Any]]:
    """Return one figure of each log as canonical JSON can hold it."""
    return [
        [one.epoch, one.member, one.generation, figure]
        for one, figure in sorted(figures.items())
        if figure is not None
    ]
