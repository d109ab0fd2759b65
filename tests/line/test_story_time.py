"""Clocks, tests of the line, silence, answers owed, suspension: each on this node's own clock alone."""

from __future__ import annotations

from detente.line.bundle import Kind
from detente.line.effects import Draft, Submitted, Ticked, Wake
from detente.line.envelope import Envelope, PayloadType
from detente.line.state import Direction
from detente.line.statement import Reference, Statement
from tests.line.cast import (
    DAY_MS,
    HOUR_MS,
    alarms,
    carry,
    delivered,
    direction_of,
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

YEAR_MS = 365 * DAY_MS


def types(host: Host) -> list[str]:
    log = host.store._entries[origin_of(host)]
    return [Statement.decode(Envelope.decode(leaf, PayloadType.STATEMENT).payload)[0].type for leaf in log]


def reference(host: Host, seq: int) -> Reference:
    digest = host.store.node(origin_of(host), 0, seq).hex()
    return Reference(1, 0, digest, host.member.name, seq)


def reply(host: Host, to: Reference, kind: str) -> None:
    host.give(Submitted((Draft(f"reply.{kind}", "text/plain", b"", f"{host.now_ms:032x}", in_reply_to=to),)))


def test_an_answer_owed_raises_the_alarm_on_both_sides_within_one_tick() -> None:
    hosts = line_of("east", "west")
    west, east = hosts["west"], hosts["east"]
    say(west, "answer this", answer_by_ms=west.now_ms + 2 * HOUR_MS)
    exchange(west, east)
    later(hosts.values(), 2 * HOUR_MS - 1)
    tick(west, east)
    assert "answer-overdue" not in alarms(west) + alarms(east)
    later(hosts.values(), 1)
    east = next_run(east)  # known after a restart
    east.now_ms = west.now_ms
    tick(west, east)
    assert alarms(west).count("answer-overdue") == 1
    assert alarms(east).count("answer-overdue") == 1
    tick(west, east)
    assert alarms(west).count("answer-overdue") == 1


def test_an_answer_in_time_raises_nothing_and_a_read_receipt_is_no_answer() -> None:
    hosts = line_of("east", "west")
    west, east = hosts["west"], hosts["east"]
    for text in ("first", "second"):
        say(west, text, answer_by_ms=west.now_ms + HOUR_MS)
    exchange(west, east)
    reply(east, reference(west, 0), "accepted")
    east.now_ms += 1
    reply(east, reference(west, 1), "read")
    exchange(east, west)
    later(hosts.values(), 2 * HOUR_MS)
    tick(west, east)
    details = [dict(one.alarm.detail) for one in west.alarms + east.alarms if one.alarm.name == "answer-overdue"]
    assert [one["entry"][-2:] for one in details] == ["/1", "/1"]


def test_a_deadline_is_a_period_of_the_authors_clock_run_on_our_own() -> None:
    """West's clock is a year slow: its absolute time would be over before it came."""
    hosts = line_of("east", "west")
    west, east = hosts["west"], hosts["east"]
    west.now_ms -= YEAR_MS
    say(west, "answer this", answer_by_ms=west.now_ms + 2 * HOUR_MS)
    carry(west, east)
    tick(east)
    assert "answer-overdue" not in alarms(east)
    east.now_ms += 2 * HOUR_MS
    tick(east)
    assert "answer-overdue" in alarms(east)


def test_the_node_wakes_for_the_next_answer_owed() -> None:
    hosts = line_of("east", "west")
    west = hosts["west"]
    say(west, "answer this", answer_by_ms=west.now_ms + 90_000)
    effects = west.line.handle(Ticked(), west.now_ms)
    woken = [effect.at_ms for effect in effects if isinstance(effect, Wake)]
    assert woken == [west.now_ms + 90_000]


def test_a_clock_a_year_off_is_flagged_and_nothing_is_refused() -> None:
    hosts = line_of("east", "west")
    west, east = hosts["west"], hosts["east"]
    west.now_ms += YEAR_MS
    say(west, "from next year")
    exchange(west, east)
    assert "clock-ahead" in alarms(east)
    west.now_ms -= YEAR_MS
    say(west, "from today")
    exchange(west, east)
    assert "clock-stepped-back" in alarms(east)
    assert held(east, origin_of(west)) == 2
    assert delivered(west, "east") == 2


def test_a_test_is_answered_and_a_reply_by_another_clock_is_flagged() -> None:
    hosts = line_of("east", "west")
    west, east = hosts["west"], hosts["east"]
    tick(west)
    east.now_ms -= YEAR_MS
    exchange(west, east)
    party = west.line.state.parties["east"]
    assert party.test_nonce is None
    assert party.tested_ms == west.now_ms
    assert "clock-differs" in alarms(west)


def test_misses_are_logged_until_silence_and_then_summed_up_daily() -> None:
    hosts = line_of("east", "west")
    west, east = hosts["west"], hosts["east"]
    exchange(west, east)
    for _ in range(72):
        later(hosts.values(), HOUR_MS)
        tick(west)
    assert 1 <= types(west).count("line.miss") <= 4
    assert types(west).count("line.daily") in {2, 3}
    assert direction_of(west, "east") is Direction.SILENT
    assert "silent" in alarms(west)
    assert types(west).count("line.state") == 2  # degraded, silent
    exchange(west, east, 2)
    tick(west)
    assert direction_of(west, "east") is Direction.OPEN


def test_an_old_bundle_brought_again_does_not_make_a_silent_line_look_alive() -> None:
    hosts = line_of("east", "west")
    west, east = hosts["west"], hosts["east"]
    old = east.bundle_for("west")
    west.take(old)
    later(hosts.values(), 5 * HOUR_MS)
    west.take(old)
    tick(west)
    assert direction_of(west, "east") is Direction.SILENT
    west.take(east.bundle_for("west"))
    west.take(old)
    assert "older-have-vector" in alarms(west)
    tick(west)
    assert direction_of(west, "east") is not Direction.SILENT


def test_suspension_says_so_and_stops_nothing() -> None:
    hosts = line_of("east", "west")
    west, east = hosts["west"], hosts["east"]
    west.give(Submitted((Draft("line.suspend", "text/plain", b"exercise over", "0" * 32),)))
    exchange(west, east)
    assert west.line.state.own_direction is Direction.SUSPENDED
    assert direction_of(east, "west") is Direction.SUSPENDED
    assert "suspended" in alarms(east)
    say(west, "an incident")
    say(east, "another")
    exchange(west, east, 2)
    assert delivered(west, "east") == 2
    assert delivered(east, "west") == 1
    west, east = next_run(west), next_run(east)
    assert west.line.state.own_direction is Direction.SUSPENDED
    assert direction_of(east, "west") is Direction.SUSPENDED
    tick(east)
    assert direction_of(east, "west") is Direction.SUSPENDED
    west.give(Submitted((Draft("line.resume", "text/plain", b"", "1" * 32),)))
    exchange(west, east)
    assert direction_of(east, "west") is Direction.RESUMED
    states = [part.detail for part in east.store.history if part.what == "direction"]
    assert states == [b'{"state":"suspended"}', b'{"state":"resumed"}']


def test_an_unacknowledged_statement_degrades_the_line_and_raises_the_alarm() -> None:
    hosts = line_of("east", "north", "west")
    west, north = hosts["west"], hosts["north"]
    settle(hosts.values())
    say(west, "one")
    exchange(west, north, 2)
    for _ in range(25):
        later(hosts.values(), HOUR_MS)
        exchange(west, north, 2)
        tick(west)
    assert "unacknowledged" in alarms(west)
    about = {one.alarm.member for one in west.alarms if one.alarm.name == "unacknowledged"}
    assert about == {"east"}


def test_tests_to_others_and_of_others_are_refused() -> None:
    hosts = line_of("east", "north", "west")
    west, north = hosts["west"], hosts["north"]
    tick(west)
    records, _ = records_of(west, "east")
    wrong = [record for record in records if record.kind in {Kind.LINE_TEST, Kind.HAVE}]
    took = give_records(north, wrong)
    assert dict(took.reasons) == {"OutOfPlace": 2}
