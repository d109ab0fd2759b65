"""Figures of a running node at one moment, without any content: names, states, counts and times."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from detente.line.effects import Role
from detente.line.state import State
from detente.line.watching import direction_now, waiting_since_ms
from detente.node.host import Host
from detente.node.serving.line_runner import LineRunner

__all__ = ["Figures", "LineFigures", "PartyFigures", "line_figures"]


@dataclass(frozen=True, slots=True)
class PartyFigures:
    """One other party of a line. Times: own clock, milliseconds since 1970 UTC; None: never, or nothing waits.

    state: open, degraded, silent, suspended or resumed. held: statements of its log that are here; delivered: own
    statements over which it gave its receipt.
    """

    member: str
    is_member: bool
    state: str
    heard_ms: int | None
    missed: int
    held: int
    delivered: int
    waiting_since_ms: int | None


@dataclass(frozen=True, slots=True)
class LineFigures:
    """One line. run: running, refilling, halted or stopped; reason: a name for why not running, or ""."""

    line: str
    run: str
    reason: str
    batches: int
    drafts: int
    held: int
    parties: tuple[PartyFigures, ...]


@dataclass(frozen=True, slots=True)
class Figures:
    """A node. ready: its lines are open, and its signer with them; old_sealing_keys: of the signer, to be destroyed."""

    member: str
    ready: bool
    lines: tuple[LineFigures, ...] = field(default=())
    old_sealing_keys: int = 0


def line_figures(runners: Mapping[str, LineRunner], now_ms: int) -> tuple[LineFigures, ...]:
    """Return the figures of every line, by name; called in the line thread."""
    return tuple(_line(line, runner, now_ms) for line, runner in sorted(runners.items()))


def _line(line: str, runner: LineRunner, now_ms: int) -> LineFigures:
    host: Host | None = runner.host
    if host is None:
        return LineFigures(line, "stopped", "", runner.batches, runner.drafts, 0, ())
    state = host.state
    held = sum(log.durable for origin, log in state.logs.items() if origin.member == state.me)
    parties = tuple(_party(state, name, now_ms) for name in sorted(state.parties))
    return LineFigures(line, state.run.value, state.reason, runner.batches, runner.drafts, held, parties)


def _party(state: State, name: str, now_ms: int) -> PartyFigures:
    party = state.parties[name]
    is_member = state.role_of(name) == "member"
    role = Role.COSIGN_HELD if is_member else Role.COSIGN_LOG
    own = [log for origin, log in state.logs.items() if origin.member == state.me]
    direction = direction_now(state, party, now_ms) if state.role_of(name) else party.direction
    return PartyFigures(
        name,
        is_member,
        direction.value,
        party.heard_ms,
        party.missed,
        sum(log.durable for origin, log in state.logs.items() if origin.member == name),
        sum(min(log.delivered.get((name, role), 0), log.durable) for log in own),
        waiting_since_ms(state, party) if is_member else None,
    )
