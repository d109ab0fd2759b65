"""One append: the parts of a batch, gathered table by table, written with one statement each.

The caller holds the transaction. Entries must follow what is stored; everything else is put beside it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from typing import Any, Protocol

from detente import words
from detente.line.checkpoint import Origin
from detente.line.effects import (
    Part,
    PutAct,
    PutAnswer,
    PutBody,
    PutCheckpoint,
    PutClaim,
    PutCosignature,
    PutDue,
    PutEntry,
    PutFork,
    PutHistory,
    PutOpening,
    PutPeer,
    PutState,
)
from detente.store.schema import ENTRIES_MAX, LOGS_MAX, entry_id, entry_mark, mark, node_id

__all__ = ["WRITES", "Appending", "Pen"]

say = words.speaker("store")


class Pen(Protocol):
    """What writes one batch to a store, inside a transaction that the caller holds.

    ``put`` and ``run`` may wait until the batch is whole; ``one`` and ``column`` answer at once and see nothing of
    what waits. ? stands for each value.
    """

    def one(self, sql: str, *values: object) -> Any:
        """Return the one value of the one row, or None."""

    def column(self, sql: str, *values: object) -> list[Any]:
        """Return the one value of every row."""

    def run(self, sql: str, *values: object) -> None:
        """Carry out one change."""

    def put(self, table: str, rows: list[tuple[Any, ...]]) -> None:
        """Put rows into a table; ``WRITES`` says what becomes of one whose key is there already."""


WRITES = {
    "logs": "new",
    "entries": "new",
    "nodes": "new",
    "submissions": "replace",
    "bodies": "keep",
    "wanted": "keep",
    "due": "replace",
    "checkpoints": "keep",
    "claims": "keep",
    "cosignatures": "keep",
    "acts": "new",
    "openings": "replace",
    "peers": "replace",
    "forks": "keep",
    "state": "replace",
    "answers": "new",
    "history": "new",
    "used": "replace",
}
"""Tables in the order in which a batch is written.

new: a row whose key is there already is a failure; keep: the row that is there stays; replace: the new row stands.
"""


class Appending:
    """Gathers one batch and writes it; ``logs`` gains the logs that it founded."""

    def __init__(self, pen: Pen, logs: dict[Origin, int]) -> None:
        self._pen = pen
        self._logs = logs
        self._rows: dict[str, list[tuple[Any, ...]]] = defaultdict(list)
        self._sizes: dict[Origin, int] = {}
        self._bodies: dict[bytes, PutBody] = {}
        self._wanted: dict[bytes, list[tuple[int, str]]] = defaultdict(list)
        self._used: dict[str, int] = defaultdict(int)
        self._current: dict[str, bool] = {}
        self._not_due: list[tuple[int, str]] = []
        self._not_claimed: list[tuple[int, int, bytes]] = []

    def write(self, parts: tuple[Part, ...]) -> None:
        """Write all parts; raises IndexError and the store's errors: then the caller rolls back."""
        for part in parts:
            _GATHER[type(part)](self, part)
        self._settle_bodies()
        self._used_rows()
        for table in WRITES:
            if self._rows.get(table):
                self._pen.put(table, self._rows[table])
        for entry, member in self._not_due:
            self._pen.run("DELETE FROM due WHERE entry = ? AND member = ?", entry, member)
        for log, size, root in self._not_claimed:
            self._pen.run("DELETE FROM claims WHERE log = ? AND size = ? AND root = ?", log, size, root)
        for origin, size in self._sizes.items():
            log = self._logs[origin]
            values = (origin.line, origin.epoch, origin.member, origin.generation, size)
            self._pen.run("UPDATE logs SET size = ?, mark = ? WHERE id = ?", size, mark(log, *values), log)

    def _used_rows(self) -> None:
        for member, added in self._used.items():
            used = added + (self._pen.one("SELECT bytes FROM used WHERE member = ?", member) or 0)
            self._rows["used"].append((member, used, mark(member, used)))

    def _entry(self, part: PutEntry) -> None:
        log = self._log(part.origin)
        size = self._sizes.get(part.origin)
        if size is None:
            size = int(self._pen.one("SELECT size FROM logs WHERE id = ?", log) or 0)  # None: founded just now
        if part.seq != size or size >= ENTRIES_MAX:
            raise IndexError(say("index {index} after {size}", index=part.seq, size=size))
        self._sizes[part.origin] = size + 1
        identity = entry_id(log, part.seq)
        self._rows["entries"].append(
            (identity, part.leaf, part.received_ms, entry_mark(identity, part.received_ms, part.leaf_hash))
        )
        self._rows["nodes"] += [(node_id(log, level, at), digest) for level, at, digest in part.nodes if level]
        if part.submission:
            self._rows["submissions"].append((part.submission, identity, mark(part.submission, identity)))
        for text in part.wanted:
            self._wanted[bytes.fromhex(text)].append((identity, part.origin.member))
        self._used[part.origin.member] += len(part.leaf)

    def _body(self, part: PutBody) -> None:
        self._bodies.setdefault(bytes.fromhex(part.hash), part)

    def _settle_bodies(self) -> None:
        """Put the bodies that are new, and strike out what they settle, of this batch and of what waited."""
        waiting = self._bodies and self._pen.one("SELECT EXISTS (SELECT 1 FROM wanted)")
        for digest, part in self._bodies.items():
            opened = int(part.open)
            self._rows["bodies"].append((digest, part.salt, part.content, opened, mark(digest, opened)))
            wanting = self._wanted.get(digest)
            if part.of:
                self._used[part.of] += len(part.content)
                if waiting:
                    self._strike_out(digest, part)
            elif wanting:
                self._used[wanting[0][1]] += len(part.content)
            elif waiting:
                self._credit(digest, len(part.content))
                self._pen.run("DELETE FROM wanted WHERE hash = ?", digest)
        for digest, places in self._wanted.items():
            came = self._bodies.get(digest)
            kept = self._places(came) if came is not None else {entry for entry, _ in places}
            self._rows["wanted"] += [(entry, digest, mark(entry, digest)) for entry, _ in places if entry in kept]

    def _strike_out(self, digest: bytes, part: PutBody) -> None:
        """Note that a content came: nobody waits for it any more but whoever wants something else by its hash."""
        kept = self._places(part)
        for entry in self._pen.column("SELECT entry FROM wanted WHERE hash = ?", digest):
            if entry not in kept:
                self._pen.run("DELETE FROM wanted WHERE entry = ? AND hash = ?", entry, digest)

    def _places(self, part: PutBody) -> set[int]:
        """Return the entries that name a content for something else."""
        return {entry_id(self._log(origin), seq) for origin, seq in part.not_for}

    def _credit(self, digest: bytes, size: int) -> None:
        """Count a body that came later to the author of the statement that waited for it."""
        member = self._pen.one(
            "SELECT member FROM wanted JOIN logs ON logs.id = wanted.entry >> 40 WHERE hash = ? LIMIT 1", digest
        )
        if member is not None:
            self._used[member] += size

    def _checkpoint(self, part: PutCheckpoint) -> None:
        head = part.checkpoint.head
        log, note = self._log(head.origin), part.checkpoint.bare().encode()
        self._rows["checkpoints"].append((log, head.size, note, mark(log, head.size, note)))

    def _claim(self, part: PutClaim) -> None:
        head = part.checkpoint.head
        log = self._log(head.origin)
        if part.keep:
            values = (log, head.size, head.root, part.checkpoint.bare().encode())
            self._rows["claims"].append((*values, mark(*values)))
        else:
            self._not_claimed.append((log, head.size, head.root))

    def _due(self, part: PutDue) -> None:
        entry = entry_id(self._log(part.origin), part.seq)
        if part.due_ms is None:
            self._not_due.append((entry, part.member))
        else:
            self._rows["due"].append((entry, part.member, part.due_ms, mark(entry, part.member, part.due_ms)))

    def _cosignature(self, part: PutCosignature) -> None:
        one, log = part.cosignature, self._log(part.origin)
        values = (log, one.name, one.hint, part.size, part.root, one.clock_s, one.signature, part.received_ms)
        self._rows["cosignatures"].append((*values, mark(*values)))

    def _act(self, part: PutAct) -> None:
        values = (part.member, part.index, part.envelope)
        self._rows["acts"].append((*values, mark(*values)))

    def _opening(self, part: PutOpening) -> None:
        if part.hash not in self._current:
            self._current[part.hash] = bool(
                self._pen.one("SELECT current FROM openings WHERE hash = ?", part.hash)
            )
        self._current[part.hash] |= part.current  # a home that worked in it once is not told otherwise
        values = (part.hash, part.epoch, part.octets, int(self._current[part.hash]))
        self._rows["openings"].append((*values, mark(*values)))

    def _peer(self, part: PutPeer) -> None:
        self._rows["peers"].append((part.member, part.octets, mark(part.member, part.octets)))

    def _answer(self, part: PutAnswer) -> None:
        identity = self._next("answers")
        values = (identity, part.member, part.envelope)
        self._rows["answers"].append((*values, mark(*values)))

    def _fork(self, part: PutFork) -> None:
        self._rows["forks"].append((part.hash, part.proof, mark(part.hash, part.proof)))

    def _history(self, part: PutHistory) -> None:
        values = (self._next("history"), part.at_ms, part.what, part.member, part.detail)
        self._rows["history"].append((*values, mark(*values)))

    def _state(self, part: PutState) -> None:
        self._rows["state"].append((1, part.octets, mark(part.octets)))

    def _next(self, table: str) -> int:
        """Return the next number of a table whose rows are numbered in order."""
        gathered = self._rows[table]
        if gathered:
            return int(gathered[-1][0]) + 1
        return int(self._pen.one(f"SELECT coalesce(max(id), 0) FROM {table}")) + 1  # noqa: S608 - a name of our own

    def _log(self, origin: Origin) -> int:
        log = self._logs.get(origin)
        if log is None:
            log = max(self._logs.values(), default=0) + 1  # the only writer knows every log that there is
            if log >= LOGS_MAX:
                raise IndexError(say("more than {count} logs", count=LOGS_MAX))
            values = (log, origin.line, origin.epoch, origin.member, origin.generation, 0)
            self._rows["logs"].append((*values, mark(*values)))
            self._logs[origin] = log
        return log


_GATHER: dict[type, Callable[[Appending, Any], None]] = {
    PutEntry: Appending._entry,  # noqa: SLF001 - the table of this class's own methods
    PutBody: Appending._body,  # noqa: SLF001
    PutCheckpoint: Appending._checkpoint,  # noqa: SLF001
    PutClaim: Appending._claim,  # noqa: SLF001
    PutDue: Appending._due,  # noqa: SLF001
    PutCosignature: Appending._cosignature,  # noqa: SLF001
    PutAct: Appending._act,  # noqa: SLF001
    PutOpening: Appending._opening,  # noqa: SLF001
    PutPeer: Appending._peer,  # noqa: SLF001
    PutAnswer: Appending._answer,  # noqa: SLF001
    PutFork: Appending._fork,  # noqa: SLF001
    PutHistory: Appending._history,  # noqa: SLF001
    PutState: Appending._state,  # noqa: SLF001
}
