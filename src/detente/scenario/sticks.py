"""Somebody who carries bundles from one folder to another, as on a stick, while a link is cut."""

from __future__ import annotations

import contextlib
import shutil
import threading
from collections.abc import Sequence
from pathlib import Path

__all__ = ["Carrier"]

_WALK_S = 0.3


class Carrier:
    """Goes to and fro until closed. ways: from which folder to which. count, size: sticks and bytes carried so far."""

    def __init__(self, ways: Sequence[tuple[Path, Path]]) -> None:
        self._ways = tuple(ways)
        self._ended = threading.Event()
        self.count = self.size = 0
        self._thread = threading.Thread(target=self._walk, daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop walking."""
        self._ended.set()
        self._thread.join(10)

    def _walk(self) -> None:
        while not self._ended.wait(_WALK_S):
            for out, into in self._ways:
                for one in sorted(out.glob("*.bundle")):
                    if not one.name.startswith("."):
                        with contextlib.suppress(FileNotFoundError):  # a newer one took its place just now
                            self._carry(one, into)

    def _carry(self, one: Path, into: Path) -> None:
        part = into / f".{one.name}.part"
        shutil.copyfile(one, part)
        one.unlink()
        self.count += 1
        self.size += part.stat().st_size
        part.rename(into / one.name)  # whole or not at all, for whoever takes it there
