"""Records as SQLite files in a folder of a home: FOLDER/<line>/record.sqlite3."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from detente import words
from detente.store.errors import HomeMistake
from detente.store.record import Record
from detente.store.whole import sync_folder, whole_folder

__all__ = ["Folder"]

say = words.speaker("store")

_NAME = "record.sqlite3"


class Folder:
    """Implements ``detente.store.interface.Store`` over one folder; OSError is the caller's to translate."""

    def __init__(self, path: Path, *, vfs: str | None = None) -> None:
        self.path = path
        self.where = str(path)
        self._vfs = vfs

    def lines(self) -> list[str]:
        """Return the ids of the lines of which there is a record, sorted."""
        return sorted(one.parent.name for one in self.path.glob(f"*/{_NAME}"))

    def open(self, line: str, *, read_only: bool) -> Record:
        """Open a line's record. Raises HomeMistake, StoreFailure."""
        return Record(self.path / line / _NAME, read_only=read_only, vfs=self._vfs)

    @contextmanager
    def founding(self, line: str) -> Iterator[Record]:
        """Give a new, empty record that appears under the line's id when the block ends well, else never."""
        folder = self.path / line
        if folder.exists():
            raise HomeMistake(
                expected=say("a line that this home has not joined"),
                came=line,
                where=self.where,
                remedy=say("name the right line; nothing was changed"),
            )
        with whole_folder(folder) as part:
            record = Record(part / _NAME, create=True, vfs=self._vfs)
            try:
                yield record
            finally:
                record.close()

    def prepare(self) -> None:
        """Make the folder; what is in it stays."""
        self.path.mkdir(exist_ok=True)
        sync_folder(self.path.parent)

    def forget(self) -> None:
        """Remove the folder and every record in it for ever."""
        if self.path.exists():
            shutil.rmtree(self.path)
            sync_folder(self.path.parent)
