"""The tables of one line's record, and the steps that bring an older file up to date.

``migrations`` only grows: step n brings version n-1 to n. A file of a newer version is refused, untouched.
"""

from __future__ import annotations

__all__ = ["APPLICATION_ID", "MIGRATIONS", "PRAGMAS"]

APPLICATION_ID = 0x64746E74  # "dtnt"

# Measured with simulated power cuts: WAL with synchronous=FULL lost nothing, NORMAL lost acknowledged rows.
PRAGMAS = (
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",
    "PRAGMA foreign_keys = ON",
    "PRAGMA trusted_schema = OFF",
    "PRAGMA cell_size_check = ON",
    "PRAGMA wal_autocheckpoint = 4000",
)

_FIRST = """
CREATE TABLE logs (
    id INTEGER PRIMARY KEY, line TEXT NOT NULL, epoch INTEGER NOT NULL, member TEXT NOT NULL,
    generation INTEGER NOT NULL, size INTEGER NOT NULL DEFAULT 0, UNIQUE (line, epoch, member, generation)
) STRICT;
CREATE TABLE entries (
    log INTEGER NOT NULL REFERENCES logs, seq INTEGER NOT NULL, leaf BLOB NOT NULL, received_ms INTEGER NOT NULL,
    PRIMARY KEY (log, seq)
) STRICT, WITHOUT ROWID;
CREATE TABLE nodes (
    log INTEGER NOT NULL REFERENCES logs, level INTEGER NOT NULL, place INTEGER NOT NULL, hash BLOB NOT NULL,
    PRIMARY KEY (log, level, place)
) STRICT, WITHOUT ROWID;
CREATE TABLE submissions (
    submission TEXT PRIMARY KEY, log INTEGER NOT NULL REFERENCES logs, seq INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE bodies (
    hash BLOB NOT NULL UNIQUE, salt BLOB NOT NULL, content BLOB NOT NULL, open INTEGER NOT NULL
) STRICT;
CREATE TABLE claims (
    log INTEGER NOT NULL REFERENCES logs, size INTEGER NOT NULL, root BLOB NOT NULL, note BLOB NOT NULL,
    PRIMARY KEY (log, size, root)
) STRICT, WITHOUT ROWID;
CREATE TABLE due (
    log INTEGER NOT NULL REFERENCES logs, seq INTEGER NOT NULL, member TEXT NOT NULL, due_ms INTEGER NOT NULL,
    PRIMARY KEY (log, seq, member)
) STRICT, WITHOUT ROWID;
CREATE INDEX due_by_time ON due (due_ms);
CREATE TABLE wanted (
    log INTEGER NOT NULL REFERENCES logs, seq INTEGER NOT NULL, hash BLOB NOT NULL, PRIMARY KEY (log, seq, hash)
) STRICT, WITHOUT ROWID;
CREATE INDEX wanted_by_hash ON wanted (hash);
CREATE TABLE checkpoints (
    log INTEGER NOT NULL REFERENCES logs, size INTEGER NOT NULL, note BLOB NOT NULL, PRIMARY KEY (log, size)
) STRICT, WITHOUT ROWID;
CREATE TABLE cosignatures (
    log INTEGER NOT NULL REFERENCES logs, name TEXT NOT NULL, hint BLOB NOT NULL, size INTEGER NOT NULL,
    root BLOB NOT NULL, clock_s INTEGER NOT NULL, signature BLOB NOT NULL, received_ms INTEGER NOT NULL,
    PRIMARY KEY (log, name, hint, size)
) STRICT, WITHOUT ROWID;
CREATE TABLE acts (
    member TEXT NOT NULL, place INTEGER NOT NULL, envelope BLOB NOT NULL, PRIMARY KEY (member, place)
) STRICT, WITHOUT ROWID;
CREATE TABLE openings (hash TEXT PRIMARY KEY, epoch INTEGER NOT NULL, octets BLOB NOT NULL, current INTEGER NOT
NULL)
    STRICT;
CREATE TABLE peers (member TEXT PRIMARY KEY, octets BLOB NOT NULL) STRICT;
CREATE TABLE answers (id INTEGER PRIMARY KEY, member TEXT NOT NULL, envelope BLOB NOT NULL) STRICT;
CREATE TABLE forks (hash TEXT PRIMARY KEY, proof BLOB NOT NULL) STRICT;
CREATE TABLE history (
    id INTEGER PRIMARY KEY, at_ms INTEGER NOT NULL, what TEXT NOT NULL, member TEXT NOT NULL, detail BLOB NOT NULL
) STRICT;
CREATE TABLE state (id INTEGER PRIMARY KEY CHECK (id = 1), octets BLOB NOT NULL) STRICT;
CREATE TABLE used (member TEXT PRIMARY KEY, bytes INTEGER NOT NULL) STRICT;
"""

MIGRATIONS = (_FIRST,)
"""SQL of each step; ``user_version`` says how many have been made."""
