"""Circles that no craft flies or sails: receivers led astray report one around a point that is not theirs.

A circle alone is no oddity: aircraft hold and observe on circles, tugs turn on the spot. It is called spoofed only
with a contradiction: a jump on to it, a pull or bank that no such craft keeps up, a reported speed that is not the
motion's, or others that were reported on the very same circle.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from detente.notices.quantities import KNOT_MS
from detente.watch.anomaly import FIXES_TOLD_MAX, Anomaly
from detente.watch.odd_tracks.heard import Heard
from detente.watch.odd_tracks.jumps import Place, clusters_of, fix_of, is_impossible, places_of, step
from detente.watch.odd_tracks.rules import Rules

__all__ = ["Ring", "circles", "ring_of"]

Floats = npt.NDArray[np.float64]

_GRAVITY_MS2 = 9.80665
_DEGREE_M = 111_320.0
_OTHERS_MAX = 50


@dataclass(frozen=True, slots=True)
class Ring:
    """A circle through positions. residual: root mean square distance from it, share of the radius."""

    lon: float
    lat: float
    radius_m: float
    turns: float
    residual: float
    same_way: float
    speed_ms: float


def ring_of(places: Sequence[Place]) -> Ring | None:
    """Return the circle that fits positions best by least squares; None for fewer than four, or for a straight way."""
    if len(places) < 4:
        return None
    lon = np.unwrap(np.array([place.lon for place in places]), period=360.0)
    lat = np.array([place.lat for place in places])
    lon0, lat0 = float(np.mean(lon)), float(np.mean(lat))
    scale = math.cos(math.radians(lat0))
    x, y = (lon - lon0) * scale * _DEGREE_M, (lat - lat0) * _DEGREE_M
    solved, _, rank, _ = np.linalg.lstsq(np.column_stack([x, y, np.ones_like(x)]), -(x**2 + y**2), rcond=None)
    centre_x, centre_y = -solved[0] / 2.0, -solved[1] / 2.0
    square = centre_x**2 + centre_y**2 - solved[2]
    if rank < 3 or square <= 0 or scale <= 0:
        return None
    radius = math.sqrt(square)
    away = np.hypot(x - centre_x, y - centre_y)
    angle = np.unwrap(np.arctan2(y - centre_y, x - centre_x))
    steps = np.diff(angle)
    seconds = (places[-1].time - places[0].time) / timedelta(seconds=1)
    total = float(angle[-1] - angle[0])
    return Ring(
        lon=(lon0 + centre_x / _DEGREE_M / scale + 180.0) % 360.0 - 180.0,
        lat=lat0 + centre_y / _DEGREE_M,
        radius_m=radius,
        turns=abs(total) / (2.0 * math.pi),
        residual=float(np.sqrt(np.mean((away - radius) ** 2))) / radius,
        same_way=float(np.mean(np.sign(steps) == np.sign(total))),
        speed_ms=abs(total) * radius / seconds if seconds > 0 else 0.0,
    )


def circles(row: Mapping[str, Any], which: str, mine: pl.DataFrame, heard: Heard, rules: Rules) -> list[Anomaly]:
    """Return the spoofed circle of one mover near an encounter, if there is one.

    mine: its rows as they came, by time; heard: everyone's of that time.
    """
    is_ship = row[f"kind_{which}"] == "ship"
    places = places_of(mine)
    found = _longest(places, is_ship=is_ship, rules=rules)
    if found is None:
        return []
    on_ring, ring = found
    near = timedelta(seconds=rules.near_s)
    if on_ring[-1].time < row["entered"] - near or on_ring[0].time > row["left"] + near:
        return []
    figures = _contradictions(ring, on_ring, places, mine, heard, is_ship=is_ship, rules=rules)
    if not figures:
        return []
    evenly = np.unique(np.linspace(0, len(on_ring) - 1, FIXES_TOLD_MAX).astype(int))
    return [
        Anomaly(
            kind="spoofed_circle",
            mover=row[which],
            first_at=on_ring[0].time,
            last_at=on_ring[-1].time,
            figures={
                "radius_m": round(ring.radius_m, 1),
                "turns": round(ring.turns, 2),
                "residual": round(ring.residual, 4),
                "centre_lon_deg": round(ring.lon, 6),
                "centre_lat_deg": round(ring.lat, 6),
                **figures,
            },
            fixes=tuple(fix_of(row[which], on_ring[place]) for place in evenly),
        )
    ]


def _longest(places: list[Place], *, is_ship: bool, rules: Rules) -> tuple[list[Place], Ring] | None:
    """Return the longest stretch of positions that go round a circle, grown from each part's beginning."""
    best: tuple[list[Place], Ring] | None = None
    for cluster in clusters_of(places, is_ship=is_ship):
        run = cluster.places
        start = 0
        while start + rules.circle_fixes <= len(run):
            end = start + rules.circle_fixes
            taken: Ring | None = None
            while end <= len(run):
                ring = ring_of(run[start:end])
                if ring is None or not _fits(ring, rules):
                    break
                taken, reached = ring, end
                end = min(max(end + 1, int(end * 1.25)), len(run)) if end < len(run) else end + 1
            if taken is None:
                start += max(rules.circle_fixes // 4, 1)
                continue
            if taken.turns >= rules.circle_turns and (best is None or taken.turns > best[1].turns):
                best = run[start:reached], taken
            start = reached
    return best


def _fits(ring: Ring, rules: Rules) -> bool:
    least, most = rules.circle_radius_m
    return (
        ring.residual <= rules.circle_residual
        and ring.same_way >= rules.circle_same_way
        and least <= ring.radius_m <= most
    )


def _contradictions(
    ring: Ring,
    on_ring: list[Place],
    places: list[Place],
    mine: pl.DataFrame,
    heard: Heard,
    *,
    is_ship: bool,
    rules: Rules,
) -> dict[str, float]:
    """Return what speaks against a real circle, as figures; nothing when the craft may have gone round."""
    found: dict[str, float] = {}
    pull = ring.speed_ms**2 / ring.radius_m
    if is_ship and pull > rules.ship_pull_ms2:
        found["sideways_ms2"] = round(pull, 2)
    bank = math.degrees(math.atan(pull / _GRAVITY_MS2))
    if not is_ship and bank > rules.bank_deg:
        found["bank_deg"] = round(bank, 1)
    first = places.index(on_ring[0])
    if first:
        apart_m, seconds = step(places[first - 1], on_ring[0])
        if is_impossible(apart_m, seconds, is_ship=is_ship):
            found["jumped_m"] = round(apart_m, 1)
    numbers = {place.number for place in on_ring}
    said = mine.with_row_index("number").filter(pl.col("number").is_in(numbers))["speed_kn"].drop_nulls()
    moved_kn = ring.speed_ms / KNOT_MS
    if said.len() >= rules.circle_fixes // 2:
        said_kn = float(np.median(said.to_numpy()))
        low, high = sorted((said_kn, moved_kn))
        if high - low > rules.speed_least_kn and high > rules.speed_factor * low:
            found["said_kn"], found["moved_kn"] = round(said_kn, 1), round(moved_kn, 1)
    others = _others(ring, on_ring, mine, heard, rules)
    if others:
        found["others_on_it"] = float(others)
    return found


def _others(ring: Ring, on_ring: list[Place], mine: pl.DataFrame, heard: Heard, rules: Rules) -> int:
    """Return how many others went round the same circle at the same time."""
    near = heard.near(
        ring.lon,
        ring.lat,
        1.2 * ring.radius_m,
        since=on_ring[0].time,
        until=on_ring[-1].time,
        without=mine["mover"][0],
    )
    count = 0
    for mover in sorted(set(near["mover"]))[:_OTHERS_MAX]:
        other = ring_of(places_of(near.filter(pl.col("mover") == mover).sort("time", maintain_order=True)))
        count += (
            other is not None
            and _fits(other, rules)
            and other.turns >= rules.circle_turns
            and abs(other.radius_m - ring.radius_m) <= 0.1 * ring.radius_m
            and math.hypot(other.lat - ring.lat, (other.lon - ring.lon) * math.cos(math.radians(ring.lat)))
            * _DEGREE_M
            <= 0.1 * ring.radius_m
        )
    return count
