"""Restored, cloned, halted: when a node may sign, how it becomes whole, and who is convicted of understating.

The rules and why stand in docs/decisions/0010-when-a-node-may-sign.md.
"""

from __future__ import annotations

import copy

import msgspec
import pytest

from detente.line import keys, proof
from detente.line.bundle import Kind, Record
from detente.line.effects import ActGiven, Confirmed, HeadFile, Role, Sign
from detente.line.envelope import Envelope, PayloadType, Signature
from detente.line.errors import LineMistake
from detente.line.session import Answer, OwnHead, decode_session
from detente.line.state import Run
from tests.line.cast import (
    DAY_MS,
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
from tests.line.memory import Host, MemoryStore


def restored(*names: str) -> tuple[Host, dict[str, Host], MemoryStore]:
    """West, its backup of yesterday, and what it said since, held by all the others."""
    hosts = line_of("west", *names)
    west = hosts["west"]
    say(west, "before the backup")
    settle(hosts.values())
    backup = copy.deepcopy(west.store)
    say(west, "after the backup")
    settle(hosts.values())
    return west, hosts, backup


def test_a_database_behind_the_head_file_refills_and_signs_again_by_itself() -> None:
    west, hosts, backup = restored("east")
    west = next_run(west, backup, restored=True)
    assert run_of(west) is Run.REFILLING
    with pytest.raises(LineMistake):
        say(west, "too early")
    exchange(west, hosts["east"], 2)
    assert run_of(west) is Run.RUNNING
    say(west, "now")
    exchange(west, hosts["east"], 2)
    assert held(hosts["east"], origin_of(west)) == 3
    assert not hosts["east"].line.state.forks


def test_received_entries_lost_in_a_restore_are_sent_again() -> None:
    hosts = line_of("east", "west")
    west, east = hosts["west"], hosts["east"]
    backup = copy.deepcopy(west.store)
    say(east, "received, then lost")
    exchange(east, west, 2)
    assert delivered(east, "west") == 1
    west = next_run(west, backup, restored=True)
    exchange(west, east, 2)
    assert held(west, origin_of(east)) == 1
    assert west.line.state.logs[origin_of(east)].cosigned[Role.COSIGN_HELD] == 1


def test_one_answer_is_enough_after_the_window_and_the_silent_are_recorded() -> None:
    west, hosts, backup = restored("east", "north")
    west = next_run(west, backup, restored=True)
    exchange(west, hosts["east"], 2)
    assert run_of(west) is Run.REFILLING  # north may still know of more
    later([west], 2 * HOUR_MS)
    tick(west)
    assert run_of(west) is Run.RUNNING
    refilled = [part.detail for part in west.store.history if part.what == "refilled"]
    assert refilled == [b'{"silent":["north"]}']


def test_without_any_answer_a_refilled_node_goes_on_waiting() -> None:
    west, hosts, backup = restored("east")
    bundle = hosts["east"].bundle_for("west")
    west = next_run(west, backup, restored=True)
    later([west], 10 * DAY_MS)
    west.take(bundle)
    tick(west)
    assert held(west, origin_of(west)) >= 1
    assert run_of(west) is Run.REFILLING


def test_a_restored_node_whose_database_equals_its_head_file_signs_but_waits_to_transmit() -> None:
    hosts = line_of("east", "west")
    west, east = hosts["west"], hosts["east"]
    say(west, "one")
    exchange(west, east)
    west = next_run(west, copy.deepcopy(west.store), restored=True)
    assert run_of(west) is Run.RUNNING
    say(west, "signed, not yet sent")
    carry(west, east)
    assert held(east, origin_of(west)) == 1
    exchange(east, west)
    exchange(west, east)
    assert held(east, origin_of(west)) == 2


def test_a_database_one_batch_ahead_of_the_head_file_brings_it_up() -> None:
    west = line_of("east", "west")["west"]
    say(west, "one")
    record = copy.deepcopy(west.signer.head_file)
    say(west, "two")
    west.signer.head_file = record  # died between the store and the head file
    west = next_run(west)
    assert run_of(west) is Run.RUNNING
    assert west.signer.head_file.own[origin_of(west)][0] == 2
    say(west, "three")
    assert held(west, origin_of(west)) == 3


def test_without_a_head_file_it_halts_until_a_keeper_confirms_and_then_fetches_what_others_show() -> None:
    west, hosts, backup = restored("east")
    west = next_run(west, backup, head_file=False)
    assert (west.line.state.run, west.line.state.reason) == (Run.HALTED, "no-head-file")
    exchange(west, hosts["east"])
    assert west.line.state.parties["east"].challenge is None or west.line.state.head_file is None
    founded = HeadFile({origin_of(west): (1, west.line.state.root_at(origin_of(west), 1))}, {})
    west.signer.head_file = founded
    west.give(Confirmed(copy.deepcopy(founded)))
    assert run_of(west) is Run.REFILLING
    exchange(west, hosts["east"], 3)
    assert run_of(west) is Run.RUNNING
    assert held(west, origin_of(west)) == 2
    say(west, "third")
    exchange(west, hosts["east"], 2)
    assert held(hosts["east"], origin_of(west)) == 3
    assert not hosts["east"].line.state.forks


def test_a_node_without_a_head_file_answers_no_challenge() -> None:
    west, hosts, backup = restored("east")
    east = hosts["east"]
    west = next_run(west, backup, head_file=False)
    east = next_run(east, copy.deepcopy(east.store), restored=True)
    carry(east, west)
    records, _ = records_of(west, "east")
    assert not [record for record in records if record.kind is Kind.ANSWER]


def test_a_confirmation_without_a_head_file_changes_nothing() -> None:
    west = line_of("east", "west")["west"]
    west = next_run(west, head_file=False)
    west.give(Confirmed())
    assert run_of(west) is Run.HALTED
    west = next_run(west)
    west.give(Confirmed())  # not halted: nothing to confirm
    assert run_of(west) is Run.RUNNING


def test_a_changed_machine_halts_except_after_a_restore() -> None:
    west = line_of("east", "west")["west"]
    halted = next_run(west, machine_changed=True)
    assert halted.line.state.reason == "machine-changed"
    assert next_run(west, machine_changed=True, restored=True).line.state.run is Run.RUNNING


def test_on_a_changed_machine_nothing_leaves_that_the_head_file_does_not_know() -> None:
    hosts = line_of("east", "west")
    west, east = hosts["west"], hosts["east"]
    say(west, "one")
    recorded = copy.deepcopy(west.signer.head_file)
    say(west, "stored, and the power goes before the head file knows")
    west.signer.head_file = recorded
    moved = next_run(west, machine_changed=True)
    carry(moved, east)
    assert held(east, origin_of(west)) == 1
    moved.give(Confirmed())
    exchange(moved, east, 2)
    assert run_of(moved) is Run.RUNNING
    assert held(east, origin_of(west)) == 2


def test_a_database_that_disagrees_with_the_head_file_halts_and_no_word_helps() -> None:
    west = line_of("east", "west")["west"]
    say(west, "one")
    size, _ = west.signer.head_file.own[origin_of(west)]
    west.signer.head_file.own[origin_of(west)] = (size, b"\5" * 32)
    west = next_run(west)
    assert west.line.state.reason == "database-and-head-file-disagree"
    west.give(Confirmed())
    assert run_of(west) is Run.HALTED


def test_our_own_signature_beyond_our_log_halts_until_confirmed() -> None:
    hosts = line_of("east", "west")
    west, east = hosts["west"], hosts["east"]
    say(west, "one")
    exchange(west, east, 2)
    clone = twin(west)
    say(clone, "by the clone")
    carry(clone, east)
    carry(east, west)
    assert west.line.state.reason == "possible-key-theft"
    west = next_run(west)
    assert run_of(west) is Run.HALTED
    west.give(Confirmed())
    exchange(west, east, 3)
    assert run_of(west) is Run.RUNNING
    assert held(west, origin_of(west)) == 2


def test_what_nobody_gives_back_ends_in_a_new_generation() -> None:
    hosts = line_of("east", "west")
    west, east = hosts["west"], hosts["east"]
    say(west, "one")
    exchange(west, east, 2)
    backup = copy.deepcopy(west.store)
    say(west, "never sent")
    west = next_run(west, backup, restored=True)
    exchange(west, east, 3)
    assert run_of(west) is Run.REFILLING
    begin_generation(west, new_generation(west, "loss", at=1))
    assert run_of(west) is Run.RUNNING
    say(west, "again")
    exchange(west, east, 2)
    assert held(east, origin_of(west, 1)) == 1


def test_what_is_given_back_without_its_head_gets_one_and_is_confirmed() -> None:
    hosts = line_of("east", "west")
    west, east = hosts["west"], hosts["east"]
    backup = copy.deepcopy(west.store)
    say(west, "one")
    carry(west, east, without=[Kind.CHECKPOINT])
    west = next_run(west, backup)
    exchange(west, east, 3)
    assert run_of(west) is Run.RUNNING
    assert delivered(west, "east") == 1


def test_own_root_acts_and_the_own_epoch_come_back_from_mirrors() -> None:
    hosts = line_of("east", "west")
    west, east = hosts["west"], hosts["east"]
    say(west, "one")
    settle(hosts.values())
    backup = copy.deepcopy(west.store)
    west.give(ActGiven(plain_act(west, "anchor")))
    opening = successor(west, ["east", "west"])
    for host in hosts.values():
        consent(host, opening)
    settle(hosts.values())
    west = next_run(west, backup, restored=True)
    exchange(west, east, 4)
    assert run_of(west) is Run.RUNNING
    assert west.line.state.opening.hash() == opening.hash()
    assert len(west.line.state.rings["west"].acts) == 2
    say(west, "on")
    exchange(west, east, 2)
    assert held(east, origin_of(west, epoch=2)) == 2


def test_a_restored_equal_home_takes_its_anchors_back_without_a_halt() -> None:
    hosts = line_of("east", "west")
    west, east = hosts["west"], hosts["east"]
    exchange(west, east)
    backup = copy.deepcopy(west.store)
    west.give(ActGiven(plain_act(west, "anchor")))
    carry(west, east)
    say(west, "one")
    west = next_run(west, copy.deepcopy(west.store), restored=True)
    del backup
    exchange(west, east, 2)
    assert run_of(west) is Run.RUNNING


def understated(clock_ms: int, size: int = 0) -> tuple[Host, Host, bytes]:
    """West was restored and asks; east, who holds two statements, answers ``size`` at its clock ``clock_ms``."""
    west, hosts, backup = restored("east")
    east = hosts["east"]
    west = next_run(west, backup, restored=True)
    later([east], DAY_MS)
    carry(west, east)
    have = east.line.state.parties["west"].have
    assert have is not None
    heads = (OwnHead(1, 0, east.line.state.root_at(origin_of(west), size).hex(), size),) if size else ()
    public = bytes.fromhex(east.member.key_set().sign)
    answer = Answer(
        about="west", author="east", clock_ms=clock_ms, format=1, heads=heads, key=keys.key_id(public),
        line=have.line, nonce=have.nonce, revocation=None,
    )  # fmt: skip
    request = Sign(0, "answer", Role.SIGN, origin_of(east), answer.encode())
    signature = east.signer.sign(request).signature
    assert signature is not None
    octets = Envelope(PayloadType.ANSWER, answer.encode(), (Signature(answer.key, signature),)).encode()
    return west, east, octets


def test_an_understated_answer_is_convicted_by_a_cosignature_that_comes_later_and_after_a_restart() -> None:
    west, east, answer = understated(1_700_000_000_000 + 2 * DAY_MS, size=1)
    give_records(west, [Record(Kind.ANSWER, answer)])
    assert not west.line.state.forks
    west = next_run(west)
    records, _ = records_of(east, "west")
    give_records(west, [record for record in records if record.kind is not Kind.ANSWER])
    verdicts = [proof.judge(made) for made in west.line.state.forks.values()]
    assert [(one.kind, one.member, one.origin) for one in verdicts] == [("answer", "east", None)]
    assert origin_of(east) not in west.line.state.forked


def test_an_understated_answer_is_convicted_at_once_when_its_cosignature_is_held() -> None:
    hosts = line_of("east", "west")
    west, east = hosts["west"], hosts["east"]
    say(west, "one")
    exchange(west, east, 2)
    west = next_run(west, copy.deepcopy(west.store), restored=True)
    later([east], DAY_MS)
    carry(west, east)
    east.signer.head_file.cosigned.clear()
    assert east.line.state.head_file is not None
    east.line.state.head_file.cosigned.clear()
    east.line.state.logs[origin_of(west)].durable = 0
    carry(east, west)
    assert [proof.judge(made).kind for made in west.line.state.forks.values()] == ["answer"]


def test_an_answer_before_its_cosignature_by_its_own_clock_convicts_nobody() -> None:
    west, east, answer = understated(1_600_000_000_000, size=1)
    give_records(west, [Record(Kind.ANSWER, answer)])
    exchange(east, west, 2)
    assert not west.line.state.forks


def test_an_honest_mirror_whose_clock_stepped_back_is_never_convicted() -> None:
    hosts = line_of("east", "west")
    west, east = hosts["west"], hosts["east"]
    say(west, "one")
    exchange(west, east, 2)
    west = next_run(west, copy.deepcopy(west.store), restored=True)
    exchange(west, east, 2)  # east answers: one
    east.now_ms -= DAY_MS
    say(west, "two")
    exchange(west, east, 3)  # and cosigns two, a day earlier by its own clock
    assert not west.line.state.forks


def test_an_answer_to_an_old_nonce_or_about_another_changes_nothing() -> None:
    west, _, answer = understated(1_800_000_000_000, size=1)
    document = decode_session(Envelope.decode(answer, PayloadType.ANSWER).payload, Answer)
    assert document.about == "west"
    for changed in (
        msgspec.structs.replace(document, about="east"),
        msgspec.structs.replace(document, author="west"),
    ):
        octets = Envelope(
            PayloadType.ANSWER, changed.encode(), Envelope.decode(answer, PayloadType.ANSWER).signatures
        )
        took = give_records(west, [Record(Kind.ANSWER, octets.encode())])
        assert dict(took.reasons) == {"BadSignature": 1}
    assert west.line.state.parties["east"].answer is None


def test_a_restored_node_learns_again_what_it_cosigned() -> None:
    """Restored without a head file: others show its own cosignatures, and it will not contradict them."""
    hosts = line_of("east", "west")
    west, east = hosts["west"], hosts["east"]
    backup = copy.deepcopy(west.store)
    say(east, "one")
    exchange(east, west, 2)
    assert delivered(east, "west") == 1
    west = next_run(west, backup, head_file=False)
    west.signer.head_file = HeadFile({}, {})
    west.give(Confirmed(HeadFile({}, {})))
    carry(west, east)
    carry(east, west)
    assert west.line.state.logs[origin_of(east)].cosigned == {Role.COSIGN_HELD: 1, Role.COSIGN_LOG: 1}
    assert run_of(west) is Run.RUNNING
    assert west.signer.head_file.cosigned == {}  # nothing was signed twice


def test_somebody_else_who_cosigns_with_our_key_halts_us_when_it_is_shown() -> None:
    hosts = line_of("east", "north", "west")
    west, east = hosts["west"], hosts["east"]
    settle(hosts.values())
    clone = twin(west)
    say(east, "one")
    carry(east, clone)
    carry(clone, east)
    carry(east, west, without=[Kind.CHECKPOINT])
    west.line.state.parties["east"].challenge = None
    records, _ = records_of(west, "east")
    have = next(record for record in records if record.kind is Kind.HAVE)
    give_records(east, [have])
    assert east.line.state.parties["west"].have is not None
    east.line.state.parties["west"].have = msgspec.structs.replace(
        east.line.state.parties["west"].have, challenge=True
    )
    carry(east, west)
    assert "own-cosignature-from-outside" in alarms(west)
    assert run_of(west) is Run.HALTED


def test_a_restored_node_takes_own_root_acts_from_mirrors_until_one_was_heard_however_late() -> None:
    """The keepers gave new keys after the backup, and nobody answers within the window."""
    hosts = line_of("west", "east")
    west, east = hosts["west"], hosts["east"]
    settle(hosts.values())
    backup = copy.deepcopy(west.store)
    west.give(ActGiven(new_generation(west, "rotation", at=0)))
    settle(hosts.values())
    west.signer.head_file = HeadFile({}, {})  # of before root acts were counted; west has said nothing yet
    west = next_run(west, backup, restored=True)
    later([west], 3 * HOUR_MS)
    tick(west)
    assert run_of(west) is Run.RUNNING
    give_records(west, records_of(east, "west")[0])
    assert run_of(west) is Run.RUNNING
    assert "own-root-act-from-outside" not in alarms(west)
    assert west.line.state.rings["west"].generation == 1


def test_a_clock_set_right_ends_the_window_of_a_restored_node_in_time() -> None:
    """It was restored while its clock stood years ahead, and one of its mirrors never answers."""
    hosts = line_of("west", "east", "north")
    west, east = hosts["west"], hosts["east"]
    say(west, "before the backup")
    settle(hosts.values())
    right_ms, backup = west.now_ms, copy.deepcopy(west.store)
    later([west], 5000 * DAY_MS)
    west = next_run(west, backup, restored=True)
    assert west.line.state.challenging
    west.now_ms = right_ms + HOUR_MS
    tick(west)
    say(west, "after it")
    exchange(west, east, 2)
    assert held(east, origin_of(west)) == 1  # north may still know of more
    later([west], 2 * HOUR_MS)
    tick(west)
    exchange(west, east, 2)
    assert held(east, origin_of(west)) == held(west, origin_of(west)) > 1
