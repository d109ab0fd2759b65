"""The columns of a record's tables, by name: what a copy from one store to the other carries.

Both stores have exactly these tables; each makes them in its own words (``schema``, ``postgresql.tables``), and a
test holds them against each other.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["TABLES", "Table"]


@dataclass(frozen=True, slots=True)
class Table:
    """One table: its columns with their types (n number, t text, b bytes) and the columns of its key.

    A table is copied in this dictionary's order: whatever refers to another comes after it.
    """

    columns: tuple[tuple[str, str], ...]
    key: tuple[str, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the columns, in order."""
        return tuple(name for name, _ in self.columns)


def _table(columns: str, key: str) -> Table:
    """Return a table from "name:type name:type" and "name name"."""
    pairs = (one.split(":") for one in columns.split())
    return Table(tuple((name, kind) for name, kind in pairs), tuple(key.split()))


TABLES: dict[str, Table] = {
    "logs": _table("id:n line:t epoch:n member:t generation:n size:n mark:b", "id"),
    "entries": _table("id:n leaf:b received_ms:n mark:b", "id"),
    "nodes": _table("id:n hash:b", "id"),
    "submissions": _table("submission:t entry:n mark:b", "submission"),
    "bodies": _table("id:n hash:b salt:b content:b open:n mark:b", "id"),
    "wanted": _table("entry:n hash:b mark:b", "entry hash"),
    "due": _table("entry:n member:t due_ms:n mark:b", "entry member"),
    "checkpoints": _table("log:n size:n note:b mark:b", "log size"),
    "claims": _table("log:n size:n root:b note:b mark:b", "log size root"),
    "cosignatures": _table(
        "log:n name:t hint:b size:n root:b clock_s:n signature:b received_ms:n mark:b", "log name hint size"
    ),
    "acts": _table("member:t place:n envelope:b mark:b", "member place"),
    "openings": _table("hash:t epoch:n octets:b current:n mark:b", "hash"),
    "peers": _table("member:t octets:b mark:b", "member"),
    "answers": _table("id:n member:t envelope:b mark:b", "id"),
    "forks": _table("hash:t proof:b mark:b", "hash"),
    "history": _table("id:n at_ms:n what:t member:t detail:b mark:b", "id"),
    "state": _table("id:n octets:b mark:b", "id"),
    "used": _table("member:t bytes:n mark:b", "member"),
}
