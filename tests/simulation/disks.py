"""Disks: a database whose appends are whole or lost at a power cut, and the signer's head file beside it.

``Database`` is the View in memory with copies for backups; nothing reaches it but what the simulated disk committed.
The signer is the real one, detente.node.signer, over a head file in memory that is synced when its methods return.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from detente.line import merkle
from detente.line.checkpoint import Cosignature, Head, Origin
from detente.line.effects import HeadFile, Part, PutEntry, RecordedActs, Role, Sign, Signed
from detente.node.signer import Signer
from detente.store.headfile import OwnHead
from tests.line.memory import MemoryStore
from tests.simulation.parties import Party


class Database(MemoryStore):
    """A View in memory that can be copied as it stands."""

    def __init__(self) -> None:
        super().__init__()
        self.leaves: set[bytes] = set()
        self._roots: dict[Origin, dict[int, bytes]] = {}

    def apply(self, parts: tuple[Part, ...]) -> None:
        super().apply(parts)
        for part in parts:
            if type(part) is PutEntry:
                self.leaves.add(part.leaf)
                self._roots.pop(part.origin, None)

    def copy(self) -> Database:
        made = Database.__new__(Database)
        for name, value in vars(self).items():
            made.__dict__[name] = _copied(value)
        return made

    def cosignatures(self, origin: Origin) -> list[tuple[int, Cosignature]]:
        """Return every cosignature kept over a log, with the size that it is about."""
        return [(size, one) for size, _, one in self._cosignatures.get(origin, [])]

    def frontier(self, origin: Origin, size: int) -> merkle.Frontier:
        return merkle.Frontier.load(size, lambda level, index: self.node(origin, level, index))

    def root_at(self, origin: Origin, size: int) -> bytes:
        """Return the root of the first statements; remembered until one more is stored."""
        known = self._roots.setdefault(origin, {})
        if size not in known:
            known[size] = self.frontier(origin, size).root()
        return known[size]


def _copied(value: Any) -> Any:
    if isinstance(value, dict):
        made = value.copy()
        for key, inner in made.items():
            if isinstance(inner, dict | list | set):
                made[key] = inner.copy()
        return made
    return value.copy() if isinstance(value, list | set) else value


class HeadDisk:
    """What detente.store.headfile.HeadRecord is, without a file."""

    def __init__(self) -> None:
        self.own: dict[Origin, OwnHead] = {}
        self.cosigned: dict[tuple[Origin, Role], tuple[int, bytes]] = {}
        self.answered_ms = 0
        self.acts: RecordedActs | None = None

    def copy(self) -> HeadDisk:
        made = HeadDisk()
        made.own, made.cosigned, made.answered_ms = dict(self.own), dict(self.cosigned), self.answered_ms
        made.acts = self.acts
        return made

    def head_file(self) -> HeadFile:
        own = {origin: (one.size, one.root) for origin, one in self.own.items()}
        return HeadFile(own, dict(self.cosigned), self.answered_ms, self.acts)

    def put_acts(self, count: int, newest: str) -> None:
        assert self.acts is None or count > self.acts.count, "own root acts were lowered"
        self.acts = RecordedActs(count, newest)

    def put_answered(self, clock_ms: int) -> None:
        self.answered_ms = max(self.answered_ms, clock_ms)

    def put_own(self, heads: Mapping[Origin, OwnHead]) -> None:
        for origin, head in heads.items():
            assert origin not in self.own or head.size >= self.own[origin].size, "an own head was lowered"
        self.own.update(heads)

    def put_cosigned(self, origin: Origin, roles: Iterable[Role], size: int, root: bytes) -> None:
        for role in roles:
            assert self.cosigned.get((origin, role), (0, b""))[0] <= size, "a cosigned head was lowered"
            self.cosigned[origin, role] = (size, root)


@dataclass
class Disk:
    """What survives a power cut: the database, the home's own root acts, the signer's head file outside the home."""

    database: Database = field(default_factory=Database)
    head: HeadDisk | None = field(default_factory=HeadDisk)
    acts: list[bytes] = field(default_factory=list)

    def copy(self) -> Disk:
        return Disk(self.database.copy(), self.head.copy() if self.head else None, list(self.acts))

    def note_acts(self, hashes: Sequence[str]) -> None:
        """Let the head file count what the home holds, as detente.node.signing.keeping does; by the acts' hashes."""
        held = len(self.acts)
        recorded = self.head.acts if self.head is not None else None
        follows = recorded is None or (held > recorded.count and hashes[recorded.count - 1] == recorded.newest)
        if self.head is not None and held and follows:
            self.head.put_acts(held, hashes[held - 1])


class Session:
    """One session of the signer over a disk; what it issued dies with it, the head file does not.

    A liar's session keeps no rule at all.
    """

    def __init__(self, party: Party, disk: Disk, *, generation: int, lax: bool) -> None:
        self.party, self.disk, self.lax = party, disk, lax
        self.generation = generation
        head: Any = disk.head
        self.signer = Signer(party.name, party.keys(), generation=generation, head=head)

    def sign(self, request: Sign) -> Signed:
        if not self.lax:
            return self.signer.sign(request)
        generation = request.origin.generation if request.what != "cosign" else request.generation
        if request.what == "cosign" and self.disk.head is not None:
            roles = [request.role, *([request.also] if request.also else [])]
            self.disk.head.cosigned.update(
                {(request.origin, role): (request.index, request.leaf) for role in roles}
            )
        return Signed(request.ticket, self.party.sign(request, generation))

    def settle(self, own: Sequence[tuple[Origin, int, bytes]]) -> None:
        """Carry out Append.own as detente.node.home does."""
        database = self.disk.database
        if self.lax:
            assert self.disk.head is not None
            for origin, size, root in own:
                self.disk.head.own[origin] = OwnHead(size, root, database.frontier(origin, size).edge(), b"")
            return
        for origin, size, root in own:
            if not self.signer.knows(origin, size, root):
                start = self.signer.recorded(origin)
                edge = database.frontier(origin, start).edge()
                self.signer.adopt(origin, edge, database.entries(origin, start, size - start))
        self.signer.durable(own)

    def confirm(self) -> HeadFile | None:
        """Take the keeper's word as detente.node.home does: found a missing head file from our own signatures."""
        if self.disk.head is not None:
            return None
        database, head = self.disk.database, HeadDisk()
        self.disk.head = head
        self.disk.note_acts(self.party.ring.hashes)
        self.signer.found(head)  # type: ignore[arg-type]  # a head file without a file
        for origin in database.origins():
            if origin.member == self.party.name:
                checkpoint = database.checkpoint(origin)
                if checkpoint is not None:
                    size = checkpoint.head.size
                    self.signer.found_own(
                        checkpoint, database.frontier(origin, size).edge(), database.node(origin, 0, size - 1)
                    )
            for size, root, one in database.newest_cosignatures(origin):
                _, _, _, by, word = one.name.split("/")
                if by == self.party.name:
                    role = Role.COSIGN_LOG if word == "log" else Role.COSIGN_HELD
                    self.signer.found_cosigned(Head(origin, size, root), one, role)
        return head.head_file()

    def use_generation(self, generation: int) -> None:
        self.generation = generation
        self.signer.change_generation(generation, self.party.keys())
