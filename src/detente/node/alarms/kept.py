"""The alarms of one home in a running node: in memory, and on the disk as long as the disk takes them.

A disk that fails must not silence alarms: they go on from memory, and that is an alarm itself.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

from detente.errors import DetenteError
from detente.node.alarms import rules
from detente.store.alarms import ALARMS_MAX, Acknowledgement, AlarmFile, KeptAlarm

__all__ = ["Kept", "alarms_file"]


def alarms_file(home: Path) -> Path:
    """Return where a home's alarms lie."""
    return home / "alarms.sqlite3"


class Kept:
    """The alarms by id; put on the loop, written in one thread of the disk.

    on_failure: told when the disk begins to fail. dropped: how many were forgotten because there were too many.
    """

    def __init__(self, home: Path, on_failure: Callable[[DetenteError], None]) -> None:
        self.alarms: dict[str, KeptAlarm] = {}
        self.dropped = 0
        self._home = home
        self._on_failure = on_failure
        self._file: AlarmFile | None = None
        self._version: int | None = None
        self._failing = False
        self._changed: dict[str, KeptAlarm] = {}
        self._gone: set[str] = set()
        self._lock = threading.Lock()

    def open(self) -> None:
        """Read what is kept; a file that cannot be read is said and left alone."""
        try:
            self._file = AlarmFile(alarms_file(self._home), create=True)
            self.alarms = {**self._file.kept(), **self.alarms}
        except DetenteError as failure:
            self._fail(failure)

    def close(self) -> None:
        """Keep what changed, and close."""
        self.flush()
        if self._file is not None:
            self._file.close()
            self._file = None

    def put(self, kept: KeptAlarm) -> None:
        """Keep an alarm as it is now; ``flush`` writes it."""
        with self._lock:
            self.alarms[kept.id] = kept
            self._changed[kept.id] = kept
            self._gone.discard(kept.id)
            while len(self.alarms) > ALARMS_MAX:
                least = min(
                    self.alarms.values(),
                    key=lambda one: (one.is_open, -rules.GRAVE.index(one.priority), one.last_ms),
                )
                del self.alarms[least.id]
                self._changed.pop(least.id, None)
                self._gone.add(least.id)
                self.dropped += least.is_open

    def flush(self) -> None:
        """Write what changed; in the disk's thread."""
        with self._lock:
            if self._file is None or not (self._changed or self._gone):
                return
            changed, gone = self._changed, self._gone
            self._changed, self._gone = {}, set()
        try:
            self._file.put(list(changed.values()), sorted(gone))
            self._failing = False
        except DetenteError as failure:
            with self._lock:
                self._changed = {**{k: v for k, v in changed.items() if k in self.alarms}, **self._changed}
                self._gone |= gone - set(self.alarms)
            self._fail(failure)

    def words(self) -> dict[str, Acknowledgement]:
        """Return people's words, when any may be new; in the disk's thread."""
        if self._file is None:
            return {}
        try:
            version = self._file.version()
            if version == self._version:
                return {}
            found = self._file.acknowledgements()
        except DetenteError as failure:
            self._fail(failure)
            return {}
        self._version = version
        return found

    def _fail(self, failure: DetenteError) -> None:
        if not self._failing:
            self._failing = True
            self._on_failure(failure)
