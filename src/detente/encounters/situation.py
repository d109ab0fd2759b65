"""How two movers met: head on, crossing, overtaking, or one of them stopped.

Judged once, on entering; at the closest point when coverage began inside the limits. In this order:

- ``stopped``: one or both are at rest (detente.encounters.motion), or a leg has no motion at all;
- ``head_on``: the courses are within 10 degrees of reciprocal (rule 14: "reciprocal or nearly reciprocal");
- ``overtaking``: the faster one is in the other's stern sector, more than 22.5 degrees abaft the beam, that is at
  a relative bearing of more than 112.5 degrees to either side (rule 13); or the courses are within 22.5 degrees of
  each other: the same way, passing or keeping station;
- ``crossing``: everything else (rule 15).

The names are those of the International Regulations for Preventing Collisions at Sea (1972), the sectors too. For
aircraft they describe the geometry and claim no right of way.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from detente.encounters.motion import State, wrapped

__all__ = ["HEAD_ON_DEG", "SAME_WAY_DEG", "STERN_SECTOR_DEG", "relative_bearings", "situations"]

HEAD_ON_DEG = 170.0
SAME_WAY_DEG = 22.5
STERN_SECTOR_DEG = 112.5

Floats = npt.NDArray[np.float64]


def relative_bearings(state: State) -> tuple[Floats, Floats]:
    """Return where each sees the other, clockwise from its own course in [0, 360); NaN without a course."""
    a = np.mod(state.bearing_a_deg - state.course_a_deg, 360.0)
    b = np.mod(state.bearing_b_deg - state.course_b_deg, 360.0)
    return np.where(a >= 360.0, 0.0, a), np.where(b >= 360.0, 0.0, b)


def situations(state: State) -> npt.NDArray[np.str_]:
    """Return the situation of each state; the head of this file states the rule."""
    turned = np.abs(wrapped(state.course_b_deg - state.course_a_deg))
    seen_by_a, seen_by_b = relative_bearings(state)
    a_is_astern = (np.abs(wrapped(seen_by_b)) > STERN_SECTOR_DEG) & (state.speed_a_kn >= state.speed_b_kn)
    b_is_astern = (np.abs(wrapped(seen_by_a)) > STERN_SECTOR_DEG) & (state.speed_b_kn >= state.speed_a_kn)
    return np.select(
        [
            np.isnan(turned),
            turned >= HEAD_ON_DEG,
            a_is_astern | b_is_astern | (turned <= SAME_WAY_DEG),
        ],
        ["stopped", "head_on", "overtaking"],
        "crossing",
    )
