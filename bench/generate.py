"""Synthetic track archives for the benchmark: the same seed gives the same bytes of data.

A *sea* is a square of 100 km with two crossing lanes, five ports, anchorages and fishing grounds; it yields
500,000 fixes in 24 hours. A larger archive has more seas, never denser ones, so cost at equal density can be
compared. Everything random comes from one numpy generator per sea, seeded by (SEED, number of the sea).

    .venv/bin/python bench/generate.py --fixes 1_000_000 --out bench/data/1m.parquet
"""

from __future__ import annotations

import argparse
import datetime as dt
import itertools
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import polars as pl

SEED = 1972
DAY_S = 86_400.0
FIXES_A_SEA = 500_000
ROW_GROUP = 200_000
KNOT_MS = 1852 / 3600
HALF_SEA_M = 50_000.0
START = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)
# Russia, Norway, Finland, Sweden, Denmark, Germany, Estonia, Poland, United Kingdom, Liberia, Panama, Malta
FLAGS = (273, 257, 230, 265, 219, 211, 276, 261, 232, 636, 351, 215)

Numbers = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Plan:
    """Where a mover means to be: way points with times, and how it reports."""

    at_s: Numbers
    east_m: Numbers
    north_m: Numbers
    resting: bool


@dataclass(frozen=True, slots=True)
class Rest:
    """How ships at rest report: nominal interval, its jitter (share of it), share of reports lost."""

    every_s: float
    jitter: float
    lost: float


STEADY = Rest(172.0, 0.02, 0.02)
"""Nearly always within a gap of 180 s."""
BROKEN = Rest(180.0, 0.1, 0.08)
"""Half of the intervals are above a gap of 180 s: encounters in port fall into many."""


@dataclass(frozen=True, slots=True)
class Sea:
    """The fixed places of one sea, in metres from its middle."""

    ports: Numbers
    anchorages: Numbers
    grounds: Numbers
    bend_m: float


def main(argv: list[str] | None = None) -> int:
    """Write one archive; returns 0."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--fixes", type=int, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--plant", choices=("nothing", "teleport", "fast"), default="nothing")
    parser.add_argument("--broken-rest", action="store_true", help="ships at rest report around every 180 s")
    parser.add_argument("--hours", type=float, help="keep the first hours only")
    given = parser.parse_args(argv)
    given.out.parent.mkdir(parents=True, exist_ok=True)
    frame = planted(archive(given.fixes, BROKEN if given.broken_rest else STEADY), given.plant)
    if given.hours is not None:
        frame = frame.filter(pl.col("time") < START + dt.timedelta(hours=given.hours))
    frame.write_parquet(given.out, compression="zstd", row_group_size=ROW_GROUP)
    movers = frame["mover"].n_unique()
    print(f"{given.out}: {frame.height:,} fixes of {movers:,} movers, {given.out.stat().st_size:,} bytes")
    return 0


def archive(fixes: int, rest: Rest = STEADY) -> pl.DataFrame:
    """Return an archive of exactly that many fixes, in order of time; ties in order of the mover's number."""
    seas = max(1, -(-fixes // FIXES_A_SEA))
    parts = [_sea(number, min(FIXES_A_SEA, fixes - number * FIXES_A_SEA), rest) for number in range(seas)]
    names = pl.Series([name for part in parts for name in part[0]])
    counts = [len(part[0]) for part in parts]
    offsets = np.cumsum([0, *counts[:-1]])
    mover = np.concatenate([part[1] + offset for part, offset in zip(parts, offsets, strict=True)])
    values = [np.concatenate([part[2][column] for part in parts]) for column in range(5)]
    order = np.lexsort((mover, values[0]))
    at_ms, lon, lat, speed, course = (value[order] for value in values)
    start_us = int(START.timestamp()) * 1_000_000
    time_us = pl.Series(at_ms.astype(np.int64) * 1000 + start_us)
    return pl.DataFrame(
        {
            "mover": names.gather(pl.Series(mover[order].astype(np.uint32))),
            "time": time_us.cast(pl.Datetime("us")).dt.replace_time_zone("UTC"),
            "lon": lon,
            "lat": lat,
            "speed_kn": speed,
            "course_deg": course,
        }
    ).with_columns(pl.col("course_deg").fill_nan(None), kind=pl.lit("ship"))


def planted(frame: pl.DataFrame, what: str) -> pl.DataFrame:
    """Return the archive with one fix thrown across the Earth, or with one mover at 480 kn over all of it."""
    if what == "teleport":
        row = frame.height // 2
        here = pl.int_range(pl.len()) == row
        return frame.with_columns(
            pl.when(here).then(pl.lit(54.83)).otherwise("lon").alias("lon"),
            pl.when(here).then(pl.lit(-33.9)).otherwise("lat").alias("lat"),
        )
    if what == "fast":
        at_s = np.arange(0.0, DAY_S, 5.0)
        corners = frame.select(west=pl.col("lon").min(), east=pl.col("lon").max(), lat=pl.col("lat").median())
        west, east, middle = corners.row(0)
        # to and fro through the middle of a row of seas, where the ships are
        lat = 35.0 + 2.5 * round((middle - 35.0) / 2.5 + 0.1)
        span = east - west
        length_m = span * 111_195.0 * np.cos(np.radians(lat))
        swing = np.abs((at_s * 480 * KNOT_MS / length_m) % 2 - 1)
        times = pl.Series(np.round(at_s * 1e6).astype(np.int64) + int(START.timestamp()) * 1_000_000)
        one = pl.DataFrame(
            {
                "mover": ["icao24:4ca1b2"] * len(at_s),
                "time": times.cast(pl.Datetime("us")).dt.replace_time_zone("UTC"),
                "lon": west + span * swing,
                "lat": np.full(len(at_s), lat),
                "speed_kn": np.full(len(at_s), 480.0),
                "course_deg": np.full(len(at_s), 90.0),
                "kind": ["aircraft"] * len(at_s),
            }
        )
        return pl.concat([frame, one]).sort("time", maintain_order=True)
    return frame


def _sea(number: int, budget: int, rest: Rest) -> tuple[list[str], npt.NDArray[np.int64], list[Numbers]]:
    """Return names, mover number of each fix, and [ms, lon, lat, kn, deg] of exactly ``budget`` fixes."""
    chance = np.random.default_rng((SEED, number))
    sea = _places(chance)
    share = budget / FIXES_A_SEA
    names: list[str] = []
    movers: list[npt.NDArray[np.int64]] = []
    fixes: list[list[Numbers]] = []
    left = budget
    for plan in _plans(chance, sea, share):
        reported = _reports(chance, plan, rest)
        count = min(left, len(reported[0]))
        if count == 0:
            continue
        names.append(f"mmsi:{FLAGS[len(names) % len(FLAGS)]}{number:03d}{len(names):03d}")
        movers.append(np.full(count, len(names) - 1, dtype=np.int64))
        fixes.append([value[:count] for value in reported])
        left -= count
        if left == 0:
            break
    at_ms, east, north, speed, course = (np.concatenate(column) for column in zip(*fixes, strict=True))
    lat0, lon0 = 35.0 + 2.5 * (number // 5), -10.0 + 3.0 * (number % 5)
    lat = lat0 + north / 111_195.0
    lon = lon0 + east / (111_195.0 * np.cos(np.radians(lat)))
    # AIS carries ten-thousandths of a minute
    grain = 600_000.0
    return (
        names,
        np.concatenate(movers),
        [
            at_ms,
            np.round(lon * grain) / grain,
            np.round(lat * grain) / grain,
            speed,
            course,
        ],
    )


def _places(chance: np.random.Generator) -> Sea:
    angle = np.radians(np.arange(5) * 72 + chance.uniform(0, 72))
    far = chance.uniform(20_000, 42_000, 5)
    ports = np.column_stack([far * np.cos(angle), far * np.sin(angle)])
    return Sea(
        ports=ports,
        anchorages=ports * 0.85 + chance.normal(0, 1500, (5, 2)),
        grounds=chance.uniform(-42_000, 42_000, (4, 2)),
        bend_m=float(chance.uniform(-8_000, 8_000)),
    )


def _plans(chance: np.random.Generator, sea: Sea, share: float) -> Iterator[Plan]:
    """Yield the movers of one sea: those at rest, those at work, then traffic without end."""
    yield from _resting(chance, sea, share)
    yield from _working(chance, sea, share)
    while True:
        draw = chance.random()
        if draw < 0.45:
            yield _through(chance, sea, along_east=True)
        elif draw < 0.7:
            yield _through(chance, sea, along_east=False)
        else:
            yield _port_call(chance, sea)


def _resting(chance: np.random.Generator, sea: Sea, share: float) -> Iterator[Plan]:
    for port in sea.ports:
        for _ in range(max(2, round(33 * share))):
            yield _moored(chance, port, (330.0, 170.0))
    for anchorage in sea.anchorages:
        for _ in range(max(1, round(8 * share))):
            yield _anchored(chance, anchorage)


def _working(chance: np.random.Generator, sea: Sea, share: float) -> Iterator[Plan]:
    for _ in range(max(2, round(5 * share))):
        yield _ferry(chance, sea)
    for _ in range(max(1, round(8 * share))):
        yield _pilot(chance, sea)
    for number in range(max(2, round(10 * share))):
        yield _fishing(chance, sea.grounds[number % len(sea.grounds)])


def _moored(chance: np.random.Generator, port: Numbers, spread_m: tuple[float, float]) -> Plan:
    berth = port + chance.normal(0, spread_m)
    return Plan(np.array([0.0, DAY_S]), np.repeat(berth[0], 2), np.repeat(berth[1], 2), resting=True)


def _anchored(chance: np.random.Generator, anchorage: Numbers) -> Plan:
    drop = anchorage + chance.normal(0, 900, 2)
    at_s = np.arange(0.0, DAY_S + 600, 600)
    heading = np.cumsum(chance.normal(0, 0.25, len(at_s)))
    return Plan(at_s, drop[0] + 120 * np.cos(heading), drop[1] + 120 * np.sin(heading), resting=True)


def _ferry(chance: np.random.Generator, sea: Sea) -> Plan:
    """Shuttle between two ports all day, twenty-five minutes in each."""
    first, second = chance.choice(len(sea.ports), 2, replace=False)
    speed_ms = float(chance.choice([13.0, 15.0, 17.0, 19.0, 30.0])) * KNOT_MS
    quay = chance.normal(0, 120, (2, 2))
    ends = np.array([sea.ports[first] + quay[0], sea.ports[second] + quay[1]])
    crossing_s = float(np.hypot(*(ends[1] - ends[0]))) / speed_ms
    legs = int(DAY_S / (crossing_s + 1500)) + 2
    starts = np.arange(legs) * (crossing_s + 1500) - chance.uniform(0, crossing_s)
    at_s = np.column_stack([starts, starts + crossing_s]).ravel()
    which = np.column_stack([np.arange(legs) % 2, (np.arange(legs) + 1) % 2]).ravel()
    return Plan(at_s, ends[which, 0], ends[which, 1], resting=False)


def _pilot(chance: np.random.Generator, sea: Sea) -> Plan:
    """Trips of a pilot boat or tug around one port, with waits."""
    port = sea.ports[chance.integers(len(sea.ports))]
    points = port + chance.normal(0, 2500, (60, 2))
    points[::2] = port + chance.normal(0, 200, (30, 2))
    return _walk(chance, points, (7.0, 14.0), wait_s=900.0)


def _fishing(chance: np.random.Generator, ground: Numbers) -> Plan:
    turns = np.cumsum(chance.normal(0, 0.6, 120))
    steps = chance.uniform(600, 2200, 120)
    way = np.column_stack([np.cumsum(steps * np.cos(turns)), np.cumsum(steps * np.sin(turns))])
    # boats stay on the ground: the walk is folded back into a square of 12 km
    folded = np.abs((way + chance.uniform(0, 24_000, 2)) % 24_000 - 12_000) - 6_000
    return _walk(chance, ground + folded, (2.5, 5.0), wait_s=0.0)


def _walk(chance: np.random.Generator, points: Numbers, knots: tuple[float, float], *, wait_s: float) -> Plan:
    lengths = np.hypot(*np.diff(points, axis=0).T)
    sail_s = lengths / (chance.uniform(*knots, len(lengths)) * KNOT_MS)
    waits = chance.uniform(0, wait_s, len(lengths)) if wait_s else np.zeros(len(lengths))
    ends = np.cumsum(sail_s + waits)
    at_s = np.concatenate([[0.0], np.column_stack([ends - waits, ends]).ravel()])
    at = np.repeat(points, 2, axis=0)[1:]
    return Plan(at_s - chance.uniform(0, 3600), at[:, 0], at[:, 1], resting=False)


def _through(chance: np.random.Generator, sea: Sea, *, along_east: bool) -> Plan:
    """Sail one lane from edge to edge, to starboard of its middle as the rules of the road ask."""
    towards = 1.0 if chance.random() < 0.5 else -1.0
    abeam = -towards * (350 + chance.normal(0, 180))
    along = np.linspace(-HALF_SEA_M, HALF_SEA_M, 9) * towards
    across = abeam + sea.bend_m * np.cos(along / HALF_SEA_M * np.pi / 2) + chance.normal(0, 60, 9)
    east, north = (along, across) if along_east else (-across, along)
    return _sail(chance, east, north, rest_at_end=False)


def _port_call(chance: np.random.Generator, sea: Sea) -> Plan:
    """Leave the lane for a port, or the port for the lane."""
    number = chance.integers(len(sea.ports))
    port = sea.ports[number] + chance.normal(0, (330, 170))
    gate = np.array([HALF_SEA_M * (1 if chance.random() < 0.5 else -1), chance.normal(0, 600)])
    # the fairway: every ship enters this port the same way, within its width
    fairway = sea.ports[number] * 0.7 + chance.normal(0, 150, 2)
    middle = np.array([fairway[0] * 0.6 + gate[0] * 0.4, sea.bend_m + chance.normal(0, 300)])
    way = np.array([gate, middle, fairway, port])
    arriving = chance.random() < 0.5
    way = way if arriving else way[::-1]
    return _sail(chance, way[:, 0], way[:, 1], rest_at_end=arriving)


def _sail(chance: np.random.Generator, east: Numbers, north: Numbers, *, rest_at_end: bool) -> Plan:
    speed_ms = float(np.clip(chance.normal(12.5, 3.2), 6, 25)) * KNOT_MS
    lengths = np.hypot(np.diff(east), np.diff(north))
    at_s = np.concatenate([[0.0], np.cumsum(lengths / (speed_ms * chance.uniform(0.97, 1.03, len(lengths))))])
    at_s = at_s + chance.uniform(-at_s[-1] * 0.5, DAY_S)
    if rest_at_end:
        at_s = np.append(at_s, at_s[-1] + 14_400)
        east, north = np.append(east, east[-1]), np.append(north, north[-1])
    return Plan(at_s, east, north, resting=False)


def _reports(chance: np.random.Generator, plan: Plan, rest: Rest) -> list[Numbers]:
    """Return [ms, east, north, kn, deg] as a receiver ashore would have them: jitter, losses, holes."""
    parts = []
    lengths = np.hypot(np.diff(plan.east_m), np.diff(plan.north_m))
    spans = np.diff(plan.at_s)
    speeds_kn = lengths / np.maximum(spans, 1e-9) / KNOT_MS
    # ITU-R M.1371: 3 min at rest, 10 s to 14 kn, 6 s to 23 kn, 2 s above; runs of equal interval at once.
    # At rest a little less than 3 min: otherwise jitter alone would break half the motion at a gap of 180 s.
    every = np.select([speeds_kn < 0.5, speeds_kn < 14, speeds_kn < 23], [rest.every_s, 10.0, 6.0], 2.0)
    every = np.full_like(every, rest.every_s) if plan.resting else every
    changes = np.flatnonzero(np.diff(every)) + 1
    edges = np.concatenate([[0], changes, [len(every)]])
    for first, last in itertools.pairwise(edges):
        begin, end = max(0.0, plan.at_s[first]), min(DAY_S, plan.at_s[last])
        step = every[first]
        if end > begin:
            ideal = np.arange(begin + chance.uniform(0, step), end, step)
            jitter, lost = (rest.jitter, rest.lost) if step == rest.every_s else (0.1, 0.08)
            received = chance.random(len(ideal)) > lost
            parts.append((ideal + chance.uniform(-jitter, jitter, len(ideal)) * step)[received])
    if not parts:
        return [np.empty(0)] * 5
    at_s = np.round(np.clip(np.concatenate(parts), 0, DAY_S - 0.001), 3)
    at_s = np.unique(at_s)
    if chance.random() < 0.15:
        hole = chance.uniform(0, DAY_S)
        at_s = at_s[(at_s < hole) | (at_s > hole + chance.uniform(300, 1500))]
    leg = np.clip(np.searchsorted(plan.at_s, at_s, side="right") - 1, 0, len(spans) - 1)
    east = np.interp(at_s, plan.at_s, plan.east_m) + chance.normal(0, 3, len(at_s))
    north = np.interp(at_s, plan.at_s, plan.north_m) + chance.normal(0, 3, len(at_s))
    course = np.degrees(np.arctan2(np.diff(plan.east_m), np.diff(plan.north_m)))[leg] % 360
    moving = speeds_kn[leg] > 0.5
    course = np.where(moving, np.round((course + chance.normal(0, 1.5, len(at_s))) % 360, 1) % 360, np.nan)
    speed = np.round(np.abs(speeds_kn[leg] + chance.normal(0, 0.1, len(at_s))), 1)
    return [np.round(at_s * 1000), east, north, speed, course]


if __name__ == "__main__":
    sys.exit(main())
