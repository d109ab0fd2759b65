"""The page of limits holds every limit of the code, each with its figure."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pytest

from tests.conftest import ROOT

PAGE = (ROOT / "docs" / "limits.md").read_text(encoding="utf-8")
NAME = re.compile(r"^(_?[A-Z][A-Z_]*_MAX(?:_KIB|_MS|_S|_BYTES)?)(?:: \w+)? = ", re.MULTILINE)
ROOMS = ("line", "store", "node", "desk", "scenario")


@pytest.fixture(scope="module")
def tool() -> ModuleType:
    """Return tools/write_limits.py."""
    found = importlib.util.spec_from_file_location("write_limits", ROOT / "tools" / "write_limits.py")
    assert found is not None
    assert found.loader is not None
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return module


def test_every_figure_of_the_page_is_that_of_the_code(tool: ModuleType) -> None:
    assert tool.refreshed(PAGE) == PAGE, "say: python tools/write_limits.py"
    assert len(tool.ROW.findall(PAGE)) > 60
    assert tool.refreshed(PAGE.replace("| 1,000,000 |", "| 2,000,000 |")) == PAGE  # it would be seen


def test_every_maximum_of_the_code_stands_on_the_page(tool: ModuleType) -> None:
    named = {place for _, place in tool.ROW.findall(PAGE)}
    missing = []
    for room in ROOMS:
        for path in sorted((ROOT / "src" / "detente" / room).rglob("*.py")):
            module = ".".join(path.relative_to(ROOT / "src" / "detente").with_suffix("").parts)
            missing += [
                f"| ... | 0 | `{module}:{name}` |"
                for name in NAME.findall(path.read_text(encoding="utf-8"))
                if f"{module}:{name}" not in named and "postgresql" not in module
            ]
    assert not missing, "rows for docs/limits.md:\n" + "\n".join(missing)


def test_pages_that_it_names_are_there() -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", PAGE):
        assert (Path(ROOT / "docs") / target).exists(), target
