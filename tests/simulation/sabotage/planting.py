"""Planting one bug in a copy of the package, and running seeds against it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
LIST = Path(__file__).with_name("planted.json")


@dataclass
class Bug:
    """One line of the program changed: ``old`` stands exactly once in the file. ``seed`` is one that catches it."""

    name: str
    file: str
    old: str
    new: str
    seed: int | None = None


def read() -> list[Bug]:
    return [Bug(**one) for one in json.loads(LIST.read_text(encoding="utf-8"))]


@contextmanager
def planted(bug: Bug) -> Iterator[Path]:
    """Give a folder whose ``src`` holds the package with the bug in it."""
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "src"
        shutil.copytree(
            ROOT / "src" / "detente",
            source / "detente",
            ignore=shutil.ignore_patterns("__pycache__", "encounters", "tracks", "*.po"),
        )
        path = source / "detente" / bug.file
        text = path.read_text(encoding="utf-8")
        if text.count(bug.old) != 1:
            raise ValueError(f"{bug.name}: stands {text.count(bug.old)} times in {bug.file}")
        path.write_text(text.replace(bug.old, bug.new), encoding="utf-8")
        yield source


def _run(source: Path, first: int, count: int, timeout_s: int) -> tuple[int | None, str]:
    """Run seeds in order against this copy until one fails; returns it and what it said."""
    environment = {**os.environ, "PYTHONPATH": f"{source}{os.pathsep}{ROOT}", "PYTHONHASHSEED": "0"}
    program = f"from tests.simulation.sabotage.planting import until_caught; until_caught({first}, {count})"
    try:
        run = subprocess.run(
            [sys.executable, "-c", program],
            cwd=ROOT, env=environment, capture_output=True, text=True, timeout=timeout_s, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return None, "out of time"
    if run.returncode not in (0, 3):
        return first, run.stderr.strip().rsplit("\n", 1)[-1]  # the copy does not even start
    if run.returncode == 0:
        return None, ""
    seed, _, words = run.stdout.strip().rsplit("\n", 1)[-1].partition(" ")
    return int(seed), words


def until_caught(first: int, count: int) -> None:
    """Run in the copy: print the first seed that fails, and leave with 3."""
    import detente
    from tests.simulation.world import World

    assert ROOT not in Path(detente.__file__).parents, "not the copy"
    for seed in range(first, first + count):
        try:
            World(seed).run()
        except Exception as fault:  # noqa: BLE001 - whatever a planted bug brings about counts as caught
            print(f"{seed} {type(fault).__name__}: {str(fault)[:160]}")
            sys.exit(3)


def hunt(bug: Bug, seeds: int) -> tuple[int | None, str]:
    """Return the first seed that catches the bug, and how."""
    with planted(bug) as source:
        return _run(source, 0, seeds, 3600)


def replay(bug: Bug) -> bool:
    """Tell whether the seed of the list still catches the bug."""
    assert bug.seed is not None
    with planted(bug) as source:
        return _run(source, bug.seed, 1, 120)[0] == bug.seed
