"""The tables of one line's record, and the steps that bring an older file up to date.

``MIGRATIONS`` only grows: step n brings version n-1 to n. A file of a newer version is refused, untouched.

Entries and tree nodes have one number each as their place, so that a log grows at the end of its table: see
``entry_id`` and ``node_id``. Leaf hashes are not stored: they follow from the leaves. Every value that no
signature, hash or tree covers is covered by its row's ``mark``, so that an audit finds any byte that the disk
changed; it is no protection against a person, and needs none: what matters between parties is signed.
"""

from __future__ import annotations

import hashlib

__all__ = [
    "APPLICATION_ID",
    "MIGRATIONS",
    "PRAGMAS",
    "entry_id",
    "entry_mark",
    "entry_place",
    "mark",
    "node_id",
]

APPLICATION_ID = 0x64746E74  # "dtnt"

# Measured with simulated power cuts: WAL with synchronous=FULL lost nothing, NORMAL lost acknowledged rows.
PRAGMAS = (
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",
    "PRAGMA foreign_keys = ON",
    "PRAGMA trusted_schema = OFF",
    "PRAGMA cell_size_check = ON",
    "PRAGMA wal_autocheckpoint = 4000",
    "PRAGMA journal_size_limit = 67108864",
    "PRAGMA cache_size = -16000",
)

_FIRST = """
CREATE TABLE logs (
    id INTEGER PRIMARY KEY, line TEXT NOT NULL, epoch INTEGER NOT NULL, member TEXT NOT NULL,
    generation INTEGER NOT NULL, size INTEGER NOT NULL, mark BLOB NOT NULL, UNIQUE (line, epoch, member,
    generation)
) STRICT;
CREATE TABLE entries (id INTEGER PRIMARY KEY, leaf BLOB NOT NULL, received_ms INTEGER NOT NULL, mark BLOB NOT
NULL) STRICT;
CREATE TABLE nodes (id INTEGER PRIMARY KEY, hash BLOB NOT NULL) STRICT;
CREATE TABLE submissions (submission TEXT PRIMARY KEY, entry INTEGER NOT NULL, mark BLOB NOT NULL) STRICT, WITHOUT
ROWID;
CREATE TABLE bodies (
    id INTEGER PRIMARY KEY, hash BLOB NOT NULL UNIQUE, salt BLOB NOT NULL, content BLOB NOT NULL, open INTEGER NOT
    NULL, mark BLOB NOT NULL
) STRICT;
CREATE TABLE wanted (
    entry INTEGER NOT NULL, hash BLOB NOT NULL, mark BLOB NOT NULL, PRIMARY KEY (entry, hash)
) STRICT, WITHOUT ROWID;
CREATE INDEX wanted_by_hash ON wanted (hash);
CREATE TABLE due (
    entry INTEGER NOT NULL, member TEXT NOT NULL, due_ms INTEGER NOT NULL, mark BLOB NOT NULL,
    PRIMARY KEY (entry, member)
) STRICT, WITHOUT ROWID;
CREATE INDEX due_by_time ON due (due_ms);
CREATE TABLE checkpoints (
    log INTEGER NOT NULL REFERENCES logs, size INTEGER NOT NULL, note BLOB NOT NULL, mark BLOB NOT NULL,
    PRIMARY KEY (log, size)
) STRICT, WITHOUT ROWID;
CREATE TABLE claims (
    log INTEGER NOT NULL REFERENCES logs, size INTEGER NOT NULL, root BLOB NOT NULL, note BLOB NOT NULL,
    mark BLOB NOT NULL, PRIMARY KEY (log, size, root)
) STRICT, WITHOUT ROWID;
CREATE TABLE cosignatures (
    log INTEGER NOT NULL REFERENCES logs, name TEXT NOT NULL, hint BLOB NOT NULL, size INTEGER NOT NULL,
    root BLOB NOT NULL, clock_s INTEGER NOT NULL, signature BLOB NOT NULL, received_ms INTEGER NOT NULL,
    mark BLOB NOT NULL, PRIMARY KEY (log, name, hint, size)
) STRICT, WITHOUT ROWID;
CREATE INDEX cosignatures_by_clock ON cosignatures (log, name, clock_s);
CREATE TABLE acts (
    member TEXT NOT NULL, place INTEGER NOT NULL, envelope BLOB NOT NULL, mark BLOB NOT NULL, PRIMARY KEY (member,
    place)
) STRICT, WITHOUT ROWID;
CREATE TABLE openings (
    hash TEXT PRIMARY KEY, epoch INTEGER NOT NULL, octets BLOB NOT NULL, current INTEGER NOT NULL, mark BLOB NOT
    NULL
) STRICT;
CREATE TABLE peers (member TEXT PRIMARY KEY, octets BLOB NOT NULL, mark BLOB NOT NULL) STRICT;
CREATE TABLE answers (id INTEGER PRIMARY KEY, member TEXT NOT NULL, envelope BLOB NOT NULL, mark BLOB NOT NULL)
STRICT;
CREATE TABLE forks (hash TEXT PRIMARY KEY, proof BLOB NOT NULL, mark BLOB NOT NULL) STRICT;
CREATE TABLE history (
    id INTEGER PRIMARY KEY, at_ms INTEGER NOT NULL, what TEXT NOT NULL, member TEXT NOT NULL, detail BLOB NOT
    NULL, mark BLOB NOT NULL
) STRICT;
CREATE TABLE state (id INTEGER PRIMARY KEY CHECK (id = 1), octets BLOB NOT NULL, mark BLOB NOT NULL) STRICT;
CREATE TABLE used (member TEXT PRIMARY KEY, bytes INTEGER NOT NULL, mark BLOB NOT NULL) STRICT, WITHOUT ROWID;
"""

MIGRATIONS = (_FIRST,)
"""SQL of each step; ``user_version`` says how many have been made."""

_SEQ_BITS = 40
_LEVEL_BITS = 6
ENTRIES_MAX = 1 << _SEQ_BITS
LOGS_MAX = 1 << (63 - _SEQ_BITS - _LEVEL_BITS)


def entry_id(log: int, seq: int) -> int:
    """Return the place of a log's statement among all entries: the log's number, then 40 bits of index."""
    return log << _SEQ_BITS | seq


def entry_place(identity: int) -> tuple[int, int]:
    """Return log and seq of an ``entry_id``."""
    return identity >> _SEQ_BITS, identity & (ENTRIES_MAX - 1)


def node_id(log: int, level: int, index: int) -> int:
    """Return the place of a perfect node (level 1 and up) among all: log, 6 bits of level, 40 of index."""
    return (log << _LEVEL_BITS | level) << _SEQ_BITS | index


def mark(*values: object) -> bytes:
    """Return eight bytes of SHA-256 over a row's values (numbers, texts, bytes) as Python spells them."""
    return hashlib.sha256(ascii(values).encode()).digest()[:8]


def entry_mark(identity: int, received_ms: int, leaf_hash: bytes) -> bytes:
    """Return the mark of an entry's place, time and leaf."""
    return hashlib.sha256(b"%d %d %s" % (identity, received_ms, leaf_hash)).digest()[:8]
