"""Taking what arrives: every record is checked by its own signature or hash, whoever carried it.

Refused at the door are only: signature, spelling, index, previous hash, line, epoch, generation, caps, quota.
All else is stored, mirrored and cosigned: a refusal for meaning would kill a log for ever. A record that is
refused changes nothing but a counter; a contradiction that its author signed becomes a fork proof.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass, field

from detente import words
from detente.line import keys, merkle, proof
from detente.line.bundle import Kind, Record
from detente.line.checkpoint import (
    COSIGNATURE_TYPE,
    Checkpoint,
    Cosignature,
    Head,
    Origin,
    note_hint,
    verify_cosignature,
)
from detente.line.effects import (
    Priority,
    PutAct,
    PutBody,
    PutCheckpoint,
    PutCosignature,
    PutEntry,
    PutFork,
    PutOpening,
    PutPeer,
    Role,
)
from detente.line.envelope import Envelope, PayloadType
from detente.line.errors import BadSignature, Malformed, OutOfPlace, Refused
from detente.line.load import log_of, shown
from detente.line.opening import Opening
from detente.line.restoring import answer_arrived, convict, halt, own_seen
from detente.line.rootact import Keyring, decode_act
from detente.line.session import Answer, Have, LineTest, decode_session
from detente.line.state import Log, State
from detente.line.statement import SALT_BYTES, Statement, commit
from detente.line.watching import CONTROL_TYPES, note_control

__all__ = ["Taken", "take"]

say = words.speaker("line")


@dataclass(slots=True)
class Taken:
    """What one Arrived brought, for the person who asked.

    Counts of what was new, refusals with reason and words.
    """

    new: Counter[str] = field(default_factory=Counter)
    refused: list[tuple[str, str]] = field(default_factory=list)
    not_understood: int = 0
    changed: set[Origin] = field(default_factory=set)


def take(state: State, records: tuple[Record, ...], taken: Taken, now_ms: int) -> None:
    """Take the records in order.

    What is stored stands in ``state.parts``. Never raises for a stranger's bytes.
    """
    for record in records:
        if record.kind is None:
            taken.not_understood += 1
            continue
        try:
            _TAKERS[record.kind](state, record.content, taken, now_ms)
        except Refused as refusal:
            taken.refused.append((type(refusal).__name__, str(refusal)))
    if state.parts:
        state.put_state()  # who was heard, what is asked: known after a restart


def _have(state: State, octets: bytes, taken: Taken, now_ms: int) -> None:
    envelope = Envelope.decode(octets, PayloadType.HAVE)
    have = decode_session(envelope.payload, Have)
    _verify_session(state, envelope, have.author, have.line, have.key)
    party = state.parties.get(have.author)
    if party is None or have.to != state.me:
        raise _out_of_place(say("a have-vector from {author} to {to}", author=have.author, to=have.to))
    if party.have is not None and have.clock_ms < party.have.clock_ms:
        state.raise_alarm("clock-stepped-back", Priority.CAUTION, have.author)
    party.have = have
    party.heard_ms = now_ms
    if have.challenge:
        party.challenge = have.nonce
    state.parts.append(PutPeer(have.author, envelope.payload))
    taken.new["have"] += 1


def _opening(state: State, octets: bytes, taken: Taken, _now_ms: int) -> None:
    opening = Opening.decode(octets)
    identity = opening.hash()
    if identity in state.openings:
        return
    if opening.line != state.opening.line or opening.previous not in state.openings:
        raise _out_of_place(say("an opening of another line, or one whose predecessor is not held"))
    state.openings[identity] = opening
    state.parts.append(PutOpening(identity, opening.epoch, octets, current=False))
    state.raise_alarm(
        "opening-proposed", Priority.WARNING, detail_epoch=opening.epoch, fingerprint=opening.fingerprint()
    )
    taken.new["opening"] += 1


def _root_act(state: State, octets: bytes, taken: Taken, _now_ms: int) -> None:
    act = decode_act(Envelope.decode(octets, PayloadType.ROOT_ACT).payload)
    ring = state.rings.get(act.member)
    if ring is None:
        ring = _newcomer(state, octets)
    if act.member == state.me and act.index >= len(ring.acts):
        # only this node's own keepers bring its acts in; one from outside means that somebody else acts for them
        state.raise_alarm("own-root-act-from-outside", Priority.EMERGENCY, act.member)
        raise _out_of_place(say("a root act of this home that its keepers did not bring"))
    if not ring.take(octets):
        return
    state.rings[act.member] = ring
    state.parts.append(PutAct(act.member, act.index, octets))
    taken.new["root act"] += 1
    if act.act in {"generation", "leave"}:
        state.raise_alarm("keys-changed", Priority.WARNING, act.member, reason=act.reason)
        taken.changed.update(origin for origin in state.logs if origin.member == act.member)


def _newcomer(state: State, octets: bytes) -> Keyring:
    """Return a keyring for a card that an opening at hand names; raises OutOfPlace for anybody else's."""
    envelope = Envelope.decode(octets, PayloadType.ROOT_ACT)
    identity = hashlib.sha256(envelope.payload).hexdigest()
    if not any(seat.card == identity for one in state.openings.values() for seat in one.seats):
        raise _out_of_place(say("a card that no opening of this line names"))
    return Keyring()


def _entry(state: State, leaf: bytes, taken: Taken, now_ms: int) -> None:
    envelope = Envelope.decode(leaf, PayloadType.STATEMENT)
    statement, _ = Statement.decode(envelope.payload)
    origin = Origin(statement.line, statement.epoch, statement.author, statement.generation)
    log = log_of(state, origin)
    if statement.seq < log.size and _stored(state, log, statement.seq) == merkle.leaf_hash(leaf):
        return
    own = state.rings[origin.member].keys_of(origin.generation)
    if own is None or statement.key != keys.key_id(bytes.fromhex(own.sign)):
        raise BadSignature(
            expected=say("the key of generation {generation}", generation=origin.generation),
            came=statement.key[:16],
            remedy=say("nothing of it was stored; ask the sender"),
        )
    envelope.verify_one(bytes.fromhex(own.sign))
    if origin.member == state.me and not own_seen(state, log, statement.seq + 1):
        raise _out_of_place(say("an entry of this node's own log, while it is not refilling"))
    if statement.seq > log.size:
        raise _out_of_place(say("index {index} after {size}", index=statement.seq, size=log.size))
    if statement.seq < log.size or statement.previous != log.last:
        _entry_fork(state, log, statement, leaf)
        return
    _check_quota(state, origin.member, len(leaf))
    digest, nodes = log.grow(leaf)
    submission = statement.submission if origin.member == state.me else ""
    wanted = (
        {one.hash for one in shown(statement) if not state.view.has_body(one.hash)} if state.writes else set()
    )
    if wanted:
        log.wanted[statement.seq] = wanted
    state.parts.append(
        PutEntry(origin, statement.seq, leaf, digest, nodes, submission, now_ms, tuple(sorted(wanted)))
    )
    if statement.type in CONTROL_TYPES:
        note_control(state, statement.author, statement.type, now_ms)
    taken.new["statement"] += 1
    taken.changed.add(origin)


def _stored(state: State, log: Log, seq: int) -> bytes:
    return state.node(log.origin, 0, seq)


def _entry_fork(state: State, log: Log, statement: Statement, leaf: bytes) -> None:
    """Prove that the author's key signed two statements that cannot both stand, and cosign no more of this log."""
    ring = state.rings[log.origin.member]
    if statement.seq < log.size:
        held = _leaf(state, log, statement.seq)
        made = proof.statements_fork(ring, held, leaf)
    elif statement.seq == 0:
        raise _out_of_place(say("a first statement that names another opening"))
    else:
        made = proof.previous_fork(ring, _leaf(state, log, statement.seq - 1), leaf)
    _put_fork(state, made, log.origin)
    raise _out_of_place(
        say("a statement that contradicts one held: fork proof {name}", name=proof.identity(made)[:16])
    )


def _leaf(state: State, log: Log, seq: int) -> bytes:
    """Return a held leaf, from this transaction's parts or from what is durable."""
    for part in reversed(state.parts):
        if isinstance(part, PutEntry) and (part.origin, part.seq) == (log.origin, seq):
            return part.leaf
    octets = state.pending_leaf(log.origin, seq) or state.view.entry(log.origin, seq)
    assert octets is not None  # every index below the size is in the parts, on its way, or durable
    return octets


def _put_fork(state: State, made: bytes, origin: Origin | None) -> None:
    identity = proof.identity(made)
    if origin is not None and origin.member == state.me:
        halt(state, "possible-key-theft")
    if identity not in state.forks:
        state.forks[identity] = made
        state.parts.append(PutFork(identity, made))
        verdict = proof.judge(made)
        state.raise_alarm("fork", Priority.EMERGENCY, verdict.member, proof=identity, kind=verdict.kind)
    if origin is not None:
        state.forked.add(origin)


def _body(state: State, octets: bytes, taken: Taken, _now_ms: int) -> None:
    if len(octets) < SALT_BYTES or not state.writes:
        raise _out_of_place(say("a body that nobody here asked for"))
    salt, content = octets[:SALT_BYTES], octets[SALT_BYTES:]
    digest = commit(salt, content)
    wanting = [
        (log, seq) for log in state.logs.values() for seq, missing in log.wanted.items() if digest in missing
    ]  # few are ever missing at once: bodies follow their statements
    if not wanting:
        if state.view.has_body(digest):
            return
        raise _out_of_place(say("a body that no statement held here commits to"))
    _check_quota(state, wanting[0][0].origin.member, len(octets))
    state.parts.append(PutBody(digest, salt, content))
    for log, seq in wanting:
        log.wanted[seq].discard(digest)
        if not log.wanted[seq]:
            del log.wanted[seq]
        taken.changed.add(log.origin)
    taken.new["body"] += 1


def _checkpoint(state: State, octets: bytes, taken: Taken, now_ms: int) -> None:
    checkpoint = Checkpoint.decode(octets)
    head = checkpoint.head
    log = log_of(state, head.origin)
    own = state.rings[head.origin.member].keys_of(head.origin.generation)
    if own is None:
        raise _out_of_place(say("a head under keys that were never given"))
    if log.head is None or log.head.head != head:
        checkpoint.verify(bytes.fromhex(own.sign))
    if head.origin.member == state.me and head.size > log.size:
        own_seen(state, log, head.size)
    if head.size > log.size:
        if log.ahead is None or log.ahead.head.size < head.size:
            log.ahead = checkpoint
        return
    if head.size and state.root_at(head.origin, head.size) != head.root:
        _head_fork(state, log, checkpoint)
    if head.size and (log.head is None or head.size > log.head.head.size):
        log.head = checkpoint.bare()
        state.parts.append(PutCheckpoint(log.head))
        taken.new["head"] += 1
        taken.changed.add(head.origin)
    for one in checkpoint.cosignatures:
        _take_cosignature(state, log, head, one, taken, now_ms)


def _head_fork(state: State, log: Log, checkpoint: Checkpoint) -> None:
    """Prove that a signed head does not fit what its author signed before, or refuse it and say so."""
    ring, head, held = state.rings[log.origin.member], checkpoint.head, log.head
    if held is not None and held.head.size == head.size:
        made = proof.heads_fork(ring, held, checkpoint)
    elif held is not None and held.head.size > head.size:
        path = merkle.consistency_proof(
            head.size, held.head.size, lambda level, index: state.node(log.origin, level, index)
        )
        made = proof.prefix_fork(ring, checkpoint, held, path, state.root_at(log.origin, head.size))
    else:
        state.forked.add(log.origin)
        state.raise_alarm("head-does-not-fit", Priority.ALARM, log.origin.member, size=head.size)
        raise _out_of_place(say("a head that does not fit the statements under it"))
    _put_fork(state, made, log.origin)
    raise _out_of_place(
        say("a head that contradicts one held: fork proof {name}", name=proof.identity(made)[:16])
    )


def _take_cosignature(state: State, log: Log, head: Head, one: Cosignature, taken: Taken, now_ms: int) -> None:
    """Keep a mirror's word; one about an own log is a receipt."""
    found = _cosigner(state, log.origin, one)
    if found is None:
        raise _out_of_place(say("a cosignature by {name}, who is not on this line", name=one.name))
    member, role, public = found
    if log.delivered.get((member, role), 0) >= head.size:
        return
    verify_cosignature(head, one, public)
    log.delivered[member, role] = head.size
    state.parts.append(PutCosignature(log.origin, head.size, head.root, one, now_ms))
    taken.new["receipt" if log.origin.member == state.me else "cosignature"] += 1
    if log.origin.member == state.me:
        _settle(state, log)
        for octets in state.view.answers(member):
            made = convict(state, member, octets)
            if made is not None:
                _put_fork(state, made, None)


def _settle(state: State, log: Log) -> None:
    """Stop the clock of an own log when every member holds all of it."""
    members = [name for name in state.opening.members if name != state.me]
    if all(log.delivered.get((name, Role.COSIGN_HELD), 0) >= log.size for name in members):
        log.waiting_since_ms = None


def _cosigner(state: State, origin: Origin, one: Cosignature) -> tuple[str, Role, bytes] | None:
    """Return who cosigned in which role with which key, by the key's name and hint; None for a stranger."""
    pieces = one.name.split("/")
    if len(pieces) != 5 or pieces[:2] != ["detente", origin.line] or pieces[2] != str(origin.epoch):
        return None
    member, role = pieces[3], {"log": Role.COSIGN_LOG, "held": Role.COSIGN_HELD}.get(pieces[4])
    ring = state.rings.get(member)
    if role is None or ring is None or member == origin.member:
        return None
    for own in reversed(ring.generations):
        if own is not None:
            public = bytes.fromhex(own.cosign_log if role is Role.COSIGN_LOG else own.cosign_held)
            if one.hint == note_hint(one.name, COSIGNATURE_TYPE, public):
                return member, role, public
    return None


def _line_test(state: State, octets: bytes, taken: Taken, now_ms: int) -> None:
    envelope = Envelope.decode(octets, PayloadType.LINE_TEST)
    test = decode_session(envelope.payload, LineTest)
    _verify_session(state, envelope, test.author, test.line, test.key)
    party = state.parties.get(test.author)
    if party is None or test.to != state.me:
        raise _out_of_place(say("a line test from {author} to {to}", author=test.author, to=test.to))
    if test.kind == "test":
        party.test_to_answer = test.nonce
    elif test.nonce == party.test_nonce:
        party.test_nonce = None
        party.heard_ms = party.tested_ms = now_ms
        taken.new["test reply"] += 1


def _answer(state: State, octets: bytes, taken: Taken, now_ms: int) -> None:
    envelope = Envelope.decode(octets, PayloadType.ANSWER)
    answer = decode_session(envelope.payload, Answer)
    _verify_session(state, envelope, answer.author, answer.line, answer.key)
    made = answer_arrived(state, answer, octets, now_ms)
    if made is not None:
        _put_fork(state, made, None)
    taken.new["answer"] += 1


def _fork(state: State, octets: bytes, taken: Taken, _now_ms: int) -> None:
    verdict = proof.judge(octets)
    ring = state.rings.get(verdict.member)
    if ring is None or ring.card != verdict.card:
        raise _out_of_place(say("a fork proof about somebody who is not on this line"))
    if proof.identity(octets) not in state.forks:
        _put_fork(state, octets, None)
        taken.new["fork proof"] += 1


def _release(_state: State, _octets: bytes, _taken: Taken, _now_ms: int) -> None:
    """Officers' assertions lie beside the entry for those who hold the officers' keys; the host stores them."""


def _have_not(_state: State, _octets: bytes, _taken: Taken, _now_ms: int) -> None:
    raise Malformed(
        expected=say("a bundle of records, each within its cap"), came=say("a closing record in the middle")
    )


def _verify_session(state: State, envelope: Envelope, author: str, line: str, key: str) -> None:
    """Check a signed word of a party against its keys, newest generation first."""
    ring = state.rings.get(author)
    if ring is None or line != state.opening.line:
        raise _out_of_place(say("a word of {author} on line {line}", author=author, line=line))
    for own in reversed(ring.generations):
        if own is not None and keys.key_id(bytes.fromhex(own.sign)) == key:
            envelope.verify_one(bytes.fromhex(own.sign))
            return
    raise BadSignature(
        expected=say("a key of {author}", author=author),
        came=key[:16],
        remedy=say("nothing of it was stored; ask the sender"),
    )


def _check_quota(state: State, member: str, size: int) -> None:
    """Stop taking, in words that say how to go on, when a party fills more than its share of this disk."""
    if member == state.me:
        return
    used = state.used.get(member)
    used = state.view.used_bytes(member) if used is None else used
    if used + size > state.settings.quota_bytes:
        state.raise_alarm("quota", Priority.ALARM, member, bytes=state.settings.quota_bytes)
        raise OutOfPlace(
            expected=say("at most {size} bytes of {member}", size=state.settings.quota_bytes, member=member),
            came=say("more"),
            remedy=say("raise quota_bytes for this line and take again; nothing was lost"),
        )
    state.used[member] = used + size


def _out_of_place(came: str) -> OutOfPlace:
    return OutOfPlace(
        expected=say("what comes next on this line"),
        came=came,
        remedy=say("nothing of it was stored; ask the sender"),
    )


_TAKERS = {
    Kind.HAVE: _have,
    Kind.OPENING: _opening,
    Kind.ROOT_ACT: _root_act,
    Kind.ENTRY: _entry,
    Kind.BODY: _body,
    Kind.CHECKPOINT: _checkpoint,
    Kind.LINE_TEST: _line_test,
    Kind.ANSWER: _answer,
    Kind.RELEASE: _release,
    Kind.FORK: _fork,
    Kind.END: _have_not,
}
