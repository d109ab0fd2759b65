"""Rows in any order in, rows in time order out, in bounded memory.

The order is total: time, then mover, then the rest of the row, so that what follows does not depend on the order
of files or on how they were split. Three ways to it:

- ``already_in_order`` passes on what is in order, mends disorder within a window, and refuses the rest;
- ``in_time_order`` takes any order: small inputs are sorted in memory, large ones through temporary files;
- ``slices_of`` cuts any lazy frame into slices in time order.

Rows of one instant are held in memory together: they are the smallest piece that can be put in order.
"""

from __future__ import annotations

import tempfile
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Literal

import numpy as np
import polars as pl

from detente import words
from detente.tracks.errors import OutOfOrder
from detente.tracks.readers import ROWS_PER_BATCH
from detente.tracks.reasons import Note, Tally

__all__ = ["MEMORY_ROWS", "WINDOW_ROWS", "already_in_order", "in_time_order", "in_total_order", "slices_of"]

say = words.speaker("tracks")

MEMORY_ROWS = 600_000
"""More rows than this are put in order through temporary files; a row takes about 150 bytes."""
WINDOW_ROWS = 400_000
"""How many rows already_in_order holds back to mend small disorder."""
_ROW_GROUP = 25_000
_SAMPLE_EVERY = 5_000


@dataclass(slots=True)
class _Disorder:
    """Counts rows that came after a later one."""

    tally: Tally
    latest_us: int | None = None

    def see(self, frame: pl.DataFrame) -> None:
        times = frame["time"].to_physical()
        if times.len() == 0:
            return
        latest = int(times[0]) if self.latest_us is None else self.latest_us
        if times.is_sorted() and int(times[0]) >= latest:
            self.latest_us = int(times[-1])
            return
        highest = np.maximum(np.maximum.accumulate(times.to_numpy()), latest)
        before = np.insert(highest[:-1], 0, latest)
        self.tally.note(Note.OUT_OF_ORDER, int((times.to_numpy() < before).sum()))
        self.latest_us = int(highest[-1])


def already_in_order(
    batches: Iterable[pl.DataFrame], tally: Tally, *, window_rows: int = WINDOW_ROWS
) -> Iterator[pl.DataFrame]:
    """Yield the rows in total order while they come in order, or nearly so; the cheap way.

    Holds back window_rows rows, so that rows late by less than the window are put in their place; they are noted
    as OUT_OF_ORDER. Raises OutOfOrder at the first row that is later than the window can mend: what was
    yielded until then must be thrown away, and in_time_order used instead.
    """
    held: deque[pl.DataFrame] = deque()
    rows = 0
    passed_us: int | None = None
    disorder = _Disorder(tally)
    for batch in batches:
        if batch.is_empty():
            continue
        disorder.see(batch)
        coming = in_total_order(batch)
        rows += coming.height
        first = _first_us(coming)
        if passed_us is not None and first <= passed_us:
            raise OutOfOrder(
                expected=say("rows in order of time"),
                came=say("a row of {late} after one of {passed}", late=_moment(first), passed=_moment(passed_us)),
                remedy=say("give the files in their order of time"),
            )
        after: list[pl.DataFrame] = []
        while held and _last_us(held[-1]) >= first:
            # only what overlaps is sorted again: a tie at the border must not cost two whole pieces
            last = held.pop()
            start, end = _place(last, first, "left"), _place(coming, _last_us(last), "right")
            after.append(coming[end:])
            coming = in_total_order(pl.concat([last[start:], coming[:end]]))
            if start:
                held.append(last[:start])
        held.extend(piece for piece in (coming, *reversed(after)) if piece.height)
        while rows - held[0].height >= window_rows and len(held) > 1:
            ready = held.popleft()
            rows -= ready.height
            passed_us = _last_us(ready)
            yield from ready.iter_slices(ROWS_PER_BATCH)
    for frame in held:
        yield from frame.iter_slices(ROWS_PER_BATCH)


def in_time_order(
    batches: Iterable[pl.DataFrame],
    tally: Tally,
    *,
    memory_rows: int = MEMORY_ROWS,
    folder: Path | None = None,
) -> Iterator[pl.DataFrame]:
    """Yield all rows in total order, whatever the order in which they come; slices of about ROWS_PER_BATCH rows.

    At most about memory_rows rows are in memory; more go through temporary Parquet files in ``folder`` (by
    default the system's place for temporary files), which are gone when the iterator ends, fails or is closed.
    Rows that come after a later one are counted under Note.OUT_OF_ORDER and never rejected.
    """
    held: list[pl.DataFrame] = []
    rows = 0
    disorder = _Disorder(tally)
    incoming = iter(batches)
    for batch in incoming:
        disorder.see(batch)
        held.append(batch)
        rows += batch.height
        if rows > memory_rows:
            break
    else:
        if held:
            yield from in_total_order(pl.concat(held)).iter_slices(ROWS_PER_BATCH)
        return
    with tempfile.TemporaryDirectory(prefix="detente-order-", dir=folder) as place:
        runs = _Runs(Path(place))
        runs.write(held)
        held, rows = [], 0
        for batch in incoming:
            disorder.see(batch)
            held.append(batch)
            rows += batch.height
            if rows > memory_rows // 2:
                runs.write(held)
                held, rows = [], 0
        runs.write(held)
        held = []
        yield from runs.buckets(max(memory_rows // 4, 1))


@dataclass(slots=True)
class _Runs:
    """Temporary files, each sorted by time, and a sample of the times in them."""

    folder: Path
    paths: list[Path] = field(default_factory=list)
    samples: list[np.ndarray] = field(default_factory=list)

    def write(self, frames: list[pl.DataFrame]) -> None:
        if not any(frame.height for frame in frames):
            return
        run = pl.concat(frames)
        times = run["time"]
        if not times.is_sorted():
            run = run.sort("time")
        path = self.folder / f"{len(self.paths)}.parquet"
        run.write_parquet(path, compression="lz4", row_group_size=_ROW_GROUP, statistics=True)
        self.paths.append(path)
        self.samples.append(run["time"].to_physical().gather_every(_SAMPLE_EVERY).to_numpy())

    def buckets(self, bucket_rows: int) -> Iterator[pl.DataFrame]:
        """Yield the rows of one stretch of time after another; row groups outside it are not read."""
        times = np.sort(np.concatenate(self.samples))
        cuts = np.unique(times[:: max(bucket_rows // _SAMPLE_EVERY, 1)])[1:]
        edges: list[int | None] = [None, *(int(cut) for cut in cuts), None]
        for start, end in pairwise(edges):
            wanted = pl.scan_parquet(self.paths)
            if start is not None:
                wanted = wanted.filter(pl.col("time") >= _literal(start))
            if end is not None:
                wanted = wanted.filter(pl.col("time") < _literal(end))
            yield from in_total_order(wanted.collect()).iter_slices(ROWS_PER_BATCH)


def slices_of(
    frame: pl.LazyFrame, *, rows: int = ROWS_PER_BATCH, unasked: bool = False
) -> Iterator[pl.DataFrame]:
    """Yield a lazy frame's rows in slices of about ``rows`` rows, in order of time, in bounded memory.

    frame: any columns, among them ``time`` and ``mover`` (types of detente.tracks.SCHEMA, no nulls). Files and
    tables in memory are first asked for their time column: when it is in order, slices are passed on as they
    are read (rows of one time in any order), otherwise in_time_order puts them in total order. What Python
    computes is computed once: detente.tracks.read comes in order, anything else goes through in_time_order.
    unasked: take it for granted that files and tables in memory are in order, and raise OutOfOrder where they are
    not: who can begin anew saves reading the times twice.
    """
    plan = frame.explain(optimized=False)
    ours = plan.count(_OUR_SCAN) == 1 and not any(step in plan for step in _REORDERING)
    if ours or (unasked and "PYTHON" not in plan):
        yield from _passed_on(_slices(frame, rows))
    elif "PYTHON" not in plan and _is_in_order(frame, rows):
        yield from _slices(frame, rows)
    else:
        yield from in_time_order(_slices(frame, rows), Tally())


_OUR_SCAN = "PYTHON[detente.tracks]"
"""How detente.tracks.read stands in a plan."""
_REORDERING = ("SORT", "UNION", "JOIN", "AGGREGATE", "EXPLODE")
"""Steps of a plan after which rows may stand in another order."""


def _slices(frame: pl.LazyFrame, rows: int) -> Iterator[pl.DataFrame]:
    return iter(frame.collect_batches(chunk_size=rows, maintain_order=True, lazy=True))


def _passed_on(batches: Iterable[pl.DataFrame]) -> Iterator[pl.DataFrame]:
    latest: int | None = None
    for batch in batches:
        if batch.height:
            times = batch["time"].to_physical()
            if (latest is not None and int(times[0]) < latest) or not times.is_sorted():
                raise OutOfOrder(
                    expected=say("rows in order of time"),
                    came=say("a table that was put in another order after it was read"),
                    remedy=say("sort it by time, or leave it as it was read"),
                )
            latest = int(times[-1])
        yield batch


def _is_in_order(frame: pl.LazyFrame, rows: int) -> bool:
    try:
        for _ in _passed_on(_slices(frame.select("time"), rows)):
            pass
    except OutOfOrder:
        return False
    return True


def in_total_order(frame: pl.DataFrame) -> pl.DataFrame:
    """Return the rows in total order: time, mover, then every other column."""
    if frame.height < 2:
        return frame
    frame = _by_time_and_mover(frame.rechunk())
    times, movers = frame["time"].to_physical().to_numpy(), frame["mover"]
    twin = times[1:] == times[:-1]
    if not twin.any():
        return frame
    twin &= (movers[1:] == movers[:-1]).to_numpy()
    if not twin.any():
        return frame
    # rows of one mover at one time: few, so only they are sorted by all their columns
    member = np.append(twin, False) | np.insert(twin, 0, False)
    places = np.flatnonzero(member)
    # the youngest report of one position first, then the columns as they stand
    names = [name for name in frame.columns if name not in {"time", "mover"}]
    rest = sorted(names, key=lambda name: name != "position_age_s")
    order = frame[places].select(pl.arg_sort_by("time", "mover", *rest, nulls_last=True)).to_series().to_numpy()
    rows = np.arange(frame.height)
    rows[places] = places[order]
    return frame[rows]


def _by_time_and_mover(frame: pl.DataFrame) -> pl.DataFrame:
    times = frame["time"].to_physical()
    stamps = times.to_numpy()
    if times.is_sorted():
        tie = stamps[1:] == stamps[:-1]
        if not tie.any():
            return frame
        # among equal times the movers must ascend
        places = np.flatnonzero(tie)
        movers = frame["mover"]
        if bool((movers[places] <= movers[places + 1]).all()):
            return frame
    names = frame["mover"].unique().sort()
    start = int(stamps.min())
    span = int(stamps.max()) - start
    if (span + 1) * names.len() >= 2**62:  # one key would overflow: sort by two
        return frame.sort("time", "mover")
    rank = frame["mover"].cast(pl.Enum(names)).to_physical().cast(pl.Int64)
    return frame[((times - start) * names.len() + rank).arg_sort()]


def _place(frame: pl.DataFrame, time_us: int, side: Literal["left", "right"]) -> int:
    return int(frame["time"].to_physical().search_sorted(time_us, side=side))


def _first_us(frame: pl.DataFrame) -> int:
    return int(frame["time"].to_physical()[0])


def _last_us(frame: pl.DataFrame) -> int:
    return int(frame["time"].to_physical()[-1])


def _literal(time_us: int) -> pl.Expr:
    return pl.lit(time_us).cast(pl.Datetime("us")).dt.replace_time_zone("UTC")


def _moment(time_us: int) -> str:
    return str(pl.Series([time_us]).cast(pl.Datetime("us")).dt.to_string("%Y-%m-%dT%H:%M:%S%.3fZ")[0])
