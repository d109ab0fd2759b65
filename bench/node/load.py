"""Notices both ways between two served nodes, over loopback TLS, at one pace.

load.py --per-s 200 --for-s 600
load.py --per-s 200 --for-s 60 --held 100000     # into records that hold so much already

Prints one line of JSON: how long until a notice was held and until its receipt was on the sender's disk, what each
process used, and how much the disk does bare.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import statistics
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

from nodes import Node, Use, found_pair, until
from traffic import Receipts, Sender, notices, percentile

from detente.node.serving.wire import Submits

sys.path.insert(1, str(Path(__file__).resolve().parents[1] / "line"))
from stopwatch import must, sync_rate

_WARM_AT_ONCE = 500
_LAST_S = 120.0


def main() -> None:
    """Measure and report."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--per-s", type=float, default=200.0, help="notices of each side")
    parser.add_argument("--for-s", type=float, default=600.0)
    parser.add_argument("--held", type=int, default=10_000, help="notices of each side that are there before")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="detente-bench-") as folder:
        print(json.dumps(measure(Path(folder), given.per_s, given.for_s, given.held)))


def measure(folder: Path, per_s: float, for_s: float, held: int) -> dict[str, Any]:
    """Run two nodes in ``folder`` under this load and return the figures."""
    before = sync_rate()
    with found_pair(folder) as pair:
        for node in pair:
            node.start()
        for node in pair:
            for number in range(0, held, _WARM_AT_ONCE):
                node.ask(Submits(node.line, notices(min(_WARM_AT_ONCE, held - number), number)))
        watched = [Receipts(node, other.member) for node, other in (pair, pair[::-1])]
        for one in watched:
            one.start()
        first, senders = held, [Sender(node) for node in pair]
        for one in watched:
            until(lambda one=one: one.size >= first, "the receipts of the first notices")
        memory = _Memory(pair)
        start, began_s = [node.use() for node in pair], time.monotonic()
        gc.disable()
        asyncio.run(_both(senders, per_s, for_s))
        took_s = time.monotonic() - began_s
        end = [node.use() for node in pair]
        total = first + int(per_s * for_s)
        until(lambda: all(one.size >= total for one in watched), "the last receipts", _LAST_S)
        memory.stop()
        for one in watched:
            one.stop()
        faults = [fault for one in senders for fault in one.faults]
        must(not faults, faults[:3])
    accept = [each for one in senders for each in one.accept_s]
    delivered = [
        each for one, sender in zip(watched, senders, strict=True) for each in one.delivered_s(sender.due_s)
    ]
    must(len(accept) == len(delivered) == 2 * int(per_s * for_s), (len(accept), len(delivered)))
    return {
        "per_s": per_s, "for_s": for_s, "held": held, "took_s": took_s, "notices": len(accept),
        "accept_ms": _spread(accept), "delivered_ms": _spread(delivered),
        "accept_p99_course_ms": [_course(one.accept_s) for one in senders],
        "receipts": sum(len(one.seen) for one in watched),
        "memory_growth": memory.growth(), "memory_mib": memory.last(),
        "memory_course_mib": memory.course(),
        "use_per_notice": _used(start, end, len(accept)),
        "syncs_per_s": (before + sync_rate()) / 2,
    }  # fmt: skip


async def _both(senders: list[Sender], per_s: float, for_s: float) -> None:
    await asyncio.gather(*(one.send(per_s, for_s) for one in senders))


def _spread(figures_s: list[float]) -> dict[str, float]:
    return {
        name: round(percentile(figures_s, share) * 1000, 1)
        for name, share in (("p50", 0.5), ("p90", 0.9), ("p99", 0.99), ("most", 1.0))
    }


def _course(figures_s: list[float]) -> list[float]:
    """Return the 99th of each tenth of the time, in ms: a store that grows slower with its size shows here."""
    tenth = max(1, len(figures_s) // 10)
    return [
        round(percentile(figures_s[number * tenth : (number + 1) * tenth], 0.99) * 1000, 1)
        for number in range(10)
    ]


def _used(start: list[dict[str, Use]], end: list[dict[str, Use]], count: int) -> dict[str, dict[str, float]]:
    """Return what one notice costs in each kind of process, the same of both sides together."""
    found = {}
    for child in ("node", "signer"):
        pairs = [(before[child], after[child]) for before, after in zip(start, end, strict=True)]
        found[child] = {
            "cpu_ms": sum(after.cpu_s - before.cpu_s for before, after in pairs) / count * 1000,
            "written_bytes": sum(after.written_bytes - before.written_bytes for before, after in pairs) / count,
            "waits": sum(after.waits - before.waits for before, after in pairs) / count,
        }
    return found


class _Memory:
    """The resident memory of nodes and signers, once a second."""

    def __init__(self, pair: tuple[Node, Node]) -> None:
        self._pair = pair
        self._seen: dict[tuple[str, str], list[float]] = {}
        self._enough = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._enough.set()
        self._thread.join()

    def last(self) -> dict[str, float]:
        """Return MiB of each process in the end."""
        return {" ".join(name): round(seen[-1], 1) for name, seen in self._seen.items()}

    def course(self) -> dict[str, list[float]]:
        """Return MiB of each process at ten moments."""
        return {
            " ".join(name): [round(seen[len(seen) * tenth // 10], 1) for tenth in range(10)]
            for name, seen in self._seen.items()
        }

    def growth(self) -> dict[str, float]:
        """Return the growth of each process from the second tenth of the time to the last one, as a share."""
        found = {}
        for name, seen in self._seen.items():
            tenth = max(1, len(seen) // 10)
            early, late = statistics.median(seen[tenth : 2 * tenth]), statistics.median(seen[-tenth:])
            found[" ".join(name)] = round(late / early - 1, 4)
        return found

    def _watch(self) -> None:
        while True:
            for node in self._pair:
                for child, use in node.use().items():
                    self._seen.setdefault((node.member, child), []).append(use.resident_mib)
            if self._enough.wait(1.0):
                return


if __name__ == "__main__":
    main()
