"""Peers that lie: what a dishonest node makes of the bundle that its machine hands out.

A liar runs the real machine, with a signer that keeps no rule, often as several faces: copies of itself that go on
differently and show each other member another one. On top of that it edits what leaves, with the keys that it has.
"""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

import msgspec

from detente.line import canonical, keys, merkle
from detente.line.bundle import Kind, Record
from detente.line.checkpoint import (
    Checkpoint,
    Head,
    Origin,
    cosigned_message,
    cosigner_name,
    make_checkpoint,
    make_cosignature,
)
from detente.line.effects import Role
from detente.line.envelope import Envelope, PayloadType, Signature, pre_authentication
from detente.line.errors import Refused
from detente.line.proof import answer_fork
from detente.line.rootact import encode_act
from detente.line.session import Answer, Have, decode_session
from detente.line.statement import Commitment, Statement
from tests.simulation.seals import Key

if TYPE_CHECKING:
    from tests.simulation.nodes import Node
    from tests.simulation.world import World

TRICKS = (
    "withhold receipts",
    "withhold bodies",
    "withhold anything",
    "flood",
    "frame a third",
    "replay",
    "other spellings",
    "understate",
    "acknowledge ahead",
    "signed nonsense",
    "false have-vector",
    "invent openings",
)


def distort(world: World, node: Node, to: str, records: list[Record]) -> list[Record]:
    """Return what the liar sends in place of an honest bundle."""
    rng = world.rng
    for trick in world.tricks.get(node.member, ()):
        if rng.random() < 0.5:
            try:
                made = _TRICKS[trick](world, node, to, records)
            except (Refused, ValueError):  # an earlier trick left nothing that this one can read
                continue
            if made != records:
                world.marks[f"liar: {trick}"] += 1
                world.tell(node, f"lies to {to}: {trick}")
            records = made
    return records


def _withhold_receipts(world: World, node: Node, to: str, records: list[Record]) -> list[Record]:
    made = []
    for record in records:
        bare = record
        if record.kind is Kind.CHECKPOINT:
            bare = Record(Kind.CHECKPOINT, Checkpoint.decode(record.content).bare().encode())
        made.append(bare)
    return made


def _withhold_bodies(world: World, node: Node, to: str, records: list[Record]) -> list[Record]:
    return [record for record in records if record.kind is not Kind.BODY]


def _withhold(world: World, node: Node, to: str, records: list[Record]) -> list[Record]:
    made = [record for record in records if world.rng.random() < 0.8]
    if world.rng.random() < 0.5:
        world.rng.shuffle(made)
    return made


def _flood(world: World, node: Node, to: str, records: list[Record]) -> list[Record]:
    rng = world.rng
    kinds = [kind for kind in Kind if kind is not Kind.END]
    rubbish = [Record(rng.choice(kinds), rng.randbytes(rng.choice((0, 3, 40, 400)))) for _ in range(30)]
    again = [rng.choice(records) for _ in range(20)] if records else []
    return records + rubbish + again


def _frame(world: World, node: Node, to: str, records: list[Record]) -> list[Record]:
    """Speak in a third member's name with the liar's own key, and accuse it without proof."""
    rng = world.rng
    thirds = [name for name in world.members if name not in (node.member, to)] or [to]
    third = rng.choice(thirds)
    generation = len(world.parties[third].generations) - 1
    origin = Origin(world.line_id, 1, third, generation)
    database = node.disk.database
    size = database.size(origin)
    own = node.party.key_of(len(node.party.generations) - 1, Role.SIGN)
    public = bytes.fromhex(world.parties[third].key_of(generation, Role.SIGN).public)
    head = Head(origin, size + rng.choice((0, 1)), rng.randbytes(32))
    made = [Record(Kind.CHECKPOINT, make_checkpoint(head, own.sign(head.text()), public).encode())]
    made += _in_its_name(world, node, to, third, origin)
    held = database.checkpoint(origin)
    if held is not None and size:
        one, other = (
            held,
            make_checkpoint(Head(origin, held.head.size, rng.randbytes(32)), held.signature, public),
        )
        ring = world.parties[third].ring
        document: dict[str, Any] = {
            "acts": [base64.b64encode(octets).decode() for octets in ring.envelopes],
            "evidence": [
                base64.b64encode(piece).decode() for piece in sorted((one.bare().encode(), other.encode()))
            ],
            "format": 1, "kind": rng.choice(("heads", "prefix", "statements", "previous", "answer")), "path": [],
        }  # fmt: skip
        made.append(Record(Kind.FORK, canonical.encode(document)))
        leaf = database.entry(origin, size - 1)
        if leaf is not None:
            made.append(Record(Kind.ENTRY, _changed(node, leaf, clock_ms=rng.randrange(2**40))))
            document |= {"kind": "statements", "evidence": [base64.b64encode(leaf).decode()] * 2}
            made.append(Record(Kind.FORK, canonical.encode(document)))
            same = base64.b64encode(one.bare().encode()).decode()
            made.append(Record(Kind.FORK, canonical.encode(document | {"kind": "heads", "evidence": [same] * 2})))
    return records + made


def _in_its_name(world: World, node: Node, to: str, third: str, origin: Origin) -> list[Record]:
    """Return a next statement, a have-vector, a receipt and a root act under the third's names, by other keys."""
    party, rng, database = world.parties[third], world.rng, node.disk.database
    own = node.party.key_of(len(node.party.generations) - 1, Role.SIGN)
    named = keys.key_id(bytes.fromhex(party.key_of(origin.generation, Role.SIGN).public))

    def sealed(kind: PayloadType, payload: bytes) -> bytes:
        return Envelope(kind, payload, (Signature(named, own.sign(pre_authentication(kind, payload))),)).encode()

    made = []
    size = database.size(origin)
    top = database.entry(origin, size - 1) if size else None
    if top is not None:
        statement, _ = Statement.decode(Envelope.decode(top, PayloadType.STATEMENT).payload)
        forged = msgspec.structs.replace(statement, seq=size, previous=merkle.leaf_hash(top).hex())
        made.append(Record(Kind.ENTRY, sealed(PayloadType.STATEMENT, forged.encode())))
    kept = database.peer(third)
    if kept is not None:
        have = decode_session(kept, Have)
        lie = msgspec.structs.replace(have, to=to, clock_ms=have.clock_ms + 1, challenge=True)
        made.append(Record(Kind.HAVE, sealed(PayloadType.HAVE, lie.encode())))
    made += _forged_receipts(world, node, third, own)
    made += _false_conviction(world, node, third)
    act = party.ring.acts[-1]
    forged_act = msgspec.structs.replace(
        act, act="anchor", index=act.index + 1, previous=party.ring.hashes[-1], heads=(), keys=None, root=None,
        reason="routine", clock_ms=rng.randrange(2**40),
    )  # fmt: skip
    payload = encode_act(forged_act)
    signatures = sorted(
        (Signature(keys.key_id(bytes.fromhex(root.public)), own.sign(payload)) for root in party.roots[:2]),
        key=lambda one: one.key_id,
    )
    made.append(Record(Kind.ROOT_ACT, Envelope(PayloadType.ROOT_ACT, payload, tuple(signatures)).encode()))
    return made


def _false_conviction(world: World, node: Node, third: str) -> list[Record]:
    """Return an honest answer and a receipt that it covers as if they contradicted each other."""
    database, ring = node.disk.database, world.parties[third].ring
    for octets in database.answers(third):
        for origin in database.origins():
            if origin.member != node.member:
                continue
            for size, _, one in database.newest_cosignatures(origin):
                checkpoint = database.checkpoint_at(origin, size)
                if checkpoint is not None and one.name.split("/")[3] == third:
                    return [Record(Kind.FORK, answer_fork(ring, octets, checkpoint, one))]
    return []


def _forged_receipts(world: World, node: Node, third: str, own: Key) -> list[Record]:
    """Return the newest heads of everybody with a receipt of the third under them that it never gave."""
    made = []
    database = node.disk.database
    generation = len(world.parties[third].generations) - 1
    for origin in database.origins():
        checkpoint = database.checkpoint(origin)
        if checkpoint is None or origin.member == third:
            continue
        role = world.rng.choice((Role.COSIGN_LOG, Role.COSIGN_HELD))
        name = cosigner_name(origin.line, origin.epoch, third, "log" if role is Role.COSIGN_LOG else "held")
        public = bytes.fromhex(world.parties[third].key_of(generation, role).public)
        one = make_cosignature(name, 1, own.sign(cosigned_message(checkpoint.head, 1)), public)
        made.append(Record(Kind.CHECKPOINT, msgspec_replace(checkpoint, cosignatures=(one,)).encode()))
    return made


def _replay(world: World, node: Node, to: str, records: list[Record]) -> list[Record]:
    from detente.line.bundle import Parser

    old = [octets for octets, _, target in world.links.kept if target == to or world.rng.random() < 0.3]
    if not old:
        return records
    try:
        found = Parser().feed(world.rng.choice(old))
    except Refused:
        return records
    return [record for record in found if record.kind is not None] + records


def _spellings(world: World, node: Node, to: str, records: list[Record]) -> list[Record]:
    rng = world.rng
    made = []
    for honest in records:
        record = honest
        if record.kind in (Kind.ENTRY, Kind.HAVE, Kind.ROOT_ACT, Kind.ANSWER) and rng.random() < 0.6:
            record = Record(record.kind, _other_spelling(world, record.content))
        elif record.kind is Kind.CHECKPOINT and rng.random() < 0.5:
            record = Record(record.kind, record.content.replace(b"\n", b"\r\n", 1))
        made.append(record)
    return made


def _other_spelling(world: World, octets: bytes) -> bytes:
    document = json.loads(octets)
    kind = world.rng.randrange(6)
    if kind == 0:
        return json.dumps(document).encode()
    if kind == 1:
        return json.dumps(dict(reversed(document.items())), separators=(",", ":")).encode()
    if kind == 2:
        return octets.replace(b"payloadType", b"payload\\u0054ype")
    if kind == 3:
        document["signatures"][0]["keyid"] = document["signatures"][0]["keyid"].upper()
    elif kind == 4:
        document["signatures"] *= 2
    else:
        document["extra"] = None
    return json.dumps(document, separators=(",", ":"), sort_keys=True).encode()


def _understate(world: World, node: Node, to: str, records: list[Record]) -> list[Record]:
    """Answer a restored node's challenge with less than was cosigned before."""
    made = []
    generation = len(node.party.generations) - 1
    for honest in records:
        record = honest
        if record.kind is Kind.ANSWER:
            answer = decode_session(Envelope.decode(record.content, PayloadType.ANSWER).payload, Answer)
            heads = tuple(
                msgspec.structs.replace(head, size=world.rng.randint(0, head.size - 1))
                for head in answer.heads if head.size and world.rng.random() < 0.5
            )  # fmt: skip
            lie = msgspec.structs.replace(answer, heads=heads)
            record = Record(Kind.ANSWER, node.party.envelope(PayloadType.ANSWER, lie.encode(), generation))
        made.append(record)
    return made


def _acknowledge_ahead(world: World, node: Node, to: str, records: list[Record]) -> list[Record]:
    """Cosign whatever is at hand, held or not; and heads that never were."""
    made = []
    generation = len(node.party.generations) - 1
    for honest in records:
        record = honest
        if record.kind is Kind.CHECKPOINT:
            checkpoint = Checkpoint.decode(record.content)
            head = checkpoint.head
            if head.origin.member != node.member:
                role = world.rng.choice((Role.COSIGN_LOG, Role.COSIGN_HELD))
                word = "log" if role is Role.COSIGN_LOG else "held"
                key = node.party.key_of(generation, role)
                name = cosigner_name(head.origin.line, head.origin.epoch, node.member, word)
                clock_s = world.rng.randrange(2**31)
                one = make_cosignature(
                    name, clock_s, key.sign(cosigned_message(head, clock_s)), bytes.fromhex(key.public)
                )
                others = tuple(other for other in checkpoint.cosignatures if other.name != name)
                record = Record(
                    Kind.CHECKPOINT, msgspec_replace(checkpoint, cosignatures=(*others, one)).encode()
                )
        made.append(record)
    return made


def msgspec_replace(checkpoint: Checkpoint, **changes: Any) -> Checkpoint:
    from dataclasses import replace

    return replace(checkpoint, **changes)


def _changed(node: Node, leaf: bytes, **changes: Any) -> bytes:
    """Return a statement like this one with other fields, signed by the liar's own key."""
    statement, _ = Statement.decode(Envelope.decode(leaf, PayloadType.STATEMENT).payload)
    generation = len(node.party.generations) - 1
    made = msgspec.structs.replace(statement, **changes)
    return node.party.envelope(PayloadType.STATEMENT, made.encode(), generation)


def _nonsense(world: World, node: Node, to: str, records: list[Record]) -> list[Record]:
    """Signed statements and heads of the liar's own log that contradict it, skip, or claim what cannot be."""
    rng = world.rng
    assert node.line is not None
    origin = node.line.state.own_origin
    database = node.disk.database
    size = database.size(origin)
    key = node.party.key_of(origin.generation, Role.SIGN)
    public = bytes.fromhex(key.public)

    def head(size: int, root: bytes) -> Record:
        made = Head(origin, size, root)
        return Record(Kind.CHECKPOINT, make_checkpoint(made, key.sign(made.text()), public).encode())

    def other_size(leaf: bytes) -> Commitment:
        body = Statement.decode(Envelope.decode(leaf, PayloadType.STATEMENT).payload)[0].body
        return msgspec.structs.replace(body, size=body.size + 1)

    if not size:
        return [*records, head(0, rng.randbytes(32)), head(rng.randint(1, 9), rng.randbytes(32))]
    leaf = database.entry(origin, rng.randrange(size))
    top = database.entry(origin, size - 1)
    assert leaf is not None
    assert top is not None
    following = merkle.leaf_hash(top).hex()
    choices = [
        lambda: Record(Kind.ENTRY, _changed(node, leaf, clock_ms=rng.randrange(2**40))),
        lambda: Record(Kind.ENTRY, _changed(node, top, seq=size, previous="00" * 32)),
        lambda: Record(Kind.ENTRY, _changed(node, top, seq=size + 5, previous=following)),
        lambda: Record(Kind.ENTRY, _changed(node, top, seq=size, previous=following, epoch=7)),
        lambda: Record(Kind.ENTRY, _changed(node, top, seq=size, previous=following, generation=3)),
        lambda: Record(Kind.ENTRY, _changed(node, top, seq=size, previous=following, line="elsewhere")),
        lambda: Record(Kind.ENTRY, _changed(node, top, seq=size, previous=following, author=to)),
        lambda: Record(Kind.ENTRY, _changed(node, top, seq=size, previous=following, key=keys.key_id(b"0" * 32))),
        lambda: Record(Kind.ENTRY, _changed(node, top, seq=size, previous=following, body=other_size(top))),
        lambda: head(size, rng.randbytes(32)),
        lambda: head(max(1, size - 1), rng.randbytes(32)),
        lambda: head(size + 1000, rng.randbytes(32)),
    ]
    made = [rng.choice(choices)() for _ in range(rng.randint(1, 3))]
    body = database.body(Statement.decode(Envelope.decode(top, PayloadType.STATEMENT).payload)[0].body.hash)
    if body is not None and rng.random() < 0.5:
        made.append(Record(Kind.BODY, body[0] + body[1]))
    return records + made if rng.random() < 0.5 else made + records


def _false_have(world: World, node: Node, to: str, records: list[Record]) -> list[Record]:
    rng = world.rng
    made = []
    generation = len(node.party.generations) - 1
    for honest in records:
        record = honest
        if record.kind is Kind.HAVE:
            have = decode_session(Envelope.decode(record.content, PayloadType.HAVE).payload, Have)
            logs = tuple(
                msgspec.structs.replace(log, size=max(0, log.size + rng.choice((-9, -1, 1, 500))))
                for log in have.logs
            )
            lie = msgspec.structs.replace(
                have,
                logs=logs,
                challenge=rng.random() < 0.5,
                clock_ms=rng.choice((0, have.clock_ms, 2**52)),
                missing=tuple(sorted(world.some_digests())),
            )
            record = Record(Kind.HAVE, node.party.envelope(PayloadType.HAVE, lie.encode(), generation))
        made.append(record)
    return made


def _openings(world: World, node: Node, to: str, records: list[Record]) -> list[Record]:
    """Propose rival next epochs that nobody asked for; openings are not signed."""
    assert node.line is not None
    opening = node.line.state.opening
    made = []
    for _ in range(world.rng.choice((1, 1, 40))):
        seats = list(opening.seats)
        if len(opening.members) > 2 and world.rng.random() < 0.5:
            left_out = world.rng.choice([name for name in opening.members if name != node.member])
            seats = [
                msgspec.structs.replace(seat, neutral_for=tuple(n for n in seat.neutral_for if n != left_out))
                for seat in seats if seat.member != left_out
            ]  # fmt: skip
        rival = msgspec.structs.replace(
            opening, epoch=opening.epoch + 1, previous=opening.hash(), final=(), seats=tuple(seats),
            name=f"rival-{world.rng.randrange(10**6)}",
        )  # fmt: skip
        made.append(Record(Kind.OPENING, rival.encode()))
    return made + records


_TRICKS = {
    "withhold receipts": _withhold_receipts,
    "withhold bodies": _withhold_bodies,
    "withhold anything": _withhold,
    "flood": _flood,
    "frame a third": _frame,
    "replay": _replay,
    "other spellings": _spellings,
    "understate": _understate,
    "acknowledge ahead": _acknowledge_ahead,
    "signed nonsense": _nonsense,
    "false have-vector": _false_have,
    "invent openings": _openings,
}
