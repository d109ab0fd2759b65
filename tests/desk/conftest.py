"""A desk that runs, and somebody to ask it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.desk.asker import Asker
from tests.desk.desks import RunningDesk, running


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[RunningDesk]:
    """Return a desk with a small door behind it."""
    with running(tmp_path / "home") as found:
        yield found


@pytest.fixture
def ask(desk: RunningDesk) -> Asker:
    """Return somebody who asks it."""
    return Asker(desk)
