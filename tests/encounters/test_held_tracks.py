"""Goal: rows read once can be gone through again, few or many, and nothing of it is left behind."""

from __future__ import annotations

import tempfile
from pathlib import Path

import polars as pl
import pytest

from detente.door.errors import OutputFailure
from detente.encounters.held_tracks import held
from detente.tracks.schema import SCHEMA, complete


def frames(count: int, rows: int = 10) -> list[pl.DataFrame]:
    return [
        complete(
            pl.LazyFrame(
                {
                    "mover": ["mmsi:219000001"] * rows,
                    "time": pl.Series(range(number * rows, number * rows + rows)).cast(SCHEMA["time"]),
                    "lon": [0.0] * rows,
                    "lat": [float(number)] * rows,
                }
            )
        ).collect()
        for number in range(count)
    ]


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


@pytest.mark.parametrize("rows_in_memory", [5, 25, 30, 1000])
def test_all_rows_come_again_in_their_order_whether_they_fit_or_not(folder: Path, rows_in_memory: int) -> None:
    given = frames(7)
    with held(iter(given), rows_in_memory=rows_in_memory) as tracks:
        for _ in range(2):
            assert tracks.collect().equals(pl.concat(given))
    assert list(folder.iterdir()) == []


def test_no_rows_are_an_empty_table_of_the_same_columns() -> None:
    with held(iter([])) as tracks:
        assert tracks.collect().schema == SCHEMA
        assert tracks.collect().is_empty()


@pytest.mark.parametrize("failure", [ValueError, KeyboardInterrupt])
def test_what_reading_raises_passes_through_and_nothing_is_left(
    folder: Path, failure: type[BaseException]
) -> None:
    def broken():
        yield from frames(3)
        raise failure

    with pytest.raises(failure), held(broken(), rows_in_memory=5):
        pass
    assert list(folder.iterdir()) == []


def test_a_full_disk_names_the_folder_of_temporary_files(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_given: object, **_named: object) -> None:
        raise pl.exceptions.ComputeError("No space left on device")

    monkeypatch.setattr(pl.DataFrame, "write_parquet", full)
    with pytest.raises(OutputFailure) as caught, held(iter(frames(3)), rows_in_memory=5):
        pass
    assert caught.value.where == str(folder)
    assert "TMPDIR" in caught.value.remedy
    assert list(folder.iterdir()) == []
