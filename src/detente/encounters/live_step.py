"""Who is or will be too close to whom, or in an area, from a live picture whose positions have ages.

The same motion and the same limits as detente.encounters.prediction: each mover goes on along its geodesic at constant
speed and constant vertical rate, from where it was last seen. Tells what is if nobody turns; proposes no manoeuvre.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import numpy.typing as npt

from detente.encounters.announced import Announced

__all__ = ["RUNGS", "AreaEntries", "Found", "LiveStep", "Pairs", "Rungs", "States"]

RUNGS = 4

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class States:
    """Everybody at one moment, a row a mover.

    ids: as text; lon, lat in degrees, speed_ms, course_deg, height_m and climb_ms (NaN: not known) at the fix;
    age_s: how long before the moment that was; doubt_m: how far the place may be off at the moment; kind: 0 for what
    stays at sea level, 1 for aircraft; side: number of the side, 0 for none; at_rest: moored, anchored or not moving;
    slot: where the picture keeps the mover.
    """

    ids: Sequence[str]
    lon: Floats
    lat: Floats
    speed_ms: Floats
    course_deg: Floats
    height_m: Floats
    climb_ms: Floats
    age_s: Floats
    doubt_m: Floats
    kind: npt.NDArray[np.uint8]
    side: Integers
    at_rest: Flags
    slot: Integers


@dataclass(frozen=True, slots=True)
class Rungs:
    """The limits of each rung (outermost first) for two kinds: tables of shape (RUNGS, 2, 2), symmetric."""

    within_m: Floats
    vertical_m: Floats
    ahead_s: Floats


@dataclass(frozen=True, slots=True)
class Pairs:
    """Pairs found, a row each: a, b are rows of States.

    rung: 0 outside all rungs (but within the factor asked for, or near by doubt), else 1 (outermost) to RUNGS.
    entry_s, exit_s: when the outermost rung's limits begin and cease to hold, inf when they never do; the same in
    wide_entry_s with the factor. closest_s, distance_m, vertical_m (NaN): the least horizontal distance from now until
    the horizon; now_m, now_vertical_m: now. lon_lat: of both when closest (n, 4). possible: not certain.
    """

    a: Integers
    b: Integers
    rung: Integers
    entry_s: Floats
    exit_s: Floats
    wide_entry_s: Floats
    closest_s: Floats
    distance_m: Floats
    vertical_m: Floats
    now_m: Floats
    now_vertical_m: Floats
    relative_speed_ms: Floats
    lon_lat: Floats
    possible: Flags


@dataclass(frozen=True, slots=True)
class AreaEntries:
    """Movers that are or will be in an active area: rows of States, places in the list of areas, seconds from now."""

    mover: Integers
    area: Integers
    entry_s: Floats
    nearest_s: Floats
    exit_s: Floats
    distance_m: Floats
    inside: Flags
    possible: Flags
    lon_lat: Floats


@dataclass(frozen=True, slots=True)
class Found:
    """What one step found. moored: pairs within the limits of which both are at rest; they are not among the pairs."""

    at: datetime
    states: States
    pairs: Pairs
    areas: AreaEntries
    moored: int


class LiveStep:
    """One prediction after another with the same limits, sides and areas."""

    def __init__(
        self,
        rungs: Rungs,
        related: npt.NDArray[np.uint8],
        *,
        areas: Sequence[Announced] = (),
        area_ahead_s: float = 1_200.0,
        area_margin_m: float = 0.0,
        factor: float = 1.2,
    ) -> None:
        """Prepare; related[i, j] is 1 where pairs of the sides numbered i and j are looked for.

        factor: pairs are told of as far out as so many times the outermost limits.
        """
        raise NotImplementedError

    def step(self, states: States, at: datetime) -> Found:
        """Return every pair and every stay in an area from ``at`` until the horizon."""
        raise NotImplementedError
