"""Served nodes whose disk takes no more: nothing acknowledged is lost, and all goes on when there is room again."""

from __future__ import annotations

import contextlib
import os
import resource
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from detente.errors import DetenteError
from detente.line.effects import Draft
from detente.node.errors import SignerFailure
from detente.node.home import open_reading
from detente.node.serving.remote_host import Link
from detente.node.serving.wire import Submits
from detente.node.speaking import new_submission
from detente.store.errors import StoreFailure
from tests.faults.served_line import ServedLine, looked
from tests.node.serving.served import Served, until
from tests.stories.shell import Shell

FULL = frozenset({"line-stopped", "line-again", "signer-gone"})
FULL_TEXT = "into a full disk" + "x" * 200_000
UNLIMITED = resource.RLIM_INFINITY


@pytest.fixture
def line(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> ServedLine:
    made = ServedLine(Shell(tmp_path, capsys, monkeypatch))
    made.found()
    made.mesh()
    return made


def said_into(line: ServedLine, text: str) -> None:
    """Say something into a full disk; raises what the node answers."""
    link, draft = Link(line.home("west")), Draft("notice", "text/plain", text.encode(), new_submission())
    with contextlib.closing(link):
        link.ask(Submits(line_id(line), (draft,)), again=False)


def refused(line: ServedLine, text: str) -> None:
    """Say something that nobody acknowledges: it is not known whether it is held."""
    with pytest.raises(DetenteError) as failure:
        said_into(line, text)
    assert isinstance(failure.value, StoreFailure | SignerFailure)
    assert failure.value.remedy


def held_to(node: Served, child: str, bytes_max: int) -> None:
    """Let no file of a process grow beyond so much, as a quota does; root or not, on any file system."""
    resource.prlimit(node.pid(child), resource.RLIMIT_FSIZE, (bytes_max, UNLIMITED))


@pytest.mark.parametrize("child", ["node", pytest.param("signer", marks=pytest.mark.prove)])
def test_files_that_may_not_grow_stop_the_line_until_they_may(line: ServedLine, child: str) -> None:
    with line.serving("west") as west, line.serving("east"):
        line.send("west", "before")
        line.settled()
        held_to(west, child, 60_000 if child == "node" else 4096)  # the log is a file, too: the alarm must fit
        if child == "node":
            refused(line, FULL_TEXT)
        else:  # it is on the disk of the record, and the head file hears of it a moment later: nothing left yet
            with contextlib.suppress(DetenteError):
                said_into(line, FULL_TEXT)
        west.until("alarm", name="line-stopped")
        line.send("east", "east goes on")
        assert looked(line.home("west")).process == west.pid("node")  # it lives, and says why it does not work
        held_to(west, child, UNLIMITED)
        west.until("alarm", name="line-again")
        west_said_again(line)
        line.send("west", "after")
        line.settled()
    line.sound(FULL)


def west_said_again(line: ServedLine) -> None:
    """Take in what was said into the full disk, if it is held after all: nobody was told that it is."""
    held = [one["body"]["content"] for one in line.shell.log("west") if one["member"] == "west"]
    line.said["west"] += [text for text in held if text == FULL_TEXT]


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 12 MB, where this machine lets us make one."""
    folder = tmp_path / "small"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=12m", "none", str(folder)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("no small file system can be made here: not root, or not allowed to mount")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


@pytest.mark.prove
@pytest.mark.timeout(300)
def test_a_disk_that_fills_up_and_is_freed(
    small_disk: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    line = ServedLine(Shell(small_disk, capsys, monkeypatch))
    line.found()
    line.mesh()
    with line.serving("west") as west, line.serving("east"):
        line.send("west", "before")
        line.settled()
        ballast = small_disk / "ballast"
        with ballast.open("wb", buffering=0) as file:
            size = 1 << 20
            while size:
                try:
                    file.write(bytes(size))
                except OSError:
                    size //= 2
        refused(line, FULL_TEXT)
        assert west.process.poll() is None
        ballast.unlink()
        until(lambda: looked(line.home("west")).lines[line_id(line)].run == "running", "it goes on by itself")
        west_said_again(line)
        line.send("west", "after")
        line.send("east", "after, too")
        line.settled()
    line.sound(FULL)


def line_id(line: ServedLine) -> str:
    with open_reading(line.home("west")) as opened:
        (one,) = opened.lines()
    return one
