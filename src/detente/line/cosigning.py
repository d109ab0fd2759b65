"""Cosigning: this node's word that it holds a log, given in two roles and never taken back.

The machine asks only for heads that it checked, under which every statement is held; the signer checks again, by
a consistency proof from the highest head that it ever cosigned, and syncs its own record before it answers.
"""

from __future__ import annotations

import hashlib

from detente.line import keys, merkle
from detente.line.checkpoint import Checkpoint, Head, Origin, cosigner_name, make_cosignature
from detente.line.effects import Priority, PutAnswer, PutCosignature, Role, Sign
from detente.line.envelope import Envelope, PayloadType, Signature
from detente.line.errors import LineMistake
from detente.line.opening import Opening
from detente.line.session import Answer, OwnHead
from detente.line.standing import ceiling, seat_under
from detente.line.state import Log, Run, Signing, State

__all__ = ["cosign", "witness"]


def cosign(state: State, origins: set[Origin], now_ms: int) -> Signing:
    """Ask for cosignatures over the newest heads of these logs; a refusal of the signer stops that log alone."""
    if state.run is not Run.RUNNING or state.own_keys() is None or state.head_file is None:
        return
    for origin in sorted(origins):
        log = state.logs[origin]
        if origin.member == state.me or origin in state.forked or not _is_ours(state, log):
            continue
        found, due = _due(state, log)
        if found is None:
            continue
        if len(due) == 2 and _recorded(state, origin, due[0]) == _recorded(state, origin, due[1]):
            yield from _cosign(state, log, found.head, tuple(due), now_ms)
            continue
        for role in due:
            yield from _cosign(state, log, found.head, (role,), now_ms)


def _is_ours(state: State, log: Log) -> bool:
    """Tell whether the log stands on an opening to which this node consented.

    The current one or one before it.
    """
    opening: Opening | None = state.opening
    while opening is not None:
        if opening.hash() == log.opening:
            return True
        opening = state.openings.get(opening.previous or "")
    return False


def witness(state: State, now_ms: int) -> Signing:
    """Give this node's word on each revocation for which it is neutral: the act's hash, and what it holds.

    What it cosigned before stays binding; from now on it cosigns nothing above the closed head under the old key.
    """
    own = state.own_keys()
    if state.run is not Run.RUNNING or own is None or state.head_file is None:
        return
    origin_of_word = state.own_origin._replace(generation=state.signing_generation)
    for member, act in sorted(state.unwitnessed):
        heads = _highest(state, member)
        word = Answer(
            about=member, author=state.me, clock_ms=now_ms, format=1, heads=heads[-64:],
            key=keys.key_id(bytes.fromhex(own.sign)), line=state.opening.line, nonce=act[:32], revocation=act,
        )  # fmt: skip
        payload = word.encode()
        signature = yield Sign(0, "answer", Role.SIGN, origin_of_word, payload)
        octets = Envelope(PayloadType.ANSWER, payload, (Signature(word.key, signature),)).encode()
        state.words[hashlib.sha256(octets).hexdigest()] = octets
        state.unwitnessed.discard((member, act))
        state.parts.append(PutAnswer(state.me, octets))


def _highest(state: State, member: str) -> tuple[OwnHead, ...]:
    """Return the highest head of each log of a member that is held here, or was before a restore: never less."""
    assert state.head_file is not None  # witness was here first
    held = {
        origin: (log.size, state.root_at(origin, log.size))
        for origin, log in state.logs.items()
        if origin.member == member and log.size
    }
    for (origin, _), (size, root) in state.head_file.cosigned.items():
        ours = (origin.line, origin.member) == (state.opening.line, member)
        if ours and size > held.get(origin, (0, b""))[0]:
            held[origin] = (size, root)
    return tuple(
        OwnHead(origin.epoch, origin.generation, root.hex(), size)
        for origin, (size, root) in sorted(held.items())
    )


def _recorded(state: State, origin: Origin, role: Role) -> tuple[int, bytes]:
    assert state.head_file is not None  # cosign was here first
    return state.head_file.cosigned.get((origin, role), (0, b""))


def _due(state: State, log: Log) -> tuple[Checkpoint | None, list[Role]]:
    """Return the head to cosign, and the roles in which it is above what was cosigned.

    Above a head at which its author's root keys closed the log, or at which its epoch ended, nothing is cosigned;
    up to there the receipts are still owed.
    """
    found, bound = log.head, ceiling(state, log)
    if found is not None and bound is not None and found.head.size > bound:
        found = state.view.checkpoint_below(log.origin, bound)
    if found is None:
        return None, []
    size = found.head.size
    due = [Role.COSIGN_LOG] if size > log.cosigned.get(Role.COSIGN_LOG, 0) else []
    seat = seat_under(state, log, state.me)
    holds_bodies = seat is not None and seat.role == "member"
    if holds_bodies and log.bodies >= size > log.cosigned.get(Role.COSIGN_HELD, 0):
        due.append(Role.COSIGN_HELD)
    return found, due


def _cosign(state: State, log: Log, head: Head, roles: tuple[Role, ...], now_ms: int) -> Signing:
    """Ask for one role, or for two that stand at the same recorded head: then the signer syncs once for both."""
    # an own root act that is not durable yet may have started a generation whose keys the signer does not use so far
    generation = state.signing_generation
    own = state.rings[state.me].keys_of(generation)
    if own is None:
        return
    origin, size = log.origin, head.size
    recorded, recorded_root = _recorded(state, origin, roles[0])
    if recorded > size or (recorded and state.root_at(origin, recorded) != recorded_root):
        if recorded <= size:
            _refuse(state, origin)
        return
    path = (
        merkle.consistency_proof(recorded, size, lambda level, index: state.node(origin, level, index))
        if recorded
        else []
    )
    # never before an answer that was given: after a step back of the clock a cosignature would convict this node
    clock_s = max(now_ms // 1000, -(-state.head_file.answered_ms // 1000)) if state.head_file else 0
    try:
        signatures = yield Sign(
            0, "cosign", roles[0], origin, head.text(), index=size, leaf=head.root, proof=tuple(path),
            proof_from=recorded, clock_s=clock_s, generation=generation, also=roles[1] if len(roles) == 2 else None,
        )  # fmt: skip
    except LineMistake:
        _refuse(state, origin)
        return
    for place, role in enumerate(roles):
        public = bytes.fromhex(own.cosign_log if role is Role.COSIGN_LOG else own.cosign_held)
        _given(state, log, role, head, clock_s, signatures[64 * place : 64 * (place + 1)], public, now_ms)


def _given(
    state: State, log: Log, role: Role, head: Head, clock_s: int, signature: bytes, public: bytes, now_ms: int
) -> None:
    assert state.head_file is not None
    word = "log" if role is Role.COSIGN_LOG else "held"
    name = cosigner_name(log.origin.line, log.origin.epoch, state.me, word)
    one = make_cosignature(name, clock_s, signature, public)
    log.cosigned[role] = head.size
    state.head_file.cosigned[log.origin, role] = (head.size, head.root)
    state.parts.append(PutCosignature(log.origin, head.size, head.root, one, now_ms))


def _refuse(state: State, origin: Origin) -> None:
    """Give no word about this log any more: what is offered does not extend what this node cosigned before."""
    state.forked.add(origin)
    state.raise_alarm("fork-offered", Priority.EMERGENCY, origin.member, log=str(origin))
