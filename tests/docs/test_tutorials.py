"""Each tutorial is run from its first command to its last, in one shell, as a reader would."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.node.serving.served import free_port
from tests.stories.program import environment

TUTORIALS = sorted((ROOT / "docs" / "tutorials").glob("[0-9]*.md"))
PORT = re.compile(r"(?<=127\.0\.0\.1:)84[0-9]{2}")


def script(page: str) -> str:
    """Return the commands of a page, with ports that are free on this machine."""
    blocks = re.findall(r"^```sh\n(.*?)^```$", page, re.DOTALL | re.MULTILINE)
    commands = "".join(blocks)
    ports: dict[str, str] = {}
    while len(ports) < len(set(PORT.findall(commands))):
        ports = {name: str(free_port()) for name in sorted(set(PORT.findall(commands)))}
        if len(set(ports.values())) < len(ports):
            ports = {}
    return PORT.sub(lambda found: ports[found[0]], commands)


def run_page(page: Path, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run all commands of a page in one shell; what still runs at the end is stopped."""
    bin_folder = folder / "bin"
    bin_folder.mkdir()
    program = bin_folder / "detente"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m detente "$@"\n', encoding="utf-8")
    program.chmod(0o755)
    text = "set -euo pipefail\ntrap 'kill $(jobs -p) 2> /dev/null || true; wait' EXIT\n"
    return subprocess.run(
        ["bash", "-c", text + script(page.read_text(encoding="utf-8"))],
        cwd=folder, capture_output=True, text=True, check=False, timeout=280,
        env=environment(PATH=f"{bin_folder}:{os.environ['PATH']}"),
    )  # fmt: skip


def test_there_are_three_tutorials() -> None:
    assert [page.stem.partition("-")[0] for page in TUTORIALS] == ["01", "02", "03"]


LONG = frozenset({"03-designing-an-exercise"})
"""Plays scenarios on real nodes several times."""


@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    "page",
    [
        pytest.param(page, marks=pytest.mark.prove if page.stem in LONG else (), id=page.stem)
        for page in TUTORIALS
    ],
)
def test_each_tutorial_works_from_its_first_command_to_its_last(page: Path, tmp_path: Path) -> None:
    ended = run_page(page, tmp_path)
    logs = "".join(one.read_text(encoding="utf-8") for one in tmp_path.glob("*/*.log"))
    assert ended.returncode == 0, ended.stdout + ended.stderr + logs
    assert "Traceback" not in ended.stderr + logs
    if page.stem.endswith("two-running-nodes"):
        fingerprints = re.findall(r"fingerprint of the line +(.+)", ended.stdout)
        assert len(fingerprints) == 2
        assert len(set(fingerprints)) == 1
        assert "Exercise from 0600Z in area Bravo" in ended.stdout  # in east's log
        assert "the running node carries it to east" in ended.stderr
    elif page.stem.endswith("with-an-archive"):
        assert "encounters: 2, pairs: 2, movers: 4, fixes: 484" in ended.stdout + ended.stderr
        assert (tmp_path / "archive" / "report.html").is_file()
    else:
        assert "5 expectations held, 0 failed." in ended.stdout
        assert "no such side: aest" in ended.stderr


def test_what_the_tutorials_name_is_there_and_what_they_quote_is_said() -> None:
    source = "".join(one.read_text(encoding="utf-8") for one in (ROOT / "src" / "detente").rglob("*.py"))
    for page in TUTORIALS:
        text = page.read_text(encoding="utf-8")
        for target in re.findall(r"\]\(([^)#]+)\)", text):
            assert (page.parent / target).exists(), target
        if page.stem.endswith("two-running-nodes"):
            for quoted in ("no such file yet: detente cert new makes it", "never heard", "in use by process"):
                assert quoted in text
                assert quoted in source
