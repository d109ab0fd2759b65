"""The record of one line on an embedded SQLite file: append atomically, read by place.

One writer at a time (the home's lock sees to it), any number of readers beside it. Every append is one
transaction, on the disk when ``apply`` returns. Answers to reads are not trusted by the line: what goes into a
proof is checked again.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from detente import words
from detente.line.checkpoint import Checkpoint, Cosignature, Origin
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
from detente.line.merkle import leaf_hash
from detente.line.statement import Reference
from detente.store.disk import damaged, open_database, translated
from detente.store.schema import APPLICATION_ID, MIGRATIONS

__all__ = ["Record"]

say = words.speaker("store")


class Record:
    """Implements detente.line.effects.View over one file, and the host's ``apply``."""

    def __init__(
        self, path: Path, *, read_only: bool = False, create: bool = False, vfs: str | None = None
    ) -> None:
        """Open; ``create`` founds the file. Raises HomeMistake or StoreFailure."""
        self.path = path
        self._logs: dict[Origin, int] = {}
        self._connection = open_database(
            path,
            application_id=APPLICATION_ID,
            migrations=MIGRATIONS,
            read_only=read_only,
            create=create,
            vfs=vfs,
        )
        self._load_logs()

    def close(self) -> None:
        """Close the file; safe to call twice."""
        self._connection.close()

    # ---- writing --------------------------------------------------------------------------------------------

    def apply(self, parts: tuple[Part, ...]) -> None:
        """Store all parts or none; when this returns they survive a power cut.

        If we die in here, the next start finds the transaction whole or not at all. Raises StoreFailure.
        """
        known = dict(self._logs)
        try:
            with translated(self.path), self._connection:
                for part in parts:
                    _APPLY[type(part)](self, part)
        except BaseException:
            self._logs = known
            raise

    def _put_entry(self, part: PutEntry) -> None:
        log = self._log_id(part.origin)
        held = self._one("SELECT size FROM logs WHERE id = ?", (log,))
        if held != part.seq:
            raise damaged(self.path, say("index {index} after {size}", index=part.seq, size=held))
        self._rows("INSERT INTO entries VALUES (?, ?, ?, ?)", (log, part.seq, part.leaf, part.received_ms))
        self._rows("UPDATE logs SET size = ? WHERE id = ?", (part.seq + 1, log))
        self._connection.executemany(
            "INSERT INTO nodes VALUES (?, ?, ?, ?)",
            [(log, level, place, value) for level, place, value in part.nodes],
        )
        if part.submission:
            self._rows("INSERT OR REPLACE INTO submissions VALUES (?, ?, ?)", (part.submission, log, part.seq))
        for digest in part.wanted:
            self._rows("INSERT INTO wanted VALUES (?, ?, ?)", (log, part.seq, bytes.fromhex(digest)))
        self._use(part.origin.member, len(part.leaf))

    def _put_body(self, part: PutBody) -> None:
        digest = bytes.fromhex(part.hash)
        self._rows(
            "INSERT OR IGNORE INTO bodies VALUES (?, ?, ?, ?)", (digest, part.salt, part.content, int(part.open))
        )
        wanting = self._one(
            "SELECT member FROM wanted JOIN logs ON logs.id = wanted.log WHERE hash = ? LIMIT 1", (digest,)
        )
        if wanting is not None:
            self._use(str(wanting), len(part.content))
            self._rows("DELETE FROM wanted WHERE hash = ?", (digest,))

    def _put_checkpoint(self, part: PutCheckpoint) -> None:
        head = part.checkpoint.head
        self._rows(
            "INSERT OR IGNORE INTO checkpoints VALUES (?, ?, ?)",
            (self._log_id(head.origin), head.size, part.checkpoint.bare().encode()),
        )

    def _put_cosignature(self, part: PutCosignature) -> None:
        one = part.cosignature
        self._rows(
            "INSERT OR IGNORE INTO cosignatures VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (self._log_id(part.origin), one.name, one.hint, part.size, part.root, one.clock_s, one.signature,
             part.received_ms),
        )  # fmt: skip

    def _put_claim(self, part: PutClaim) -> None:
        head = part.checkpoint.head
        place = (self._log_id(head.origin), head.size, head.root)
        if part.keep:
            self._rows(
                "INSERT OR IGNORE INTO claims VALUES (?, ?, ?, ?)", (*place, part.checkpoint.bare().encode())
            )
        else:
            self._rows("DELETE FROM claims WHERE log = ? AND size = ? AND root = ?", place)

    def _put_due(self, part: PutDue) -> None:
        place = (self._log_id(part.origin), part.seq, part.member)
        if part.due_ms is None:
            self._rows("DELETE FROM due WHERE log = ? AND seq = ? AND member = ?", place)
        else:
            self._rows("INSERT OR REPLACE INTO due VALUES (?, ?, ?, ?)", (*place, part.due_ms))

    def _put_act(self, part: PutAct) -> None:
        self._rows("INSERT INTO acts VALUES (?, ?, ?)", (part.member, part.index, part.envelope))

    def _put_opening(self, part: PutOpening) -> None:
        self._rows(
            "INSERT INTO openings VALUES (?, ?, ?, ?)"
            " ON CONFLICT (hash) DO UPDATE SET current = max(current, excluded.current)",
            (part.hash, part.epoch, part.octets, int(part.current)),
        )

    def _put_peer(self, part: PutPeer) -> None:
        self._rows("INSERT OR REPLACE INTO peers VALUES (?, ?)", (part.member, part.octets))

    def _put_answer(self, part: PutAnswer) -> None:
        self._rows("INSERT INTO answers (member, envelope) VALUES (?, ?)", (part.member, part.envelope))

    def _put_fork(self, part: PutFork) -> None:
        self._rows("INSERT OR IGNORE INTO forks VALUES (?, ?)", (part.hash, part.proof))

    def _put_history(self, part: PutHistory) -> None:
        self._rows(
            "INSERT INTO history (at_ms, what, member, detail) VALUES (?, ?, ?, ?)",
            (part.at_ms, part.what, part.member, part.detail),
        )

    def _put_state(self, part: PutState) -> None:
        self._rows("INSERT OR REPLACE INTO state VALUES (1, ?)", (part.octets,))

    # ---- reading: detente.line.effects.View -----------------------------------------------------------------

    def entry(self, origin: Origin, seq: int) -> bytes | None:
        """Return the leaf at this index, or None."""
        found = self._one("SELECT leaf FROM entries WHERE log = ? AND seq = ?", (self._known(origin), seq))
        return None if found is None else bytes(found)

    def entries(self, origin: Origin, start: int, count: int) -> list[bytes]:
        """Return up to ``count`` leaves from index ``start``."""
        rows = self._rows(
            "SELECT leaf FROM entries WHERE log = ? AND seq >= ? ORDER BY seq LIMIT ?",
            (self._known(origin), start, count),
        )
        return [row[0] for row in rows]

    def node(self, origin: Origin, level: int, index: int) -> bytes:
        """Return a perfect tree node; raises StoreFailure when it is not there."""
        found = self._one(
            "SELECT hash FROM nodes WHERE log = ? AND level = ? AND place = ?",
            (self._known(origin), level, index),
        )
        if found is None:
            raise damaged(
                self.path, say("no tree node at level {level}, index {index}", level=level, index=index)
            )
        return bytes(found)

    def received_ms(self, origin: Origin, seq: int) -> int | None:
        """Return when this statement was stored, by this node's own clock, or None."""
        found = self._one("SELECT received_ms FROM entries WHERE log = ? AND seq = ?", (self._known(origin), seq))
        return None if found is None else int(found)

    def size(self, origin: Origin) -> int:
        """Return how many statements of this log are stored."""
        return int(self._one("SELECT size FROM logs WHERE id = ?", (self._known(origin),)) or 0)

    def origins(self) -> list[Origin]:
        """Return the logs that hold at least one statement."""
        rows = self._rows("SELECT line, epoch, member, generation FROM logs WHERE size > 0")
        return sorted(Origin(*row) for row in rows)

    def missing(self, origin: Origin) -> dict[int, set[str]]:
        """Return index -> hashes of shown bodies that are still missing."""
        found: dict[int, set[str]] = {}
        for seq, digest in self._rows("SELECT seq, hash FROM wanted WHERE log = ?", (self._known(origin),)):
            found.setdefault(seq, set()).add(digest.hex())
        return found

    def body(self, digest: str) -> tuple[bytes, bytes] | None:
        """Return salt and content, or None."""
        rows = self._rows("SELECT salt, content FROM bodies WHERE hash = ?", (bytes.fromhex(digest),))
        return (rows[0][0], rows[0][1]) if rows else None

    def open_body(self, digest: str) -> tuple[bytes, bytes] | None:
        """Return salt and content of what was stored as open to others, or None."""
        rows = self._rows("SELECT salt, content FROM bodies WHERE hash = ? AND open", (bytes.fromhex(digest),))
        return (rows[0][0], rows[0][1]) if rows else None

    def claims(self, origin: Origin) -> list[Checkpoint]:
        """Return the claims kept about this log, by size, then root."""
        rows = self._rows("SELECT note FROM claims WHERE log = ? ORDER BY size, root", (self._known(origin),))
        return [Checkpoint.decode(row[0]) for row in rows]

    def due(self, upto_ms: int, limit: int) -> list[tuple[Origin, int, str, int]]:
        """Return the first answers owed by this time, earliest first: log, index, by whom, due."""
        rows = self._rows(
            "SELECT line, epoch, logs.member, generation, seq, due.member, due_ms FROM due"
            " JOIN logs ON logs.id = due.log WHERE due_ms <= ? ORDER BY due_ms, logs.id, seq, due.member LIMIT ?",
            (upto_ms, limit),
        )
        return [(Origin(*row[:4]), *row[4:]) for row in rows]

    def has_body(self, digest: str) -> bool:
        """Tell whether this content is stored."""
        return self._one("SELECT 1 FROM bodies WHERE hash = ?", (bytes.fromhex(digest),)) is not None

    def submission(self, submission: str) -> Reference | None:
        """Return where the statement of this submission stands, or None."""
        rows = self._rows(
            "SELECT epoch, generation, member, seq, leaf FROM submissions JOIN logs ON logs.id = submissions.log"
            " JOIN entries USING (log, seq) WHERE submission = ?",
            (submission,),
        )
        if not rows:
            return None
        epoch, generation, member, seq, leaf = rows[0]
        return Reference(epoch, generation, leaf_hash(leaf).hex(), member, seq)

    def checkpoint(self, origin: Origin) -> Checkpoint | None:
        """Return the newest head of this log with its writer's signature, or None."""
        found = self._one(
            "SELECT note FROM checkpoints WHERE log = ? ORDER BY size DESC LIMIT 1", (self._known(origin),)
        )
        return None if found is None else Checkpoint.decode(bytes(found))

    def checkpoint_at(self, origin: Origin, size: int) -> Checkpoint | None:
        """Return the head of this size, or None."""
        found = self._one("SELECT note FROM checkpoints WHERE log = ? AND size = ?", (self._known(origin), size))
        return None if found is None else Checkpoint.decode(bytes(found))

    def newest_cosignatures(self, origin: Origin) -> list[tuple[int, bytes, Cosignature]]:
        """Return the newest cosignature of each cosigner's key: size, root, cosignature."""
        found = []
        log = self._known(origin)
        for name, hint in self._rows(
            "SELECT DISTINCT name, hint FROM cosignatures WHERE log = ? ORDER BY 1, 2", (log,)
        ):
            row = self._rows(
                "SELECT size, root, clock_s, signature FROM cosignatures WHERE log = ? AND name = ? AND hint = ?"
                " ORDER BY size DESC LIMIT 1",
                (log, name, hint),
            )[0]
            found.append((row[0], row[1], Cosignature(name, hint, row[2], row[3])))
        return found

    def cosignature_before(self, origin: Origin, name: str, clock_s: int) -> tuple[int, Cosignature] | None:
        """Return the highest head that this key cosigned before a time of its own clock, or None."""
        return self._cosignature("name = ? AND clock_s < ? ORDER BY size DESC", origin, name, clock_s)

    def first_cosignature(self, origin: Origin, seq: int, name: str) -> tuple[int, Cosignature] | None:
        """Return the first head with this statement in it that this key cosigned, or None."""
        return self._cosignature("name = ? AND size > ? ORDER BY size", origin, name, seq)

    def acts(self, member: str) -> list[bytes]:
        """Return a party's root acts in order."""
        return [
            row[0] for row in self._rows("SELECT envelope FROM acts WHERE member = ? ORDER BY place", (member,))
        ]

    def openings(self) -> list[tuple[bytes, bool]]:
        """Return the openings held, and whether this home worked or works in each."""
        rows = self._rows("SELECT octets, current FROM openings ORDER BY epoch, hash")
        return [(octets, bool(current)) for octets, current in rows]

    def peer(self, member: str) -> bytes | None:
        """Return a party's last have-vector, or None."""
        found = self._one("SELECT octets FROM peers WHERE member = ?", (member,))
        return None if found is None else bytes(found)

    def answers(self, member: str) -> list[bytes]:
        """Return a party's answers to our challenges."""
        return [
            row[0] for row in self._rows("SELECT envelope FROM answers WHERE member = ? ORDER BY id", (member,))
        ]

    def used_bytes(self, member: str) -> int:
        """Return how many bytes of this party's statements and bodies are stored."""
        return int(self._one("SELECT bytes FROM used WHERE member = ?", (member,)) or 0)

    def forks(self) -> list[bytes]:
        """Return the fork proofs held."""
        return [row[0] for row in self._rows("SELECT proof FROM forks ORDER BY hash")]

    def state(self) -> bytes | None:
        """Return the machine's small state, or None."""
        found = self._one("SELECT octets FROM state WHERE id = 1")
        return None if found is None else bytes(found)

    def history(self) -> list[PutHistory]:
        """Return the history that is kept beside the logs, oldest first."""
        return [
            PutHistory(*row) for row in self._rows("SELECT at_ms, what, member, detail FROM history ORDER BY id")
        ]

    # ---- inside ---------------------------------------------------------------------------------------------

    def _rows(self, sql: str, values: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
        with translated(self.path):
            return list(self._connection.execute(sql, values))

    def _one(self, sql: str, values: tuple[Any, ...] = ()) -> Any:
        rows = self._rows(sql, values)
        return rows[0][0] if rows else None

    def _cosignature(self, where: str, origin: Origin, *values: object) -> tuple[int, Cosignature] | None:
        rows = self._rows(
            f"SELECT size, name, hint, clock_s, signature FROM cosignatures WHERE log = ? AND {where} LIMIT 1",  # noqa: S608 - our own text
            (self._known(origin), *values),
        )
        return (rows[0][0], Cosignature(*rows[0][1:])) if rows else None

    def _use(self, member: str, size: int) -> None:
        self._rows(
            "INSERT INTO used VALUES (?, ?) ON CONFLICT (member) DO UPDATE SET bytes = bytes + excluded.bytes",
            (member, size),
        )

    def _known(self, origin: Origin) -> int:
        known = self._logs.get(origin)
        if known is None:
            self._load_logs()  # another process may have founded it since
            known = self._logs.get(origin, 0)
        return known

    def _log_id(self, origin: Origin) -> int:
        if origin not in self._logs:
            place = (origin.line, origin.epoch, origin.member, origin.generation)
            self._rows("INSERT INTO logs (line, epoch, member, generation) VALUES (?, ?, ?, ?)", place)
            self._logs[origin] = self._connection.last_insert_rowid()
        return self._logs[origin]

    def _load_logs(self) -> None:
        rows = self._rows("SELECT id, line, epoch, member, generation FROM logs")
        self._logs = {Origin(*row[1:]): row[0] for row in rows}


_APPLY: dict[type, Any] = {
    PutEntry: Record._put_entry,  # noqa: SLF001 - the table of this class's own writers
    PutBody: Record._put_body,  # noqa: SLF001
    PutCheckpoint: Record._put_checkpoint,  # noqa: SLF001
    PutCosignature: Record._put_cosignature,  # noqa: SLF001
    PutAct: Record._put_act,  # noqa: SLF001
    PutOpening: Record._put_opening,  # noqa: SLF001
    PutPeer: Record._put_peer,  # noqa: SLF001
    PutAnswer: Record._put_answer,  # noqa: SLF001
    PutFork: Record._put_fork,  # noqa: SLF001
    PutHistory: Record._put_history,  # noqa: SLF001
    PutClaim: Record._put_claim,  # noqa: SLF001
    PutDue: Record._put_due,  # noqa: SLF001
    PutState: Record._put_state,  # noqa: SLF001
}
