from __future__ import annotations

import hashlib
import importlib.util
import json
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from detente import words

ROOT = Path(__file__).resolve().parent.parent.parent


def load(name: str, path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def demo() -> ModuleType:
    return load("demo_archive", ROOT / "tools" / "demo_archive.py")


def digests(folder: Path) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(folder.iterdir())}


def test_the_scenario_is_the_same_in_every_run_and_says_that_it_is_made_up(
    demo: ModuleType, scenario: Path, tmp_path: Path
) -> None:
    demo.write_scenario(tmp_path)
    assert digests(tmp_path) == digests(scenario)  # of another process
    rows = (scenario / "ships.csv").read_text(encoding="utf-8").splitlines()
    assert all("SYNTHETIC" in row for row in rows[1:])
    for identity in re.findall(r"\b\d{9}\b", "\n".join(rows[1:2000])):
        assert identity.startswith("2000")  # no state holds 200


@pytest.mark.timeout(600)
def test_the_demo_plays_its_story_and_finds_all_that_was_planted(tmp_path: Path) -> None:
    run = subprocess.run(
        [sys.executable, str(ROOT / "tools" / "demo.py"), "--folder", str(tmp_path), "--language", "en"],
        capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    assert run.returncode == 0, run.stdout + run.stderr
    assert "TRAINING. SYNTHETIC" in run.stdout
    for told in (
        "reads its card aloud", "everybody reads the same words", "Prior notification", "A) ", "keeps watch",
        "SYNTHETIC MERCHANT 1 and D-17", "SYNTHETIC PATROL 9 and SYNTHETIC FRIGATE W1",
        "released by Anna Berg, Boris Holm", "is answered", "accounts of west, east side by side", "sticks with",
        "comes back with the backup", "readouts of west, east side by side", "accepts evidence.json",
        "refuses tampered.json", "the archive search finds the same",
    ):  # fmt: skip
        assert told in run.stdout, told
    assert ", 0 failed." in run.stdout
    assert run.stdout.count("  found ") == 7
    assert run.stdout.count("  rejected ") == 2
    assert "foreseen the near collision" in run.stdout
    assert (tmp_path / "play" / "report.html").is_file()  # of the recorded tracks
    report = (tmp_path / "archive" / "report.html").read_text(encoding="utf-8")
    assert "SYNTHETIC FRIGATE W1" in report
    assert "MERCHANT" not in report  # of no side: not between rivals
    features = json.loads((tmp_path / "archive" / "encounters.geojson").read_text(encoding="utf-8"))["features"]
    assert {tuple(sorted((f["properties"]["side_a"], f["properties"]["side_b"]))) for f in features} == {
        ("east", "west")
    }


def planted_row(planted: Any, demo: ModuleType, **changed: Any) -> dict[str, Any]:
    moment = demo.START + demo.timedelta(hours=planted.hour)
    row = {"a": planted.a, "b": planted.b, "closest_at": moment.isoformat(), "distance_m": planted.apart_m}
    return row | changed


def test_the_demo_notices_a_planted_encounter_that_was_missed_or_is_wrong(
    demo: ModuleType, capsys: pytest.CaptureFixture[str]
) -> None:
    sides = [planted for planted in demo.PLANTED if planted.rivals]
    whole = [planted_row(planted, demo) for planted in sides]
    assert demo.judge(whole, rivals=True) == 0
    assert demo.judge(whole[1:], rivals=True) == 1
    assert demo.judge([whole[0] | {"distance_m": 900.0}, *whole[1:]], rivals=True) == 1
    assert "MISSED" in capsys.readouterr().out


def test_the_demo_notices_when_the_search_is_taken_in_by_a_planted_fault(
    demo: ModuleType, capsys: pytest.CaptureFixture[str]
) -> None:
    lure = demo.LURES[0]
    moment = demo.START + demo.timedelta(hours=lure.hour)
    assert demo.lured([]) == 0
    assert demo.lured([{"a": lure.b, "b": lure.a, "closest_at": moment.isoformat()}]) == 1
    assert "TAKEN IN" in capsys.readouterr().out


def test_the_demo_speaks_russian_too(demo: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    words.choose("ru")
    sides = [planted for planted in demo.PLANTED if planted.rivals]
    demo.judge([planted_row(planted, demo) for planted in sides[1:]], rivals=True)
    demo.lured([])
    said = capsys.readouterr().out
    assert "ПРОПУЩЕНО" in said
    assert "корвет" in said
    # names and figures aside, nothing is left in English
    assert not set(re.findall(r"[A-Za-z]+", said)) - {"T", "Z"}
