"""Errors of what is kept.

DetenteError
├── OurMistake
│   └── HomeMistake       not a home, a home in use, a home of a newer version
└── WorldFailure
    └── StoreFailure      the disk, or what lies on it, lets us down; nothing acknowledged is touched
"""

from __future__ import annotations

from detente.errors import OurMistake, WorldFailure

__all__ = ["HomeMistake", "StoreFailure"]


class HomeMistake(OurMistake):
    """The folder named is not a usable home: missing, in use by another writer, of a newer version."""


class StoreFailure(WorldFailure):
    """The disk is full, read-only or failing, or a file is damaged; nothing acknowledged was lost by us."""
