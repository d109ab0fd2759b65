"""The disk that fails on purpose: what of its faults is heard where nobody waits for them."""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable
from pathlib import Path

import apsw
import pytest

from tests.faults.disk import DiskFile, PowerCutError, mounted


class StrangeError(Exception):
    """An error that no test planned."""


def left_open(folder: Path) -> list[apsw.Connection]:
    """Return the only reference to a connection in the middle of a change."""
    made = apsw.Connection(str(folder / "left.sqlite3"), vfs="left-disk")
    made.execute("PRAGMA journal_mode = wal; CREATE TABLE t (a); INSERT INTO t VALUES (1)").fetchall()
    return [made]


@pytest.mark.parametrize(("error", "heard"), [(PowerCutError, 0), (StrangeError, 1)])
def test_only_planned_faults_of_a_connection_that_was_left_open_are_unheard(
    error: type[Exception], heard: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[type[BaseException]] = []
    hook: Callable[[sys.UnraisableHookArgs], None] = lambda found: told.append(found.exc_type)  # noqa: E731
    monkeypatch.setattr(sys, "unraisablehook", hook)
    failed: list[str] = []

    def fail(*_: object) -> None:
        failed.append("sync")
        raise error("planned")

    with mounted("left-disk"):
        only = left_open(tmp_path)
        with monkeypatch.context() as broken:
            broken.setattr(DiskFile, "xSync", fail)
            only.clear()
            gc.collect()
    assert failed
    assert [one is error for one in told] == [True] * heard
    assert sys.unraisablehook is hook
