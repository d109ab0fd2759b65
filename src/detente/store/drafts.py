"""Drafts that wait for people to release them: durable, beside the lines' records, and signed by nobody yet.

A draft is named by its submission, so that keeping it twice is keeping it once, and sending it later is one entry
however often it is tried.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from detente import words
from detente.line.effects import Draft
from detente.store.disk import translated
from detente.store.errors import HomeMistake, damaged
from detente.store.schema import mark
from detente.store.small_file import SmallFile

__all__ = ["DRAFTS_MAX", "Drafts", "Kept"]

say = words.speaker("store")

DRAFTS_MAX = 10_000
"""How many may wait at once; a program that went wild must not fill the disk."""
_APPLICATION_ID = 0x64746E64  # "dtnd"
_FIRST = """
CREATE TABLE drafts (
    submission TEXT PRIMARY KEY, line TEXT NOT NULL, drafted_ms INTEGER NOT NULL, draft BLOB NOT NULL,
    mark BLOB NOT NULL
) STRICT, WITHOUT ROWID;
"""
_decoder = msgspec.msgpack.Decoder(Draft)


@dataclass(frozen=True, slots=True)
class Kept:
    """A draft that waits: for which line, and since when by this machine's clock."""

    line: str
    draft: Draft
    drafted_ms: int


class Drafts(SmallFile):
    """The drafts of one home on one SQLite file; what a method stored is on the disk when it returns."""

    application_id = _APPLICATION_ID
    migrations = (_FIRST,)

    def keep(self, line: str, draft: Draft, drafted_ms: int) -> None:
        """Keep a draft; the same one again changes nothing.

        Raises HomeMistake when another draft has its submission or too many wait, StoreFailure.
        """
        held = self.find(draft.submission)
        if held is not None:
            if (held.line, held.draft) != (line, draft):
                raise _mistake(
                    say("a submission of its own for each draft"),
                    draft.submission,
                    self.path,
                    say("leave --submission out"),
                )
            return
        octets = msgspec.msgpack.encode(draft)
        row = (draft.submission, line, drafted_ms, octets)
        with translated(self.path), self._connection:
            rows: list[tuple[Any, ...]] = self._connection.execute("SELECT count(*) FROM drafts").fetchall()
            count = rows[0][0]
            if count >= DRAFTS_MAX:
                raise _mistake(
                    say("at most {count} drafts that wait", count=DRAFTS_MAX),
                    str(count),
                    self.path,
                    say("release or discard some: detente line drafts"),
                )
            self._connection.execute("INSERT INTO drafts VALUES (?, ?, ?, ?, ?)", (*row, mark(*row)))

    def find(self, submission: str) -> Kept | None:
        """Return the draft of this submission, or None. Raises StoreFailure for one that the disk changed."""
        found = self._kept("SELECT * FROM drafts WHERE submission = ?", submission)
        return found[0] if found else None

    def waiting(self) -> list[Kept]:
        """Return every draft, oldest first. Raises StoreFailure for one that the disk changed."""
        return self._kept("SELECT * FROM drafts ORDER BY drafted_ms, submission")

    def discard(self, submission: str) -> bool:
        """Forget a draft, whatever became of its row; True when there was one."""
        with translated(self.path), self._connection:
            self._connection.execute("DELETE FROM drafts WHERE submission = ?", (submission,))
            gone = self._connection.changes() > 0
        return gone  # noqa: RET504 - apsw's connection may swallow, says its type

    def _kept(self, sql: str, *values: Any) -> list[Kept]:
        with translated(self.path):
            rows = self._connection.execute(sql, values).fetchall()
        return [self._checked(*row) for row in rows]

    def _checked(self, submission: Any, line: Any, drafted_ms: Any, octets: Any, found: Any) -> Kept:
        if found != mark(submission, line, drafted_ms, octets):
            raise damaged(self.path, say("a draft that was changed: {submission}", submission=submission))
        try:
            draft = _decoder.decode(octets)
        except msgspec.DecodeError as fault:  # written by a newer version
            raise damaged(self.path, str(fault)) from fault
        return Kept(line, draft, drafted_ms)


def _mistake(expected: str, came: str, path: Path, remedy: str) -> HomeMistake:
    return HomeMistake(expected=expected, came=came, where=str(path), remedy=remedy)
