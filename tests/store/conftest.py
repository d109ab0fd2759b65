"""Each shared test of the store runs over SQLite files and over a PostgreSQL server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from detente.store.interface import Record
from tests.store.keeping import KINDS, Kept


@pytest.fixture(params=KINDS)
def kept(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Kept]:
    made = Kept.at(request.param, tmp_path, lambda: request.getfixturevalue("server"))
    yield made
    made.end()


@pytest.fixture
def record(kept: Kept) -> Record:
    return kept.made()
