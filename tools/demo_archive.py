"""The last act of ``make demo``: three days in the Baltic made up, searched as an archive, its report written.

Says of each planted encounter whether it was found, and of each trap whether the search fell into it.
"""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from detente import words

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "examples" / "baltic"))

from motions import START  # noqa: E402 - the scenario lies beside the examples, not in the package
from scenario import LURES, PLANTED, Planted, write_scenario  # noqa: E402

say = words.speaker("demo")

TOLERANCE_M = 30.0
"""Noise of both receivers, and the straight line between fixes up to 60 s apart."""
TOLERANCE = timedelta(minutes=95)
"""Shadowing lasts three hours: its closest moment may be any of them."""


def detente(*arguments: object, folder: Path, quiet: bool = False) -> str:
    """Run one verb in the folder as a person would; returns what it printed, and stops the demo on a failure."""
    spoken = [str(word) for word in arguments]
    print(f"\n$ detente {shlex.join(spoken)}", flush=True)
    run = subprocess.run(
        [sys.executable, "-m", "detente", *spoken], cwd=folder, stdout=subprocess.PIPE, text=True, check=False
    )
    if not quiet:
        print(run.stdout, end="", flush=True)
    if run.returncode != 0:
        sys.exit(say("demo: detente {verb} ended with exit code {code}", verb=spoken[0], code=run.returncode))
    return run.stdout


def tell(verdict: str, what: str) -> None:
    """Say one verdict, all of them in one column."""
    width = max(map(len, (say("found"), say("MISSED"), say("rejected"), say("TAKEN IN"), say("foreseen"))))
    print(f"  {verdict:<{width}} {what}")


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
            what = say("{what} ({metres} m)", what=say(planted.what), metres=f"{planted.apart_m:.0f}")
            tell(say("MISSED"), what)
        else:
            what = say(
                "{what}: {metres} m at {moment}, planted {planted} m",
                what=say(planted.what),
                metres=f"{row['distance_m']:.0f}",
                moment=f"{row['closest_at'][:19]}Z",
                planted=f"{planted.apart_m:.0f}",
            )
            tell(say("found"), what)
    return missing


def lured(found: list[dict[str, Any]]) -> int:
    """Say of each trap whether the search fell into it; returns how many times it did."""
    fallen = 0
    for lure in LURES:
        moment = START + timedelta(hours=lure.hour)
        caught = any(
            {row["a"], row["b"]} == {lure.a, lure.b}
            and abs(datetime.fromisoformat(row["closest_at"]) - moment) < timedelta(minutes=30)
            for row in found
        )
        fallen += caught
        tell(say("TAKEN IN") if caught else say("rejected"), say(lure.what))
    return fallen


def properties(path: Path) -> list[dict[str, Any]]:
    """Return the rows of a GeoJSON file."""
    return [feature["properties"] for feature in json.loads(path.read_text(encoding="utf-8"))["features"]]


def archive_act(folder: Path) -> bool:
    """Make the three days up, search them, and say what was found; returns whether all was as it must be."""
    print()
    print(
        say("Making up three days of traffic in the Baltic, 4 to 6 April 2018 (synthetic: nobody's real tracks)")
    )
    tracks = [path.name for path in write_scenario(folder)]
    limits = ("--within", "0.5nm", "--vertical", "1000ft")
    sides = ("--sides", "sides.toml", "--between", "rivals")
    outputs = ("--report", "report.html", "--out", "encounters.geojson")
    detente("encounters", *tracks, *sides, *limits, *outputs, folder=folder)
    everyone = ("--between", "all", "--out", "everyone.geojson", "--json")
    detente("encounters", *tracks, *limits, *everyone, folder=folder, quiet=True)
    ahead = ("--within", "0.5nm", "--horizon", "600s", "--out", "predicted.csv")
    predicted = detente("predict", "states.csv", *ahead, folder=folder)

    rivals, all_pairs = properties(folder / "encounters.geojson"), properties(folder / "everyone.geojson")
    print("\n" + say("Between the two sides:"))
    missing = judge(rivals, rivals=True)
    print(say("Between anybody:"))
    missing += judge(all_pairs, rivals=False)
    print(say("What only looks like an encounter:"))
    wrong = lured(rivals)
    foreseen = (PLANTED[0].a in predicted) and (PLANTED[0].b in predicted)
    verdict = say("foreseen") if foreseen else say("MISSED")
    tell(verdict, say("the near collision, five minutes ahead, from one picture of positions"))
    print()
    print(
        say(
            "Encounters between the sides: {rivals}; between anybody: {everyone}.",
            rivals=len(rivals),
            everyone=len(all_pairs),
        )
    )
    print(say("Report: {file} (open it in a browser)", file=folder / "report.html"))
    if missing or wrong or not foreseen:
        said = say(
            "demo: planted encounters not found: {missing}; wrongly found: {wrong}", missing=missing, wrong=wrong
        )
        print(said, file=sys.stderr)
        return False
    return True
