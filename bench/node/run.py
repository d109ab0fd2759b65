"""Measure two served nodes, each part in a fresh process, one at a time; write bench/node/RESULTS.md.

.venv/bin/python bench/node/run.py                            # everything: three times ten minutes of load, and more
.venv/bin/python bench/node/run.py --only drain hostile       # some parts; the others keep their last figures
.venv/bin/python bench/node/run.py --only load --for-s 60     # a shorter load; the page says so
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import results

sys.path.insert(1, str(Path(__file__).resolve().parents[1]))
from machine import machine, revision

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
PARTS = ("load", "drain", "hostile")


def main() -> int:
    """Measure and write; returns 0."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", choices=PARTS, default=list(PARTS))
    parser.add_argument("--for-s", type=float, default=600.0, help="of each run under load")
    parser.add_argument("--per-s", type=float, default=200.0, help="notices of each side")
    parser.add_argument("--runs", type=int, default=3, help="under load; the middle one counts")
    parser.add_argument("--kept", type=Path, default=HERE / "measured.json")
    parser.add_argument("--out", type=Path, default=HERE / "RESULTS.md")
    given = parser.parse_args()
    measured: dict[str, Any] = json.loads(given.kept.read_text("utf-8")) if given.kept.exists() else {}
    for part in given.only:
        about = {
            "date": f"{dt.datetime.now(dt.UTC):%Y-%m-%d %H:%M} UTC", "load_average": round(os.getloadavg()[0], 2),
            "revision": revision(), "machine": machine(),
        }  # fmt: skip
        if part == "load":
            options = ("--per-s", str(given.per_s), "--for-s", str(given.for_s))
            runs = [_run("load.py", *options) for _ in range(given.runs)]
            found = {"runs": sorted(runs, key=lambda one: float(one["delivered_ms"]["p99"]))}
        else:
            found = {"found": _run(f"{part}.py")}
        measured[part] = found | about
        given.kept.write_text(json.dumps(measured, indent=1) + "\n", encoding="utf-8")
        given.out.write_text(results.text(measured), encoding="utf-8")
        print(part, json.dumps(measured[part]), flush=True)
    return 0


def _run(script: str, *options: str) -> dict[str, Any]:
    """Run one part in a fresh process; returns its one line of figures."""
    done = subprocess.run(
        [sys.executable, str(HERE / script), *options], stdout=subprocess.PIPE, text=True, check=True
    )
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


if __name__ == "__main__":
    sys.exit(main())
