"""Prediction from one picture: against NASA DAIDALUS and geodesics, against brute force, and at the edges."""

from __future__ import annotations

import math
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from geographiclib.geodesic import Geodesic
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyproj import Geod

from detente.encounters.errors import LimitMistake, StateMistake
from detente.encounters.kernel_instant import gap
from detente.encounters.kernel_straight import LEG_M, leg_rows
from detente.encounters.prediction import PREDICTED, predict
from detente.encounters.sides_file import parse_sides
from detente.encounters.states import STATES

WGS84 = Geod(ellps="WGS84")
KNOT_MS = 1852 / 3600
FOOT_M = 0.3048
VOLUMES = {
    "dwc1": "do365-phase1",
    "dwc1prev": "do365-phase1-preventive",
    "dwc2": "do365-terminal",
    "dwcnc": "do365-noncooperative",
}


def picture(*rows: dict[str, Any]) -> pl.DataFrame:
    """Return a picture; each row's missing columns are still, level and at sea level."""
    usual = {
        "lat": 0.0, "lon": 0.0, "altitude_ft": 0.0, "speed_kn": 0.0,
        "course_deg": 0.0, "vertical_fpm": 0.0, "kind": "aircraft", "military": None,
    }  # fmt: skip
    return pl.DataFrame([{"id": f"m{number}", **usual, **row} for number, row in enumerate(rows)], schema=STATES)


@pytest.fixture(scope="module")
def air(shared: Path) -> list[dict[str, Any]]:
    path = shared / "data/encounters/air_pairs_expected.csv"
    return pl.read_csv(path, infer_schema_length=None).to_dicts()


def pair_of(row: dict[str, Any]) -> pl.DataFrame:
    names = {
        "lat": "lat", "lon": "lon", "altitude_ft": "alt_ft", "speed_kn": "gs_kt",
        "course_deg": "trk_deg", "vertical_fpm": "vs_fpm",
    }  # fmt: skip
    return picture(
        *({ours: float(row[f"{who}_{theirs}"]) for ours, theirs in names.items()} for who in ("own", "int"))
    )


def test_cylinders_are_those_of_the_file(air: list[dict[str, Any]]) -> None:
    """Within 2 s and 300 m of DAIDALUS (a sphere); within 0.11 s and 2 m of the geodesics, sampled at 0.1 s."""
    for row in air:
        found = predict(pair_of(row))
        assert found.height == row["cyl_conf600"] == row["geo_los600"], row["case"]
        for got in found.iter_rows(named=True):
            assert got["inside_now"] == bool(row["cyl_los_now"])
            assert got["entry_s"] == pytest.approx(row["cyl_tin_s"], abs=2.0)
            assert got["exit_s"] == pytest.approx(row["cyl_tout_s"], abs=2.0)
            assert got["distance_m"] == pytest.approx(row["hmd600_m"], abs=300.0)
            assert got["entry_s"] == pytest.approx(row["geo_los_tin_s"], abs=0.11)
            assert got["exit_s"] == pytest.approx(row["geo_los_tout_s"], abs=0.11)
            assert got["distance_m"] == pytest.approx(row["geo_hcpa600_m"], abs=2.0)
            assert got["closest_s"] == pytest.approx(row["geo_tcpa600_s"], abs=0.11)
            assert got["severity"] == pytest.approx(row["geo_minmax_norm"], abs=0.002)


@pytest.mark.parametrize("column", VOLUMES)
def test_well_clear_volumes_are_those_of_the_file(column: str, air: list[dict[str, Any]]) -> None:
    """Where the geodesics pass the limit by less than the sphere errs, DAIDALUS may say otherwise: one case."""
    for row in air:
        found = predict(pair_of(row), well_clear=VOLUMES[column])
        if (row["case"], column) == ("rnd062", "dwcnc"):
            assert row["geo_hcpa600_m"] < 2200 * FOOT_M < row["hmd600_m"]
            continue
        assert found.height == row[f"{column}_conf600"], row["case"]
        for got in found.iter_rows(named=True):
            assert got["entry_s"] == pytest.approx(row[f"{column}_tin_s"], abs=2.0)
            assert got["exit_s"] == pytest.approx(row[f"{column}_tout_s"], abs=2.0)


def test_legs_follow_geodesics() -> None:
    """The third-order curve of a whole leg ends within 5 cm of the geodesic, of 100 km within 1 mm."""
    rng = np.random.default_rng(1)
    for length, bound in ((LEG_M, 0.05), (100_000.0, 0.001), (10_000.0, 1e-6)):
        for _ in range(200):
            lat, lon = math.degrees(math.asin(rng.uniform(-1, 1))), rng.uniform(-180, 180)
            azimuth = rng.uniform(0, 360)
            end = Geodesic.WGS84.Direct(lat, lon, azimuth, length)
            rows = leg_rows(
                *(np.array(column, dtype=float) for column in (
                    [lat, end["lat2"]], [lon, end["lon2"]], [azimuth, 0], [length, 0], [0, 0], [1, 1],
                ))
            )  # fmt: skip
            assert math.sqrt(gap(rows, 0, 1, 1.0)[0]) < bound


def test_distances_are_geodesic_ones() -> None:
    rng = np.random.default_rng(2)
    for length, bound in ((50.0, 1e-6), (20_000.0, 1e-6), (185_200.0, 1e-4), (1_000_000.0, 0.1)):
        for _ in range(200):
            lat, lon = math.degrees(math.asin(rng.uniform(-1, 1))), rng.uniform(-180, 180)
            end = Geodesic.WGS84.Direct(lat, lon, rng.uniform(0, 360), length)
            zero = np.zeros(2)
            rows = leg_rows(
                np.array([lat, end["lat2"]]), np.array([lon, end["lon2"]]), zero, zero, zero, zero + 1
            )
            assert math.sqrt(gap(rows, 0, 1, 0.0)[0]) == pytest.approx(length, abs=bound)


def brute_force(states: pl.DataFrame, *, horizon_s: float, within_m: float, vertical_m: float) -> pl.DataFrame:
    """Return for every pair, sampled each second on geodesics, its samples inside and its least distance."""
    times = np.arange(0.0, horizon_s + 1, 1.0)
    rows = states.to_dicts()
    ways = []
    for row in rows:
        one = np.ones_like(times)
        gone = row["speed_kn"] * KNOT_MS * times
        ways.append(WGS84.fwd(row["lon"] * one, row["lat"] * one, (row["course_deg"] or 0.0) * one, gone)[:2])
    pairs = []
    for i, first in enumerate(rows):
        for j in range(i + 1, len(rows)):
            other = rows[j]
            distance = np.asarray(WGS84.inv(*ways[i], *ways[j])[2])
            known = all(
                row[name] is not None for row in (first, other) for name in ("altitude_ft", "vertical_fpm")
            )
            height = np.zeros_like(times)
            if known:
                now = first["altitude_ft"] - other["altitude_ft"]
                rate = first["vertical_fpm"] - other["vertical_fpm"]
                height = np.abs(now + rate / 60 * times) * FOOT_M
            surely = (distance < within_m - 0.1) & (height < vertical_m - 0.01)
            maybe = (distance < within_m + 0.1) & (height < vertical_m + 0.01)
            closest = float(distance.min())
            pairs.append((first["id"], other["id"], times[surely].tolist(), times[maybe].tolist(), closest))
    return pl.DataFrame(pairs, schema=["a", "b", "surely", "maybe", "closest"], orient="row")


PLACES = ((0.0, 0.0), (179.99, 52.0), (-180.0, -17.0), (10.0, 89.9), (0.0, -90.0), (21.0, 58.0))


def crowd(rng: np.random.Generator, count: int, spread_m: float) -> pl.DataFrame:
    """Return movers of all sorts around one of PLACES."""
    lon, lat = PLACES[int(rng.integers(len(PLACES)))]
    rows = []
    for _ in range(count):
        there = WGS84.fwd(lon, lat, rng.uniform(0, 360), spread_m * math.sqrt(rng.uniform()))
        ship = rng.random() < 0.2
        rows.append(
            {
                "lon": there[0],
                "lat": there[1],
                "speed_kn": float(rng.choice((0.0, 15.0, 140.0, 450.0, 450.0, 3000.0)) if not ship else 12.0),
                "course_deg": float(rng.choice((0.0, 90.0, rng.uniform(0, 360)))),
                "altitude_ft": 0.0 if ship else (None if rng.random() < 0.1 else float(rng.uniform(0, 9000))),
                "vertical_fpm": 0.0
                if ship
                else (None if rng.random() < 0.1 else float(rng.choice((0, 0, -1500, 2000)))),
                "kind": "ship" if ship else "aircraft",
            }
        )
    return picture(*rows)


@settings(max_examples=25, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(
    seed=st.integers(0, 2**31),
    within_m=st.sampled_from((200.0, 2000.0, 9260.0, 40_000.0)),
    horizon_s=st.sampled_from((60.0, 600.0, 1200.0)),
    spread_m=st.sampled_from((2e3, 3e4, 2e5)),
)
def test_no_pair_is_missed_and_none_is_invented(
    seed: int, within_m: float, horizon_s: float, spread_m: float
) -> None:
    """Brute force on geodesics, second by second, against the tree and the kernel."""
    states = crowd(np.random.default_rng(seed), 14, spread_m)
    expected = brute_force(states, horizon_s=horizon_s, within_m=within_m, vertical_m=304.8)
    found = predict(states, horizon_s=horizon_s, within_m=within_m, vertical_m=304.8)
    stretches: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for row in found.iter_rows(named=True):
        stretches.setdefault((row["a"], row["b"]), []).append(row)
    for a, b, surely, maybe, closest in expected.iter_rows():
        rows = stretches.pop((min(a, b), max(a, b)), [])
        for time in surely:
            assert any(row["entry_s"] <= time <= row["exit_s"] for row in rows), (seed, a, b, time)
        for row in rows:
            whole = np.arange(math.ceil(row["entry_s"]), math.floor(row["exit_s"]) + 1)
            assert set(whole) <= set(maybe), (seed, a, b)
            assert row["distance_m"] <= closest + 0.1
    assert not stretches


def test_the_order_of_rows_and_of_the_pair_changes_nothing() -> None:
    states = crowd(np.random.default_rng(5), 60, 3e4)
    one = predict(states)
    assert one.height > 5
    other = predict(states.sample(fraction=1.0, shuffle=True, seed=3))
    assert one.select("a", "b").equals(other.select("a", "b"))
    for name in ("entry_s", "exit_s", "distance_m", "severity"):
        assert np.allclose(one[name], other[name], atol=1e-5), name


def test_two_that_stand_on_one_spot_are_inside_from_now_to_the_horizon() -> None:
    (row,) = predict(picture({}, {}), horizon_s=60.0).to_dicts()
    assert (row["entry_s"], row["closest_s"], row["exit_s"]) == (0.0, 0.0, 60.0)
    assert row["distance_m"] == 0.0
    assert row["severity"] == 0.0


def test_exactly_the_vertical_limit_is_no_conflict() -> None:
    meeting = {"lon": 0.5, "course_deg": 270.0, "speed_kn": 400.0}
    own = {"course_deg": 90.0, "speed_kn": 400.0}
    assert predict(picture(own | {"altitude_ft": 33000.0}, meeting | {"altitude_ft": 32000.0})).is_empty()
    assert predict(picture(own | {"altitude_ft": 33000.0}, meeting | {"altitude_ft": 32001.0})).height == 1


def test_unknown_heights_are_judged_horizontally_and_stay_unknown() -> None:
    meeting = {"lon": 0.5, "course_deg": 270.0, "speed_kn": 400.0}
    for unknown in ({"altitude_ft": None}, {"vertical_fpm": None}):
        (row,) = predict(picture({"altitude_ft": 33000.0}, meeting | unknown)).to_dicts()
        assert row["vertical_m"] is None
        (row,) = predict(
            picture({"altitude_ft": 33000.0}, meeting | unknown), well_clear="do365-phase1"
        ).to_dicts()
        assert row["vertical_m"] is None


def test_a_ship_is_at_sea_level_whatever_its_height_column_says() -> None:
    ship = {"kind": "ship", "altitude_ft": 20_000.0, "vertical_fpm": 900.0}
    (row,) = predict(picture(ship, {"altitude_ft": 500.0})).to_dicts()
    assert row["vertical_m"] == pytest.approx(500 * FOOT_M)
    assert predict(picture(ship, {"altitude_ft": 20_000.0})).is_empty()


def test_a_very_fast_mover_has_legs_and_meets_whom_it_passes() -> None:
    """At 15,000 kn for 600 s: 4,630 km, nineteen legs; one stretch, whole across the borders of legs."""
    far = WGS84.fwd(0.0, 0.0, 45.0, 15_000 * KNOT_MS * 300)
    states = picture(
        {"speed_kn": 15_000.0, "course_deg": 45.0}, {"lon": far[0], "lat": far[1]}, {"lon": -20.0, "lat": -20.0}
    )
    (row,) = predict(states, within_m=400_000.0).to_dicts()
    assert row["closest_s"] == pytest.approx(300.0, abs=0.01)
    assert row["distance_m"] == pytest.approx(0.0, abs=10.0)
    assert row["exit_s"] - row["entry_s"] == pytest.approx(800_000 / (15_000 * KNOT_MS), rel=0.001)


def test_only_rivals_are_paired_where_sides_are_given() -> None:
    sides = parse_sides('[sides.east]\nids = ["m0", "m1"]\n[sides.west]\nids = ["m2"]\n')
    states = picture({}, {}, {}, {})
    rivals = predict(states, sides=sides)
    assert rivals.select("a", "b", "side_a", "side_b").rows() == [
        ("m0", "m2", "east", "west"),
        ("m1", "m2", "east", "west"),
    ]
    assert predict(states, sides=sides, between="all").height == 6
    with pytest.raises(LimitMistake):
        predict(states, between="rivals")


def test_pictures_without_a_pair_give_an_empty_table() -> None:
    for states in (picture(), picture({}), picture({}, {"lat": 10.0})):
        for name in (None, "do365-phase1"):
            found = predict(states, well_clear=name)
            assert found.is_empty()
            assert found.schema == PREDICTED


@pytest.mark.parametrize(
    ("limits", "where"),
    [
        ({"within_m": -1.0}, "within_m"),
        ({"within_m": math.nan}, "within_m"),
        ({"within_m": 1e9}, "within_m"),
        ({"vertical_m": 0.0}, "vertical_m"),
        ({"horizon_s": 0.0}, "horizon_s"),
        ({"horizon_s": math.inf}, "horizon_s"),
        ({"well_clear": "do-365"}, "well_clear"),
    ],
)
def test_limits_that_cannot_be_are_refused(limits: dict[str, Any], where: str) -> None:
    with pytest.raises(LimitMistake) as refused:
        predict(picture({}, {}), **limits)
    assert refused.value.where == where


@pytest.mark.parametrize(
    ("bad", "word"),
    [
        ({"lat": 91.0}, "lat"),
        ({"lon": 181.0}, "lon"),
        ({"lat": math.nan}, "lat"),
        ({"lat": None}, "lat"),
        ({"speed_kn": -1.0}, "speed_kn"),
        ({"speed_kn": None}, "speed_kn"),
        ({"speed_kn": 5.0, "course_deg": None}, "course_deg"),
        ({"course_deg": 361.0}, "course_deg"),
        ({"altitude_ft": math.inf}, "altitude_ft"),
        ({"vertical_fpm": 1e9}, "vertical_fpm"),
        ({"id": None}, "id"),
        ({"id": "m0"}, "id"),
    ],
)
def test_a_row_that_cannot_be_is_refused_by_row_and_column(bad: dict[str, Any], word: str) -> None:
    with pytest.raises(StateMistake) as refused:
        predict(picture({}, bad))
    assert f"column {word}" in refused.value.where
    assert "row" in refused.value.where


def test_a_table_without_its_columns_or_types_is_refused() -> None:
    with pytest.raises(StateMistake):
        predict(picture({}, {}).drop("lat"))
    with pytest.raises(StateMistake):
        predict(picture({}, {}).with_columns(pl.lit("fast").alias("speed_kn")))


def test_the_room_offers_predict_and_loads_it_only_when_asked() -> None:
    """A fresh interpreter: importing the room loads no kernel; afterwards the name is the function."""
    program = (
        "import sys, detente.encounters as room; assert 'numba' not in sys.modules; "
        "f = room.predict; import detente.encounters.prediction as m; assert f is m.predict is room.predict"
    )
    subprocess.run([sys.executable, "-c", program], check=True, timeout=100)
