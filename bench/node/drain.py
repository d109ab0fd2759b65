"""A backlog drained by two served nodes: one side was away while the other went on speaking.

drain.py --notices 10000

From the moment at which the side that was away is served again until the speaker holds receipts over everything.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from pathlib import Path

from nodes import found_pair, until
from traffic import Receipts, notices

from detente.node.serving.wire import Submits

_AT_ONCE = 500
_PATIENCE_S = 600.0


def main() -> None:
    """Measure and report."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--notices", type=int, default=10_000)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="detente-bench-") as folder:
        print(json.dumps(drained(Path(folder), given.notices)))


def drained(folder: Path, count: int) -> dict[str, float]:
    """Let a backlog gather in ``folder``'s west, bring east back, and return the figures."""
    with found_pair(folder) as (west, east):
        west.start()
        east.start()
        west.ask(Submits(west.line, notices(1)))
        receipts = Receipts(west, east.member)
        receipts.start()
        until(lambda: receipts.size >= 1, "the first receipt")
        east.stop()
        begun_s = time.monotonic()
        for first in range(1, count, _AT_ONCE):
            west.ask(Submits(west.line, notices(min(_AT_ONCE, count - first), first)))
        held_s = time.monotonic() - begun_s
        east.start()
        begun_s = time.monotonic()
        until(lambda: receipts.size >= count, "all receipts", _PATIENCE_S)
        drained_s = receipts.seen[-1][0] - begun_s
        receipts.stop()
    return {"notices": count, "held_s": held_s, "drained_s": drained_s}


if __name__ == "__main__":
    main()
