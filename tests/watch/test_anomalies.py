"""Every oddity is found where it is known to be, with its figures, and not where it only looks so."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Literal

import numpy as np
import polars as pl
import pytest

from detente import words
from detente.encounters import search
from detente.tracks import complete, read
from detente.watch import anomalies as module
from detente.watch.anomalies import Anomalies, Anomaly
from detente.watch.batches import FeedStanding
from tests.conftest import ROOT, SHARED
from tests.watch.evidence_worlds import (
    CROSSING,
    FERRY,
    FRIGATE,
    GEOD,
    NOON,
    OVERFLIGHT,
    PATROL,
    PLANE,
    THIRD,
    heard,
    met,
)

NEIGHBOURS = tuple(replace(THIRD, mover=f"mmsi:23600000{n}", lon=20.0 + 0.02 * n, speed_ms=5.0) for n in range(4))


def frame(
    mover: str, places: list[tuple[float, float, float]], kind: str = "ship", **fields: Any
) -> pl.DataFrame:
    """Rows of a mover: (seconds after noon, lon, lat)."""
    rows = [{"mover": mover, "time": NOON + timedelta(seconds=s), "lon": lon, "lat": lat, "kind": kind, **fields}
            for s, lon, lat in places]  # fmt: skip
    return complete(
        pl.DataFrame(rows).with_columns(pl.col("time").cast(pl.Datetime("us", "UTC"))).lazy()
    ).collect()


State = Literal["good", "stale", "down"]


def standing(state: State = "good", name: str = "ais", dropped: int = 0) -> FeedStanding:
    return FeedStanding(
        name=name, state=state, last_at=NOON, rate_per_s=1.0, movers=1, received=1, used=1, rejected={}, dropped=dropped
    )  # fmt: skip


def explained(
    rows: pl.DataFrame,
    row: dict[str, Any],
    *,
    now_s: float = 900.0,
    state_at: Callable[[datetime], State] = lambda moment: "good",
) -> list[Anomaly]:
    """Give the rows minute by minute, and ask about the encounter."""
    watch = Anomalies()
    first, last = rows["time"].min(), NOON + timedelta(seconds=now_s)
    assert isinstance(first, datetime)
    moment = first - timedelta(seconds=60)
    while moment <= last:
        watch.stand([standing(state_at(moment))], now=moment)
        part = rows.filter((pl.col("time") > moment) & (pl.col("time") <= moment + timedelta(seconds=60)))
        watch.push(part, feed="ais", received_at=moment + timedelta(seconds=60))
        moment += timedelta(seconds=60)
    return list(watch.explain(row, now=last))


def kinds(found: list[Anomaly]) -> list[str]:
    return [one.kind for one in found]


ROWS = heard((*CROSSING, *NEIGHBOURS))
ROW = met(ROWS, pair=(FRIGATE, PATROL))


def test_two_ships_that_cross_are_nothing_odd() -> None:
    assert explained(ROWS, ROW) == []


def test_a_teleport_is_named_with_the_fixes_around_it() -> None:
    far = frame(PATROL, [(1.0, 54.83, 25.0)])
    (one,) = explained(pl.concat([ROWS, far]).sort("time"), ROW)
    assert (one.kind, one.mover) == ("teleport", PATROL)
    assert one.figures["distance_m"] > 4e6
    assert one.figures["fixes"] == 1
    assert one.first_at == NOON + timedelta(seconds=1)
    assert 54.83 in {fix.lon_deg for fix in one.fixes}
    assert 3 <= len(one.fixes) <= 5
    assert PATROL in one.sentence()


def test_a_teleport_far_from_the_encounter_explains_nothing() -> None:
    far = frame(PATROL, [(-600.0, 54.83, 25.0)])
    assert explained(pl.concat([ROWS, far]).sort("time"), ROW) == []


def test_a_fast_craft_is_no_teleport() -> None:
    fast = heard((CROSSING[0], replace(CROSSING[1], speed_ms=30.0), *NEIGHBOURS))
    assert explained(fast, met(fast, pair=(FRIGATE, PATROL))) == []


def test_two_under_one_identity_are_told_apart() -> None:
    twin = heard((replace(CROSSING[1], lon=21.5, every_s=5.0),))
    (one,) = explained(pl.concat([ROWS, twin]).sort("time"), ROW)
    assert (one.kind, one.mover) == ("shared_identity", PATROL)
    assert one.figures["distance_m"] == pytest.approx(95_700, rel=0.05)
    assert one.figures["fixes_one"] > 300
    assert one.figures["fixes_other"] > 300


def ring(
    mover: str,
    *,
    radius_m: float,
    period_s: float,
    every_s: float = 6.0,
    from_s: float = -400.0,
    until_s: float = 400.0,
    noise_m: float = 0.0,
    squash: float = 1.0,
    centre: tuple[float, float] = (20.003, 55.001),
) -> list[tuple[float, float, float]]:
    rng = np.random.default_rng(3)
    places = []
    for second in np.arange(from_s, until_s, every_s):
        angle = 2 * np.pi * second / period_s
        east = radius_m * np.cos(angle) + rng.normal(0, noise_m)
        north = squash * radius_m * np.sin(angle) + rng.normal(0, noise_m)
        lon, lat, _ = GEOD.fwd(*centre, np.degrees(np.arctan2(east, north)), float(np.hypot(east, north)))
        places.append((float(second), lon, lat))
    return places


def with_ring(places: list[tuple[float, float, float]], mover: str = PATROL, **fields: Any) -> list[Anomaly]:
    first, last = places[0][0], places[-1][0]
    own = heard((CROSSING[0], *NEIGHBOURS))
    kind = fields.pop("kind", "ship")
    rows = pl.concat([own, frame(mover, places, kind, **fields)]).sort("time")
    row = met(rows, pair=(min(FRIGATE, mover), max(FRIGATE, mover)))
    assert first < 0 < last
    return explained(rows, row)


def test_a_ship_on_a_circle_that_none_can_turn_is_spoofed() -> None:
    (one,) = [
        one
        for one in with_ring(ring(PATROL, radius_m=100.0, period_s=40.0, noise_m=1.0))
        if one.kind != "repeated_passes"
    ]
    assert one.kind == "spoofed_circle"
    assert one.figures["radius_m"] == pytest.approx(100.0, rel=0.03)
    assert one.figures["turns"] > 15
    assert one.figures["sideways_ms2"] == pytest.approx((2 * np.pi / 40) ** 2 * 100, rel=0.1)
    assert one.figures["centre_lon_deg"] == pytest.approx(20.003, abs=1e-4)


def test_a_ship_that_says_it_lies_still_on_a_circle_is_spoofed() -> None:
    found = with_ring(ring(PATROL, radius_m=400.0, period_s=300.0, from_s=-450, until_s=450), speed_kn=0.1)
    (one,) = [one for one in found if one.kind == "spoofed_circle"]
    assert one.figures["said_kn"] == pytest.approx(0.1)
    assert one.figures["moved_kn"] == pytest.approx(2 * np.pi * 400 / 300 * 3600 / 1852, rel=0.05)


def test_a_jump_on_to_a_circle_and_a_ring_of_several_are_spoofed() -> None:
    before = [(-900.0 + 10 * n, 21.0 + 1e-4 * n, 55.3) for n in range(40)]
    places = ring(PATROL, radius_m=400.0, period_s=300.0, from_s=-500, until_s=400)
    found = with_ring(before + places)
    (one,) = [one for one in found if one.kind == "spoofed_circle"]
    assert one.figures["jumped_m"] > 50_000
    same = ring(FERRY, radius_m=400.0, period_s=300.0, from_s=-498)
    rows = pl.concat([heard((CROSSING[0],)), frame(PATROL, places), frame(FERRY, same)]).sort("time")
    (one,) = [one for one in explained(rows, met(rows, pair=(FRIGATE, PATROL))) if one.kind == "spoofed_circle"]
    assert one.figures["others_on_it"] == 1


@pytest.mark.parametrize(
    ("name", "places", "kind"),
    [
        ("a ship that swings round its anchor", ring(PATROL, radius_m=60.0, period_s=700.0), "ship"),
        ("a tug that turns on the spot", ring(PATROL, radius_m=40.0, period_s=120.0), "ship"),
        ("a pilot boat in a tight circle", ring(PATROL, radius_m=150.0, period_s=80.0), "ship"),
        ("a racetrack", ring(PATROL, radius_m=1500.0, period_s=300.0, squash=0.35, every_s=4.0), "ship"),
        ("half a turn", ring(PATROL, radius_m=100.0, period_s=900.0), "ship"),
        ("an aircraft that observes", ring(PLANE, radius_m=1800.0, period_s=150.0, every_s=1.0), "aircraft"),
        ("a helicopter over a ship", ring(PLANE, radius_m=300.0, period_s=60.0, every_s=1.0), "aircraft"),
        ("a drone in a steep circle", ring(PLANE, radius_m=400.0, period_s=36.0, every_s=1.0), "aircraft"),
        ("noise around a place", ring(PATROL, radius_m=1.0, period_s=50.0, noise_m=15.0), "ship"),
    ],
)  # fmt: skip
def test_what_craft_do_is_no_spoofed_circle(
    name: str, places: list[tuple[float, float, float]], kind: str
) -> None:
    mover = PLANE if kind == "aircraft" else PATROL
    found = with_ring(places, mover, kind=kind)
    assert "spoofed_circle" not in kinds(found), name


def quiet_after(second: float, rows: pl.DataFrame = ROWS, mover: str = PATROL) -> pl.DataFrame:
    return rows.filter((pl.col("mover") != mover) | (pl.col("time") <= NOON + timedelta(seconds=second)))


def test_silence_is_told_where_the_feed_was_good_and_others_were_heard() -> None:
    rows = quiet_after(40.0)
    (one,) = explained(rows, met(rows, pair=(FRIGATE, PATROL)))
    assert (one.kind, one.mover) == ("silent_after_report", PATROL)
    assert one.first_at == NOON + timedelta(seconds=40)
    assert one.figures["silent_s"] == pytest.approx(860.0)
    assert one.figures["others_heard"] >= 3
    assert one.figures["longest_gap_before_s"] == pytest.approx(4.0)


@pytest.mark.parametrize("state", ["stale", "down"])
def test_a_hole_in_the_coverage_is_never_silence(state: State) -> None:
    rows = quiet_after(40.0)
    row = met(rows, pair=(FRIGATE, PATROL))
    once = NOON + timedelta(seconds=240)
    assert explained(rows, row, state_at=lambda moment: state if moment == once else "good") == []
    # everybody fell silent: nobody says that the receiver heard anything
    assert explained(rows.filter(pl.col("time") <= NOON + timedelta(seconds=40)), row) == []
    # others were heard, but somewhere else
    assert explained(rows.filter(pl.col("mover").is_in([FRIGATE, PATROL])), row) == []
    # too early to tell
    assert explained(rows, row, now_s=200.0) == []


def test_a_feed_that_dropped_rows_or_came_late_tells_no_silence() -> None:
    rows = quiet_after(40.0)
    row = met(rows, pair=(FRIGATE, PATROL))
    watch = Anomalies()
    watch.push(rows, feed="ais", received_at=NOON + timedelta(seconds=900))
    assert watch.explain(row, now=NOON + timedelta(seconds=900)) == ()
    moments = [NOON + timedelta(seconds=second) for second in range(-1000, 901, 100)]
    for moment in moments:
        watch.stand([standing(dropped=7)], now=moment)  # what it dropped long before says nothing of now
    assert kinds(list(watch.explain(row, now=NOON + timedelta(seconds=900)))) == ["silent_after_report"]
    for spoiled in (
        [(moment, 7 + (moment > NOON + timedelta(seconds=300))) for moment in moments],
        [(moment, 7) for moment in moments if not 100 < (moment - NOON).total_seconds() < 600],
        [(moment, 7) for moment in moments if moment > NOON],
    ):
        watch._feeds.clear()
        for moment, dropped in spoiled:
            watch.stand([standing(dropped=dropped)], now=moment)
        assert watch.explain(row, now=NOON + timedelta(seconds=900)) == ()


def test_a_low_pass_over_a_ship_and_none_that_is_high_or_wide() -> None:
    rows = heard((*OVERFLIGHT, *NEIGHBOURS))
    row = met(rows, pair=(PLANE, FRIGATE))
    (one,) = explained(rows, row)
    assert (one.kind, one.mover, one.is_certain) == ("low_pass", PLANE, True)
    assert one.figures["height_m"] == pytest.approx(76.2)
    assert one.figures["distance_m"] == row["distance_m"]
    assert len(one.fixes) == 8
    (doubtful,) = explained(rows.with_columns(altitude_datum=pl.lit("pressure")), row)
    assert not doubtful.is_certain
    assert doubtful.sentence().startswith("Possible: ")
    for higher in ({"vertical_m": 152.5}, {"distance_m": 914.5}, {"vertical_m": None}):
        assert explained(rows, row | higher) == []


def test_repeated_passes_within_one_encounter_or_over_several() -> None:
    watch = Anomalies()
    assert watch.explain(ROW, now=NOON) == ()
    later = {
        name: value + timedelta(minutes=30) if isinstance(value, datetime) else value
        for name, value in ROW.items()
    }
    assert watch.explain(later, now=NOON) == ()
    last = {
        name: value + timedelta(minutes=30) if isinstance(value, datetime) else value
        for name, value in later.items()
    }
    (one,) = watch.explain(last, now=NOON)
    assert (one.kind, one.figures) == ("repeated_passes", {"passes": 3.0, "encounters": 3.0})
    assert watch.explain(last, now=NOON) == (one,)
    old = {
        name: value + timedelta(hours=12) if isinstance(value, datetime) else value
        for name, value in last.items()
    }
    assert watch.explain(old, now=NOON) == ()
    (many,) = Anomalies().explain(ROW | {"passes": 4}, now=NOON)
    assert many.figures == {"passes": 4.0, "encounters": 1.0}
    assert Anomalies().explain(ROW | {"passes": 4, "both_moving": False}, now=NOON) == ()


def test_what_is_kept_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "HISTORY_ROWS_MAX", 1000)
    monkeypatch.setattr(module, "PAIRS_MAX", 10)
    watch = Anomalies()
    for minute in range(200):
        watch.push(ROWS.head(40), feed="ais", received_at=NOON + timedelta(seconds=minute))
        watch.explain(ROW | {"a": f"mmsi:{minute}"}, now=NOON)
    assert watch._rows <= 1000 + 64 * 40
    assert watch._rows == sum(part.rows.height for part in watch._parts)
    assert watch.dropped == 200 * 40 - watch._rows
    assert len(watch._parts) < 70
    assert len(watch._met) == 10
    watch.push(ROWS.head(1), feed="ais", received_at=NOON + timedelta(hours=2))
    assert watch._rows == 1


def test_sentences_are_said_in_russian() -> None:
    far = frame(PATROL, [(1.0, 54.83, 25.0)])
    (one,) = explained(pl.concat([ROWS, far]).sort("time"), ROW)
    words.choose("ru")
    try:
        assert one.sentence() != ""
        assert "was reported" not in one.sentence()
    finally:
        words.choose("en")


def asked_of(name: str, stretch_s: float = 240.0) -> dict[str, Any]:
    """Ask about every mover of a real file in each stretch of time, as if it had an encounter then."""
    path = SHARED / "data" / name
    if not path.exists():
        pytest.skip(f"{name} is not beside the project")
    spec = importlib.util.spec_from_file_location("odd_tracks", ROOT / "bench" / "watch" / "odd_tracks.py")
    assert spec is not None
    assert spec.loader is not None
    bench = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(bench)
    told: dict[str, Any] = bench.asked(path, stretch_s=stretch_s)
    return told


def test_silence_of_ships_in_the_solent_that_are_made_silent() -> None:
    """Each ship that is heard before and after a moment, its reports taken out from there on."""
    path = SHARED / "data" / "ais" / "SolentAIS_20160112_130211.csv"
    if not path.exists():
        pytest.skip("SolentAIS_20160112_130211.csv is not beside the project")
    rows = read(path, clean=False).collect().sort("time", maintain_order=True)
    first = rows["time"].min()
    assert isinstance(first, datetime)
    cut, until = first + timedelta(seconds=2_700), first + timedelta(seconds=4_200)
    before, after = rows.filter(pl.col("time") <= cut), rows.filter(pl.col("time").is_between(cut, until))
    counts = before.filter(pl.col("time") > cut - timedelta(seconds=60))["mover"].unique()
    heard_on = [mover for (mover, count) in after["mover"].value_counts().iter_rows() if count >= 10]
    often = [mover for (mover, count) in before["mover"].value_counts().iter_rows() if count >= 10]
    movers = sorted(set(counts) & set(heard_on) & set(often))
    assert len(movers) == 31
    told = 0
    for mover in movers:
        watch = Anomalies()
        watch.stand([standing()], now=first)
        watch.push(pl.concat([before, after.filter(pl.col("mover") != mover)]), feed="ais", received_at=until)
        row = ROW | {
            "a": mover,
            "b": "id:nobody",
            "entered": cut - timedelta(seconds=60),
            "left": cut,
            "closest_at": cut,
        }
        named = [one for one in watch.explain(row, now=until) if one.kind == "silent_after_report"]
        told += any(one.figures["silent_s"] > 1_400 for one in named)
    assert told >= 28


@pytest.mark.prove
def test_the_one_teleport_of_a_real_day_in_the_solent_is_found_and_nothing_else() -> None:
    told = asked_of("ais/SolentAIS_20160112_130211.csv")
    assert told["asked"] > 1_500
    assert set(told["named"]) == {"teleport"}
    assert {one["mover"] for one in told["told"]} == {"mmsi:245188000"}
    assert all(3.8e6 < one["distance_m"] < 3.9e6 for one in told["told"])


def test_an_aircraft_whose_receiver_was_led_astray_jumps_and_flies_no_circle() -> None:
    told = asked_of("adsb/noisy_spoofing.json.gz")
    assert set(told["named"]) == {"teleport"}
    assert {one["at"][:19] for one in told["told"]} == {"2024-09-17 09:39:42"}
    assert all(one["speed_kn"] > 2_000 for one in told["told"])


@pytest.mark.parametrize(
    "name",
    ["adsb/aircraft_carrier.json.gz", pytest.param("adsb/inflight_refuelling.json.gz", marks=pytest.mark.prove)],
)
def test_racetracks_and_orbits_that_were_flown_are_nothing_odd(name: str) -> None:
    told = asked_of(name)
    assert told["asked"] > 30
    assert told["named"] == {}


def test_a_real_aircraft_low_over_a_ship_is_a_low_pass() -> None:
    path = SHARED / "data" / "adsb" / "aircraft_carrier.json.gz"
    if not path.exists():
        pytest.skip("aircraft_carrier.json.gz is not beside the project")
    flown = read(path).collect().filter(pl.col("altitude_m").is_not_null())
    low = flown.filter(pl.col("altitude_m").is_between(60.0, 140.0)).row(0, named=True)
    ship = frame(FRIGATE, [(60.0 * n, low["lon"], low["lat"]) for n in range(-10, 11)]).with_columns(
        time=pl.lit(low["time"]) + (pl.col("time") - pl.lit(NOON))
    )
    rows = pl.concat([flown, ship]).sort("time")
    found = search(rows.lazy(), within_m=914.4, vertical_m=1_000.0).encounters.to_dicts()
    (row,) = [one for one in found if one["entered"] <= low["time"] <= one["left"]]
    watch = Anomalies()
    watch.push(rows, feed="adsb", received_at=low["time"])
    (one,) = [one for one in watch.explain(row, now=low["time"]) if one.kind == "low_pass"]
    assert one.mover == low["mover"]
    assert one.figures["height_m"] == row["vertical_m"] <= 152.4
    assert not one.is_certain  # a pressure altitude
