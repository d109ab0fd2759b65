"""Other versions of the program beside this one: the release before it, from the history, and one still to come.

The version to come is this one with a few lines changed: statements have one more field without which they are not
understood, bundles one more kind of record, the record one more table. What it writes is what a later release could.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.conftest import ROOT
from tests.stories.program import environment

__all__ = ["Version", "future_version", "previous_version", "snapshot", "this_version"]

PREVIOUS = "c006b62e3227c49c14f7bbb894e20f786445f18d"
"""The last revision before nodes ran by themselves; a release with a tag, once there is one, takes its place."""

_END = '''        """Return the closing record."""
        return Kind'''
_END_WITH_A_HINT = '''        """Return the closing record."""
        hint = b"Q" + (4).to_bytes(4, "big") + b"hint"
        self._digest.update(hint)
        return hint + Kind'''
_FUTURE = (
    (
        "line/statement.py",
        "    type: str\n\n    def encode(",
        '    type: str\n    urgency: str = "high"\n\n    def encode(',
    ),
    ("line/writing.py", "critical=draft.critical,", 'critical=(*draft.critical, "urgency"),'),
    ("line/bundle.py", _END, _END_WITH_A_HINT),
)
_TABLE = '\nMIGRATIONS = (*MIGRATIONS, "CREATE TABLE future (id INTEGER PRIMARY KEY) STRICT")\n'


@dataclass(frozen=True, slots=True)
class Version:
    """One version of the program as a tree of its own; every verb is a process, in ``folder``."""

    name: str
    tree: Path
    folder: Path

    def command(self, *arguments: str | Path) -> list[str]:
        """Return the command line of a verb."""
        return [sys.executable, "-P", "-m", "detente", *map(str, arguments)]

    def environment(self) -> dict[str, str]:
        """Return the environment in which this version's modules are found before any other's."""
        secret = str(self.folder / "secret")
        return environment(PYTHONPATH=str(self.tree), DETENTE_PASSPHRASE_FILE=secret, PYTHONDONTWRITEBYTECODE="1")

    def run(self, line: str, *, text: str = "", code: int = 0) -> str:
        """Run a verb, its words split at spaces; returns standard output and error together."""
        ended = subprocess.run(
            self.command(*line.split()),
            input=text, capture_output=True, text=True, check=False, cwd=self.folder, env=self.environment(),
            timeout=100,
        )  # fmt: skip
        said = ended.stdout + ended.stderr
        assert ended.returncode == code, f"{self.name}: {line}: {ended.returncode}\n{said}"
        assert "Traceback" not in said
        return said if code else ended.stdout

    def json(self, line: str, *, text: str = "", code: int = 0) -> Any:
        """Run a verb with --json; returns the document."""
        return json.loads(self.run(f"{line} --json", text=text, code=code))

    def where(self) -> Path:
        """Return the tree from which this version really runs."""
        ended = subprocess.run(
            [sys.executable, "-P", "-c", "import detente; print(detente.__file__)"],
            capture_output=True, text=True, check=True, cwd=self.folder, env=self.environment(),
        )  # fmt: skip
        return Path(ended.stdout.strip()).parents[1]

    @contextlib.contextmanager
    def serving(self, home: str) -> Iterator[Path]:
        """Serve a home until the block ends; gives its log file."""
        log = self.folder / f"{home}.log"
        with log.open("wb") as file:
            process = subprocess.Popen(
                self.command("serve", home, "--passphrase-file", "secret", "--desk", "off"),
                stdout=file, stderr=file, cwd=self.folder, env=self.environment(),
            )  # fmt: skip
        try:
            yield log
        finally:
            process.terminate()
            try:
                code = process.wait(60)
            except subprocess.TimeoutExpired:
                process.kill()
                code = process.wait()
        assert code == 0, log.read_text(encoding="utf-8")


def this_version(folder: Path) -> Version:
    """Return the version under test."""
    return Version("this", ROOT / "src", folder)


def previous_version(tree: Path, folder: Path) -> Version | None:
    """Return the newest release with a tag before this revision, else the revision above; None without the history."""
    if not tree.exists():
        revision = _previous_revision()
        if revision is None:
            return None
        archive = subprocess.run(
            ["git", "archive", revision, "src"], cwd=ROOT, capture_output=True, check=True
        ).stdout
        tree.mkdir(parents=True)
        with tarfile.open(fileobj=io.BytesIO(archive)) as packed:
            packed.extractall(tree, filter="data")
    return Version("previous", tree / "src", folder)


def _previous_revision() -> str | None:
    if not (ROOT / ".git").exists() or shutil.which("git") is None:
        return None
    tagged = subprocess.run(
        ["git", "describe", "--tags", "--abbrev=0", "--match", "v[0-9]*", "HEAD^"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    revision = tagged.stdout.strip() if tagged.returncode == 0 else PREVIOUS
    there = subprocess.run(
        ["git", "cat-file", "-e", f"{revision}^{{commit}}"], cwd=ROOT, capture_output=True, check=False
    )
    return revision if there.returncode == 0 else None


def future_version(tree: Path, folder: Path, *, table: bool = False) -> Version:
    """Return a version that is still to come. table: its record has one more table than this version's."""
    if not tree.exists():
        shutil.copytree(ROOT / "src", tree, ignore=shutil.ignore_patterns("__pycache__"))
        for name, old, new in _FUTURE:
            path = tree / "detente" / name
            text = path.read_text(encoding="utf-8")
            assert text.count(old) == 1, f"{name}: {old}"
            path.write_text(text.replace(old, new), encoding="utf-8")
        if table:
            with (tree / "detente" / "store" / "schema.py").open("a", encoding="utf-8") as file:
                file.write(_TABLE)
    return Version("future", tree, folder)


def snapshot(*places: Path) -> dict[str, str]:
    """Return what lies under these folders: name -> hash of the bytes; locks and SQLite's own traces left out."""
    return {
        str(one): hashlib.sha256(one.read_bytes()).hexdigest()
        for place in places
        for one in sorted(place.rglob("*"))
        if one.is_file() and one.name not in {"lock", "node.lock"} and not one.name.endswith(("-shm", "-wal"))
    }
