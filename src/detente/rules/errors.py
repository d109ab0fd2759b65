"""Errors of what must be said.

DetenteError
└── OurMistake
    ├── AgreementMistake   a file of an agreement is not one
    ├── SettingsMistake    a file of cut-offs is not one
    └── RequestMistake     what was asked for does not exist
"""

from __future__ import annotations

from detente.errors import OurMistake

__all__ = ["AgreementMistake", "RequestMistake", "SettingsMistake"]


class AgreementMistake(OurMistake):
    """A file of an agreement has an unknown key, a duplicate clause or a value that nothing can be judged by."""


class SettingsMistake(OurMistake):
    """A file of cut-offs cannot be used."""


class RequestMistake(OurMistake):
    """An agreement, clause, party or file that was asked for does not exist."""
