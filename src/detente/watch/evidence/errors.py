"""Errors of evidence.

DetenteError
├── OurMistake
│   ├── EvidenceMistake   a draft cannot be made of what was given
│   └── WithheldMover     a mover of which nothing may be written is in the encounter
└── TheirMistake
    └── EvidenceRefused   what was given as evidence is altered, incomplete or not in the form
"""

from __future__ import annotations

from detente.errors import OurMistake, TheirMistake

__all__ = ["EvidenceMistake", "EvidenceRefused", "WithheldMover"]


class EvidenceMistake(OurMistake):
    """A draft cannot be made of this encounter and this context; ``where`` names what does not fit."""


class WithheldMover(OurMistake):
    """A mover that a humanitarian notice names is in the encounter: no draft, no file, no drawing is made."""


class EvidenceRefused(TheirMistake):
    """Evidence was altered, is incomplete or is not in its form; ``where`` names the file."""
