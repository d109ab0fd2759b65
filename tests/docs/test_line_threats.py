"""The table of what the line withstands names tests that exist, and no line of it is without one."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TABLE = (ROOT / "docs" / "security" / "line-threats.md").read_text(encoding="utf-8").splitlines()
ROWS = [line for line in TABLE if line.startswith("|")][2:]


@cache
def named_in(path: str) -> frozenset[str]:
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    return frozenset(one.name for one in tree.body if isinstance(one, ast.FunctionDef))


@pytest.mark.parametrize("row", ROWS)
def test_a_threat_names_the_test_that_shows_the_answer(row: str) -> None:
    happens, does, named = (cell.strip() for cell in row.strip("|").split("|"))
    assert happens
    assert does
    found = re.fullmatch(r"`(tests/[a-z_/]+\.py)::(test_[a-z0-9_]+)`", named)
    assert found is not None, named
    assert found[2] in named_in(found[1]), named


def test_the_table_is_not_empty() -> None:
    assert len(ROWS) > 30
