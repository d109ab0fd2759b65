"""Copying a record whole from one store to another, and comparing the two row by row."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import msgspec

from detente import words
from detente.store.interface import Record
from detente.store.tables import TABLES

__all__ = ["Tally", "copy_tables", "differences", "tally"]

say = words.speaker("store")


@dataclass(frozen=True, slots=True)
class Tally:
    """How many rows a table holds, and SHA-256 over all of them in the order of their key, hexadecimal."""

    rows: int
    sha256: str


def copy_tables(source: Record, target: Record) -> None:
    """Copy every row of one moment of ``source`` into ``target``, which is empty: all or none.

    Raises StoreFailure when either fails.
    """
    with source.snapshot(), target.filling():
        for table in TABLES:
            target.fill(table, source.rows(table))


def tally(record: Record) -> dict[str, Tally]:
    """Count and hash every table, all of one moment."""
    encoder = msgspec.msgpack.Encoder()
    found = {}
    with record.snapshot():
        for table in TABLES:
            digest, rows = hashlib.sha256(), 0
            for row in record.rows(table):
                digest.update(encoder.encode(row))
                rows += 1
            found[table] = Tally(rows, digest.hexdigest())
    return found


def differences(one: dict[str, Tally], other: dict[str, Tally]) -> list[str]:
    """Return in words in which tables two records differ."""
    return [
        say(
            "{table}: {one} rows and {other} are not the same",
            table=table,
            one=tallied.rows,
            other=other[table].rows,
        )
        for table, tallied in one.items()
        if tallied != other[table]
    ]
