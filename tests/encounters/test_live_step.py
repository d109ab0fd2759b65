"""One step of a live prediction: the pairs of the plain prediction, limits by kind, ages, doubt, rest, and areas."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyproj import Geod

from detente.encounters.announced import Announced
from detente.encounters.errors import LimitMistake
from detente.encounters.forecast import forecast
from detente.encounters.live_step import Found, LiveStep, Rungs, States, related_sides
from detente.encounters.prediction import predict
from detente.encounters.sides_file import parse_sides
from detente.notices.quantities import FOOT_M, KNOT_MS

WGS84 = Geod(ellps="WGS84")
AT = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)
ALL = np.ones((1, 1), np.uint8)


def table(ship_ship: list[float], ship_aircraft: list[float], aircraft: list[float]) -> np.ndarray[Any, Any]:
    """Return four rungs for two kinds."""
    return np.array(
        [[[one, two], [two, three]] for one, two, three in zip(ship_ship, ship_aircraft, aircraft, strict=True)],
        np.float64,
    )


RUNGS = Rungs(
    within_m=table([2_000, 1_000, 500, 200], [4_000, 1_000, 500, 200], [9_000, 4_000, 1_200, 150]),
    vertical_m=table([300] * 4, [300, 150, 150, 90], [300, 200, 140, 90]),
    ahead_s=table([600, 360, 180, 90], [120, 60, 45, 30], [120, 60, 35, 20]),
)


def states(rows: list[dict[str, Any]]) -> States:
    """Return movers; what a row leaves out is still, level, young and without doubt."""
    usual = {"lon": 0.0, "lat": 0.0, "speed_ms": 0.0, "course_deg": 0.0, "height_m": 0.0, "climb_ms": 0.0,
             "age_s": 0.0, "doubt_m": 0.0, "kind": 0, "side": 0, "at_rest": False}  # fmt: skip
    whole = [usual | row for row in rows]
    columns = {name: np.array([row[name] for row in whole]) for name in usual}
    return States(
        ids=[row.get("id", f"m{place:03d}") for place, row in enumerate(rows)],
        slot=np.arange(len(rows)),
        kind=columns.pop("kind").astype(np.uint8),
        side=columns.pop("side").astype(np.int64),
        at_rest=columns.pop("at_rest").astype(bool),
        **{name: values.astype(float) for name, values in columns.items()},
    )


def step(rows: list[dict[str, Any]], **options: Any) -> Found:
    return LiveStep(RUNGS, options.pop("related", ALL), **options).step(states(rows), AT)


def predicted(rows: list[dict[str, Any]], rung: int, kinds: tuple[int, int]) -> set[tuple[str, str]]:
    """Return the pairs of these kinds that the plain prediction finds within a rung, from positions of now."""
    whole = states(rows)
    lon, lat, back = WGS84.fwd(whole.lon, whole.lat, whole.course_deg, whole.speed_ms * whole.age_s)
    picture = pl.DataFrame(
        {
            "id": list(whole.ids),
            "lat": lat,
            "lon": lon,
            "altitude_ft": pl.Series((whole.height_m + whole.climb_ms * whole.age_s) / FOOT_M, nan_to_null=True),
            "speed_kn": whole.speed_ms / KNOT_MS,
            "course_deg": (np.asarray(back) + 180.0) % 360.0,
            "vertical_fpm": pl.Series(whole.climb_ms / FOOT_M * 60.0, nan_to_null=True),
            "kind": ["aircraft" if kind else "ship" for kind in whole.kind],
        }
    )
    found = predict(
        picture,
        horizon_s=float(RUNGS.ahead_s[rung, *kinds]),
        within_m=float(RUNGS.within_m[rung, *kinds]),
        vertical_m=float(RUNGS.vertical_m[rung, *kinds]),
    )
    kind_of = dict(zip(whole.ids, whole.kind.tolist(), strict=True))
    return {
        (a, b) for a, b in found.select("a", "b").iter_rows() if sorted((kind_of[a], kind_of[b])) == list(kinds)
    }


@st.composite
def crowds(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Ships and aircraft at all heights in a few miles, also at the antimeridian and near a pole."""
    lon, lat = draw(st.sampled_from(((20.0, 56.0), (179.99, -30.0), (40.0, 89.9), (-70.0, 0.0))))
    dice = np.random.default_rng(draw(st.integers(0, 2**31)))
    rows = []
    for number in range(draw(st.integers(2, 40))):
        east, north, _ = WGS84.fwd(lon, lat, dice.uniform(0, 360), dice.uniform(0, 15_000))
        flies = bool(dice.random() < 0.5)
        rows.append(
            {
                "id": f"m{number:03d}", "lon": east, "lat": north, "kind": int(flies),
                "speed_ms": dice.choice([0.0, 3.0, 12.0]) if not flies else dice.uniform(60, 280),
                "course_deg": dice.uniform(0, 360), "age_s": dice.choice([0.0, dice.uniform(0, 60)]),
                "height_m": dice.choice([np.nan, dice.uniform(0, 900)]) if flies else 0.0,
                "climb_ms": dice.choice([0.0, dice.normal(0, 8)]) if flies else 0.0,
            }
        )  # fmt: skip
    return rows


def check_pairs_on_each_rung(rows: list[dict[str, Any]]) -> None:
    """Hold the pairs of a step against those of the plain prediction, kind by kind and rung by rung."""
    found = step(rows)
    ids, kind = found.states.ids, found.states.kind
    for kinds in ((0, 0), (0, 1), (1, 1)):
        for rung in range(4):
            came = {
                (ids[a], ids[b])
                for a, b, on in zip(found.pairs.a, found.pairs.b, found.pairs.rung, strict=True)
                if on > rung and sorted((kind[a], kind[b])) == list(kinds)
            }
            assert came == predicted(rows, rung, kinds)


@settings(max_examples=15, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(crowds())
def test_the_pairs_on_each_rung_are_those_of_the_plain_prediction(rows: list[dict[str, Any]]) -> None:
    check_pairs_on_each_rung(rows)


@pytest.mark.prove
@settings(max_examples=150, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(crowds())
def test_the_pairs_on_each_rung_are_those_of_the_plain_prediction_in_many_more_pictures(
    rows: list[dict[str, Any]],
) -> None:
    check_pairs_on_each_rung(rows)


def test_times_and_distances_are_those_of_the_plain_prediction() -> None:
    rows = [
        {"lon": 20.0, "lat": 56.0, "speed_ms": 10.0, "course_deg": 90.0},
        {"lon": 20.05, "lat": 56.001, "speed_ms": 8.0, "course_deg": 265.0},
    ]
    picture = pl.DataFrame(
        {"id": ["m000", "m001"], "lat": [56.0, 56.001], "lon": [20.0, 20.05], "kind": ["ship"] * 2,
         "speed_kn": [10 / KNOT_MS, 8 / KNOT_MS], "course_deg": [90.0, 265.0]}
    )  # fmt: skip
    plain = predict(picture, horizon_s=600 * 1.2, within_m=2_000.0, vertical_m=300.0).row(0, named=True)
    pairs = step(rows).pairs
    assert len(pairs) == 1
    assert pairs.entry_s[0] == pytest.approx(plain["entry_s"], abs=1e-6)
    assert pairs.exit_s[0] == pytest.approx(plain["exit_s"], abs=1e-6)
    assert pairs.closest_s[0] == pytest.approx(plain["closest_s"], abs=1e-5)
    assert pairs.distance_m[0] == pytest.approx(plain["distance_m"], abs=1e-4)
    assert pairs.relative_speed_ms[0] == pytest.approx(plain["relative_speed_kn"] * KNOT_MS, abs=1e-6)
    lon_a, lat_a, lon_b, lat_b = pairs.lon_lat[0]
    assert WGS84.inv(lon_a, lat_a, lon_b, lat_b)[2] == pytest.approx(pairs.distance_m[0], abs=1e-3)
    assert pairs.now_m[0] == pytest.approx(WGS84.inv(20.0, 56.0, 20.05, 56.001)[2], abs=0.01)


def test_an_old_position_is_moved_on_and_puts_the_limit_in_doubt() -> None:
    """Two ships on one line: now 300 m apart, as told 1,300 m."""
    near = {"lon": 20.0, "lat": 0.0}
    lon, lat, _ = WGS84.fwd(20.0, 0.0, 0.0, 1_300.0)
    old = {"lon": lon, "lat": lat, "course_deg": 180.0, "speed_ms": 10.0, "age_s": 100.0}
    sure, doubtful = step([near, old]).pairs, step([near, old | {"doubt_m": 400.0}]).pairs
    assert sure.now_m[0] == pytest.approx(300.0, abs=0.1)
    assert (sure.rung[0], bool(sure.possible[0])) == (4, False)
    assert (doubtful.rung[0], bool(doubtful.possible[0])) == (4, True)


def test_what_only_doubt_brings_within_the_limits_is_on_no_rung() -> None:
    lon, lat, _ = WGS84.fwd(20.0, 0.0, 90.0, 2_600.0)
    far = [{"lon": 20.0, "lat": 0.0}, {"lon": lon, "lat": lat}]
    assert len(step(far).pairs) == 0
    pairs = step([far[0], far[1] | {"doubt_m": 700.0}]).pairs
    assert (pairs.rung[0], bool(pairs.possible[0]), bool(pairs.by_doubt[0])) == (0, True, True)
    # within 1.2 times the limit it is told of without doubt, on no rung
    lon, lat, _ = WGS84.fwd(20.0, 0.0, 90.0, 2_300.0)
    pairs = step([far[0], {"lon": lon, "lat": lat}]).pairs
    assert (pairs.rung[0], bool(pairs.possible[0]), bool(pairs.by_doubt[0])) == (0, False, False)
    assert pairs.near[0]
    assert np.isinf(pairs.entry_s[0])


def test_pairs_are_those_of_rivals_only_and_two_at_rest_are_counted() -> None:
    sides = parse_sides('[sides.west]\nids = ["w*"]\n[sides.east]\nids = ["e*"]\n')
    names, related = related_sides(sides, "rivals")
    assert names == ("", "west", "east")
    crowd = [{"lon": 20.0 + 1e-3 * place, "lat": 0.0, "side": side} for place, side in enumerate((0, 1, 1, 2, 2))]
    pairs = step(crowd, related=related).pairs
    assert {(int(a), int(b)) for a, b in zip(pairs.a, pairs.b, strict=True)} == {(1, 3), (1, 4), (2, 3), (2, 4)}
    moored = [row | {"at_rest": place in {2, 3, 4}} for place, row in enumerate(crowd)]
    found = step(moored, related=related)
    assert {(int(a), int(b)) for a, b in zip(found.pairs.a, found.pairs.b, strict=True)} == {(1, 3), (1, 4)}
    assert found.moored == 2
    with pytest.raises(LimitMistake):
        related_sides(None, "rivals")


def test_a_height_that_is_not_known_leaves_the_pair_possible() -> None:
    pair = [{"lon": 20.0}, {"lon": 20.001, "kind": 1, "height_m": 9_000.0}]
    assert len(step(pair).pairs) == 0
    for unknown in ({"height_m": np.nan}, {"climb_ms": np.nan}):
        pairs = step([pair[0], pair[1] | unknown]).pairs
        assert (pairs.rung[0], bool(pairs.possible[0]), np.isnan(pairs.vertical_m[0])) == (4, True, True)


def test_nobody_and_one_alone_have_no_pairs() -> None:
    assert len(step([]).pairs) == len(step([{}]).pairs) == 0


def square(windows: Any = None) -> Announced:
    """Return an area around 20 E on the equator, 0.2 degrees wide."""
    ring = ((19.9, -0.1), (20.1, -0.1), (20.1, 0.1), (19.9, 0.1), (19.9, -0.1))
    always = ((AT - dt.timedelta(hours=1), AT + dt.timedelta(hours=5)),)
    return Announced("A1", "Alpha", "", (ring,), windows or always)


def test_stays_in_areas_are_those_of_the_forecast() -> None:
    rows = [
        {"lon": 19.7, "lat": 0.0, "speed_ms": 20.0, "course_deg": 90.0},
        {"lon": 20.0, "lat": 0.0, "speed_ms": 15.0, "course_deg": 45.0},
        {"lon": 19.7, "lat": 0.3, "speed_ms": 20.0, "course_deg": 270.0},
        {"lon": 19.2, "lat": 0.05, "speed_ms": 200.0, "course_deg": 90.0, "kind": 1, "height_m": 3_000.0},
    ]
    entries = step(rows, areas=[square()], area_ahead_s=1_200.0).entries
    picture = pl.DataFrame(
        {"id": [f"m{n:03d}" for n in range(4)], "lat": [0.0, 0.0, 0.3, 0.05], "lon": [19.7, 20.0, 19.7, 19.2],
         "altitude_ft": [0.0, 0.0, 0.0, 3_000 / FOOT_M], "vertical_fpm": [0.0] * 4,
         "speed_kn": [20 / KNOT_MS, 15 / KNOT_MS, 20 / KNOT_MS, 200 / KNOT_MS],
         "course_deg": [90.0, 45.0, 270.0, 90.0], "kind": ["ship", "ship", "ship", "aircraft"]}
    )  # fmt: skip
    plain = forecast(picture, [square()], at=AT, horizon_s=1_440.0).sort("mover")
    assert [f"m{mover:03d}" for mover in entries.mover] == plain["mover"].to_list()
    assert entries.entry_s == pytest.approx(plain["entry_s"].to_numpy(), abs=0.01)
    assert entries.exit_s == pytest.approx(plain["exit_s"].to_numpy(), abs=0.01)
    assert not step(
        rows, areas=[square(((AT - dt.timedelta(hours=2), AT - dt.timedelta(hours=1)),))]
    ).entries.mover.size


def test_beside_an_area_is_told_of_and_is_no_stay() -> None:
    beside = {"lon": 20.1001, "lat": -0.3, "speed_ms": 20.0, "course_deg": 0.0}
    entries = step([beside], areas=[square()]).entries
    assert (entries.mover.size, np.isinf(entries.entry_s[0])) == (1, True)
    within = step([beside], areas=[square()], area_margin_m=500.0).entries
    assert np.isfinite(within.entry_s[0])
    assert within.distance_m[0] == pytest.approx(11.13, abs=0.5)


def test_limits_that_cannot_be_used_are_refused() -> None:
    for name, wrong in (("within_m", -1.0), ("ahead_s", 1e6), ("vertical_m", np.nan)):
        parts = {field: getattr(RUNGS, field).copy() for field in ("within_m", "vertical_m", "ahead_s")}
        parts[name][3] = wrong
        with pytest.raises(LimitMistake):
            LiveStep(Rungs(**parts), ALL)
    with pytest.raises(LimitMistake):
        LiveStep(Rungs(RUNGS.within_m[::-1].copy(), RUNGS.vertical_m, RUNGS.ahead_s), ALL)
