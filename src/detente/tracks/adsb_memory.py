"""What one transponder said in other messages than its position: velocity and callsign, remembered for a while.

Mode S sends position, velocity and callsign in separate messages. A position row gets the latest velocity that is
at most VELOCITY_KEPT_S old, and the latest callsign.
"""

from __future__ import annotations

from dataclasses import dataclass, field

__all__ = ["AIRCRAFT_KEPT", "VELOCITY_KEPT_S", "Memory", "Said"]

VELOCITY_KEPT_S = 10.0
"""Velocity is sent twice a second; CPR position pairs too are trusted for 10 s."""
AIRCRAFT_KEPT = 100_000
"""Aircraft remembered; the first seen go first. The busiest receivers hear some 15,000 a day."""


@dataclass(slots=True)
class Said:
    """One transponder's latest velocity (knots, degrees, feet a minute), when it was said, and callsign."""

    name: str | None = None
    speed_kn: float | None = None
    course_deg: float | None = None
    vertical_fpm: float | None = None
    moved_s: float = -1e18


@dataclass(slots=True)
class Memory:
    """What every transponder said, by its address; bounded."""

    _said: dict[str, Said] = field(default_factory=dict)

    def of(self, address: str) -> Said:
        """Return what is remembered of this address, new when nothing is."""
        said = self._said.get(address)
        if said is None:
            said = self._said[address] = Said()
            if len(self._said) > AIRCRAFT_KEPT:
                del self._said[next(iter(self._said))]
        return said
