"""Sessions of people at the desk: in memory, by the hash of a secret that only the browser's cookie holds."""

from __future__ import annotations

import hashlib
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass

from detente.node.desk_door.people_questions import PersonDocument

__all__ = ["SESSIONS_PER_PERSON_MAX", "Session", "Sessions", "steady_s"]

SESSIONS_PER_PERSON_MAX = 8
"""How many sessions one person has at once; a new one ends the oldest."""
_SECRET_BYTES = 32


def steady_s() -> float:
    """Return seconds on a clock that nobody sets and that goes on while the machine sleeps, where there is one."""
    return time.clock_gettime(time.CLOCK_BOOTTIME) if hasattr(time, "CLOCK_BOOTTIME") else time.monotonic()


@dataclass(slots=True)
class Session:
    """One session. name: for the trail, no secret. credential: the passkey it began with, b"" for another sign-in.

    began_s, used_s: on the steady clock.
    """

    name: str
    person: str
    roles: tuple[str, ...]
    credential: bytes
    outsider: str
    began_s: float
    used_s: float

    def fits(self, person: PersonDocument) -> bool:
        """Tell whether a person is still who opened this session: same roles, same way in."""
        if person.id != self.person or person.roles != self.roles:
            return False
        if self.credential:
            return any(one.credential == self.credential for one in person.passkeys)
        return bool(self.outsider) and person.outsider == self.outsider


class Sessions:
    """The sessions of one desk. idle_s, absolute_s: how long one lasts without a request, and at most."""

    def __init__(self, *, idle_s: int, absolute_s: int, clock_s: Callable[[], float] = steady_s) -> None:
        self._idle_s = idle_s
        self._absolute_s = absolute_s
        self._clock_s = clock_s
        self._open: dict[str, Session] = {}

    def begin(
        self, person: PersonDocument, *, credential: bytes = b"", outsider: str = ""
    ) -> tuple[str, Session]:
        """Open a session for a person; returns its secret and the session."""
        self._sweep()
        own = sorted(
            (one for one in self._open.items() if one[1].person == person.id), key=lambda one: one[1].began_s
        )
        for key, _ in own[: max(0, len(own) - SESSIONS_PER_PERSON_MAX + 1)]:
            del self._open[key]
        secret = secrets.token_urlsafe(_SECRET_BYTES)
        now_s = self._clock_s()
        session = Session(
            name=secrets.token_hex(8),
            person=person.id,
            roles=person.roles,
            credential=credential,
            outsider=outsider,
            began_s=now_s,
            used_s=now_s,
        )
        self._open[_hash(secret)] = session
        return secret, session

    def find(self, secret: str, *, is_activity: bool = True) -> Session | None:
        """Return the session of a secret, None when there is none or it ended. is_activity: it was used just now."""
        session = self._open.get(_hash(secret))
        if session is None:
            return None
        if not self._lasts(session):
            self.end(secret)
            return None
        if is_activity:
            session.used_s = self._clock_s()
        return session

    def end(self, secret: str) -> Session | None:
        """End a session; returns it when there was one."""
        return self._open.pop(_hash(secret), None)

    def end_of(self, person: str) -> None:
        """End every session of a person."""
        for key in [key for key, one in self._open.items() if one.person == person]:
            del self._open[key]

    def _lasts(self, session: Session) -> bool:
        now_s = self._clock_s()
        return now_s - session.used_s < self._idle_s and now_s - session.began_s < self._absolute_s

    def _sweep(self) -> None:
        for key in [key for key, one in self._open.items() if not self._lasts(one)]:
            del self._open[key]


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode(errors="surrogatepass")).hexdigest()
