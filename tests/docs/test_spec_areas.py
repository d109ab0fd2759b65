"""Every example of spec/areas.md is recomputed, and the columns that it names exist."""

from __future__ import annotations

import doctest
from pathlib import Path

from detente.encounters.visits_schema import VISITS

SPEC = Path(__file__).resolve().parents[2] / "spec" / "areas.md"


def test_every_example_gives_what_the_page_says() -> None:
    outcome = doctest.testfile(str(SPEC), module_relative=False, encoding="utf-8")
    assert outcome.attempted > 12
    assert outcome.failed == 0


def test_columns_that_the_page_names_exist() -> None:
    named = [
        name.strip("`, ")
        for line in SPEC.read_text(encoding="utf-8").splitlines()
        if line.startswith("| `")
        for name in line.split("|")[1].split(",")
    ]
    assert len(named) > 12
    assert set(named) <= set(VISITS)
