"""Goal: a file is written whole or not at all. Method: every way to fail, and two real processes."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

from detente import words
from detente.door.errors import OutputFailure
from detente.door.files import cause, writing


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_the_target_appears_when_all_is_written_and_not_before(tmp_path):
    target = tmp_path / "out.csv"
    with writing(target) as temporary:
        temporary.write_text("whole")
        assert temporary.parent == tmp_path
        assert temporary.suffix == ".csv"
        assert not target.exists()
    assert target.read_text() == "whole"
    assert names(tmp_path) == ["out.csv"]


@pytest.mark.parametrize("failure", [ValueError, KeyboardInterrupt, MemoryError])
def test_any_failure_leaves_the_old_file_and_nothing_beside_it(tmp_path, failure):
    target = tmp_path / "out.csv"
    target.write_text("old")
    with pytest.raises(failure), writing(target) as temporary:  # noqa: PT012 - the failure comes after writing
        temporary.write_text("half")
        raise failure
    assert target.read_text() == "old"
    assert names(tmp_path) == ["out.csv"]


def test_a_failing_disk_is_said_with_the_targets_name(tmp_path):
    target = tmp_path / "out.csv"
    with pytest.raises(OutputFailure) as caught, writing(target) as temporary:  # noqa: PT012
        temporary.write_text("half")
        raise OSError(28, "No space left on device")
    assert caught.value.where == str(target)
    assert caught.value.came == "no space left on the device"
    assert names(tmp_path) == []


def test_what_the_machine_said_is_told_in_the_readers_language():
    wrapped = "parquet: File out of specification: underlying IO error: No space left on device (os error 28)"
    assert cause(OSError(wrapped)) == "no space left on the device"
    assert cause(OSError("something of a library's own")) == "something of a library's own"
    words.choose("ru")
    try:
        assert (
            cause(OSError(wrapped))
            == cause(OSError(errno.ENOSPC, "No space left on device"))
            == "нет места на устройстве"
        )
        assert cause(OSError(errno.EFBIG, "File too large")) == "файл стал бы больше, чем здесь позволено"
    finally:
        words.choose("en")


def test_a_disk_that_takes_nothing_is_said_with_the_targets_name_as_well(tmp_path, monkeypatch):
    def refusing(*_: object, **__: object) -> None:
        raise OSError(errno.EROFS, os.strerror(errno.EROFS), "a temporary name")

    monkeypatch.setattr(Path, "unlink", refusing)
    with pytest.raises(OutputFailure) as raised, writing(tmp_path / "out.csv") as temporary:
        refusing(temporary)
    assert raised.value.where == str(tmp_path / "out.csv")
    assert raised.value.came == "nothing can be written there: it is mounted for reading only"


def test_a_missing_folder_is_said(tmp_path):
    with pytest.raises(OutputFailure), writing(tmp_path / "none" / "out.csv") as temporary:
        temporary.write_text("x")


def test_a_writer_that_wrote_nothing_is_a_failure_and_no_empty_file(tmp_path):
    with pytest.raises(OutputFailure), writing(tmp_path / "out.csv"):
        pass
    assert names(tmp_path) == []


def test_a_folder_in_the_place_of_the_target_is_said(tmp_path):
    (tmp_path / "out.csv").mkdir()
    with pytest.raises(OutputFailure), writing(tmp_path / "out.csv") as temporary:
        temporary.write_text("x")
    assert names(tmp_path) == ["out.csv"]


def test_two_processes_that_write_one_target_leave_one_whole_file(tmp_path):
    program = (
        "import sys, time; from pathlib import Path; from detente.door.files import cause, writing\n"
        "with writing(Path(sys.argv[1])) as temporary, temporary.open('w') as out:\n"
        "    for _ in range(200):\n"
        "        out.write(sys.argv[2] * 1000); out.flush(); time.sleep(0.001)\n"
    )
    target = tmp_path / "out.csv"
    both = [subprocess.Popen([sys.executable, "-c", program, str(target), letter]) for letter in "ab"]
    assert [process.wait() for process in both] == [0, 0]
    assert target.read_text() in {"a" * 200_000, "b" * 200_000}
    assert names(tmp_path) == [target.name]
