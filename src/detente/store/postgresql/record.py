"""The record of one line in a schema of its own on a PostgreSQL server."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import psycopg

from detente import words
from detente.line.checkpoint import Origin
from detente.line.effects import Part
from detente.store.appending import Appending
from detente.store.audit import (
    Asked,
    Portion,
    entries_and_faults,
    look_through,
    look_through_portion,
    nodes_between,
    portions,
)
from detente.store.copying import copy_tables
from detente.store.errors import HomeMistake, OlderRecord, StoreFailure, damaged
from detente.store.interface import Rows
from detente.store.postgresql.address import Address
from detente.store.postgresql.connecting import Session, connect, durability_warnings, take_turn
from detente.store.postgresql.failing import translated
from detente.store.postgresql.tables import APPLICATION, MIGRATIONS, indexes_made, shape
from detente.store.postgresql.writing import Pen, copy_in, placed
from detente.store.reading import Reading
from detente.store.record import Record as RecordOnDisk
from detente.store.tables import TABLES

__all__ = ["Record", "RecordSchema"]

say = words.speaker("store")

_FETCHED = 16
"""Rows that an audit or a copy fetches at once: some of them may be bodies of many megabytes."""


@dataclass(frozen=True, slots=True)
class RecordSchema:
    """A record's place on a server, as another process can be given it."""

    address: Address
    schema: str

    def open(self) -> Record:
        """Open the record for reading."""
        return Record(self.address, self.schema, read_only=True)


class Record(Reading):
    """Implements ``detente.store.interface.Record`` over one schema.

    After a StoreFailure of the link or the server it answers nothing more: open it anew.
    """

    warnings: tuple[str, ...]

    def __init__(self, address: Address, schema: str, *, read_only: bool = False) -> None:
        """Open; a writer waits some seconds for one that has just gone. Raises HomeMistake or StoreFailure."""
        self.address, self.schema = address, schema
        self.where = f"{address.shown()} {schema}"
        self._writes = not read_only
        self._logs: dict[Origin, int] = {}
        self._token = ""
        self._session = connect(address, read_only=read_only)
        try:
            with translated(self.where):
                self._start()
        except BaseException:
            self._session.close()
            raise

    def _start(self) -> None:
        # only this schema, and the server's own: nobody's table elsewhere can stand in for one of ours
        self._session.execute("SELECT set_config('search_path', %s, false)", (f"{self.schema}, pg_catalog",))
        self.warnings = durability_warnings(self._session, self.address)
        self._check_version(writing=self._writes)
        if self._writes:
            self._token = take_turn(self._session, self.schema, self.where)
            self._migrate()
        self._load_logs()

    @property
    def reader(self) -> RecordSchema:
        """What opens this record for reading again, also in another process."""
        return RecordSchema(self.address, self.schema)

    def close(self) -> None:
        """End the session, and with it the turn to write; safe to call twice."""
        self._session.close()

    # ---- writing --------------------------------------------------------------------------------------------

    def apply(self, parts: tuple[Part, ...]) -> None:
        """Store all parts or none; when this returns they are on the server's disk.

        Raises StoreFailure: then it is not known whether the parts are there, and the record must be opened anew.
        """
        known = dict(self._logs)
        with translated(self.where), self._transaction():
            pen = Pen(self._session)
            try:
                Appending(pen, known).write(parts)
            except IndexError as fault:
                raise damaged(self.where, str(fault)) from fault
            pen.commit()
        self._logs = known

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        """Begin as the one whose turn it is; what goes wrong inside is rolled back. The block commits."""
        try:
            self._begin()
            yield
        except BaseException:
            with suppress(psycopg.Error):  # a server that is gone has rolled back already
                self._session.execute("ROLLBACK")
            raise

    def _begin(self) -> None:
        with self._session.pipeline():
            self._session.execute("BEGIN")
            turn = self._session.execute("SELECT writer FROM about FOR UPDATE")
        if turn.fetchall() != [(self._token,)]:
            raise StoreFailure(
                expected=say("a record that nobody else writes"),
                came=say("another writer has taken over"),
                where=self.where,
                remedy=say("stop one of the two nodes, then open the home again"),
            )

    def backup(self, target: Path) -> None:
        """Write a whole, consistent copy of this moment to a new SQLite file, beside a running writer."""
        copy = RecordOnDisk(target, create=True)
        try:
            copy_tables(self, copy)
            copy.settle()
        finally:
            copy.close()

    # ---- looking through ------------------------------------------------------------------------------------

    def audit(self) -> list[str]:
        """Look through every stored value; return each fault in words, [] when all is as it was written."""
        with self.snapshot():
            return look_through(_Asked(self._session), _whole_schema)

    def portions(self) -> list[Portion]:
        """Return what ``audit`` looks through in pieces for several processes, but for the entries' leaves."""
        with self.snapshot():
            return portions(_Asked(self._session))

    def audit_portion(self, portion: Portion) -> list[str]:
        """Look through one piece; each fault in words."""
        with self.snapshot():
            return look_through_portion(_Asked(self._session), portion, _whole_schema)

    def audit_entries(
        self, origin: Origin, start: int, count: int
    ) -> tuple[list[tuple[bytes, bytes]], list[str]]:
        """Return leaves and leaf hashes of a stretch of a log, and what of the rows is not as it was written."""
        with self.snapshot():
            return entries_and_faults(_Asked(self._session), self._known(origin), start, count)

    def nodes(self, origin: Origin, level: int, first: int, end: int) -> list[bytes]:
        """Return the stored tree nodes of one level (1 and up) from an index up to another."""
        with self.snapshot():
            return nodes_between(_Asked(self._session), self._known(origin), level, first, end)

    # ---- copying whole --------------------------------------------------------------------------------------

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """Hold one moment of the record: all that is read inside is of that moment."""
        with translated(self.where):
            self._session.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
            try:
                yield
            finally:
                with suppress(psycopg.Error):
                    self._session.execute("ROLLBACK")

    def rows(self, table: str) -> Iterator[tuple[Any, ...]]:
        """Yield the rows of a table in the order of its key; inside ``snapshot`` only."""
        one = TABLES[table]
        sql = f"SELECT {', '.join(one.names)} FROM {table} ORDER BY {', '.join(one.key)}"  # noqa: S608 - names of our own
        with translated(self.where):
            yield from _Asked(self._session).execute(sql)

    @contextmanager
    def filling(self) -> Iterator[None]:
        """Make every ``fill`` inside durable together, or none of them."""
        with translated(self.where), self._transaction():
            yield
            self._session.execute(
                "SELECT setval(pg_get_serial_sequence('bodies', 'id'), coalesce(max(id), 0) + 1, false) FROM bodies"
            )
            self._session.execute("COMMIT")
        self._load_logs()

    def fill(self, table: str, rows: Rows) -> None:
        """Put rows into a table that is empty; inside ``filling`` only."""
        copy_in(self._session, table, rows)

    # ---- reading: what PostgreSQL says in its own way -------------------------------------------------------

    def open_bodies(self, digests: list[str]) -> dict[str, tuple[bytes, bytes]]:
        """Return those of these contents that are stored as open to others, by hash."""
        rows = self._rows(
            "SELECT hash, salt, content FROM bodies WHERE open = 1 AND hash = ANY(?::bytea[])", _octets(digests)
        )
        return {digest.hex(): (salt, content) for digest, salt, content in rows}

    def body_sizes(self, digests: list[str]) -> dict[str, int]:
        """Return the sizes of those of these contents that are stored, by hash; nothing of them is read."""
        rows = self._rows(
            "SELECT hash, octet_length(content) FROM bodies WHERE hash = ANY(?::bytea[])", _octets(digests)
        )
        return {digest.hex(): size for digest, size in rows}

    def submissions(self, submissions: list[str]) -> set[str]:
        """Return those of these submissions of which a statement is stored."""
        rows = self._rows("SELECT submission FROM submissions WHERE submission = ANY(?::text[])", [*submissions])
        return {row[0] for row in rows}

    # ---- inside ---------------------------------------------------------------------------------------------

    def _rows(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        with translated(self.where):
            return self._session.execute(placed(sql), values, binary=True).fetchall()

    def _check_version(self, *, writing: bool) -> int:
        version, newest = _version(self._session, self.where), len(MIGRATIONS)
        if version > newest:
            raise HomeMistake(
                expected=say("a record of version {version} or older", version=newest),
                came=say("version {version}, made by a newer détente", version=version),
                where=self.where,
                remedy=say("use the newer version; nothing was changed"),
            )
        if version < newest and not writing:
            raise OlderRecord(
                expected=say("a record of version {version}", version=newest),
                came=say("version {version}", version=version),
                where=self.where,
                remedy=say("open the home for writing once: that brings the record up to date"),
            )
        return version

    def _migrate(self) -> None:
        """Bring the schema up to date, each step whole or not at all."""
        for step in range(self._check_version(writing=True), len(MIGRATIONS)):
            with self._transaction():
                self._session.execute(MIGRATIONS[step])
                self._session.execute("UPDATE about SET version = %s", (step + 1,))
                self._session.execute("COMMIT")


def _version(session: Session, where: str) -> int:
    """Return of which version a record is. Raises HomeMistake when there is none, StoreFailure for another's."""
    schema, about = session.execute(
        "SELECT current_schema(), to_regclass(quote_ident(current_schema()) || '.about')"
    ).fetchall()[0]
    if schema is None or schema == "pg_catalog":
        raise HomeMistake(
            expected=say("a record on this server"),
            came=say("nothing"),
            where=where,
            remedy=say("name the right server, or restore a backup"),
        )
    rows = session.execute("SELECT application, version FROM about").fetchall() if about is not None else []
    if len(rows) != 1 or rows[0][0] != APPLICATION:
        raise damaged(where, say("another program's schema"))
    return int(rows[0][1])


class _Asked:
    """A session as an audit or a copy asks it: answers come in small pieces, inside a transaction."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def execute(self, statements: str, bindings: Sequence[object] = (), /) -> _Answer:
        """Return the rows of the answer."""
        name = f"c{next(_NUMBERS)}"  # many may be open at once; the end of the transaction closes them
        question = f"DECLARE {name} NO SCROLL CURSOR FOR {statements}"
        self._session.execute(placed(question), bindings)
        return _Answer(self._session, name)


class _Answer:
    def __init__(self, session: Session, name: str) -> None:
        self._session = session
        self._fetch = f"FETCH {_FETCHED} FROM {name}"

    def __iter__(self) -> Iterator[tuple[Any, ...]]:
        while rows := self._session.execute(self._fetch, binary=True).fetchall():
            yield from rows

    def fetchall(self) -> list[tuple[Any, ...]]:
        return list(self)


_NUMBERS = count(1)


def _whole_schema(asked: Asked) -> Iterator[str]:
    """Yield what of the tables is of another shape than this program's; pages are the server's own to check."""
    found = asked.execute(
        "SELECT c.relname, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull,"
        " CASE WHEN l.collname = 'C' THEN 'C' ELSE '' END FROM pg_attribute a"
        " JOIN pg_class c ON c.oid = a.attrelid LEFT JOIN pg_collation l ON l.oid = a.attcollation"
        " WHERE c.relkind = 'r' AND c.relname <> 'about' AND a.attnum > 0 AND NOT a.attisdropped"
        " AND c.relnamespace = current_schema()::regnamespace"
    )
    indexes = asked.execute(
        "SELECT replace(indexdef, schemaname || '.', '') FROM pg_indexes WHERE schemaname = current_schema()"
        " AND tablename <> 'about'"
    )
    if sorted(tuple(row) for row in found) != shape() or sorted(row[0] for row in indexes) != indexes_made():
        yield say("the tables are not those that this program made")


def _octets(digests: list[str]) -> list[bytes]:
    return [bytes.fromhex(one) for one in digests]
