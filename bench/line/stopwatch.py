"""What every part shares: raw signature rates, the disk's bare syncs, peak memory, one line of JSON."""

from __future__ import annotations

import json
import multiprocessing
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

__all__ = ["middle", "must", "peak_mib", "raw_s", "raw_verify_rate", "report", "sync_rate", "timed"]

MESSAGE = os.urandom(760)
"""As long as what is signed of a notice."""


def must(holds: object, came: object = "") -> None:
    """Stop the whole benchmark when a part did not do what it measures."""
    if not holds:
        raise SystemExit(f"this measures nothing: {came!r}")


def timed(work: Callable[[], object]) -> float:
    """Return the seconds that a piece of work takes by the wall's clock."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def middle(figures: Iterable[float]) -> float:
    """Return the median."""
    return statistics.median(figures)


def raw_s(count: int = 500) -> float:
    """Return the seconds of one sign and one verify of Ed25519, bare, in this process."""
    key = Ed25519PrivateKey.generate()
    public, made = key.public_key(), []
    sign_s = timed(lambda: made.extend([key.sign(MESSAGE) for _ in range(count)]))
    verify_s = timed(lambda: [public.verify(one, MESSAGE) for one in made])
    return (sign_s + verify_s) / count


def raw_verify_rate(seconds: float) -> float:
    """Return how many signatures all cores verify in a second, one process each, at the same time."""
    with multiprocessing.get_context("spawn").Pool(os.cpu_count()) as pool:
        pool.map(_verify_for, [0.01] * (os.cpu_count() or 1), chunksize=1)  # every process has started
        return sum(pool.map(_verify_for, [seconds] * (os.cpu_count() or 1), chunksize=1))


def _verify_for(seconds: float) -> float:
    key = Ed25519PrivateKey.generate()
    public, made, done = key.public_key(), key.sign(MESSAGE), 0
    start = time.perf_counter()
    while time.perf_counter() - start < seconds:
        for _ in range(100):
            public.verify(made, MESSAGE)
        done += 100
    return done / (time.perf_counter() - start)


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
