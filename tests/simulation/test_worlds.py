"""Simulated worlds: seeds in a row, each drawn to its own troubles, none of which may break an invariant.

On failure: ``make replay SEED=n`` tells the story. The worlds of one block run in one test, so that the blocks share
the processes of the suite.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from functools import cache
from pathlib import Path

import pytest

from tests.simulation.world import World

BLOCK = 40
ROOT = Path(__file__).resolve().parents[2]


@cache
def run_block(first: int) -> tuple[Counter[str], tuple[str, ...]]:
    """Run a block of worlds; returns which faults happened how often, and the trace of each world."""
    marks: Counter[str] = Counter()
    traces = []
    for seed in range(first, first + BLOCK):
        world = World(seed)
        try:
            world.run()
        except Exception as fault:
            raise AssertionError(f"make replay SEED={seed}: {fault}") from fault
        marks += world.marks
        traces.append(world.trace.hexdigest())
    return marks, tuple(traces)


@pytest.mark.timeout(300)
@pytest.mark.parametrize("first", range(0, 400, BLOCK))
def test_no_trouble_breaks_an_invariant_and_everything_owed_arrives(first: int) -> None:
    assert run_block(first)[0]


@pytest.mark.prove_full
@pytest.mark.timeout(600)
@pytest.mark.parametrize("first", range(1000, 2000, BLOCK))
def test_no_trouble_of_a_thousand_more_worlds_breaks_an_invariant(first: int) -> None:
    assert run_block(first)[0]


@pytest.mark.timeout(300)
def test_a_seed_leaves_the_same_trace_in_another_process_with_another_hash_seed() -> None:
    program = (
        "from tests.simulation.world import World\n"
        f"for seed in range({BLOCK}):\n"
        "    world = World(seed); world.run(); print(world.trace.hexdigest())\n"
    )
    shown = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT, env={**os.environ, "PYTHONHASHSEED": "77"}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert tuple(shown.stdout.split()) == run_block(0)[1]


@pytest.mark.timeout(300)
def test_the_faults_that_are_promised_really_happen() -> None:
    """Zero failures must not mean zero tries: over a few worlds every group of faults occurs."""
    marks = run_block(0)[0]
    for group in (
        "lost", "repeated", "late, out of order", "bit flipped", "cut short", "one-way partition", "arrived in pieces",
        "crash", "crash at an effect", "crash lost a batch", "pause", "slow disk", "slow signer", "restored",
        "restored behind", "clock wrong from the start", "officer: submits twice", "liar: second face", "liar: flood",
    ):  # fmt: skip
        assert marks[group], group
