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
            until(lambda: len(shell.log("un")) == len(shell.log("west")), "the observer catches up")
            line.members, line.observers = ("west", "east", "new"), ("un",)
            line.send("new", "new in the second epoch")
            line.send("east", "east in the second epoch")
            until(lambda: len(shell.log("un")) == len(shell.log("west")), "the observer hears on")
            until(lambda: len(shell.log("new")) == len(shell.log("east")), "the new member hears")
            assert all(shell.party("west", name)["state"] == "open" for name in ("east", "new", "un"))
    for name in ("west", "east", "new", "un"):
        shell.run(f"line audit {name}")
    texts = {name: [one["body"].get("content") for one in shell.log(name)] for name in ("west", "east", "new")}
    print(texts)
    line.sound(CHANGED)
