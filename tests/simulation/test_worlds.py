"""Simulated worlds: seeds in a row, each drawn to its own troubles, none of which may break an invariant.

On failure: ``make replay SEED=n`` tells the story. The worlds of one block run in one test, so that the blocks share
the processes of the suite.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from tests.simulation.world import World

BLOCK = 40
ROOT = Path(__file__).resolve().parents[2]


def run_block(first: int) -> Counter[str]:
    marks: Counter[str] = Counter()
    for seed in range(first, first + BLOCK):
        world = World(seed)
        try:
            world.run()
        except Exception as fault:
            raise AssertionError(f"make replay SEED={seed}: {fault}") from fault
        marks += world.marks
    return marks


@pytest.mark.timeout(300)
@pytest.mark.parametrize("first", range(0, 400, BLOCK))
def test_no_trouble_breaks_an_invariant_and_everything_owed_arrives(first: int) -> None:
    assert run_block(first)


@pytest.mark.prove_full
@pytest.mark.timeout(600)
@pytest.mark.parametrize("first", range(1000, 2000, BLOCK))
def test_no_trouble_of_a_thousand_more_worlds_breaks_an_invariant(first: int) -> None:
    assert run_block(first)


@pytest.mark.timeout(300)
def test_a_seed_leaves_the_same_trace_in_another_process_with_another_hash_seed() -> None:
    program = (
        "from tests.simulation.world import World\n"
        "for seed in range(40):\n"
        "    world = World(seed); world.run(); print(world.trace.hexdigest())\n"
    )
    shown = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT, env={**os.environ, "PYTHONHASHSEED": "77"}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    here = []
    for seed in range(40):
        world = World(seed)
        world.run()
        here.append(world.trace.hexdigest())
    assert shown.stdout.split() == here


def test_the_faults_that_are_promised_really_happen() -> None:
    """Zero failures must not mean zero tries: over a few worlds every group of faults occurs."""
    marks = Counter[str]()
    for first in (0, 40):
        marks += run_block(first)
    for group in (
        "lost", "repeated", "late, out of order", "bit flipped", "cut short", "one-way partition", "arrived in pieces",
        "crash", "crash at an effect", "crash lost a batch", "pause", "slow disk", "slow signer", "restored",
        "restored behind", "clock: back", "officer: submits twice", "liar: second face", "liar: flood",
    ):  # fmt: skip
        assert marks[group], group
