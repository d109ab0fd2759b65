"""The record of one line on an embedded SQLite file: append atomically, read by place.

One writer at a time (the home's lock sees to it), any number of readers beside it. Every append is one
transaction, on the disk when ``apply`` returns. Answers to reads are not trusted by the line: what goes into a
proof is checked again.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import apsw

from detente.line.checkpoint import Origin
from detente.line.effects import Part
from detente.store.appending import WRITES, Appending
from detente.store.audit import (
    Portion,
    entries_and_faults,
    look_through,
    look_through_portion,
    nodes_between,
    portions,
)
from detente.store.disk import open_database, translated, write_copy
from detente.store.errors import damaged
from detente.store.interface import Rows
from detente.store.reading import Reading
from detente.store.schema import APPLICATION_ID, MIGRATIONS
from detente.store.tables import TABLES

__all__ = ["Record", "RecordFile"]


@dataclass(frozen=True, slots=True)
class RecordFile:
    """A record's file, as another process can be given it."""

    path: Path

    def open(self) -> Record:
        """Open the file for reading."""
        return Record(self.path, read_only=True)


class Record(Reading):
    """Implements ``detente.store.interface.Record`` over one file."""

    warnings: tuple[str, ...] = ()

    def __init__(
        self, path: Path, *, read_only: bool = False, create: bool = False, vfs: str | None = None
    ) -> None:
        """Open; ``create`` founds the file. Raises HomeMistake or StoreFailure."""
        self.path = path
        self.where = str(path)
        self._writes = not read_only
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

    @property
    def reader(self) -> RecordFile:
        """What opens this record for reading again, also in another process."""
        return RecordFile(self.path)

    def close(self) -> None:
        """Close the file; safe to call twice."""
        with translated(self.path):
            self._connection.close()

    # ---- writing --------------------------------------------------------------------------------------------

    def apply(self, parts: tuple[Part, ...]) -> None:
        """Store all parts or none; when this returns they survive a power cut.

        If we die in here, the next start finds the transaction whole or not at all. Raises StoreFailure: then it
        is not known whether the parts are on the disk, and the record must be opened anew.
        """
        known = dict(self._logs)
        with translated(self.path):
            if not self._connection.in_transaction:
                self._connection.execute("BEGIN")
            try:
                Appending(_Pen(self._connection), known).write(parts)
                self._connection.execute("COMMIT")
            except BaseException as fault:
                if self._connection.in_transaction:  # some failures have rolled back already
                    self._connection.execute("ROLLBACK")
                if isinstance(fault, IndexError):
                    raise damaged(self.path, str(fault)) from fault
                raise
        self._logs = known

    def backup(self, target: Path) -> None:
        """Write a whole, consistent copy of this moment to a new file, beside a running writer.

        Raises StoreFailure.
        """
        write_copy(self._connection, target)

    def audit(self) -> list[str]:
        """Look through every stored value; return each fault in words, [] when all is as it was written.

        Raises StoreFailure when the file cannot be read. Signatures, links and tree: ``detente.node.audit``.
        """
        with translated(self.path), self._connection:  # one moment of it, beside a running writer
            faults = look_through(self._connection)
        return faults  # noqa: RET504 - apsw's connection may swallow, says its type

    def portions(self) -> list[Portion]:
        """Return what ``audit`` looks through in pieces for several processes, but for the entries' leaves."""
        with translated(self.path):
            return portions(self._connection)

    def audit_portion(self, portion: Portion) -> list[str]:
        """Look through one piece; each fault in words. Raises StoreFailure."""
        with translated(self.path), self._connection:  # one moment of it, beside a running writer
            faults = look_through_portion(self._connection, portion)
        return faults  # noqa: RET504 - as above

    def audit_entries(
        self, origin: Origin, start: int, count: int
    ) -> tuple[list[tuple[bytes, bytes]], list[str]]:
        """Return leaves and leaf hashes of a stretch of a log, and what of the rows is not as it was written."""
        with translated(self.path):
            return entries_and_faults(self._connection, self._known(origin), start, count)

    def nodes(self, origin: Origin, level: int, first: int, end: int) -> list[bytes]:
        """Return the stored tree nodes of one level (1 and up) from an index up to another."""
        with translated(self.path):
            return nodes_between(self._connection, self._known(origin), level, first, end)

    # ---- copying whole --------------------------------------------------------------------------------------

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """Hold one moment of the record: all ``rows`` inside are of that moment."""
        with translated(self.path), self._connection:
            yield

    def rows(self, table: str) -> Iterator[tuple[Any, ...]]:
        """Yield the rows of a table in the order of its key."""
        one = TABLES[table]
        sql = f"SELECT {', '.join(one.names)} FROM {table} ORDER BY {', '.join(one.key)}"  # noqa: S608 - names of our own
        with translated(self.path):
            yield from self._connection.execute(sql)

    @contextmanager
    def filling(self) -> Iterator[None]:
        """Make every ``fill`` inside durable together, or none of them."""
        with translated(self.path):
            self._end_reading()
            with self._connection:
                yield
            self._load_logs()

    def settle(self) -> None:
        """Leave one file with nothing beside it."""
        with translated(self.path):
            self._end_reading()
            self._connection.execute("PRAGMA journal_mode = DELETE")

    def fill(self, table: str, rows: Rows) -> None:
        """Put rows into a table that is empty; inside ``filling`` only."""
        places = ", ".join("?" * len(TABLES[table].columns))
        self._connection.executemany(f"INSERT INTO {table} VALUES ({places})", rows)  # noqa: S608 - a name of our own

    # ---- reading: what SQLite says in its own way -----------------------------------------------------------

    def body_sizes(self, digests: list[str]) -> dict[str, int]:
        """Return the sizes of those of these contents that are stored, by hash; nothing of them is read."""
        rows = self._rows(
            "SELECT value, length(content) FROM json_each(?) JOIN bodies ON hash = unhex(value)",
            json.dumps(digests),
        )
        return dict(rows)

    def open_bodies(self, digests: list[str]) -> dict[str, tuple[bytes, bytes]]:
        """Return those of these contents that are stored as open to others, by hash."""
        rows = self._rows(
            "SELECT value, salt, content FROM json_each(?) JOIN bodies ON hash = unhex(value) WHERE open = 1",
            json.dumps(digests),
        )
        return {digest: (salt, content) for digest, salt, content in rows}

    def submissions(self, submissions: list[str]) -> set[str]:
        """Return those of these submissions of which a statement is stored."""
        rows = self._rows(
            "SELECT submission FROM submissions WHERE submission IN (SELECT value FROM json_each(?))",
            json.dumps(submissions),
        )
        return {row[0] for row in rows}

    # ---- inside ---------------------------------------------------------------------------------------------

    def _end_reading(self) -> None:
        """End the read transaction that ``_rows`` keeps open."""
        if self._connection.in_transaction:
            self._connection.execute("COMMIT")

    def _rows(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        try:
            if self._writes and not self._connection.in_transaction:
                # The only writer reads what it wrote: one read transaction until the next append saves the locks
                # of each single question, which cost more than the answers.
                self._connection.execute("BEGIN")
            return self._connection.execute(sql, values).fetchall()
        except (apsw.Error, UnicodeDecodeError):
            with translated(self.path):
                raise


_VERBS = {"new": "INSERT", "keep": "INSERT OR IGNORE", "replace": "INSERT OR REPLACE"}


def _insert(table: str) -> str:
    """Return the statement that puts a row; a body's number follows by itself."""
    names = [name for name in TABLES[table].names if (table, name) != ("bodies", "id")]
    places = ", ".join("?" * len(names))
    return f"{_VERBS[WRITES[table]]} INTO {table} ({', '.join(names)}) VALUES ({places})"


_INSERTS = {table: _insert(table) for table in WRITES}


class _Pen:
    """Writes a batch, each thing at once: on an embedded file there is nothing to gain by waiting."""

    def __init__(self, connection: apsw.Connection) -> None:
        self._connection = connection

    def one(self, sql: str, *values: object) -> Any:
        row = self._connection.execute(sql, values).fetchone()
        return None if row is None else row[0]

    def column(self, sql: str, *values: object) -> list[Any]:
        return [row[0] for row in self._connection.execute(sql, values).fetchall()]

    def run(self, sql: str, *values: object) -> None:
        self._connection.execute(sql, values)

    def put(self, table: str, rows: list[tuple[Any, ...]]) -> None:
        self._connection.executemany(_INSERTS[table], rows)
