"""Edges of the machine that no story passes: queues, refusals of the signer, strangers, observers, last resorts."""

from __future__ import annotations

import base64
import copy
import dataclasses
from typing import Any

import msgspec
import pytest

from detente.line import canonical, forks, keys, proof
from detente.line.bundle import Kind, Record
from detente.line.checkpoint import (
    Checkpoint,
    Head,
    Origin,
    cosigner_name,
    make_checkpoint,
    make_cosignature,
)
from detente.line.effects import (
    ActGiven,
    Append,
    Confirmed,
    CourierReady,
    Draft,
    Durable,
    HeadFile,
    PutEntry,
    Raise,
    Role,
    Sign,
    Signed,
    Submitted,
    Transmit,
)
from detente.line.envelope import Envelope, PayloadType, Signature
from detente.line.errors import LineMistake, OutOfPlace, Refused
from detente.line.load import bases, load, log_of
from detente.line.session import Answer, Have, LogHeld, decode_session
from detente.line.standing import usable_generations
from detente.line.state import Run, Settings
from tests.line.cast import (
    HOUR_MS,
    alarms,
    begin_generation,
    carry,
    consent,
    delivered,
    exchange,
    give_records,
    held,
    later,
    line_of,
    new_generation,
    next_run,
    origin_of,
    plain_act,
    records_of,
    run_of,
    say,
    settle,
    successor,
    tick,
    twin,
)
from tests.line.memory import Host, Member, MemoryStore, private, public


def draft(text: str, **more: Any) -> Draft:
    return dataclasses.replace(
        Draft("notice", "text/plain", text.encode(), text.encode().hex().zfill(32)[:32]), **more
    )


# ---- the order: Sign -> Signed -> Append -> Durable -> Transmit ---------------------------------------------


def test_nothing_leaves_before_it_is_durable_and_a_bundle_waits_for_all_that_is_on_its_way() -> None:
    west = line_of("east", "west")["west"]
    effects = west.line.handle(Submitted((draft("one"),)), west.now_ms)
    appends: list[Append] = []
    while not appends:
        assert [type(one) for one in effects] == [Sign]
        assert isinstance(effects[0], Sign)
        effects = west.line.handle(west.signer.sign(effects[0]), west.now_ms)
        appends = [one for one in effects if isinstance(one, Append)]
    assert not [one for one in effects if isinstance(one, Transmit)]
    assert west.line.handle(CourierReady("east", 10_000_000), west.now_ms) == []
    west.store.apply(appends[0].parts)
    west.signer.durable(appends[0].own)
    effects = west.line.handle(Durable(appends[0].batch), west.now_ms)
    assert isinstance(effects[0], Sign)
    assert effects[0].what == "have"
    effects = west.line.handle(west.signer.sign(effects[0]), west.now_ms)
    sent = [one for one in effects if isinstance(one, Transmit)]
    assert [record.kind for record in sent[0].records].count(Kind.ENTRY) == 1


def test_drafts_that_wait_together_become_one_batch_up_to_its_cap() -> None:
    west = line_of("east", "west", settings=Settings(batch_max=3))["west"]
    effects = west.line.handle(Submitted((draft("first"),)), west.now_ms)
    for n in range(5):
        assert west.line.handle(Submitted((draft(f"w{n}"),)), west.now_ms) == []
    batches: list[int] = []
    pending: list[Any] = list(effects)
    while pending:
        effect = pending.pop(0)
        if isinstance(effect, Append):
            batches.append(sum(isinstance(part, PutEntry) for part in effect.parts))
        answer = west._carry_out(effect)
        if answer is not None:
            pending += west.line.handle(answer, west.now_ms)
    assert batches == [1, 3, 2]


def test_a_refused_signature_halts_and_leaves_nothing_behind_but_what_was_taken() -> None:
    west = line_of("east", "west")["west"]
    west.signer.issued[origin_of(west)] = 7
    say(west, "one")
    assert run_of(west) is Run.HALTED
    assert west.line.state.reason == "signer-refused"
    assert held(west, origin_of(west)) == 0
    assert not west.line.state.leaves
    del west.signer.issued[origin_of(west)]
    west = next_run(west)
    say(west, "one")  # the same submission: it never existed
    assert held(west, origin_of(west)) == 1


def test_a_refused_cosignature_stops_that_log_alone() -> None:
    hosts = line_of("east", "north", "west")
    west, east, north = hosts["west"], hosts["east"], hosts["north"]
    say(west, "one")
    say(north, "one")
    carry(west, east)
    east.signer.head_file.cosigned[origin_of(north), Role.COSIGN_LOG] = (1, b"\3" * 32)
    carry(north, east)
    assert "fork-offered" in alarms(east)
    assert run_of(east) is Run.RUNNING
    say(west, "two")
    exchange(west, east)
    assert delivered(west, "east") == 2


def test_an_answer_to_a_question_of_an_earlier_run_is_dropped() -> None:
    west = line_of("east", "west")["west"]
    assert west.line.handle(Signed(99, b"\0" * 64), west.now_ms) == []
    with pytest.raises(TypeError):
        west.line.handle("nothing", west.now_ms)  # type: ignore[arg-type]


def test_a_queued_mistake_is_told_to_a_person_and_drops_nothing() -> None:
    west = line_of("east", "west")["west"]
    (request,) = west.line.handle(Submitted((draft("one"),)), west.now_ms)
    assert west.line.handle(ActGiven(b"garbage"), west.now_ms) == []
    assert isinstance(request, Sign)
    pending: list[Any] = [west.signer.sign(request)]
    effects: list[Any] = []
    while pending:
        for effect in west.line.handle(pending.pop(0), west.now_ms):
            effects.append(effect)
            answer = west._carry_out(effect)
            if answer is not None:
                pending.append(answer)
    assert [one.alarm.name for one in effects if isinstance(one, Raise)] == ["not-done"]
    assert held(west, origin_of(west)) == 1
    with pytest.raises(Refused):
        west.give(ActGiven(b"garbage"))
    say(west, "two")
    assert held(west, origin_of(west)) == 2


def test_drafts_queued_before_a_halt_are_not_signed() -> None:
    hosts = line_of("east", "west")
    west, east = hosts["west"], hosts["east"]
    exchange(west, east)
    clone = twin(west)
    say(clone, "by the clone")
    carry(clone, east)
    records, _ = records_of(east, "west")
    (request,) = west.line.handle(CourierReady("east", 1000), west.now_ms)
    from detente.line.effects import Arrived

    west.line.handle(Arrived(records, last=True), west.now_ms)
    west.line.handle(Submitted((draft("too late"),)), west.now_ms)
    assert isinstance(request, Sign)
    west.give(west.signer.sign(request))
    assert run_of(west) is Run.HALTED
    assert "not-done" in alarms(west)
    assert held(west, origin_of(west)) == 0


# ---- drafts -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "fault",
    [
        {"content": b"x" * 1_000_001}, {"attachments": (("a/b", b""),) * 17}, {"type": "No Type"},
        {"attachments": (("a/b", b"x" * 33_000_000),) * 2}, {"media_type": "x"}, {"submission": "x"},
        {"reveal": "never"},
        {"answer_by_ms": -1}, {"critical": ("No",)}, {"release": b"x"},
        {"salts": (b"short",)}, {"salts": (bytes(32),) * 2},
    ],
)  # fmt: skip
def test_a_draft_that_no_reader_would_take_is_refused_before_anything_is_signed(fault: dict[str, Any]) -> None:
    west = line_of("east", "west")["west"]
    with pytest.raises(LineMistake):
        west.give(Submitted((draft("good"), draft("bad", **fault))))
    assert held(west, origin_of(west)) == 0
    assert west.signer.issued == {}


def test_observers_and_revoked_members_write_nothing() -> None:
    hosts = line_of("east", "west", observers=("port",))
    with pytest.raises(LineMistake):
        say(hosts["port"], "x")
    west = hosts["west"]
    west.give(ActGiven(new_generation(west, "theft", at=0, keys=False)))
    with pytest.raises(LineMistake):
        say(west, "x")
    with pytest.raises(LineMistake):
        consent(west, successor(west, ["east", "west"]))
    assert usable_generations(west.line.state.rings["west"]) == []
    west = next_run(west)
    say(hosts["east"], "one")
    carry(hosts["east"], west)
    assert not west.line.state.logs[origin_of(hosts["east"])].cosigned


def test_an_observer_rotates_its_keys_and_cosigns_on() -> None:
    hosts = line_of("east", "west", observers=("port",))
    west, port = hosts["west"], hosts["port"]
    act = plain_act(port, "generation", heads=(), reason="rotation", keys=_fresh_keys(port))
    begin_generation(port, act)
    settle(hosts.values())
    say(west, "one")
    settle(hosts.values())
    assert delivered(west, "port", Role.COSIGN_LOG) == 1


def _fresh_keys(host: Host) -> Any:
    before = host.member.operational
    host.member.operational = {role: private(f"{host.member.name}/1/{role}") for role in Role}
    fresh = host.member.key_set()
    host.member.operational = before
    return fresh


# ---- loading ------------------------------------------------------------------------------------------------


def test_a_home_that_joined_nothing_has_no_line() -> None:
    with pytest.raises(LineMistake):
        load("west", MemoryStore(), Settings())


def test_logs_that_may_not_exist_are_not_founded() -> None:
    state = line_of("east", "west", observers=("port",))["west"].line.state
    for origin in (
        Origin(state.opening.line, 2, "east", 0), Origin(state.opening.line, 1, "port", 0),
        Origin(state.opening.line, 1, "east", 1), Origin("other", 1, "east", 0),
        Origin(state.opening.line, 1, "zulu", 0),
    ):  # fmt: skip
        with pytest.raises(OutOfPlace):
            log_of(state, origin)
        with pytest.raises(OutOfPlace):
            bases(state, origin)


def test_a_word_that_is_still_owed_is_given_after_a_restart() -> None:
    hosts = line_of("east", "west", observers=("port",))
    west, port = hosts["west"], hosts["port"]
    say(west, "one")
    settle(hosts.values())
    begin_generation(west, new_generation(west, "theft", at=1))
    port = next_run(port, head_file=False)
    carry(west, port)
    assert port.line.state.unwitnessed
    port.signer.head_file = HeadFile({}, {})
    port = next_run(port)
    assert not port.line.state.unwitnessed
    assert len(port.line.state.words) == 1


# ---- strangers' heads, proofs and words ---------------------------------------------------------------------


def test_heads_of_size_nothing_of_no_keys_and_doubled_change_nothing() -> None:
    hosts = line_of("east", "west")
    west, east = hosts["west"], hosts["east"]
    empty = _head(west, 0, b"\1" * 32)
    ahead = _head(west, 5, b"\1" * 32)
    took = give_records(east, [empty, ahead, ahead])
    assert (dict(took.new), took.reasons) == ({"head ahead": 1}, ())
    west.give(ActGiven(new_generation(west, "theft", at=0, keys=False)))
    carry_acts(west, east)
    origin = origin_of(west, 1)
    orphan = make_checkpoint(Head(origin, 1, b"\1" * 32), b"\0" * 64, bytes.fromhex(public(private("x"))))
    assert dict(give_records(east, [Record(Kind.CHECKPOINT, orphan.encode())]).reasons) == {"OutOfPlace": 1}


def carry_acts(sender: Host, receiver: Host) -> None:
    acts = sender.line.state.rings[sender.member.name].envelopes
    give_records(receiver, [Record(Kind.ROOT_ACT, octets) for octets in acts])


def _head(host: Host, size: int, root: bytes) -> Record:
    key = host.member.operational[Role.SIGN]
    head = Head(origin_of(host), size, root)
    return Record(
        Kind.CHECKPOINT, make_checkpoint(head, key.sign(head.text()), bytes.fromhex(public(key))).encode()
    )


def test_a_stranger_word_under_a_head_keeps_nobody_from_the_receipt() -> None:
    """Statements are here, then their head comes with a word that no key of this line gave: the head is cosigned."""
    hosts = line_of("east", "west")
    west, east = hosts["west"], hosts["east"]
    say(west, "one")
    carry(west, east, without=[Kind.CHECKPOINT])
    assert east.line.state.logs[origin_of(west)].head is None
    head = west.line.state.logs[origin_of(west)].head
    assert head is not None
    name = cosigner_name(origin_of(west).line, 1, "east", "log")
    strange = make_cosignature(name, 5, bytes(64), bytes.fromhex(public(private("nobody"))))
    note = dataclasses.replace(head, cosignatures=(strange,))
    took = give_records(east, [Record(Kind.CHECKPOINT, note.encode())])
    assert (dict(took.new), dict(took.reasons)) == ({"head": 1}, {"OutOfPlace": 1})
    carry(east, west)
    assert delivered(west, "east") == 1


def test_a_head_that_fits_nothing_is_doubted_once_and_ours_halts_us() -> None:
    hosts = line_of("east", "west")
    west, east = hosts["west"], hosts["east"]
    say(west, "one")
    say(west, "two")
    carry(west, east, without=[Kind.CHECKPOINT])
    false = _head(west, 1, b"\1" * 32)
    for _ in range(2):
        assert dict(give_records(east, [false]).reasons) == {"OutOfPlace": 1}
    assert len(east.store.claims(origin_of(west))) == 1
    assert alarms(east).count("head-does-not-fit") == 2  # told each time that it is shown
    say(west, "three")
    west.line.state.logs[origin_of(west)].head = None
    give_records(west, [_head(west, 3, b"\1" * 32)])
    assert run_of(west) is Run.HALTED


def test_proofs_about_strangers_other_lines_and_too_many_are_not_kept() -> None:
    hosts, others = line_of("east", "west"), line_of("east", "north", "west")
    east = hosts["east"]

    def proof_of(west: Host, *, root: bytes = b"\2" * 32, member: Member | None = None) -> Record:
        one = Checkpoint.decode(_head(west, 1, b"\1" * 32).content)
        other = Checkpoint.decode(_head(west, 1, root).content)
        return Record(Kind.FORK, proof.heads_fork((member or west.member).ring, one, other))

    stranger = line_of("west", "zulu")["zulu"]
    took = give_records(east, [proof_of(stranger), proof_of(others["west"])])
    assert dict(took.reasons) == {"OutOfPlace": 2}
    many = [proof_of(hosts["west"], root=bytes([n]) * 32) for n in range(2, 14)]
    took = give_records(east, [*many, many[0]])
    assert dict(took.new) == {"fork proof": 8}
    assert alarms(east).count("fork") == 1
    ours = proof_of(east)
    give_records(east, [ours])
    assert run_of(east) is Run.HALTED
    assert next_run(hosts["west"]).line.state.forks == {}


def test_a_conviction_is_known_after_a_restart_and_made_once() -> None:
    hosts = line_of("east", "west")
    west, east = hosts["west"], hosts["east"]
    say(west, "one")
    exchange(west, east, 2)
    west = next_run(west, copy.deepcopy(west.store), restored=True)
    later([east], HOUR_MS)
    carry(west, east)
    _forget(east, west)
    carry(east, west)
    west = next_run(west)
    assert west.line.state.convicted == {"east"}
    (made,) = west.line.state.forks.values()
    give_records(west, [Record(Kind.FORK, made)])
    assert len(west.line.state.forks) == 1


def _forget(host: Host, about: Host) -> None:
    """Let a host answer as if it held nothing of another's log."""
    assert host.line.state.head_file is not None
    host.line.state.head_file.cosigned.clear()
    host.line.state.logs[origin_of(about)].durable = 0


def test_what_a_stolen_key_cosigned_convicts_nobody() -> None:
    hosts = line_of("east", "west")
    west, east = hosts["west"], hosts["east"]
    say(west, "one")
    exchange(west, east, 2)
    begin_generation(east, new_generation(east, "theft", at=0))
    carry(east, west)
    west = next_run(west, copy.deepcopy(west.store), restored=True)
    later([east], HOUR_MS)
    carry(west, east)
    _forget(east, west)
    carry(east, west)
    assert not west.line.state.forks


@pytest.mark.parametrize(("reason", "convicts"), [("rotation", True), ("theft", False), ("fork", False)])
def test_a_receipt_of_this_run_convicts_unless_its_key_was_given_up(reason: str, convicts: bool) -> None:
    hosts = line_of("east", "west")
    west, east = hosts["west"], hosts["east"]
    say(west, "one")
    exchange(west, east, 2)
    begin_generation(east, new_generation(east, reason, at=0))
    carry(east, west)
    public = bytes.fromhex(east.member.key_set().sign)
    answer = Answer(
        about="west", author="east", clock_ms=east.now_ms + HOUR_MS, format=1, heads=(), key=keys.key_id(public),
        line=west.line.state.opening.line, nonce="00" * 16, revocation=None,
    )  # fmt: skip
    signature = east.signer.sign(Sign(0, "answer", Role.SIGN, origin_of(east, 1), answer.encode())).signature
    assert signature is not None
    octets = Envelope(PayloadType.ANSWER, answer.encode(), (Signature(answer.key, signature),)).encode()
    assert west.line.state.logs[origin_of(west)].receipts
    assert (forks.convict(west.line.state, "east", octets) is not None) is convicts


def test_what_a_stolen_key_cosigned_hides_nothing_that_its_owner_cosigned_before() -> None:
    hosts = line_of("east", "west")
    west, east = hosts["west"], hosts["east"]
    say(west, "one")
    exchange(west, east, 2)
    begin_generation(east, new_generation(east, "rotation", at=0))
    say(west, "two")
    exchange(west, east, 2)
    begin_generation(east, new_generation(east, "theft", at=0))
    carry(east, west)
    west = next_run(west, copy.deepcopy(west.store), restored=True)
    later([east], HOUR_MS)
    carry(west, east)
    _forget(east, west)
    carry(east, west)
    (made,) = west.line.state.forks.values()
    _, cosigned = canonical.decode(made, size_max=len(made), what="proof")["evidence"]
    assert Checkpoint.decode(base64.b64decode(cosigned)).head.size == 1


def test_an_answer_about_another_member_is_no_answer_to_us() -> None:
    hosts = line_of("east", "north", "west")
    west, east, north = hosts["west"], hosts["east"], hosts["north"]
    say(west, "one")
    settle(hosts.values())
    north = next_run(north, copy.deepcopy(north.store), restored=True)
    carry(north, east)
    records, _ = records_of(east, "north")
    answer = next(record for record in records if record.kind is Kind.ANSWER)
    took = give_records(west, [answer])
    assert west.line.state.parties["east"].answer is None
    assert not took.reasons


def test_a_have_vector_that_names_thousands_of_logs_fits_its_envelope() -> None:
    hosts = line_of("east", "west")
    records, _ = records_of(hosts["east"], "west")
    have = decode_session(Envelope.decode(records[0].content, PayloadType.HAVE).payload, Have)
    logs = tuple(LogHeld(1, 1, n, "member-of-thirty-letters-abcdef", "ab" * 32, 1) for n in range(2048))
    full = msgspec.structs.replace(have, logs=logs, missing=tuple(f"{n:064x}" for n in range(1024)))
    octets = Envelope(PayloadType.HAVE, full.encode(), (Signature("ab" * 32, b"\0" * 64),)).encode()
    assert decode_session(Envelope.decode(octets, PayloadType.HAVE).payload, Have) == full


def test_openings_that_follow_nothing_are_refused_and_a_chain_is_taken_whole() -> None:
    hosts = line_of("east", "north", "west")
    west, east, north = hosts["west"], hosts["east"], hosts["north"]
    settle(hosts.values())
    second = successor(west, ["east", "north", "west"])
    consent(west, second)
    consent(east, second)
    settle([west, east])
    third = successor(west, ["east", "north", "west"])
    skipped = msgspec.structs.replace(third, epoch=7)
    stray = msgspec.structs.replace(third, previous="00" * 32)
    took = give_records(north, [Record(Kind.OPENING, one.encode()) for one in (stray, skipped)])
    assert dict(took.reasons) == {"OutOfPlace": 2}
    consent(west, third)
    records, _ = records_of(west, "north")
    wanted = [record for record in records if record.kind is Kind.OPENING]
    entries = [record for record in records if record.kind is Kind.ENTRY]
    newest = [record for record in entries if b"" in record.content and _epoch(record) == 3]
    took = give_records(north, [*wanted, Record(Kind.OPENING, skipped.encode()), *newest])
    assert {one.epoch for one in north.line.state.openings.values()} == {1, 2, 3}
    assert dict(took.reasons) == {"OutOfPlace": 1}
    first = [record for record in entries if _epoch(record) == 2]
    fresh = line_of("east", "north", "west")["north"]
    assert dict(give_records(fresh, first).reasons) == {"OutOfPlace": len(first)}


def _epoch(record: Record) -> int:
    from detente.line.statement import Statement

    return Statement.decode(Envelope.decode(record.content, PayloadType.STATEMENT).payload)[0].epoch


# ---- said again, lost ---------------------------------------------------------------------------------------


def test_what_cannot_be_said_again_is_named() -> None:
    west = line_of("east", "west")["west"]
    say(west, "kept")
    say(west, "content lost")
    west.give(Submitted((draft("own", type="line.daily"),)))
    del west.store._bodies[_commitment(west, 1)]
    begin_generation(west, new_generation(west, "rotation", at=0))
    assert held(west, origin_of(west, 1)) == 1
    assert "say-again" in alarms(west)
    assert held(next_run(west), origin_of(west, 1)) == 1


def _commitment(host: Host, seq: int) -> str:
    from detente.line.statement import Statement

    leaf = host.store._entries[origin_of(host)][seq]
    return Statement.decode(Envelope.decode(leaf, PayloadType.STATEMENT).payload)[0].body.hash


def test_a_crash_between_a_new_generation_and_what_is_said_again_loses_nothing() -> None:
    west = line_of("east", "west")["west"]
    say(west, "one")
    act = new_generation(west, "loss", at=0)
    west.member.operational = {role: private(f"west/1/{role}") for role in Role}
    for effect in west.line.handle(ActGiven(act), west.now_ms):
        if isinstance(effect, Append):
            west.store.apply(effect.parts)  # durable, and then the program dies
    west = next_run(west)
    assert held(west, origin_of(west, 1)) == 1


def test_body_missing_waits_for_its_time_even_behind_one_that_was_named() -> None:
    hosts = line_of("east", "west")
    west, east = hosts["west"], hosts["east"]
    say(west, "one")
    carry(west, east, without=[Kind.BODY])
    later(hosts.values(), 7 * HOUR_MS)
    tick(east)
    say(west, "two")
    carry(west, east, without=[Kind.BODY])
    tick(east)
    assert alarms(east).count("body-missing") == 1
    later(hosts.values(), 7 * HOUR_MS)
    tick(east)
    assert alarms(east).count("body-missing") == 2


def test_a_statement_of_suspension_said_twice_is_one_change() -> None:
    hosts = line_of("east", "west")
    west, east = hosts["west"], hosts["east"]
    for text in ("a", "b"):
        west.give(Submitted((draft(text, type="line.suspend"),)))
    exchange(west, east)
    assert alarms(east).count("suspended") == 1


def test_a_keepers_word_without_a_halt_and_two_generations_of_another_are_named_once() -> None:
    hosts = line_of("east", "west")
    west, east = hosts["west"], hosts["east"]
    east.give(Confirmed())
    say(west, "one")
    exchange(west, east)
    begin_generation(west, new_generation(west))
    say(west, "two")
    exchange(west, east)
    say(east, "names the newest")
    assert east.line.state.named["west"] == (1, 1)
