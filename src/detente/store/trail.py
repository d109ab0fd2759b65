"""The trail of acts: who did what, when; only ever longer, each act bound to all before it.

An act's hash is SHA-256 over ``detente/trail/1`` and a zero byte, the 32 bytes of the hash before it (zeros before the
first) and the act's canonical bytes. The file itself refuses to change or to forget a row; whoever changes it all the
same is found by ``faults``, and whoever cuts its end by the heads that the record holds.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from detente import words
from detente.line import canonical
from detente.line.errors import Refused
from detente.store.disk import translated
from detente.store.errors import damaged
from detente.store.schema import mark
from detente.store.small_file import SmallFile

__all__ = ["ACTS_AT_ONCE", "NO_HASH", "Act", "SignedHead", "TrailFile"]

say = words.speaker("store")

NO_HASH = bytes(32)
"""What stands before the first act."""
ACTS_AT_ONCE = 1_000
"""How many acts one question gives at most."""
_ACT_BYTES = 64 * 1024
_APPLICATION_ID = 0x64746E76  # "dtnv"
_FIRST = """
CREATE TABLE acts (
    number INTEGER PRIMARY KEY, at_ms INTEGER NOT NULL, act BLOB NOT NULL, hash BLOB NOT NULL, mark BLOB NOT NULL
) STRICT;
CREATE INDEX acts_by_time ON acts (at_ms);
CREATE TABLE heads (
    id INTEGER PRIMARY KEY, number INTEGER NOT NULL, hash BLOB NOT NULL, line TEXT NOT NULL, ref TEXT NOT NULL,
    mark BLOB NOT NULL
) STRICT;
CREATE TRIGGER acts_stay BEFORE UPDATE ON acts BEGIN SELECT RAISE(ABORT, 'an act never changes'); END;
CREATE TRIGGER acts_stay_here BEFORE DELETE ON acts BEGIN SELECT RAISE(ABORT, 'an act is never forgotten'); END;
CREATE TRIGGER acts_follow BEFORE INSERT ON acts
    WHEN NEW.number <> (SELECT coalesce(max(number) + 1, 0) FROM acts)
    BEGIN SELECT RAISE(ABORT, 'acts have no gap'); END;
CREATE TRIGGER heads_stay BEFORE UPDATE ON heads BEGIN SELECT RAISE(ABORT, 'a signed head never changes'); END;
CREATE TRIGGER heads_stay_here BEFORE DELETE ON heads
    BEGIN SELECT RAISE(ABORT, 'a signed head is never forgotten'); END;
"""


class Act(msgspec.Struct, frozen=True, kw_only=True):
    """One act. number: from 0 on; actor: the id of a person or token, "" for the desk, "terminal" for this machine's.

    at_ms: own clock, milliseconds since 1970 UTC. hash: of this act and the one before it, hexadecimal.
    """

    number: int
    at_ms: int
    actor: str
    actor_name: str
    act: str
    detail: dict[str, str]
    hash: str = ""

    def spelled(self) -> bytes:
        """Return the canonical bytes, without the hash."""
        document = msgspec.to_builtins(self)
        del document["hash"]
        return canonical.encode(document)


class SignedHead(msgspec.Struct, frozen=True, kw_only=True):
    """A head of the trail that the record holds. number: how many acts it covers; ref: its entry on the line."""

    number: int
    hash: str
    line: str
    ref: str


class TrailFile(SmallFile):
    """The trail of one home on one SQLite file; what a method stored is on the disk when it returns."""

    application_id = _APPLICATION_ID
    migrations = (_FIRST,)

    def append(self, at_ms: int, actor: str, actor_name: str, act: str, detail: Mapping[str, str]) -> Act:
        """Add an act and return it with its place and hash. Raises StoreFailure; Malformed for half a letter."""
        number, before = self.head()
        made = Act(number=number, at_ms=at_ms, actor=actor, actor_name=actor_name, act=act, detail=dict(detail))
        octets = made.spelled()
        digest = _chained(before, octets)
        row = (number, at_ms, octets, digest)
        with translated(self.path), self._connection:
            self._connection.execute("INSERT INTO acts VALUES (?, ?, ?, ?, ?)", (*row, mark(*row)))
        return msgspec.structs.replace(made, hash=digest.hex())

    def head(self) -> tuple[int, bytes]:
        """Return how many acts there are, and the hash of the last. Raises StoreFailure."""
        rows = self._rows("SELECT number, hash FROM acts ORDER BY number DESC LIMIT 1")
        return (rows[0][0] + 1, rows[0][1]) if rows else (0, NO_HASH)

    def hash_of(self, number: int) -> bytes | None:
        """Return the hash of the first ``number`` acts; None when there are not so many. Raises StoreFailure."""
        if number == 0:
            return NO_HASH
        rows = self._rows("SELECT hash FROM acts WHERE number = ?", number - 1)
        return bytes(rows[0][0]) if rows else None

    def acts(
        self,
        *,
        before: int | None = None,
        from_ms: int | None = None,
        until_ms: int | None = None,
        limit: int = ACTS_AT_ONCE,
    ) -> list[Act]:
        """Return acts, newest first: with a smaller number than ``before``, from one moment up to another.

        Raises StoreFailure for one that the disk changed.
        """
        far = 2**62
        rows = self._rows(
            "SELECT * FROM acts WHERE number < ? AND at_ms >= ? AND at_ms < ? ORDER BY number DESC LIMIT ?",
            far if before is None else min(before, far),
            -far if from_ms is None else max(-far, min(from_ms, far)),
            far if until_ms is None else max(-far, min(until_ms, far)),
            max(0, min(limit, ACTS_AT_ONCE + 1)),
        )
        return [self._act(*row) for row in rows]

    def act(self, number: int) -> Act | None:
        """Return one act, None when there are not so many. Raises StoreFailure for one that the disk changed."""
        rows = self._rows("SELECT * FROM acts WHERE number = ?", number)
        return self._act(*rows[0]) if rows else None

    def note_signed(self, head: SignedHead) -> None:
        """Note that the record holds a head of this trail. Raises StoreFailure."""
        row = (head.number, bytes.fromhex(head.hash), head.line, head.ref)
        with translated(self.path), self._connection:
            self._connection.execute(
                "INSERT INTO heads (number, hash, line, ref, mark) VALUES (?, ?, ?, ?, ?)", (*row, mark(*row))
            )

    def signed(self) -> list[SignedHead]:
        """Return every head that the record holds, in the order in which they were noted. Raises StoreFailure."""
        found = []
        for number, digest, line, ref, kept in self._rows(
            "SELECT number, hash, line, ref, mark FROM heads ORDER BY id"
        ):
            if kept != mark(number, digest, line, ref):
                raise damaged(self.path, say("a signed head that was changed: {number}", number=number))
            found.append(SignedHead(number=number, hash=digest.hex(), line=line, ref=ref))
        return found

    def faults(self) -> Iterator[str]:
        """Check every act against the one before it; yields each fault in words. Raises StoreFailure."""
        before, expected = NO_HASH, 0
        with translated(self.path):
            for number, at_ms, octets, digest, kept in self._connection.execute(
                "SELECT * FROM acts ORDER BY number"
            ):
                if number != expected:
                    yield say("acts are missing before act {number} of the trail", number=number)
                whole = kept == mark(number, at_ms, octets, digest) and _chained(before, octets) == digest
                if not whole or not _says(octets, number, at_ms):
                    yield say("act {number} of the trail was changed", number=number)
                before, expected = digest, number + 1

    def _act(self, number: Any, at_ms: Any, octets: Any, digest: Any, found: Any) -> Act:
        if found != mark(number, at_ms, octets, digest):
            raise damaged(self.path, say("act {number} of the trail was changed", number=number))
        try:
            made = msgspec.json.decode(octets, type=Act)
        except msgspec.DecodeError as fault:  # written by a newer version
            raise damaged(self.path, str(fault)) from fault
        return msgspec.structs.replace(made, hash=digest.hex())

    def _rows(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        with translated(self.path):
            return self._connection.execute(sql, values).fetchall()


def _chained(before: bytes, octets: bytes) -> bytes:
    return hashlib.sha256(b"detente/trail/1\0" + before + octets).digest()


def _says(octets: bytes, number: int, at_ms: int) -> bool:
    """Tell whether an act's bytes are canonical and name its own place and time."""
    try:
        document = canonical.decode(octets, size_max=_ACT_BYTES, what="act")
    except Refused:
        return False
    return (document.get("number"), document.get("at_ms")) == (number, at_ms)
