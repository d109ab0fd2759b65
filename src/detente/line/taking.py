"""Taking what arrives: every record is checked by its own signature or hash, whoever carried it.

Refused at the door are only: signature, spelling, index, previous hash, line, epoch, generation, caps, quota.
All else is stored, mirrored and cosigned: a refusal for meaning would kill a log for ever. A record that is
refused changes nothing but a counter; a contradiction that its author signed becomes a fork proof.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from msgspec.structs import replace

from detente import words
from detente.line import keys, merkle
from detente.line.admitting import adopt_by, take_act, take_opening
from detente.line.bundle import Kind, Record
from detente.line.checkpoint import Origin
from detente.line.effects import Priority, PutAnswer, PutBody, PutDue, PutEntry, PutPeer
from detente.line.envelope import Envelope, PayloadType
from detente.line.errors import BadSignature, Malformed, OutOfPlace, Refused
from detente.line.forks import entry_fork, held_leaf, put_fork, take_fork
from detente.line.heads import settle_claims, take_checkpoint
from detente.line.load import bases, log_of
from detente.line.restoring import answer_arrived, own_seen
from detente.line.session import Answer, Have, LineTest, decode_session
from detente.line.standing import is_closed, readers, seat_under, usable_generations
from detente.line.state import Log, State
from detente.line.statement import RELEASE_SIZE, SALT_BYTES, Statement, commit, promised
from detente.line.watching import ANSWERS, CONTROL_TYPES, note_control

__all__ = ["Taken", "take"]

say = words.speaker("line")

REFUSALS_TOLD = 100
_KEY_EVENTS = frozenset({Kind.OPENING, Kind.ROOT_ACT})
CLOCK_TOLERANCE_MS = 3_600_000
OVERTAKING_MS = 600_000
"""Bundles go over several connections and couriers at once: one that is a little older was overtaken, that is all."""
_UNKNOWN_SIZE = -1
"""Of a content that a statement stored in an earlier run promises: it is looked up when the content comes."""


@dataclass(slots=True)
class Taken:
    """What one Arrived brought, for the person who asked.

    Counts of what was new and of what was refused by reason; of the refusals the first hundred in words.
    """

    new: Counter[str] = field(default_factory=Counter)
    refused: list[tuple[str, str]] = field(default_factory=list)
    reasons: Counter[str] = field(default_factory=Counter)
    not_understood: int = 0
    changed: set[Origin] = field(default_factory=set)
    reads: dict[Origin, bool] = field(default_factory=dict)  # logs whose shown contents this node gets


def take(state: State, records: tuple[Record, ...], taken: Taken, now_ms: int, *, last: bool = True) -> None:
    """Take the records, key events and openings first; what is stored stands in ``state.parts``.

    Never raises for a stranger's bytes. last: the bundle ends here.
    """
    if any(record.kind in _KEY_EVENTS for record in records):
        records = tuple(sorted(records, key=_order))
    for record in records:
        if record.kind is None:
            taken.not_understood += 1
            continue
        try:
            _TAKERS[record.kind](state, record.content, taken, now_ms)
        except Refused as refusal:
            taken.reasons[type(refusal).__name__] += 1
            if len(taken.refused) < REFUSALS_TOLD:
                taken.refused.append((type(refusal).__name__, str(refusal)))
    for origin in sorted(taken.changed):
        settle_claims(state, origin)
    _note_wanted(state, taken)
    if last:
        state.offered.clear()
        state.offered_acts.clear()
    if state.parts:
        state.put_state()  # who was heard, what is asked: known after a restart


def _order(record: Record) -> int:
    """Key events first: what they allow or end may stand anywhere in the same bundle."""
    return 0 if record.kind in _KEY_EVENTS else 1


def _have(state: State, octets: bytes, taken: Taken, now_ms: int) -> None:
    envelope = Envelope.decode(octets, PayloadType.HAVE)
    have = decode_session(envelope.payload, Have)
    _verify_session(state, envelope, have.author, have.line, have.key)
    party = state.parties.get(have.author)
    if party is None or have.to != state.me:
        raise _out_of_place(say("a have-vector from {author} to {to}", author=have.author, to=have.to))
    _check_clock(state, have.author, have.clock_ms, now_ms)
    if party.have is None or have.clock_ms > party.have.clock_ms:
        party.heard_ms = now_ms  # years-old bytes brought again do not make a silent line look alive
    elif have.clock_ms < party.have.clock_ms - OVERTAKING_MS:
        state.raise_alarm("older-have-vector", Priority.CAUTION, have.author)
    party.have = have  # also an older one: its author may have been restored, or have set its clock back
    if have.challenge:
        party.challenge = have.nonce
    state.parts.append(PutPeer(have.author, envelope.payload))
    taken.new["have"] += 1


def _check_clock(state: State, author: str, clock_ms: int, now_ms: int) -> None:
    """Flag a clock that runs ahead of ours; one behind may only have travelled long. Nothing is refused."""
    if clock_ms > now_ms + CLOCK_TOLERANCE_MS:
        state.raise_alarm("clock-ahead", Priority.CAUTION, author)


def _opening(state: State, octets: bytes, _taken: Taken, _now_ms: int) -> None:
    take_opening(state, octets)


def _root_act(state: State, octets: bytes, taken: Taken, _now_ms: int) -> None:
    act = take_act(state, octets)
    if act is not None:
        taken.new["root act"] += 1
        if act.act in {"generation", "leave"}:
            taken.changed.update(origin for origin in state.logs if origin.member == act.member)


def _entry(state: State, leaf: bytes, taken: Taken, now_ms: int) -> None:
    envelope = Envelope.decode(leaf, PayloadType.STATEMENT)
    statement, _ = Statement.decode(envelope.payload)
    origin = Origin(statement.line, statement.epoch, statement.author, statement.generation)
    log = state.logs.get(origin)
    if log is not None and statement.seq < log.size:
        if state.node(origin, 0, statement.seq) == merkle.leaf_hash(leaf):
            return
        if origin in state.proven:
            raise _out_of_place(say("another contradiction of a log whose fork is proven"))
    _verify_entry(state, envelope, statement, origin)
    if state.offered and adopt_by(state, statement):
        taken.new["opening"] += 1
    log = log_of(state, origin)
    if origin.member == state.me and not is_closed(state, origin) and not own_seen(state, log, statement.seq + 1):
        raise _out_of_place(say("an entry of this node's own log, while it is not refilling"))
    if statement.seq > log.size:
        raise _out_of_place(say("index {index} after {size}", index=statement.seq, size=log.size))
    if log.size == 0:
        _found(state, log, statement)
    elif statement.seq < log.size or statement.previous != log.last:
        entry_fork(state, log, statement, leaf)
    _check_quota(state, origin.member, len(leaf))
    _append(state, log, statement, leaf, taken, now_ms)


def _verify_entry(state: State, envelope: Envelope, statement: Statement, origin: Origin) -> None:
    """Check that the author's key of that generation signed it, before anything else is done with it."""
    ring = state.rings.get(origin.member)
    own = ring.keys_of(origin.generation) if ring is not None else None
    if origin.line != state.opening.line or ring is None or own is None:
        raise _out_of_place(say("a statement of log {log}, which may not exist here", log=origin))
    if statement.key != keys.key_id(bytes.fromhex(own.sign)):
        raise BadSignature(
            expected=say("the key of generation {generation}", generation=origin.generation),
            came=statement.key[:16],
            remedy=say("nothing of it was stored; ask the sender"),
        )
    envelope.verify_one(bytes.fromhex(own.sign))


def _found(state: State, log: Log, statement: Statement) -> None:
    """Stand a log on the opening that its first statement names: that is its author's consent."""
    named = bases(state, log.origin).get(statement.previous)
    if named is None:
        raise _out_of_place(say("a first statement that names an opening which is not held"))
    log.opening, log.last = named, statement.previous


def _append(state: State, log: Log, statement: Statement, leaf: bytes, taken: Taken, now_ms: int) -> None:
    origin, seq = log.origin, statement.seq
    digest, nodes = log.grow(leaf)
    state.leaves[origin, seq] = leaf
    reads = taken.reads.get(origin)
    if reads is None:
        seat = seat_under(state, log, state.me)
        reads = taken.reads[origin] = seat is not None and seat.role == "member"
    if reads:
        wanted = promised(statement)
        for digest_wanted, size in reversed(wanted):
            state.wanting.setdefault(digest_wanted, {})[origin, seq] = size
        if wanted:
            log.wanted[seq] = {one for one, _ in wanted}
    submission = statement.submission if origin.member == state.me else ""
    state.parts.append(PutEntry(origin, seq, leaf, digest, nodes, submission, now_ms))
    _note_time(state, log, statement, now_ms)
    if statement.type in CONTROL_TYPES:
        note_control(state, statement.author, statement.type, now_ms)
    taken.new["statement"] += 1
    taken.changed.add(origin)


def _note_time(state: State, log: Log, statement: Statement, now_ms: int) -> None:
    """Record what its author's clock does, and who owes an answer by when on this node's own clock."""
    if statement.clock_ms < log.clock_ms:
        state.raise_alarm("clock-stepped-back", Priority.CAUTION, statement.author)
    log.clock_ms = statement.clock_ms
    _check_clock(state, statement.author, statement.clock_ms, now_ms)
    if statement.answer_by_ms is not None and state.writes:
        period_ms = max(0, statement.answer_by_ms - statement.clock_ms)  # a period, never their clock's reading
        owing = [state.me] if statement.author != state.me else list(readers(state))
        state.parts += [PutDue(log.origin, statement.seq, name, now_ms + period_ms) for name in owing]
    reply = statement.in_reply_to
    if reply is not None and statement.type in ANSWERS:
        about = Origin(statement.line, reply.epoch, reply.member, reply.generation)
        state.parts.append(PutDue(about, reply.seq, statement.author, None))


def _note_wanted(state: State, taken: Taken) -> None:
    """Store with each entry which of its shown contents did not come with it."""
    if not any(state.logs[origin].wanted for origin in taken.changed):
        return
    for place, part in enumerate(state.parts):
        if isinstance(part, PutEntry) and (missing := state.logs[part.origin].wanted.get(part.seq)):
            state.parts[place] = replace(part, wanted=tuple(sorted(missing)))


def _body(state: State, octets: bytes, taken: Taken, _now_ms: int) -> None:
    if len(octets) < SALT_BYTES:
        raise _out_of_place(say("a body that nobody here asked for"))
    salt, content = octets[:SALT_BYTES], octets[SALT_BYTES:]
    if _content(state, commit(salt, content), salt, content, len(content), taken):
        taken.new["body"] += 1


def _release(state: State, octets: bytes, taken: Taken, _now_ms: int) -> None:
    """Keep what officers released beside its statement, whatever it shows: a refusal for meaning stops a log."""
    if _content(state, hashlib.sha256(octets).hexdigest(), b"", octets, RELEASE_SIZE, taken):
        taken.new["release"] += 1


def _content(state: State, digest: str, salt: bytes, content: bytes, size: int, taken: Taken) -> bool:
    """Store what statements held here promise; False when it is held already.

    It settles those statements alone that state this size: nobody can keep a content from the readers of another
    member by promising the same hash with a false size.
    """
    wanting = state.wanting.get(digest)
    if not wanting:
        if state.view.has_body(digest):
            return False
        raise _out_of_place(say("a body that no statement held here commits to"))
    for place, stated in wanting.items():
        if stated == _UNKNOWN_SIZE:
            wanting[place] = _stated_size(state, *place, digest)
    fitting = [place for place, stated in wanting.items() if stated == size]
    if not fitting and state.view.has_body(digest):
        return False  # brought again for a statement that it fits, and which has it
    if not fitting:
        raise Malformed(
            expected=say("a body of the size that its statement states"),
            came=say("{size} bytes", size=len(content)),
            remedy=say("nothing of it was stored; ask the sender"),
        )
    author = fitting[0][0].member
    _check_quota(state, author, len(salt) + len(content))
    others = tuple(place for place in wanting if place not in fitting)
    state.parts.append(PutBody(digest, salt, content, of=author, not_for=others))
    for origin, seq in fitting:
        del wanting[origin, seq]
        log = state.logs[origin]
        log.wanted[seq].discard(digest)
        if not log.wanted[seq]:
            del log.wanted[seq]
        taken.changed.add(origin)
    if not wanting:
        del state.wanting[digest]
    return True


def _stated_size(state: State, origin: Origin, seq: int, digest: str) -> int:
    """Return the size that a stored statement states for a content."""
    leaf = held_leaf(state, origin, seq)
    statement, _ = Statement.decode(Envelope.decode(leaf, PayloadType.STATEMENT).payload)
    return dict(reversed(promised(statement)))[digest]


def _checkpoint(state: State, octets: bytes, taken: Taken, now_ms: int) -> None:
    take_checkpoint(state, octets, taken.new, taken.changed, now_ms)


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
        if not party.test_at_ms - CLOCK_TOLERANCE_MS <= test.clock_ms <= now_ms + CLOCK_TOLERANCE_MS:
            state.raise_alarm("clock-differs", Priority.CAUTION, test.author)  # said in between, by any clock
        party.test_nonce = None
        party.heard_ms = party.tested_ms = now_ms
        taken.new["test reply"] += 1


def _answer(state: State, octets: bytes, taken: Taken, now_ms: int) -> None:
    envelope = Envelope.decode(octets, PayloadType.ANSWER)
    answer = decode_session(envelope.payload, Answer)
    _verify_session(state, envelope, answer.author, answer.line, answer.key)
    if answer.revocation is not None:
        _word(state, answer, octets, taken)
        return
    made = answer_arrived(state, answer, octets, now_ms)
    state.answers[answer.author] = octets
    newest = state.answers_upto_ms.get(answer.author, 0)
    state.answers_upto_ms[answer.author] = max(answer.clock_ms, newest)
    if made is not None:
        put_fork(state, made, None)
    taken.new["answer"] += 1


def _word(state: State, answer: Answer, octets: bytes, taken: Taken) -> None:
    """Keep a neutral party's word on a revocation: the first of each party on each act."""
    identity = hashlib.sha256(octets).hexdigest()
    if identity in state.words:
        return
    seat, ring = state.opening.seat(answer.author), state.rings.get(answer.about)
    if seat is None or answer.about not in seat.neutral_for:
        raise _out_of_place(say("a word on a revocation by a party that is not neutral for that member"))
    if ring is None or answer.revocation not in ring.hashes:
        raise _out_of_place(say("a word on a revocation that is not held here"))
    kept = [decode_session(Envelope.decode(one, PayloadType.ANSWER).payload, Answer)
            for one in state.words.values()]  # fmt: skip
    if any((one.author, one.revocation) == (answer.author, answer.revocation) for one in kept):
        raise _out_of_place(say("a second word of one party on one revocation"))
    state.words[identity] = octets
    state.parts.append(PutAnswer(answer.author, octets))
    taken.new["word on a revocation"] += 1


def _fork(state: State, octets: bytes, taken: Taken, _now_ms: int) -> None:
    if take_fork(state, octets):
        taken.new["fork proof"] += 1


def _end(_state: State, _octets: bytes, _taken: Taken, _now_ms: int) -> None:
    raise Malformed(
        expected=say("a bundle of records, each within its cap"), came=say("a closing record in the middle")
    )


def _verify_session(state: State, envelope: Envelope, author: str, line: str, key: str) -> None:
    """Check a signed word of a party against the keys that still speak for it, newest generation first."""
    ring = state.rings.get(author)
    if ring is None or line != state.opening.line:
        raise _out_of_place(say("a word of {author} on line {line}", author=author, line=line))
    for number in usable_generations(ring):
        own = ring.generations[number]
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


_TAKERS: dict[Kind, Callable[[State, bytes, Taken, int], None]] = {
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
    Kind.END: _end,
}
