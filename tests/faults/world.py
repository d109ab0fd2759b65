"""Two nodes on disks that lose power, and what must hold after every cut."""

from __future__ import annotations

import contextlib
import random
from pathlib import Path

from detente.line.checkpoint import Origin
from detente.line.effects import Append, PutEntry
from detente.line.state import Run
from detente.node.home import Home
from detente.node.signing.keeping import Keeping
from detente.store.errors import StoreFailure
from detente.store.record import Record
from tests.faults.disk import Disk, PowerCutError
from tests.store.pair import Desk, draft, found_homes, open_home


class Node:
    """One party: its disk, its open home, and what it acknowledged or let out, remembered outside."""

    def __init__(self, path: Path, line: str, disk: Disk) -> None:
        self.path, self.line_id, self.disk = path, line, disk
        self.acknowledged: dict[tuple[Origin, int], bytes] = {}
        self.left: dict[tuple[Origin, int], bytes] = {}
        self.cosigned: dict[object, int] = {}
        self.home: Home | None = None
        self.desk: Desk | None = None

    def open(self) -> Desk:
        self.home = open_home(self.path, self.disk.name)
        self.desk = Desk(self.home, self.line_id)
        self.desk.on_durable = self._durable
        return self.desk

    def _durable(self, append: Append) -> None:
        for part in append.parts:
            if isinstance(part, PutEntry):
                self.acknowledged[part.origin, part.seq] = part.leaf

    def lose_power(self, chance: random.Random) -> None:
        """Close what is open without another byte on the disk, and leave what the cut leaves."""
        self.disk.dead = True
        if self.home is not None:
            for record in self.home._records.values():
                assert isinstance(record, Record)
                with contextlib.suppress(Exception):
                    record._connection.close(True)
            keeping = self.home._keeper  # none where the disk failed while it was opened
            if isinstance(keeping, Keeping) and keeping.head is not None:
                with contextlib.suppress(Exception):
                    keeping.head._connection.close(True)
                keeping.head = None
            self.home._records.clear()
            self.home.close()
        self.disk.cut(chance)

    def check(self) -> None:
        """Open anew and see that nothing acknowledged is lost, and that what left still stands."""
        desk = self.open()
        assert desk.line.state.run is Run.RUNNING, desk.line.state.reason
        assert not desk.refusals
        for (origin, seq), leaf in {**self.left, **self.acknowledged}.items():
            assert desk.record.entry(origin, seq) == leaf, f"{origin} {seq} is lost or another"
        assert isinstance(desk.record, Record)
        assert desk.record._rows("PRAGMA integrity_check") == [("ok",)]
        assert self.home is not None
        head_file = self.home.head_file()
        assert head_file is not None
        for origin, (size, root) in head_file.own.items():
            assert desk.line.state.root_at(origin, size) == root
        for place, size in self.cosigned.items():
            assert head_file.cosigned[place][0] >= size  # type: ignore[index]  # (origin, role)

    def bundle_for(self, to: str) -> bytes:
        """A bundle leaves the node: from now on what is in it must stand for ever."""
        assert self.desk is not None
        octets = self.desk.bundle_for(to)
        for record in self.desk.sent[-1].records:
            if record.kind is not None and record.kind.value == b"E":
                self._let_out(record.content)
        for origin, log in self.desk.line.state.logs.items():
            for role, size in log.cosigned.items():
                self.cosigned[origin, role] = max(size, self.cosigned.get((origin, role), 0))
        return octets

    def _let_out(self, leaf: bytes) -> None:
        from detente.line.envelope import Envelope, PayloadType
        from detente.line.statement import Statement

        statement, _ = Statement.decode(Envelope.decode(leaf, PayloadType.STATEMENT).payload)
        place = (
            Origin(statement.line, statement.epoch, statement.author, statement.generation),
            statement.seq,
        )
        assert self.left.setdefault(place, leaf) == leaf, f"two signatures for one index left: {place}"


def two_nodes(folder: Path, disks: tuple[Disk, Disk]) -> list[Node]:
    """Two founded homes, each open on its own disk."""
    for disk in disks:
        disk.images.clear()
        disk.reset()
    line = found_homes(folder)
    nodes = [Node(folder / name, line, disk) for name, disk in zip(("west", "east"), disks, strict=True)]
    for node in nodes:
        node.check()
    return nodes


def run_world(seed: int, folder: Path, disks: tuple[Disk, Disk], cuts: int, steps: int = 6) -> tuple[int, int]:
    """Exchange, cut the power of one node at a random operation, open, check, go on.

    Returns how many cuts happened, and how many of them in the middle of an operation.
    """
    chance = random.Random(seed)
    nodes = two_nodes(folder, disks)
    happened, amid, said = 0, 0, 0
    while happened < cuts:
        victim = chance.choice(nodes)
        victim.disk.fail_at = victim.disk.operations + chance.randint(1, 60)
        try:
            for _ in range(steps):
                said += 1
                one, other = chance.sample(nodes, 2)
                assert one.desk is not None
                assert other.desk is not None
                texts = [f"{seed} {said} {part}" for part in range(chance.choice((1, 1, 3, 12)))]
                one.desk.send(*texts)
                if chance.random() < 0.7:
                    other.desk.take(one.bundle_for(other.path.name))
                    one.desk.take(other.bundle_for(one.path.name))
        except (PowerCutError, StoreFailure):
            assert victim.disk.dead  # no other failure may happen here
        happened += 1
        amid += victim.disk.failed
        victim.lose_power(chance)
        victim.check()
        check_prefix(nodes)
    finish(nodes)
    return happened, amid


def finish(nodes: list[Node]) -> None:
    """Carry what is owed, see that both hold the same, and close."""
    for _ in range(2):
        for one, other in (nodes, nodes[::-1]):
            assert one.desk is not None
            assert other.desk is not None
            other.desk.take(one.bundle_for(other.path.name))
    check_equal(nodes)
    for node in nodes:
        assert node.home is not None
        node.home.close()


def check_prefix(nodes: list[Node]) -> None:
    """What one node holds of another's log is the beginning of that log, byte for byte."""
    for node in nodes:
        assert node.desk is not None
        for origin in node.desk.record.origins():
            author = next(one for one in nodes if one.path.name == origin.member)
            assert author.desk is not None
            size = node.desk.record.size(origin)
            assert author.desk.record.size(origin) >= size
            assert author.desk.record.entries(origin, 0, size) == node.desk.record.entries(origin, 0, size)


def check_equal(nodes: list[Node]) -> None:
    for node in nodes:
        assert node.desk is not None
        for other in nodes:
            assert other.desk is not None
            for origin in node.desk.record.origins():
                assert node.desk.record.size(origin) == other.desk.record.size(origin), origin


__all__ = ["Node", "check_prefix", "draft", "finish", "run_world", "two_nodes"]
