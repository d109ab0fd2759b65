"""Giving: what a party lacks, from what is durable here, in one bundle of a given size.

Anyone may carry anyone's log: the bundle holds what the last have-vector of the addressee says that it lacks,
of every log held here; its missing bodies; each checkpoint once, with the newest cosignature of each cosigner
and role.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import replace

from detente.line import keys
from detente.line.bundle import Kind, Record
from detente.line.checkpoint import Cosignature
from detente.line.effects import CourierReady, Role, Sign, Transmit
from detente.line.envelope import Envelope, PayloadType, Signature
from detente.line.load import shown
from detente.line.session import (
    MISSING_MAX,
    ActsHeld,
    Answer,
    Have,
    LineTest,
    LogHeld,
    OwnHead,
)
from detente.line.state import Log, Party, State
from detente.line.statement import SALT_BYTES, Statement

__all__ = ["give"]

_RECORD_OVERHEAD = 5


def give(state: State, event: CourierReady, now_ms: int) -> Generator[Sign, bytes, Transmit | None]:
    """Return the bundle for a party; None when it is not on the line or this node has no keys to speak with."""
    party = state.parties.get(event.to)
    own = state.own_keys()
    if party is None or own is None:
        return None
    records: list[Record] = []
    octets = yield from _signed(
        state, own.sign, PayloadType.HAVE, "have", _have(state, party, own.sign, now_ms).encode()
    )
    records.append(Record(Kind.HAVE, octets))
    if party.challenge is not None:
        answer = _answer(state, party, party.challenge, own.sign, now_ms)
        octets = yield from _signed(state, own.sign, PayloadType.ANSWER, "answer", answer.encode())
        records.append(Record(Kind.ANSWER, octets))
        party.challenge = None
    for kind, nonce in (("test", party.test_nonce), ("reply", party.test_to_answer)):
        if nonce is not None:
            test = LineTest(
                author=state.me, clock_ms=now_ms, epoch=state.opening.epoch, format=1, key=keys.key_id(bytes.fromhex(own.sign)),
                kind="test" if kind == "test" else "reply", line=state.opening.line, nonce=nonce, to=party.name,
            )  # fmt: skip
            octets = yield from _signed(state, own.sign, PayloadType.LINE_TEST, "test", test.encode())
            records.append(Record(Kind.LINE_TEST, octets))
    party.test_to_answer = None
    records += _openings_and_acts(state, party)
    records += _forks(state, party)
    more = _logs(state, party, records, event.size_max)
    return Transmit(event.to, tuple(records), more)


def _signed(
    state: State, public: str, kind: PayloadType, what: str, payload: bytes
) -> Generator[Sign, bytes, bytes]:
    signature = yield Sign(0, what, Role.SIGN, state.own_origin, payload)
    identifier = keys.key_id(bytes.fromhex(public))
    return Envelope(kind, payload, (Signature(identifier, signature),)).encode()


def _have(state: State, party: Party, public: str, now_ms: int) -> Have:
    logs = []
    missing: list[str] = []
    for origin in sorted(state.logs):
        log = state.logs[origin]
        logs.append(
            LogHeld(
                min(log.bodies, log.durable),
                max(origin.epoch, 1),
                origin.generation,
                origin.member,
                state.root_at(origin, log.durable).hex(),
                log.durable,
            )  # fmt: skip
        )
        missing += [digest for seq in sorted(log.wanted) for digest in sorted(log.wanted[seq])]
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
    known = set(party.have.forks) if party.have else set()
    return [Record(Kind.FORK, made) for name, made in sorted(state.forks.items()) if name not in known]


def _logs(state: State, party: Party, records: list[Record], size_max: int) -> bool:
    """Add statements, bodies and checkpoints until the bundle is full; True when more is waiting."""
    room = size_max - sum(len(record.content) + _RECORD_OVERHEAD for record in records)
    held = {(log.epoch, log.generation, log.member): log.size for log in party.have.logs} if party.have else {}
    wants_bodies = state.role_of(party.name) == "member"
    if party.have is not None and wants_bodies:
        for digest in party.have.missing:
            room = _add_body(state, digest, records, room)
    more = False
    for origin in sorted(state.logs):
        log = state.logs[origin]
        start = held.get((origin.epoch, origin.generation, origin.member), 0)
        end = log.durable
        if origin.member == state.me and state.challenging:
            end = min(end, state.withheld.get(origin, end))
        upto = start
        while upto < end and room > 0:
            for leaf in state.view.entries(origin, upto, min(256, end - upto)):
                records.append(Record(Kind.ENTRY, leaf))
                room -= len(leaf) + _RECORD_OVERHEAD
                upto += 1
                if wants_bodies:
                    statement, _ = Statement.decode(Envelope.decode(leaf, PayloadType.STATEMENT).payload)
                    for one in shown(statement):
                        room = _add_body(state, one.hash, records, room, always=True)
                if room <= 0:
                    break
        more = more or upto < end
        records += _checkpoints(state, log, party, end)
    return more


def _add_body(state: State, digest: str, records: list[Record], room: int, *, always: bool = False) -> int:
    if room <= 0 and not always:
        return room
    body = state.view.body(digest)
    if body is None:
        return room
    records.append(Record(Kind.BODY, body[0] + body[1]))
    return room - len(body[1]) - SALT_BYTES - _RECORD_OVERHEAD


def _checkpoints(state: State, log: Log, party: Party, end: int) -> list[Record]:
    """Return the newest head, and every head under which somebody's newest cosignature stands."""
    by_size: dict[int, list[Cosignature]] = {}
    for size, _, one in state.view.newest_cosignatures(log.origin):
        if size <= end and one.name.split("/")[3] != party.name:
            by_size.setdefault(size, []).append(one)
    top = state.view.checkpoint(log.origin)
    if top is not None and top.head.size <= end:
        by_size.setdefault(top.head.size, [])
    found = []
    for size in sorted(by_size):
        checkpoint = state.view.checkpoint_at(log.origin, size)
        if checkpoint is not None:
            found.append(replace(checkpoint, cosignatures=tuple(by_size[size])))
    return [Record(Kind.CHECKPOINT, one.encode()) for one in found]
