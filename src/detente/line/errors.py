"""Errors of how it is said.

DetenteError
├── OurMistake
│   └── LineMistake         what was asked of the line cannot be done in its state
└── TheirMistake
    └── Refused             bytes from elsewhere are refused at the door; nothing of them was stored
        ├── Malformed           not the one spelling that the format allows, or over a cap
        ├── BadSignature        signature, key or algorithm does not hold
        └── OutOfPlace          wrong line, epoch, generation, index or previous hash
"""

from __future__ import annotations

from detente.errors import OurMistake, TheirMistake

__all__ = ["BadSignature", "LineMistake", "Malformed", "OutOfPlace", "Refused"]


class LineMistake(OurMistake):
    """What was asked of the line cannot be done in its state."""


class Refused(TheirMistake):
    """Bytes from elsewhere are refused; parsing a stranger's bytes raises nothing else."""


class Malformed(Refused):
    """Not the one spelling that the format allows, or over a cap."""


class BadSignature(Refused):
    """A signature, key or algorithm does not hold."""


class OutOfPlace(Refused):
    """Valid bytes in the wrong place: line, epoch, generation, index, previous hash."""
