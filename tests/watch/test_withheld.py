"""The file of movers that no draft may name."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from detente.watch.errors import WatchMistake
from detente.watch.withheld import BYTES_MAX, Withheld


def test_a_name_a_line_with_remarks_and_the_marks_that_editors_leave(tmp_path: Path) -> None:
    file = tmp_path / "withheld.txt"
    file.write_bytes("\ufeffmmsi:257000111\r\n\n  RELIEF ONE \n# nobody\nBARGE #3\nМЕДИКИ\n".encode())
    assert Withheld(file).names() == {"mmsi:257000111", "RELIEF ONE", "BARGE #3", "МЕДИКИ"}
    assert Withheld(None).names() == frozenset()


def test_what_is_added_while_the_watch_runs_is_withheld_from_the_next_draft_on(tmp_path: Path) -> None:
    file = tmp_path / "withheld.txt"
    file.write_text("RELIEF ONE\n")
    withheld = Withheld(file)
    file.write_text("RELIEF TWO\n")  # as long as before, and perhaps of the same moment
    os.utime(file, ns=(1, 1))
    assert withheld.names() == {"RELIEF TWO"}


def test_while_the_file_is_not_there_nobody_is_said_not_to_be_withheld(tmp_path: Path) -> None:
    file = tmp_path / "withheld.txt"
    file.write_text("RELIEF ONE\n")
    withheld = Withheld(file)
    file.unlink()
    with pytest.raises(WatchMistake) as told:
        withheld.names()
    assert str(file) in told.value.where
    file.write_text("RELIEF ONE\nRELIEF TWO\n")
    assert len(withheld.names()) == 2


@pytest.mark.parametrize("octets", [b"\xff\xfe\x00", b"x" * (BYTES_MAX + 1)])
def test_what_is_no_such_file_is_refused_before_anything_is_watched(tmp_path: Path, octets: bytes) -> None:
    file = tmp_path / "withheld.txt"
    file.write_bytes(octets)
    with pytest.raises(WatchMistake):
        Withheld(file)
