"""Three parties, any order of events: what must hold after each, and when everybody exchanged.

Goal: a failing run shrinks to a story of about ten lines. Method: Hypothesis draws who says, carries, loses, repeats,
restarts, restores or begins a new generation; invariants of the record are checked after every step, and at the
end everything owed has arrived.
"""

from __future__ import annotations

import copy
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from detente.line.bundle import Kind
from detente.line.checkpoint import Origin
from detente.line.effects import Role
from detente.line.envelope import Envelope, PayloadType
from detente.line.state import Run
from detente.line.statement import Statement
from tests.line.cast import begin_generation, carry, line_of, new_generation, next_run, say, thinned
from tests.line.memory import Host, MemoryStore

NAMES = ("east", "north", "west")
names = st.sampled_from(NAMES)


class Line(RuleBasedStateMachine):
    """A line of three honest members under a lossy carrier, crashes, restores and rotations."""

    def __init__(self) -> None:
        super().__init__()
        self.hosts: dict[str, Host] = {}
        self.backups: dict[str, MemoryStore] = {}
        self.carried: list[tuple[str, bytes]] = []
        self.said: dict[str, set[str]] = {name: set() for name in NAMES}
        self.leaves: dict[tuple[Origin, int], bytes] = {}
        self.restored: set[str] = set()
        self.count = 0

    @initialize()
    def begin(self) -> None:
        self.hosts = line_of(*NAMES)
        self.backups = {name: copy.deepcopy(host.store) for name, host in self.hosts.items()}

    @rule(name=names, again=st.booleans())
    def says(self, name: str, again: bool) -> None:
        host = self.hosts[name]
        if host.line.state.run is not Run.RUNNING:
            return
        self.count += not again
        text = f"{name}/{self.count}"
        say(host, text)
        say(host, text)  # a double click
        self.said[name].add(text)

    @rule(
        sender=names,
        receiver=names,
        size=st.sampled_from([600, 3000, 10**7]),
        drop=st.sampled_from([None, *Kind]),
    )
    def carries(self, sender: str, receiver: str, size: int, drop: Kind | None) -> None:
        if sender != receiver and drop not in {Kind.END, Kind.HAVE}:
            octets = self.hosts[sender].bundle_for(receiver, size)
            self.carried = [*self.carried[-9:], (receiver, octets)]
            self.hosts[receiver].take(thinned(octets, [drop] if drop else []))

    @rule(which=st.integers(0, 9))
    def brings_an_old_bundle_again(self, which: int) -> None:
        if which < len(self.carried):
            receiver, octets = self.carried[which]
            self.hosts[receiver].take(octets)

    @rule(name=names)
    def restarts(self, name: str) -> None:
        self.hosts[name] = next_run(self.hosts[name])

    @rule(name=names)
    def backs_up(self, name: str) -> None:
        self.backups[name] = copy.deepcopy(self.hosts[name].store)

    @rule(name=names)
    def restores(self, name: str) -> None:
        others = [self.hosts[other] for other in NAMES if other != name]
        host = self.hosts[name]
        if not self.restored and all(_mirrored(host, other) for other in others):
            self.restored.add(name)  # one at a time, and only what others hold: else keepers must decide
            self.hosts[name] = next_run(host, copy.deepcopy(self.backups[name]), restored=True)

    @rule(name=names, hours=st.integers(1, 30))
    def waits(self, name: str, hours: int) -> None:
        self.hosts[name].now_ms += hours * 3_600_000

    @rule(name=names)
    def rotates(self, name: str) -> None:
        host = self.hosts[name]
        if host.line.state.run is Run.RUNNING and not self.restored and len(host.line.state.rings[name].acts) < 3:
            begin_generation(host, new_generation(host))
            self.backups[name] = copy.deepcopy(host.store)

    @invariant()
    def no_two_leaves_at_one_place(self) -> None:
        for host in self.hosts.values():
            for origin, log in host.store._entries.items():
                for seq, leaf in enumerate(log):
                    assert self.leaves.setdefault((origin, seq), leaf) == leaf

    @invariant()
    def nobody_is_accused(self) -> None:
        for host in self.hosts.values():
            assert not host.line.state.forks
            assert host.line.state.run is not Run.HALTED, host.line.state.reason

    @invariant()
    def a_receipt_says_what_is_held(self) -> None:
        for host in self.hosts.values():
            for origin, log in host.line.state.logs.items():
                for (reader, role), size in log.delivered.items():
                    if reader in self.restored or reader not in self.hosts:
                        continue
                    store = self.hosts[reader].store
                    assert store.size(origin) >= size
                    if role is Role.COSIGN_HELD:
                        assert all(seq >= size for seq in store.missing(origin))

    def teardown(self) -> None:
        for _ in range(6):
            for sender in self.hosts.values():
                for receiver in self.hosts.values():
                    if sender is not receiver:
                        carry(sender, receiver)
        for name, host in self.hosts.items():
            assert host.line.state.run is Run.RUNNING
            for other in self.hosts.values():
                assert _mirrored(host, other)
            for reader in NAMES:
                if reader != name:
                    log = host.line.state.logs[host.line.state.own_origin]
                    assert log.delivered.get((reader, Role.COSIGN_HELD), 0) == log.size
            bodies = {content for _, content in host.store._bodies.values()}
            for texts in self.said.values():
                assert {text.encode() for text in texts} <= bodies
            own = [leaf for origin, log in host.store._entries.items() if origin.member == name for leaf in log]
            notices = [statement.submission for statement in map(_statement, own) if statement.type == "notice"]
            assert len(notices) == len(set(notices)) == len(self.said[name])


def _statement(leaf: bytes) -> Statement:
    return Statement.decode(Envelope.decode(leaf, PayloadType.STATEMENT).payload)[0]


def _mirrored(host: Host, other: Host) -> bool:
    """Tell whether the other holds every statement of the host's own logs, and its root acts."""
    me = host.member.name
    own = {origin: log for origin, log in host.store._entries.items() if origin.member == me}
    acts: Any = other.store.acts(me)
    return acts == host.store.acts(me) and all(
        other.store._entries.get(origin, []) == log for origin, log in own.items()
    )


TestLine = Line.TestCase
TestLine.settings = settings(
    max_examples=25,
    stateful_step_count=25,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    derandomize=True,
)
