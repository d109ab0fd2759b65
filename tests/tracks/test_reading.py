"""detente.tracks.read: checked, lazy, in order; every row accounted for; the same for shuffled files."""

from __future__ import annotations

import gzip
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.tracks.reading_samples import DMA_HEADER, DMA_ROWS, NOAA_OLD, taken, write

from detente import tracks, words
from detente.tracks.errors import ReadingMistake, TrackMistake
from detente.tracks.reasons import Tally

HEAD = "time,mmsi,lat,lon,sog\n"


def test_files_of_several_formats_become_one_checked_table_in_order_of_time(tmp_path: Path) -> None:
    dma = write(tmp_path, "\n".join([DMA_HEADER, *DMA_ROWS]), "d")
    noaa = write(tmp_path, gzip.compress(NOAA_OLD.encode()), "n")
    tally = Tally()
    frame = tracks.read([noaa, dma], tally=tally)
    assert isinstance(frame, pl.LazyFrame)
    assert tally.rows == 0  # nothing is read before it is asked for
    table = tracks.check(frame).collect()
    assert table["time"].is_sorted()
    assert table.height == tally.kept == 4
    assert tally.formats == {"dma_csv": 1, "noaa_csv": 1}


def test_a_frame_collected_twice_is_counted_once(tmp_path: Path) -> None:
    tally = Tally()
    frame = tracks.read(write(tmp_path, NOAA_OLD), tally=tally)
    assert frame.collect().equals(frame.collect())
    assert tally.rows == 1


def test_a_projection_and_a_filter_see_the_same_rows(tmp_path: Path) -> None:
    rows = "".join(f"{1_600_000_000 + n},{219_000_000 + n % 7},55.{n:04d},12.5,{n % 20}\n" for n in range(900))
    frame = tracks.read(write(tmp_path, HEAD + rows))
    whole = frame.collect()
    picked = frame.filter(pl.col("lat") > 55.05).select("lat", "mover").head(11).collect()
    assert picked.equals(whole.filter(pl.col("lat") > 55.05).select("lat", "mover").head(11))


@pytest.mark.parametrize(
    "options",
    [{"time_zone": "Mars/Olympus"}, {"start": datetime(2020, 1, 1)}],  # noqa: DTZ001 - the fault under test
)
def test_options_that_cannot_be_used_are_refused_at_once(tmp_path: Path, options: dict[str, object]) -> None:
    with pytest.raises(ReadingMistake):
        tracks.read(tmp_path / "none", **options)  # type: ignore[arg-type]  # one option at a time
    with pytest.raises(ReadingMistake):
        tracks.read([])


def test_a_fault_in_a_file_reaches_the_person_as_itself(tmp_path: Path) -> None:
    with pytest.raises(TrackMistake, match="empty file"):
        tracks.read(write(tmp_path, "")).collect()


def test_a_fault_is_told_in_the_language_that_was_chosen(tmp_path: Path) -> None:
    words.choose("ru")
    with pytest.raises(TrackMistake, match="пустой файл"):
        tracks.read(write(tmp_path, "")).collect()


def test_a_start_anchors_times_that_count_from_it(tmp_path: Path) -> None:
    path = write(tmp_path, HEAD + "0,219000001,55.5,12.5,0\n10.5,219000001,55.6,12.5,0\n")
    table = tracks.read(path, start=datetime(2020, 1, 1, tzinfo=UTC), clean=False).collect()
    assert [str(time) for time in table["time"]] == [
        "2020-01-01 00:00:00+00:00",
        "2020-01-01 00:00:10.500000+00:00",
    ]


def test_progress_reaches_the_size_of_the_files(tmp_path: Path) -> None:
    told: list[float] = []
    path = write(tmp_path, NOAA_OLD)
    tracks.read(path, tally=Tally(progress=told.append)).collect().write_parquet(tmp_path / "again")
    assert sum(told) == path.stat().st_size
    told.clear()
    tracks.read(tmp_path / "again", tally=Tally(progress=told.append)).collect()
    assert sum(told) == pytest.approx((tmp_path / "again").stat().st_size)


def test_the_real_solent_gives_what_the_oracle_used(shared: Path) -> None:
    tally = Tally()
    table = tracks.read(shared / "data/ais/SolentAIS_20160112_130211.csv", tally=tally).collect()
    assert tally.as_dict()["rejected"] == {"duplicate": 3, "teleport": 1}
    assert table.height == 18_619


cells = st.one_of(
    st.sampled_from(["1600000000", "219000001", "55.5", "12.5", "", "91", "181", "nan", "NA", "-1", "1e400",
                     "ground", "2020-01-01 00:00:00", "2020-01-01T00:00:00Z", '"a,b"', '"', "2190045", "0x1",
                     "1600000000000"]),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=8),
    st.integers().map(str),
    st.floats().map(str),
)  # fmt: skip
rows_of_text = st.lists(st.lists(cells, max_size=7).map(",".join), max_size=30)
NAMES = ["time", "mmsi", "lat", "lon", "sog", "cog", "altitude_ft", "icao24", "status", "date", "military", "nic"]


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    header=st.permutations(NAMES).flatmap(lambda names: st.integers(4, len(names)).map(lambda n: names[:n])),
    rows=rows_of_text,
    end=st.sampled_from(["\n", "\r\n"]),
)
def test_kept_and_rejected_rows_are_all_rows_whatever_a_table_holds(
    tmp_path: Path, header: list[str], rows: list[str], end: str
) -> None:
    text = end.join([",".join(header), *rows])
    path = tmp_path / "any.csv"
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    try:
        _, tally = taken(path)
    except TrackMistake:
        return
    assert tally.kept + sum(tally.rejected.values()) == tally.rows
    body = path.read_bytes().split(b"\n")[1:]
    assert tally.rows == sum(bool(line.strip(b"\r \t")) for line in body)


good_rows = st.lists(
    st.tuples(st.integers(0, 50), st.integers(0, 3), st.floats(-80, 80), st.floats(-180, 180)),
    min_size=1,
    max_size=40,
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=good_rows, cut=st.integers(0, 40), turned=st.booleans())
def test_split_and_shuffled_files_give_the_same_table(
    tmp_path: Path, rows: list[tuple[int, int, float, float]], cut: int, *, turned: bool
) -> None:
    lines = [f"{1_600_000_000 + t},{219_000_000 + who},{lat!r},{lon!r},1.0\n" for t, who, lat, lon in rows]
    whole = write(tmp_path, HEAD + "".join(lines), "x")
    expected = tracks.read(whole, clean=False).drop("source").collect()
    parts = [
        write(tmp_path, HEAD + "".join(part), name) for name, part in (("y", lines[:cut]), ("z", lines[cut:]))
    ]
    again = tracks.read(parts[::-1] if turned else parts, clean=False).drop("source").collect()
    assert again.equals(expected)
