"""Fork proofs as this node meets them: made from what contradicts what is held, taken from others, kept, heeded.

One proof for each log is enough: after it nothing of that log is cosigned any more, and further contradictions of
the same author only count. A proof against this node's own key in its open log halts it as possible key theft.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from detente import words
from detente.line import merkle, proof
from detente.line.checkpoint import (
    COSIGNATURE_TYPE,
    Checkpoint,
    Cosignature,
    Origin,
    cosigner_name,
    note_hint,
)
from detente.line.effects import Priority, PutFork
from detente.line.envelope import Envelope, PayloadType
from detente.line.errors import OutOfPlace
from detente.line.halting import halt
from detente.line.rootact import Keyring
from detente.line.session import Answer, decode_session
from detente.line.standing import DISPUTING, is_closed
from detente.line.state import Log, State
from detente.line.statement import Statement

__all__ = ["convict", "entry_fork", "held_leaf", "put_fork", "take_fork", "unfit_head"]

say = words.speaker("line")

PROOFS_MAX = 8
"""Proofs kept about one member: each node may have made its own of the same fork, and one would be enough."""


def put_fork(state: State, made: bytes, origin: Origin | None) -> None:
    """Keep a proof, raise the alarm once for each log, and stop what it touches."""
    verdict = proof.judge(made)
    if origin is not None:
        if origin.member == state.me and not is_closed(state, origin):
            halt(state, "possible-key-theft")
        state.forked.add(origin)
        if origin in state.proven:
            return
        state.proven.add(origin)
    else:  # an understated answer, which is about no log
        if verdict.member in state.convicted:
            return
        state.convicted.add(verdict.member)
    identity = proof.identity(made)
    state.forks[identity] = made
    state.parts.append(PutFork(identity, made))
    state.raise_alarm("fork", Priority.EMERGENCY, verdict.member, proof=identity, kind=verdict.kind)


def take_fork(state: State, octets: bytes) -> bool:
    """Take in a proof that somebody else made.

    True when it is new. Raises Refused when it proves nothing here.
    """
    if hashlib.sha256(octets).hexdigest() in state.forks:
        return False
    verdict = proof.judge(octets)
    ring = state.rings.get(verdict.member)
    if ring is None or ring.card != verdict.card:
        raise _out_of_place(say("a fork proof about somebody who is not on this line"))
    origin = verdict.origin
    if origin is not None and origin.line != state.opening.line:
        raise _out_of_place(say("a fork proof about another line"))
    about = sum(proof.judge(made).member == verdict.member for made in state.forks.values())
    if about >= PROOFS_MAX:
        return False
    if origin is not None and origin in state.proven:
        identity = proof.identity(octets)
        state.forks[identity] = octets
        state.parts.append(PutFork(identity, octets))
        return True
    put_fork(state, octets, origin)
    return True


def entry_fork(state: State, log: Log, statement: Statement, leaf: bytes) -> None:
    """Prove that the author's key signed two statements that cannot both stand; always raises OutOfPlace."""
    ring = state.rings[log.origin.member]
    if statement.seq < log.size:
        made = proof.statements_fork(ring, held_leaf(state, log.origin, statement.seq), leaf)
    else:
        made = proof.previous_fork(ring, held_leaf(state, log.origin, statement.seq - 1), leaf)
    put_fork(state, made, log.origin)
    raise _out_of_place(
        say("a statement that contradicts one held: fork proof {name}", name=proof.identity(made)[:16])
    )


def unfit_head(state: State, log: Log, checkpoint: Checkpoint) -> bytes | None:
    """Return the proof that a signed head does not fit what its author signed elsewhere; None while none exists.

    The statements held show it to this node, but only another head of its author shows it to a third party: until
    one comes the head is kept as a claim.
    """
    ring, head, held = state.rings[log.origin.member], checkpoint.head, log.head
    for claim in log.claims:
        if claim.head.size == head.size and claim.head.root != head.root:
            return proof.heads_fork(ring, claim, checkpoint)
    if held is None or held.head.size < head.size:
        return None
    if held.head.size == head.size:
        return proof.heads_fork(ring, held, checkpoint)
    path = merkle.consistency_proof(
        head.size, held.head.size, lambda level, index: state.node(log.origin, level, index)
    )
    return proof.prefix_fork(ring, checkpoint, held, path, state.root_at(log.origin, head.size))


def convict(
    state: State, member: str, octets: bytes, newest: tuple[Checkpoint, Cosignature] | None = None
) -> bytes | None:
    """Return the proof that a mirror's answer understates what it cosigned before, by its own clock, or None.

    newest: a cosignature that is only being taken in now.
    """
    answer = decode_session(Envelope.decode(octets, PayloadType.ANSWER).payload, Answer)
    if answer.about != state.me or answer.revocation is not None:
        return None
    ring = state.rings[member]
    said = {(head.epoch, head.generation): head.size for head in answer.heads}
    for checkpoint, one in _given_before(state, member, answer, newest):
        origin = checkpoint.head.origin
        made = proof.answer_fork(ring, octets, checkpoint, one)
        if checkpoint.head.size > said.get((origin.epoch, origin.generation), 0) and proof.shows(made):
            return made
    return None


def _given_before(
    state: State, member: str, answer: Answer, newest: tuple[Checkpoint, Cosignature] | None
) -> list[tuple[Checkpoint, Cosignature]]:
    """Return the mirror's highest words about own logs before its answer, by its own clock.

    None under a key that was stolen: whoever had it could have given them, so they convict nobody.
    """
    ring = state.rings[member]
    found = [newest] if newest is not None and newest[1].clock_s * 1000 < answer.clock_ms else []
    for origin in sorted(one for one in state.logs if one.member == state.me):
        found += [
            made for (name, _), made in sorted(state.logs[origin].receipts.items())
            if name == member and made[1].clock_s * 1000 < answer.clock_ms and not _stolen(ring, made[1])
        ]  # fmt: skip
        for name, hint in _convicting(ring, origin):
            before = state.view.cosignature_before(origin, name, hint, -(-answer.clock_ms // 1000))
            checkpoint = state.view.checkpoint_at(origin, before[0]) if before is not None else None
            if before is not None and checkpoint is not None:
                found.append((checkpoint, before[1]))
    return found


def _convicting(ring: Keyring, origin: Origin) -> Iterator[tuple[str, bytes]]:
    """Yield name and hint of each cosigning key whose words about this log bind the member.

    Each is asked for by itself: a stolen one must not hide, by a higher head, what its owner cosigned before.
    """
    for number, own in enumerate(ring.generations):
        if own is not None and ring.ended_by.get(number, "") not in DISPUTING:
            for role, key in (("log", own.cosign_log), ("held", own.cosign_held)):
                name = cosigner_name(origin.line, origin.epoch, ring.member, role)
                yield name, note_hint(name, COSIGNATURE_TYPE, bytes.fromhex(key))


def _stolen(ring: Keyring, one: Cosignature) -> bool:
    """Tell whether a cosignature is of a generation that ended in theft or by a fork."""
    for number, reason in ring.ended_by.items():
        own = ring.generations[number]
        if own is not None and reason in DISPUTING:
            keys = (bytes.fromhex(own.cosign_log), bytes.fromhex(own.cosign_held))
            if one.hint in {note_hint(one.name, COSIGNATURE_TYPE, key) for key in keys}:
                return True
    return False


def held_leaf(state: State, origin: Origin, seq: int) -> bytes:
    """Return a held leaf, on its way to the disk or durable."""
    octets = state.pending_leaf(origin, seq) or state.view.entry(origin, seq)
    assert octets is not None  # every index below the size is on its way or durable
    return octets


def _out_of_place(came: str) -> OutOfPlace:
    return OutOfPlace(
        expected=say("what comes next on this line"),
        came=came,
        remedy=say("nothing of it was stored; ask the sender"),
    )
