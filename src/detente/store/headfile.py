"""The head file: the signer's own durable record, outside the home and outside every backup.

It says how far this node's own logs were signed, which heads of others it cosigned and which own root acts it held, so
that a restored or cloned home cannot sign one index or cosign one size twice, nor sign on in a log that its keepers
closed. Numbers in it only grow. The signer alone writes it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from detente import words
from detente.line.checkpoint import Origin
from detente.line.effects import HeadFile, RecordedActs, Role
from detente.store.disk import translated
from detente.store.errors import StoreFailure, damaged
from detente.store.schema import mark
from detente.store.small_file import SmallFile

__all__ = ["TOUCHES_MAX", "HeadRecord", "OwnHead"]

say = words.speaker("store")

TOUCHES_MAX = 10_000
"""Officers' touches that the signer remembers, of drafts that wait and of what was sent."""
_APPLICATION_ID = 0x64746E68  # "dtnh"
_FIRST = """
CREATE TABLE own (
    origin TEXT PRIMARY KEY, size INTEGER NOT NULL, root BLOB NOT NULL, edge BLOB NOT NULL, last BLOB NOT NULL,
    mark BLOB NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE cosigned (
    origin TEXT NOT NULL, role TEXT NOT NULL, size INTEGER NOT NULL, root BLOB NOT NULL, mark BLOB NOT NULL,
    PRIMARY KEY (origin, role)
) STRICT, WITHOUT ROWID;
CREATE TABLE facts (name TEXT PRIMARY KEY, value TEXT NOT NULL, mark BLOB NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE released (
    submission TEXT NOT NULL, origin TEXT NOT NULL, mark BLOB NOT NULL, PRIMARY KEY (submission, origin)
) STRICT, WITHOUT ROWID;
CREATE TABLE counters (key TEXT PRIMARY KEY, count INTEGER NOT NULL, mark BLOB NOT NULL) STRICT, WITHOUT ROWID;
"""
_SECOND = """
CREATE TABLE touches (number INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, mark BLOB NOT NULL) STRICT;
"""


@dataclass(frozen=True, slots=True)
class OwnHead:
    """How far an own log was signed and is durable.

    edge: roots of the perfect subtrees of ``size``, largest first (see ``merkle.Frontier``); last: the last
    leaf's hash.
    """

    size: int
    root: bytes
    edge: tuple[bytes, ...]
    last: bytes


class HeadRecord(SmallFile):
    """The head file on one SQLite file; what a method stored is on the disk when it returns."""

    application_id = _APPLICATION_ID
    migrations = (_FIRST, _SECOND)
    reads_older = True

    def __init__(
        self, path: Path, *, create: bool = False, read_only: bool = False, vfs: str | None = None
    ) -> None:
        """Open, or found an empty one with ``create``. Raises HomeMistake or StoreFailure."""
        super().__init__(path, create=create, read_only=read_only, vfs=vfs)
        try:
            self._load()
        except BaseException:
            self._connection.close()
            raise

    def _load(self) -> None:
        self.own: dict[Origin, OwnHead] = {
            Origin.parse(origin): OwnHead(size, root, _split(edge), last)
            for origin, size, root, edge, last in self._rows("own")
        }
        self.cosigned: dict[tuple[Origin, Role], tuple[int, bytes]] = {
            (Origin.parse(origin), Role(role)): (size, root)
            for origin, role, size, root in self._rows("cosigned")
        }
        self.released: dict[str, set[Origin]] = {}
        for submission, origin in self._rows("released"):
            self.released.setdefault(submission, set()).add(Origin.parse(origin))
        self.counters: dict[str, int] = dict(self._rows("counters"))
        self._facts: dict[str, str] = dict(self._rows("facts"))
        # a file of before there were touches, which nobody has opened for writing since, holds none
        touches = self._rows("touches") if self._has("touches") else []
        self.touches: dict[str, int] = {name: number for number, name in touches}

    def _has(self, table: str) -> bool:
        with translated(self.path):
            found = self._connection.execute("SELECT 1 FROM sqlite_schema WHERE name = ?", (table,)).fetchall()
        return bool(found)

    def _rows(self, table: str) -> list[tuple[Any, ...]]:
        """Return a table's rows as they were written; raises StoreFailure for one that the disk changed.

        What stands here decides what may be signed: a damaged record is worse than none, which halts the node.
        """
        with translated(self.path):
            rows: list[tuple[Any, ...]] = self._connection.execute(f"SELECT * FROM {table}").fetchall()  # noqa: S608 - ours
        if any(found != mark(*values) for *values, found in rows):
            raise StoreFailure(
                expected=say("an undamaged head file"),
                came=say("{table}: a row that was changed", table=table),
                where=str(self.path),
                remedy=say("move the head file away, then let a keeper confirm: detente line confirm"),
            )
        return [row[:-1] for row in rows]

    def audit(self) -> list[str]:
        """Return what SQLite finds wrong with the file, in words; every value was checked when it was opened."""
        with translated(self.path):
            found = [str(row[0]) for row in self._connection.execute("PRAGMA integrity_check(100)")]
        return [one for one in found if one != "ok"]

    def head_file(self) -> HeadFile:
        """Return a copy of what is recorded, as the machine is told it."""
        return HeadFile(
            {origin: (one.size, one.root) for origin, one in self.own.items()},
            dict(self.cosigned),
            self.answered_ms,
            self.acts,
        )

    @property
    def answered_ms(self) -> int:
        """The latest clock of an answer that was signed: no cosignature may bear an earlier one."""
        return int(self.fact("answered_ms") or 0)

    def put_answered(self, clock_ms: int) -> None:
        """Record the clock of an answer before it leaves."""
        if clock_ms > self.answered_ms:
            self.put_facts({"answered_ms": str(clock_ms)})

    @property
    def acts(self) -> RecordedActs | None:
        """The own root acts that the home held; None in a head file of before they were recorded."""
        count, _, newest = self.fact("acts").partition(" ")
        return RecordedActs(int(count), newest) if count else None

    def put_acts(self, count: int, newest: str) -> None:
        """Record own root acts that the home holds durably: how many, and the hash of the newest, hexadecimal.

        Raises StoreFailure for fewer than recorded, or for as many of another chain.
        """
        before = self.acts
        if before == RecordedActs(count, newest):
            return
        if before is not None and count <= before.count:
            raise damaged(self.path, say("other root acts than the {count} recorded", count=before.count))
        self.put_facts({"acts": f"{count} {newest}"})

    def fact(self, name: str) -> str:
        """Return a fact ("home": the home's id, "machine": the machine's identity), or ""."""
        return self._facts.get(name, "")

    def put_facts(self, facts: Mapping[str, str]) -> None:
        """Record facts."""
        with translated(self.path), self._connection:
            self._connection.executemany("INSERT OR REPLACE INTO facts VALUES (?, ?, ?)", _marked(facts.items()))
        self._facts.update(facts)

    def put_own(
        self,
        heads: Mapping[Origin, OwnHead],
        released: Iterable[tuple[str, Origin]] = (),
        counters: Mapping[str, int] | None = None,
    ) -> None:
        """Record own heads, all in one step; raises StoreFailure when one would go back.

        released: submissions that officers released, and the log in which each stands below these heads. counters:
        the highest signature counter of each officer's authenticator, by key.
        """
        for origin, head in heads.items():
            if origin in self.own and head.size < self.own[origin].size:
                raise damaged(self.path, say("a head below the one recorded: {origin}", origin=origin))
        rows = [(str(origin), one.size, one.root, b"".join(one.edge), one.last) for origin, one in heads.items()]
        fresh = [one for one in dict.fromkeys(released) if one[1] not in self.released.get(one[0], ())]
        risen = {key: count for key, count in (counters or {}).items() if count > self.counters.get(key, 0)}
        with translated(self.path), self._connection:
            self._connection.executemany("INSERT OR REPLACE INTO own VALUES (?, ?, ?, ?, ?, ?)", _marked(rows))
            if fresh:
                listed = [(submission, str(origin)) for submission, origin in fresh]
                self._connection.executemany("INSERT INTO released VALUES (?, ?, ?)", _marked(listed))
            if risen:
                self._connection.executemany(
                    "INSERT OR REPLACE INTO counters VALUES (?, ?, ?)", _marked(risen.items())
                )
        self.own.update(heads)
        for submission, origin in fresh:
            self.released.setdefault(submission, set()).add(origin)
        self.counters.update(risen)

    def put_touch(self, name: str, counters: Mapping[str, int]) -> None:
        """Record that an officer's touch was given, with its authenticator's counter, in one step.

        Of more than ``TOUCHES_MAX`` the oldest is forgotten: its officer must touch again.
        """
        number = max(self.touches.values(), default=0) + 1
        risen = {key: count for key, count in counters.items() if count > self.counters.get(key, 0)}
        old = [one for one, at in self.touches.items() if at <= number - TOUCHES_MAX]
        with translated(self.path), self._connection:
            self._connection.executemany("INSERT INTO touches VALUES (?, ?, ?)", _marked([(number, name)]))
            self._connection.executemany("DELETE FROM touches WHERE name = ?", [(one,) for one in old])
            self._connection.executemany(
                "INSERT OR REPLACE INTO counters VALUES (?, ?, ?)", _marked(risen.items())
            )
        self.touches[name] = number
        for one in old:
            del self.touches[one]
        self.counters.update(risen)

    def put_cosigned(self, origin: Origin, roles: Iterable[Role], size: int, root: bytes) -> None:
        """Record the highest cosigned head of a log in these roles, in one step; StoreFailure when lower."""
        places = [(origin, role) for role in roles]
        for place in places:
            if self.cosigned.get(place, (0, b""))[0] > size:
                raise damaged(self.path, say("a head below the one recorded: {origin}", origin=origin))
        rows = [(str(origin), role.value, size, root) for _, role in places]
        with translated(self.path), self._connection:
            self._connection.executemany("INSERT OR REPLACE INTO cosigned VALUES (?, ?, ?, ?, ?)", _marked(rows))
        self.cosigned.update(dict.fromkeys(places, (size, root)))


def _marked(rows: Iterable[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """Return rows with the mark by which a change of the disk is found."""
    return [(*row, mark(*row)) for row in rows]


def _split(edge: bytes) -> tuple[bytes, ...]:
    return tuple(edge[start : start + 32] for start in range(0, len(edge), 32))
