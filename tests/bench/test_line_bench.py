"""The benchmark of the line measures what it says, on a few notices.

Goal: each part runs, does the whole of its work and gives its figures; the page says what fell short.
Method: each program as ``run.py`` starts it, tiny; no figure is judged here.
"""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.store.servers import DBServer

LINE = Path(__file__).resolve().parents[2] / "bench" / "line"


def run(script: str, *options: str) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, str(LINE / script), *options], capture_output=True, text=True, check=True, timeout=120,
        env={**os.environ, "COVERAGE_PROCESS_START": ""},
    )  # fmt: skip
    return dict(json.loads(done.stdout.splitlines()[-1]))


def test_a_few_notices_go_through_the_whole_exchange_and_the_drain() -> None:
    found = run("exchange.py", "--batch", "3", "--rounds", "2")
    assert found["ratio_least"] <= found["ratio"] <= found["ratio_most"]
    assert run("drain.py", "--notices", "1000")["notices"] == 1000


def test_the_tree_is_measured_with_proofs_that_hold() -> None:
    found = run("tree.py", "--which", "detente", "--leaves", "500", "--proofs", "20")
    assert found["leaves"] == 500


def test_a_large_log_goes_on_where_it_was_stopped_and_is_opened_and_audited(tmp_path: Path) -> None:
    built = [run("large.py", "build", str(tmp_path / "log"), "--statements", "2500", "--at-most", "1000")
             for _ in range(3)]  # fmt: skip
    assert [one["statements"] for one in built] == [1000, 2000, 2500]
    assert run("large.py", "open", str(tmp_path / "log"))["statements"] == 2500
    assert run("large.py", "audit", str(tmp_path / "log"), "--raw-s", "0.05")["counts"]["bodies"] == 2500


def test_both_stores_take_the_same_batches(server: DBServer) -> None:
    found = run("store.py", "--rounds", "1")["stores"]
    for batch in ("1", "100", "1000"):
        assert found["sqlite"][batch]["per_s"] > 0
        assert found["postgresql"][batch]["least"] <= found["postgresql"][batch]["most"]


def test_the_page_says_which_figures_fell_short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(LINE))
    spec = importlib.util.spec_from_file_location("bench_line_results", LINE / "results.py")
    assert spec is not None
    assert spec.loader is not None
    results = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(results)
    about = {"date": "2026-01-01 00:00 UTC", "load": 0.1, "revision": "abc"}
    exchange = dict.fromkeys(
        (
            "notices_per_s",
            "raw_per_s",
            "cpu_ratio",
            "ratio",
            "ratio_least",
            "ratio_most",
            "syncs_per_s",
            "syncs_per_notice",
        ),
        0.4,
    )
    rate = {"per_s": 5000.0, "least": 4000.0, "most": 6000.0, "cpu_us": 7.0}
    page = results.text(
        {
            "exchange": {"1000": exchange, "100": exchange, **about},
            "drain": {"notices": 10_000, "plain_s": 2.0, "sealed_s": 31.0, **about},
            "store": {"version": 18, "syncs_per_s": 900.0, "stores": {which: {"100": rate}
                      for which in ("sqlite", "postgresql")}} | about,
            "tree": {which: {"leaves": 9, "append_per_s": 2.0, "inclusion_per_s": 2.0, "consistency_per_s": 2.0}
                     for which in ("detente", "pymerkle")} | about,
        },
        "a machine",
    )  # fmt: skip
    assert [line.endswith("reached |") for line in page.splitlines() if ">= 0" in line] == [False, True]
    assert "sealed 31.0 s | **missed** |" in page
    assert "| 100 | 5,000 (4,000, 6,000) | 5,000 (4,000, 6,000) | 1.00 | 7, 7 |" in page
    assert "| append, /s | 2 | 2 | 1.0 |" in page
    assert "revision abc" in page
