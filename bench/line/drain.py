"""Ten thousand waiting notices drained through bundles: packed into files, taken in, receipts carried back.

drain.py --notices 10000

By the courier of files, once as they are and once sealed for a foreign carrier; until west holds the receipt over all.
"""

from __future__ import annotations

import argparse
import tempfile
from functools import partial
from pathlib import Path

from pair import Pair, drafts, pair
from stopwatch import must, report, timed

from detente.line.effects import Role, Submitted
from detente.node.courier_file import pack, take_file
from detente.node.host import Host


def main() -> None:
    """Measure and report."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--notices", type=int, default=10_000)
    given = parser.parse_args()
    found = {}
    for name, sealed in (("plain_s", False), ("sealed_s", True)):
        with pair() as both:
            for _ in range(given.notices // 1000):
                both.west.give(Submitted(drafts(1000)))
            found[name] = timed(partial(drain, both, sealed=sealed))
            log = both.west.state.logs[both.west.state.own_origin]
            must(log.delivered["east", Role.COSIGN_HELD] == log.size == given.notices, log.delivered)
    report(notices=given.notices, **found)


def drain(both: Pair, *, sealed: bool) -> None:
    """Carry everything from west to east, and the receipts back."""
    with tempfile.TemporaryDirectory(prefix="detente-bench-") as folder:
        for sender, receiver in ((both.west, both.east), (both.east, both.west)):
            more = True
            while more:
                packed = pack(sender, receiver.home.member, Path(folder) / "a.bundle", sealed=sealed)
                _take(receiver, packed.file)
                more = packed.more


def _take(receiver: Host, file: Path) -> None:
    taken = take_file(file, lambda _line: receiver, receiver.home.open_seal, me=receiver.home.member)
    must(taken.complete and not taken.refused, taken)


if __name__ == "__main__":
    main()
