"""Errors of what must be said.

DetenteError
├── OurMistake
│   ├── AgreementMistake   a file of an agreement is not one
│   ├── SettingsMistake    a file of cut-offs is not one
│   └── RequestMistake     what was asked for does not exist
└── TheirMistake
    └── PlanMistake        a plan contradicts itself
"""

from __future__ import annotations

from detente.errors import OurMistake, TheirMistake

__all__ = ["AgreementMistake", "PlanMistake", "RequestMistake", "SettingsMistake"]


class AgreementMistake(OurMistake):
    """A file of an agreement has an unknown key, a duplicate clause or a value that nothing can be judged by."""


class SettingsMistake(OurMistake):
    """A file of cut-offs cannot be used."""


class RequestMistake(OurMistake):
    """An agreement, clause, party or file that was asked for does not exist."""


class PlanMistake(TheirMistake):
    """A plan contradicts itself, so that no verdict about it would mean anything."""
