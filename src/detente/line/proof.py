"""Fork proofs: two things signed by one key that cannot both be true, in one file that a third party judges.

Each proof carries the signer's root acts, so that only the member's card (or its fingerprint) is needed beside
it. Its verdict is "this key signed both", never "this member lied": a stolen key signs as well as its owner.

kinds:
    heads       two heads of one log and size with different roots
    prefix      a head (n, R), a later head, and a consistency proof under which the later one begins with another
                root than R
    statements  two statements of one author at one index of one log
    previous    a statement, and the next one that names another leaf before it
    answer      a challenge answer that understates what its author had cosigned before, by its own clock
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from detente import words
from detente.line import canonical, keys
from detente.line.bundle import PROOF_MAX
from detente.line.checkpoint import (
    COSIGNATURE_TYPE,
    Checkpoint,
    Cosignature,
    Origin,
    note_hint,
    verify_cosignature,
)
from detente.line.envelope import Envelope, PayloadType, decode_base64
from detente.line.errors import Malformed, Refused
from detente.line.merkle import leaf_hash, node_hash
from detente.line.rootact import Keyring
from detente.line.session import Answer, decode_session
from detente.line.statement import Statement

__all__ = [
    "Verdict",
    "answer_fork",
    "heads_fork",
    "judge",
    "prefix_fork",
    "previous_fork",
    "shows",
    "statements_fork",
]

say = words.speaker("line")


Shown = tuple[str, Origin | None]
"""Whose key signed both, and in which log; None for an answer, which is about another's log."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a fork proof shows: which member's key signed both, and of which kind the contradiction is."""

    kind: str
    member: str
    card: str
    key_id: str
    origin: Origin | None


def heads_fork(ring: Keyring, one: Checkpoint, other: Checkpoint) -> bytes:
    """Return the proof that one log has two heads of one size."""
    return _proof("heads", ring, [one.bare().encode(), other.bare().encode()], [])


def prefix_fork(
    ring: Keyring, older: Checkpoint, newer: Checkpoint, consistency: Sequence[bytes], real_root: bytes
) -> bytes:
    """Return the proof that a later head does not begin with an earlier one.

    consistency: from the earlier size to the later head; real_root: the root at the earlier size to which that
    proof leads. Where the earlier size is a power of two, RFC 9162 leaves that root out of the proof: here it
    stands first.
    """
    size = older.head.size
    path = [real_root, *consistency] if size & (size - 1) == 0 else list(consistency)
    return _proof("prefix", ring, [older.bare().encode(), newer.bare().encode()], path)


def statements_fork(ring: Keyring, one: bytes, other: bytes) -> bytes:
    """Return the proof that two statements stand at one index."""
    return _proof("statements", ring, [one, other], [])


def previous_fork(ring: Keyring, before: bytes, after: bytes) -> bytes:
    """Return the proof that a statement denies the one before it."""
    return _proof("previous", ring, [before, after], [])


def answer_fork(ring: Keyring, answer: bytes, checkpoint: Checkpoint, cosignature: Cosignature) -> bytes:
    """Return the proof that an answer says less than its author had cosigned."""
    alone = Checkpoint(checkpoint.head, checkpoint.signature, checkpoint.hint, (cosignature,))
    return _proof("answer", ring, [answer, alone.encode()], [])


def judge(proof: bytes) -> Verdict:
    """Return what the proof shows; raises Refused when it shows nothing.

    The member's card is named in the verdict: whoever judges compares it with the card that he was given.
    """
    document = canonical.decode(proof, size_max=PROOF_MAX, what="fork proof")
    try:
        if document.keys() != {"acts", "evidence", "format", "kind", "path"} or document["format"] != 1:
            raise ValueError  # noqa: TRY301 - one place turns every shape fault into one refusal
        acts, evidence, path = (
            [decode_base64(one) for one in document[name]] for name in ("acts", "evidence", "path")
        )
        one, other = evidence
        check = _JUDGES[document["kind"]]
    except (ValueError, KeyError, TypeError):
        raise _shows_nothing(say("another shape")) from None
    ring = Keyring()
    for act in acts:
        ring.take(act)
    if not ring.acts:
        raise _shows_nothing(say("no card"))
    key, origin = check(ring, one, other, path)
    return Verdict(document["kind"], ring.member, ring.card, key, origin)


def shows(proof: bytes) -> bool:
    """Tell whether a proof shows anything."""
    try:
        judge(proof)
    except Refused:
        return False
    return True


def identity(proof: bytes) -> str:
    """Return the proof's hash, hexadecimal."""
    return hashlib.sha256(proof).hexdigest()


def _proof(kind: str, ring: Keyring, evidence: Sequence[bytes], path: Sequence[bytes]) -> bytes:
    def texts(pieces: Sequence[bytes]) -> list[str]:
        return [base64.b64encode(piece).decode() for piece in pieces]

    document: dict[str, Any] = {
        "acts": texts(ring.envelopes),
        "evidence": texts(sorted(evidence) if kind in {"heads", "statements"} else evidence),
        "format": 1,
        "kind": kind,
        "path": texts(path),
    }
    return canonical.encode(document)


def _head(ring: Keyring, octets: bytes) -> tuple[Checkpoint, str]:
    """Return a head whose writer's signature holds, and the key's id."""
    checkpoint = Checkpoint.decode(octets)
    own = ring.keys_of(checkpoint.head.origin.generation)
    if own is None or checkpoint.head.origin.member != ring.member:
        raise _shows_nothing(say("a head of another member"))
    checkpoint.verify(bytes.fromhex(own.sign))
    return checkpoint, keys.key_id(bytes.fromhex(own.sign))


def _statement(ring: Keyring, octets: bytes) -> tuple[Statement, str]:
    """Return a statement whose signature holds, and the key's id."""
    envelope = Envelope.decode(octets, PayloadType.STATEMENT)
    statement, _ = Statement.decode(envelope.payload)
    own = ring.keys_of(statement.generation)
    if own is None or statement.author != ring.member or statement.key != keys.key_id(bytes.fromhex(own.sign)):
        raise _shows_nothing(say("a statement of another member"))
    envelope.verify_one(bytes.fromhex(own.sign))
    return statement, statement.key


def _judge_heads(ring: Keyring, one: bytes, other: bytes, _path: list[bytes]) -> Shown:
    (first, key), (second, _) = _head(ring, one), _head(ring, other)
    same = (first.head.origin, first.head.size) == (second.head.origin, second.head.size)
    if not same or first.head.root == second.head.root:
        raise _shows_nothing(say("two heads that can both be true"))
    return key, first.head.origin


def _judge_prefix(ring: Keyring, one: bytes, other: bytes, path: list[bytes]) -> Shown:
    (older, key), (newer, _) = _head(ring, one), _head(ring, other)
    if older.head.origin != newer.head.origin:
        raise _shows_nothing(say("heads of two logs"))
    begins_with = _old_root(older.head.size, newer.head.size, path, newer.head.root)
    if begins_with is None or begins_with == older.head.root:
        raise _shows_nothing(say("two heads that can both be true"))
    return key, older.head.origin


def _judge_statements(ring: Keyring, one: bytes, other: bytes, _path: list[bytes]) -> Shown:
    (first, key), (second, _) = _statement(ring, one), _statement(ring, other)
    if _place(first) != _place(second) or first.seq != second.seq or one == other:
        raise _shows_nothing(say("two statements that can both be true"))
    return key, _place(first)


def _judge_previous(ring: Keyring, one: bytes, other: bytes, _path: list[bytes]) -> Shown:
    (before, key), (after, _) = _statement(ring, one), _statement(ring, other)
    if _place(before) != _place(after) or after.seq != before.seq + 1 or after.previous == leaf_hash(one).hex():
        raise _shows_nothing(say("two statements that can both be true"))
    return key, _place(before)


def _judge_answer(ring: Keyring, one: bytes, other: bytes, _path: list[bytes]) -> Shown:
    envelope = Envelope.decode(one, PayloadType.ANSWER)
    answer = decode_session(envelope.payload, Answer)
    signer = next(
        (own for own in ring.generations if own and keys.key_id(bytes.fromhex(own.sign)) == answer.key), None
    )
    checkpoint = Checkpoint.decode(other)
    origin = checkpoint.head.origin
    if signer is None or answer.author != ring.member or len(checkpoint.cosignatures) != 1:
        raise _shows_nothing(say("an answer of another member"))
    envelope.verify_one(bytes.fromhex(signer.sign))
    cosignature = checkpoint.cosignatures[0]
    public = _cosigning_key(ring, origin, cosignature)
    if public is None or (answer.line, answer.about) != (origin.line, origin.member):
        raise _shows_nothing(say("a cosignature of another member or line"))
    verify_cosignature(checkpoint.head, cosignature, bytes.fromhex(public))
    said = max(
        (
            head.size
            for head in answer.heads
            if (head.epoch, head.generation) == (origin.epoch, origin.generation)
        ),
        default=0,
    )
    if said >= checkpoint.head.size or cosignature.clock_s * 1000 >= answer.clock_ms:
        raise _shows_nothing(say("an answer that says no less than was cosigned before"))
    return keys.key_id(bytes.fromhex(signer.sign)), None


def _cosigning_key(ring: Keyring, origin: Origin, cosignature: Cosignature) -> str | None:
    """Return the member's key that may have made it, of whatever generation: a promise outlives its key."""
    start = f"detente/{origin.line}/{origin.epoch}/{ring.member}"
    for own in reversed(ring.generations):
        if own is not None:
            for role, public in (("log", own.cosign_log), ("held", own.cosign_held)):
                hint = note_hint(cosignature.name, COSIGNATURE_TYPE, bytes.fromhex(public))
                if (cosignature.name, cosignature.hint) == (f"{start}/{role}", hint):
                    return public
    return None


def _place(statement: Statement) -> Origin:
    return Origin(statement.line, statement.epoch, statement.author, statement.generation)


def _old_root(old: int, new: int, path: list[bytes], new_root: bytes) -> bytes | None:
    """Return the root at size ``old`` that this consistency proof fixes under ``new_root``, or None."""
    if not 0 < old < new or not path or any(len(step) != 32 for step in path):
        return None
    steps = list(path)
    first, last = old - 1, new - 1
    while first & 1:
        first, last = first >> 1, last >> 1
    older = newer = steps[0]
    for step in steps[1:]:
        if last == 0:
            return None
        if first & 1 or first == last:
            older, newer = node_hash(step, older), node_hash(step, newer)
            while not first & 1 and first:
                first, last = first >> 1, last >> 1
        else:
            newer = node_hash(newer, step)
        first, last = first >> 1, last >> 1
    return older if last == 0 and newer == new_root else None


def _shows_nothing(came: str) -> Refused:
    return Malformed(
        expected=say("two things signed by one key that cannot both be true"),
        came=came,
        remedy=say("this file proves nothing; keep what you have"),
    )


_JUDGES = {
    "heads": _judge_heads,
    "prefix": _judge_prefix,
    "statements": _judge_statements,
    "previous": _judge_previous,
    "answer": _judge_answer,
}
