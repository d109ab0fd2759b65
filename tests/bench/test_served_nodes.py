"""Two served nodes under load and in faults, a short cut of what bench/node measures in full.

Goal: at the pace of the benchmark nothing is refused, lost or doubled, every notice is receipted and memory stays
within bounds; a backlog drains; faults at random lose nothing. Method: the benchmark's own programs, real processes
over TLS. No time is asserted: the figures are written into the test's folder, and printed.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
PER_S, FOR_S = 200, 60


def measured(folder: Path, script: str, *options: object) -> dict[str, Any]:
    """Run one program of the benchmark; returns its figures, which are written down and printed as well."""
    command = [sys.executable, str(ROOT / "bench" / "node" / script), *map(str, options)]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT / "src"), str(ROOT)])}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=600, check=False)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    (folder / f"{script}.json").write_text(json.dumps(found, indent=1))
    sys.stdout.write(f"{script} {json.dumps(found)}\n")
    return found


@pytest.mark.prove
def test_a_minute_of_load_both_ways_is_all_held_and_receipted(tmp_path: Path) -> None:
    found = measured(tmp_path, "load.py", "--per-s", PER_S, "--for-s", FOR_S)
    assert found["notices"] == 2 * PER_S * FOR_S  # each accepted, and each receipted: else it would have stopped
    assert found["accept_ms"]["p50"] <= found["accept_ms"]["p99"] <= found["accept_ms"]["most"]
    assert found["receipts"] >= 2
    assert set(found["memory_growth"]) == {"west node", "west signer", "east node", "east signer"}
    # a minute is mostly the filling of caches, which have a size; what grows for ever shows in the full run
    assert max(found["memory_mib"].values()) < 150


@pytest.mark.prove
def test_a_backlog_drains_and_faults_at_random_lose_nothing(tmp_path: Path) -> None:
    drained = measured(tmp_path, "drain.py", "--notices", 2_000)
    assert drained["notices"] == 2_000
    record = tmp_path / "soak.jsonl"
    soaked = measured(
        tmp_path, "soak.py", "--hours", 25 / 3600, "--rest-s", 3, "--per-s", 20, "--seed", 7, "--out", record
    )
    assert soaked["whole"] is True
    assert all(count > 0 for count in soaked["held"].values())
    assert sum(soaked["faults"].values()) > 0
    whats = [json.loads(line)["what"] for line in record.read_text().splitlines()]
    assert (whats[0], whats[-1]) == ("begins", "ends")


@pytest.mark.prove
def test_attacks_leave_a_nodes_own_sends_alone(tmp_path: Path) -> None:
    found = measured(tmp_path, "hostile.py", "--for-s", 4)
    assert set(found) == {
        "nothing",
        "slow requests",
        "half-open connections",
        "huge bodies",
        "a flood of bundles",
    }
    for name, one in found.items():
        assert one["sends"] == 20, name  # every one of them was accepted
    assert found["a flood of bundles"]["mib"] > 0
