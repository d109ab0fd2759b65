"""Cleaning: every row is kept or rejected under a named reason, in one pass over rows in time order.

The rules, their limits and what they do to real archives: docs/cleaning.md. The result does not depend on how
the rows are cut into batches. Memory: the rows of the stream's last window, and about 200 bytes a mover.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import polars as pl

from detente.tracks import cleaning_kernel as kernel
from detente.tracks.reasons import Note, Reason, Tally

__all__ = ["LIMITS", "Limits", "clean"]


@dataclass(frozen=True, slots=True)
class Limits:
    """What a fix must exceed to be rejected.

    A hop is impossible when it exceeds both the speed and the distance: 60 m/s (117 kn) and 1,000 m for ships;
    514.4 m/s (1,000 kn) and 2,000 m for all else, because aircraft positions come late by whole seconds.
    owed_m: a repeated position is stale when the reported speed meant more movement than this since it was new.
    advance_s: or when the position's own time advanced no more than this (ages are given to a tenth of a second).
    window_s: how long a fix that nothing reaches waits for a second one that makes it another mover.
    """

    ship_speed_ms: float = 60.0
    ship_distance_m: float = 1_000.0
    other_speed_ms: float = 1_000.0 * 1852.0 / 3600.0
    other_distance_m: float = 2_000.0
    owed_m: float = 30.0
    advance_s: float = 0.1
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
    state = _State(_rules(limits))
    for batch in batches:
        possible = _possible(batch, tally)
        if possible.height:
            state.take(possible)
            yield from state.ready(tally)
    state.end()
    yield from state.ready(tally)


def _possible(batch: pl.DataFrame, tally: Tally) -> pl.DataFrame:
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
class _Piece:
    """A batch with the verdicts on its rows."""

    frame: pl.DataFrame
    first_row: int
    verdicts: npt.NDArray[np.int8]
    numbers: npt.NDArray[np.int32]
    undecided: int


@dataclass(slots=True)
class _State:
    """What is carried from batch to batch."""

    rules: kernel.Rules
    pieces: deque[_Piece] = field(default_factory=deque)
    rows: int = 0
    now_us: int = 0
    movers: npt.NDArray[np.void] = field(default_factory=lambda: np.zeros(0, kernel.MOVER))
    tracks: npt.NDArray[np.void] = field(default_factory=lambda: np.zeros(0, kernel.HYPOTHESIS))
    queue: npt.NDArray[np.void] = field(default_factory=lambda: np.zeros(0, kernel.SETTLED))
    counters: npt.NDArray[np.int64] = field(default_factory=lambda: np.array([0, -1, 0, 0]))
    # codes of movers stay the same from batch to batch, and are this stream's own
    codes: pl.DataType = field(default_factory=lambda: pl.Categorical(pl.Categories.random()))
    # Polars forgets the codes as soon as no series holds them
    names: pl.Series | None = None

    def take(self, frame: pl.DataFrame) -> None:
        """Judge one more batch."""
        rows = frame.height
        names = frame["mover"].cast(self.codes)
        self.names = self.names if self.names is not None else names
        codes = names.to_physical().cast(pl.Int32).to_numpy()
        times = frame["time"].to_physical().to_numpy()
        self.movers = _with_room(self.movers, int(codes.max()) + 1, first=-1, waiting=-1)
        self.tracks = _with_room(self.tracks, int(self.counters[0]) + rows)
        self.queue = _with_room(self.queue, int(self.counters[2]) + rows)
        state = self._state()
        piece = _Piece(frame, self.rows, np.zeros(rows, np.int8), np.ones(rows, np.int32), 0)
        judged = kernel.Rows(
            first_row=self.rows,
            movers=codes,
            times=times,
            lons=frame["lon"].to_numpy(),
            lats=frame["lat"].to_numpy(),
            speeds=frame["speed_kn"].fill_null(np.nan).to_numpy(),
            measured=_measured(frame),
            ships=frame["kind"].eq_missing("ship").to_numpy(),
            verdicts=piece.verdicts,
            numbers=piece.numbers,
        )
        kernel.judge(judged, state, self.rules)
        piece.undecided = int((piece.verdicts == kernel.UNDECIDED).sum())
        self.rows += rows
        self.now_us = int(times[-1])
        self.pieces.append(piece)
        self._settle(state, self.now_us)

    def end(self) -> None:
        """Decide what is still undecided: nothing more comes."""
        far_us = 2 * int(self.rules.window_us.max())
        self._settle(self._state(), self.now_us + far_us)

    def ready(self, tally: Tally) -> Iterator[pl.DataFrame]:
        """Yield the kept rows of the batches in front of which nothing is undecided."""
        while self.pieces and not self.pieces[0].undecided:
            piece = self.pieces.popleft()
            kept = piece.verdicts == kernel.KEPT
            frame = piece.frame
            second = piece.numbers > 1
            if second.any():
                tally.note(Note.SHARED_IDENTITY, int((second & kept).sum()))
                number = pl.Series("number", piece.numbers)
                frame = frame.with_columns(
                    mover=pl.when(number > 1).then(pl.format("{}~{}", "mover", number)).otherwise("mover")
                )
            if not kept.all():
                for verdict, reason in _REASONS.items():
                    tally.reject(reason, int((piece.verdicts == verdict).sum()))
                frame = frame.filter(kept)
            if frame.height:
                aircraft = frame["kind"].eq_missing("aircraft")
                tally.note(Note.NO_ALTITUDE, int((aircraft & frame["altitude_m"].is_null()).sum()))
                yield frame

    def _state(self) -> kernel.State:
        settled = np.zeros(self.queue.size, kernel.SETTLED)
        return kernel.State(self.movers, self.tracks, self.queue, settled, self.counters)

    def _settle(self, state: kernel.State, now_us: int) -> None:
        """Decide what can be decided, and write the verdicts into the batches that still wait."""
        kernel.settle(now_us, state, self.rules)
        count, self.counters[3] = int(self.counters[3]), 0
        starts = [piece.first_row for piece in self.pieces]
        decided = state.settled[:count]
        owner = np.searchsorted(starts, decided["row"], side="right") - 1
        for place in np.unique(owner):
            piece, mine = self.pieces[int(place)], decided[owner == place]
            rows = mine["row"] - piece.first_row
            piece.verdicts[rows] = mine["verdict"]
            piece.numbers[rows] = mine["number"]
            piece.undecided -= rows.size


def _measured(frame: pl.DataFrame) -> npt.NDArray[np.int64]:
    """Return each position's own time, us: the row's time less the position's age; NO_TIME when unknown."""
    ages = frame["position_age_s"]
    if ages.null_count() == frame.height:
        return np.full(frame.height, kernel.NO_TIME)
    own = frame["time"].to_physical() - (ages.clip(0.0, 1e9) * 1e6).round().cast(pl.Int64, strict=False)
    return own.fill_null(kernel.NO_TIME).to_numpy()


def _rules(limits: Limits) -> kernel.Rules:
    return kernel.Rules(
        speed_ms=np.array([limits.ship_speed_ms, limits.other_speed_ms]),
        distance_m=np.array([limits.ship_distance_m, limits.other_distance_m]),
        window_us=np.array([limits.ship_window_s * 1e6, limits.other_window_s * 1e6]).astype(np.int64),
        owed_m=limits.owed_m,
        advance_us=limits.advance_s * 1e6,
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
