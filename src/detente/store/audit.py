"""Looking through a record as a disk may have changed it: rows against marks, bodies against hashes.

What only the line's own rules can judge (signatures, links, tree, heads) is the node's audit; this one finds any
byte of any other stored value that is not as it was written, and rows that are missing or too many.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice, pairwise
from typing import Any, Protocol

import apsw

from detente import words
from detente.line.merkle import leaf_hash
from detente.line.statement import commit
from detente.store.schema import MIGRATIONS, entry_id, entry_mark, entry_place, mark, node_id

__all__ = [
    "TABLES",
    "Asked",
    "Portion",
    "entries_and_faults",
    "look_through",
    "look_through_portion",
    "look_through_table",
    "nodes_between",
    "portions",
    "whole_file",
]

say = words.speaker("store")

FAULTS_MAX = 1000
"""More are not listed: the file is lost then, and the mirrors have everything."""

_MARKED = {
    "logs": "id, line, epoch, member, generation, size",
    "submissions": "submission, entry",
    "wanted": "entry, hash",
    "due": "entry, member, due_ms",
    "checkpoints": "log, size, note",
    "claims": "log, size, root, note",
    "cosignatures": "log, name, hint, size, root, clock_s, signature, received_ms",
    "acts": "member, place, envelope",
    "openings": "hash, epoch, octets, current",
    "peers": "member, octets",
    "answers": "id, member, envelope",
    "forks": "hash, proof",
    "history": "id, at_ms, what, member, detail",
    "state": "octets",
    "used": "member, bytes",
}


_WHOLE_FILE = "the whole file"
_PORTION_ROWS = 100_000
_LARGE = {"bodies": "id", "submissions": "submission"}
"""Tables with about one row for every statement, and by which column they are cut."""


@dataclass(frozen=True, slots=True)
class Portion:
    """What one process looks through: SQLite's own check of the file, a table, or a stretch of a large one.

    first, end: bounds of the column of ``_LARGE``, the first included; None: none.
    """

    table: str
    first: int | str | None = None
    end: int | str | None = None


class Asked(Protocol):
    """A connection to either store, as an audit asks it: ? stands for each value."""

    def execute(self, statements: str, bindings: Any = None, /) -> Any:
        """Return the rows of the answer, to be gone through or taken with ``fetchall``."""


Whole = Callable[[Any], Iterator[str]]
"""Yields what a store itself finds wrong with the place of a record."""


def whole_file(connection: Asked) -> Iterator[str]:
    """Yield what SQLite itself finds wrong with its file, and tables of another shape than this program's."""
    for row in connection.execute("PRAGMA integrity_check(100)"):
        if row[0] != "ok":
            yield str(row[0])
    if _shape(connection) != _shape_written():
        yield say("the tables are not those that this program made")


def _shape(connection: Asked) -> list[tuple[Any, ...]]:
    sql = "SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY type, name"
    return [tuple(row) for row in connection.execute(sql)]


@lru_cache(maxsize=1)
def _shape_written() -> list[tuple[Any, ...]]:
    """Return the tables and indexes as this program makes them."""
    connection = apsw.Connection(":memory:")
    try:
        for step in MIGRATIONS:
            connection.execute(step)
        return _shape(connection)
    finally:
        connection.close()


def portions(connection: Asked) -> list[Portion]:
    """Return everything to be looked through but the leaves of the entries, the longest work first."""
    found = [Portion(_WHOLE_FILE)]
    (rows,) = connection.execute("SELECT coalesce(max(id), 0) FROM bodies").fetchall()[0]
    assert isinstance(rows, int)
    for table in TABLES:
        if table not in _LARGE or rows <= _PORTION_ROWS:
            found.append(Portion(table))
            continue
        bounds: list[int | str | None] = [*range(_PORTION_ROWS, rows, _PORTION_ROWS)]
        if table == "submissions":  # random hexadecimal texts: evenly spread
            bounds = [f"{first:02x}" for first in range(8, 256, 8)]
        found += [Portion(table, *two) for two in pairwise([None, *bounds, None])]
    return found


def look_through_portion(connection: Asked, portion: Portion, whole: Whole = whole_file) -> list[str]:
    """Return each fault in words, at most FAULTS_MAX. Of entries only the count: see ``entries_and_faults``."""
    if portion.table == _WHOLE_FILE:
        faults = whole(connection)
    elif portion.table == "entries":
        faults = _entry_counts(connection)
    elif portion.table == "bodies":
        faults = _bodies(connection, portion)
    else:
        faults = _marked(connection, portion)
    return list(islice(_readable(portion.table, faults), FAULTS_MAX))


def entries_and_faults(
    connection: Asked, log: int, start: int, count: int
) -> tuple[list[tuple[bytes, bytes]], list[str]]:
    """Return leaves and leaf hashes of a stretch of a log, and what does not hold of places, times and marks."""
    leaves, faults = [], []
    rows = connection.execute(
        "SELECT id, leaf, received_ms, mark FROM entries WHERE id >= ? AND id < ? ORDER BY id",
        (entry_id(log, start), entry_id(log, start + count)),
    )
    for seq, (identity, leaf, received_ms, found) in enumerate(rows, start):
        digest = leaf_hash(leaf)
        if identity != entry_id(log, seq) or found != entry_mark(identity, received_ms, digest):
            faults.append(say("entries: index {index} of log {log} was changed", index=seq, log=log))
        leaves.append((leaf, digest))
    return leaves, faults


def nodes_between(connection: Asked, log: int, level: int, first: int, end: int) -> list[bytes]:
    """Return the stored tree nodes of one level from an index up to another."""
    rows = connection.execute(
        "SELECT hash FROM nodes WHERE id >= ? AND id < ? ORDER BY id",
        (node_id(log, level, first), node_id(log, level, end)),
    )
    return [row[0] for row in rows]


def look_through(connection: Asked, whole: Whole = whole_file) -> list[str]:
    """Return each fault in words, at most FAULTS_MAX; an empty list when all is as it was written."""
    return list(islice(_all(connection, whole), FAULTS_MAX))


def look_through_table(connection: Asked, table: str) -> Iterator[str]:
    """Yield the faults of one table of TABLES."""
    if table in _OWN_CHECKS:
        yield from _OWN_CHECKS[table](connection)
        return
    yield from _marked(connection, Portion(table))


def _marked(connection: Asked, portion: Portion) -> Iterator[str]:
    table = portion.table
    if table in _OWN_CHECKS:
        yield from _OWN_CHECKS[table](connection)
        return
    where, values = _bounds(portion)
    rows = connection.execute(f"SELECT mark, {_MARKED[table]} FROM {table}{where}", values)  # noqa: S608 - names of our own
    for row in rows:
        if row[0] != mark(*row[1:]):
            yield say("{table}: a row that was changed: {key}", table=table, key=str(row[1])[:80])


def _bounds(portion: Portion) -> tuple[str, tuple[int | str, ...]]:
    column = _LARGE.get(portion.table, "")
    given = [(f"{column} >= ?", portion.first), (f"{column} < ?", portion.end)]
    terms = [term for term, value in given if value is not None]
    values = tuple(value for _, value in given if value is not None)
    return (" WHERE " + " AND ".join(terms) if terms else ""), values


def _all(connection: Asked, whole: Whole) -> Iterator[str]:
    yield from whole(connection)
    for table in TABLES:
        yield from _readable(table, look_through_table(connection, table))


def _readable(table: str, faults: Iterator[str]) -> Iterator[str]:
    """Yield the faults of a table; a damaged page gives values of another kind than the column's."""
    try:
        yield from faults
    except (TypeError, ValueError, OverflowError, AttributeError) as fault:
        yield say("{table}: values that cannot be read: {fault}", table=table, fault=str(fault)[:80])


def _entries(connection: Asked) -> Iterator[str]:
    """Check every entry's place, time and leaf, and that no log has a gap."""
    sizes: dict[int, int] = {}
    for identity, leaf, received_ms, found in connection.execute(
        "SELECT id, leaf, received_ms, mark FROM entries ORDER BY id"
    ):
        log, seq = entry_place(identity)
        if seq != sizes.get(log, 0):
            yield say(
                "entries: index {index} of log {log} where {next} is next",
                index=seq,
                log=log,
                next=sizes.get(log, 0),
            )
        sizes[log] = seq + 1
        if found != entry_mark(identity, received_ms, leaf_hash(leaf)):
            yield say("entries: index {index} of log {log} was changed", index=seq, log=log)
    for log, size in connection.execute("SELECT id, size FROM logs"):
        if sizes.pop(log, 0) != size:
            yield say("entries: log {log} holds another number of them than {size}", log=log, size=size)
    for log in sizes:
        yield say("entries: a log {log} that is not known", log=log)


def _entry_counts(connection: Asked) -> Iterator[str]:
    """Check that every log has as many entries as it says, and that there are no others."""
    known = 0
    for log, size in connection.execute("SELECT id, size FROM logs").fetchall():
        assert isinstance(log, int)  # SQLite's own row number
        span = (entry_id(log, 0), entry_id(log + 1, 0))
        held = connection.execute("SELECT count(*) FROM entries WHERE id >= ? AND id < ?", span).fetchall()[0][0]
        assert isinstance(held, int)
        known += held
        if held != size:
            yield say("entries: log {log} holds another number of them than {size}", log=log, size=size)
    if connection.execute("SELECT count(*) FROM entries").fetchall()[0][0] != known:
        yield say("entries that belong to no log")


def _nodes(connection: Asked) -> Iterator[str]:
    """Check that each log has exactly the nodes of its size; their hashes are the tree's matter."""
    known = 0
    for log, size in connection.execute("SELECT id, size FROM logs").fetchall():
        if type(log) is not int or type(size) is not int:
            raise TypeError(log)
        level = 1
        while size >> level:
            first, end = node_id(log, level, 0), node_id(log, level, size >> level)
            count = connection.execute(
                "SELECT count(*) FROM nodes WHERE id >= ? AND id < ?", (first, end)
            ).fetchall()[0][0]
            if count != size >> level:
                yield say("tree nodes of log {log} are missing at level {level}", log=log, level=level)
            known += size >> level
            level += 1
    if connection.execute("SELECT count(*) FROM nodes").fetchall()[0][0] != known:
        yield say("tree nodes that belong to no log")


def _bodies(connection: Asked, portion: Portion = Portion("bodies")) -> Iterator[str]:
    where, values = _bounds(portion)
    rows = connection.execute(f"SELECT hash, salt, content, open, mark FROM bodies{where}", values)  # noqa: S608 - ours
    for digest, salt, content, opened, found in rows:
        if commit(salt, content) != digest.hex() or found != mark(digest, opened):
            yield say("bodies: {hash} was changed", hash=digest.hex()[:16])


_OWN_CHECKS: dict[str, Callable[[Any], Iterator[str]]] = {"entries": _entries, "nodes": _nodes, "bodies": _bodies}
TABLES = (*_OWN_CHECKS, *_MARKED)
"""Every table that holds values; a test holds this against the schema."""
