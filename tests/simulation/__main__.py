"""python -m tests.simulation simulate COUNT [--first SEED] [--kind KIND] [--processes 2] [--record FILE] | replay SEED

``simulate`` runs worlds and says which faults happened how often, and which seeds broke an invariant; ``--record``
writes the account after every block, so that a long run that is ended leaves what it saw. ``replay`` tells one world
as a story in plain words, with the trace's hash at its end.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
import traceback
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from tests.simulation.kinds import KINDS
from tests.simulation.running import worlds
from tests.simulation.world import World

BLOCK = 50


@dataclass
class Account:
    """What happened in a run of worlds."""

    worlds: int = 0
    events: int = 0
    years: float = 0.0
    seconds: float = 0.0
    failures: list[tuple[int, str]] = field(default_factory=list)
    marks: Counter[str] = field(default_factory=Counter)

    def add(self, other: Account) -> None:
        self.worlds += other.worlds
        self.events += other.events
        self.years += other.years
        self.failures += other.failures
        self.marks.update(other.marks)

    def line(self) -> str:
        """Return the account in one line."""
        return (
            f"{self.worlds:,d} worlds, {len(self.failures)} broke an invariant; {self.events:,d} events, "
            f"{self.years:,.1f} years, {self.seconds:.0f} s, {self.worlds / max(self.seconds, 1e-9):.1f} worlds a second"
        )


def run_seeds(kind: str, first: int, count: int) -> Account:
    """Run worlds of consecutive seeds."""
    account = Account()
    for world in worlds(first, count, kind):
        try:
            world.run()
        except Exception as fault:  # noqa: BLE001 - every fault of a world is a finding
            where = traceback.extract_tb(fault.__traceback__)[-1]
            place = f"{where.filename.rsplit('/', 1)[-1]}:{where.lineno}"
            account.failures.append((world.seed, f"{type(fault).__name__}: {str(fault)[:200]} [{place}]"))
        account.add(Account(1, world.events, world.years(), marks=world.marks))
    return account


def simulate(first: int, count: int, kind: str, processes: int, record: Path | None) -> int:
    """Run many worlds and print the account."""
    started = time.monotonic()
    account = Account()
    for more in _blocks(first, count, kind, processes):
        account.add(more)
        account.seconds = time.monotonic() - started
        if record is not None:
            whole = {"first": first, "kind": kind, "processes": processes, **vars(account)}
            record.write_text(json.dumps(whole, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    for mark, times in sorted(account.marks.items()):
        print(f"{times:12,d}  {mark}")
    for seed, words in account.failures[:50]:
        print(f"make replay SEED={seed} KIND={kind}    {words}")
    print(f"from seed {first}: {account.line()}")
    return bool(account.failures)


def _blocks(first: int, count: int, kind: str, processes: int) -> Iterator[Account]:
    starts = range(first, first + count, BLOCK)
    sizes = [min(BLOCK, first + count - start) for start in starts]
    work = partial(run_seeds, kind)
    if processes == 1:
        yield from map(work, starts, sizes)
        return
    with ProcessPoolExecutor(processes) as pool:
        yield from pool.map(work, starts, sizes)


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
    many.add_argument("--record", type=Path)
    one = verbs.add_parser("replay")
    one.add_argument("seed", type=int)
    for verb in (many, one):
        verb.add_argument("--kind", default="", choices=KINDS)
    asked = parser.parse_args()
    if asked.verb == "replay":
        return replay(asked.seed, asked.kind)
    return simulate(asked.first, asked.count, asked.kind, asked.processes, asked.record)


if __name__ == "__main__":
    sys.exit(main())
