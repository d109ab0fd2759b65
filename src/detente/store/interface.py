"""What a store is, whatever keeps it: records of lines that append atomically and are read by place.

Two stores stand behind this: a folder of SQLite files (``detente.store.folder``) and schemas on a PostgreSQL
server (``detente.store.postgresql``). Their promises are the same: what ``apply`` took survives a power cut, whole
or not at all; there is one writer, and any number of readers beside it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Protocol

from detente.line.checkpoint import Checkpoint, Cosignature, Origin
from detente.line.effects import Part, PutHistory, View
from detente.store.audit import Portion
from detente.store.schema import ENTRIES_MAX

__all__ = ["Reader", "Record", "Rows", "Store"]

Rows = Iterable[tuple[Any, ...]]
"""Rows of a table of ``detente.store.tables``, their values in the order of its columns."""


class Record(View, Protocol):
    """The record of one line: what the machine reads, the host's ``apply``, and what audits and copies need.

    Every method raises StoreFailure when what keeps the record fails; after a failure the record must be opened
    anew.
    """

    @property
    def where(self) -> str:
        """Return the place to name to a person: a file, or a server and what on it."""

    @property
    def reader(self) -> Reader:
        """Return what opens this record for reading again, also in another process."""

    @property
    def warnings(self) -> tuple[str, ...]:
        """Return in words what about its place is less safe than it could be; most often nothing."""

    def close(self) -> None:
        """Close; safe to call twice."""

    def apply(self, parts: tuple[Part, ...]) -> None:
        """Store all parts or none; when this returns they survive a power cut."""

    def backup(self, target: Path) -> None:
        """Write a whole, consistent copy of this moment to a new SQLite file, beside a running writer."""

    # ---- reading beside the machine -------------------------------------------------------------------------

    def history(self) -> list[PutHistory]:
        """Return the history that is kept beside the logs, oldest first."""

    def checkpoints(self, origin: Origin, first: int = 0, end: int = ENTRIES_MAX + 1) -> list[Checkpoint]:
        """Return every head held of this log from one size up to another, with its writer's signature alone."""

    def cosignatures(
        self, origin: Origin, first: int = 0, end: int = ENTRIES_MAX + 1
    ) -> list[tuple[int, bytes, Cosignature, int]]:
        """Return every cosignature held over this log, by size and name: size, root, cosignature, received_ms."""

    # ---- looking through ------------------------------------------------------------------------------------

    def audit(self) -> list[str]:
        """Look through every stored value; return each fault in words."""

    def portions(self) -> list[Portion]:
        """Return what ``audit`` looks through in pieces for several processes, but for the entries' leaves."""

    def audit_portion(self, portion: Portion) -> list[str]:
        """Look through one piece; each fault in words."""

    def audit_entries(
        self, origin: Origin, start: int, count: int
    ) -> tuple[list[tuple[bytes, bytes]], list[str]]:
        """Return leaves and leaf hashes of a stretch of a log, and what of the rows is not as it was written."""

    def nodes(self, origin: Origin, level: int, first: int, end: int) -> list[bytes]:
        """Return the stored tree nodes of one level (1 and up) from an index up to another."""

    def body_sizes(self, digests: list[str]) -> dict[str, int]:
        """Return the sizes of those of these contents that are stored, by hash; nothing of them is read."""

    # ---- copying whole --------------------------------------------------------------------------------------

    def snapshot(self) -> AbstractContextManager[None]:
        """Return what holds one moment of the record: all ``rows`` inside it are of that moment."""

    def rows(self, table: str) -> Iterator[tuple[Any, ...]]:
        """Yield the rows of a table in the order of its key."""

    def filling(self) -> AbstractContextManager[None]:
        """Return what makes every ``fill`` inside it durable together, or none of them."""

    def fill(self, table: str, rows: Rows) -> None:
        """Put rows into a table that is empty; inside ``filling`` only."""


class Reader(Protocol):
    """Where a record is, as plain values that another process can be given."""

    def open(self) -> Record:
        """Open the record for reading. Raises HomeMistake, StoreFailure."""


class Store(Protocol):
    """Where the records of one home are kept."""

    @property
    def where(self) -> str:
        """Return the place to name to a person."""

    def lines(self) -> list[str]:
        """Return the ids of the lines of which a record is kept, sorted. Raises HomeMistake, StoreFailure."""

    def open(self, line: str, *, read_only: bool) -> Record:
        """Open a line's record. Raises HomeMistake (none is kept, another writer), StoreFailure."""

    def founding(self, line: str) -> AbstractContextManager[Record]:
        """Return a new, empty record that appears under the line's id when the block ends well, else never."""

    def prepare(self) -> None:
        """Make the place ready for records, where that is needed; what is there already stays."""

    def forget(self) -> None:
        """Remove the place and everything in it for ever."""
