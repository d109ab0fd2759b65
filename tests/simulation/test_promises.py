"""docs/promises.md names for each promise the test that shows it: those tests are there."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "promises.md").read_text(encoding="utf-8")


def test_every_test_that_a_promise_names_is_there() -> None:
    named = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", PAGE)
    assert len(named) > 25
    missing = [
        f"{file}::{name}"
        for file, name in named
        if not re.search(rf"^def {name}\(", (ROOT / file).read_text(encoding="utf-8"), re.MULTILINE)
    ]
    assert not missing


def test_every_promise_names_a_test() -> None:
    table = PAGE[PAGE.index("| promise |") : PAGE.index("## When a promise")]
    heads = ("| promise | shown by |", "|---|---|")
    rows = [row for row in table.splitlines() if row.startswith("|") and row not in heads]
    assert len(rows) > 15
    assert [row for row in rows if "::test_" not in row] == []
