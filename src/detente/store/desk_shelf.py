"""The desk's shelf: named documents of the desk itself, such as its overlays; durable, and nobody's business here."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from detente import words
from detente.store.disk import translated
from detente.store.errors import HomeMistake, damaged
from detente.store.schema import mark
from detente.store.small_file import SmallFile

__all__ = ["DOCUMENTS_MAX", "DOCUMENT_MAX", "DeskShelf"]

say = words.speaker("store")

DOCUMENT_MAX = 4_000_000
"""Bytes of one document."""
DOCUMENTS_MAX = 100
_APPLICATION_ID = 0x64746E73  # "dtns"
_FIRST = """
CREATE TABLE shelf (name TEXT PRIMARY KEY, octets BLOB NOT NULL, mark BLOB NOT NULL) STRICT, WITHOUT ROWID;
"""
_NAME = re.compile(r"[a-z][a-z0-9-]{0,62}", re.ASCII)


class DeskShelf(SmallFile):
    """The shelf of one home on one SQLite file; what a method stored is on the disk when it returns."""

    application_id = _APPLICATION_ID
    migrations = (_FIRST,)

    def keep(self, name: str, octets: bytes) -> None:
        """Keep a document under a name in place of the one before; b"" takes it away.

        Raises HomeMistake for a wrong name, one too large or one too many; StoreFailure.
        """
        if not _NAME.fullmatch(name):
            raise _mistake(say("a name of small letters, digits and hyphens"), name[:100], self.path)
        if len(octets) > DOCUMENT_MAX:
            raise _mistake(say("at most {size} bytes", size=DOCUMENT_MAX), str(len(octets)), self.path)
        with translated(self.path), self._connection:
            self._connection.execute("DELETE FROM shelf WHERE name = ?", (name,))
            if octets:
                rows: list[tuple[Any, ...]] = self._connection.execute("SELECT count(*) FROM shelf").fetchall()
                if rows[0][0] >= DOCUMENTS_MAX:
                    expected = say("at most {count} documents", count=DOCUMENTS_MAX)
                    raise _mistake(expected, str(rows[0][0] + 1), self.path)
                self._connection.execute("INSERT INTO shelf VALUES (?, ?, ?)", (name, octets, mark(name, octets)))

    def find(self, name: str) -> bytes:
        """Return the document of this name, b"" for none. Raises StoreFailure for one that the disk changed."""
        with translated(self.path):
            rows: list[tuple[Any, ...]] = self._connection.execute(
                "SELECT octets, mark FROM shelf WHERE name = ?", (name,)
            ).fetchall()
        if not rows:
            return b""
        octets, found = rows[0]
        if found != mark(name, octets):
            raise damaged(self.path, say("a document that was changed: {name}", name=name))
        return bytes(octets)


def _mistake(expected: str, came: str, path: Path) -> HomeMistake:
    return HomeMistake(expected=expected, came=came, where=str(path), remedy=say("nothing was kept"))
