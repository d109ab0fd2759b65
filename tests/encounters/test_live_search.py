"""The archive's search over a stream: the same table whatever the batches, in bounded memory, and what is left out."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from detente.encounters.errors import LimitMistake, PositionMistake
from detente.encounters.live_search import FIXES_MAX, LiveSearch
from detente.encounters.searching import find, search
from detente.encounters.sides_file import parse_sides
from detente.tracks import complete
from detente.tracks.ordering import in_total_order
from tests.encounters.moving import EPOCH, track
from tests.encounters.solent import solent_of
from tests.encounters.worlds import World, frame_of, worlds

SIDES = parse_sides('[sides.west]\nids = ["w*"]\n[sides.east]\nids = ["e*"]\n')


@pytest.fixture(scope="module")
def solent(shared: Path) -> pl.DataFrame:
    return solent_of(shared)


def streamed(search: LiveSearch, rows: pl.DataFrame, cuts: Sequence[int]) -> pl.DataFrame:
    """Return what a stream gives that is cut at some rows, all together."""
    places = [0, *sorted({min(cut, rows.height) for cut in cuts}), rows.height]
    parts = [search.push(rows[begin:end]) for begin, end in pairwise(places)]
    return pl.concat([*parts, search.close()]).sort("entered", "a", "b")


@settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(worlds(), st.lists(st.integers(0, 40), max_size=12), st.floats(0, 900), st.floats(0, 600))
def test_whatever_the_batches_the_union_is_the_archive_s_table(
    world: World, cuts: list[int], late_s: float, every_s: float
) -> None:
    rows = in_total_order(frame_of(world).collect())
    limits: dict[str, Any] = {
        "within_m": world.within_m,
        "vertical_m": world.vertical_m,
        "max_gap_s": world.max_gap_s,
    }
    expected = search(rows.lazy(), **limits)
    # each row comes up to late_s after its time, so at most so late behind a later one
    delays = np.random.default_rng(world.seed).uniform(0, 0.99 * late_s * 1e6, rows.height)
    came = rows[np.argsort(rows["time"].to_physical().to_numpy() + delays, kind="stable")]
    live = LiveSearch(**limits, late_s=late_s, every_s=every_s)
    found = streamed(live, came, cuts)
    assert live.counts["late"] == 0
    assert_frame_equal(found, expected.encounters, check_exact=True)
    assert (live.counts["moored"], live.counts["duplicates"]) == (expected.moored, expected.duplicates)
    assert live.counts["rows"] == live.counts["searched"] == rows.height


@pytest.mark.parametrize(("rows", "every_s"), [(37, 0.0), (400, 60.0), (5_000, 600.0)])
def test_the_solent_played_through_gives_the_archive_s_table(
    solent: pl.DataFrame, rows: int, every_s: float
) -> None:
    expected = search(solent.lazy(), within_m=500)
    live = LiveSearch(within_m=500, every_s=every_s)
    found = [live.push(part) for part in solent.iter_slices(rows)]
    early = sum(part.height for part in found)
    union = pl.concat([*found, live.close()]).sort("entered", "a", "b")
    assert early > 0.5 * union.height
    assert_frame_equal(live.refreshed(union), expected.encounters, check_exact=True)
    assert live.counts["moored"] == expected.moored


def test_a_day_of_rivals_played_through_gives_the_archive_s_table_and_memory_stays_flat() -> None:
    """Forty movers go to and fro across each other for six hours; most of them have no rival."""
    day = [
        track(
            f"{side}{number}", range(0, 6 * 3600, 30), kind="aircraft" if number % 3 == 0 else "ship",
            east_m=1500.0 * number, course=(37.0 * number) % 360, speed_ms=0.2 + number % 5,
            height_m=None if number % 3 else 100.0,
        )
        for side, numbers in (("w", range(6)), ("e", range(6)), ("x", range(28)))
        for number in numbers
    ]  # fmt: skip
    rows = in_total_order(complete(pl.concat(day).lazy()).collect())
    expected = search(rows.lazy(), within_m=2_000, between="rivals", sides=SIDES)
    assert expected.encounters.height > 5
    live = LiveSearch(within_m=2_000, between="rivals", sides=SIDES)
    held: list[int] = []
    parts = []
    for minute in rows.group_by_dynamic("time", every="1m").agg(pl.all().exclude("time")).iter_rows(named=True):
        begin = minute["time"]
        span = rows.filter((pl.col("time") >= begin) & (pl.col("time") < begin + dt.timedelta(minutes=1)))
        parts.append(live.push(span, at=begin + dt.timedelta(minutes=1)))
        held.append(live.counts["held"])
    union = pl.concat([*parts, live.close()]).sort("entered", "a", "b")
    assert_frame_equal(union, expected.encounters, check_exact=True)
    # what is kept does not grow with the stream
    assert max(held[30:]) <= 1.2 * max(held[:60])
    assert live.counts["unpaired"] == rows.filter(pl.col("mover").str.starts_with("x")).height


def test_a_row_that_comes_too_late_is_counted_and_leaves_the_rest_exact() -> None:
    rows = in_total_order(
        complete(
            pl.concat([track("a", range(0, 3000, 10), speed_ms=5), track("b", range(0, 3000, 10))]).lazy()
        ).collect()
    )
    late, others = rows.filter(pl.col("time") == EPOCH), rows.filter(pl.col("time") > EPOCH)
    live = LiveSearch(late_s=20)
    found = [live.push(part) for part in others.iter_slices(50)]
    assert live.push(late).is_empty()
    assert live.counts["late"] == late.height == 2
    union = pl.concat([*found, live.close()])
    assert_frame_equal(union, find(others.lazy()), check_exact=True)


def test_a_row_of_a_time_that_has_not_come_is_counted_and_makes_no_other_late() -> None:
    rows = in_total_order(complete(track("a", range(0, 600, 10)).lazy()).collect())
    fast = rows.head(1).with_columns(pl.col("time") + dt.timedelta(hours=5))
    live = LiveSearch()
    for part in rows.iter_slices(3):
        live.push(part, at=part["time"][-1])
        live.push(fast, at=part["time"][-1])
    live.close()
    assert (live.counts["ahead"], live.counts["late"], live.counts["searched"]) == (20, 0, rows.height)


def test_an_encounter_is_given_out_once_nothing_can_change_it() -> None:
    pair = [track("a", range(-600, 3000, 10), course=90, speed_ms=10), track("b", range(-600, 3000, 10))]
    rows = in_total_order(complete(pl.concat(pair).lazy()).collect())
    live = LiveSearch(every_s=60)
    for part in rows.iter_slices(2):
        found = live.push(part)
        if found.height:
            waited = (part["time"][-1] - found["left"].item()).total_seconds()
            assert 480 < waited <= live.lag_s + 20
            return
    pytest.fail("nothing was given out before the end")


def test_when_too_much_is_held_fixes_are_thinned_and_what_is_left_out_is_counted() -> None:
    pair = [track("a", range(-3000, 3000), course=90, speed_ms=2), track("b", range(-3000, 3000))]
    rows = in_total_order(complete(pl.concat(pair).lazy()).collect())
    live = LiveSearch(fixes_max=1_000)
    parts = []
    for part in rows.iter_slices(100):
        parts.append(live.push(part))
        assert live.counts["held"] <= 1_000
    union = pl.concat([*parts, live.close()])
    counts = live.counts
    assert counts["overload"] > 0
    assert counts["rows"] == counts["searched"] + counts["overload"] == rows.height
    assert union.height == 1  # thinned, but seen
    assert FIXES_MAX > 1_000


def test_movers_not_heard_for_long_are_forgotten_and_encounters_go_on() -> None:
    stays = [
        track("a", range(0, 20_000, 60), name="Alpha"),
        track("b", range(0, 20_000, 60), east_m=100, speed_ms=0.3),
    ]
    passing = [
        track(f"n{number}", range(150 * number, 150 * number + 120, 60), east_m=50_000 + 900 * number)
        for number in range(120)
    ]
    rows = in_total_order(
        complete(pl.concat([track.select(pl.all()) for track in _alike([*stays, *passing])]).lazy()).collect()
    )
    live = LiveSearch(movers_max=20, keep_moored=True)
    found = streamed(live, rows, range(0, rows.height, 40))
    assert live.counts["movers"] <= 25
    assert live.counts["forgotten"] > 50
    assert_frame_equal(found, find(rows.lazy(), keep_moored=True), check_exact=True)


def _alike(tracks: list[pl.DataFrame]) -> list[pl.DataFrame]:
    return [
        track if "name" in track.columns else track.with_columns(name=pl.lit(None, pl.String)) for track in tracks
    ]


def test_what_is_learned_of_a_mover_later_is_filled_in_when_asked() -> None:
    times = range(-1200, 4000, 10)
    pair = [track("a", times, course=90, speed_ms=10), track("b", times)]
    rows = in_total_order(complete(pl.concat(pair).lazy()).collect())
    named = rows.with_columns(
        name=pl.when((pl.col("mover") == "a") & (pl.col("time") > EPOCH + dt.timedelta(seconds=3_000))).then(
            pl.lit("Alpha")
        )
    )
    live = LiveSearch()
    early = pl.concat([live.push(part) for part in named.iter_slices(20)])
    assert early["name_a"].to_list() == [None]
    live.close()
    assert_frame_equal(live.refreshed(early), find(named.lazy()), check_exact=True)


def test_what_cannot_be_used_is_refused_whole() -> None:
    live = LiveSearch()
    rows = complete(track("a", range(0, 100, 10)).lazy()).collect()
    with pytest.raises(PositionMistake):
        live.push(rows.with_columns(lat=pl.lit(91.0)))
    assert live.counts["rows"] == 0
    wrongs: tuple[dict[str, Any], ...] = (
        {"late_s": -1.0},
        {"every_s": 1e9},
        {"within_m": 0.0},
        {"between": "rivals"},
    )
    for wrong in wrongs:
        with pytest.raises(LimitMistake):
            LiveSearch(**wrong)
    assert live.close().is_empty()
