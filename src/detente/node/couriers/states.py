"""How each courier stands, for the status and the metrics."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import msgspec

from detente.node.couriers.peers import Finding

__all__ = ["CourierState", "CourierStates"]

UNTRIED, UP, FAILING, WAITING = "untried", "up", "failing", "waiting"


class CourierState(msgspec.Struct, frozen=True):
    """One courier of one party. Times: own clock, milliseconds since 1970 UTC; None: never.

    state: "untried", "up", "failing" (it is tried again at next_try_at_ms), "waiting" (never called from here: the
    other side calls). courier: number in the settings' order, from 1, and what it is. last_error: in words, "" after
    a success; bytes_in and bytes_out: bundles since the start of the run.
    """

    line: str
    party: str
    courier: str
    state: str = UNTRIED
    last_ok_at_ms: int | None = None
    last_error: str = ""
    last_error_at_ms: int | None = None
    bytes_in: int = 0
    bytes_out: int = 0
    next_try_at_ms: int | None = None


@dataclass(slots=True)
class CourierStates:
    """The states of all couriers; written by the couriers, read by whoever shows them. port: what listens, in words."""

    clock: Callable[[], int] = field(default_factory=lambda: _clock_ms)
    port: str = ""
    port_error: str = ""
    refused_connections: dict[str, int] = field(default_factory=dict)
    certificates: list[Finding] = field(default_factory=list)
    _states: dict[tuple[str, str, str], CourierState] = field(default_factory=dict)

    def known(self, line: str, party: str, courier: str, state: str = UNTRIED) -> None:
        """Begin to show a courier."""
        self._states.setdefault((line, party, courier), CourierState(line, party, courier, state))

    def forget_others(self, kept: set[tuple[str, str, str]]) -> None:
        """Show no couriers but these any more."""
        self._states = {name: one for name, one in self._states.items() if name in kept}

    def ok(self, line: str, party: str, courier: str, *, bytes_in: int = 0, bytes_out: int = 0) -> None:
        """Note a success."""
        one = self._states[line, party, courier]
        self._put(
            one, state=UP, last_ok_at_ms=self.clock(), last_error="", next_try_at_ms=None,
            bytes_in=one.bytes_in + bytes_in, bytes_out=one.bytes_out + bytes_out,
        )  # fmt: skip

    def heard(self, line: str, party: str, courier: str, *, bytes_in: int = 0, bytes_out: int = 0) -> None:
        """Count bytes of an exchange that the other side began; a courier that only waits for it is well then."""
        one = self._states[line, party, courier]
        self._put(one, bytes_in=one.bytes_in + bytes_in, bytes_out=one.bytes_out + bytes_out)
        if one.state == WAITING:
            self._put(self._states[line, party, courier], last_ok_at_ms=self.clock(), last_error="")

    def failed(self, line: str, party: str, courier: str, why: str, next_try_at_ms: int | None) -> None:
        """Note a failure in words, and when it is tried again."""
        one = self._states[line, party, courier]
        self._put(
            one, state=FAILING, last_error=why, last_error_at_ms=self.clock(), next_try_at_ms=next_try_at_ms
        )

    def noted(self, line: str, party: str, courier: str, why: str) -> None:
        """Note what a person should know about a courier that works otherwise."""
        self._put(self._states[line, party, courier], last_error=why, last_error_at_ms=self.clock())

    def turned_away(self, why: str) -> None:
        """Count a connection that was not let in, under a named reason."""
        self.refused_connections[why] = self.refused_connections.get(why, 0) + 1

    def findings(self, found: list[Finding]) -> None:
        """Show what is wrong with certificates, or soon will be."""
        self.certificates = list(found)

    def snapshot(self) -> list[CourierState]:
        """Return all couriers, by line, party and order."""
        return [self._states[name] for name in sorted(self._states)]

    def document(self) -> dict[str, Any]:
        """Return everything as plain values."""
        return {
            "listens": self.port or None,
            "listen_error": self.port_error or None,
            "turned_away": dict(sorted(self.refused_connections.items())),
            "certificates": [
                {"file": one.file, "line": one.line, "party": one.party, "what": one.what, "warns": one.warns}
                for one in self.certificates
            ],
            "couriers": [msgspec.to_builtins(one) for one in self.snapshot()],
        }

    def _put(self, one: CourierState, **changed: Any) -> None:
        self._states[one.line, one.party, one.courier] = msgspec.structs.replace(one, **changed)


def _clock_ms() -> int:
    return time.time_ns() // 1_000_000
