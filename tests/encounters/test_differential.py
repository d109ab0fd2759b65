"""The search held against the slow reference on random worlds, and against itself where the world is the same.

Method: what the reference finds half a metre inside the limit must be found, what is found must be in what the
reference finds half a metre outside it. Where all three limits give a pair the same number of encounters, the
search gives that number too, with the same distances and the times that belong to the limit.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import numpy as np
import polars as pl
import pytest
from geographiclib.geodesic import Geodesic
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from detente.encounters import held_fixes
from detente.encounters.searching import find
from detente.tracks import ordering
from tests.encounters.reference import WGS84, Episode, Fix, episodes, passes
from tests.encounters.worlds import EPOCH, World, frame_of, worlds

LIMIT_M = 0.5
HEIGHT_M = 0.01
TIME_S = 0.01

quick = settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
heavy = settings(max_examples=700, deadline=None, print_blob=True, suppress_health_check=list(HealthCheck))

Found = dict[tuple[str, str], list[Episode]]


def found_in(world: World, frame: pl.LazyFrame | None = None, shift: timedelta = timedelta(0)) -> Found:
    """Return what the search finds, in the reference's form."""
    table = find(
        frame if frame is not None else frame_of(world, shift=shift),
        within_m=world.within_m,
        vertical_m=world.vertical_m,
        max_gap_s=world.max_gap_s,
        between="all",
        keep_moored=True,
    )
    result: Found = {}
    for row in table.iter_rows(named=True):
        times = [(row[name] - EPOCH - shift) / timedelta(seconds=1) for name in ("entered", "left", "closest_at")]
        episode = Episode(
            times[0], times[1], times[2], row["distance_m"], row["vertical_m"], passes=row["passes"]
        )
        result.setdefault((row["a"], row["b"]), []).append(episode)
    return {pair: sorted(found, key=lambda episode: episode.entered) for pair, found in result.items()}


def reference(world: World, by_m: float, by_height_m: float) -> Found:
    return episodes(
        world.movers,
        within_m=world.within_m + by_m,
        vertical_m=world.vertical_m + by_height_m,
        max_gap_s=world.max_gap_s,
    )


def contains(outer: Episode, inner: Episode) -> bool:
    return outer.entered - TIME_S <= inner.entered and inner.left <= outer.left + TIME_S


def hold(world: World, found: Found) -> int:
    """Hold what the search found against the reference in one world; returns how many encounters it found."""
    inner, exact, outer = (reference(world, sign * LIMIT_M, sign * HEIGHT_M) for sign in (-1.0, 0.0, 1.0))
    for pair, expected in inner.items():
        for episode in expected:
            assert any(contains(got, episode) for got in found.get(pair, [])), (world.seed, pair, episode)
    for pair, got_here in found.items():
        for got in got_here:
            assert any(contains(episode, got) for episode in outer.get(pair, [])), (world.seed, pair, got)
        counts = {len(each.get(pair, [])) for each in (inner, exact, outer)}
        if len(counts) != 1:
            continue
        assert len(got_here) == len(exact[pair]), (world.seed, pair)
        for got, least, most, true in zip(got_here, inner[pair], outer[pair], exact[pair], strict=True):
            assert contains(got, least), (world.seed, pair)
            assert contains(most, got), (world.seed, pair)
            assert got.distance == pytest.approx(true.distance, abs=LIMIT_M), (world.seed, pair)
            swing_m = max(world.within_m / 10.0, 20.0)
            most_passes, least_passes = (passes(true.distances, swing_m + by) for by in (-LIMIT_M, LIMIT_M))
            assert got.passes is not None
            assert least_passes <= got.passes <= most_passes, (world.seed, pair)
            if None not in {got.vertical, true.vertical} and abs(got.closest_at - true.closest_at) < TIME_S:
                assert got.vertical == pytest.approx(true.vertical, abs=1.0), (world.seed, pair)
    return sum(len(each) for each in found.values())


@quick
@given(worlds())
def test_the_search_finds_what_the_reference_finds(world: World) -> None:
    hold(world, found_in(world))


@pytest.mark.prove
@pytest.mark.timeout(300)
@heavy
@given(worlds())
def test_the_search_finds_what_the_reference_finds_in_many_worlds(world: World) -> None:
    hold(world, found_in(world))


def company(seed: int, heights: str) -> World:
    """Return three movers that keep company for hundreds of fixes: two that stir, and one that comes and goes.

    heights: "none", "sea" or "varying", where they come near the limit and some are unknown.
    """
    rng = np.random.default_rng(seed)
    movers = {}
    for number in range(3):
        fixes = []
        for time in np.unique(rng.uniform(0.0, 3000.0, 130).round(3)).tolist():
            away_m = 420.0 * (1.0 - np.cos(time / 300.0)) if number == 2 else 250.0 * number
            east, north = (away_m + rng.normal(0.0, 6.0), rng.normal(0.0, 6.0))
            lon, lat, _ = WGS84.fwd(
                20.0, 57.0, float(np.degrees(np.arctan2(east, north))), float(np.hypot(east, north))
            )
            height = 900.0 + 160.0 * number * np.sin(time / 400.0) + rng.normal(0.0, 4.0)
            known = heights == "varying" and rng.random() > 0.05
            fixes.append(
                Fix(time, round(lon, 7), round(lat, 7), 0.0 if heights == "sea" else height if known else None)
            )
        movers[f"mmsi:{219000000 + number}" if heights == "sea" else f"icao24:{number + 0x4CA100:06x}"] = fixes
    ships = frozenset(movers) if heights == "sea" else frozenset[str]()
    return World(seed, movers, ships, within_m=500.0, vertical_m=304.8, max_gap_s=180.0)


@pytest.mark.parametrize("heights", ["none", "sea", "varying"])
def test_long_company_is_told_as_the_reference_tells_it(heights: str) -> None:
    world = company(2026, heights)
    assert hold(world, found_in(world)) >= 3


def same(one: Found, other: Found) -> None:
    """Hold two answers to one question to a microsecond and a micrometre."""
    assert one.keys() == other.keys()
    for pair, episodes_here in one.items():
        assert len(episodes_here) == len(other[pair])
        for got, expected in zip(episodes_here, other[pair], strict=True):
            assert got.entered == pytest.approx(expected.entered, abs=2e-6)
            assert got.left == pytest.approx(expected.left, abs=2e-6)
            assert got.distance == pytest.approx(expected.distance, abs=1e-6)
            assert got.passes == expected.passes


@settings(max_examples=25, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(worlds(), st.integers(-(10**15), 10**15), st.randoms(use_true_random=False))
def test_time_shifts_shuffles_and_duplicates_change_nothing(world: World, shift_us: int, random: object) -> None:
    plain = found_in(world)
    same(found_in(world, shift=timedelta(microseconds=shift_us)), plain)
    frame = frame_of(world).collect()
    shuffled = frame.sample(fraction=1.0, shuffle=True, seed=world.seed)
    same(found_in(world, pl.concat([shuffled, shuffled.head(3)]).lazy()), plain)
    half = frame.height // 2
    same(found_in(world, pl.concat([frame.tail(-half).lazy(), frame.head(half).lazy()])), plain)


@settings(max_examples=25, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(worlds())
def test_the_names_of_the_movers_change_nothing(world: World) -> None:
    """Rename the movers so that their order turns round: the same encounters, a and b exchanged."""
    names = dict(zip(sorted(world.movers), (f"id:{place:02d}" for place in range(99, 0, -1)), strict=False))
    turned = replace(
        world,
        movers={names[name]: fixes for name, fixes in world.movers.items()},
        ships=frozenset(names[name] for name in world.ships),
    )
    back = {name: old for old, name in names.items()}
    renamed = {
        tuple(sorted((back[a], back[b]))): episodes_here for (a, b), episodes_here in found_in(turned).items()
    }
    same({(a, b): each for (a, b), each in renamed.items()}, found_in(world))


@settings(max_examples=40, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(
    st.lists(st.integers(0, 20).map(lambda step: 23 * step + 1), min_size=2, max_size=60),
    st.sampled_from((500.0, 800.0)),
    st.integers(3, 70),
)
def test_passes_are_counted_as_the_reference_counts_them_however_windows_are_cut(
    apart_m: list[int], within_m: float, rows: int
) -> None:
    """One swings to and fro off another at rest, a whole step at a time, and windows hold a few fixes each."""
    metre = 1.0 / WGS84.inv(0, 0, 0, 1)[2]
    times = [60.0 * place for place in range(len(apart_m))]
    world = World(
        seed=rows,
        movers={
            "mmsi:1": [Fix(time, 0.0, far * metre, 0.0) for time, far in zip(times, apart_m, strict=True)],
            "mmsi:2": [Fix(time, 0.0, 0.0, 0.0) for time in times],
        },
        ships=frozenset({"mmsi:1", "mmsi:2"}),
        within_m=within_m,
        vertical_m=300.0,
        max_gap_s=60.0,
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(held_fixes, "_WINDOW_ROWS", rows)
        slices = ordering.slices_of
        patch.setattr(ordering, "slices_of", lambda frame, **options: slices(frame, rows=4, **options))
        ((only,),) = found_in(world).values()
    swing_m = max(within_m / 10.0, 20.0)
    assert only.passes == passes(tuple(map(float, apart_m)), swing_m)


def test_the_reference_counts_passes() -> None:
    assert passes((300.0, 10.0, 300.0), 50.0) == 1
    assert passes((300.0, 10.0, 60.0, 10.0, 300.0), 50.0) == 2
    assert passes((300.0, 10.0, 59.0, 10.0, 300.0), 50.0) == 1
    assert passes((10.0, 300.0), 50.0) == passes((300.0, 10.0), 50.0) == passes((7.0,), 50.0) == 1
    # a climb in small steps is a climb
    assert passes((10.0, 40.0, 30.0, 61.0, 45.0, 15.0), 50.0) == 1
    assert passes((10.0, 40.0, 30.0, 75.0, 50.0, 15.0), 50.0) == 2


def test_the_reference_s_geodesics_are_karney_s() -> None:
    """PROJ and geographiclib, two programs of one method, agree."""
    for lat, lon, azimuth, length in (
        (58.0, 21.0, 33.0, 45_000.0),
        (89.99, 0.0, 180.0, 9_000.0),
        (0, 179.9, 90, 1e5),
    ):
        other = Geodesic.WGS84.Direct(lat, lon, azimuth, length)
        got_lon, got_lat, _ = WGS84.fwd(lon, lat, azimuth, length)
        assert WGS84.inv(got_lon, got_lat, other["lon2"], other["lat2"])[2] < 1e-6


def test_the_reference_knows_the_simple_cases() -> None:
    """Two ships that meet head-on on the equator at 10 m/s each, 2 km apart, limit 500 m."""
    degree = WGS84.inv(0, 0, 0.001, 0)[2] / 0.001
    far = 1000.0 / degree
    world = {
        "a": [Fix(0.0, -far, 0.0, 0.0), Fix(100.0, 0.0, 0.0, 0.0)],
        "b": [Fix(0.0, far, 0.0, 0.0), Fix(100.0, 0.0, 0.0, 0.0)],
    }
    (only,) = episodes(world, within_m=500.0, vertical_m=300.0, max_gap_s=180.0)["a", "b"]
    assert only.entered == pytest.approx(75.0, abs=1e-6)
    assert only.left == 100.0
    assert only.distance == pytest.approx(0.0, abs=1e-6)


def test_the_comparison_notices_wrong_answers() -> None:
    """A lost encounter, an invented one, a wrong distance and a wrong time are each noticed."""
    world = World(
        seed=0,
        movers={
            "mmsi:1": [Fix(0.0, 0.0, 0.0, 0.0), Fix(100.0, 0.01, 0.0, 0.0)],
            "mmsi:2": [Fix(0.0, 0.01, 0.001, 0.0), Fix(100.0, 0.0, 0.001, 0.0)],
        },
        ships=frozenset({"mmsi:1", "mmsi:2"}),
        within_m=300.0,
        vertical_m=300.0,
        max_gap_s=180.0,
    )
    right = found_in(world)
    assert hold(world, right) == 1
    (only,) = right["mmsi:1", "mmsi:2"]
    wrong = [
        [],
        [only, replace(only, entered=1.0, left=2.0)],
        [replace(only, distance=only.distance + 1.0)],
        [replace(only, entered=only.entered + 1.0)],
        [replace(only, left=only.left + 1.0)],
        [replace(only, passes=2)],
    ]
    for answer in wrong:
        with pytest.raises(AssertionError):
            hold(world, {("mmsi:1", "mmsi:2"): answer})
