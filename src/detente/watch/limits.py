"""From what distance on, and how long ahead, a watch warns: four rungs for each kind of pair, and for areas.

The defaults have sources (docs/decisions); a TOML file sets others.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

__all__ = ["DEFAULTS", "KINDS_OF_PAIR", "PRIORITIES", "Agreed", "KindOfPair", "Ladder", "Limits", "Priority",
           "Rung", "read_limits"]  # fmt: skip

Priority = Literal["emergency", "alarm", "warning", "caution"]
PRIORITIES: tuple[Priority, ...] = ("caution", "warning", "alarm", "emergency")
"""From the least grave."""
KindOfPair = Literal["ship_ship", "ship_aircraft", "aircraft_aircraft"]
KINDS_OF_PAIR: tuple[KindOfPair, ...] = ("ship_ship", "ship_aircraft", "aircraft_aircraft")


@dataclass(frozen=True, slots=True)
class Rung:
    """A pair is on a rung when both distances fall below these within so many seconds from now."""

    within_m: float
    vertical_m: float
    ahead_s: float


@dataclass(frozen=True, slots=True)
class Agreed:
    """What both sides agreed not to go below: an encounter that did becomes a draft of an incident."""

    within_m: float
    vertical_m: float


@dataclass(frozen=True, slots=True)
class Ladder:
    """The rungs in the order of PRIORITIES, each inside the one before; agreed: None drafts nothing."""

    rungs: tuple[Rung, Rung, Rung, Rung]
    agreed: Agreed | None


@dataclass(frozen=True, slots=True)
class Limits:
    """A ladder for each kind of pair, and how long ahead an area's entry is told with each priority.

    area_ahead_s: seconds for caution, warning, alarm; inside is an alarm. area_margin_m: beside the border counts too.
    agreed_area: a stay inside an announced area while it is active becomes a draft.
    """

    ladders: dict[KindOfPair, Ladder]
    area_ahead_s: tuple[float, float, float]
    area_margin_m: float
    agreed_area: bool

    def broken(self, kind_a: str, kind_b: str, distance_m: float, vertical_m: float | None) -> bool:
        """Tell whether an encounter went below what was agreed; an unknown height leaves the distance to decide.

        kind_a, kind_b: as in the columns of detente.encounters.schema.ENCOUNTERS; distances at the closest point.
        """
        agreed = self.ladders[kind_of_pair(kind_a, kind_b)].agreed
        if agreed is None or distance_m >= agreed.within_m:
            return False
        return vertical_m is None or abs(vertical_m) < agreed.vertical_m


def kind_of_pair(kind_a: str, kind_b: str) -> KindOfPair:
    """Return which ladder two movers are judged by; whatever is no aircraft counts as a ship."""
    aircraft = (kind_a == "aircraft") + (kind_b == "aircraft")
    return KINDS_OF_PAIR[aircraft]


_YARD_M, _FOOT_M, _MILE_M = 0.9144, 0.3048, 1852.0

DEFAULTS = Limits(
    ladders={
        "ship_ship": Ladder(
            (
                Rung(2_000 * _YARD_M, 1_000.0, 600.0),
                Rung(1_000 * _YARD_M, 1_000.0, 360.0),
                Rung(500 * _YARD_M, 1_000.0, 180.0),
                Rung(200 * _YARD_M, 1_000.0, 90.0),
            ),
            Agreed(500 * _YARD_M, 1_000.0),
        ),
        "ship_aircraft": Ladder(
            (
                Rung(2 * _MILE_M, 1_000 * _FOOT_M, 120.0),
                Rung(1_000 * _YARD_M, 500 * _FOOT_M, 60.0),
                Rung(500 * _YARD_M, 500 * _FOOT_M, 30.0),
                Rung(200 * _YARD_M, 300 * _FOOT_M, 20.0),
            ),
            Agreed(1_000 * _YARD_M, 500 * _FOOT_M),
        ),
        "aircraft_aircraft": Ladder(
            (
                Rung(5 * _MILE_M, 1_000 * _FOOT_M, 120.0),
                Rung(2 * _MILE_M, 700 * _FOOT_M, 60.0),
                Rung(0.66 * _MILE_M, 450 * _FOOT_M, 35.0),
                Rung(500 * _FOOT_M, 300 * _FOOT_M, 20.0),
            ),
            Agreed(0.66 * _MILE_M, 450 * _FOOT_M),
        ),
    },
    area_ahead_s=(1_200.0, 600.0, 180.0),
    area_margin_m=0.0,
    agreed_area=True,
)


def read_limits(path: Path) -> Limits:
    """Read a file of limits; what it does not set keeps its default.

    Raises WatchMistake with all faults of the file at once, OSError when it cannot be opened.
    """
    raise NotImplementedError(path)
