"""Movers that no draft may name: those of humanitarian notices, which go to nobody but the parties concerned.

The file is looked at again before each draft, for relief convoys are announced while a watch runs. While it cannot be
read no draft is made: a name that must not be told is never told because a file was missing.
"""

from __future__ import annotations

from pathlib import Path

from detente import words
from detente.door.files import cause
from detente.watch.errors import WatchMistake

__all__ = ["BYTES_MAX", "Withheld"]

say = words.speaker("watch")

BYTES_MAX = 1_000_000
"""Bytes of the file."""


class Withheld:
    """Reads the file: one id (mmsi:257000111), name or call sign a line; a line that begins with # is a remark."""

    def __init__(self, path: Path | None) -> None:
        """Read it once, so that a fault shows before anything is watched. None: nobody is withheld."""
        self._path = path
        self._seen: tuple[int, int, int] | None = None
        self._names: frozenset[str] = frozenset()
        self.names()

    def names(self) -> frozenset[str]:
        """Return the ids, names and call signs of now. Raises WatchMistake."""
        if self._path is None:
            return self._names
        try:
            about = self._path.stat()
            seen = (about.st_mtime_ns, about.st_size, about.st_ino)
            if seen == self._seen:
                return self._names
            with self._path.open("rb") as file:
                octets = file.read(BYTES_MAX + 1)
        except OSError as failure:
            raise self._mistake(cause(failure)) from failure
        if len(octets) > BYTES_MAX:
            raise self._mistake(say("more than {most} bytes", most=words.number(BYTES_MAX)))
        try:
            lines = [line.strip() for line in octets.decode("utf-8-sig").splitlines()]
        except UnicodeDecodeError as failure:
            raise self._mistake(say("bytes that are no UTF-8")) from failure
        # a remark has a line of its own: a name may hold a #, and cut short it would withhold nobody
        self._names, self._seen = frozenset(line for line in lines if line and not line.startswith("#")), seen
        return self._names

    def _mistake(self, came: str) -> WatchMistake:
        return WatchMistake(
            expected=say("a text file with one id, name or call sign a line"),
            came=came,
            where=f"--withheld {self._path}",
            remedy=say("make it readable again; until then no incident is drafted"),
        )
