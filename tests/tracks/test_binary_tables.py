"""Parquet, GeoParquet, GeoPackage and archives of our own: the same rows as from text, and faults in words."""

from __future__ import annotations

import json
import sqlite3
import struct
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pyogrio
import pytest
from tests.tracks.reading_samples import noted, rejected, taken, write

from detente import tracks
from detente.tracks.errors import ReadingMistake, TrackMistake
from detente.tracks.reasons import Tally

T0 = datetime(2020, 9, 13, 12, 26, 40, tzinfo=UTC)


def table(**changed: Any) -> pl.DataFrame:
    columns = {
        "t": [T0, T0],
        "mmsi": [219000001, 2190045],
        "lat": [55.5, 55.6],
        "lon": [12.5, 12.6],
        "sog": [10.0, None],
    }
    return pl.DataFrame({**columns, **changed})


@pytest.mark.parametrize(
    "changed",
    [
        {},
        {"t": pl.Series([T0, T0]).dt.replace_time_zone(None).dt.cast_time_unit("ns")},
        {"t": pl.Series([T0, T0]).dt.convert_time_zone("Asia/Tokyo")},
        {"t": pl.Series([1_600_000_000, 1_600_000_000])},
        {"t": pl.Series([1_600_000_000_000.0, 1_600_000_000_000.0])},
        {"t": pl.Series(["2020-09-13T12:26:40Z"] * 2, dtype=pl.Categorical)},
        {"mmsi": pl.Series(["219000001", "2190045"])},
        {"mmsi": pl.Series([219000001.0, 2190045.0])},
        {"lat": pl.Series(["55.5", "55.6"])},
        {"lat": pl.Series([55.5, 55.6], dtype=pl.Float32)},
        {"lat": pl.Series(["55.5", "55.6"]).cast(pl.Decimal(10, 3))},
        {"extra": [[1], [2]]},
        {"mmsi": pl.Series([219000001, 2190045], dtype=pl.UInt32)},
    ],
)
def test_a_parquet_table_is_read_whatever_the_types_of_its_columns(
    tmp_path: Path, changed: dict[str, Any]
) -> None:
    path = tmp_path / "t"
    table(**changed).write_parquet(path)
    kept, tally = taken(path)
    assert rejected(tally) == {"not_a_mover": 1}
    row = kept.row(0, named=True)
    assert (row["mover"], row["time"], row["lat"], row["speed_kn"]) == ("mmsi:219000001", T0, 55.5, 10.0)


def wkb(lon: float, lat: float) -> bytes:
    return struct.pack("<BIdd", 1, 1, lon, lat)


@pytest.mark.parametrize("kind", ["wkb", "struct"])
def test_geoparquet_gives_its_points(tmp_path: Path, kind: str) -> None:
    points = [(12.5, 55.5), (12.6, 55.6)]
    geometry = (
        pl.Series([wkb(*point) for point in points])
        if kind == "wkb"
        else pl.Series([{"x": x, "y": y} for x, y in points])
    )
    frame = table().drop("lat", "lon").with_columns(geometry=geometry)
    told = {"version": "1.1.0", "primary_column": "geometry", "columns": {"geometry": {"encoding": kind.upper()}}}
    frame.write_parquet(tmp_path / "g", metadata={"geo": json.dumps(told)})
    kept, _ = taken(tmp_path / "g")
    assert kept.select("lon", "lat").rows() == [(12.5, 55.5)]
    told["columns"] = {"geometry": {"encoding": "WKB", "crs": {"id": {"authority": "EPSG", "code": 3857}}}}
    frame.write_parquet(tmp_path / "g", metadata={"geo": json.dumps(told)})
    with pytest.raises(TrackMistake, match="3857"):
        taken(tmp_path / "g")


def geopackage(path: Path, crs: str = "EPSG:4326") -> None:
    fields = {
        "mmsi": np.array([219000001, 2190045]),
        "timestamp": np.array(["2020-09-13T12:26:40Z"] * 2, dtype=object),
    }
    pyogrio.raw.write(
        path, np.array([wkb(12.5, 55.5), wkb(12.6, 55.6)], dtype=object), list(fields.values()), list(fields),
        geometry_type="Point", crs=crs, driver="GPKG", layer="ships",
    )  # fmt: skip


def test_a_geopackage_that_gdal_wrote_is_read(tmp_path: Path) -> None:
    geopackage(tmp_path / "ships.gpkg")
    kept, tally = taken(tmp_path / "ships.gpkg")
    assert rejected(tally) == {"not_a_mover": 1}
    row = kept.row(0, named=True)
    assert (row["mover"], row["time"], row["lon"], row["lat"]) == ("mmsi:219000001", T0, 12.5, 55.5)


@pytest.mark.parametrize("holes", [False, True])
def test_progress_through_a_geopackage_grows_with_its_rows(
    tmp_path: Path, holes: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    count = 1_000
    fields = {
        "mmsi": np.arange(219000001, 219000001 + count),
        "timestamp": np.array(["2020-09-13T12:26:40Z"] * count, dtype=object),
    }
    points = np.array([wkb(12.5, 55.5)] * count, dtype=object)
    path = tmp_path / "ships.gpkg"
    pyogrio.raw.write(
        path, points, list(fields.values()), list(fields),
        geometry_type="Point", crs="EPSG:4326", driver="GPKG", layer="ships",
    )  # fmt: skip
    if holes:
        with closing(sqlite3.connect(path)) as database:
            database.execute("DROP TRIGGER IF EXISTS rtree_ships_geom_delete")
            database.execute("DELETE FROM ships WHERE fid % 2 = 0")
            database.commit()
    monkeypatch.setattr("detente.tracks.plain_geopackage.ROWS_PER_FETCH", 100)
    told: list[float] = []
    rows = tracks.read(path, tally=Tally(progress=told.append)).collect().height
    assert rows == (500 if holes else 1_000)
    assert sum(told) == path.stat().st_size
    assert len(told) >= rows // 100
    assert max(told[:-1]) <= path.stat().st_size / 9


def test_a_geopackage_in_other_coordinates_or_of_another_kind_is_refused(tmp_path: Path) -> None:
    geopackage(tmp_path / "ships.gpkg", crs="EPSG:25832")
    with pytest.raises(TrackMistake, match="25832"):
        taken(tmp_path / "ships.gpkg")
    with closing(sqlite3.connect(tmp_path / "other")) as database:
        database.execute("CREATE TABLE t (a)")
        database.commit()
    with pytest.raises(TrackMistake, match="GeoPackage"):
        taken(tmp_path / "other")


def test_damaged_binary_files_are_refused_wherever_the_damage_is(tmp_path: Path) -> None:
    table().write_parquet(tmp_path / "p")
    geopackage(tmp_path / "g.gpkg")
    for name in ("p", "g.gpkg"):
        whole = (tmp_path / name).read_bytes()
        step = max(len(whole) // 25, 1)
        for at in range(0, len(whole), step):
            for data in (whole[:at], whole[:at] + b"\xff" * 7 + whole[at + 7 :]):
                try:
                    kept, _ = taken(write(tmp_path, data, "damaged"))
                except TrackMistake:
                    continue
                assert kept.height <= 2


def archive(rows: int) -> pl.DataFrame:
    times = [T0 + timedelta(seconds=n) for n in range(rows)]
    columns = {
        "mover": "mmsi:219000001",
        "lat": 55.0,
        "kind": "ship",
        "nic": 8,
        "name": "A~b",
        "source": "dma_csv:x",
    }
    frame = pl.DataFrame({"time": times, "lon": [12.0 + n * 1e-4 for n in range(rows)]})
    frame = frame.with_columns(**{name: pl.lit(value) for name, value in columns.items()}, speed_kn=pl.lit(12.3))
    return tracks.complete(frame.with_columns(pl.col("time").dt.cast_time_unit("us")).lazy()).collect()


@pytest.mark.parametrize("clean", [True, False])
@pytest.mark.parametrize("counted", [True, False])
def test_an_archive_of_our_own_comes_back_as_it_was_written(
    tmp_path: Path, *, clean: bool, counted: bool
) -> None:
    frame = archive(3_000)
    frame.write_parquet(tmp_path / "a.parquet")
    tally = Tally() if counted else None
    again = tracks.read(tmp_path / "a.parquet", clean=clean, tally=tally).collect()
    assert again.equals(frame)
    assert tally is None or (tally.rows, tally.kept) == (3_000, 3_000)


def test_an_archive_of_our_own_is_scanned_without_being_copied(tmp_path: Path) -> None:
    archive(10).write_parquet(tmp_path / "a.parquet")
    plan = tracks.read(tmp_path / "a.parquet", clean=False).filter(pl.col("lat") > 90).select("lon").explain()
    assert "Parquet SCAN" in plan


def test_lies_in_an_archive_of_our_own_form_are_rejected(tmp_path: Path) -> None:
    lies = archive(4).with_columns(
        lat=pl.Series([55.0, 99.0, None, 55.0]), mover=pl.Series(["mmsi:219000001", "a", "b", None])
    )
    lies.write_parquet(tmp_path / "a")
    kept, tally = taken(tmp_path / "a")
    assert (kept.height, rejected(tally)) == (1, {"out_of_range": 1, "no_position": 1, "no_identity": 1})


def test_local_times_in_parquet_are_refused_too(tmp_path: Path) -> None:
    frame = table().with_columns(pl.col("t").dt.replace_time_zone(None)).rename({"t": "time_local"})
    frame.write_parquet(tmp_path / "l")
    with pytest.raises(ReadingMistake, match="local"):
        taken(tmp_path / "l")
    kept, tally = taken(tmp_path / "l", time_zone="Europe/Copenhagen")
    assert kept["time"].to_list() == [T0 - timedelta(hours=2)]
    assert noted(tally) == {}
