"""Random small worlds of ships and aircraft for the differential tests, made to hit the awkward places."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl
from hypothesis import strategies as st
from pyproj import Geod

from detente.tracks import complete
from tests.encounters.reference import Fix

__all__ = ["World", "frame_of", "worlds"]

WGS84 = Geod(ellps="WGS84")
EPOCH = datetime(2020, 2, 29, 23, 50, tzinfo=UTC)  # a leap day that ends within the hour

CENTRES = ((0.0, 0.0), (179.999, 12.0), (-180.0, -55.0), (30.0, 90.0), (0.0, -90.0), (-70.0, 89.97), (21.3, 58.1))
PATTERNS = ("walk", "converge", "formation", "tangent", "still", "repeat")


@dataclass(frozen=True)
class World:
    """Movers with their fixes, the limits, and which movers are ships."""

    seed: int
    movers: dict[str, list[Fix]]
    ships: frozenset[str]
    within_m: float
    vertical_m: float
    max_gap_s: float


@st.composite
def worlds(draw: st.DrawFn) -> World:
    """Draw limits, place, sort of movers and pattern; a drawn seed fills in the numbers."""
    seed = draw(st.integers(0, 2**31))
    within = draw(st.sampled_from((50.0, 200.0, 500.0, 1852.0, 9260.0, 20_000.0)))
    gap = draw(st.sampled_from((10.0, 60.0, 180.0, 600.0, 3600.0)))
    vertical = draw(st.sampled_from((30.48, 304.8, 2000.0)))
    centre = draw(st.sampled_from(CENTRES))
    kinds = draw(st.lists(st.booleans(), min_size=2, max_size=4))
    pattern = draw(st.sampled_from(PATTERNS))
    rng = np.random.default_rng(seed)
    movers = {}
    ships = set()
    first: list[Fix] = []
    for number, is_ship in enumerate(kinds):
        name = f"mmsi:{219000000 + number}" if is_ship else f"icao24:{number + 0x4CA100:06x}"
        fixes = _fixes(rng, centre, pattern, within, gap, ship=is_ship, lead=first)
        first = first or fixes
        movers[name] = fixes
        if is_ship:
            ships.add(name)
    return World(seed, movers, frozenset(ships), within, vertical, gap)


def _fixes(
    rng: np.random.Generator,
    centre: tuple[float, float],
    pattern: str,
    within: float,
    gap: float,
    *,
    ship: bool,
    lead: list[Fix],
) -> list[Fix]:
    """Return one mover's fixes; whole microseconds, at most six decimals of a degree where it moves slowly."""
    speed = float(rng.choice((0.0, 2.0, 8.0, 20.0)) if ship else rng.choice((30.0, 120.0, 250.0)))
    step = min(gap, 180.0)
    count = int(rng.integers(2, 8))
    if pattern == "repeat" and lead:
        return [Fix(fix.time, fix.lon, fix.lat, 0.0 if ship else fix.height) for fix in lead]
    if pattern == "formation" and lead:
        azimuth, offset = float(rng.uniform(0, 360)), float(rng.uniform(0.2, 1.5) * within)
        moved = [(fix, WGS84.fwd(fix.lon, fix.lat, azimuth, offset)) for fix in lead]
        return [Fix(fix.time, lon, lat, 0.0 if ship else fix.height) for fix, (lon, lat, _) in moved]
    reach = float(rng.uniform(0.1, 2.5)) * within
    lon, lat, _ = WGS84.fwd(*centre, float(rng.uniform(0, 360)), reach)
    heading = float(rng.uniform(0, 360))
    if pattern == "converge":
        heading = float(WGS84.inv(lon, lat, *centre)[0]) + float(rng.normal(0, 10))
    if pattern == "tangent" and lead:
        speed = max(speed, 5.0)
        lon, lat, _ = WGS84.fwd(
            lead[0].lon, lead[0].lat, float(rng.uniform(0, 360)), within * rng.choice((0.999, 1.0, 1.001))
        )
        heading = float(WGS84.inv(lon, lat, lead[0].lon, lead[0].lat)[0]) + 90.0
    if pattern == "still":
        speed = 0.0
    height = 0.0 if ship else float(rng.uniform(0, 4) * 304.8)
    time = float(rng.choice((0.0, 0.5, round(float(rng.uniform(0, 60)), 6))))
    fixes = []
    for _ in range(count):
        known = ship or rng.random() < 0.8
        fixes.append(Fix(round(time, 6), lon, lat, height if known else None))
        length = float(rng.choice((step, step / 2, round(float(rng.uniform(1, step)), 3), gap, gap + 1.0)))
        length = min(length, 600.0) if not ship else length
        lon, lat, _ = WGS84.fwd(lon, lat, heading, speed * length)
        heading += float(rng.choice((0.0, rng.normal(0, 40), 180.0), p=(0.5, 0.4, 0.1)))
        height = 0.0 if ship else max(0.0, height + float(rng.choice((0.0, rng.normal(0, 300)))))
        time += length
    return fixes


def frame_of(world: World, *, shift: timedelta = timedelta(0)) -> pl.LazyFrame:
    """Return the world as a table of tracks."""
    rows = [
        {
            "mover": name,
            "time": EPOCH + shift + timedelta(microseconds=round(fix.time * 1e6)),
            "lon": fix.lon,
            "lat": fix.lat,
            "altitude_m": None if name in world.ships else fix.height,
            "altitude_datum": None if name in world.ships or fix.height is None else "pressure",
            "kind": "ship" if name in world.ships else "aircraft",
        }
        for name, fixes in world.movers.items()
        for fix in fixes
    ]
    schema = {
        "mover": pl.String(),
        "time": pl.Datetime("us", "UTC"),
        "lon": pl.Float64(),
        "lat": pl.Float64(),
        "altitude_m": pl.Float64(),
        "altitude_datum": pl.String(),
        "kind": pl.String(),
    }
    return complete(pl.DataFrame(rows, schema=schema).sort("time").lazy())
