"""Stolen keys, revocations, new generations, words of neutral parties, heads that only a member's own key

Proves.
"""

from __future__ import annotations

from detente.line.bundle import Kind
from detente.line.effects import ActGiven, Role
from detente.line.envelope import Envelope, PayloadType
from detente.line.rootact import ClosedLog
from detente.line.session import Answer, decode_session
from detente.line.standing import Standing, standing
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
    plain_act,
    records_of,
    run_of,
    say,
    settle,
    twin,
)
from tests.line.memory import Host


def test_a_new_generation_closes_the_old_log_and_the_line_goes_on() -> None:
    hosts = line_of("east", "west")
    west, east = hosts["west"], hosts["east"]
    say(west, "one")
    exchange(west, east)
    begin_generation(west, new_generation(west))
    say(west, "two")
    exchange(west, east, 2)
    assert held(east, origin_of(west, 1)) == 1
    assert delivered(west, "east", origin=origin_of(west, 1)) == 1
    assert alarms(east).count("keys-changed") == 1
    west, east = next_run(west), next_run(east)
    say(west, "three")
    exchange(west, east, 2)
    assert delivered(west, "east", origin=origin_of(west, 1)) == 2


def test_what_the_thief_writes_is_disputed_and_never_refused_nor_cosigned() -> None:
    hosts = line_of("east", "west")
    west, east = hosts["west"], hosts["east"]
    say(west, "one")
    exchange(west, east)
    thief = twin(west)
    say(thief, "forged before the revocation")
    carry(thief, east)
    begin_generation(west, new_generation(west, "theft", at=1))
    say(west, "true again")
    carry(west, east)
    say(thief, "forged after it")
    carry(thief, east)
    origin = origin_of(west)
    assert held(east, origin) == 3
    assert [standing(east.line.state, origin, seq) for seq in range(3)] == [
        Standing.PLAIN, Standing.DISPUTED, Standing.DISPUTED,
    ]  # fmt: skip
    assert set(east.line.state.logs[origin].cosigned.values()) == {2}  # what it cosigned before stays binding
    assert held(east, origin_of(west, 1)) == 1
    carry(east, west)
    assert run_of(west) is Run.RUNNING  # what the stolen key signed in its closed log halts nobody
    assert held(west, origin) == 3
    assert [standing(west.line.state, origin, seq) for seq in (0, 2)] == [Standing.PLAIN, Standing.DISPUTED]


def test_after_a_rotation_what_comes_late_stands_after_close() -> None:
    hosts = line_of("east", "west")
    west, east = hosts["west"], hosts["east"]
    say(west, "one")
    say(west, "two")
    begin_generation(west, new_generation(west, "rotation", at=1))
    exchange(west, east, 2)
    origin = origin_of(west)
    assert held(east, origin) == 2
    assert [standing(east.line.state, origin, seq) for seq in range(2)] == [Standing.PLAIN, Standing.AFTER_CLOSE]


def test_what_stood_above_a_closed_head_is_said_again_once() -> None:
    hosts = line_of("east", "west")
    west, east = hosts["west"], hosts["east"]
    say(west, "one")
    say(west, "two")
    act = new_generation(west, "rotation", at=1)
    begin_generation(west, act)
    west.give(ActGiven(act))  # twice: nothing more happens
    exchange(west, east, 2)
    assert held(east, origin_of(west, 1)) == 1
    before = west.store.submission(_submission("two"))
    assert before is not None
    assert before.generation == 1
    say(west, "two")  # a retry of the officer's: still once
    assert held(west, origin_of(west, 1)) == 1


def test_after_theft_a_person_says_what_is_said_again() -> None:
    west = line_of("east", "west")["west"]
    say(west, "one")
    say(west, "two")
    begin_generation(west, new_generation(west, "theft", at=1))
    assert "say-again" in alarms(west)
    assert held(west, origin_of(west, 1)) == 0


def test_receipts_up_to_a_closed_head_are_still_given() -> None:
    hosts = line_of("east", "west")
    west, east = hosts["west"], hosts["east"]
    say(west, "one")
    say(west, "two")
    begin_generation(west, new_generation(west, "rotation", at=1))
    exchange(west, east, 2)
    assert delivered(west, "east", origin=origin_of(west)) == 1


def test_a_thief_who_cosigns_with_the_stolen_key_delivers_nothing() -> None:
    hosts = line_of("east", "west")
    west, east = hosts["west"], hosts["east"]
    exchange(west, east)
    thief = twin(east)  # with east's keys
    begin_generation(east, new_generation(east, "theft", at=0))
    carry(east, west)
    say(west, "one")
    carry(west, thief)
    took = carry(thief, west)
    assert delivered(west, "east") == 0
    assert took.reasons
    exchange(west, east, 2)
    assert delivered(west, "east") == 1  # by the new key


def test_what_the_old_key_cosigned_is_cosigned_again_by_the_new_one() -> None:
    hosts = line_of("east", "west")
    west, east = hosts["west"], hosts["east"]
    say(west, "one")
    exchange(west, east)
    begin_generation(east, new_generation(east, "theft", at=0))
    exchange(west, east)
    newest = {one.hint for size, _, one in east.store.newest_cosignatures(origin_of(west)) if size == 1}
    assert len(newest) == 4  # two roles under two keys


def test_a_stolen_key_speaks_no_more_for_its_member_in_have_vectors() -> None:
    hosts = line_of("east", "west")
    west, east = hosts["west"], hosts["east"]
    exchange(west, east)
    thief = twin(east)
    begin_generation(east, new_generation(east, "theft", at=0))
    carry(east, west)
    before = west.line.state.parties["east"].have
    took = carry(thief, west)
    assert ("BadSignature", 1) in took.reasons
    assert west.line.state.parties["east"].have == before


def test_without_new_keys_a_revoked_member_is_silent_and_others_go_on() -> None:
    hosts = line_of("east", "west")
    west, east = hosts["west"], hosts["east"]
    say(west, "one")
    exchange(west, east)
    west.give(ActGiven(new_generation(west, "theft", at=1, keys=False)))
    west.sent.clear()
    assert west.line.state.own_keys() is None
    say(east, "we hear you")
    assert held(east, origin_of(east)) == 1


def test_a_neutral_observer_gives_its_word_on_a_revocation_and_everyone_gets_it() -> None:
    hosts = line_of("east", "west", observers=("port",))
    west, east, port = hosts["west"], hosts["east"], hosts["port"]
    say(west, "one")
    settle(hosts.values())
    thief = twin(west)
    say(thief, "forged")
    carry(thief, port)
    begin_generation(west, new_generation(west, "theft", at=1))
    carry(west, port)
    word = _word(port)
    assert (word.about, word.revocation) == ("west", west.line.state.rings["west"].hashes[1])
    assert [head.size for head in word.heads] == [2]
    carry(port, east)
    assert [_decoded(octets) for octets in east.line.state.words.values()] == [word]
    port, east = next_run(port), next_run(east)
    assert not port.line.state.unwitnessed
    carry(east, west)
    assert [_decoded(octets) for octets in west.line.state.words.values()] == [word]
    say(thief, "forged again")
    carry(thief, port)
    assert port.line.state.logs[origin_of(west)].cosigned[Role.COSIGN_LOG] == 2


def test_only_a_neutral_party_gives_a_word_and_only_one() -> None:
    hosts = line_of("east", "north", "west", neutral={"north": ("west",)})
    west, east, north = hosts["west"], hosts["east"], hosts["north"]
    say(west, "one")
    settle(hosts.values())
    begin_generation(west, new_generation(west, "theft", at=1))
    settle(hosts.values())
    assert len(east.line.state.words) == 1
    assert _word(north).author == "north"
    state = north.line.state
    state.words.clear()
    state.unwitnessed.add(("west", state.rings["west"].hashes[1]))
    north.now_ms += 5000
    carry(west, north)
    took = carry(north, east)
    assert ("OutOfPlace", 1) in took.reasons
    assert len(east.line.state.words) == 1


def test_a_closing_that_does_not_fit_the_statements_is_said_aloud() -> None:
    hosts = line_of("east", "west")
    west, east = hosts["west"], hosts["east"]
    say(west, "one")
    exchange(west, east)
    ring = west.line.state.rings["west"]
    head = ClosedLog(1, 0, west.line.state.opening.line, "00" * 32, 1)
    act = plain_act(west, "leave", heads=(head,), index=len(ring.acts))
    west.give(ActGiven(act))
    carry(west, east)
    assert "closing-does-not-fit" in alarms(east)


def test_a_member_that_left_owes_nothing_and_writes_nothing() -> None:
    hosts = line_of("east", "north", "west")
    west, east = hosts["west"], hosts["east"]
    say(west, "one")
    settle(hosts.values())
    root = west.line.state.root_at(origin_of(west), 1).hex()
    west.give(ActGiven(plain_act(west, "leave", heads=(ClosedLog(1, 0, west.line.state.opening.line, root, 1),))))
    settle(hosts.values())
    from detente.line.standing import readers

    assert readers(east.line.state) == ("north",)
    import pytest

    from detente.line.errors import LineMistake

    with pytest.raises(LineMistake):
        say(west, "two")


def test_an_own_act_from_outside_halts_but_garbage_in_our_name_does_not() -> None:
    hosts = line_of("east", "west")
    west, east = hosts["west"], hosts["east"]
    exchange(west, east)
    act = new_generation(west, "rotation", at=0)
    forged = Envelope.decode(act, PayloadType.ROOT_ACT)
    from msgspec.structs import replace

    from detente.line.bundle import Record

    one = replace(forged.signatures[0], signature=b"\1" * 64)
    broken = Envelope(forged.type, forged.payload, (one, forged.signatures[1])).encode()
    give_records(west, [Record(Kind.ROOT_ACT, broken)])
    assert run_of(west) is Run.RUNNING
    assert "own-root-act-from-outside" not in alarms(west)
    give_records(west, [Record(Kind.ROOT_ACT, act)])
    assert run_of(west) is Run.HALTED
    assert "own-root-act-from-outside" in alarms(west)


def test_a_head_of_a_third_member_that_somebody_names_proves_nothing() -> None:
    """East names a head of north's log that north never signed.

    Nobody halts, nothing is proven, nothing stops.
    """
    hosts = line_of("east", "north", "west")
    west, east, north = hosts["west"], hosts["east"], hosts["north"]
    say(north, "one")
    settle(hosts.values())
    log = east.line.state.logs[origin_of(north)]
    assert log.head is not None
    from dataclasses import replace

    true = log.head
    log.head = replace(true, head=replace(true.head, root=b"\7" * 32))
    east.line.state.named.clear()
    say(east, "framing")
    log.head = true
    settle(hosts.values())
    for host in (west, north):
        assert held(host, origin_of(east)) == 1
        assert not host.line.state.forks
        assert run_of(host) is Run.RUNNING
    say(north, "two")
    settle(hosts.values())
    assert delivered(north, "west") == 2


def test_words_of_strangers_and_acts_of_strangers_are_refused() -> None:
    hosts, others = line_of("east", "west"), line_of("east", "west", "zulu")
    exchange(hosts["east"], hosts["west"])
    records, _ = records_of(others["zulu"], "west")
    took = give_records(hosts["west"], records)
    assert dict(took.reasons) == {"OutOfPlace": 2}


def _submission(text: str) -> str:
    import hashlib

    return hashlib.sha256(text.encode()).hexdigest()[:32]


def _decoded(octets: bytes) -> Answer:
    return decode_session(Envelope.decode(octets, PayloadType.ANSWER).payload, Answer)


def _word(host: Host) -> Answer:
    found = [_decoded(octets) for octets in host.store.answers(host.member.name)]
    return next(one for one in found if one.revocation is not None)
