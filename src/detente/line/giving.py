"""Giving: what a party lacks, from what is durable here, in one bundle of a given size.

Anyone may carry anyone's log: the bundle holds what the last have-vector of the addressee says that it lacks,
of every log held here; its missing bodies; each checkpoint once, with the newest cosignature of each cosigner
and role.
"""

from __future__ import annotations

from collections.abc import Generator
from itertools import islice

from detente.line import keys
from detente.line.bundle import Kind, Record
from detente.line.checkpoint import Cosignature, Origin
from detente.line.effects import CourierReady, Role, Sign, Transmit
from detente.line.envelope import Envelope, PayloadType, Signature, payload_of
from detente.line.session import (
    MISSING_MAX,
    ActsHeld,
    Answer,
    Have,
    LineTest,
    LogHeld,
    OwnHead,
)
from detente.line.standing import ceiling, seat_under
from detente.line.state import Log, Party, State
from detente.line.statement import shown_contents

__all__ = ["give", "may_leave"]

_RECORD_OVERHEAD = 5
LOGS_TOLD = 2048
_AT_ONCE = 256
_SMALL = 4096
"""Contents up to this size are looked up many at once, larger ones singly: memory stays bounded."""


def give(state: State, event: CourierReady, now_ms: int) -> Generator[Sign, bytes, Transmit | None]:
    """Return the bundle for a party; None when it is not on the line or this node has no keys to speak with.

    With ``go_on`` the statements and bodies after the last bundle for it, and nothing else.
    """
    party = state.parties.get(event.to)
    own = state.own_keys()
    if party is None or own is None:
        return None
    records: list[Record] = []
    if not event.go_on:
        records += yield from _words(state, party, own.sign, now_ms)
        records += _openings_and_acts(state, party)
        records += _forks(state, party)
        held = party.have.logs if party.have is not None else ()
        party.given = {
            Origin(state.opening.line, one.epoch, one.member, one.generation): one.size for one in held
        }
    more = _logs(state, party, records, event)
    return Transmit(event.to, tuple(records), more)


def _words(state: State, party: Party, public: str, now_ms: int) -> Generator[Sign, bytes, list[Record]]:
    """Return what is said and not logged: the have-vector, an answer, a test, its reply, words on revocations."""
    have = _have(state, party, public, now_ms)
    records = [Record(Kind.HAVE, (yield from _signed(state, public, PayloadType.HAVE, "have", have.encode())))]
    knows = state.head_file is not None and not state.elsewhere
    if party.challenge is not None and knows:
        # without a head file, or with one that came along to another machine and may be an old copy, this node does
        # not know what it promised: silence is recorded, a low answer convicts
        answer = _answer(state, party, party.challenge, public, now_ms)
        octets = yield from _signed(state, public, PayloadType.ANSWER, "answer", answer.encode())
        records.append(Record(Kind.ANSWER, octets))
        party.challenge = None
    for kind, nonce in (("test", party.test_nonce), ("reply", party.test_to_answer)):
        if nonce is not None:
            test = _line_test(state, party, public, kind, nonce, now_ms)
            octets = yield from _signed(state, public, PayloadType.LINE_TEST, "test", test.encode())
            records.append(Record(Kind.LINE_TEST, octets))
    party.test_to_answer = None
    return records


def _line_test(state: State, party: Party, public: str, kind: str, nonce: str, now_ms: int) -> LineTest:
    return LineTest(
        author=state.me,
        clock_ms=now_ms,
        epoch=state.opening.epoch,
        format=1,
        key=keys.key_id(bytes.fromhex(public)),
        kind="test" if kind == "test" else "reply",
        line=state.opening.line,
        nonce=nonce,
        to=party.name,
    )


def _signed(
    state: State, public: str, kind: PayloadType, what: str, payload: bytes
) -> Generator[Sign, bytes, bytes]:
    signature = yield Sign(0, what, Role.SIGN, state.own_origin, payload)
    identifier = keys.key_id(bytes.fromhex(public))
    return Envelope(kind, payload, (Signature(identifier, signature),)).encode()


def _have(state: State, party: Party, public: str, now_ms: int) -> Have:
    logs = []
    missing: list[str] = []
    for origin in sorted(state.logs, key=lambda one: (-one.epoch, one))[:LOGS_TOLD]:
        log = state.logs[origin]
        size = log.durable if origin.member != state.me else min(log.durable, may_leave(state, log))
        logs.append(
            LogHeld(
                min(log.bodies, size), origin.epoch, origin.generation, origin.member,
                state.root_at(origin, size).hex(), size,
            )
        )  # fmt: skip
        for seq in islice(log.wanted, MISSING_MAX - len(missing)):
            missing += sorted(log.wanted[seq])
    logs.sort(key=lambda one: (one.epoch, one.member, one.generation))
    acts = [ActsHeld(len(ring.acts), ring.hashes[-1], name) for name, ring in sorted(state.rings.items())]
    return Have(
        acts=tuple(acts),
        author=state.me,
        challenge=state.challenging and party.answer is None,
        clock_ms=now_ms,
        epoch=state.opening.epoch,
        forks=tuple(sorted(state.forks))[:256],
        format=1,
        key=keys.key_id(bytes.fromhex(public)),
        line=state.opening.line,
        logs=tuple(logs),
        missing=tuple(missing[:MISSING_MAX]),
        nonce=state.challenge_nonce,
        opening=state.opening.hash(),
        to=party.name,
    )


def _answer(state: State, party: Party, nonce: str, public: str, now_ms: int) -> Answer:
    """Say the highest head of the asker's logs held here.

    After a restore, what the head file says was cosigned.
    """
    heads: dict[tuple[int, int], tuple[int, bytes]] = {}
    for origin, log in state.logs.items():
        if origin.member == party.name:
            heads[origin.epoch, origin.generation] = (log.durable, state.root_at(origin, log.durable))
    cosigned = state.head_file.cosigned if state.head_file else {}
    for (origin, _), (size, root) in cosigned.items():
        place = (origin.epoch, origin.generation)
        if (
            origin.member == party.name
            and origin.line == state.opening.line
            and size > heads.get(place, (0, b""))[0]
        ):
            heads[place] = (size, root)
    return Answer(
        about=party.name,
        author=state.me,
        clock_ms=now_ms,
        format=1,
        heads=tuple(OwnHead(*place, root.hex(), size) for place, (size, root) in sorted(heads.items()) if size)[
            -64:
        ],
        key=keys.key_id(bytes.fromhex(public)),
        line=state.opening.line,
        nonce=nonce,
        revocation=None,
    )


def _openings_and_acts(state: State, party: Party) -> list[Record]:
    records = []
    if party.have is None or party.have.opening != state.opening.hash() or len(state.openings) > 1:
        ordered = sorted(state.openings.values(), key=lambda one: (one.epoch, one.hash()))
        records += [Record(Kind.OPENING, one.encode()) for one in ordered if one.epoch > 1]
    held = {acts.member: acts.count for acts in party.have.acts} if party.have else {}
    for name, ring in sorted(state.rings.items()):
        records += [Record(Kind.ROOT_ACT, octets) for octets in ring.envelopes[held.get(name, 0) :]]
    return records


def _forks(state: State, party: Party) -> list[Record]:
    """Return fork proofs that it lacks, and neutral parties' words on revocations."""
    known = set(party.have.forks) if party.have else set()
    records = [Record(Kind.FORK, made) for name, made in sorted(state.forks.items()) if name not in known]
    return records + [Record(Kind.ANSWER, octets) for _, octets in sorted(state.words.items())]


def may_leave(state: State, log: Log) -> int:
    """Return how many statements of a log may leave: after a restore, of own logs only what was there before.

    On another machine of an open one only what the head file knows: what was stored last may be above it, and before a
    keeper's word nothing brings it up. Lost with this home it would be signed a second time.
    """
    if log.origin.member != state.me:
        return log.durable
    upto = state.withheld.get(log.origin, 0) if state.challenging and state.withheld else log.durable
    if state.elsewhere and log.origin.generation == state.rings[state.me].generation:
        recorded = state.head_file.own if state.head_file is not None else {}
        upto = min(upto, recorded.get(log.origin, (0, b""))[0])
    return upto


def _logs(state: State, party: Party, records: list[Record], event: CourierReady) -> bool:
    """Add statements, bodies and checkpoints until the bundle is full; True when more is waiting.

    A party gets the logs of the epochs in which it has a seat, and their shown contents where it is a member.
    """
    room = event.size_max - sum(len(record.content) + _RECORD_OVERHEAD for record in records)
    more = False
    if party.have is not None and not event.go_on and state.role_of(party.name) == "member":
        for digest in party.have.missing:
            room, given = _add_body(state, digest, records, room)
            more = more or not given
    for origin in sorted(state.logs):
        log = state.logs[origin]
        seat = seat_under(state, log, party.name)
        if seat is None:
            continue
        start = party.given.get(origin, 0)
        end = min(log.durable, may_leave(state, log))
        upto, room = _entries(state, origin, (start, end), records, room, bodies=seat.role == "member")
        party.given[origin] = max(upto, start)
        more = more or upto < end
        if not event.go_on or upto > start:
            records += _checkpoints(state, log, party, min(end, upto))
    return more


def _entries(
    state: State, origin: Origin, span: tuple[int, int], records: list[Record], room: int, *, bodies: bool
) -> tuple[int, int]:
    """Add the statements of a span, each with what travels with it; returns where it ended and the room left."""
    upto, end = span
    while upto < end and room > 0:
        leaves = state.view.entries(origin, upto, min(_AT_ONCE, end - upto))
        shown = [shown_contents(payload_of(leaf)) if bodies else () for leaf in leaves]
        small = [digest for each in shown for digest, size in each if size <= _SMALL]
        held = state.view.open_bodies(small) if small else {}
        for leaf, contents in zip(leaves, shown, strict=True):
            records.append(Record(Kind.ENTRY, leaf))
            room -= len(leaf) + _RECORD_OVERHEAD
            upto += 1
            for digest, size in contents:
                body = held.get(digest) if size <= _SMALL else state.view.open_body(digest)
                if body is not None:
                    records.append(Record(Kind.BODY if body[0] else Kind.RELEASE, body[0] + body[1]))
                    room -= len(body[0]) + len(body[1]) + _RECORD_OVERHEAD
            if room <= 0:
                break
    return upto, room


def _add_body(state: State, digest: str, records: list[Record], room: int) -> tuple[int, bool]:
    """Add a content that others may have; returns the room left, and False when only the room was missing.

    What is to be revealed later is never given, though everybody knows its hash and can name it as missing.
    """
    if room <= 0:
        return room, False
    body = state.view.open_body(digest)
    if body is None:
        return room, True
    records.append(Record(Kind.BODY if body[0] else Kind.RELEASE, body[0] + body[1]))
    return room - len(body[0]) - len(body[1]) - _RECORD_OVERHEAD, True


def _checkpoints(state: State, log: Log, party: Party, upto: int) -> list[Record]:
    """Return the newest head of what was given, and every head under which somebody's newest cosignature stands.

    Of the party's own log always the newest, with its own signature: so a restored node learns what it signed. To
    one that asks, also its own cosignatures, so that it learns what it promised.
    """
    by_size: dict[int, list[Cosignature]] = {}
    asks = party.have is not None and party.have.challenge
    for size, _, one in state.view.newest_cosignatures(log.origin):
        if size <= upto and (asks or one.name.split("/")[3] != party.name):
            by_size.setdefault(size, []).append(one)
    own = log.origin.member == party.name
    top = state.view.checkpoint(log.origin) if own else state.view.checkpoint_below(log.origin, upto)
    bound = ceiling(state, log)  # up to there the receipts are still owed, and only under a head of that size
    for head in (top, state.view.checkpoint_below(log.origin, bound) if bound is not None else None):
        if head is not None:
            by_size.setdefault(head.head.size, [])
    found = []
    for size in sorted(by_size):
        checkpoint = state.view.checkpoint_at(log.origin, size)
        if checkpoint is not None:
            found.append(checkpoint.under(tuple(by_size[size])))
    return [Record(Kind.CHECKPOINT, one.encode()) for one in found]
