"""The account that the observer keeps of one world, and what a broken invariant is."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from detente.line.checkpoint import Origin
from detente.line.effects import Role
from detente.line.state import Run, State
from detente.line.statement import Reference

if TYPE_CHECKING:
    from tests.simulation.nodes import Node
    from tests.simulation.world import World


class Violation(AssertionError):
    """An invariant of the line does not hold."""


@dataclass(frozen=True)
class Before:
    """What the observer looks at again after an event."""

    run: Run
    reason: str
    generation: int
    seen_own: dict[Origin, int]

    @classmethod
    def of(cls, state: State) -> Before:
        return cls(state.run, state.reason, state.rings[state.me].generation, dict(state.seen_own))


class Account:
    """The account of one world."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.truth: dict[Origin, list[bytes]] = defaultdict(list)  # leaves of honest authors, once durable
        self.left_heads: dict[tuple[Origin, int], bytes] = {}
        self.left_leaves: dict[tuple[Origin, int], bytes] = {}
        self.left_cosigned: dict[tuple[str, Origin, Role], dict[int, bytes]] = defaultdict(dict)
        self.acknowledged: dict[str, tuple[str, Reference]] = {}
        self.lost: set[str] = set()  # submissions that a restore destroyed before anybody else had them
        self.doubtful: set[tuple[str, int]] = set()  # (member, generation) whose key did or may have signed twice
        self.beyond_help: set[tuple[str, int]] = set()  # doubtful by an operator's act, not by theft
        self.acts_counted: dict[str, int] = defaultdict(int)  # own root acts that a node's head file ever counted
        self.acts_due: dict[str, int] = {}  # and how many it had counted when this life began
        self.expected_halts: set[str] = set()
        self.overdue_raised: dict[str, dict[str, int]] = defaultdict(dict)
        self.proven: set[str] = set()
        self.said: set[bytes] = set()  # have-vectors, answers and tests that the signer of anybody honest signed
        self.own_words: set[tuple[str, bytes]] = set()  # (node, payload) of statements that this very node signed
        self.signed_heads: set[tuple[Origin, int, bytes]] = set()
        self.held_back: dict[str, dict[Origin, int]] = {}  # own sizes of a node that was just restored
        self.heads_shown: dict[tuple[str, int], dict[tuple[Origin, int], set[bytes]]] = defaultdict(dict)
        self.promised: dict[str, dict[str, list[tuple[Origin, int, bytes, int]]]] = defaultdict(
            lambda: defaultdict(list)
        )
        self.taking_back: set[tuple[str, int]] = set()  # lives of nodes that just became whole
        self.carried: dict[tuple[str, str], dict[Origin, int]] = {}  # (node, to): next index of each log
        self.two_heads: dict[tuple[str, int], set[Origin]] = defaultdict(set)
        self.bytes_in: dict[str, int] = defaultdict(int)
        self.bytes_kept: dict[str, int] = defaultdict(int)

    def fail(self, what: str, node: Node | None, detail: object = "") -> None:
        raise Violation(f"{what}: {node.label if node else 'world'}: {detail}")

    def honest_origin(self, origin: Origin) -> bool:
        return origin.member not in self.world.liars and (origin.member, origin.generation) not in self.doubtful

    def _sane(self, member: str) -> bool:
        return all(name != member for name, _ in self.doubtful)
