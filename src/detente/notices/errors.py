"""Errors of what is said.

DetenteError
├── OurMistake
│   ├── ValueMistake        a written value is not understood
│   │   ├── QuantityMistake     number or unit
│   │   ├── MomentMistake       date, time or zone
│   │   └── PlaceMistake        latitude, longitude or area
│   └── NoticeMistake       a notice of our own has faults, all of them named
└── TheirMistake
    └── NoticeRefused       bytes from elsewhere are no notice, or not understood; every fault is named
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Self

from detente import words
from detente.errors import DetenteError, OurMistake, TheirMistake

if TYPE_CHECKING:
    from detente.notices.faults import Fault

__all__ = ["MomentMistake", "NoticeMistake", "NoticeRefused", "PlaceMistake", "QuantityMistake", "ValueMistake"]

say = words.speaker("notices")


class ValueMistake(OurMistake):
    """A written value is not understood."""


class QuantityMistake(ValueMistake):
    """A number or its unit is missing, unknown, negative or absurd."""


class MomentMistake(ValueMistake):
    """A date, time or zone is missing or impossible."""


class PlaceMistake(ValueMistake):
    """A latitude, longitude or area is impossible."""


class _Faulty(DetenteError):  # noqa: N818 - its two children say whose fault it was
    """A notice with faults; ``faults`` holds every one of them, in the order of the form."""

    faults: tuple[Fault, ...] = ()

    @classmethod
    def of(cls, faults: Sequence[Fault]) -> Self:
        """Return the error of these faults: the first in words, the others by number."""
        first = faults[0]
        rest = len(faults) - 1
        more = say.many("; and {count} more fault", "; and {count} more faults", count=rest) if rest else ""
        made = cls(expected=first.expected, came=first.came + more, where=first.where, remedy=first.remedy)
        made.faults = tuple(faults)
        return made


class NoticeMistake(_Faulty, OurMistake):
    """A notice made here cannot be said: its faults are in ``faults``."""


class NoticeRefused(_Faulty, TheirMistake):
    """Bytes from elsewhere are no notice that this version understands; every fault is in ``faults``."""

    exit_code = 1
