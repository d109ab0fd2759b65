"""When an encounter is certain, and when only possible.

An encounter is ``certain`` when at the nearest point of at least one of its pairs of legs

    distance + doubt < within    and    vertical distance + vertical doubt < vertical limit

and ``possible`` otherwise: gaps or errors of position leave open whether the limit was kept, or a height is unknown.

doubt = sqrt(u_a^2 + u_b^2), each u = fix + aged + between, in metres:

- fix: the containment radius (``rc_m``), the larger of the leg's two ends; without one FIX_DOUBT_M, the
  position accuracy that AIS calls high;
- aged: the larger ``position_age_s`` of the two ends times the leg's speed v; 0 where none is given;
- between: between two fixes T apart nobody says that the mover kept straight on. A steady turn at the rate w
  leaves the straight leg by w v t (T - t) / 2 at the time t after its start; at most v times the time to
  the nearer fix. w is 20 degrees a minute for ships and 3 degrees a second (rate one) for all else.

vertical doubt: 0 for two ships; between heights measured from the same datum VERTICAL_DOUBT_M, two steps
of 25 ft; between the ellipsoid, the ground and the sea GEOID_DOUBT_M; between pressure altitude (or a height of
unknown datum) and another datum PRESSURE_DOUBT_M, about 35 hPa off the standard atmosphere.
"""

from __future__ import annotations

import math

__all__ = [
    "FIX_DOUBT_M",
    "GEOID_DOUBT_M",
    "PRESSURE_DOUBT_M",
    "TURN_OTHER_RAD_S",
    "TURN_SHIP_RAD_S",
    "VERTICAL_DOUBT_M",
]

FIX_DOUBT_M = 10.0
VERTICAL_DOUBT_M = 15.24
GEOID_DOUBT_M = 110.0
PRESSURE_DOUBT_M = 300.0
TURN_SHIP_RAD_S = math.radians(20.0) / 60.0
TURN_OTHER_RAD_S = math.radians(3.0)
