"""Sticks, replays and floods: much at once, late, twice, foreign, spoilt; bounded whatever comes."""

from __future__ import annotations

import dataclasses
import hashlib

import msgspec
import pytest

from detente.line.bundle import Kind, Record
from detente.line.checkpoint import Checkpoint
from detente.line.effects import CourierReady, Draft, Submitted
from detente.line.envelope import Envelope, PayloadType
from detente.line.state import Settings
from detente.line.statement import Statement
from tests.line.cast import (
    DAY_MS,
    alarms,
    carry,
    delivered,
    exchange,
    give_records,
    held,
    later,
    line_of,
    origin_of,
    plain_act,
    records_of,
    say,
    settle,
)
from tests.line.memory import Host

YEAR_MS = 365 * DAY_MS


def many(host: Host, count: int, size: int = 20) -> None:
    for start in range(0, count, 500):
        drafts = tuple(
            Draft("notice", "text/plain", f"{n:0{size}}".encode(), hashlib.sha256(b"%d" % n).hexdigest()[:32])
            for n in range(start, min(start + 500, count))
        )
        host.give(Submitted(drafts))


def test_a_year_of_silence_then_thousands_of_statements_on_one_stick_in_bounded_pieces() -> None:
    hosts = line_of("east", "west")
    west, east = hosts["west"], hosts["east"]
    exchange(west, east)
    later(hosts.values(), YEAR_MS)
    many(west, 1500)
    records, more = records_of(west, "east", 50_000)
    pieces = 1
    give_records(east, records, last=False)
    while more:
        records, more = records_of(west, "east", 50_000, go_on=True)
        assert sum(len(record.content) for record in records) < 60_000
        assert not [record for record in records if record.kind is Kind.HAVE]
        give_records(east, records, last=not more)
        pieces += 1
    assert pieces > 20
    assert held(east, origin_of(west)) == 1500
    carry(east, west)
    assert delivered(west, "east") == 1500


def test_a_part_of_a_bundle_is_receipted_as_far_as_it_goes() -> None:
    hosts = line_of("east", "west")
    west, east = hosts["west"], hosts["east"]
    many(west, 1200)
    carry(west, east, size_max=1_000_000)
    assert 500 <= held(east, origin_of(west)) < 1200
    carry(east, west)
    assert delivered(west, "east") in {500, 1000}
    for _ in range(3):
        exchange(west, east)
    assert delivered(west, "east") == 1200


def test_old_bundles_brought_again_change_nothing() -> None:
    hosts = line_of("east", "west")
    west, east = hosts["west"], hosts["east"]
    say(west, "one")
    first = west.bundle_for("east")
    east.take(first)
    say(west, "two")
    exchange(west, east, 2)
    before = len(east.store._entries[origin_of(west)]), dict(east.store._bodies)
    later(hosts.values(), 5 * YEAR_MS)
    took = east.take(first)
    assert dict(took.new) == {"have": 1}
    assert (len(east.store._entries[origin_of(west)]), dict(east.store._bodies)) == before
    exchange(west, east, 2)
    assert delivered(west, "east") == 2


def test_records_in_any_order_and_doubled_are_taken_as_far_as_they_follow() -> None:
    hosts = line_of("east", "west")
    west, east = hosts["west"], hosts["east"]
    many(west, 5)
    records, _ = records_of(west, "east")
    give_records(east, [*reversed(records), *records, *records])
    assert held(east, origin_of(west)) == 5
    carry(east, west)
    assert delivered(west, "east") == 5


def test_entries_of_another_line_epoch_author_generation_or_spelling_are_refused() -> None:
    hosts, others = line_of("east", "west"), line_of("east", "north", "west")
    west, east = hosts["west"], hosts["east"]
    say(west, "one")
    say(others["west"], "on another line")
    foreign = [record for record in records_of(others["west"], "east")[0] if record.kind is Kind.ENTRY]
    leaf = west.store.entry(origin_of(west), 0)
    assert leaf is not None
    envelope = Envelope.decode(leaf, PayloadType.STATEMENT)
    changed = [
        Envelope(envelope.type, _changed(envelope.payload, **fields), envelope.signatures).encode()
        for fields in (
            {"epoch": 2},
            {"generation": 1},
            {"author": "east"},
            {"seq": 1},
            {"line": "x"},
            {"key": "0" * 64},
        )
    ]
    spelt = [leaf + b" ", leaf.replace(b'","', b'", "', 1), b"", b"{}", leaf[:-1]]
    took = give_records(east, [*foreign, *(Record(Kind.ENTRY, one) for one in (*changed, *spelt))])
    assert not dict(took.new)
    assert sum(count for _, count in took.reasons) == 1 + 6 + 5
    assert held(east, origin_of(west)) == 0
    assert [part.what for part in east.store.history] == ["running"]


def _changed(payload: bytes, **fields: object) -> bytes:
    return msgspec.structs.replace(Statement.decode(payload)[0], **fields).encode()


def test_a_flood_stops_at_the_quota_and_goes_on_when_it_is_raised() -> None:
    hosts = line_of("east", "west", settings=Settings(quota_bytes=20_000))
    west, east = hosts["west"], hosts["east"]
    many(west, 60)
    took = carry(west, east)
    assert "quota" in alarms(east)
    got = held(east, origin_of(west))
    assert 0 < got < 60
    assert took.reasons
    east.line.state.settings = dataclasses.replace(east.line.state.settings, quota_bytes=10_000_000)
    exchange(west, east, 2)
    assert held(east, origin_of(west)) == 60


def test_a_flood_of_root_acts_stops_at_its_own_quota() -> None:
    hosts = line_of("east", "west", settings=Settings(acts_quota_bytes=7000))
    west, east = hosts["west"], hosts["east"]
    from detente.line.effects import ActGiven

    for _ in range(5):
        west.give(ActGiven(plain_act(west, "anchor")))
    carry(west, east)
    assert 1 < len(east.line.state.rings["west"].acts) < 6
    assert "quota" in alarms(east)


def test_garbage_is_counted_by_reason_and_told_in_a_hundred_words() -> None:
    east = line_of("east", "west")["east"]
    garbage = [Record(kind, b"garbage") for kind in Kind if kind is not Kind.RELEASE for _ in range(20)]
    took = give_records(east, [*garbage, Record(None, b"")])
    assert sum(count for _, count in took.reasons) == 20 * (len(Kind) - 1)
    assert len(took.refused) == 100
    assert took.not_understood == 1
    assert not east.line.state.parts


def test_heads_without_end_that_fit_nothing_are_kept_only_so_far() -> None:
    hosts = line_of("east", "west")
    west, east = hosts["west"], hosts["east"]
    heads = []
    for n in range(80):
        say(west, f"{n}")
        checkpoint = west.store.checkpoint(origin_of(west))
        assert checkpoint is not None
        heads.append(Record(Kind.CHECKPOINT, checkpoint.encode()))
    took = give_records(east, [*heads, *heads[:3]])
    assert dict(took.new) == {"head ahead": 64}
    assert dict(took.reasons) == {"OutOfPlace": 16}
    exchange(west, east, 2)
    assert delivered(west, "east") == 80
    assert east.store.claims(origin_of(west)) == []


def test_a_forged_cosignature_in_front_does_not_keep_the_true_receipt_out() -> None:
    hosts = line_of("east", "west")
    west, east = hosts["west"], hosts["east"]
    say(west, "one")
    carry(west, east)
    records, _ = records_of(east, "west")
    spoilt = []
    for record in records:
        if record.kind is Kind.CHECKPOINT:
            checkpoint = Checkpoint.decode(record.content)
            if checkpoint.cosignatures:
                forged = dataclasses.replace(checkpoint.cosignatures[0], name="a-stranger", signature=b"\0" * 64)
                checkpoint = dataclasses.replace(checkpoint, cosignatures=(forged, *checkpoint.cosignatures))
            record = Record(Kind.CHECKPOINT, checkpoint.encode())  # noqa: PLW2901 - the spoilt one takes its place
        spoilt.append(record)
    took = give_records(west, spoilt)
    assert dict(took.reasons) == {"OutOfPlace": 1}
    assert delivered(west, "east") == 1


def test_an_unknown_type_and_an_unknown_critical_field_stop_nothing() -> None:
    hosts = line_of("east", "west")
    west, east = hosts["west"], hosts["east"]
    say(west, "new kind", type="a.type.of.the.future", critical=("coordinates_v9",))
    say(west, "after it")
    exchange(west, east, 2)
    assert delivered(west, "east") == 2
    statement, unknown = Statement.decode(
        Envelope.decode(east.store._entries[origin_of(west)][0], PayloadType.STATEMENT).payload
    )
    assert statement.not_understood(unknown, frozenset({"notice"}))


def test_nobody_is_given_anything_but_the_parties_of_the_line() -> None:
    west = line_of("east", "west")["west"]
    west.sent.clear()
    west.give(CourierReady("zulu", 1000))
    assert west.sent == []


@pytest.mark.parametrize("count", [3, 5])
def test_whoever_holds_a_log_may_carry_it(count: int) -> None:
    names = ("a", "b", "c", "d", "e")[:count]
    hosts = line_of(*names)
    for name in names:
        say(hosts[name], f"from {name}")
    ring = list(hosts.values())
    for _ in range(3):
        for one, other in zip(ring, [*ring[1:], ring[0]], strict=True):
            exchange(one, other)
    settle(ring, 1)
    for one in ring:
        for other in ring:
            assert held(one, origin_of(other)) == 1
            if one is not other:
                assert delivered(one, other.member.name) == 1
