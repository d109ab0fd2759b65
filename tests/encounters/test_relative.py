"""The relative-vector functions against NASA DAIDALUS's answers, against brute force, and at the edges."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from detente.encounters.errors import ShapeMistake
from detente.encounters.relative import (
    STILL_MS,
    closest_approach,
    closest_approach_in_space,
    cylinder_interval,
    modified_tau_s,
)
from detente.encounters.well_clear import VOLUMES, violates_well_clear, well_clear_interval

FOOT_M = 0.3048
DTHR_M = 0.66 * 1852.0
NAMES = {
    "dwc1": "do365-phase1",
    "dwc1prev": "do365-phase1-preventive",
    "dwc2": "do365-terminal",
    "dwcnc": "do365-noncooperative",
}


@pytest.fixture(scope="module")
def air(shared: Path) -> pl.DataFrame:
    return pl.read_csv(shared / "data/encounters/air_pairs_expected.csv", infer_schema_length=None)


@pytest.fixture(scope="module")
def sv(air: pl.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    return (
        air.select("sx_m", "sy_m", "sz_m").to_numpy(),
        air.select("vx_ms", "vy_ms", "vz_ms").to_numpy(),
    )


def agrees(got: np.ndarray, expected: np.ndarray, *, slack: np.ndarray | float = 0.0) -> None:
    """Hold both to 1e-6, relative where large; slack is what the expected file's six decimals allow."""
    assert np.array_equal(np.isnan(got), np.isnan(expected))
    bound = 1e-6 * np.maximum(1.0, np.abs(expected)) + slack
    assert np.all((np.abs(got - expected) <= bound) | np.isnan(expected))


def test_cylinder_intervals_are_daidalus_s(air: pl.DataFrame, sv: tuple[np.ndarray, np.ndarray]) -> None:
    s, v = sv
    now = cylinder_interval(s, v, within_m=9260.0, vertical_m=304.8, horizon_s=1e-9)
    inside = (np.hypot(s[:, 0], s[:, 1]) < 9260.0) & (np.abs(s[:, 2]) < 304.8)
    found = cylinder_interval(s, v, within_m=9260.0, vertical_m=304.8, horizon_s=600.0)
    assert np.array_equal(inside, air["cyl_los_now"].to_numpy() == 1)
    assert np.array_equal(now.exists, inside)
    assert np.array_equal(found.exists, air["cyl_conf600"].to_numpy() == 1)
    agrees(found.entry_s, air["cyl_tin_s"].to_numpy())
    agrees(found.exit_s, air["cyl_tout_s"].to_numpy())


def test_cylinder_intervals_without_bounds_are_daidalus_s(
    air: pl.DataFrame, sv: tuple[np.ndarray, np.ndarray]
) -> None:
    s, v = sv
    moving = np.hypot(v[:, 0], v[:, 1]) >= STILL_MS
    moving |= np.hypot(s[:, 0], s[:, 1]) == 0
    found = cylinder_interval(s, v, within_m=9260.0, vertical_m=304.8, start_s=-np.inf)
    agrees(found.entry_s[moving], air["cyl_tin_unbounded_s"].to_numpy()[moving])
    agrees(found.exit_s[moving], air["cyl_tout_unbounded_s"].to_numpy()[moving])


@pytest.mark.parametrize("column", NAMES)
def test_well_clear_violations_are_daidalus_s(
    column: str, air: pl.DataFrame, sv: tuple[np.ndarray, np.ndarray]
) -> None:
    s, v = sv
    volume = VOLUMES[NAMES[column]]
    found = well_clear_interval(s, v, volume, horizon_s=600.0)
    now = violates_well_clear(s, v, volume)
    assert np.array_equal(now, air[f"{column}_viol_now"].to_numpy() == 1)
    assert np.array_equal(found.exists, air[f"{column}_conf600"].to_numpy() == 1)
    agrees(found.entry_s, air[f"{column}_tin_s"].to_numpy())
    agrees(found.exit_s, air[f"{column}_tout_s"].to_numpy())


def rounding(s: np.ndarray, v: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return what six written decimals of s and v leave open in the time and the place of closest approach."""
    unit = 0.5e-6 * np.sqrt(2)
    speed = np.maximum(np.hypot(v[:, 0], v[:, 1]), STILL_MS)
    reach = np.hypot(s[:, 0], s[:, 1])
    time = unit * (reach / speed**2 + 2 * reach / speed**2 + 1 / speed)
    return time, unit * (1 + reach / speed)


def test_closest_approaches_are_those_of_the_file(air: pl.DataFrame, sv: tuple[np.ndarray, np.ndarray]) -> None:
    s, v = sv
    moving = np.hypot(v[:, 0], v[:, 1]) >= STILL_MS
    time, place = rounding(s, v)
    ever = closest_approach(s, v, start_s=-np.inf)
    agrees(ever.after_s[moving], air["tcpa_h_s"].to_numpy()[moving], slack=time[moving])
    agrees(ever.distance_m[moving], air["dcpa_h_m"].to_numpy()[moving], slack=place[moving])
    soon = closest_approach(s, v, horizon_s=600.0)
    # still pairs keep their distance here; the file lets the noise of their velocity run for 600 s
    agrees(soon.distance_m, air["hmd600_m"].to_numpy(), slack=np.where(moving, place, STILL_MS * 600))
    ahead = closest_approach(s, v)
    agrees(
        (ahead.vertical_m / FOOT_M)[moving],
        air["vsep_at_tcpa0_ft"].to_numpy()[moving],
        slack=((time * np.abs(v[:, 2]) + place) / FOOT_M)[moving],
    )
    space = closest_approach_in_space(s, v)
    agrees(space.after_s[moving], air["tcpa3d_s"].to_numpy()[moving], slack=time[moving])
    agrees(space.distance_m[moving], air["d3d_m"].to_numpy()[moving], slack=place[moving])


def test_modified_tau_is_that_of_the_file(air: pl.DataFrame, sv: tuple[np.ndarray, np.ndarray]) -> None:
    s, v = sv
    moving = np.hypot(v[:, 0], v[:, 1]) >= STILL_MS
    got = modified_tau_s(s, v, distance_m=DTHR_M)
    product = np.abs((s[:, :2] * v[:, :2]).sum(axis=1))
    open_part = 1e-6 * np.hypot(s[:, 0], s[:, 1]) / np.maximum(product, 1e-9)
    slack = np.nan_to_num(np.abs(got)) * open_part + 1e-6
    agrees(got[moving], air["taumod_now_s"].to_numpy()[moving], slack=slack[moving])


def test_a_tangent_and_the_exact_vertical_limit_are_no_conflict() -> None:
    tangent = cylinder_interval([-5000.0, 100.0, 0.0], [50.0, 0.0, 0.0], within_m=100.0, vertical_m=300.0)
    assert not tangent.exists
    level = cylinder_interval([-5000.0, 0.0, 300.0], [50.0, 0.0, 0.0], within_m=100.0, vertical_m=300.0)
    assert not level.exists
    inside = cylinder_interval([-5000.0, 99.0, 299.0], [50.0, 0.0, 0.0], within_m=100.0, vertical_m=300.0)
    assert inside.exists


def test_unknown_heights_leave_the_vertical_out() -> None:
    flat = cylinder_interval([-5000.0, 0.0], [50.0, 0.0], within_m=100.0, vertical_m=300.0, horizon_s=600.0)
    assert flat.entry_s == pytest.approx(98.0)
    assert flat.exit_s == pytest.approx(102.0)
    assert np.isnan(closest_approach([1.0, 2.0], [0.0, 0.0]).vertical_m)


def test_a_nan_in_gives_a_nan_out() -> None:
    for place in range(3):
        s = np.array([-5000.0, 0.0, 0.0])
        s[place] = np.nan
        assert not cylinder_interval(s, [50.0, 0, 0], within_m=1e5, vertical_m=300.0, horizon_s=60).exists
        assert not well_clear_interval(s, [50.0, 0, 0], VOLUMES["do365-phase1"], horizon_s=600).exists
        assert not violates_well_clear(s, [50.0, 0, 0], VOLUMES["do365-phase1"])


def test_still_pairs_keep_their_distance() -> None:
    formation = cylinder_interval(
        [0.0, -1852.0, 0.0], [0.0, 0.009, 0.0], within_m=9260.0, vertical_m=300.0, horizon_s=600.0
    )
    assert float(formation.entry_s) == 0.0
    assert float(formation.exit_s) == 600.0
    assert closest_approach([3.0, 4.0, 0.0], [0.0, 0.0, 0.0]).distance_m == 5.0


def test_pairs_broadcast_and_shapes_that_do_not_fit_are_refused() -> None:
    many = closest_approach(np.ones((4, 1, 3)), np.zeros((5, 3)))
    assert many.distance_m.shape == (4, 5)
    with pytest.raises(ShapeMistake):
        closest_approach(np.ones((4, 3)), np.zeros((5, 3)))
    with pytest.raises(ShapeMistake):
        closest_approach(np.ones(4), np.zeros(4))
    with pytest.raises(ShapeMistake):
        closest_approach(1.0, 2.0)


metres = st.floats(-20_000, 20_000, allow_subnormal=False)
speeds = st.floats(-300, 300, allow_subnormal=False)
vector = st.tuples(metres, metres, st.floats(-900, 900)).map(np.array)
velocity = st.tuples(speeds, speeds, st.floats(-20, 20)).map(np.array)
TIMES_S = np.linspace(0.0, 600.0, 4001)


@given(s=vector, v=velocity, name=st.sampled_from(sorted(VOLUMES)))
def test_well_clear_intervals_hold_what_each_instant_says(s: np.ndarray, v: np.ndarray, name: str) -> None:
    """Sample the instant's own definition along the motion: it must hold inside and nowhere else."""
    volume = VOLUMES[name]
    path = s + TIMES_S[:, np.newaxis] * v
    holds = violates_well_clear(path, v, volume)
    found = well_clear_interval(s, v, volume, horizon_s=600.0)
    inside = (found.entry_s + 1e-3 < TIMES_S) & (found.exit_s - 1e-3 > TIMES_S)
    near = (found.entry_s - 1e-3 <= TIMES_S) & (found.exit_s + 1e-3 >= TIMES_S)
    moving = np.hypot(v[0], v[1]) >= STILL_MS
    if moving:
        assert np.all(holds[inside])
        assert not np.any(holds & ~near) or not found.exists
        if not found.exists:
            assert holds.sum() <= 1


@given(s=vector, v=velocity, within=st.floats(50, 20_000), vertical=st.floats(10, 900))
def test_cylinder_intervals_hold_what_each_instant_says(
    s: np.ndarray, v: np.ndarray, within: float, vertical: float
) -> None:
    if np.hypot(v[0], v[1]) < STILL_MS:
        return
    path = s + TIMES_S[:, np.newaxis] * v
    holds = (np.hypot(path[:, 0], path[:, 1]) < within) & (np.abs(path[:, 2]) < vertical)
    found = cylinder_interval(s, v, within_m=within, vertical_m=vertical, horizon_s=600.0)
    if not found.exists:
        assert not holds.any() or (s[2] == pytest.approx(vertical) or holds.sum() <= 1)
        return
    assert np.all(holds[(found.entry_s + 1e-3 < TIMES_S) & (found.exit_s - 1e-3 > TIMES_S)])
    assert not np.any(holds[(found.entry_s - 1e-3 > TIMES_S) | (found.exit_s + 1e-3 < TIMES_S)])


@given(s=vector, v=velocity)
def test_own_and_other_are_interchangeable(s: np.ndarray, v: np.ndarray) -> None:
    one = cylinder_interval(s, v, within_m=3000.0, vertical_m=300.0, horizon_s=600.0)
    other = cylinder_interval(-s, -v, within_m=3000.0, vertical_m=300.0, horizon_s=600.0)
    assert np.array_equal(one.entry_s, other.entry_s, equal_nan=True)
    assert np.array_equal(one.exit_s, other.exit_s, equal_nan=True)
