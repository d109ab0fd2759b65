"""Bodies beside statements: withheld, false, lost, revealed later, never for observers."""

from __future__ import annotations

import copy

from detente.line.bundle import Kind, Record
from detente.line.effects import Role
from detente.line.envelope import Envelope, PayloadType
from detente.line.state import Settings
from detente.line.statement import Statement
from tests.line.cast import (
    HOUR_MS,
    alarms,
    carry,
    delivered,
    exchange,
    give_records,
    held,
    later,
    line_of,
    next_run,
    origin_of,
    records_of,
    say,
    settle,
    tick,
)
from tests.line.memory import Host


def last_statement(host: Host, seq: int = -1) -> Statement:
    log = host.store._entries[origin_of(host)]
    return Statement.decode(Envelope.decode(log[seq], PayloadType.STATEMENT).payload)[0]


def test_a_withheld_body_holds_up_its_delivery_and_not_the_log() -> None:
    hosts = line_of("east", "west")
    west, east = hosts["west"], hosts["east"]
    say(west, "one")
    carry(west, east, without=[Kind.BODY])
    say(west, "two")
    west.store._closed_bodies.add(last_statement(west, 0).body.hash)  # west never gives the first one
    exchange(west, east, 2)
    assert held(east, origin_of(west)) == 2
    assert delivered(west, "east", Role.COSIGN_LOG) == 2
    assert delivered(west, "east") == 0


def test_a_body_that_does_not_come_is_named_once_by_its_reader() -> None:
    hosts = line_of("east", "west")
    west, east = hosts["west"], hosts["east"]
    say(west, "one")
    carry(west, east, without=[Kind.BODY])
    later(hosts.values(), 5 * HOUR_MS)
    tick(east)
    assert last_type(east) != "line.body-missing"
    later(hosts.values(), 2 * HOUR_MS)
    tick(east)
    assert types(east).count("line.body-missing") == 1
    assert "body-missing" in alarms(east)
    east = next_run(east)
    later(hosts.values(), 12 * HOUR_MS)
    east.now_ms = west.now_ms
    tick(east)
    assert types(east).count("line.body-missing") == 1
    exchange(east, west, 2)
    assert delivered(west, "east") == 1  # it came after all


def test_an_unrevealed_body_is_not_given_to_whoever_names_its_hash() -> None:
    hosts = line_of("east", "west")
    west, east = hosts["west"], hosts["east"]
    say(west, "the secret plan", reveal="later")
    exchange(west, east, 2)
    assert delivered(west, "east") == 1  # what is to be revealed later is not owed
    digest = last_statement(west).body.hash
    east.line.state.logs[origin_of(west)].wanted[0] = {digest}  # a reader that asks for it all the same
    carry(east, west)
    records, _ = records_of(west, "east")
    assert not [record for record in records if record.kind is Kind.BODY]
    assert west.line.state.parties["east"].have is not None
    assert digest in west.line.state.parties["east"].have.missing


def test_a_body_of_another_size_than_stated_or_of_nobody_is_refused() -> None:
    hosts = line_of("east", "west")
    west, east = hosts["west"], hosts["east"]
    say(west, "one")
    records, _ = records_of(west, "east")
    body = next(record for record in records if record.kind is Kind.BODY)
    took = give_records(east, [body, Record(Kind.BODY, b"short"), Record(Kind.BODY, b"\0" * 40)])
    assert dict(took.reasons) == {"OutOfPlace": 3}
    give_records(east, [record for record in records if record is not body])
    for wanting in east.line.state.wanting.values():
        for place in wanting:
            wanting[place] += 1
    assert dict(give_records(east, [body]).reasons) == {"Malformed": 1}
    east = next_run(east)
    assert dict(give_records(east, [body, body]).new) == {"body": 1}
    assert east.line.state.wanting == {}


def test_observers_hold_and_cosign_the_log_without_a_single_body() -> None:
    hosts = line_of("east", "west", observers=("port",))
    west, port = hosts["west"], hosts["port"]
    say(west, "one", attachments=(("text/plain", b"more"),))
    settle(hosts.values())
    assert port.store._bodies == {}
    assert delivered(west, "port", Role.COSIGN_LOG) == 1
    assert delivered(west, "port") == 0
    tick(port)
    assert held(port, origin_of(port)) == 0


def test_a_restored_home_gets_its_own_bodies_back_and_states_what_is_lost() -> None:
    hosts = line_of("east", "west", settings=Settings(body_missing_after_ms=HOUR_MS))
    west, east = hosts["west"], hosts["east"]
    exchange(west, east)
    backup = copy.deepcopy(west.store)
    say(west, "kept by east")
    say(west, "known to nobody else", reveal="later")
    say(west, "dropped by east")
    exchange(west, east, 2)
    east.store._closed_bodies.add(last_statement(west).body.hash)
    west = next_run(west, backup, restored=True)
    exchange(west, east, 3)
    assert held(west, origin_of(west)) == 3
    later([west, east], 2 * HOUR_MS)
    tick(west)
    exchange(west, east)
    assert types(west)[-1] == "line.body-lost"
    lost = west.store.body(last_statement(west).body.hash)
    assert lost is not None
    assert b'"entries":[2]' in lost[1]
    assert west.store.body(last_statement(west, 0).body.hash) is not None


def test_bodies_wait_for_room_and_the_bundle_says_that_there_is_more() -> None:
    hosts = line_of("east", "west")
    west, east = hosts["west"], hosts["east"]
    for index in range(5):
        say(west, f"{index}" * 3000)
    carry(west, east, without=[Kind.BODY])
    carry(east, west)
    records, more = records_of(west, "east", 4000)
    assert more
    for _ in range(6):
        give_records(east, records)
        carry(east, west)
        records, more = records_of(west, "east", 6000)
    assert not more
    carry(east, west)
    assert delivered(west, "east") == 5


def types(host: Host) -> list[str]:
    log = host.store._entries[origin_of(host)]
    return [Statement.decode(Envelope.decode(leaf, PayloadType.STATEMENT).payload)[0].type for leaf in log]


def last_type(host: Host) -> str:
    return (types(host) or [""])[-1]
