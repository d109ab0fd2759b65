"""Opening a SQLite file the one tested way: WAL and FULL, of a known version, its errors in our words.

``vfs`` names an APSW VFS: the seam through which tests cut the power, fill the disk and fail single operations.
Record and head file are both opened here, so that one fault reaches both.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import apsw

from detente import words
from detente.store.errors import HomeMistake, OlderRecord, StoreFailure, damaged
from detente.store.schema import PRAGMAS

__all__ = ["open_database", "translated", "write_copy"]

say = words.speaker("store")

_BUSY_MS = 10_000


def open_database(
    path: Path,
    *,
    application_id: int,
    migrations: Sequence[str],
    read_only: bool,
    create: bool,
    vfs: str | None,
    older: bool = False,
) -> apsw.Connection:
    """Return a connection to a file of the newest version; an older one is brought up to date.

    read_only: nothing is written, not even beside the file where the folder does not allow it. create: a missing
    file is founded. older: what an older version left may be read as it is. Raises HomeMistake for a newer version
    or a missing file, StoreFailure for the disk's faults.
    """
    if not create and not path.exists():
        raise HomeMistake(
            expected=say("a file of this home"),
            came=say("nothing"),
            where=str(path),
            remedy=say("restore a backup"),
        )
    with translated(path):
        connection = _connect(path, read_only=read_only, create=create, vfs=vfs)
        try:
            if read_only:
                _version(connection, path, application_id, len(migrations), writing=older)
            else:
                _migrate(connection, path, application_id, migrations)
        except BaseException:
            connection.close()
            raise
    return connection


def write_copy(connection: apsw.Connection, target: Path) -> None:
    """Write a whole, consistent copy of this moment to a new file, beside a running writer. Raises StoreFailure."""
    with translated(target):
        copy = apsw.Connection(str(target))
        try:
            with copy.backup("main", connection, "main") as work:
                work.step(-1)  # one read transaction: a writer goes on beside it and is not in the copy
            copy.execute("PRAGMA journal_mode = DELETE")  # one file, nothing beside it
        finally:
            copy.close()


def _connect(path: Path, *, read_only: bool, create: bool, vfs: str | None) -> apsw.Connection:
    if not read_only:
        flags = apsw.SQLITE_OPEN_READWRITE | (apsw.SQLITE_OPEN_CREATE if create else 0)
        return _patient(apsw.Connection(str(path), flags=flags, vfs=vfs))
    connection = _patient(apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY, vfs=vfs))
    try:
        connection.execute("SELECT 1 FROM sqlite_schema").fetchall()
    except (apsw.CantOpenError, apsw.ReadOnlyError):
        # A read-only folder has no room for the shared memory of WAL. Without a log there is nothing in it that
        # the file lacks, and nobody can write beside us: then the file alone is the whole truth.
        connection.close()
        log = path.with_name(path.name + "-wal")
        if log.exists() and log.stat().st_size:
            raise
        uri = f"{path.absolute().as_uri()}?immutable=1"
        flags = apsw.SQLITE_OPEN_READONLY | apsw.SQLITE_OPEN_URI
        connection = _patient(apsw.Connection(uri, flags=flags, vfs=vfs))
    return connection


def _patient(connection: apsw.Connection) -> apsw.Connection:
    """Let a connection wait, from its first question on, for one that brings a log up to date after a crash."""
    connection.set_busy_timeout(_BUSY_MS)
    return connection


def _migrate(connection: apsw.Connection, path: Path, application_id: int, migrations: Sequence[str]) -> None:
    """Bring the file up to date, each step whole or not at all; a newer one is refused before any write."""
    version = _version(connection, path, application_id, len(migrations), writing=True)
    for pragma in PRAGMAS:
        connection.execute(pragma)
    for step in range(version, len(migrations)):
        with connection:
            connection.execute(migrations[step])
            connection.execute(f"PRAGMA application_id = {application_id}")
            connection.execute(f"PRAGMA user_version = {step + 1}")


def _version(connection: apsw.Connection, path: Path, application_id: int, newest: int, *, writing: bool) -> int:
    application = _number(connection, "PRAGMA application_id")
    version = _number(connection, "PRAGMA user_version")
    tables = _number(connection, "SELECT count(*) FROM sqlite_schema")
    if (version or tables) and application != application_id:
        raise damaged(path, say("another program's database"))
    if version > newest:
        raise HomeMistake(
            expected=say("a file of version {version} or older", version=newest),
            came=say("version {version}, made by a newer détente", version=version),
            where=str(path),
            remedy=say("use the newer version; nothing was changed"),
        )
    if version < newest and not writing:
        raise OlderRecord(
            expected=say("a file of version {version}", version=newest),
            came=say("version {version}", version=version),
            where=str(path),
            remedy=say("open the home for writing once: that brings the file up to date"),
        )
    return version


def _number(connection: apsw.Connection, sql: str) -> int:
    value = connection.execute(sql).fetchall()[0][0]
    assert isinstance(value, int)  # each of these questions has a whole number as its answer
    return value


@contextmanager
def translated(path: Path) -> Iterator[None]:
    """Turn SQLite's errors into ours: what the disk did, and what to do."""
    try:
        yield
    except (
        apsw.CorruptError,
        apsw.NotADBError,
        apsw.SQLError,
        apsw.ConstraintError,
        apsw.MismatchError,
        UnicodeDecodeError,
    ) as fault:
        raise damaged(path, str(fault)) from fault
    except apsw.Error as fault:
        raise StoreFailure(
            expected=say("a disk that takes and gives back what is written"),
            came=str(fault) or type(fault).__name__,
            where=str(path),
            remedy=say("free space or mend the disk, then try again; nothing acknowledged was lost"),
        ) from fault
