"""Heads and cosignatures from elsewhere: kept when they fit, kept apart when they do not, proven when they lie.

A signed head beyond what is held waits as a claim: its statements may come by another road. When they are here it
becomes the newest head, or half of a fork proof. A cosignature over an own head is a receipt; one under this
node's own cosigning key, shown by others to a node that asked, tells a restored node what it promised before.
"""

from __future__ import annotations

from collections import Counter

from detente import words
from detente.line import proof
from detente.line.checkpoint import (
    COSIGNATURE_TYPE,
    Checkpoint,
    Cosignature,
    Head,
    Origin,
    note_hint,
    verify_cosignature,
)
from detente.line.effects import Priority, PutCheckpoint, PutClaim, PutCosignature, Role
from detente.line.errors import OutOfPlace, Refused
from detente.line.forks import convict, put_fork, unfit_head
from detente.line.halting import halt
from detente.line.load import log_of
from detente.line.restoring import own_seen
from detente.line.standing import DISPUTING, is_closed
from detente.line.state import Log, Run, State

__all__ = ["settle_claims", "take_checkpoint"]

say = words.speaker("line")

CLAIMS_MAX = 64
_ROLES = {"log": Role.COSIGN_LOG, "held": Role.COSIGN_HELD}


def take_checkpoint(state: State, octets: bytes, new: Counter[str], changed: set[Origin], now_ms: int) -> None:
    """Take a head and the cosignatures under it, counting what is new; its log joins ``changed``. Raises Refused.

    A cosignature that is refused does not keep the others from being taken, nor the head from being answered: a carrier
    may have added it.
    """
    checkpoint = Checkpoint.decode(octets)
    head = checkpoint.head
    log = log_of(state, head.origin)
    _verify(state, log, checkpoint)
    changed.add(head.origin)
    if head.size == 0:
        return
    if head.origin.member == state.me and head.size > log.size and not is_closed(state, head.origin):
        own_seen(state, log, head.size)
    if head.size > log.size:
        _claim(state, log, checkpoint, new)
        return
    if state.root_at(head.origin, head.size) != head.root:
        _contradicts(state, log, checkpoint)
    if log.head is None or head.size > log.head.head.size:
        _advance(state, log, checkpoint)
        new["head"] += 1
    refusal: Refused | None = None
    for one in checkpoint.cosignatures:
        try:
            _take_cosignature(state, log, checkpoint, one, new, now_ms)
        except Refused as fault:
            refusal = fault
    if refusal is not None:
        raise refusal


def settle_claims(state: State, origin: Origin) -> None:
    """Judge the claims about a log again, after its statements or its head went on."""
    log = state.logs[origin]
    for claim in [one for one in log.claims if one.head.size <= log.size]:
        if state.root_at(origin, claim.head.size) == claim.head.root:
            _drop(state, log, claim)
            if log.head is None or claim.head.size > log.head.head.size:
                _advance(state, log, claim)
            continue
        made = unfit_head(state, log, claim)
        if made is not None:
            _drop(state, log, claim)
            put_fork(state, made, origin)
        elif origin not in state.forked:
            _doubt(state, log, claim)


def _verify(state: State, log: Log, checkpoint: Checkpoint) -> None:
    """Check the writer's signature, unless the same head is held already."""
    head = checkpoint.head
    if log.head is not None and log.head.head == head:
        return
    if head.size < log.durable:
        held = state.view.checkpoint_at(head.origin, head.size)
        if held is not None and held.head == head:
            return
    own = state.rings[head.origin.member].keys_of(head.origin.generation)
    if own is None:
        raise _out_of_place(say("a head under keys that were never given"))
    checkpoint.verify(bytes.fromhex(own.sign))


def _advance(state: State, log: Log, checkpoint: Checkpoint) -> None:
    log.head = checkpoint.bare()
    state.parts.append(PutCheckpoint(log.head))


def _claim(state: State, log: Log, checkpoint: Checkpoint, new: Counter[str]) -> None:
    """Keep a head beyond what is held; two of one size are a fork proof at once."""
    bare, head = checkpoint.bare(), checkpoint.head
    for held in log.claims:
        if held.head == head:
            return
        if held.head.size == head.size:
            made = proof.heads_fork(state.rings[log.origin.member], held, bare)
            put_fork(state, made, log.origin)
            return
    if len(log.claims) >= CLAIMS_MAX:
        raise _out_of_place(say("more heads than this node keeps before their statements come"))
    log.claims.append(bare)
    log.claims.sort(key=lambda one: one.head.size)
    state.parts.append(PutClaim(bare))
    new["head ahead"] += 1


def _contradicts(state: State, log: Log, checkpoint: Checkpoint) -> None:
    """Prove that a signed head does not fit what its author signed before, or keep it.

    Always raises OutOfPlace.
    """
    made = unfit_head(state, log, checkpoint)
    if made is not None:
        put_fork(state, made, log.origin)
    else:
        _doubt(state, log, checkpoint)
        if len(log.claims) < CLAIMS_MAX and all(one.head != checkpoint.head for one in log.claims):
            log.claims.append(checkpoint.bare())
            state.parts.append(PutClaim(checkpoint.bare()))
    raise _out_of_place(say("a head that contradicts what its author signed before"))


def _doubt(state: State, log: Log, checkpoint: Checkpoint) -> None:
    """Cosign no more of a log whose author signed a head that its own statements do not lead to."""
    if log.origin.member == state.me and not is_closed(state, log.origin):
        halt(state, "possible-key-theft")
    state.forked.add(log.origin)
    state.raise_alarm("head-does-not-fit", Priority.ALARM, log.origin.member, size=checkpoint.head.size)


def _drop(state: State, log: Log, claim: Checkpoint) -> None:
    log.claims.remove(claim)
    state.parts.append(PutClaim(claim, keep=False))


def _take_cosignature(
    state: State, log: Log, checkpoint: Checkpoint, one: Cosignature, new: Counter[str], now_ms: int
) -> None:
    """Keep a mirror's word; one about an own log is a receipt."""
    head = checkpoint.head
    found = _cosigner(state, log.origin, one)
    if found is None:
        raise _out_of_place(say("a cosignature by {name}, who is not on this line", name=one.name))
    member, role, public = found
    if log.delivered.get((member, role), 0) >= head.size:
        return
    verify_cosignature(head, one, public)
    if member == state.me:
        _own_word(state, log, role, head)
    log.delivered[member, role] = head.size
    state.parts.append(PutCosignature(log.origin, head.size, head.root, one, now_ms))
    if log.origin.member != state.me:
        new["cosignature"] += 1
        return
    new["receipt"] += 1
    log.receipts[member, role] = (checkpoint, one)
    if one.clock_s * 1000 >= state.answers_upto_ms.get(member, 0):
        return
    answers = state.view.answers(member)
    answers += [state.answers[member]] if member in state.answers else []  # it may be on its way to the disk
    for octets in answers:
        made = convict(state, member, octets, (checkpoint, one))
        if made is not None:
            put_fork(state, made, None)
            break


def _own_word(state: State, log: Log, role: Role, head: Head) -> None:
    """Know again what this node cosigned before it was restored; unasked, it is somebody else with the key.

    What the signer recorded stays as the signer knows it: the next cosignature extends that, and the log held
    here, under which this head stands.
    """
    recorded = state.head_file.cosigned.get((log.origin, role), (0, b""))[0] if state.head_file else 0
    given = log.cosigned.get(role, 0)  # a word that only the head file knows is lost: it is given again
    log.cosigned[role] = max(head.size, given)
    if head.size > max(given, recorded) and state.run is Run.RUNNING and not state.challenging:
        state.raise_alarm("own-cosignature-from-outside", Priority.EMERGENCY, state.me, log=str(log.origin))
        halt(state, "possible-key-theft")


def _cosigner(state: State, origin: Origin, one: Cosignature) -> tuple[str, Role, bytes] | None:
    """Return who cosigned in which role with which key, by the key's name and hint; None for a stranger.

    A key that was stolen gives no word any more: whoever has it would cosign with it.
    """
    pieces = one.name.split("/")
    if len(pieces) != 5 or pieces[:2] != ["detente", origin.line] or pieces[2] != str(origin.epoch):
        return None
    member, role = pieces[3], _ROLES.get(pieces[4])
    ring = state.rings.get(member)
    if role is None or ring is None or member == origin.member:
        return None
    for number in range(ring.generation, -1, -1):
        own = ring.generations[number]
        if own is not None and ring.ended_by.get(number, "") not in DISPUTING:
            public = bytes.fromhex(own.cosign_log if role is Role.COSIGN_LOG else own.cosign_held)
            if one.hint == note_hint(one.name, COSIGNATURE_TYPE, public):
                return member, role, public
    return None


def _out_of_place(came: str) -> OutOfPlace:
    return OutOfPlace(
        expected=say("what comes next on this line"),
        came=came,
        remedy=say("nothing of it was stored; ask the sender"),
    )
