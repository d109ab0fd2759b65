"""Looking through a record as a disk may have changed it: rows against marks, bodies against hashes.

What only the line's own rules can judge (signatures, links, tree, heads) is the node's audit; this one finds any
byte of any other stored value that is not as it was written, and rows that are missing or too many.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import lru_cache
from itertools import islice
from typing import Any

import apsw

from detente import words
from detente.line.merkle import leaf_hash
from detente.line.statement import commit
from detente.store.schema import MIGRATIONS, entry_mark, entry_place, mark, node_id

__all__ = ["TABLES", "look_through", "look_through_table"]

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


def look_through(connection: apsw.Connection) -> list[str]:
    """Return each fault in words, at most FAULTS_MAX; an empty list when all is as it was written."""
    return list(islice(_all(connection), FAULTS_MAX))


def look_through_table(connection: apsw.Connection, table: str) -> Iterator[str]:
    """Yield the faults of one table of TABLES."""
    if table in _OWN_CHECKS:
        yield from _OWN_CHECKS[table](connection)
        return
    for row in connection.execute(f"SELECT mark, {_MARKED[table]} FROM {table}"):  # noqa: S608 - names of our own
        if row[0] != mark(*row[1:]):
            yield say("{table}: a row that was changed: {key}", table=table, key=str(row[1])[:80])


def _all(connection: apsw.Connection) -> Iterator[str]:
    for row in connection.execute("PRAGMA integrity_check(100)"):
        if row[0] != "ok":
            yield str(row[0])
    if _shape(connection) != _shape_written():
        yield say("the tables are not those that this program made")
    for table in TABLES:
        try:
            yield from look_through_table(connection, table)
        except (TypeError, ValueError, OverflowError, AttributeError) as fault:
            # a damaged page gives values of another kind than the column's
            yield say("{table}: values that cannot be read: {fault}", table=table, fault=str(fault)[:80])


def _shape(connection: apsw.Connection) -> list[tuple[Any, ...]]:
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


def _entries(connection: apsw.Connection) -> Iterator[str]:
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


def _nodes(connection: apsw.Connection) -> Iterator[str]:
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


def _bodies(connection: apsw.Connection) -> Iterator[str]:
    rows = connection.execute("SELECT hash, salt, content, open, mark FROM bodies")
    for digest, salt, content, opened, found in rows:
        if commit(salt, content) != digest.hex() or found != mark(digest, opened):
            yield say("bodies: {hash} was changed", hash=digest.hex()[:16])


_OWN_CHECKS: dict[str, Callable[[Any], Iterator[str]]] = {"entries": _entries, "nodes": _nodes, "bodies": _bodies}
TABLES = (*_OWN_CHECKS, *_MARKED)
"""Every table that holds values; a test holds this against the schema."""
