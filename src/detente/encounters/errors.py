"""Errors of what came close.

DetenteError
├── OurMistake
│   ├── LimitMistake      a limit, horizon or volume cannot be used
│   ├── OutputMistake     a file to write has an unknown ending, or the table cannot be written so
│   ├── ShapeMistake      arrays do not fit together
│   └── SidesMistake      a sides file is not understood, or two sides claim one mover
└── TheirMistake
    ├── AreaMistake       a file of danger areas is not one, or one of its areas is impossible
    ├── HappeningMistake  a table of encounters or incidents, or of exposure, is not one
    ├── PositionMistake   a table of tracks has rows without a mover, time or place on Earth
    └── StateMistake      a picture of positions is not one, or one of its rows is impossible
"""

from __future__ import annotations

from detente import words
from detente.door.errors import ArgumentMistake
from detente.errors import OurMistake, TheirMistake

__all__ = [
    "AreaMistake",
    "HappeningMistake",
    "LimitMistake",
    "OutputMistake",
    "PositionMistake",
    "ShapeMistake",
    "SidesMistake",
    "StateMistake",
    "at_most",
]

say = words.speaker("encounters")


class LimitMistake(OurMistake):
    """A limit, horizon or volume cannot be used; ``where`` names it."""


class OutputMistake(OurMistake):
    """A file to write has an ending that names no format, or the table lacks what that format needs."""


class ShapeMistake(OurMistake):
    """Arrays do not fit together."""


class SidesMistake(OurMistake):
    """A sides file is not understood, or two of its sides claim one mover; all faults of the file at once."""


class StateMistake(TheirMistake):
    """A picture of positions is not one, or a row is impossible; ``where`` names file, row and column."""


class PositionMistake(TheirMistake):
    """A table of tracks has a row without mover, time or a place on Earth."""


class HappeningMistake(TheirMistake):
    """A table of encounters or of incidents, or of exposure, is not one; ``where`` names file and row."""


class AreaMistake(TheirMistake):
    """A file of danger areas is not one, or an area of it is impossible; ``where`` names file and feature."""


def at_most(most: float, value: float, unit: str, option: str) -> float:
    """Return the value of an option; raises ArgumentMistake that names it when the value is above ``most``.

    What the verbs call refuses such values too, but does not know the option's name.
    """
    if value > most:
        raise ArgumentMistake(
            expected=say("at most {most} {unit}", most=words.number(most), unit=unit),
            came=f"{words.number(value)} {unit}",
            where=option,
            remedy=say("choose a smaller limit"),
        )
    return value
