"""Challenges that authenticators sign: random, good for a few minutes, for one purpose, and once."""

from __future__ import annotations

import secrets
from collections import OrderedDict
from collections.abc import Callable

__all__ = ["CHALLENGES_MAX", "CHALLENGE_S", "Challenges"]

CHALLENGES_MAX = 10_000
"""How many may wait at once; the oldest gives way."""
CHALLENGE_S = 300
_BYTES = 32


class Challenges:
    """Challenges that were given out. clock_s: seconds, never set back."""

    def __init__(self, clock_s: Callable[[], float]) -> None:
        self._clock_s = clock_s
        self._waiting: OrderedDict[bytes, tuple[str, float]] = OrderedDict()

    def new(self, purpose: str) -> bytes:
        """Return a new challenge for a purpose."""
        challenge = secrets.token_bytes(_BYTES)
        self._waiting[challenge] = (purpose, self._clock_s() + CHALLENGE_S)
        while len(self._waiting) > CHALLENGES_MAX:
            self._waiting.popitem(last=False)
        return challenge

    def take(self, challenge: bytes, purpose: str) -> bool:
        """Tell whether a challenge was given for this purpose and is still good; it never is again."""
        given = self._waiting.pop(challenge, None)
        return given is not None and given[0] == purpose and self._clock_s() < given[1]
