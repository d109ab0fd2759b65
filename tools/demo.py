"""``make demo``: make up three days in the Baltic, run the main job on them, say what was found and where.

Ends with an exit code other than 0 when a planted encounter was not found, or one was found that must not be.
"""

from __future__ import annotations

import argparse
import json
import os
import shlex
import subprocess
import sys
import time
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from detente import words

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "examples" / "baltic"))

from motions import START  # noqa: E402 - the scenario lies beside the examples, not in the package
from scenario import LURES, PLANTED, Planted, write_scenario  # noqa: E402

say = words.speaker("demo")

DETENTE = Path(sys.executable).parent / "detente"
TOLERANCE_M = 30.0
"""Noise of both receivers, and the straight line between fixes up to 60 s apart."""
TOLERANCE = timedelta(minutes=95)
"""Shadowing lasts three hours: its closest moment may be any of them."""


def detente(*arguments: object, folder: Path, quiet: bool = False) -> str:
    """Run one verb in the folder as a person would; returns what it printed, and stops the demo on a failure."""
    spoken = [str(word) for word in arguments]
    print(f"\n$ detente {shlex.join(spoken)}", flush=True)
    run = subprocess.run([DETENTE, *spoken], cwd=folder, stdout=subprocess.PIPE, text=True, check=False)
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


def asked() -> Path:
    """Choose the language that was asked for, by the option or the locale; return the folder for the files."""
    words.choose(words.from_environment())
    for place, word in enumerate(sys.argv):
        # chosen before the help is written, as the program itself does
        if word == "--language" and sys.argv[place + 1 : place + 2] and sys.argv[place + 1] in words.LANGUAGES:
            words.choose(sys.argv[place + 1])
    parser = argparse.ArgumentParser(
        description=say("Makes up three days of traffic in the Baltic, and finds the close encounters in it.")
    )
    parser.add_argument(
        "--folder", type=Path, default=ROOT / "demo", help=say("where files go (default: demo/ in the checkout)")
    )
    parser.add_argument("--language", choices=words.LANGUAGES, help=say("the language to speak"))
    given = parser.parse_args()
    if given.language:
        # what it starts speaks the same language
        os.environ["LC_ALL"] = {"en": "C.UTF-8", "ru": "ru_RU.UTF-8"}[given.language]
    return Path(given.folder).resolve()


def main() -> int:
    """Run the demo; returns the exit code."""
    folder = asked()
    began = time.monotonic()
    print(
        say("Making up three days of traffic in the Baltic, 4 to 6 April 2018 (synthetic: nobody's real tracks)")
    )
    tracks = [path.name for path in write_scenario(folder)]
    detente("tracks", *tracks, "--out", "tracks.parquet", folder=folder)
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
    print(say("Took {seconds} s.", seconds=f"{time.monotonic() - began:.0f}"))
    if missing or wrong or not foreseen:
        said = say(
            "demo: planted encounters not found: {missing}; wrongly found: {wrong}", missing=missing, wrong=wrong
        )
        print(said, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
