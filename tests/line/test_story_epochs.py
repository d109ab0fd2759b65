"""The next epoch: opened by those who consent; nobody held hostage, rivals both shown, nothing said is lost."""

from __future__ import annotations

import dataclasses
from typing import Any

import msgspec
import pytest

from detente.line.bundle import Kind, Record
from detente.line.checkpoint import Origin
from detente.line.effects import Consented, Role
from detente.line.errors import LineMistake, Refused
from detente.line.standing import Standing, consents, readers, standing
from detente.line.state import Run
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
)
from tests.line.memory import Host, Member


def three() -> tuple[dict[str, Host], Host, Host, Host]:
    hosts = line_of("east", "north", "west")
    say(hosts["west"], "one")
    say(hosts["north"], "one of north")
    settle(hosts.values())
    return hosts, hosts["east"], hosts["north"], hosts["west"]


def test_two_open_the_next_epoch_when_the_third_vanished() -> None:
    _, east, north, west = three()
    opening = successor(west, ["east", "west"])
    for host in (west, east):
        consent(host, opening)
    exchange(west, east, 2)
    say(west, "without north")
    exchange(west, east, 2)
    assert held(east, origin_of(west, epoch=2)) == 2
    assert delivered(west, "east", origin=origin_of(west, epoch=2)) == 2
    assert consents(west.line.state)[opening.hash()] == ("east", "west")
    assert readers(west.line.state) == ("east",)
    carry(west, north)  # carried to the one that is held out: it learns of the opening, not of what is said in it
    assert held(north, origin_of(west, epoch=2)) == 0


def test_the_one_held_out_is_told_so_when_the_consent_reaches_it() -> None:
    _, east, north, west = three()
    opening = successor(west, ["east", "west"])
    for host in (west, east):
        consent(host, opening)
    records, _ = records_of(west, "east")
    give_records(north, [record for record in records if record.kind in {Kind.OPENING, Kind.ENTRY}])
    assert "held-out" in alarms(north)
    assert consents(north.line.state)[opening.hash()] == ("west",)
    say(north, "I am still here")
    carry(north, west)
    origin = origin_of(north)
    assert held(west, origin) == 2
    assert standing(west.line.state, origin, 1) is Standing.AFTER_CLOSE
    assert west.line.state.logs[origin].cosigned[Role.COSIGN_HELD] == 1


def test_an_opening_without_a_consent_is_not_kept() -> None:
    _, east, _, west = three()
    opening = successor(west, ["east", "west"])
    give_records(east, [Record(Kind.OPENING, opening.encode())])
    assert len(east.line.state.openings) == 1
    assert not east.line.state.offered
    many = [
        msgspec.structs.replace(opening, final=opening.final[:1], seats=opening.seats[:2], name=f"n{i}")
        for i in range(30)
    ]
    took = give_records(east, [Record(Kind.OPENING, one.encode()) for one in many], last=False)
    assert sum(count for _, count in took.reasons) == 22
    assert len(east.line.state.offered) == 8


def test_rival_openings_are_both_shown_with_who_consented() -> None:
    _, east, north, west = three()
    ours, theirs = successor(west, ["east", "west"]), successor(north, ["east", "north", "west"])
    consent(west, ours)
    consent(north, theirs)
    for sender in (west, north):
        records, _ = records_of(sender, "east")
        give_records(east, records)
    found = consents(east.line.state)
    assert (found[ours.hash()], found[theirs.hash()]) == (("west",), ("north",))
    assert held(east, origin_of(west, epoch=2)) == 1
    assert held(east, origin_of(north, epoch=2)) == 1
    consent(east, ours)
    east = next_run(east)
    assert east.line.state.opening.hash() == ours.hash()
    assert consents(east.line.state)[ours.hash()] == ("east", "west")
    exchange(east, west, 2)
    assert delivered(west, "east", origin=origin_of(west, epoch=2)) == 1
    assert origin_of(north, epoch=2) not in {
        origin for origin, log in east.line.state.logs.items() if log.cosigned and origin.epoch == 2
    }


def test_what_stood_beyond_a_final_head_is_said_again_once_under_its_submission() -> None:
    _, east, _, west = three()
    opening = successor(west, ["east", "west"])
    say(west, "in between", answer_by_ms=west.now_ms + 1000)
    say(west, "committed now, shown later", reveal="later")
    exchange(west, east)
    consent(west, opening)
    consent(east, opening)
    exchange(west, east, 2)
    origin = origin_of(west, epoch=2)
    assert held(east, origin) == 3  # consent and two said again
    assert standing(east.line.state, origin_of(west), 1) is Standing.AFTER_CLOSE
    say(west, "in between")
    assert held(west, origin) == 3
    assert delivered(west, "east", origin=origin) == 3


def test_a_newcomer_comes_in_with_the_consent_of_one_who_is_known() -> None:
    _, east, _, west = three()
    newcomer = Member.make("south")
    opening = successor(west, ["east", "south", "west"], newcomers=[newcomer])
    west.line.state.rings["south"] = dataclasses.replace(newcomer.ring)
    consent(west, opening)
    carry(west, east)
    assert east.line.state.rings["south"].card == newcomer.ring.card
    assert "opening-proposed" in alarms(east)
    east = next_run(east)
    consent(east, opening)
    exchange(west, east, 2)
    assert delivered(west, "east", origin=origin_of(west, epoch=2)) == 1


def test_acts_of_somebody_whom_no_opening_names_are_not_kept() -> None:
    _, east, _, _ = three()
    took = give_records(east, [Record(Kind.ROOT_ACT, Member.make("zulu").ring.envelopes[0])])
    assert dict(took.reasons) == {"OutOfPlace": 1}
    assert "zulu" not in east.line.state.rings


@pytest.mark.parametrize("fault", ["epoch", "previous", "seat", "card", "final", "beyond", "generation", "shape"])
def test_a_home_consents_only_to_what_it_can_follow(fault: str) -> None:
    _, _, _, west = three()
    opening = successor(west, ["east", "west"])
    first = opening.seats[0]
    changes: dict[str, dict[str, Any]] = {
        "epoch": {"epoch": 3},
        "previous": {"previous": "00" * 32},
        "seat": {
            "seats": tuple(
                msgspec.structs.replace(one, member=one.member.replace("west", "zest")) for one in opening.seats
            )
        },
        "card": {"seats": (msgspec.structs.replace(first, card="00" * 32), *opening.seats[1:])},
        "final": {"final": (*opening.final[:-1], msgspec.structs.replace(opening.final[-1], root="00" * 32))},
        "beyond": {"final": (*opening.final[:-1], msgspec.structs.replace(opening.final[-1], size=99))},
        "generation": {"seats": (msgspec.structs.replace(first, generation=7), *opening.seats[1:])},
        "shape": {"seats": tuple(reversed(opening.seats))},
    }
    bad = msgspec.structs.replace(opening, **changes[fault])
    with pytest.raises((LineMistake, Refused)):
        west.give(Consented(bad.encode()))
    assert west.line.state.opening.epoch == 1
    say(west, "still here")
    assert held(west, origin_of(west)) == 2


def test_a_halted_home_does_not_consent_and_loses_nothing() -> None:
    _, _, _, west = three()
    opening = successor(west, ["east", "west"])
    west = next_run(west, head_file=False)
    assert run_of(west) is Run.HALTED
    with pytest.raises(LineMistake):
        consent(west, opening)
    assert west.line.state.opening.epoch == 1


def test_a_consent_whose_first_statement_is_not_signed_is_none() -> None:
    _, _, _, west = three()
    opening = successor(west, ["east", "west"])
    west.signer.issued[origin_of(west, epoch=2)] = 5  # this signer will refuse index 0
    consent(west, opening)
    assert run_of(west) is Run.HALTED
    assert west.line.state.opening.epoch == 1
    assert next_run(west).line.state.opening.epoch == 1


def test_a_generation_begun_before_the_consent_names_both() -> None:
    _, east, _, west = three()
    opening = successor(west, ["east", "west"])
    begin_generation(west, new_generation(west))
    carry(west, east)
    consent(west, opening)
    consent(east, opening)
    exchange(west, east, 2)
    assert held(east, origin_of(west, 1, epoch=2)) == 1
    assert consents(east.line.state)[opening.hash()] == ("east", "west")
    east = next_run(east)
    assert east.line.state.logs[Origin(opening.line, 2, "west", 1)].opening == opening.hash()


def test_an_observer_moves_on_without_writing() -> None:
    hosts = line_of("east", "west", observers=("port",))
    west, port = hosts["west"], hosts["port"]
    say(west, "one")
    settle(hosts.values())
    opening = successor(west, ["east", "west"], ["port"])
    for host in hosts.values():
        consent(host, opening)
    settle(hosts.values())
    assert delivered(west, "port", Role.COSIGN_LOG, origin_of(west, epoch=2)) == 1
    assert delivered(west, "port", origin=origin_of(west, epoch=2)) == 0
    assert not any(origin.member == "port" for origin in port.line.state.logs)
