"""Installing: what the base package needs, its lock, and the whole way onto a machine without a network."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.stories.program import environment

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
PINNED = re.compile(r"^([a-z0-9.-]+)==(\S+)", re.MULTILINE)
LOCKED = dict(PINNED.findall((ROOT / "locks" / "node.txt").read_text(encoding="utf-8")))
DIRECT = {re.split(r"[<>=\[ ;]", one)[0] for one in PROJECT["dependencies"]}
HEAVY = {"numpy", "polars", "numba", "pyproj", "pyogrio", "rs1090", "zstandard", "jinja2", "psycopg"}


def test_the_base_package_needs_at_most_twelve_others_and_no_arrays() -> None:
    assert len(DIRECT) <= 12
    assert not DIRECT & HEAVY
    assert not LOCKED.keys() & HEAVY
    page = (ROOT / "docs" / "install.md").read_text(encoding="utf-8")
    assert all(f"`{name}`" in page for name in DIRECT)
    words = {7: "seven", 8: "eight", 9: "nine", 10: "ten", 11: "eleven", 12: "twelve"}
    assert f"needs {words[len(DIRECT)]} others" in page


def test_the_lock_of_the_node_holds_what_is_tested_and_all_that_is_needed() -> None:
    tested = dict(PINNED.findall((ROOT / "locks" / "test.txt").read_text(encoding="utf-8")))
    assert not [name for name in LOCKED if tested.get(name) != LOCKED[name]], "make lock writes both"
    assert LOCKED.keys() >= DIRECT
    text = (ROOT / "locks" / "node.txt").read_text(encoding="utf-8")
    assert text.count("--hash=sha256:") >= len(LOCKED)


def test_nothing_of_the_node_needs_more_than_the_lock_holds() -> None:
    """Every module of the node, the line and the store loads with the locked packages alone."""
    allowed = {name.replace("-", "_") for name in LOCKED} | {"detente", "markdown_it", "rich"}
    code = (
        "import sys, pkgutil, importlib, detente.line, detente.store, detente.node\n"
        "for room in (detente.line, detente.store, detente.node):\n"
        "    for one in pkgutil.walk_packages(room.__path__, room.__name__ + '.'):\n"
        "        if 'postgresql' not in one.name and not one.name.endswith('__main__'):\n"
        "            importlib.import_module(one.name)\n"
        "roots = {getattr(m, '__file__', None) and n.partition('.')[0] for n, m in list(sys.modules.items())\n"
        "         if 'site-packages' in (getattr(m, '__file__', None) or '')}\n"
        "print(*sorted(filter(None, roots)))\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment()
    )
    found = {
        name.lstrip("_") for name in ended.stdout.split() if not name.startswith(("__editable", "_editable"))
    }
    # what others look for and do without (the installation without a network has none of it), and of this installation
    allowed |= {"typing_extensions", "cffi_backend", "editable_impl_detente", "distutils_hack"}
    assert found <= allowed, found - allowed
    assert "apsw" in found


@pytest.mark.prove
@pytest.mark.timeout(600)
def test_a_folder_of_wheels_installs_a_node_that_works_without_a_network(tmp_path: Path) -> None:
    wheels = tmp_path / "wheels"
    packed = subprocess.run(
        [sys.executable, str(ROOT / "tools" / "pack_wheels.py"), str(wheels)],
        capture_output=True, text=True, check=False, timeout=300,
    )  # fmt: skip
    if packed.returncode == 1 and list(wheels.glob("detente-*.whl")):
        pytest.skip(f"no registry of packages can be reached from here: {packed.stderr[-300:]}")
    assert packed.returncode == 0, packed.stderr
    assert {one.name.partition("-")[0].lower() for one in wheels.glob("*.whl")} == {
        name.replace("-", "_") for name in LOCKED
    } | {"detente"}
    again = subprocess.run(
        [sys.executable, str(ROOT / "tools" / "pack_wheels.py"), str(wheels)], check=False, capture_output=True
    )
    assert again.returncode == 2
    (tmp_path / "secret").write_text("correct horse\n", encoding="utf-8")
    ended = subprocess.run(
        [*apart(), "bash", "-euo", "pipefail", "-c", WITHOUT_A_NETWORK],
        cwd=tmp_path, capture_output=True, text=True, check=False, timeout=300,
        env=environment(PYTHON=sys.executable, DETENTE_PASSPHRASE_FILE="secret", PYTHONPATH=""),  # noqa: S106 - a file
    )  # fmt: skip
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert f"detente {PROJECT['version']}" in ended.stdout
    assert "from the other side" in ended.stdout
    listed = json.loads((tmp_path / "installed.json").read_text(encoding="utf-8"))
    installed = {one["name"].lower().replace("_", "-"): one["version"] for one in listed}
    assert {name: version for name, version in installed.items() if name in LOCKED} == LOCKED
    assert set(installed) - set(LOCKED) <= {"detente", "pip", "setuptools"}


def apart() -> list[str]:
    """Return what runs a command in a network namespace without an interface; empty where that is not allowed."""
    for words in (["unshare", "--net"], ["unshare", "--map-root-user", "--net"]):
        try:
            if subprocess.run([*words, "true"], capture_output=True, check=False).returncode == 0:
                return words
        except FileNotFoundError:
            break
    return []


WITHOUT_A_NETWORK = """
(cd wheels && sha256sum --check --quiet SHA256SUMS)
"$PYTHON" -m venv node
node/bin/pip install --quiet --no-index --no-deps --require-hashes --find-links wheels \\
    --requirement wheels/requirements.txt
node/bin/pip list --format json --disable-pip-version-check > installed.json
export PATH="$PWD/node/bin:$PATH"
detente --version
for member in west east; do
    detente line init $member --member $member
    detente line card $member > $member.card
done
for member in west east; do detente line join $member --line baltic west.card east.card; done
mkdir stick
echo 'from the other side' | detente line send west --type notice --body -
detente line pack west --to east stick/
detente line take east stick/
detente line log east
detente --language ru line status east
# a wheel that was changed on the way is refused
printf x >> wheels/h11-*.whl
"$PYTHON" -m venv other
if other/bin/pip install --quiet --no-index --no-deps --require-hashes --find-links wheels \\
    --requirement wheels/requirements.txt; then exit 9; fi
test ! -e other/bin/detente
"""
