"""Rules about the code itself that no linter knows: sizes, words, names, errors, translations."""

from __future__ import annotations

import ast
import importlib
import pkgutil
import re
import subprocess
import sys
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

import detente
from detente.errors import DetenteError, OurMistake, TheirMistake, WorldFailure

ROOT = Path(__file__).resolve().parent.parent
SOURCES = sorted((ROOT / "src").rglob("*.py"))
LINES_MAX = 600
FUNCTION_LINES_MAX = 60
FORBIDDEN_NAMES = {"utils", "util", "helpers", "helper", "common", "manager", "core", "misc"}


def tracked() -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if listed.returncode != 0:
        pytest.skip("not a git checkout: the list of the project's files is not known")
    return [ROOT / name for name in listed.stdout.splitlines() if (ROOT / name).is_file()]


def modules() -> list[str]:
    return [found.name for found in pkgutil.walk_packages(detente.__path__, "detente.")]


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_file_is_too_long_and_no_function_either(source: Path) -> None:
    text = source.read_text(encoding="utf-8")
    if source.name.endswith("_table.py"):  # facts, one a line
        return
    assert len(text.splitlines()) <= LINES_MAX
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            body = node.body[1:] if ast.get_docstring(node) else node.body
            size = (node.end_lineno or 0) - body[0].lineno + 1 if body else 0
            assert size <= FUNCTION_LINES_MAX, f"{node.name}: {size} lines"


def test_no_file_or_module_has_a_name_that_says_nothing() -> None:
    for path in [*tracked()]:
        for part in path.relative_to(ROOT).with_suffix("").parts:
            assert part not in FORBIDDEN_NAMES, path


def test_nothing_is_left_for_later_and_no_machine_is_named() -> None:
    marks = re.compile(r"\b(" + "TO" + r"DO|FIX" + r"ME|X" + r"XX)\b")
    places = re.compile(r"/(work|tmp|farm|root)/[a-z.]")
    for path in tracked():
        relative = path.relative_to(ROOT)
        if path.suffix not in {".py", ".md", ".toml", ".html", ".js", ".ts", ".css", ".sh", ""}:
            continue
        text = path.read_text(encoding="utf-8", errors="replace")
        assert not marks.search(text), relative
        if relative.parts[0] != "tests":
            assert not places.search(text), relative


def test_nothing_that_counts_reads_a_clock_or_draws_randomness() -> None:
    clock = re.compile(r"\b(time\.time|time\.monotonic|datetime\.now|datetime\.utcnow)\b")
    chance = re.compile(r"\b(random\.|secrets\.|uuid)")
    # encounters may salt a hash: what comes out does not depend on it
    for room, asked in (("notices", [clock, chance]), ("rules", [clock, chance]), ("encounters", [clock])):
        for source in sorted((ROOT / "src" / "detente" / room).rglob("*.py")):
            if not source.name.endswith(("commands.py", "_command.py")):
                text = source.read_text(encoding="utf-8")
                assert not any(pattern.search(text) for pattern in asked), source


def test_every_module_imports_and_every_public_name_exists() -> None:
    for name in modules():
        if name == "detente.__main__":
            continue
        module = importlib.import_module(name)
        for public in getattr(module, "__all__", []):
            assert hasattr(module, public), f"{name}.{public}"


def test_every_error_descends_from_the_one_root_and_says_whose_fault_it_was() -> None:
    for name in modules():
        module = importlib.import_module(name) if name != "detente.__main__" else None
        for value in vars(module).values() if module else ():
            if (
                isinstance(value, type)
                and issubclass(value, Exception)
                and value.__module__.startswith("detente")
            ):
                assert issubclass(value, DetenteError), f"{name}.{value.__name__}"
                if value is not DetenteError:
                    assert issubclass(value, OurMistake | TheirMistake | WorldFailure), value


def test_every_module_has_a_docstring_and_every_public_one_says_what_it_offers() -> None:
    for source in SOURCES:
        tree = ast.parse(source.read_text(encoding="utf-8"))
        assert ast.get_docstring(tree), source


def test_every_sentence_has_a_russian_translation_with_the_same_fields() -> None:
    subprocess.run([sys.executable, str(ROOT / "tools" / "compile_words.py"), "--check"], check=True)
    for catalogue in sorted((ROOT / "src" / "detente" / "words" / "ru").glob("*.po")):
        with catalogue.open("rb") as text:
            for message in read_po(text, locale="ru"):
                if not message.id:
                    continue
                ids = message.id if isinstance(message.id, tuple) else (message.id,)
                strings = message.string if isinstance(message.string, tuple) else (message.string,)
                assert all(strings), f"{catalogue.name}: not translated: {ids[0]!r}"
                for string in strings:
                    assert fields(string) <= fields(ids[-1]), f"{catalogue.name}: {ids[0]!r}"
                if len(ids) == 1:
                    assert fields(strings[0]) == fields(ids[0]), f"{catalogue.name}: {ids[0]!r}"


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_sentence_stands_inside_an_f_string(source: Path) -> None:
    """Before Python 3.12 an f-string is one token: what is said inside it is collected into no catalogue."""
    for node in ast.walk(ast.parse(source.read_text(encoding="utf-8"))):
        if isinstance(node, ast.JoinedStr):
            for call in ast.walk(node):
                if isinstance(call, ast.Call):
                    name = call.func.attr if isinstance(call.func, ast.Attribute) else ast.unparse(call.func)
                    assert name not in {"say", "many", "term", "word"}, f"line {call.lineno}: {ast.unparse(call)}"


def fields(sentence: object) -> set[str]:
    """Return the names that a sentence leaves open: {name}, %(name)s, %s."""
    return {"".join(found) for found in re.findall(r"\{(\w*)[^}]*\}|%\((\w+)\)[sd]|(%[sdr])", str(sentence))}


def test_importing_the_package_loads_nothing_heavy() -> None:
    program = (
        "import sys, detente; print(sorted(set(sys.modules) & {'polars', 'numpy', 'numba', 'rich', 'argparse'}))"
    )
    shown = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "[]"


def test_a_planted_breach_of_the_import_contracts_is_found(tmp_path: Path) -> None:
    copy = tmp_path / "src"
    subprocess.run(["cp", "-r", str(ROOT / "src"), str(copy)], check=True)
    (copy / "detente" / "notices" / "breach.py").write_text(
        '"""Breach."""\n\nimport numpy\n\nfrom detente.tracks import SCHEMA\n', encoding="utf-8"
    )
    (copy / "detente" / "desk" / "breach.py").write_text(
        '"""Breach."""\n\nimport apsw\n\nfrom detente.line.keys import Keys\n', encoding="utf-8"
    )
    for name in ("line.keys", "store.record", "node.home", "desk.room"):
        (copy / "detente" / "watch" / f"breach_{name.partition('.')[0]}.py").write_text(
            f'"""Breach."""\n\nimport detente.{name}\n', encoding="utf-8"
        )
    (tmp_path / "pyproject.toml").write_text(
        (ROOT / "pyproject.toml").read_text(encoding="utf-8"), encoding="utf-8"
    )
    run = subprocess.run(
        [str(Path(sys.executable).parent / "lint-imports"), "--no-cache"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        env={"PYTHONPATH": str(copy), "PATH": "/usr/bin:/bin"},
    )
    assert run.returncode == 1, run.stdout + run.stderr
    assert "rooms stand in their order BROKEN" in run.stdout
    assert "notices is pure: no clock, no I/O, no arrays BROKEN" in run.stdout
    assert "desk: no SQL, keys or line directly BROKEN" in run.stdout
    assert "watch parses feeds: no line, store, node, desk or key, not even by others BROKEN" in run.stdout
    for name in ("line", "store", "node", "desk"):
        assert f"detente.watch.breach_{name} -> detente.{name}" in run.stdout


def test_the_lock_has_a_hash_for_every_package_and_names_no_registry() -> None:
    for lock in sorted((ROOT / "locks").glob("*.txt")):
        text = lock.read_text(encoding="utf-8")
        assert "://" not in text, lock
        for requirement in re.findall(r"^[a-z0-9].*(?:\n    .*)*", text, re.MULTILINE):
            assert "--hash=sha256:" in requirement, requirement
