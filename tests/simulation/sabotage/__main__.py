"""python -m tests.simulation.sabotage [--seeds 3000] [--only NAME]: find for each planted bug a seed that catches it.

Each planted bug is one line of the program, changed in a copy of the package in a temporary folder; the copy runs in a
process of its own. The list with the seeds is planted.json beside this file; this program rewrites it.
"""

from __future__ import annotations

import argparse
import json
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.simulation.sabotage.planting import LIST, Bug, hunt, read, replay


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--seeds", type=int, default=3000)
    parser.add_argument("--only", default="")
    parser.add_argument("--replay", action="store_true", help="only check the seeds of the list")
    asked = parser.parse_args()
    bugs = [bug for bug in read() if asked.only in bug.name]

    def look(bug: Bug) -> Bug:
        if bug.seed is not None and replay(bug):
            print(f"{bug.name}: seed {bug.seed} still catches it", flush=True)
            return bug
        if asked.replay:
            print(f"{bug.name}: seed {bug.seed} does not catch it", flush=True)
            return Bug(**{**vars(bug), "seed": None})
        found, words = hunt(bug, asked.seeds)
        print(f"{bug.name}: {'not caught' if found is None else f'seed {found}: {words}'}", flush=True)
        return Bug(**{**vars(bug), "seed": found})

    with ThreadPoolExecutor(2) as pool:
        looked = {bug.name: bug for bug in pool.map(look, bugs)}
    if not asked.replay:
        listed = [vars(looked.get(bug.name, bug)) for bug in read()]
        Path(LIST).write_text(json.dumps(listed, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    missed = [bug.name for bug in looked.values() if bug.seed is None]
    print(f"{len(looked) - len(missed)} of {len(looked)} caught; not caught: {missed}")
    return bool(missed)


if __name__ == "__main__":
    sys.exit(main())
