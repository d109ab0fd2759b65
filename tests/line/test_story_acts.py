"""Own root acts that a copy of an old home lacks: its head file counts them, so it signs nothing before it has them.

Who copies an old home into place without the verb ``restore`` leaves no sign of it but the head file.
"""

from __future__ import annotations

import copy
from dataclasses import replace

import pytest

from detente.line.bundle import Kind, Record
from detente.line.effects import ActGiven, Confirmed, RecordedActs
from detente.line.errors import LineMistake, OutOfPlace
from detente.line.state import Run
from tests.line.cast import (
    alarms,
    begin_generation,
    carry,
    exchange,
    give_records,
    held,
    line_of,
    new_generation,
    next_run,
    origin_of,
    plain_act,
    run_of,
    say,
    settle,
)
from tests.line.memory import Host, MemorySigner, MemoryStore


def copied(*, tell: bool = True) -> tuple[Host, Host, MemoryStore, bytes]:
    """West, east, west's store of before an act of its keepers, and that act; ``tell``: east has the act, too."""
    hosts = line_of("east", "west")
    west, east = hosts["west"], hosts["east"]
    say(west, "one")
    settle(hosts.values())
    old = copy.deepcopy(west.store)
    act = plain_act(west, "anchor")
    west.give(ActGiven(act))
    if tell:
        settle(hosts.values())
    return west, east, old, act


def acts_of(host: Host) -> int:
    return len(host.line.state.rings[host.member.name].acts)


def test_a_copy_of_an_old_home_signs_nothing_before_it_has_its_own_root_acts_again() -> None:
    west, east, old, act = copied()
    west = next_run(west, old)
    assert (west.line.state.run, west.line.state.reason) == (Run.REFILLING, "root-acts-missing")
    with pytest.raises(LineMistake):
        say(west, "too early")
    exchange(west, east)
    assert run_of(west) is Run.RUNNING
    assert west.store.acts("west")[1:] == [act]
    assert "own-root-act-from-outside" not in alarms(west)
    say(west, "two")
    exchange(west, east, 2)
    assert held(east, origin_of(west)) == 2


def test_its_keepers_bring_the_act_where_no_mirror_can_be_asked() -> None:
    west, _, old, act = copied()
    west = next_run(west, old)
    west.give(ActGiven(act))
    assert run_of(west) is Run.RUNNING
    assert run_of(next_run(west)) is Run.RUNNING
    west.store.history.clear()
    late = next_run(west, old, acts=(act,))
    assert run_of(late) is Run.RUNNING


def test_who_waits_for_acts_and_gets_them_from_its_home_runs_at_the_next_start() -> None:
    west, _, old, act = copied()
    west = next_run(west, old)
    assert run_of(west) is Run.REFILLING
    west = next_run(west, acts=(act,))
    assert run_of(west) is Run.RUNNING
    say(west, "two")


def test_a_restored_home_that_lacks_acts_too_withholds_its_own_words_until_a_mirror_was_heard() -> None:
    west, east, old, act = copied()
    west = next_run(west, old, restored=True)
    west.give(ActGiven(act))
    assert run_of(west) is Run.RUNNING
    say(west, "signed, not yet sent")
    carry(west, east)
    assert held(east, origin_of(west)) == 1
    exchange(east, west)
    exchange(west, east)
    assert held(east, origin_of(west)) == 2
    assert not west.line.state.challenging


def test_a_mirrors_answer_alone_does_not_make_it_whole_and_its_keepers_may_bring_the_act_too() -> None:
    west, east, old, act = copied(tell=False)
    west = next_run(west, old)
    exchange(west, east, 3)
    assert run_of(west) is Run.REFILLING  # nobody else ever had the act
    west = next_run(west)
    assert run_of(west) is Run.REFILLING
    west.give(ActGiven(act))
    assert run_of(west) is Run.RUNNING


def test_what_the_home_itself_still_holds_is_taken_before_anything_is_decided() -> None:
    west, east, old, act = copied()
    west = next_run(west, old, acts=(act,))
    assert run_of(west) is Run.RUNNING
    assert west.store.acts("west")[1:] == [act]
    assert "refilling" not in alarms(west)
    say(west, "two")
    exchange(west, east)
    assert held(east, origin_of(west)) == 2


def test_a_generation_that_only_the_home_holds_begins_though_the_old_log_is_not_given_back() -> None:
    west = line_of("east", "west")["west"]
    say(west, "one")
    old = copy.deepcopy(west.store)
    say(west, "lost with the disk of the line")
    act = new_generation(west, "theft", at=1)
    begin_generation(west, act)
    west = next_run(west, old, acts=(act,))
    assert run_of(west) is Run.RUNNING
    say(west, "in the new log")
    assert held(west, origin_of(west, 1)) == 1


@pytest.mark.parametrize("restored", [False, True])
def test_a_copied_home_whose_line_lacks_a_generation_does_not_begin_it_a_second_time(*, restored: bool) -> None:
    hosts = line_of("east", "west")
    west, east = hosts["west"], hosts["east"]
    before = copy.deepcopy(west.store)
    say(west, "in the log that the generation closes")
    settle(hosts.values())
    home = before if restored else copy.deepcopy(west.store)
    signer = MemorySigner(west.member)
    signer.head_file = copy.deepcopy(west.signer.head_file)
    begin_generation(west, act := new_generation(west))
    say(west, "under the new keys")
    clone = Host(west.member, home, signer)  # copied when the home held the act, and its line did not yet
    clone.now_ms = west.now_ms + 1
    clone.open(machine_changed=True, restored=restored, acts=(act,))
    assert run_of(clone) is (Run.REFILLING if restored else Run.HALTED)
    with pytest.raises(LineMistake):
        say(clone, "at the same place under the same keys")
    settle(hosts.values())
    exchange(clone, east)
    assert run_of(clone) is Run.HALTED  # the restored one, too: it sees what it never signed
    clone.give(Confirmed())
    exchange(clone, east, 3)
    say(clone, "at the next place")
    assert clone.store.entries(origin_of(west, 1), 0, 1) == west.store.entries(origin_of(west, 1), 0, 1)
    assert held(clone, origin_of(west, 1)) == 2


def test_an_act_brought_to_a_home_on_another_machine_waits_for_a_keepers_word_as_well() -> None:
    hosts = line_of("east", "west")
    west, east = hosts["west"], hosts["east"]
    settle(hosts.values())
    store, signer = copy.deepcopy(west.store), MemorySigner(west.member)
    signer.head_file = copy.deepcopy(west.signer.head_file)
    begin_generation(west, act := new_generation(west))
    say(west, "under the new keys")
    settle(hosts.values())
    clone = Host(west.member, store, signer)
    clone.now_ms = west.now_ms + 1
    clone.open(machine_changed=True)
    clone.give(ActGiven(act))  # the same one, by mistake, to the copy
    assert run_of(clone) is Run.HALTED
    clone.give(Confirmed())
    exchange(clone, east, 3)
    say(clone, "at the next place")
    assert held(clone, origin_of(west, 1)) == 2
    assert clone.store.entries(origin_of(west, 1), 0, 1) == west.store.entries(origin_of(west, 1), 0, 1)


def test_a_generation_of_the_keepers_does_not_begin_while_a_later_act_is_lacking() -> None:
    hosts = line_of("east", "west")
    west, east = hosts["west"], hosts["east"]
    before = copy.deepcopy(west.store)
    old_keys = west.member.operational
    first = new_generation(west)
    begin_generation(west, first)
    west.give(ActGiven(anchor := plain_act(west, "anchor")))
    west.member.operational = old_keys
    west = next_run(west, before)
    begin_generation(west, first)
    assert run_of(west) is Run.REFILLING
    west.give(ActGiven(anchor))
    exchange(west, east, 2)
    assert run_of(west) is Run.RUNNING
    say(west, "one")
    assert held(west, origin_of(west, 1)) == 1


def test_own_acts_up_to_the_record_are_taken_by_a_halted_node_without_a_false_alarm() -> None:
    west, east, old, _ = copied()
    west = next_run(west, old, machine_changed=True)
    carry(west, east)
    carry(east, west)
    assert (west.line.state.run, west.line.state.reason) == (Run.HALTED, "machine-changed")
    assert acts_of(west) == 2
    assert "own-root-act-from-outside" not in alarms(west)


def test_an_own_act_beyond_the_record_halts_as_before() -> None:
    west, east, _, _ = copied()
    beyond = plain_act(west, "anchor")
    give_records(west, [Record(Kind.ROOT_ACT, beyond)])
    assert west.line.state.reason == "own-root-act-from-outside"
    assert acts_of(west) == 2
    del east


def test_another_act_than_the_one_recorded_halts_from_outside_and_is_refused_from_its_keepers() -> None:
    west, _, old, act = copied()
    west = next_run(west, old)
    west.now_ms += 1
    other = plain_act(west, "anchor")
    assert other != act
    with pytest.raises(OutOfPlace):
        west.give(ActGiven(other))
    assert acts_of(west) == 1
    assert run_of(west) is Run.REFILLING
    west.give(ActGiven(west.store.acts("west")[0]))  # an old one again: nothing happens
    give_records(west, [Record(Kind.ROOT_ACT, other)])
    assert west.line.state.reason == "own-root-act-from-outside"
    assert acts_of(west) == 1


def test_a_chain_that_the_head_file_contradicts_halts() -> None:
    west, _, _, _ = copied()
    west.signer.head_file = replace(west.signer.head_file, acts=RecordedActs(2, "00" * 32))
    assert next_run(west).line.state.reason == "database-and-head-file-disagree"


def test_a_head_file_that_does_not_count_acts_goes_on_as_before() -> None:
    west, _, old, _ = copied()
    west.signer.head_file = replace(west.signer.head_file, acts=None)
    assert run_of(next_run(west, old)) is Run.RUNNING


def test_a_generation_that_a_mirror_gives_back_says_again_what_the_old_key_said() -> None:
    hosts = line_of("east", "west")
    west, east = hosts["west"], hosts["east"]
    say(east, "one")
    settle(hosts.values())
    old, old_keys = copy.deepcopy(west.store), west.member.operational
    act = new_generation(west)
    begin_generation(west, act)
    settle(hosts.values())
    new_keys = west.member.operational
    west.member.operational = old_keys
    west = next_run(west, old)
    carry(west, east)
    records = east.bundle_for("west")
    west.member.operational = new_keys  # as the signer does once the act is durable
    west.take(records)
    assert run_of(west) is Run.RUNNING
    exchange(west, east)
    newest = {one.hint for size, _, one in west.store.newest_cosignatures(origin_of(east)) if size == 1}
    assert len(newest) == 4  # two roles under two keys


def test_keys_that_a_mirrors_act_began_and_nobody_has_are_told_and_newer_ones_help() -> None:
    hosts = line_of("east", "west")
    west, east = hosts["west"], hosts["east"]
    say(east, "to be confirmed")
    settle(hosts.values())
    old, old_keys = copy.deepcopy(west.store), west.member.operational
    begin_generation(west, new_generation(west))
    settle(hosts.values())
    west.member.operational = old_keys
    west = next_run(west, old, generations=frozenset({0}))
    exchange(west, east)
    assert run_of(west) is Run.RUNNING
    assert "keys-missing" in alarms(west)
    assert "fork-offered" not in alarms(west)
    with pytest.raises(LineMistake, match="not here"):
        say(west, "with no keys")
    begin_generation(west, new_generation(west, "loss"))
    say(west, "with newer keys")
    assert held(west, origin_of(west, 2)) == 1
