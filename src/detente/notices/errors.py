"""Errors of what is said.

DetenteError
├── OurMistake
│   ├── ValueMistake        a written value is not understood
│   │   ├── QuantityMistake     number or unit
│   │   ├── MomentMistake       date, time or zone
│   │   └── PlaceMistake        latitude, longitude or area
│   ├── NoticeMistake       a notice of our own has faults, all of them named
│   └── ExportRefused       a notice that appears in no map or calendar
└── TheirMistake
    └── NoticeRefused       bytes from elsewhere are no notice, or not understood; every fault is named
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Self

from detente import words
from detente.errors import OurMistake, TheirMistake

if TYPE_CHECKING:
    from detente.notices.faults import Fault

__all__ = [
    "ExportRefused",
    "MomentMistake",
    "NoticeMistake",
    "NoticeRefused",
    "PlaceMistake",
    "QuantityMistake",
    "ValueMistake",
]

say = words.speaker("notices")


class ValueMistake(OurMistake):
    """A written value is not understood."""


class QuantityMistake(ValueMistake):
    """A number or its unit is missing, unknown, negative or absurd."""


class MomentMistake(ValueMistake):
    """A date, time or zone is missing or impossible."""


class PlaceMistake(ValueMistake):
    """A latitude, longitude or area is impossible."""


class NoticeMistake(OurMistake):
    """A notice made here cannot be said; every fault is in ``faults``."""

    faults: tuple[Fault, ...] = ()

    @classmethod
    def of(cls, faults: Sequence[Fault]) -> Self:
        """Return the error of these faults, in the order of the form."""
        made = cls(**_told(faults))
        made.faults = tuple(faults)
        return made


class NoticeRefused(TheirMistake):
    """Bytes from elsewhere are no notice that this version understands; every fault is in ``faults``."""

    faults: tuple[Fault, ...] = ()

    @classmethod
    def of(cls, faults: Sequence[Fault]) -> Self:
        """Return the error of these faults, in the order of the form."""
        made = cls(**_told(faults))
        made.faults = tuple(faults)
        return made


def _told(faults: Sequence[Fault]) -> dict[str, str]:
    """Return an error's four texts: the first fault in words, the others by number."""
    first = faults[0]
    rest = len(faults) - 1
    more = say.many("; and {count} more fault", "; and {count} more faults", count=rest) if rest else ""
    return {"expected": first.expected, "came": first.came + more, "where": first.where, "remedy": first.remedy}


class ExportRefused(OurMistake):
    """A notice that appears in no export was asked for as a map or a calendar."""

    exit_code = 1
