"""Run the proofs of hours, one after the other, and write what came of each into docs/prove-full.md.

    .venv/bin/python tools/prove_full.py
    .venv/bin/python tools/prove_full.py --only readers --runs 20000

A part that fails stops no other one; the exit code is 1 then. Parts that were not asked for keep their line.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from bench.machine import machine, revision  # noqa: E402 - where it lies is known only now

PAGE = ROOT / "docs" / "prove-full.md"
HEAD = """# Proofs of hours

What `make prove-full` found when each of its parts was last run; written by `tools/prove_full.py`. `make prove`, which
it begins with, is run before every change and has no line here.

| part | begun, UTC | revision | took, min | came out |
|---|---|---|---|---|
"""


@dataclass(frozen=True, slots=True)
class Part:
    """One proof: the arguments of Python, and what is set in its environment."""

    arguments: tuple[str, ...]
    environment: dict[str, str] = field(default_factory=dict)


def parts(runs: int) -> dict[str, Part]:
    """Return all parts by name; runs: inputs for each fuzzed reader."""
    number = ("--runs", str(runs))
    fuzzed = {
        f"notices: {name}": Part(("tests/fuzz/notice_fuzz.py", name, *number))
        for name in ("record", "form", "feature")
    }
    return {
        "tests": Part(
            ("-m", "pytest", "-n", "2", "-m", "prove_full or not prove_full"), {"HYPOTHESIS_PROFILE": "new"}
        ),
        "line": Part(("tests/fuzz/line_fuzz.py", "every", *number)),
        **fuzzed,
        "readers": Part(("tests/fuzz/run_fuzz.py", "every", *number), {"POLARS_MAX_THREADS": "1"}),
    }


def line_of(name: str, part: Part) -> tuple[str, bool]:
    """Run a part; returns its line of the page, and whether it found no fault."""
    begun, since = datetime.now(UTC), time.monotonic()
    surroundings = {**os.environ, "PYTHONPATH": str(ROOT), **part.environment}
    code = subprocess.run([sys.executable, *part.arguments], cwd=ROOT, env=surroundings, check=False).returncode
    took_min = (time.monotonic() - since) / 60
    asked = " ".join(part.arguments).removeprefix("-m ")
    result = "no fault" if code == 0 else f"**failed**, exit code {code}"
    told = f"| {name}: `{asked}` | {begun:%Y-%m-%d %H:%M} | {revision()} | {took_min:.0f} | {result} |"
    return told, code == 0


def with_lines(page: str, told: dict[str, str]) -> str:
    """Return the page with these lines in place of the older ones of their parts."""
    lines = {name: line for line in page.splitlines() for name in parts(0) if line.startswith(f"| {name}: `")}
    lines |= told
    return HEAD + "".join(f"{lines[name]}\n" for name in parts(0) if name in lines) + f"\nLast on: {machine()}.\n"


def main(given: list[str] | None = None) -> int:
    """Run what was asked for and write the page after each part; 1 when one failed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", choices=tuple(parts(0)), nargs="+", default=list(parts(0)))
    parser.add_argument("--runs", type=int, default=200_000)
    parser.add_argument("--page", type=Path, default=PAGE)
    asked = parser.parse_args(given)
    sound = True
    for name in asked.only:
        line, good = line_of(name, parts(asked.runs)[name])
        sound &= good
        old = asked.page.read_text("utf-8") if asked.page.exists() else ""
        asked.page.write_text(with_lines(old, {name: line}), "utf-8")
        print(line, flush=True)
    return 0 if sound else 1


if __name__ == "__main__":
    sys.exit(main())
