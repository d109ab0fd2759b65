"""Every planted bug is caught by the seed that stands beside it in the list: the simulation sees."""

from __future__ import annotations

import pytest

from tests.simulation.sabotage.planting import Bug, hunt, planted, read, replay

NEAR_BY = 200


def test_every_bug_of_the_list_can_be_planted() -> None:
    bugs = read()
    assert len({bug.name for bug in bugs}) == len(bugs)
    for bug in bugs:
        with planted(bug):
            pass


@pytest.mark.prove_full
@pytest.mark.timeout(600)
@pytest.mark.parametrize("bug", [bug for bug in read() if bug.seed is not None], ids=lambda bug: bug.name)
def test_a_planted_bug_is_caught(bug: Bug) -> None:
    """By its seed; or by another near by, when the program has changed since the list was made."""
    assert bug.seed is not None, "no seed is known that catches it"
    assert replay(bug) or hunt(bug, NEAR_BY)[0] is not None
