"""The benchmark measures the same question for everybody.

Goal: its archives are the same each time, each contender's answer is read, and those that are exact agree.
Method: a tiny archive; contenders whose environment is not installed are skipped with a message.
"""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import polars as pl
import pytest
from polars.testing import assert_frame_equal

BENCH = Path(__file__).resolve().parents[2] / "bench"


def _module(name: str, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(BENCH))
    spec = importlib.util.spec_from_file_location(f"bench_{name}", BENCH / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, f"bench_{name}", module)
    spec.loader.exec_module(module)
    return module


def test_the_same_number_of_fixes_gives_the_same_archive(monkeypatch):
    generate = _module("generate", monkeypatch)
    archive = generate.archive(20_000)
    assert archive.height == 20_000
    assert archive["time"].is_sorted()
    assert archive.select("mover", "time").is_unique().all()
    assert_frame_equal(archive, generate.archive(20_000))


def test_a_larger_archive_begins_with_the_same_seas(monkeypatch):
    generate = _module("generate", monkeypatch)
    monkeypatch.setattr(generate, "FIXES_A_SEA", 5_000)
    small, large = generate.archive(5_000), generate.archive(10_000)
    assert_frame_equal(small, large.filter(pl.col("mover").is_in(small["mover"].unique().to_list())))


def test_what_is_planted_is_one_fix_or_one_mover(monkeypatch):
    generate = _module("generate", monkeypatch)
    archive = generate.archive(5_000)
    thrown = generate.planted(archive, "teleport")
    assert (thrown["lon"] != archive["lon"]).sum() == 1
    fast = generate.planted(archive, "fast")
    assert fast["time"].is_sorted()
    assert set(fast["mover"]) - set(archive["mover"]) == {"icao24:4ca1b2"}


def test_every_exact_contender_finds_the_same_pairs(tmp_path, monkeypatch):
    run = _module("run", monkeypatch)
    monkeypatch.setattr(run, "DATA", tmp_path)
    if not run.PEERS.exists():
        pytest.skip("the benchmark's peers are not installed: make bench installs them")
    archive = tmp_path / "tiny.parquet"
    _module("generate", monkeypatch).archive(20_000).write_parquet(archive)
    found = {}
    for contender in (run.DETENTE, run.DUCKDB, run.DUCKDB_LEGS):
        one = run.run(contender, archive, "tiny")
        assert "failed" not in one
        found[contender.name] = pl.read_parquet(run.pairs_path("tiny", contender))
        assert one["pairs"] == found[contender.name].height > 0
    exact = found.pop(run.DUCKDB.name)
    for name, pairs in found.items():
        compared = run.difference(pairs, exact)
        assert (compared["missed"], compared["extra"]) == (0, 0), name
        assert compared["apart_m"] < 0.01, name


def test_a_contender_that_fails_gives_no_figure(tmp_path, monkeypatch):
    run = _module("run", monkeypatch)
    monkeypatch.setattr(run, "DATA", tmp_path)
    one = run.run(run.Contender("nobody", Path(sys.executable), "nobody.py"), tmp_path / "none.parquet", "tiny")
    assert set(one) == {"name", "failed"}


def test_pairs_at_the_limit_are_neither_missed_nor_extra(monkeypatch):
    run = _module("run", monkeypatch)
    reference = pl.DataFrame({"a": ["p", "q", "r"], "b": ["x"] * 3, "distance_m": [10.0, 499.7, 300.0]})
    found = pl.DataFrame({"a": ["p", "s", "t"], "b": ["x"] * 3, "distance_m": [10.5, 499.9, 200.0]})
    assert run.difference(found, reference) == {"missed": 1, "extra": 1, "apart_m": 0.5}


def test_the_programs_say_how_they_are_used():
    for script in ("generate.py", "picture.py", "run.py"):
        done = subprocess.run(
            [sys.executable, str(BENCH / script), "--help"], capture_output=True, text=True, check=True
        )
        assert "usage" in done.stdout
