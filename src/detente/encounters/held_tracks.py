"""Tracks read once and held for as many passes as the search and the report need, in bounded memory."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import polars as pl

from detente import words
from detente.door.errors import OutputFailure
from detente.tracks.schema import SCHEMA

__all__ = ["ROWS_IN_MEMORY", "held"]

say = words.speaker("encounters")

ROWS_IN_MEMORY = 600_000
"""More rows than this go through temporary files; a row takes about 150 bytes."""


@contextmanager
def held(frames: Iterator[pl.DataFrame], *, rows_in_memory: int = ROWS_IN_MEMORY) -> Iterator[pl.LazyFrame]:
    """Give the rows of all frames, in their order, as a table that can be read again and again.

    Few rows stay in memory; many are written to temporary files, which are gone when the context ends, however
    it ends. What reading raises passes through; OutputFailure when the disk of temporary files is full.
    """
    with tempfile.TemporaryDirectory(prefix="detente-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        parts: list[Path] = []
        waiting: list[pl.DataFrame] = []
        rows = 0
        for frame in frames:
            waiting.append(frame)
            rows += frame.height
            if rows > rows_in_memory:
                parts.append(_spilled(waiting, folder / f"{len(parts):06d}.parquet"))
                waiting, rows = [], 0
        if parts and waiting:
            parts.append(_spilled(waiting, folder / f"{len(parts):06d}.parquet"))
        if parts:
            yield pl.scan_parquet(parts, glob=False)
        else:
            yield (pl.concat(waiting) if waiting else pl.DataFrame(schema=SCHEMA)).lazy()


def _spilled(frames: list[pl.DataFrame], path: Path) -> Path:
    try:
        pl.concat(frames).write_parquet(path, compression="lz4")
    except (OSError, pl.exceptions.PolarsError) as failure:
        raise OutputFailure(
            expected=say("room for temporary files"),
            came=str(failure)[:200],
            where=str(path.parent.parent),
            remedy=say("free space, or set TMPDIR to a folder with more of it"),
        ) from failure
    return path
