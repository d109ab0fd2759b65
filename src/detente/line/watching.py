"""Watching the line: tests, misses, silence, overdue receipts, the daily summary. Own clock only.

The state towards each party: open; degraded (something of ours waits too long for its receipt, or a test was
missed); silent (nothing valid was heard for a stated time); suspended (by that party's own statement, with its
reason); resumed (suspended before, heard since). Every change stands in the history and in the own log.
"""

from __future__ import annotations

from collections.abc import Mapping

from detente.line import canonical
from detente.line.checkpoint import Origin
from detente.line.effects import Draft, Priority, Role
from detente.line.restoring import history, maybe_resume
from detente.line.state import Direction, Party, Run, State

__all__ = ["CONTROL_TYPES", "next_wake_ms", "note_control", "system_draft", "tick"]

DAY_MS = 86_400_000

CONTROL_TYPES = frozenset(
    {
        "line.body-lost",
        "line.body-missing",
        "line.consent",
        "line.daily",
        "line.miss",
        "line.resume",
        "line.revocation-seen",
        "line.state",
        "line.suspend",
    }
)
"""Types that the line itself knows; every other type is its users' business."""


def tick(state: State, now_ms: int) -> list[Draft]:
    """Look at what is due; returns the statements that the node makes by itself (a closed list of types)."""
    maybe_resume(state, now_ms)
    drafts: list[Draft] = []
    for party in state.parties.values():
        if now_ms - party.test_at_ms >= state.settings.test_every_ms:
            if party.test_nonce is not None:
                party.missed += 1
                state.raise_alarm("test-missed", Priority.WARNING, party.name, count=party.missed)
                drafts.append(system_draft(state, "line.miss", {"member": party.name, "missed": party.missed}))
            party.test_nonce = state.draw(16).hex()
            party.test_at_ms = now_ms
        drafts += _judge(state, party, now_ms)
    _overdue(state, now_ms)
    if now_ms - state.daily_ms >= DAY_MS:
        if state.daily_ms:
            drafts.append(system_draft(state, "line.daily", _daily(state)))
        state.daily_ms = now_ms
        state.put_state()
    return drafts if state.writes and state.run is Run.RUNNING else []


def next_wake_ms(state: State, now_ms: int) -> int:
    """Return when to look again: the next test, the next silence, at most a minute ahead of an alarm."""
    due = [party.test_at_ms + state.settings.test_every_ms for party in state.parties.values()]
    due += [log.waiting_since_ms + state.settings.unacknowledged_after_ms for log in state.logs.values()
            if log.waiting_since_ms is not None]  # fmt: skip
    return max(now_ms + 1000, min([*due, now_ms + state.settings.silent_after_ms]))


def note_control(state: State, author: str, kind: str, now_ms: int) -> None:
    """Note that a party suspends or resumes by its own statement; nothing is refused because of it."""
    party = state.parties.get(author)
    if party is None or kind not in {"line.suspend", "line.resume"}:
        return
    direction = Direction.SUSPENDED if kind == "line.suspend" else Direction.RESUMED
    if party.direction is not direction:
        party.direction = direction
        history(state, now_ms, "direction", author, state=direction.value)
        state.raise_alarm(direction.value, Priority.WARNING, author)


def system_draft(state: State, kind: str, document: Mapping[str, object]) -> Draft:
    """Return a draft of a control type; the only drafts that no person releases."""
    return Draft(kind, "application/json", canonical.encode(document), state.draw(16).hex())


def _judge(state: State, party: Party, now_ms: int) -> list[Draft]:
    if party.direction is Direction.SUSPENDED:
        return []
    silent_for = now_ms - (party.heard_ms if party.heard_ms is not None else state.opened_ms)
    overdue = any(_waits_for(state, party, log_name, now_ms) for log_name in state.logs)
    if silent_for >= state.settings.silent_after_ms:
        direction = Direction.SILENT
    elif overdue or (party.test_nonce is not None and party.missed):
        direction = Direction.DEGRADED
    else:
        direction = Direction.RESUMED if party.direction is Direction.RESUMED else Direction.OPEN
        party.missed = 0 if party.test_nonce is None else party.missed
    if direction is party.direction:
        return []
    party.direction = direction
    history(state, now_ms, "direction", party.name, state=direction.value)
    if direction in {Direction.SILENT, Direction.DEGRADED}:
        state.raise_alarm(direction.value, Priority.ALARM, party.name)
    return [system_draft(state, "line.state", {"member": party.name, "state": direction.value})]


def _waits_for(state: State, party: Party, origin: Origin, now_ms: int) -> bool:
    """Tell whether something of ours waits too long for this member's receipt."""
    log = state.logs[origin]
    return (
        log.origin.member == state.me
        and state.role_of(party.name) == "member"
        and log.waiting_since_ms is not None
        and now_ms - log.waiting_since_ms >= state.settings.unacknowledged_after_ms
        and log.delivered.get((party.name, Role.COSIGN_HELD), 0) < log.durable
    )


def _overdue(state: State, now_ms: int) -> None:
    for party in state.parties.values():
        if any(_waits_for(state, party, origin, now_ms) for origin in state.logs):
            state.raise_alarm("unacknowledged", Priority.ALARM, party.name)


def _daily(state: State) -> dict[str, object]:
    return {
        "parties": [
            {
                "delivered": max(
                    (log.delivered.get((party.name, Role.COSIGN_HELD), 0) for log in state.logs.values()
                     if log.origin.member == state.me), default=0),
                "member": party.name,
                "missed": party.missed,
                "state": party.direction.value,
            }
            for party in sorted(state.parties.values(), key=lambda party: party.name)
        ]
    }  # fmt: skip
