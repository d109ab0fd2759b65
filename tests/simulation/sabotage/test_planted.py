"""Every planted bug is caught by the seed that stands beside it in the list: the simulation sees."""

from __future__ import annotations

import pytest

from tests.simulation.sabotage.planting import Bug, planted, read, replay


def test_the_list_is_long_enough_and_every_bug_can_be_planted() -> None:
    bugs = read()
    assert len(bugs) >= 40
    assert len({bug.name for bug in bugs}) == len(bugs)
    for bug in bugs:
        with planted(bug):
            pass


@pytest.mark.prove
@pytest.mark.timeout(180)
@pytest.mark.parametrize("bug", read(), ids=lambda bug: bug.name)
def test_a_planted_bug_is_caught(bug: Bug) -> None:
    assert bug.seed is not None, "no seed is known that catches it"
    assert replay(bug)
