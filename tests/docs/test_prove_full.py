"""The page of the proofs of hours: each part's last outcome with its date, written even when it failed."""

from __future__ import annotations

from pathlib import Path

import pytest
from tools import prove_full


def small(runs: int) -> dict[str, prove_full.Part]:
    return {
        "good": prove_full.Part(("-c", f"assert {runs} == 7")),
        "bad": prove_full.Part(("-c", "raise SystemExit(3)"), {"ANY": "1"}),
    }


def test_each_part_leaves_a_dated_line_and_a_failed_one_stops_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(prove_full, "parts", small)
    page = tmp_path / "page.md"
    assert prove_full.main(["--only", "bad", "good", "--runs", "7", "--page", str(page)]) == 1
    lines = [line for line in page.read_text("utf-8").splitlines() if line.startswith(("| good", "| bad"))]
    assert [line.split("|")[-2].strip() for line in lines] == ["no fault", "**failed**, exit code 3"]
    assert prove_full.main(["--only", "good", "--runs", "7", "--page", str(page)]) == 0
    again = page.read_text("utf-8")
    assert "| bad: " in again
    assert again.count("| good: ") == 1
    assert "20" in next(line for line in again.splitlines() if line.startswith("| good")).split("|")[2]


def test_the_parts_name_programs_that_exist() -> None:
    for part in prove_full.parts(1).values():
        assert part.arguments[0] == "-m" or (prove_full.ROOT / part.arguments[0]).is_file()
