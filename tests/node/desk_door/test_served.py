"""The door in a served node, with its real processes: before its signer has its passphrase, and after."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import json
import os
import signal
from pathlib import Path
from typing import Any

import pytest

from detente.errors import DetenteError
from detente.line.effects import Draft
from detente.line.errors import LineMistake, Refused
from detente.node.desk_door.ask import Asked, DeskLink, FormFaultsError
from detente.node.desk_door.people_questions import PeopleAsked
from detente.node.desk_door.record_questions import (
    DraftKept,
    DraftsAsked,
    EntriesAsked,
    LinesAsked,
    NewsAsked,
    ReleaseAsked,
)
from detente.node.errors import SignerLocked
from detente.node.serving.remote_host import Link
from detente.node.serving.wire import Submits
from tests.line.authenticator import ORIGIN, SITE, release_of
from tests.node.desk_door.test_releasing import ANNA, BERTA, CARL, touched
from tests.node.serving.served import serving, until
from tests.stories.shell import Shell


def ask(home: Path, question: Asked) -> Any:
    """Ask as a desk does, on a link of its own."""

    async def asked() -> Any:
        link = DeskLink(home)
        try:
            return await link.ask(question)
        finally:
            await link.close()

    return asyncio.run(asked())


def test_a_desk_is_told_that_the_signer_waits_and_sees_the_record_afterwards(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    shell = Shell(tmp_path, capsys, monkeypatch)
    shell.found("west", "east")
    shell.join(("west", "east"))
    home = tmp_path / "west"

    def stands(*, ready: bool) -> bool:
        with contextlib.suppress(DetenteError):
            found = ask(home, LinesAsked())
            return bool(found.waits) is not ready and found.ready is ready
        return False

    with serving(home, None):
        until(lambda: stands(ready=False), "a door that says what is waited for")
        assert ask(home, PeopleAsked()).people == ()
        with pytest.raises(SignerLocked):
            ask(home, EntriesAsked())
        shell.run("unlock west")
        until(lambda: stands(ready=True), "lines that run")
        shell.send("west", "hello")
        (row,) = ask(home, EntriesAsked()).rows
        assert (row.title, row.states) == ("hello", {"east": "held"})
        (line,) = ask(home, LinesAsked()).lines
        assert (line.run, line.held) == ("running", 1)


def test_a_draft_of_the_command_line_is_released_by_two_officers_whom_the_signer_knows(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    shell = Shell(tmp_path, capsys, monkeypatch)
    shell.found("west", "east")
    shell.join(("west", "east"))
    home = tmp_path / "west"
    listed = {"format": 1, "kind": "officers", "member": "west", "needed": 1, "needed_for": {}, "site": SITE}
    listed |= {"origins": [ORIGIN], "officers": [{"key": one.key, "name": one.name} for one in (ANNA, BERTA)]}
    (tmp_path / "officers.json").write_text(json.dumps(listed))
    shell.run("line officers west set officers.json")
    (home / "settings.toml").write_text('[line.baltic]\ntwo_person_release = ["message"]\n')
    with serving(home, tmp_path / "secret") as west:
        number = ask(home, NewsAsked(after=0)).number
        shell.run("line send west --type message --body -", text="from the terminal")
        assert "drafts" in ask(home, NewsAsked(after=number, wait_s=40)).topics
        (draft,) = ask(home, DraftsAsked()).drafts
        assert (draft.title, draft.needed, draft.state) == ("from the terminal", 2, "draft")
        request = ask(home, ReleaseAsked(submission=draft.submission))
        assert request.keys == (ANNA.key, BERTA.key)
        assert ask(home, touched(request, ANNA)).state == "waits"
        os.kill(west.pid("node"), signal.SIGKILL)
        west.until("lines.running", 2)
        with pytest.raises(Refused):
            ask(home, touched(request, CARL))
        with pytest.raises(FormFaultsError):
            ask(home, DraftKept(line=draft.line, notice={}))
        alone = Draft(
            "message", "text/plain", b"alone", "1" * 32, release=release_of([ANNA.touch(bytes(32))], ["east"])
        )
        link = Link(home)
        with pytest.raises(LineMistake, match="two people"):
            link.ask(Submits(draft.line, (alone, dataclasses.replace(alone, release=b"no release"))))
        link.close()
        sent = ask(home, touched(request, BERTA))
        assert (sent.state, sent.given, sent.ref) == ("sent", ("anna", "berta"), "west/0")
        assert west.stop() == 0
    shell.exchange("west", "east")
    (entry,) = [one for one in shell.log("east") if one["type"] == "message"]
    assert (entry["body"]["content"], entry["release"]["state"]) == ("from the terminal", "holds")
    assert len(entry["release"]["by"]) == 2
