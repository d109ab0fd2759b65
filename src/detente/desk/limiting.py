"""How often somebody may ask: a bucket for each account, or address, and class of routes; see docs/desk.md.

A bucket holds ``burst`` requests and fills by ``per_s`` a second. Who comes to an empty one is told when to come again.
"""

from __future__ import annotations

import math
from collections import OrderedDict
from dataclasses import dataclass
from typing import Literal

from detente.desk.errors import too_many

__all__ = ["BUCKETS_MAX", "LIMITS", "Limit", "LimitClass", "Limits"]

LimitClass = Literal["read", "search", "picture", "write", "release", "sign-in", "manage", "watch", "static"]
BUCKETS_MAX = 20_000
"""Buckets that are kept at once; the one used longest ago is forgotten, and would be full by then."""


@dataclass(frozen=True, slots=True)
class Limit:
    """burst: requests at once; per_s: how many a second after that, for one account or address."""

    burst: int
    per_s: float


LIMITS: dict[LimitClass, Limit] = {
    "read": Limit(200, 50),
    "search": Limit(40, 5),
    "picture": Limit(20, 2),
    "write": Limit(60, 5),
    "release": Limit(20, 0.5),
    "sign-in": Limit(300, 10),
    "manage": Limit(30, 0.5),
    "watch": Limit(20, 10),
    "static": Limit(2_000, 400),
}
"""Each class's limit: for an account where somebody is signed in, for a token where one came, else for an address."""
ADDRESS = Limit(4_000, 1_000)
"""Whatever is asked from one network address, by however many people: an office may stand behind one."""


class Limits:
    """Buckets, by who asks and what for."""

    def __init__(self, limits: dict[LimitClass, Limit] | None = None, address: Limit = ADDRESS) -> None:
        self._limits = limits or LIMITS
        self._address = address
        self._buckets: OrderedDict[tuple[str, str], tuple[float, float]] = OrderedDict()

    def spend(self, who: str, of: LimitClass, now_s: float) -> None:
        """Count one request of somebody; raises RefusedRequest (429) when that is one too many."""
        self._spend((who, of), self._limits[of], now_s)

    def spend_address(self, address: str, now_s: float) -> None:
        """Count one request from an address, whoever it is; raises RefusedRequest (429)."""
        self._spend((address, ""), self._address, now_s)

    def _spend(self, key: tuple[str, str], limit: Limit, now_s: float) -> None:
        left, at_s = self._buckets.get(key, (float(limit.burst), now_s))
        left = min(float(limit.burst), left + max(0.0, now_s - at_s) * limit.per_s)
        if left < 1:
            self._buckets[key] = (left, now_s)
            raise too_many(max(1, math.ceil((1 - left) / limit.per_s)))
        self._buckets[key] = (left - 1, now_s)
        self._buckets.move_to_end(key)
        if len(self._buckets) > BUCKETS_MAX:
            self._buckets.popitem(last=False)
