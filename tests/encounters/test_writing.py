from __future__ import annotations

import csv
import math
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from detente.door.errors import OutputFailure
from detente.encounters.errors import OutputMistake
from detente.encounters.schema import ENCOUNTERS
from detente.encounters.writing import SUFFIXES, check_target, write
from tests.encounters.rows import CLOSEST, MIXED, encounter, table


def read_csv(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as text:
        return list(csv.DictReader(text))


def test_parquet_gives_back_the_same_table(tmp_path: Path) -> None:
    assert write(MIXED, tmp_path / "e.parquet").rows == 4
    back = pl.read_parquet(tmp_path / "e.parquet")
    assert back.schema == ENCOUNTERS
    assert back.equals(MIXED)


def test_csv_has_the_columns_by_name_and_times_in_utc_with_milliseconds(tmp_path: Path) -> None:
    write(MIXED, tmp_path / "e.csv")
    rows = read_csv(tmp_path / "e.csv")
    assert list(rows[0]) == list(ENCOUNTERS)
    assert rows[0]["closest_at"] == "2016-01-12T13:23:20.018Z"  # 17.6 ms rounded, not cut
    assert rows[0]["distance_m"] == "81.25"
    assert rows[1]["name_a"] == ""
    assert rows[1]["closing_speed_kn"] == ""  # missing is missing, not 0
    assert rows[1]["both_moving"] == "false"
    assert rows[1]["name_b"] == "Адмирал <b>&amp;</b>"


def test_milliseconds_round_up_into_the_next_day(tmp_path: Path) -> None:
    last = datetime(2016, 12, 31, 23, 59, 59, 999_700, tzinfo=UTC)
    write(table(encounter(left=last)), tmp_path / "e.csv")
    assert read_csv(tmp_path / "e.csv")[0]["left"] == "2017-01-01T00:00:00.000Z"


@pytest.mark.parametrize("name", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"])
def test_csv_keeps_spreadsheets_from_running_names_as_formulas(tmp_path: Path, name: str) -> None:
    written = write(table(encounter(name_a=name, name_b="ok=1", course_a_deg=-1.5)), tmp_path / "e.csv")
    row = read_csv(tmp_path / "e.csv")[0]
    assert row["name_a"].startswith("'")
    assert row["name_a"].replace("\r", "").strip("'\n") == name.replace("\r", "")
    assert row["name_b"] == "ok=1"
    assert row["course_a_deg"] == "-1.5"  # numbers stay numbers
    assert written.neutralised == 1


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_an_empty_table_is_written_in_every_format(tmp_path: Path, suffix: str) -> None:
    target = tmp_path / f"e{suffix}"
    assert write(table(), target).rows == 0
    assert target.stat().st_size > 0


@pytest.mark.parametrize("name", ["e.xlsx", "e", "e.json", "e.csv.gz"])
def test_an_unknown_ending_is_refused_before_anything_is_written(tmp_path: Path, name: str) -> None:
    with pytest.raises(OutputMistake) as raised:
        check_target(tmp_path / name)
    assert raised.value.where == "--out"
    assert ".parquet, .csv, .geojson, .kml" in raised.value.expected
    with pytest.raises(OutputMistake):
        write(MIXED, tmp_path / name)
    assert list(tmp_path.iterdir()) == []


def test_the_ending_may_be_in_capitals(tmp_path: Path) -> None:
    assert check_target(tmp_path / "E.CSV").name == "E.CSV"


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("wrong", [math.nan, math.inf])
def test_a_number_that_is_not_finite_is_refused_by_name(tmp_path: Path, suffix: str, wrong: float) -> None:
    with pytest.raises(OutputMistake, match="severity"):
        write(table(encounter(severity=wrong)), tmp_path / f"e{suffix}")
    assert list(tmp_path.iterdir()) == []


def test_a_table_without_places_goes_to_csv_and_is_refused_as_a_map(tmp_path: Path) -> None:
    pairs = pl.DataFrame({"a": ["x"], "b": ["y"], "closest_s": [12.5]})
    assert write(pairs, tmp_path / "p.csv").rows == 1
    with pytest.raises(OutputMistake, match="lon_a"):
        write(pairs, tmp_path / "p.kml")


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_full_disk_leaves_the_old_file_whole(
    tmp_path: Path, suffix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / f"e{suffix}"
    target.write_bytes(b"old")

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(pl.DataFrame, "write_parquet", full)
    monkeypatch.setattr(pl.DataFrame, "write_csv", full)
    monkeypatch.setattr(Path, "open", full)
    with pytest.raises(OutputFailure):
        write(MIXED, target)
    monkeypatch.undo()
    assert target.read_bytes() == b"old"
    assert [path.name for path in tmp_path.iterdir()] == [target.name]


def test_times_in_every_text_format_are_the_same(tmp_path: Path) -> None:
    later = table(encounter(entered=CLOSEST - timedelta(days=40)))
    for suffix in (".csv", ".geojson", ".kml"):
        write(later, tmp_path / f"e{suffix}")
        assert "2015-12-03T13:23:20.018Z" in (tmp_path / f"e{suffix}").read_text(encoding="utf-8")
