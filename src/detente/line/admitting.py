"""Openings and root acts from elsewhere: who may come onto this line, and by whose word.

An opening is not signed, so anybody could send any number of them: one is kept only when a party known here
consents to it, by a first statement of its own that names it. Until then it waits with the root acts of the
parties that it brings in, for the length of one bundle. This node itself consents to nothing here: its keepers
do.
"""

from __future__ import annotations

import copy
import hashlib

from detente import words
from detente.line.effects import Priority, PutAct, PutOpening
from detente.line.envelope import Envelope, PayloadType
from detente.line.errors import OutOfPlace, Refused
from detente.line.halting import halt
from detente.line.load import REVOKING
from detente.line.opening import Opening, first_previous
from detente.line.restoring import may_take_own_act, note_missing_keys
from detente.line.rootact import Act, Keyring, decode_act
from detente.line.state import Party, State
from detente.line.statement import Statement

__all__ = ["adopt_by", "take_act", "take_opening"]

say = words.speaker("line")

OFFERED_MAX = 8
OFFERED_ACTS_MAX = 256
OFFERED_ACTS_BYTES = 4_000_000


def take_opening(state: State, octets: bytes) -> None:
    """Keep an opening for the length of this bundle; raises Refused for one that cannot follow what is held."""
    opening = Opening.decode(octets)
    identity = opening.hash()
    if identity in state.openings or identity in state.offered:
        return
    known = opening.previous in state.openings or opening.previous in state.offered
    if opening.line != state.opening.line or not known:
        raise _out_of_place(say("an opening of another line, or one whose predecessor is not held"))
    before = state.openings.get(opening.previous or "") or state.offered[opening.previous or ""]
    if opening.epoch != before.epoch + 1:
        raise _out_of_place(say("an opening whose epoch does not follow its predecessor's"))
    if len(state.offered) >= OFFERED_MAX:
        raise _out_of_place(say("more openings than parties consented to"))
    state.offered[identity] = opening


def adopt_by(state: State, statement: Statement) -> bool:
    """Keep the offered opening to which this first statement, whose signature holds, consents; True when so."""
    ring = state.rings.get(statement.author)
    for identity, opening in state.offered.items():
        seat = opening.seat(statement.author)
        if (
            ring is not None
            and seat is not None
            and seat.card == ring.card
            and seat.role == "member"
            and opening.epoch == statement.epoch
            and seat.generation <= statement.generation <= ring.generation
            and statement.previous == first_previous(opening, ring, seat.generation, statement.generation)
        ):
            _adopt(state, identity)
            return True
    return False


def _adopt(state: State, identity: str) -> None:
    opening = state.offered.pop(identity)
    if opening.previous in state.offered:
        _adopt(state, opening.previous or "")
    state.openings[identity] = opening
    state.parts.append(PutOpening(identity, opening.epoch, opening.encode(), current=False))
    for octets in list(state.offered_acts):
        try:
            take_act(state, octets)
        except Refused:
            continue  # of a party that another offered opening brings in
    for seat in opening.seats:
        if seat.member != state.me:
            state.parties.setdefault(seat.member, Party(seat.member))
    held_out = opening.seat(state.me) is None
    state.raise_alarm(
        "held-out" if held_out else "opening-proposed",
        Priority.ALARM if held_out else Priority.WARNING,
        detail_epoch=opening.epoch,
        fingerprint=opening.fingerprint(),
        opening=identity,
    )


def take_act(state: State, octets: bytes) -> Act | None:
    """Take the next root act of a party; None when it is held or only kept for the length of this bundle.

    Raises Refused. Acts of this node's own member come from its keepers; from elsewhere only a node that refills
    itself takes them, because a restored home may lack them too.
    """
    act = decode_act(Envelope.decode(octets, PayloadType.ROOT_ACT).payload)
    ring = state.rings.get(act.member)
    if ring is None and not _is_seated(state, octets):
        _offer(state, octets)
        return None
    ring = ring if ring is not None else Keyring()
    if act.member == state.me and act.index >= len(ring.acts):
        _own_act(state, ring, octets)
    if ring.size_bytes + len(octets) > state.settings.acts_quota_bytes:
        state.raise_alarm("quota", Priority.ALARM, act.member, bytes=state.settings.acts_quota_bytes)
        raise _out_of_place(say("more root acts than acts_quota_bytes allows"))
    if not ring.take(octets):
        return None
    if act.member == state.me and act.act == "generation":
        for mirrored in state.logs.values():
            mirrored.cosigned.clear()  # what the old key said is said again by the new one
    state.rings[act.member] = ring
    state.parts.append(PutAct(act.member, act.index, octets))
    if act.member == state.me:
        note_missing_keys(state)
    if act.act in {"generation", "leave"}:
        state.raise_alarm("keys-changed", Priority.WARNING, act.member, reason=act.reason)
        _check_closing(state, act)
        if act.act == "generation" and act.reason in REVOKING and act.member in state.seat.neutral_for:
            state.unwitnessed.add((act.member, ring.hashes[act.index]))
    return act


def _own_act(state: State, ring: Keyring, octets: bytes) -> None:
    """Let an own root act from elsewhere in only where the home may lack it; else somebody acts for the keepers."""
    longer = copy.deepcopy(ring)
    longer.take(octets)  # raises unless its quorum holds: nobody else can raise this alarm
    if may_take_own_act(state, len(ring.acts), longer.hashes[-1]):
        return
    state.raise_alarm("own-root-act-from-outside", Priority.EMERGENCY, state.me)
    halt(state, "own-root-act-from-outside")
    raise _out_of_place(say("a root act of this home that its keepers did not bring"))


def _is_seated(state: State, octets: bytes) -> bool:
    """Tell whether these bytes are a card that an opening held here names."""
    identity = hashlib.sha256(Envelope.decode(octets, PayloadType.ROOT_ACT).payload).hexdigest()
    return any(seat.card == identity for one in state.openings.values() for seat in one.seats)


def _offer(state: State, octets: bytes) -> None:
    """Keep an act of a party that may come in with an offered opening; raises OutOfPlace when none is offered."""
    room = OFFERED_ACTS_BYTES - sum(map(len, state.offered_acts))
    if not state.offered or len(octets) > room or len(state.offered_acts) >= OFFERED_ACTS_MAX:
        raise _out_of_place(say("a card that no opening of this line names"))
    if octets not in state.offered_acts:
        state.offered_acts.append(octets)


def _check_closing(state: State, act: Act) -> None:
    """Say aloud when the head at which the root keys close a log is not the one that its statements lead to."""
    for closed in act.heads:
        for origin, log in state.logs.items():
            place = (origin.line, origin.epoch, origin.member, origin.generation)
            if place != (closed.line, closed.epoch, act.member, closed.generation) or closed.size > log.size:
                continue
            if closed.size and state.root_at(origin, closed.size).hex() != closed.root:
                state.raise_alarm("closing-does-not-fit", Priority.ALARM, act.member, size=closed.size)


def _out_of_place(came: str) -> OutOfPlace:
    return OutOfPlace(
        expected=say("what comes next on this line"),
        came=came,
        remedy=say("nothing of it was stored; ask the sender"),
    )
