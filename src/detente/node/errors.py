"""Errors of what speaks.

DetenteError
├── OurMistake
│   └── KeyMistake        no passphrase, a wrong one, a key file that is not one, a key in another's place
└── WorldFailure
    ├── StillReading      the node was started a moment ago and reads a long record; nothing is wrong
    └── SignerFailure     the signer cannot keep its own record; nothing was signed
        ├── SignerGone    the signer's process does not answer; what was not durable is lost, and was never sent
        └── SignerLocked  the signer's process waits for its passphrase
"""

from __future__ import annotations

from detente.errors import OurMistake, WorldFailure

__all__ = ["KeyMistake", "SignerFailure", "SignerGone", "SignerLocked", "StillReading"]


class KeyMistake(OurMistake):
    """The key or its passphrase is not the right one: missing, wrong, of a newer version, in another's place."""


class StillReading(WorldFailure):
    """The node reads its record since it was started, and cannot say yet what was asked for."""


class SignerFailure(WorldFailure):
    """The signer cannot go on: what it is told does not follow from what it recorded; nothing was signed."""


class SignerGone(SignerFailure):
    """The signer's process ended or does not answer. The line must be opened again: what was not durable is gone."""


class SignerLocked(SignerFailure):
    """The signer's process waits for its passphrase: nothing can be signed."""
