"""Processes of served nodes that are stopped (SIGSTOP) and killed while they carry."""

from __future__ import annotations

import contextlib
import json
import os
import random
import signal
from pathlib import Path

import pytest

from tests.faults.served_line import ServedLine, looked
from tests.node.serving.served import Served, until
from tests.stories.shell import Shell

CRASHED = frozenset({"line-stopped", "line-again", "signer-gone", "lines-held", "lines-go-on"})


@pytest.fixture
def line(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> ServedLine:
    made = ServedLine(Shell(tmp_path, capsys, monkeypatch), ("west", "east", "south"))
    made.found()
    made.mesh()
    return made


def tree(node: Served) -> list[int]:
    return [node.process.pid, node.pid("signer"), node.pid("node")]


@pytest.mark.prove
@pytest.mark.timeout(240)
def test_a_frozen_signer_a_frozen_node_and_a_frozen_machine_lose_nothing(line: ServedLine) -> None:
    """All three at once, for longer than the watchdog: it kills what alone is frozen, not what was all asleep."""
    with (
        line.serving("west", desk=True) as west,
        line.serving("east") as east,
        line.serving("south") as south,
    ):
        for name in line.members:
            line.send(name, f"{name} before")
        line.settled()
        asleep = tree(south)
        for process in (west.pid("signer"), east.pid("node"), *asleep):
            os.kill(process, signal.SIGSTOP)
        with line.sending("west", "while its signer is frozen"), line.sending("east", "while its node is frozen"):
            until(lambda: looked(line.home("west")).held_s, "the node says that its lines are held")
            status, _, page = west.page("/health")
            assert (status, json.loads(page)["ok"]) == (503, False)
            assert json.loads(page)["held_s"] > 0
            assert "has not answered for" in west.page()[2]
        for process in asleep:
            os.kill(process, signal.SIGCONT)
        assert west.events("child.silent", child="signer")
        assert east.events("child.silent", child="node")
        line.send("south", "south after it woke")
        line.settled()
        assert looked(line.home("west")).held_s == 0
        assert tree(south) == asleep
        assert not south.events("child.silent")
    line.sound(CRASHED)


@pytest.mark.prove
@pytest.mark.timeout(300)
def test_anything_may_be_killed_or_stopped_at_any_moment(line: ServedLine) -> None:
    chance = random.Random(11)
    with contextlib.ExitStack() as stack:
        nodes = {name: stack.enter_context(line.serving(name)) for name in line.members}
        for number in range(12):
            name = chance.choice(line.members)
            child = chance.choice(("signer", "node"))
            line.send(chance.choice(line.members), f"number {number}")
            before = len(nodes[name].events("child.started", child=child))
            os.kill(nodes[name].pid(child), signal.SIGKILL if number % 6 else signal.SIGSTOP)
            line.send(name, f"number {number}, beside a {child} that is gone")
            nodes[name].until("child.started", before + 1, child=child)
        line.settled()
    line.sound(CRASHED)
