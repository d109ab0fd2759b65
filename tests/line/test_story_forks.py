"""A key that signs two things that cannot both be true: proven by whoever saw both, whichever came first.

Method: a twin of a host with the same keys signs its own next statements; the others see one of them, then both.
"""

from __future__ import annotations

import copy

from detente.line import proof
from detente.line.bundle import Kind, Record
from detente.line.effects import Confirmed
from detente.line.state import Run
from tests.line.cast import (
    alarms,
    begin_generation,
    carry,
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
    twin,
)
from tests.line.memory import Host


def forked() -> tuple[Host, Host, Host]:
    """West and its twin after different statements at index 1, and east, who holds west's."""
    hosts = line_of("east", "west")
    west, east = hosts["west"], hosts["east"]
    say(west, "one")
    exchange(west, east, 2)
    rival = twin(west)
    say(west, "two")
    say(rival, "another two")
    return west, rival, east


def test_two_statements_at_one_index_become_a_proof_that_stands_alone() -> None:
    west, rival, east = forked()
    carry(west, east)
    carry(rival, east)
    made = list(east.line.state.forks.values())
    assert len(made) == 1
    verdict = proof.judge(made[0])
    assert (verdict.kind, verdict.member, verdict.card) == ("statements", "west", west.member.ring.card)
    assert verdict.origin == origin_of(west)
    assert alarms(east).count("fork") == 1


def test_a_forked_log_is_cosigned_no_more_not_even_after_a_restart() -> None:
    west, rival, east = forked()
    carry(west, east)
    carry(rival, east)
    east = next_run(east)
    say(west, "three")
    carry(west, east)
    assert held(east, origin_of(west)) == 3  # stored and mirrored all the same
    assert set(east.line.state.logs[origin_of(west)].cosigned.values()) == {2}
    assert len(east.line.state.forks) == 1


def test_a_proof_from_elsewhere_stops_cosigning_too() -> None:
    hosts = line_of("east", "north", "west")
    west, east, north = hosts["west"], hosts["east"], hosts["north"]
    say(west, "one")
    settle(hosts.values())
    rival = twin(west)
    say(west, "two")
    say(rival, "another two")
    carry(west, east)
    carry(rival, east)
    carry(east, north)
    assert origin_of(west) in north.line.state.forked
    assert "fork" in alarms(north)
    assert north.line.state.forks == east.line.state.forks


def test_a_head_ahead_of_its_statements_is_kept_until_it_fits() -> None:
    west, _rival, east = forked()
    records, _ = records_of(west, "east")
    heads = [record for record in records if record.kind in {Kind.HAVE, Kind.CHECKPOINT}]
    give_records(east, heads)
    assert [one.head.size for one in east.store.claims(origin_of(west))] == [2]
    east = next_run(east)
    give_records(east, [record for record in records if record.kind in {Kind.ENTRY, Kind.BODY}])
    log = east.line.state.logs[origin_of(west)]
    assert log.head is not None
    assert log.head.head.size == 2
    assert east.store.claims(origin_of(west)) == []
    carry(east, west)
    assert delivered(west, "east") == 2


def test_a_head_ahead_that_its_statements_belie_becomes_a_proof() -> None:
    west, rival, east = forked()
    records, _ = records_of(rival, "east")
    give_records(east, [record for record in records if record.kind is Kind.CHECKPOINT])
    assert not east.line.state.forks
    east = next_run(east)
    carry(west, east)
    assert [proof.judge(made).kind for made in east.line.state.forks.values()] == ["heads"]
    assert origin_of(west) in east.line.state.forked


def test_a_short_head_that_fits_nothing_is_proven_by_the_next_true_one() -> None:
    west, rival, east = forked()
    records, _ = records_of(west, "east")
    give_records(east, [record for record in records if record.kind in {Kind.HAVE, Kind.ENTRY, Kind.BODY}])
    records, _ = records_of(rival, "east")
    give_records(east, [record for record in records if record.kind is Kind.CHECKPOINT])
    assert "head-does-not-fit" in alarms(east)
    assert not east.line.state.forks
    say(west, "three")
    carry(west, east)
    assert [proof.judge(made).kind for made in east.line.state.forks.values()] == ["prefix"]


def test_two_heads_ahead_of_one_size_are_a_proof_at_once() -> None:
    west, rival, east = forked()
    for one in (west, rival):
        records, _ = records_of(one, "east")
        give_records(east, [record for record in records if record.kind is Kind.CHECKPOINT])
    assert [proof.judge(made).kind for made in east.line.state.forks.values()] == ["heads"]


def test_a_statement_that_denies_the_one_before_it_is_proven() -> None:
    west, rival, east = forked()
    carry(west, east)
    say(rival, "rival three")
    records, _ = records_of(rival, "east")
    last = [record for record in records if record.kind is Kind.ENTRY][-1]
    give_records(east, [last])
    assert [proof.judge(made).kind for made in east.line.state.forks.values()] == ["previous"]


def test_one_proof_a_log_is_enough_however_often_its_author_lies() -> None:
    west, rival, east = forked()
    carry(west, east)
    for text in ("a", "b", "c", "d"):
        say(rival, text)
    carry(rival, east)
    for _ in range(3):
        carry(rival, east)
    assert len(east.line.state.forks) == 1
    assert alarms(east).count("fork") == 1


def test_the_one_whose_key_signed_both_halts_when_it_is_shown() -> None:
    west, rival, east = forked()
    carry(rival, east)
    carry(west, east)
    carry(east, west)
    assert run_of(west) is Run.HALTED
    assert west.line.state.reason == "possible-key-theft"
    west = next_run(west)
    assert run_of(west) is Run.HALTED


def test_a_fork_is_answered_by_a_new_generation_and_the_line_goes_on() -> None:
    west, rival, east = forked()
    carry(west, east)
    carry(rival, east)
    carry(east, west)
    assert run_of(west) is Run.HALTED
    act = new_generation(west, "fork", at=1)
    begin_generation(west, act)
    west.give(Confirmed())
    exchange(west, east, 3)
    assert run_of(west) is Run.RUNNING
    say(west, "said again under new keys")
    exchange(west, east, 2)
    origin = origin_of(west, 1)
    assert held(east, origin) == 1
    assert delivered(west, "east", origin=origin) == 1
    assert run_of(west) is Run.RUNNING  # the old proof halts nobody any more


def test_a_mirror_restored_from_yesterday_does_not_cosign_a_fork() -> None:
    west, rival, east = forked()
    backup = copy.deepcopy(east.store)
    carry(west, east)  # east cosigns west's two
    carry(east, west)
    assert delivered(west, "east") == 2
    east = next_run(east, backup, restored=True)
    carry(rival, east)
    carry(rival, east)
    assert held(east, origin_of(west)) == 2  # the rival's: it cannot know better
    carry(east, west)
    assert "fork-offered" in alarms(east)
    assert delivered(rival, "east") == 1


def test_a_garbage_proof_changes_nothing() -> None:
    _west, _rival, east = forked()
    took = give_records(east, [Record(Kind.FORK, b"{}"), Record(Kind.FORK, b"x")])
    assert dict(took.reasons) == {"Malformed": 2}
    assert not east.line.state.forks
