"""Errors of what is seen.

DetenteError
├── OurMistake
│   └── ReadingMistake    an option for reading tracks cannot be used
└── TheirMistake
    └── TrackMistake      a file is not tracks, or not as its format says
        ├── SchemaMistake     a table lacks columns or has other types
        └── OutOfOrder        rows come too late to be put in their place on the way
"""

from __future__ import annotations

from detente.errors import OurMistake, TheirMistake

__all__ = ["OutOfOrder", "ReadingMistake", "SchemaMistake", "TrackMistake"]


class ReadingMistake(OurMistake):
    """An option for reading tracks cannot be used: column names, zone, start."""


class TrackMistake(TheirMistake):
    """A file is not tracks, or not as its format says; ``where`` names file, line or row."""


class SchemaMistake(TrackMistake):
    """A table lacks columns or has other types than detente.tracks.SCHEMA."""


class OutOfOrder(TrackMistake):
    """Rows come too late to be put in their place on the way; they can still be put in order at rest."""
