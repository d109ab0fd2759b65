"""Rarely taken ways through the line, each with what makes it be taken and why it must be there."""

from __future__ import annotations

import copy
import dataclasses
import hashlib
import json
from typing import Any

import msgspec
import pytest

from detente.line import (
    canonical,
    cosigning,
    forks,
    giving,
    heads,
    keys,
    restoring,
    watching,
    writing,
)
from detente.line.bundle import Kind, Record
from detente.line.checkpoint import (
    Checkpoint,
    Cosignature,
    Head,
    Origin,
    cosigned_message,
    cosigner_name,
    make_checkpoint,
    make_cosignature,
)
from detente.line.effects import (
    ActGiven,
    Append,
    Confirmed,
    HeadFile,
    PutState,
    Role,
    Sign,
    Signed,
    Submitted,
    Ticked,
)
from detente.line.envelope import Envelope, PayloadType, Signature, pre_authentication
from detente.line.halting import halt
from detente.line.load import load
from detente.line.moments import interval_of
from detente.line.session import Answer, OwnHead
from detente.line.state import Run, Settings
from tests.line.cast import (
    alarms,
    begin_generation,
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
    twin,
)
from tests.line.memory import Host, Member, private, public
from tests.line.test_edges import draft
from tests.line.test_judging_corners import answered, cosigned_by
from tests.verifier.judges import scene

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


# ---- what was known before ----------------------------------------------------------------------------------


def pair_that_heard() -> tuple[Host, Host]:
    hosts = line_of("east", "west")
    west, east = hosts["west"], hosts["east"]
    say(west, "one")
    say(east, "two")
    exchange(west, east, 2)
    return west, east


def test_what_the_signer_recorded_counts_where_the_record_holds_less() -> None:
    west, east = pair_that_heard()
    state, origin = west.line.state, origin_of(east)
    further = {
        (origin, Role.COSIGN_LOG): (9, b"r" * 32),
        (Origin("other", 1, "east", 0), Role.COSIGN_LOG): (99, b"x" * 32),
    }
    state.head_file = HeadFile({}, further)
    assert [(one.size, one.root) for one in cosigning._highest(state, "east")] == [(9, (b"r" * 32).hex())]
    own = state.own_keys()
    assert own is not None
    answer = giving._answer(state, state.parties["east"], "cd" * 16, own.sign, west.now_ms)
    assert [(one.size, one.root) for one in answer.heads] == [(9, (b"r" * 32).hex())]


def test_a_head_below_the_one_recorded_or_without_keys_is_not_cosigned() -> None:
    west, east = pair_that_heard()
    state, log = west.line.state, west.line.state.logs[origin_of(east)]
    assert log.head is not None
    state.head_file = HeadFile({}, {(log.origin, Role.COSIGN_LOG): (9, b"r" * 32)})
    roles = (Role.COSIGN_LOG,)
    assert list(cosigning._cosign(state, log, log.head.head, roles, west.now_ms)) == []
    assert log.origin not in state.forked
    west.give(ActGiven(new_generation(west, "theft", keys=False)))
    assert list(cosigning._cosign(state, log, log.head.head, roles, west.now_ms)) == []


def test_an_answer_about_another_or_on_a_revocation_convicts_nobody() -> None:
    made = scene().Scene()
    west = line_of("east", "west")["west"]
    assert forks.convict(west.line.state, "east", answered(made, about="north")) is None


def test_a_cosignature_is_stolen_only_under_a_generation_that_ended_so() -> None:
    made = scene().Scene()
    word = Checkpoint.decode(cosigned_by(made, made.north)).cosignatures[0]
    made.north.act("generation", reason="rotation", keys=made.north.key_set(1))
    assert not forks._stolen(made.north.ring, word)
    made.north.act("generation", reason="theft", keys=made.north.key_set(2))
    assert not forks._stolen(made.north.ring, word)
    made.east.act("generation", reason="theft")
    made.east.act("generation", reason="theft", keys=made.east.key_set(2))
    assert forks._stolen(made.east.ring, Checkpoint.decode(cosigned_by(made, made.east)).cosignatures[0])
    assert not forks._stolen(made.east.ring, word)


def test_going_on_with_nothing_new_gives_nothing_and_a_lost_head_is_not_given() -> None:
    west, east = pair_that_heard()
    records, more = records_of(west, "east", go_on=True)
    assert [one.kind for one in records if one.kind is not Kind.HAVE] == []
    assert not more
    west.store._checkpoints[origin_of(east)].clear()
    records, _ = records_of(west, "east")
    heads = [Checkpoint.decode(one.content).head.origin for one in records if one.kind is Kind.CHECKPOINT]
    assert origin_of(east) not in heads


def test_a_claim_that_its_log_belies_becomes_a_proof_when_claims_are_settled() -> None:
    west, east = pair_that_heard()
    state, origin = west.line.state, origin_of(east)
    head = Head(origin, 1, b"f" * 32)
    key = east.member.operational[Role.SIGN]
    state.logs[origin].claims.append(make_checkpoint(head, key.sign(head.text()), bytes.fromhex(public(key))))
    heads.settle_claims(state, origin)
    assert state.logs[origin].claims == []
    assert origin in state.proven


def test_nothing_is_begun_while_own_keys_are_on_their_way_to_the_disk() -> None:
    west = line_of("east", "west")["west"]
    effects = west.line.handle(ActGiven(new_generation(west, at=0)), west.now_ms)
    assert any(isinstance(one, Append) for one in effects)
    assert west.line.handle(Ticked(), west.now_ms) == []


# ---- restoring ----------------------------------------------------------------------------------------------


def test_a_keepers_word_is_remembered_while_it_refills_and_more_may_be_shown() -> None:
    west, east = pair_that_heard()
    clone = twin(west)
    say(clone, "by the clone")
    carry(clone, east)
    say(clone, "and more")
    carry(east, west)
    assert run_of(west) is Run.HALTED
    west.give(Confirmed())
    assert run_of(west) is Run.REFILLING
    carry(clone, east)
    again = next_run(west)
    assert run_of(again) is Run.REFILLING
    exchange(again, east, 3)
    assert run_of(again) is Run.RUNNING
    assert held(again, origin_of(again)) == 3


def test_an_own_signature_seen_twice_or_in_a_closed_log_changes_nothing() -> None:
    west, _ = pair_that_heard()
    state = west.line.state
    log = state.logs[origin_of(west)]
    assert restoring.own_seen(state, log, log.size)
    assert not restoring.own_seen(state, log, log.size + 1)
    assert run_of(west) is Run.HALTED
    assert not restoring.own_seen(state, log, log.size + 1)
    state.run, state.reason = Run.REFILLING, restoring._CONFIRMED
    assert restoring.own_seen(state, log, log.size + 1)
    assert restoring.own_seen(state, log, log.size + 1)
    assert state.targets[log.origin][0] == log.size + 1


def test_new_keys_begin_nothing_where_something_was_signed_with_them() -> None:
    west, _ = pair_that_heard()
    state = west.line.state
    state.run = Run.REFILLING
    state.head_file = HeadFile({origin_of(west, 0): (1, b"r" * 32), origin_of(west, 5): (1, b"r" * 32)}, {})
    restoring.begun_anew(state, west.now_ms)
    assert state.run is Run.REFILLING


def test_what_is_shown_behind_what_is_held_or_aimed_at_is_no_aim() -> None:
    west, _ = pair_that_heard()
    state = west.line.state
    state.seen_own = {origin_of(west): 1, origin_of(west, 1): 4}
    restoring._aim_at_what_was_shown(state)
    assert state.targets == {origin_of(west, 1): (4, b"")}


def test_an_answer_to_another_nonce_is_kept_for_nothing_but_conviction() -> None:
    west, _ = pair_that_heard()
    answer = Answer(
        about="west", author="east", clock_ms=1, format=1, heads=(), key="ab" * 32,
        line=west.line.state.opening.line, nonce="ef" * 16, revocation=None,
    )  # fmt: skip
    octets = Envelope(PayloadType.ANSWER, answer.encode(), (Signature("ab" * 32, bytes(64)),)).encode()
    assert restoring.answer_arrived(west.line.state, answer, octets, west.now_ms) is None
    assert west.line.state.parties["east"].answer is None
    more = msgspec.structs.replace(answer, heads=(OwnHead(1, 0, "ab" * 32, 7),))
    assert not restoring._borne_out(west.line.state, more)
    assert restoring._borne_out(west.line.state, answer)


def test_a_log_that_the_root_keys_closed_is_awaited_up_to_there_alone() -> None:
    west, east = pair_that_heard()
    say(west, "above what will be closed")
    before = copy.deepcopy(west.store)
    begin_generation(west, new_generation(west, "loss", at=1))
    own, state = origin_of(west), west.line.state
    assert restoring._closed_size(state, own) == 1
    assert restoring._closed_size(state, origin_of(west, 1)) is None
    state.targets = {own: (2, b""), origin_of(west, 0, epoch=7): (3, b"")}
    assert restoring._reached(state, own)
    assert restoring._closed_size(state, origin_of(west, 0, epoch=7)) == 0
    state.run = Run.REFILLING
    restoring.maybe_resume(state, west.now_ms)
    assert restoring._compare(
        state, HeadFile({own: (1, b"another root" + bytes(20))}, {})
    )  # closed: it halts nobody
    assert before.size(own) == 2
    assert east.line.state is not state


# ---- taking -------------------------------------------------------------------------------------------------


def test_a_first_statement_that_names_an_opening_nobody_holds_is_refused() -> None:
    hosts = line_of("east", "west")
    west, east = hosts["west"], hosts["east"]
    west.line.state.logs[origin_of(west)].last = "ab" * 32
    say(west, "founded elsewhere")
    took = carry(west, east)
    assert dict(took.reasons)["OutOfPlace"] >= 1
    assert held(east, origin_of(west)) == 0


def test_a_release_brought_again_and_a_reply_to_no_test_of_ours_change_nothing() -> None:
    west, east = pair_that_heard()
    state = east.line.state
    octets = b"a release"
    east.store._bodies[hashlib.sha256(octets).hexdigest()] = (b"", octets)
    took = give_records(east, [Record(Kind.RELEASE, octets)])
    assert dict(took.new) == {}
    assert dict(took.reasons) == {}
    state.parties["west"].test_nonce = "ab" * 16
    key = west.member.operational[Role.SIGN]
    test = giving._line_test(west.line.state, west.line.state.parties["east"], public(key), "reply", "cd" * 16, 5)
    message = pre_authentication(PayloadType.LINE_TEST, test.encode())
    envelope = Envelope(PayloadType.LINE_TEST, test.encode(), (Signature(test.key, key.sign(message)),))
    give_records(east, [Record(Kind.LINE_TEST, envelope.encode())])
    assert state.parties["west"].test_nonce == "ab" * 16


def test_a_word_on_a_revocation_by_whoever_is_not_neutral_or_on_none_is_refused() -> None:
    hosts = line_of("east", "west", observers=("port",))
    west, port, east = hosts["west"], hosts["port"], hosts["east"]
    settle(hosts.values())
    for speaker in (east, port):
        key = speaker.member.operational[Role.SIGN]
        word = Answer(
            about="west", author=speaker.member.name, clock_ms=1, format=1, heads=(),
            key=keys.key_id(bytes.fromhex(public(key))), line=west.line.state.opening.line, nonce="cd" * 16,
            revocation="ab" * 32,
        )  # fmt: skip
        message = pre_authentication(PayloadType.ANSWER, word.encode())
        envelope = Envelope(PayloadType.ANSWER, word.encode(), (Signature(word.key, key.sign(message)),))
        took = give_records(west, [Record(Kind.ANSWER, envelope.encode())])
        assert dict(took.reasons) == {"OutOfPlace": 1}


def test_missing_bodies_are_named_in_statements_of_bounded_length() -> None:
    hosts = line_of("east", "west")
    west, east = hosts["west"], hosts["east"]
    for number in range(3):
        say(west, f"n{number}")
    carry(west, east, without=[Kind.BODY])
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(watching, "MISSING_NAMED", 2)
        east.now_ms += 7 * 3_600_000
        named = watching._bodies_missing(east.line.state, east.now_ms)
        assert json.loads(named[0].content)["entries"] == [0, 1]
        named = watching._bodies_missing(east.line.state, east.now_ms)
        assert json.loads(named[0].content)["entries"] == [2]


def test_the_oldest_statement_that_waits_for_a_receipt_is_known() -> None:
    west, _ = pair_that_heard()
    state = west.line.state
    assert watching.waiting_since_ms(state, state.parties["east"]) is None
    west.now_ms += 5
    say(west, "waits")
    assert watching.waiting_since_ms(state, state.parties["east"]) == west.now_ms


def test_the_newest_generation_of_a_member_is_named_whatever_comes_first() -> None:
    hosts = line_of("east", "west")
    west, east = hosts["west"], hosts["east"]
    say(east, "old")
    settle([west, east])
    begin_generation(east, new_generation(east, at=1))
    say(east, "new")
    carry(east, west)
    state = west.line.state
    state.named.clear()
    (named,) = writing._heads_seen(state)
    assert (named.member, named.generation) == ("east", 1)
    state.logs = dict(reversed(state.logs.items()))
    (named,) = writing._heads_seen(state)
    assert named.generation == 1


def test_a_refused_batch_leaves_no_leaf_behind() -> None:
    west = line_of("east", "west")["west"]
    effects = west.line.handle(Submitted((draft("one"), draft("two"))), west.now_ms)
    effects = west.line.handle(west.signer.sign(effects[0]), west.now_ms)  # type: ignore[arg-type]
    assert isinstance(effects[0], Sign)
    west.line.handle(Signed(effects[0].ticket, None, "no"), west.now_ms)
    assert west.line.state.leaves == {}
    assert held(west, origin_of(west)) == 0


def test_a_claim_that_its_log_belies_is_doubted_while_no_other_head_proves_it() -> None:
    west, east = pair_that_heard()
    state, origin = west.line.state, origin_of(east)
    head = Head(origin, 1, b"f" * 32)
    key = east.member.operational[Role.SIGN]
    claim = make_checkpoint(head, key.sign(head.text()), bytes.fromhex(public(key)))
    state.logs[origin].head, state.logs[origin].claims = None, [claim]
    heads.settle_claims(state, origin)
    assert [one.alarm.name for one in state.alarms] == ["head-does-not-fit"]
    assert origin not in state.proven
    state.forked.add(origin)
    heads.settle_claims(state, origin)  # of a fork nothing more is said
    assert len(state.alarms) == 1


def test_two_heads_of_one_size_prove_a_fork_before_their_entries_came() -> None:
    west, east = pair_that_heard()
    log, key = west.line.state.logs[origin_of(east)], east.member.operational[Role.SIGN]
    made = [Head(log.origin, 90, root) for root in (b"e" * 32, b"f" * 32)]
    first, second = (make_checkpoint(one, key.sign(one.text()), bytes.fromhex(public(key))) for one in made)
    log.claims.append(first)
    assert forks.unfit_head(west.line.state, log, first) is None
    assert forks.unfit_head(west.line.state, log, second) is not None


def test_a_clock_that_was_set_right_leaves_nothing_ahead_of_it() -> None:
    west, _ = pair_that_heard()
    west.give(Ticked())
    true_ms = west.now_ms
    state = west.line.state
    state.parties["east"].heard_ms = state.daily_ms = state.since_ms = true_ms + 365 * 86_400_000
    west.give(Ticked())
    assert state.parties["east"].heard_ms == state.daily_ms == state.since_ms == true_ms
    again = next_run(west)
    assert again.line.state.parties["east"].heard_ms == true_ms
