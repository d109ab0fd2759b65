"""Simulated worlds: seeds in a row, each drawn to its own troubles, none of which may break an invariant.

On failure: ``make replay SEED=n`` tells the story. The worlds of one block run in one test, so that the blocks share
the processes of the suite.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections import Counter
from functools import cache
from pathlib import Path

import pytest

from tests.simulation import checks, healing, leaving, storing
from tests.simulation.kinds import KINDS
from tests.simulation.running import worlds

BLOCK = 40
ROOT = Path(__file__).resolve().parents[2]
SAFETY = tuple(f"I{number}" for number in range(1, 13))
LIVENESS = tuple(f"L{number}" for number in range(1, 6))


@cache
def run_block(first: int, count: int = BLOCK, kind: str = "") -> tuple[Counter[str], tuple[str, ...]]:
    """Run a block of worlds; returns which faults happened how often, and the trace of each world."""
    marks: Counter[str] = Counter()
    traces = []
    for world in worlds(first, count, kind):
        try:
            world.run()
        except Exception as fault:
            raise AssertionError(f"make replay SEED={world.seed} KIND={kind}: {fault}") from fault
        marks += world.marks
        traces.append(world.trace.hexdigest())
    return marks, tuple(traces)


@pytest.mark.timeout(300)
@pytest.mark.parametrize("first", range(0, 200, BLOCK))  # a thousand more among the proofs
def test_no_trouble_breaks_an_invariant_and_everything_owed_arrives(first: int) -> None:
    assert run_block(first)[0]


@pytest.mark.prove
@pytest.mark.timeout(600)
@pytest.mark.parametrize("first", range(1000, 2000, BLOCK))
def test_no_trouble_of_a_thousand_more_worlds_breaks_an_invariant(first: int) -> None:
    assert run_block(first)[0]


@pytest.mark.prove
@pytest.mark.timeout(600)
@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind])
def test_no_kind_of_trouble_breaks_an_invariant(kind: str) -> None:
    assert run_block(1000, kind=kind)[0]


@pytest.mark.parametrize(
    ("seed", "kind"),
    [
        (1020, ""),  # a clone and its original come to the same new keys
        (1050, ""),  # a restored home spoke in an epoch that began while it asked its mirrors
        (1321, ""),  # a halted copy of a home answered from its old head file
        (10039, ""),  # a receipt and a lower answer, one of them on its way to a slow disk
        (20826, ""),  # an answer below what only disowned keys had cosigned
        (3055710, ""),  # the same, in another world
        (3055751, ""),  # a copy that lacked its keepers' last act, and came to the keys of that act as well
        (3042636, ""),  # a head was not cosigned, for a word of a stolen key came with it
        (3000060, ""),  # a submission that a restore destroyed, sent again to another place
        (
            1006059,
            "",
        ),  # a copy of an old home lacked the root act that had closed its log, and halted as for a thief
        (2000646, ""),  # a copy on another machine finished its keepers' commit, and began the new log as well
        (1009270, ""),  # restored beside a liar who then falls silent for good
        (1010174, ""),  # restored while its clock stood in 2038, then set right
        (3, "restored"),  # a restored home spoke in a log that its backup had not begun
        (24, "restored"),  # a root act given back by a mirror, then another one of the keepers
        (5068, "restored"),  # a statement that was given back without its head was never confirmed
        (124, "restored"),  # a batch that reached the disk and not the head file, then an old backup
        (398, "copies"),  # a halted copy gave a statement that no head file knew yet
        (5, "headless"),  # a receipt that only the head file of its cosigner knew
        (105, "crashes"),  # a draft before the head file was brought up
        (166, "epochs"),  # consent while an own statement was on its way to the disk
    ],
)
def test_what_once_broke_holds(seed: int, kind: str) -> None:
    assert run_block(seed, 1, kind)[1]


@pytest.mark.timeout(300)
def test_a_seed_leaves_the_same_trace_in_another_process_with_another_hash_seed() -> None:
    program = (
        "from tests.simulation.running import worlds\n"
        f"for world in worlds(0, {BLOCK}):\n"
        "    world.run(); print(world.trace.hexdigest())\n"
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
        "bundle goes on", "signer answers twice",
    ):  # fmt: skip
        assert marks[group], group


def test_every_invariant_is_checked_under_its_name() -> None:
    """A check fails a world with the name of its invariant: each name stands in a failure of the observer."""
    text = "".join(
        Path(module.__file__ or "").read_text(encoding="utf-8") for module in (checks, healing, leaving, storing)
    )
    failures = set(
        re.findall(r'(?:fail\(\s*f?|Violation\(f?|append\(f?|what = |else |return \[\s*f?|f)"([IL]\d+) ', text)
    )
    assert failures >= {*SAFETY, *LIVENESS}
