"""Errors of what speaks.

DetenteError
├── OurMistake
│   └── KeyMistake        no passphrase, a wrong one, a key file that is not one, a key in another's place
└── WorldFailure
    └── SignerFailure     the signer cannot keep its own record; nothing was signed
"""

from __future__ import annotations

from detente.errors import OurMistake, WorldFailure

__all__ = ["KeyMistake", "SignerFailure"]


class KeyMistake(OurMistake):
    """The key or its passphrase is not the right one: missing, wrong, of a newer version, in another's place."""


class SignerFailure(WorldFailure):
    """The signer cannot go on: what it is told does not follow from what it recorded; nothing was signed."""
