"""docs/agreements.md says what the files and the program say; the room's pure modules are all held by a contract."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

from detente.rules.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "agreements.md").read_text(encoding="utf-8")
READS_FILES = {
    "shelf",
    "files",
    "commands",
    "rules_command",
    "obligations_command",
    "contacts_command",
    "transparency_command",
    "page",
}  # page shows what a terminal would make visible


def test_the_tables_are_what_the_files_say() -> None:
    subprocess.run([sys.executable, str(ROOT / "tools" / "agreements_table.py"), "--check"], check=True)


def test_every_cut_off_stands_on_the_page_with_its_default() -> None:
    for name in Settings.__struct_fields__:
        assert f"`{name} = {getattr(Settings(), name)}`" in PAGE, name


def test_every_module_that_reads_no_file_is_held_pure() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    [contract] = [
        one for one in settings["tool"]["importlinter"]["contracts"] if one["name"].startswith("rules is pure")
    ]
    held = {name.removeprefix("detente.rules.") for name in contract["source_modules"]}
    modules = {path.stem for path in (ROOT / "src" / "detente" / "rules").glob("*.py")} - {"__init__"}
    assert held == modules - READS_FILES
