"""What a server's failures are called, and what to do about each: the driver's errors in our words."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from psycopg import errors

from detente import words
from detente.store.errors import StoreFailure, damaged

__all__ = ["not_connected", "translated"]

say = words.speaker("store")

_CAME_MAX = 300
_FULL = (errors.DiskFull, errors.OutOfMemory, errors.ProgramLimitExceeded, errors.ConfigurationLimitExceeded)
_SLOW = (errors.QueryCanceled, errors.LockNotAvailable, errors.IdleInTransactionSessionTimeout)
_READ_ONLY = (errors.ReadOnlySqlTransaction,)
_NOT_ALLOWED = (errors.InsufficientPrivilege,)
_ODD_CONTENT = frozenset({"22", "23", "42"})
"""Classes of SQLSTATE that say that what is stored, or its tables, are not what this program made."""
_CORRUPTED = (errors.DataCorrupted, errors.IndexCorrupted)
_DISK = frozenset({"58", "XX"})
"""Classes in which the server says what its disk did, where it has no better word (a quota, a file's size)."""


@contextmanager
def translated(where: str) -> Iterator[None]:
    """Turn the driver's errors into ours: what the server did, and what to do."""
    try:
        yield
    except psycopg.Error as fault:
        raise _said(fault, where) from fault


def not_connected(fault: psycopg.Error, where: str) -> StoreFailure:
    """Return the error for a server that was not reached, or would not let us in."""
    return StoreFailure(
        expected=say("a server that answers and lets us in"),
        came=_came(fault),
        where=where,
        remedy=say("start the server or mend the link; else check user, database and password file"),
    )


def _said(fault: psycopg.Error, where: str) -> StoreFailure:
    if isinstance(fault, _FULL):
        expected = say("a server with room")
        remedy = say("free space on the server, then try again; nothing acknowledged was lost")
    elif isinstance(fault, _SLOW):
        expected = say("a server that answers in time")
        remedy = say("find out what keeps the server busy, then try again; nothing acknowledged was lost")
    elif isinstance(fault, _READ_ONLY):
        expected = say("a server that takes writes")
        remedy = say("let the server take writes again, or name the one that does; nothing acknowledged was lost")
    elif isinstance(fault, _NOT_ALLOWED):
        expected = say("a user who may create schemas in this database and owns the record's")
        remedy = say("grant CREATE on the database, or name the right user; nothing was changed")
    elif isinstance(fault, _CORRUPTED) or (fault.sqlstate or "")[:2] in _ODD_CONTENT:
        return damaged(where, _came(fault))
    elif (fault.sqlstate or "")[:2] in _DISK:
        expected = say("a server whose disk takes and gives back what is written")
        remedy = say("free space on the server or mend its disk, then try again; nothing acknowledged was lost")
    else:
        expected = say("a server that answers")
        remedy = say("start the server or mend the link, then try again; nothing acknowledged was lost")
    return StoreFailure(expected=expected, came=_came(fault), where=where, remedy=remedy)


def _came(fault: psycopg.Error) -> str:
    """Return what happened in one line: the server's own words where it said any."""
    text = fault.diag.message_primary or str(fault)
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return (lines[0] if lines else type(fault).__name__)[:_CAME_MAX]
