"""Jumps: a position that no craft could reach, and two craft that speak under one identity by turns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import polars as pl
from pyproj import Geod

from detente.notices.quantities import KNOT_MS
from detente.tracks.cleaning import LIMITS
from detente.watch.anomaly import FIXES_TOLD_MAX, Anomaly, Fix
from detente.watch.odd_tracks.rules import Rules

__all__ = ["Place", "clusters_of", "fix_of", "jumps", "places_of"]

_GEOD = Geod(ellps="WGS84")
_CLUSTERS_MAX = 8


@dataclass(frozen=True, slots=True)
class Place:
    """One position as it came: number of its row among the mover's, time, degrees, metres."""

    number: int
    time: datetime
    lon: float
    lat: float
    altitude_m: float | None


@dataclass(slots=True)
class Cluster:
    """Positions that one craft can have gone through, in order of time."""

    places: list[Place] = field(default_factory=list)


def places_of(mine: pl.DataFrame) -> list[Place]:
    """Return the positions of one mover's rows, by time, without those that only repeat the one before.

    A position that stands still in the reports while the craft flies on makes the next one look like a jump.
    """
    places: list[Place] = []
    for number, (time, lon, lat, altitude) in enumerate(
        mine.select("time", "lon", "lat", "altitude_m").iter_rows()
    ):
        sound = lon is not None and lat is not None and abs(lon) <= 180.0 and abs(lat) <= 90.0
        if sound and not (places and (lon, lat) == (places[-1].lon, places[-1].lat)):
            places.append(Place(number, time, lon, lat, altitude))
    return places


def clusters_of(places: Sequence[Place], *, is_ship: bool) -> list[Cluster]:
    """Return the positions parted so that within a part every step is possible; the largest part first.

    A step is impossible when it exceeds both the speed and the distance that cleaning allows. Each position goes to the
    part whose end is nearest among those that can reach it.
    """
    clusters: list[Cluster] = []
    for place in places:
        reachable = []
        for number, cluster in enumerate(clusters):
            apart_m, seconds = step(cluster.places[-1], place)
            if not is_impossible(apart_m, seconds, is_ship=is_ship):
                reachable.append((apart_m, number))
        if reachable:
            clusters[min(reachable)[1]].places.append(place)
            continue
        if len(clusters) == _CLUSTERS_MAX:
            clusters.remove(min(clusters, key=lambda one: (len(one.places), one.places[-1].time)))
        clusters.append(Cluster([place]))
    return sorted(clusters, key=lambda one: (-len(one.places), one.places[0].time))


def step(before: Place, after: Place) -> tuple[float, float]:
    """Return how far apart two positions are, in metres and seconds."""
    apart_m = float(_GEOD.inv(before.lon, before.lat, after.lon, after.lat)[2])
    return apart_m, (after.time - before.time) / timedelta(seconds=1)


def is_impossible(apart_m: float, seconds: float, *, is_ship: bool) -> bool:
    """Tell whether no craft of the kind makes this step."""
    speed_ms = LIMITS.ship_speed_ms if is_ship else LIMITS.other_speed_ms
    most_m = LIMITS.ship_distance_m if is_ship else LIMITS.other_distance_m
    return apart_m > most_m and apart_m > speed_ms * abs(seconds)


def jumps(row: Mapping[str, Any], which: str, mine: pl.DataFrame, rules: Rules) -> list[Anomaly]:
    """Return the jumps of one mover near an encounter, and that two speak under its identity.

    mine: its rows as they came, by time. Two are told where each has at least ``shared_fixes`` positions and the
    reports alternate at least ``shared_turns`` times; else every position off the main way is a jump.
    """
    places = places_of(mine)
    clusters = clusters_of(places, is_ship=row[f"kind_{which}"] == "ship")
    if len(clusters) < 2:
        return []
    main, *others = clusters
    near = timedelta(seconds=rules.near_s)
    found = []
    for other in others:
        turns = _turns(main, other)
        if len(other.places) >= rules.shared_fixes and turns >= rules.shared_turns:
            found += _shared(row, which, main, other, turns)
        else:
            first = other.places[0]
            if row["entered"] - near <= first.time <= row["left"] + near:
                found.append(_jump(row, which, places, other))
    return found


def _turns(one: Cluster, other: Cluster) -> int:
    """Return how often the reports change from one to the other and back."""
    order = sorted([(place.number, 0) for place in one.places] + [(place.number, 1) for place in other.places])
    return sum(before[1] != after[1] for before, after in pairwise(order))


def _shared(row: Mapping[str, Any], which: str, main: Cluster, other: Cluster, turns: int) -> list[Anomaly]:
    first = max(main.places[0].time, other.places[0].time)
    last = min(main.places[-1].time, other.places[-1].time)
    if first > row["left"] or last < row["entered"]:
        return []
    apart_m = min(
        step(min(main.places, key=lambda mine: abs(mine.time - place.time)), place)[0]
        for place in other.places[:64]
    )
    shown = sorted([*main.places[: FIXES_TOLD_MAX // 2], *other.places[: FIXES_TOLD_MAX // 2]], key=_number)
    return [
        Anomaly(
            kind="shared_identity",
            mover=row[which],
            first_at=first,
            last_at=last,
            figures={
                "distance_m": round(apart_m, 1),
                "fixes_one": float(len(main.places)),
                "fixes_other": float(len(other.places)),
                "turns": float(turns),
            },
            fixes=tuple(fix_of(row[which], place) for place in shown),
        )
    ]


def _number(place: Place) -> int:
    return place.number


def _jump(row: Mapping[str, Any], which: str, places: list[Place], other: Cluster) -> Anomaly:
    """Return the jump to the first position of a part, from the position before it."""
    at = places.index(other.places[0])
    before = places[at - 1] if at else None
    after = other.places[0]
    origin = before or places[at + 1]
    apart_m, seconds = step(origin, after)
    shown = places[max(at - 2, 0) : at + 3]
    return Anomaly(
        kind="teleport",
        mover=row[which],
        first_at=after.time,
        last_at=other.places[-1].time,
        figures={
            "distance_m": round(apart_m, 1),
            "duration_s": round(abs(seconds), 3),
            "speed_kn": round(apart_m / max(abs(seconds), 0.001) / KNOT_MS, 1),
            "fixes": float(len(other.places)),
        },
        fixes=tuple(fix_of(row[which], place) for place in shown),
    )


def fix_of(mover: str, place: Place) -> Fix:
    """Return a position as an anomaly shows it."""
    return Fix(mover, place.time, place.lon, place.lat, place.altitude_m)
