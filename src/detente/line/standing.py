"""How each log and each entry stands: under which opening, closed where, disputed by whom, cosigned up to where.

Nothing here refuses anything: an entry above a closed head is kept and shown for what it is. On a line of two
nobody can settle a dispute; the record only says who disputes what, and what was delivered when.
"""

from __future__ import annotations

from enum import StrEnum

from detente.line.checkpoint import Origin
from detente.line.opening import Opening, Seat
from detente.line.rootact import ClosedLog, Keyring
from detente.line.state import Log, State

__all__ = [
    "DISPUTING",
    "Standing",
    "ceiling",
    "closed_at",
    "consents",
    "is_closed",
    "readers",
    "seat_under",
    "standing",
    "usable_generations",
]

DISPUTING = frozenset({"theft", "fork"})
"""Reasons of a root act after which what stands above a closed head is disputed by its author."""


class Standing(StrEnum):
    """How one entry stands. Never "invalid": its author's key signed it."""

    PLAIN = "plain"
    DISPUTED = "disputed by its author"
    AFTER_CLOSE = "after close"


def closed_at(ring: Keyring | None, origin: Origin) -> tuple[ClosedLog, str] | None:
    """Return the head at which the member's root keys closed this log, and the reason; None when it is open."""
    found = ring.closed.get((origin.line, origin.epoch, origin.generation)) if ring is not None else None
    return None if found is None else (found[0], found[1])


def is_closed(state: State, origin: Origin) -> bool:
    """Tell whether the log can have no further entry of its author: closed, superseded, or of an epoch gone by.

    What this node's own old key signed there is then evidence about that key, and no reason to halt.
    """
    ring = state.rings.get(origin.member)
    return closed_at(ring, origin) is not None or (ring is not None and origin.generation < ring.generation)


def standing(state: State, origin: Origin, seq: int) -> Standing:
    """Return how the entry at this place stands by the key events and openings held here."""
    closed = closed_at(state.rings.get(origin.member), origin)
    if closed is not None and seq >= closed[0].size:
        return Standing.DISPUTED if closed[1] in DISPUTING else Standing.AFTER_CLOSE
    final = _final_size(state, origin)
    return Standing.AFTER_CLOSE if final is not None and seq >= final else Standing.PLAIN


def ceiling(state: State, log: Log) -> int | None:
    """Return the size above which this node cosigns nothing of a log; None when there is no bound."""
    closed = closed_at(state.rings.get(log.origin.member), log.origin)
    bounds = [closed[0].size] if closed is not None else []
    final = _final_size(state, log.origin)
    bounds += [final] if final is not None else []
    return min(bounds, default=None)


def seat_under(state: State, log: Log, party: str) -> Seat | None:
    """Return a party's seat under the opening that the log was founded on; None: it is not in that epoch."""
    opening = state.openings.get(log.opening)
    return opening.seat(party) if opening is not None else None


def consents(state: State) -> dict[str, tuple[str, ...]]:
    """Return, for each opening held, who consented to it by a first statement that names it; sorted.

    Everybody on the first opening consented by joining.
    """
    found: dict[str, set[str]] = {identity: set() for identity in state.openings}
    for identity, opening in state.openings.items():
        if opening.epoch == 1:
            found[identity].update(opening.members)
    for log in state.logs.values():
        if log.size and log.opening in found:
            found[log.opening].add(log.origin.member)
    return {identity: tuple(sorted(members)) for identity, members in sorted(found.items())}


def addressees(state: State) -> tuple[str, ...]:
    """Return the other members of the current opening, sorted: to them everything here is said."""
    return tuple(sorted(name for name in state.opening.members if name != state.me))


def readers(state: State) -> tuple[str, ...]:
    """Return the other members who owe receipts now: consented to the current opening, and have not left."""
    identity = state.opening.hash()
    return tuple(
        member
        for member in consents(state).get(identity, ())
        if member != state.me and state.opening.line not in state.rings[member].left
    )


def usable_generations(ring: Keyring) -> list[int]:
    """Return the generations whose keys still speak for the member in words that are not logged, newest first.

    Not those that ended in theft or by a fork: whoever has the old key would speak with it. A bare revocation
    leaves none.
    """
    if not ring.generations or ring.generations[-1] is None:
        return []
    return [
        number
        for number in range(ring.generation, -1, -1)
        if ring.generations[number] is not None and ring.ended_by.get(number, "") not in DISPUTING
    ]


def _final_size(state: State, origin: Origin) -> int | None:
    """Return where this log ended by the openings that this node consented to; None when they do not say."""
    successor = _successor(state, origin.epoch)
    if successor is None:
        return None
    places = {(head.member, head.generation): head.size for head in successor.final}
    return places.get((origin.member, origin.generation), 0)


def _successor(state: State, epoch: int) -> Opening | None:
    """Return the opening of the epoch after this one on the way to the current opening, or None."""
    found: Opening | None = None
    current: Opening | None = state.opening
    while current is not None and current.epoch > epoch:
        found = current
        current = state.openings.get(current.previous or "")
    return found
