"""Batches for a record as a machine makes them, and what must hold of the record after any fault."""

from __future__ import annotations

import hashlib
import random

from detente.line import merkle
from detente.line.checkpoint import Origin
from detente.line.effects import Part, PutBody, PutEntry, PutState
from detente.line.statement import commit
from detente.store.interface import Record

__all__ = ["WEST", "Batches"]

WEST = Origin("baltic", 1, "west", 0)


class Batches:
    """Makes batches, and remembers which of them were acknowledged and which one may be there all the same."""

    def __init__(self, seed: int, *, content_bytes: int = 100) -> None:
        self.chance = random.Random(seed)
        self.acknowledged = 0
        self.pending = 0
        self.content_bytes = content_bytes
        self._tree = merkle.Frontier()

    def next(self, count: int) -> tuple[Part, ...]:
        """Return the batch after what is acknowledged."""
        tree = self._tree.copy()
        parts: list[Part] = []
        for seq in range(self.acknowledged, self.acknowledged + count):
            leaf, content = self.leaf(seq), self.content(seq)
            digest = merkle.leaf_hash(leaf)
            name = commit(hashlib.sha256(leaf).digest(), content)
            nodes = tuple(tree.append(digest))
            parts.append(PutEntry(WEST, seq, leaf, digest, nodes, f"{seq:032x}", 5, (name,)))
            parts.append(PutBody(name, hashlib.sha256(leaf).digest(), content))
        self.pending = count
        return (*parts, PutState(b"after %d" % (self.acknowledged + count)))

    def leaf(self, seq: int) -> bytes:
        return b"leaf %d" % seq

    def content(self, seq: int) -> bytes:
        return random.Random(seq).randbytes(self.content_bytes)

    def took(self) -> None:
        """Note that the batch was acknowledged."""
        for seq in range(self.acknowledged, self.acknowledged + self.pending):
            self._tree.append(merkle.leaf_hash(self.leaf(seq)))
        self.acknowledged += self.pending
        self.pending = 0

    def check(self, record: Record) -> int:
        """See that nothing acknowledged is lost and no batch is there by half; go on from what is there.

        Returns 1 when the batch that was not acknowledged is there nevertheless, whole.
        """
        size = record.size(WEST)
        assert size in {self.acknowledged, self.acknowledged + self.pending}, (
            size,
            self.acknowledged,
            self.pending,
        )
        assert record.state() == (b"after %d" % size if size else None)
        first = max(0, self.acknowledged - 50)
        assert record.entries(WEST, first, size) == [self.leaf(seq) for seq in range(first, size)]
        names = [
            commit(hashlib.sha256(self.leaf(seq)).digest(), self.content(seq))
            for seq in range(first, self.acknowledged + self.pending)
        ]
        held = record.body_sizes(names)
        assert [name in held for name in names] == [at < size - first for at in range(len(names))]
        known = record.submissions([f"{seq:032x}" for seq in range(first, self.acknowledged + self.pending)])
        assert len(known) == size - first
        there = int(size != self.acknowledged)
        if there:
            self.took()
        self.pending = 0
        return there
