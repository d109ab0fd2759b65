"""Drafts that wait for people to release them: durable, beside the lines' records, and signed by nobody yet.

A draft is named by its submission, so that keeping it twice is keeping it once, and sending it later is one entry
however often it is tried. Beside it lies what was done about it: who wrote it, the salts that officers release it with,
and each officer's touch so far, so that a restart between two touches asks nobody again.
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

__all__ = ["DRAFTS_MAX", "Drafts", "Kept", "KeptTouch", "Progress"]

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
_SECOND = """
CREATE TABLE progress (submission TEXT PRIMARY KEY, progress BLOB NOT NULL, mark BLOB NOT NULL) STRICT, WITHOUT ROWID;
"""


class KeptTouch(msgspec.Struct, frozen=True, kw_only=True):
    """One officer's touch, as the authenticator gave it. name: the officer's; key: of the authenticator."""

    name: str
    key: str
    algorithm: str
    authenticator_data: bytes
    client_data: bytes
    signature: bytes


class Progress(msgspec.Struct, frozen=True, kw_only=True):
    """What was done about a draft. by, actor: name and id of who wrote it, "" on the command line.

    is_machine: a watch wrote it. salts: of body and attachments, drawn once, when it is first asked to be released.
    """

    by: str = ""
    actor: str = ""
    is_machine: bool = False
    salts: tuple[bytes, ...] = ()
    touches: tuple[KeptTouch, ...] = ()


NO_PROGRESS = Progress()
_ALL = """
SELECT drafts.*, progress.progress, progress.mark FROM drafts
LEFT JOIN progress ON progress.submission = drafts.submission
"""
_decoder = msgspec.msgpack.Decoder(Draft)
_progress_decoder = msgspec.msgpack.Decoder(Progress)


@dataclass(frozen=True, slots=True)
class Kept:
    """A draft that waits: for which line, since when by this machine's clock, and what was done about it."""

    line: str
    draft: Draft
    drafted_ms: int
    progress: Progress = NO_PROGRESS


class Drafts(SmallFile):
    """The drafts of one home on one SQLite file; what a method stored is on the disk when it returns."""

    application_id = _APPLICATION_ID
    migrations = (_FIRST, _SECOND)

    def keep(self, line: str, draft: Draft, drafted_ms: int, progress: Progress = NO_PROGRESS) -> None:
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
            self._put(Kept(line, draft, drafted_ms, progress))

    def change(self, kept: Kept) -> bool:
        """Put another draft, or more progress, in the place of the one with its submission; False when there is none.

        Raises StoreFailure.
        """
        if self.find(kept.draft.submission) is None:
            return False
        with translated(self.path), self._connection:
            self._put(kept)
        return True

    def find(self, submission: str) -> Kept | None:
        """Return the draft of this submission, or None. Raises StoreFailure for one that the disk changed."""
        found = self._kept("WHERE drafts.submission = ?", submission)
        return found[0] if found else None

    def waiting(self) -> list[Kept]:
        """Return every draft, oldest first. Raises StoreFailure for one that the disk changed."""
        return self._kept("ORDER BY drafted_ms, drafts.submission")

    def discard(self, submission: str) -> bool:
        """Forget a draft, whatever became of its row; True when there was one."""
        with translated(self.path), self._connection:
            self._connection.execute("DELETE FROM progress WHERE submission = ?", (submission,))
            self._connection.execute("DELETE FROM drafts WHERE submission = ?", (submission,))
            gone = self._connection.changes() > 0
        return gone  # noqa: RET504 - apsw's connection may swallow, says its type

    def _put(self, kept: Kept) -> None:
        """Write a draft and its progress; inside a transaction."""
        submission = kept.draft.submission
        row = (submission, kept.line, kept.drafted_ms, msgspec.msgpack.encode(kept.draft))
        self._connection.execute("INSERT OR REPLACE INTO drafts VALUES (?, ?, ?, ?, ?)", (*row, mark(*row)))
        done = (submission, msgspec.msgpack.encode(kept.progress))
        self._connection.execute("INSERT OR REPLACE INTO progress VALUES (?, ?, ?)", (*done, mark(*done)))

    def _kept(self, which: str, *values: Any) -> list[Kept]:
        with translated(self.path):
            rows = self._connection.execute(f"{_ALL} {which}", values).fetchall()
        return [self._checked(row[:5], row[5:]) for row in rows]

    def _checked(self, row: tuple[Any, ...], done: tuple[Any, ...]) -> Kept:
        submission, line, drafted_ms, octets, found = row
        held = found == mark(submission, line, drafted_ms, octets)
        if not held or (done[0] is not None and done[1] != mark(submission, done[0])):
            raise damaged(self.path, say("a draft that was changed: {submission}", submission=submission))
        try:
            progress = Progress() if done[0] is None else _progress_decoder.decode(done[0])
            return Kept(line, _decoder.decode(octets), drafted_ms, progress)
        except msgspec.DecodeError as fault:  # written by a newer version
            raise damaged(self.path, str(fault)) from fault


def _mistake(expected: str, came: str, path: Path, remedy: str) -> HomeMistake:
    return HomeMistake(expected=expected, came=came, where=str(path), remedy=remedy)
