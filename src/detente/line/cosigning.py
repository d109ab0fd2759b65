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
        due = _due(state, log)
        if (
            len(due) == 2
            and due[0][1] == due[1][1]
            and _recorded(state, origin, due[0][0]) == _recorded(state, origin, due[1][0])
        ):
            yield from _cosign(state, log, (due[0][0], due[1][0]), due[0][1], now_ms)
            continue
        for role, size in due:
            yield from _cosign(state, log, (role,), size, now_ms)


def _recorded(state: State, origin: Origin, role: Role) -> tuple[int, bytes]:
    assert state.head_file is not None  # cosign was here first
    return state.head_file.cosigned.get((origin, role), (0, b""))


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


def _cosign(state: State, log: Log, roles: tuple[Role, ...], size: int, now_ms: int) -> Signing:
    """Ask for one role, or for two that stand at the same recorded head: then the signer syncs once for both."""
    assert log.head is not None
    own = state.own_keys()
    assert own is not None
    origin, head = log.origin, log.head.head
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
    clock_s = now_ms // 1000
    try:
        signatures = yield Sign(
            0, "cosign", roles[0], origin, head.text(), index=size, leaf=head.root, proof=tuple(path),
            proof_from=recorded, clock_s=clock_s, also=roles[1] if len(roles) == 2 else None,
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
