"""What a search is asked: period, area, sides, limits and rows that it refuses."""

from __future__ import annotations

import datetime as dt
from typing import Any

import polars as pl
import pytest

from detente.encounters import search
from detente.encounters.errors import LimitMistake, PositionMistake
from detente.encounters.schema import ENCOUNTERS
from detente.tracks.errors import SchemaMistake
from tests.encounters.moving import EPOCH, EVERY_10_S, after_s, found, track


def test_a_period_cuts_legs_where_it_begins_and_ends() -> None:
    one = track("a", range(-300, 301, 60), course=0, speed_ms=5)
    other = track("b", range(-290, 301, 60), course=180, speed_ms=5, east_m=20)
    whole = found(one, other)
    assert after_s(whole, "entered")[0] < -33
    start, end = EPOCH + dt.timedelta(seconds=-33), EPOCH + dt.timedelta(seconds=7.5)
    cut = found(one, other, start=start, end=end)
    assert cut["entered"].to_list() == [start]
    assert cut["left"].to_list() == [end]
    assert cut["closing_speed_kn"].to_list() == [None]
    assert cut["distance_m"].item() == pytest.approx(whole["distance_m"].item(), abs=1e-9)
    assert found(one, other, start=EPOCH + dt.timedelta(hours=1)).height == 0


def test_an_area_lists_what_lies_in_it_also_across_the_antimeridian() -> None:
    tracks = [track(name, EVERY_10_S, at=(179.999, 10), course=90, speed_ms=5) for name in "ab"]
    frame = pl.concat(tracks).lazy()
    inside = search(frame, area=(170, 0, -170, 20), keep_moored=True)
    outside = search(frame, area=(-170, 0, 170, 20), keep_moored=True)
    assert (inside.encounters.height, inside.outside_area) == (1, 0)
    assert (outside.encounters.height, outside.outside_area) == (0, 1)


class TwoSides:
    """Sides by the first letter of the id; military movers of "?" turn out to be red."""

    def assign(self, movers: pl.DataFrame) -> pl.Series:
        letter = pl.col("mover").str.head(1)
        return movers.select(
            pl.when(letter == "r")
            .then(pl.lit("red"))
            .when(letter == "b")
            .then(pl.lit("blue"))
            .when((letter == "?") & pl.col("military").fill_null(value=False))
            .then(pl.lit("red"))
            .otherwise(pl.lit(""))
            .alias("side")
        )["side"]

    def rivals(self, side1: str, side2: str) -> bool:
        return {side1, side2} == {"red", "blue"}


def test_between_rivals_only_pairs_across_sides_are_looked_for_and_listed() -> None:
    tracks = [
        track(name, EVERY_10_S, course=20, speed_ms=5, east_m=place * 20)
        for place, name in enumerate(("r1", "r2", "b1", "x1"))
    ]
    frame = pl.concat(tracks).lazy()
    everyone = search(frame, sides=TwoSides(), between="all")
    rivals = search(frame, sides=TwoSides(), between="rivals")
    assert everyone.encounters.height == 6
    assert sorted(rivals.encounters.select("a", "b").rows()) == [("b1", "r1"), ("b1", "r2")]
    assert rivals.encounters["side_a"].to_list() == ["blue", "blue"]
    assert rivals.pairs_examined < everyone.pairs_examined


@pytest.mark.parametrize("last_row_tells", [True, False])
def test_a_side_that_only_the_last_row_tells_holds_for_all_rows(last_row_tells: bool) -> None:
    late = track("?1", EVERY_10_S, course=20, speed_ms=5)
    late = late.with_columns(military=pl.when(pl.int_range(pl.len()) == 60).then(pl.lit(last_row_tells)))
    blue = track("b1", EVERY_10_S, course=20, speed_ms=5, east_m=50)
    table = found(late, blue, sides=TwoSides(), between="rivals")
    assert table["side_a"].to_list() == (["red"] if last_row_tells else [])


@pytest.mark.parametrize(
    "options",
    [
        {"within_m": 0},
        {"within_m": -1},
        {"within_m": float("nan")},
        {"within_m": 1e6},
        {"vertical_m": 0},
        {"max_gap_s": -5},
        {"max_gap_s": float("inf")},
        {"between": "enemies"},
        {"between": "rivals"},
        {"start": dt.datetime(2026, 1, 1)},  # noqa: DTZ001 - a time without a zone is what is refused
        {"start": EPOCH, "end": EPOCH},
        {"area": (0, 50, 10, 40)},
        {"area": (0, 0, 999, 1)},
    ],
)
def test_limits_that_cannot_be_used_are_refused(options: dict[str, Any]) -> None:
    with pytest.raises(LimitMistake) as refused:
        search(track("a", [0, 10]).lazy(), **options)
    assert refused.value.where in options


@pytest.mark.parametrize("fault", [{"lon": 181.0}, {"lat": float("nan")}, {"lat": None}, {"mover": None}])
def test_rows_that_are_not_on_earth_are_refused_not_dropped(fault: dict[str, Any]) -> None:
    rows = track("a", EVERY_10_S)
    name, value = next(iter(fault.items()))
    spoilt = rows.with_columns(pl.when(pl.int_range(pl.len()) == 30).then(value).otherwise(name).alias(name))
    with pytest.raises(PositionMistake):
        search(spoilt.lazy())


def test_a_table_without_time_is_refused_and_an_empty_one_has_no_encounters() -> None:
    rows = track("a", EVERY_10_S)
    with pytest.raises(SchemaMistake):
        search(rows.drop("time").lazy())
    empty = search(rows.clear().lazy())
    assert empty.encounters.height == empty.fixes == 0
    assert empty.encounters.schema == ENCOUNTERS
