"""The account of a watch: whatever came was kept, waits, or was rejected under a name, at every step, and it adds up.

A step that does not add up is a fault of détente itself: it is shouted, never shown as a figure that looks right.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from detente import words

__all__ = ["NAMES_MAX", "Account", "Step"]

say = words.speaker("watch")

NAMES_MAX = 200
"""Names of reasons in one step; what comes under further ones is counted as "other"."""


@dataclass(slots=True)
class Step:
    """One step: ``came`` equals ``kept`` + the sum of ``rejected`` + ``waiting``, at any time between two rounds.

    notes: what else was counted, of what was kept.
    """

    came: int = 0
    kept: int = 0
    waiting: int = 0
    rejected: Counter[str] = field(default_factory=Counter)
    notes: Counter[str] = field(default_factory=Counter)

    def take(self, came: int, kept: int, rejected: Mapping[str, int] | None = None) -> None:
        """Count what came in one go."""
        self.came += came
        self.kept += kept
        for name, count in (rejected or {}).items():
            self.reject(name, count)

    def reject(self, name: str, count: int = 1) -> None:
        """Count what was rejected under a name."""
        if count:
            known = name in self.rejected or len(self.rejected) < NAMES_MAX
            self.rejected[name if known else "other"] += count

    @property
    def missing(self) -> int:
        """Return how much of what came is not accounted for; 0 when all is well."""
        return self.came - self.kept - self.waiting - sum(self.rejected.values())

    def document(self) -> dict[str, object]:
        """Return the figures for ``--json``."""
        return {
            "in": self.came,
            "kept": self.kept,
            "waiting": self.waiting,
            "rejected": {name: count for name, count in sorted(self.rejected.items()) if count},
            "notes": {name: count for name, count in sorted(self.notes.items()) if count},
        }


@dataclass(slots=True)
class Account:
    """Every step of a watch, in the order in which things go through them.

    feeds: elements that feeds gave (sentences, states). picture: positions of those, as the live picture took them.
    cleaning: the same positions through the archive's cleaning and search. recording: the same positions to the disk.
    faults: what went wrong in a part, by its name; each was shouted when it happened.
    """

    feeds: Step = field(default_factory=Step)
    picture: Step = field(default_factory=Step)
    cleaning: Step = field(default_factory=Step)
    recording: Step = field(default_factory=Step)
    faults: Counter[str] = field(default_factory=Counter)

    def steps(self) -> dict[str, Step]:
        """Return the steps by name."""
        return {
            "feeds": self.feeds,
            "picture": self.picture,
            "cleaning": self.cleaning,
            "recording": self.recording,
        }

    def name_faults(self) -> None:
        """Count what is missing in a step in which a fault happened as lost by it; nothing may wait any more."""
        for name, step in self.steps().items():
            if self.faults[name] and step.missing > 0:
                step.reject("fault", step.missing)

    def faulty(self) -> dict[str, int]:
        """Return the steps that do not add up, with what is missing; empty when all is well."""
        return {name: step.missing for name, step in self.steps().items() if step.missing}

    def document(self) -> dict[str, object]:
        """Return the whole account for ``--json``."""
        return {
            "adds_up": not self.faulty(),
            "steps": {name: step.document() for name, step in self.steps().items()},
            "faults": {name: count for name, count in sorted(self.faults.items()) if count},
        }
