"""A served node whose record is on a PostgreSQL server: either is killed, stopped or cut off while it carries."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from tests.faults.served_line import ServedLine, looked
from tests.node.serving.served import until
from tests.store.servers import DBServer
from tests.stories.shell import Shell

GONE = frozenset({"line-stopped", "line-again", "signer-gone", "lines-held", "lines-go-on"})


@pytest.fixture
def line(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> ServedLine:
    made = ServedLine(Shell(tmp_path, capsys, monkeypatch))
    made.found()
    made.mesh()
    return made


@pytest.mark.timeout(240)
def test_a_node_beside_its_server_goes_on_after_either_was_killed(line: ServedLine, server: DBServer) -> None:
    own = DBServer(within=server.folder.parent)
    try:
        own.found()
        own.start()
        line.shell.run("store move west --to", own.tcp_address())
        line.shell.run("store move west --forget-old")
        with line.serving("west") as west, line.serving("east"):
            line.send("west", "before")
            line.send("east", "before")
            line.settled()
            os.kill(west.pid("node"), signal.SIGKILL)
            line.send("west", "after its node was killed")
            os.kill(west.pid("signer"), signal.SIGKILL)
            line.send("west", "after its signer was killed")
            own.kill()
            line.send("east", "while the server is gone")
            west.until("alarm", name="line-stopped")
            own.start()
            until(lambda: [one.run for one in looked(line.home("west")).lines.values()] == ["running"], "again")
            line.send("west", "after the server was killed")
            line.settled()
        line.sound(GONE)
    finally:
        own.remove()
