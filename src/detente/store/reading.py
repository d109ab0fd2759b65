"""What a record answers, in SQL that both stores understand: each store only says how a question is asked.

Answers to reads are not trusted by the line: what goes into a proof is checked again.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

from detente.line.checkpoint import Checkpoint, Cosignature, Origin
from detente.line.effects import PutHistory
from detente.line.merkle import leaf_hash
from detente.line.statement import Reference
from detente.store.errors import missing_node
from detente.store.schema import ENTRIES_MAX, entry_id, entry_place, node_id

__all__ = ["Reading"]


class Reading(ABC):
    """Implements ``detente.line.effects.View`` over ``_rows``; ``where`` is the place to name to a person."""

    where: str
    _logs: dict[Origin, int]

    # ---- reading: detente.line.effects.View -----------------------------------------------------------------

    def entry(self, origin: Origin, seq: int) -> bytes | None:
        """Return the leaf at this index, or None."""
        return self._octets("SELECT leaf FROM entries WHERE id = ?", entry_id(self._known(origin), seq))

    def entries(self, origin: Origin, start: int, count: int) -> list[bytes]:
        """Return up to ``count`` leaves from index ``start``."""
        first = entry_id(self._known(origin), start)
        end = entry_id(self._known(origin) + 1, 0)
        rows = self._rows(
            "SELECT leaf FROM entries WHERE id >= ? AND id < ? ORDER BY id LIMIT ?", first, end, count
        )
        return [row[0] for row in rows]

    def node(self, origin: Origin, level: int, index: int) -> bytes:
        """Return a perfect tree node; raises StoreFailure when it is not there."""
        if level == 0:
            leaf = self.entry(origin, index)
            found = None if leaf is None else leaf_hash(leaf)
        else:
            found = self._octets(
                "SELECT hash FROM nodes WHERE id = ?", node_id(self._known(origin), level, index)
            )
        if found is None:
            raise missing_node(self.where, level, index)
        return found

    def received_ms(self, origin: Origin, seq: int) -> int | None:
        """Return when this statement was stored, by this node's own clock, or None."""
        return self._number("SELECT received_ms FROM entries WHERE id = ?", entry_id(self._known(origin), seq))

    def size(self, origin: Origin) -> int:
        """Return how many statements of this log are stored."""
        return self._number("SELECT size FROM logs WHERE id = ?", self._known(origin)) or 0

    def origins(self) -> list[Origin]:
        """Return the logs that hold at least one statement."""
        rows = self._rows("SELECT line, epoch, member, generation FROM logs WHERE size > 0")
        return sorted(Origin(*row) for row in rows)

    def missing(self, origin: Origin) -> dict[int, set[str]]:
        """Return index -> hashes of shown bodies that are still missing, by index."""
        log = self._known(origin)
        found: dict[int, set[str]] = {}
        rows = self._rows(
            "SELECT entry, hash FROM wanted WHERE entry >= ? AND entry < ? ORDER BY entry",
            entry_id(log, 0),
            entry_id(log + 1, 0),
        )
        for entry, digest in rows:
            found.setdefault(entry_place(entry)[1], set()).add(digest.hex())
        return found

    def body(self, digest: str) -> tuple[bytes, bytes] | None:
        """Return salt and content, or None."""
        rows = self._rows("SELECT salt, content FROM bodies WHERE hash = ?", bytes.fromhex(digest))
        return (rows[0][0], rows[0][1]) if rows else None

    def open_body(self, digest: str) -> tuple[bytes, bytes] | None:
        """Return salt and content of what was stored as open to others, or None."""
        rows = self._rows("SELECT salt, content FROM bodies WHERE hash = ? AND open = 1", bytes.fromhex(digest))
        return (rows[0][0], rows[0][1]) if rows else None

    def has_body(self, digest: str) -> bool:
        """Tell whether this content is stored."""
        return self._number("SELECT 1 FROM bodies WHERE hash = ?", bytes.fromhex(digest)) is not None

    def submission(self, submission: str) -> Reference | None:
        """Return where the newest statement of this submission stands, or None."""
        entry = self._number("SELECT entry FROM submissions WHERE submission = ?", submission)
        if entry is None:
            return None
        log, seq = entry_place(entry)
        origin = next(one for one, number in self._logs.items() if number == log)
        return Reference(origin.epoch, origin.generation, self.node(origin, 0, seq).hex(), origin.member, seq)

    def checkpoint(self, origin: Origin) -> Checkpoint | None:
        """Return the newest head of this log with its writer's signature alone, or None."""
        note = self._octets(
            "SELECT note FROM checkpoints WHERE log = ? ORDER BY size DESC LIMIT 1", self._known(origin)
        )
        return None if note is None else Checkpoint.decode(note)

    def checkpoint_at(self, origin: Origin, size: int) -> Checkpoint | None:
        """Return the head of this size with its writer's signature alone, or None."""
        note = self._octets("SELECT note FROM checkpoints WHERE log = ? AND size = ?", self._known(origin), size)
        return None if note is None else Checkpoint.decode(note)

    def checkpoint_below(self, origin: Origin, size: int) -> Checkpoint | None:
        """Return the newest head of at most this size with its writer's signature alone, or None."""
        note = self._octets(
            "SELECT note FROM checkpoints WHERE log = ? AND size <= ? ORDER BY size DESC LIMIT 1",
            self._known(origin),
            size,
        )
        return None if note is None else Checkpoint.decode(note)

    def checkpoints(self, origin: Origin, first: int = 0, end: int = ENTRIES_MAX + 1) -> list[Checkpoint]:
        """Return every head held of this log from one size up to another, with its writer's signature alone."""
        rows = self._rows(
            "SELECT note FROM checkpoints WHERE log = ? AND size >= ? AND size < ? ORDER BY size",
            self._known(origin),
            first,
            end,
        )
        return [Checkpoint.decode(row[0]) for row in rows]

    def claims(self, origin: Origin) -> list[Checkpoint]:
        """Return the claims kept about this log, by size, then root."""
        rows = self._rows("SELECT note FROM claims WHERE log = ? ORDER BY size, root", self._known(origin))
        return [Checkpoint.decode(row[0]) for row in rows]

    def due(self, upto_ms: int, limit: int) -> list[tuple[Origin, int, str, int]]:
        """Return the first ``limit`` answers owed by ``upto_ms``, earliest first: log, index, by whom, when."""
        rows = self._rows(
            "SELECT line, epoch, logs.member, generation, entry, due.member, due_ms FROM due"
            " JOIN logs ON logs.id = entry >> 40 WHERE due_ms <= ?"
            " ORDER BY due_ms, line, epoch, logs.member, generation, entry, due.member LIMIT ?",
            upto_ms,
            limit,
        )
        return [(Origin(*row[:4]), entry_place(row[4])[1], row[5], row[6]) for row in rows]

    def newest_cosignatures(self, origin: Origin) -> list[tuple[int, bytes, Cosignature]]:
        """Return the newest cosignature of each cosigner's name and hint: size, root, cosignature."""
        found = []
        log = self._known(origin)
        # one step of the index for each key, however many cosignatures there are
        at: tuple[Any, ...] | None = next(iter(self._rows(_FIRST_KEY, log)), None)
        while at is not None:
            size, root, clock_s, signature = self._rows(_NEWEST_OF_KEY, log, *at)[0]
            found.append((size, root, Cosignature(at[0], at[1], clock_s, signature)))
            at = self._key_after(log, *at)
        return found

    def _key_after(self, log: int, name: str, hint: bytes) -> tuple[Any, ...] | None:
        """Return the next cosigner's name and hint; asked at once, SQLite goes through all rows of the name."""
        found = self._rows(_NEXT_HINT, log, name, hint) or self._rows(_NEXT_NAME, log, name)
        return found[0] if found else None

    def cosignatures(
        self, origin: Origin, first: int = 0, end: int = ENTRIES_MAX + 1
    ) -> list[tuple[int, bytes, Cosignature, int]]:
        """Return every cosignature held over this log from one size up to another, by size and name.

        Each as size, root, cosignature, received_ms.
        """
        rows = self._rows(
            "SELECT size, root, name, hint, clock_s, signature, received_ms FROM cosignatures WHERE log = ?"
            " AND size >= ? AND size < ? ORDER BY size, name, hint",
            self._known(origin),
            first,
            end,
        )
        return [(row[0], row[1], Cosignature(*row[2:6]), row[6]) for row in rows]

    def cosignature_before(
        self, origin: Origin, name: str, hint: bytes, clock_s: int
    ) -> tuple[int, Cosignature] | None:
        """Return the highest head that this key cosigned before a time of its own clock, or None."""
        where = "name = ? AND hint = ? AND clock_s < ? ORDER BY size DESC"
        return self._cosignature(where, origin, name, hint, clock_s)

    def first_cosignature(self, origin: Origin, seq: int, name: str) -> tuple[int, Cosignature] | None:
        """Return the first head with this statement in it that this name cosigned, or None."""
        return self._cosignature("name = ? AND size > ? ORDER BY size", origin, name, seq)

    def acts(self, member: str) -> list[bytes]:
        """Return a party's root acts in order."""
        rows = self._rows("SELECT envelope FROM acts WHERE member = ? ORDER BY place", member)
        return [row[0] for row in rows]

    def openings(self) -> list[tuple[bytes, bool]]:
        """Return the openings held, and whether this home worked or works in each."""
        rows = self._rows("SELECT octets, current FROM openings ORDER BY epoch, hash")
        return [(octets, bool(current)) for octets, current in rows]

    def peer(self, member: str) -> bytes | None:
        """Return the payload of a party's last have-vector, or None."""
        return self._octets("SELECT octets FROM peers WHERE member = ?", member)

    def answers(self, member: str) -> list[bytes]:
        """Return the answers kept of a party, oldest first."""
        return [row[0] for row in self._rows("SELECT envelope FROM answers WHERE member = ? ORDER BY id", member)]

    def used_bytes(self, member: str) -> int:
        """Return how many bytes of this party's statements and bodies are stored."""
        return self._number("SELECT bytes FROM used WHERE member = ?", member) or 0

    def forks(self) -> list[bytes]:
        """Return the fork proofs held."""
        return [row[0] for row in self._rows("SELECT proof FROM forks ORDER BY hash")]

    def state(self) -> bytes | None:
        """Return the machine's small state, or None."""
        return self._octets("SELECT octets FROM state WHERE id = 1")

    def history(self) -> list[PutHistory]:
        """Return the history that is kept beside the logs, oldest first."""
        rows = self._rows("SELECT at_ms, what, member, detail FROM history ORDER BY id")
        return [PutHistory(*row) for row in rows]

    # ---- inside ---------------------------------------------------------------------------------------------

    @abstractmethod
    def _rows(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        """Return the answer to a question of the store; ? stands for each value."""

    def _octets(self, sql: str, *values: object) -> bytes | None:
        rows = self._rows(sql, *values)
        return bytes(rows[0][0]) if rows else None

    def _number(self, sql: str, *values: object) -> int | None:
        rows = self._rows(sql, *values)
        return int(rows[0][0]) if rows else None

    def _cosignature(self, where: str, origin: Origin, *values: object) -> tuple[int, Cosignature] | None:
        rows = self._rows(
            f"SELECT size, name, hint, clock_s, signature FROM cosignatures WHERE log = ? AND {where} LIMIT 1",  # noqa: S608 - ours
            self._known(origin),
            *values,
        )
        return (rows[0][0], Cosignature(*rows[0][1:])) if rows else None

    def _known(self, origin: Origin) -> int:
        """Return a log's number, 0 for one that holds nothing."""
        known = self._logs.get(origin)
        if known is None:
            self._load_logs()  # another process may have founded it since
            known = self._logs.get(origin, 0)
        return known

    def _load_logs(self) -> None:
        rows = self._rows("SELECT id, line, epoch, member, generation FROM logs")
        self._logs = {Origin(*row[1:]): row[0] for row in rows}


_FIRST_KEY = "SELECT name, hint FROM cosignatures WHERE log = ? ORDER BY name, hint LIMIT 1"
_NEXT_HINT = (
    "SELECT name, hint FROM cosignatures WHERE log = ? AND name = ? AND hint > ? ORDER BY name, hint LIMIT 1"
)
_NEXT_NAME = "SELECT name, hint FROM cosignatures WHERE log = ? AND name > ? ORDER BY name, hint LIMIT 1"
_NEWEST_OF_KEY = (
    "SELECT size, root, clock_s, signature FROM cosignatures WHERE log = ? AND name = ? AND hint = ?"
    " ORDER BY size DESC LIMIT 1"
)
