"""Watching the line: tests, misses, silence, overdue receipts, the daily summary. Own clock only.

The state towards each party: open; degraded (something of ours waits too long for its receipt, or a test was
missed); silent (nothing valid was heard for a stated time); suspended (by that party's own statement, with its
reason); resumed (suspended before, heard since). Every change stands in the history and in the own log.
"""

from __future__ import annotations

from collections.abc import Mapping

from detente.line import canonical
from detente.line.canonical import INTEGER_MAX
from detente.line.checkpoint import Origin
from detente.line.effects import Draft, Priority, PutDue, Role
from detente.line.halting import history
from detente.line.restoring import maybe_resume
from detente.line.state import Direction, Party, Run, State

__all__ = [
    "ANSWERS",
    "CONTROL_TYPES",
    "direction_now",
    "next_wake_ms",
    "note_control",
    "system_draft",
    "tick",
    "waiting_since_ms",
]

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

ANSWERS = frozenset({"reply.accepted", "reply.refused", "reply.answer"})
"""Types of a statement that settle what ``in_reply_to`` asked to be answered by a time."""

DUE_AT_ONCE = 100
MISSING_NAMED = 500


def tick(state: State, now_ms: int, *, tests: bool = True) -> list[Draft]:
    """Look at what is due; returns the statements that the node makes by itself (a closed list of types)."""
    _heed_a_step_back(state, now_ms)
    maybe_resume(state, now_ms)
    drafts: list[Draft] = []
    for party in state.mirrors:
        if tests and now_ms - party.test_at_ms >= state.settings.test_every_ms:
            drafts += _missed(state, party)
            party.test_nonce = state.draw(16).hex()
            party.test_at_ms = now_ms
        drafts += _judge(state, party, now_ms)
    _overdue(state, now_ms)
    _answers_due(state, now_ms)
    drafts += _bodies_missing(state, now_ms)
    if now_ms - state.daily_ms >= DAY_MS:
        if state.daily_ms:
            drafts.append(system_draft(state, "line.daily", _daily(state)))
        state.daily_ms = now_ms
        state.put_state()
    return drafts if state.writes and state.run is Run.RUNNING else []


def _heed_a_step_back(state: State, now_ms: int) -> None:
    """Forget times that lie ahead of this node's clock: it was ahead then, and was set right.

    What was heard a year from now would keep a dead line looking alive for a year, and a restored node that asks its
    mirrors since then would hold back for as long what it says.
    """
    before = _times(state)
    state.since_ms, state.daily_ms = min(state.since_ms, now_ms), min(state.daily_ms, now_ms)
    state.challenged_since_ms = min(state.challenged_since_ms, now_ms)
    for party in state.parties.values():
        party.heard_ms = None if party.heard_ms is None else min(party.heard_ms, now_ms)
        party.test_at_ms = min(party.test_at_ms, now_ms)
    if _times(state) != before:
        state.put_state()


def _times(state: State) -> tuple[object, ...]:
    heard = [(one.heard_ms, one.test_at_ms) for one in state.parties.values()]
    return state.since_ms, state.daily_ms, state.challenged_since_ms if state.challenging else 0, heard


def next_wake_ms(state: State, now_ms: int) -> int:
    """Return when to look again: the next test, the next receipt that will be overdue, the next silence.

    What is overdue already was told and is told again with every test: it does not keep this node awake.
    """
    due = [party.test_at_ms + state.settings.test_every_ms for party in state.parties.values()]
    for party in state.parties.values():
        since = [_waiting_since_ms(state, party, origin) for origin in state.logs]
        due += [one + state.settings.unacknowledged_after_ms for one in since if one is not None]
    due += [due_ms for _, _, _, due_ms in state.view.due(INTEGER_MAX, 1)]
    coming = [at_ms for at_ms in due if at_ms > now_ms]
    return max(now_ms + 1000, min([*coming, now_ms + state.settings.silent_after_ms]))


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


def _missed(state: State, party: Party) -> list[Draft]:
    """Count a test that nobody answered.

    The log hears of it until the party is silent, then by the daily summary.
    """
    if party.test_nonce is None:
        return []
    party.missed += 1
    state.raise_alarm("test-missed", Priority.WARNING, party.name, count=party.missed)
    if party.direction is Direction.SILENT:
        return []
    return [system_draft(state, "line.miss", {"member": party.name, "missed": party.missed})]


def _answers_due(state: State, now_ms: int) -> None:
    """Raise the alarm once for each answer that is owed by now, on this node's own clock, by whomever."""
    for origin, seq, member, due_ms in state.view.due(now_ms, DUE_AT_ONCE):
        state.parts.append(PutDue(origin, seq, member, None))
        history(state, now_ms, "answer-overdue", member, entry=f"{origin}/{seq}", due_ms=due_ms)
        state.raise_alarm("answer-overdue", Priority.ALARM, member, entry=f"{origin}/{seq}")


def _bodies_missing(state: State, now_ms: int) -> list[Draft]:
    """Name the shown contents that did not come within the stated time; nobody can call their absence a receipt.

    Of own logs, after a refill: what no mirror gave back, as lost. Each is named once.
    """
    if not state.writes or state.run is not Run.RUNNING:
        return []
    drafts = []
    for origin in sorted(state.logs):
        log, named = state.logs[origin], state.named_missing.get(origin, 0)
        found = []
        for seq in log.wanted:
            received_ms = state.view.received_ms(origin, seq) if seq >= named else None
            if seq >= named and (
                received_ms is None or now_ms - received_ms < state.settings.body_missing_after_ms
            ):
                break
            if seq >= named:
                found.append(seq)
            if len(found) == MISSING_NAMED:
                break
        if not found:
            continue
        state.named_missing[origin] = found[-1] + 1
        state.put_state()
        state.raise_alarm("body-missing", Priority.ALARM, origin.member, log=str(origin), count=len(found))
        kind = "line.body-lost" if origin.member == state.me else "line.body-missing"
        what = {"entries": found, "epoch": origin.epoch, "generation": origin.generation, "member": origin.member}
        drafts.append(system_draft(state, kind, what))
    return drafts


def direction_now(state: State, party: Party, now_ms: int) -> Direction:
    """Return the state of the line towards a party as the record and this node's clock show it now.

    A party that was never heard is silent since this node first opened the line.
    """
    if party.direction is Direction.SUSPENDED:
        return Direction.SUSPENDED
    since_ms = party.heard_ms if party.heard_ms is not None else state.since_ms or now_ms
    if now_ms - since_ms >= state.settings.silent_after_ms:
        return Direction.SILENT
    overdue = any(_waits_for(state, party, log_name, now_ms) for log_name in state.logs)
    if overdue or (party.test_nonce is not None and party.missed):
        return Direction.DEGRADED
    return Direction.RESUMED if party.direction is Direction.RESUMED else Direction.OPEN


def waiting_since_ms(state: State, party: Party) -> int | None:
    """Return since when the oldest own statement waits for this member's receipt, own clock; None: none waits."""
    found = [_waiting_since_ms(state, party, origin) for origin in state.logs]
    return min((one for one in found if one is not None), default=None)


def _judge(state: State, party: Party, now_ms: int) -> list[Draft]:
    direction = direction_now(state, party, now_ms)
    if direction in {Direction.OPEN, Direction.RESUMED} and party.test_nonce is None:
        party.missed = 0
    if direction is party.direction:
        return []
    party.direction = direction
    history(state, now_ms, "direction", party.name, state=direction.value)
    if direction in {Direction.SILENT, Direction.DEGRADED}:
        state.raise_alarm(direction.value, Priority.ALARM, party.name)
    return [system_draft(state, "line.state", {"member": party.name, "state": direction.value})]


def _waits_for(state: State, party: Party, origin: Origin, now_ms: int) -> bool:
    """Tell whether something of ours waits too long for this member's receipt."""
    since_ms = _waiting_since_ms(state, party, origin)
    return since_ms is not None and now_ms - since_ms >= state.settings.unacknowledged_after_ms


def _waiting_since_ms(state: State, party: Party, origin: Origin) -> int | None:
    """Return when the first own statement was stored, own clock, over which this member gave no receipt yet.

    Taken from the disk and not from memory: a restart must not start the wait again, and one party's lag must not
    be another's fault.
    """
    if origin.member != state.me or origin.epoch != state.opening.epoch or state.role_of(party.name) != "member":
        return None
    log = state.logs[origin]
    closed = state.rings[state.me].closed.get((origin.line, origin.epoch, origin.generation))
    end = log.durable if closed is None else min(log.durable, closed[0].size)
    delivered = log.delivered.get((party.name, Role.COSIGN_HELD), 0)
    return state.view.received_ms(origin, delivered) if delivered < end else None


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
