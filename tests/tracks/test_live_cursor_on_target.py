"""Cursor-on-Target as it comes: goal: whatever the bytes, events in = rows + named rejects, and no opinion believed.

Method: examples written by hand after the public schema, pieces cut at every place, and bytes drawn at random.
"""

from __future__ import annotations

from datetime import UTC, datetime

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detente.tracks.live_cursor_on_target import (
    DEPTH_MAX,
    ELEMENTS_MAX,
    EVENT_BYTES_MAX,
    CursorOnTargetDecoder,
    EventCutter,
)
from detente.tracks.reasons import Reason
from detente.tracks.schema import SCHEMA

NOW = datetime(2026, 4, 6, 10, 0, 30, tzinfo=UTC)


def event(
    uid: str = "MMSI-230000001",
    kind: str = "a-f-S-C",
    *,
    time: str = "2026-04-06T10:00:00.000Z",
    stale: str = "2026-04-06T10:05:00.000Z",
    point: str = 'lat="59.5" lon="24.25" hae="9999999.0" ce="12.0" le="9999999.0"',
    detail: str = '<contact callsign="VARMA"/><track course="90.5" speed="5.0"/>',
) -> bytes:
    return (
        f'<event version="2.0" uid="{uid}" type="{kind}" how="m-g" time="{time}" start="{time}" stale="{stale}">'
        f"<point {point}/><detail>{detail}</detail></event>"
    ).encode()


def test_a_ship_becomes_a_row_with_knots_and_the_name_of_its_callsign() -> None:
    rows, tally = CursorOnTargetDecoder("here").push(event(), NOW)
    assert rows.schema == SCHEMA
    row = rows.row(0, named=True)
    assert row["mover"] == "mmsi:230000001"
    assert row["time"] == datetime(2026, 4, 6, 10, 0, tzinfo=UTC)
    assert (row["lon"], row["lat"]) == (24.25, 59.5)
    assert row["speed_kn"] == pytest.approx(5.0 * 3600 / 1852)
    assert (row["course_deg"], row["kind"], row["name"]) == (90.5, "ship", "VARMA")
    assert (row["altitude_m"], row["rc_m"], row["military"]) == (None, 12.0, True)
    assert row["source"] == "cursor_on_target:here"
    assert (tally.rows, tally.kept) == (1, 1)


def test_an_aircraft_has_its_height_above_the_ellipsoid() -> None:
    point = 'lat="59.5" lon="24.25" hae="3048.0" ce="9999999.0" le="9999999.0"'
    rows, _ = CursorOnTargetDecoder("here").push(event("ICAO-4CA1B2", "a-n-A-C-F", point=point), NOW)
    row = rows.row(0, named=True)
    assert (row["mover"], row["kind"], row["military"]) == ("icao24:4ca1b2", "aircraft", False)
    assert (row["altitude_m"], row["altitude_datum"], row["rc_m"]) == (3048.0, "ellipsoid", None)


@pytest.mark.parametrize("opinion", ["f", "h", "n", "u", "s", "a", "p"])
def test_what_a_type_says_of_friend_and_foe_changes_nothing(opinion: str) -> None:
    rows, _ = CursorOnTargetDecoder("here").push(event("BUK-2", f"a-{opinion}-S-C"), NOW)
    plain, _ = CursorOnTargetDecoder("here").push(event("BUK-2", "a-u-S-C"), NOW)
    assert rows.equals(plain)
    assert rows["mover"].to_list() == ["id:BUK-2"]


@pytest.mark.parametrize(
    ("sent", "reason"),
    [
        (event(kind="a-f-G-U-C"), Reason.NOT_A_MOVER),
        (event(kind="a-h-U-W-M"), Reason.NOT_A_MOVER),
        (event(kind="b-m-p-s-m"), Reason.NOT_A_MOVER),
        (event(kind="u-d-f"), Reason.NOT_A_MOVER),
        (event(kind="t-x-c-t-r"), Reason.NO_POSITION),
        (event(kind=""), Reason.UNREADABLE),
        (event(uid=""), Reason.NO_IDENTITY),
        (event(uid="x" * 201), Reason.NO_IDENTITY),
        (event(uid="MMSI-992300001"), Reason.NOT_A_MOVER),
        (event(uid="MMSI-000000000"), Reason.NO_IDENTITY),
        (event(stale="2026-04-06T10:00:29.000Z"), Reason.EXPIRED),
        (event(uid="detente.mmsi:230000001"), Reason.ECHO),
        (event(time="yesterday"), Reason.UNREADABLE),
        (event(time=""), Reason.NO_TIME),
        (event(time="2026-04-06T13:00:00Z", stale="2026-04-06T14:00:00Z"), Reason.CLOCK_OFF),
        (event(time="2026-04-06T07:00:00Z"), Reason.CLOCK_OFF),
        (event(point='lat="91" lon="24"'), Reason.NOT_AVAILABLE),
        (event(point='lat="95" lon="24"'), Reason.OUT_OF_RANGE),
        (event(point='lat="nan" lon="24"'), Reason.NO_POSITION),
        (event(point='lat="59"'), Reason.NO_POSITION),
        (b"<event uid='a' type='a-f-S'", None),
        (b"hello, server", Reason.UNREADABLE),
        (b"<event></eveNt></event>", Reason.UNREADABLE),
        (event(detail="<x>" * (DEPTH_MAX + 1) + "</x>" * (DEPTH_MAX + 1)), Reason.UNREADABLE),
        (event(detail="<x/>" * (ELEMENTS_MAX + 1)), Reason.UNREADABLE),
        (event(detail="x" * EVENT_BYTES_MAX), Reason.UNREADABLE),
    ],
)
def test_everything_else_is_counted_under_its_reason(sent: bytes, reason: Reason | None) -> None:
    rows, tally = CursorOnTargetDecoder("here").push(sent, NOW)
    assert rows.height == 0
    assert dict(tally.rejected) == ({reason: 1} if reason else {})
    assert tally.rows == (1 if reason else 0)


BOMB = (
    b'<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY a "lol"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>'
    b'<event uid="&b;" type="a-f-S"><point lat="1" lon="1"/></event>'
)
OUTSIDE = (
    b'<!DOCTYPE event [<!ENTITY x SYSTEM "file:///etc/hostname">]>'
    b'<event uid="a" type="a-f-S"><detail>&x;</detail></event>'
)
INSIDE = b'<event uid="a" type="a-f-S"><!DOCTYPE x [<!ENTITY x "y">]><point lat="1" lon="1"/></event>'


@pytest.mark.parametrize("bomb", [BOMB, OUTSIDE, INSIDE])
def test_document_types_and_entities_are_refused_and_the_next_event_is_read(bomb: bytes) -> None:
    rows, tally = CursorOnTargetDecoder("here").push(bomb + event(), NOW)
    assert rows["mover"].to_list() == ["mmsi:230000001"]
    assert set(tally.rejected) == {Reason.UNREADABLE}
    assert tally.kept == 1


def test_events_follow_each_other_with_declarations_and_blanks_between_them() -> None:
    declared = b'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
    sent = declared + event("one") + b"\n" + event("two") + declared + event("three") + b"\r\n"
    rows, tally = CursorOnTargetDecoder("here").push(sent, NOW)
    assert rows["mover"].to_list() == ["id:one", "id:two", "id:three"]
    assert not tally.rejected


def test_an_event_without_inside_is_whole_at_its_own_end() -> None:
    sent = b'<event uid="p" type="t-x-c-t" time="2026-04-06T10:00:00Z"/>' + event()
    rows, tally = CursorOnTargetDecoder("here").push(sent, NOW)
    assert rows.height == 1
    assert dict(tally.rejected) == {Reason.NO_POSITION: 1}


@settings(deadline=None)
@given(st.lists(st.integers(1, 40), max_size=60))
def test_pieces_of_any_size_give_the_same_events(sizes: list[int]) -> None:
    sent = b'<?xml version="1.0"?>' + event("one") + b" \n" + event("two", detail="<!-- > -->") + event("three")
    whole, _ = EventCutter().feed(sent)
    cutter, events, at, junk = EventCutter(), [], 0, 0
    for size in [*sizes, len(sent)]:
        found, more = cutter.feed(sent[at : at + size])
        events += found
        junk += more
        at += size
    assert (events, junk) == (whole, 0)
    assert len(whole) == 3


@settings(deadline=None)
@given(st.binary(max_size=400), st.binary(max_size=400))
def test_no_bytes_raise_and_every_event_is_accounted_for(before: bytes, inside: bytes) -> None:
    decoder = CursorOnTargetDecoder("here")
    rows = 0
    for piece in (before, b"<event " + inside + b"</event>", event("last")):
        decoded = decoder.push(piece, NOW)
        assert decoded.rows.height == decoded.tally.kept
        rows += decoded.rows.height
    end = decoder.close()
    assert end.tally.kept == 0
    assert rows <= 2


def test_an_event_that_never_ends_is_held_up_to_its_cap_and_no_further() -> None:
    decoder = CursorOnTargetDecoder("here")
    rejected = 0
    decoder.push(b"<event uid='", NOW)
    for _ in range(40):
        rejected += sum(decoder.push(b"a" * 10_000, NOW).tally.rejected.values())
        assert len(decoder._cutter._rest) <= EVENT_BYTES_MAX + 10_000
    assert rejected >= 1
    rows, _ = decoder.push(event(), NOW)
    assert rows.height == 1


def test_half_an_event_at_the_end_is_incomplete_and_does_not_go_on_in_the_next_connection() -> None:
    decoder = CursorOnTargetDecoder("here")
    decoder.push(event()[:100], NOW)
    assert dict(decoder.close().tally.rejected) == {Reason.INCOMPLETE: 1}
    assert decoder.close().tally.rows == 0
    rows, tally = decoder.push(event(), NOW)
    assert (rows.height, dict(tally.rejected)) == (1, {})


def test_the_frame_of_nothing_has_the_schema() -> None:
    assert CursorOnTargetDecoder("here").push(b"", NOW).rows.schema == pl.DataFrame(schema=SCHEMA).schema


@pytest.mark.parametrize(
    "flood", [b"<event ", b'<event "', b"<event '/", b"<?xml ", b"</event>", b"<", b"<event>"]
)
def test_what_never_ends_costs_no_more_than_what_does(flood: bytes) -> None:
    decoder = CursorOnTargetDecoder("here")
    text = flood * (2_000_000 // len(flood))
    for at in range(0, len(text), 500_000):
        rows, tally = decoder.push(text[at : at + 500_000], NOW)
        assert rows.height == tally.kept == 0
    rows, _ = decoder.push(event(), NOW)
    assert rows.height == 1
