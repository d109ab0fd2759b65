"""A shell for stories: the program's own door, called as a person calls it, each verb a run of its own."""

from __future__ import annotations

import io
import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from detente.__main__ import main
from detente.node import home, keyfile


class Shell:
    """Runs verbs in one folder; ``out`` and ``err`` hold what the last one said."""

    def __init__(
        self,
        folder: Path,
        capsys: pytest.CaptureFixture[str],
        patch: pytest.MonkeyPatch,
        templates: Path | None = None,
    ) -> None:
        self.folder, self.capsys, self.patch = folder, capsys, patch
        self.templates = templates
        self.out = self.err = ""
        (folder / "secret").write_text("correct horse\n")
        patch.setenv("DETENTE_PASSPHRASE_FILE", str(folder / "secret"))
        patch.chdir(folder)
        cheap = keyfile.Cost(passes=1, memory_kib=64, lanes=1)
        patch.setattr(keyfile, "Cost", lambda: cheap)

    def run(self, line: str, *more: str, text: str | bytes | None = None, code: int | None = 0) -> str:
        """Run one verb, its words split at spaces, ``more`` as they are; returns standard output.

        code: the exit code that must come; None allows 0, 1 and that of Ctrl-C.
        """
        octets = (text or "") if isinstance(text, bytes) else (text or "").encode()
        self.patch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(octets)))  # type: ignore[arg-type]
        self.capsys.readouterr()
        try:
            found = main([*line.split(), *more])
        except SystemExit as stop:
            found = int(str(stop.code))
        captured = self.capsys.readouterr()
        self.out, self.err = captured.out, captured.err
        assert found == code or (code is None and found in {0, 1, 130}), (
            f"{line}: {found}, expected {code}\n{self.out}{self.err}"
        )
        assert "Traceback" not in self.err
        return self.out

    def json(self, line: str, *more: str, text: str | None = None, code: int | None = 0) -> Any:
        """Run one verb with --json; returns the document."""
        return json.loads(self.run(f"{line} --json", *more, text=text, code=code))

    def pair(self) -> None:
        """Let west and east stand on one line: founded and joined once in a session, then copied.

        A copied home runs on another machine than before, so for these stories every machine is the same; a story
        that starts the program in a process of its own must found its homes itself.
        """
        assert self.templates is not None
        for function in (home.found, home.open_writing):
            defaults = function.__kwdefaults__
            assert defaults is not None
            self.patch.setitem(defaults, "machine", lambda _: "the same machine")
        if not self.templates.exists():
            self.found("west", "east")
            self.join(("west", "east"))
            shutil.copytree(self.folder, self.templates)
        else:
            shutil.copytree(self.templates, self.folder, dirs_exist_ok=True)

    def found(self, *members: str) -> None:
        """Found homes, write their cards, carry their root keys away."""
        for member in members:
            self.run(f"line init {member} --member {member}")
            (self.folder / f"{member}.card").write_text(self.run(f"line card {member}"))
            keep = self.folder / f"keeper-{member}"
            keep.mkdir()
            for root in self.folder.glob(f"{member}.root-*"):
                root.rename(keep / root.name)

    def join(self, members: tuple[str, ...], observers: tuple[str, ...] = (), more: str = "") -> set[str]:
        """Let everybody join the line baltic; returns the fingerprints that they read."""
        cards = " ".join(f"{one}.card" for one in members)
        others = " ".join(f"--observer {one}.card" for one in observers)
        return {
            self.json(f"line join {one} --line baltic {cards} {others} {more}")["fingerprint"]
            for one in (*members, *observers)
        }

    def send(self, member: str, text: str, more: str = "") -> Any:
        """Send a notice; returns its document."""
        return self.json(f"line send {member} --type notice --body - {more}", text=text)

    def carry(self, one: str, other: str, more: str = "", code: int = 0) -> Any:
        """Pack a bundle for another party and take it there; returns what take said."""
        bundle = self.folder / f"{one}-{other}.bundle"
        self.run(f"line pack {one} --to {other} {bundle} {more}")
        return self.json(f"line take {other} {bundle}", code=code)

    def exchange(self, one: str, other: str, more: str = "") -> None:
        """Carry bundles to and fro."""
        self.carry(one, other, more)
        self.carry(other, one, more)

    def status(self, member: str, code: int | None = 0) -> Any:
        """Return how the only line of a home stands."""
        return self.json(f"line status {member}", code=code)["lines"][0]

    def party(self, member: str, name: str, code: int = 0) -> Any:
        """Return what the status of a home says about a party."""
        return next(one for one in self.status(member, code)["parties"] if one["member"] == name)

    def log(self, member: str) -> list[Any]:
        """Return the record of a home, entry by entry."""
        return [json.loads(one) for one in self.run(f"line log {member} --json").splitlines()]

    def copy(self, home: str, target: str) -> None:
        """Copy a folder as a careless operator does."""
        shutil.copytree(self.folder / home, self.folder / target)
