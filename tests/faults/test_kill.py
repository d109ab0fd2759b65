"""kill -9 of running nodes, and a disk that is really full: real processes, real files."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent


def killed(
    folder: Path, kills: int, seed: int, limit_s: int, program: str = "tests.faults.killing"
) -> dict[str, Any]:
    run = subprocess.run(
        [sys.executable, "-m", program, str(folder), str(kills), str(seed)],
        cwd=ROOT, capture_output=True, text=True, timeout=limit_s, check=False,
    )  # fmt: skip
    assert run.returncode == 0, run.stderr
    found: dict[str, Any] = json.loads(run.stdout)
    return found


def test_killed_nodes_lose_nothing_acknowledged_and_never_fork(tmp_path: Path) -> None:
    found = killed(tmp_path, 12, 1, 100)
    assert found["kills"] >= 12
    assert found["acknowledged"] >= 100


@pytest.mark.prove
@pytest.mark.timeout(600)
def test_nodes_killed_many_times_lose_nothing_and_never_fork(tmp_path: Path) -> None:
    found = killed(tmp_path, 60, 2, 500)
    assert found["kills"] >= 60
    assert found["acknowledged"] >= 500


FILLING = """
import json, resource, sys
from pathlib import Path
from detente.store.errors import StoreFailure
from tests.store.pair import Desk, open_home

folder, line = Path(sys.argv[1]), sys.argv[2]
held = 0
home = open_home(folder / "west")
desk = Desk(home, line)
resource.setrlimit(resource.RLIMIT_FSIZE, (400_000, 400_000))
try:
    for number in range(1000):
        desk.send(*(f"{number} {part} " + "x" * 2000 for part in range(5)))
        held += 5
except StoreFailure as failure:
    print(json.dumps({"held": held, "came": failure.came, "remedy": failure.remedy}))
"""


def test_a_full_disk_stops_in_clear_words_and_keeps_what_it_held(tmp_path: Path) -> None:
    from tests.store.pair import Desk, found_homes, open_home

    line = found_homes(tmp_path)
    run = subprocess.run(
        [sys.executable, "-c", FILLING, str(tmp_path), line],
        cwd=ROOT, capture_output=True, text=True, timeout=100, check=False,
    )  # fmt: skip
    assert run.returncode == 0, run.stderr
    found = json.loads(run.stdout)
    assert found["held"] >= 5
    assert "free space" in found["remedy"]
    with open_home(tmp_path / "west") as home:
        desk = Desk(home, line)
        (origin,) = desk.record.origins()
        assert desk.record.size(origin) >= found["held"]
        desk.send("there is room again")
        assert not desk.refusals


def test_a_killed_signer_loses_nothing_and_no_index_leaves_under_two_signatures(tmp_path: Path) -> None:
    found = killed(tmp_path, 10, 1, 100, "tests.faults.killing_signers")
    assert found["kills"]["signer"] >= 5
    assert found["kills"]["node"] >= 1
    assert found["gone"] >= 1  # the node noticed some of it in the middle of its work
    assert found["acknowledged"] >= 100
    assert found["signatures"] >= 100


@pytest.mark.prove
@pytest.mark.timeout(600)
def test_a_signer_killed_many_times_loses_nothing(tmp_path: Path) -> None:
    found = killed(tmp_path, 80, 2, 500, "tests.faults.killing_signers")
    assert found["kills"]["signer"] >= 50
    assert found["gone"] >= 10
    assert found["acknowledged"] >= 800
