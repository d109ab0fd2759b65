"""``detente status`` and ``detente alarms`` as a person uses them, with no node running."""

from __future__ import annotations

import os
import pty
import select
import signal
import subprocess
import time
from pathlib import Path

import pytest

from detente.node.alarms.kept import alarms_file
from detente.store.alarms import AlarmFile, Delivery, KeptAlarm
from tests.node.alarms.receivers import posts
from tests.node.serving.served import free_port
from tests.stories.program import COMMAND, environment
from tests.stories.shell import Shell


@pytest.fixture
def shell(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Shell:
    """Return a shell beside two homes on one line."""
    made = Shell(tmp_path, capsys, monkeypatch)
    made.found("west", "east")
    made.join(("west", "east"))
    return made


def keep(shell: Shell, *alarms: KeptAlarm) -> None:
    file = AlarmFile(alarms_file(shell.folder / "west"), create=True)
    file.put(list(alarms), [])
    file.close()


SILENT = KeptAlarm(
    "aaaa11112222", "baltic-1", "silent", "east", "alarm", {}, 1_000, 2_000, told=2, asked=("First",),
    deliveries=(Delivery("terminal", told_ms=1_500, attempts=1), Delivery("mail", "First", 1, 9_000, error="no route")),
)  # fmt: skip
FORK = KeptAlarm("bbbb11112222", "baltic-1", "fork", "east", "emergency", {"kind": "x"}, 1_000, 1_500)
OVER = KeptAlarm("aaab11112222", "", "signer-gone", "", "alarm", {}, 1_000, 2_000, ended_ms=3_000)


def test_one_screen_shows_lines_owed_receipts_and_alarms_without_a_node(shell: Shell) -> None:
    assert "never heard" in shell.run("status west")
    shell.send("west", "hello", "--answer-by 2h")
    keep(shell, SILENT, FORK, OVER)
    screen = shell.run("status west")
    assert "no node runs for it" in screen
    assert "east\ta receipt over 1 statement\t" in screen
    assert "east\tan answer to west/0\tby " in screen
    assert screen.index("bbbb11112222\tEMERGENCY") < screen.index("aaaa11112222\tALARM")
    assert "\x1b" not in screen
    assert "aaab11112222" not in screen
    shell.exchange("west", "east")
    document = shell.json("status west")
    (party,) = document["lines"][0]["parties"]
    assert (party["delivered"], party["read"], party["answered"], party["own_held"]) == (1, 0, 0, 1)
    assert (document["node"]["state"], document["couriers"]) == ("not running", None)
    assert [one["id"] for one in document["alarms"]] == ["bbbb11112222", "aaaa11112222"]
    shell.run("line suspend west --reason", "exercise")
    assert "west itself suspended the line" in shell.run("status west")
    shell.exchange("west", "east")
    assert shell.json("status east")["lines"][0]["parties"][0]["state"] == "suspended"
    assert "приостановлена" in shell.run("status east --language ru")


def test_a_damaged_file_of_alarms_does_not_hide_the_lines(shell: Shell) -> None:
    alarms_file(shell.folder / "west").write_bytes(b"no database" * 400)
    screen = shell.run("status west")
    assert "alarms.sqlite3" in screen
    assert "east\t" in screen
    shell.run("alarms west", code=2)


def test_alarms_are_listed_acknowledged_and_quiet(shell: Shell) -> None:
    assert shell.json("alarms west") == []
    shell.run("alarms west")
    assert "no alarm" in shell.err
    keep(shell, SILENT, FORK, OVER)
    shown = shell.run("alarms west")
    assert shown.index("EMERGENCY") < shown.index("ALARM")
    assert "failed by mail First: no route" in shown
    assert "signer" not in shown
    assert "over since" in shell.run("alarms west --all")
    shell.run("alarms ack west aaa", code=2)  # too short, and two begin so
    shell.run("alarms ack west cccc", code=2)
    assert "acknowledged by Watch" in shell.run("alarms ack west aaaa --by Watch")
    assert [one["name"] for one in shell.json("alarms west")] == ["fork"]
    assert shell.json("alarms ack west bbbb")["acknowledged_ms"] is not None
    for wrong in ("ack west", "test", "test west more", "nowhere", "west more"):
        shell.run(f"alarms {wrong}", code=2)


def test_every_way_is_tested_and_each_failure_said(shell: Shell) -> None:
    assert shell.json("alarms test west") == [{"channel": "terminal", "person": "", "ok": True, "fault": ""}]
    shell.run("alarms test west")
    assert "no way beyond this machine" in shell.err
    with posts(None) as taken:
        (shell.folder / "west" / "settings.toml").write_text(
            f"""
            [alarms]
            webhook = "{taken.link}"
            [alarms.smtp]
            host = "127.0.0.1"
            port = {free_port()}
            from = "a@b.c"
            [[duty]]
            name = "First"
            mail = "first@b.c"
            """
        )
        found = shell.json("alarms test west", code=1)
        assert [(one["channel"], one["person"], one["ok"]) for one in found] == [
            ("terminal", "", True), ("webhook", "", True), ("mail", "First", False),
        ]  # fmt: skip
        assert taken.documents()[0]["name"] == "test"
        text = shell.run("alarms test west", code=1)
    assert "tell-nobody" not in text + shell.err
    assert "nobody listens there" in text


def test_watch_wants_a_terminal(shell: Shell) -> None:
    shell.run("status west --watch", code=2)
    shell.run("status west --watch --json", code=2)


@pytest.mark.parametrize("leave", ["q", "ctrl-c"])
def test_watch_keeps_one_screen_on_a_terminal_until_it_is_left(shell: Shell, leave: str) -> None:
    keep(shell, SILENT)
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [*COMMAND, "status", "west", "--watch"],
        stdin=theirs, stdout=theirs, stderr=theirs, env=environment(TERM="xterm-256color", COLUMNS="150", LINES="50"),
        cwd=shell.folder, start_new_session=True,
    )  # fmt: skip
    os.close(theirs)
    seen, end_s = b"", time.monotonic() + 60
    try:
        while b"leaves" not in seen and time.monotonic() < end_s:
            if select.select([ours], [], [], 1)[0]:
                seen += os.read(ours, 65_536)
        assert b"baltic" in seen
        assert b"aaaa11112222" in seen
        assert b"\x1b[" in seen  # colours, for this is a terminal
        if leave == "q":
            os.write(ours, b"xq")
            os.write(ours, b"q")
        else:
            process.send_signal(signal.SIGINT)
        while process.poll() is None and time.monotonic() < end_s:
            if select.select([ours], [], [], 0.1)[0]:
                try:
                    seen += os.read(ours, 65_536)
                except OSError:  # the other end is closed
                    break
        assert process.wait(30) == 0
        assert b"Traceback" not in seen
    finally:
        process.kill()
        process.wait()
        os.close(ours)
