"""python -m tests.simulation.sabotage [--seeds 3000] [--only NAME] [--replay]: find a seed for each planted bug.

The list with the seeds is planted.json beside this file; this program writes what it finds into it at once. A bug
whose seed still catches it costs one world; the others are hunted with few seeds first, then with more.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace

from tests.simulation.sabotage.planting import Bug, hunt, read, replay, write

STAGES = (40, 300, 3000)


def _record(found: Bug) -> None:
    write([found if bug.name == found.name else bug for bug in read()])


def _hunt_all(bugs: list[Bug], seeds: int, first: int) -> list[Bug]:
    """Hunt in stages, so that what is easy is found before much time goes into what is hard; returns the rest."""
    done = 0
    for stage in (*(one for one in STAGES if one < seeds), seeds):
        left = []
        for bug in bugs:
            seed, words = hunt(bug, stage - done, first + done)
            print(f"{bug.name}: {'not yet' if seed is None else f'seed {seed}: {words}'}", flush=True)
            if seed is None:
                left.append(bug)
            else:
                _record(replace(bug, seed=seed))
        bugs, done = left, stage
    return bugs


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--seeds", type=int, default=3000)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--only", default="")
    parser.add_argument("--replay", action="store_true", help="only check the seeds of the list")
    asked = parser.parse_args()
    bugs = [bug for bug in read() if asked.only in bug.name]
    lost = []
    for bug in bugs:
        caught, words = replay(bug) if bug.seed is not None else (False, "no seed is known")
        if caught:
            print(f"{bug.name}: seed {bug.seed}: {words}", flush=True)
        else:
            lost.append(bug)
    missed = lost if asked.replay else _hunt_all(lost, asked.seeds, asked.first)
    print(f"{len(bugs) - len(missed)} of {len(bugs)} caught; not caught: {[bug.name for bug in missed]}")
    return bool(missed)


if __name__ == "__main__":
    sys.exit(main())
