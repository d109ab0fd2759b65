"""Errors of what must be said.

DetenteError
└── OurMistake
    ├── AgreementMistake   a file of an agreement is not one
    ├── SettingsMistake    a file of cut-offs is not one
    ├── ListMistake        a list of contacts, offices or incidents cannot be read
    └── RequestMistake     what was asked for does not exist
"""

from __future__ import annotations

from detente.errors import OurMistake

__all__ = ["AgreementMistake", "ListMistake", "RequestMistake", "SettingsMistake"]


class AgreementMistake(OurMistake):
    """A file of an agreement has an unknown key, a duplicate clause or a value that nothing can be judged by."""


class SettingsMistake(OurMistake):
    """A file of cut-offs cannot be used."""


class RequestMistake(OurMistake):
    """An agreement, clause, party or file that was asked for does not exist."""


class ListMistake(OurMistake):
    """A list of contacts, offices or incidents is not one, or a row of it cannot be read; ``where`` names it."""
