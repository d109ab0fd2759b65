"""The whole exchange in batches: submit, sign, append, head, transfer, verify, append, cosign, receipt stored.

exchange.py --batch 1000 --rounds 20 --exchanges 1

Both sides run in this process on real files. Bare Ed25519 is measured before and after every round, and the ratio
is that of each round to its own two measures, so that a busy moment of the machine meets both alike.
"""

from __future__ import annotations

import argparse
from functools import partial

from pair import Pair, drafts, exchange, pair
from stopwatch import both_timed, middle, raw_s, report, sync_rate

from detente.line.effects import Draft


def main() -> None:
    """Measure and report."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--batch", type=int, required=True)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--exchanges", type=int, default=1, help="in a round")
    given = parser.parse_args()
    rates, ratios, raws, cpu_ratios = [], [], [], []
    with pair() as both:
        exchange(both, drafts(given.batch))  # what happens once is not measured
        syncs = sync_rate()
        for _ in range(given.rounds):
            batches = [drafts(given.batch) for _ in range(given.exchanges)]
            before = raw_s()
            taken = both_timed(partial(_each, both, batches))
            after, notices = raw_s(), given.batch * given.exchanges
            rates.append(notices / taken[0])
            raws.append(2 / (before[0] + after[0]))
            ratios.append(rates[-1] / raws[-1])
            cpu_ratios.append((before[1] + after[1]) / 2 * notices / taken[1])
        syncs = (syncs + sync_rate()) / 2
    report(
        notices_per_s=middle(rates), raw_per_s=middle(raws), ratio=middle(ratios), ratio_least=min(ratios),
        ratio_most=max(ratios), cpu_ratio=middle(cpu_ratios), syncs_per_s=syncs, syncs_per_notice=syncs / middle(rates),
    )  # fmt: skip


def _each(both: Pair, batches: list[tuple[Draft, ...]]) -> None:
    for notices in batches:
        exchange(both, notices)


if __name__ == "__main__":
    main()
