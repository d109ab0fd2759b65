"""Well clear: the volumes of RTCA DO-365 that say when two aircraft are too close for comfort.

A pair violates well clear when it violates it horizontally and vertically at once.

    horizontally   distance <= D, or both: least distance of the coming pass <= D and 0 <= modified tau <= T
    vertically     |z| <= Z, or the pair closes vertically and is level within TCOA (zero in all volumes here)

Both limits are closed. With straight motion the horizontal times form the interval

    from  t0 - T/2 - sqrt(T^2/4 + h^2)   to   t0 + h,      h = sqrt(D^2 - d0^2) / |v|

where t0 and d0 are time and distance of the horizontal closest approach: the start is the smaller root of
tau_mod(t) = T, that is of v^2 t^2 + (2 s.v + T v^2) t + s^2 + T s.v - D^2 = 0. Source: Munoz, Narkawicz,
Chamberlain, Consiglio, Upchurch, "A Family of Well-Clear Boundary Models for the Integration of UAS in the
NAS", AIAA 2014-2412, and Narkawicz, Munoz, Upchurch, Chamberlain, Consiglio, NASA/TM-2014-218152.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import ArrayLike, NDArray

from detente import words
from detente.encounters.errors import LimitMistake
from detente.encounters.relative import Interval, meet, modified_tau_s, passing, vectors, vertical_window
from detente.notices.quantities import FOOT_M, NAUTICAL_MILE_M

__all__ = ["VOLUMES", "WellClear", "violates_well_clear", "volume_named", "well_clear_interval"]

say = words.speaker("encounters")


@dataclass(frozen=True, slots=True)
class WellClear:
    """One volume: horizontal distance D, modified tau T, vertical distance Z."""

    distance_m: float
    tau_mod_s: float
    vertical_m: float


VOLUMES: Mapping[str, WellClear] = MappingProxyType(
    {
        "do365-phase1": WellClear(0.66 * NAUTICAL_MILE_M, 35.0, 450.0 * FOOT_M),
        "do365-phase1-preventive": WellClear(0.66 * NAUTICAL_MILE_M, 35.0, 700.0 * FOOT_M),
        "do365-terminal": WellClear(1500.0 * FOOT_M, 0.0, 450.0 * FOOT_M),
        "do365-noncooperative": WellClear(2200.0 * FOOT_M, 0.0, 450.0 * FOOT_M),
    }
)
"""The volumes of DO-365 by the names that ``--well-clear`` takes."""


def volume_named(name: str, *, where: str = "well_clear") -> WellClear:
    """Return a volume by name; raises LimitMistake that lists the names."""
    if name not in VOLUMES:
        raise LimitMistake(
            expected=say("one of {names}", names=", ".join(VOLUMES)),
            came=repr(name[:64]),
            where=where,
            remedy=say("choose one of these volumes"),
        )
    return VOLUMES[name]


def violates_well_clear(s: ArrayLike, v: ArrayLike, volume: WellClear) -> NDArray[np.bool_]:
    """Tell whether the pair violates the volume at this instant; shapes as in detente.encounters.relative.

    Unknown heights (two components) leave the vertical part out; NaN gives False.
    """
    position, velocity = vectors(s, v)
    _, least, speed = passing(position, velocity)
    tau = modified_tau_s(position, velocity, distance_m=volume.distance_m)
    near = np.hypot(position[..., 0], position[..., 1]) <= volume.distance_m
    coming = (speed > 0) & (least <= volume.distance_m) & (tau >= 0) & (tau <= volume.tau_mod_s)
    low, high = vertical_window(position, velocity, vertical_m=volume.vertical_m, closed=True)
    return np.asarray((near | coming) & (low <= 0) & (high >= 0))


def well_clear_interval(
    s: ArrayLike, v: ArrayLike, volume: WellClear, *, horizon_s: ArrayLike = np.inf, start_s: ArrayLike = 0.0
) -> Interval:
    """Return when the pair violates the volume in [start_s, horizon_s]; an instant without length is none.

    entry_s is start_s when it does so then already; exit_s is horizon_s when it still does so then.
    """
    position, velocity = vectors(s, v)
    time, least, speed = passing(position, velocity)
    distance, tau = volume.distance_m, volume.tau_mod_s
    inside = least <= distance
    moving = speed > 0
    reach = np.sqrt(np.where(inside, (distance - least) * (distance + least), 0.0))
    half = np.where(moving, reach / np.where(moving, speed, 1.0), np.inf)
    early = tau / 2 + np.sqrt(tau**2 / 4 + half**2)
    unknown = 0.0 * (time + least)
    low = np.where(inside, time - early, np.inf) + unknown
    high = np.where(inside, time + half, -np.inf) + unknown
    window = vertical_window(position, velocity, vertical_m=volume.vertical_m, closed=True)
    return meet((low, high), window, (start_s, horizon_s))
