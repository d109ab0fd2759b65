"""Every planted bug is caught by the seed that stands beside it in the list: the simulation sees."""

from __future__ import annotations

import pytest

from tests.simulation.running import worlds
from tests.simulation.sabotage.planting import Bug, read, replay

BUGS = read()
LEAST = 40


def test_every_bug_of_the_list_can_be_planted_and_has_a_seed_that_catches_it() -> None:
    assert len({bug.name for bug in BUGS}) == len(BUGS)
    for bug in BUGS:
        assert bug.texts(), bug.name
    assert sum(bug.seed is not None for bug in BUGS) >= LEAST


@pytest.mark.prove
@pytest.mark.timeout(180)
@pytest.mark.parametrize("bug", [bug for bug in BUGS if bug.seed is not None], ids=lambda bug: bug.name)
def test_a_planted_bug_is_caught(bug: Bug) -> None:
    caught, words = replay(bug)
    assert caught, f"make sabotage finds another seed: {words}"


@pytest.mark.prove
@pytest.mark.timeout(300)
def test_the_worlds_that_catch_planted_bugs_hold_without_them() -> None:
    for kind, seed in sorted({(bug.world, bug.seed) for bug in BUGS if bug.seed is not None}):
        for world in worlds(seed, 1, kind):
            world.run()
