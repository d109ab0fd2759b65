"""The figures of an evidence by another way: geographiclib in plain Python, every instant tried, no code of the search.

Written from spec/evidence.md and spec/encounters.md alone. It reads the manifest and the file of fixes only.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

from geographiclib.geodesic import Geodesic

__all__ = ["episode"]

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
STEP_S = 1.0


def episode(manifest: bytes, tracks: bytes) -> dict[str, Any]:
    """Return entered, closest_at, left, distance_m and vertical_m of the encounter that the manifest states."""
    stated = json.loads(manifest)
    limits = {name: float(stated["definition"][name]) for name in ("within_m", "vertical_m", "max_gap_s")}
    motion = {
        which: _motion(
            _fixes(tracks, stated[which]["mover"]), limits["max_gap_s"], stated[which].get("kind") == "ship"
        )
        for which in ("a", "b")
    }

    def apart(second: float) -> tuple[float, float | None]:
        one, other = (motion[which](second) for which in ("a", "b"))
        if one is None or other is None:
            return float("inf"), None
        (lat_a, lon_a, high_a), (lat_b, lon_b, high_b) = one, other
        horizontal = Geodesic.WGS84.Inverse(lat_a, lon_a, lat_b, lon_b, Geodesic.DISTANCE)["s12"]
        return horizontal, None if high_a is None or high_b is None else abs(high_a - high_b)

    def inside(second: float) -> bool:
        horizontal, vertical = apart(second)
        return horizontal < limits["within_m"] and (vertical is None or vertical < limits["vertical_m"])

    start = _seconds(stated["figures"]["entered"]) - 60.0
    count = int((_seconds(stated["figures"]["left"]) + 60.0 - start) / STEP_S) + 1
    times = [start + number * STEP_S for number in range(count)]
    within = [inside(second) for second in times]
    middle = _seconds(stated["figures"]["closest_at"])
    at = min((place for place, yes in enumerate(within) if yes), key=lambda place: abs(times[place] - middle))
    first = last = at
    while within[first - 1]:
        first -= 1
    while within[last + 1]:
        last += 1
    entered = _edge(inside, times[first - 1], times[first])
    left = _edge(inside, times[last + 1], times[last])
    near = min(times[first : last + 1], key=lambda second: apart(second)[0])
    closest = _least(lambda second: apart(second)[0], max(near - STEP_S, entered), min(near + STEP_S, left))
    distance, vertical = apart(closest)
    return {
        "entered": _moment(entered), "left": _moment(left), "closest_at": _moment(closest), "distance_m": distance,
        "vertical_m": vertical,
    }  # fmt: skip


def _fixes(tracks: bytes, mover: str) -> list[tuple[float, float, float, float | None]]:
    rows = csv.DictReader(io.StringIO(tracks.decode()))
    return [
        (
            _seconds(row["time"]),
            float(row["lat"]),
            float(row["lon"]),
            float(row["altitude_m"]) if row["altitude_m"] else None,
        )
        for row in rows
        if row["mover"] == mover
    ]


def _motion(
    fixes: list[tuple[float, float, float, float | None]], max_gap_s: float, is_ship: bool
) -> Callable[[float], tuple[float, float, float | None] | None]:
    legs = []
    for (t1, lat1, lon1, high1), (t2, lat2, lon2, high2) in pairwise(fixes):
        if t2 - t1 <= max_gap_s:
            heights = (0.0, 0.0) if is_ship else (high1, high2)
            legs.append((t1, t2, Geodesic.WGS84.InverseLine(lat1, lon1, lat2, lon2), heights))

    def at(second: float) -> tuple[float, float, float | None] | None:
        for t1, t2, line, (high1, high2) in legs:
            if t1 <= second <= t2:
                share = (second - t1) / (t2 - t1)
                place = line.Position(share * line.s13)
                high = None if high1 is None or high2 is None else high1 + share * (high2 - high1)
                return place["lat2"], place["lon2"], high
        return None

    return at


def _edge(inside: Callable[[float], bool], out: float, within: float) -> float:
    for _ in range(30):
        middle = (out + within) / 2
        if inside(middle):
            within = middle
        else:
            out = middle
    return within


def _least(distance: Callable[[float], float], low: float, high: float) -> float:
    for _ in range(60):
        third = (high - low) / 3
        if distance(low + third) < distance(high - third):
            high -= third
        else:
            low += third
    return (low + high) / 2


def _seconds(text: str) -> float:
    return (datetime.fromisoformat(text) - EPOCH) / timedelta(seconds=1)


def _moment(second: float) -> datetime:
    return EPOCH + timedelta(seconds=second)
