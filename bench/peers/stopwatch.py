"""What every contender shares: its arguments, its stopwatch, its peak memory, its one line of JSON.

Uses the standard library only, for it runs in the benchmark's environment and in détente's own.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import resource
import time
from collections.abc import Iterator
from pathlib import Path

__all__ = ["Stopwatch", "arguments", "peak_mib"]


def arguments(description: str) -> argparse.ArgumentParser:
    """Return the parser of a contender: the archive, the limits, where the pairs go."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--pairs", type=Path, help="Parquet with a, b, distance_m")
    parser.add_argument("--within-m", type=float, default=500.0)
    parser.add_argument("--max-gap-s", type=float, default=180.0)
    return parser


def peak_mib() -> float:
    """Peak resident memory of this process since it started, in MiB; not what its parent had."""
    for line in Path("/proc/self/status").read_text("ascii").splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    return float("nan")


def _cpu_s() -> float:
    own, children = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    return own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime


class Stopwatch:
    """CPU (user and system, children too) and wall seconds of named phases."""

    def __init__(self) -> None:
        self.phases: dict[str, dict[str, float]] = {}
        self.facts: dict[str, float | str] = {}

    @contextlib.contextmanager
    def phase(self, name: str) -> Iterator[None]:
        """Time one phase."""
        cpu, wall = _cpu_s(), time.perf_counter()
        yield
        self.phases[name] = {"cpu_s": _cpu_s() - cpu, "wall_s": time.perf_counter() - wall}

    def report(self, **facts: float | str) -> None:
        """Print the one line that the benchmark reads."""
        print(json.dumps({"phases": self.phases, "peak_mib": peak_mib(), **self.facts, **facts}))
