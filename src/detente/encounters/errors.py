"""Errors of what came close.

DetenteError
├── OurMistake
│   ├── LimitMistake      a limit, horizon or volume cannot be used
│   ├── OutputMistake     a file to write has an unknown ending, or the table cannot be written so
│   ├── ShapeMistake      arrays do not fit together
│   └── SidesMistake      a sides file is not understood, or two sides claim one mover
└── TheirMistake
    ├── AreaMistake       a file of danger areas is not one, or one of its areas is impossible
    ├── PositionMistake   a table of tracks has rows without a mover, time or place on Earth
    └── StateMistake      a picture of positions is not one, or one of its rows is impossible
"""

from __future__ import annotations

from detente.errors import OurMistake, TheirMistake

__all__ = [
    "AreaMistake",
    "LimitMistake",
    "OutputMistake",
    "PositionMistake",
    "ShapeMistake",
    "SidesMistake",
    "StateMistake",
]


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


class AreaMistake(TheirMistake):
    """A file of danger areas is not one, or an area of it is impossible; ``where`` names file and feature."""
