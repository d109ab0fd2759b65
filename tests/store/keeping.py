"""One record in either store, founded and opened in the same words: what the shared tests are given."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from pathlib import Path

from detente.store.folder import Folder
from detente.store.interface import Record, Store
from detente.store.postgresql.address import Address
from detente.store.postgresql.server import Server
from tests.store.servers import DBServer

__all__ = ["KINDS", "Kept"]

KINDS = ("sqlite", "postgresql")
LINE = "baltic"


class Kept:
    """A place for one record, and everything opened there, closed at the end of the test."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self._opened: list[Record] = []
        store.prepare()

    @classmethod
    def at(cls, kind: str, tmp_path: Path, server: Callable[[], DBServer]) -> Kept:
        if kind == "sqlite":
            return cls(Folder(tmp_path / "lines"))
        return cls(Server(Address(server().address()), secrets.token_hex(8)))

    def made(self) -> Record:
        """Found the record; return it open for writing."""
        with self.store.founding(LINE):
            pass
        return self.writer()

    def writer(self) -> Record:
        self._opened.append(self.store.open(LINE, read_only=False))
        return self._opened[-1]

    def reader(self) -> Record:
        self._opened.append(self.store.open(LINE, read_only=True))
        return self._opened[-1]

    def end(self) -> None:
        for one in self._opened:
            one.close()
        self.store.forget()
