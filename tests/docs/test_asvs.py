"""The table of ASVS items names files and tests that exist."""

from __future__ import annotations

import ast
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TABLE = (ROOT / "docs" / "security" / "asvs.md").read_text(encoding="utf-8").splitlines()
ROWS = [line for line in TABLE if line.startswith("|")][2:]


def test_every_item_names_a_file_and_a_test_that_are_there() -> None:
    wrong = []
    for row in ROWS:
        item, asked, file, test = (cell.strip() for cell in row.strip("|").split("|"))
        assert re.fullmatch(r"\d+\.\d+\.\d+", item), row
        assert asked, row
        path = file.strip("`")
        found = re.fullmatch(r"`(tests/[a-z_/0-9]+\.py)::(test_[a-z0-9_]+)`", test)
        assert found is not None, row
        where = ROOT / found[1]
        if not (ROOT / path).is_file():
            wrong.append(f"{item}: {path}")
        if not where.is_file():
            wrong.append(f"{item}: {found[1]}")
        elif found[2] not in {
            one.name
            for one in ast.parse(where.read_text(encoding="utf-8")).body
            if isinstance(one, ast.FunctionDef)
        }:
            wrong.append(f"{item}: {found[2]}")
    assert not wrong, "\n".join(wrong)


def test_items_stand_in_order_each_once() -> None:
    items = [tuple(map(int, row.split("|")[1].strip().split("."))) for row in ROWS]
    assert items == sorted(set(items))
    assert len(items) >= 40
