"""Measure the line, each part in a fresh process, one at a time; write bench/line/RESULTS.md.

.venv/bin/python bench/line/run.py                          # everything; builds the large log first: half an hour
.venv/bin/python bench/line/run.py --only exchange tree     # some parts; the others keep their last figures
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
DATA = ROOT / "bench" / "data"
OWN = Path(sys.executable)
PEERS = ROOT / ".venv-bench" / "bin" / "python"
PARTS = ("exchange", "store", "drain", "tree", "open", "audit")


def main() -> int:
    """Measure and write; returns 0."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", choices=PARTS, default=list(PARTS))
    parser.add_argument("--large", type=Path, default=DATA / "line-large", help="where the large log lies")
    parser.add_argument("--statements", type=int, default=2_000_000, help="of the large log")
    parser.add_argument("--peers", type=Path, default=PEERS, help="the Python that has pymerkle")
    parser.add_argument("--out", type=Path, default=HERE / "RESULTS.md")
    given = parser.parse_args()
    DATA.mkdir(exist_ok=True)
    kept = DATA / "line.json"
    measured: dict[str, Any] = json.loads(kept.read_text("utf-8")) if kept.exists() else {}
    for part in given.only:
        about = {"date": f"{dt.datetime.now(dt.UTC):%Y-%m-%d %H:%M} UTC", "load": round(os.getloadavg()[0], 2)}
        measured[part] = _measure(part, given) | about | {"revision": revision()}
        kept.write_text(json.dumps(measured, indent=1), encoding="utf-8")
        given.out.write_text(results.text(measured, machine()), encoding="utf-8")
        print(part, json.dumps(measured[part]), flush=True)
    return 0


def _measure(part: str, given: argparse.Namespace) -> dict[str, Any]:
    if part == "exchange":
        in_a_round = {"1000": "1", "100": "4", "1": "20"}
        return {
            batch: _run(OWN, "exchange.py", "--batch", batch, "--exchanges", exchanges)
            for batch, exchanges in in_a_round.items()
        }
    if part in {"drain", "store"}:
        return _run(OWN, f"{part}.py")
    if part == "tree":
        return {
            which: _run(python, "tree.py", "--which", which)
            for which, python in (("detente", OWN), ("pymerkle", given.peers))
            if python.exists()
        }
    _run(OWN, "large.py", "build", str(given.large), "--statements", str(given.statements))
    return _run(OWN, "large.py", part, str(given.large))


def _run(python: Path, script: str, *options: str) -> dict[str, Any]:
    """Run one part in a fresh process; returns its one line of figures."""
    done = subprocess.run(
        [str(python), str(HERE / script), *options], stdout=subprocess.PIPE, text=True, check=True
    )
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


if __name__ == "__main__":
    sys.exit(main())
