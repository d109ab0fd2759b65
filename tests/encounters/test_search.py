"""The search for encounters: real input with known answers, and small worlds in which the answer is plain."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from detente.encounters import search
from detente.encounters.schema import ENCOUNTERS
from tests.encounters.moving import EVERY_10_S, GEOD, KNOT_MS, after_s, found, track
from tests.encounters.solent import solent_of

DAY_S = 86_400.0


def largest(differences: pl.Series) -> float:
    return float(differences.abs().to_numpy().max())


@pytest.fixture(scope="module")
def solent(shared: Path) -> pl.DataFrame:
    return solent_of(shared)


def test_the_solent_has_exactly_the_encounters_that_geodesics_say(solent: pl.DataFrame, shared: Path) -> None:
    result = search(solent.lazy(), within_m=500, max_gap_s=180, between="all", keep_moored=True)
    expected = pl.read_csv(shared / "data/encounters/solent_clean_R500_gap180_episodes.csv").sort(
        "id_a", "id_b", "t_in_unix"
    )
    number = {name: pl.col(name).str.strip_prefix("mmsi:").cast(pl.Int64) for name in ("a", "b")}
    came = result.encounters.with_columns(**number).sort("a", "b", "entered")
    assert came.height == expected.height == 2052
    assert came["a"].equals(expected["id_a"])
    assert came["b"].equals(expected["id_b"])
    assert came.select("a", "b").unique().height == 675
    unix = {name: came[name].dt.timestamp("us") / 1e6 for name in ("entered", "left", "closest_at")}
    assert largest(unix["entered"] - expected["t_in_unix"]) < 1e-5
    assert largest(unix["left"] - expected["t_out_unix"]) < 1e-5
    assert largest(came["distance_m"] - expected["d_cpa_m"]) < 1e-4
    both = (expected["speed_a_kn"] > 1) & (expected["speed_b_kn"] > 1)
    assert both.sum() == 94
    assert largest((unix["closest_at"] - expected["t_cpa_unix"]).filter(both)) < 0.01
    assert came.schema == {**ENCOUNTERS, "a": pl.Int64, "b": pl.Int64}


def test_moored_pairs_of_the_solent_are_counted_when_not_listed(solent: pl.DataFrame) -> None:
    every = search(solent.lazy(), within_m=500, keep_moored=True)
    moving = search(solent.lazy(), within_m=500)
    assert moving.moored == every.encounters["moored"].sum() > 500
    assert every.moored == 0
    assert_frame_equal(moving.encounters, every.encounters.filter(~pl.col("moored")))


@pytest.mark.parametrize("rows", [700, 5_000])
def test_the_solent_comes_out_the_same_in_small_windows(
    solent: pl.DataFrame, rows: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    from detente.encounters import held_fixes
    from detente.tracks import ordering

    whole = search(solent.lazy(), within_m=500)
    monkeypatch.setattr(held_fixes, "_WINDOW_ROWS", rows)
    monkeypatch.setattr(held_fixes, "_WINDOW_ROWS_MAX", rows)
    slices = ordering.slices_of
    monkeypatch.setattr(ordering, "slices_of", lambda frame, **options: slices(frame, rows=rows // 3, **options))
    cut = search(solent.lazy(), within_m=500)
    assert_frame_equal(cut.encounters, whole.encounters, check_exact=True)
    assert (cut.moored, cut.legs, cut.duplicates) == (whole.moored, whole.legs, whole.duplicates)
    shuffled = search(solent.sample(fraction=1, shuffle=True, seed=4).lazy(), within_m=500)
    assert_frame_equal(shuffled.encounters, whole.encounters, check_exact=True)


def test_a_shift_in_time_shifts_times_and_changes_nothing_else(solent: pl.DataFrame) -> None:
    part = solent.head(6_000)
    shift = dt.timedelta(days=3_000, seconds=1234.567)
    there = search(part.lazy(), within_m=500, keep_moored=True).encounters
    moved = search(part.with_columns(pl.col("time") + shift).lazy(), within_m=500, keep_moored=True).encounters
    back = moved.with_columns(pl.col("entered", "closest_at", "left") - shift)
    assert_frame_equal(back, there, check_exact=True)


def test_ids_decide_which_of_a_pair_is_a_and_the_rest_follows() -> None:
    one: dict[str, Any] = {"course": 0.0, "speed_ms": 5.0}
    other: dict[str, Any] = {"course": 90.0, "speed_ms": 8.0, "north_m": 40.0}
    first = found(track("a", EVERY_10_S, **one), track("b", EVERY_10_S, **other))
    second = found(track("b", EVERY_10_S, **one), track("a", EVERY_10_S, **other))
    same = ("entered", "closest_at", "left", "duration_s", "passes", "situation", "quality", "both_moving")
    assert_frame_equal(first.select(same), second.select(same))
    assert first["distance_m"].item() == pytest.approx(second["distance_m"].item(), abs=1e-8)
    for name in ("speed_{}_kn", "course_{}_deg", "relative_bearing_{}_deg", "lon_{}"):
        assert first[name.format("a")].item() == pytest.approx(second[name.format("b")].item(), abs=1e-6)


def test_head_on_ships_are_described() -> None:
    row = found(
        track("a", EVERY_10_S, course=0, speed_ms=10, name="Alpha"),
        track("b", EVERY_10_S, course=180, speed_ms=5, east_m=100),
    ).row(0, named=True)
    assert row["distance_m"] == pytest.approx(100, abs=0.01)
    assert row["severity"] == pytest.approx(0.2, abs=1e-4)
    assert row["vertical_m"] == 0
    # 489.9 m along the track on either side, at 15 m/s
    assert row["duration_s"] == pytest.approx(2 * 489.898 / 15, abs=0.01)
    assert row["closing_speed_kn"] == pytest.approx(15 * 489.898 / 500 / KNOT_MS, abs=0.01)
    assert row["relative_speed_kn"] == pytest.approx(15 / KNOT_MS, abs=0.01)
    assert (row["situation"], row["passes"], row["both_moving"], row["moored"]) == ("head_on", 1, True, False)
    assert row["quality"] == "certain"
    assert row["relative_bearing_a_deg"] == pytest.approx(np.degrees(np.arcsin(100 / 500)), abs=0.05)
    assert row["aspect_a_deg"] == pytest.approx(row["relative_bearing_b_deg"], abs=1e-9)
    assert (row["name_a"], row["name_b"], row["kind_a"]) == ("Alpha", None, "ship")
    assert (row["side_a"], row["side_b"]) == ("", "")


@pytest.mark.parametrize(
    ("course", "speed_ms", "situation"),
    [(180, 8, "head_on"), (172, 8, "head_on"), (90, 8, "crossing"), (300, 8, "crossing"), (20, 12, "overtaking")],
)
def test_situations_follow_from_courses(course: float, speed_ms: float, situation: str) -> None:
    table = found(
        track("a", EVERY_10_S, course=0, speed_ms=6),
        track("b", EVERY_10_S, course=course, speed_ms=speed_ms, east_m=30),
    )
    assert table["situation"].to_list() == [situation]


def test_one_that_comes_up_from_astern_overtakes_even_at_an_angle() -> None:
    table = found(
        track("a", EVERY_10_S, course=0, speed_ms=3),
        track("b", EVERY_10_S, course=40, speed_ms=9),
    )
    assert table["situation"].item() == "overtaking"
    assert 112.5 < table["relative_bearing_a_deg"].item() < 247.5


def test_a_stopped_ship_has_no_course_and_makes_the_situation_stopped() -> None:
    table = found(track("a", EVERY_10_S), track("b", EVERY_10_S, course=90, speed_ms=6, north_m=50))
    row = table.row(0, named=True)
    assert (row["course_a_deg"], row["situation"], row["both_moving"]) == (None, "stopped", False)
    assert row["relative_bearing_a_deg"] is None
    assert row["moored"] is False


@pytest.mark.parametrize(
    "at", [(180.0, 55.0), (-180.0, 0.0), (0.0, 90.0), (90.0, -90.0), (13.0, 89.999), (0.0, 0.0), (-77.0, -60.0)]
)
def test_antimeridian_poles_and_equator_are_places_like_others(at: tuple[float, float]) -> None:
    # both start where they meet, so that no course is needed at a pole
    tracks = [
        track("a", EVERY_10_S, at=at, course=30, speed_ms=9),
        track("b", EVERY_10_S, at=at, course=130, speed_ms=7),
    ]
    row = found(*tracks).row(0, named=True)
    assert row["distance_m"] == pytest.approx(0, abs=0.01)
    speed = np.sqrt(81 + 49 - 2 * 63 * np.cos(np.radians(100)))
    assert row["duration_s"] == pytest.approx(1000 / speed, rel=1e-4)
    assert abs(row["lat_a"]) <= 90
    assert abs(row["lon_a"]) <= 180


def test_formation_flight_is_one_encounter_without_an_entry() -> None:
    together: dict[str, Any] = {
        "course": 45.0,
        "speed_ms": 200.0,
        "height_m": 9_000.0,
        "kind": "aircraft",
        "altitude_datum": "pressure",
    }
    row = found(track("a", EVERY_10_S, **together), track("b", EVERY_10_S, east_m=200, **together)).row(
        0, named=True
    )
    assert row["duration_s"] == 600
    assert row["closing_speed_kn"] is None
    # the courses meet at the pole: 60 km on they are 2 m nearer
    assert row["distance_m"] == pytest.approx(198.1, abs=0.2)
    assert row["relative_speed_kn"] < 0.1
    assert row["situation"] == "overtaking"


def test_the_same_track_twice_is_at_distance_nothing_all_the_time() -> None:
    row = found(*(track(name, EVERY_10_S, course=60, speed_ms=7) for name in "ab")).row(0, named=True)
    assert (row["distance_m"], row["severity"], row["duration_s"], row["passes"]) == (0, 0, 600, 1)
    assert row["closest_at"] == row["entered"]
    assert row["relative_bearing_a_deg"] is None


def test_parallel_at_the_limit_is_no_encounter_and_a_millimetre_inside_is_one() -> None:
    # on the equator, eastwards: the distance stays what it is
    for apart_m, count in ((500.001, 0), (499.999, 1)):
        still = track("b", EVERY_10_S, at=(10, 0), course=90, speed_ms=5, north_m=apart_m)
        assert found(track("a", EVERY_10_S, at=(10, 0), course=90, speed_ms=5), still).height == count


def test_a_vertical_approach_alone_enters_and_leaves() -> None:
    level: dict[str, Any] = {"course": 90.0, "speed_ms": 100.0, "kind": "aircraft", "altitude_datum": "pressure"}
    table = found(
        track("a", EVERY_10_S, height_m=3_000, **level),
        track("b", EVERY_10_S, height_m=3_000, climb_ms=5, north_m=100, **level),
        vertical_m=304.8,
    )
    assert after_s(table, "entered") == pytest.approx([-60.96], abs=1e-4)
    assert after_s(table, "left") == pytest.approx([60.96], abs=1e-4)
    assert table["severity"].item() == pytest.approx(0.2, abs=1e-3)
    assert table["quality"].item() == "certain"


def test_exactly_the_vertical_limit_is_no_encounter() -> None:
    level: dict[str, Any] = {"course": 90.0, "speed_ms": 100.0, "kind": "aircraft", "altitude_datum": "pressure"}
    low, high = track("a", EVERY_10_S, height_m=1_000, **level), track("b", EVERY_10_S, height_m=1_250, **level)
    assert found(low, high, vertical_m=250).height == 0
    assert found(low, high, vertical_m=250.001).height == 1


def test_an_aircraft_low_over_a_ship_is_an_encounter_of_unlike_heights() -> None:
    ship = track("mmsi:1", EVERY_10_S, course=10, speed_ms=6)
    low = track(
        "icao24:2", EVERY_10_S, course=100, speed_ms=120, height_m=90, kind="aircraft", altitude_datum="ground"
    )
    row = found(ship, low).row(0, named=True)
    assert row["vertical_m"] == pytest.approx(90)
    assert (row["kind_a"], row["kind_b"]) == ("aircraft", "ship")
    assert (row["altitude_a_m"], row["altitude_b_m"]) == (pytest.approx(90), 0)
    high = track("icao24:2", EVERY_10_S, course=100, speed_ms=120, height_m=400, kind="aircraft")
    assert found(ship, high).height == 0


def test_an_unknown_height_between_known_ones_is_filled_in_and_elsewhere_leaves_a_doubt() -> None:
    level: dict[str, Any] = {"course": 90.0, "speed_ms": 100.0, "kind": "aircraft", "altitude_datum": "pressure"}
    one = track("a", EVERY_10_S, height_m=3_000, **level)
    other = track("b", EVERY_10_S, height_m=3_000, climb_ms=2, north_m=100, **level)
    gaps = other.with_columns(altitude_m=pl.when(pl.int_range(pl.len()) % 6 == 0).then("altitude_m"))
    assert found(one, other).select("entered", "left").equals(found(one, gaps).select("entered", "left"))
    none = other.with_columns(altitude_m=pl.lit(None, pl.Float64))
    row = found(one, none).row(0, named=True)
    assert (row["duration_s"], row["vertical_m"], row["quality"]) == (600, None, "possible")
    # known ones farther apart than the gap say nothing about what lies between
    ends = other.with_columns(altitude_m=pl.when(pl.int_range(pl.len()).is_in([0, 60])).then("altitude_m"))
    assert found(one, ends)["duration_s"].to_list() == [600]


def test_a_gap_in_coverage_ends_an_encounter_and_a_shorter_silence_does_not() -> None:
    other = track("b", EVERY_10_S, east_m=100)
    for silence_s, count in ((180, 1), (181, 2)):
        before = track("a", range(-300, 1, 10))
        rest = track("a", range(silence_s, 301, 1))
        assert found(before, rest, other).height == count
    alone = track("a", [-300, 0, 300])
    assert found(alone, other).height == 0
    assert found(alone, other, max_gap_s=300).height == 1


def test_touching_the_limit_again_is_a_second_encounter_with_its_own_closest_point() -> None:
    # out to 600 m and back: two encounters; out to 480 m: one with two passes
    still = track("b", range(0, 601, 10))
    for far_m, count, passes in ((600, 2, [1, 1]), (480, 1, [2])):
        north = np.interp(np.arange(0, 601, 10), [0, 100, 200, 400, 500, 600], [700, 50, far_m, far_m, 50, 700])
        lon, lat, _ = GEOD.fwd(np.full(61, 20.0), np.full(61, 55.0), np.zeros(61), north)
        swinging = still.with_columns(lon=pl.Series(lon), lat=pl.Series(lat), mover=pl.lit("a"))
        table = found(swinging, still)
        assert table.height == count
        assert table["passes"].to_list() == passes


def test_long_legs_follow_the_geodesic_not_the_chord() -> None:
    # two hours between fixes, 600 km of ocean: the chord would lie 7 km deep, and the parallel 5 km aside
    seconds = [0, 7_200]
    crossing = track("a", seconds, at=(-30, 50), course=80, speed_ms=85, kind="aircraft", height_m=10_000)
    lon, lat, _ = GEOD.fwd(-30, 50, 80, 85 * 3_600)
    there = track("b", range(3_000, 4_201, 60), at=(lon, lat), kind="aircraft", height_m=10_000)
    row = found(crossing, there, max_gap_s=7_200).row(0, named=True)
    assert row["distance_m"] == pytest.approx(0, abs=0.3)
    assert after_s(pl.DataFrame([row]), "closest_at") == pytest.approx([3_600], abs=0.05)
    assert row["speed_a_kn"] == pytest.approx(85 / KNOT_MS, abs=0.01)


def test_moored_neighbours_are_suppressed_unless_one_of_them_moves() -> None:
    minutes = range(0, 3_601, 60)
    noise = np.random.default_rng(5).normal(0, 4, (2, 61))
    moored = track("a", minutes, status="moored")
    lon, lat, _ = GEOD.fwd(moored["lon"].to_numpy(), moored["lat"].to_numpy(), noise[0] * 90, np.abs(noise[1]))
    restless = moored.with_columns(lon=pl.Series(lon), lat=pl.Series(lat))
    neighbour = track("b", minutes, east_m=80)
    result = search(pl.concat([restless, neighbour], how="diagonal").lazy(), within_m=500)
    assert (result.encounters.height, result.moored) == (0, 1)
    away = track("b", minutes, east_m=80).with_columns(
        lat=pl.when(pl.int_range(pl.len()) > 50)
        .then(pl.col("lat") + (pl.int_range(pl.len()) - 50) * 0.002)
        .otherwise("lat")
    )
    result = search(pl.concat([restless, away], how="diagonal").lazy(), within_m=500)
    assert (result.encounters["moored"].to_list(), result.moored) == ([False], 0)


def test_duplicates_are_counted_and_their_order_changes_nothing() -> None:
    one = track("a", EVERY_10_S, course=0, speed_ms=5)
    again = one.with_columns(lon=pl.col("lon") + 0.001).gather_every(7)
    other = track("b", EVERY_10_S, course=180, speed_ms=5)
    first = search(pl.concat([one, again, other]).sort("time").lazy(), within_m=500)
    second = search(pl.concat([again, other, one]).sort("time").lazy(), within_m=500)
    assert first.duplicates == second.duplicates == again.height
    assert_frame_equal(first.encounters, second.encounters, check_exact=True)
    exact = search(pl.concat([one, one, other, other]).sort("time").lazy(), within_m=500)
    assert exact.duplicates == 122
    assert_frame_equal(exact.encounters, found(one, other), check_exact=True)
