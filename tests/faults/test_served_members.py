"""Who is on the line changes while its nodes run: a member replaced by a new epoch, an observer that joins late."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.faults.served_line import QUICK, ServedLine
from tests.node.serving.served import until
from tests.stories.shell import Shell

CHANGED = frozenset({"opening-proposed", "held-out"})


@pytest.fixture
def line(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> ServedLine:
    made = ServedLine(Shell(tmp_path, capsys, monkeypatch), ("west", "east", "old"))
    made.found(("new", "un"))
    everybody = (*made.members, "new", "un")
    for name in everybody:
        others = {other: made.ports[other] for other in everybody if other != name}
        made.settle_with(name, others, QUICK)
    return made


def in_epoch(shell: Shell, name: str) -> set[str]:
    """Return what a party holds of the second epoch, of which alone a newcomer is told."""
    return {one["ref"] for one in shell.log(name) if one["epoch"] == 2}


@pytest.mark.prove
@pytest.mark.timeout(240)
def test_a_member_is_replaced_and_an_observer_joins_late_beside_running_nodes(line: ServedLine) -> None:
    shell = line.shell
    with line.serving("west"), line.serving("east"):
        with line.serving("old"):
            for name in line.members:
                line.send(name, f"{name} in the first epoch")
            line.settled()
        line.members = ("west", "east")
        proposed = "line key propose west epoch second.opening --line baltic"
        shell.run(f"{proposed} --add new.card --add-observer un.card --without old")
        for name in line.members:
            shell.run(f"line key commit {name} second.opening")
        line.send("west", "west in the second epoch")
        with line.serving("new"), line.serving("un"):
            for name in ("new", "un"):  # their nodes run before they are on any line
                shell.run(f"line join {name} --opening second.opening")
            until(lambda: in_epoch(shell, "un") == in_epoch(shell, "west"), "the observer catches up")
            line.members, line.observers = ("west", "east", "new"), ("un",)
            line.send("new", "new in the second epoch")
            line.send("east", "east in the second epoch")
            for name in ("east", "new", "un"):
                until(lambda: in_epoch(shell, name) == in_epoch(shell, "west"), f"{name} hears all of it")  # noqa: B023
            assert all(shell.party("west", name)["state"] == "open" for name in ("east", "new", "un"))
            line.settled(since=2)
            assert len(in_epoch(shell, "new")) >= 6  # three consents and three notices
    line.sound(CHANGED, newcomers={"new": 2})
