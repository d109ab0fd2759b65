"""The door in a served node, with its real processes: before its signer has its passphrase, and after."""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path
from typing import Any

import pytest

from detente.errors import DetenteError
from detente.node.desk_door.ask import Asked, DeskLink
from detente.node.desk_door.people_questions import PeopleAsked
from detente.node.desk_door.record_questions import EntriesAsked, LinesAsked
from detente.node.errors import SignerLocked
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
