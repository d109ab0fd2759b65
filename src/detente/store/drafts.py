"""Drafts that wait for people to release them: durable, beside the lines' records, and signed by nobody yet.

A draft is named by its submission, so that keeping it twice is keeping it once, and sending it later is one entry
however often it is tried. Beside it lies what was done about it: who wrote it, the salts that officers release it with,
and each officer's touch so far, so that a restart between two touches asks nobody again.

A form that is not finished lies in a table of its own: nothing that releases or sends drafts can find it there.
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

__all__ = ["DISCARDED_MAX", "DRAFTS_MAX", "Drafts", "Kept", "KeptTouch", "Progress", "Unfinished"]

say = words.speaker("store")

DRAFTS_MAX = 10_000
"""How many may wait at once, unfinished ones among them; a program that went wild must not fill the disk."""
DISCARDED_MAX = 10_000
"""How many submissions of discarded drafts are remembered: a machine that asks again brings none of them back."""
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
_THIRD = """
CREATE TABLE unfinished (submission TEXT PRIMARY KEY, form BLOB NOT NULL, mark BLOB NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE discarded (number INTEGER PRIMARY KEY, submission TEXT NOT NULL UNIQUE) STRICT;
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
    revision: how often it was changed.
    """

    by: str = ""
    actor: str = ""
    is_machine: bool = False
    salts: tuple[bytes, ...] = ()
    touches: tuple[KeptTouch, ...] = ()
    revision: int = 0


class Unfinished(msgspec.Struct, frozen=True, kw_only=True):
    """A form that is no notice yet. notice: the form as JSON; attachments: media type and octets of each file.

    in_reply_to: as it was typed. It is nothing that could be said: it becomes a draft when somebody finished it.
    """

    submission: str
    line: str
    drafted_ms: int
    notice: bytes
    attachments: tuple[tuple[str, bytes], ...] = ()
    answer_by_ms: int | None = None
    in_reply_to: str = ""
    progress: Progress = Progress()


NO_PROGRESS = Progress()
_ALL = """
SELECT drafts.*, progress.progress, progress.mark FROM drafts
LEFT JOIN progress ON progress.submission = drafts.submission
"""
_decoder = msgspec.msgpack.Decoder(Draft)
_progress_decoder = msgspec.msgpack.Decoder(Progress)
_unfinished_decoder = msgspec.msgpack.Decoder(Unfinished)


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
    migrations = (_FIRST, _SECOND, _THIRD)

    def keep(self, line: str, draft: Draft, drafted_ms: int, progress: Progress = NO_PROGRESS) -> None:
        """Keep a draft; the same one again changes nothing.

        Raises HomeMistake when another draft has its submission or too many wait, StoreFailure.
        """
        held = self.find(draft.submission)
        is_other = held is not None and (held.line, held.draft) != (line, draft)
        if is_other or self.find_unfinished(draft.submission) is not None:
            raise _mistake(
                say("a submission of its own for each draft"),
                draft.submission,
                self.path,
                say("leave --submission out"),
            )
        if held is not None:
            return
        with translated(self.path), self._connection:
            self._check_room()
            self._put(Kept(line, draft, drafted_ms, progress))

    def change(self, kept: Kept) -> bool:
        """Put another draft, or more progress, in the place of what has its submission; False when there is none.

        What was unfinished is a draft from now on. Raises StoreFailure.
        """
        submission = kept.draft.submission
        if self.find(submission) is None and self.find_unfinished(submission) is None:
            return False
        with translated(self.path), self._connection:
            self._connection.execute("DELETE FROM unfinished WHERE submission = ?", (submission,))
            self._put(kept)
        return True

    def keep_unfinished(self, form: Unfinished) -> None:
        """Keep a form under its submission, in the place of whatever had it: no draft of it waits any more.

        Raises HomeMistake when too many wait, StoreFailure.
        """
        submission = form.submission
        is_new = self.find(submission) is None and self.find_unfinished(submission) is None
        row = (submission, msgspec.msgpack.encode(form))
        with translated(self.path), self._connection:
            if is_new:
                self._check_room()
            self._connection.execute("DELETE FROM progress WHERE submission = ?", (submission,))
            self._connection.execute("DELETE FROM drafts WHERE submission = ?", (submission,))
            self._connection.execute("INSERT OR REPLACE INTO unfinished VALUES (?, ?, ?)", (*row, mark(*row)))

    def find_unfinished(self, submission: str) -> Unfinished | None:
        """Return the form of this submission, or None. Raises StoreFailure for one that the disk changed."""
        found = self._unfinished("WHERE submission = ?", submission)
        return found[0] if found else None

    def unfinished(self) -> list[Unfinished]:
        """Return every form that is not finished, oldest first. Raises StoreFailure for one that the disk changed."""
        return sorted(self._unfinished(""), key=lambda one: (one.drafted_ms, one.submission))

    def find(self, submission: str) -> Kept | None:
        """Return the draft of this submission, or None. Raises StoreFailure for one that the disk changed."""
        found = self._kept("WHERE drafts.submission = ?", submission)
        return found[0] if found else None

    def waiting(self) -> list[Kept]:
        """Return every draft, oldest first. Raises StoreFailure for one that the disk changed."""
        return self._kept("ORDER BY drafted_ms, drafts.submission")

    def discard(self, submission: str, *, is_remembered: bool = False) -> bool:
        """Forget a draft or a form, whatever became of its row; True when there was one.

        is_remembered: ``was_discarded`` tells of it, until as many others as ``DISCARDED_MAX`` were remembered.
        """
        gone = 0
        with translated(self.path), self._connection:
            self._connection.execute("DELETE FROM progress WHERE submission = ?", (submission,))
            for table in ("drafts", "unfinished"):
                self._connection.execute(f"DELETE FROM {table} WHERE submission = ?", (submission,))  # noqa: S608 - ours
                gone += self._connection.changes()
            if gone and is_remembered:
                self._connection.execute("INSERT OR IGNORE INTO discarded (submission) VALUES (?)", (submission,))
                oldest = "SELECT max(number) - ? FROM discarded"
                self._connection.execute(f"DELETE FROM discarded WHERE number <= ({oldest})", (DISCARDED_MAX,))  # noqa: S608
        return gone > 0

    def was_discarded(self, submission: str) -> bool:
        """Tell whether a draft of this submission was discarded and is remembered. Raises StoreFailure."""
        with translated(self.path):
            rows = self._connection.execute(
                "SELECT 1 FROM discarded WHERE submission = ?", (submission,)
            ).fetchall()
        return bool(rows)

    def _check_room(self) -> None:
        """Raise HomeMistake when as many wait as may; inside a transaction."""
        count = 0
        for table in ("drafts", "unfinished"):
            rows: list[tuple[Any, ...]] = self._connection.execute(f"SELECT count(*) FROM {table}").fetchall()  # noqa: S608
            count += rows[0][0]
        if count >= DRAFTS_MAX:
            raise _mistake(
                say("at most {count} drafts that wait", count=DRAFTS_MAX),
                str(count),
                self.path,
                say("release or discard some: detente line drafts"),
            )

    def _unfinished(self, which: str, *values: Any) -> list[Unfinished]:
        with translated(self.path):
            rows: list[tuple[Any, ...]] = self._connection.execute(
                f"SELECT submission, form, mark FROM unfinished {which}",  # noqa: S608 - ours
                values,
            ).fetchall()
        found = []
        for submission, octets, marked in rows:
            if marked != mark(submission, octets):
                raise damaged(self.path, say("a draft that was changed: {submission}", submission=submission))
            try:
                found.append(_unfinished_decoder.decode(octets))
            except msgspec.DecodeError as fault:  # written by a newer version
                raise damaged(self.path, str(fault)) from fault
        return found

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
