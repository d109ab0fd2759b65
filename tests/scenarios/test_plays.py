"""The two examples that the demo does not play, on real nodes, to their ends; and drills that must fail."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.stories.program import COMMAND, environment

pytestmark = [pytest.mark.prove, pytest.mark.timeout(600)]


def played(*words: str | Path, folder: Path) -> tuple[int, dict[str, object], str]:
    ended = subprocess.run(
        [*COMMAND, "scenario", "play", *map(str, words), "--keep", "play", "--json"],
        cwd=folder, capture_output=True, text=True, check=False, env=environment(),
    )  # fmt: skip
    return ended.returncode, json.loads(ended.stdout) if ended.stdout else {}, ended.stderr


@pytest.mark.parametrize(("name", "speed"), [("black-sea-transit", "5"), ("humanitarian-river", "100")])
def test_the_example_is_played_to_its_end(tmp_path: Path, name: str, speed: str) -> None:
    file = ROOT / "examples" / "scenarios" / f"{name}.toml"
    code, document, said = played(file, "--speed", speed, folder=tmp_path)
    assert (code, document["failed"]) == (0, []), said
    assert document["training"]
    assert document["synthetic"]
    if name == "humanitarian-river":
        bundles = list((tmp_path / "play" / "sticks").rglob("*.bundle*"))
        assert bundles
        assert not any(b"medicine" in one.read_bytes() or b"Depot" in one.read_bytes() for one in bundles)


def test_an_expectation_that_fails_is_told_and_the_exit_code_says_so(tmp_path: Path) -> None:
    text = (ROOT / "docs" / "tutorials" / "03-designing-an-exercise.md").read_text(encoding="utf-8")
    drill = text.split("cat > drill.toml <<'end'\n")[1].split("\nend\n")[0]
    file = tmp_path / "drill.toml"
    file.write_text(drill.replace('told = "late"', 'told = "met"\nwithin = "1 s"'), encoding="utf-8")
    code, document, _ = played(file, folder=tmp_path)
    assert code == 1
    assert [one for one in document["failed"] if "late" in one]  # type: ignore[attr-defined]
