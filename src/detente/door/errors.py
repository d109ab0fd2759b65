"""Errors of the door.

DetenteError
├── OurMistake
│   └── ArgumentMistake   an option's value cannot be used
└── WorldFailure
    ├── OutputFailure     a file could not be written whole; nothing half-written was left
    └── MissingExtra      a part of detente is not installed
"""

from __future__ import annotations

from detente.errors import OurMistake, WorldFailure

__all__ = ["ArgumentMistake", "MissingExtra", "OutputFailure"]


class ArgumentMistake(OurMistake):
    """An option's value cannot be used; ``where`` names the option."""


class OutputFailure(WorldFailure):
    """An output could not be written whole; the old file, if any, is untouched."""


class MissingExtra(WorldFailure):
    """A verb needs an optional part that is not installed."""
