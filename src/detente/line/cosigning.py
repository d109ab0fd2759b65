"""Cosigning: this node's word that it holds a log, given in two roles and never taken back.

The machine asks only for heads that it checked, under which every statement is held; the signer checks again, by
a consistency proof from the highest head that it ever cosigned, and syncs its own record before it answers.
"""

from __future__ import annotations

from detente.line import merkle
from detente.line.checkpoint import Head, Origin, cosigner_name, make_cosignature
from detente.line.effects import Priority, PutCosignature, Role, Sign
from detente.line.errors import LineMistake
from detente.line.state import Log, Run, Signing, State

__all__ = ["cosign"]


def cosign(state: State, origins: set[Origin], now_ms: int) -> Signing:
    """Ask for cosignatures over the newest heads of these logs; a refusal of the signer stops that log alone."""
    if state.run is not Run.RUNNING or state.own_keys() is None or state.head_file is None:
        return
    for origin in sorted(origins):
        log = state.logs[origin]
        if origin.member == state.me or origin in state.forked or origin.epoch != state.opening.epoch:
            continue
        for role, size in _due(state, log):
            yield from _cosign(state, log, role, size, now_ms)


def _due(state: State, log: Log) -> list[tuple[Role, int]]:
    """Return the roles in which the newest head is above what was cosigned, and the head's size."""
    if log.head is None or log.head.head.size > log.size:
        return []
    size = log.head.head.size
    closed = state.rings[log.origin.member].closed.get((log.origin.line, log.origin.epoch, log.origin.generation))
    if closed is not None and size > closed[0].size:
        return []  # above a head that the author's root keys closed, nothing is cosigned under the old key
    due = [(Role.COSIGN_LOG, size)] if size > log.cosigned.get(Role.COSIGN_LOG, 0) else []
    if state.writes and log.bodies >= size > log.cosigned.get(Role.COSIGN_HELD, 0):
        due.append((Role.COSIGN_HELD, size))
    return due


def _cosign(state: State, log: Log, role: Role, size: int, now_ms: int) -> Signing:
    assert log.head is not None
    assert state.head_file is not None
    own = state.own_keys()
    assert own is not None
    origin, head = log.origin, log.head.head
    recorded, recorded_root = state.head_file.cosigned.get((origin, role), (0, b""))
    if recorded > size or (recorded and state.root_at(origin, recorded) != recorded_root):
        if recorded <= size:
            _refuse(state, origin)
        return
    path = (
        merkle.consistency_proof(recorded, size, lambda level, index: state.node(origin, level, index))
        if recorded
        else []
    )
    clock_s = now_ms // 1000
    try:
        signature = yield Sign(
            0, "cosign", role, origin, head.text(), index=size, leaf=head.root, proof=tuple(path), proof_from=recorded,
            clock_s=clock_s,
        )  # fmt: skip
    except LineMistake:
        _refuse(state, origin)
        return
    _given(
        state,
        log,
        role,
        head,
        clock_s,
        signature,
        bytes.fromhex(own.cosign_log if role is Role.COSIGN_LOG else own.cosign_held),
        now_ms,
    )


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
    """What is offered does not extend what this node cosigned before: no word about this log any more."""
    state.forked.add(origin)
    state.raise_alarm("fork-offered", Priority.EMERGENCY, origin.member, log=str(origin))
