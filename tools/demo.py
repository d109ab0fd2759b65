"""``make demo``: make up three days in the Baltic, run the main job on them, say what was found and where.

Ends with an exit code other than 0 when a planted encounter was not found, or one was found that must not be.
"""

from __future__ import annotations

import argparse
import json
import shlex
import subprocess
import sys
import time
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "examples" / "baltic"))

from motions import START  # noqa: E402 - the scenario lies beside the examples, not in the package
from scenario import LURES, PLANTED, Planted, write_scenario  # noqa: E402

DETENTE = Path(sys.executable).parent / "detente"
TOLERANCE_M = 30.0
"""Noise of both receivers, and the straight line between fixes up to 60 s apart."""
TOLERANCE = timedelta(minutes=95)
"""Shadowing lasts three hours: its closest moment may be any of them."""


def detente(*arguments: object, folder: Path, quiet: bool = False) -> str:
    """Run one verb in the folder as a person would; returns what it printed, and stops the demo on a failure."""
    words = [str(word) for word in arguments]
    print(f"\n$ detente {shlex.join(words)}", flush=True)
    run = subprocess.run([DETENTE, *words], cwd=folder, stdout=subprocess.PIPE, text=True, check=False)
    if not quiet:
        print(run.stdout, end="", flush=True)
    if run.returncode != 0:
        sys.exit(f"demo: detente {words[0]} ended with exit code {run.returncode}")
    return run.stdout


def fitting(planted: Planted, found: list[dict[str, Any]]) -> dict[str, Any] | None:
    """Return the found encounter that is the planted one: same pair, near in time and distance."""
    moment = START + timedelta(hours=planted.hour)
    for row in found:
        same = {row["a"], row["b"]} == {planted.a, planted.b}
        near = abs(datetime.fromisoformat(row["closest_at"]) - moment) <= TOLERANCE
        if same and near and abs(row["distance_m"] - planted.apart_m) <= TOLERANCE_M:
            return row
    return None


def judge(found: list[dict[str, Any]], *, rivals: bool) -> int:
    """Say of each planted encounter whether it was found; returns how many were not."""
    missing = 0
    for planted in PLANTED:
        if planted.rivals != rivals:
            continue
        row = fitting(planted, found)
        missing += row is None
        if row is None:
            print(f"  MISSED   {planted.what} ({planted.apart_m:.0f} m)")
        else:
            when, metres = row["closest_at"][:19], row["distance_m"]
            print(f"  found    {planted.what}: {metres:.0f} m at {when}Z, planted {planted.apart_m:.0f} m")
    return missing


def lured(found: list[dict[str, Any]]) -> int:
    """Say of each trap whether the search fell into it; returns how many times it did."""
    fallen = 0
    for one, other, hour, what in LURES:
        moment = START + timedelta(hours=hour)
        caught = any(
            {row["a"], row["b"]} == {one, other}
            and abs(datetime.fromisoformat(row["closest_at"]) - moment) < timedelta(minutes=30)
            for row in found
        )
        fallen += caught
        print(f"  {'TAKEN IN' if caught else 'rejected'} {what}")
    return fallen


def properties(path: Path) -> list[dict[str, Any]]:
    """Return the rows of a GeoJSON file."""
    return [feature["properties"] for feature in json.loads(path.read_text(encoding="utf-8"))["features"]]


def main() -> int:
    """Run the demo; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, default=ROOT / "demo", help="where files go (default: demo/)")
    folder: Path = parser.parse_args().folder.resolve()
    began = time.monotonic()
    print("Making up three days of traffic in the Baltic, 4 to 6 April 2018 (synthetic: nobody's real tracks)")
    tracks = [path.name for path in write_scenario(folder)]
    detente("tracks", *tracks, "--out", "tracks.parquet", folder=folder)
    limits = ("--within", "0.5nm", "--vertical", "1000ft")
    sides = ("--sides", "sides.toml", "--between", "rivals")
    outputs = ("--report", "report.html", "--out", "encounters.geojson")
    detente("encounters", *tracks, *sides, *limits, *outputs, folder=folder)
    everyone = ("--between", "all", "--out", "everyone.geojson", "--json")
    detente("encounters", *tracks, *limits, *everyone, folder=folder, quiet=True)
    predicted = detente(
        "predict", "states.csv", "--within", "0.5nm", "--horizon", "600s", "--out", "predicted.csv", folder=folder
    )

    rivals, all_pairs = properties(folder / "encounters.geojson"), properties(folder / "everyone.geojson")
    print("\nBetween the two sides:")
    missing = judge(rivals, rivals=True)
    print("Between anybody:")
    missing += judge(all_pairs, rivals=False)
    print("What only looks like an encounter:")
    wrong = lured(rivals)
    foreseen = (PLANTED[0].a in predicted) and (PLANTED[0].b in predicted)
    seen = "foreseen" if foreseen else "MISSED  "
    print(f"  {seen} the near collision, five minutes ahead, from one picture of positions")
    print(f"\n{len(rivals)} encounters between the sides, {len(all_pairs)} between anybody.")
    print(f"Report: {folder / 'report.html'} (open it in a browser)")
    print(f"Took {time.monotonic() - began:.0f} s.")
    if missing or wrong or not foreseen:
        print(f"demo: {missing} planted encounters not found, {wrong} wrongly found", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
