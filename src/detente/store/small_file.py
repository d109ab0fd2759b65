"""What the small files of a home have in common: opened the one tested way, closed, copied while they are used."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar, TypeVar

import msgspec

from detente.store.disk import open_database, translated, write_copy
from detente.store.errors import damaged

__all__ = ["SmallFile"]

T = TypeVar("T")


class SmallFile:
    """A SQLite file of one kind; what a method of it stored is on the disk when the method returns.

    application_id and migrations: of the kind, see ``detente.store.disk.open_database``.
    """

    application_id: ClassVar[int]
    migrations: ClassVar[tuple[str, ...]]
    reads_older: ClassVar[bool] = False
    """Whether what an older version left is read as it is, where nothing is written."""

    def __init__(
        self, path: Path, *, create: bool = False, read_only: bool = False, vfs: str | None = None
    ) -> None:
        """Open, or found an empty one with ``create``. Raises HomeMistake or StoreFailure."""
        self.path = path
        self._connection = open_database(
            path,
            application_id=self.application_id,
            migrations=self.migrations,
            read_only=read_only,
            create=create,
            vfs=vfs,
            older=self.reads_older,
        )

    def close(self) -> None:
        """Close the file; safe to call twice."""
        with translated(self.path):
            self._connection.close()

    def backup(self, target: Path) -> None:
        """Write a whole, consistent copy to a new file, beside a running writer. Raises StoreFailure."""
        write_copy(self._connection, target)

    def version(self) -> int:
        """Return a number that differs from the last one when another process wrote meanwhile. Raises StoreFailure."""
        with translated(self.path):
            rows: list[tuple[Any, ...]] = self._connection.execute("PRAGMA data_version").fetchall()
        return int(rows[0][0])

    def _decoded(self, kind: type[T], octets: bytes) -> T:
        """Return what a row's bytes hold. Raises StoreFailure for what only a newer version can have written."""
        try:
            return msgspec.msgpack.decode(octets, type=kind)
        except msgspec.DecodeError as fault:
            raise damaged(self.path, str(fault)) from fault
