"""Judge 10,000 plans by every agreement, on one core, and say how long it took.

    python bench/rules/judge.py            print the figures
    python bench/rules/judge.py --write    and put them into bench/rules/RESULTS.md

The plans are drawn from a fixed seed: exercises, movements, launches, danger areas, incidents and requests of 12 states
over ten years, near and far from the thresholds, as a record would hold them. Flags are counted apart. The verb is
timed as a person runs it, start-up included: the best of five runs of ``detente obligations`` on one plan.
"""

from __future__ import annotations

import os
import platform
import random
import resource
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from detente.rules import shelf
from detente.rules.evaluating import evaluate
from detente.rules.facts import Facts, Place, Telling
from detente.rules.loopholes import findings
from detente.rules.settings import Settings
from detente.rules.spans import Span

PLANS = 10_000
ROOT = Path(__file__).resolve().parents[2]
STATES = ["BY", "RU", "US", "GB", "FR", "DE", "PL", "LV", "SE", "NO", "TR", "UA"]
KINDS = ["exercise"] * 5 + [
    "movement",
    "launch",
    "danger_area",
    "incident",
    "unusual_activity_request",
    "visit_request",
]


def plan(number: int, chance: random.Random) -> Facts:
    """Return one plan of a record."""
    start = datetime(2015, 1, 1, tzinfo=UTC) + timedelta(minutes=chance.randrange(10 * 365 * 1440))
    told = start - timedelta(hours=chance.randrange(2000))
    state = chance.choice(STATES)
    values: dict[str, bool | int | str] = {
        "troops": chance.choice([500, 3000, 7200, 8950, 9000, 12700, 14000, 26000, 45000]),
        "battle_tanks": chance.randrange(350),
        "armoured_combat_vehicles": chance.randrange(600),
        "artillery_pieces": chance.randrange(300),
        "fixed_wing_sorties": chance.randrange(250),
        "amphibious_troops": 0,
        "airborne_troops": chance.randrange(4000),
        "single_command": True,
        "divisional_structure": chance.random() < 0.7,
        "activity_type": "field_exercise",
        "launch_class": chance.choice(["icbm", "slbm", "space_launch_vehicle"]),
        "place": chance.choice(["sea", "land"]),
        "passage": chance.choice(["turkish_straits", "none"]),
        "warship": True,
        "stay_days": chance.randrange(30),
        "ships": 3,
        "tonnage": 9000,
        "subject": chance.choice(["inspection", "evaluation", "explanation", "meeting"]),
        "invitation": False,
        "visits_this_year": 1,
        "duration_hours": 100,
    }
    return Facts(
        ref=f"r/{number}",
        kind=chance.choice(KINDS),
        state=state,
        author=state.lower(),
        start=Span(start, start + timedelta(minutes=1)),
        end=Span(start + timedelta(days=6), start + timedelta(days=6, minutes=1)),
        told=Telling(
            ref=f"r/{number}",
            author=state.lower(),
            not_before=told,
            not_before_clock=state.lower(),
            not_after=told + timedelta(minutes=4),
            not_after_clock="witness",
        ),
        asked=(chance.choice(STATES),),
        requested=Span(told, told + timedelta(minutes=4)),
        places=(Place(chance.uniform(36, 70), chance.uniform(-10, 90)), Place(chance.uniform(36, 70), 30.0)),
        values=values,
        name=f"{chance.choice(['Storm', 'Shield', 'North', 'Dawn', 'Zapad'])} {start.year}",
    )


def verb_s() -> tuple[float, float]:
    """Return the best of five runs of the verb on one plan, start-up included, and the CPU seconds of the leanest."""
    example = ROOT / "examples" / "notices" / "zapad-2017.toml"
    best = best_cpu = 60.0
    for _ in range(5):
        begun, spent = time.perf_counter(), cpu_of_children_s()
        subprocess.run(
            [sys.executable, "-m", "detente", "obligations", str(example)], check=True, capture_output=True
        )
        best = min(best, time.perf_counter() - begun)
        best_cpu = min(best_cpu, cpu_of_children_s() - spent)
    return best, best_cpu


def cpu_of_children_s() -> float:
    """Return the CPU seconds, user and system, of all runs so far."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def main() -> None:
    """Measure and print; with --write keep the figures."""
    chance = random.Random(20170914)
    plans = [plan(number, chance) for number in range(PLANS)]
    agreements = shelf.shelved()
    begun, spent = time.perf_counter(), time.process_time()
    judged = evaluate(plans, agreements)
    judged_s, judged_cpu_s = time.perf_counter() - begun, time.process_time() - spent
    begun, spent = time.perf_counter(), time.process_time()
    flagged = findings(plans, judged, Settings())
    flagged_s, flagged_cpu_s = time.perf_counter() - begun, time.process_time() - spent
    verb, verb_cpu = verb_s()
    verdicts = sum(len(one.verdicts) for each in judged for one in each)
    processor = next(
        (
            line.split(":", 1)[1].strip()
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if "model name" in line
        ),
        platform.machine(),
    )
    rows = [
        (
            f"| {PLANS:,} plans by {len(agreements)} agreements, {verdicts:,} verdicts "
            f"| {judged_s:.2f} s | {judged_cpu_s:.2f} s |"
        ),
        f"| flags among them ({len(flagged):,}) | {flagged_s:.2f} s | {flagged_cpu_s:.2f} s |",
        f"| `detente obligations` on one plan, start-up included, best of five | {verb:.2f} s | {verb_cpu:.2f} s |",
    ]
    text = "\n".join(["| what | took | CPU |", "|---|---|---|", *rows])
    print(text)
    if "--write" in sys.argv[1:]:
        head = (
            "# Judging plans\n\n`python bench/rules/judge.py --write`, "
            f"one core of {processor}, CPython {platform.python_version()}; "
            f"load average {os.getloadavg()[0]:.1f}:\non a shared machine CPU seconds say more than the wall clock.\n\n"
        )
        (Path(__file__).parent / "RESULTS.md").write_text(head + text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
