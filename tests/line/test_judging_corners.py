"""Rarely taken ways through what judges refuse: fork proofs, evidence, openings."""

from __future__ import annotations

import base64
import dataclasses
import json
from typing import Any

import msgspec
import pytest

from detente.line import (
    canonical,
    evidence,
    merkle,
    proof,
)
from detente.line.checkpoint import (
    Checkpoint,
    Head,
    Origin,
    cosigner_name,
    make_cosignature,
)
from detente.line.errors import Malformed, OutOfPlace, Refused
from detente.line.opening import first_opening
from detente.line.session import Answer, OwnHead
from tests.line.memory import private, public
from tests.verifier.judges import scene

# ---- what judges refuse -------------------------------------------------------------------------------------


def told(kind: str, ring: Any, pieces: list[bytes], path: list[bytes] | None = None) -> bytes:
    return proof._proof(kind, ring, pieces, path or [])


def test_heads_of_two_logs_are_no_prefix_of_each_other() -> None:
    made = scene().Scene()
    newest = made.log.head()
    elsewhere = made.log.signed(Head(Origin(newest.head.origin.line, 2, "west", 0), 3, b"r" * 32))
    with pytest.raises(Refused, match="two logs"):
        proof.judge(told("prefix", made.west.ring, [elsewhere.encode(), newest.encode()], [b"p" * 32]))


def answered(made: Any, *, about: str = "west", size: int = 1) -> bytes:
    answer = Answer(
        about=about, author="east", clock_ms=2_000_000_000_000, format=1,
        heads=(OwnHead(1, 0, "ab" * 32, size),), key=made.eastern.key_id(), line=made.opening.line,
        nonce="cd" * 16, revocation=None,
    )  # fmt: skip
    octets: bytes = scene().sealed_by(scene().PayloadType.ANSWER, answer.encode(), [made.east.key("sign")])
    return octets


def cosigned_by(made: Any, who: Any, role: str = "held") -> bytes:
    head = made.log.head(cosigners=[(who, role, 1)])
    octets: bytes = head.encode()
    return octets


def test_an_answer_convicts_its_own_author_alone() -> None:
    made = scene().Scene()
    good = told("answer", made.east.ring, [answered(made), cosigned_by(made, made.east)])
    assert proof.judge(good).member == "east"
    for ring, pieces in (
        (made.west.ring, [answered(made), cosigned_by(made, made.east)]),
        (made.east.ring, [answered(made), made.log.head().encode()]),
        (made.east.ring, [answered(made), cosigned_by(made, made.north)]),
        (made.east.ring, [answered(made, about="north"), cosigned_by(made, made.east)]),
    ):
        with pytest.raises(Refused):
            proof.judge(told("answer", ring, pieces))


def test_a_promise_outlives_its_key_and_a_generation_without_keys() -> None:
    made = scene().Scene()
    pieces = [answered(made), cosigned_by(made, made.east)]
    made.east.act("generation", reason="theft")
    assert proof.judge(told("answer", made.east.ring, pieces)).member == "east"


def evidence_of(made: Any, **changes: Any) -> bytes:
    return canonical.encode(json.loads(made.evidence()) | changes)


def test_evidence_of_another_shape_or_order_is_refused() -> None:
    made = scene().Scene()
    document = json.loads(made.evidence())
    acts, proofs, openings = document["acts"], document["proofs"], document["openings"]
    changes: dict[str, Any]
    for changes in (
        {"proofs": [proofs[0] | {"more": 1}]},
        {"proofs": proofs + proofs},
        {"proofs": proofs[::-1]},
        {"acts": acts + acts[:1]},
        {"acts": acts[::-1]},
        {"openings": openings * 2},
        {"openings": []},
        {"first": None},
        {"bodies": document["bodies"] * 2},
        {"bodies": [{"content": "AAAA", "salt": "AAAA"}]},
    ):
        with pytest.raises(Refused):
            evidence.judge(evidence_of(made, **changes))


def test_evidence_by_a_stranger_or_under_an_opening_without_him_is_refused() -> None:
    made, other = scene().Scene(), scene().Scene()
    document = json.loads(made.evidence())
    text = base64.b64encode
    alone = first_opening("baltic", [other.east.ring, other.north.ring])
    for changes in (
        {"acts": [one for one in document["acts"] if one != text(made.west.ring.envelopes[0]).decode()]},
        {"openings": [text(alone.encode()).decode()]},
    ):
        with pytest.raises(Refused):
            evidence.judge(evidence_of(made, **changes))
    later = msgspec.structs.replace(made.opening, epoch=2, previous="ab" * 32)
    with pytest.raises(Malformed, match="predecessor"):
        evidence.judge(evidence_of(made, openings=[*document["openings"], text(later.encode()).decode()]))


def test_a_cosigner_without_keys_or_of_no_seat_is_a_stranger() -> None:
    made = scene().Scene()
    made.north.act("generation", reason="theft")
    document = json.loads(made.evidence())
    assert evidence.judge(canonical.encode(document)).witnesses
    head = made.log.head().head
    name = cosigner_name(head.origin.line, 1, "north", "held")
    strange = make_cosignature(name, 5, bytes(64), bytes.fromhex(public(private("nobody"))))
    note = made.log.signed(head)
    note = Checkpoint(note.head, note.signature, note.hint, (strange,)).encode().decode()
    proofs = [*document["proofs"][:-1], document["proofs"][-1] | {"checkpoint": note}]
    with pytest.raises(OutOfPlace, match="not on this line"):
        evidence.judge(canonical.encode(document | {"proofs": proofs}))


def test_a_later_opening_cannot_hide_that_a_line_is_for_training() -> None:
    made = scene().Scene()
    second = msgspec.structs.replace(made.opening, epoch=2, previous=made.opening.hash(), training=True)
    with pytest.raises(Malformed, match="training"):
        second.check()


def test_a_short_path_of_odd_sizes_proves_a_head_that_is_no_prefix() -> None:
    made = scene().Scene()
    false = made.log.signed(Head(made.log.origin, 3, b"f" * 32))
    path = merkle.consistency_proof(3, 5, made.log.node)
    root = merkle.Frontier.load(3, made.log.node).root()
    proven = proof.judge(proof.prefix_fork(made.west.ring, false, made.log.head(5), path, root))
    assert (proven.kind, proven.member) == ("prefix", "west")


def test_an_answer_that_says_enough_or_was_said_before_convicts_nobody() -> None:
    made = scene().Scene()
    with pytest.raises(Refused, match="no less"):
        proof.judge(told("answer", made.east.ring, [answered(made, size=9), cosigned_by(made, made.east)]))


def test_evidence_of_a_log_that_stands_on_no_opening_is_refused() -> None:
    made = scene().Scene()
    made.log = scene().Writing(made.west, made.log.origin, "00" * 32)
    made.log.add("Founded on nothing.")
    with pytest.raises(OutOfPlace, match="no opening"):
        made.evidence(0)
    name = cosigner_name("another-line", 1, "east", "held")
    good = scene().Scene()
    strange = make_cosignature(name, 5, bytes(64), bytes.fromhex(public(good.east.key("cosign_held"))))
    note = dataclasses.replace(good.log.head(), cosignatures=(strange,)).encode().decode()
    document = json.loads(good.evidence())
    proofs = [*document["proofs"][:-1], document["proofs"][-1] | {"checkpoint": note}]
    with pytest.raises(OutOfPlace, match="not on this line"):
        evidence.judge(canonical.encode(document | {"proofs": proofs}))


def test_a_path_that_skips_whole_levels_proves_a_head_that_is_no_prefix() -> None:
    made = scene().Scene()
    made.log.add("Notice 5 of west.")
    false = made.log.signed(Head(made.log.origin, 5, b"f" * 32))
    path = merkle.consistency_proof(5, 6, made.log.node)
    root = merkle.Frontier.load(5, made.log.node).root()
    assert proof.judge(proof.prefix_fork(made.west.ring, false, made.log.head(6), path, root)).kind == "prefix"
