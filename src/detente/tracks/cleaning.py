"""Cleaning: every row is kept or rejected under a named reason, in one pass over rows in time order.

The rules, their limits and what they do to real archives: docs/cleaning.md. The result does not depend on how
the rows are cut into batches. Memory: the rows of the stream's last window, and about 200 bytes a mover.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from detente import words
from detente.tracks import cleaning_kernel as kernel
from detente.tracks.reasons import Note, Reason, Tally
from detente.tracks.schema import SCHEMA, complete

__all__ = ["LIMITS", "Court", "Limits", "Verdicts", "clean", "compile_kernel", "possible_rows"]

say = words.speaker("tracks")


@dataclass(frozen=True, slots=True)
class Limits:
    """What a fix must exceed to be rejected.

    A hop is impossible when it exceeds both the speed and the distance: 60 m/s (117 kn) and 1,000 m for ships;
    514.4 m/s (1,000 kn) and 2,000 m for all else, because aircraft positions come late by whole seconds.
    owed_m: a repeated position is stale when the reported speed meant more movement than this since it was new.
    window_s: how long a fix that nothing reaches waits for a second one that makes it another mover.
    """

    ship_speed_ms: float = 60.0
    ship_distance_m: float = 1_000.0
    other_speed_ms: float = 1_000.0 * 1852.0 / 3600.0
    other_distance_m: float = 2_000.0
    owed_m: float = 30.0
    ship_window_s: float = 600.0
    other_window_s: float = 60.0


LIMITS = Limits()

_REASONS = {
    kernel.DUPLICATE: Reason.DUPLICATE,
    kernel.STALE: Reason.STALE,
    kernel.TELEPORT: Reason.TELEPORT,
}


def clean(batches: Iterable[pl.DataFrame], tally: Tally, *, limits: Limits = LIMITS) -> Iterator[pl.DataFrame]:
    """Yield the rows that deserve trust, in the order in which they came; count the others by reason.

    batches: frames of detente.tracks.SCHEMA, in order of time across batches, as detente.tracks.ordering gives.
    A second mover found under one id gets "~2" behind its id, a third "~3"; such rows are counted under
    Note.SHARED_IDENTITY. Kept rows of aircraft without altitude are counted under Note.NO_ALTITUDE.
    """
    state = _State(Court.of(limits))
    for batch in batches:
        possible = possible_rows(batch, tally)
        if possible.height:
            state.take(possible)
            yield from state.ready(tally)
    state.end()
    yield from state.ready(tally)


def compile_kernel(note: Callable[[str], None] | None = None) -> None:
    """Load the compiled rules; the first time after an install they are compiled, which takes some seconds.

    note: is told so, in one sentence, before it is done.
    """
    if note is not None and not _is_compiled():
        note(say("compiling the rules of cleaning, once per install; this takes some seconds"))
    example = {"mover": ["a", "a"], "time": [0, 1], "lon": [0.0, 0.0], "lat": [0.0, 0.0]}
    frame = complete(pl.LazyFrame(example).with_columns(pl.col("time").cast(SCHEMA["time"]))).collect()
    for _ in clean([frame], Tally()):
        pass


def _is_compiled() -> bool:
    """Tell whether the cache holds the kernel, newer than its source."""
    changed = Path(str(kernel.__file__)).stat().st_mtime
    cached = Path(str(kernel.judge.stats.cache_path)).glob("cleaning_kernel.judge-*.nbi")
    return any(found.stat().st_mtime >= changed for found in cached)


def possible_rows(batch: pl.DataFrame, tally: Tally) -> pl.DataFrame:
    """Reject rows without what every row needs, and positions that are not on this Earth."""
    lon, lat = pl.col("lon"), pl.col("lat")
    tests = (
        (Reason.NO_IDENTITY, pl.col("mover").is_null()),
        (Reason.NO_TIME, pl.col("time").is_null()),
        # AIS says longitude 181 or latitude 91 where it has none
        (
            Reason.NOT_AVAILABLE,
            lon.is_null() | lat.is_null() | lon.is_nan() | lat.is_nan() | (lon == 181.0) | (lat == 91.0),
        ),
        (Reason.OUT_OF_RANGE, (lon.abs() > 180.0) | (lat.abs() > 90.0)),
    )
    sound = batch.select(
        pl.all_horizontal(
            pl.col("mover").is_not_null(),
            pl.col("time").is_not_null(),
            lon.is_between(-180.0, 180.0),
            lat.is_between(-90.0, 90.0),
        ).fill_null(value=False)
    ).to_series()
    if sound.all():
        return batch
    verdict = pl.lit(None, pl.String)
    for reason, test in reversed(tests):
        verdict = pl.when(test).then(pl.lit(reason.value)).otherwise(verdict)
    for value, rows in batch.select(verdict.alias("reason")).to_series().drop_nulls().value_counts().iter_rows():
        tally.reject(Reason(value), rows)
    return batch.filter(sound)


@dataclass(slots=True)
class Verdicts:
    """What is known of one slice of rows: the kernel's verdict and the number of its hypothesis, row by row."""

    verdicts: npt.NDArray[np.int8]
    numbers: npt.NDArray[np.int32]

    def kept(self, frame: pl.DataFrame, tally: Tally) -> pl.DataFrame:
        """Return the rows kept, under their movers' ids; count what is decided of the others, undecided rows not."""
        kept = self.verdicts == kernel.KEPT
        second = self.numbers > 1
        if second.any():
            tally.note(Note.SHARED_IDENTITY, int((second & kept).sum()))
            number = pl.Series("number", self.numbers)
            # in one piece: Polars 2.1 panics in format where the first of several pieces is empty
            frame = frame.rechunk().with_columns(
                mover=pl.when(number > 1).then(pl.format("{}~{}", "mover", number)).otherwise("mover")
            )
        if not kept.all():
            for verdict, reason in _REASONS.items():
                tally.reject(reason, int((self.verdicts == verdict).sum()))
            frame = frame.filter(kept)
        if frame.height:
            aircraft = frame["kind"].eq_missing("aircraft")
            tally.note(Note.NO_ALTITUDE, int((aircraft & frame["altitude_m"].is_null()).sum()))
        return frame


@dataclass(slots=True)
class Court:
    """What the rules remember from one slice of rows to the next: positions from which a next fix may come."""

    rules: kernel.Rules
    rows: int = 0
    now_us: int = 0
    movers: npt.NDArray[np.void] = field(default_factory=lambda: np.zeros(0, kernel.MOVER))
    tracks: npt.NDArray[np.void] = field(default_factory=lambda: np.zeros(0, kernel.HYPOTHESIS))
    queue: npt.NDArray[np.void] = field(default_factory=lambda: np.zeros(0, kernel.SETTLED))
    counters: npt.NDArray[np.int64] = field(default_factory=lambda: np.array([0, -1, 0, 0]))

    @classmethod
    def of(cls, limits: Limits) -> Court:
        """Return one that has seen nothing yet."""
        return cls(_rules(limits))

    def judge(self, frame: pl.DataFrame, codes: npt.NDArray[np.int32]) -> tuple[Verdicts, npt.NDArray[np.void]]:
        """Judge the next rows, in order of time; codes: each row's mover as a small number, the same for ever.

        Returns what is known of them, and the rows decided by them (kernel.SETTLED, numbered over the whole stream):
        earlier ones that waited, and some of their own.
        """
        rows = frame.height
        self.movers = _with_room(self.movers, int(codes.max()) + 1, first=-1, waiting=-1)
        self.tracks = _with_room(self.tracks, int(self.counters[0]) + rows)
        self.queue = _with_room(self.queue, int(self.counters[2]) + rows)
        state = self._state()
        times = frame["time"].to_physical().to_numpy()
        found = Verdicts(np.zeros(rows, np.int8), np.ones(rows, np.int32))
        judged = kernel.Rows(
            first_row=self.rows,
            movers=_lent(codes),
            times=_lent(times),
            lons=_lent(frame["lon"].to_numpy()),
            lats=_lent(frame["lat"].to_numpy()),
            speeds=_lent(frame["speed_kn"].fill_null(np.nan).to_numpy()),
            ages_s=_lent(frame["position_age_s"].fill_null(np.nan).to_numpy()),
            ships=_lent(frame["kind"].eq_missing("ship").to_numpy()),
            verdicts=found.verdicts,
            numbers=found.numbers,
        )
        kernel.judge(judged, state, self.rules)
        self.rows += rows
        self.now_us = int(times[-1])
        kernel.settle(self.now_us, state, self.rules)
        return found, self._decided(state)

    def end(self) -> npt.NDArray[np.void]:
        """Decide what is still undecided, because nothing more comes; return the rows decided."""
        state = self._state()
        kernel.settle(self.now_us + 2 * int(self.rules.window_us.max()), state, self.rules)
        return self._decided(state)

    def forget(self, codes: npt.NDArray[np.int32]) -> npt.NDArray[np.void]:
        """Forget these movers, whose codes may be given to others; return the rows decided by that."""
        state = self._state()
        kernel.forget(_lent(codes), state, self.rules)
        kernel.settle(self.now_us, state, self.rules)
        return self._decided(state)

    def _state(self) -> kernel.State:
        settled = np.zeros(self.queue.size, kernel.SETTLED)
        return kernel.State(self.movers, self.tracks, self.queue, settled, self.counters)

    def _decided(self, state: kernel.State) -> npt.NDArray[np.void]:
        count, self.counters[3] = int(self.counters[3]), 0
        return state.settled[:count]  # type: ignore[no-any-return]


@dataclass(slots=True)
class _Piece:
    """A batch with the verdicts on its rows."""

    frame: pl.DataFrame
    first_row: int
    found: Verdicts
    undecided: int


@dataclass(slots=True)
class _State:
    """What is carried from batch to batch."""

    court: Court
    pieces: deque[_Piece] = field(default_factory=deque)
    # codes of movers stay the same from batch to batch, and are this stream's own
    codes: pl.DataType = field(default_factory=lambda: pl.Categorical(pl.Categories.random()))
    # Polars forgets the codes as soon as no series holds them
    names: pl.Series | None = None

    def take(self, frame: pl.DataFrame) -> None:
        """Judge one more batch."""
        names = frame["mover"].cast(self.codes)
        self.names = self.names if self.names is not None else names
        codes = names.to_physical().cast(pl.Int32).to_numpy()
        first_row = self.court.rows
        found, decided = self.court.judge(frame, codes)
        undecided = int((found.verdicts == kernel.UNDECIDED).sum())
        self.pieces.append(_Piece(frame, first_row, found, undecided))
        self._settle(decided)

    def end(self) -> None:
        """Decide what is still undecided: nothing more comes."""
        self._settle(self.court.end())

    def ready(self, tally: Tally) -> Iterator[pl.DataFrame]:
        """Yield the kept rows of the batches in front of which nothing is undecided."""
        while self.pieces and not self.pieces[0].undecided:
            piece = self.pieces.popleft()
            frame = piece.found.kept(piece.frame, tally)
            if frame.height:
                yield frame

    def _settle(self, decided: npt.NDArray[np.void]) -> None:
        """Write the verdicts into the batches that still wait."""
        starts = [piece.first_row for piece in self.pieces]
        owner = np.searchsorted(starts, decided["row"], side="right") - 1
        for place in np.unique(owner):
            piece, mine = self.pieces[int(place)], decided[owner == place]
            rows = mine["row"] - piece.first_row
            piece.found.verdicts[rows] = mine["verdict"]
            piece.found.numbers[rows] = mine["number"]
            piece.undecided -= rows.size


def _lent(array: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Return the array read-only, as Polars lends some: kernels are compiled for one kind of array."""
    lent = np.ascontiguousarray(array).view()
    lent.flags.writeable = False
    return lent


def _rules(limits: Limits) -> kernel.Rules:
    return kernel.Rules(
        speed_ms=np.array([limits.ship_speed_ms, limits.other_speed_ms]),
        distance_m=np.array([limits.ship_distance_m, limits.other_distance_m]),
        window_us=np.array([limits.ship_window_s * 1e6, limits.other_window_s * 1e6]).astype(np.int64),
        owed_m=limits.owed_m,
    )


def _with_room(array: npt.NDArray[np.void], size: int, **fill: int) -> npt.NDArray[np.void]:
    """Return the array with room for ``size`` entries, at least doubled when it must grow."""
    if size <= array.size:
        return array
    grown = np.zeros(max(size, 2 * array.size), array.dtype)
    grown[: array.size] = array
    for name, value in fill.items():
        grown[name][array.size :] = value
    return grown
