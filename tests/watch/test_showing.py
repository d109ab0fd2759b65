"""What a desk is shown of what the watch knows: whose, where, and when by the clock on the desk's wall."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import polars as pl
import pytest

from detente.desk.picture import documents
from detente.encounters.sides_file import read_sides
from detente.watch.batches import FeedStanding
from detente.watch.events import Event
from detente.watch.movers import MOVERS
from detente.watch.showing import Clock, Showing

T = datetime(2018, 4, 4, 12, 0, tzinfo=UTC)
WALL = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)


@pytest.fixture
def showing(tmp_path: Any) -> Showing:
    (tmp_path / "sides.toml").write_text(
        '[sides.west]\nflags = ["LV"]\n[sides.east]\nflags = ["RU"]\n[sides.south]\nflags = ["TR"]\n'
        '[rivals]\npairs = [["west", "east"]]\n'
    )
    return Showing(read_sides(tmp_path / "sides.toml"), "west")


def mover(**more: Any) -> dict[str, Any]:
    given: dict[str, Any] = {
        "id": "mmsi:219000001", "kind": "ship", "name": "SHIP", "side": "west", "military": None, "lon_deg": 20.0,
        "lat_deg": 56.0, "altitude_m": None, "speed_kn": 12.0, "course_deg": 360.0, "vertical_fpm": None, "at": WALL,
        "received_at": WALL, "feed": "ais", "at_rest": False, "coverage": "heard",
    }  # fmt: skip
    return {**given, **more}


def posted_by(showing: Showing, *rows: dict[str, Any]) -> tuple[documents.Mover, ...]:
    """Return what the desk takes of it, as it decodes it."""
    octets = showing.movers(pl.DataFrame(list(rows), schema=MOVERS, orient="row")).write_json()
    return msgspec.json.decode(f'{{"movers":{octets}}}', type=documents.MoversPosted).movers


def event(**more: Any) -> Event:
    given: dict[str, Any] = {
        "id": "e", "kind": "pair", "a": "mmsi:1", "b": "mmsi:2", "kind_a": "ship", "kind_b": "ship", "side_a": "west",
        "side_b": "east", "priority": "alarm", "state": "active", "predicted": True, "entered_at": WALL,
        "closest_at": WALL + timedelta(seconds=60), "distance_m": 900.0, "closest_distance_m": 100.0,
        "line": ((179.999, 56.0), (-179.999, 56.0)), "limit_m": 1_829.0, "reason": "closest 100 m in 60 s",
    }  # fmt: skip
    return Event(**{**given, **more})


def test_whose_a_mover_is(showing: Showing) -> None:
    assert [showing.side(name) for name in ("west", "east", "south", "")] == [
        "own",
        "other",
        "neutral",
        "unknown",
    ]
    nobody = Showing(showing.sides, "")
    assert [nobody.side(name) for name in ("west", "")] == ["neutral", "unknown"]
    assert Showing(None, "").side("west") == "unknown"


def test_whatever_comes_fits_the_bounds_of_the_desk(showing: Showing) -> None:
    wild = [
        mover(id="x" * 300, name="\u202e" * 500, speed_kn=1e9, course_deg=-1.0, altitude_m=math.inf),
        mover(kind="balloon", side="", vertical_fpm=-1e9, feed="f" * 200, at=datetime(1, 1, 2, tzinfo=UTC)),
        mover(lat_deg=math.nan),
    ]
    # one without a place is not shown at any; whose side is known comes last
    second, first = posted_by(showing, *wild)
    assert (len(first.id), first.id[:10], len(first.name)) == (80, "x" * 10, 200)
    assert (first.speed_kn, first.course_deg, first.altitude_m) == (10_000.0, 359.0, None)
    assert (second.kind, second.vertical_rate_ftmin, second.at_ms) == ("other", -200_000.0, 0)


def test_nobody_who_moved_is_no_fault(showing: Showing) -> None:
    assert posted_by(showing) == ()


def test_an_encounter_is_shown_with_its_middle_and_an_area_as_the_other_one(showing: Showing) -> None:
    pair = showing.encounter(event(vertical_m=math.nan, distance_m=math.nan))
    area = showing.encounter(event(kind="area", b="", side_b="", area="D-17", in_areas=("D-17",) * 30))
    octets = msgspec.json.encode({"encounters": [pair, area]})
    one, other = msgspec.json.decode(octets, type=documents.EncountersPosted).encounters
    assert abs(abs(one.closest_lon_deg) - 180.0) < 1e-6  # across the antimeridian, not around the Earth
    assert (one.side_a, one.side_b, one.vertical_m, one.distance_m) == ("own", "other", None, 0.0)
    assert (other.b, other.side_b, len(other.in_area)) == ("area:D-17", "neutral", 20)
    named = showing.encounter(event(kind="area", b="", side_b="", area="X0001/26#1", area_name="X0001/26"))
    assert named.b == "area:X0001/26"  # as people call it, not by the number of its outline
    assert one.limit_m is None  # the watch itself waited before it said that something is over


def test_a_feed_that_never_gave_anything_is_old_not_new(showing: Showing) -> None:
    standing = FeedStanding(
        name="f" * 90, state="down", last_at=None, rate_per_s=0.0, movers=0, received=0, used=0, rejected={}
    )
    (posted,) = showing.feeds([standing])
    assert posted.last_ms == 0
    decoded = msgspec.json.decode(msgspec.json.encode({"feeds": [posted]}), type=documents.FeedsPosted)
    assert decoded.feeds[0].state == "down"


def test_a_replays_moments_are_told_as_those_at_which_they_come_here(showing: Showing) -> None:
    showing.clock = Clock(rate=10.0)
    assert showing.clock.told(T) == T
    showing.clock.follow(T, WALL)
    showing.clock.follow(T + timedelta(seconds=100), WALL + timedelta(seconds=10))
    showing.clock.follow(T, WALL + timedelta(seconds=11))  # it never goes back
    assert showing.clock.now(WALL) == T + timedelta(seconds=100)
    assert showing.clock.told(T) == WALL
    assert showing.clock.told(T + timedelta(seconds=200)) == WALL + timedelta(seconds=20)
    (posted,) = posted_by(showing, mover(at=T + timedelta(seconds=50)))
    assert posted.at_ms == round((WALL.timestamp() + 5) * 1_000)
    full_speed = Clock(rate=math.inf)
    full_speed.follow(T, WALL)
    assert full_speed.told(T - timedelta(hours=1)) == WALL
