"""Errors of the couriers.

DetenteError
├── OurMistake
│   └── CertificateMistake   a certificate of the settings is missing, damaged, expired or somebody else's
├── TheirMistake
│   └── PeerMistake          the other node answered what it must not
└── WorldFailure
    └── LinkFailure          no way to the other node, a link that was cut, a time that ran out, a port in use
        └── WrongCertificate the other end shows another certificate than the one agreed
"""

from __future__ import annotations

from detente.errors import OurMistake, TheirMistake, WorldFailure

__all__ = ["CertificateMistake", "LinkFailure", "PeerMistake", "WrongCertificate"]


class CertificateMistake(OurMistake):
    """A certificate cannot be used; ``where`` names the file."""


class PeerMistake(TheirMistake):
    """The other node refused, or answered what no node of this program answers."""


class LinkFailure(WorldFailure):
    """The link failed; what was not acknowledged is sent again."""


class WrongCertificate(LinkFailure):
    """The other end is not the peer, or shows what is not valid now: nothing was said to it."""
