"""Openings, root acts, session words and fork proofs: what is made comes back, and every fault is refused by name.

Tables of faults, and properties: decode(encode(x)) is x, and arbitrary bytes raise nothing but Refused.
"""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detente.line import canonical, merkle, proof
from detente.line.checkpoint import Checkpoint
from detente.line.envelope import Envelope, PayloadType
from detente.line.errors import BadSignature, Malformed, OutOfPlace, Refused
from detente.line.opening import Opening, first_opening
from detente.line.rootact import Act, ClosedLog, Keyring, KeySet, RootKeys, decode_act
from detente.line.session import Answer, Have, LineTest, OwnHead, decode_session
from detente.line.statement import Statement
from tests.line.cast import begin_generation, line_of, new_generation, plain_act, say
from tests.line.memory import Member, private, public

HASH = "ab" * 32


# ---- openings, acts, session words --------------------------------------------------------------------------


def test_an_opening_follows_from_cards_and_comes_back() -> None:
    rings = [Member.make(name).ring for name in ("west", "east", "port")]
    opening = first_opening("baltic", rings[:2], rings[2:])
    assert opening == first_opening("baltic", list(reversed(rings[:2])), rings[2:])
    assert Opening.decode(opening.encode()) == opening
    assert len(opening.fingerprint().split()) == 9
    assert first_opening("baltic", rings, training=True).line.startswith("training-baltic-")
    assert opening.seat("nobody") is None
    seats = opening.seats
    neutral = msgspec.structs.replace(seats[2], neutral_for=("west",))
    faults: list[dict[str, Any]] = [
        {"seats": seats[1:]},
        {"seats": (seats[1], seats[0], seats[2])},
        {"seats": (seats[0], seats[0])},
        {"line": "baltic-0"},
        {"training": True},
        {"previous": HASH},
        {"epoch": 2},
        {"name": "X"},
        {"final": (msgspec.json.decode(b"{}"),)},
        {"seats": (*seats[:2], neutral)},
        {"seats": (seats[0], msgspec.structs.replace(seats[1], neutral_for=("nobody",)), seats[2])},
    ]
    for fault in faults:
        octets = canonical.encode(msgspec.to_builtins(msgspec.structs.replace(opening, **fault)))
        with pytest.raises(Malformed):
            Opening.decode(octets)
    document = canonical.decode(opening.encode(), size_max=1 << 20, what="x")
    with pytest.raises(Malformed):
        Opening.decode(canonical.encode({**document, "more": 1}))
    with pytest.raises(Malformed):
        first_opening("baltic", rings[:1])
    with pytest.raises(Malformed):
        first_opening("baltic", [rings[0], rings[0]])


def card(**fields: Any) -> Act:
    member = Member.make("west")
    values: dict[str, Any] = {
        "act": "card",
        "clock_ms": 0,
        "format": 1,
        "heads": (),
        "index": 0,
        "keys": member.key_set(),
        "member": "west",
        "previous": None,
        "reason": "first",
        "root": RootKeys(tuple(public(root) for root in member.roots), 2),
        "seal": None,
    }
    return Act(**{**values, **fields})


def test_faulty_root_acts_are_refused() -> None:
    good = card()
    assert decode_act(good.encode()) == good
    assert good.keys is not None
    assert good.root is not None
    own = good.keys
    closed = ClosedLog(1, 0, "line-x", HASH, 1)
    small = (1).to_bytes(32, "little").hex()
    faults: list[dict[str, Any]] = [
        {"keys": None},
        {"root": None},
        {"seal": "00" * 1216},
        {"index": 1},
        {"previous": HASH},
        {"act": "anchor"},
        {"keys": KeySet(own.sign, own.cosign_log, own.seal, own.sign)},
        {"heads": (closed, closed)},
        {"keys": KeySet(good.root.keys[0], own.cosign_log, own.seal, own.sign)},
        {"reason": "whim"},
        {"keys": KeySet(small, own.cosign_log, own.seal, own.sign)},
        {"root": RootKeys(good.root.keys, 4)},
        {"root": RootKeys(tuple(reversed(good.root.keys)), 2)},
        {"root": RootKeys((small,), 1)},
        {"format": 2},
    ]
    for fault in faults:
        with pytest.raises(Refused):
            decode_act(canonical.encode(msgspec.to_builtins(card(**fault))))
    document = canonical.decode(good.encode(), size_max=1 << 20, what="x")
    with pytest.raises(Malformed):
        decode_act(canonical.encode({**document, "more": 1}))


def test_a_keyring_takes_only_the_next_act_of_its_chain_by_its_quorum() -> None:
    hosts = line_of("east", "west")
    west = hosts["west"]
    say(west, "one")
    ring = west.line.state.rings["west"]
    first = new_generation(west)
    assert ring.keys_of(5) is None
    begin_generation(west, first)
    assert not ring.take(first)
    anchors = [
        plain_act(west, "anchor", heads=(ClosedLog(1, 1, "line-x", HASH, size),), index=2) for size in (5, 4)
    ]
    assert ring.take(anchors[0])
    with pytest.raises(OutOfPlace):
        ring.take(anchors[1])  # another act at an index held: a fork of the root
    out_of_place = [
        plain_act(west, "anchor", index=9),
        plain_act(west, "anchor", previous=HASH),
        plain_act(west, "anchor", member="vest"),
        plain_act(west, "anchor", heads=(ClosedLog(1, 1, "line-x", HASH, 4),)),  # below the last anchor
        plain_act(west, "anchor", heads=(ClosedLog(1, 0, ring.acts[1].heads[0].line, HASH, 4),)),  # closed
        plain_act(west, "anchor", heads=(ClosedLog(1, 7, "line-x", HASH, 4),)),  # does not exist
        plain_act(west, "generation", keys=ring.generations[0], reason="rotation"),  # a key that comes back
    ]
    for octets in out_of_place:
        with pytest.raises(OutOfPlace):
            ring.take(octets)
    alone = Envelope.decode(plain_act(west, "seal", seal="11" * 1216), PayloadType.ROOT_ACT)
    with pytest.raises(BadSignature):
        ring.take(msgspec.structs.replace(alone, signatures=alone.signatures[:1]).encode())
    assert ring.take(alone.encode())
    assert ring.sealing[-1] == "11" * 1216
    roots = tuple(sorted(public(private(f"new/{n}")) for n in range(2)))
    assert ring.take(plain_act(west, "roots", root=RootKeys(roots, 1)))
    with pytest.raises(BadSignature):
        ring.take(plain_act(west, "anchor"))  # by the old quorum
    with pytest.raises(Refused):
        Keyring().take(anchors[0])


def test_faulty_session_words_are_refused() -> None:
    answer = Answer(
        about="west",
        author="east",
        clock_ms=1,
        format=1,
        heads=(OwnHead(1, 0, HASH, 2),),
        key=HASH,
        line="line-x",
        nonce="ab" * 16,
        revocation=None,
    )
    assert decode_session(answer.encode(), Answer) == answer
    doubled = msgspec.structs.replace(answer, heads=answer.heads * 2)
    document = canonical.decode(answer.encode(), size_max=1 << 20, what="x")
    for octets in (
        doubled.encode(),
        canonical.encode({**document, "more": 1}),
        canonical.encode({**document, "key": 1}),
    ):
        with pytest.raises(Malformed):
            decode_session(octets, Answer)
    kinds: tuple[Any, ...] = (Have, LineTest)
    for kind in kinds:
        with pytest.raises(Malformed):
            decode_session(answer.encode(), kind)


# ---- fork proofs --------------------------------------------------------------------------------------------


def test_proofs_that_show_nothing_are_refused() -> None:
    hosts = line_of("east", "west")
    west, east = hosts["west"], hosts["east"]
    for text in ("one", "two", "three"):
        say(west, text)
        say(east, text)
    origin, other = west.line.state.own_origin, east.line.state.own_origin
    ring = west.member.ring
    leaves = west.store.entries(origin, 0, 3)
    heads = [west.store.checkpoint_at(origin, size) for size in (1, 2, 3)]
    first, second, third = (head for head in heads if head is not None)
    foreign = east.store.checkpoint_at(other, 1)
    assert foreign is not None

    def node(level: int, index: int) -> bytes:
        return west.store.node(origin, level, index)

    true_path = merkle.consistency_proof(2, 3, node)
    shown = [
        proof.heads_fork(ring, first, first),
        proof.heads_fork(ring, first, second),
        proof.heads_fork(ring, first, foreign),
        proof.prefix_fork(ring, second, third, true_path, second.head.root),
        proof.prefix_fork(ring, second, third, [], b"\0" * 32),
        proof.prefix_fork(ring, third, second, true_path, b""),
        proof.prefix_fork(ring, second, third, [*true_path] * 9, b"\0" * 32),
        proof.statements_fork(ring, leaves[0], leaves[0]),
        proof.statements_fork(ring, leaves[0], leaves[1]),
        proof.statements_fork(ring, leaves[0], east.store.entries(other, 0, 1)[0]),
        proof.previous_fork(ring, leaves[0], leaves[1]),
        proof.previous_fork(ring, leaves[0], leaves[2]),
    ]
    shown += [
        b"{}",
        canonical.encode({"acts": [], "evidence": ["", ""], "format": 1, "kind": "heads", "path": []}),
    ]
    document = canonical.decode(shown[0], size_max=1 << 20, what="x")
    changes: list[dict[str, Any]] = [
        {"format": 2},
        {"kind": "x"},
        {"kind": []},
        {"evidence": []},
        {"acts": "x"},
        {"path": [1]},
    ]
    shown += [canonical.encode({**document, **change}) for change in changes]
    for made in shown:
        assert not proof.shows(made)
        with pytest.raises(Refused):
            proof.judge(made)


@settings(deadline=None)
@given(st.binary(max_size=60))
def test_arbitrary_bytes_raise_nothing_but_refused(octets: bytes) -> None:
    decoders = (
        Checkpoint.decode,
        Opening.decode,
        decode_act,
        Statement.decode,
        proof.judge,
        Keyring().take,
        lambda piece: Envelope.decode(piece, PayloadType.HAVE),
        lambda piece: decode_session(piece, Have),
    )
    for decode in decoders:
        with pytest.raises(Refused):
            decode(octets)
