"""Two homes on one line, as most tests of couriers begin."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.node.couriers.world import Pair, make_pair


@pytest.fixture
def pair(tmp_path: Path) -> Pair:
    """Return two founded homes that joined one line and know each other's certificates."""
    return make_pair(tmp_path)
