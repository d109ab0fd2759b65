"""Writing one batch to a server: questions at once, changes together.

A small batch leaves as one flight with its COMMIT in it (libpq's pipeline), so that it costs one round trip and
one sync. A large one goes table by table: COPY where every row is new, arrays where a key may be there already.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache, lru_cache
from typing import Any

import psycopg

from detente.store.appending import WRITES
from detente.store.postgresql.connecting import Session
from detente.store.tables import TABLES

__all__ = ["Pen", "copy_in", "placed"]

_FLIGHT_MAX = 300
"""Rows up to which a batch is one flight: measured, about where COPY and arrays overtake it."""
_ROWS_AT_ONCE = 5000
_BYTES_AT_ONCE = 32_000_000
"""Rows and bytes of a table in one statement with arrays: they bound the memory on both sides."""
_COPIED = {"n": "int8", "t": "text", "b": "bytea"}
_ARRAYS = {"n": "bigint[]", "t": "text[]", "b": "bytea[]"}

Row = tuple[Any, ...]


class Pen:
    """Implements ``detente.store.appending.Pen`` in a transaction that the caller has begun; ``commit`` ends it."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._changes: list[tuple[str, list[Row]]] = []  # a statement and its values, or a table and its rows

    def one(self, question: str, *values: object) -> Any:
        """Return the one value of the one row, or None."""
        row = self._session.execute(placed(question), values, binary=True).fetchone()
        return None if row is None else row[0]

    def column(self, question: str, *values: object) -> list[Any]:
        """Return the one value of every row."""
        return [row[0] for row in self._session.execute(placed(question), values, binary=True).fetchall()]

    def run(self, change: str, *values: object) -> None:
        """Note one change."""
        self._changes.append((placed(change), [values]))

    def put(self, table: str, rows: list[Row]) -> None:
        """Note rows of a table; ``WRITES`` says what becomes of one whose key is there already."""
        self._changes.append((table, rows))

    def commit(self) -> None:
        """Make all that was noted, in its order, and commit: when this returns it is on the server's disk."""
        if sum(len(rows) for _, rows in self._changes) <= _FLIGHT_MAX:
            with self._session.pipeline():
                for what, rows in self._changes:
                    self._each(_insert(what) if what in WRITES else what, rows)
                ended = self._session.execute("COMMIT")
        else:
            for what, rows in self._changes:
                if what not in WRITES:
                    self._each(what, rows)
                elif WRITES[what] == "new":
                    copy_in(self._session, what, rows)
                else:
                    self._arrays(what, rows)
            ended = self._session.execute("COMMIT")
        if ended.statusmessage != "COMMIT":  # a server answers so when it rolled back instead
            raise psycopg.InternalError(str(ended.statusmessage))

    def _each(self, change: str, rows: list[Row]) -> None:
        with self._session.cursor() as cursor:
            cursor.executemany(change, rows)

    def _arrays(self, table: str, rows: list[Row]) -> None:
        if WRITES[table] == "replace":  # one statement may not meet one key twice: the last stands
            names = _names(table)
            at = [names.index(name) for name in TABLES[table].key]
            rows = list({tuple(row[place] for place in at): row for row in rows}.values())
        for piece in _pieces(rows):
            columns = [list(column) for column in zip(*piece, strict=True)]
            self._session.execute(_insert_arrays(table), columns)


def copy_in(session: Session, table: str, rows: Iterable[Row]) -> None:
    """Copy rows into a table, all its columns; a key that is there already is a failure."""
    one = TABLES[table]
    with (
        session.cursor() as cursor,
        cursor.copy(f"COPY {table} ({', '.join(one.names)}) FROM STDIN (FORMAT BINARY)") as copy,
    ):
        copy.set_types([_COPIED[kind] for _, kind in one.columns])
        for row in rows:
            copy.write_row(row)


@lru_cache(maxsize=200)
def placed(question: str) -> str:
    """Return a question with the driver's sign for each value; our own SQL holds neither sign otherwise."""
    return question.replace("?", "%s")


def _names(table: str) -> list[str]:
    """Return the columns that a batch gives; a body's number follows by itself."""
    return [name for name in TABLES[table].names if (table, name) != ("bodies", "id")]


@cache
def _insert(table: str) -> str:
    places = ", ".join(["%s"] * len(_names(table)))
    return f"INSERT INTO {table} ({', '.join(_names(table))}) VALUES ({places}){_conflict(table)}"  # noqa: S608 - names of our own


@cache
def _insert_arrays(table: str) -> str:
    kinds = dict(TABLES[table].columns)
    # in the list of columns, not as a table: that one the server would write to its disk first
    arrays = ", ".join(f"unnest(%b::{_ARRAYS[kinds[name]]})" for name in _names(table))
    return f"INSERT INTO {table} ({', '.join(_names(table))}) SELECT {arrays}{_conflict(table)}"


def _conflict(table: str) -> str:
    how, key = WRITES[table], TABLES[table].key
    if how == "new":
        return ""
    if how == "keep":
        return " ON CONFLICT DO NOTHING"
    changed = ", ".join(f"{name} = excluded.{name}" for name in _names(table) if name not in key)
    return f" ON CONFLICT ({', '.join(key)}) DO UPDATE SET {changed}"


def _pieces(rows: list[Row]) -> Iterator[list[Row]]:
    """Yield the rows, of which there are some, in pieces that fit one statement."""
    piece: list[Row] = []
    held = 0
    for row in rows:
        size = sum(len(value) for value in row if isinstance(value, (bytes, str)))
        if piece and (held + size > _BYTES_AT_ONCE or len(piece) == _ROWS_AT_ONCE):
            yield piece
            piece, held = [], 0
        piece.append(row)
        held += size
    yield piece
