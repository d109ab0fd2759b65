"""Errors of what is said.

DetenteError
└── OurMistake
    └── ValueMistake        a written value is not understood
        ├── QuantityMistake     number or unit
        ├── MomentMistake       date, time or zone
        └── PlaceMistake        latitude, longitude or area
"""

from __future__ import annotations

from detente.errors import OurMistake

__all__ = ["MomentMistake", "PlaceMistake", "QuantityMistake", "ValueMistake"]


class ValueMistake(OurMistake):
    """A written value is not understood."""


class QuantityMistake(ValueMistake):
    """A number or its unit is missing, unknown, negative or absurd."""


class MomentMistake(ValueMistake):
    """A date, time or zone is missing or impossible."""


class PlaceMistake(ValueMistake):
    """A latitude, longitude or area is impossible."""
