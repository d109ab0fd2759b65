"""Who may lack something: from what just became durable, and from what each party last said that it holds.

News is a hint and never a promise: a bundle asked for without need holds nothing new, and what no hint told travels
with the next bundle or test. It must not go round in circles: what a party wrote or brought is no news to it.
"""

from __future__ import annotations

from collections.abc import Sequence

from detente.line.checkpoint import Origin
from detente.line.effects import (
    Part,
    PutAct,
    PutAnswer,
    PutBody,
    PutCheckpoint,
    PutCosignature,
    PutEntry,
    PutFork,
    PutOpening,
    PutPeer,
)
from detente.line.standing import seat_under
from detente.line.state import Party, State

__all__ = ["holdings", "lacks", "owed", "parties_with_news"]


def parties_with_news(state: State, parts: Sequence[Part], moved: set[str]) -> set[str]:
    """Return the parties that may lack one of these parts. One who brought it does not: its have-vector is there.

    moved: whose have-vector says that it holds other things than its last one did. Only they are judged by what they
    still lack: who takes nothing more (its share of the disk is full) must not be sent the same for ever.
    """
    brought = {part.member for part in parts if isinstance(part, PutPeer)}
    authors = {author for part in parts if (author := _author(part)) is not None}
    found: set[str] = set()
    for name in state.parties:
        others = authors - {name} if name not in brought else authors & {state.me}
        if others or (name in brought & moved and lacks(state, state.parties[name])):
            found.add(name)
    return found


def _author(part: Part) -> str | None:
    """Return whose word a part is, "" where it is nobody's in particular; None for what never leaves."""
    match part:
        case PutEntry():
            return part.origin.member
        case PutBody():
            return part.of
        case PutCheckpoint():
            return part.checkpoint.head.origin.member
        case PutCosignature():
            return part.cosignature.name.split("/")[3]
        case PutAct():
            return part.member
        case PutOpening() | PutFork() | PutAnswer():
            return ""
    return None


def owed(party: Party) -> tuple[str | None, str | None, str | None]:
    """Return what is said to a party and not logged; when it changes to something, the party has news."""
    return party.challenge, party.test_to_answer, party.test_nonce


def holdings(party: Party) -> tuple[object, ...]:
    """Return what a party last said that it holds and misses."""
    have = party.have
    return () if have is None else (have.acts, have.forks, have.logs, have.missing)


def lacks(state: State, party: Party) -> bool:
    """Tell whether a party's last have-vector lacks something that it may have of this node."""
    have = party.have
    if have is None:
        return True
    acts = {one.member: one.count for one in have.acts}
    if any(len(ring.envelopes) > acts.get(name, 0) for name, ring in state.rings.items()):
        return True
    if set(sorted(state.forks)[:256]) - set(have.forks):
        return True
    held = {Origin(state.opening.line, one.epoch, one.member, one.generation): one.size for one in have.logs}
    for origin, log in state.logs.items():
        withheld = origin.member == state.me and state.challenging and bool(state.withheld)
        end = min(log.durable, state.withheld.get(origin, 0)) if withheld else log.durable
        if end > held.get(origin, 0) and seat_under(state, log, party.name) is not None:
            return True
    return state.role_of(party.name) == "member" and any(
        state.view.open_body(digest) is not None for digest in have.missing
    )
