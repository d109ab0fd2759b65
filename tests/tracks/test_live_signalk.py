"""Signal K deltas as they come: goal: SI units become ours, contexts become movers, in = rows + named rejects.

Method: deltas written by hand after the specification, and values drawn at random in every place.
"""

from __future__ import annotations

import json
import math
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detente.tracks.live_signalk import CONTEXTS_MAX, MOTION_S, UPDATES_MAX, VALUES_MAX, SignalKDecoder
from detente.tracks.reasons import Reason
from detente.tracks.schema import SCHEMA

NOW = datetime(2026, 4, 6, 10, 0, 5, tzinfo=UTC)
AT = "2026-04-06T10:00:00.000Z"
SHIP = "vessels.urn:mrn:imo:mmsi:230000001"
HELLO = json.dumps({
    "name": "signalk-server", "version": "2.32.0", "self": "vessels.urn:mrn:imo:mmsi:230099999", "roles": ["main"],
    "timestamp": AT,
}).encode()  # fmt: skip
PLACE = {"latitude": 59.5, "longitude": 24.25}


def delta(values: dict[str, Any], context: str | None = SHIP, timestamp: str | None = AT) -> bytes:
    update: dict[str, Any] = {"values": [{"path": path, "value": value} for path, value in values.items()]}
    if timestamp is not None:
        update["timestamp"] = timestamp
    told: dict[str, Any] = {"updates": [update]}
    if context is not None:
        told["context"] = context
    return json.dumps(told).encode()


def test_metres_a_second_and_radians_become_knots_and_degrees() -> None:
    decoder = SignalKDecoder("here")
    motion = delta({"navigation.speedOverGround": 5.0, "navigation.courseOverGroundTrue": math.pi / 2})
    about = delta({"": {"name": "VARMA"}, "navigation.state": "Moored"})
    rows, tally = decoder.push([motion, about, delta({"navigation.position": PLACE})], NOW)
    assert rows.schema == SCHEMA
    row = rows.row(0, named=True)
    assert (row["mover"], row["kind"], row["name"], row["status"]) == (
        "mmsi:230000001",
        "ship",
        "VARMA",
        "moored",
    )
    assert row["speed_kn"] == pytest.approx(9.719, abs=1e-3)
    assert row["course_deg"] == pytest.approx(90.0)
    assert (row["lon"], row["lat"], row["time"]) == (24.25, 59.5, datetime(2026, 4, 6, 10, tzinfo=UTC))
    assert row["source"] == "signalk:here"
    assert (tally.rows, dict(tally.rejected)) == (3, {Reason.NO_POSITION: 2})


@pytest.mark.parametrize("context", ["vessels.self", None, "vessels.urn:mrn:imo:mmsi:230099999"])
def test_self_is_who_the_greeting_names(context: str | None) -> None:
    decoder = SignalKDecoder("here")
    rows, tally = decoder.push([HELLO, delta({"navigation.position": PLACE}, context)], NOW)
    assert rows["mover"].to_list() == ["mmsi:230099999"]
    assert dict(tally.rejected) == {Reason.NO_POSITION: 1}
    assert decoder.version == "2.32.0"


def test_a_vessel_without_a_maritime_identity_keeps_its_own_until_it_says_one() -> None:
    decoder, context = SignalKDecoder("here"), "vessels.urn:mrn:signalk:uuid:c0d79334-4e25-4245-8892-54e8ccc8021d"
    rows, _ = decoder.push([delta({"navigation.position": PLACE}, context)], NOW)
    assert rows["mover"].to_list() == ["id:urn:mrn:signalk:uuid:c0d79334-4e25-4245-8892-54e8ccc8021d"]
    rows, _ = decoder.push([delta({"": {"mmsi": "230000002"}, "navigation.position": PLACE}, context)], NOW)
    assert rows["mover"].to_list() == ["mmsi:230000002"]


@pytest.mark.parametrize(
    ("context", "mover", "kind"),
    [
        ("aircraft.urn:mrn:imo:mmsi:111230001", "mmsi:111230001", "aircraft"),
        ("vessels.urn:mrn:imo:mmsi:111230001", "mmsi:111230001", "aircraft"),
        ("aircraft.urn:mrn:icao24:4CA1B2", "icao24:4ca1b2", "aircraft"),
        ("sar.urn:mrn:imo:mmsi:970010001", "mmsi:970010001", "other"),
    ],
)
def test_aircraft_and_rescue_transmitters_are_what_their_root_says(context: str, mover: str, kind: str) -> None:
    rows, _ = SignalKDecoder("here").push(
        [delta({"navigation.position": {**PLACE, "altitude": 300.0}}, context)], NOW
    )
    assert (rows["mover"][0], rows["kind"][0], rows["altitude_m"][0]) == (mover, kind, 300.0)


def test_an_old_speed_is_not_given_to_a_new_position() -> None:
    decoder = SignalKDecoder("here")
    decoder.push([delta({"navigation.speedOverGround": 5.0}, timestamp="2026-04-06T09:59:00Z")], NOW)
    rows, _ = decoder.push([delta({"navigation.position": PLACE})], NOW)
    assert MOTION_S < 60
    assert rows["speed_kn"].to_list() == [None]


def test_an_update_without_a_time_was_measured_when_it_came() -> None:
    rows, _ = SignalKDecoder("here").push([delta({"navigation.position": PLACE}, timestamp=None)], NOW)
    assert rows["time"].to_list() == [NOW]


@pytest.mark.parametrize(
    ("frame", "reason"),
    [
        (b"{", Reason.UNREADABLE),
        (b"\xff\xfe", Reason.UNREADABLE),
        (b"[" * 100_000, Reason.UNREADABLE),
        (b"[]", Reason.UNREADABLE),
        (b'{"hello": 1}', Reason.UNREADABLE),
        (b'{"requestId": "x", "state": "COMPLETED"}', Reason.NO_POSITION),
        (b'{"updates": {}}', Reason.UNREADABLE),
        (json.dumps({"context": SHIP, "updates": [{}] * (UPDATES_MAX + 1)}).encode(), Reason.UNREADABLE),
        (
            json.dumps({"context": SHIP, "updates": [{"values": [{}] * (VALUES_MAX + 1)}]}).encode(),
            Reason.UNREADABLE,
        ),
        (json.dumps({"context": "x" * 300, "updates": [{}]}).encode(), Reason.UNREADABLE),
        (json.dumps({"context": SHIP, "updates": [{"meta": []}]}).encode(), Reason.NO_POSITION),
        (delta({"navigation.position": None}), Reason.NO_POSITION),
        (delta({"navigation.position": "59.5 N"}), Reason.UNREADABLE),
        (delta({"navigation.position": {"latitude": "59", "longitude": 24}}), Reason.UNREADABLE),
        (delta({"navigation.position": {"latitude": 59}}), Reason.NO_POSITION),
        (delta({"navigation.position": {"latitude": 91, "longitude": 181}}), Reason.NOT_AVAILABLE),
        (delta({"navigation.position": {"latitude": 59, "longitude": 1e300}}), Reason.OUT_OF_RANGE),
        (delta({"navigation.position": PLACE}, "atons.urn:mrn:imo:mmsi:992300001"), Reason.NOT_A_MOVER),
        (delta({"navigation.position": PLACE}, "vessels.urn:mrn:imo:mmsi:992300001"), Reason.NOT_A_MOVER),
        (delta({"navigation.position": PLACE}, timestamp="noon"), Reason.NO_TIME),
        (delta({"navigation.position": PLACE}, timestamp="2026-04-06T13:00:00Z"), Reason.CLOCK_OFF),
        (delta({"navigation.position": PLACE}, timestamp="2026-04-06T07:00:00Z"), Reason.CLOCK_OFF),
    ],
)
def test_everything_else_is_counted_under_its_reason(frame: bytes, reason: Reason) -> None:
    rows, tally = SignalKDecoder("here").push([frame], NOW)
    assert (rows.height, tally.rows, dict(tally.rejected)) == (0, 1, {reason: 1})


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inside: st.lists(inside, max_size=4) | st.dictionaries(st.text(max_size=10), inside, max_size=4),
    max_leaves=12,
)
PATHS = st.sampled_from([
    "navigation.position", "navigation.speedOverGround", "navigation.courseOverGroundTrue", "navigation.state", "name",
    "mmsi", "", "other",
])  # fmt: skip


@settings(deadline=None)
@given(st.lists(st.tuples(PATHS, JSON), max_size=6), JSON, JSON)
def test_no_value_in_any_place_raises_and_all_is_accounted_for(
    values: list[tuple[str, Any]], timestamp: Any, context: Any
) -> None:
    told = {
        "context": context,
        "updates": [
            {"timestamp": timestamp, "values": [{"path": path, "value": value} for path, value in values]},
            {"values": [{"path": "navigation.position", "value": PLACE}]},
        ],
    }
    decoder = SignalKDecoder("here")
    decoded = decoder.push([json.dumps(told).encode(), delta({"navigation.position": PLACE})], NOW)
    assert decoded.rows.height == decoded.tally.kept
    assert decoded.rows.height >= 1


def test_movers_are_remembered_up_to_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("detente.tracks.live_signalk.CONTEXTS_MAX", 10)
    decoder = SignalKDecoder("here")
    for number in range(50):
        decoder.push([delta({"name": "A"}, f"vessels.urn:mrn:imo:mmsi:2300000{number:02d}")], NOW)
    assert len(decoder._known) == 10
    assert CONTEXTS_MAX >= 10_000
