"""Any order in, one total order out, in bounded memory.

Method: properties over random tables with many ties, cut and shuffled anyhow; the sort of the whole table by all
its columns is the reference. Temporary files are looked for after success, failure and abandonment.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.io.plugins import register_io_source
from tests.tracks.frames import tracks

from detente.tracks import read
from detente.tracks.errors import OutOfOrder
from detente.tracks.ordering import already_in_order, in_time_order, slices_of
from detente.tracks.reasons import Note, Tally


def table(rows: int, seed: int, *, seconds: int = 20) -> pl.DataFrame:
    draw = np.random.default_rng(seed)
    return tracks(
        {"t": int(draw.integers(seconds)), "mover": f"m{draw.integers(5)}", "lon": float(draw.integers(3))}
        for _ in range(rows)
    )


def whole(frame: pl.DataFrame) -> pl.DataFrame:
    rest = [name for name in frame.columns if name not in {"time", "mover"}]
    return frame.sort("time", "mover", *rest, nulls_last=True)


def cut(frame: pl.DataFrame, places: list[int]) -> list[pl.DataFrame]:
    edges = sorted({0, frame.height, *(place % (frame.height + 1) for place in places)})
    return [frame[start:end] for start, end in pairwise(edges)]


@given(
    seed=st.integers(0, 10_000),
    rows=st.integers(1, 80),
    places=st.lists(st.integers(0, 80), max_size=6),
    memory_rows=st.sampled_from([5, 17, 1000]),
)
@settings(max_examples=60, deadline=None)
def test_any_order_and_any_cut_give_one_total_order(
    seed: int, rows: int, places: list[int], memory_rows: int
) -> None:
    frame = table(rows, seed)
    came = list(in_time_order(cut(frame, places), Tally(), memory_rows=memory_rows))
    assert pl.concat(came).equals(whole(frame))


@given(seed=st.integers(0, 10_000), rows=st.integers(1, 80), places=st.lists(st.integers(0, 80), max_size=6))
@settings(max_examples=60, deadline=None)
def test_what_is_nearly_in_order_is_mended_on_the_way_or_refused(seed: int, rows: int, places: list[int]) -> None:
    frame = table(rows, seed)
    jitter = np.random.default_rng(seed).integers(0, 4, rows)
    nearly = frame[np.argsort(np.argsort(frame["time"].to_numpy(), kind="stable") + jitter, kind="stable")]
    nearly = frame.sort("time")[np.argsort(np.arange(rows) + jitter, kind="stable")]
    try:
        came = list(already_in_order(cut(nearly, places), Tally(), window_rows=10))
    except OutOfOrder:
        return
    assert pl.concat(came).equals(whole(frame))


def test_jitter_smaller_than_the_window_is_never_refused() -> None:
    frame = tracks({"t": t} for t in range(100))
    pairs = frame[[place ^ 1 for place in range(100)]]
    tally = Tally()
    assert pl.concat(already_in_order(cut(pairs, [7, 13, 50, 51]), tally, window_rows=10)).equals(frame)
    assert tally.notes[Note.OUT_OF_ORDER] == 50


def test_a_row_later_than_the_window_is_refused_by_the_cheap_way_and_placed_by_the_other() -> None:
    frame = tracks({"t": t} for t in range(100))
    late = [frame[1:60], frame[60:], frame[:1]]
    with pytest.raises(OutOfOrder, match="2023-11-14T22:13:20"):
        list(already_in_order(late, Tally(), window_rows=10))
    tally = Tally()
    assert pl.concat(in_time_order(late, tally, memory_rows=10)).equals(frame)
    assert tally.notes[Note.OUT_OF_ORDER] == 1


def test_rows_in_order_are_passed_on_and_not_noted() -> None:
    frame = tracks({"t": t // 3, "mover": f"m{t % 3}"} for t in range(90))
    for way in (already_in_order, in_time_order):
        tally = Tally()
        assert pl.concat(way(cut(frame, [10, 11, 47]), tally)).equals(frame)
        assert not tally.notes


def test_all_rows_at_one_instant_are_one_piece() -> None:
    frame = tracks({"t": 0, "mover": f"m{number:03}"} for number in range(200))
    shuffled = frame.sample(fraction=1.0, shuffle=True, seed=1)
    assert pl.concat(already_in_order(cut(shuffled, [20, 90]), Tally(), window_rows=10)).equals(frame)
    assert pl.concat(in_time_order(cut(shuffled, [20, 90]), Tally(), memory_rows=10)).equals(frame)


def test_no_rows_give_no_slices() -> None:
    empty = tracks([{"t": 0}]).clear()
    for batches in ([], [empty], [empty, empty]):
        assert sum(frame.height for frame in in_time_order(batches, Tally())) == 0
        assert sum(frame.height for frame in already_in_order(batches, Tally())) == 0


def test_temporary_files_are_gone_after_the_end_a_failure_and_an_interrupt(tmp_path: Path) -> None:
    frame = table(200, 1)

    def broken(error: type[BaseException]) -> Iterator[pl.DataFrame]:
        yield from cut(frame, [50, 100, 150])
        raise error

    assert sum(
        slice_.height for slice_ in in_time_order(cut(frame, [50]), Tally(), memory_rows=20, folder=tmp_path)
    )
    assert not list(tmp_path.iterdir())
    for error in (KeyboardInterrupt, ValueError):
        with pytest.raises(error):
            list(in_time_order(broken(error), Tally(), memory_rows=20, folder=tmp_path))
        assert not list(tmp_path.iterdir())
    abandoned = in_time_order(cut(frame, [50, 100]), Tally(), memory_rows=20, folder=tmp_path)
    next(abandoned)
    assert list(tmp_path.iterdir())
    abandoned.close()  # type: ignore[attr-defined]
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("shuffled", [False, True])
def test_slices_of_a_file_come_in_time_order_and_are_bounded(tmp_path: Path, shuffled: bool) -> None:
    frame = table(5_000, 3, seconds=4_000).sort("time")
    if shuffled:
        frame = frame.sample(fraction=1.0, shuffle=True, seed=2)
    frame.write_parquet(tmp_path / "tracks.parquet", row_group_size=700)
    slices = list(
        slices_of(pl.scan_parquet(tmp_path / "tracks.parquet").select("mover", "time", "lon"), rows=500)
    )
    came = pl.concat(slices)
    assert came["time"].is_sorted()
    assert came.sort("time", "mover", "lon").equals(
        frame.select("mover", "time", "lon").sort("time", "mover", "lon")
    )
    if not shuffled:
        assert max(piece.height for piece in slices) <= 700


def test_what_python_computes_is_computed_once(tmp_path: Path) -> None:
    frame = table(300, 1)
    calls = []

    def rows(*_: object) -> Iterator[pl.DataFrame]:
        calls.append(1)
        yield from cut(frame, [100])

    source = register_io_source(rows, schema=frame.schema)
    assert pl.concat(slices_of(source)).equals(whole(frame))
    assert len(calls) == 1


def test_our_own_reading_is_passed_on_once_and_sorted_when_it_was_reordered(tmp_path: Path) -> None:
    frame = table(300, 1)
    frame.with_columns(pl.col("time").dt.replace_time_zone(None)).write_csv(tmp_path / "a.csv")
    tally = Tally()
    ours = read(tmp_path / "a.csv", clean=False, tally=tally)
    came = pl.concat(slices_of(ours.select("mover", "time", "lon")))
    assert (came.height, tally.rows) == (300, 300)
    for reordered in (ours, ours.sort("lon"), pl.concat([ours.head(150), ours.tail(200)])):
        assert pl.concat(slices_of(reordered))["time"].is_sorted()


def test_files_taken_to_be_in_order_are_passed_on_and_refused_where_they_are_not(tmp_path: Path) -> None:
    frame = pl.DataFrame({"time": [1, 2, 2, 3], "mover": list("abcd")}).with_columns(
        pl.col("time").cast(pl.Datetime("us", "UTC"))
    )
    assert pl.concat(slices_of(frame.lazy(), unasked=True)).equals(frame)
    with pytest.raises(OutOfOrder):
        list(slices_of(frame.reverse().lazy(), unasked=True))
