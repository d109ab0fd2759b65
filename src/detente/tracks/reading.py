"""From files to one checked table: unpack, recognise, read, put in order, clean; every row accounted for."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
from polars.io.plugins import register_io_source

from detente import words
from detente.tracks.cleaning import clean as cleaned
from detente.tracks.detect import reader_of
from detente.tracks.errors import ReadingMistake
from detente.tracks.ordering import in_time_order
from detente.tracks.plain_parquet import is_archive
from detente.tracks.readers import Options
from detente.tracks.reasons import Note, Tally
from detente.tracks.schema import SCHEMA
from detente.tracks.timestamps import check_zone
from detente.tracks.unpack import Unpacked, sources

__all__ = ["batches", "read", "stream"]

say = words.speaker("tracks")


def read(
    paths: str | Path | Sequence[str | Path],
    *,
    columns: dict[str, str] | None = None,
    time_zone: str | None = None,
    start: datetime | None = None,
    clean: bool = True,
    tally: Tally | None = None,
) -> pl.LazyFrame:
    """Return the rows of all files as one lazy frame with detente.tracks.SCHEMA, in order of time.

    paths: files of any known format, plain or packed; "-" is standard input. columns: our name -> the file's
    column, for plain tables. time_zone: IANA name for times without a zone (else they are UTC). start: aware
    time of the first record, for formats without a date. clean: reject duplicates, stale positions and
    teleports under their names. tally: filled while the frame is collected, anew each time.

    Nothing is read before the frame is collected; then it streams: memory does not grow with the input, which
    may go through temporary files to be put in order. Archives of our own are scanned as they stand when
    neither cleaning nor a tally is asked for; their rows are in the order in which they were written.

    Raises ReadingMistake at once for options that cannot be used; TrackMistake, on collecting, for a file that
    is not tracks.
    """
    given = [paths] if isinstance(paths, str | Path) else list(paths)
    options = _options(columns, time_zone, start)
    if not given:
        raise ReadingMistake(expected=say("at least one file"), came=say("none"), remedy=say("name the files"))
    if not clean and tally is None and not options.columns and all(is_archive(Path(path)) for path in given):
        return pl.scan_parquet([Path(path) for path in given], glob=False)
    counts = tally if tally is not None else Tally()

    def rows(
        with_columns: list[str] | None, predicate: pl.Expr | None, n_rows: int | None, _size: int | None
    ) -> Iterator[pl.DataFrame]:
        _forget(counts)
        left = n_rows
        for frame in stream(given, options, counts, clean=clean):
            part = frame if predicate is None else frame.filter(predicate)
            part = part if with_columns is None else part.select(with_columns)
            part = part if left is None else part.head(left)
            yield part
            if left is not None:
                left -= part.height
                if left <= 0:
                    return

    return register_io_source(rows, schema=SCHEMA, explain_name="detente.tracks")


def stream(
    paths: Sequence[str | Path], options: Options, tally: Tally, *, clean: bool = True
) -> Generator[pl.DataFrame, None, None]:
    """Yield the rows of all files in order of time, cleaned or not, in frames of bounded size."""
    with closing(batches(paths, options, tally)) as incoming:
        ordered = in_time_order(incoming, tally)
        yield from cleaned(ordered, tally) if clean else _altitudes_noted(ordered, tally)


def batches(paths: Sequence[str | Path], options: Options, tally: Tally) -> Generator[pl.DataFrame, None, None]:
    """Yield the rows of all files as their readers give them: judged one by one, neither ordered nor cleaned.

    Raises TrackMistake for an input that is not tracks. A packed input that ends in the middle gives what could
    be unpacked and is noted as CUT_SHORT.
    """
    with closing(sources(paths, progress=tally.progress)) as inputs:
        for source in inputs:
            reader = reader_of(source, options)
            tally.formats[reader.name] += 1
            with closing(_closable(reader.read(source, options, tally))) as frames:
                yield from frames
            _finish(source, tally)


def _finish(source: Unpacked, tally: Tally) -> None:
    if source.cut_short:
        tally.note(Note.CUT_SHORT)


def _closable(frames: Iterable[pl.DataFrame]) -> Generator[pl.DataFrame, None, None]:
    yield from frames


def _altitudes_noted(frames: Iterable[pl.DataFrame], tally: Tally) -> Iterator[pl.DataFrame]:
    for frame in frames:
        flying = pl.col("kind") == "aircraft"
        tally.note(Note.NO_ALTITUDE, int(frame.select((flying & pl.col("altitude_m").is_null()).sum()).item()))
        yield frame


def _options(columns: dict[str, str] | None, time_zone: str | None, start: datetime | None) -> Options:
    if time_zone is not None:
        check_zone(time_zone)
    if start is not None and start.tzinfo is None:
        raise ReadingMistake(
            expected=say("a start with its zone"),
            came=str(start),
            where="start",
            remedy=say("attach UTC: {example}", example="datetime(2018, 4, 4, tzinfo=UTC)"),
        )
    return Options(dict(columns or {}), time_zone, start.astimezone(UTC) if start is not None else None)


def _forget(tally: Tally) -> None:
    """Empty a tally, so that a frame collected twice is not counted twice."""
    tally.rows = 0
    tally.rejected.clear()
    tally.notes.clear()
    tally.formats.clear()
