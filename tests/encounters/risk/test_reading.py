"""What is read into happenings and exposure, and what is rejected under which name."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from detente.encounters.errors import HappeningMistake, LimitMistake
from detente.encounters.risk.assessing import Question, assess, period_of
from detente.encounters.risk.exposure import days_watched, given_exposure, mover_hours
from detente.encounters.risk.extremes import decluster
from detente.encounters.risk.happenings import read_happenings
from detente.encounters.risk.periods import PER, between
from detente.encounters.risk.places import Places, parse_region
from detente.encounters.writing import write
from detente.tracks.schema import complete
from tests.encounters.risk.worlds import START, encounters

INCIDENTS = """\
date,date_precision,type,state_a,state_b,min_distance_m,lat,lon
2014-04-12,day,ship overflight,RU,US,914,43.5,31.0
2014-05,month,air intercept (barrel roll),US,RU,,46,146
2014-06-03,"day (2 or 3 June)",air intercept,RU,US,30,,
2015-01-01,approx,air intercept,RU,US,30,55,20
,day,air intercept,RU,US,30,55,20
2015-13-40,day,air intercept,RU,US,30,55,20
2014-04-12,day,ship overflight,RU,US,914,43.5,31.0
"""


def test_incidents_are_kept_or_rejected_by_name(tmp_path: Path) -> None:
    path = tmp_path / "incidents.csv"
    path.write_text(INCIDENTS)
    read = read_happenings([str(path)], "month")
    assert dict(read.rejected) == {"no_date": 2, "date_too_coarse": 1}
    assert read.rows == read.table.height + sum(read.rejected.values())
    assert read.reported == 7
    assert set(read.table["kind"]) == {"ship overflight", "air intercept"}
    assert set(read.table["side_pair"]) == {"RU\u2013US"}
    assert read.table["distance_m"].null_count() == 1
    assert read_happenings([str(path)], "day").rejected["date_too_coarse"] == 2
    assert "date_too_coarse" not in read_happenings([str(path)], "year").rejected


def test_the_same_encounters_from_parquet_and_csv(tmp_path: Path) -> None:
    low_pass = {"closest_at": START + timedelta(days=2), "distance_m": 80.0, "severity": 0.5, "vertical_m": 150.0}
    low_pass["kind_a"] = "aircraft"
    across = {"closest_at": START + timedelta(days=3), "lon_a": 179.9, "lon_b": -179.9}
    table = encounters(
        [
            {"closest_at": START + timedelta(days=1), "distance_m": 100.0},
            low_pass,
            across | {"both_moving": False, "quality": "possible"},
        ]
    )  # fmt: skip
    for name in ("e.parquet", "e.csv"):
        write(table, tmp_path / name)
    one = read_happenings([str(tmp_path / "e.parquet")], "month")
    other = read_happenings([str(tmp_path / "e.csv")], "month")
    assert one.table.drop("source").equals(other.table.drop("source"))
    assert one.limit_m == pytest.approx(500.0)
    # with a known height the distance that is as grave: half the limit
    assert one.table["distance_m"].to_list() == pytest.approx([100.0, 250.0, 250.0])
    assert abs(one.table["lon"][2]) == pytest.approx(180.0)
    assert one.table["kind"].to_list() == ["ship\u2013ship", "aircraft\u2013ship", "ship\u2013ship"]
    assert one.table["certain"].to_list() == [True, True, False]
    both = read_happenings([str(tmp_path / "e.parquet"), str(tmp_path / "e.csv")], "month")
    assert both.rejected["exact_duplicate"] == 3
    assert both.rows == both.table.height + sum(both.rejected.values())


@pytest.mark.parametrize("text", ["", "one,two\n1,2\n", "PAR1 is no Parquet", "\x00\x01\x02"])
def test_what_is_no_table_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "bad.csv"
    path.write_text(text)
    with pytest.raises(HappeningMistake):
        read_happenings([str(path)], "month")


def test_passes_of_one_pair_are_one_event_and_the_nearest_stands() -> None:
    at = [START + timedelta(hours=hour) for hour in (0, 10, 33, 60)]
    table = pl.DataFrame(
        {"at": at * 2, "pair": ["x"] * 4 + ["y"] * 4, "distance_m": [90.0, 40.0, 60.0, 70.0, *[None] * 4]}
    )
    kept = decluster(table, timedelta(hours=24))
    assert kept.filter(pl.col("pair") == "x")["distance_m"].to_list() == [40.0, 70.0]
    assert kept.filter(pl.col("pair") == "y").height == 2


@pytest.mark.parametrize("per", PER)
def test_periods_follow_each_other_without_a_hole(per: str) -> None:
    first, last = datetime(2015, 12, 28, 5, tzinfo=UTC), datetime(2017, 3, 1, tzinfo=UTC)
    periods = between(first, last, per)  # type: ignore[arg-type]
    assert periods[0].start <= first < periods[0].end
    assert periods[-1].start < last <= periods[-1].end
    assert all(one.end == other.start for one, other in itertools.pairwise(periods))
    labels = [period.label for period in periods]
    assert labels == sorted(set(labels))
    assert days_watched(periods, first, last).amount.sum() == pytest.approx(
        (last - first).total_seconds() / 86_400
    )


def test_hours_of_movers_are_those_between_their_fixes() -> None:
    rows = [
        {"mover": mover, "time": START + timedelta(minutes=minute), "lon": lon, "lat": 56.0, "kind": kind}
        for mover, kind, lon in (("mmsi:219000001", "ship", 20.0), ("icao24:4ca1b2", "aircraft", 5.0))
        for minute in (0, 2, 4, 30, 31)
    ]
    periods = between(START, START + timedelta(days=2), "day")
    places = Places((parse_region("Baltic=9,53,31,66"),))
    found = mover_hours(
        complete(pl.LazyFrame(rows).with_columns(pl.col("time").cast(pl.Datetime("us", "UTC")))),
        periods, START, START + timedelta(days=2), max_gap_s=180.0, sides=None, places=places,
    )  # fmt: skip
    assert found.unit == "mover_hour"
    assert found.amount.tolist() == pytest.approx([10 / 60, 0.0])
    assert found.of(kind="ship\u2013ship").tolist() == pytest.approx([5 / 60, 0.0])
    assert found.of(area="Baltic").tolist() == pytest.approx([5 / 60, 0.0])
    assert found.of(area="elsewhere").tolist() == pytest.approx([5 / 60, 0.0])
    assert found.of(kind="aircraft\u2013ship").sum() == pytest.approx(10 / 60)


def test_a_given_exposure_is_spread_over_its_time(tmp_path: Path) -> None:
    path = tmp_path / "hours.csv"
    path.write_text(
        "from,to,amount\n2016-01-01T00:00Z,2016-01-03T00:00Z,100\n2016-01-02T00:00Z,2016-01-03T00:00Z,10\n"
    )
    periods = between(START, START + timedelta(days=3), "day")
    found = given_exposure(path, periods, START, START + timedelta(days=3))
    assert found.amount.tolist() == pytest.approx([50.0, 60.0, 0.0])
    for bad in (
        "from,to\nx,y\n",
        "from,to,amount\n2016-01-02T00:00Z,2016-01-01T00:00Z,1\n",
        "from,to,amount\nx,y,z\n",
    ):
        path.write_text(bad)
        with pytest.raises(Exception, match=r"(?i)row 2|amount|time"):
            given_exposure(path, periods, START, START + timedelta(days=3))


def test_a_time_without_events_needs_its_bounds() -> None:
    read = read_happenings([], "month")
    with pytest.raises(LimitMistake):
        period_of(read, Question())
    question = Question(first=START, last=START + timedelta(days=60))
    first, last, periods = period_of(read, question)
    found = assess(read, question, days_watched(periods, first, last))
    assert found.groups[0].rate.rate == 0.0
    assert found.groups[0].rate.interval is not None
    assert found.groups[0].rate.interval.high == pytest.approx(3.689 / 60, abs=1e-4)
    with pytest.raises(LimitMistake):
        period_of(read, Question(per="day", first=START, last=START + timedelta(days=20_000)))
