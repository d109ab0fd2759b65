"""Measure one prediction step of a picture of 50,000 live movers, beside a plain numpy all-against-all.

.venv/bin/python bench/watch/step.py                   # writes bench/watch/STEP.md
.venv/bin/python bench/watch/step.py --movers 5000 --print

The picture, in 40 by 20 degrees: 35,000 ships, six in ten of them in and around 400 harbours and four in five of those
at rest, the others under way at sea; 15,000 aircraft on their levels. Half of the movers are west's, half east's, dealt
by chance, which is far more rivals than any sea has. 60 announced areas. What is measured is one whole step: legs and
boxes from the states, the pairs, their rungs, and the entries into areas.
"""

from __future__ import annotations

import argparse
import datetime as dt
import os
import statistics
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from pyproj import Geod

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "bench"), str(ROOT / "src")]
from machine import machine, revision  # noqa: E402

from detente.encounters.announced import Announced  # noqa: E402
from detente.encounters.live_step import LiveStep, States  # noqa: E402
from detente.encounters.prediction import predict  # noqa: E402
from detente.notices.quantities import FOOT_M, KNOT_MS  # noqa: E402
from detente.watch.limits import DEFAULTS  # noqa: E402

SEED = 1972
AT = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)
WEST, SOUTH, EAST, NORTH = -5.0, 45.0, 35.0, 65.0
MS_MAX = 100.0
PAGE = ROOT / "bench" / "watch" / "STEP.md"
COLUMNS = ("looked for", "median ms", "slowest ms", "computing ms, median", "pairs on a rung", "in areas or near",
           "pairs at rest, counted", "first step with loading, s")  # fmt: skip
RELATED = np.array([[0, 0, 0], [0, 0, 1], [0, 1, 0]], np.uint8)


def states_of(movers: int) -> States:
    """Return the picture; the same seed gives the same one."""
    dice = np.random.default_rng((SEED, movers))
    kind = (np.arange(movers) % 10 >= 7).astype(np.uint8)
    lon, lat = dice.uniform(WEST, EAST, movers), dice.uniform(SOUTH, NORTH, movers)
    in_port = (kind == 0) & (dice.random(movers) < 0.6)
    ports = np.stack([dice.uniform(WEST, EAST, 400), dice.uniform(SOUTH, NORTH, 400)])
    port = dice.integers(0, 400, movers)
    lon = np.where(in_port, ports[0][port] + dice.normal(0, 0.05, movers), lon)
    lat = np.where(in_port, ports[1][port] + dice.normal(0, 0.03, movers), lat)
    at_rest = in_port & (dice.random(movers) < 0.8)
    knots = np.where(kind == 1, dice.uniform(180, 480, movers), dice.uniform(2, 22, movers))
    knots = np.where(in_port, dice.uniform(1, 8, movers), knots)
    level_ft = dice.integers(2, 42, movers) * 1_000.0 + dice.normal(0, 25, movers)
    climbing = (kind == 1) & (dice.random(movers) < 0.2)
    return States(
        ids=[f"{'icao24' if one else 'mmsi'}:{number:09d}" for number, one in enumerate(kind.tolist())],
        lon=lon,
        lat=lat,
        speed_ms=np.where(at_rest, 0.1, knots) * KNOT_MS,
        course_deg=dice.uniform(0, 360, movers),
        height_m=np.where(kind == 1, level_ft * FOOT_M, 0.0),
        climb_ms=np.where(climbing, dice.uniform(-12, 12, movers), 0.0),
        age_s=dice.uniform(0, np.where(kind == 1, 5.0, 20.0)),
        doubt_m=np.full(movers, 10.0),
        kind=kind,
        side=dice.integers(1, 3, movers),
        at_rest=at_rest,
        slot=np.arange(movers),
    )


def areas_of(count: int) -> list[Announced]:
    """Return boxes of about 20 NM that are active all day."""
    dice = np.random.default_rng((SEED, count))
    day = ((AT - dt.timedelta(hours=12), AT + dt.timedelta(hours=12)),)
    made = []
    for number in range(count):
        west, south = dice.uniform(WEST, EAST - 1), dice.uniform(SOUTH, NORTH - 1)
        ring = (
            (west, south),
            (west + 0.5, south),
            (west + 0.5, south + 0.33),
            (west, south + 0.33),
            (west, south),
        )
        made.append(Announced(f"A{number}", f"Area {number}", "", (ring,), day))
    return made


def timed(step: LiveStep, states: States, times: int) -> tuple[list[float], list[float], Any]:
    """Return wall milliseconds of some steps, those that the longest thread computed, and what was found last."""
    wall, cpu, found = [], [], None
    for place in range(times):
        # the pairs at rest are counted once a minute; that step is among those measured
        at = AT + dt.timedelta(seconds=20 * place)
        begun, used = time.perf_counter(), time.thread_time()
        found = step.step(states, at)
        wall.append((time.perf_counter() - begun) * 1e3)
        cpu.append((time.thread_time() - used) * 1e3)
    return wall, cpu, found


def naive(states: States, share: int) -> tuple[float, set[tuple[int, int]], set[int]]:
    """Return computing seconds, and the pairs that a plain numpy all-against-all finds with the outermost limits.

    One row in ``share`` is held against all that follow it, evenly spread, and the time multiplied; last, those rows.
    Straight lines in earth-centred coordinates; the vertical limit is looked at where they are closest.
    """
    begun = time.thread_time()
    lat, lon, course = (np.radians(values) for values in (states.lat, states.lon, states.course_deg))
    normal = 6378137.0 / np.sqrt(1 - 0.00669437999014 * np.sin(lat) ** 2)
    place = np.stack([normal * np.cos(lat) * np.cos(lon), normal * np.cos(lat) * np.sin(lon),
                      normal * (1 - 0.00669437999014) * np.sin(lat)], axis=1)  # fmt: skip
    east = np.stack([-np.sin(lon), np.cos(lon), np.zeros_like(lon)], axis=1)
    north = np.stack([-np.sin(lat) * np.cos(lon), -np.sin(lat) * np.sin(lon), np.cos(lat)], axis=1)
    speed = states.speed_ms[:, None]
    motion = speed * (np.sin(course)[:, None] * east + np.cos(course)[:, None] * north)
    place += motion * states.age_s[:, None]
    height = np.where(states.kind == 1, states.height_m + states.climb_ms * states.age_s, 0.0)
    climb = np.where(states.kind == 1, states.climb_ms, 0.0)
    rungs = DEFAULTS.rungs()
    found: set[tuple[int, int]] = set()
    count = len(states.lon)
    rows_taken: set[int] = set()
    for first in range(0, count, 200 * share):
        own = slice(first, min(first + 200, count))
        rows_taken.update(range(own.start, own.stop))
        s = [place[None, own.start :, axis] - place[own, None, axis] for axis in range(3)]
        v = [motion[None, own.start :, axis] - motion[own, None, axis] for axis in range(3)]
        along = s[0] * v[0] + s[1] * v[1] + s[2] * v[2]
        square = v[0] * v[0] + v[1] * v[1] + v[2] * v[2]
        kinds = states.kind[own, None], states.kind[None, own.start :]
        at = np.clip(-along / np.maximum(square, 1e-9), 0.0, rungs.ahead_s[0][kinds])
        far = sum((s[axis] + at * v[axis]) ** 2 for axis in range(3))
        apart = np.abs(
            height[None, own.start :] - height[own, None] + at * (climb[None, own.start :] - climb[own, None])
        )
        near = (far < rungs.within_m[0][kinds] ** 2) & (apart < rungs.vertical_m[0][kinds])
        near &= states.side[own, None] != states.side[None, own.start :]
        near &= ~(states.at_rest[own, None] & states.at_rest[None, own.start :])
        rows, columns = np.nonzero(near)
        found |= {(first + int(a), first + int(b)) for a, b in zip(rows, columns, strict=True) if b > a}
    return share * (time.thread_time() - begun), found, rows_taken


def plain(states: States, rung: int) -> set[tuple[str, str]]:
    """Return the pairs that detente.encounters.prediction.predict finds on a rung, by kind, rivals only."""
    lon, lat, back = Geod(ellps="WGS84").fwd(
        states.lon, states.lat, states.course_deg, states.speed_ms * states.age_s
    )
    aircraft = states.kind == 1
    height = np.where(aircraft, states.height_m + states.climb_ms * states.age_s, 0.0)
    picture = pl.DataFrame(
        {
            "id": list(states.ids),
            "lat": lat,
            "lon": lon,
            "altitude_ft": height / FOOT_M,
            "speed_kn": states.speed_ms / KNOT_MS,
            "course_deg": (np.asarray(back) + 180.0) % 360.0,
            "vertical_fpm": np.where(aircraft, states.climb_ms / FOOT_M * 60.0, 0.0),
            "kind": np.where(aircraft, "aircraft", "ship").tolist(),
        }
    )
    rungs = DEFAULTS.rungs()
    row_of = {name: row for row, name in enumerate(states.ids)}
    pairs: set[tuple[str, str]] = set()
    for one, other in ((0, 0), (0, 1), (1, 1)):
        kinds = picture if (one, other) == (0, 1) else picture.filter(pl.Series(states.kind == one))
        found = predict(
            kinds,
            horizon_s=float(rungs.ahead_s[rung, one, other]),
            within_m=float(rungs.within_m[rung, one, other]),
            vertical_m=float(rungs.vertical_m[rung, one, other]),
        )
        for a, b in found.select("a", "b").iter_rows():
            i, j = row_of[a], row_of[b]
            wanted = sorted((states.kind[i], states.kind[j])) == [one, other] and states.side[i] != states.side[j]
            if wanted and not (states.at_rest[i] and states.at_rest[j]):
                pairs.add((a, b))
    return pairs


def main() -> int:
    """Measure, and write the page; returns 0 when the step is fast enough and exact."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--movers", type=int, default=50_000)
    parser.add_argument("--times", type=int, default=15)
    parser.add_argument("--print", action="store_true", help="print the page, and leave the file as it is")
    parser.add_argument("--without-naive", action="store_true")
    parser.add_argument(
        "--share", type=int, default=10, help="hold one row in so many against all (1: every one)"
    )
    given = parser.parse_args()
    load = os.getloadavg()[0]
    states, rungs = states_of(given.movers), DEFAULTS.rungs()
    rows = []
    kinds = {
        "rivals, 60 areas": (RELATED, areas_of(60)),
        "rivals": (RELATED, []),
        "all against all": (np.ones((3, 3), np.uint8), []),
    }
    exact, ours = True, set()
    best = 0.0
    for name, (related, areas) in kinds.items():
        begun = time.perf_counter()
        step = LiveStep(rungs, related, areas=areas)
        step.step(states, AT - dt.timedelta(days=1))
        first_s = time.perf_counter() - begun
        wall, cpu, found = timed(step, states, given.times)
        on_rung = found.pairs.rung > 0
        rows.append(
            f"| {name} | {statistics.median(wall):.1f} | {max(wall):.1f} | {statistics.median(cpu):.1f} | "
            f"{int(on_rung.sum()):,} | {len(found.entries):,} | {found.moored:,} | {first_s:.2f} |"
        )
        if name == "rivals, 60 areas":
            best = min(statistics.median(wall), statistics.median(cpu))
            ours = {(int(a), int(b)) for a, b in zip(found.pairs.a[on_rung], found.pairs.b[on_rung], strict=True)}
            for rung in range(4):
                on = found.pairs.rung > rung
                came = {
                    tuple(sorted((states.ids[a], states.ids[b])))
                    for a, b in zip(found.pairs.a[on], found.pairs.b[on], strict=True)
                }
                expected = plain(states, rung)
                exact &= came == expected
                print(f"rung {rung + 1}: {len(came)} pairs, the plain prediction {len(expected)}, "
                      f"differing {len(came ^ expected)}", file=sys.stderr)  # fmt: skip
    naive_row = ""
    if not given.without_naive:
        seconds, others, taken = naive(states, given.share)
        ours = {pair for pair in ours if min(pair) in taken}
        naive_row = (
            f"| numpy, all against all | {seconds:,.1f} s | {seconds * 1e3 / best:,.0f} | {len(others):,} | "
            f"{len(ours - others):,} | {len(others - ours):,} |"
        )
    page = f"""# One step of the prediction

{machine()}. Revision {revision()}; measured {dt.datetime.now(dt.UTC):%d %B %Y}.
Load of the machine before it began: {load:.1f}. Command: `.venv/bin/python bench/watch/step.py`. The picture is
described at the head of that file. A step has two threads, one for areas. Where more programs run than there are cores,
only the time says something in which the longer thread computes: it is what a step takes with two cores free.

{given.movers:,} live movers, {given.times} steps each; wanted: at most {MS_MAX:.0f} ms.

| {" | ".join(COLUMNS)} |
|{"---|" * len(COLUMNS)}
{chr(10).join(rows)}

Exact: the pairs of each of the four rungs are {"the same" if exact else "NOT the same"} as those of
`encounters.prediction.predict` on the same picture moved on to the present.

| beside it | a step computes | times as long | pairs on the outermost rung | missed | extra |
|---|---|---|---|---|---|
{naive_row}

One row in {given.share} was held against all that follow it, and the time multiplied. Missed and extra: against the
exact pairs of those rows. Straight lines in space stand for geodesics there, and height is looked at only where two are
closest.
"""
    if given.print:
        print(page)
    else:
        PAGE.write_text(page, "utf-8")
    return 0 if exact and best <= MS_MAX else 1


if __name__ == "__main__":
    sys.exit(main())
