"""Stopping: no further signature but under have-vectors, answers and tests, until a keeper confirms."""

from __future__ import annotations

from detente.line import canonical
from detente.line.effects import Priority, PutHistory
from detente.line.state import Run, State

__all__ = ["halt", "history"]


def halt(state: State, reason: str) -> None:
    """Stop signing anything but have-vectors, answers and tests, until a keeper confirms."""
    state.run, state.reason = Run.HALTED, reason
    state.recorded = (state.run.value, reason)
    state.put_state()
    state.raise_alarm("halted", Priority.EMERGENCY, state.me, reason=reason)


def history(found: State, now_ms: int, what: str, member: str, **detail: object) -> None:
    """Add a line to the history that is kept beside the logs."""
    found.parts.append(PutHistory(now_ms, what, member, canonical.encode(detail)))
