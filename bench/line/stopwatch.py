"""What every part shares: raw signature rates, the disk's bare syncs, peak memory, one line of JSON."""

from __future__ import annotations

import json
import multiprocessing
import os
import resource
import statistics
import tempfile
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

__all__ = ["both_timed", "middle", "must", "peak_mib", "raw_s", "raw_verify", "report", "sync_rate", "timed"]

MESSAGE = os.urandom(760)
"""As long as what is signed of a notice."""


def must(holds: object, came: object = "") -> None:
    """Stop the whole benchmark when a part did not do what it measures."""
    if not holds:
        raise SystemExit(f"this measures nothing: {came!r}")


def timed(work: Callable[[], object]) -> float:
    """Return the seconds that a piece of work takes by the wall's clock."""
    return both_timed(work)[0]


def both_timed(work: Callable[[], object]) -> tuple[float, float]:
    """Return seconds by the wall's clock, and CPU seconds of this process and of those that it has awaited."""
    start, cpu_start = time.perf_counter(), _cpu_s()
    work()
    return time.perf_counter() - start, _cpu_s() - cpu_start


def _cpu_s() -> float:
    own, children = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    return own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime


def middle(figures: Iterable[float]) -> float:
    """Return the median."""
    return statistics.median(figures)


def raw_s(count: int = 500) -> tuple[float, float]:
    """Return seconds and CPU seconds of one sign and one verify of Ed25519, bare, in this process."""
    key = Ed25519PrivateKey.generate()
    public = key.public_key()

    def both() -> None:
        for one in [key.sign(MESSAGE) for _ in range(count)]:
            public.verify(one, MESSAGE)

    wall_s, cpu_s = both_timed(both)
    return wall_s / count, cpu_s / count


def raw_verify(seconds: float) -> tuple[float, float]:
    """Return how many signatures all cores verify in a second, one process each at the same time; CPU s of one."""
    with multiprocessing.get_context("spawn").Pool(os.cpu_count()) as pool:
        pool.map(_verify_for, [0.01] * (os.cpu_count() or 1), chunksize=1)  # every process has started
        found = pool.map(_verify_for, [seconds] * (os.cpu_count() or 1), chunksize=1)
    return sum(rate for rate, _ in found), sum(cpu_s for _, cpu_s in found) / len(found)


def _verify_for(seconds: float) -> tuple[float, float]:
    key = Ed25519PrivateKey.generate()
    public, made, done = key.public_key(), key.sign(MESSAGE), 0
    start, cpu_start = time.perf_counter(), time.process_time()
    while not done or time.perf_counter() - start < seconds:
        for _ in range(100):
            public.verify(made, MESSAGE)
        done += 100
    return done / (time.perf_counter() - start), (time.process_time() - cpu_start) / done


def sync_rate(count: int = 300) -> float:
    """Return how often a second the disk takes 4 KiB more and says that they are on it."""
    with tempfile.NamedTemporaryFile(prefix="detente-bench-") as file:
        page = os.urandom(4096)

        def write() -> None:
            for _ in range(count):
                file.write(page)
                file.flush()
                os.fdatasync(file.fileno())

        return count / timed(write)


def peak_mib() -> float:
    """Return the process's high-water mark of resident memory, MiB."""
    for line in Path("/proc/self/status").read_text("ascii").splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    return float("nan")


def report(**figures: Any) -> None:
    """Print the one line that ``run.py`` reads."""
    print(json.dumps(figures))
