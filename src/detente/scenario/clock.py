"""The scenario's clock: leaps from scene to scene, and runs between, at the machine's pace or up to 100 times it.

Real nodes keep real time. The clock only decides how long the player waits before a step, and where movers are.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

__all__ = ["SPEED_MAX", "SceneClock"]

SPEED_MAX = 100.0
"""How many times faster than the machine's clock a scenario's may run."""


@dataclass(slots=True)
class SceneClock:
    """begins: the scenario's moment at which the scene began, or the last one that said so; speed: 1 to 100."""

    begins: datetime
    speed: float = 1.0
    began: datetime = field(default_factory=lambda: datetime.now(UTC))
    _began_s: float = field(default_factory=time.monotonic)

    @property
    def shift(self) -> timedelta:
        """Return by how much the dates of this scene's notices move."""
        return self.began - self.begins

    def leap(self, begins: datetime) -> None:
        """Begin a scene: the scenario's clock stands at this moment now."""
        self.begins, self.began, self._began_s = begins, datetime.now(UTC), time.monotonic()

    def resume(self, moment: datetime) -> None:
        """Go on from a moment of the scenario: what took real time since then took none of the scenario's."""
        lost_s = (self.now() - moment).total_seconds() / self.speed
        self._began_s += lost_s
        self.began += timedelta(seconds=lost_s)

    def now(self) -> datetime:
        """Return the scenario's moment."""
        return self.begins + timedelta(seconds=(time.monotonic() - self._began_s) * self.speed)

    def wait(self, moment: datetime) -> None:
        """Wait for a moment of the scenario; one that has passed is not waited for."""
        left_s = (moment - self.now()).total_seconds() / self.speed
        if left_s > 0:
            time.sleep(left_s)
