"""How often the rules about odd tracks speak on real files.

``python bench/watch/odd_tracks.py FILE... [--stretch 240]``. Every mover is asked about once in each stretch of
time, as if it had an encounter then; whatever is named is known to be true of the file, or is a false alarm.
Printed: how many were asked, and what was named of whom, with its figures.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl

from detente.tracks import read
from detente.watch.anomalies import Anomalies
from detente.watch.batches import FeedStanding


def asked(path: Path, *, stretch_s: float) -> dict[str, Any]:
    """Go through a file in order of time; return what was asked and what was named."""
    rows = read(path, clean=False).collect().sort("time", maintain_order=True)
    first, last = rows["time"].min(), rows["time"].max()
    if not isinstance(first, datetime) or not isinstance(last, datetime):
        return {"file": path.name, "rows": 0}
    watch, began = Anomalies(), time.process_time()
    count, named, told = 0, Counter[str](), []
    moment = first - timedelta(seconds=stretch_s)
    pending: list[tuple[datetime, pl.DataFrame]] = []
    while moment <= last + timedelta(seconds=2 * stretch_s):
        part = rows.filter((pl.col("time") > moment) & (pl.col("time") <= moment + timedelta(seconds=stretch_s)))
        moment += timedelta(seconds=stretch_s)
        standing = FeedStanding(
            name=path.name, state="good", last_at=moment, rate_per_s=1, movers=1, received=1, used=1, rejected={}
        )
        watch.stand([standing], now=moment)
        watch.push(part, feed=path.name, received_at=moment)
        pending.append((moment, part))
        if len(pending) < 2:
            continue
        then, heard = pending.pop(0)
        for (mover,), mine in heard.group_by("mover", maintain_order=True):
            count += 1
            for one in watch.explain(_row(str(mover), mine, then, stretch_s), now=min(moment, last)):
                named[one.kind] += 1
                told.append({"kind": one.kind, "mover": one.mover, "at": str(one.first_at), **one.figures})
    return {
        "file": path.name,
        "rows": rows.height,
        "asked": count,
        "named": dict(named),
        "cpu_s": round(time.process_time() - began, 2),
        "told": told,
    }


def _row(mover: str, mine: pl.DataFrame, then: datetime, stretch_s: float) -> dict[str, Any]:
    middle = then - timedelta(seconds=stretch_s / 2)
    kind = mine["kind"].drop_nulls()
    return {
        "a": mover, "b": "id:nobody", "kind_a": kind[0] if kind.len() else None, "kind_b": None,
        "entered": middle - timedelta(seconds=60), "left": middle + timedelta(seconds=60), "closest_at": middle,
        "distance_m": 1.0, "vertical_m": None, "passes": 1, "both_moving": False, "quality": "certain",
    }  # fmt: skip


def main(argv: list[str]) -> int:
    """Print one JSON document a file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", nargs="+", type=Path)
    parser.add_argument(
        "--stretch", type=float, default=240.0, help="seconds between two questions about a mover"
    )
    given = parser.parse_args(argv)
    for path in given.files:
        print(json.dumps(asked(path, stretch_s=given.stretch)))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
