"""Rarely taken ways through the line, each with what makes it be taken and why it must be there."""

from __future__ import annotations

import base64
import copy
import dataclasses
import json
from typing import Any

import msgspec
import pytest

from detente.line import canonical, evidence, proof
from detente.line.bundle import Kind, Record
from detente.line.checkpoint import (
    Checkpoint,
    Cosignature,
    Head,
    Origin,
    cosigned_message,
    cosigner_name,
    make_cosignature,
)
from detente.line.effects import ActGiven, HeadFile, PutState, Signed
from detente.line.errors import Malformed, OutOfPlace, Refused
from detente.line.halting import halt
from detente.line.load import load
from detente.line.moments import interval_of
from detente.line.opening import first_opening
from detente.line.session import Answer, OwnHead
from detente.line.state import Run, Settings
from tests.line.cast import (
    alarms,
    carry,
    consent,
    delivered,
    exchange,
    give_records,
    held,
    line_of,
    new_generation,
    next_run,
    origin_of,
    records_of,
    run_of,
    say,
    settle,
    successor,
)
from tests.line.memory import Host, Member, private, public
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


# ---- parties, cards, cosigners ------------------------------------------------------------------------------


def test_a_card_that_another_offered_opening_brings_in_waits_for_it_and_doubled_ones_count_once() -> None:
    hosts = line_of("east", "north", "west")
    west, east, north = hosts["west"], hosts["east"], hosts["north"]
    settle(hosts.values())
    south, port = Member.make("south"), Member.make("port")
    opening = successor(west, ["east", "north", "south", "west"], newcomers=[south])
    west.line.state.openings[opening.hash()] = opening
    east_only = copy.deepcopy(east)
    consenting(west, opening, south)
    records, _ = records_of(west, "north")
    cards = [Record(Kind.ROOT_ACT, one.ring.envelopes[0]) for one in (port, south, south)]
    took = give_records(north, [*(one for one in records if one.kind is Kind.OPENING), *cards, *records])
    assert "south" in north.line.state.rings
    assert "port" not in north.line.state.rings
    assert {one.epoch for one in north.line.state.openings.values()} == {1, 2}
    assert dict(took.new)["opening"] == 1
    assert east_only.line.state.opening.epoch == 1


def consenting(host: Host, opening: Any, newcomer: Member) -> None:
    """Let a keeper of the host consent to an opening that brings somebody in."""
    ring = copy.deepcopy(newcomer.ring)
    host.line.state.rings[newcomer.name] = ring
    host.store._acts[newcomer.name] = list(ring.envelopes)
    consent(host, opening)


def test_a_line_whose_newcomers_card_has_not_come_is_opened_all_the_same() -> None:
    west = line_of("east", "west")["west"]
    opening = successor(west, ["east", "south", "west"], newcomers=[Member.make("south")])
    west.store._openings[opening.hash()] = (opening.encode(), False)
    again = next_run(west)
    assert "south" in again.line.state.parties
    assert "south" not in again.line.state.rings
    say(again, "goes on")
    assert held(again, origin_of(again)) == 1


def test_a_member_without_keys_opens_its_line_and_cosigns_nothing() -> None:
    hosts = line_of("east", "west")
    west, east = hosts["west"], hosts["east"]
    say(east, "one")
    exchange(east, west)
    west.give(ActGiven(new_generation(west, "theft", at=0, keys=False)))
    again = next_run(west)
    assert again.line.state.own_keys() is None
    assert again.line.state.logs[origin_of(east)].cosigned == {}
    say(east, "two")
    before = delivered(east, "west")
    carry(east, again)
    assert delivered(east, "west") == before


def test_what_is_remembered_of_somebody_who_is_no_party_is_forgotten() -> None:
    west = line_of("east", "west")["west"]
    document = canonical.decode(west.store.state() or b"", size_max=1 << 20, what="state")
    stranger = dict(document["parties"]["east"])
    document["parties"]["stranger"] = stranger
    west.store.apply((PutState(canonical.encode(document)),))
    assert set(load("west", west.store, Settings()).parties) == {"east"}


def test_a_cosignature_of_another_line_epoch_role_or_of_the_author_himself_is_nobodys() -> None:
    hosts = line_of("east", "west")
    west, east = hosts["west"], hosts["east"]
    say(west, "one")
    exchange(west, east)
    head = west.store.checkpoint(origin_of(west))
    assert head is not None
    line = head.head.origin.line
    names = [
        cosigner_name(line, 2, "east", "held"), cosigner_name("other-line", 1, "east", "held"),
        f"detente/{line}/1/east/more", cosigner_name(line, 1, "west", "held"), cosigner_name(line, 1, "south", "log"),
        "north.example/witness",
    ]  # fmt: skip
    key = private("anybody")
    words: list[Cosignature] = []
    for name in names:
        signature = key.sign(cosigned_message(head.head, 7))
        words.append(make_cosignature(name, 7, signature, bytes.fromhex(public(key))))
    note = dataclasses.replace(head, cosignatures=tuple(words))
    took = give_records(west, [Record(Kind.CHECKPOINT, note.encode())])
    assert "receipt" not in dict(took.new)
    assert delivered(west, "east") == 1


def test_an_entry_names_a_head_that_is_not_held_and_its_moment_is_open_there() -> None:
    hosts = line_of("east", "north", "west")
    west, east, north = hosts["west"], hosts["east"], hosts["north"]
    settle(hosts.values())
    say(east, "seen by west alone")
    carry(east, west)
    say(west, "after it")
    carry(west, north, without=[])
    log = origin_of(west)
    state = north.line.state
    north.store._entries[origin_of(east)] = []  # its statements did not come
    interval = interval_of(north.store, state.opening, log, held(north, log) - 1)
    assert interval is not None
    assert {one.owner for one in interval.after} == {"west"}


# ---- signing ------------------------------------------------------------------------------------------------


def test_a_second_refusal_for_an_answer_that_was_not_asked_changes_nothing() -> None:
    west = line_of("east", "west")["west"]
    assert west.line.handle(Signed(99, None, "no"), west.now_ms) == []
    assert run_of(west) is Run.RUNNING


def test_a_halt_for_possible_theft_outlives_the_run() -> None:
    west = line_of("east", "west")["west"]
    say(west, "one")
    halt(west.line.state, "possible-key-theft")
    west.store.apply(tuple(west.line.state.parts))
    again = next_run(west)
    assert run_of(again) is Run.HALTED
    assert again.line.state.reason == "possible-key-theft"


def test_the_head_file_of_another_root_halts_at_the_end_of_a_refill() -> None:
    hosts = line_of("east", "west")
    west, east = hosts["west"], hosts["east"]
    say(west, "one")
    backup = copy.deepcopy(west.store)
    say(west, "two")
    exchange(west, east, 2)
    size, _ = west.signer.head_file.own[origin_of(west)]
    west.signer.head_file = HeadFile(
        {**west.signer.head_file.own, origin_of(west): (size, b"x" * 32)}, dict(west.signer.head_file.cosigned)
    )
    west = next_run(west, backup, restored=True)
    assert run_of(west) is Run.REFILLING
    exchange(west, east, 2)
    assert run_of(west) is Run.HALTED
    assert "halted" in alarms(west)
