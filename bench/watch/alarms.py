"""Play one stream to three ways of raising alarms, and hold each against what really happened.

.venv/bin/python bench/watch/alarms.py             # two hours of 240 movers; writes bench/watch/ALARMS.md
.venv/bin/python bench/watch/alarms.py --minutes 20 --print

The stream: ships of two sides, many of which shadow or meet each other, that yaw as they go, and aircraft, some of
which fly low over ships. Places are off by some metres; each mover is heard at its own interval, and some fall silent
for up to two minutes. What really happened is what the archive's exact search finds in the same
stream: every time in which two rivals, not both at rest, were within the limit.

- détente: the live picture, the prediction step and the events.
- numpy: all against all, a plain threshold on the last places heard; an alarm ends when the limit is left.
- OpenCPN's rule, as users of its settings know it (Options, Ships, AIS Targets; its source was not read, the manual's
  page not at hand): the closest point of approach of an own
  ship and a target from their present vectors; a warning while it is nearer than one limit and sooner than another;
  targets that are anchored or moored may be left out; an alert that was acknowledged may come again after a time. It
  knows no aircraft and one own ship; here every ship of west is one. The time after which it may come again
  is ten minutes here, our choice.
"""

from __future__ import annotations

import argparse
import datetime as dt
import os
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import polars as pl
from pyproj import Geod

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "bench"), str(ROOT / "src")]
from machine import machine, revision  # noqa: E402

from detente.encounters.live_step import LiveStep, related_sides  # noqa: E402
from detente.encounters.searching import find  # noqa: E402
from detente.encounters.sides_file import parse_sides  # noqa: E402
from detente.notices.quantities import KNOT_MS  # noqa: E402
from detente.tracks.ordering import in_total_order  # noqa: E402
from detente.tracks.schema import SCHEMA, complete  # noqa: E402
from detente.watch.batches import Batch  # noqa: E402
from detente.watch.events import Events  # noqa: E402
from detente.watch.limits import KINDS_OF_PAIR, KindOfPair, parse_limits  # noqa: E402
from detente.watch.picture import LivePicture  # noqa: E402

PAGE = ROOT / "bench" / "watch" / "ALARMS.md"
SEED = 1972
AT = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)
STEP_S = 2.0
SIDES = parse_sides('[sides.west]\nids = ["id:w*"]\n[sides.east]\nids = ["id:e*"]\n')
GEOD = Geod(ellps="WGS84")
MIDDLE = (19.5, 57.0)
LIMITS: dict[KindOfPair, tuple[float, float, float]] = {
    "ship_ship": (500 * 0.9144, 300.0, 360.0),
    "ship_aircraft": (1_000 * 0.9144, 152.4, 60.0),
    "aircraft_aircraft": (0.66 * 1852, 137.16, 60.0),
}
"""Distance and height in metres, and how many seconds ahead: the same for all three."""
ACKNOWLEDGED_S = 600.0
"""An alert of OpenCPN's that was acknowledged may come again after this time; a setting, of ten minutes here."""


@dataclass(frozen=True)
class Stream:
    """Rows in the order in which they are heard, the kind of each mover, and the ships that do not move."""

    rows: pl.DataFrame
    kinds: dict[str, str]
    still: frozenset[str]


@dataclass
class Alarms:
    """When an alarm was raised for a pair, and when it ended, in seconds; by pair."""

    name: str
    raised: dict[tuple[str, str], list[list[float]]] = field(default_factory=dict)
    cpu_s: float = 0.0

    def set(self, pairs: set[tuple[str, str]], now: float) -> None:
        """Say which pairs are alarmed now: what is new is raised, what is no longer there ends."""
        for pair in pairs:
            spans = self.raised.setdefault(pair, [])
            if not spans or spans[-1][1] < now - 1.5 * STEP_S:
                spans.append([now, now])
            spans[-1][1] = now


def way_of(dice: np.random.Generator, seconds: np.ndarray, kind: str, lead: np.ndarray | None) -> np.ndarray:
    """Return east and north in metres at each second; lead: another's way, to go beside it or across it."""
    if kind == "ship":
        speed, yaw = dice.uniform(2.5, 11.0), np.radians(dice.uniform(0.5, 5.0))
        turns = np.cumsum(dice.normal(0, 0.004, seconds.size) * (dice.random(seconds.size) < 0.02) * 20)
    else:
        speed, yaw = dice.uniform(90.0, 240.0), 0.0
        turns = np.cumsum(dice.normal(0, 0.05, seconds.size) * (dice.random(seconds.size) < 0.01) * 3)
    course = dice.uniform(0, 2 * np.pi) + turns + yaw * np.sin(2 * np.pi * seconds / dice.uniform(40, 120))
    steps = speed * np.stack([np.sin(course), np.cos(course)], axis=1)
    way = np.cumsum(steps, axis=0)
    if kind == "aircraft":  # to and fro over the same sea
        way = 60_000 - np.abs((way + 60_000) % 240_000 - 120_000)
    if lead is None:
        return way + dice.uniform(-45_000, 45_000, 2) * (kind == "ship")
    meet = int(dice.integers(seconds.size // 6, seconds.size))
    if kind == "ship" and dice.random() < 0.5:  # a shadow, now nearer, now further
        beside = dice.uniform(300, 1_500) + dice.uniform(200, 900) * np.sin(
            2 * np.pi * seconds / dice.uniform(900, 3_000)
        )
        return lead + np.stack([beside, dice.uniform(-200, 200) + 0 * beside], axis=1)
    return way - way[meet] + lead[meet] + dice.normal(0, 400, 2)


def stream_of(minutes: int, movers: int) -> Stream:
    """Make the stream; the same seed gives the same one."""
    dice = np.random.default_rng((SEED, minutes, movers))
    seconds = np.arange(minutes * 60.0)
    parts, kinds, ways, at_rest = [], {}, [], set()
    for number in range(movers):
        kind = "aircraft" if number % 4 == 3 else "ship"
        side = "we"[number % 2] if dice.random() < 0.8 else "x"
        name = f"id:{side}{number:03d}"
        lead = ways[int(dice.integers(0, len(ways)))] if ways and dice.random() < 0.45 else None
        way = way_of(dice, seconds, kind, lead)
        if kind == "ship":
            ways.append(way)
        kinds[name] = kind
        still = kind == "ship" and lead is None and dice.random() < 0.2
        if still:
            at_rest.add(name)
        parts.append(heard(dice, name, kind, way[:1] + 0 * way if still else way, seconds))
    rows = in_total_order(complete(pl.concat(parts).lazy()).collect())
    return Stream(rows, kinds, frozenset(at_rest))


def heard(dice: np.random.Generator, name: str, kind: str, way: np.ndarray, seconds: np.ndarray) -> pl.DataFrame:
    """Return the rows of one mover: at its interval, with its error, and with holes."""
    every = dice.choice([2, 4, 10]) if kind == "ship" else dice.choice([1, 2, 5])
    place = np.arange(int(dice.integers(0, every)), seconds.size, every)
    for _ in range(int(dice.integers(0, 3))):
        begin = dice.uniform(0, seconds.size)
        place = place[(seconds[place] < begin) | (seconds[place] > begin + dice.uniform(20, 120))]
    motion = np.gradient(way, axis=0)[place]
    # what a receiver says of course and speed is over some seconds, and off by a little
    speed = np.hypot(*motion.T) * dice.normal(1, 0.01, place.size)
    course = np.degrees(np.arctan2(*motion.T)) + dice.normal(0, 1.0 if kind == "ship" else 0.3, place.size)
    off = dice.normal(0, 4.0, (place.size, 2))
    east, north = (way[place] + off).T
    lon, lat, _ = GEOD.fwd(
        np.full(place.size, MIDDLE[0]), np.full(place.size, MIDDLE[1]), np.degrees(np.arctan2(east, north)),
        np.hypot(east, north),
    )  # fmt: skip
    height = None
    if kind == "aircraft":
        low = dice.random() < 0.5
        level = dice.uniform(60, 250) if low else dice.uniform(2_000, 9_000)
        height = level + 15 * np.sin(2 * np.pi * seconds[place] / 300)
    return pl.DataFrame(
        {
            "mover": [name] * place.size,
            "time": pl.Series([AT + dt.timedelta(seconds=float(one)) for one in seconds[place]]),
            "lon": np.round(lon, 6),
            "lat": np.round(lat, 6),
            "altitude_m": pl.Series(height, dtype=pl.Float64) if height is not None else [None] * place.size,
            "altitude_datum": ["pressure" if height is not None else None] * place.size,
            "speed_kn": np.round(speed / KNOT_MS, 1),
            "course_deg": np.round(course % 360.0, 1) % 360.0,
            "kind": [kind] * place.size,
        },
        schema_overrides={"altitude_m": pl.Float64, "altitude_datum": pl.String, "time": SCHEMA["time"]},
    )


def played(stream: Stream) -> Iterator[tuple[float, pl.DataFrame]]:
    """Yield each step's time, and the rows that were heard since the last."""
    since = stream.rows["time"].to_physical().to_numpy() / 1e6 - AT.timestamp()
    last, begin = float(since.max()), 0
    for number in range(1, int(last / STEP_S) + 2):
        now = number * STEP_S
        end = int(np.searchsorted(since, now, side="right"))
        yield now, stream.rows[begin:end]
        begin = end


def ours(stream: Stream) -> Alarms:
    """Play the stream to the live picture, the prediction step and the events."""
    text = "\n".join(
        f"[{kind}]\n" + "\n".join(
            f'{rung} = {{ within = "{within:.3f}m", vertical = "{vertical}m", ahead = "{ahead}s" }}'
            for rung in ("caution", "warning", "alarm", "emergency")
        )
        for kind, (within, vertical, ahead) in LIMITS.items()
    )  # fmt: skip
    limits = parse_limits(text)
    picture, events = LivePicture(sides=SIDES), Events(limits, own="west")
    step = LiveStep(limits.rungs(), related_sides(SIDES, "rivals")[1])
    alarms = Alarms("détente")
    for now, rows in played(stream):
        begun = time.process_time()
        at = AT + dt.timedelta(seconds=now)
        picture.take(Batch("stream", at, rows, received=rows.height, used=rows.height))
        events.step(step.step(picture.states(at), at), picture)
        # an event that only doubt brings near rings no bell; one is alarmed until it is told to be over
        ringing = {(event.a, event.b) for event in events.active if event.rings}
        alarms.cpu_s += time.process_time() - begun
        alarms.set(ringing, now)
    return alarms


@dataclass
class Plain:
    """The last that was heard of everybody, for the two plain rules."""

    names: list[str]
    kinds: np.ndarray
    sides: np.ndarray
    values: np.ndarray
    heard: np.ndarray

    @staticmethod
    def of(stream: Stream) -> Plain:
        """Return it before anybody was heard."""
        names = sorted(stream.kinds)
        count = len(names)
        return Plain(
            names, np.array([stream.kinds[name] == "aircraft" for name in names], int),
            np.array([name[3] for name in names]), np.full((count, 5), np.nan), np.full(count, -np.inf),
        )  # fmt: skip

    def take(self, rows: pl.DataFrame) -> None:
        """Take rows in order."""
        place = {name: number for number, name in enumerate(self.names)}
        newest = rows.unique("mover", keep="last", maintain_order=True)
        where = [place[name] for name in newest["mover"]]
        for column, name in enumerate(("lon", "lat", "altitude_m", "speed_kn", "course_deg")):
            self.values[where, column] = newest[name].cast(pl.Float64).fill_null(0.0).to_numpy()
        self.heard[where] = newest["time"].to_physical().to_numpy() / 1e6 - AT.timestamp()

    def apart(self) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Return east, north and height from each to each other in metres, and which pairs are rivals of west."""
        lon, lat, height = self.values[:, 0], self.values[:, 1], self.values[:, 2]
        east = (lon[None] - lon[:, None]) * 111_320 * np.cos(np.radians((lat[None] + lat[:, None]) / 2))
        north = (lat[None] - lat[:, None]) * 111_320
        rivals = (self.sides[:, None] == "w") & (self.sides[None] == "e")
        return east, north, np.abs(height[None] - height[:, None]), rivals

    def pairs(self, which: np.ndarray) -> set[tuple[str, str]]:
        """Return the names of pairs, the first as text first."""
        return {tuple(sorted((self.names[a], self.names[b]))) for a, b in zip(*np.nonzero(which), strict=True)}  # type: ignore[misc]


def threshold(stream: Stream) -> Alarms:
    """Play the stream to a plain threshold on the last places that were heard."""
    plain, alarms = Plain.of(stream), Alarms("numpy, a threshold")
    both = plain.kinds[:, None] + plain.kinds[None]
    within, vertical = (np.array([LIMITS[kind][part] for kind in KINDS_OF_PAIR])[both] for part in (0, 1))
    for now, rows in played(stream):
        begun = time.process_time()
        plain.take(rows)
        east, north, apart, rivals = plain.apart()
        recent = plain.heard > now - 180
        near = (np.hypot(east, north) < within) & (apart < vertical) & rivals & recent[:, None] & recent[None]
        pairs = plain.pairs(near)
        alarms.cpu_s += time.process_time() - begun
        alarms.set(pairs, now)
    return alarms


def by_vectors(stream: Stream) -> Alarms:
    """Play the stream to OpenCPN's rule: CPA and TCPA of the present vectors, ships only."""
    plain, alarms = Plain.of(stream), Alarms("OpenCPN's rule")
    within, _, ahead = LIMITS["ship_ship"]
    last_alert: dict[tuple[str, str], float] = {}
    alerting: set[tuple[str, str]] = set()
    for now, rows in played(stream):
        begun = time.process_time()
        plain.take(rows)
        east, north, _, rivals = plain.apart()
        speed, course = plain.values[:, 3] * KNOT_MS, np.radians(plain.values[:, 4])
        velocity = np.stack([speed * np.sin(course), speed * np.cos(course)])
        v = velocity[:, None, :] - velocity[:, :, None]
        square = np.maximum((v * v).sum(axis=0), 1e-9)
        tcpa = -(east * v[0] + north * v[1]) / square
        cpa = np.hypot(east + tcpa * v[0], north + tcpa * v[1])
        ships = (plain.kinds == 0) & (plain.heard > now - 180)
        moving = speed > 0.2 * KNOT_MS
        found = (
            (cpa < within) & (tcpa > 0) & (tcpa < ahead) & rivals & ships[:, None] & ships[None] & moving[None]
        )
        pairs = plain.pairs(found)
        # an alert that an officer acknowledged at once is silent for the time that was set, and then comes again
        sounding = {
            pair for pair in pairs if now - last_alert.get(pair, -np.inf) >= ACKNOWLEDGED_S or pair in alerting
        }
        for pair in sounding - alerting:
            last_alert[pair] = now
        alerting = sounding & pairs
        alarms.cpu_s += time.process_time() - begun
        alarms.set(alerting, now)
    return alarms


@dataclass(frozen=True)
class Truth:
    """An approach that really was: the pair, and when it was within the limit, in seconds."""

    pair: tuple[str, str]
    kind: KindOfPair
    entered: float
    left: float


def truth_of(stream: Stream) -> list[Truth]:
    """Return what the archive's exact search finds; two within two minutes of each other are one approach."""
    found: list[Truth] = []
    for kind, (within, vertical, _) in LIMITS.items():
        table = find(
            stream.rows.lazy(),
            within_m=within,
            vertical_m=vertical,
            between="rivals",
            sides=SIDES,
            max_gap_s=180.0,
        )
        for row in table.iter_rows(named=True):
            aircraft = (row["kind_a"] == "aircraft") + (row["kind_b"] == "aircraft")
            if KINDS_OF_PAIR[aircraft] == kind and not stream.still & {row["a"], row["b"]}:
                times = [(row[name] - AT).total_seconds() for name in ("entered", "left")]
                found.append(Truth((row["a"], row["b"]), kind, *times))
    joined: list[Truth] = []
    for one in sorted(found, key=lambda truth: (truth.pair, truth.entered)):
        before = joined[-1] if joined else None
        if before is not None and before.pair == one.pair and one.entered - before.left < 120.0:
            joined[-1] = Truth(one.pair, one.kind, before.entered, max(before.left, one.left))
        else:
            joined.append(one)
    return joined


def kind_of(pair: tuple[str, str], stream: Stream) -> KindOfPair:
    """Return which limits two movers are judged by."""
    return KINDS_OF_PAIR[sum(stream.kinds[name] == "aircraft" for name in pair)]


def judged(alarms: Alarms, truths: list[Truth], wanted: Callable[[Truth], bool], stream: Stream) -> str:
    """Return a row of the page: what of the truth was told of, how early, and what else was told.

    An alarm serves the first approach of its pair that is not over when it is raised, and that begins at the latest ten
    minutes after it ends; one that serves none is false, and a second one for the same approach is repeated.
    """
    chosen = [truth for truth in truths if wanted(truth)]
    of_pair: dict[tuple[str, str], list[Truth]] = {}
    for truth in chosen:
        of_pair.setdefault(truth.pair, []).append(truth)
    false, repeated = 0, 0
    for pair, spans in alarms.raised.items():
        if stream.still & set(pair) or not wanted(Truth(pair, kind_of(pair, stream), 0.0, 0.0)):
            continue
        served: set[float] = set()
        for begin, end in spans:
            coming = [one for one in of_pair.get(pair, []) if one.left + 10.0 >= begin]
            if not coming or coming[0].entered > end + 600.0:
                false += 1
            else:
                repeated += coming[0].entered in served
                served.add(coming[0].entered)
    ahead, missed = [], 0
    for truth in chosen:
        spans = [
            begin for begin, end in alarms.raised.get(truth.pair, [])
            if end >= truth.entered - 600.0 and begin <= truth.left + 10.0
        ]  # fmt: skip
        missed += not spans
        ahead.extend([truth.entered - min(spans)] if spans else [])
    late = sum(one < 0 for one in ahead)
    median = f"{statistics.median(ahead):.0f}" if ahead else "-"
    worst = f"{-min(ahead):.0f}" if ahead and min(ahead) < 0 else "0"
    return f"| {alarms.name} | {len(chosen)} | {missed} | {late} | {median} | {worst} | {false} | {repeated} |"


HEAD = """| rule | approaches | missed | told late | told ahead, median s | latest, s late | false | repeated |
|---|---|---|---|---|---|---|---|"""


def main() -> int:
    """Play, judge, and write the page; returns 0."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=int, default=120)
    parser.add_argument("--movers", type=int, default=240)
    parser.add_argument("--print", action="store_true", help="print the page, and leave the file as it is")
    given = parser.parse_args()
    load = os.getloadavg()[0]
    stream = stream_of(given.minutes, given.movers)
    truths = truth_of(stream)
    told = [ours(stream), threshold(stream), by_vectors(stream)]
    ships = [judged(one, truths, lambda truth: truth.kind == "ship_ship", stream) for one in told]
    others = [judged(one, truths, lambda truth: truth.kind != "ship_ship", stream) for one in told[:2]]
    steps = int(given.minutes * 60 / STEP_S)
    cost = "; ".join(f"{one.name} {1e3 * one.cpu_s / steps:.1f} ms" for one in told)
    limits = "\n".join(
        f"- {kind.replace('_', ' and ')}: {within:.0f} m, {vertical:.0f} m in height, {ahead:.0f} s ahead"
        for kind, (within, vertical, ahead) in LIMITS.items()
    )
    page = f"""# Alarms of three rules on one stream

{machine()}. Revision {revision()}; measured {dt.datetime.now(dt.UTC):%d %B %Y}. Load before it began: {load:.1f}.
Command: `.venv/bin/python bench/watch/alarms.py`. The stream and the rules are described at the head of that file.

{given.movers} movers, {given.minutes} minutes, {stream.rows.height:,} fixes; a step every {STEP_S:g} s. The same limits
for all three:

{limits}

What really happened is what the archive's exact search finds in the same stream; approaches less than two minutes apart
are one. Ships that do not move are left out: the first of the rules rings no bell for an own one, and the manual of the
third offers the same.

## Ships and ships

{HEAD}
{chr(10).join(ships)}

## Aircraft and ships, aircraft and aircraft

{HEAD}
{chr(10).join(others)}

OpenCPN's rule knows no aircraft. Late: told after the limit was passed, which is all that a threshold can do; a pair
that is inside when it is first heard cannot be told of earlier. False: the pair did not come within the limit until
ten minutes after the alarm ended; who turned away in time made it so. Repeated: raised again for the same approach.
Processor time of a step: {cost}.
"""
    if given.print:
        print(page)
    else:
        PAGE.write_text(page, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
