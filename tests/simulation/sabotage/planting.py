"""Planting one bug in the program, and running worlds against it.

A planted bug is one line of the program changed while it is loaded: nothing is written. The changed program runs in a
process of its own.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, SourceFileLoader
from importlib.util import spec_from_file_location
from pathlib import Path
from types import ModuleType

ROOT = Path(__file__).resolve().parents[3]
PACKAGE = ROOT / "src" / "detente"
LIST = Path(__file__).with_name("planted.json")
CAUGHT = 3


@dataclass(frozen=True)
class Change:
    """A place in a file of the program, and what stands there instead."""

    file: str
    old: str
    new: str


@dataclass
class Bug:
    """One line of the program changed: ``old`` stands exactly once in the file.

    seed: one that catches it. world: the kind of world in which it shows, "" for any. also: a second defence that
    would wholly mask it, switched off with it.
    """

    name: str
    file: str
    old: str
    new: str
    seed: int | None = None
    world: str = ""
    also: tuple[Change, ...] = ()

    def changes(self) -> list[Change]:
        """Return every change, the bug's own first."""
        return [Change(self.file, self.old, self.new), *self.also]

    def texts(self) -> dict[str, str]:
        """Return the changed text of each file; raises ValueError when a place is not there exactly once."""
        found: dict[str, str] = {}
        for change in self.changes():
            text = found.get(change.file) or (PACKAGE / change.file).read_text(encoding="utf-8")
            if text.count(change.old) != 1:
                raise ValueError(f"{self.name}: stands {text.count(change.old)} times in {change.file}")
            found[change.file] = text.replace(change.old, change.new)
        return found


def read() -> list[Bug]:
    return [
        Bug(**{**one, "also": tuple(Change(**change) for change in one.get("also", ()))})
        for one in json.loads(LIST.read_text(encoding="utf-8"))
    ]


def write(bugs: Sequence[Bug]) -> None:
    listed = [
        {name: value for name, value in asdict(bug).items() if value or name not in {"world", "also"}}
        for bug in bugs
    ]
    LIST.write_text(json.dumps(listed, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


# ---- in the process of the changed program ---------------------------------------------------------------------


class _Loader(SourceFileLoader):
    """Loads a module from its changed text."""

    text = ""

    def exec_module(self, module: ModuleType) -> None:
        exec(compile(self.text, self.path, "exec"), module.__dict__)  # noqa: S102 - the program itself, one line changed


class _Finder(MetaPathFinder):
    """Finds the changed modules before anybody else does."""

    def __init__(self, texts: dict[str, tuple[str, str]]) -> None:
        self.texts = texts

    def find_spec(self, fullname: str, path: object = None, target: object = None) -> ModuleSpec | None:
        if fullname not in self.texts:
            return None
        place, text = self.texts[fullname]
        loader = _Loader(fullname, place)
        loader.text = text
        return spec_from_file_location(fullname, place, loader=loader)


def plant(name: str) -> Bug:
    """Change the program of this process, before any of it is loaded."""
    assert not any(known.startswith("detente.") for known in sys.modules), "too late to plant"
    bug = next(bug for bug in read() if bug.name == name)
    texts = {
        "detente." + file.removesuffix(".py").replace("/", "."): (str(PACKAGE / file), text)
        for file, text in bug.texts().items()
    }
    sys.meta_path.insert(0, _Finder(texts))
    return bug


def until_caught(name: str, first: int, count: int) -> None:
    """Plant, then run worlds in order; print the first seed that fails, and leave with 3."""
    bug = plant(name)
    from tests.simulation.running import worlds

    for world in worlds(first, count, bug.world):
        try:
            world.run()
        except Exception as fault:  # noqa: BLE001 - whatever a planted bug brings about counts as caught
            print(f"{world.seed} {type(fault).__name__}: {str(fault)[:160]}")
            sys.exit(CAUGHT)


# ---- from outside ----------------------------------------------------------------------------------------------


def _run(bug: Bug, first: int, count: int, timeout_s: int) -> tuple[int | None, str]:
    """Run seeds in order against the changed program until one fails; returns it and what it said."""
    environment = {
        **os.environ, "PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT}", "PYTHONHASHSEED": "0",
    }  # fmt: skip
    program = (
        "import sys; from tests.simulation.sabotage.planting import until_caught; "
        f"until_caught({bug.name!r}, {first}, {count})"
    )
    try:
        run = subprocess.run(
            [sys.executable, "-c", program],
            cwd=ROOT, env=environment, capture_output=True, text=True, timeout=timeout_s, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return None, "out of time"
    if run.returncode not in (0, CAUGHT):
        return first, run.stderr.strip().rsplit("\n", 1)[-1]  # the changed program does not even start
    if run.returncode == 0:
        return None, ""
    seed, _, words = run.stdout.strip().rsplit("\n", 1)[-1].partition(" ")
    return int(seed), words


def hunt(bug: Bug, seeds: int, first: int = 0) -> tuple[int | None, str]:
    """Return the first seed that catches the bug, and how."""
    return _run(bug, first, seeds, 3600)


def replay(bug: Bug) -> tuple[bool, str]:
    """Tell whether the seed of the list still catches the bug, and how."""
    assert bug.seed is not None
    seed, words = _run(bug, bug.seed, 1, 120)
    return seed == bug.seed, words
