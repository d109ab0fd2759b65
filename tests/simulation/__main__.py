"""python -m tests.simulation simulate COUNT [--first SEED] [--processes 2] | replay SEED

``simulate`` runs worlds and says which faults happened how often, and which seeds broke an invariant; ``replay`` tells
one world as a story in plain words, with the trace's hash at its end.
"""

from __future__ import annotations

import argparse
import sys
import time
import traceback
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor

from tests.simulation.kinds import KINDS
from tests.simulation.world import World

BLOCK = 50
Found = tuple[Counter[str], list[tuple[int, str]], int, float]


def run_seeds(first: int, count: int) -> Found:
    """Run worlds; returns marks, failures, events and virtual years."""
    marks: Counter[str] = Counter()
    failures = []
    events, years = 0, 0.0
    for seed in range(first, first + count):
        world = World(seed)
        try:
            world.run()
        except Exception as fault:  # noqa: BLE001 - every fault of a world is a finding
            where = traceback.extract_tb(fault.__traceback__)[-1]
            place = f"{where.filename.rsplit('/', 1)[-1]}:{where.lineno}"
            failures.append((seed, f"{type(fault).__name__}: {str(fault)[:200]} [{place}]"))
        marks += world.marks
        events += world.events
        years += world.years()
    return marks, failures, events, years


def simulate(first: int, count: int, processes: int) -> int:
    """Run many worlds and print the account."""
    started = time.monotonic()
    marks: Counter[str] = Counter()
    failures: list[tuple[int, str]] = []
    events, years = 0, 0.0
    for more, failed, happened, lived in _blocks(first, count, processes):
        marks += more
        failures += failed
        events += happened
        years += lived
    spent = time.monotonic() - started
    for mark, times in sorted(marks.items()):
        print(f"{times:12,d}  {mark}")
    for seed, words in failures[:50]:
        print(f"make replay SEED={seed}    {words}")
    print(
        f"{count:,d} worlds from seed {first}, {len(failures)} broke an invariant; {events:,d} events, "
        f"{years:,.1f} years, {spent:.0f} s, {count / spent:.1f} worlds a second"
    )
    return bool(failures)


def _blocks(first: int, count: int, processes: int) -> Iterator[Found]:
    starts = range(first, first + count, BLOCK)
    sizes = [min(BLOCK, first + count - start) for start in starts]
    if processes == 1:
        yield from map(run_seeds, starts, sizes)
        return
    with ProcessPoolExecutor(processes) as pool:
        yield from pool.map(run_seeds, starts, sizes)


def replay(seed: int, kind: str) -> int:
    """Tell one world; the last words are what broke, or the trace."""
    story: list[str] = []
    world = World(seed, story=story, kind=kind)
    try:
        world.run()
    except Exception:  # noqa: BLE001 - the story ends with it
        print("\n".join(story))
        traceback.print_exc(file=sys.stdout)
        return 1
    print("\n".join(story))
    print(f"nothing broke; trace {world.trace.hexdigest()}")
    return 0


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.simulation")
    verbs = parser.add_subparsers(dest="verb", required=True)
    many = verbs.add_parser("simulate")
    many.add_argument("count", type=int)
    many.add_argument("--first", type=int, default=0)
    many.add_argument("--processes", type=int, default=2)
    one = verbs.add_parser("replay")
    one.add_argument("seed", type=int)
    one.add_argument("--kind", default="", choices=KINDS)
    asked = parser.parse_args()
    return (
        replay(asked.seed, asked.kind)
        if asked.verb == "replay"
        else simulate(asked.first, asked.count, asked.processes)
    )


if __name__ == "__main__":
    sys.exit(main())
