"""Errors of the room that plays scenarios.

DetenteError
├── OurMistake
│   └── ScenarioMistake   a scenario cannot be played as it stands; every fault with its line
└── WorldFailure
    └── PlayFailure       a program that a scenario plays with did not start, refused, or went away
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from detente import words
from detente.errors import OurMistake, WorldFailure

__all__ = ["Fault", "PlayFailure", "ScenarioMistake"]

say = words.speaker("scenario")

_TOLD_MAX = 100


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault of a scenario. line: from 1, 0 where it has none; key: as "scenes[2].steps[1].who"."""

    line: int
    key: str
    what: str

    def sentence(self) -> str:
        """Return the fault in one line."""
        place = say("line {line}", line=self.line) + ": " if self.line else ""
        return place + (f"{self.key}: " if self.key else "") + self.what


class ScenarioMistake(OurMistake):
    """A scenario cannot be played as it stands; ``faults`` holds every one, in the order of the file."""

    def __init__(self, file: Path, faults: tuple[Fault, ...]) -> None:
        super().__init__(
            expected=say("a scenario as docs/scenarios.md describes it"),
            came=" | ".join(one.sentence() for one in faults[:_TOLD_MAX]),
            where=str(file),
            remedy=say("mend what is named; nothing was started"),
        )
        self.file = file
        self.faults = faults


class PlayFailure(WorldFailure):
    """A program that a scenario plays with did not start, refused what it was asked, or went away."""
