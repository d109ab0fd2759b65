"""Served nodes that come back with yesterday's record: they refill each other, sign again, and never twice."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.faults.served_line import ServedLine
from tests.node.serving.served import until
from tests.stories.shell import Shell

BEHIND = frozenset({"refilling", "halted", "older-have-vector"})


@pytest.fixture
def line(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> ServedLine:
    made = ServedLine(Shell(tmp_path, capsys, monkeypatch))
    made.found()
    made.mesh()
    return made


def by_hand(line: ServedLine, *texts: str) -> None:
    for text in texts:
        line.send("west", f"west {text}")
        line.send("east", f"east {text}")
    for _ in range(2):
        line.shell.exchange("west", "east")


@pytest.mark.timeout(240)
def test_both_come_back_from_backups_of_different_days(line: ServedLine) -> None:
    """West by the verb, from Monday; east as a folder that was copied on Tuesday, without any verb."""
    shell = line.shell
    by_hand(line, "on Sunday")
    shell.run("backup west monday.backup")
    by_hand(line, "on Monday", "on Monday again")
    shutil.copytree(line.home("east"), shell.folder / "tuesday")
    shutil.rmtree(line.home("west"))
    shutil.rmtree(line.home("east"))
    shell.run("restore monday.backup west")
    shutil.copytree(shell.folder / "tuesday", line.home("east"))
    line.mesh_again()
    with line.serving("west"), line.serving("east"):
        until(lambda: shell.status("west", code=None)["run"] == "running", "west is full again")
        line.send("west", "west after the restore")
        line.send("east", "east after the restore")
        line.settled()
    line.sound(BEHIND)


@pytest.mark.timeout(240)
def test_what_both_lost_is_never_signed_twice_and_ends_in_a_new_generation(line: ServedLine) -> None:
    """Both are of Monday, and what they said later is nowhere: their head files know that something was said."""
    shell = line.shell
    by_hand(line, "on Sunday")
    for name in line.members:
        shell.run(f"backup {name} {name}.backup")
    kept = {name: list(texts) for name, texts in line.said.items()}
    by_hand(line, "lost on both sides")
    for name in line.members:
        shutil.rmtree(line.home(name))
        shell.run(f"restore {name}.backup {name}")
    line.said = kept
    line.mesh_again()
    with line.serving("west"), line.serving("east"):
        until(
            lambda: {shell.status(name, code=None)["run"] for name in line.members} == {"refilling"}, "they wait"
        )
        for name in line.members:
            shell.run(f"line send {name} --type notice --body -", text="too early", code=2)
            shell.run(f"line key propose {name} generation {name}.proposal --reason loss --close-at {name}/0")
            for number in (1, 2):
                shell.run(f"line key approve {name}.proposal --root-key keeper-{name}/{name}.root-{number}.key")
            shell.run(f"line key commit {name} {name}.proposal")
        for name in line.members:
            line.send(name, f"{name} with new keys")
        line.settled()
    line.sound(BEHIND | {"keys-changed"}, lost="the root keys closed this log at 1")
