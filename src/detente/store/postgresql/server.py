"""The records of one home on a PostgreSQL server: a schema for each, and one that says which there are.

    detente_<place>                 lines: the line's id of every record that is whole
    detente_<place>_<line's hash>   one record

``place`` is drawn anew whenever a home comes to a server, so that no two copies of one home ever meet in a schema.
A record that was being founded when its node died is in no list, and makes room for the next one of its name.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from contextlib import closing, contextmanager

from psycopg import sql

from detente import words
from detente.store.errors import HomeMistake
from detente.store.postgresql.address import Address
from detente.store.postgresql.connecting import Session, connect
from detente.store.postgresql.failing import translated
from detente.store.postgresql.record import Record
from detente.store.postgresql.tables import ABOUT, APPLICATION

__all__ = ["Server"]

say = words.speaker("store")

_PLACE = re.compile(r"[0-9a-f]{16}", re.ASCII)


class Server:
    """Implements ``detente.store.interface.Store`` over the schemas of one home."""

    def __init__(self, address: Address, place: str) -> None:
        if not _PLACE.fullmatch(place):
            raise ValueError(place)
        self.address, self.place = address, place
        self.where = f"{address.shown()} {self._list}"

    @property
    def _list(self) -> str:
        return f"detente_{self.place}"

    def schema(self, line: str) -> str:
        """Return the name of a line's schema."""
        return f"{self._list}_{hashlib.sha256(line.encode()).hexdigest()[:16]}"

    def lines(self) -> list[str]:
        """Return the ids of the lines of which there is a record, sorted."""
        with self._session(read_only=True) as session:
            return self._lines(session)

    def open(self, line: str, *, read_only: bool) -> Record:
        """Open a line's record. Raises HomeMistake, StoreFailure."""
        return Record(self.address, self.schema(line), read_only=read_only)

    @contextmanager
    def founding(self, line: str) -> Iterator[Record]:
        """Give a new, empty record that appears under the line's id when the block ends well, else never."""
        name = sql.Identifier(self.schema(line))
        with self._session() as session:
            if line in self._lines(session):
                raise HomeMistake(
                    expected=say("a line that this home has not joined"),
                    came=line,
                    where=self.where,
                    remedy=say("name the right line; nothing was changed"),
                )
            with session.transaction():
                session.execute(sql.SQL("DROP SCHEMA IF EXISTS {} CASCADE").format(name))
                session.execute(sql.SQL("CREATE SCHEMA {}").format(name))
                comment = sql.Literal(f"détente: the record of {line}")
                session.execute(sql.SQL("COMMENT ON SCHEMA {} IS {}").format(name, comment))
                session.execute(sql.SQL("SET LOCAL search_path TO {}").format(name))
                session.execute(ABOUT)
                session.execute("INSERT INTO about VALUES (1, %s, 0, %s, '')", (APPLICATION, line))
        record = Record(self.address, self.schema(line))
        try:
            yield record
        finally:
            record.close()
        with self._session() as session:
            into = sql.SQL("INSERT INTO {} VALUES (%s)").format(sql.Identifier(self._list, "lines"))
            session.execute(into, (line,))

    def prepare(self) -> None:
        """Make the list of records; what is there already stays."""
        name = sql.Identifier(self._list)
        with self._session() as session, session.transaction():
            session.execute(sql.SQL("CREATE SCHEMA IF NOT EXISTS {}").format(name))
            table = sql.Identifier(self._list, "lines")
            session.execute(
                sql.SQL('CREATE TABLE IF NOT EXISTS {} (line text COLLATE "C" PRIMARY KEY)').format(table)
            )

    def forget(self) -> None:
        """Remove the schemas of this place and every record in them for ever."""
        with self._session() as session:
            rows = session.execute(
                "SELECT nspname FROM pg_namespace WHERE nspname = %s OR starts_with(nspname, %s)"
                " ORDER BY length(nspname) DESC",
                (self._list, f"{self._list}_"),
            ).fetchall()
            for (
                name,
            ) in rows:  # one by one: a server holds locks for so many tables at once; the list goes last
                session.execute(sql.SQL("DROP SCHEMA {} CASCADE").format(sql.Identifier(name)))

    @contextmanager
    def _session(self, *, read_only: bool = False) -> Iterator[Session]:
        with translated(self.where), closing(connect(self.address, read_only=read_only)) as session:
            yield session

    def _lines(self, session: Session) -> list[str]:
        (found,) = session.execute("SELECT to_regclass(%s)", (f"{self._list}.lines",)).fetchall()[0]
        if found is None:
            raise HomeMistake(
                expected=say("this home's records on this server"),
                came=say("nothing"),
                where=self.where,
                remedy=say("name the right server, or restore a backup"),
            )
        rows = session.execute(
            sql.SQL("SELECT line FROM {} ORDER BY line").format(sql.Identifier(self._list, "lines"))
        )
        return [row[0] for row in rows.fetchall()]
