"""Errors of what is kept.

DetenteError
├── OurMistake
│   └── HomeMistake       not a home, a home in use, a home of a newer version, a server that cannot keep one
│       └── OlderRecord   a record that an older version left, opened for reading only
└── WorldFailure
    └── StoreFailure      the disk or server, or what lies on it, lets us down; nothing acknowledged is touched
"""

from __future__ import annotations

from pathlib import Path

from detente import words
from detente.errors import OurMistake, WorldFailure

__all__ = ["HomeMistake", "OlderRecord", "StoreFailure", "damaged", "missing_node"]

say = words.speaker("store")


class HomeMistake(OurMistake):
    """The folder named is not a usable home: missing, in use by another writer, of a newer version."""


class OlderRecord(HomeMistake):
    """An older version left it, and it was opened for reading only: who opens it for writing brings it up to date."""


class StoreFailure(WorldFailure):
    """The disk is full, read-only or failing, or a file is damaged; nothing acknowledged was lost by us."""


def damaged(where: Path | str, came: str) -> StoreFailure:
    """Return the error for a record whose content cannot be what this program wrote."""
    return StoreFailure(
        expected=say("an undamaged record"),
        came=came,
        where=str(where),
        remedy=say("restore a backup; the mirrors give back what it lacks"),
    )


def missing_node(where: str, level: int, index: int) -> StoreFailure:
    """Return the error for a tree node that is not there although its log reaches beyond it."""
    return damaged(where, say("no tree node at level {level}, index {index}", level=level, index=index))
