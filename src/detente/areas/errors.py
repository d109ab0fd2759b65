"""Errors of what is announced.

DetenteError
├── OurMistake
│   └── WritingMistake    a danger area cannot be put into the words of that form
└── TheirMistake
    └── AnnouncedMistake  a file is none of the forms that are read
        └── Unplaced          words that the grammar cannot place (detente.areas.outcomes); never leaves the room
"""

from __future__ import annotations

from detente.errors import OurMistake, TheirMistake

__all__ = ["AnnouncedMistake", "WritingMistake"]


class WritingMistake(OurMistake):
    """A danger area cannot be put into the words of that form without changing its meaning."""


class AnnouncedMistake(TheirMistake):
    """A file is none of the forms that are read; ``where`` names file and place."""
