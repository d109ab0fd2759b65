"""An archive: one file with the checked table of tracks, written as the rows come, whole or not at all.

Parquet (zstd, in order of time, row groups that a reader can stream) or CSV, as the name's ending says. In CSV,
text that a spreadsheet would run as a formula gets an apostrophe in front; Parquet keeps text as it came.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Literal

import polars as pl
from polars.io.plugins import register_io_source

from detente import words
from detente.door.errors import OutputFailure
from detente.door.files import writing
from detente.tracks.errors import ReadingMistake
from detente.tracks.schema import SCHEMA

__all__ = ["SUFFIXES", "Extent", "Write", "archive", "check_target"]

say = words.speaker("tracks")

SUFFIXES = (".parquet", ".csv")
ROW_GROUP_ROWS = 100_000
"""A row group is what a reader must hold at least: about 15 MB here."""
_WAITING = 2
_FORMULA = r"^[=+\-@\t\r]"

Write = Callable[[pl.DataFrame], None]


@dataclass(slots=True)
class Extent:
    """What a stream of rows covers: how many rows, who, when, where; None while there is no row.

    west..east is the plain smallest and largest longitude: across the antimeridian it spans the whole Earth.
    """

    rows: int = 0
    movers: set[str] = field(default_factory=set)
    first: datetime | None = None
    last: datetime | None = None
    west_deg: float | None = None
    south_deg: float | None = None
    east_deg: float | None = None
    north_deg: float | None = None

    def see(self, frame: pl.DataFrame) -> None:
        """Widen the extent by these rows."""
        if frame.is_empty():
            return
        self.rows += frame.height
        self.movers.update(frame["mover"].unique())
        first, last, west, south, east, north = frame.select(
            pl.col("time").min(),
            pl.col("time").max().alias("last"),
            pl.col("lon").min(),
            pl.col("lat").min(),
            pl.col("lon").max().alias("east"),
            pl.col("lat").max().alias("north"),
        ).row(0)
        self.first, self.last = min(self.first or first, first), max(self.last or last, last)
        self.west_deg = west if self.west_deg is None else min(self.west_deg, west)
        self.south_deg = south if self.south_deg is None else min(self.south_deg, south)
        self.east_deg = east if self.east_deg is None else max(self.east_deg, east)
        self.north_deg = north if self.north_deg is None else max(self.north_deg, north)


def check_target(target: Path, inputs: list[str]) -> Path:
    """Return the path when its ending is one of SUFFIXES and it is none of the inputs; raises ReadingMistake."""
    if target.suffix.lower() not in SUFFIXES:
        raise ReadingMistake(
            expected=say("a file name that ends in one of {suffixes}", suffixes=", ".join(SUFFIXES)),
            came=repr(target.name),
            where="--out",
            remedy=say("the ending chooses the format: write for example {example}", example="tracks.parquet"),
        )
    if any(name != "-" and Path(name).exists() and target.exists() and target.samefile(name) for name in inputs):
        raise ReadingMistake(
            expected=say("another file than the inputs"),
            came=str(target),
            where="--out",
            remedy=say("choose another name; the input would be replaced"),
        )
    return target


def archive(target: Path | None) -> AbstractContextManager[Write]:
    """Give a function that writes one frame of detente.tracks.SCHEMA after another; None writes nothing.

    The target appears when the block ends well, and is untouched when it fails or is interrupted.
    Raises OutputFailure when the disk is full or the folder is missing or not writable.
    """
    if target is None:
        return nullcontext(lambda _frame: None)
    return _csv(target) if target.suffix.lower() == ".csv" else _parquet(target)


@contextmanager
def _csv(target: Path) -> Iterator[Write]:
    texts = [name for name, kind in SCHEMA.items() if kind == pl.String()]
    neutral = [
        pl.when(pl.col(name).str.contains(_FORMULA)).then(pl.format("'{}", name)).otherwise(name).alias(name)
        for name in texts
    ]
    with writing(target) as temporary, temporary.open("wb") as out:

        def write(frame: pl.DataFrame) -> None:
            frame.with_columns(neutral).write_csv(
                out, include_header=out.tell() == 0, datetime_format="%Y-%m-%dT%H:%M:%S%.6fZ"
            )

        write(pl.DataFrame(schema=SCHEMA))
        yield write
        out.flush()


@contextmanager
def _parquet(target: Path) -> Iterator[Write]:
    """Feed a thread that writes: this one stays free to be interrupted, and its errors stay its own."""
    with writing(target) as temporary:
        writer = _Writer(temporary)
        try:
            yield writer.put
            writer.finish()
        finally:
            writer.abandon()


class _Writer:
    """A thread in which Polars writes one Parquet file from frames that come one after another."""

    def __init__(self, path: Path) -> None:
        """Start writing to the path."""
        self._path = path
        self._frames: queue.Queue[pl.DataFrame | Literal["end", "stop"]] = queue.Queue(_WAITING)
        self._failure: BaseException | None = None
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="detente-archive", daemon=True)
        self._thread.start()

    def put(self, frame: pl.DataFrame) -> None:
        """Hand over one more frame; waits when the writer is behind; raises OutputFailure when it failed."""
        self._hand_over(frame)

    def finish(self) -> None:
        """Write what is left; the file is whole when this returns."""
        self._hand_over("end")
        self._thread.join()
        self._check()

    def abandon(self) -> None:
        """End the thread, whatever it was doing."""
        while not self._ended.is_set():
            try:
                self._frames.put("stop", timeout=0.05)
            except queue.Full:
                continue
            break
        self._thread.join()

    def _hand_over(self, item: pl.DataFrame | Literal["end"]) -> None:
        while True:
            self._check()
            try:
                self._frames.put(item, timeout=0.1)
            except queue.Full:
                continue
            return

    def _check(self) -> None:
        if self._failure is not None:
            raise OutputFailure(
                expected=say("room and permission to write the file"),
                came=str(self._failure).splitlines()[0][:200],
                where=str(self._path.parent),
                remedy=say("free space or choose another place; nothing half-written was left"),
            ) from self._failure

    def _run(self) -> None:
        try:
            register_io_source(self._rows, schema=SCHEMA).sink_parquet(
                self._path,
                compression="zstd",
                row_group_size=ROW_GROUP_ROWS,
                statistics=True,
                maintain_order=True,
            )
        except BaseException as failure:  # noqa: BLE001 - a thread's failure belongs to who feeds it
            self._failure = failure
        finally:
            self._ended.set()

    def _rows(
        self, with_columns: list[str] | None, predicate: pl.Expr | None, n_rows: int | None, batch: int | None
    ) -> Iterator[pl.DataFrame]:
        """Yield what is handed over; a plain sink asks for all columns and all rows."""
        del with_columns, predicate, n_rows, batch
        while True:
            item = self._frames.get()
            if isinstance(item, pl.DataFrame):
                yield item
            elif item == "end":
                return
            else:
                raise InterruptedError  # ends the thread; nobody sees it
