"""``--record``: what the feeds said, as hourly Parquet that every verb for archives reads.

Rows are recorded as they were judged, before cleaning: a position that a spoofer invented is evidence, and who reads
the archive cleans it by the same rules again. Every half a minute what came is written as a whole small file and
brought to the disk, so that a crash or a power cut loses less than a minute and never leaves a broken file; when an
hour is over its small files become one. Rows lie by the hour in which they came, by the watch's clock (a replay's own).

Tracks can be personal data: what is older than the retention period goes, and only files of this form are ever touched.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import polars as pl

from detente import words
from detente.door.errors import OutputFailure
from detente.door.files import cause, writing
from detente.errors import DetenteError
from detente.tracks.archive import archive
from detente.tracks.errors import OutOfOrder
from detente.tracks.readers import Options
from detente.tracks.reading import stream
from detente.tracks.reasons import Tally
from detente.watch.errors import WatchMistake

__all__ = ["FLUSH_S", "HELD_ROWS_MAX", "PART_ROWS_MAX", "Recorder"]

say = words.speaker("watch")

FLUSH_S = 30.0
"""What came is written at the latest after so long."""
PART_ROWS_MAX = 400_000
"""Rows of one small file; as many are written at once, however soon they came."""
HELD_ROWS_MAX = 2_000_000
"""Rows that wait for a disk that takes nothing; what comes then is lost, and counted as record-disk."""
_HOUR = re.compile(
    r"tracks-(?P<hour>[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2})(?:_(?P<part>[0-9]{6}))?\.parquet", re.ASCII
)
_FORM = "%Y-%m-%dT%H"
_ROW_GROUP = 100_000
_LOCK = ".watch.lock"


@dataclass(slots=True)
class _Held:
    """Rows of one hour that are not written yet."""

    frames: list[pl.DataFrame] = field(default_factory=list)
    rows: int = 0


class Recorder:
    """Writes one folder; for one thread at a time. written: rows on the disk; lost: rows that are not, by name."""

    def __init__(self, folder: Path, retain: timedelta | None) -> None:
        """Open the folder for this watch alone, and finish what a crash left undone. Raises WatchMistake."""
        self.folder = folder
        self.written = 0
        self.lost: Counter[str] = Counter()
        self.failure = ""
        self.removed = 0
        self._retain = retain
        self._held: dict[str, _Held] = {}
        self._part = 0
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._lock = os.open(folder / _LOCK, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
            self._only()
            self._mend()
            self._part = max((part for _, part, _ in self._files() if part is not None), default=0)
        except OSError as failure:
            raise WatchMistake(
                expected=say("a folder that this watch may write"),
                came=cause(failure),
                where=str(folder),
                remedy=say("name another one with --record"),
            ) from failure

    @property
    def waiting(self) -> int:
        """Return how many rows are not written yet."""
        return sum(held.rows for held in self._held.values())

    @property
    def is_full(self) -> bool:
        """Whether so much waits that it should be written now."""
        return self.waiting >= PART_ROWS_MAX and not self.failure

    def add(self, rows: pl.DataFrame, received_at: datetime) -> None:
        """Take rows of detente.tracks.SCHEMA that came at a moment."""
        if rows.is_empty():
            return
        if self.waiting + rows.height > HELD_ROWS_MAX:
            self.lost["record-disk"] += rows.height
            return
        held = self._held.setdefault(received_at.astimezone(UTC).strftime(_FORM), _Held())
        held.frames.append(rows)
        held.rows += rows.height

    def flush(self) -> None:
        """Write what waits, each hour's as a small file. What the disk does not take goes on waiting."""
        for hour in sorted(self._held):
            held = self._held[hour]
            while held.frames:
                taken: list[pl.DataFrame] = []
                rows = 0
                while held.frames and (not taken or rows + held.frames[0].height <= PART_ROWS_MAX):
                    rows += held.frames[0].height
                    taken.append(held.frames.pop(0))
                try:
                    self._write(hour, pl.concat(taken).sort("time", "mover", maintain_order=True))
                except OutputFailure as failure:
                    held.frames[:0] = taken
                    self.failure = str(failure)
                    return
                held.rows -= rows
                self.written += rows
            del self._held[hour]
        self.failure = ""

    def tidy(self, now: datetime) -> None:
        """Make one file of each hour that is over, and remove what is too old; ``now`` by the watch's clock."""
        this = now.astimezone(UTC).strftime(_FORM)
        try:
            for hour in sorted({hour for hour, part, _ in self._files() if part is not None and hour < this}):
                self._merge(hour)
            if self._retain is None:
                return
            last = now.astimezone(UTC) - self._retain
            for hour, _, path in list(self._files()):
                if datetime.strptime(hour, _FORM).replace(tzinfo=UTC) + timedelta(hours=1) <= last:
                    path.unlink(missing_ok=True)
                    self.removed += 1
        except (OSError, DetenteError) as failure:
            self.failure = str(failure)

    def close(self, now: datetime) -> None:
        """Write what waits, make one file of each hour, and let the folder go."""
        self.flush()
        self.lost["record-disk"] += self.waiting
        self._held.clear()
        self.tidy(now + timedelta(hours=1))
        os.close(self._lock)

    # ---- files ---------------------------------------------------------------------------------------------------

    def _write(self, hour: str, rows: pl.DataFrame) -> None:
        """Write a small file, on the disk when this returns. Raises OutputFailure."""
        target = self.folder / f"tracks-{hour}_{self._part + 1:06d}.parquet"
        with writing(target) as temporary:
            rows.write_parquet(temporary, compression="zstd", statistics=True, row_group_size=_ROW_GROUP)
        self._sync()
        self._part += 1

    def _merge(self, hour: str) -> None:
        """Make one file of an hour's: whole beside it, named in a journal, put in its place; then the parts go.

        Whatever interrupts this, ``_mend`` either finishes it or leaves the parts as they were: no row stands twice.
        """
        parts = sorted(path for found, part, path in self._files() if found == hour and part is not None)
        whole = self.folder / f"tracks-{hour}.parquet"
        made = self._made(hour)
        sources = [*([whole] if whole.exists() else []), *parts]
        self._write_in_order(sources, made)
        journal = self._journal(hour)
        with writing(journal) as temporary:
            temporary.write_bytes(msgspec.json.encode([path.name for path in parts]))
        self._sync()
        self._replace(hour, [path.name for path in parts])

    def _write_in_order(self, sources: list[Path], made: Path) -> None:
        names = [str(path) for path in sources]
        for nearly in (True, False):
            try:
                with archive(made) as write:
                    for frame in stream(names, Options(), Tally(), clean=False, nearly_in_order=nearly):
                        write(frame)
            except OutOfOrder:
                continue
            return

    def _replace(self, hour: str, parts: list[str]) -> None:
        made = self._made(hour)
        if made.exists():
            made.replace(self.folder / f"tracks-{hour}.parquet")
            self._sync()
        for name in parts:
            if _HOUR.fullmatch(name):
                (self.folder / name).unlink(missing_ok=True)
        self._journal(hour).unlink(missing_ok=True)

    def _mend(self) -> None:
        """Finish, or undo, what was interrupted."""
        for path in self.folder.glob(".tracks-*.journal"):
            hour = path.name.removeprefix(".tracks-").removesuffix(".journal")
            with contextlib.suppress(msgspec.DecodeError):
                self._replace(hour, msgspec.json.decode(path.read_bytes(), type=list[str]))
            path.unlink(missing_ok=True)
        for left in (*self.folder.glob(".tracks-*.parquet"), *self.folder.glob("..tracks-*.part*")):
            left.unlink(missing_ok=True)

    def _files(self) -> Iterator[tuple[str, int | None, Path]]:
        """Yield each file of ours: its hour, its number where it is a part, its path."""
        for path in sorted(self.folder.iterdir()):
            named = _HOUR.fullmatch(path.name)
            if named is not None and path.is_file():
                yield named["hour"], None if named["part"] is None else int(named["part"]), path

    def _made(self, hour: str) -> Path:
        return self.folder / f".tracks-{hour}.parquet"

    def _journal(self, hour: str) -> Path:
        return self.folder / f".tracks-{hour}.journal"

    def _sync(self) -> None:
        """Bring names of files to the disk."""
        folder = os.open(self.folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def _only(self) -> None:
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise WatchMistake(
                expected=say("a folder that no other watch records into"),
                came=say("one that another watch holds"),
                where=str(self.folder),
                remedy=say("give each watch a folder of its own"),
            ) from None
