"""Drafts that wait for the desk: each a file of its own in one folder, whole or not at all, delivered once.

A draft leaves the folder when the desk said that it has it. The name of what it is about goes with it, so that a desk
that took it and whose answer was lost takes it no second time. Bounded: what comes when the folder is full is refused
by name, so that a flood of invented encounters never displaces the ones that came before.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import msgspec

from detente import words
from detente.door.errors import OutputFailure
from detente.door.files import cause, writing
from detente.watch.desk_forms import DraftPosted
from detente.watch.errors import WatchMistake

__all__ = ["DRAFT_BYTES_MAX", "REFUSED_KEPT_MAX", "SPOOL_BYTES_MAX", "SPOOL_DRAFTS_MAX", "Spool", "Waiting"]

say = words.speaker("watch")

SPOOL_DRAFTS_MAX = 500
"""Drafts that wait at once; another one is refused as spool-full."""
SPOOL_BYTES_MAX = 2_000_000_000
"""Bytes of all of them together."""
DRAFT_BYTES_MAX = 64_000_000
"""Bytes of one draft with its files, as it lies in the folder; the desk takes little more."""
REFUSED_KEPT_MAX = 100
"""Drafts that the desk refused and that are kept beside, for somebody to look at; the oldest gives way."""
_NAME = re.compile(r"(?P<number>[0-9]{10})-(?P<key>[0-9a-f]{32})\.draft", re.ASCII)
_REFUSED = "refused"
_decoder = msgspec.msgpack.Decoder(DraftPosted)


@dataclass(frozen=True, slots=True)
class Waiting:
    """One draft that waits: which file, what it is about, how large it is."""

    path: Path
    number: int
    key: str
    size: int


class Spool:
    """The folder. ``lost`` counts files that could not be read back, ``refused`` drafts that the desk did not take."""

    def __init__(self, folder: Path) -> None:
        """Open or make the folder, for its owner alone. Raises WatchMistake."""
        self.folder = folder
        self.lost = 0
        self.refused = 0
        self._waiting: dict[str, Waiting] = {}
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            for found in self._found():
                self._waiting.setdefault(found.key, found)
        except OSError as failure:
            raise WatchMistake(
                expected=say("a folder for drafts that wait"),
                came=cause(failure),
                where=str(folder),
                remedy=say("name another one with --spool"),
            ) from failure
        self._next = max((one.number for one in self._waiting.values()), default=-1) + 1

    def __len__(self) -> int:
        """How many wait."""
        return len(self._waiting)

    def put(self, draft: DraftPosted) -> str:
        """Keep a draft until the desk has it; returns "" or why not: spool-full, draft-too-large, disk.

        One about the same thing as one that waits changes nothing.
        """
        if draft.key in self._waiting:
            return ""
        octets = msgspec.msgpack.encode(draft)
        if len(octets) > DRAFT_BYTES_MAX:
            return "draft-too-large"
        held = sum(one.size for one in self._waiting.values())
        if len(self._waiting) >= SPOOL_DRAFTS_MAX or held + len(octets) > SPOOL_BYTES_MAX:
            return "spool-full"
        path = self.folder / f"{self._next:010d}-{draft.key}.draft"
        try:
            with writing(path) as temporary, os.fdopen(_private(temporary), "wb") as opened:
                opened.write(octets)
                opened.flush()
        except OutputFailure:
            return "disk"
        self._waiting[draft.key] = Waiting(path, self._next, draft.key, len(octets))
        self._next += 1
        return ""

    def waiting(self) -> list[Waiting]:
        """Return what waits, longest first."""
        return sorted(self._waiting.values(), key=lambda one: one.number)

    def read(self, waiting: Waiting) -> DraftPosted | None:
        """Return a draft; None for one that cannot be read back, which is put aside and counted."""
        try:
            return _decoder.decode(waiting.path.read_bytes())
        except (OSError, msgspec.DecodeError):
            self.lost += 1
            self._put_aside(waiting)
            return None

    def delivered(self, waiting: Waiting) -> None:
        """Forget a draft that the desk has."""
        self._waiting.pop(waiting.key, None)
        try:
            waiting.path.unlink(missing_ok=True)
        except OSError:
            return  # it is sent once more after a restart, and the desk knows its key

    def refuse(self, waiting: Waiting) -> None:
        """Put a draft aside that the desk will never take."""
        self.refused += 1
        self._put_aside(waiting)

    def _put_aside(self, waiting: Waiting) -> None:
        self._waiting.pop(waiting.key, None)
        aside = self.folder / _REFUSED
        try:
            aside.mkdir(mode=0o700, exist_ok=True)
            waiting.path.replace(aside / waiting.path.name)
            kept = sorted(one for one in aside.iterdir() if _NAME.fullmatch(one.name))
            for old in kept[:-REFUSED_KEPT_MAX]:
                old.unlink(missing_ok=True)
        except OSError:
            return  # it stays where it is, and is looked at again after a restart

    def _found(self) -> Iterator[Waiting]:
        for path in sorted(self.folder.iterdir()):
            named = _NAME.fullmatch(path.name)
            if named is not None and path.is_file():
                yield Waiting(path, int(named["number"]), named["key"], path.stat().st_size)


def _private(path: Path) -> int:
    return os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
