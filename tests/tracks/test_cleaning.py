"""What is rejected, why, and what is left alone.

Method: one small table a rule, with the rows that must stay beside those that must go; a property over random
worlds (cut anywhere, the verdicts are the same and the counts add up); a slow reference of the teleport rule; and
real archives, where the expected rows were computed without this code.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.tracks.frames import tracks

from detente.tracks import complete
from detente.tracks.cleaning import clean
from detente.tracks.ordering import in_time_order
from detente.tracks.reasons import Note, Reason, Tally

METRE_DEG = 1.0 / 111_195.0


def cleaned(frame: pl.DataFrame, places: Sequence[int] = ()) -> tuple[pl.DataFrame, Tally]:
    tally = Tally()
    tally.read(frame.height)
    edges = sorted({0, frame.height, *(place % (frame.height + 1) for place in places)})
    pieces = list(clean((frame[start:end] for start, end in pairwise(edges)), tally))
    kept = pl.concat(pieces) if pieces else frame.clear()
    assert tally.kept == kept.height
    return kept, tally


def sailing(
    times: Sequence[float], *, speed_ms: float = 5.0, lat: float = 50.0, **more: object
) -> list[dict[str, object]]:
    return [{"t": t, "lat": lat + speed_ms * t * METRE_DEG, "lon": 1.0, **more} for t in times]


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ({"lat": 91.0}, Reason.NOT_AVAILABLE),
        ({"lon": 181.0}, Reason.NOT_AVAILABLE),
        ({"lon": 181.0, "lat": 91.0}, Reason.NOT_AVAILABLE),
        ({"lat": math.nan}, Reason.NOT_AVAILABLE),
        ({"lat": None}, Reason.NOT_AVAILABLE),
        ({"lon": 180.001}, Reason.OUT_OF_RANGE),
        ({"lat": -90.5}, Reason.OUT_OF_RANGE),
        ({"lon": math.inf}, Reason.OUT_OF_RANGE),
        ({"mover": None}, Reason.NO_IDENTITY),
    ],
)
def test_a_row_without_a_possible_position_is_rejected_by_name(fault: dict[str, object], reason: Reason) -> None:
    rows = sailing([0, 10, 20])
    rows[1] |= fault
    kept, tally = cleaned(tracks(rows))
    assert tally.rejected == {reason: 1}
    assert kept.equals(tracks([rows[0], rows[2]]))


def test_the_edges_of_the_earth_are_kept() -> None:
    rows = [
        {"t": 0, "lon": lon, "lat": lat, "mover": f"{lon},{lat}"}
        for lon in (-180.0, 180.0)
        for lat in (-90.0, 90.0)
    ]
    assert cleaned(tracks(rows))[0].height == 4


def test_one_fix_out_of_reach_of_its_neighbours_is_a_teleport() -> None:
    rows = sailing([0, 10, 20, 30, 40])
    rows[2] |= {"lon": 54.83}
    kept, tally = cleaned(tracks(rows))
    assert tally.rejected == {Reason.TELEPORT: 1}
    assert kept.equals(tracks(rows[:2] + rows[3:]))


@pytest.mark.parametrize(
    ("away_m", "seconds", "kind", "teleport"),
    [
        (990.0, 1.0, "ship", False),  # fast, but within the distance that receivers' clocks explain
        (1010.0, 10.0, "ship", True),
        (1010.0, 20.0, "ship", False),  # 50 m/s
        (1010.0, 1.0, "aircraft", False),
        (1990.0, 1.0, "aircraft", False),
        (2010.0, 1.0, "aircraft", True),
        (2010.0, 4.0, "aircraft", False),
        (2010.0, 3.0, "other", True),
        (2010.0, 3.0, None, True),
    ],
)
def test_a_teleport_exceeds_both_the_speed_and_the_distance(
    away_m: float, seconds: float, kind: str | None, teleport: bool
) -> None:
    rows = [{"t": number * seconds, "lat": 50.0, "lon": 1.0} for number in range(5)]
    rows[2]["lat"] += away_m * METRE_DEG
    _, tally = cleaned(tracks(rows, kind=kind))
    assert (tally.rejected[Reason.TELEPORT] == 1) is teleport


def test_a_bad_fix_at_the_beginning_or_the_end_has_only_one_hop_and_is_kept_apart() -> None:
    for bad in (0, 4):
        rows = sailing([0, 10, 20, 30, 40])
        rows[bad] |= {"lon": 54.83}
        kept, tally = cleaned(tracks(rows))
        assert not tally.rejected
        assert tally.notes == {Note.SHARED_IDENTITY: 1}
        assert kept["mover"].to_list() == ["a~2" if place == bad else "a" for place in range(5)]


def test_two_ships_under_one_identity_are_kept_as_two_movers() -> None:
    here = sailing([0, 20, 40, 60, 80])
    there = sailing([10, 30, 50, 70], lat=57.0)
    rows = sorted(here + there, key=lambda row: float(str(row["t"])))
    kept, tally = cleaned(tracks(rows))
    assert not tally.rejected
    assert tally.notes == {Note.SHARED_IDENTITY: 4}
    assert kept.filter(mover="a").drop("mover").equals(tracks(here).drop("mover"))
    assert kept.filter(mover="a~2").drop("mover").equals(tracks(there).drop("mover"))


def test_three_ships_under_one_identity_are_three_movers() -> None:
    rows = [{"t": t, "lat": 50.0 + (t % 3) * 5} for t in range(30)]
    kept, tally = cleaned(tracks(rows))
    assert kept["mover"].value_counts().sort("mover").rows() == [("a", 10), ("a~2", 10), ("a~3", 10)]
    assert not tally.rejected


def test_two_ships_under_one_identity_and_a_teleport_are_told_apart() -> None:
    rows = [{"t": t * 10, "lat": 50.0 + (t % 2) * 5} for t in range(20)]
    rows[9] = {"t": 90, "lat": -40.0}
    kept, tally = cleaned(tracks(rows))
    assert tally.rejected == {Reason.TELEPORT: 1}
    assert kept["mover"].value_counts().sort("mover").rows() == [("a", 10), ("a~2", 9)]


def test_a_position_that_comes_back_only_after_the_window_is_no_second_mover() -> None:
    rows = sailing([t * 100 for t in range(20)])
    rows[5] |= {"lat": -40.0}
    rows[15] |= {"lat": -40.0}
    _, tally = cleaned(tracks(rows))
    assert tally.rejected == {Reason.TELEPORT: 2}


def test_a_mover_seen_once_or_rarely_is_kept_under_its_own_name() -> None:
    kept, tally = cleaned(tracks([{"t": 0}, {"t": 5000, "mover": "b"}, {"t": 90_000, "mover": "b", "lat": 8.0}]))
    assert kept["mover"].to_list() == ["a", "b", "b"]
    assert not tally.rejected


def test_exact_and_contradicting_duplicates_leave_one_row_whichever_came_first() -> None:
    rows = sailing([0, 10, 10, 20])
    rows[2] |= {"lat": float(str(rows[1]["lat"])) + 20 * METRE_DEG}
    for order in ([0, 1, 2, 3], [0, 2, 1, 3]):
        ordered = pl.concat(in_time_order([tracks([rows[place] for place in order])], Tally()))
        kept, tally = cleaned(ordered)
        assert tally.rejected == {Reason.DUPLICATE: 1}
        assert kept.equals(tracks([rows[0], rows[1], rows[3]]))


def test_two_places_at_one_time_are_two_movers_and_not_a_duplicate() -> None:
    rows = [{"t": t, "lat": lat} for t in (0, 10, 20) for lat in (50.0, 57.0)]
    kept, tally = cleaned(tracks(rows))
    assert not tally.rejected
    assert kept["mover"].n_unique() == 2


def test_a_moored_ship_that_repeats_itself_is_never_stale() -> None:
    rows: list[dict[str, object]] = [{"t": t * 180, "speed_kn": 0.9} for t in range(50)]
    rows.append({"t": 50 * 180, "speed_kn": 1.1})  # it casts off: 102 m in 180 s at this speed, but it lay still
    rows += [{"t": 9050 + t, "speed_kn": None} for t in range(100)]
    assert not cleaned(tracks(rows))[1].rejected


def test_a_position_that_repeats_while_the_mover_says_it_moves_is_stale() -> None:
    rows = [
        {"t": t, "speed_kn": 120.0, "lat": 50.0 + (61.7 * t * METRE_DEG if t < 5 else 0.01)} for t in range(9)
    ]
    kept, tally = cleaned(tracks(rows, kind="aircraft"))
    assert tally.rejected == {Reason.STALE: 3}
    assert kept.height == 6


def test_a_repeat_within_what_receivers_and_rounding_explain_is_not_stale() -> None:
    # 20 kn for 2.7 s is 28 m: the same message through a second receiver; 3.2 s is 33 m
    for seconds, stale in ((2.7, 0), (3.2, 1)):
        rows = [{"t": 0, "speed_kn": 20.0}, {"t": seconds, "speed_kn": 20.0}]
        assert cleaned(tracks(rows))[1].rejected[Reason.STALE] == stale


def test_what_is_owed_adds_up_over_repeats_and_is_forgiven_by_movement_or_rest() -> None:
    owing = [{"t": t * 2, "speed_kn": 10.0} for t in range(10)]  # 10.3 m a row: the third repeat is one too many
    assert cleaned(tracks(owing))[1].rejected[Reason.STALE] == 7
    resting = [row | {"speed_kn": 0.0 if place % 3 == 2 else 10.0} for place, row in enumerate(owing)]
    assert cleaned(tracks(resting))[1].rejected[Reason.STALE] == 0
    moving = [row | {"lat": METRE_DEG * (place // 3)} for place, row in enumerate(owing)]
    assert cleaned(tracks(moving))[1].rejected[Reason.STALE] == 0


def test_a_repeat_whose_own_time_stood_still_is_stale_at_any_speed() -> None:
    ages = [0.3, 10.3, 20.3, 0.1, 10.2, 0.5]
    rows = [{"t": place * 10, "speed_kn": 0.0, "position_age_s": age} for place, age in enumerate(ages)]
    kept, tally = cleaned(tracks(rows))
    assert tally.rejected == {Reason.STALE: 3}
    assert kept["position_age_s"].to_list() == [0.3, 0.1, 0.5]


def test_a_stale_row_does_not_shorten_the_hop_behind_it() -> None:
    # ten seconds of one position, then ten seconds' worth of movement at once: no teleport
    rows = [{"t": t, "speed_kn": 480.0, "lat": 0.0} for t in range(10)]
    rows += [{"t": t, "speed_kn": 480.0, "lat": 247.0 * t * METRE_DEG} for t in (10, 11)]
    kept, tally = cleaned(tracks(rows, kind="aircraft"))
    assert tally.rejected == {Reason.STALE: 9}
    assert kept["mover"].unique().to_list() == ["a"]


def test_times_before_1970_and_the_antimeridian_are_nothing_special() -> None:
    rows = [{"t": -2_000_000_000 + t * 10, "lon": 179.9999 if t % 2 else -179.9999} for t in range(6)]
    kept, tally = cleaned(tracks(rows))
    assert kept.height == 6
    assert not tally.rejected
    assert not tally.notes


def test_an_aircraft_without_altitude_is_kept_and_noted() -> None:
    rows: list[dict[str, object]] = [{"t": 0, "altitude_m": 100.0}, {"t": 10, "altitude_m": None}]
    assert cleaned(tracks(rows, kind="aircraft"))[1].notes == {Note.NO_ALTITUDE: 1}
    assert not cleaned(tracks(rows))[1].notes


def world(seed: int, rows: int) -> pl.DataFrame:
    """Return ships and aircraft with every fault at once, in time order."""
    draw = np.random.default_rng(seed)
    made: list[dict[str, object]] = []
    for _ in range(rows):
        mover = int(draw.integers(4))
        t = float(draw.integers(0, 1500)) if mover else float(draw.integers(0, 40))
        lat = 50.0 + mover + (4.0 if draw.random() < 0.2 else 0.0) + 0.001 * float(draw.integers(3))
        made.append(
            {
                "t": t,
                "mover": f"m{mover}",
                "lat": 91.0
                if draw.random() < 0.02
                else float(draw.uniform(-80, 80))
                if draw.random() < 0.1
                else lat,
                "speed_kn": [None, 0.0, 1.5, 300.0][int(draw.integers(4))],
                "position_age_s": [None, 0.0, 5.0, 60.0][int(draw.integers(4))],
                "kind": "aircraft" if mover == 3 else "ship",
            }
        )
    return pl.concat(in_time_order([tracks(made)], Tally()))


@given(seed=st.integers(0, 100_000), rows=st.integers(1, 120), places=st.lists(st.integers(0, 120), max_size=8))
@settings(max_examples=80, deadline=None)
def test_the_verdicts_do_not_depend_on_where_the_rows_are_cut(seed: int, rows: int, places: list[int]) -> None:
    frame = world(seed, rows)
    whole, tally = cleaned(frame)
    pieces, again = cleaned(frame, places)
    assert pieces.equals(whole)
    assert again.as_dict() == tally.as_dict()
    plain = whole.with_columns(pl.col("mover").str.replace("~.*", ""))
    assert plain.join(frame, on=frame.columns, how="anti", nulls_equal=True).is_empty()
    assert whole["time"].is_sorted()
    assert whole.select("mover", "time").is_unique().all()


def teleports_slowly(frame: pl.DataFrame) -> list[int]:
    """Return the rows of one ship whose hops on both sides exceed 60 m/s and 1,000 m, on a sphere, one by one."""
    times = frame["time"].dt.timestamp("us").to_list()
    lons, lats = frame["lon"].to_list(), frame["lat"].to_list()

    def impossible(one: int, other: int) -> bool:
        a, b = math.radians(lats[one]), math.radians(lats[other])
        sine = (
            math.sin((b - a) / 2) ** 2
            + math.cos(a) * math.cos(b) * math.sin(math.radians(lons[other] - lons[one]) / 2) ** 2
        )
        away_m = 2 * 6_371_008.8 * math.asin(min(1.0, math.sqrt(sine)))
        return away_m > 1000.0 and away_m > 60.0 * (times[other] - times[one]) / 1e6

    return [row for row in range(1, len(times) - 1) if impossible(row - 1, row) and impossible(row, row + 1)]


@given(seed=st.integers(0, 100_000))
@settings(max_examples=50, deadline=None)
def test_lone_outliers_are_the_teleports_of_the_slow_reference_and_no_others(seed: int) -> None:
    draw = np.random.default_rng(seed)
    rows = sailing(np.cumsum(draw.uniform(2, 60, 60)).tolist(), speed_ms=float(draw.uniform(0, 20)))
    for place in range(2, 57, int(draw.integers(3, 9))):
        # far apart from each other, so that no two of them make a second mover
        rows[place] |= {"lon": float(draw.uniform(-170, 170)), "lat": float(draw.uniform(-80, 80))}
    frame = tracks(rows)
    wrong = teleports_slowly(frame)
    kept, tally = cleaned(frame)
    assert tally.rejected[Reason.TELEPORT] == len(wrong) > 0
    assert kept.equals(frame.with_row_index().filter(~pl.col("index").is_in(wrong)).drop("index"))


def solent(shared: Path) -> pl.DataFrame:
    frame = pl.read_csv(
        shared / "data/ais/SolentAIS_20160112_130211.csv", schema_overrides={"SOG_knots": pl.Float64}
    )
    return complete(
        frame.lazy().select(
            mover=pl.format("mmsi:{}", "MMSI"),
            time=pl.col("Time").str.to_datetime(time_unit="us", time_zone="UTC"),
            lon="Longitude_degrees",
            lat="Latitude_degrees",
            speed_kn="SOG_knots",
            kind=pl.lit("ship"),
        )
    ).collect()


def test_of_the_real_solent_only_the_teleport_and_the_duplicates_go(shared: Path) -> None:
    frame = solent(shared)
    expected = frame.unique(["mover", "time"], keep="first").filter(pl.col("lon") < 50.0)
    kept, tally = cleaned(pl.concat(in_time_order([frame], Tally())))
    assert tally.as_dict() == {
        "rows": 18_623,
        "kept": 18_619,
        "rejected": {"duplicate": 3, "teleport": 1},
        "notes": {},
        "formats": {},
    }
    assert kept.equals(expected.sort("time", "mover"))


def test_of_real_aircraft_the_frozen_positions_go(shared: Path) -> None:
    frame = pl.read_json((shared / "data/adsb/quickstart.json.gz").read_bytes(), infer_schema_length=None)
    made = complete(
        frame.lazy()
        .filter(pl.col("latitude").is_not_null())
        .select(
            mover=pl.format("icao24:{}", "icao24"),
            time=pl.from_epoch("timestamp", time_unit="ms").cast(pl.Datetime("us")).dt.replace_time_zone("UTC"),
            lon="longitude",
            lat="latitude",
            altitude_m=pl.col("altitude") * 0.3048,
            speed_kn="groundspeed",
            kind=pl.lit("aircraft"),
        )
    ).collect()
    kept, tally = cleaned(pl.concat(in_time_order([made], Tally())))
    # of 53,929 repeated positions 31,568 come with a reported speed above 1 kn
    assert tally.rejected == {Reason.STALE: 31_397}
    # one flight jumps 3.6 km in 4 s and stays there
    assert kept.filter(pl.col("mover").str.contains("~"))["mover"].unique().to_list() == ["icao24:3944ee~2"]
