"""People of a home, their passkeys, their one-time links and the tokens of machines: durable, one writer.

Secrets are not here: of a link's code and of a token only the SHA-256 lies on the disk. Who may do what, and what a
change needs, is decided elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any, TypeVar

import apsw
import msgspec

from detente import words
from detente.store.disk import translated
from detente.store.errors import damaged
from detente.store.schema import mark
from detente.store.small_file import SmallFile

__all__ = ["KeptCode", "KeptPasskey", "KeptPerson", "KeptToken", "PeopleFile"]

say = words.speaker("store")

T = TypeVar("T")
_APPLICATION_ID = 0x64746E70  # "dtnp"
_FIRST = """
CREATE TABLE people (id TEXT PRIMARY KEY, row BLOB NOT NULL, mark BLOB NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE passkeys (id TEXT PRIMARY KEY, row BLOB NOT NULL, mark BLOB NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE codes (id TEXT PRIMARY KEY, row BLOB NOT NULL, mark BLOB NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE tokens (id TEXT PRIMARY KEY, row BLOB NOT NULL, mark BLOB NOT NULL) STRICT, WITHOUT ROWID;
"""


class KeptPerson(msgspec.Struct, frozen=True, kw_only=True):
    """A person. outsider: as a site's own sign-in knows it, or "". was_enrolled: had a passkey at some time.

    asked_by, asked_name, asked_ms: who asked to re-enrol this person, and when by this machine's clock (milliseconds
    since 1970 UTC); "" and 0 when nobody did.
    """

    id: str
    name: str
    roles: tuple[str, ...]
    added_ms: int
    outsider: str = ""
    was_enrolled: bool = False
    asked_by: str = ""
    asked_name: str = ""
    asked_ms: int = 0


class KeptPasskey(msgspec.Struct, frozen=True, kw_only=True):
    """A passkey of a person; the rest as ``CredentialDocument`` says it."""

    credential: bytes
    person: str
    key: str
    algorithm: str
    public_key: bytes
    counter: int
    added_ms: int
    used_ms: int | None = None

    @property
    def id(self) -> str:
        """The credential in hexadecimal."""
        return self.credential.hex()


class KeptCode(msgspec.Struct, frozen=True, kw_only=True):
    """A one-time link of a person, by the hash of its code, good until a moment."""

    hash: str
    person: str
    until_ms: int

    @property
    def id(self) -> str:
        """The hash of the code."""
        return self.hash


class KeptToken(msgspec.Struct, frozen=True, kw_only=True):
    """A machine's token, by the hash of its secret. until_ms: None for one without an end."""

    hash: str
    id: str
    name: str
    added_ms: int
    added_by: str
    until_ms: int | None = None
    used_ms: int | None = None


Kept = KeptPerson | KeptPasskey | KeptCode | KeptToken
_TABLES: dict[type[Any], str] = {
    KeptPerson: "people",
    KeptPasskey: "passkeys",
    KeptCode: "codes",
    KeptToken: "tokens",
}


class PeopleFile(SmallFile):
    """The people of one home on one SQLite file; what a method stored is on the disk when it returns."""

    application_id = _APPLICATION_ID
    migrations = (_FIRST,)

    def backup(self, target: Path) -> None:
        """Write a copy without links: one that is used later must not be good again. Raises StoreFailure."""
        super().backup(target)
        with translated(target):
            copy = apsw.Connection(str(target))
            try:
                copy.execute("DELETE FROM codes")
                copy.execute("VACUUM")
            finally:
                copy.close()

    def change(self, put: Iterable[Kept] = (), gone: Iterable[Kept] = ()) -> None:
        """Forget some rows and keep others as they are now, all of it or nothing. Raises StoreFailure."""
        with translated(self.path), self._connection:
            for one in gone:
                self._connection.execute(f"DELETE FROM {_TABLES[type(one)]} WHERE id = ?", (one.id,))  # noqa: S608
            for one in put:
                row = (one.id, msgspec.msgpack.encode(one))
                self._connection.execute(
                    f"INSERT OR REPLACE INTO {_TABLES[type(one)]} VALUES (?, ?, ?)",  # noqa: S608 - our own names
                    (*row, mark(*row)),
                )

    def kept(self, kind: type[T]) -> list[T]:
        """Return every row of a kind, by its id. Raises StoreFailure for one that the disk changed."""
        with translated(self.path):
            rows = self._connection.execute(
                f"SELECT * FROM {_TABLES[kind]} ORDER BY id"  # noqa: S608 - our own names
            ).fetchall()
        return [self._checked(kind, *row) for row in rows]

    def _checked(self, kind: type[T], name: Any, octets: Any, found: Any) -> T:
        if found != mark(name, octets):
            raise damaged(self.path, say("a person, passkey, link or token that was changed: {id}", id=name))
        return self._decoded(kind, octets)
